//! The Go tool's behavior that scripts rely on: flag grammar, quoting, JSON bytes, numbers, reasons of errors.

pub mod go_url;
pub mod grammar;
pub mod io_reason;
pub mod json;
pub mod json_text;
pub mod json_tree;
pub mod near;
pub mod number;
pub use crate::text::quote;
