//! What `get`, `describe` and `delete` share: from the words of a line to a place on the server.

use crate::api::path;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::resources::{AGENT, Place, Resource, find};

/// The Go tool's second word for agents, with rules of its own.
const PROJECT_AGENT: &[&str] = &["project-agent", "project-agents", "pa"];

/// True for `project-agent` and its short forms.
pub fn is_project_agent(word: &str) -> bool {
    PROJECT_AGENT.contains(&word.to_lowercase().as_str())
}

/// The resource of a word.
pub fn resource(word: &str) -> Option<&'static Resource> {
    if is_project_agent(word) {
        Some(&AGENT)
    } else {
        find(word)
    }
}

/// Where a resource's objects live, and the project that goes into the header.
pub struct Collection {
    pub path: String,
    /// Set where the path names a project.
    pub project: Option<String>,
}

/// The collection of a resource; agents live in a project.
///
/// # Errors
/// When a project is needed and none is known.
pub fn collection(
    ctx: &Ctx,
    resource: &Resource,
    project: Option<&str>,
) -> Result<Collection, Failure> {
    if resource.place != Place::Project {
        return Ok(Collection {
            path: path(&[resource.collection]),
            project: None,
        });
    }
    let project = match project.filter(|project| !project.is_empty()) {
        Some(project) => project.to_owned(),
        None => ctx.settings()?.project.clone().ok_or_else(|| {
            Failure::usage(
                "no project set; run 'acpctl config set project <name>' or set AMBIENT_PROJECT",
            )
        })?,
    };
    Ok(Collection {
        path: path(&["projects", &project, resource.collection]),
        project: Some(project),
    })
}

impl Collection {
    /// The path of one object.
    pub fn item(&self, id: &str) -> String {
        format!("{}{}", self.path, path(&[id]))
    }
}

/// Refuses what can be no identifier: a request for it would reach the collection, or climb the path.
///
/// # Errors
/// A usage failure.
pub fn check_identifier(what: &str, id: &str) -> Result<(), Failure> {
    match id {
        "" => Err(Failure::usage(format!("{what} is required"))),
        "." | ".." => Err(Failure::usage(format!("{} is no {what}", quote(id)))),
        _ => Ok(()),
    }
}
