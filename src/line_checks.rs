//! Refuses a command line, or an environment, a part of which would be ignored silently.

use std::ffi::OsString;

use clap::Command;

use crate::config::LOCAL_CONTEXT;
use crate::config::server_url::is_local;
use crate::env;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::shorthand;

/// Checks a line that has been read, with these flags: the server, the project, and the kinds of objects that it names.
///
/// # Errors
/// A usage failure.
pub(crate) fn check(
    root: &mut Command,
    words: &[OsString],
    flags: &[(String, Option<OsString>)],
    globals: &Globals,
) -> Result<(), Failure> {
    check_server(globals)?;
    check_chosen(flags)?;
    shorthand::check_kinds(root, words)
}

/// Refuses a variable that is not text: it would be ignored silently, and with it the server or login that it names.
///
/// # Errors
/// A usage failure.
pub(crate) fn check_environment() -> Result<(), Failure> {
    let Some(var) = env::not_text() else {
        return Ok(());
    };
    let message = format!("the environment variable {} is not UTF-8 text", var.name);
    Err(Failure::usage(message).hint(format!("unset {}", var.name)))
}

/// Refuses two flags that name different servers, and a context without a name: one of them would be ignored silently.
fn check_server(globals: &Globals) -> Result<(), Failure> {
    if globals.context_name.as_deref() == Some("") {
        return Err(Failure::empty("context-name"));
    }
    let context = globals.context_name.as_deref();
    if globals.local && context.is_some_and(|name| name != LOCAL_CONTEXT) {
        let failure = Failure::usage("--local and --context-name name different servers");
        return Err(failure.hint("leave out one of them"));
    }
    let named = globals.api_url.as_deref().filter(|url| !url.is_empty());
    match named {
        Some(url) if globals.local && !is_local(url) => {
            let failure = Failure::usage("--local and --api-url name different servers");
            Err(failure.hint("leave out one of them"))
        }
        _ => Ok(()),
    }
}

/// Refuses an empty value in the flags that name the project or the context of a kubeconfig: the current one, or all of
/// them, would take its place.
fn check_chosen(flags: &[(String, Option<OsString>)]) -> Result<(), Failure> {
    let is_empty = |(flag, value): &&(String, Option<OsString>)| {
        ["project", "project-id", "context"].contains(&flag.as_str())
            && value.as_ref().is_some_and(|it| it.is_empty())
    };
    match flags.iter().find(is_empty) {
        Some((flag, _)) => Err(Failure::empty(flag)),
        None => Ok(()),
    }
}
