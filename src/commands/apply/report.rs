//! What `apply` prints: a line as each document is done, or one array at the end.

use serde_json::{Value, json};

use super::diff::Change;
use super::document::Document;
use crate::ctx::Ctx;

pub struct Report<'a> {
    ctx: &'a Ctx,
    as_json: bool,
    done: Vec<Value>,
}

impl<'a> Report<'a> {
    pub fn new(ctx: &'a Ctx, as_json: bool) -> Self {
        Self {
            ctx,
            as_json,
            done: Vec::new(),
        }
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
        if self.as_json {
            let mut entry = json!({"kind": kind, "name": name, "status": status});
            if !changes.is_empty() {
                entry["changes"] = changes.iter().map(Change::json).collect();
            }
            self.done.push(entry);
            return Ok(());
        }
        let mut text = format!("{}/{name} {status}\n", kind.to_lowercase());
        for change in changes {
            text.push_str(&format!("  {}\n", change.line()));
        }
        self.ctx.out.text(&text)
    }

    /// Lists the documents, unknown kinds too (contract cli-resources.md section 8.4).
    ///
    /// # Errors
    /// As [`Report::add`].
    pub fn dry_run(mut self, documents: &[Document]) -> anyhow::Result<()> {
        if !self.as_json {
            self.ctx.out.line("dry-run: would apply:")?;
        }
        for document in documents {
            if self.as_json {
                let name = document.display_name();
                self.add(&document.kind, &name, "dry-run", &[])?;
            } else {
                self.ctx.out.line(&format!("  {}", document.place()))?;
            }
        }
        self.finish()
    }

    /// Prints the array, if it is to be one: `[]` where nothing was done.
    ///
    /// # Errors
    /// As [`Report::add`].
    pub fn finish(self) -> anyhow::Result<()> {
        if self.as_json {
            self.ctx.out.json(&Value::Array(self.done))?;
        }
        Ok(())
    }
}
