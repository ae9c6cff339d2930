//! What `get`, `describe` and `delete` share: from the words of a line to a place on the server.

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
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

/// The collection of a resource; agents live in a project.
///
/// # Errors
/// When a project is needed and none is known.
pub fn collection(
    ctx: &Ctx,
    resource: &'static Resource,
    project: Option<&str>,
) -> Result<Collection, Failure> {
    if resource.place != Place::Project {
        return Ok(Collection::global(resource));
    }
    let flag = project.filter(|project| !project.is_empty());
    if flag.is_none() && ctx.settings()?.project.is_none() {
        return Err(Failure::usage(
            "no project set; run 'acpctl config set project <name>' or set AMBIENT_PROJECT",
        ));
    }
    Ok(Collection::of_project(resource, &ctx.project(flag)?))
}
