//! Starts and stops sessions, for `agent start`, `agent stop`, `start`, `stop` and `session interrupt`.

use anyhow::Context as _;
use serde_json::Value;

use super::bound::Bound;
use super::{missing, outcome, session_failure, several};
use crate::api::{self, Body, Client, Error, Method};
use crate::commands::outcome::WriteArgs;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{Candidates, Record, SESSION, expires_at};
use crate::runner::expiry::{Expiry, Period, SessionTime};
use crate::runner::resolve::RunnerTarget;
use crate::running::{CANNOT_INTERRUPT, phase_note};
use crate::starting::{self, Delivery};
use crate::text::{acpctl, acpctl_for, quote};

/// The arguments of a verb that acts on sessions.
#[derive(Debug, clap::Args)]
pub(crate) struct SessionArgs {
    /// IDs or names of the sessions, or names of their agents
    #[arg(value_name = "SESSION", required = true)]
    #[arg(add = Candidates::SESSIONS)]
    sessions: Vec<String>,
    #[command(flatten)]
    output: WriteArgs,
}

impl SessionArgs {
    /// Finds each session, acts on it by its id, and prints `session/ID <done>`, or what `action` returned in the form
    /// that `-o` asks for. A session that was in its state before is said to be `already` there.
    ///
    /// # Errors
    /// Those of the look-up and of `action`.
    pub(crate) fn act(
        &self,
        ctx: &Ctx,
        verb: &Verb,
        action: &impl AsyncFn(&Client, &str) -> Result<Acted, Error>,
    ) -> anyhow::Result<()> {
        let sessions = Collection::sessions();
        for given in &self.sessions {
            sessions.check(given)?;
        }
        let format = self.output.format(ctx)?;
        let client = ctx.client()?;
        let as_list = self.sessions.len() > 1;
        let act = |given: &str| {
            let acted = ctx.block_on(async {
                lookup::act(client, &sessions, given, async |id| {
                    action(client, id).await
                })
                .await
                .map_err(|error| verb.say_instead(given, error))
                .with_context(|| format!("{} session {}", verb.word, quote(given)))
            });
            match acted {
                Err(error) if verb.ignores_missing => {
                    let label = format!("session/{given}");
                    missing::forgive(ctx, &sessions, &label, error).map(|()| None)
                }
                Err(error) => Err(error),
                Ok(acted) => {
                    let sentence = acted.says(ctx, given, verb.done);
                    Ok(Some((acted.session, sentence)))
                }
            }
        };
        several::each(ctx, &SESSION, &self.sessions, as_list, &format, act).map(drop)
    }
}

/// A verb that acts on sessions.
pub(crate) struct Verb {
    /// The verb itself, for errors.
    pub word: &'static str,
    /// Its participle, for results.
    pub done: &'static str,
    /// True if sessions that do not exist are left out.
    pub ignores_missing: bool,
    /// The verb that works if no runner answers for the session.
    pub instead: Option<&'static str>,
}

impl Verb {
    /// Names the other verb if the server says that no runner answers.
    fn say_instead(&self, given: &str, error: anyhow::Error) -> anyhow::Error {
        let refusal = error.chain().find_map(|it| it.downcast_ref::<Error>());
        match (self.instead, refusal) {
            (Some(instead), Some(refusal)) if refusal.status() == Some(503) => {
                let command = acpctl_for(&["session", instead], given, &[]);
                Failure::from(refusal)
                    .hint(format!("{CANNOT_INTERRUPT}: {command}"))
                    .into()
            }
            _ => error,
        }
    }
}

/// A session on which a verb acted.
pub(crate) struct Acted {
    session: Record,
    /// True if it was in the wanted state before.
    was_so: bool,
}

impl Acted {
    /// Says what was done to the session that the user gave.
    fn says(&self, ctx: &Ctx, given: &str, done: &str) -> String {
        let id = match self.session.id() {
            "" => given,
            id => id,
        };
        if self.was_so {
            format!("session/{id} already {}", self.session.text("phase"))
        } else if ctx.rehearses() {
            format!("session/{id} {done}")
        } else {
            format!("session/{id} {done}{}", phase_note(&self.session))
        }
    }
}

impl From<Record> for Acted {
    fn from(session: Record) -> Self {
        Self {
            session,
            was_so: false,
        }
    }
}

