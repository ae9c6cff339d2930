//! A YAML 1.1 event parser that accepts and refuses exactly what Kubernetes' reader does.
//!
//! No crate does that. Kubernetes' reader is derived from libyaml but differs in escapes, tags, flow scalars and
//! limits. The closest crate panics on inputs such as `"\`, and its time is quadratic in the depth of brackets. This
//! parser borrows the text, never recurses, and takes time linear in the length of the text.

mod chars;
mod cursor;
mod expansion;
mod fault;
mod parser;
mod scalars;
mod scanner;
mod tag;
#[cfg(test)]
mod tests;

pub use expansion::{Expansion, expansion};
pub(super) use fault::{YamlFault, YamlFaultKind};
pub(super) use parser::{Event, Parser};
