//! The table `metadata`: named values about the store itself.

use rusqlite::{Connection, OptionalExtension as _};

use super::error::StoreError;

/// Returns the value of this name.
pub(crate) fn get(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM metadata WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Sets the value of this name.
pub(crate) fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO metadata (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}
