//! `acpctl agent start`

use anyhow::Context as _;
use serde_json::Value;

use super::agents;
use crate::api::{Body, Client, Error, Method, path};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::output::{Format, OutputArgs, progress};
use crate::resources::{AGENT, Candidates, Record, SESSION, SESSION_MESSAGE};

/// Start an agent's session, or show the one that runs already
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    /// Task for this run: the session's first message
    #[arg(long)]
    prompt: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
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
        let everyone = ctx.block_on(everyone(client, &project))?;
        return for_each(ctx, &everyone, "start", |agent| {
            let started = ctx.block_on(async {
                begin(client, &project, agent.id(), prompt)
                    .await
                    .context("start agent")
            })?;
            say_started(ctx, &started, &format!("agent/{}", agent.name()), &format)?;
            deliver(ctx, &started, prompt)
        });
    };
    let started = ctx.block_on(async {
        let agent = lookup::agent(client, &project, given).await?;
        begin(client, &project, agent.id(), prompt)
            .await
            .context("start agent")
    })?;
    say_started(ctx, &started, &format!("agent/{given}"), &format)?;
    deliver(ctx, &started, prompt)
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
    let all = client
        .every(&AGENT, &agents(project).path, Some(project))
        .await
        .context("list agents")?;
    lookup::doubt_empty(client, &all, project).await?;
    Ok(all)
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
    let request = agents(project)
        .request_below(Method::Post, id, &["start"])
        .body(body);
    let answer = client.send(&request).await?.json()?;
    let session = answer.get("session").filter(|session| !session.is_null());
    let session = session
        .map(|session| Record::decode(&SESSION, session.clone()))
        .transpose()
        .map_err(Error::from)?;
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
            "session/{} started{}",
            session.id(),
            phase(session)
        )),
        (Some(session), format) => ctx.out.record(session, format, ctx.now()),
        (None, Format::Json) => ctx.out.json(&kept(&started.answer)),
        (None, _) => ctx.out.line(&format!("{named} started")),
    }
}

/// The phase in brackets, where there is one: the platform gives a session its first phase a little later.
pub fn phase(session: &Record) -> String {
    match session.text("phase") {
        "" => String::new(),
        phase => format!(" (phase: {phase})"),
    }
}

/// Sees to it that the prompt of a start reaches the session. The platform drops it, so what did not come back with
/// the answer is sent as a message of the session.
///
/// # Errors
/// Where the message is refused: the session runs then, without its task.
pub fn deliver(ctx: &Ctx, started: &Started, prompt: Option<&str>) -> anyhow::Result<()> {
    let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) else {
        return Ok(());
    };
    let starting = started
        .answer
        .get("starting_prompt")
        .and_then(Value::as_str);
    if starting.is_some_and(|starting| ends_in(starting, prompt)) {
        return Ok(());
    }
    let session = started.session.as_ref().map_or("", Record::id);
    if !lookup::can_be_id(session) {
        ctx.out.warn("the server names no session, and drops the prompt of a start: send it with 'acpctl session send'");
        return Ok(());
    }
    let mut body = Body::new();
    body.set("event_type", "user");
    body.set("payload", prompt);
    let client = ctx.client()?;
    let sent = ctx.block_on(async {
        let place = path(&["sessions", session, "messages"]);
        let sent = client.create(&SESSION_MESSAGE, &place, body).await;
        sent.with_context(|| {
            format!("session/{session} is started, but its prompt could not be sent")
        })
    })?;
    let seq = sent.value("seq").and_then(Value::as_i64).unwrap_or(0);
    ctx.out.note(&format!(
        "prompt sent to session/{session} as a message (seq={seq})"
    ));
    Ok(())
}

/// True where the last lines of a prompt are the task: it is the last section.
fn ends_in(starting: &str, task: &str) -> bool {
    let before = starting.trim_end().strip_suffix(task.trim());
    before.is_some_and(|before| before.is_empty() || before.ends_with('\n'))
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
