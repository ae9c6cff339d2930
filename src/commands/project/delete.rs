//! `acpctl project delete`

use anyhow::Context as _;

use crate::commands::confirm::{self, ConfirmArgs};
use crate::commands::outcome::{self, WriteArgs};
use crate::commands::{missing, several, switch_project};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::{Candidates, PROJECT, Record};

const EXAMPLES: &str = "acpctl project delete team-b";

/// Delete projects
///
/// On a terminal you are asked for confirmation; in a script the command deletes the projects at once. Nothing is
/// deleted if one of them does not exist. A deleted project is not the current one any more.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Names or IDs; --name does the same
    #[arg(id = "name-word", value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    words: Vec<String>,
    /// Name or ID (required, here or as an argument; repeatable)
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
    let given = [args.words.as_slice(), &args.name].concat();
    if given.iter().all(String::is_empty) {
        return Err(Failure::usage("--name is required").into());
    }
    let projects = Collection::projects();
    for name in &given {
        projects.check(name)?;
    }
    let client = ctx.client()?;
    let found = find_each(ctx, &projects, &given, args.ignore_not_found)?;
    let labels: Vec<String> = found
        .iter()
        .map(|(_, found)| format!("project/{}", found.id()))
        .collect();
    let question = match labels.as_slice() {
        [] if given.len() > 1 => String::new(),
        [] => return several::none(ctx, &format),
        [one] => confirm::question(&PROJECT, one),
        several => confirm::question_about_several(&PROJECT, several),
    };
    if ctx.may_ask() && !ctx.rehearses() && !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    let as_list = given.len() > 1;
    let deleted = several::each(ctx, &PROJECT, &names, as_list, &format, |name| {
        let project = found.iter().find(|(given, _)| given == name);
        let (_, project) = project.context("the project was not looked up")?;
        let label = outcome::label_as_given(&PROJECT, name, project.id());
        let is_deleted = ctx.block_on(async {
            let ended = missing::delete_found(client, &projects, project.id()).await;
            let ended = ended.context("delete project")?;
            ended
                .or_ignore(args.ignore_not_found)
                .context("delete project")
        })?;
        if !is_deleted {
            ctx.out.aside(&format!("{label} does not exist"));
            return Ok(None);
        }
        Ok(Some((project.clone(), format!("{label} deleted"))))
    })?;
    for project in &deleted {
        switch_project::leave_deleted(ctx, project);
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
    names: &[String],
    ignore_not_found: bool,
) -> anyhow::Result<Vec<(String, Record)>> {
    let client = ctx.client()?;
    let mut found: Vec<(String, Record)> = Vec::new();
    for name in names {
        let project = ctx.block_on(async {
            match lookup::find_if_any(client, projects, name).await {
                Ok(None) if ignore_not_found => {
                    ctx.out.aside(&format!("project/{name} does not exist"));
                    Ok(None)
                }
                Ok(Some(project)) => Ok(Some(project)),
                Ok(None) => Err(lookup::not_found(client, projects, name).await.into()),
                Err(error) => Err(error.context("delete project")),
            }
        });
        let project = match project {
            Err(error) if names.len() > 1 => return Err(error.context("nothing was deleted")),
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
