//! Which values fit a place: names of commands and flags, fixed words, contexts, files, live names.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Arg, ArgAction, Command, ValueHint};
use zeroize::Zeroizing;

use super::live::{self, Live};
use super::place::{Place, Wanted};
use super::{Answer, Candidate};
use crate::commands::completion::SHELLS;
use crate::compat::grammar;
use crate::env;
use crate::kubeconfig::{self, Base64, MAX_INPUT, OwnedSource, Source};
use crate::plain_file::{self, Links};
use crate::resources::{PHASES, PROVIDERS};

const OUTPUTS: &[(&str, &str)] = &[
    ("json", "one JSON document"),
    ("jsonpath=", "a template of kubectl's kind"),
    ("name", "resource/name"),
    ("table", "columns"),
    ("wide", "more columns"),
    ("yaml", "one YAML document"),
];
const KEYS: &[(&str, &str)] = &[
    ("access_token", "stored token, never shown"),
    ("api_url", "base URL of the API server"),
    ("pager", "kept for the Go tool; not used here"),
    ("project", "project to work in"),
];
/// The kinds of objects that `get`, `create`, `delete` and `describe` know.
const RESOURCES: &[(&str, &str)] = &[
    ("agent", ""),
    ("application", ""),
    ("credential", ""),
    ("project", ""),
    ("project-agent", ""),
    ("project-settings", ""),
    ("role", ""),
    ("role-binding", ""),
    ("session", ""),
    ("user", ""),
];

/// The candidates for a place.
#[must_use]
pub fn answer(place: &Place<'_>, deadline: Instant) -> Answer {
    match place.wanted {
        Wanted::Flag => Answer::of(flags(place)),
        Wanted::Value(None) => Answer::files(),
        Wanted::Value(Some(arg)) => flag_value(place, arg, deadline),
        Wanted::Argument => argument(place, deadline),
    }
}

/// The flags that can still be given, long names first.
fn flags(place: &Place<'_>) -> Vec<Candidate> {
    let free = |arg: &&Arg| {
        let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        let given = arg
            .get_long()
            .is_some_and(|long| place.flag(long).is_some());
        !arg.is_positional() && !arg.is_hide_set() && (repeats || !given)
    };
    let args: Vec<&Arg> = place.command().get_arguments().filter(free).collect();
    let named = |arg: &Arg, name: String| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Candidate::new(name, help)
    };
    let mut found: Vec<Candidate> = args
        .iter()
        .filter_map(|arg| arg.get_long().map(|long| named(arg, format!("--{long}"))))
        .collect();
    found.sort_by(|a, b| a.text.cmp(&b.text));
    // A lone `-` can become either; once there are two, it is a long name.
    if place.typed == "-" {
        found.extend(
            args.iter()
                .filter_map(|arg| arg.get_short().map(|short| named(arg, format!("-{short}")))),
        );
    }
    found
}

fn flag_value(place: &Place<'_>, arg: &Arg, deadline: Instant) -> Answer {
    let possible = possible_values(arg);
    if !possible.is_empty() {
        return Answer::of(possible);
    }
    let long = arg.get_long().unwrap_or_default();
    match long {
        "context" => return Answer::of(contexts(place)),
        "provider" => return Answer::of(fixed(PROVIDERS)),
        "output" => return Answer::of(fixed(&outputs(arg))),
        "for" => return Answer::of(PHASES.iter().map(|it| Candidate::new(*it, "")).collect()),
        "from-file" | "file" | "filename" => return Answer::files(),
        _ => {}
    }
    if let Some(live) = Live::named(noun_of_flag(long)) {
        return Answer::of(live::names(live, place, deadline));
    }
    files_if_hinted(arg)
}

/// The forms of output that the help of the flag lists.
fn outputs(arg: &Arg) -> Vec<(&'static str, &'static str)> {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let list = help
        .rsplit(' ')
        .find(|word| word.contains('|'))
        .unwrap_or_default();
    let listed = |form: &str| list.split('|').any(|word| word.starts_with(form));
    OUTPUTS
        .iter()
        .filter(|(form, _)| list.is_empty() || listed(form))
        .copied()
        .collect()
}

/// `credential-id-fk` and `credential-id` name a credential.
fn noun_of_flag(long: &str) -> &str {
    let base = long.strip_suffix("-fk").unwrap_or(long);
    base.strip_suffix("-id").unwrap_or(base)
}

fn argument(place: &Place<'_>, deadline: Instant) -> Answer {
    let names = place.names();
    let count = place.arguments.len();
    if names.first() == Some(&"help") {
        return Answer::of(topics(place));
    }
    if place.only_arguments && grammar::ends_in_a_command_line(place.command()) {
        return Answer::files();
    }
    let mut answer = match place.command().get_positionals().nth(at_most_last(place)) {
        Some(arg) => positional(place, arg, deadline),
        None => Answer::of(Vec::new()),
    };
    if count == 0 {
        answer.candidates.splice(0..0, commands(place.command()));
    }
    answer
}

