//! `acpctl wait`: waits until a session reaches a phase, or until an object exists or is gone.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::server_mode::ServerModeArgs;
use super::{named, outcome, session_failure};
use crate::api::{self, Client, Error, Method};
use crate::compat::{grammar, number};
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs, progress};
use crate::resources::{
    AGENT, Candidates, FINAL_PHASES, PHASES, Record, Resource, SESSION, find_or_project_agent,
    unknown_kind,
};
use crate::text::{acpctl_for, quote};

const EXAMPLES: &str = "\
acpctl wait fix-the-build
# Wait until it runs, for at most five minutes
acpctl wait fix-the-build --for Running --timeout 5m
# Wait until an object of any kind exists, or is gone
acpctl wait credential/prod --for exists
acpctl wait agent/lead --for deleted";

const EXISTS: &str = "exists";
const DELETED: &str = "deleted";

/// The words of `--for` with their descriptions: the phases of a session, and what every object can do.
const DESCRIBED: &[(&str, &str)] = &[
    ("Pending", "waits for its turn"),
    ("Creating", "the platform makes its container"),
    ("Running", "works"),
    ("Stopping", "is being stopped"),
    ("Stopped", "was stopped; can be started again"),
    ("Completed", "has ended"),
    ("Failed", "has ended with an error"),
    (EXISTS, "an object of any kind exists"),
    (DELETED, "an object of any kind is gone"),
];
/// How long a session may be Pending before acpctl says what may be missing.
const PENDING_LIMIT: Duration = Duration::from_secs(60);
/// How many requests in a row may fail.
const MAX_FAILURES: u32 = 5;

/// Wait for a phase of a session, or for an object to exist or be gone
///
/// Without --for, waits until the session has ended in any way; if it failed, the exit status is 1. With --for, waits
/// until the session reaches one of these phases; if it ends in another one, the exit status is 1. With --for exists or
/// --for deleted, waits for any object, named as KIND/NAME. If the time limit is reached, the exit status is 9.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent; KIND/NAME of another object
    #[arg(add = Candidates::SessionsOrOthers)]
    session: String,
    /// Phase to wait for: Pending, Creating, Running, Stopping, Stopped, Completed or Failed (repeatable: one is
    /// enough); or exists, or deleted; create and delete do the same as these two
    #[arg(long = "for", value_name = "PHASE", value_delimiter = ',')]
    #[arg(add = Candidates::Described(DESCRIBED))]
    phases: Vec<String>,
    /// Time limit, e.g. 90s or 1h
    #[arg(long, value_name = "DURATION", default_value = "30m0s", value_parser = number::duration)]
    timeout: Duration,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The state that a run waits for.
#[derive(Debug, PartialEq, Eq)]
enum Goal {
    /// One of these phases; none means any end of the session.
    Phases(Vec<&'static str>),
    Exists,
    Deleted,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let goal = goal(&args.phases)?;
    let (resource, name) = target(&args.session, &goal)?;
    lookup::check(&format!("{} name or ID", resource.word), name)?;
    let format = args.output.format()?;
    let wanted = match goal {
        Goal::Phases(wanted) => wanted,
        goal => return presence(ctx, args, &goal, (resource, name), &format),
    };
    if resource.word != SESSION.word {
        let message = format!("{} have no phases", resource.plural());
        let hint = if resource.word == AGENT.word {
            let name = quote(name);
            format!(
                "to wait for its session, write {name} alone; for the agent, add --for exists or --for deleted"
            )
        } else {
            "add --for exists or --for deleted".to_owned()
        };
        return Err(Failure::usage(message).hint(hint).into());
    }
    let client = ctx.client()?;
    let interval = ctx.settings()?.polling_interval.value;
    let deadline = Instant::now() + args.timeout;
    let session = ctx.block_on(async {
        let session = lookup::session(client, name)
            .await
            .with_context(|| format!("get session {}", quote(name)))?;
        let pending = Pending {
            ctx,
            client,
            args,
            name,
        };
        until(client, session, &wanted, interval, deadline, &pending).await
    })?;
    let sentence = format!("session/{} is {}", session.id(), session.text("phase"));
    outcome::done(ctx, &session, &format, &sentence)
}

/// Returns the kind and the name of the object. A text that does not begin with a kind names a session.
///
/// # Errors
/// A usage failure for an unknown kind, if the goal is one of every kind: what is misspelled does not exist, so it
/// would count as gone.
fn target<'t>(text: &'t str, goal: &Goal) -> Result<(&'static Resource, &'t str), Failure> {
    let Some((kind, name)) = text.split_once('/') else {
        return Ok((&SESSION, text));
    };
    match find_or_project_agent(kind) {
        Some(resource) => Ok((resource, name)),
        None if matches!(goal, Goal::Phases(_)) => Ok((&SESSION, text)),
        None => {
            let failure = unknown_kind(kind);
            if failure.hint.is_some() {
                return Err(failure);
            }
            let whole = quote(&format!("{}/{text}", SESSION.word));
            Err(failure.hint(format!("a session with a slash in its name is {whole}")))
        }
    }
}

