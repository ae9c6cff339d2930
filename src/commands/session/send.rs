//! `acpctl session send`

use anyhow::Context as _;

use super::follow::{self, End, Form};
use crate::api::{Body, path};
use crate::commands::named::check_identifier;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::resources::SESSION_MESSAGE;

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
    ctx.block_on(async {
        let place = path(&["sessions", &args.session, "messages"]);
        let sent = client
            .create(&SESSION_MESSAGE, &place, body)
            .await
            .context("send message")?;
        let seq = sent
            .value("seq")
            .and_then(serde_json::Value::as_i64)
            .unwrap_or(0);
        follow::say(ctx, form, &format!("sent (seq={seq})"))?;
        if !args.follow {
            return Ok(());
        }
        // The server answers the stream only once a run is active, so it is opened behind the message.
        let mut stream = follow::open(client, &args.session).await.map_err(|error| {
            Failure::new(
                error.kind(),
                format!("stream events: {}", follow::why_not_open(&error)),
            )
        })?;
        match follow::print(ctx, &mut stream, form, true).await? {
            End::Finished | End::Left => Ok(()),
            End::Failed => Err(Failure::new(Kind::Other, "run failed").into()),
            End::Closed => {
                Err(Failure::new(Kind::Network, "the stream ended before the run did").into())
            }
        }
    })
}
