//! Credentials (contract cli-resources.md section 2).

use serde_json::Value;

use super::{AGE, Cell, Column, Place, Record, Resource, column, required, text};

pub static CREDENTIAL: Resource = Resource {
    word: "credential",
    aliases: &["credentials", "cred", "creds"],
    kind: "Credential",
    collection: "credentials",
    place: Place::Global,
    name_field: Some("name"),
    fields: &[
        text("annotations"),
        text("description"),
        text("email"),
        text("labels"),
        required("name"),
        required("provider"),
        text("token"),
        text("url"),
    ],
    has_common_fields: true,
    columns: &[
        column("ID", 27, "id"),
        column("NAME", 24, "name"),
        column("PROVIDER", 12, "provider"),
        column("DESCRIPTION", 32, "description"),
        AGE,
    ],
    wide: &[
        Column {
            title: "CONTEXT",
            width: 24,
            cell: Cell::Derived(|record| annotation(record, CONTEXT)),
        },
        Column {
            title: "SERVER",
            width: 40,
            cell: Cell::Derived(|record| annotation(record, SERVER)),
        },
        Column {
            title: "EXPIRES",
            width: 20,
            cell: Cell::Derived(|record| annotation(record, EXPIRES_AT)),
        },
    ],
};

/// The providers that a session's runner knows, with what their secret is; others are accepted too.
pub const PROVIDERS: &[(&str, &str)] = &[
    ("github", "GitHub token"),
    ("gitlab", "GitLab token"),
    ("google", "Google account"),
    ("jira", "Jira API token"),
    ("kubeconfig", "access to a cluster"),
    ("vertex", "Vertex AI service account"),
];

/// The provider of kubeconfigs.
pub const KUBECONFIG: &str = "kubeconfig";

/// The answer of a credential's token route.
pub static CREDENTIAL_TOKEN: Resource = Resource {
    word: "credential-token",
    aliases: &[],
    kind: "CredentialTokenResponse",
    collection: "token",
    place: Place::Nested,
    name_field: None,
    fields: &[
        required("credential_id"),
        required("provider"),
        required("token"),
    ],
    has_common_fields: false,
    columns: &[],
    wide: &[],
};

/// The prefix of the annotations that this program writes. They describe the stored secret, so a new secret replaces
/// them all.
pub const OWN_ANNOTATIONS: &str = "acpctl/";
/// Annotations that `credential create` writes for a kubeconfig. None of them is secret.
pub const CONTEXT: &str = "acpctl/context";
pub const SERVER: &str = "acpctl/server";
pub const EXPIRES_AT: &str = "acpctl/expires-at";
/// A keyed digest of the secret, which recognises it but tells nothing about it.
pub const DIGEST: &str = "acpctl/digest";

/// One annotation of a record; annotations are a text that holds a JSON object.
#[must_use]
pub fn annotation(record: &Record, key: &str) -> String {
    serde_json::from_str::<Value>(record.text("annotations"))
        .ok()
        .and_then(|map| map.get(key).and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_default()
}
