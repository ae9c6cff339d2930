//! Turns the store into manifests from which `acpctl apply` creates the same objects, and counts what they leave out.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Map, Value, json};

use super::binding::{self, Outcome};
use super::contents::{Contents, ManifestDocument, all};
use crate::api::{Client, path};
use crate::commands::pairs::pairs_of;
use crate::resources::{
    APPLICATION, CREDENTIAL, INBOX_MESSAGE, OWN_ANNOTATIONS, PROJECT_SETTINGS, Record,
    SCHEDULED_SESSION, SESSION, USER,
};
use crate::server;

/// The store's documents, in the order in which `apply` accepts them.
#[derive(Default)]
pub(super) struct Manifest {
    pub projects: Vec<ManifestDocument>,
    pub agents: Vec<ManifestDocument>,
    /// Each credential with its record; the secret is not read here.
    pub credentials: Vec<(Record, ManifestDocument)>,
    /// Providers, policies and clusters.
    pub parts: Vec<ManifestDocument>,
    pub bindings: Vec<ManifestDocument>,
    /// The parts of the store that manifests cannot express, with their counts.
    pub left_out: BTreeMap<String, usize>,
}

/// Reads the store and turns its content into documents.
///
/// # Errors
/// When a list can't be read; [`Kind::Conflict`](crate::failure::Kind) if several objects share a name.
pub(super) async fn read(client: &Client) -> anyhow::Result<Manifest> {
    let contents = Contents::read(client).await?;
    contents.refuse_twins()?;
    let mut manifest = Manifest::default();
    manifest.add_projects(&contents);
    manifest.add_agents(client, &contents).await?;
    manifest.add_credentials(&contents);
    manifest.add_parts(&contents);
    manifest.add_bindings(&contents);
    manifest.count_others(client, &contents).await?;
    Ok(manifest)
}

impl Manifest {
    /// Describes the number of documents in words.
    pub(super) fn summary(&self) -> String {
        let of_kind = |kind: &str| {
            let parts = self.parts.iter();
            parts
                .filter(|part| part.get("kind").is_some_and(|found| found == kind))
                .count()
        };
        let more = [
            (of_kind("Provider"), "provider", "providers"),
            (of_kind("Policy"), "policy", "policies"),
            (of_kind("Cluster"), "cluster", "clusters"),
        ];
        let more = more
            .into_iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
        [
            (self.projects.len(), "project"),
            (self.agents.len(), "agent"),
            (self.credentials.len(), "credential"),
            (self.bindings.len(), "role binding"),
        ]
        .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        .into_iter()
        .chain(more)
        .collect::<Vec<_>>()
        .join(", ")
    }

