//! A document of a manifest as it is read: one flat form for all kinds (docs/interface/cli-resources.md section 8.2).
//!
//! Scalars are read as the text in the file (`yes`, `0x10`, `1.50`). Null and an empty text count as missing. A key
//! that is given twice is an error. The names of unknown keys are kept for a warning.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::kind::DocumentKind;
use super::references::variables;
use crate::commands::pairs::Pairs;
use crate::text::quote;
use crate::yaml;

/// A message for the inbox of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SeedMessage {
    pub from_name: String,
    pub body: String,
}

/// The source of a credential's secret, in place of `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenFrom {
    /// The name of a variable.
    Env(String),
    /// A path, relative to the manifest's folder.
    File(String),
    Stdin,
}

/// A document with the fields of all kinds. Its `Debug` form does not show the token.
#[derive(Debug, Clone, Default)]
pub(super) struct RawDocument {
    pub kind: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub prompt: Option<String>,
    pub labels: Option<Pairs>,
    pub annotations: Option<Pairs>,
    pub inbox: Vec<SeedMessage>,
    pub provider: Option<String>,
    pub token: Option<SecretString>,
    pub token_from: Option<TokenFrom>,
    /// The context of a kubeconfig to keep. The Go tool has no such key.
    pub context: Option<String>,
    pub url: Option<String>,
    pub email: Option<String>,
    pub role: Option<String>,
    pub scope: Option<String>,
    pub scope_id: Option<String>,
    pub user_id: Option<String>,
    /// The project of an agent, or the project that a credential is bound for. The Go tool has no such key.
    pub project: Option<String>,
    /// The agent of `project` that a credential is bound for. The Go tool has no such key.
    pub agent: Option<String>,
    pub r#type: Option<String>,
    pub secret: Option<String>,
    pub namespace: Option<String>,
    pub api_server_url: Option<String>,
    pub credential_id: Option<String>,
    pub model: Option<String>,
    pub repo_url: Option<String>,
    pub display_name: Option<String>,
    pub entrypoint: Option<String>,
    pub sandbox_policy: Option<String>,
    /// The values that are lists or objects, by key.
    pub nested: Nested,
    /// The known keys of texts that are written without one.
    pub without_value: Vec<String>,
    /// The unknown keys.
    pub unknown: Vec<String>,
    /// True if the document has `apiVersion`, `metadata` or `spec`, as documents for Kubernetes do.
    pub is_for_kubernetes: bool,
    /// Where the document is, before a message about it: `b.yaml: `, `document 2: `. Empty if it is the only one.
    pub place: String,
    /// The folder of the manifest's file, in which `tokenFrom.file` is looked up.
    pub folder: PathBuf,
}

/// The keys whose value is a text.
const TEXT_KEYS: &[&str] = &[
    "kind",
    "name",
    "description",
    "prompt",
    "provider",
    "context",
    "url",
    "email",
    "role",
    "scope",
    "scope_id",
    "user_id",
    "project",
    "agent",
    "type",
    "secret",
    "namespace",
    "api_server_url",
    "credential_id",
    "model",
    "repo_url",
    "display_name",
    "entrypoint",
    "sandbox_policy",
];

/// The other keys that are known.
const OTHER_KEYS: &[&str] = &["token", "tokenFrom", "labels", "annotations", "inbox"];

/// The keys whose value is a list or an object.
const NESTED_KEYS: &[&str] = &[
    "providers",
    "payloads",
    "environment",
    "sandbox_template",
    "spec",
];

/// The keys of a payload.
const PAYLOAD_KEYS: &[&str] = &["sandbox_path", "content", "repo_url", "ref"];

/// Values that are lists or objects, by key.
pub(super) type Nested = BTreeMap<&'static str, Value>;

/// Returns the known keys, as the manifest spells them.
pub(super) fn keys() -> impl Iterator<Item = &'static str> + Clone {
    TEXT_KEYS
        .iter()
        .chain(OTHER_KEYS)
        .chain(NESTED_KEYS)
        .copied()
}

impl RawDocument {
    /// Returns the kind; `None` if `apply` does not know it.
    pub(super) fn known_kind(&self) -> Option<DocumentKind> {
        DocumentKind::of(self.written_kind())
    }

    /// Returns the kind as the manifest spells it; empty if it has none.
    pub(super) fn written_kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Returns the document's name in messages: `project/web`.
    pub(super) fn label(&self) -> String {
        format!(
            "{}/{}",
            self.written_kind().to_lowercase(),
            self.display_name()
        )
    }

