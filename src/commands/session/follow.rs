//! Follows a session's event stream until its run ends, the server closes the stream, or the user presses Ctrl-C.

use std::time::Duration;

use anyhow::Context as _;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::render::Renderer;
use crate::api::{self, Cause, Client, Error, EventStream, path};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::{progress, signals};
use crate::resources::{ACTIVE_PHASES, FINAL_PHASES, Record};
use crate::system::signals::Signal;

/// The first and the longest pause after the server has closed a stream.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause of a client that follows stored messages, which wait for it.
const LONGEST_STORED_PAUSE: Duration = Duration::from_secs(30);

/// What is said of a stream that ends in the middle of a run.
pub(super) const CUT: &str = "the stream ended before the run did";

/// The text of the progress line while a stream is opened.
pub(super) const CONNECTING: &str = "Waiting for the session's stream";

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventFormat {
    Text,
    /// The raw data, one event per line.
    Json,
}

/// Why following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Finished,
    Failed,
    /// The server closed the stream.
    Closed,
}

/// Opens the stream of a session's events, after the last one that was read.
///
/// # Errors
/// Those of the request; [`not_open`] turns them into a failure.
pub(super) async fn open(
    client: &Client,
    session: &str,
    last_id: Option<&str>,
) -> Result<EventStream, Error> {
    let events = path(&["sessions", session, "events"]);
    let _connecting = progress::begin(CONNECTING);
    client.stream(&events, last_id).await
}

/// Opens the stream of the session that the user named. Returns the session's ID as well.
///
/// # Errors
/// If the stream can't be opened, or several sessions have the name.
pub(super) async fn open_named(
    client: &Client,
    given: &str,
) -> anyhow::Result<(String, EventStream)> {
    let id = if lookup::can_be_id(given) {
        match open(client, given, None).await {
            Err(error) if lookup::may_be_unknown(&error) => {
                match named(client, given, &error).await? {
                    Some(id) => id,
                    None => {
                        let failure = not_open(&error);
                        return Err(lookup::suggest_session(client, given, failure).await.into());
                    }
                }
            }
            opened => {
                let stream = opened.map_err(|error| not_open(&error))?;
                return Ok((given.to_owned(), stream));
            }
        }
    } else {
        lookup::session(client, given).await?.id().to_owned()
    };
    let opened = open(client, &id, None).await;
    Ok((id, opened.map_err(|error| not_open(&error))?))
}

/// Returns the ID of the session that has this name, or whose agent has it, after the server refused the name as an ID.
///
/// # Errors
/// If several sessions have the name, or the look-up fails.
pub(super) async fn named(
    client: &Client,
    given: &str,
    refusal: &Error,
) -> anyhow::Result<Option<String>> {
    lookup::id_by_name(client, &Collection::sessions(), given, refusal).await
}

/// True if the stream of this session's events could not be opened because no runner serves them: in a sandbox, only
/// the stored messages can be followed. With `or_ended`, also for a session that has ended.
pub(super) async fn has_only_messages(
    client: &Client,
    session: &Record,
    error: &anyhow::Error,
    or_ended: bool,
) -> bool {
    let refused = api::kind_of(error);
    let phase = session.text("phase");
    let has_ended = FINAL_PHASES.contains(&phase) && refused == Kind::NotFound;
    let is_alive = ACTIVE_PHASES.contains(&phase) || (or_ended && has_ended);
    if !is_alive {
        return false;
    }
    match refused {
        Kind::NotFound => true,
        // On a platform with pods the runner may only not be ready yet.
        Kind::Server => is_sandbox(client).await,
        _ => false,
    }
}

/// Whether the platform says that it runs sessions in sandboxes. An earlier one has no such answer.
async fn is_sandbox(client: &Client) -> bool {
    let info = client.get_json("/platform-info").await;
    info.is_ok_and(|info| info.get("gateway_mode") != Some(&Value::Bool(false)))
}

/// Returns the failure to open a stream. A status speaks for itself; something else than a stream needs a hint.
pub(super) fn not_open(error: &Error) -> Failure {
    let message = format!("stream events: {}", why_not_open(error));
    let is_other = matches!(error, Error::Unrelated(_));
    Failure {
        hint: error.hint().filter(|_| is_other),
        ..Failure::new(error.kind(), message)
    }
}

/// Tells why a stream could not be opened, in the Go tool's words.
pub(super) fn why_not_open(error: &Error) -> String {
    match error {
        Error::Status { status, .. } => format!("server returned {}", status_line(*status)),
        Error::Transport {
            method, url, text, ..
        } => format!("connect to event stream: {method} \"{url}\": {text}"),
        other => other.to_string(),
    }
}

