//! Objects and lists in the form that `-o` asks for.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value;

use super::format::Format;
use super::out::Out;
use super::style::{Tone, paint};
use super::{age, custom, jsonpath, table};
use crate::failure::Failure;
use crate::resources::{Cell, Column, List, Record, Resource};

/// A certificate or token that ends within this time is shown as ending soon.
const SOON: i64 = 14 * 86_400;
/// From this time on, years are counted.
const YEARS: i64 = 2 * 365 * 86_400;
/// A certificate or token that ends within this time is shown as about to end.
const VERY_SOON: i64 = 86_400;

/// The columns of a table: those in a pipe, which scripts know, and those on a terminal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub piped: &'static [Column],
    pub screen: &'static [Column],
}

/// The choices for the layout of a list beside its format.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Layout {
    /// The columns, if they are not those of the resource.
    pub columns: Option<Columns>,
    /// True if the table begins with its first row.
    pub headless: bool,
}

impl Out {
    /// Shows one object.
    ///
    /// # Errors
    /// Standard output can't be written, or the template is wrong.
    pub fn record(&self, record: &Record, format: &Format, now: Timestamp) -> anyhow::Result<()> {
        self.record_as(record, format, Layout::default(), now)
    }

    /// Shows one object in a layout of the user's choice.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub(crate) fn record_as(
        &self,
        record: &Record,
        format: &Format,
        layout: Layout,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let rows = std::slice::from_ref(record);
        self.show(
            record.resource,
            rows,
            &|| record.json(),
            (format, layout),
            now,
        )
    }

    /// Shows a list.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub(crate) fn list(
        &self,
        list: &List,
        format: &Format,
        layout: Layout,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let rows = list.items();
        self.show(list.resource, rows, &|| list.json(), (format, layout), now)
    }

    /// Shows a value that is not an object of the server.
    ///
    /// # Errors
    /// As [`Out::record`].
    pub fn value(&self, value: &Value, format: &Format) -> anyhow::Result<()> {
        match format {
            Format::Yaml => self.data(crate::yaml::to_string(value)?.as_bytes()),
            Format::JsonPath(template) => self.text(&found(template, value)?),
            Format::Columns(columns) => self.chosen(columns, value, false),
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
        (format, layout): (&Format, Layout),
        now: Timestamp,
    ) -> anyhow::Result<()> {
        match format {
            Format::Table | Format::Wide if self.is_quiet() => names(resource, rows)
                .iter()
                .try_for_each(|name| self.line(name)),
            Format::Table => {
                let columns = layout.columns.unwrap_or(Columns {
                    piped: resource.columns,
                    screen: resource.screen,
                });
                let columns = if self.is_terminal() {
                    columns.screen
                } else {
                    columns.piped
                };
                let columns = columns.iter().collect();
                self.table((resource, columns), rows, (false, layout.headless), now)
            }
            Format::Wide => {
                let columns = if self.is_terminal() {
                    resource.screen_wide()
                } else {
                    resource.columns.iter().chain(resource.wide).collect()
                };
                self.table((resource, columns), rows, (true, layout.headless), now)
            }
            Format::Json => self.json(&value()),
            Format::Yaml => self.data(crate::yaml::to_string(&value())?.as_bytes()),
            Format::Name => rows
                .iter()
                .try_for_each(|row| self.line(&format!("{}/{}", resource.word, row.name_or_id()))),
            Format::JsonPath(template) => self.text(&found(template, &value())?),
            Format::Columns(columns) => self.chosen(columns, &value(), layout.headless),
        }
    }

    /// Shows the columns that the user chose, uncut.
    fn chosen(
        &self,
        columns: &[(String, String)],
        value: &Value,
        headless: bool,
    ) -> anyhow::Result<()> {
        let titles: Vec<&str> = columns.iter().map(|(title, _)| title.as_str()).collect();
        let text = table::fitted(&titles, &custom::rows(columns, value), None);
        self.long(body(&text, headless))
    }

    /// Shows a table: fixed columns in a pipe, fitted columns on a terminal. With `wide` no column is cut.
    fn table(
        &self,
        (resource, mut columns): (&Resource, Vec<&'static Column>),
        rows: &[Record],
        (wide, headless): (bool, bool),
        now: Timestamp,
    ) -> anyhow::Result<()> {
        columns.retain(|column| match column.cell {
            Cell::Joined(name) => rows.iter().any(|row| row.value(name).is_some()),
            _ => true,
        });
        let color = self.colored();
        let mut cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                columns
                    .iter()
                    .map(|column| {
                        let text = if self.is_terminal() {
                            cell_for_people(row, column, now, color)
                        } else {
                            cell(row, column, now, color)
                        };
                        text.into_owned()
                    })
                    .collect()
            })
            .collect();
        let mut left_out = Vec::new();
        let text = if wide || self.is_terminal() {
            let mut titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
            if let Some(width) = self.width().filter(|_| !wide) {
                left_out = table::leave_out(resource.spare, &mut titles, &mut cells, width);
            }
            self.fitted_text(&titles, &cells, wide)
        } else {
            let columns: Vec<table::Column> =
                columns.into_iter().map(table::Column::from).collect();
            table::fixed(&columns, &cells)
        };
        self.long(body(&text, headless))?;
        if !left_out.is_empty() {
            let titles = left_out.join(", ");
            self.aside(&format!(
                "The window is too narrow for {titles}; -o wide shows all columns"
            ));
        }
        Ok(())
    }

    /// Shows a table of cells that are ready: fixed columns in a pipe, fitted columns on a terminal. With `wide` no
    /// column is cut.
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
        self.long(&self.fitted_text(titles, rows, wide))
    }

    fn fitted_text(&self, titles: &[&str], rows: &[Vec<String>], wide: bool) -> String {
        // With `-o wide` the user wants whole columns, however narrow the window is.
        let width = self.width().filter(|_| !wide);
        table::fitted(titles, rows, width)
    }
}