/// Reads the values of `--for`, with the phases as the platform writes them.
fn goal(given: &[String]) -> Result<Goal, Failure> {
    match given {
        [word] if is_one_of(word, [EXISTS, "create"]) => return Ok(Goal::Exists),
        [word] if is_one_of(word, [DELETED, "delete"]) => return Ok(Goal::Deleted),
        _ => {}
    }
    let phase = |text: &String| {
        let known = PHASES.iter().find(|phase| phase.eq_ignore_ascii_case(text));
        known.copied().ok_or_else(|| {
            let failure = Failure::usage(format!(
                "{} is not a phase: valid phases are {}; {EXISTS} and {DELETED} stand alone",
                quote(text),
                PHASES.join(", ")
            ));
            // kubectl waits for `condition=Ready` and `phase=Running`.
            match text.split_once('=') {
                Some((_, value)) => failure.hint(format!(
                    "name the phase alone: --for {}",
                    PHASES
                        .iter()
                        .find(|phase| phase.eq_ignore_ascii_case(value))
                        .unwrap_or(&"PHASE")
                )),
                None => match grammar::nearest(text, PHASES.iter().copied()) {
                    Some(near) => failure.hint(format!("did you mean {near}?")),
                    None => failure,
                },
            }
        })
    };
    let phases = given.iter().map(phase).collect::<Result<_, _>>()?;
    Ok(Goal::Phases(phases))
}

/// True for one of our words or that of kubectl, in capitals too.
fn is_one_of(word: &str, words: [&str; 2]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Waits until an object exists or is gone, and reports it. An object that is gone is shown as it was.
fn presence(
    ctx: &Ctx,
    args: &Args,
    goal: &Goal,
    (resource, name): (&'static Resource, &str),
    format: &Format,
) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let presence = Presence {
        collection: named::collection(ctx, resource, None)?,
        name,
        wanted: *goal == Goal::Exists,
        interval: ctx.settings()?.polling_interval.value,
        deadline: Instant::now() + args.timeout,
    };
    let label = presence.label();
    let _progress = progress::begin(format!("Waiting for {label}"));
    let settings = ctx.settings()?;
    let seen = ctx.block_on(presence.reached(client, settings))?;
    if seen.is_none() && resource.word == SESSION.word && client.project().is_none() {
        let name = quote(name);
        ctx.out.warn(&format!(
            "no session {name} was there to wait for; to name a session by its agent, add --project NAME"
        ));
    }
    let unseen = || Record::decode(resource, json!({"name": name}));
    let mut last = seen.map_or_else(unseen, Ok)?;
    last.remove("token");
    let sentence = format!("{label} {}", state_of(presence.wanted));
    outcome::done(ctx, &last, format, &sentence)
}

fn state_of(exists: bool) -> &'static str {
    if exists { EXISTS } else { "is gone" }
}

/// An object that is to exist, or to be gone.
struct Presence<'a> {
    collection: Collection,
    name: &'a str,
    /// True if it is to exist.
    wanted: bool,
    interval: Duration,
    deadline: Instant,
}

