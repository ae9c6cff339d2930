//! The collection of a resource that the user named by a word, for `get`, `describe` and `delete`.

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::{Resource, Scope};

/// Returns the collection of a resource. For a resource that is part of a project, `project` is its flag, and the
/// current project the default.
///
/// # Errors
/// If a project is needed and none is set.
pub(crate) fn collection(
    ctx: &Ctx,
    resource: &'static Resource,
    project: Option<&str>,
) -> Result<Collection, Failure> {
    if resource.scope != Scope::Project {
        return Ok(Collection::global(resource));
    }
    let flag = project.filter(|project| !project.is_empty());
    if flag.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(ctx.no_project(
            "no project set; run 'acpctl config set project <name>' or set AMBIENT_PROJECT",
        ));
    }
    Ok(Collection::of_project(resource, &ctx.project(flag)?))
}
