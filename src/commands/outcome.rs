//! What a command says about an object that it made, changed or deleted.

use serde_json::Value;

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::Format;
use crate::resources::Record;

/// Prints `<kind>/<name> created`, or the object in the form asked for.
///
/// # Errors
/// When the server's answer names no object: nothing is known to exist then.
pub fn created(ctx: &Ctx, record: &Record, format: &Format) -> anyhow::Result<()> {
    let word = record.resource.word;
    refuse_nameless(record, &format!("create {word}"))?;
    done(
        ctx,
        record,
        format,
        &format!("{word}/{} created", record.name()),
    )
}

/// Refuses an answer that has neither an id nor a name: nothing is known to exist then.
///
/// # Errors
/// [`Kind::Server`]; `doing` says what was asked of the server.
pub fn refuse_nameless(record: &Record, doing: &str) -> Result<(), Failure> {
    if record.id().is_empty() && record.name().is_empty() {
        let message = format!("{doing}: the server's answer names no object");
        return Err(Failure::new(Kind::Server, message));
    }
    Ok(())
}

/// Prints a sentence, or a small result where nothing else stands for what was done.
///
/// # Errors
/// When standard output can't be written.
pub fn said(ctx: &Ctx, format: &Format, sentence: &str, result: &Value) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => ctx.out.line(sentence),
        format => ctx.out.value(result, format),
    }
}

/// Prints a sentence, or the object in the form asked for.
///
/// # Errors
/// When standard output can't be written.
pub fn done(ctx: &Ctx, record: &Record, format: &Format, sentence: &str) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => ctx.out.line(sentence),
        format => ctx.out.record(record, format, ctx.now()),
    }
}