impl Presence<'_> {
    fn label(&self) -> String {
        format!("{}/{}", self.collection.resource.word, self.name)
    }

    /// Looks for the object until it exists, or until it is gone. Returns it as it was seen last, if it was. An object
    /// that was found is looked for by its ID: another one may get its name.
    ///
    /// # Errors
    /// If its project does not exist, if the time is over, or if the server refuses.
    async fn reached(
        &self,
        client: &Client,
        settings: &Settings,
    ) -> anyhow::Result<Option<Record>> {
        let resource = self.collection.resource;
        let mut last: Option<Record> = None;
        let mut failures = 0;
        let mut seen = Seen::Nothing;
        loop {
            let text = last.as_ref().map_or(self.name, Record::id).to_owned();
            let found = lookup::find_if_any(client, &self.collection, &text);
            let found = timeout_at(self.deadline, found).await;
            match found.map_err(|_| self.too_late(&seen))? {
                Ok(found) => {
                    if found.is_none() && matches!(seen, Seen::Nothing) {
                        lookup::doubt_absence(client, &self.collection, settings).await?;
                    }
                    seen = Seen::State;
                    let is_reached = found.is_some() == self.wanted;
                    (last, failures) = (found.or(last), 0);
                    if is_reached {
                        return Ok(last);
                    }
                }
                Err(error) if may_pass_later(&error) && failures + 1 < MAX_FAILURES => {
                    seen = Seen::Failure(error);
                    failures += 1;
                }
                Err(error) => {
                    let doing = format!("get {} {}", resource.word, quote(self.name));
                    return Err(error.context(doing));
                }
            }
            let pause = timeout_at(self.deadline, tokio::time::sleep(self.interval)).await;
            pause.map_err(|_| self.too_late(&seen))?;
        }
    }

    fn too_late(&self, seen: &Seen) -> Failure {
        let label = self.label();
        let why = match seen {
            Seen::Nothing => "the server has not answered yet".to_owned(),
            Seen::State if self.wanted => "it does not exist".to_owned(),
            Seen::State => "it still exists".to_owned(),
            Seen::Failure(error) => format!("{error:#}"),
        };
        let hint = match seen {
            Seen::Failure(error) => api::failure_in(error).and_then(|failure| failure.hint),
            _ => None,
        };
        let message = format!("timed out waiting for {label}: {why}");
        Failure::new(Kind::Network, message)
            .hint(hint.unwrap_or_else(|| "raise --timeout".to_owned()))
    }
}

/// What the last look at an object has shown.
enum Seen {
    /// No answer has come.
    Nothing,
    /// The object was not yet in the wanted state.
    State,
    Failure(anyhow::Error),
}

fn may_pass_later(error: &anyhow::Error) -> bool {
    // A list was read several times before its gap became an error.
    let mut causes = error.chain().filter_map(|it| it.downcast_ref::<Error>());
    !causes.any(is_told) && matches!(api::kind_of(error), Kind::Network | Kind::Server)
}

async fn until(
    client: &Client,
    mut session: Record,
    wanted: &[&str],
    interval: Duration,
    deadline: Instant,
    pending: &Pending<'_>,
) -> anyhow::Result<Record> {
    let mut patience = Some(Instant::now() + PENDING_LIMIT);
    // The embedded API tells at once what the session waits for.
    let waits_for = session_failure::waits_for(client, &session);
    let waits_for = waits_for.filter(|_| verdict(&session, wanted).is_none());
    if let Some(why) = &waits_for {
        pending.ctx.out.note(why);
        patience = None;
    }
    let progress = progress::begin(format!("Waiting for session {}", session.name_or_id()));
    let mut failures = 0;
    loop {
        match verdict(&session, wanted) {
            Some(Ok(())) => return Ok(session),
            Some(Err(failure)) => {
                return Err(explained(pending, &session, failure).await.into());
            }
            None => {}
        }
        if patience.is_some_and(|end| Instant::now() >= end) {
            patience = None;
            if let Some(why) = pending.why(&session).await {
                pending.ctx.out.note(&why);
            }
        }
        progress.say(|| {
            format!(
                "Waiting for session {}: {}",
                session.name_or_id(),
                session.text("phase")
            )
        });
        let next = async {
            tokio::time::sleep(interval).await;
            let request = Collection::sessions().request(Method::Get, session.id());
            client.fetch(&SESSION, &request).await
        };
        let Ok(next) = timeout_at(deadline, next).await else {
            let failure = too_late(&session, pending.name, wanted);
            let why = pending.why(&session).await;
            return Err(match why.filter(|_| waits_for.is_none()) {
                Some(why) => failure.hint(why),
                None => failure,
            }
            .into());
        };
        match next {
            Ok(next) => (session, failures) = (next, 0),
            Err(error) if may_pass(&error) && failures + 1 < MAX_FAILURES => failures += 1,
            Err(error) => {
                let named = format!("get session {}", quote(session.id()));
                return Err(anyhow::Error::from(error).context(named));
            }
        }
    }
}

