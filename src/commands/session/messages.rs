//! `acpctl session messages`

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::follow::{self, End, Form};
use super::text;
use crate::api::{Client, Error, path};
use crate::commands::named::check_identifier;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::resources::{Record, SESSION_MESSAGE};

/// How long to wait for a stream that broke or is not there.
const RETRY: Duration = Duration::from_secs(3);
/// The first and the longest pause behind a stream that its server closed.
const CLOSED: Duration = Duration::from_millis(250);
const CLOSED_MOST: Duration = Duration::from_secs(5);

/// Show the messages of a session, or follow its events
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Session ID
    session: String,
    /// Stream live events until the current run ends
    #[arg(short, long)]
    follow: bool,
    /// Stream live events and reconnect until interrupted
    #[arg(short = 'F', long)]
    follow_continuous: bool,
    /// With -f or -F: print raw event JSON
    #[arg(long)]
    json: bool,
    /// Only messages after this sequence number
    #[arg(long, value_name = "SEQ", default_value = "0", value_parser = number::int64, allow_negative_numbers = true)]
    after: i64,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check_identifier("session ID", &args.session)?;
    let form = if args.json { Form::Json } else { Form::Text };
    if args.follow_continuous {
        let client = ctx.client()?;
        return ctx.block_on(forever(ctx, client, &args.session, form));
    }
    if args.follow {
        let client = ctx.client()?;
        return ctx.block_on(once(ctx, client, &args.session, form));
    }
    let format = args.output.format()?;
    let client = ctx.client()?;
    let place = format!(
        "{}?after_seq={}",
        path(&["sessions", &args.session, "messages"]),
        args.after
    );
    let messages = ctx.block_on(async { list(client, &place).await.context("list messages") })?;
    match (format, messages) {
        (Format::Table | Format::Wide, messages) => {
            let width = ctx.out.width();
            for message in messages.unwrap_or_default() {
                ctx.out
                    .data(text::message(&message, width, ctx.now()).as_bytes())?;
            }
            Ok(())
        }
        (Format::Name, messages) => messages
            .unwrap_or_default()
            .iter()
            .try_for_each(|message| ctx.out.line(&format!("session-message/{}", message.id()))),
        (format, messages) => {
            let value = messages.map_or(Value::Null, |messages| {
                messages.iter().map(Record::json).collect()
            });
            ctx.out.value(&value, &format)
        }
    }
}

/// The messages; nothing where the server sent null, or no body.
async fn list(client: &Client, place: &str) -> Result<Option<Vec<Record>>, Error> {
    match client.get_json(place).await? {
        Value::Null => Ok(None),
        Value::Array(items) => items
            .iter()
            .map(|item| Record::decode(&SESSION_MESSAGE, item))
            .collect::<Result<_, _>>()
            .map(Some)
            .map_err(Error::Decode),
        other => {
            let kind = if other.is_object() {
                "object"
            } else if other.is_string() {
                "string"
            } else {
                "value"
            };
            Err(Error::Decode(format!(
                "json: cannot unmarshal {kind} into Go value of type []types.SessionMessage"
            )))
        }
    }
}

async fn once(ctx: &Ctx, client: &Client, session: &str, form: Form) -> anyhow::Result<()> {
    let mut stream = follow::open(client, session).await.map_err(|error| {
        Failure::new(
            error.kind(),
            format!("stream events: {}", follow::why_not_open(&error)),
        )
    })?;
    follow::say(
        ctx,
        form,
        &format!("Streaming events for session {session} (Ctrl+C to stop)...\n"),
    )?;
    match follow::print(ctx, &mut stream, form, true).await? {
        End::Failed => Err(Failure::new(Kind::Other, "run failed").into()),
        End::Finished | End::Closed | End::Left => Ok(()),
    }
}

/// Reconnects until the user leaves, or the server says that there is no use.
async fn forever(ctx: &Ctx, client: &Client, session: &str, form: Form) -> anyhow::Result<()> {
    follow::say(
        ctx,
        form,
        &format!("Continuously following session {session} (Ctrl+C to stop)...\n"),
    )?;
    let mut closed = CLOSED;
    loop {
        let opened = tokio::select! {
            opened = follow::open(client, session) => opened,
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        };
        let wait = match opened {
            Err(error) if follow::is_final(&error) => {
                return Err(Failure::new(
                    error.kind(),
                    format!("stream events: {}", follow::why_not_open(&error)),
                )
                .into());
            }
            Err(error) => {
                let why = follow::why_not_open(&error);
                follow::say(
                    ctx,
                    form,
                    &format!("[reconnect] stream not available: {why} — retrying in 3s"),
                )?;
                RETRY
            }
            Ok(mut stream) => match follow::print(ctx, &mut stream, form, false).await {
                Ok(End::Left) => return Ok(()),
                Ok(_) => {
                    follow::say(
                        ctx,
                        form,
                        "\n[reconnect] stream ended cleanly — reconnecting immediately",
                    )?;
                    closed = (closed * 2).min(CLOSED_MOST);
                    closed / 2
                }
                Err(error) => {
                    closed = CLOSED;
                    follow::say(
                        ctx,
                        form,
                        &format!("\n[reconnect] stream ended: {error:#} — reconnecting in 3s"),
                    )?;
                    RETRY
                }
            },
        };
        if !follow::pause(wait).await? {
            return Ok(());
        }
    }
}
