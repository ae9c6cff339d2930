//! The values that fit at the cursor: names of commands and flags, fixed words, contexts, files, names from the server.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Arg, ArgAction, Command, ValueHint};
use zeroize::Zeroizing;

use super::answer::{Answer, Candidate};
use super::cursor::{Cursor, Wanted};
use super::live;
use crate::compat::grammar;
use crate::config::keys::{KEYS, Takes};
use crate::config::{Config, contexts, file};
use crate::env;
use crate::help::TOPICS;
use crate::kubeconfig::{self, Base64, MAX_INPUT, OwnedSource, Source};
use crate::plain_file::{self, Links};
use crate::resources::{
    Candidates, NAMED, PROJECT, PROJECT_AGENT, Resource, SESSION, find_or_project_agent,
};
use crate::text::url_for_people;

/// The kinds of objects, each with a description.
const KINDS: &[(&str, &str)] = &[
    ("agent", "a role with a prompt that sessions work for"),
    ("application", "a source that the platform keeps applied"),
    ("cluster", "a cluster that the platform knows"),
    ("credential", "a secret for sessions, such as a kubeconfig"),
    ("policy", "what a sandbox may reach"),
    ("project", "a space for agents and sessions"),
    ("project-agent", "another word for agent"),
    (
        "project-settings",
        "the groups and repositories of a project",
    ),
    ("provider", "a service whose secrets sandboxes get"),
    ("role", "a set of permissions"),
    (
        "role-binding",
        "who has which role, and who uses which credential",
    ),
    ("scheduled-session", "a session that starts at set times"),
    ("session", "one run of an agent"),
    ("user", "a person or a program with a login"),
];

/// Returns the candidates for the cursor.
#[must_use]
pub(super) fn answer(cursor: &Cursor<'_>, deadline: Instant) -> Answer {
    match cursor.wanted {
        Wanted::Flag => Answer::of(flags(cursor)),
        Wanted::Value(None) => Answer::files(),
        Wanted::Value(Some(arg)) => values(cursor, arg, deadline),
        Wanted::Argument => argument(cursor, deadline),
    }
}

/// Returns the flags that can still be added, long names first.
fn flags(cursor: &Cursor<'_>) -> Vec<Candidate> {
    let free = |arg: &&Arg| {
        let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        let given = arg
            .get_long()
            .is_some_and(|long| cursor.flag(long).is_some());
        !arg.is_positional() && !arg.is_hide_set() && (repeats || !given)
    };
    let args: Vec<&Arg> = cursor.command().get_arguments().filter(free).collect();
    let named = |arg: &Arg, name: String| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Candidate::new(name, help)
    };
    let mut found: Vec<Candidate> = args
        .iter()
        .filter_map(|arg| arg.get_long().map(|long| named(arg, format!("--{long}"))))
        .collect();
    found.sort_by(|a, b| a.text.cmp(&b.text));
    // A single `-` can begin a short or a long name; two begin a long one.
    if cursor.typed == "-" {
        found.extend(
            args.iter()
                .filter_map(|arg| arg.get_short().map(|short| named(arg, format!("-{short}")))),
        );
    }
    found
}

fn argument(cursor: &Cursor<'_>, deadline: Instant) -> Answer {
    let names = cursor.names();
    let count = cursor.arguments.len();
    if names.first() == Some(&"help") {
        return Answer::of(topics(cursor));
    }
    if cursor.only_arguments && grammar::ends_in_a_command_line(cursor.command()) {
        return program(cursor);
    }
    let mut answer = match cursor.command().get_positionals().nth(at_most_last(cursor)) {
        Some(arg) => values(cursor, arg, deadline),
        None => Answer::of(Vec::new()),
    };
    if count == 0 {
        answer.candidates.splice(0..0, commands(cursor.command()));
    }
    answer
}

/// Returns the answer behind `--`: programs for the first word, file names for the others.
fn program(cursor: &Cursor<'_>) -> Answer {
    let is_first = cursor.arguments.len() == cursor.before;
    if !is_first || cursor.typed.is_empty() || cursor.typed.contains('/') {
        return Answer::files();
    }
    let found = env::programs(&cursor.typed).into_iter();
    let found: Vec<Candidate> = found.map(|name| Candidate::new(name, "")).collect();
    if found.is_empty() {
        return Answer::files();
    }
    Answer::of(found)
}

/// Returns the index of the positional at the cursor; that of the last one if it can be repeated.
fn at_most_last(cursor: &Cursor<'_>) -> usize {
    let positionals: Vec<&Arg> = cursor.command().get_positionals().collect();
    match positionals.last() {
        Some(last) if matches!(last.get_action(), ArgAction::Append) => {
            cursor.arguments.len().min(positionals.len() - 1)
        }
        _ => cursor.arguments.len(),
    }
}

