//! The marks of renewals that have failed, kept in the file that serves as the lock: a run that has waited for one of
//! them does not try again, because the waits would add up. A mark counts for those who were waiting, and no longer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use jiff::Timestamp;

/// How long a mark stays, in milliseconds: longer than any run waits.
const LASTS: i64 = 120_000;
/// The size up to which the marks are read, in bytes.
const MAX_SIZE: u64 = 64 << 10;

/// The time of the last failure for each context, in milliseconds.
type Marks = BTreeMap<String, i64>;

/// Returns when the login of a context could last not be renewed. The caller has the lock.
pub(super) fn at(file: &File, context: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(read(file).remove(context)?).ok()
}

/// Marks that the login of a context could not be renewed. The caller has the lock.
///
/// # Errors
/// The system's error.
pub(super) fn mark(mut file: &File, context: &str, now: Timestamp) -> io::Result<()> {
    let mut marks = read(file);
    let now = now.as_millisecond();
    marks.retain(|_, at| now.saturating_sub(*at) < LASTS);
    marks.insert(context.to_owned(), now);
    let text = serde_json::to_vec(&marks)?;
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// Returns the marks; none if the file does not hold any.
fn read(mut file: &File) -> Marks {
    let mut text = Vec::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(MAX_SIZE).read_to_end(&mut text));
    read.ok()
        .and_then(|_| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}
