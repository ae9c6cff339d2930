//! The store as manifests: what `acpctl apply` makes the same objects of, and what it has no place for.

use std::collections::BTreeMap;
use std::fmt::Display;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::api::{Client, ListOptions, path};
use crate::commands::apply::pairs_of;
use crate::compat::quote::quote;
use crate::failure::{Failure, Kind};
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, INBOX_MESSAGE, OWN_ANNOTATIONS, PROJECT, PROJECT_SETTINGS,
    ROLE, ROLE_BINDING, Record, Resource, SCHEDULED_SESSION, SESSION, USER,
};
use crate::server;

/// A document of a manifest.
pub type Document = Map<String, Value>;

/// The store's documents, in the order in which `apply` can take them.
#[derive(Default)]
pub struct Manifest {
    pub projects: Vec<Document>,
    pub agents: Vec<Document>,
    /// Each with its record; the secret is not looked at here.
    pub credentials: Vec<(Record, Document)>,
    pub bindings: Vec<Document>,
    /// What manifests have no place for, and how often it is there.
    pub left_out: BTreeMap<String, usize>,
}

/// Everything that the documents are made of.
struct Store {
    projects: Vec<Record>,
    /// The agents of each project, in the order of the projects.
    agents: Vec<Record>,
    credentials: Vec<Record>,
    roles: Vec<Record>,
    bindings: Vec<Record>,
}

/// Reads the store.
///
/// # Errors
/// As the lists; [`Kind::Conflict`] where a name does not tell two objects apart.
pub async fn read(client: &Client) -> anyhow::Result<Manifest> {
    let projects = all(client, &PROJECT, "/projects").await?;
    let mut agents = Vec::new();
    for project in &projects {
        let place = path(&["projects", project.id(), "agents"]);
        agents.extend(all(client, &AGENT, &place).await?);
    }
    let store = Store {
        projects,
        agents,
        credentials: all(client, &CREDENTIAL, "/credentials").await?,
        roles: all(client, &ROLE, "/roles").await?,
        bindings: all(client, &ROLE_BINDING, "/role_bindings").await?,
    };
    store.refuse_twins()?;
    let mut manifest = Manifest::default();
    manifest.add_projects(&store);
    manifest.add_agents(client, &store).await?;
    manifest.add_credentials(&store);
    manifest.add_bindings(&store);
    manifest.count_others(client, &store).await?;
    Ok(manifest)
}

async fn all(
    client: &Client,
    resource: &'static Resource,
    place: &str,
) -> anyhow::Result<Vec<Record>> {
    // The configured project narrows nothing here.
    let options = ListOptions {
        project: Some(String::new()),
        ..ListOptions::default()
    };
    let list = client.list(resource, place, &options).await;
    let list = list.with_context(|| format!("list {}", resource.plural()))?;
    Ok(list.items.unwrap_or_default())
}

impl Store {
    /// `apply` knows agents and credentials by their names.
    fn refuse_twins(&self) -> Result<(), Failure> {
        let agents = self.agents.iter().map(|agent| {
            let project = agent.text("project_id");
            (
                format!("agent {} of project {project}", quote(agent.name())),
                agent,
            )
        });
        let credentials = self.credentials.iter().map(|credential| {
            (
                format!("credential {}", quote(credential.name())),
                credential,
            )
        });
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, record) in agents.chain(credentials) {
            if let Some(first) = seen.insert(name.clone(), record.id()) {
                let ids = format!("{first}, {}", record.id());
                return Err(Failure::new(
                    Kind::Conflict,
                    format!("there are several of {name} ({ids})"),
                )
                .hint("manifests know them by name: rename or delete all but one"));
            }
        }
        Ok(())
    }

    fn agent(&self, id: &str) -> Option<&Record> {
        self.agents.iter().find(|agent| agent.id() == id)
    }
}

impl Manifest {
    /// How many documents there are, in words.
    pub fn summary(&self) -> String {
        [
            (self.projects.len(), "project"),
            (self.agents.len(), "agent"),
            (self.credentials.len(), "credential"),
            (self.bindings.len(), "role binding"),
        ]
        .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        .join(", ")
    }

