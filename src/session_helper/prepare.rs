//! The steps before a child starts. If one fails, nothing is started.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::dir::PrivateDir;
use super::materialize::Materialized;
use crate::compat::io_reason::reason;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::runner::plan::Plan;
use crate::runner::table::{KUBECONFIG_PATH, Target};
use crate::text::{acpctl, quote, visible};

/// Refuses a plan that can't be performed completely.
///
/// # Errors
/// The faults, each with the name of its credential.
pub(crate) fn check(plan: &Plan) -> Result<(), Failure> {
    let faults = plan.faults();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        plan.fault_kind(),
        format!("nothing was started: {}", faults.join("; ")),
    )
    .hint(plan.fault_hint().unwrap_or_else(|| {
        format!(
            "the same credentials, without starting anything: {}",
            acpctl(&["session", "preview"])
        )
    })))
}

/// Creates a private folder.
///
/// # Errors
/// The system's error.
pub(crate) fn private_dir() -> Result<PrivateDir, Failure> {
    PrivateDir::create().map_err(|error| {
        Failure::new(
            Kind::Other,
            format!(
                "nothing was started: create a private folder: {}",
                reason(&error)
            ),
        )
        .hint("set XDG_RUNTIME_DIR or TMPDIR to a folder that you can write")
    })
}

/// Builds a command from its words.
///
/// # Errors
/// There are no words.
pub(crate) fn command(words: &[OsString]) -> Result<Command, Failure> {
    let Some((program, rest)) = words.split_first() else {
        return Err(Failure::usage("no command is given"));
    };
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

/// Returns the message that no credential is bound. Only the embedded API shows every binding: a platform shows each
/// caller those of the caller's own projects and credentials.
#[must_use]
pub(crate) fn none_bound(sees_all: bool) -> &'static str {
    if sees_all {
        "no credential is bound"
    } else {
        "no credential is bound, as far as you can see"
    }
}

/// Refuses to start without any credential, unless that is allowed: the command would work on another target.
///
/// # Errors
/// No credential is bound.
pub(crate) fn refuse_empty(plan: &Plan, is_allowed: bool, sees_all: bool) -> Result<(), Failure> {
    if is_allowed || !plan.steps.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Kind::NotFound,
        format!("nothing was started: {}", none_bound(sees_all)),
    )
    .hint(format!(
        "'{}' shows each binding; --allow-empty starts without a credential",
        acpctl(&["session", "explain"])
    )))
}

/// Refuses to start with credentials of which nothing reaches such a session, unless that is allowed: the command would
/// work on another target. `allow_empty` is the flag of that name; `None` if the command has no such flag.
///
/// # Errors
/// There are credentials, and none of them arrives.
pub(crate) fn refuse_undelivered(plan: &Plan, allow_empty: Option<bool>) -> Result<(), Failure> {
    let is_allowed = allow_empty == Some(true);
    let target = plan.setting.mode.target();
    let missing = plan.undelivered();
    if is_allowed || target == Target::Pod || missing.is_empty() || missing.len() < plan.steps.len()
    {
        return Ok(());
    }
    let as_pod = "add --target pod to use them as a session in a pod does";
    let hint = match allow_empty {
        Some(_) => format!("{as_pod}; --allow-empty starts without them"),
        None => as_pod.to_owned(),
    };
    Err(Failure::new(
        Kind::NotFound,
        format!(
            "nothing was started: a {} session gets nothing of {}",
            target.word(),
            missing.join(", ")
        ),
    )
    .hint(hint))
}

/// Returns the failure to start a command, with the status that a shell returns: 127 if it does not exist, else 126.
#[must_use]
pub(crate) fn start_failure(words: &[OsString], error: &io::Error) -> Failure {
    let program = words.first().cloned().unwrap_or_default();
    let name = quote(&program.to_string_lossy());
    let found = find(&program);
    match (error.kind(), found) {
        (ErrorKind::NotFound, None) => Failure::new(
            Kind::NoCommand,
            format!("start {name}: there is no such command"),
        )
        .hint("check the name, and PATH"),
        (ErrorKind::NotFound, Some(path)) => {
            let (why, hint) = missing_interpreter(&path);
            Failure::new(Kind::CannotRun, format!("start {name}: {why}")).hint(hint)
        }
        (ErrorKind::PermissionDenied, Some(path)) if path.is_dir() => {
            Failure::new(Kind::CannotRun, format!("start {name}: it is a folder"))
                .hint("name a program in it")
        }
        (ErrorKind::PermissionDenied, Some(path)) => {
            let shown = quote(&path.to_string_lossy());
            Failure::new(Kind::CannotRun, format!("start {name}: permission denied"))
                .hint(format!("if it is a program: chmod +x {shown}"))
        }
        _ => Failure::new(Kind::CannotRun, format!("start {name}: {}", reason(error))),
    }
}

/// Finds the file of a command.
fn find(program: &OsStr) -> Option<PathBuf> {
    if program.is_empty() {
        return None;
    }
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    env::on_path(program).find(|path| path.is_file())
}

/// Explains why the system does not find a file that exists: the file needs another one that is missing.
fn missing_interpreter(path: &Path) -> (String, String) {
    const LONGEST: u64 = 256;
    let shown = quote(&path.to_string_lossy());
    let mut beginning = Vec::new();
    let is_read = path.is_file()
        && File::open(path).is_ok_and(|file| {
            let read = file.take(LONGEST).read_to_end(&mut beginning);
            read.is_ok()
        });
    let line = beginning.split(|byte| *byte == b'\n').next();
    let line = line.filter(|_| is_read).unwrap_or_default();
    let Some(interpreter) = line.strip_prefix(b"#!") else {
        return (
            "a program or library that it needs is missing".to_owned(),
            format!("ldd {shown} lists what it needs"),
        );
    };
    let interpreter = String::from_utf8_lossy(interpreter);
    if let Some(interpreter) = interpreter.strip_suffix('\r') {
        return (
            format!(
                "its first line (#!{}) has a Windows line end, which counts as part of the interpreter's name",
                visible(interpreter)
            ),
            format!("sed -i 's/\\r$//' {shown}"),
        );
    }
    let program = interpreter.split_whitespace().next().unwrap_or_default();
    (
        format!("its interpreter {} does not exist", quote(program)),
        "install it, or fix the script's first line".to_owned(),
    )
}

/// Removes the private folder after the command has ended.
///
/// # Errors
/// The system's error.
pub(crate) fn remove(folder: PrivateDir) -> Result<(), Failure> {
    folder.remove().map_err(|error| {
        let why = reason(&error);
        Failure::new(
            Kind::Other,
            format!("the private folder could not be removed: {why}"),
        )
    })
}

/// Writes the files of a plan.
///
/// # Errors
/// A file could not be written. The files written so far are removed with the folder.
pub(crate) fn write<'p>(
    plan: &'p Plan,
    folder: &PrivateDir,
    at_compat_path: bool,
) -> Result<Materialized<'p>, Failure> {
    Materialized::write(plan, folder.path(), at_compat_path)
        .map_err(|(path, error)| write_failure(&path, &error))
}

/// Returns the failure to write a file of the plan.
fn write_failure(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(
        Kind::Other,
        format!(
            "nothing was started: write {}: {}",
            quote(&path.to_string_lossy()),
            reason(error)
        ),
    );
    let is_taken = matches!(
        error.kind(),
        ErrorKind::AlreadyExists | ErrorKind::PermissionDenied
    );
    if is_taken && path == Path::new(KUBECONFIG_PATH) {
        return failure.hint(
            "another session uses the path, or the file is someone else's; leave out --compat-path",
        );
    }
    failure
}
