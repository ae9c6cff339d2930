//! The request that creates an object, from the flags.

use anyhow::Context as _;
use serde_json::Value;

use super::args::Args;
use super::kinds::Creation;
use super::references::resolve;
use crate::api::{Body, Client, Method, Request};
use crate::commands::pairs;
use crate::commands::people::Person;
use crate::ctx::Ctx;
use crate::failure::{EMPTY_VALUE, Failure};
use crate::lookup::Collection;
use crate::resources::{
    APPLICATION, CLUSTER, CLUSTER_ROLES, POLICY, PROJECT, ROLE_BINDING, SESSION, Scope,
    check_project_name,
};
use crate::text::acpctl;

/// Checks the flags and builds the request; also returns the person that a role binding is for. Warns about flags that
/// the resource does not use.
///
/// # Errors
/// If a required flag is missing, or if an object that a flag names can't be found.
pub(super) fn read(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    kind: &Creation,
) -> anyhow::Result<(Request, Option<Person>)> {
    let mut flags = args.flags();
    for (flag, _) in flags.iter().filter(|(flag, _)| !kind.knows(flag)) {
        ctx.out.warn(&format!(
            "--{flag} is not applicable to this resource type and will be ignored"
        ));
    }
    check_required(ctx, kind, &flags)?;
    check_values(ctx, kind, &flags)?;
    let scope_field = if kind.is(&ROLE_BINDING) {
        scope_field(args)?
    } else {
        None
    };
    let person = ctx
        .block_on(resolve(ctx, client, args, kind, &mut flags))
        .with_context(|| format!("create {}", kind.resource.word))?;
    let mut body = body(kind, &flags, scope_field);
    if kind.is(&SESSION) {
        body.set("project_id", args.session_project(ctx)?);
    }
    if kind.resource.scope != Scope::Project {
        let path = Collection::global(kind.resource).path;
        return Ok((Request::new(Method::Post, path).body(body), person));
    }
    let project = ctx.project(args.project_id.as_deref())?;
    body.set("project_id", project.as_str());
    let path = Collection::of_project(kind.resource, &project).path;
    let request = Request::new(Method::Post, path).body(body);
    Ok((request.project(&project), person))
}

/// Refuses a command line without a required flag, or with an empty one.
fn check_required(
    ctx: &Ctx,
    kind: &Creation,
    flags: &[(&'static str, Value)],
) -> Result<(), Failure> {
    for required in kind.required {
        // The current project stands in for the flag.
        if *required == "project-id" && ctx.settings()?.project.value.is_some() {
            continue;
        }
        let is_filled = |(flag, value): &(&str, Value)| flag == required && *value != "";
        if !flags.iter().any(is_filled) {
            let choices = match (kind.is(&CLUSTER), *required) {
                (true, "role") => format!(" ({})", CLUSTER_ROLES.join(", ")),
                _ => String::new(),
            };
            let failure = Failure::usage(format!("--{required} is required{choices}"));
            let is_empty = flags.iter().any(|(flag, _)| flag == required);
            let word = kind.resource.word;
            return Err(failure.hint(if is_empty {
                EMPTY_VALUE.to_owned()
            } else if *required == "name" {
                format!("write {}", acpctl(&["create", word, "NAME"]))
            } else {
                let value = required.to_uppercase();
                format!(
                    "write {}",
                    acpctl(&["create", word, &format!("--{required}"), &value])
                )
            }));
        }
    }
    Ok(())
}

/// Refuses values that the server would refuse, or keep although they mean nothing.
fn check_values(
    ctx: &Ctx,
    kind: &Creation,
    flags: &[(&'static str, Value)],
) -> Result<(), Failure> {
    let given = |flag: &str| {
        let found = flags.iter().find(|(name, _)| *name == flag);
        found.and_then(|(_, value)| value.as_str())
    };
    if kind.is(&CLUSTER)
        && let Some(role) = given("role")
        && !CLUSTER_ROLES.contains(&role)
    {
        let choices = CLUSTER_ROLES.join(", ");
        return Err(Failure::usage(format!(
            "--role {role} is not one of {choices}"
        )));
    }
    if kind.is(&PROJECT)
        && let Some(name) = given("name")
    {
        check_project_name(name, &["create", "project"])?;
    }
    let used = |flag: &str| given(flag).filter(|_| kind.knows(flag));
    if kind.is(&APPLICATION) {
        pairs::doubt_other(ctx, used("labels"), used("annotations"));
    } else {
        pairs::refuse_other(used("labels"), used("annotations"))?;
    }
    if kind.is(&POLICY)
        && let Some(spec) = given("spec")
        && !serde_json::from_str::<Value>(spec).is_ok_and(|spec| spec.is_object())
    {
        return Err(Failure::usage("--spec is not a JSON object")
            .hint("acpctl policy create --from-file reads a file in YAML"));
    }
    Ok(())
}

/// Returns the body. Empty texts are left out; a number and a switch are sent if they are given, even 0 and false.
fn body(
    kind: &Creation,
    flags: &[(&'static str, Value)],
    scope_field: Option<&'static str>,
) -> Body {
    let value = |flag: &str| {
        let found = flags.iter().find(|(given, _)| *given == flag);
        found.map(|(_, value)| value).filter(|value| **value != "")
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
