//! Rules for commands that run another command line, which stands behind `--`.

use std::ffi::OsString;

use clap::builder::ArgExt;
use clap::{Arg, Command};

use super::rules::{usage_line, value_name};
use super::words::{Line, Scanned};
use crate::failure::Failure;
use crate::text::command::{acpctl_again, shell_word};
use crate::text::visible;

/// Marks a flag that is given in place of the command's own argument.
#[derive(Debug, Clone, Copy)]
pub struct InPlaceOfArgument;

impl ArgExt for InPlaceOfArgument {}

/// Marks a flag that needs a command line, which the command takes but does not require.
#[derive(Debug, Clone, Copy)]
pub struct NeedsCommandLine;

impl ArgExt for NeedsCommandLine {}

/// Checks the words on both sides of `--`. The Go tool has no such command, so the messages are our own.
pub(super) fn split_failure(line: &Line<'_>, scanned: &Scanned) -> Option<Failure> {
    if let Some(failure) = missing_dashes(line, scanned) {
        return Some(failure);
    }
    let (command, before) = (line.command(), scanned.before);
    let first = own_arguments(command);
    let most = first.len();
    let missing = first.get(before).filter(|arg| arg.is_required_set());
    let has_no_command = before == scanned.arguments.len() && needs_a_command_line(command);
    let wrong = if has_no_command {
        "the command after -- is missing".to_owned()
    } else if let Some(missing) = missing {
        format!("{} is missing before --", value_name(missing))
    } else if before > most {
        format!("accepts at most {most} arg(s) before --, received {before}")
    } else {
        return None;
    };
    let hint = if missing.is_none() && has_no_command && most > 0 && before == most {
        format!("{} -- COMMAND", own_line(line, scanned, before))
    } else {
        usage_line(command, &line.path_text())
    };
    Some(Failure::usage(wrong).hint(format!("write {hint}")))
}

/// Returns the refusal of a line whose command line stands there without `--` before it.
pub(super) fn missing_dashes(line: &Line<'_>, scanned: &Scanned) -> Option<Failure> {
    let command = line.command();
    let most = if has_flag::<InPlaceOfArgument>(command, scanned) {
        0
    } else {
        own_arguments(command).len()
    };
    let has_dashes = line.words.iter().any(|word| word == "--");
    let is_needed = needs_a_command_line(command) || has_flag::<NeedsCommandLine>(command, scanned);
    if has_dashes || scanned.before <= most || !is_needed {
        return None;
    }
    let start = *line.arguments().get(most)?;
    let shown = |word: &OsString| shell_word(&word.to_string_lossy());
    // One word that holds blanks is a whole command line.
    let rest = match &line.words[start..] {
        [one] => visible(&one.to_string_lossy()),
        several => several.iter().map(shown).collect::<Vec<_>>().join(" "),
    };
    let hint = format!("write {} -- {rest}", own_line(line, scanned, most));
    Some(Failure::usage("-- is missing before the command").hint(hint))
}

/// True if a flag with this mark is given.
fn has_flag<Mark: ArgExt + Clone + Send + Sync + 'static>(
    command: &Command,
    scanned: &Scanned,
) -> bool {
    scanned.flags.iter().any(|flag| {
        let known = command.get_arguments();
        let mut known = known.filter(|arg| arg.get_long() == Some(flag.name.as_str()));
        known.any(|arg| arg.get::<Mark>().is_some())
    })
}

/// Returns the arguments of a command that stand before `--`.
fn own_arguments(command: &Command) -> Vec<&Arg> {
    let positionals = command.get_positionals();
    positionals.filter(|arg| !arg.is_last_set()).collect()
}

fn needs_a_command_line(command: &Command) -> bool {
    let mut positionals = command.get_positionals();
    positionals.any(|arg| arg.is_last_set() && arg.is_required_set())
}

/// Returns the line up to `--`: the command, its flags, and so many arguments.
fn own_line(line: &Line<'_>, scanned: &Scanned, arguments: usize) -> String {
    let mut words = line.path_names();
    let is_own = |name: &str| {
        let mut own = line.command().get_arguments();
        own.any(|arg| arg.get_long() == Some(name) && !arg.is_global_set())
    };
    for flag in scanned.flags.iter().filter(|flag| is_own(&flag.name)) {
        words.push(format!("--{}", flag.name));
        words.extend(
            flag.value
                .iter()
                .map(|value| value.to_string_lossy().into_owned()),
        );
    }
    let given = scanned.arguments.iter().take(arguments);
    words.extend(given.map(|word| word.to_string_lossy().into_owned()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    acpctl_again(&words)
}
