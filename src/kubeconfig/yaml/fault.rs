//! The faults of a YAML text.

/// A fault and its line. Never holds a part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct YamlFault {
    pub(crate) kind: YamlFaultKind,
    /// The line, from 1.
    pub(crate) line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YamlFaultKind {
    /// There are bytes that are not UTF-8, or control characters.
    Encoding,
    TooDeep,
    Version,
    Syntax(&'static str),
}
