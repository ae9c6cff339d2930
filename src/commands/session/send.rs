//! `acpctl session send`

use anyhow::Context as _;
use serde_json::Value;

use super::follow::{self, End, EventFormat, Printer};
use super::stored::Stored;
use crate::api::{self, Body, Client, Method, path};
use crate::commands::outcome;
use crate::commands::outcome::WriteArgs;
use crate::commands::session_failure;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind, Status};
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::resources::{Candidates, FINAL_PHASES, Record, SESSION, SESSION_MESSAGE};
use crate::running;
use crate::text::{acpctl_for, quote};

/// The exit status of a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

const EXAMPLES: &str = "\
acpctl session send fix 'Run the tests again'
# Send it, then watch the answer
acpctl session send fix 'Run the tests again' --follow";

/// Send a message to a session
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    /// Text of the message
    #[arg(allow_hyphen_values = true)]
    message: String,
    /// After sending, show what the session does until the run ends
    #[arg(short, long)]
    follow: bool,
    /// With --follow: print raw event JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    if args.follow && format != Format::Table {
        return Err(
            Failure::usage("--follow and --output are mutually exclusive")
                .hint("--json prints the run's events as JSON")
                .into(),
        );
    }
    let sessions = Collection::sessions();
    sessions.check(&args.session)?;
    let event_format = if args.follow && args.json {
        EventFormat::Json
    } else {
        EventFormat::Text
    };
    let client = ctx.client()?;
    let mut body = Body::new();
    body.set("event_type", "user");
    body.set("payload", args.message.as_str());
    let mut printer = Printer::new(ctx, event_format);
    let sent = ctx.block_on(async {
        lookup::act(client, &sessions, &args.session, async |id| {
            let request = sessions
                .request_below(Method::Post, id, &["messages"])
                .body(body.clone());
            client.fetch(&SESSION_MESSAGE, &request).await
        })
        .await
        .context("send message")
    })?;
    if ctx.rehearses() {
        return outcome::done(ctx, &sent, &format, "sent");
    }
    let seq = sent.value("seq").and_then(Value::as_i64).unwrap_or(0);
    let sentence = format!("sent (seq={seq})");
    if format != Format::Table {
        return outcome::done(ctx, &sent, &format, &sentence);
    }
    printer.say(&sentence)?;
    // The stored message tells which session the name stands for.
    let id = match sent.text("session_id") {
        "" => args.session.as_str(),
        id => id,
    };
    // The embedded API would stream the run that answers an earlier message. Elsewhere, a person is told.
    let is_embedded = client.has_runner().is_some();
    if is_embedded || (ctx.out.is_terminal() && !args.follow) {
        match ctx.block_on(async { Ok(unread(client, id, seq).await) })? {
            Some((why, next)) if args.follow => {
                return Err(Failure::new(Kind::Conflict, why).hint(next).into());
            }
            Some((why, next)) => ctx.out.aside(&format!("The {why}; {next}")),
            None => {}
        }
    }
    if !args.follow {
        return Ok(());
    }
    // The server opens the stream only while a run is active, so the message is sent first.
    let followed = ctx.block_on(follow::until_interrupted(async {
        let mut stream = match follow::open_named(client, id).await {
            Ok((_, stream)) => stream,
            Err(error) => {
                let session = client.get(&SESSION, &path(&["sessions", id])).await;
                if let Ok(session) = &session
                    && follow::has_only_messages(client, session, &error, false).await
                {
                    let note =
                        "this server has no live events of the session: following its messages";
                    ctx.out.aside(note);
                    let mut stored = Stored::new(ctx, client, id, seq, event_format);
                    stored.follow(false).await?;
                    return Ok(End::Finished);
                }
                return Err(not_open(&session, id, error));
            }
        };
        printer.run(&mut stream).await
    }));
    printer.finish()?;
    match followed? {
        Some(End::Finished) => Ok(()),
        Some(End::Failed) => Err(session_failure::of_run(id, is_embedded).into()),
        Some(End::Closed) => Err(Failure::new(Kind::Network, follow::CUT).into()),
        // The user left, so how the run ends is not known.
        None => Err(Status(INTERRUPTED).into()),
    }
}

/// Adds a hint to the failure to open a stream, if the session's phase tells the reason.
fn not_open(
    found: &Result<Record, api::Error>,
    session: &str,
    error: anyhow::Error,
) -> anyhow::Error {
    let state = match found.as_ref().map(|session| session.text("phase")) {
        Ok("") => "not started",
        Ok(phase) if FINAL_PHASES.contains(&phase) => phase,
        _ => return error,
    };
    match error.downcast::<Failure>() {
        Ok(failure) => failure
            .hint(format!("the session is {state}; {}", next_run(session)))
            .into(),
        Err(error) => error,
    }
}

/// Says that the present run of a session does not read its new message, and what becomes of it; `None` if a run reads
/// it, or if the session can't be read.
async fn unread(client: &Client, id: &str, seq: i64) -> Option<(String, String)> {
    let unread = running::unread(client, id, seq, None).await?;
    let session = &unread.session;
    let why = format!("session {} {}", quote(session.name_or_id()), unread.words());
    if !unread.has_begun {
        return Some((why, next_run(session.id())));
    }
    let next = format!(
        "the message is stored; to start the run that reads it: {}; {}",
        acpctl_for(&["wait"], session.id(), &[]),
        acpctl_for(&["session", "start"], session.id(), &[])
    );
    Some((why, next))
}

/// Says what becomes of a message that no run reads, and how to start one: by the ID, because a start by the name of an
/// agent begins another session.
fn next_run(id: &str) -> String {
    format!(
        "the message is stored, and its next run reads it: {}",
        acpctl_for(&["session", "start"], id, &[])
    )
}
