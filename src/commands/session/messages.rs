//! `acpctl session messages`

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use super::follow::{self, End, EventFormat, Pauses, Printer};
use super::stored::Stored;
use super::text;
use crate::api::{self, Client, Error, EventStream, Request};
use crate::commands::session_failure;
use crate::compat::json_tree::Tree;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Kind;
use crate::lookup::{self, Collection};
use crate::output::{self, Format, OutputArgs};
use crate::resources::{Candidates, Record, SESSION_MESSAGE, quick};

/// How long to wait before a stream that broke off, or could not be opened, is tried again.
const RETRY: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
acpctl session messages fix
# Follow the current run to its end
acpctl session messages fix -f";

/// Show the messages of a session, or follow its events
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
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
    /// Only messages after this sequence number (default 0); with -f or -F: follow the stored messages after it instead
    /// of the live events, without losing or repeating one; -f ends with the run
    #[arg(long, value_name = "SEQ", value_parser = number::int64, allow_negative_numbers = true)]
    after: Option<i64>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let sessions = Collection::sessions();
    sessions.check(&args.session)?;
    if args.follow || args.follow_continuous {
        return follow(ctx, args);
    }
    let format = args.output.format()?;
    let client = ctx.client()?;
    let messages = ctx.block_on(async {
        lookup::act(client, &sessions, &args.session, async |id| {
            let path = sessions.item(id, &["messages"]);
            let after = args.after.unwrap_or(0);
            list(client, &format!("{path}?after_seq={after}")).await
        })
        .await
        .context("list messages")
    })?;
    match (format, messages) {
        (Format::Table | Format::Wide, messages) => {
            let (width, now) = (ctx.out.width(), ctx.now());
            let mut shown = String::new();
            for message in messages.unwrap_or_default() {
                shown.push_str(&text::message(&message, width, now));
                if shown.len() > output::PIECE {
                    ctx.out.text(&std::mem::take(&mut shown))?;
                }
            }
            if shown.is_empty() {
                return Ok(());
            }
            ctx.out.text(&shown)
        }
        (Format::Name, messages) => messages
            .unwrap_or_default()
            .iter()
            .try_for_each(|message| ctx.out.line(&format!("session-message/{}", message.id()))),
        (Format::Json, Some(messages)) => ctx.out.records(&messages),
        (format, messages) => {
            let value = messages.map_or(Value::Null, |messages| {
                messages.iter().map(Record::json).collect()
            });
            ctx.out.value(&value, &format)
        }
    }
}

fn follow(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = if args.json {
        EventFormat::Json
    } else {
        EventFormat::Text
    };
    let client = ctx.client()?;
    if let Some(after) = args.after {
        return ctx.block_on(follow_stored(ctx, client, args, after, format));
    }
    let mut printer = Printer::new(ctx, format);
    let followed = ctx.block_on(follow::until_interrupted(async {
        if args.follow_continuous {
            let end = forever(&mut printer, client, &args.session).await?;
            Ok((args.session.clone(), end))
        } else {
            once(&mut printer, client, &args.session).await
        }
    }));
    printer.finish()?;
    if let Err(error) = &followed
        && ctx.block_on(async { Ok(has_only_messages(client, &args.session, error).await) })?
    {
        ctx.out
            .aside("this server has no live events of the session: following its messages");
        return ctx.block_on(follow_stored(ctx, client, args, 0, format));
    }
    match followed? {
        Some((id, End::Failed)) => Err(session_failure::of_run(&id, ctx.is_own_server()).into()),
        Some((_, End::Closed)) if printer.is_running => {
            // The Go tool takes it for a success.
            ctx.out.note(follow::CUT);
            Ok(())
        }
        Some((_, End::Finished | End::Closed)) | None => Ok(()),
    }
}

/// True if the stream of events can't be opened, and the messages of the session can be followed in its place.
async fn has_only_messages(client: &Client, given: &str, error: &anyhow::Error) -> bool {
    if !matches!(api::kind_of(error), Kind::NotFound | Kind::Server) {
        return false;
    }
    match lookup::find_if_any(client, &Collection::sessions(), given).await {
        Ok(Some(session)) => follow::has_only_messages(client, &session, error, true).await,
        _ => false,
    }
}

/// Follows the stored messages. A text that the server refuses as an ID may be a name.
async fn follow_stored(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    after: i64,
    format: EventFormat,
) -> anyhow::Result<()> {
    let given = args.session.as_str();
    let follow = async |id: &str| {
        let mut stored = Stored::new(ctx, client, id, after, format);
        stored.follow(args.follow_continuous).await
    };
    if !lookup::can_be_id(given) {
        return follow(lookup::session(client, given).await?.id()).await;
    }
    match follow(given).await {
        Err(error) if api::kind_of(&error) == Kind::NotFound => {
            match lookup::find_if_any(client, &Collection::sessions(), given).await? {
                Some(found) if found.id() != given => follow(found.id()).await,
                _ => Err(error),
            }
        }
        followed => followed,
    }
}

