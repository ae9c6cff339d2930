//! Prints the results of `apply`: a line as each document is done, or one array at the end.

use serde_json::{Value, json};

use super::diff::Change;
use super::prune::Leftover;
use super::raw::RawDocument;
use super::writer::WOULD_PRUNE;
use crate::ctx::Ctx;
use crate::output::Format;
use crate::text::secrets;

pub(super) struct Report<'a> {
    ctx: &'a Ctx,
    format: Format,
    /// The entries of the array, for the forms that print one.
    entries: Vec<Value>,
    has_changes: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(ctx: &'a Ctx, format: Format) -> Self {
        Self {
            ctx,
            format,
            entries: Vec::new(),
            has_changes: false,
        }
    }

    /// True if something was changed, or would be.
    pub(super) fn has_changes(&self) -> bool {
        self.has_changes
    }

    /// True if the result is one array at the end.
    fn is_array(&self) -> bool {
        matches!(self.format, Format::Json | Format::Yaml)
    }

    /// Reports the result of one document.
    pub(super) fn add(
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
            self.entries.push(entry);
            return Ok(());
        }
        let label = format!("{}/{name}", kind.to_lowercase());
        if self.format == Format::Name || self.ctx.out.is_quiet() {
            return self.ctx.out.line(&label);
        }
        self.ctx.out.line(&format!("{label} {status}"))?;
        for change in changes {
            self.ctx.out.line(&format!("  {}", change.line()))?;
        }
        Ok(())
    }

    /// Notes the document at which the run ends, for the forms that print an array.
    pub(super) fn failed(&mut self, kind: &str, name: &str, error: &anyhow::Error) {
        if self.is_array() && !self.entries.is_empty() {
            let text = secrets::hide(&format!("{error:#}")).into_owned();
            let entry = json!({"kind": kind, "name": name, "status": "failed", "error": text});
            self.entries.push(entry);
        }
    }

    /// True if nothing was done, so that the failure alone is the answer.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Prints the array, if the form has one: `[]` if nothing was done.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        if self.is_array() {
            let entries = Value::Array(std::mem::take(&mut self.entries));
            self.ctx.out.value(&entries, &self.format)?;
        }
        Ok(())
    }
}

/// Tells a user at a terminal what a dry run leaves out.
fn note_unchecked(ctx: &Ctx) {
    if ctx.out.width_of_talk().is_some() {
        ctx.out.aside(
            "Secrets and kubeconfigs were not checked; --diff in place of --dry-run checks them",
        );
    }
}

/// Lists the documents that would be applied, and the objects that would be deleted. As in the Go tool, documents of an
/// unknown kind are listed too.
pub(super) fn dry_run(
    ctx: &Ctx,
    format: Format,
    documents: &[RawDocument],
    leftovers: &[Leftover],
) -> anyhow::Result<()> {
    if matches!(format, Format::Table | Format::Wide) && !ctx.out.is_quiet() {
        let item = |label: String| ctx.out.line(&format!("  {label}"));
        ctx.out.line("dry-run: would apply:")?;
        documents
            .iter()
            .try_for_each(|document| item(document.label()))?;
        if !leftovers.is_empty() {
            ctx.out.line("dry-run: would prune:")?;
        }
        leftovers
            .iter()
            .try_for_each(|leftover| item(leftover.label()))?;
        note_unchecked(ctx);
        return Ok(());
    }
    let mut report = Report::new(ctx, format);
    for document in documents {
        let name = document.display_name();
        report.add(document.written_kind(), &name, "dry-run", &[])?;
    }
    for leftover in leftovers {
        report.add(
            leftover.collection.resource.kind,
            &leftover.name,
            WOULD_PRUNE,
            &[],
        )?;
    }
    report.finish()
}
