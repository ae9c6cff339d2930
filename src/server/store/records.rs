//! Records as rows. Names of tables and columns come from the tables of fields; every value is a parameter.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params_from_iter};

use super::schema;
use crate::server::fields::{Field, Kind};
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::time;

/// A condition, with its parameters in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Condition {
    /// SQL of known columns, operators and `?`; empty if there is no condition.
    pub sql: String,
    pub values: Vec<Sql>,
}

impl Condition {
    /// Returns the condition `column = value`.
    pub(crate) fn equal(column: &'static str, value: impl Into<String>) -> Self {
        Self {
            sql: format!("{column} = ?"),
            values: vec![Sql::Text(value.into())],
        }
    }

    /// Returns the condition that both hold.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        match (self.sql.is_empty(), other.sql.is_empty()) {
            (true, _) => other,
            (false, true) => self,
            (false, false) => {
                self.sql = format!("({}) AND ({})", self.sql, other.sql);
                self.values.extend(other.values);
                self
            }
        }
    }
}

/// The requested part of a list.
#[derive(Debug)]
pub(crate) struct Window {
    /// The SQL after `ORDER BY`.
    pub order: String,
    pub limit: i64,
    pub offset: i64,
}

/// Returns the fields that are columns of the record's table.
pub(crate) fn stored(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| !field.secret)
}

fn columns(kind: &'static Kind) -> String {
    let mut columns = String::from("id, created_at, updated_at");
    for field in stored(kind) {
        columns.push_str(", ");
        columns.push_str(field.name);
    }
    columns
}

fn record(kind: &'static Kind, row: &Row<'_>) -> rusqlite::Result<ServerRecord> {
    let mut record = ServerRecord::new(kind, row.get(0)?);
    record.created_at = time::from_micros(row.get(1)?);
    record.updated_at = time::from_micros(row.get(2)?);
    let mut column = 3;
    for (field, value) in kind.fields.iter().zip(&mut record.values) {
        if field.secret {
            continue;
        }
        *value = FieldValue::from_sql(field.kind, row.get_ref(column)?);
        column += 1;
    }
    Ok(record)
}

/// Adds a record.
pub(crate) fn insert(connection: &Connection, record: &ServerRecord) -> rusqlite::Result<()> {
    let count = 3 + stored(record.kind).count();
    let places = vec!["?"; count].join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({places})",
        record.kind.table,
        columns(record.kind)
    );
    let created = time::to_micros(record.created_at);
    let updated = time::to_micros(record.updated_at);
    let mut values: Vec<&dyn ToSql> = vec![&record.id, &created, &updated];
    values.extend(stored_values(record));
    connection
        .prepare_cached(&sql)?
        .execute(params_from_iter(values))?;
    Ok(())
}

fn stored_values(record: &ServerRecord) -> impl Iterator<Item = &dyn ToSql> {
    record
        .kind
        .fields
        .iter()
        .zip(&record.values)
        .filter(|(field, _)| !field.secret)
        .map(|(_, value)| value as &dyn ToSql)
}

/// Writes every field of a live record, except its time of creation.
pub(crate) fn update(connection: &Connection, record: &ServerRecord) -> rusqlite::Result<()> {
    let mut sql = format!("UPDATE {} SET updated_at = ?", record.kind.table);
    for field in stored(record.kind) {
        sql.push_str(", ");
        sql.push_str(field.name);
        sql.push_str(" = ?");
    }
    sql.push_str(" WHERE id = ? AND deleted_at IS NULL");
    let updated = time::to_micros(record.updated_at);
    let mut values: Vec<&dyn ToSql> = vec![&updated];
    values.extend(stored_values(record));
    values.push(&record.id);
    connection
        .prepare_cached(&sql)?
        .execute(params_from_iter(values))?;
    Ok(())
}

/// Returns the live record with this id.
pub(crate) fn get(
    connection: &Connection,
    kind: &'static Kind,
    id: &str,
) -> rusqlite::Result<Option<ServerRecord>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE id = ? AND deleted_at IS NULL",
        columns(kind),
        kind.table
    );
    connection
        .prepare_cached(&sql)?
        .query_row([id], |row| record(kind, row))
        .optional()
}

/// Marks a record as deleted; returns whether it was live.
pub(crate) fn delete(
    connection: &Connection,
    kind: &'static Kind,
    id: &str,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "UPDATE {} SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
        kind.table
    );
    let changed = connection
        .prepare_cached(&sql)?
        .execute((time::to_micros(time::now()), id))?;
    Ok(changed > 0)
}

