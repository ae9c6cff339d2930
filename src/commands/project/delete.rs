//! `acpctl project delete`

use anyhow::Context as _;

use crate::commands::confirm::{self, ConfirmArgs};
use crate::commands::outcome::WriteArgs;
use crate::commands::several;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT, Record};
use crate::text::quote;

const EXAMPLES: &str = "acpctl project delete --name team-b";

/// Delete projects
///
/// On a terminal you are asked for confirmation; in a script the command deletes the projects at once. Nothing is
/// deleted if one of them does not exist.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Name or ID (required, repeatable)
    #[arg(long)]
    #[arg(add = Candidates::PROJECTS)]
    name: Vec<String>,
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
    if args.name.iter().all(String::is_empty) {
        return Err(Failure::usage("--name is required").into());
    }
    let projects = Collection::projects();
    for name in &args.name {
        projects.check(name)?;
    }
    let client = ctx.client()?;
    let found = find_each(ctx, &projects, args)?;
    let labels: Vec<String> = found
        .iter()
        .map(|(_, found)| format!("project/{}", found.id()))
        .collect();
    let question = match labels.as_slice() {
        [] => return Ok(()),
        [one] => confirm::question(&PROJECT, one),
        several => confirm::question_about_several(&PROJECT, several),
    };
    if ctx.may_ask() && !ctx.rehearses() && !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let current = ctx.settings()?.project.value.clone();
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let as_list = args.name.len() > 1;
    let deleted = several::each(ctx, &PROJECT, &names, as_list, &format, |name| {
        let project = found.iter().find(|(given, _)| given == name);
        let (_, project) = project.context("the project was not looked up")?;
        let path = projects.item(project.id(), &[]);
        ctx.block_on(async { client.delete(&path).await.context("delete project") })?;
        Ok((project.clone(), format!("project/{name} deleted")))
    })?;
    let is_current = |project: &Record| current.as_deref() == Some(project.id());
    if let Some(project) = deleted.iter().find(|project| is_current(project))
        && !ctx.rehearses()
    {
        ctx.out.warn(&format!(
            "{} is still the current project; choose another with 'acpctl project set NAME'",
            quote(project.id())
        ));
    }
    Ok(())
}

/// Finds each project; two names of one project count once.
///
/// # Errors
/// One of them does not exist, or the server does not answer.
fn find_each(
    ctx: &Ctx,
    projects: &Collection,
    args: &Args,
) -> anyhow::Result<Vec<(String, Record)>> {
    let client = ctx.client()?;
    let mut found: Vec<(String, Record)> = Vec::new();
    for name in &args.name {
        let project = ctx.block_on(async {
            match lookup::find_if_any(client, projects, name).await {
                Ok(None) if args.ignore_not_found => Ok(None),
                Ok(Some(project)) => Ok(Some(project)),
                Ok(None) => Err(lookup::not_found(client, projects, name).await.into()),
                Err(error) => Err(error.context("delete project")),
            }
        });
        let project = match project {
            Err(error) if args.name.len() > 1 => return Err(error.context("nothing was deleted")),
            project => project?,
        };
        if let Some(project) = project
            && !found.iter().any(|(_, other)| other.id() == project.id())
        {
            found.push((name.clone(), project));
        }
    }
    Ok(found)
}