    /// Returns the name. A role binding without one is named after its two ends, and any other document after its kind.
    pub(super) fn display_name(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None if self.known_kind() == Some(DocumentKind::RoleBinding) => self.binding_name(),
            None => self.written_kind().to_owned(),
        }
    }

    /// Returns `<user>→<target>`, or `<project>/<agent>→<target>`.
    pub(super) fn binding_name(&self) -> String {
        let project = self.project.as_deref().unwrap_or_default();
        let holder = match (&self.user_id, &self.agent) {
            (Some(user), _) => user.clone(),
            (None, Some(agent)) => format!("{project}/{agent}"),
            (None, None) => project.to_owned(),
        };
        match &self.scope_id {
            Some(target) => format!("{holder}→{target}"),
            None => holder,
        }
    }

    /// Makes a secret that is in a file come from the file of the same name in another folder.
    pub(super) fn take_secret_from(&mut self, folder: &Path) {
        if let Some(TokenFrom::File(file)) = &mut self.token_from
            && let Some(name) = Path::new(file.as_str()).file_name()
        {
            *file = name.to_string_lossy().into_owned();
            folder.clone_into(&mut self.folder);
        }
    }

    /// True for a kubeconfig that was given to `apply` by mistake.
    pub(super) fn is_kubeconfig(&self) -> bool {
        let has = |key: &str| self.unknown.iter().any(|known| known == key);
        matches!(self.written_kind(), "" | "Config") && has("clusters") && has("users")
    }

    /// Returns the sources of the secret that the manifest names: `file prod.kubeconfig`, `variable GITLAB_PAT`.
    pub(super) fn secret_sources(&self) -> Vec<String> {
        let variable = |name: &str| format!("variable {name}");
        match (&self.token_from, &self.token) {
            (Some(TokenFrom::Env(name)), _) => vec![variable(name)],
            (Some(TokenFrom::File(file)), _) => {
                vec![format!("file {}", self.folder.join(file).display())]
            }
            (Some(TokenFrom::Stdin), _) => vec!["standard input".to_owned()],
            (None, Some(token)) => variables(token.expose_secret())
                .into_iter()
                .map(variable)
                .collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Returns the field of a key whose value is a text; `None` for any other key.
    pub(super) fn text_field(&mut self, key: &str) -> Option<&mut Option<String>> {
        Some(match key {
            "kind" => &mut self.kind,
            "name" => &mut self.name,
            "description" => &mut self.description,
            "prompt" => &mut self.prompt,
            "provider" => &mut self.provider,
            "context" => &mut self.context,
            "url" => &mut self.url,
            "email" => &mut self.email,
            "role" => &mut self.role,
            "scope" => &mut self.scope,
            "scope_id" => &mut self.scope_id,
            "user_id" => &mut self.user_id,
            "project" => &mut self.project,
            "agent" => &mut self.agent,
            "type" => &mut self.r#type,
            "secret" => &mut self.secret,
            "namespace" => &mut self.namespace,
            "api_server_url" => &mut self.api_server_url,
            "credential_id" => &mut self.credential_id,
            "model" => &mut self.model,
            "repo_url" => &mut self.repo_url,
            "display_name" => &mut self.display_name,
            "entrypoint" => &mut self.entrypoint,
            "sandbox_policy" => &mut self.sandbox_policy,
            _ => return None,
        })
    }

    /// Returns the texts that are stored as they are, each with its key: all but the secret.
    pub(super) fn texts(&mut self) -> Vec<(&'static str, String)> {
        let mut texts = Vec::new();
        for key in TEXT_KEYS {
            let text = self.text_field(key).and_then(|field| field.clone());
            texts.extend(text.map(|text| (*key, text)));
        }
        for (key, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            let values = pairs.iter().flat_map(|pairs| pairs.values());
            texts.extend(values.map(|value| (key, value.clone())));
        }
        let messages = self.inbox.iter();
        texts.extend(messages.map(|message| ("inbox", message.body.clone())));
        texts
    }

    /// Fills the fields that the document leaves out with those of the mapping that a merge key (`<<`) names.
    fn fill_from(&mut self, mut base: Self) {
        for key in TEXT_KEYS {
            if let (Some(own), Some(base)) = (self.text_field(key), base.text_field(key))
                && own.is_none()
            {
                *own = base.take();
            }
        }
        self.token = self.token.take().or(base.token);
        self.token_from = self.token_from.take().or(base.token_from);
        self.labels = self.labels.take().or(base.labels);
        self.annotations = self.annotations.take().or(base.annotations);
        if self.inbox.is_empty() {
            self.inbox = base.inbox;
        }
        for (key, value) in base.nested {
            self.nested.entry(key).or_insert(value);
        }
    }
}

impl<'de> Deserialize<'de> for RawDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawDocument;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("apply.resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawDocument, A::Error> {
        let mut document = RawDocument::default();
        let mut merged = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(twice(&key));
            }
            match key.as_str() {
                "token" => {
                    document.token = map.next_value::<Option<String>>()?.map(SecretString::from);
                }
                "tokenFrom" => document.token_from = map.next_value::<Option<TokenFrom>>()?,
                "labels" => {
                    document.labels = map.next_value::<Option<Unique>>()?.map(|pairs| pairs.0);
                }
                "annotations" => {
                    document.annotations = map.next_value::<Option<Unique>>()?.map(|pairs| pairs.0);
                }
                "inbox" => {
                    document.inbox = map
                        .next_value::<Option<Vec<SeedMessage>>>()?
                        .unwrap_or_default();
                }
                key if NESTED_KEYS.contains(&key) => {
                    document.is_for_kubernetes |= key == "spec";
                    if let Some((key, value)) = nested(key, &mut map)? {
                        document.nested.insert(key, value);
                    }
                }
                "<<" => merged = map.next_value::<Merged<RawDocument>>()?.0,
                other => match document.text_field(other) {
                    Some(field) => {
                        *field = Some(text(&mut map)?).filter(|text| !text.is_empty());
                        if field.is_none() {
                            document.without_value.push(other.to_owned());
                        }
                    }
                    None => {
                        map.next_value::<IgnoredAny>()?;
                        document.is_for_kubernetes |=
                            matches!(other, "apiVersion" | "metadata" | "spec");
                        document.unknown.push(other.to_owned());
                    }
                },
            }
            seen.push(key);
        }
        for base in merged {
            document.fill_from(base);
        }
        Ok(document)
    }
}

