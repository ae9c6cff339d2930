//! `acpctl project delete`

use anyhow::Context as _;

use crate::commands::confirm::{self, ConfirmArgs};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT};
use crate::text::quote;

const EXAMPLES: &str = "acpctl project delete --name team-b";

/// Delete a project
///
/// On a terminal you are asked for confirmation; in a script the command deletes the project at once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name or ID (required)
    #[arg(long)]
    #[arg(add = Candidates::PROJECTS)]
    name: Option<String>,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Succeed if there is no such project
    #[arg(long)]
    ignore_not_found: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let Some(name) = args.name.as_deref().filter(|name| !name.is_empty()) else {
        return Err(Failure::usage("--name is required").into());
    };
    let projects = Collection::projects();
    projects.check(name)?;
    let client = ctx.client()?;
    let found = ctx.block_on(async {
        match lookup::find_if_any(client, &projects, name).await {
            Ok(None) if args.ignore_not_found => Ok(None),
            Ok(Some(found)) => Ok(Some(found)),
            Ok(None) => Err(lookup::not_found(client, &projects, name).await.into()),
            Err(error) => Err(error.context("delete project")),
        }
    })?;
    let Some(found) = found else {
        return Ok(());
    };
    let question = confirm::question(&PROJECT, &format!("project/{}", found.id()));
    if ctx.may_ask() && !ctx.rehearses() && !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let path = projects.item(found.id(), &[]);
    ctx.block_on(async { client.delete(&path).await.context("delete project") })?;
    let current = ctx.settings().ok();
    let current = current.and_then(|settings| settings.project.value.as_deref());
    outcome::done(ctx, &found, &format, &format!("project/{name} deleted"))?;
    if current == Some(found.id()) && !ctx.rehearses() {
        ctx.out.warn(&format!(
            "{} is still the current project; choose another with 'acpctl project set NAME'",
            quote(found.id())
        ));
    }
    Ok(())
}
