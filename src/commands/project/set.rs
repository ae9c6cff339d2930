//! `acpctl project set`

use crate::api;
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::commands::switch_project;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT, can_name_project};
use crate::text::{acpctl, quote};

const EXAMPLES: &str = "acpctl project set team-a";

/// Switch to a project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Project
    #[arg(add = Candidates::PROJECTS)]
    pub name: String,
    #[command(flatten)]
    pub output: WriteArgs,
}

/// Switches to a project. `meant` is the hint for a name that does not exist and may be a misspelled verb.
pub(super) fn run(
    ctx: &Ctx,
    name: &str,
    output: &WriteArgs,
    meant: Option<String>,
) -> anyhow::Result<()> {
    let format = output.format(ctx)?;
    check(name)?;
    switch_project::refuse_elsewhere(ctx, name)?;
    let client = ctx.client()?;
    // Paths and the project header take the ID, which differs from the name if the project was renamed.
    let found = ctx.block_on(async {
        let projects = Collection::projects();
        lookup::act(client, &projects, name, async |id| {
            // What is stored is the text that the server knows as an ID, whatever it answers.
            let found = client.get_json(&projects.item(id, &[])).await?;
            Ok((id.to_owned(), api::decoded(&PROJECT, found)?))
        })
        .await
    });
    let is_local = ctx.settings()?.is_local();
    let (id, found) = found.map_err(|error| match api::kind_of(&error) {
        Kind::NotFound => unknown(name, is_local, meant).into(),
        _ => error.context(format!("failed to get project {}", quote(name))),
    })?;
    if !ctx.rehearses() {
        let place = ctx.place_to_change()?;
        let key = ctx.settings()?.project_key();
        Config::update(&place, |config| config.set(key, Some(id.as_str().into())))
            .map_err(Failure::from)?;
    }
    let sentence = format!("Switched to project {}", quote(name));
    outcome::done(ctx, &found, &format, &sentence)?;
    if env::PROJECT.get().is_some() {
        ctx.out.warn("AMBIENT_PROJECT is set and takes precedence");
    }
    Ok(())
}

/// Returns the failure for a project that the server does not know.
fn unknown(name: &str, is_local: bool, meant: Option<String>) -> Failure {
    let mut message = format!("project {} does not exist", quote(name));
    if can_name_project(name) {
        let create = acpctl(&["create", "project", "--name", name]);
        message = format!("{message}; create it first with: {create}");
    }
    let hint = meant.unwrap_or_else(|| {
        let list = acpctl(&["project", "list"]);
        if is_local {
            return format!("those that exist: {list}");
        }
        format!(
            "or it is not visible to you: ask its owner for a role; those that you can see: {list}"
        )
    });
    Failure::new(Kind::NotFound, message).hint(hint)
}

/// Refuses a text that can't be the name of a project.
///
/// # Errors
/// In the Go tool's words.
fn check(name: &str) -> Result<(), Failure> {
    let invalid = |why: &str| Err(Failure::usage(format!("invalid project name: {why}")));
    if name.is_empty() {
        return invalid("project name cannot be empty");
    }
    if name.len() > 63 {
        return invalid("project name must be 63 characters or less");
    }
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.bytes().all(inner) || name.starts_with('-') || name.ends_with('-') {
        return invalid(
            "project name must contain only lowercase letters, numbers, and hyphens, and must start and end with an alphanumeric character",
        );
    }
    Ok(())
}