/// Counts the live records that meet a condition.
pub(crate) fn count(
    connection: &Connection,
    kind: &'static Kind,
    condition: &Condition,
) -> rusqlite::Result<i64> {
    let sql = count_sql(kind, condition);
    connection
        .prepare_cached(&sql)?
        .query_row(params_from_iter(&condition.values), |row| row.get(0))
}

/// Counts the live records that meet a condition by the value of a column; records without a value are left out.
pub(crate) fn counts(
    connection: &Connection,
    kind: &'static Kind,
    column: &'static str,
    condition: &Condition,
) -> rusqlite::Result<Vec<(String, i64)>> {
    let sql = format!(
        "SELECT {column}, count(*) FROM {} {} AND {column} <> '' GROUP BY 1 ORDER BY 1",
        kind.table,
        live(condition)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&condition.values), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    rows.collect()
}

fn count_sql(kind: &'static Kind, condition: &Condition) -> String {
    let kept = |project: &str| {
        format!(
            "SELECT ifnull(sum(live), 0) FROM live_counts WHERE name = '{}' AND project = {project}",
            kind.table
        )
    };
    match condition.sql.as_str() {
        "" if schema::is_counted(kind.table) => kept("''"),
        "project_id = ?" if schema::is_counted_by_project(kind.table) => kept("?"),
        _ => format!("SELECT count(*) FROM {} {}", kind.table, live(condition)),
    }
}

