//! The Go tool's manners, where scripts rely on them: flag grammar, quoting, JSON bytes, numbers.

pub mod go_url;
pub mod grammar;
pub mod io_reason;
pub mod json;
pub mod json_text;
pub mod json_tree;
pub mod near;
pub mod number;
pub use crate::text::quote;
