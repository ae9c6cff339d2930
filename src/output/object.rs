//! Objects and lists in the form that `-o` asks for.

use jiff::Timestamp;
use serde_json::Value;

use super::format::Format;
use super::out::Out;
use super::{age, jsonpath, table};
use crate::failure::Failure;
use crate::resources::{Cell, Column, List, Record, Resource};

impl Out {
    /// Shows one object.
    ///
    /// # Errors
    /// Standard output can't be written, or the template is wrong.
    pub fn record(&self, record: &Record, format: &Format, now: Timestamp) -> anyhow::Result<()> {
        self.show(
            record.resource,
            std::slice::from_ref(record),
            &|| record.json(),
            format,
            now,
        )
    }

    /// Shows a list.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub fn list(&self, list: &List, format: &Format, now: Timestamp) -> anyhow::Result<()> {
        self.show(list.resource, list.items(), &|| list.json(), format, now)
    }

    /// Shows a value that is not an object of the server.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub fn value(&self, value: &Value, format: &Format) -> anyhow::Result<()> {
        match format {
            Format::Yaml => self.data(crate::yaml::to_string(value)?.as_bytes()),
            Format::JsonPath(template) => self.text(&found(template, value)?),
            _ => self.json(value),
        }
    }

    /// Writes what a template finds in a secret that the user asked for. No byte of it may change.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub fn secret(&self, template: &str, record: &Record) -> anyhow::Result<()> {
        self.data(found(template, &record.json())?.as_bytes())
    }

    fn show(
        &self,
        resource: &'static Resource,
        rows: &[Record],
        value: &dyn Fn() -> Value,
        format: &Format,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        match format {
            Format::Table => self.table(resource.columns, &[], rows, now),
            Format::Wide => self.table(resource.columns, resource.wide, rows, now),
            Format::Json => self.json(&value()),
            Format::Yaml => self.data(crate::yaml::to_string(&value())?.as_bytes()),
            Format::Name => rows
                .iter()
                .try_for_each(|row| self.line(&format!("{}/{}", resource.word, row.name_or_id()))),
            Format::JsonPath(template) => self.text(&found(template, &value())?),
        }
    }

    /// Shows a table: fixed columns in a pipe, fitted columns on a terminal. With `wide` no column is cut.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn table(
        &self,
        columns: &'static [Column],
        wide: &'static [Column],
        rows: &[Record],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let shown: Vec<&Column> = columns.iter().chain(wide).collect();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(row, &shown, now)).collect();
        self.cells(
            &shown
                .iter()
                .map(|column| table::Column::from(*column))
                .collect::<Vec<_>>(),
            &cells,
            !wide.is_empty(),
        )
    }

    /// Shows a table of cells that are ready, as [`Out::table`] does.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn cells(
        &self,
        columns: &[table::Column],
        rows: &[Vec<String>],
        wide: bool,
    ) -> anyhow::Result<()> {
        if !wide && !self.is_terminal() {
            return self.long(&table::fixed(columns, rows));
        }
        let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
        self.fitted(&titles, rows, wide)
    }

    /// Shows a table with fitted columns, in a pipe too: use it if the Go tool has no such table that scripts read.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub fn fitted(&self, titles: &[&str], rows: &[Vec<String>], wide: bool) -> anyhow::Result<()> {
        // With `-o wide` the user wants whole columns, however narrow the window is.
        let width = self.width().filter(|_| !wide);
        self.long(&table::fitted(titles, rows, width))
    }
}

/// Returns the cells of an object's row.
#[must_use]
pub(crate) fn cells(record: &Record, columns: &[&Column], now: Timestamp) -> Vec<String> {
    let cell = |column: &&Column| cell(record, column, now);
    columns.iter().map(cell).collect()
}

fn cell(record: &Record, column: &Column, now: Timestamp) -> String {
    match column.cell {
        Cell::Field(name) => match record.value(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
            None if record.resource.is_flag(name) => "false".to_owned(),
            None => String::new(),
        },
        Cell::Age(name) => age::age(record.text(name), now),
        Cell::Derived(derive) => derive(record.values()),
    }
}

/// Returns what a template finds, as a line.
fn found(template: &str, value: &Value) -> Result<String, Failure> {
    let found =
        jsonpath::evaluate(template, value).map_err(|why| Failure::usage(why.to_string()))?;
    Ok(format!("{found}\n"))
}
