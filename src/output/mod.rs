//! Everything that the program prints: data on standard output, talk on standard error, questions, progress.

pub(crate) mod age;
pub(crate) mod custom;
mod editor;
pub(crate) mod format;
pub(crate) mod jq;
pub(crate) mod jsonpath;
mod object;
mod out;
pub(crate) mod pager;
mod paths;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod qr;
mod question;
mod rows;
pub(crate) mod signals;
mod stderr;
pub(crate) mod style;
pub(crate) mod table;

pub(crate) use crate::text::wrap;
pub(crate) use format::{Format, OutputArgs};
pub(crate) use object::{Columns, Layout, cells, until};
pub(crate) use out::{Closed, Color, Out};
pub(crate) use rows::{Expected, PIECE, Rows};
pub(crate) use stderr::{hold, note, talk};
