//! Looks before an agent is created: the platform accepts a second agent of the same name, which makes both unusable by
//! their name, and an agent in a project that does not exist.

use anyhow::Context as _;

use crate::api::{Body, Client};
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::Record;
use crate::text::{acpctl_for, quote};

/// Returns the agent of this name, if there is one and it is as the body describes it.
///
/// # Errors
/// [`Kind::Conflict`] if it is another one, or if there are several; [`Kind::NotFound`] if the project does not exist.
pub(crate) async fn same_before(
    client: &Client,
    project: &str,
    name: &str,
    body: &Body,
) -> anyhow::Result<Option<Record>> {
    let agents = Collection::agents(project);
    let mut found = lookup::before_creation(client, &agents, project, name)
        .await
        .context("create agent")?;
    let is_same = |agent: &Record| {
        let mut fields = body.fields();
        fields.all(|(field, value)| field == "project_id" || agent.value(field) == Some(value))
    };
    match found.as_slice() {
        [] => Ok(None),
        [agent] if is_same(agent) => Ok(found.pop()),
        _ => {
            let message = format!("agent {} already exists in {}", quote(name), quote(project));
            let update = acpctl_for(&["agent", "update"], name, &["--project-id", project]);
            Err(Failure::new(Kind::Conflict, message)
                .hint(format!("to change it: {update}"))
                .into())
        }
    }
}
