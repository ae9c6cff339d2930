//! `get --watch`: polls the list and prints which objects are new, changed or deleted. The first poll is sent at once,
//! and shows all objects as new.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::args::Args;
use crate::api::{Client, Error, ListOptions};
use crate::commands::binding_names;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::output::{self, Format, progress, table};
use crate::resources::{Cell, Column, ROLE_BINDING, Record, Resource, SESSION};

/// The time limit of one poll.
const POLL_LIMIT: Duration = Duration::from_secs(10);
/// How many polls in a row may fail.
const MAX_FAILURES: u32 = 5;
/// The column with the [`Event`]. Sessions have none; a deleted session is shown with the phase `DELETED`.
const EVENT: table::Column = table::Column {
    title: "EVENT",
    width: 8,
};

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let resource = check(args)?;
    let client = ctx.client()?;
    match args.list.format()? {
        Format::Table | Format::Wide => {}
        _ => return Err(Failure::usage("watch prints a table; leave out --output").into()),
    }
    let collection = args.collection(ctx, resource)?;
    let interval = ctx.settings()?.polling_interval.value;
    // A progress line for each poll would only flicker.
    let _quiet = progress::quiet();
    let layout = Layout::of(ctx, resource);
    ctx.out.text(&layout.rows(&[]))?;
    if args.watch_timeout.is_zero() {
        return Ok(());
    }
    ctx.block_on(async {
        let deadline = Instant::now() + args.watch_timeout;
        tokio::select! {
            // The order counts: a deadline that has passed means no poll at all, and Ctrl-C is handled before the first
            // request is sent.
            biased;
            () = sleep_until(deadline) => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted.context("wait for signals"),
            ended = poll(ctx, args, client, (&collection, &layout), interval) => ended,
        }
    })
}

fn check(args: &Args) -> Result<&'static Resource, Failure> {
    let resource = args.resource()?;
    if !args.names().is_empty() {
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

/// Polls until too many polls in a row have failed.
async fn poll(
    ctx: &Ctx,
    args: &Args,
    client: &Client,
    (collection, layout): (&Collection, &Layout),
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
                let changes = changes(&mut known, records);
                show(ctx, client, layout, changes).await?;
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

/// A change of an object since the last poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Added,
    Modified,
    Deleted,
}

/// Compares a list with the last one, which it replaces, and returns the objects that differ.
fn changes(known: &mut HashMap<String, Record>, records: Vec<Record>) -> Vec<(Event, Record)> {
    let mut changes = Vec::new();
    let mut now = HashMap::new();
    for record in records {
        let event = match known.remove(record.id()) {
            None => Some(Event::Added),
            Some(before) if before.json() != record.json() => Some(Event::Modified),
            Some(_) => None,
        };
        changes.extend(event.map(|event| (event, record.clone())));
        now.insert(record.id().to_owned(), record);
    }
    let mut deleted: Vec<Record> = std::mem::replace(known, now).into_values().collect();
    deleted.sort_by(|a, b| a.id().cmp(b.id()));
    changes.extend(deleted.into_iter().map(|record| (Event::Deleted, record)));
    changes
}

async fn show(
    ctx: &Ctx,
    client: &Client,
    layout: &Layout,
    mut changes: Vec<(Event, Record)>,
) -> anyhow::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    if layout.resource.word == ROLE_BINDING.word {
        for (_, binding) in &mut changes {
            binding_names::name_targets(client, std::slice::from_mut(binding)).await;
        }
    }
    let cells = changes.iter().map(|change| layout.cells(ctx, change));
    let text = layout.rows(&cells.collect::<Vec<_>>());
    let without_header = text.split_once('\n').map_or("", |(_, rows)| rows);
    ctx.out.text(without_header)
}

/// The columns of the rows: the Go tool's in a pipe; on a terminal those of a list, in the width of the window.
struct Layout {
    resource: &'static Resource,
    columns: Vec<&'static Column>,
    widths: Vec<table::Column>,
    is_on_terminal: bool,
}

impl Layout {
    fn of(ctx: &Ctx, resource: &'static Resource) -> Self {
        let window = ctx.out.width();
        let columns = match window {
            Some(_) => resource.screen,
            None => resource.columns,
        };
        // A change is one object alone: nothing is joined to it.
        let is_own = |column: &&Column| !matches!(column.cell, Cell::Joined(_));
        let columns: Vec<&Column> = columns.iter().filter(is_own).collect();
        let event = (resource.word != SESSION.word).then_some(EVENT);
        let own = columns.iter().map(|column| table::Column::from(*column));
        let widths: Vec<table::Column> = event.into_iter().chain(own).collect();
        Self {
            resource,
            columns,
            widths: match window {
                Some(window) => table::narrowed(&widths, window),
                None => widths,
            },
            is_on_terminal: window.is_some(),
        }
    }

    fn cells(&self, ctx: &Ctx, (event, record): &(Event, Record)) -> Vec<String> {
        let is_session = self.resource.word == SESSION.word;
        let mut record = record.clone();
        if *event == Event::Deleted {
            record.remove("created_at");
            if is_session {
                record.replace("phase", "DELETED");
            }
        }
        let cells = output::cells(&record, &self.columns, ctx.now());
        if is_session {
            return cells;
        }
        let event = match event {
            Event::Added => "ADDED",
            Event::Modified => "MODIFIED",
            Event::Deleted => "DELETED",
        };
        std::iter::once(event.to_owned()).chain(cells).collect()
    }

    /// Returns a table with its header.
    fn rows(&self, cells: &[Vec<String>]) -> String {
        if self.is_on_terminal {
            table::steady(&self.widths, cells)
        } else {
            table::fixed(&self.widths, cells)
        }
    }
}
