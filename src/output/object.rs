//! Objects and lists in the form that `-o` asks for.

use jiff::Timestamp;
use serde_json::Value;

use super::{Format, Out, table};
use crate::failure::Failure;
use crate::resources::{Column, List, Record, Resource};

impl Out {
    /// Shows one object.
    ///
    /// # Errors
    /// When standard output can't be written, or the template is wrong.
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

    /// Shows a value that is no object of the server.
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

    /// Writes what a template finds in a secret that was asked for, as it is: not a byte of it may change.
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

    /// A table: fixed columns in a pipe, fitted ones on a terminal; wide ones are never cut.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn table(
        &self,
        columns: &'static [Column],
        wide: &'static [Column],
        rows: &[Record],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let shown: Vec<&Column> = columns.iter().chain(wide).collect();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(&shown, now)).collect();
        self.cells(
            &shown
                .iter()
                .map(|column| table::Column::from(*column))
                .collect::<Vec<_>>(),
            &cells,
            !wide.is_empty(),
        )
    }

    /// The same from ready cells.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn cells(
        &self,
        columns: &[table::Column],
        rows: &[Vec<String>],
        wide: bool,
    ) -> anyhow::Result<()> {
        if !wide && !self.is_terminal() {
            return self.text(&table::fixed(columns, rows));
        }
        let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
        self.fitted(&titles, rows, wide)
    }

    /// Writes columns that fit in a pipe too, for tables that no script of the Go tool reads.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn fitted(&self, titles: &[&str], rows: &[Vec<String>], wide: bool) -> anyhow::Result<()> {
        // Wide columns are asked for whole, however narrow the window is.
        let width = self.width().filter(|_| !wide);
        self.text(&table::fitted(titles, rows, width))
    }
}

/// What a template finds, as a line.
fn found(template: &str, value: &Value) -> Result<String, Failure> {
    let found = super::jsonpath::evaluate(template, value).map_err(Failure::usage)?;
    Ok(format!("{found}\n"))
}