/// Returns the live records that meet a condition, in order.
pub(crate) fn list(
    connection: &Connection,
    kind: &'static Kind,
    condition: &Condition,
    window: &Window,
) -> rusqlite::Result<Vec<ServerRecord>> {
    let mut found = Vec::new();
    each(connection, kind, condition, window, |row| {
        found.push(record(kind, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Passes the rows of the live records that meet a condition to `with`, in order. Their columns are the id, the time of
/// creation, the time of the last change, and the fields of [`stored`].
pub(crate) fn each(
    connection: &Connection,
    kind: &'static Kind,
    condition: &Condition,
    window: &Window,
    mut with: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let sql = list_sql(kind, condition, window);
    let mut statement = connection.prepare_cached(&sql)?;
    let bounds = [Sql::Integer(window.limit), Sql::Integer(window.offset)];
    let values = condition.values.iter().chain(&bounds);
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        with(row)?;
    }
    Ok(())
}

/// Returns all live records that meet a condition, ordered by id.
pub(crate) fn all(
    connection: &Connection,
    kind: &'static Kind,
    condition: &Condition,
) -> rusqlite::Result<Vec<ServerRecord>> {
    let window = Window {
        order: "id".to_owned(),
        limit: -1,
        offset: 0,
    };
    list(connection, kind, condition, &window)
}

fn list_sql(kind: &'static Kind, condition: &Condition, window: &Window) -> String {
    format!(
        "SELECT {} FROM {} {} ORDER BY {} LIMIT ? OFFSET ?",
        columns(kind),
        kind.table,
        live(condition),
        window.order
    )
}

fn live(condition: &Condition) -> String {
    if condition.sql.is_empty() {
        "WHERE deleted_at IS NULL".to_owned()
    } else {
        format!("WHERE deleted_at IS NULL AND ({})", condition.sql)
    }
}

/// The query plans of the database, for tests.
#[cfg(test)]
pub(crate) mod plans {
    use super::*;

    pub(crate) fn explain<'v>(sql: &str, values: impl Iterator<Item = &'v Sql>) -> String {
        let connection = Connection::open_in_memory().unwrap();
        schema::tables(&connection);
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let rows = statement
            .query_map(params_from_iter(values), |row| row.get::<_, String>(3))
            .unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    }

    /// Returns the plan of [`all`].
    pub(crate) fn list(kind: &'static Kind, condition: &Condition) -> String {
        let window = Window {
            order: "id".to_owned(),
            limit: -1,
            offset: 0,
        };
        let bounds = [Sql::Integer(window.limit), Sql::Integer(window.offset)];
        let sql = list_sql(kind, condition, &window);
        explain(&sql, condition.values.iter().chain(&bounds))
    }
}

#[cfg(test)]
mod tests {
    use super::plans::explain;
    use super::*;
    use crate::server::kinds::{AGENT, CREDENTIAL, PROJECT, ROLE_BINDING, SESSION};
    use crate::server::order;
    use crate::server::search;

    /// Returns the plan of a list.
    fn plan(search: &str, order_by: &str) -> String {
        let condition = search::condition(&CREDENTIAL, search).unwrap();
        let window = Window {
            order: order::clause(&CREDENTIAL, order_by).unwrap(),
            limit: 100,
            offset: 0,
        };
        let sql = list_sql(&CREDENTIAL, &condition, &window);
        let bounds = [Sql::Integer(window.limit), Sql::Integer(window.offset)];
        explain(&sql, condition.values.iter().chain(&bounds))
    }

    /// Neither a total nor a look-up by name scans the whole table.
    #[test]
    fn totals_and_names_are_read_by_index() {
        let none = Condition::default();
        let kept = "SEARCH live_counts USING PRIMARY KEY (name=? AND project=?)";
        for kind in [&CREDENTIAL, &SESSION, &PROJECT, &ROLE_BINDING] {
            let plan = explain(&count_sql(kind, &none), none.values.iter());
            assert_eq!(plan, kept, "{}", kind.name);
        }
        let in_project = Condition::equal("project_id", "p");
        let plan = |kind, condition: &Condition| {
            explain(&count_sql(kind, condition), condition.values.iter())
        };
        for kind in [&AGENT, &SESSION] {
            assert_eq!(plan(kind, &in_project), kept, "{}", kind.name);
        }
        let page = Window {
            order: "id".to_owned(),
            limit: 100,
            offset: 9900,
        };
        let bounds = [Sql::Integer(page.limit), Sql::Integer(page.offset)];
        let listed = explain(
            &list_sql(&AGENT, &in_project, &page),
            in_project.values.iter().chain(&bounds),
        );
        assert_eq!(
            listed,
            "SEARCH agents USING INDEX agents_project (project_id=?)"
        );
        let named = |kind| search::condition(kind, "name = 'n'").unwrap();
        let agents = plan(&AGENT, &in_project.and(named(&AGENT)));
        assert!(
            agents.contains("agents_name (project_id=? AND name=?)"),
            "{agents}"
        );
        assert!(plan(&SESSION, &named(&SESSION)).contains("sessions_name (name=?)"));
        assert!(plan(&CREDENTIAL, &named(&CREDENTIAL)).contains("credentials_name (name=?)"));
    }

    /// The counts follow inserts and deletes; a second delete changes nothing.
    #[test]
    fn totals_are_those_of_the_rows() {
        let connection = Connection::open_in_memory().unwrap();
        schema::tables(&connection);
        let counted = |project: &str| {
            let all = count(&connection, &SESSION, &Condition::default()).unwrap();
            let there = Condition::equal("project_id", project);
            (all, count(&connection, &SESSION, &there).unwrap())
        };
        assert_eq!(counted("p"), (0, 0));
        for (id, project) in [("a", "p"), ("b", "p"), ("c", "q"), ("d", "")] {
            let mut session = ServerRecord::new(&SESSION, id.to_owned());
            session.set_text("name", id);
            if !project.is_empty() {
                session.set_text("project_id", project);
            }
            insert(&connection, &session).unwrap();
        }
        assert_eq!((counted("p"), counted("q")), ((4, 2), (4, 1)));
        assert!(delete(&connection, &SESSION, "b").unwrap());
        assert!(!delete(&connection, &SESSION, "b").unwrap());
        assert!(delete(&connection, &SESSION, "d").unwrap());
        assert_eq!((counted("p"), counted("q")), ((2, 1), (2, 1)));
    }

    #[test]
    fn large_stores_are_read_by_index() {
        for (search, order_by, index) in [
            ("", "", "credentials_live"),
            ("", "id", "credentials_live"),
            ("name = 'n'", "", "credentials_name (name=?)"),
            ("name in ('n', 'm')", "", "credentials_name (name=?)"),
            ("provider = 'p'", "id", "credentials_provider (provider=?)"),
            ("id = 'x'", "", "(id=?)"),
        ] {
            let plan = plan(search, order_by);
            assert!(plan.contains(index), "{search} {order_by}: {plan}");
            let sorts = plan.contains("TEMP B-TREE") && !search.contains(" in ");
            assert!(!sorts, "{search} {order_by}: {plan}");
        }
    }

    #[test]
    fn conditions_are_joined_whole() {
        let joined = Condition::equal("a", "1").and(Condition {
            sql: "b = ? OR c = ?".to_owned(),
            values: vec![Sql::Integer(2), Sql::Integer(3)],
        });
        assert_eq!(joined.sql, "(a = ?) AND (b = ? OR c = ?)");
        assert_eq!(joined.values.len(), 3);
        let only = Condition::default().and(Condition::equal("a", "1"));
        assert_eq!(only, Condition::equal("a", "1").and(Condition::default()));
    }
}
