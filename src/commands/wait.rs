//! `acpctl wait`: waits until a session reaches a phase.

use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, timeout_at};

use super::server_mode::ServerModeArgs;
use super::{outcome, session_failure};
use crate::api::{Client, Error, Method};
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{OutputArgs, progress};
use crate::resources::{Candidates, FINAL_PHASES, PHASES, Record, SESSION};
use crate::text::acpctl;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl wait fix-the-build
# Wait until it runs, for at most five minutes
acpctl wait fix-the-build --for Running --timeout 5m";

/// How long a session may be Pending before acpctl says what may be missing.
const PENDING_LIMIT: Duration = Duration::from_secs(60);
/// How many requests in a row may fail.
const MAX_FAILURES: u32 = 5;

/// Wait for a phase of a session
///
/// Without --for, waits until the session has ended in any way; if it failed, the exit status is 1. With --for, waits
/// until the session reaches one of these phases; if it ends in another one, the exit status is 1. If the time limit is
/// reached, the exit status is 9.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    /// Phase to wait for: Pending, Creating, Running, Stopping, Stopped, Completed or Failed (repeatable: one is enough)
    #[arg(long = "for", value_name = "PHASE", value_delimiter = ',')]
    #[arg(add = Candidates::Words(PHASES))]
    phases: Vec<String>,
    /// Time limit, e.g. 90s or 1h
    #[arg(long, value_name = "DURATION", default_value = "30m0s", value_parser = number::duration)]
    timeout: Duration,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    Collection::sessions().check(&args.session)?;
    let format = args.output.format()?;
    let wanted = wanted(&args.phases)?;
    let client = ctx.client()?;
    let interval = ctx.settings()?.polling_interval.value;
    let deadline = Instant::now() + args.timeout;
    let session = ctx.block_on(async {
        let session = lookup::session(client, &args.session)
            .await
            .with_context(|| format!("get session {}", quote(&args.session)))?;
        let pending = Pending { ctx, client, args };
        until(client, session, &wanted, interval, deadline, &pending).await
    })?;
    let sentence = format!("session/{} is {}", session.id(), session.text("phase"));
    outcome::done(ctx, &session, &format, &sentence)
}

/// Returns the phases as the platform writes them. No phase means any end of the session.
fn wanted(given: &[String]) -> Result<Vec<&'static str>, Failure> {
    given
        .iter()
        .map(|text| {
            let known = PHASES.iter().find(|phase| phase.eq_ignore_ascii_case(text));
            known.copied().ok_or_else(|| {
                Failure::usage(format!(
                    "{} is not a phase: valid phases are {}",
                    quote(text),
                    PHASES.join(", ")
                ))
            })
        })
        .collect()
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
    let progress = progress::begin(format!("Waiting for session {}", session.name_or_id()));
    let mut failures = 0;
    loop {
        if let Some(end) = verdict(&session, wanted) {
            end?;
            return Ok(session);
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
            let failure = too_late(&session, wanted);
            return Err(match pending.why(&session).await {
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
}

impl Pending<'_> {
    async fn why(&self, session: &Record) -> Option<String> {
        session_failure::waiting(self.ctx, self.client, &self.args.mode, session).await
    }
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

/// True for failures that may pass while waiting: no answer, or a busy server.
fn may_pass(error: &Error) -> bool {
    matches!(error.kind(), Kind::Network | Kind::Server) && !matches!(error, Error::Decode(_))
}

fn too_late(session: &Record, wanted: &[&str]) -> Failure {
    let phase = match session.text("phase") {
        "" => "has no phase yet".to_owned(),
        phase => format!("is still {phase}"),
    };
    let goal = match wanted {
        [] => "ended".to_owned(),
        wanted => wanted.join(" or "),
    };
    Failure::new(
        Kind::Network,
        format!(
            "timed out waiting for session {} to be {goal}: it {phase}",
            quote(session.name_or_id())
        ),
    )
    .hint(format!(
        "raise --timeout, or see what it does: {}",
        acpctl(&["session", "messages", session.id()])
    ))
}
