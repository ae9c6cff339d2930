//! A document of a manifest: one flat form for all kinds (contract cli-resources.md section 8.2).
//!
//! Scalars are taken as the text that stands there (`yes`, `0x10`, `1.50`); null is no value; a key
//! given twice is an error; unknown keys are kept by name, to be warned about.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::secret::{Secret, variables};
use crate::compat::quote::quote;
use crate::yaml;

/// Labels or annotations.
pub type Pairs = BTreeMap<String, String>;

/// A message that an agent's inbox is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seed {
    pub from_name: String,
    pub body: String,
}

/// Where a credential's secret comes from, in place of `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenFrom {
    /// The name of a variable.
    Env(String),
    /// A path, from the manifest's folder.
    File(String),
    Stdin,
}

/// A document. Its `Debug` form does not show the token.
#[derive(Debug, Clone, Default)]
pub struct Document {
    pub kind: String,
    pub name: String,
    pub description: String,
    pub prompt: String,
    pub labels: Option<Pairs>,
    pub annotations: Option<Pairs>,
    pub inbox: Vec<Seed>,
    pub provider: String,
    pub token: Option<SecretString>,
    pub token_from: Option<TokenFrom>,
    /// The context to keep of a kubeconfig; ours, the Go tool has no such key.
    pub context: String,
    pub url: String,
    pub email: String,
    pub role: String,
    pub scope: String,
    pub scope_id: String,
    pub user_id: String,
    /// The project of an agent, and what a binding of a credential is for; ours, the Go tool has no such key.
    pub project: String,
    /// The agent of `project` that a binding of a credential is for; ours too.
    pub agent: String,
    /// Keys without a meaning.
    pub unknown: Vec<String>,
    /// `apiVersion`, `metadata` or `spec`: a document for Kubernetes.
    pub kubernetes: bool,
    /// The folder of its file, where `tokenFrom.file` starts.
    pub folder: PathBuf,
    /// What `token` or `tokenFrom` stands for, once it was looked up.
    pub secret: Option<Secret>,
}

/// The kinds, in lower case, with the spelling of results.
pub const KINDS: &[(&str, &str)] = &[
    ("project", "Project"),
    ("agent", "Agent"),
    ("credential", "Credential"),
    ("rolebinding", "RoleBinding"),
];

/// The keys with a meaning, as the manifest spells them.
pub const KEYS: &[&str] = &[
    "kind",
    "name",
    "description",
    "prompt",
    "provider",
    "token",
    "tokenFrom",
    "context",
    "url",
    "email",
    "role",
    "scope",
    "scope_id",
    "user_id",
    "project",
    "agent",
    "labels",
    "annotations",
    "inbox",
];

