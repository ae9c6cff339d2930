//! From the words of a command line to a request, and the failures on the way.

use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Command};

use super::dashes::{missing_dashes, split_failure};
use super::extra;
use super::later;
use super::rules::{
    count_failure, ends_in_a_command_line, flag_name, invalid_value, is_parent, unit_hint,
    value_name,
};
use super::words::{Flag, Known, Line, Scanned, Stop};
use crate::failure::Failure;
use crate::text::quote;

/// The request of a command line.
pub enum Request {
    /// The help of the command at this path below the root.
    Help(Vec<String>),
    /// `acpctl --version`.
    Version,
    /// A command to run.
    Run(ArgMatches),
}

/// Name of the hidden positional that swallows arguments the Go tool ignores.
pub const IGNORED: &str = "ignored";

/// For commands that take no argument and, like the Go tool, ignore any number of them. [`ignored`] returns them for a
/// warning.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct IgnoredArgs {
    #[arg(hide = true, id = IGNORED)]
    ignored: Vec<OsString>,
}

/// Reads the words after the program name.
///
/// # Errors
/// A usage failure in the Go tool's words.
pub fn parse(root: &mut Command, words: &[OsString]) -> Result<Request, Failure> {
    let line = Line::new(root, words);
    if line.path.len() == 1
        && let Some(word) = line.first_argument()
    {
        let failure = line.unknown_flag_before_command();
        return Err(failure.unwrap_or_else(|| unknown_command(&line, &word)));
    }
    let mut scanned = line.scan();
    let checked = match std::mem::replace(&mut scanned.end, Ok(())) {
        Err(Stop::Help) => return Ok(Request::Help(line.path_names())),
        Err(Stop::Version) => return Ok(Request::Version),
        Ok(()) if is_parent(line.command()) && scanned.arguments.is_empty() => {
            return Ok(Request::Help(line.path_names()));
        }
        // Flags behind a misspelled verb are flags of the verb that is meant: the verb is what is wrong.
        // A flag behind the command that `--` is missing before is one of that command.
        Err(Stop::Failed(failure)) if ends_in_a_command_line(line.command()) => {
            Err(missing_dashes(&line, &scanned).unwrap_or(failure))
        }
        Err(Stop::Failed(failure)) => match line.first_argument() {
            Some(word) if is_parent(line.command()) => Err(unknown_command(&line, &word)),
            _ => Err(line.with_verb_hint(failure)),
        },
        Ok(()) => {
            check_arguments(&line, &scanned).and_then(|()| imply_json(&line, &mut scanned.flags))
        }
    };
    let (path, names) = (line.path_names(), line.names());
    let words = match &checked {
        Ok(()) => plain_words(&path, &scanned.flags, arguments(line.command(), &scanned)),
        Err(_) => plain_words(&path, &scanned.flags, (&[], &[])),
    };
    // A value that can't be converted is reported even if a later word is wrong too: the first fault is the one to
    // name.
    let parsed = narrow(root, &path).try_get_matches_from(words);
    match (parsed, checked) {
        (Ok(matches), Ok(())) => Ok(Request::Run(matches)),
        (Ok(_), Err(failure)) => Err(failure),
        (Err(error), Ok(())) => {
            Err(value_failure(&error, root, &path).unwrap_or_else(|| clap_failure(&error, &names)))
        }
        (Err(error), Err(failure)) => Err(value_failure(&error, root, &path).unwrap_or(failure)),
    }
}

/// Returns a command with only the commands of a path below it: clap gives every command that it sees copies of the
/// flags for all commands.
fn narrow(command: &Command, path: &[String]) -> Command {
    let below = path.split_first().and_then(|(name, rest)| {
        let below = command.find_subcommand(name)?;
        Some(narrow(below, rest))
    });
    let Some(below) = below else {
        return command.clone();
    };
    let bare = match later::bare(command) {
        Some(bare) => bare.clone(),
        None => Command::new("acpctl")
            .disable_help_flag(true)
            .disable_version_flag(true)
            .disable_help_subcommand(true),
    };
    bare.args(command.get_arguments())
        .groups(command.get_groups())
        .subcommand(below)
}