/// Returns a status with its name, as in the first line of an HTTP answer.
fn status_line(status: u16) -> String {
    let name = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    format!("{status} {}", name.unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// True for refusals that waiting will not change.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 401 | 403 | 404 | 405 | 410))
        || matches!(
            error,
            Error::Transport {
                cause: Cause::Tls,
                ..
            }
        )
}

/// Returns the failure for a stream that broke off, in the Go tool's words.
pub(super) fn broken(error: Error) -> anyhow::Error {
    match error {
        Error::Body(why) => Failure::new(Kind::Network, format!("stream error: {why}")).into(),
        other => anyhow::Error::from(other).context("stream error"),
    }
}

/// Awaits `work`, or Ctrl-C. Returns `None` if Ctrl-C came first.
///
/// # Errors
/// Those of `work`.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    signals::own(Signal::INT.as_raw());
    tokio::select! {
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("wait for signals").map(|()| None)
        }
        done = work => done.map(Some),
    }
}

/// The pauses between connections to a server that closes its streams.
pub(super) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Returns the pauses between streams of live events.
    pub(super) fn new() -> Self {
        Self {
            next: FIRST_PAUSE,
            longest: LONGEST_PAUSE,
        }
    }

    /// Returns the pauses between streams of stored messages.
    pub(super) fn of_stored() -> Self {
        Self {
            longest: LONGEST_STORED_PAUSE,
            ..Self::new()
        }
    }

    /// Returns the next pause, which is twice as long as the one before.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// Starts again with the first pause, because events have arrived.
    pub(super) fn reset(&mut self) {
        self.next = FIRST_PAUSE;
    }
}

/// Prints the events of a session.
pub(super) struct Printer<'a> {
    ctx: &'a Ctx,
    format: EventFormat,
    renderer: Renderer,
    /// True after an event has said that a run begins.
    pub(super) is_running: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(ctx: &'a Ctx, format: EventFormat) -> Self {
        Self {
            ctx,
            format,
            renderer: Renderer::new(ctx.out.colored()),
            is_running: false,
        }
    }

    /// Prints one event. Returns the end of the run, if the event reports it.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub(super) fn event(&mut self, data: &str) -> anyhow::Result<Option<End>> {
        if !is_json(self.ctx, data) {
            return Ok(None);
        }
        match self.format {
            EventFormat::Json => self.ctx.out.json_line(data)?,
            EventFormat::Text => {
                let text = self.renderer.event(data);
                self.write(&text)?;
            }
        }
        self.is_running |= type_of(data).is_some_and(|name| name == "RUN_STARTED");
        Ok(type_of(data).as_deref().and_then(end_of_type))
    }

    /// Prints events until the run ends or the server closes the stream.
    ///
    /// # Errors
    /// If the stream breaks off, or standard output can't be written.
    pub(super) async fn run(&mut self, stream: &mut EventStream) -> anyhow::Result<End> {
        while let Some(event) = stream.next().await.map_err(broken)? {
            if let Some(end) = self.event(&event.data)? {
                return Ok(end);
            }
        }
        Ok(End::Closed)
    }

    /// Ends an unfinished line.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let text = self.renderer.finish();
        self.write(&text)
    }

    /// Prints a message that is not an event: to standard output, as the Go tool does, or to standard error if standard
    /// output is JSON.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        match self.format {
            EventFormat::Text => self.ctx.out.text(&format!("{text}\n")),
            EventFormat::Json => {
                self.ctx.out.note(text);
                Ok(())
            }
        }
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        if text.is_empty() {
            Ok(())
        } else {
            self.ctx.out.text(text)
        }
    }
}

/// True for JSON. Anything else, such as a part of an event, is left out with a note.
pub(super) fn is_json(ctx: &Ctx, data: &str) -> bool {
    let is_json = serde_json::from_str::<IgnoredAny>(data).is_ok();
    if !is_json {
        ctx.out.note("an event that is not JSON was left out");
    }
    is_json
}

fn type_of(data: &str) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    Some(value.get("type")?.as_str()?.to_owned())
}

/// Returns the end of the run that an event or a stored message of this type reports.
pub(super) fn end_of_type(name: &str) -> Option<End> {
    match name {
        "RUN_FINISHED" | "run_finished" => Some(End::Finished),
        "RUN_ERROR" | "run_error" => Some(End::Failed),
        _ => None,
    }
}