    /// What is left out, in words; nothing where all is there.
    pub fn omissions(&self) -> Option<String> {
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

    fn add_projects(&mut self, store: &Store) {
        for project in &store.projects {
            // The id is what everything in the project refers to; a later name is only shown.
            let mut document = self.begin("Project", project.id());
            if project.name() != project.id() {
                self.leave_out("later names of projects", 1);
            }
            self.texts(&mut document, project, &["description", "prompt"]);
            self.pairs(&mut document, project);
            self.fields_without_place(project, &["status"]);
            self.projects.push(document);
        }
        sort(&mut self.projects);
    }

    async fn add_agents(&mut self, client: &Client, store: &Store) -> anyhow::Result<()> {
        for agent in &store.agents {
            let mut document = self.begin("Agent", agent.name());
            document.insert("project".to_owned(), agent.text("project_id").into());
            self.texts(&mut document, agent, &["prompt"]);
            self.pairs(&mut document, agent);
            let inbox = self.inbox(client, store, agent).await?;
            if !inbox.is_empty() {
                document.insert("inbox".to_owned(), Value::Array(inbox));
            }
            self.fields_without_place(
                agent,
                &[
                    "bot_account_name",
                    "description",
                    "display_name",
                    "environment_variables",
                    "owner_user_id",
                    "parent_agent_id",
                    "repo_url",
                    "resource_overrides",
                    "workflow_id",
                ],
            );
            for (field, usual) in server::agent_defaults() {
                if agent.value(field).is_some_and(|value| *value != usual) {
                    self.leave_out(format!("{field} of agents"), 1);
                }
            }
            self.agents.push(document);
        }
        sort(&mut self.agents);
        Ok(())
    }

    /// The messages that a next start would read, oldest first. Those that were read are history.
    async fn inbox(
        &mut self,
        client: &Client,
        store: &Store,
        agent: &Record,
    ) -> anyhow::Result<Vec<Value>> {
        let place = path(&[
            "projects",
            agent.text("project_id"),
            "agents",
            agent.id(),
            "inbox",
        ]);
        let mut messages = Vec::new();
        for message in all(client, &INBOX_MESSAGE, &place).await? {
            if message.value("read") == Some(&Value::Bool(true)) {
                self.leave_out("inbox messages that were read", 1);
                continue;
            }
            let sender = store.agent(message.text("from_agent_id"));
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

    fn add_credentials(&mut self, store: &Store) {
        let mut credentials: Vec<&Record> = store.credentials.iter().collect();
        credentials.sort_by_key(|credential| credential.name());
        for credential in credentials {
            let mut document = self.begin("Credential", credential.name());
            let fields = ["provider", "description", "url", "email"];
            self.texts(&mut document, credential, &fields);
            self.pairs(&mut document, credential);
            self.credentials.push((credential.clone(), document));
        }
    }

    fn add_bindings(&mut self, store: &Store) {
        for binding in &store.bindings {
            match self::binding(store, binding) {
                Binding::Document(document) => self.bindings.push(document),
                Binding::Implied => {}
                Binding::LeftOut(what) => self.leave_out(what, 1),
            }
        }
        sort(&mut self.bindings);
    }

    async fn count_others(&mut self, client: &Client, store: &Store) -> anyhow::Result<()> {
        let own = |role: &&Record| role.value("built_in") != Some(&Value::Bool(true));
        self.leave_out("roles", store.roles.iter().filter(own).count());
        let users = all(client, &USER, "/users").await?;
        let others = users
            .iter()
            .filter(|user| user.text("username") != server::USER);
        self.leave_out("users", others.count());
        for (resource, place) in [
            (&SESSION, "/sessions"),
            (&APPLICATION, "/applications"),
            (&PROJECT_SETTINGS, "/project_settings"),
        ] {
            let found = all(client, resource, place).await?.len();
            self.leave_out(resource.plural().replace('-', " "), found);
        }
        for project in &store.projects {
            let place = path(&["projects", project.id(), "scheduled-sessions"]);
            let found = all(client, &SCHEDULED_SESSION, &place).await?.len();
            self.leave_out("scheduled sessions", found);
        }
        Ok(())
    }

    fn begin(&mut self, kind: &str, name: &str) -> Document {
        let mut document = Map::new();
        document.insert("kind".to_owned(), kind.into());
        document.insert("name".to_owned(), name.into());
        document
    }

    fn texts(&mut self, document: &mut Document, record: &Record, fields: &[&str]) {
        for field in fields {
            let text = record.text(field);
            if !text.is_empty() {
                document.insert((*field).to_owned(), text.into());
            }
        }
    }

    /// Labels and annotations; those that are no pairs of texts have no place in a manifest.
    fn pairs(&mut self, document: &mut Document, record: &Record) {
        for field in ["labels", "annotations"] {
            // A key of this name would join another mapping.
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

    fn fields_without_place(&mut self, record: &Record, fields: &[&str]) {
        for field in fields {
            if !record.text(field).is_empty() {
                self.leave_out(format!("{field} of {}", record.resource.plural()), 1);
            }
        }
    }
}

/// What becomes of a role binding.
enum Binding {
    Document(Document),
    /// Made with its project or credential.
    Implied,
    LeftOut(&'static str),
}

fn binding(store: &Store, binding: &Record) -> Binding {
    const GONE: Binding = Binding::LeftOut("role bindings of what was deleted");
    const OTHER: Binding =
        Binding::LeftOut("role bindings of sessions, of everything, or without a user");
    let role = store
        .roles
        .iter()
        .find(|role| role.id() == binding.text("role_id"));
    let Some(role) = role else {
        return GONE;
    };
    let scope = binding.text("scope");
    let user = binding.text("user_id");
    let target = |key: &str| Some(binding.text(key)).filter(|id| !id.is_empty());
    let targets = ["project_id", "agent_id", "session_id", "credential_id"];
    let only = |key: &str| {
        targets
            .iter()
            .all(|other| *other == key || target(other).is_none())
    };
    let project = target("project_id").map(|id| store.projects.iter().find(|it| it.id() == id));
    let agent = target("agent_id").map(|id| store.agent(id));
    let credential =
        target("credential_id").map(|id| store.credentials.iter().find(|it| it.id() == id));
    let found = [project, agent, credential];
    if found.iter().any(|found| matches!(found, Some(None))) {
        return GONE;
    }
    let [project, agent, credential] = found.map(Option::flatten);
    let is_owner = role.name() == format!("{scope}:owner") && user == server::USER;
    if is_owner && matches!(scope, "project" | "credential") && only(&format!("{scope}_id")) {
        return Binding::Implied;
    }
    if role.value("built_in") != Some(&Value::Bool(true)) {
        return Binding::LeftOut("role bindings with a role of your own");
    }
    let mut document = Map::new();
    let mut set = |key: &str, value: &str| {
        if !value.is_empty() {
            document.insert(key.to_owned(), value.into());
        }
    };
    set("kind", "RoleBinding");
    set("role", role.name());
    set("scope", scope);
    match (scope, project, agent, credential) {
        ("project", Some(project), None, None) if !user.is_empty() => {
            set("scope_id", project.id());
        }
        ("agent", None, Some(agent), None) if !user.is_empty() => {
            set("scope_id", agent.name());
            set("project", agent.text("project_id"));
        }
        ("credential", None, None, Some(credential)) if !user.is_empty() => {
            set("scope_id", credential.name());
        }
        ("credential", Some(project), agent, Some(credential)) => {
            set("scope_id", credential.name());
            set("project", project.id());
            set("agent", agent.map_or("", Record::name));
        }
        _ => return OTHER,
    }
    if target("session_id").is_some() {
        return OTHER;
    }
    set("user_id", user);
    Binding::Document(document)
}

/// Sorts by content: ids differ from store to store.
fn sort(documents: &mut [Document]) {
    documents.sort_by_cached_key(|document| Value::Object(document.clone()).to_string());
}
