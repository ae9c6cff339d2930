//! Reports that an object was created, changed or deleted.

use serde_json::Value;

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::Format;
use crate::resources::Record;

/// Prints `<kind>/<name> created`, or the object in the form that `-o` asks for.
///
/// # Errors
/// If the server's answer names no object.
pub(crate) fn created(ctx: &Ctx, record: &Record, format: &Format) -> anyhow::Result<()> {
    let word = record.resource.word;
    refuse_nameless(record, &format!("create {word}"))?;
    done(
        ctx,
        record,
        format,
        &format!("{word}/{} created", record.name()),
    )
}

/// Refuses an answer that has neither an ID nor a name: nothing is known to exist then.
///
/// # Errors
/// [`Kind::Server`]; `doing` says what was requested.
pub(crate) fn refuse_nameless(record: &Record, doing: &str) -> Result<(), Failure> {
    if record.id().is_empty() && record.name().is_empty() {
        return Err(nameless(doing));
    }
    Ok(())
}

/// Returns the failure for an answer that names no object.
#[must_use]
pub(crate) fn nameless(doing: &str) -> Failure {
    let message = format!("{doing}: the server's answer names no object");
    Failure::new(Kind::Server, message)
}

/// Prints a sentence, or `result` in the form that `-o` asks for. For commands whose result is not an object of the
/// server.
pub(crate) fn said(
    ctx: &Ctx,
    format: &Format,
    sentence: &str,
    result: &Value,
) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => ctx.out.line(sentence),
        format => ctx.out.value(result, format),
    }
}

/// Prints a sentence, or the object in the form that `-o` asks for.
pub(crate) fn done(
    ctx: &Ctx,
    record: &Record,
    format: &Format,
    sentence: &str,
) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => ctx.out.line(sentence),
        format => ctx.out.record(record, format, ctx.now()),
    }
}
