//! `get --watch`: polls, and prints what is new, changed or gone. The first poll comes at once, so the objects
//! there are shown.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Args, bindings, collection, known};
use crate::api::{Client, Error, ListOptions};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::output::{self, Format, progress, table};
use crate::resources::{Column, ROLE_BINDING, Record, Resource, SESSION};

/// How long one poll may take.
const POLL_LIMIT: Duration = Duration::from_secs(10);
/// How many polls in a row may fail.
const MAX_FAILURES: u32 = 5;
/// The column that says what happened. Sessions have none: what is gone has the phase `DELETED`.
const EVENT: table::Column = table::Column {
    title: "EVENT",
    width: 8,
};

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let resource = check(args)?;
    let client = ctx.client()?;
    match args.list.format()? {
        Format::Table | Format::Wide => {}
        _ => return Err(Failure::usage("watch prints a table; leave out --output").into()),
    }
    let collection = collection(ctx, args, resource)?;
    let interval = ctx.settings()?.polling_interval.value;
    // A line for each poll would only flicker.
    let _quiet = progress::quiet();
    ctx.out.text(&rows(resource, &[]))?;
    if args.watch_timeout.is_zero() {
        return Ok(());
    }
    ctx.block_on(async {
        let deadline = Instant::now() + args.watch_timeout;
        tokio::select! {
            // A time that is over already means no poll at all.
            biased;
            () = sleep_until(deadline) => Ok(()),
            // Listens before the first request goes out.
            interrupted = tokio::signal::ctrl_c() => interrupted.context("wait for signals"),
            ended = poll(ctx, args, client, &collection, interval) => ended,
        }
    })
}

fn check(args: &Args) -> Result<&'static Resource, Failure> {
    let resource = known(&args.resource)?;
    if args.name.as_deref().is_some_and(|name| !name.is_empty()) {
        return Err(Failure::usage(
            "watch cannot be used with a specific resource name",
        ));
    }
    if args.list.format()? == Format::Json {
        return Err(Failure::usage(
            "watch is not supported with JSON output format",
        ));
    }
    Ok(resource)
}

async fn poll(
    ctx: &Ctx,
    args: &Args,
    client: &Client,
    collection: &Collection,
    interval: Duration,
) -> anyhow::Result<()> {
    let resource = collection.resource;
    let options = ListOptions {
        project: collection.project.clone(),
        ..ListOptions::default()
    };
    let mut known: HashMap<String, Record> = HashMap::new();
    let mut failures = 0;
    loop {
        let list = client.list(resource, &collection.path, &options);
        let answer = timeout(POLL_LIMIT, list)
            .await
            .unwrap_or_else(|_| Err(Error::Body("context deadline exceeded".to_owned())));
        match answer {
            Ok(list) => {
                failures = 0;
                let mut records = list.items.unwrap_or_default();
                args.list.keep_labelled(&mut records)?;
                let mut news = changes(&mut known, records);
                if resource.word == ROLE_BINDING.word {
                    for (_, binding) in &mut news {
                        bindings::name_targets(client, std::slice::from_mut(binding)).await;
                    }
                }
                if !news.is_empty() {
                    let cells: Vec<_> = news.iter().map(|news| cells(ctx, news)).collect();
                    let text = rows(resource, &cells);
                    let without_header = text.split_once('\n').map_or("", |(_, rows)| rows);
                    ctx.out.text(without_header)?;
                }
            }
            Err(error) => {
                failures += 1;
                ctx.out.note(&format!(
                    "Error processing {} ({failures}/{MAX_FAILURES}): {error}",
                    resource.plural()
                ));
                if failures == MAX_FAILURES {
                    return Err(anyhow::Error::from(error)
                        .context("too many consecutive errors, stopping watch"));
                }
            }
        }
        tokio::time::sleep(interval).await;
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Added,
    Modified,
    Deleted,
}

/// What is new, changed or gone since the last poll.
fn changes(known: &mut HashMap<String, Record>, records: Vec<Record>) -> Vec<(Event, Record)> {
    let mut news = Vec::new();
    let mut now = HashMap::new();
    for record in records {
        let event = match known.remove(record.id()) {
            None => Some(Event::Added),
            Some(before) if before.json() != record.json() => Some(Event::Modified),
            Some(_) => None,
        };
        news.extend(event.map(|event| (event, record.clone())));
        now.insert(record.id().to_owned(), record);
    }
    let mut gone: Vec<Record> = std::mem::replace(known, now).into_values().collect();
    gone.sort_by(|a, b| a.id().cmp(b.id()));
    news.extend(gone.into_iter().map(|record| (Event::Deleted, record)));
    news
}

fn cells(ctx: &Ctx, (event, record): &(Event, Record)) -> Vec<String> {
    let resource = record.resource;
    let mut record = record.clone();
    if *event == Event::Deleted {
        record.remove("created_at");
        if resource.word == SESSION.word {
            record.replace("phase", "DELETED");
        }
    }
    let columns: Vec<&Column> = resource.columns.iter().collect();
    let cells = output::cells(&record, &columns, ctx.now());
    if resource.word == SESSION.word {
        return cells;
    }
    let event = match event {
        Event::Added => "ADDED",
        Event::Modified => "MODIFIED",
        Event::Deleted => "DELETED",
    };
    std::iter::once(event.to_owned()).chain(cells).collect()
}

fn rows(resource: &Resource, cells: &[Vec<String>]) -> String {
    let event = (resource.word != SESSION.word).then_some(EVENT);
    let columns = resource.columns.iter().map(table::Column::from);
    let columns: Vec<table::Column> = event.into_iter().chain(columns).collect();
    table::fixed(&columns, cells)
}
