//! The kinds of documents that `apply` knows.

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    Project,
    Agent,
    Credential,
    RoleBinding,
}

impl DocumentKind {
    pub(super) const ALL: [Self; 4] = [
        Self::Project,
        Self::Agent,
        Self::Credential,
        Self::RoleBinding,
    ];

    /// Finds a kind by its word, in any case; `None` if `apply` does not know it.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word))
    }

    /// Returns the kind as results spell it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Project => "Project",
            Self::Agent => "Agent",
            Self::Credential => "Credential",
            Self::RoleBinding => "RoleBinding",
        }
    }
}
