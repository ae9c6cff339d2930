//! What `get`, `describe` and `delete` share: from the words of a line to a place on the server.

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::{Resource, Scope};

pub use crate::resources::{find_or_project_agent as resource, is_project_agent};

/// The collection of a resource; agents live in a project.
///
/// # Errors
/// When a project is needed and none is known.
pub fn collection(
    ctx: &Ctx,
    resource: &'static Resource,
    project: Option<&str>,
) -> Result<Collection, Failure> {
    if resource.scope != Scope::Project {
        return Ok(Collection::global(resource));
    }
    let flag = project.filter(|project| !project.is_empty());
    if flag.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(Failure::usage(
            "no project set; run 'acpctl config set project <name>' or set AMBIENT_PROJECT",
        ));
    }
    Ok(Collection::of_project(resource, &ctx.project(flag)?))
}
