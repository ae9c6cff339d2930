//! A YAML 1.1 event parser that takes and refuses exactly what Kubernetes' reader does.
//!
//! Why not a crate: the reader descends from libyaml but differs in escapes, tags, flow scalars and
//! limits; no crate has its mixture, and the closest one panics on inputs such as `"\` and takes
//! time quadratic in the depth of brackets. This one borrows the text, never recurses, and needs
//! time linear in the length of the text.

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
