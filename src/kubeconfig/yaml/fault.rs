//! What is wrong with a YAML text.

/// What is wrong with a text, and where. Never holds a piece of the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct YamlFault {
    pub(crate) kind: YamlFaultKind,
    /// Line, from 1.
    pub(crate) line: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YamlFaultKind {
    /// Bytes that are not UTF-8, or control characters.
    Encoding,
    TooDeep,
    Version,
    Syntax(&'static str),
}
