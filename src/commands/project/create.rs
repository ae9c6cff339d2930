//! `acpctl project create`

use anyhow::Context as _;

use crate::api::{Body, Client};
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::{outcome, required, switch_project};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{PROJECT, Record, check_project_name};
use crate::text::{acpctl_for, quote};

const EXAMPLES: &str = "\
acpctl project create team-c
# In a script: succeed and switch if it exists already
acpctl project create team-c --if-exists skip";

/// Create a project and switch to it
///
/// With --local, the current project stays: "acpctl --local project set NAME" changes it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    word: NameWord,
    /// Name (required, here or as the argument)
    #[arg(long)]
    name: Option<String>,
    /// Description
    #[arg(long)]
    description: Option<String>,
    /// If a project with this name exists: error|skip (default: error)
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    if_exists: Option<IfExists>,
    #[command(flatten)]
    output: WriteArgs,
}

/// What to do if there is a project of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum IfExists {
    /// Fail
    Error,
    /// Leave the project as it is, and switch to it
    Skip,
}

/// Returns the project of this name, if there is one.
///
/// # Errors
/// The look-up fails.
pub(crate) async fn existing(client: &Client, name: &str) -> anyhow::Result<Option<Record>> {
    let found = lookup::find_if_any(client, &Collection::projects(), name).await;
    found.context("create project")
}

/// Returns a project that exists already, if that is fine.
///
/// # Errors
/// It is not, or the name is taken by a project that can't be seen.
fn met(args: &Args, name: &str, found: Option<Record>) -> anyhow::Result<(Record, &'static str)> {
    match (found, args.if_exists) {
        (Some(found), Some(IfExists::Skip)) => Ok((found, "skipped: it exists")),
        (None, Some(IfExists::Skip)) => Err(gone(name).into()),
        _ => Err(conflict(name).into()),
    }
}

/// Returns the failure for a name that is taken.
pub(crate) fn conflict(name: &str) -> Failure {
    let message = format!("project {} already exists", quote(name));
    Failure::new(Kind::Conflict, message).hint(taken(name))
}

/// What to do about the name of a deleted project.
pub(crate) const STAYS_TAKEN: &str = "the name of a deleted project stays taken: choose another one, in a job a new one for each run";

/// Says what to do about a name that is taken: by a project that exists, or for ever by a deleted one.
pub(crate) fn taken(name: &str) -> String {
    let set = acpctl_for(&["project", "set"], name, &[]);
    let skip = acpctl_for(&["project", "create"], name, &["--if-exists", "skip"]);
    format!("to switch to it, if it exists: {set}; in a script: {skip}; {STAYS_TAKEN}")
}

/// Returns the failure for a name that is taken, though no project of this name can be found.
fn gone(name: &str) -> Failure {
    let message = format!(
        "project {} already exists, but it was deleted, or you can't see it",
        quote(name)
    );
    Failure::new(Kind::Conflict, message).hint(STAYS_TAKEN)
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = args.word.or(args.name.as_deref())?;
    let name = required::value(ctx, "name", "Name", name)?;
    let name = name.as_str();
    check_project_name(name, &["project", "create"])?;
    let mut body = Body::new();
    body.set("name", name);
    body.set_filled("description", args.description.as_deref());
    let client = ctx.client()?;
    let made = ctx.block_on(async {
        // A dry run sends nothing that the server could refuse.
        if ctx.rehearses()
            && let Some(found) = existing(client, name).await?
        {
            return met(args, name, Some(found));
        }
        let path = Collection::projects().path;
        match client.create(&PROJECT, &path, body).await {
            Err(error) if error.status() == Some(409) => {
                let found = match args.if_exists {
                    Some(IfExists::Skip) => existing(client, name).await?,
                    _ => None,
                };
                met(args, name, found)
            }
            created => Ok((created.context("create project")?, "created")),
        }
    });
    let (record, done) = made?;
    if ctx.rehearses() {
        let sentence = format!("{} {done}", outcome::label(&record, name));
        return outcome::done(ctx, &record, &format, &sentence);
    }
    outcome::refuse_nameless(&record, "create project")?;
    switch_project::switch_to_new(ctx, name, &record, &format);
    let sentence = format!("project/{} {done}", record.id());
    outcome::done(ctx, &record, &format, &sentence)?;
    switch_project::note_next_step(ctx, name);
    Ok(())
}
