//! Everything that the program prints: data on standard output, talk on standard error, questions, progress.

pub mod age;
pub mod format;
pub mod jsonpath;
mod object;
mod out;
pub mod progress;
pub mod prompt;
mod question;
pub mod signals;
pub mod style;
pub mod table;

pub use crate::text::wrap;
pub use format::{Format, OutputArgs};
pub use object::cells;
pub use out::{Closed, Color, Out, note, talk};
