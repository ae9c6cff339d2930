//! `acpctl agent start`

use anyhow::Context as _;
use serde_json::Value;

use super::lookup;
use crate::api::{Body, Client, Error, Method, Request};
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::{Format, OutputArgs, progress};
use crate::resources::{AGENT, Record, SESSION};

/// Start an agent's session, or show the one that runs already
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    agent: Option<String>,
    /// Task for this run
    #[arg(long)]
    prompt: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The answer to a start: the session, and the answer as it came for `-o json`.
pub struct Started {
    session: Option<Record>,
    answer: Value,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    let given = one_or_all(args.agent.as_deref(), args.all)?;
    let prompt = args.prompt.as_deref();
    let Some(given) = given else {
        let agents = ctx.block_on(async { everyone(client, &project).await })?;
        return for_each(ctx, &agents, "start", |agent| {
            let started = ctx.block_on(async {
                begin(client, &project, agent.id(), prompt)
                    .await
                    .context("start agent")
            })?;
            say_started(ctx, &started, &format!("agent/{}", agent.name()), &format)
        });
    };
    let started = ctx.block_on(async {
        let agent = lookup::resolve(client, &project, given).await?;
        begin(client, &project, agent.id(), prompt)
            .await
            .context("start agent")
    })?;
    say_started(ctx, &started, &format!("agent/{given}"), &format)
}

/// Either a name or `--all`.
///
/// # Errors
/// In the Go tool's words.
pub fn one_or_all(given: Option<&str>, all: bool) -> Result<Option<&str>, Failure> {
    match (given.filter(|given| !given.is_empty()), all) {
        (None, false) => Err(Failure::usage(
            "agent name or ID is required (or use --all)",
        )),
        (Some(_), true) => Err(Failure::usage("cannot specify agent name with --all")),
        (given, _) => Ok(given),
    }
}

/// All agents of a project.
pub async fn everyone(client: &Client, project: &str) -> anyhow::Result<Vec<Record>> {
    client
        .every(&AGENT, &lookup::agents(project), Some(project))
        .await
        .context("list agents")
}

/// Does something with each agent; one failure does not hold the others up.
pub fn for_each(
    ctx: &Ctx,
    agents: &[Record],
    verb: &str,
    action: impl Fn(&Record) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if agents.is_empty() {
        return ctx.out.line("no agents in project");
    }
    let mut failed = 0;
    let progress = progress::begin(format!("Asking agents to {verb}"));
    for (n, agent) in agents.iter().enumerate() {
        let count = agents.len();
        progress.say(|| {
            format!(
                "Asking agents to {verb}, {} of {count}: {}",
                n + 1,
                agent.name()
            )
        });
        if let Err(error) = action(agent) {
            failed += 1;
            ctx.out.note(&format!("agent/{}: {error:#}", agent.name()));
        }
    }
    if failed > 0 {
        anyhow::bail!("{failed} of {} agents failed to {verb}", agents.len());
    }
    Ok(())
}

/// Asks the server to start an agent, by its id.
pub async fn begin(
    client: &Client,
    project: &str,
    id: &str,
    prompt: Option<&str>,
) -> Result<Started, Error> {
    let mut body = Body::new();
    body.set_filled("prompt", prompt);
    let request = Request::new(Method::Post, lookup::agent(project, &[id, "start"]))
        .body(body)
        .project(project);
    let answer = client.send(&request).await?.json()?;
    let session = answer.get("session").filter(|session| !session.is_null());
    let session = session
        .map(|session| Record::decode(&SESSION, session.clone()))
        .transpose()
        .map_err(Error::Decode)?;
    Ok(Started { session, answer })
}

/// Says which session there is now.
pub fn say_started(
    ctx: &Ctx,
    started: &Started,
    named: &str,
    format: &Format,
) -> anyhow::Result<()> {
    match (&started.session, format) {
        (Some(session), Format::Table | Format::Wide) => ctx.out.line(&format!(
            "session/{} started (phase: {})",
            session.id(),
            session.text("phase")
        )),
        (Some(session), format) => ctx.out.record(session, format, ctx.now()),
        (None, Format::Json) => ctx.out.json(&kept(&started.answer)),
        (None, _) => ctx.out.line(&format!("{named} started")),
    }
}

/// The field of an answer without a session that is shown.
fn kept(answer: &Value) -> Value {
    let prompt = answer
        .get("starting_prompt")
        .cloned()
        .filter(|prompt| prompt.as_str().is_some_and(|text| !text.is_empty()));
    prompt.map_or_else(
        || serde_json::json!({}),
        |prompt| serde_json::json!({"starting_prompt": prompt}),
    )
}