/// Checks the arguments of a line whose flags are right.
fn check_arguments(line: &Line<'_>, scanned: &Scanned) -> Result<(), Failure> {
    let (command, path) = (line.command(), line.path_text());
    let failure = match scanned.arguments.first() {
        Some(word) if is_parent(command) => Some(unknown_command(line, &word.to_string_lossy())),
        _ if ends_in_a_command_line(command) => split_failure(line, scanned),
        _ => count_failure(command, &scanned.arguments, &path).map(|failure| {
            match extra::hint(line, scanned) {
                Some(hint) => failure.hint(hint),
                None => line.with_verb_hint(failure),
            }
        }),
    };
    failure.map_or(Ok(()), Err)
}

/// The refusal of a word that is not a command, with the command that it may have been meant for.
fn unknown_command(line: &Line<'_>, word: &str) -> Failure {
    let (word_shown, path) = (quote(word), quote(&line.path_text()));
    Failure::usage(format!("unknown command {word_shown} for {path}")).hint(line.verb_hint())
}

/// Adds `-o json` to a line with `--jq`, which filters JSON.
fn imply_json(line: &Line<'_>, flags: &mut Vec<Flag>) -> Result<(), Failure> {
    if !flags.iter().any(|flag| flag.name == "jq") {
        return Ok(());
    }
    let given = flags.iter().find(|flag| flag.name == "output");
    let given = given.and_then(|flag| flag.value.as_deref());
    match given {
        Some(format) if format == "json" => Ok(()),
        Some(format) => Err(Failure::usage(format!(
            "--jq filters JSON and does not fit -o {}",
            format.to_string_lossy()
        ))
        .hint("leave out -o")),
        // `local export -o FILE` means something else.
        None if matches!(line.find_long("output"), Some(Known::Arg(arg)) if value_name(arg) == "FORMAT") =>
        {
            flags.push(Flag::new("output", "json"));
            Ok(())
        }
        None => Err(Failure::usage("--jq is for commands that have -o json")),
    }
}

/// Returns the flags of a line that can be read, each with its value.
#[must_use]
pub fn flags(root: &mut Command, words: &[OsString]) -> Vec<(String, Option<OsString>)> {
    let flags = Line::new(root, words).readable_flags();
    let flags = flags.into_iter();
    flags.map(|flag| (flag.name, flag.value)).collect()
}

/// Returns the command of a line, by the names of its path, and those of its own flags that have an empty value.
#[must_use]
pub fn empty_values(root: &mut Command, words: &[OsString]) -> (Vec<String>, Vec<String>) {
    let line = Line::new(root, words);
    let is_own = |name: &str| {
        let mut own = line.command().get_arguments();
        own.any(|arg| arg.get_long() == Some(name) && !arg.is_global_set())
    };
    let flags = line.readable_flags().into_iter();
    let empty = flags.filter(|flag| flag.value.as_ref().is_some_and(|value| value.is_empty()));
    let names = empty.map(|flag| flag.name).filter(|name| is_own(name));
    let names = names.collect();
    (line.path_names(), names)
}

/// Returns the first argument that the command of a line ignores.
#[must_use]
pub fn ignored(matches: &ArgMatches) -> Option<String> {
    let mut matches = matches;
    while let Some((_, below)) = matches.subcommand() {
        matches = below;
    }
    let mut words = matches.try_get_many::<OsString>(IGNORED).ok()??;
    words.next().map(|word| word.to_string_lossy().into_owned())
}

/// Returns the arguments before `--` and after it.
fn arguments<'s>(command: &Command, scanned: &'s Scanned) -> (&'s [OsString], &'s [OsString]) {
    if ends_in_a_command_line(command) {
        scanned.arguments.split_at(scanned.before)
    } else {
        scanned.arguments.split_at(0)
    }
}

