//! Following a session's event stream until its run ends, its server closes, or the user leaves.

use std::io;

use serde_json::Value;

use super::render::Renderer;
use crate::api::{Cause, Client, Error, EventStream, path};
use crate::ctx::Ctx;

/// How the events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    /// The raw data, one event a line.
    Json,
}

/// Why following ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Failed,
    /// The server closed the stream.
    Closed,
    /// Ctrl-C: the user has seen enough.
    Left,
}

/// Opens the stream of a session.
///
/// # Errors
/// In the Go tool's words.
pub async fn open(client: &Client, session: &str) -> Result<EventStream, Error> {
    client.stream(&path(&["sessions", session, "events"])).await
}

/// Why a stream could not be opened, in the Go tool's words.
pub fn why_not_open(error: &Error) -> String {
    match error {
        Error::Status { status, .. } => format!("server returned {}", status_line(*status)),
        Error::Transport {
            method, url, text, ..
        } => format!("connect to event stream: {method} \"{url}\": {text}"),
        other => other.to_string(),
    }
}

/// A status with its name, as it stands on the wire.
fn status_line(status: u16) -> String {
    let name = axum::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    format!("{status} {}", name.unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// True for refusals that will not pass by waiting.
pub fn is_final(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 401 | 403 | 404 | 405 | 410))
        || matches!(
            error,
            Error::Transport {
                cause: Cause::Tls,
                ..
            }
        )
}

/// Prints events as they come. `until_run_ends` stops behind the end of the current run.
///
/// # Errors
/// When the stream breaks off, or standard output can't be written.
pub async fn print(
    ctx: &Ctx,
    stream: &mut EventStream,
    form: Form,
    until_run_ends: bool,
) -> anyhow::Result<End> {
    let mut renderer = Renderer::new(ctx.out.colored());
    let end = loop {
        let event = tokio::select! {
            event = stream.next() => event,
            interrupted = tokio::signal::ctrl_c() => { interrupted?; break Ok(End::Left) }
        };
        let event = match event {
            Ok(Some(event)) => event,
            Ok(None) => break Ok(End::Closed),
            Err(error) => break Err(error),
        };
        match form {
            Form::Json => ctx.out.line(&event.data)?,
            Form::Text => write(ctx, &renderer.event(&event.data))?,
        }
        match kind(&event.data).as_deref() {
            Some("RUN_FINISHED") if until_run_ends => break Ok(End::Finished),
            Some("RUN_ERROR") if until_run_ends => break Ok(End::Failed),
            _ => {}
        }
    };
    if form == Form::Text {
        write(ctx, &renderer.finish())?;
    }
    let broken = |error: Error| match error {
        Error::Body(why) => anyhow::anyhow!("stream error: {why}"),
        other => anyhow::Error::from(other).context("stream error"),
    };
    end.map_err(broken)
}

fn write(ctx: &Ctx, text: &str) -> anyhow::Result<()> {
    if text.is_empty() {
        Ok(())
    } else {
        ctx.out.data(text.as_bytes())
    }
}

fn kind(data: &str) -> Option<String> {
    let value: Value = serde_json::from_str(data).ok()?;
    value.get("type")?.as_str().map(str::to_owned)
}

/// Says something that is no data: on standard output in text, as in the Go tool; on standard error
/// where standard output is JSON.
///
/// # Errors
/// When standard output can't be written.
pub fn say(ctx: &Ctx, form: Form, text: &str) -> anyhow::Result<()> {
    match form {
        Form::Text => ctx.out.line(text),
        Form::Json => {
            ctx.out.note(text);
            Ok(())
        }
    }
}

/// Waits, unless the user leaves meanwhile.
///
/// # Errors
/// When signals can't be waited for.
pub async fn pause(time: std::time::Duration) -> io::Result<bool> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(true),
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| false),
    }
}