/// Returns a table without its header if the user wants none.
fn body(table: &str, headless: bool) -> &str {
    match table.split_once('\n') {
        Some((_, rows)) if headless => rows,
        _ => table,
    }
}

/// Returns the name of each object, or its ID if it has no name or another one has the same.
fn names(resource: &Resource, rows: &[Record]) -> Vec<String> {
    let name = |row: &Record| {
        resource
            .name_field
            .map_or("", |field| row.text(field))
            .to_owned()
    };
    let mut counts: HashMap<String, usize> = HashMap::new();
    for row in rows {
        *counts.entry(name(row)).or_default() += 1;
    }
    let mut named = Vec::with_capacity(rows.len());
    for row in rows {
        let name = name(row);
        let is_unique = !name.is_empty() && counts.get(&name) == Some(&1);
        named.push(if is_unique { name } else { row.id().to_owned() });
    }
    named
}

/// Returns the cells of an object's row.
#[must_use]
pub(crate) fn cells(record: &Record, columns: &[&Column], now: Timestamp) -> Vec<String> {
    let cell = |column: &&Column| cell_for_people(record, column, now, false).into_owned();
    columns.iter().map(cell).collect()
}

/// Returns the text of a cell as [`cell`] does, without the age of what has no time: a pipe gets the Go tool's number.
fn cell_for_people<'r>(
    record: &'r Record,
    column: &Column,
    now: Timestamp,
    color: bool,
) -> Cow<'r, str> {
    match column.cell {
        Cell::Age(name) if age::is_unset(record.text(name)) => "-".into(),
        _ => cell(record, column, now, color),
    }
}

/// Returns the text of a cell.
pub(super) fn cell<'r>(
    record: &'r Record,
    column: &Column,
    now: Timestamp,
    color: bool,
) -> Cow<'r, str> {
    match column.cell {
        Cell::Field(name) => match record.value(name) {
            Some(Value::String(text)) => text.into(),
            Some(Value::Null) => "".into(),
            Some(other) => other.to_string().into(),
            None if record.resource.is_flag(name) => "false".into(),
            None => "".into(),
        },
        Cell::Age(name) => age::age(record.text(name), now).into(),
        Cell::Derived(derive) => derive(record.values()).into(),
        Cell::Until(moment) => until(&moment(record.values()), now, color).into(),
        Cell::Joined(name) => record.text(name).into(),
    }
}

/// Returns the time that is left until a moment, in a color if little is left: `in 12d`, `expired 3d ago`. A text that
/// is not a time stays as it is.
#[must_use]
pub(crate) fn until(moment: &str, now: Timestamp, color: bool) -> String {
    let Ok(end) = moment.parse::<Timestamp>() else {
        return moment.to_owned();
    };
    let left = end.as_second() - now.as_second();
    match left {
        ..=0 => paint(
            &format!("expired {} ago", age::span(-left)),
            Tone::Bad,
            color,
        ),
        1..VERY_SOON => paint(&format!("in {}", age::span(left)), Tone::Bad, color),
        VERY_SOON..=SOON => paint(&format!("in {}", age::span(left)), Tone::Doubtful, color),
        _ if left < YEARS => format!("in {}", age::span(left)),
        _ => format!("in {}y", left / (365 * 86_400)),
    }
}

/// Returns what a template finds, as lines.
fn found(template: &str, value: &Value) -> Result<String, Failure> {
    jsonpath::lines(template, value).map_err(|why| {
        let failure = Failure::usage(why.to_string());
        if template.contains("[?") {
            return failure.hint("to filter: --jq '.items[] | select(.name == \"NAME\") | .id'");
        }
        failure
    })
}

#[cfg(test)]
mod tests {
    use super::until;

    #[test]
    fn the_time_left_is_colored_if_it_is_short() {
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        for (moment, shown, is_colored) in [
            ("2027-12-01T00:00:00Z", "in 365d", false),
            ("2099-01-01T00:00:00Z", "in 72y", false),
            ("2026-12-10T00:00:00Z", "in 9d", true),
            ("2026-12-01T05:00:00Z", "in 5h", true),
            ("2026-12-01T00:00:00Z", "expired 0s ago", true),
            ("2026-11-28T00:00:00Z", "expired 3d ago", true),
            ("never", "never", false),
            ("", "", false),
        ] {
            assert_eq!(until(moment, now, false), shown);
            assert_eq!(until(moment, now, true) != shown, is_colored, "{moment}");
        }
    }
}