/// The phases of a session that was stopped.
const STOPPED_PHASES: [&str; 2] = ["Stopping", "Stopped"];

/// Stops a session. One that was stopped before stays as it is.
///
/// # Errors
/// Those of the requests.
pub(crate) async fn stop_if_active(client: &Client, id: &str) -> Result<Acted, Error> {
    let refusal = match stop(client, id).await {
        Ok(session) => return Ok(session.into()),
        Err(refusal) => refusal,
    };
    // The refusal names the phase. It is believed once it was seen.
    let words = refusal.to_string();
    let is_stopped = |phase: &str| STOPPED_PHASES.contains(&phase);
    if refusal.status() == Some(409) && STOPPED_PHASES.iter().any(|phase| words.contains(phase)) {
        let request = Collection::sessions().request(Method::Get, id);
        let session = client.fetch(&SESSION, &request).await?;
        if is_stopped(session.text("phase")) {
            return Ok(Acted {
                session,
                was_so: true,
            });
        }
    }
    Err(refusal)
}

/// Asks the server to stop a session.
///
/// # Errors
/// Those of the request.
pub(crate) async fn stop(client: &Client, id: &str) -> Result<Record, Error> {
    let request = Collection::sessions().request_below(Method::Post, id, &["stop"]);
    client.fetch(&SESSION, &request).await
}

/// Asks the server to start a session that has no phase yet, or has ended.
///
/// # Errors
/// Those of the request.
pub(crate) async fn start_session(client: &Client, id: &str) -> Result<Record, Error> {
    let request = Collection::sessions().request_below(Method::Post, id, &["start"]);
    client.fetch(&SESSION, &request).await
}

/// Says that a session was started.
pub(crate) fn started(session: &Record) -> String {
    format!("session/{} started{}", session.id(), phase_note(session))
}

/// The server's answer to a start.
pub(crate) struct Started {
    /// The session, if the answer holds one.
    session: Option<Record>,
    /// The whole answer.
    answer: Value,
    /// True if the agent had a session that runs, and none was started.
    ran_before: bool,
}

/// Asks the server to start an agent.
///
/// # Errors
/// Those of the request.
pub(crate) async fn start(
    client: &Client,
    project: &str,
    agent_id: &str,
    prompt: Option<&str>,
) -> Result<Started, Error> {
    let mut body = Body::new();
    body.set_filled("prompt", prompt);
    let request = Collection::agents(project)
        .request_below(Method::Post, agent_id, &["start"])
        .body(body);
    let answer = client.send(&request).await?;
    let (status, answer) = (answer.status, answer.json()?);
    let session = answer.get("session").filter(|session| !session.is_null());
    let session = session.map(|session| api::decoded(&SESSION, session.clone()));
    let session = session.transpose()?;
    Ok(Started {
        session,
        answer,
        // docs/interface/api.md section 9.2
        ran_before: status == 200,
    })
}

impl Started {
    /// Returns the ID of the agent that runs, if the answer names it.
    #[must_use]
    pub(crate) fn agent_id(&self) -> Option<&str> {
        let id = self.session.as_ref()?.text("agent_id");
        (!id.is_empty()).then_some(id)
    }

