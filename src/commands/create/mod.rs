//! `acpctl create` (docs/interface/cli-core.md section 7.10).

mod args;
mod kinds;
mod references;
mod request;

use crate::agent_once;
use crate::api::{self, Client, Request};
use crate::commands::{outcome, people, project, session_failure, switch_project};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup;
use crate::resources::{AGENT, PROJECT, Record, SESSION, Scope, find, unknown};
use crate::text::acpctl;

pub(crate) use args::Args;
use kinds::Creation;

/// The lines that make objects of kinds with commands of their own.
const ELSEWHERE: [&[&str]; 3] = [
    &[
        "credential",
        "create",
        "--name",
        "NAME",
        "--from-file",
        "PATH",
    ],
    &["scheduled-session", "create", "NAME"],
    &["inbox", "send", "--pa-id", "AGENT", "--body", "TEXT"],
];

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let (word, name) = word_and_name(&args.resource)?;
    let args = &named(args, name)?;
    let client = ctx.client()?;
    let kind = Creation::of(word).ok_or_else(|| {
        let failure = unknown(
            word,
            "session, project, project-agent, agent, role, role-binding, application, provider, policy, cluster",
        );
        let noun = find(word).map_or(word, |resource| resource.word).trim_end_matches('s');
        match ELSEWHERE.iter().find(|line| line[0] == noun) {
            Some(line) => failure.hint(format!("write {}", acpctl(line))),
            None => failure,
        }
    })?;
    let (request, person) = request::read(ctx, client, args, kind)?;
    if let Some(agent) = ctx.block_on(before(ctx, client, args, kind, &request))? {
        let sentence = format!("agent/{} unchanged", agent.id());
        return outcome::done(ctx, &agent, &format, &sentence);
    }
    let record = ctx.block_on(async {
        let record = match client.fetch(kind.resource, &request).await {
            Ok(record) => record,
            Err(error) => return Err(explain(ctx, args, kind, error)),
        };
        if let Some(person) = &person {
            people::compare(ctx, client, &record, person).await;
        }
        Ok(record)
    })?;
    if ctx.rehearses() {
        let sentence = format!("{} created", outcome::label(&record, record.id()));
        return outcome::done(ctx, &record, &format, &sentence);
    }
    outcome::refuse_nameless(&record, &format!("create {}", kind.resource.word))?;
    if kind.is(&PROJECT) {
        let name = args.name.as_deref().unwrap_or_default();
        switch_project::switch_to_new(ctx, name, &record, &format);
    }
    let sentence = format!("{}/{} created", kind.resource.word, record.id());
    outcome::done(ctx, &record, &format, &sentence)?;
    if kind.is(&PROJECT) {
        switch_project::note_next_step(ctx, record.id());
    }
    if kind.is(&SESSION) {
        session_failure::say_unstarted(ctx, client, &record);
    }
    Ok(())
}

/// Looks before an object of a project is created. Returns the agent if it exists as it is described.
///
/// # Errors
/// The project does not exist, or it has another agent of this name.
async fn before(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    kind: &Creation,
    request: &Request,
) -> anyhow::Result<Option<Record>> {
    let name = args.name.as_deref().unwrap_or_default();
    if kind.is(&AGENT)
        && let Some(body) = &request.body
    {
        let project = ctx.project(args.project_id.as_deref())?;
        return agent_once::same_before(client, &project, name, body).await;
    }
    if ctx.rehearses() {
        return foresee(ctx, client, args, kind).await.map(|()| None);
    }
    // Another server's own answer says that the project does not exist.
    if kind.is(&SESSION) && ctx.settings()?.is_local() {
        lookup::doubt_empty(client, &[], &args.session_project(ctx)?).await?;
    }
    Ok(None)
}

/// Looks up, for a dry run, what the server would look up: the project of a new object, and the name of a new project.
///
/// # Errors
/// The project does not exist; or the one to create exists.
async fn foresee(ctx: &Ctx, client: &Client, args: &Args, kind: &Creation) -> anyhow::Result<()> {
    if kind.is(&PROJECT) {
        let name = args.name.as_deref().unwrap_or_default();
        return match project::existing(client, name).await? {
            Some(_) => Err(project::conflict(name).into()),
            None => Ok(()),
        };
    }
    let project = if kind.is(&SESSION) {
        args.session_project(ctx)?
    } else if kind.resource.scope == Scope::Project {
        ctx.project(args.project_id.as_deref())?
    } else {
        return Ok(());
    };
    lookup::doubt_empty(client, &[], &project).await
}

/// Returns the arguments: the resource, and the name of the new object if it is given here.
fn word_and_name(words: &[String]) -> Result<(&str, Option<&str>), Failure> {
    let hint = match words {
        [word] => return Ok((word, None)),
        [word, name] => return Ok((word, Some(name))),
        [] => "RESOURCE is missing",
        _ => "name one RESOURCE and one NAME; other values go into flags",
    };
    let message = format!("accepts 1 arg(s), received {}", words.len());
    Err(Failure::usage(message).hint(format!(
        "{hint}; usage: acpctl create <RESOURCE> [NAME] [flags]"
    )))
}

/// Returns the arguments with the name of the object in `--name`, wherever it was given.
fn named(args: &Args, name: Option<&str>) -> Result<Args, Failure> {
    let mut args = args.clone();
    if let Some(name) = name {
        let flag = args.name.replace(name.to_owned());
        if flag.is_some_and(|flag| flag != name) {
            return Err(Failure::usage("two different names are given")
                .hint("write the name either as an argument or with --name"));
        }
    }
    Ok(args)
}

/// Adds what the server's error leaves out. A 404 on a session means that its project does not exist
/// (docs/interface/cli-core.md section 7.10).
fn explain(ctx: &Ctx, args: &Args, kind: &Creation, error: api::Error) -> anyhow::Error {
    if kind.is(&SESSION) && error.is_not_found() {
        let project = args.session_project(ctx).unwrap_or_default();
        let message = format!(
            "project \"{project}\" does not exist; run 'acpctl project <name>' to switch projects"
        );
        return Failure::new(Kind::NotFound, message).into();
    }
    let context = format!("create {}", kind.resource.word);
    if kind.is(&PROJECT) && error.status() == Some(409) {
        let hint = project::taken(args.name.as_deref().unwrap_or_default());
        return anyhow::Error::from(Failure::from(&error).hint(hint)).context(context);
    }
    anyhow::Error::from(error).context(context)
}
