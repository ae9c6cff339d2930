//! The answer to a completion: candidates, and a directive for the shell.

/// A word that can be typed at the cursor. It has no control characters, so that it stays one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub text: String,
    pub help: String,
}

impl Candidate {
    pub(super) fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: help.into(),
        }
    }
}

/// Whether the shell offers file names too; the numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    /// The shell offers file names if there are no candidates.
    Default = 0,
    NoFileComp = 4,
}

/// Candidates and a directive for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub candidates: Vec<Candidate>,
    pub directive: Directive,
}

impl Answer {
    /// Returns an answer of these candidates alone.
    #[must_use]
    pub(super) fn of(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            directive: Directive::NoFileComp,
        }
    }

    /// Returns the answer that lets the shell offer file names.
    #[must_use]
    pub(super) fn files() -> Self {
        Self {
            candidates: Vec::new(),
            directive: Directive::Default,
        }
    }
}
