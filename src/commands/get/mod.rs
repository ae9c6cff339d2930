//! `acpctl get` (contract cli-core.md section 7.9).

mod bindings;
mod watch;

use std::time::Duration;

use anyhow::Context as _;

use super::listing::ListArgs;
use super::named;
use crate::compat::number;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{AGENT, CREDENTIAL, Candidates, ROLE_BINDING, Resource, SESSION};

const EXAMPLES: &str = "acpctl get sessions
acpctl get project team-a -o json
acpctl get rb -o wide";

/// Display one or many resources
///
/// Resources: sessions, projects, agents, project-agents, project-settings, users, roles, role-bindings,
/// credentials, applications; singular and short forms are accepted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// ID or name of one object
    #[arg(add = Candidates::NamesOfKind)]
    name: Option<String>,
    #[command(flatten)]
    list: ListArgs,
    /// Sessions of all projects
    #[arg(short = 'A', long)]
    all_projects: bool,
    /// Watch for changes
    #[arg(short, long)]
    watch: bool,
    /// Timeout for watch mode (e.g. 1h, 10m)
    #[arg(long, value_name = "DURATION", default_value = "30m0s", value_parser = number::duration, allow_hyphen_values = true)]
    watch_timeout: Duration,
    /// Project ID (default: the current project; required for project-agents)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Only sessions of the agent with this name or ID
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::AGENTS)]
    project_agent: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.watch {
        return watch::run(ctx, args);
    }
    ctx.client()?;
    let format = args.list.format()?;
    let resource = known(&args.resource)?;
    let name = args.name.as_deref().filter(|name| !name.is_empty());
    let collection = collection(ctx, args, resource)?;
    if let Some(agent) = args
        .project_agent
        .as_deref()
        .filter(|agent| !agent.is_empty() && resource.word == SESSION.word)
    {
        return sessions_of(ctx, args, agent, name, &format);
    }
    match name {
        Some(name) => one(ctx, resource, &collection, name, &format),
        None => all(ctx, args, resource, &collection, &format),
    }
}

/// Where the objects are; with `--all-projects` in no project.
fn collection(ctx: &Ctx, args: &Args, resource: &'static Resource) -> Result<Collection, Failure> {
    if args.all_projects && (resource.word != SESSION.word || args.project_agent.is_some()) {
        return Err(Failure::usage("--all-projects is for a list of sessions"));
    }
    if named::is_project_agent(&args.resource)
        && args.project_id.as_deref().unwrap_or_default().is_empty()
    {
        return Err(Failure::usage(
            "--project-id is required for project-agents",
        ));
    }
    let mut collection = named::collection(ctx, resource, args.project_id.as_deref())?;
    if args.all_projects {
        collection.project = Some(String::new());
    }
    Ok(collection)
}

fn known(word: &str) -> Result<&'static Resource, Failure> {
    named::resource(word).ok_or_else(|| {
        Failure::usage(format!(
            "unknown resource type: {word}\nValid types: sessions, projects, project-agents, project-settings, users, agents, roles, role-bindings, credentials, applications"
        ))
    })
}

fn one(
    ctx: &Ctx,
    resource: &'static Resource,
    collection: &Collection,
    name: &str,
    format: &Format,
) -> anyhow::Result<()> {
    lookup::check("name", name)?;
    let client = ctx.client()?;
    let mut record = ctx.block_on(async {
        lookup::find_by_id_first(client, collection, name)
            .await
            .with_context(|| format!("get {} {}", resource.word, quote(name)))
    })?;
    if resource.word == CREDENTIAL.word {
        record.remove("token");
    }
    if resource.word == ROLE_BINDING.word && matches!(format, Format::Table | Format::Wide) {
        ctx.block_on(async {
            bindings::name_targets(client, std::slice::from_mut(&mut record)).await;
            Ok(())
        })?;
    }
    ctx.out.record(&record, format, ctx.now())
}

fn all(
    ctx: &Ctx,
    args: &Args,
    resource: &'static Resource,
    collection: &Collection,
    format: &Format,
) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project.clone_from(&collection.project);
    let mut list = ctx.block_on(async {
        let mut list = client
            .list(resource, &collection.path, &options)
            .await
            .with_context(|| format!("list {}", resource.plural()))?;
        match collection.project.as_deref() {
            Some("") => {}
            Some(project) => lookup::doubt_empty(client, list.items(), project).await?,
            None if resource.word == SESSION.word => {
                lookup::doubt_no_sessions(client, list.items(), ctx.settings()?).await?;
            }
            None => {}
        }
        if resource.word == ROLE_BINDING.word
            && matches!(format, Format::Table | Format::Wide)
            && let Some(rows) = &mut list.items
        {
            bindings::name_targets(client, rows).await;
        }
        Ok(list)
    })?;
    if resource.word == CREDENTIAL.word {
        list.items
            .iter_mut()
            .flatten()
            .for_each(|record| record.remove("token"));
    }
    args.list.show(ctx, list, format)
}

/// `get sessions --project-agent A`: the sessions of one agent.
fn sessions_of(
    ctx: &Ctx,
    args: &Args,
    agent: &str,
    name: Option<&str>,
    format: &Format,
) -> anyhow::Result<()> {
    let given = args
        .project_id
        .as_deref()
        .filter(|project| !project.is_empty());
    if given.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(Failure::usage("--project-id is required when using --project-agent").into());
    }
    let project = ctx.project(given)?;
    if name.is_some() {
        return Err(
            Failure::usage("a session name and --project-agent are mutually exclusive").into(),
        );
    }
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let agents = Collection::of_project(&AGENT, &project);
        lookup::act(client, &agents, agent, async |id| {
            let place = agents.item(id, &["sessions"]);
            client.list(&SESSION, &place, &options).await
        })
        .await
        .with_context(|| format!("list sessions for agent {}", quote(agent)))
    })?;
    args.list.show(ctx, list, format)
}
