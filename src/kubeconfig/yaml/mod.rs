//! A YAML 1.1 event parser that takes and refuses exactly what Kubernetes' reader does.
//!
//! Why not a crate: the reader descends from libyaml but differs in escapes, tags, flow scalars and
//! limits; no crate has its mixture, and the closest one panics on inputs such as `"\` and takes
//! time quadratic in the depth of brackets. This one borrows the text, never recurses, and needs
//! time linear in the length of the text.

mod cursor;
mod parser;
mod scalars;
mod scanner;
mod tag;

use std::ops::Deref;

use super::wiped::WipedText;

pub(super) use parser::{Event, Parser};

/// What is wrong with a text, and where. Never holds a piece of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// Line, from 1.
    pub(super) line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// Bytes that are not UTF-8, or control characters.
    Encoding,
    TooDeep,
    Version,
    Syntax(&'static str),
}

/// The characters of a scalar: a piece of the text where they stand there as they are.
pub(super) enum Chars<'a> {
    Borrowed(&'a str),
    Owned(WipedText),
}

impl Default for Chars<'_> {
    fn default() -> Self {
        Self::Borrowed("")
    }
}

impl Deref for Chars<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'a> Chars<'a> {
    /// Appends a piece of the text.
    fn push(&mut self, piece: &'a str) {
        match self {
            Self::Borrowed("") => *self = Self::Borrowed(piece),
            _ => self.push_str(piece),
        }
    }

    fn push_str(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        if let Self::Borrowed(text) = self {
            let mut owned = WipedText::with_capacity(text.len() + more.len());
            owned.push_str(text);
            *self = Self::Owned(owned);
        }
        if let Self::Owned(text) = self {
            text.push_str(more);
        }
    }
}