/// Lists the messages; `None` if the server sent null, or no body.
async fn list(client: &Client, path: &str) -> Result<Option<Vec<Record>>, Error> {
    let answer = client.send(&Request::get(path)).await?;
    let messages = answer.read_long(
        |text| quick::array(&SESSION_MESSAGE, text).map(|messages| Ok(Some(messages))),
        |tree| Ok::<_, Infallible>(read(tree)),
    )??;
    for message in messages.iter().flatten() {
        api::check_message(message)?;
        api::check_number(message)?;
        api::refuse_stranger(path, message.text("session_id"))?;
    }
    Ok(messages)
}

fn read(tree: Tree<'_>) -> Result<Option<Vec<Record>>, Error> {
    let kind = match tree {
        tree if tree.is_null() => return Ok(None),
        Tree::Array(items) => {
            let records = items.into_iter();
            let records = records.map(|item| Record::read(&SESSION_MESSAGE, item));
            return Ok(Some(records.collect::<Result<_, _>>()?));
        }
        Tree::Object(_) => "object",
        Tree::Scalar(Value::String(_)) => "string",
        Tree::Scalar(_) => "value",
    };
    Err(Error::Decode(format!(
        "json: cannot unmarshal {kind} into Go value of type []types.SessionMessage"
    )))
}

/// Follows the run to its end. Returns the session's ID as well.
async fn once(
    printer: &mut Printer<'_>,
    client: &Client,
    session: &str,
) -> anyhow::Result<(String, End)> {
    let (id, mut stream) = follow::open_named(client, session).await?;
    printer.say(&format!(
        "Streaming events for session {id} (Ctrl+C to stop)...\n"
    ))?;
    let end = printer.run(&mut stream).await?;
    Ok((id, end))
}

/// Follows the live events and reconnects, until the server refuses for good.
async fn forever(printer: &mut Printer<'_>, client: &Client, session: &str) -> anyhow::Result<End> {
    printer.say(&format!(
        "Continuously following session {session} (Ctrl+C to stop)...\n"
    ))?;
    let mut pauses = Pauses::new();
    let mut last_id = None;
    let mut opened = false;
    let mut was_refused = false;
    let mut id = if lookup::can_be_id(session) {
        session.to_owned()
    } else {
        lookup::session(client, session).await?.id().to_owned()
    };
    loop {
        let pause = match follow::open(client, &id, last_id.as_deref()).await {
            // Before the first connection, a text that is refused as an ID may be a name.
            Err(error) if !opened && lookup::may_be_unknown(&error) && id == session => {
                match follow::named(client, session, &error).await? {
                    Some(named) => id = named,
                    None => return Err(follow::not_open(&error).into()),
                }
                continue;
            }
            Err(error) if follow::is_final(&error) => return Err(follow::not_open(&error).into()),
            Err(error) => {
                let failure = anyhow::Error::from(follow::not_open(&error));
                let is_first = !opened && !std::mem::replace(&mut was_refused, true);
                if is_first && has_only_messages(client, &id, &failure).await {
                    return Err(failure);
                }
                let why = follow::why_not_open(&error);
                printer.say(&format!(
                    "[reconnect] stream not available: {why} — retrying in {RETRY:?}"
                ))?;
                RETRY
            }
            Ok(mut stream) => {
                opened = true;
                match print_all(printer, &mut stream, &mut last_id).await? {
                    ConnectionEnd::Broken(why) => {
                        printer.say(&format!(
                            "\n[reconnect] stream ended: {why:#} — reconnecting in {RETRY:?}"
                        ))?;
                        RETRY
                    }
                    ConnectionEnd::Closed { brought_events } => {
                        if brought_events {
                            pauses.reset();
                        }
                        let pause = pauses.next();
                        printer.say(&format!(
                            "\n[reconnect] stream ended cleanly — reconnecting in {pause:?}"
                        ))?;
                        pause
                    }
                }
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// How a connection ended.
enum ConnectionEnd {
    Closed { brought_events: bool },
    Broken(anyhow::Error),
}

/// Prints the events of one connection.
async fn print_all(
    printer: &mut Printer<'_>,
    stream: &mut EventStream,
    last_id: &mut Option<String>,
) -> anyhow::Result<ConnectionEnd> {
    let mut brought_events = false;
    let end = loop {
        match stream.next().await {
            Ok(Some(event)) => {
                printer.event(&event.data)?;
                brought_events = true;
                if event.id.is_some() {
                    *last_id = event.id;
                }
            }
            Ok(None) => break ConnectionEnd::Closed { brought_events },
            // Waiting does not help against a server that sends another session's events.
            Err(error @ Error::Unrelated(_)) => return Err(follow::broken(error)),
            Err(error) => break ConnectionEnd::Broken(follow::broken(error)),
        }
    };
    printer.finish()?;
    Ok(end)
}
