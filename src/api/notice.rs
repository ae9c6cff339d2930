//! Tells the user about the client's work: pauses, long lists, and the place of a new key.

use std::time::Duration;

use super::error::Error;
use crate::output::note;
use crate::output::progress::{self, Progress};
use crate::resources::Resource;
use crate::server::AppState;

/// Shows that the client waits before it repeats a request.
pub(super) fn waiting(error: &Error, pause: Duration) -> Progress {
    let why = match error.status() {
        Some(status) => format!("server busy ({status})"),
        None => "connection lost".to_owned(),
    };
    progress::begin(format!("{why}: waiting {} s", pause.as_secs().max(1)))
}

/// Shows that the client reads a list.
pub(super) fn listing(resource: &Resource) -> Progress {
    progress::begin(format!("Listing {}", resource.plural()))
}

/// Shows how much of a list has been read.
pub(super) fn listed(progress: &Progress, resource: &Resource, count: i64, total: i64) {
    progress.say(|| format!("Listing {}: {count} of {total}", resource.plural()));
}

/// Tells where the key of the embedded API's store was put, if it was created just now: the user must know its place,
/// and a file protects it less than a keyring does.
pub(crate) fn report_key(state: &AppState) {
    let Some(notice) = state.take_key_notice() else {
        return;
    };
    let place = notice.file.map_or_else(
        || "the keyring".to_owned(),
        |file| file.display().to_string(),
    );
    let reason = notice
        .reason
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    note(&format!(
        "The key of the embedded API's store is in {place}{reason}"
    ));
}
