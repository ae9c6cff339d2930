//! `acpctl session events-history`

use anyhow::Context as _;
use serde_json::Value;
use url::form_urlencoded;

use crate::api::{self, Client, Error};
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Format, Layout, OutputArgs, age};
use crate::resources::{Candidates, List, Record, SESSION_EVENT};

/// The most events that the server returns at once.
const MOST: i64 = 1000;
/// How many characters of a payload are shown.
const SHOWN: usize = 200;
/// How many events `--all` reads at most: a server that never ends would fill the memory.
const MOST_EVENTS: usize = 200_000;

const EXAMPLES: &str = "acpctl session events-history fix --all";

/// Show the stored events of a session, also after it has ended
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// ID or name of the session, or name of its agent
    #[arg(add = Candidates::SESSIONS)]
    session: String,
    /// Only events after this sequence number
    #[arg(long, value_name = "SEQ", default_value_t = 0, value_parser = number::int64)]
    after_seq: i64,
    /// Only events of this type, e.g. `RUN_FINISHED`
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// Show at most N events
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = number::int64)]
    limit: i64,
    /// Show all events, whatever --limit says
    #[arg(long)]
    all: bool,
    /// Only events from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events up to this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let sessions = Collection::sessions();
    sessions.check(&args.session)?;
    for (flag, time) in [("since", &args.since), ("until", &args.until)] {
        if let Some(time) = time
            && time.parse::<jiff::Timestamp>().is_err()
        {
            return Err(Failure::usage(format!(
                "--{flag} takes a time such as 2026-08-17T09:00:00Z"
            ))
            .into());
        }
    }
    let client = ctx.client()?;
    let (id, list) = ctx.block_on(async {
        lookup::act(client, &sessions, &args.session, async |id| {
            let path = sessions.item(id, &["events", "history"]);
            let list = if args.all {
                all(client, &path, args).await?
            } else {
                page(client, &path, args, args.after_seq, args.limit).await?
            };
            Ok((id.to_owned(), list))
        })
        .await
        .context("list events")
    })?;
    if !matches!(format, Format::Table | Format::Wide) {
        return ctx.out.list(&list, &format, Layout::default(), ctx.now());
    }
    ctx.out.text(&format!(
        "Events for session {id} ({} of {} total)\n\n",
        list.items().len(),
        list.total
    ))?;
    list.items()
        .iter()
        .try_for_each(|event| ctx.out.text(&text_of(ctx, event)))
}

/// Returns one page. Only the filters that are given are sent.
async fn page(
    client: &Client,
    path: &str,
    args: &Args,
    after: i64,
    limit: i64,
) -> Result<List, Error> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, number) in [("after_seq", after), ("limit", limit)] {
        if number > 0 {
            query.append_pair(key, &number.to_string());
        }
    }
    for (key, text) in [
        ("event_type", &args.event_type),
        ("start_time", &args.since),
        ("end_time", &args.until),
    ] {
        if let Some(text) = text.as_deref().filter(|text| !text.is_empty()) {
            query.append_pair(key, text);
        }
    }
    let value = client
        .get_json(&format!("{path}?{}", query.finish()))
        .await?;
    let list = List::read(&SESSION_EVENT, value.into())?;
    for event in list.items() {
        api::refuse_stranger(path, event.text("session_id"))?;
    }
    Ok(list)
}

/// Returns all events: page after page, as long as the sequence numbers increase.
async fn all(client: &Client, path: &str, args: &Args) -> Result<List, Error> {
    let mut list = page(client, path, args, args.after_seq, MOST).await?;
    let mut last = args.after_seq;
    while let Some(seq) = list.items().iter().filter_map(seq).max()
        && seq > last
        && list.items().len() < MOST_EVENTS
    {
        last = seq;
        let next = page(client, path, args, last, MOST).await?;
        let items = next.items.unwrap_or_default();
        if items.is_empty() {
            break;
        }
        list.items.get_or_insert_default().extend(items);
    }
    list.size = i64::try_from(list.items().len()).unwrap_or(i64::MAX);
    Ok(list)
}

fn seq(event: &Record) -> Option<i64> {
    event.value("seq").and_then(Value::as_i64)
}

/// Returns the line of an event, and the beginning of its payload.
fn text_of(ctx: &Ctx, event: &Record) -> String {
    let count = event
        .value("event_count")
        .and_then(Value::as_i64)
        .unwrap_or(1);
    let compressed = match count {
        count if count > 1 => format!("  (compressed: {count} events)"),
        _ => String::new(),
    };
    let mut text = format!(
        "#{:<6}  {:<30}  {}{compressed}\n",
        seq(event).unwrap_or_default(),
        event.text("event_type"),
        age::age(event.text("created_at"), ctx.now()),
    );
    let payload = match event.value("payload") {
        Some(Value::String(payload)) => payload.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    if !payload.is_empty() {
        let start: String = payload.chars().take(SHOWN).collect();
        let rest = if start.len() < payload.len() {
            "..."
        } else {
            ""
        };
        text.push_str(&format!("  {start}{rest}\n"));
    }
    text
}
