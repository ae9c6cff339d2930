//! The documents that `apply` works with: one type for each kind, with the fields that the kind uses.
//!
//! A field is `None` if the document leaves it out, or gives null or an empty text: all three mean "leave it as it is".

use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::Value;

use super::kind::DocumentKind;
use super::raw::{RawDocument, SeedMessage, TokenFrom};
use crate::commands::pairs::Pairs;
use crate::failure::{Failure, Kind};

/// A document of a known kind.
pub(super) enum Document {
    Project(Project),
    Agent(Agent),
    Credential(Credential),
    RoleBinding(RoleBinding),
    Part(Part),
}

/// The fields that every kind has.
pub(super) struct Head {
    /// The document's name in messages: `agent/lead`.
    pub label: String,
    /// Where the document is, as [`RawDocument::place`].
    place: String,
    pub name: Option<String>,
    pub labels: Option<Pairs>,
    pub annotations: Option<Pairs>,
}

pub(super) struct Project {
    pub head: Head,
    pub description: Option<String>,
    pub prompt: Option<String>,
}

pub(super) struct Agent {
    pub head: Head,
    pub project: Option<String>,
    pub prompt: Option<String>,
    pub inbox: Vec<SeedMessage>,
    /// The other fields that are given: the field of the server, and its value.
    pub fields: Vec<(&'static str, Value)>,
}

/// A provider, a policy or a cluster: an object that has a name, labels and plain fields.
pub(super) struct Part {
    pub head: Head,
    pub kind: DocumentKind,
    pub project: Option<String>,
    /// The fields that are given: the field of the server, and its value.
    pub fields: Vec<(&'static str, Value)>,
}

impl Part {
    /// Returns the name or ID of a cluster's credential.
    pub(super) fn credential(&self) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(field, _)| *field == "credential_id")?;
        value.as_str()
    }

    /// True if the document names another object.
    pub(super) fn names_another(&self) -> bool {
        self.project.is_some() || self.credential().is_some()
    }
}

/// A credential. The type has no `Debug`, since `token` may hold a secret.
pub(super) struct Credential {
    pub head: Head,
    pub provider: Option<String>,
    pub description: Option<String>,
    pub url: Option<String>,
    pub email: Option<String>,
    /// The context of a kubeconfig to keep.
    pub context: Option<String>,
    pub token: Option<SecretString>,
    pub token_from: Option<TokenFrom>,
    /// The folder in which `tokenFrom.file` is looked up.
    pub folder: PathBuf,
}

pub(super) struct RoleBinding {
    pub head: Head,
    /// The binding's name in results: who gets the role, and for which object.
    pub result_name: String,
    pub role: Option<String>,
    pub scope: Option<String>,
    pub scope_id: Option<String>,
    pub user_id: Option<String>,
    /// The project of the agent, or the project whose sessions may use a credential.
    pub project: Option<String>,
    /// The agent of `project` whose sessions may use a credential.
    pub agent: Option<String>,
}

impl Document {
    /// Keeps the fields that the document's kind uses; `None` if the kind is unknown.
    pub(super) fn of(raw: RawDocument) -> Option<Self> {
        let kind = raw.known_kind()?;
        let (label, result_name) = (raw.label(), raw.binding_name());
        let fields = fields(kind, &raw);
        let head = Head {
            label,
            place: raw.place,
            name: raw.name,
            labels: raw.labels,
            annotations: raw.annotations,
        };
        Some(match kind {
            DocumentKind::Project => Self::Project(Project {
                head,
                description: raw.description,
                prompt: raw.prompt,
            }),
            DocumentKind::Agent => Self::Agent(Agent {
                head,
                project: raw.project,
                prompt: raw.prompt,
                inbox: raw.inbox,
                fields,
            }),
            DocumentKind::Provider | DocumentKind::Policy | DocumentKind::Cluster => {
                Self::Part(Part {
                    head,
                    kind,
                    project: raw.project,
                    fields,
                })
            }
            DocumentKind::Credential => Self::Credential(Credential {
                head,
                provider: raw.provider,
                description: raw.description,
                url: raw.url,
                email: raw.email,
                context: raw.context,
                token: raw.token,
                token_from: raw.token_from,
                folder: raw.folder,
            }),
            DocumentKind::RoleBinding => Self::RoleBinding(RoleBinding {
                head,
                result_name,
                role: raw.role,
                scope: raw.scope,
                scope_id: raw.scope_id,
                user_id: raw.user_id,
                project: raw.project,
                agent: raw.agent,
            }),
        })
    }

