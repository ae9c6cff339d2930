//! The Go tool's manners, where scripts rely on them: flag grammar, quoting, JSON bytes, numbers.

pub mod grammar;
pub mod json;
pub mod number;
pub mod quote;
