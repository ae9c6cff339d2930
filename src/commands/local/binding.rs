//! A role binding as a document of a manifest.

use serde_json::{Map, Value};

use super::contents::{Contents, ManifestDocument};
use crate::resources::Record;
use crate::server;

/// The form of a role binding in a manifest.
pub(super) enum Outcome {
    Document(ManifestDocument),
    /// It is created together with its project or credential.
    Implied,
    LeftOut(&'static str),
}

/// Decides what a role binding becomes in a manifest.
pub(super) fn outcome(contents: &Contents, binding: &Record) -> Outcome {
    const GONE: Outcome = Outcome::LeftOut("role bindings of what was deleted");
    const OTHER: Outcome =
        Outcome::LeftOut("role bindings of sessions, of everything, or without a user");
    let role = contents
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
    let project = target("project_id").map(|id| contents.projects.iter().find(|it| it.id() == id));
    let agent = target("agent_id").map(|id| contents.agent(id));
    let credential =
        target("credential_id").map(|id| contents.credentials.iter().find(|it| it.id() == id));
    let found = [project, agent, credential];
    if found.iter().any(|found| matches!(found, Some(None))) {
        return GONE;
    }
    let [project, agent, credential] = found.map(Option::flatten);
    let is_owner = role.name() == format!("{scope}:owner") && user == server::USER;
    if is_owner && matches!(scope, "project" | "credential") && only(&format!("{scope}_id")) {
        return Outcome::Implied;
    }
    if role.value("built_in") != Some(&Value::Bool(true)) {
        return Outcome::LeftOut("role bindings with a role of your own");
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
    Outcome::Document(document)
}
