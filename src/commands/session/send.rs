//! `acpctl session send`

use anyhow::Context as _;

use serde_json::Value;

use super::follow::{self, End, Form, Printer};
use crate::api::{Body, Client, Error, path};
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind, Status};
use crate::resources::{SESSION, SESSION_MESSAGE};

/// The exit code of a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// Send a message to a session
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Session ID
    session: String,
    /// Text of the message
    #[arg(allow_hyphen_values = true)]
    message: String,
    /// Then show the run's events until it ends
    #[arg(short, long)]
    follow: bool,
    /// With --follow: print raw event JSON
    #[arg(long)]
    json: bool,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("session ID", &args.session)?;
    let form = if args.follow && args.json {
        Form::Json
    } else {
        Form::Text
    };
    let client = ctx.client()?;
    let mut body = Body::new();
    body.set("event_type", "user");
    body.set("payload", args.message.as_str());
    let mut printer = Printer::new(ctx, form);
    let sent = ctx.block_on(async {
        let place = path(&["sessions", &args.session, "messages"]);
        let sent = client.create(&SESSION_MESSAGE, &place, body).await;
        sent.context("send message")
    })?;
    let seq = sent.value("seq").and_then(Value::as_i64).unwrap_or(0);
    printer.say(&format!("sent (seq={seq})"))?;
    if !args.follow {
        return Ok(());
    }
    // The server answers the stream only once a run is active, so it is opened behind the message.
    let followed = ctx.block_on(follow::until_interrupted(async {
        let opened = follow::open(client, &args.session, None).await;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) => return Err(not_open(client, &args.session, &error).await.into()),
        };
        printer.run(&mut stream).await
    }));
    printer.finish()?;
    match followed? {
        Some(End::Finished) => Ok(()),
        Some(End::Failed) => Err(Failure::new(Kind::Other, "run failed").into()),
        Some(End::Closed) => {
            Err(Failure::new(Kind::Network, "the stream ended before the run did").into())
        }
        // How the run ends is not known.
        None => Err(Status(INTERRUPTED).into()),
    }
}

/// The failure to open a stream, with the reason if the session's phase tells it.
async fn not_open(client: &Client, session: &str, error: &Error) -> Failure {
    let failure = follow::not_open(error);
    let found = client.get(&SESSION, &path(&["sessions", session])).await;
    match found.as_ref().map(|session| session.text("phase")) {
        Ok(phase @ ("" | "Stopped" | "Completed" | "Failed")) => {
            let state = if phase.is_empty() {
                "not started"
            } else {
                phase
            };
            failure.hint(format!(
                "the session is {state}; the message is stored, and its next run reads it: acpctl start {session}"
            ))
        }
        _ => failure,
    }
}
