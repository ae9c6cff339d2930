//! Rules that clap's definition of a command implies: how many arguments it takes, how its flags and its usage line
//! read.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

use crate::compat::number::NumberError;
use crate::failure::Failure;
use crate::text::quote;

/// Returns true for a command that only holds others.
pub(super) fn is_parent(command: &Command) -> bool {
    command.has_subcommands()
        && command.get_positionals().next().is_none()
        && command.is_subcommand_required_set()
}

/// Returns true for a command that runs another command line, which follows `--`.
#[must_use]
pub fn ends_in_a_command_line(command: &Command) -> bool {
    command.get_positionals().any(Arg::is_last_set)
}

/// Returns true for a switch whose absence differs from `false`: `num_args = 0..=1`.
#[must_use]
pub fn is_optional_switch(arg: &Arg) -> bool {
    arg.get_num_args()
        .is_some_and(|range| range.min_values() == 0 && range.max_values() == 1)
}

/// Checks the number of arguments as the Go tool does.
pub(super) fn count_failure(
    command: &Command,
    arguments: &[OsString],
    path: &str,
) -> Option<Failure> {
    let got = arguments.len();
    let positionals: Vec<&Arg> = command.get_positionals().collect();
    let least = positionals
        .iter()
        .filter(|arg| arg.is_required_set())
        .count();
    let many = positionals
        .iter()
        .any(|arg| matches!(arg.get_action(), ArgAction::Append));
    let most = if many { usize::MAX } else { positionals.len() };
    if (least..=most).contains(&got) {
        return None;
    }
    let first = arguments
        .first()
        .map(|word| word.to_string_lossy().into_owned())
        .unwrap_or_default();
    let words = match (least, most) {
        (0, 0) => format!("unknown command {} for {}", quote(&first), quote(path)),
        (least, usize::MAX) => format!("requires at least {least} arg(s), only received {got}"),
        (least, most) if least == most => format!("accepts {least} arg(s), received {got}"),
        (0, most) => format!("accepts at most {most} arg(s), received {got}"),
        (least, most) => format!("accepts between {least} and {most} arg(s), received {got}"),
    };
    let missing: Vec<String> = positionals
        .iter()
        .skip(got)
        .take(least.saturating_sub(got))
        .map(|arg| value_name(arg))
        .collect();
    let line = usage_line(command, path);
    let hint = match (missing.as_slice(), arguments.get(most)) {
        ([], Some(word)) => {
            let word = quote(&word.to_string_lossy());
            format!("unexpected argument {word}; usage: {line}")
        }
        (missing, _) => format!("missing {}; usage: {line}", missing.join(" and ")),
    };
    Some(Failure::usage(words).hint(hint))
}

/// Returns the usage of a command: `acpctl credential get <CREDENTIAL> [flags]`.
#[must_use]
pub fn usage_line(command: &Command, path: &str) -> String {
    let mut line = path.to_owned();
    let shown = || command.get_positionals().filter(|arg| !arg.is_hide_set());
    for arg in shown().filter(|arg| !arg.is_last_set()) {
        line.push_str(&format!(" {}", positional(arg)));
    }
    line.push_str(" [flags]");
    for arg in shown().filter(|arg| arg.is_last_set()) {
        let name = value_name(arg);
        line.push_str(&if arg.is_required_set() {
            format!(" -- {}", positional(arg))
        } else {
            format!(" [-- {name}...]")
        });
    }
    line
}

fn positional(arg: &Arg) -> String {
    let name = value_name(arg);
    let more = if matches!(arg.get_action(), ArgAction::Append) {
        "..."
    } else {
        ""
    };
    if arg.is_required_set() {
        format!("<{name}>{more}")
    } else {
        format!("[{name}]{more}")
    }
}

/// Returns the name of an argument's value in capitals.
pub(super) fn value_name(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some([name, ..]) => name.to_string(),
        _ => arg.get_id().as_str().to_uppercase(),
    }
}

/// Returns a flag as the Go tool names it in messages: `-o, --output` or `--limit`.
pub(super) fn flag_name(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    match arg.get_short() {
        Some(short) => format!("-{short}, --{long}"),
        None => format!("--{long}"),
    }
}

/// The Go tool's refusal of a flag's value.
pub(super) fn invalid_value(value: &str, flag: &str, why: &str) -> Failure {
    Failure::usage(format!(
        "invalid argument {} for {} flag: {why}",
        quote(value),
        quote(flag)
    ))
}

/// Tells how to write a duration whose unit is missing.
pub(super) fn unit_hint(error: &(dyn std::error::Error + 'static), long: &str) -> Option<String> {
    match error.downcast_ref()? {
        NumberError::MissingUnit(text) => {
            Some(format!("add a unit: --{long} {text}s, {text}m or {text}h"))
        }
        _ => None,
    }
}