impl Document {
    /// The kind as results spell it; nothing for a kind that `apply` does not know.
    pub fn known_kind(&self) -> Option<&'static str> {
        let lower = self.kind.to_lowercase();
        KINDS
            .iter()
            .find(|(kind, _)| *kind == lower)
            .map(|(_, shown)| *shown)
    }

    /// How messages name it: a role binding without a name by whom it binds to what.
    pub fn display_name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        if self.known_kind() == Some("RoleBinding") {
            return self.binding_name();
        }
        self.kind.clone()
    }

    /// True for agents, and bindings to them, that don't say in which project they are.
    pub fn needs_project(&self) -> bool {
        let is_in_project = match self.known_kind() {
            Some("Agent") => true,
            Some("RoleBinding") => self.scope == "agent" || !self.agent.is_empty(),
            _ => false,
        };
        is_in_project && self.project.is_empty()
    }

    /// `<user>→<target>`, or `<project>/<agent>→<target>`.
    pub fn binding_name(&self) -> String {
        let who = match (self.user_id.as_str(), self.agent.as_str()) {
            ("", "") => self.project.clone(),
            ("", agent) => format!("{}/{agent}", self.project),
            (user, _) => user.to_owned(),
        };
        format!("{who}→{}", self.scope_id)
    }

    /// How messages name a secret that stands in the manifest itself.
    pub fn inline_path(&self) -> PathBuf {
        self.folder
            .join(format!("credential {}", self.name.replace('/', "-")))
    }

    /// Takes a secret that is in a file from the file of the same name in another folder.
    pub fn take_secret_from(&mut self, folder: &Path) {
        if let Some(TokenFrom::File(file)) = &mut self.token_from
            && let Some(name) = Path::new(file.as_str()).file_name()
        {
            *file = name.to_string_lossy().into_owned();
            folder.clone_into(&mut self.folder);
        }
    }

    /// True for a file that `credential create` takes: handed to `apply` by mistake, it holds secrets of a cluster.
    pub fn is_kubeconfig(&self) -> bool {
        let has = |key: &str| self.unknown.iter().any(|known| known == key);
        (self.kind.is_empty() || self.kind == "Config") && has("clusters") && has("users")
    }

    /// Where its secret comes from, as far as the manifest says it: `file prod.kubeconfig`, `variable GITLAB_PAT`.
    pub fn secret_sources(&self) -> Vec<String> {
        let named = |name: &str| format!("variable {name}");
        match (&self.token_from, &self.token) {
            (Some(TokenFrom::Env(name)), _) => vec![named(name)],
            (Some(TokenFrom::File(file)), _) => {
                vec![format!("file {}", self.folder.join(file).display())]
            }
            (Some(TokenFrom::Stdin), _) => vec!["standard input".to_owned()],
            (None, Some(token)) => variables(token.expose_secret())
                .iter()
                .map(|name| named(name))
                .collect(),
            (None, None) => Vec::new(),
        }
    }

    /// `project/web`, for messages.
    pub fn place(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.display_name())
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("apply.resource")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        let mut merged = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(twice(&key));
            }
            match key.as_str() {
                "kind" => document.kind = text(&mut map)?,
                "name" => document.name = text(&mut map)?,
                "description" => document.description = text(&mut map)?,
                "prompt" => document.prompt = text(&mut map)?,
                "provider" => document.provider = text(&mut map)?,
                "token" => {
                    document.token = map.next_value::<Option<String>>()?.map(SecretString::from);
                }
                "tokenFrom" => document.token_from = map.next_value::<Option<TokenFrom>>()?,
                "context" => document.context = text(&mut map)?,
                "url" => document.url = text(&mut map)?,
                "email" => document.email = text(&mut map)?,
                "role" => document.role = text(&mut map)?,
                "scope" => document.scope = text(&mut map)?,
                "scope_id" => document.scope_id = text(&mut map)?,
                "user_id" => document.user_id = text(&mut map)?,
                "project" => document.project = text(&mut map)?,
                "agent" => document.agent = text(&mut map)?,
                "labels" => {
                    document.labels = map.next_value::<Option<Unique>>()?.map(|pairs| pairs.0);
                }
                "annotations" => {
                    document.annotations = map.next_value::<Option<Unique>>()?.map(|pairs| pairs.0);
                }
                "inbox" => {
                    document.inbox = map.next_value::<Option<Vec<Seed>>>()?.unwrap_or_default();
                }
                "<<" => merged = map.next_value::<Merged<Document>>()?.0,
                other => {
                    map.next_value::<IgnoredAny>()?;
                    document.kubernetes |= matches!(other, "apiVersion" | "metadata" | "spec");
                    document.unknown.push(other.to_owned());
                }
            }
            seen.push(key);
        }
        for base in merged {
            document.merge_key(base);
        }
        Ok(document)
    }
}

impl Document {
    /// What a merge key brings fills what the document itself leaves out.
    fn merge_key(&mut self, base: Document) {
        for (own, base) in [
            (&mut self.kind, base.kind),
            (&mut self.name, base.name),
            (&mut self.description, base.description),
            (&mut self.prompt, base.prompt),
            (&mut self.provider, base.provider),
            (&mut self.context, base.context),
            (&mut self.url, base.url),
            (&mut self.email, base.email),
            (&mut self.role, base.role),
            (&mut self.scope, base.scope),
            (&mut self.scope_id, base.scope_id),
            (&mut self.user_id, base.user_id),
            (&mut self.project, base.project),
            (&mut self.agent, base.agent),
        ] {
            if own.is_empty() {
                *own = base;
            }
        }
        self.token = self.token.take().or(base.token);
        self.token_from = self.token_from.take().or(base.token_from);
        self.labels = self.labels.take().or(base.labels);
        self.annotations = self.annotations.take().or(base.annotations);
        if self.inbox.is_empty() {
            self.inbox = base.inbox;
        }
    }
}

fn twice<E: Error>(key: &str) -> E {
    yaml::refuse(format_args!("mapping key {} already defined", quote(key)))
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<String, A::Error> {
    Ok(map.next_value::<Option<String>>()?.unwrap_or_default())
}

/// What a merge key brings: one mapping, or several of which the first wins.
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

/// A mapping of texts in which no key stands twice.
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

impl<'de> Deserialize<'de> for Seed {
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
    fn every_key_of_the_list_is_read() {
        for key in KEYS {
            let documents: Vec<Document> =
                yaml::documents(format!("{key}: null\n").as_bytes()).unwrap();
            assert_eq!(documents[0].unknown, [""; 0], "{key}");
        }
    }
}
