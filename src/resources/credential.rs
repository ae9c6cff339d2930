//! Credentials (docs/interface/cli-resources.md section 2).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::description::{AGE, Cell, Column, Resource, Scope, Values, column, required, text};
use super::record::Record;

const CONTEXT_COLUMN: Column = Column {
    title: "CONTEXT",
    width: 24,
    cell: Cell::Derived(|values| annotation_in(values, CONTEXT)),
};

const SERVER_COLUMN: Column = Column {
    title: "SERVER",
    width: 40,
    cell: Cell::Derived(|values| annotation_in(values, SERVER)),
};

/// The provider of the credentials that the platform makes for its own gateways (docs/interface/runner.md section
/// 12.3).
pub(crate) const OF_GATEWAYS: &str = "openshell-gateway";

/// True if the platform has made the credential for its own gateways: such a one is named `hypershell-` and 32
/// hexadecimal digits. Anybody may give a credential the provider alone.
pub(crate) fn is_of_gateways(provider: &str, name: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let digits = name.strip_prefix("hypershell-");
    provider == OF_GATEWAYS && digits.is_some_and(|it| it.len() == 32 && it.bytes().all(is_digit))
}

/// Removes these credentials, and returns how many there were.
pub(crate) fn remove_those_of_gateways(records: &mut Vec<Record>) -> i64 {
    let before = records.len();
    records.retain(|record| !is_of_gateways(record.text("provider"), record.name()));
    i64::try_from(before - records.len()).unwrap_or(i64::MAX)
}

pub(crate) static CREDENTIAL: Resource = Resource {
    word: "credential",
    aliases: &["credentials", "cred", "creds"],
    kind: "Credential",
    collection: "credentials",
    scope: Scope::Global,
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
        CONTEXT_COLUMN,
        SERVER_COLUMN,
        Column {
            title: "EXPIRES",
            width: 20,
            cell: Cell::Derived(|values| annotation_in(values, EXPIRES_AT)),
        },
        Column {
            title: "GRADE",
            width: 22,
            cell: Cell::Derived(|values| annotation_in(values, GRADE)),
        },
    ],
    screen: &[
        column("NAME", 24, "name"),
        column("PROVIDER", 12, "provider"),
        CONTEXT_COLUMN,
        SERVER_COLUMN,
        Column {
            title: "EXPIRES",
            width: 20,
            cell: Cell::Until(|values| annotation_in(values, EXPIRES_AT)),
        },
        Column {
            title: "USED BY",
            width: 24,
            cell: Cell::Joined(USED_BY),
        },
        AGE,
    ],
    spare: &["SERVER", "CONTEXT", "AGE"],
};

/// The providers that a session's runner knows, each with the kind of its secret. Other providers are accepted too.
pub(crate) const PROVIDERS: &[(&str, &str)] = &[
    ("github", "GitHub token"),
    ("gitlab", "GitLab token"),
    ("google", "Google account"),
    ("jira", "Jira API token"),
    ("kubeconfig", "access to a cluster"),
    ("vertex", "Vertex AI service account"),
];

/// The provider of kubeconfigs.
pub(crate) const KUBECONFIG: &str = "kubeconfig";

/// The answer of the route that returns a credential's token.
pub(crate) static CREDENTIAL_TOKEN: Resource = Resource {
    word: "credential-token",
    aliases: &[],
    kind: "CredentialTokenResponse",
    collection: "token",
    scope: Scope::Nested,
    name_field: None,
    fields: &[
        required("credential_id"),
        required("provider"),
        required("token"),
    ],
    has_common_fields: false,
    columns: &[],
    wide: &[],
    screen: &[],
    spare: &[],
};

/// The prefix of the annotations that this program writes. They describe the stored secret, so a new secret replaces
/// them all.
pub(crate) const OWN_ANNOTATIONS: &str = "acpctl/";

/// Removes the annotations that this program writes.
pub(crate) fn remove_own_annotations(annotations: &mut Map<String, Value>) {
    take_own_annotations(annotations);
}

/// Takes the annotations that this program writes out of all, and returns them.
pub(crate) fn take_own_annotations(annotations: &mut Map<String, Value>) -> Map<String, Value> {
    let is_own = |(key, _): &(String, Value)| key.starts_with(OWN_ANNOTATIONS);
    let all = std::mem::take(annotations);
    let (own, others) = all.into_iter().partition(is_own);
    *annotations = others;
    own
}

/// The annotations that `credential create` writes for a kubeconfig. None of them is secret.
pub(crate) const CONTEXT: &str = "acpctl/context";
pub(crate) const SERVER: &str = "acpctl/server";
pub(crate) const EXPIRES_AT: &str = "acpctl/expires-at";
/// The projects whose sessions may use the credential, joined to the record for a table.
pub(crate) const USED_BY: &str = "used_by";
/// A keyed digest of the secret: it recognizes the secret and reveals nothing about it.
pub(crate) const DIGEST: &str = "acpctl/digest";

/// How much a credential can do in its cluster, and when that was asked.
pub(crate) const GRADE: &str = "acpctl/grade";
pub(crate) const GRADED_AT: &str = "acpctl/graded-at";
/// The annotations of a minted credential: the account in the cluster, its namespace and role, the anchor of the token,
/// how long a token is asked for, in seconds, and the token's ID in the cluster's audit log.
pub(crate) const MINT_ID: &str = "acpctl/mint-id";
pub(crate) const MINT_NAMESPACE: &str = "acpctl/mint-namespace";
pub(crate) const MINT_ROLE: &str = "acpctl/mint-role";
pub(crate) const MINT_ANCHOR: &str = "acpctl/mint-anchor";
pub(crate) const MINT_TTL: &str = "acpctl/mint-ttl";
pub(crate) const MINT_TOKEN: &str = "acpctl/mint-token-id";

/// True for a credential that was minted.
#[must_use]
pub(crate) fn is_minted(record: &Record) -> bool {
    !annotation(record, MINT_ID).is_empty()
}

/// Returns one annotation of a record; an empty text if it has none.
#[must_use]
pub(crate) fn annotation(record: &Record, key: &str) -> String {
    annotation_in(record.values(), key)
}

/// Returns when a credential expires, as far as its annotations say.
#[must_use]
pub(crate) fn expires_at(record: &Record) -> Option<Timestamp> {
    annotation(record, EXPIRES_AT).parse().ok()
}

/// Returns how much a credential can do in its cluster, and when that was asked; `None` if it is not known.
#[must_use]
pub(crate) fn grade(record: &Record) -> Option<StoredGrade> {
    let grade = annotation(record, GRADE);
    (!grade.is_empty()).then(|| StoredGrade {
        grade,
        graded_at: annotation(record, GRADED_AT),
    })
}

/// A grade as the annotations of a credential keep it: texts of the platform.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct StoredGrade {
    pub grade: String,
    pub graded_at: String,
}

impl StoredGrade {
    /// Says it in words.
    #[must_use]
    pub(crate) fn says(&self) -> String {
        match self.graded_at.parse::<Timestamp>() {
            Ok(at) => format!(
                "{}, asked {}",
                self.grade,
                at.strftime("%Y-%m-%d %H:%M UTC")
            ),
            Err(_) => self.grade.clone(),
        }
    }
}

/// Annotations are a text that holds a JSON object.
fn annotation_in(values: &Values, key: &str) -> String {
    serde_json::from_str::<Value>(values.text("annotations"))
        .ok()
        .and_then(|map| map.get(key).and_then(Value::as_str).map(str::to_owned))
        .unwrap_or_default()
}