/// Returns true if a line asks for JSON, even if the line is wrong elsewhere.
#[must_use]
pub fn asks_for_json(root: &mut Command, words: &[OsString]) -> bool {
    let line = Line::new(root, words);
    let scanned = line.scan();
    // `local export -o FILE` means something else.
    let is_file =
        matches!(line.find_long("output"), Some(Known::Arg(arg)) if value_name(arg) != "FORMAT");
    if is_file {
        return false;
    }
    if let Some(format) = scanned.flags.iter().rfind(|flag| flag.name == "output") {
        return format.value.as_deref() == Some(OsStr::new("json"));
    }
    // The scan ends at the first wrong flag, but the user still meant the words after it.
    let ends_early = matches!(scanned.end, Err(Stop::Failed(_)));
    ends_early && has_json_flag(&line.words)
}

/// Returns true if words, which need not form a correct line, hold `-o json` in one of its forms.
fn has_json_flag(words: &[OsString]) -> bool {
    let words: Vec<&OsStr> = words
        .iter()
        .map(OsString::as_os_str)
        .take_while(|word| *word != "--")
        .collect();
    let joined = |word: &&OsStr| {
        ["-ojson", "-o=json", "--output=json"]
            .map(OsStr::new)
            .contains(word)
    };
    let parted = |pair: &[&OsStr]| (pair[0] == "-o" || pair[0] == "--output") && pair[1] == "json";
    words.iter().any(joined) || words.windows(2).any(parted)
}

/// Writes a line in the one form that clap gets to see. The arguments are those before `--` and those after it.
fn plain_words(
    path: &[String],
    flags: &[Flag],
    (before, after): (&[OsString], &[OsString]),
) -> Vec<OsString> {
    let mut words = vec![OsString::from("acpctl")];
    words.extend(path.iter().map(OsString::from));
    for flag in flags.iter().filter(|flag| !flag.name.ends_with("=false")) {
        let mut word = OsString::from(format!("--{}", flag.name));
        if let Some(value) = &flag.value {
            word.push("=");
            word.push(value);
        }
        words.push(word);
    }
    words.extend(before.iter().cloned());
    if !after.is_empty() {
        words.push(OsString::from("--"));
        words.extend(after.iter().cloned());
    }
    words
}

/// Translates clap's refusal of a value into the Go tool's words.
fn value_failure(error: &clap::Error, root: &Command, path: &[String]) -> Option<Failure> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    use std::error::Error as _;

    if !matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue
    ) {
        return None;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut command = root;
    for name in path {
        command = command.find_subcommand(name)?;
    }
    let named = text(ContextKind::InvalidArg)?;
    let long = named
        .trim_start_matches("--")
        .split([' ', '=', '['])
        .next()?
        .to_owned();
    let flag = command
        .get_arguments()
        .chain(root.get_arguments())
        .find(|arg| arg.get_long() == Some(&long));
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let why = match error.source() {
        Some(source) => source.to_string(),
        None => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) if !valid.is_empty() => {
                format!("must be one of {}", valid.join(", "))
            }
            _ if value.is_empty() => "it is empty".to_owned(),
            _ => "invalid value".to_owned(),
        },
    };
    Some(match flag {
        Some(flag) => {
            let failure = invalid_value(&value, &flag_name(flag), &why);
            let source = error.source();
            match source.and_then(|source| unit_hint(source, &long)) {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        }
        None => {
            let argument = named.trim_matches(['<', '>', '[', ']', '.']);
            let value = quote(&value);
            Failure::usage(format!("invalid argument {value} for {argument}: {why}"))
        }
    })
}

/// Translates any other refusal by clap: it checks rules of our own, such as two flags that exclude each other.
fn clap_failure(error: &clap::Error, names: &[String]) -> Failure {
    let says = missing(error).unwrap_or_else(|| {
        let text = error.render().to_string();
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("error: ").unwrap_or(first).to_owned()
    });
    Failure::usage(says).hint(format!("see '{} --help'", names.join(" ")))
}

/// Names the flags without which those that were given say nothing.
fn missing(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};

    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::Strings(flags) => Some(format!("missing: {}", flags.join(", "))),
        _ => None,
    }
}