    pub(super) fn kind(&self) -> DocumentKind {
        match self {
            Self::Project(_) => DocumentKind::Project,
            Self::Agent(_) => DocumentKind::Agent,
            Self::Credential(_) => DocumentKind::Credential,
            Self::RoleBinding(_) => DocumentKind::RoleBinding,
            Self::Part(part) => part.kind,
        }
    }

    fn head(&self) -> &Head {
        match self {
            Self::Project(project) => &project.head,
            Self::Agent(agent) => &agent.head,
            Self::Credential(credential) => &credential.head,
            Self::RoleBinding(binding) => &binding.head,
            Self::Part(part) => &part.head,
        }
    }

    /// Returns the document's name in messages: `agent/lead`.
    pub(super) fn label(&self) -> &str {
        &self.head().label
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.head().name.as_deref()
    }

    /// Returns the document's name in results.
    pub(super) fn result_name(&self) -> &str {
        match self {
            Self::RoleBinding(binding) => &binding.result_name,
            _ => self.name().unwrap_or_default(),
        }
    }

    /// True for agents, and role bindings that concern an agent, if they do not name a project.
    pub(super) fn needs_project(&self) -> bool {
        match self {
            Self::Agent(agent) => agent.project.is_none(),
            Self::RoleBinding(binding) => {
                let concerns_agent =
                    binding.scope.as_deref() == Some("agent") || binding.agent.is_some();
                concerns_agent && binding.project.is_none()
            }
            Self::Part(part) => part.kind != DocumentKind::Cluster && part.project.is_none(),
            Self::Project(_) | Self::Credential(_) => false,
        }
    }
}

/// Returns the plain fields that a document gives: the field of the server, and its value.
fn fields(kind: DocumentKind, raw: &RawDocument) -> Vec<(&'static str, Value)> {
    let texts: &[(&'static str, &Option<String>)] = match kind {
        DocumentKind::Agent => &[
            ("llm_model", &raw.model),
            ("repo_url", &raw.repo_url),
            ("display_name", &raw.display_name),
            ("description", &raw.description),
            ("entrypoint", &raw.entrypoint),
            ("sandbox_policy", &raw.sandbox_policy),
        ],
        DocumentKind::Provider => &[
            ("type", &raw.r#type),
            ("secret", &raw.secret),
            ("namespace", &raw.namespace),
        ],
        DocumentKind::Policy => &[("namespace", &raw.namespace)],
        DocumentKind::Cluster => &[
            ("api_server_url", &raw.api_server_url),
            ("role", &raw.role),
            ("description", &raw.description),
            ("credential_id", &raw.credential_id),
        ],
        _ => &[],
    };
    let nested: &[&'static str] = match kind {
        DocumentKind::Agent => &["providers", "payloads", "environment", "sandbox_template"],
        DocumentKind::Policy => &["spec"],
        _ => &[],
    };
    let texts = texts
        .iter()
        .filter_map(|(field, text)| Some((*field, Value::from(text.as_deref()?))));
    let nested = nested
        .iter()
        .filter_map(|key| Some((*key, raw.nested.get(key)?.clone())));
    texts.chain(nested).collect()
}

impl Head {
    /// Returns the name, which every kind but a role binding must have.
    ///
    /// # Errors
    /// If the document has no name.
    pub(super) fn required_name(&self) -> Result<&str, Failure> {
        self.name
            .as_deref()
            .ok_or_else(|| self.invalid("name is required"))
    }

    /// Returns the failure of a document that lacks something.
    pub(super) fn invalid(&self, what: &str) -> Failure {
        let failure = Failure::new(Kind::Data, format!("validation failed: {what}"));
        match self.place.trim_end_matches(": ") {
            "" => failure,
            place => failure.hint(format!("see {place}")),
        }
    }
}

impl Credential {
    /// Returns a path that stands for a secret without a file: relative paths in the secret start from the manifest's
    /// folder, and messages show the credential's name.
    pub(super) fn path_without_file(&self) -> PathBuf {
        let name = self.head.name.as_deref().unwrap_or_default();
        self.folder
            .join(format!("credential {}", name.replace('/', "-")))
    }
}