/// The place of the positional at the cursor; the last one if it can be repeated.
fn at_most_last(place: &Place<'_>) -> usize {
    let positionals: Vec<&Arg> = place.command().get_positionals().collect();
    match positionals.last() {
        Some(last) if matches!(last.get_action(), ArgAction::Append) => {
            place.arguments.len().min(positionals.len() - 1)
        }
        _ => place.arguments.len(),
    }
}

fn positional(place: &Place<'_>, arg: &Arg, deadline: Instant) -> Answer {
    let possible = possible_values(arg);
    if !possible.is_empty() {
        return Answer::of(possible);
    }
    let names = place.names();
    let first = place.arguments.first().map(String::as_str);
    match (names.as_slice(), first) {
        (["completion"], None) => {
            return Answer::of(
                SHELLS
                    .iter()
                    .map(|(name, _)| Candidate::new(*name, ""))
                    .collect(),
            );
        }
        (["config", "get" | "set" | "unset"], None) => return Answer::of(fixed(KEYS)),
        (["get" | "create" | "delete" | "describe"], None) => {
            return Answer::of(fixed(RESOURCES));
        }
        _ => {}
    }
    if arg.get_id() == "file" {
        return Answer::files();
    }
    let noun = match (names.as_slice(), first) {
        (["get" | "delete" | "describe"], Some(resource)) => Live::named(resource),
        (["start"], None) => Live::named("agent"),
        (["stop" | "wait"], None) => Live::named("session"),
        ([noun] | [noun, _], None) => Live::named(noun),
        _ => None,
    };
    match noun {
        Some(live) => Answer::of(live::names(live, place, deadline)),
        None => files_if_hinted(arg),
    }
}

/// File names where the definition asks for a path, nothing elsewhere.
fn files_if_hinted(arg: &Arg) -> Answer {
    match arg.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => Answer::files(),
        _ => Answer::of(Vec::new()),
    }
}

fn possible_values(arg: &Arg) -> Vec<Candidate> {
    arg.get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && arg.get_action().takes_values())
        .map(|value| {
            let help = value.get_help().map(ToString::to_string);
            Candidate::new(value.get_name(), help.unwrap_or_default())
        })
        .collect()
}

fn fixed(words: &[(&str, &str)]) -> Vec<Candidate> {
    words
        .iter()
        .map(|(text, help)| Candidate::new(*text, *help))
        .collect()
}

/// The commands below a command, by name.
fn commands(command: &Command) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(|sub| {
            let help = sub.get_about().map(ToString::to_string);
            Candidate::new(sub.get_name(), help.unwrap_or_default())
        })
        .collect();
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found
}

/// What `help` can be asked about: the arguments so far lead to a command.
fn topics(place: &Place<'_>) -> Vec<Candidate> {
    let mut command = place.path.first().copied();
    for word in &place.arguments {
        command = command.and_then(|command| command.find_subcommand(word));
    }
    command.map(commands).unwrap_or_default()
}

/// The contexts of the kubeconfig named on the line, else of `KUBECONFIG`, else of `~/.kube/config`.
fn contexts(place: &Place<'_>) -> Vec<Candidate> {
    let named = place
        .flag("from-file")
        .or(place.arguments.first().map(String::as_str));
    let paths: Vec<PathBuf> = match named {
        Some(path) => vec![in_home(path)],
        None => match env::KUBECONFIG.os() {
            Some(list) => std::env::split_paths(&list).collect(),
            None => vec![in_home("~/.kube/config")],
        },
    };
    let sources: Vec<OwnedSource> = paths.into_iter().filter_map(read).collect();
    let views: Vec<Source<'_>> = sources
        .iter()
        .map(|source| Source {
            name: "",
            bytes: &source.bytes,
            dir: Path::new(""),
        })
        .collect();
    let found = kubeconfig::contexts(&views).unwrap_or_default();
    found
        .into_iter()
        .map(|context| {
            let server = context.server.unwrap_or(context.cluster);
            Candidate::new(context.name, server)
        })
        .collect()
}

/// A file of a size that a kubeconfig may have; never a pipe, whose data would be lost.
fn read(path: PathBuf) -> Option<OwnedSource> {
    let bytes = plain_file::read(&path, Links::Follow, MAX_INPUT).ok()?;
    let decoded = kubeconfig::decode_input(&bytes, Base64::Report).ok()?;
    let bytes = Zeroizing::new(decoded.text.as_bytes().to_vec());
    Some(OwnedSource { path, bytes })
}

/// The shell has not expanded the word yet.
fn in_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::HOME.path()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
