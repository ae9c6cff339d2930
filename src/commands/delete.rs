//! `acpctl delete` (docs/interface/cli-core.md section 7.11).

use anyhow::Context as _;

use super::confirm::ConfirmArgs;
use super::{named, removal, session_control};
use crate::api::path;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::output::{Format, Layout, progress};
use crate::resources::{Candidates, List, PROJECT, Record, Resource, SESSION, USER, find};
use crate::text::quote;

const EXAMPLES: &str = "acpctl delete role-binding 2abROLEBINDING00000000000001 --yes
acpctl delete sessions --all --yes";

/// Delete a resource
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// ID or name
    #[arg(add = Candidates::NamesOfKind)]
    name: Option<String>,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Delete all resources of this type (sessions only)
    #[arg(short = 'A', long)]
    all: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let word = args.resource.to_lowercase();
    let format = args.output.format(ctx)?;
    if args.all {
        if args.name.is_some() {
            return Err(Failure::usage("cannot specify resource name with --all").into());
        }
        if find(&word).is_none_or(|resource| resource.word != SESSION.word) {
            return Err(Failure::usage(format!(
                "--all is only supported for sessions; got {}",
                quote(&word)
            ))
            .into());
        }
        return all_sessions(ctx, args, &format);
    }
    let Some(name) = args.name.as_deref() else {
        return Err(Failure::usage("resource name is required (or use --all)").into());
    };
    lookup::check("resource name", name)?;
    let client = ctx.client()?;
    let resource = deletable(&args.resource)?;
    let collection = named::collection(ctx, resource, None)?;
    let doing = format!("delete {} {}", resource.word, quote(name));
    let found = ctx.block_on(async {
        lookup::find_by_id_first(client, &collection, name)
            .await
            .context(doing.clone())
    })?;
    removal::remove(
        ctx,
        &args.confirm,
        &collection,
        &found,
        name,
        &format,
        &doing,
    )?;
    if resource.word == PROJECT.word {
        doubt_the_current_project(ctx, &found);
    }
    Ok(())
}

/// Warns if the deleted project is the current one. It stays set, since another server may have a project of that name.
fn doubt_the_current_project(ctx: &Ctx, deleted: &Record) {
    let current = ctx
        .settings()
        .ok()
        .and_then(|settings| settings.project.value.as_deref());
    if current.is_some_and(|current| current == deleted.id()) {
        ctx.out.warn(&format!(
            "{} is still the current project; choose another with 'acpctl project set NAME'",
            quote(deleted.id())
        ));
    }
}

fn deletable(word: &str) -> Result<&'static Resource, Failure> {
    find(word).filter(|resource| resource.word != USER.word).ok_or_else(|| {
        Failure::usage(format!(
            "unknown or non-deletable resource type: {word}\nDeletable types: project, project-settings, session, agent, role, role-binding, credential, application, provider, policy, cluster"
        ))
    })
}

/// Stops the sessions that run, then deletes all of them. A failure does not keep the others from being deleted.
fn all_sessions(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let sessions = ctx.block_on(async {
        let every = client.every(&SESSION, "/sessions", None).await;
        let every = every.context("list sessions")?;
        lookup::doubt_no_sessions(client, &every, ctx.settings()?).await?;
        Ok(every)
    })?;
    if sessions.is_empty() {
        return show_deleted(ctx, format, Vec::new(), "no sessions to delete");
    }
    let question = format!(
        "Delete all {} sessions? Their messages are lost.",
        sessions.len()
    );
    if !args.confirm.agreed(ctx, &question)? {
        return Ok(());
    }
    let (mut deleted, mut stopped) = (Vec::new(), 0);
    let progress = progress::begin("Deleting sessions");
    ctx.block_on(async {
        for (n, session) in sessions.iter().enumerate() {
            progress.say(|| format!("Deleting sessions: {n} of {}", sessions.len()));
            let runs = matches!(session.text("phase"), "Pending" | "Creating" | "Running");
            if runs && let Err(error) = session_control::stop(client, session.id()).await {
                ctx.out
                    .note(&format!("session/{}: stop failed: {error}", session.id()));
                continue;
            }
            match client.delete(&path(&["sessions", session.id()])).await {
                Ok(()) => {
                    deleted.push(session.clone());
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
    let note = match stopped {
        0 => String::new(),
        stopped => format!(" ({stopped} stopped first)"),
    };
    let failed = sessions.len() - deleted.len();
    let sentence = format!("{} sessions deleted{note}", deleted.len());
    show_deleted(ctx, format, deleted, &sentence)?;
    match failed {
        0 => Ok(()),
        failed => anyhow::bail!("{failed} of {} sessions failed", sessions.len()),
    }
}

/// Prints the sentence, or the deleted sessions in the form that `-o` asks for.
fn show_deleted(
    ctx: &Ctx,
    format: &Format,
    deleted: Vec<Record>,
    sentence: &str,
) -> anyhow::Result<()> {
    if matches!(format, Format::Table | Format::Wide) {
        return ctx.out.line(sentence);
    }
    let count = i64::try_from(deleted.len()).unwrap_or(i64::MAX);
    let list = List {
        resource: &SESSION,
        kind: "SessionList".to_owned(),
        page: 1,
        size: count,
        total: count,
        items: Some(deleted),
    };
    ctx.out.list(&list, format, Layout::default(), ctx.now())
}
