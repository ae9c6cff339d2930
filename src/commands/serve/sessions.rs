//! The queue of sessions: starts waiting sessions and stops unwanted ones.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::watch;

use super::run::{self, RunSetup, Stop};
use crate::server::runs::{End, SessionRun};

/// How often the store is checked for sessions that other processes started or stopped.
const LOOK: Duration = Duration::from_secs(1);

/// Writes a line to the server's log: the id of a session, and an event of its run.
pub(super) type Log<'a> = &'a dyn Fn(&str, &str);

/// Runs up to `at_once` sessions at the same time until the server stops; then ends the remaining runs.
pub(super) async fn serve(
    setup: &RunSetup,
    at_once: usize,
    mut server: watch::Receiver<bool>,
    log: Log<'_>,
) {
    let mut runs = FuturesUnordered::new();
    let mut stops: HashMap<String, watch::Sender<Option<Stop>>> = HashMap::new();
    let mut changes = setup.store.changes();
    loop {
        changes.mark_unchanged();
        stop_unwanted(setup, &stops).await;
        while runs.len() < at_once {
            // If the store fails, the next round tries again.
            let Ok(Some(next)) = setup.store.next().await else {
                break;
            };
            let (stop, stopped) = watch::channel(None);
            stops.insert(next.session.clone(), stop);
            runs.push(one(setup, next, stopped, log));
        }
        tokio::select! {
            _ = server.wait_for(|is_stopping| *is_stopping) => break,
            Some(session) = runs.next(), if !runs.is_empty() => {
                stops.remove(&session);
            }
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    for stop in stops.values() {
        stop.send_replace(Some(Stop::Server));
    }
    while runs.next().await.is_some() {}
}

async fn stop_unwanted(setup: &RunSetup, stops: &HashMap<String, watch::Sender<Option<Stop>>>) {
    let running = stops.keys().cloned().collect();
    for session in setup.store.to_stop(running).await.unwrap_or_default() {
        if let Some(stop) = stops.get(&session) {
            stop.send_if_modified(|asked| asked.replace(Stop::User).is_none());
        }
    }
}

/// Runs one session and stores the phase in which it ends. Returns the session's id.
async fn one(
    setup: &RunSetup,
    next: SessionRun,
    stop: watch::Receiver<Option<Stop>>,
    log: Log<'_>,
) -> String {
    log(&next.session, "started");
    let end = run::run(setup, &next, stop).await;
    let word = match end {
        End::Completed => "completed",
        End::Failed(_) => "failed",
        End::Stopped(_) => "stopped",
    };
    // If the store fails, the next server that starts ends the run.
    let _ = setup.store.end(&next.session, end).await;
    log(&next.session, word);
    next.session
}