/// Returns the values of an argument: its possible values, or else the candidates that it declares, or else file names
/// if it is a path.
fn values(cursor: &Cursor<'_>, arg: &Arg, deadline: Instant) -> Answer {
    let possible = possible_values(arg);
    if !possible.is_empty() {
        return Answer::of(possible);
    }
    let names = |resource| Answer::of(live::names(resource, cursor, deadline));
    match arg.get::<Candidates>() {
        Some(Candidates::Described(words)) => Answer::of(described(words)),
        Some(Candidates::Names(resource)) => names(resource),
        Some(Candidates::Kinds) if cursor.arguments.is_empty() => Answer::of(kinds()),
        Some(Candidates::Kinds) => Answer::of(Vec::new()),
        Some(Candidates::NamesOfKind) => {
            let kind = cursor.arguments.first();
            match kind.and_then(|kind| find_or_project_agent(kind)) {
                Some(resource) => names(resource),
                None => Answer::of(Vec::new()),
            }
        }
        Some(Candidates::SessionsOrOthers) => match cursor.typed.split_once('/') {
            Some((kind, _)) => match find_or_project_agent(kind) {
                Some(resource) => Answer::of(below(kind, names(resource))),
                None => names(&SESSION),
            },
            None => names(&SESSION),
        },
        Some(Candidates::Codes) => Answer::of(codes()),
        Some(Candidates::ServerContexts) => Answer::of(server_contexts()),
        Some(Candidates::Contexts) => Answer::of(contexts(cursor)),
        Some(Candidates::Columns) => Answer::of(columns(cursor)),
        Some(Candidates::ValuesOfSetting) => values_of_setting(cursor, deadline),
        None => match arg.get_value_hint() {
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath => Answer::files(),
            _ => Answer::of(Vec::new()),
        },
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

fn described(words: &[(&str, &str)]) -> Vec<Candidate> {
    let words = words.iter();
    words
        .map(|(text, help)| Candidate::new(*text, *help))
        .collect()
}

/// Returns the columns of the list on the line: of the kind that `get` names, of the runs of an agent or a schedule, or
/// of the noun.
fn columns(cursor: &Cursor<'_>) -> Vec<Candidate> {
    let names = cursor.names();
    let resource = match names.as_slice() {
        ["get", ..] => cursor
            .arguments
            .first()
            .and_then(|kind| find_or_project_agent(kind)),
        [_, "sessions" | "runs", ..] => Some(&SESSION),
        [noun, ..] => find_or_project_agent(noun),
        [] => None,
    };
    let columns = resource.map(Resource::screen_wide).unwrap_or_default();
    let columns = columns.into_iter();
    columns
        .map(|column| Candidate::new(column.word(), ""))
        .collect()
}

/// Returns the values that a setting may have, if they are few.
fn values_of_setting(cursor: &Cursor<'_>, deadline: Instant) -> Answer {
    let name = cursor.arguments.first().map(String::as_str);
    let key = KEYS.iter().find(|key| Some(key.name) == name);
    match key.map(|key| (key.name, key.takes)) {
        Some((_, Takes::Switch)) => Answer::of(described(&[("true", ""), ("false", "")])),
        Some((file::PROJECT, _)) => Answer::of(live::names(&PROJECT, cursor, deadline)),
        _ => Answer::of(Vec::new()),
    }
}

/// Returns names in the form `KIND/NAME`.
fn below(kind: &str, names: Answer) -> Vec<Candidate> {
    let names = names.candidates.into_iter();
    names
        .map(|name| Candidate::new(format!("{kind}/{}", name.text), name.help))
        .collect()
}

/// Returns the codes of findings that the user can accept: Kubernetes' own client accepts them too.
fn codes() -> Vec<Candidate> {
    let rows = kubeconfig::codes().iter().filter(|row| row.gate.is_none());
    rows.map(|row| Candidate::new(row.code, row.when.replace('`', "")))
        .collect()
}

/// Returns the contexts of the configuration file, each with its server.
fn server_contexts() -> Vec<Candidate> {
    let config = Config::of_user().unwrap_or_else(|_| Config::none());
    contexts::list(&config)
        .into_iter()
        .map(|context| Candidate::new(context.name, url_for_people(&context.server)))
        .collect()
}

/// Returns the words for kinds of objects, sorted.
fn kinds() -> Vec<Candidate> {
    let named = NAMED.iter().map(|resource| resource.word);
    let mut words: Vec<&str> = named.chain(PROJECT_AGENT.first().copied()).collect();
    words.sort_unstable();
    let about = |word: &str| KINDS.iter().find(|(kind, _)| *kind == word);
    let help = |word: &str| about(word).map_or("", |(_, help)| help);
    let words = words.into_iter();
    words.map(|word| Candidate::new(word, help(word))).collect()
}

/// Returns the commands below a command, sorted by name.
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

/// Returns the topics of `help`: the commands below the one that the arguments so far name, and texts of their own.
fn topics(cursor: &Cursor<'_>) -> Vec<Candidate> {
    let mut command = cursor.path.first().copied();
    for word in &cursor.arguments {
        command = command.and_then(|command| command.find_subcommand(word));
    }
    let mut found = command.map(commands).unwrap_or_default();
    if cursor.arguments.is_empty() {
        found.extend(described(TOPICS));
    }
    found
}

/// Returns the contexts of the kubeconfig on the line, or else of `KUBECONFIG`, or else of `~/.kube/config`.
fn contexts(cursor: &Cursor<'_>) -> Vec<Candidate> {
    let named = cursor
        .flag("from-file")
        .or(cursor.arguments.first().map(String::as_str));
    let paths: Vec<PathBuf> = match named {
        // The shell has not expanded the word yet.
        Some(path) => vec![env::in_home(path)],
        None => match env::KUBECONFIG.os() {
            Some(list) => std::env::split_paths(&list).collect(),
            None => vec![env::in_home("~/.kube/config")],
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

/// Reads a file of the size of a kubeconfig. It never reads a pipe, whose data would be lost.
fn read(path: PathBuf) -> Option<OwnedSource> {
    let bytes = plain_file::read(&path, Links::Follow, MAX_INPUT).ok()?;
    let decoded = kubeconfig::decode_input(&bytes, Base64::Report).ok()?;
    let bytes = Zeroizing::new(decoded.text.as_bytes().to_vec());
    Some(OwnedSource { path, bytes })
}