fn twice<E: Error>(key: &str) -> E {
    yaml::refuse(format_args!("mapping key {} already defined", quote(key)))
}

/// Reads the value of a key that is a list or an object; null counts as missing.
fn nested<'de, A: MapAccess<'de>>(
    key: &str,
    map: &mut A,
) -> Result<Option<(&'static str, Value)>, A::Error> {
    Ok(match key {
        "providers" => map
            .next_value::<Option<Vec<String>>>()?
            .map(|names| ("providers", json!(names))),
        "environment" => map
            .next_value::<Option<Unique>>()?
            .map(|pairs| ("environment", json!(pairs.0))),
        "payloads" => {
            let payloads = map.next_value::<Option<Vec<Unique>>>()?;
            let payloads = payloads.map(|list| list.into_iter().map(payload).collect());
            payloads
                .transpose()?
                .map(|list: Vec<Value>| ("payloads", Value::Array(list)))
        }
        "spec" => map
            .next_value::<Option<Map<String, Value>>>()?
            .map(|spec| ("spec", Value::Object(spec))),
        _ => map
            .next_value::<Option<Map<String, Value>>>()?
            .map(|template| ("sandbox_template", Value::Object(template))),
    })
}

/// Returns a payload, without its empty keys.
fn payload<E: Error>(pairs: Unique) -> Result<Value, E> {
    let pairs: Pairs = pairs
        .0
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    match pairs
        .keys()
        .find(|key| !PAYLOAD_KEYS.contains(&key.as_str()))
    {
        Some(key) => Err(yaml::refuse(format_args!(
            "a payload knows {}, not {}",
            PAYLOAD_KEYS.join(", "),
            quote(key)
        ))),
        None => Ok(json!(pairs)),
    }
}

/// Reads a text; null counts as an empty one.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    Ok(map.next_value::<Option<String>>()?.unwrap_or_default())
}

/// The value of a merge key: one mapping, or several of which the first has precedence.
struct Merged<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Merged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Merged<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map to merge")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(Merged(vec![T::deserialize(MapAccessDeserializer::new(
                    map,
                ))?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut merged = Vec::new();
                while let Some(item) = items.next_element()? {
                    merged.push(item);
                }
                Ok(Merged(merged))
            }
        }
        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
}

/// A mapping of texts that refuses a key that is given twice.
struct Unique(Pairs);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("map[string]string")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
                let mut pairs = Pairs::new();
                let mut merged = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "<<" {
                        merged = map.next_value::<Merged<Unique>>()?.0;
                        continue;
                    }
                    let value = text(&mut map)?;
                    if pairs.insert(key.clone(), value).is_some() {
                        return Err(twice(&key));
                    }
                }
                for (key, value) in merged.into_iter().flat_map(|base| base.0) {
                    pairs.entry(key).or_insert(value);
                }
                Ok(Unique(pairs))
            }
        }
        deserializer.deserialize_map(Pair)
    }
}

impl<'de> Deserialize<'de> for SeedMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut pairs = Unique::deserialize(deserializer)?.0;
        let mut take = |key: &str| pairs.remove(key).unwrap_or_default();
        Ok(Self {
            from_name: take("from_name"),
            body: take("body"),
        })
    }
}

impl<'de> Deserialize<'de> for TokenFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Unique::deserialize(deserializer)?.0;
        let mut pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        match (pairs.next(), pairs.next()) {
            (Some((key, value)), None) => match (key.as_str(), value.as_str()) {
                ("env", _) => Ok(Self::Env(value)),
                ("file", _) => Ok(Self::File(value)),
                ("stdin", "true") => Ok(Self::Stdin),
                _ => Err(yaml::refuse(format_args!(
                    "tokenFrom knows env, file and stdin: true, not {}",
                    quote(&key)
                ))),
            },
            _ => Err(yaml::refuse(
                "tokenFrom takes exactly one of env, file and stdin: true",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_key_is_read() {
        for key in keys() {
            let documents: Vec<RawDocument> =
                yaml::documents(format!("{key}: null\n").as_bytes()).unwrap();
            assert_eq!(documents[0].unknown, [""; 0], "{key}");
        }
    }

    #[test]
    fn every_text_key_has_a_field() {
        for key in TEXT_KEYS {
            assert!(RawDocument::default().text_field(key).is_some(), "{key}");
        }
    }
}
