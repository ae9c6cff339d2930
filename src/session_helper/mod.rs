//! Performs a plan on this machine: creates a private folder for the files, and runs a child process that uses them.
//!
//! - [`dir`]: the private folder, which is always removed at the end; the leftovers of killed runs
//! - [`compat_path`]: the platform's fixed path for kubeconfigs
//! - [`child`]: the child process, its signals and its exit status
//! - [`family`]: the processes of a session
//! - [`fetch`]: the credentials of a session and their secrets
//! - [`mask`]: the secrets of a plan, to be masked in the output of programs
//! - [`prepare`]: the steps before a child starts
//! - [`materialize`]: the files and variables of a plan
//! - [`mcp`]: an MCP server as a child
//! - [`relay`]: the output of the child, with its secrets masked

use crate::failure::{Failure, Kind};
use crate::system;

pub(crate) mod child;
pub(crate) mod compat_path;
pub(crate) mod dir;
pub(crate) mod family;
pub(crate) mod fetch;
pub(crate) mod mask;
pub(crate) mod materialize;
pub(crate) mod mcp;
pub(crate) mod prepare;
pub(crate) mod relay;

/// Refuses a command that hands a secret to a program, on a system where the secret can't surely be taken back.
///
/// # Errors
/// This is such a system.
pub(crate) fn check_system(command: &str) -> Result<(), Failure> {
    if system::RUNS_SESSIONS {
        return Ok(());
    }
    let message = format!("{command} is not available on Windows");
    Err(Failure::new(Kind::Other, message)
        .hint("use acpctl for Linux in the Windows Subsystem for Linux (wsl --install)"))
}
