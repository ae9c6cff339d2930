//! The steps before a child starts, with failures in words: all of it, or nothing is started.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use tokio::process::Command;

use super::dir::PrivateDir;
use super::materialise::Materialised;
use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::exit::{Failure, Kind};
use crate::runner::plan::Plan;
use crate::runner::table::KUBECONFIG_PATH;
use crate::text::acpctl;

/// Refuses a plan of which not all can be done.
///
/// # Errors
/// The faults, each with the name of its credential.
pub fn check(plan: &Plan) -> Result<(), Failure> {
    let faults = plan.faults();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        plan.fault_kind(),
        format!("nothing was started: {}", faults.join("; ")),
    )
    .hint(format!(
        "the same credentials, without starting anything: {}",
        acpctl(&["session", "preview"])
    )))
}

/// A new private folder.
///
/// # Errors
/// What the system says.
pub fn private_dir() -> Result<PrivateDir, Failure> {
    PrivateDir::create().map_err(|error| {
        Failure::new(
            Kind::Other,
            format!(
                "nothing was started: make a private folder: {}",
                reason(&error)
            ),
        )
        .hint("set XDG_RUNTIME_DIR or TMPDIR to a folder that you can write")
    })
}

/// A command from its words.
///
/// # Errors
/// A usage failure where there are none.
pub fn command(words: &[OsString]) -> Result<Command, Failure> {
    let Some((program, rest)) = words.split_first() else {
        return Err(Failure::usage("no command is given"));
    };
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

/// Why a command was not started.
#[must_use]
pub fn start_failure(words: &[OsString], error: &std::io::Error) -> Failure {
    let program = words.first().cloned().unwrap_or_default();
    let kind = match error.kind() {
        ErrorKind::NotFound => Kind::NotFound,
        _ => Kind::Other,
    };
    let program = quote(&program.to_string_lossy());
    Failure::new(kind, format!("start {program}: {}", reason(error)))
}

/// Removes the private folder, once what was started has ended.
///
/// # Errors
/// What the system says.
pub fn remove(folder: PrivateDir) -> Result<(), Failure> {
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
/// Why a file was not written; what was written so far goes with the folder.
pub fn write<'p>(
    plan: &'p Plan,
    folder: &PrivateDir,
    at_compat_path: bool,
) -> Result<Materialised<'p>, Failure> {
    Materialised::write(plan, folder.path(), at_compat_path)
        .map_err(|(path, error)| write_failure(&path, &error))
}

/// Why a file of the plan was not written.
fn write_failure(path: &Path, error: &std::io::Error) -> Failure {
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
