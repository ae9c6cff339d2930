//! What `apply` prints: a line as each document is done, or one array at the end.

use serde_json::{Value, json};

use super::diff::Change;
use super::document::Document;
use crate::ctx::Ctx;
use crate::output::Format;

pub struct Report<'a> {
    ctx: &'a Ctx,
    format: Format,
    done: Vec<Value>,
    has_changes: bool,
}

impl<'a> Report<'a> {
    pub fn new(ctx: &'a Ctx, format: Format) -> Self {
        Self {
            ctx,
            format,
            done: Vec::new(),
            has_changes: false,
        }
    }

    /// True if something was changed, or would be.
    pub fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// True if the result is one array at the end.
    fn is_array(&self) -> bool {
        matches!(self.format, Format::Json | Format::Yaml)
    }

    /// Says what became of a document.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn add(
        &mut self,
        kind: &str,
        name: &str,
        status: &str,
        changes: &[Change],
    ) -> anyhow::Result<()> {
        self.has_changes |= status != "unchanged" || !changes.is_empty();
        if self.is_array() {
            let mut entry = json!({"kind": kind, "name": name, "status": status});
            if !changes.is_empty() {
                entry["changes"] = changes.iter().map(Change::json).collect();
            }
            self.done.push(entry);
            return Ok(());
        }
        let named = format!("{}/{name}", kind.to_lowercase());
        if self.format == Format::Name {
            return self.ctx.out.line(&named);
        }
        self.ctx.out.line(&format!("{named} {status}"))?;
        for change in changes {
            self.ctx.out.line(&format!("  {}", change.line()))?;
        }
        Ok(())
    }

    /// Lists the documents, unknown kinds too, as the Go tool does.
    ///
    /// # Errors
    /// As [`Report::add`].
    pub fn dry_run(mut self, documents: &[Document]) -> anyhow::Result<()> {
        if matches!(self.format, Format::Table | Format::Wide) {
            self.ctx.out.line("dry-run: would apply:")?;
        }
        for document in documents {
            if matches!(self.format, Format::Table | Format::Wide) {
                self.ctx.out.line(&format!("  {}", document.place()))?;
            } else {
                let name = document.display_name();
                self.add(&document.kind, &name, "dry-run", &[])?;
            }
        }
        self.finish()
    }

    /// Prints the array, if it is to be one: `[]` if nothing was done.
    ///
    /// # Errors
    /// As [`Report::add`].
    pub fn finish(&mut self) -> anyhow::Result<()> {
        if self.is_array() {
            let done = Value::Array(std::mem::take(&mut self.done));
            self.ctx.out.value(&done, &self.format)?;
        }
        Ok(())
    }
}
