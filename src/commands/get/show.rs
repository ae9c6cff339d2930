//! `get` without `--watch`: shows one object or a list.

use anyhow::Context as _;

use super::args::Args;
use crate::api::Client;
use crate::commands::binding_names;
use crate::commands::gateway_credentials;
use crate::commands::listing::{shows_screen, warn_of_project};
use crate::commands::missing;
use crate::commands::session_failure;
use crate::commands::several;
use crate::commands::used_by;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{CREDENTIAL, ROLE_BINDING, Record, Resource, SESSION};
use crate::text::quote;

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    ctx.client()?;
    let format = args.list.format()?;
    let resource = args.resource()?;
    let collection = args.collection(ctx, resource)?;
    if let Some(agent) = args.agent(resource) {
        return sessions_of(ctx, args, agent, &format);
    }
    match args.names() {
        [] => all(ctx, args, resource, &collection, &format),
        [name] => {
            let Some(record) = one_if_any(ctx, args, &collection, name, &format)? else {
                return Ok(());
            };
            ctx.out
                .record_as(&record, &format, args.list.layout(), ctx.now())?;
            explain(ctx, &record, &format);
            Ok(())
        }
        names => {
            let found = names
                .iter()
                .map(|name| one_if_any(ctx, args, &collection, name, &format))
                .filter_map(Result::transpose);
            let found = found.collect::<anyhow::Result<Vec<Record>>>()?;
            let list = several::list_of(resource, found);
            ctx.out
                .list(&list, &format, args.list.layout(), ctx.now())?;
            for record in list.items() {
                explain(ctx, record, &format);
            }
            Ok(())
        }
    }
}

/// Says beside a table why a session failed.
fn explain(ctx: &Ctx, record: &Record, format: &Format) {
    if record.resource.word == SESSION.word && matches!(format, Format::Table | Format::Wide) {
        session_failure::explain(ctx, record);
    }
}

/// Returns an object; `None` if it does not exist and `--ignore-not-found` is given.
fn one_if_any(
    ctx: &Ctx,
    args: &Args,
    collection: &Collection,
    name: &str,
    format: &Format,
) -> anyhow::Result<Option<Record>> {
    match one(ctx, collection, name, format) {
        Err(error) if args.ignore_not_found => {
            missing::forgive_silently(ctx, collection, error).map(|()| None)
        }
        found => found.map(Some),
    }
}

fn one(ctx: &Ctx, collection: &Collection, name: &str, format: &Format) -> anyhow::Result<Record> {
    let resource = collection.resource;
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
    if shows_names(resource, format) {
        ctx.block_on(async {
            let rows = std::slice::from_mut(&mut record);
            name_bindings(ctx, client, rows, format).await;
            Ok(())
        })?;
    }
    if resource.word == CREDENTIAL.word && shows_screen(ctx, format) {
        ctx.block_on(async {
            used_by::join(client, std::slice::from_mut(&mut record)).await;
            Ok(())
        })?;
    }
    Ok(record)
}

fn all(
    ctx: &Ctx,
    args: &Args,
    resource: &'static Resource,
    collection: &Collection,
    format: &Format,
) -> anyhow::Result<()> {
    let client = ctx.client()?;
    warn_of_project(ctx, resource, args.project_id());
    let mut options = args.list.options(false);
    options.project.clone_from(&collection.project);
    let doing = || format!("list {}", resource.plural());
    let streamed = if shows_names(resource, format) {
        None
    } else {
        args.list.streamed(ctx, resource, format, None)?
    };
    if let Some(mut streamed) = streamed {
        return ctx.block_on(async {
            let add = |page| streamed.add(page);
            let pages = client.pages(resource, &collection.path, &options, add);
            let list = pages.await.with_context(doing)?;
            if streamed.read == 0 {
                doubt(ctx, client, collection, &[]).await?;
            }
            streamed.finish(list).map(drop)
        });
    }
    let mut list = ctx.block_on(async {
        let list = client.listed(resource, &collection.path, &options).await;
        let mut list = list.with_context(doing)?;
        if resource.word == CREDENTIAL.word {
            gateway_credentials::leave_out(ctx, &mut list);
        }
        doubt(ctx, client, collection, list.items()).await?;
        if shows_names(resource, format)
            && let Some(rows) = &mut list.items
        {
            name_bindings(ctx, client, rows, format).await;
        }
        if resource.word == CREDENTIAL.word && shows_screen(ctx, format) {
            used_by::join(client, list.items.as_deref_mut().unwrap_or_default()).await;
        }
        Ok(list)
    })?;
    if resource.word == CREDENTIAL.word {
        let records = list.items.iter_mut().flatten();
        records.for_each(|record| record.remove("token"));
    }
    match collection.project.as_deref() {
        Some(project) if !project.is_empty() => {
            let form = (format, None);
            args.list.show_of(ctx, list, form, Some(project))
        }
        _ => args.list.show(ctx, list, format),
    }
}

/// Replaces IDs in role bindings by names; those of agents on a terminal alone.
async fn name_bindings(ctx: &Ctx, client: &Client, rows: &mut [Record], format: &Format) {
    binding_names::name_targets(client, rows).await;
    if shows_screen(ctx, format) {
        binding_names::name_agents(client, rows).await;
    }
}

/// Ends the command if the list is empty because the project does not exist.
async fn doubt(
    ctx: &Ctx,
    client: &Client,
    collection: &Collection,
    list: &[Record],
) -> anyhow::Result<()> {
    match collection.project.as_deref() {
        Some("") => Ok(()),
        Some(project) => lookup::doubt_empty(client, list, project).await,
        None if collection.resource.word == SESSION.word => {
            lookup::doubt_no_sessions(client, list, ctx.settings()?).await
        }
        None => Ok(()),
    }
}

/// True for a table of role bindings, which shows names in place of IDs.
fn shows_names(resource: &Resource, format: &Format) -> bool {
    resource.word == ROLE_BINDING.word && matches!(format, Format::Table | Format::Wide)
}

/// Shows the sessions of one agent, for `get sessions --project-agent A`.
fn sessions_of(ctx: &Ctx, args: &Args, agent: &str, format: &Format) -> anyhow::Result<()> {
    let given = args.project_id();
    if given.is_none() && ctx.settings()?.project.value.is_none() {
        return Err(ctx
            .no_project("--project-id is required when using --project-agent")
            .into());
    }
    let project = ctx.project(given)?;
    if !args.names().is_empty() {
        return Err(
            Failure::usage("a session name and --project-agent are mutually exclusive").into(),
        );
    }
    let client = ctx.client()?;
    let mut options = args.list.options(false);
    options.project = Some(project.clone());
    let list = ctx.block_on(async {
        let agents = Collection::agents(&project);
        lookup::act(client, &agents, agent, async |id| {
            let path = agents.item(id, &["sessions"]);
            client.listed(&SESSION, &path, &options).await
        })
        .await
        .with_context(|| format!("list sessions for agent {}", quote(agent)))
    })?;
    args.list.show(ctx, list, format)
}
