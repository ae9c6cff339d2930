//! The flags of verbs that change something, and the report that an object was created, changed or deleted.

use serde_json::Value;

use crate::api::Body;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::resources::{PROJECT, Record, Resource, has_form_of_id};
use crate::text::quote;

/// The flags of every verb that changes something.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct WriteArgs {
    #[command(flatten)]
    output: OutputArgs,
    /// Look everything up, but change nothing: report what would be done
    #[arg(long)]
    dry_run: bool,
}

impl WriteArgs {
    /// Returns the output format. With `--dry-run`, nothing is changed from now on.
    ///
    /// # Errors
    /// A usage failure if the format is unknown.
    pub(crate) fn format(&self, ctx: &Ctx) -> Result<Format, Failure> {
        let format = self.output.format()?;
        if self.dry_run {
            ctx.rehearse();
        }
        Ok(format)
    }
}

/// The flag of verbs that change something on this machine and have no `-o`.
#[derive(Debug, Default, Clone, clap::Args)]
pub(crate) struct DryRunArgs {
    /// Check everything, but change nothing: report what would be done
    #[arg(long)]
    dry_run: bool,
}

impl DryRunArgs {
    /// Returns true for a dry run; nothing is changed from now on.
    #[must_use]
    pub(crate) fn rehearse(&self, ctx: &Ctx) -> bool {
        if self.dry_run {
            ctx.rehearse();
        }
        ctx.rehearses()
    }
}

/// Marks a sentence of a dry run.
#[must_use]
pub(crate) fn sentence(ctx: &Ctx, done: &str) -> String {
    let mark = if ctx.rehearses() { " (dry run)" } else { "" };
    format!("{done}{mark}")
}

/// Returns `<kind>/<name>` for a result. An object that a dry run did not create may have no name and no ID.
#[must_use]
pub(crate) fn label(record: &Record, name: &str) -> String {
    let word = record.resource.word;
    match (name, record.name_or_id()) {
        ("", "") => word.to_owned(),
        ("", other) => format!("{word}/{other}"),
        (name, _) => format!("{word}/{name}"),
    }
}

/// The kinds whose reports add the ID that was acted on, if the user gave another name. On the platform, a project's
/// name is its ID, so nobody expects that they differ. For every other kind, scripts compare the Go tool's words
/// `<kind>/<given>`, whether an ID or a name was given (docs/interface/cli-core.md section 7.11).
static WITH_ID: [&Resource; 1] = [&PROJECT];

/// Returns `<kind>/<given>`, for some kinds with the ID that was acted on if that differs.
#[must_use]
pub(crate) fn label_as_given(resource: &Resource, given: &str, id: &str) -> String {
    let label = format!("{}/{given}", resource.word);
    let adds_id = WITH_ID.iter().any(|other| other.word == resource.word);
    if adds_id && given != id {
        return format!("{label} ({id})");
    }
    label
}

/// Warns of a change without a field. The Go tool sends it, and reports an update.
///
/// # Errors
/// A usage failure for an empty name: nobody could name the object then.
pub(crate) fn judge_change(ctx: &Ctx, change: &Body) -> Result<(), Failure> {
    if change.is_empty() {
        ctx.out
            .warn("nothing to change: no flag names a field (--help lists them)");
    }
    refuse_empty_name(change)
}

/// Refuses a change that takes the name away.
///
/// # Errors
/// A usage failure for an empty name.
pub(crate) fn refuse_empty_name(change: &Body) -> Result<(), Failure> {
    let is_nameless = |(key, value): (&str, &Value)| key == "name" && value == "";
    if change.fields().any(is_nameless) {
        return Err(Failure::usage("a name can't be empty")
            .hint("the value of --name is empty: check the variable that it comes from"));
    }
    Ok(())
}

/// Prints `<kind>/<name> created`, or the object in the form that `-o` asks for.
///
/// # Errors
/// If the server's answer names no object.
pub(crate) fn created(ctx: &Ctx, record: &Record, format: &Format) -> anyhow::Result<()> {
    if !ctx.rehearses() {
        refuse_nameless(record, &format!("create {}", record.resource.word))?;
    }
    let sentence = format!("{} created", label(record, record.name()));
    done(ctx, record, format, &sentence)
}

/// Prints `<kind>/<name> updated`, or the object in the form that `-o` asks for.
///
/// # Errors
/// As [`changed_name`].
pub(crate) fn updated(
    ctx: &Ctx,
    record: &Record,
    (given, new): (&str, Option<&str>),
    format: &Format,
) -> anyhow::Result<()> {
    let name = changed_name(record, given, new)?;
    let sentence = format!("{}/{name} updated", record.resource.word);
    done(ctx, record, format, &sentence)
}

/// Returns the name of an object that was changed: the one in the answer, or if that has none, the one that was given.
///
/// # Errors
/// [`Kind::Server`] if the object was named by its name, and has another one now that it was not given.
pub(crate) fn changed_name<'a>(
    record: &'a Record,
    given: &'a str,
    new: Option<&str>,
) -> Result<&'a str, Failure> {
    let name = record.name();
    if name.is_empty() {
        return Ok(given);
    }
    let is_renamed = new.is_some_and(|new| !new.is_empty());
    if is_renamed || [name, record.id()].contains(&given) || has_form_of_id(given) {
        return Ok(name);
    }
    let name = quote(name);
    let message = format!("the server's answer is about another object: its name is {name}");
    let hint = "look what the server has before you repeat the command";
    Err(Failure::new(Kind::Server, message).hint(hint))
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

/// Prints a sentence, or with `--quiet` the name that `result` has alone, or `result` in the form that `-o` asks for.
/// For commands whose result is not an object of the server.
pub(crate) fn said(
    ctx: &Ctx,
    format: &Format,
    sentence: &str,
    result: &Value,
) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => {
            let name = result["name"].as_str().unwrap_or_default();
            named(ctx, name, sentence)
        }
        format => ctx.out.value(result, format),
    }
}

/// Prints a sentence, or with `--quiet` the object's name alone, or the object in the form that `-o` asks for.
pub(crate) fn done(
    ctx: &Ctx,
    record: &Record,
    format: &Format,
    sentence: &str,
) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => named(ctx, record.name_or_id(), sentence),
        format => ctx.out.record(record, format, ctx.now()),
    }
}

/// Prints a sentence about an object, or with `--quiet` its name alone: nothing if it has none.
pub(crate) fn named(ctx: &Ctx, name: &str, sentence: &str) -> anyhow::Result<()> {
    match (ctx.out.is_quiet(), name) {
        (false, _) => ctx.out.line(&self::sentence(ctx, sentence)),
        (true, "") => Ok(()),
        (true, name) => ctx.out.line(name),
    }
}
