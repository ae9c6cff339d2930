//! Acts on several objects in one run.

use serde_json::json;

use super::outcome;
use crate::api::{self, Error};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::output::{Format, Layout};
use crate::resources::{List, Record, Resource};

/// Acts on each name. A failure is reported on standard error and does not stop the others; the run then fails with the
/// kind of the first failure. With one name, its failure is returned.
///
/// # Errors
/// If `act` failed for any name.
pub(crate) fn try_each(
    ctx: &Ctx,
    resource: &Resource,
    names: &[String],
    mut act: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if let [one] = names {
        return act(one);
    }
    let mut failures = Vec::new();
    for name in names {
        if let Err(error) = act(name) {
            ctx.out
                .note(&format!("{}/{name}: {error:#}", resource.word));
            failures.push(api::kind_of(&error));
        }
    }
    let Some(kind) = failures.first() else {
        return Ok(());
    };
    let (failed, all) = (failures.len(), names.len());
    let message = format!("{failed} of {} failed", resource.counted(all));
    Err(Failure::new(*kind, message).into())
}

/// Acts on each name as [`try_each`] does, and shows a sentence for each result. With `-o`, shows the results: one list
/// of them if `as_list` is set, or else the one; nothing if every one failed. Returns the results. A name without
/// a result (`None`) is left out.
///
/// # Errors
/// As [`try_each`].
pub(crate) fn each(
    ctx: &Ctx,
    resource: &'static Resource,
    names: &[String],
    as_list: bool,
    format: &Format,
    act: impl Fn(&str) -> anyhow::Result<Option<(Record, String)>>,
) -> anyhow::Result<Vec<Record>> {
    let is_table = matches!(format, Format::Table | Format::Wide);
    let mut results = Vec::new();
    let acted = try_each(ctx, resource, names, |name| {
        let Some((record, sentence)) = act(name)? else {
            return Ok(());
        };
        if is_table || !as_list {
            outcome::done(ctx, &record, format, &sentence)?;
        }
        results.push(record);
        Ok(())
    });
    // If nothing was done, the error takes the place of an empty list.
    let has_news = acted.is_ok() || !results.is_empty();
    if !is_table && as_list && has_news {
        let list = list_of(resource, results.clone());
        ctx.out.list(&list, format, Layout::default(), ctx.now())?;
    }
    if !as_list && acted.is_ok() && results.is_empty() {
        none(ctx, format)?;
    }
    acted.map(|()| results)
}

/// Prints an object without fields in place of one that does not exist and need not: a program that reads JSON or YAML
/// gets a document.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn none(ctx: &Ctx, format: &Format) -> anyhow::Result<()> {
    match format {
        Format::Json | Format::Yaml => ctx.out.value(&json!({}), format),
        _ => Ok(()),
    }
}

/// Shows objects in the form that `-o` asks for: the one that is named, or a list of several. Nothing is shown if one
/// of them is missing.
///
/// # Errors
/// Those of `find`.
pub(crate) fn show(
    ctx: &Ctx,
    resource: &'static Resource,
    names: &[String],
    format: &Format,
    find: impl Fn(&str) -> anyhow::Result<Record>,
) -> anyhow::Result<()> {
    let find = |name: &str| match find(name) {
        // The Go tool prints an object without values. For scripts written for it, only `-o json` does.
        Err(error) if matches!(format, Format::Json) && is_nothing(&error) => {
            Ok(Record::empty(resource))
        }
        found => found,
    };
    show_found(ctx, resource, &self::find(names, find)?, format)
}

fn is_nothing(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|it| it.downcast_ref::<Error>());
    causes.any(|cause| matches!(cause, Error::Nothing))
}

/// Finds each object. Fails if one of them is missing.
///
/// # Errors
/// Those of `find`.
pub(crate) fn find(
    names: &[String],
    find: impl Fn(&str) -> anyhow::Result<Record>,
) -> anyhow::Result<Vec<Record>> {
    names.iter().map(|name| find(name)).collect()
}

/// Shows objects that were named: the one, or a list of several.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn show_found(
    ctx: &Ctx,
    resource: &'static Resource,
    found: &[Record],
    format: &Format,
) -> anyhow::Result<()> {
    if let [record] = found {
        return ctx.out.record(record, format, ctx.now());
    }
    let list = list_of(resource, found.to_vec());
    ctx.out.list(&list, format, Layout::default(), ctx.now())
}

/// Returns a list of these objects, as the server would send it.
#[must_use]
pub(crate) fn list_of(resource: &'static Resource, items: Vec<Record>) -> List {
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    List {
        resource,
        kind: format!("{}List", resource.kind),
        page: 1,
        size: count,
        total: count,
        items: Some(items),
        gap: None,
    }
}
