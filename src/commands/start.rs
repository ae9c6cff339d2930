//! `acpctl start`: the Go tool's older name of `agent start`.

use anyhow::Context as _;

use super::bound::Bound;
use super::server_mode::{self, ServerModeArgs, StrictArgs};
use super::{outcome, session_control, session_failure, several};
use crate::api;
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{AGENT, Candidates, SESSION};
use crate::text::{acpctl, acpctl_for, quote};

const EXAMPLES: &str = "acpctl start lead --prompt 'Fix the build'";

/// Start a session for each project-agent (idempotent)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs of the agents
    #[arg(value_name = "AGENT", required = true)]
    #[arg(add = Candidates::AGENTS)]
    agents: Vec<String>,
    /// Project, by name or ID (default: the current project)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Task prompt for this session run: the session's first message
    #[arg(long)]
    prompt: Option<String>,
    /// For `session start`: a name that no agent has may be that of a session.
    #[arg(long, hide = true)]
    or_session: bool,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    strict: StrictArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    for given in &args.agents {
        lookup::check("agent name or ID", given)?;
    }
    let format = args.output.format(ctx)?;
    if args.project_id.is_none() && ctx.settings()?.project.value.is_none() {
        if args.or_session {
            return several::try_each(ctx, &SESSION, &args.agents, |given| {
                start_session(ctx, args, given, &format)
            });
        }
        return Err(ctx.no_project("--project-id is required").into());
    }
    let project = ctx.project(args.project_id.as_deref())?;
    let client = ctx.client()?;
    let prompt = args.prompt.as_deref();
    let agents = Collection::agents(&project);
    let say = |bound: &Bound<'_>, agent: &str| {
        server_mode::say_bound(ctx, bound, (&project, agent), &args.mode, &args.strict)
    };
    several::try_each(ctx, &AGENT, &args.agents, |given| {
        // With --strict, nothing is started in vain; otherwise, nothing delays the start.
        if args.strict.strict {
            let agent = ctx.block_on(lookup::agent(client, &project, given))?;
            let bound = Bound::to(client, vec![agent.id().to_owned()]);
            say(&bound, agent.id())?;
        }
        let started = ctx.block_on(async {
            lookup::act(client, &agents, given, async |id| {
                session_control::start(client, &project, id, prompt).await
            })
            .await
            .map_err(|error| or_session(error, given, args))
            .with_context(|| format!("start agent {}", quote(given)))
        });
        let started = match started {
            Err(error) if args.or_session && api::kind_of(&error) == Kind::NotFound => {
                return match start_session(ctx, args, given, &format) {
                    Err(none) if api::kind_of(&none) == Kind::NotFound => Err(error),
                    done => done,
                };
            }
            started => started?,
        };
        started.show(ctx, &format!("project-agent/{given}"), &format)?;
        let agent = started.agent_id().map(str::to_owned);
        let bound = Bound::to(client, agent.into_iter().collect());
        started.warn_of_expiry(ctx, &bound);
        started.deliver(ctx, prompt)?;
        started.say_unrun(ctx, client);
        started.say_unbound(ctx, client, &bound);
        match started.agent_id() {
            Some(agent) if !args.strict.strict => say(&bound, agent),
            _ => Ok(()),
        }
    })
}

/// Says how a session is started, to a user who may have named one in place of an agent.
fn or_session(error: anyhow::Error, given: &str, args: &Args) -> anyhow::Error {
    let found = api::failure_in(&error).filter(|failure| failure.kind == Kind::NotFound);
    let Some(failure) = found.filter(|_| !args.or_session) else {
        return error;
    };
    let start = acpctl_for(&["session", "start"], given, &[]);
    let other = failure.hint.as_deref().unwrap_or_default();
    let hint = format!("if {} is a session: {start}; {other}", quote(given));
    let hint = hint.trim_end_matches("; ").to_owned();
    failure.hint(hint).into()
}

/// Starts the session of this name, for `session start`.
fn start_session(ctx: &Ctx, args: &Args, given: &str, format: &Format) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let doing = || format!("start session {}", quote(given));
    let found = ctx.block_on(async {
        let found = lookup::session(client, given).await;
        found.with_context(doing)
    })?;
    if args.prompt.is_some() {
        let send = acpctl(&["session", "send", found.id(), "PROMPT"]);
        let failure = Failure::usage("--prompt is for agents, and this is the name of a session");
        // A command of the embedded API reads only the messages before its start.
        let hint = if client.has_runner().is_some() {
            let start = acpctl(&["session", "start", found.id()]);
            format!("send it, then start the session: {send}; {start}")
        } else {
            format!("start it without, then: {send}")
        };
        return Err(failure.hint(hint).into());
    }
    let session = ctx.block_on(async {
        let started = session_control::start_session(client, found.id()).await;
        started.with_context(doing)
    })?;
    let sentence = session_control::started(&session);
    outcome::done(ctx, &session, format, &outcome::sentence(ctx, &sentence))?;
    if !ctx.rehearses() {
        session_failure::say_unrun(ctx, client);
        let bound = Bound::to(client, vec![session.text("agent_id").to_owned()]);
        session_control::say_unbound(ctx, client, &session, &bound);
    }
    Ok(())
}
