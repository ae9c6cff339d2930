//! The request that creates an object, from the flags.

use anyhow::Context as _;
use serde_json::Value;

use super::args::Args;
use super::kinds::Creation;
use super::references::resolve;
use crate::api::{Body, Client, Method, Request};
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::{AGENT, ROLE_BINDING, SESSION};

/// Checks the flags and builds the request. Warns about flags that the resource does not use.
///
/// # Errors
/// If a required flag is missing, or if an object that a flag names can't be found.
pub(super) fn read(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    kind: &Creation,
) -> anyhow::Result<Request> {
    let mut flags = args.flags();
    for (flag, _) in flags.iter().filter(|(flag, _)| !kind.knows(flag)) {
        ctx.out.warn(&format!(
            "--{flag} is not applicable to this resource type and will be ignored"
        ));
    }
    check_required(kind, &flags)?;
    let scope_field = if kind.is(&ROLE_BINDING) {
        scope_field(args)?
    } else {
        None
    };
    ctx.block_on(resolve(ctx, client, args, kind, &mut flags))
        .with_context(|| format!("create {}", kind.resource.word))?;
    let mut body = body(kind, &flags, scope_field);
    if kind.is(&SESSION) {
        body.set("project_id", args.session_project(ctx)?);
    }
    let collection = if kind.is(&AGENT) {
        Collection::agents(&ctx.project(args.project_id.as_deref())?)
    } else {
        Collection::global(kind.resource)
    };
    let mut request = Request::new(Method::Post, collection.path).body(body);
    if kind.is(&AGENT) {
        request.project.clone_from(&args.project_id);
    }
    Ok(request)
}

/// Refuses a command line without a required flag, or with an empty one.
fn check_required(kind: &Creation, flags: &[(&'static str, Value)]) -> Result<(), Failure> {
    for required in kind.required {
        let is_filled = |(flag, value): &(&str, Value)| flag == required && *value != "";
        if !flags.iter().any(is_filled) {
            return Err(Failure::usage(format!("--{required} is required")));
        }
    }
    Ok(())
}

/// Returns the body. Empty texts and switches that are off are left out; a number is sent if it is given, even zero.
fn body(
    kind: &Creation,
    flags: &[(&'static str, Value)],
    scope_field: Option<&'static str>,
) -> Body {
    let value = |flag: &str| {
        let found = flags.iter().find(|(given, _)| *given == flag);
        found
            .map(|(_, value)| value)
            .filter(|value| **value != "" && **value != false)
    };
    let mut body = Body::new();
    for (flag, field) in kind.uses {
        if let Some(value) = value(flag)
            && scope_field != Some(*field)
        {
            body.set(field, value.clone());
        }
    }
    if let (Some(field), Some(id)) = (scope_field, value("scope-id")) {
        body.set(field, id.clone());
    }
    body
}

/// Returns the field that `--scope-id` fills: the ID of the object that the scope names. `None` without the flag.
///
/// # Errors
/// If the scope has no such field.
fn scope_field(args: &Args) -> Result<Option<&'static str>, Failure> {
    if args.scope_id.as_deref().unwrap_or_default().is_empty() {
        return Ok(None);
    }
    match args.scope.as_deref().unwrap_or_default() {
        "project" => Ok(Some("project_id")),
        "agent" => Ok(Some("agent_id")),
        "session" => Ok(Some("session_id")),
        "credential" => Ok(Some("credential_id")),
        scope => Err(Failure::usage(format!(
            "--scope-id not supported for scope \"{scope}\"; use the explicit FK flag"
        ))),
    }
}