    /// Shows the session. If the answer names none, `label` says what was started.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub(crate) fn show(&self, ctx: &Ctx, label: &str, format: &Format) -> anyhow::Result<()> {
        match (&self.session, format) {
            (Some(session), Format::Table | Format::Wide) => {
                // A pipe gets the Go tool's word.
                let was_active = self.ran_before && ctx.out.is_terminal();
                let done = if was_active {
                    "was started already"
                } else {
                    "started"
                };
                let done = format!("session/{} {done}{}", session.id(), phase_note(session));
                outcome::done(ctx, session, format, &done)
            }
            (Some(session), format) => ctx.out.record(session, format, ctx.now()),
            (None, Format::Json) => ctx.out.json(&only_prompt(&self.answer)),
            (None, _) => ctx
                .out
                .tell(&outcome::sentence(ctx, &format!("{label} started"))),
        }
    }

    /// Says if nobody runs the session.
    pub(crate) fn say_unrun(&self, ctx: &Ctx, client: &Client) {
        if !client.rehearses() {
            session_failure::say_unrun(ctx, client);
        }
    }

    /// Says if nothing is bound to the session, as [`say_unbound`].
    pub(crate) fn say_unbound(&self, ctx: &Ctx, client: &Client, bound: &Bound<'_>) {
        if let Some(session) = &self.session {
            say_unbound(ctx, client, session, bound);
        }
    }

    /// Warns about each credential of the session that ends before the session's time. The session runs already, so
    /// nothing fails here: if the bindings can't be read, there is no warning.
    pub(crate) fn warn_of_expiry(&self, ctx: &Ctx, bound: &Bound<'_>) {
        let Some(session) = &self.session else {
            return;
        };
        let Some(target) = target_of(session) else {
            return;
        };
        let period = Period {
            now: ctx.now(),
            session: SessionTime::of_session(&session.json()),
        };
        let candidates = bound.candidates(ctx, &target).unwrap_or_default();
        for candidate in candidates.iter().filter(|candidate| candidate.chosen) {
            let record = bound.credential(&candidate.credential_id);
            let Some(at) = record.and_then(expires_at) else {
                continue;
            };
            let what = "token or certificate";
            if let Some(warning) = (Expiry { what, at }).warning(period) {
                ctx.out.warn(&format!(
                    "credential {}: {warning}",
                    quote(&candidate.credential)
                ));
            }
        }
    }

    /// Makes sure that the prompt of a start reaches the session. The platform drops the prompt, so unless the answer
    /// repeats it, it is sent as a message of the session.
    ///
    /// # Errors
    /// If the server refuses the message, or its answer names no session. The session then runs without its task.
    pub(crate) fn deliver(&self, ctx: &Ctx, prompt: Option<&str>) -> anyhow::Result<()> {
        let prompt = prompt.filter(|prompt| !prompt.is_empty() && !ctx.rehearses());
        let Some(prompt) = prompt else {
            return Ok(());
        };
        let client = ctx.client()?;
        match ctx.block_on(starting::deliver(client, &self.answer, None, prompt))? {
            Delivery::ByServer => {}
            Delivery::Nowhere => {
                let message = "the prompt was not delivered: the server's answer to the start names no session";
                let hint = format!(
                    "look whether a session runs ({}), and send it the prompt: {}",
                    acpctl(&["get", "sessions"]),
                    acpctl(&["session", "send", "ID", "PROMPT"])
                );
                return Err(Failure::new(Kind::Server, message).hint(hint).into());
            }
            Delivery::Sent { session, seq } => ctx.out.aside(&format!(
                "prompt sent to session/{session} as a message (seq={seq})"
            )),
        }
        Ok(())
    }
}

/// Says that no credential is bound to a session which was started, if its server is the embedded API and runs it: the
/// run then fails, unless the server allows that. If the bindings can't be read, nothing is said.
pub(crate) fn say_unbound(ctx: &Ctx, client: &Client, session: &Record, bound: &Bound<'_>) {
    let Some(target) = target_of(session).filter(|_| client.has_runner() == Some(true)) else {
        return;
    };
    let candidates = bound.candidates(ctx, &target);
    if candidates.is_ok_and(|found| !found.iter().any(|candidate| candidate.chosen)) {
        let bind = ["credential", "bind", "CREDENTIAL", "--project"];
        ctx.out.warn(
            "no credential is bound to this session: unless its server runs with --allow-empty, the run fails at once, \
             and its prompt is kept",
        );
        ctx.out.note(&format!(
            "To bind one: {}; then to {}",
            acpctl(&[&bind[..], &[&target.project]].concat()),
            session_failure::again(session.id())
        ));
    }
}

/// Returns what decides about the credentials of a session; `None` without a project.
fn target_of(session: &Record) -> Option<RunnerTarget> {
    let target = RunnerTarget {
        project: session.text("project_id").to_owned(),
        agent: session.text("agent_id").to_owned(),
    };
    (!target.project.is_empty()).then_some(target)
}

/// The only field that is shown of an answer without a session.
fn only_prompt(answer: &Value) -> Value {
    let prompt = answer
        .get("starting_prompt")
        .cloned()
        .filter(|prompt| prompt.as_str().is_some_and(|text| !text.is_empty()));
    prompt.map_or_else(
        || serde_json::json!({}),
        |prompt| serde_json::json!({"starting_prompt": prompt}),
    )
}