    /// Describes the parts that are left out; `None` if the manifest is complete.
    pub(super) fn omissions(&self) -> Option<String> {
        let words: Vec<String> = self
            .left_out
            .iter()
            .map(|(what, count)| format!("{what} ({count})"))
            .collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn leave_out(&mut self, what: impl Display, count: usize) {
        if count > 0 {
            *self.left_out.entry(what.to_string()).or_default() += count;
        }
    }

    fn add_projects(&mut self, contents: &Contents) {
        for project in &contents.projects {
            // Everything in the project refers to the id; a later name is only for display.
            let mut document = self.begin("Project", project.id());
            if project.name() != project.id() {
                self.leave_out("later names of projects", 1);
            }
            self.texts(&mut document, project, &["description", "prompt"]);
            self.pairs(&mut document, project);
            self.count_fields(project, &["status"]);
            self.projects.push(document);
        }
        sort(&mut self.projects);
    }

    async fn add_agents(&mut self, client: &Client, contents: &Contents) -> anyhow::Result<()> {
        for agent in &contents.agents {
            let mut document = self.begin("Agent", agent.name());
            document.insert("project".to_owned(), agent.text("project_id").into());
            let fields = [
                "prompt",
                "description",
                "display_name",
                "repo_url",
                "entrypoint",
                "sandbox_policy",
            ];
            self.texts(&mut document, agent, &fields);
            for field in ["providers", "payloads", "environment", "sandbox_template"] {
                let is_empty = |value: &Value| match value {
                    Value::Array(items) => items.is_empty(),
                    Value::Object(map) => map.is_empty(),
                    _ => true,
                };
                if let Some(value) = agent.value(field).filter(|value| !is_empty(value)) {
                    document.insert(field.to_owned(), value.clone());
                }
            }
            self.pairs(&mut document, agent);
            let inbox = self.inbox(client, contents, agent).await?;
            if !inbox.is_empty() {
                document.insert("inbox".to_owned(), Value::Array(inbox));
            }
            self.count_fields(
                agent,
                &[
                    "bot_account_name",
                    "environment_variables",
                    "owner_user_id",
                    "parent_agent_id",
                    "resource_overrides",
                    "workflow_id",
                ],
            );
            for (field, usual) in server::agent_defaults() {
                let Some(value) = agent.value(field).filter(|value| **value != usual) else {
                    continue;
                };
                match field {
                    "llm_model" => drop(document.insert("model".to_owned(), value.clone())),
                    field => self.leave_out(format!("{field} of agents"), 1),
                }
            }
            self.agents.push(document);
        }
        sort(&mut self.agents);
        Ok(())
    }

    /// Returns the messages that the next start would read, oldest first; counts those that were read already.
    async fn inbox(
        &mut self,
        client: &Client,
        contents: &Contents,
        agent: &Record,
    ) -> anyhow::Result<Vec<Value>> {
        let api_path = path(&[
            "projects",
            agent.text("project_id"),
            "agents",
            agent.id(),
            "inbox",
        ]);
        let mut messages = Vec::new();
        for message in all(client, &INBOX_MESSAGE, &api_path).await? {
            if message.value("read") == Some(&Value::Bool(true)) {
                self.leave_out("inbox messages that were read", 1);
                continue;
            }
            let sender = contents.agent(message.text("from_agent_id"));
            let sender = Some(message.text("from_name"))
                .filter(|name| !name.is_empty())
                .or(sender.map(Record::name))
                .unwrap_or(message.text("from_agent_id"));
            let mut seed = Map::new();
            if !sender.is_empty() {
                seed.insert("from_name".to_owned(), sender.into());
            }
            seed.insert("body".to_owned(), message.text("body").into());
            messages.push(Value::Object(seed));
        }
        Ok(messages)
    }

    fn add_credentials(&mut self, contents: &Contents) {
        let mut credentials: Vec<&Record> = contents.credentials.iter().collect();
        credentials.sort_by_key(|credential| credential.name());
        for credential in credentials {
            let mut document = self.begin("Credential", credential.name());
            let fields = ["provider", "description", "url", "email"];
            self.texts(&mut document, credential, &fields);
            self.pairs(&mut document, credential);
            self.credentials.push((credential.clone(), document));
        }
    }

    fn add_parts(&mut self, contents: &Contents) {
        for provider in &contents.providers {
            let mut document = self.begin("Provider", provider.name());
            document.insert("project".to_owned(), provider.text("project_id").into());
            self.texts(&mut document, provider, &["type", "secret", "namespace"]);
            self.pairs(&mut document, provider);
            self.parts.push(document);
        }
        for policy in &contents.policies {
            let mut document = self.begin("Policy", policy.name());
            document.insert("project".to_owned(), policy.text("project_id").into());
            self.texts(&mut document, policy, &["namespace"]);
            match serde_json::from_str(policy.text("spec")) {
                Ok(spec @ Value::Object(_)) => drop(document.insert("spec".to_owned(), spec)),
                _ if policy.text("spec").is_empty() => {}
                _ => self.leave_out("unreadable sections of policies", 1),
            }
            self.pairs(&mut document, policy);
            self.parts.push(document);
        }
        for cluster in &contents.clusters {
            let mut document = self.begin("Cluster", cluster.name());
            self.texts(
                &mut document,
                cluster,
                &["api_server_url", "role", "description"],
            );
            let id = cluster.text("credential_id");
            let mut credentials = contents.credentials.iter();
            match credentials.find(|credential| credential.id() == id) {
                Some(credential) => {
                    document.insert("credential_id".to_owned(), credential.name().into());
                }
                None if id.is_empty() => {}
                None => self.leave_out("credentials of clusters", 1),
            }
            self.pairs(&mut document, cluster);
            self.parts.push(document);
        }
        sort(&mut self.parts);
    }

    fn add_bindings(&mut self, contents: &Contents) {
        for binding in &contents.bindings {
            match binding::outcome(contents, binding) {
                Outcome::Document(document) => self.bindings.push(document),
                Outcome::Implied => {}
                Outcome::LeftOut(what) => self.leave_out(what, 1),
            }
        }
        sort(&mut self.bindings);
    }

    async fn count_others(&mut self, client: &Client, contents: &Contents) -> anyhow::Result<()> {
        let own = |role: &&Record| role.value("built_in") != Some(&Value::Bool(true));
        self.leave_out("roles", contents.roles.iter().filter(own).count());
        let users = all(client, &USER, "/users").await?;
        let others = users
            .iter()
            .filter(|user| user.text("username") != server::USER);
        self.leave_out("users", others.count());
        for (resource, api_path) in [
            (&SESSION, "/sessions"),
            (&APPLICATION, "/applications"),
            (&PROJECT_SETTINGS, "/project_settings"),
        ] {
            let found = all(client, resource, api_path).await?.len();
            self.leave_out(resource.plural().replace('-', " "), found);
        }
        for project in &contents.projects {
            let api_path = path(&["projects", project.id(), "scheduled-sessions"]);
            let found = all(client, &SCHEDULED_SESSION, &api_path).await?.len();
            self.leave_out("scheduled sessions", found);
        }
        Ok(())
    }

    fn begin(&mut self, kind: &str, name: &str) -> ManifestDocument {
        let mut document = Map::new();
        document.insert("kind".to_owned(), kind.into());
        document.insert("name".to_owned(), name.into());
        document
    }

    fn texts(&mut self, document: &mut ManifestDocument, record: &Record, fields: &[&str]) {
        for field in fields {
            let text = record.text(field);
            if !text.is_empty() {
                document.insert((*field).to_owned(), text.into());
            }
        }
    }

    /// Adds labels and annotations; counts those that are not pairs of texts.
    fn pairs(&mut self, document: &mut ManifestDocument, record: &Record) {
        for field in ["labels", "annotations"] {
            // In YAML a key of this name would merge another mapping.
            let readable = pairs_of(record.text(field)).filter(|pairs| !pairs.contains_key("<<"));
            let Some(mut pairs) = readable else {
                self.leave_out(
                    format!("unreadable {field} of {}", record.resource.plural()),
                    1,
                );
                continue;
            };
            if record.resource.kind == CREDENTIAL.kind {
                pairs.retain(|key, _| !key.starts_with(OWN_ANNOTATIONS));
            }
            if !pairs.is_empty() {
                document.insert(field.to_owned(), json!(pairs));
            }
        }
    }

    fn count_fields(&mut self, record: &Record, fields: &[&str]) {
        for field in fields {
            if !record.text(field).is_empty() {
                self.leave_out(format!("{field} of {}", record.resource.plural()), 1);
            }
        }
    }
}

/// Sorts by content: ids differ from store to contents.
fn sort(documents: &mut [ManifestDocument]) {
    documents.sort_by_cached_key(|document| Value::Object(document.clone()).to_string());
}
