//! `get sessions --watch`: polls, and prints what is new, changed or gone (contract cli-core.md
//! section 7.9.5). The first poll comes at once, so the sessions there are shown.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Args, named};
use crate::api::{Client, Error, ListOptions};
use crate::ctx::Ctx;
use crate::exit::Failure;
use crate::output::{Format, progress, table};
use crate::resources::{Column, Record, SESSION};

/// How long one poll may take.
const POLL_LIMIT: Duration = Duration::from_secs(10);
/// How many polls in a row may fail.
const MAX_FAILURES: u32 = 5;

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check(args)?;
    let client = ctx.client()?;
    match args.list.format()? {
        Format::Table | Format::Wide => {}
        _ => return Err(Failure::usage("watch prints a table; leave out --output").into()),
    }
    let interval = ctx.settings()?.polling_interval;
    // A line for each poll would only flicker.
    let _quiet = progress::quiet();
    ctx.out.text(&rows(&[]))?;
    // Only this frame of the Go tool's notice is kept: there is no gRPC in this program.
    ctx.out
        .note("gRPC watch unavailable (not part of this program), falling back to polling...");
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
            ended = poll(ctx, args, client, interval) => ended,
        }
    })
}

fn check(args: &Args) -> Result<(), Failure> {
    let resource = named::resource(&args.resource);
    if resource.is_none_or(|resource| resource.word != SESSION.word) {
        let shown = match resource {
            Some(_) if named::is_project_agent(&args.resource) => "project-agents",
            Some(resource) => resource.plural(),
            None => &args.resource,
        };
        return Err(Failure::usage(format!(
            "--watch is only supported for sessions, not {shown}"
        )));
    }
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
    Ok(())
}

async fn poll(ctx: &Ctx, args: &Args, client: &Client, interval: Duration) -> anyhow::Result<()> {
    let mut known: HashMap<String, Record> = HashMap::new();
    let mut failures = 0;
    loop {
        let answer = timeout(
            POLL_LIMIT,
            client.list(&SESSION, "/sessions", &ListOptions::default()),
        )
        .await;
        let answer =
            answer.unwrap_or_else(|_| Err(Error::Body("context deadline exceeded".to_owned())));
        match answer {
            Ok(list) => {
                failures = 0;
                let mut sessions = list.items.unwrap_or_default();
                args.list.keep_labelled(&mut sessions)?;
                let news = changes(&mut known, sessions);
                if !news.is_empty() {
                    let text = rows(
                        &news
                            .iter()
                            .map(|record| cells(ctx, record))
                            .collect::<Vec<_>>(),
                    );
                    let without_header = text.split_once('\n').map_or("", |(_, rows)| rows);
                    ctx.out.text(without_header)?;
                }
            }
            Err(error) => {
                failures += 1;
                ctx.out.note(&format!(
                    "Error processing sessions ({failures}/{MAX_FAILURES}): {error}"
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

/// What is new, changed or gone since the last poll; what is gone has the phase `DELETED`.
fn changes(known: &mut HashMap<String, Record>, sessions: Vec<Record>) -> Vec<Record> {
    let watched = |record: &Record| {
        ["phase", "name", "llm_model", "updated_at"].map(|field| record.text(field).to_owned())
    };
    let mut news = Vec::new();
    let mut now = HashMap::new();
    for session in sessions {
        let before = known.remove(session.id());
        if before.is_none_or(|before| watched(&before) != watched(&session)) {
            news.push(session.clone());
        }
        now.insert(session.id().to_owned(), session);
    }
    let mut gone: Vec<Record> = std::mem::replace(known, now).into_values().collect();
    gone.sort_by(|a, b| a.id().cmp(b.id()));
    for session in &mut gone {
        session.replace("phase", "DELETED");
        session.remove("created_at");
    }
    news.extend(gone);
    news
}

fn cells(ctx: &Ctx, record: &Record) -> Vec<String> {
    record.cells(&SESSION.columns.iter().collect::<Vec<&Column>>(), ctx.now())
}

fn rows(cells: &[Vec<String>]) -> String {
    let columns: Vec<table::Column> = SESSION.columns.iter().map(table::Column::from).collect();
    table::fixed(&columns, cells)
}
