//! The clock of the server: starts the sessions of schedules when their time has come.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::sessions::Log;
use crate::server::AppState;

/// How often the schedules are checked. Cron expressions count minutes.
const LOOK: Duration = Duration::from_secs(2);

/// Starts due sessions until the server stops.
pub(super) async fn serve(state: &AppState, mut server: watch::Receiver<bool>, log: Log<'_>) {
    if !state.keeps_schedules() {
        return;
    }
    loop {
        for session in start_due(state.clone()).await {
            log(&session, "scheduled");
        }
        tokio::select! {
            _ = server.wait_for(|is_stopping| *is_stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Starts the sessions that are due now, on a thread that may block. If the store fails, the next round tries again.
async fn start_due(state: AppState) -> Vec<String> {
    let started = tokio::task::spawn_blocking(move || state.start_due(Timestamp::now())).await;
    match started {
        Ok(started) => started.unwrap_or_default(),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
