//! The tables, by version. A version that has been released is never changed; a new one is added.

use rusqlite::{Connection, Transaction};

use super::StoreError;
use crate::server::{ids, seed};

/// Each entry lifts the database by one version.
const VERSIONS: &[&str] = &[include_str!("schema_1.sql")];

/// The version that this program works with.
pub fn current() -> i64 {
    i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX)
}

/// The version of a database; 0 for an empty one.
pub fn version_of(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Brings a database to the current version, within a transaction that excludes other writers.
pub fn migrate(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let found = version_of(transaction)?;
    if found > current() {
        return Err(StoreError::Newer {
            found,
            known: current(),
        });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for sql in VERSIONS.iter().skip(done) {
        transaction.execute_batch(sql)?;
    }
    if done == 0 {
        transaction.execute(
            "INSERT INTO metadata (name, value) VALUES ('store_id', ?1)",
            [ids::fresh()],
        )?;
        seed::fill(transaction)?;
    }
    transaction.pragma_update(None, "user_version", current())?;
    Ok(())
}
