//! Who a context is, in a few words, without opening a file or judging anything.

use jiff::Timestamp;
use serde::Serialize;

/// The method by which a user would prove its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    Certificate,
    Token,
    TokenFile,
    Basic,
    Exec,
    AuthProvider,
    None,
}

/// One context of a kubeconfig, for lists and completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContextSummary {
    pub name: String,
    /// Whether `current-context` names it.
    pub current: bool,
    /// Name of the cluster it refers to; may be empty or dangling.
    pub cluster: String,
    /// Address without user information; `None` where the cluster is absent.
    pub server: Option<String>,
    /// Name of the user it refers to; may be empty or dangling.
    pub user: String,
    pub identity: Identity,
    pub namespace: Option<String>,
    /// The earlier of the client certificate's and the token's end, as far as inline data tells.
    pub expires_at: Option<Timestamp>,
}

/// The chosen context with the size of the file around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub context: ContextSummary,
    pub contexts: usize,
    pub clusters: usize,
    pub users: usize,
}
