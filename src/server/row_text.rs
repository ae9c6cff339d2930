//! Rows as JSON text. A list may have thousands of rows, so their values go from the database into the text of the
//! answer without a record or a tree of values in between. The text is that of `ServerRecord::to_json`.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::fields::{Field, Kind, Type};
use super::names::BASE;
use super::record::FieldValue;
use super::store::records;
use super::time;
use crate::compat::json;

/// The columns that [`records::each`] puts before the fields: the id and two times.
const COMMON: usize = 3;

/// Writes the rows of a kind.
pub(super) struct RowText {
    /// The keys of an object, sorted by name.
    keys: Vec<(&'static str, Source)>,
    kind: &'static Kind,
    /// The column of the project that `href` names.
    project: Option<usize>,
    /// Holds `href` while it is put together.
    href: String,
}

/// The source of a value.
enum Source {
    Href,
    Id,
    Kind,
    Time(usize),
    Field(usize, &'static Field),
}

impl RowText {
    /// Returns a writer of the keys that `is_wanted` accepts.
    pub(super) fn new(kind: &'static Kind, is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut keys = vec![
            ("id", Source::Id),
            ("created_at", Source::Time(1)),
            ("updated_at", Source::Time(2)),
            ("href", Source::Href),
            ("kind", Source::Kind),
        ];
        let fields = records::stored(kind).zip(COMMON..);
        keys.extend(fields.map(|(field, column)| (field.name, Source::Field(column, field))));
        keys.retain(|(name, _)| is_wanted(name));
        keys.sort_unstable_by_key(|(name, _)| *name);
        let project = records::stored(kind).position(|field| field.name == "project_id");
        Self {
            keys,
            kind,
            project: project.map(|position| position + COMMON),
            href: String::new(),
        }
    }

    /// Appends a row as an object.
    pub(super) fn push(&mut self, out: &mut String, row: &Row<'_>) -> rusqlite::Result<()> {
        let mut separator = '{';
        let mut key = |out: &mut String, name: &str| {
            out.push(separator);
            separator = ',';
            out.push('"');
            out.push_str(name);
            out.push_str("\":");
        };
        for (name, source) in &self.keys {
            match source {
                Source::Field(column, field) => {
                    let value = row.get_ref(*column)?;
                    if field.null_shown || !is_null(field.kind, value) {
                        key(out, name);
                        push_value(out, field.kind, value);
                    }
                }
                Source::Href => {
                    key(out, name);
                    write_href(&mut self.href, self.kind, self.project, row)?;
                    json::push_text(out, &self.href);
                }
                Source::Id => {
                    key(out, name);
                    json::push_text(out, row.get_ref(0)?.as_str()?);
                }
                Source::Kind => {
                    key(out, name);
                    json::push_text(out, self.kind.name);
                }
                Source::Time(column) => {
                    key(out, name);
                    push_time(out, row.get(*column)?);
                }
            }
        }
        out.push('}');
        Ok(())
    }
}

/// True for a value that [`FieldValue::from_sql`] reads as null, which it does with every value of another type too.
fn is_null(kind: Type, value: ValueRef<'_>) -> bool {
    match (kind, value) {
        (Type::Text, ValueRef::Text(_))
        | (Type::Time | Type::Bool | Type::Int, ValueRef::Integer(_)) => false,
        (kind, value) => FieldValue::from_sql(kind, value) == FieldValue::Null,
    }
}

fn push_value(out: &mut String, kind: Type, value: ValueRef<'_>) {
    match (kind, value) {
        (Type::Text, ValueRef::Text(bytes)) => {
            json::push_text(out, &String::from_utf8_lossy(bytes));
        }
        (Type::Time, ValueRef::Integer(micros)) => push_time(out, micros),
        (kind, value) => out.push_str(&json::compact(&FieldValue::from_sql(kind, value).to_json())),
    }
}

fn push_time(out: &mut String, micros: i64) {
    out.push('"');
    time::push(out, time::from_micros(micros));
    out.push('"');
}

/// Writes the path of a record, as `ServerRecord` does.
fn write_href(
    href: &mut String,
    kind: &Kind,
    project: Option<usize>,
    row: &Row<'_>,
) -> rusqlite::Result<()> {
    href.clear();
    href.push_str(BASE);
    href.push('/');
    match (kind.collection.split_once("{project_id}"), project) {
        (Some((before, after)), Some(project)) => {
            href.push_str(before);
            if let ValueRef::Text(bytes) = row.get_ref(project)? {
                href.push_str(&String::from_utf8_lossy(bytes));
            }
            href.push_str(after);
        }
        _ => href.push_str(kind.collection),
    }
    href.push('/');
    href.push_str(row.get_ref(0)?.as_str()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::server::kinds;
    use crate::server::record::ServerRecord;
    use crate::server::store::create_tables;
    use crate::server::store::records::{Condition, Window};

    /// Fills every field, the texts with characters that JSON or the platform escapes.
    fn full(kind: &'static Kind) -> ServerRecord {
        let mut record = ServerRecord::new(kind, "<id> \"1\"".to_owned());
        record.created_at = time::from_micros(time::ZERO);
        for (field, value) in kind.fields.iter().zip(&mut record.values) {
            *value = match field.kind {
                Type::Text => FieldValue::Text(format!("{} <&>\u{2028}\n\\é\u{200b}", field.name)),
                Type::Bool => FieldValue::Bool(true),
                Type::Int => FieldValue::Int(-7),
                Type::Number => FieldValue::Number(0.75),
                Type::Time => FieldValue::Time(time::from_micros(1_234_567_890)),
                Type::Nested(_) => FieldValue::Nested(json!({"b": ["<", 1.0], "a": null})),
            };
            if field.secret {
                *value = FieldValue::Null;
            }
        }
        record
    }

    #[test]
    fn rows_are_written_as_records_are() {
        for kind in [
            &kinds::PROJECT,
            &kinds::PROJECT_SETTINGS,
            &kinds::CREDENTIAL,
            &kinds::AGENT,
            &kinds::INBOX_MESSAGE,
            &kinds::SESSION,
            &kinds::SCHEDULED_SESSION,
            &kinds::APPLICATION,
            &kinds::PROVIDER,
            &kinds::POLICY,
            &kinds::CLUSTER,
            &kinds::USER,
            &kinds::ROLE,
            &kinds::ROLE_BINDING,
        ] {
            let connection = Connection::open_in_memory().unwrap();
            create_tables(&connection);
            let empty = ServerRecord::new(kind, "empty".to_owned());
            for record in [&full(kind), &empty] {
                records::insert(&connection, record).unwrap();
            }
            let all = Condition::default();
            let window = Window {
                order: "id DESC".to_owned(),
                limit: -1,
                offset: 0,
            };
            let stored = records::list(&connection, kind, &all, &window).unwrap();
            let stored = stored.iter().map(|record| json::compact(&record.to_json()));
            let mut written = Vec::new();
            let mut rows = RowText::new(kind, |_| true);
            records::each(&connection, kind, &all, &window, |row| {
                let mut text = String::new();
                rows.push(&mut text, row)?;
                written.push(text);
                Ok(())
            })
            .unwrap();
            assert_eq!(written, stored.collect::<Vec<_>>(), "{}", kind.name);
        }
    }
}
