//! The Go tool's behavior that scripts rely on: flag grammar, quoting, JSON bytes, numbers, reasons of errors.

pub(crate) mod go_url;
pub mod grammar;
pub(crate) mod io_reason;
pub(crate) mod json;
pub(crate) mod json_keys;
pub mod json_text;
pub(crate) mod json_tree;
pub(crate) mod near;
pub(crate) mod number;
