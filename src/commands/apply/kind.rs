//! The kinds of documents that `apply` knows.

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    Project,
    Agent,
    Credential,
    RoleBinding,
    Provider,
    Policy,
    Cluster,
}

impl DocumentKind {
    pub(super) const ALL: [Self; 7] = [
        Self::Project,
        Self::Agent,
        Self::Credential,
        Self::RoleBinding,
        Self::Provider,
        Self::Policy,
        Self::Cluster,
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
            Self::Provider => "Provider",
            Self::Policy => "Policy",
            Self::Cluster => "Cluster",
        }
    }

    /// True for a kind that the Go tool does not know.
    pub(super) fn is_new(self) -> bool {
        matches!(self, Self::Provider | Self::Policy | Self::Cluster)
    }

    /// Returns the position of the kind if documents are ordered so that each follows those that it names.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Project => 0,
            Self::Credential => 1,
            Self::Provider => 2,
            Self::Policy => 3,
            Self::Cluster => 4,
            Self::Agent => 5,
            Self::RoleBinding => 6,
        }
    }
}
