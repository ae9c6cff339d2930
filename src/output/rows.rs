//! A list that is written while it is read, so that memory does not grow with its length.

use jiff::Timestamp;

use super::format::Format;
use super::object::{Layout, cell};
use super::out::Out;
use super::table;
use crate::compat::json;
use crate::resources::{Cell, Column, List, Record, Resource};

/// How much text waits before it is written. A list that fails before then has written nothing.
pub(crate) const PIECE: usize = 64 << 10;
/// How much JSON waits for the end of the list. The numbers of objects come before the objects, and only the end of the
/// list tells how many there are; a longer list begins with the numbers that the server expects.
const HELD: usize = 1 << 20;

/// A list that is being written to a pipe or a file.
pub(crate) struct Rows<'a> {
    out: &'a Out,
    resource: &'static Resource,
    form: Form,
    now: Timestamp,
    is_colored: bool,
    /// Text that waits to be written.
    text: String,
    count: i64,
    /// The number of objects that the beginning of the document names, once that is written.
    promised: Option<i64>,
}

enum Form {
    /// The columns, and their titles and widths.
    Table(&'static [Column], Vec<table::Column>),
    Names,
    Json,
}

/// The numbers of objects at the beginning of a document, before its end is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub size: i64,
    pub total: i64,
}

impl Out {
    /// Begins a list whose rows can be written one after another. Returns `None` for a format that needs all of them
    /// first, for a filter, and on a terminal.
    pub(crate) fn rows(
        &self,
        resource: &'static Resource,
        format: &Format,
        layout: Layout,
        now: Timestamp,
    ) -> Option<Rows<'_>> {
        let piped = layout
            .columns
            .map_or(resource.columns, |columns| columns.piped);
        let needs_all = piped
            .iter()
            .any(|column| matches!(column.cell, Cell::Joined(_)));
        let mut text = String::new();
        let form = match format {
            _ if self.is_terminal() => return None,
            Format::Json if !self.has_filter() => Form::Json,
            Format::Name => Form::Names,
            Format::Table if !self.is_quiet() && !needs_all => {
                let widths: Vec<table::Column> = piped.iter().map(table::Column::from).collect();
                if !layout.headless {
                    table::push_fixed(&mut text, &widths, piped.iter().map(|column| column.title));
                }
                Form::Table(piped, widths)
            }
            _ => return None,
        };
        Some(Rows {
            out: self,
            resource,
            form,
            now,
            is_colored: self.colored(),
            text,
            count: 0,
            promised: None,
        })
    }
}

impl Out {
    /// Writes objects as an array, as [`Out::json`] does.
    ///
    /// # Errors
    /// As [`Out::json`].
    pub(crate) fn records(&self, records: &[Record]) -> anyhow::Result<()> {
        if self.has_filter() || records.is_empty() {
            return self.json(&records.iter().map(Record::json).collect());
        }
        let mut text = String::new();
        for (n, record) in records.iter().enumerate() {
            text.push_str(if n == 0 { "[" } else { "," });
            json::push_line_end(&mut text, 1);
            record.push_json(&mut text, 1);
            if text.len() > PIECE {
                self.data(std::mem::take(&mut text).as_bytes())?;
            }
        }
        text.push_str("\n]\n");
        self.data(text.as_bytes())
    }
}

impl Rows<'_> {
    /// Adds objects. Without expected numbers, JSON waits for the end of the list, however long it is.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub(crate) fn add(
        &mut self,
        records: &[Record],
        kind: &str,
        expected: Option<Expected>,
    ) -> anyhow::Result<()> {
        for record in records {
            self.push(record);
            self.write_some(kind, expected)?;
        }
        Ok(())
    }

    /// Writes the text that waits if it is long enough.
    fn write_some(&mut self, kind: &str, expected: Option<Expected>) -> anyhow::Result<()> {
        let is_held = matches!(self.form, Form::Json) && self.promised.is_none();
        match expected {
            Some(expected) if is_held && self.text.len() > HELD => {
                self.promised = Some(expected.size);
                self.out.data(beginning(kind, 1, expected).as_bytes())?;
                self.write()
            }
            _ if !is_held && self.text.len() > PIECE => self.write(),
            _ => Ok(()),
        }
    }

    fn push(&mut self, record: &Record) {
        match &self.form {
            Form::Table(columns, widths) => {
                let cells = columns
                    .iter()
                    .map(|column| cell(record, column, self.now, self.is_colored));
                table::push_fixed(&mut self.text, widths, cells);
            }
            Form::Names => {
                let name = format!("{}/{}", self.resource.word, record.name_or_id());
                self.text.push_str(&table::visible(&name));
                self.text.push('\n');
            }
            Form::Json => {
                self.text.push_str(if self.count == 0 { "[" } else { "," });
                json::push_line_end(&mut self.text, 2);
                record.push_json(&mut self.text, 2);
            }
        }
        self.count += 1;
    }

    /// Writes the rest. Returns the number of objects that the document began with if it holds another one: the list
    /// has changed while it was read.
    ///
    /// # Errors
    /// Standard output can't be written.
    pub(crate) fn finish(mut self, list: &List) -> anyhow::Result<Option<i64>> {
        if matches!(self.form, Form::Json) {
            match self.count {
                0 if list.items.is_none() => self.text.push_str("null"),
                0 => self.text.push_str("[]"),
                _ => {
                    json::push_line_end(&mut self.text, 1);
                    self.text.push(']');
                }
            }
            self.text.push_str("\n}\n");
            if self.promised.is_none() {
                let known = Expected {
                    size: list.size,
                    total: list.total,
                };
                self.text
                    .insert_str(0, &beginning(&list.kind, list.page, known));
            }
        }
        self.write()?;
        Ok(self.promised.filter(|promised| *promised != self.count))
    }

    /// Writes the text that waits, which is valid for a terminal too: a pipe may end there.
    fn write(&mut self) -> anyhow::Result<()> {
        let text = std::mem::take(&mut self.text);
        match self.form {
            Form::Json => self.out.data(text.as_bytes()),
            Form::Table(..) | Form::Names => self.out.text(&text),
        }
    }
}

/// Returns the beginning of a list in JSON, up to its items.
fn beginning(kind: &str, page: i64, Expected { size, total }: Expected) -> String {
    let mut text = String::from("{\n  \"kind\": ");
    json::push_shown_text(&mut text, kind);
    text.push_str(&format!(
        ",\n  \"page\": {page},\n  \"size\": {size},\n  \"total\": {total},\n  \"items\": "
    ));
    text
}