/// Finds out why a session does not go on, if the session itself does not say.
struct Pending<'a> {
    ctx: &'a Ctx,
    client: &'a Client,
    args: &'a Args,
    /// The name or ID of the session, as it was given.
    name: &'a str,
}

impl Pending<'_> {
    async fn why(&self, session: &Record) -> Option<String> {
        session_failure::waiting(self.ctx, self.client, &self.args.mode, session).await
    }
}

/// Adds the reason of a failed session to the failure: what its last message says, unless the session itself says it.
async fn explained(pending: &Pending<'_>, session: &Record, mut failure: Failure) -> Failure {
    if session.text("phase") != "Failed" || session_failure::reason(session).is_some() {
        return failure;
    }
    if let Some(why) = session_failure::reason_of_run(pending.client, session).await {
        failure.message.push_str(&format!(": {why}"));
    }
    let messages = acpctl_for(&["session", "messages"], pending.name, &[]);
    let see = format!("see what it said: {messages}");
    failure.hint(if pending.client.has_runner().is_some() {
        format!("{see}; to {}", session_failure::again(session.id()))
    } else {
        see
    })
}

/// Judges the session's phase; `None` as long as waiting can help.
fn verdict(session: &Record, wanted: &[&str]) -> Option<Result<(), Failure>> {
    let phase = session.text("phase");
    if wanted.contains(&phase) {
        return Some(Ok(()));
    }
    if !FINAL_PHASES.contains(&phase) {
        return None;
    }
    let failed = |why: String| Some(Err(Failure::new(Kind::Other, why)));
    match (wanted, phase) {
        ([], "Failed") => {
            let name = quote(session.name_or_id());
            failed(match session_failure::reason(session) {
                Some(why) => format!("session {name} failed: {why}"),
                None => format!("session {name} failed"),
            })
        }
        ([], _) => Some(Ok(())),
        (wanted, phase) => failed(format!(
            "session {} is {phase}, and will not become {}",
            quote(session.name_or_id()),
            wanted.join(" or ")
        )),
    }
}

/// True for answers that say something else than what was asked: a list with a gap, and another object.
fn is_told(error: &Error) -> bool {
    matches!(
        error,
        Error::Incomplete(_) | Error::Unrelated(_) | Error::Nothing
    )
}

/// True for failures that may pass while waiting: no answer, or a busy server.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), Kind::Network | Kind::Server)
        && !matches!(error, Error::Decode(_))
        && !is_told(error)
}

fn too_late(session: &Record, name: &str, wanted: &[&str]) -> Failure {
    let phase = match session.text("phase") {
        "" => "has no phase yet".to_owned(),
        phase => format!("is still {phase}"),
    };
    let goal = match wanted {
        [] => "to end".to_owned(),
        wanted => format!("to be {}", wanted.join(" or ")),
    };
    Failure::new(
        Kind::Network,
        format!(
            "timed out waiting for session {} {goal}: it {phase}",
            quote(session.name_or_id())
        ),
    )
    .hint(format!(
        "raise --timeout, or see what it does: {}",
        acpctl_for(&["session", "messages"], name, &[])
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_a_goal() {
        let words: Vec<_> = DESCRIBED.iter().map(|(word, _)| *word).collect();
        assert_eq!(words[..PHASES.len()], *PHASES);
    }

    #[test]
    fn a_kind_before_the_name_is_read() {
        let any_end = Goal::Phases(Vec::new());
        let read = |text| target(text, &any_end).unwrap();
        assert_eq!(read("lead").0.word, "session");
        assert_eq!(read("Agents/lead").0.word, "agent");
        // A name with a slash.
        assert_eq!(read("fix/the-build").1, "fix/the-build");
    }
}
