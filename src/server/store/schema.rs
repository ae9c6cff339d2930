//! The tables, by version. A released version never changes; changes become a new version.

use rusqlite::{Connection, Transaction};

use super::error::StoreError;
use crate::server::ids;

/// Each entry migrates the database from one version to the next.
const VERSIONS: &[fn(&Connection) -> rusqlite::Result<()>] = &[
    |connection| connection.execute_batch(include_str!("schema_1.sql")),
    |connection| {
        connection.execute_batch(include_str!("schema_2.sql"))?;
        for table in COUNTED {
            keep_count(connection, table, "''")?;
        }
        for table in COUNTED_BY_PROJECT {
            keep_count(connection, table, "project_id")?;
        }
        Ok(())
    },
    // Tokens are also bound to provider and address, in a form that earlier programs can't open.
    |_| Ok(()),
    |connection| {
        connection.execute_batch(include_str!("schema_4.sql"))?;
        keep_count(connection, "clusters", "''")?;
        keep_count(connection, "providers", "project_id")?;
        keep_count(connection, "policies", "project_id")
    },
];

/// The tables of the second version whose live rows are counted by triggers, so that the total of a list costs the same
/// for any number of rows.
const COUNTED: [&str; 8] = [
    "credentials",
    "projects",
    "project_settings",
    "sessions",
    "roles",
    "role_bindings",
    "users",
    "applications",
];
/// The tables of the second version whose live rows are counted for each project.
const COUNTED_BY_PROJECT: [&str; 2] = ["agents", "sessions"];

/// Whether all live rows of a table are counted.
pub(super) fn is_counted(table: &str) -> bool {
    COUNTED.contains(&table) || table == "clusters"
}

/// Whether the live rows of a table are counted for each project.
pub(super) fn is_counted_by_project(table: &str) -> bool {
    COUNTED_BY_PROJECT.contains(&table) || matches!(table, "providers" | "policies")
}

/// Counts the live rows of a table. `project` is an SQL expression for the row's project, which never changes.
fn keep_count(connection: &Connection, table: &str, project: &str) -> rusqlite::Result<()> {
    let (trigger, of_new) = if project == "project_id" {
        ("by_project", "new.project_id")
    } else {
        ("all", project)
    };
    let add = |live: &str, from: &str| {
        format!(
            "INSERT INTO live_counts (name, project, live) {from}
             ON CONFLICT (name, project) DO UPDATE SET live = live + {live}"
        )
    };
    let come = add(
        "1",
        &format!("SELECT '{table}', {of_new}, 1 WHERE {of_new} IS NOT NULL"),
    );
    let change = "iif(new.deleted_at IS NULL, 1, -1)";
    let go = add(
        change,
        &format!("SELECT '{table}', {of_new}, {change} WHERE {of_new} IS NOT NULL"),
    );
    connection.execute_batch(&format!(
        "INSERT INTO live_counts SELECT '{table}', {project}, count(*) FROM {table}
           WHERE deleted_at IS NULL AND {project} IS NOT NULL GROUP BY 2;
         CREATE TRIGGER {table}_come_{trigger} AFTER INSERT ON {table} WHEN new.deleted_at IS NULL BEGIN
           {come};
         END;
         CREATE TRIGGER {table}_go_{trigger} AFTER UPDATE OF deleted_at ON {table}
         WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
           {go};
         END;"
    ))
}

/// Returns the version that this program works with.
pub(super) fn current() -> i64 {
    i64::try_from(VERSIONS.len()).unwrap_or(i64::MAX)
}

/// Returns the version of a database; 0 for an empty one.
pub(super) fn version_of(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Whether a database is undamaged and defines exactly what this program defines in that version. A foreign trigger or
/// view would run later.
pub(super) fn is_whole(connection: &Connection, version: i64) -> Result<bool, StoreError> {
    let model = Connection::open_in_memory()?;
    for migrate in VERSIONS
        .iter()
        .take(usize::try_from(version).unwrap_or_default())
    {
        migrate(&model)?;
    }
    if definitions(connection)? != definitions(&model)? {
        return Ok(false);
    }
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok(verdict == "ok")
}

type Definition = (String, String, String, Option<String>);

fn definitions(connection: &Connection) -> Result<Vec<Definition>, StoreError> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = connection.prepare(sql)?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    Ok(statement.query_map([], row)?.collect::<Result<_, _>>()?)
}

/// Creates all tables, without the content of a new store.
#[cfg(test)]
pub(crate) fn tables(connection: &Connection) {
    for migrate in VERSIONS {
        migrate(connection).unwrap();
    }
}

/// The state that a migration started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Migrated {
    /// An empty database, which now has its tables and no records.
    New,
    Existing,
}

/// Brings a database to the current version, within a transaction that excludes other writers.
pub(super) fn migrate(transaction: &Transaction<'_>) -> Result<Migrated, StoreError> {
    let found = version_of(transaction)?;
    if found > current() {
        return Err(StoreError::Newer {
            found,
            known: current(),
        });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for step in VERSIONS.iter().skip(done) {
        step(transaction)?;
    }
    if done == 0 {
        transaction.execute(
            "INSERT INTO metadata (name, value) VALUES ('store_id', ?1)",
            [ids::fresh()],
        )?;
    }
    transaction.pragma_update(None, "user_version", current())?;
    Ok(if done == 0 {
        Migrated::New
    } else {
        Migrated::Existing
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store of the first version is migrated with its content.
    #[test]
    fn older_stores_are_migrated() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("schema_1.sql"))
            .unwrap();
        connection
            .execute_batch(
                "INSERT INTO users (id, created_at, updated_at, username, name) VALUES ('a', 0, 0, 'a', 'a');
                 INSERT INTO users (id, created_at, updated_at, deleted_at, username, name)
                 VALUES ('b', 0, 0, 0, 'b', 'b');
                 PRAGMA user_version = 1;",
            )
            .unwrap();
        let transaction = connection.transaction().unwrap();
        migrate(&transaction).unwrap();
        transaction.commit().unwrap();
        assert_eq!(version_of(&connection).unwrap(), current());
        let live: i64 = connection
            .query_row(
                "SELECT live FROM live_counts WHERE name = 'users' AND project = ''",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(live, 1);
    }
}
