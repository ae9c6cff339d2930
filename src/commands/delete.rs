//! `acpctl delete` (contract cli-core.md section 7.11).

use anyhow::Context as _;

use super::confirm::ask_or_read;
use super::{credential, named, stop};
use crate::api::{Method, Request, path};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::progress;
use crate::resources::{CREDENTIAL, Resource, SESSION, USER};

const EXAMPLES: &str = "acpctl delete role-binding 2abROLEBINDING00000000000001 --yes
acpctl delete sessions --all --yes";

/// Delete a resource
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    resource: String,
    /// ID
    name: Option<String>,
    /// Skip confirmation prompt
    #[arg(short, long)]
    yes: bool,
    /// The same as --yes
    #[arg(long)]
    confirm: bool,
    /// Delete all resources of this type (sessions only)
    #[arg(short = 'A', long)]
    all: bool,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let word = args.resource.to_lowercase();
    if args.all {
        if args.name.is_some() {
            return Err(Failure::usage("cannot specify resource name with --all").into());
        }
        if named::resource(&word).is_none_or(|resource| resource.word != SESSION.word) {
            return Err(Failure::usage(format!(
                "--all is only supported for sessions; got {}",
                quote(&word)
            ))
            .into());
        }
        return all_sessions(ctx, args);
    }
    let Some(name) = args.name.as_deref() else {
        return Err(Failure::usage("resource name is required (or use --all)").into());
    };
    named::check_identifier("resource name", name)?;
    let client = ctx.client()?;
    let resource = deletable(&args.resource)?;
    let collection = named::collection(ctx, resource, None)?;
    if !agreed(ctx, args, &format!("Delete {word}/{name}?"))? {
        return Ok(());
    }
    ctx.block_on(async {
        // A credential may be named: the server would call the deletion of an unknown id a success.
        let id = if resource.word == CREDENTIAL.word {
            credential::resolve_id(client, name).await?
        } else {
            name.to_owned()
        };
        let mut request = Request::new(Method::Delete, collection.item(&id));
        request.project.clone_from(&collection.project);
        client
            .send(&request)
            .await
            .with_context(|| format!("delete {} {}", resource.word, quote(name)))
    })?;
    ctx.out.line(&format!("{}/{name} deleted", resource.word))
}

fn deletable(word: &str) -> Result<&'static Resource, Failure> {
    named::resource(word).filter(|resource| resource.word != USER.word && !named::is_project_agent(word)).ok_or_else(|| {
        Failure::usage(format!(
            "unknown or non-deletable resource type: {word}\nDeletable types: project, project-settings, session, agent, role, role-binding, credential, application"
        ))
    })
}

fn agreed(ctx: &Ctx, args: &Args, question: &str) -> anyhow::Result<bool> {
    if args.yes || args.confirm || ask_or_read(ctx, question)? {
        return Ok(true);
    }
    ctx.out.note("Aborted.");
    Ok(false)
}

/// Stops what runs, then deletes; one failure does not hold the others up.
fn all_sessions(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let sessions = ctx.block_on(async {
        let every = client.every(&SESSION, "/sessions", None).await;
        every.context("list sessions")
    })?;
    if sessions.is_empty() {
        return ctx.out.line("no sessions to delete");
    }
    if !agreed(
        ctx,
        args,
        &format!("Delete all {} sessions?", sessions.len()),
    )? {
        return Ok(());
    }
    let (mut deleted, mut stopped) = (0, 0);
    let progress = progress::begin("Deleting sessions");
    ctx.block_on(async {
        for (n, session) in sessions.iter().enumerate() {
            progress.say(|| format!("Deleting sessions: {n} of {}", sessions.len()));
            let runs = matches!(session.text("phase"), "Pending" | "Creating" | "Running");
            if runs && let Err(error) = stop::stop(client, session.id()).await {
                ctx.out
                    .note(&format!("session/{}: stop failed: {error}", session.id()));
                continue;
            }
            match client.delete(&path(&["sessions", session.id()])).await {
                Ok(()) => {
                    deleted += 1;
                    stopped += usize::from(runs);
                }
                Err(error) => ctx
                    .out
                    .note(&format!("session/{}: delete failed: {error}", session.id())),
            }
        }
        Ok(())
    })?;
    drop(progress);
    let first = if stopped > 0 {
        format!(" ({stopped} stopped first)")
    } else {
        String::new()
    };
    ctx.out
        .line(&format!("{deleted} sessions deleted{first}"))?;
    match sessions.len() - deleted {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {} sessions failed", sessions.len()),
    }
}
