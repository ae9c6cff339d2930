//! Commands of this program that need the terminal: they ask, or print more than the screen has room for.

use std::env::current_exe;
use std::io::{self, Write as _};
use std::process::Command;

use super::effect::Rerun;
use crate::compat::io_reason::reason;
use crate::env;

/// Runs a command, and waits until the user has read what it printed. What the command says about its failure is on the
/// terminal already.
///
/// # Errors
/// The program can't be run again.
pub(super) fn run(rerun: &Rerun) -> Result<(), String> {
    let program = current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    command.args(&rerun.words);
    if let Some(context) = &rerun.context {
        command.env(env::CONTEXT.name, context);
    }
    let status = command.status();
    status.map_err(|error| failed(&error))?;
    let _ = write!(io::stderr(), "\nPress Enter to go back to the screen: ");
    let mut line = String::new();
    let _ = io::stdin().read_line(&mut line);
    Ok(())
}

fn failed(error: &io::Error) -> String {
    format!("run acpctl again: {}", reason(error))
}
