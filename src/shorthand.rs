//! Words that stand for other words of a command line: verbs under a noun that the Go tool has without it, the
//! user's aliases, and `KIND/NAME`. They are replaced once, before the line is read, so the rest of the program knows
//! only the command that is meant.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::compat::grammar::{Known, Line, VERBS, ends_in_a_command_line};
use crate::config::Config;
use crate::failure::Failure;
use crate::output;
use crate::resources::{AGENT, Candidates, Resource, SESSION, find_or_project_agent, unknown_kind};
use crate::text::command::shell_word;
use crate::text::{acpctl, quote};

/// Returns the words of the line that is meant.
#[must_use]
pub(crate) fn expand(root: &mut Command, words: &[OsString]) -> Vec<OsString> {
    let words = with_alias(root, words).unwrap_or_else(|| words.to_vec());
    let words = with_verb(root, &words).unwrap_or(words);
    let words = with_kind(root, &words).unwrap_or(words);
    without_kinds(root, &words).unwrap_or(words)
}

/// Replaces an alias of the user. The configuration is read only if the first word is not a command, so an alias can't
/// hide one. Aliases in an alias are not replaced.
fn with_alias(root: &mut Command, words: &[OsString]) -> Option<Vec<OsString>> {
    let line = Line::new(root, words);
    let first = line.first_argument()?;
    if line.path.len() != 1 {
        return None;
    }
    let config = Config::of_user().ok()?;
    let meant = config
        .aliases()
        .into_iter()
        .find(|(name, _)| *name == first);
    let (_, meant) = meant?;
    let meant: Vec<OsString> = meant.into_iter().map(OsString::from).collect();
    Some(line.with_first_argument(&meant))
}

/// Warns if the first word is an alias that the file does not describe: its command then is an unknown one.
pub(crate) fn warn_of_unfit_alias(root: &mut Command, words: &[OsString]) {
    let line = Line::new(root, words);
    let Some(first) = line.first_argument().filter(|_| line.path.len() == 1) else {
        return;
    };
    let unfit = Config::of_user().map(|config| config.unfit_aliases());
    if unfit.is_ok_and(|unfit| unfit.contains(&first)) {
        output::note(&format!("Warning: {}", unfit_alias(&first)));
    }
}

/// Says what is wrong with an alias of the file, and how to mend it.
pub(crate) fn unfit_alias(name: &str) -> String {
    let set = acpctl(&["alias", "set", name, "--", "WORDS..."]);
    format!(
        "the alias {} of the configuration file is not a list of words; set it again: {set}",
        quote(name)
    )
}

fn with_verb(root: &mut Command, words: &[OsString]) -> Option<Vec<OsString>> {
    let line = Line::new(root, words);
    let [_, noun] = line.path.as_slice() else {
        return None;
    };
    let verb = line.first_argument()?;
    // `acpctl project NAME` switches, so that a verb alone may be a name.
    if noun.get_positionals().next().is_some() && line.arguments().len() == 1 {
        return None;
    }
    let mut verbs = VERBS.iter();
    let (.., meant) = verbs.find(|(of, known, _)| *of == noun.get_name() && *known == verb)?;
    let meant: Vec<OsString> = meant.iter().map(OsString::from).collect();
    Some(line.with_first_argument(&meant))
}

/// Splits `KIND/NAME`, as acpctl itself prints objects, where a kind and names are expected. Further names of the same
/// kind may have the form too.
fn with_kind(root: &mut Command, words: &[OsString]) -> Option<Vec<OsString>> {
    let line = Line::new(root, words);
    let takes_names = line.command().get_positionals().any(|arg| {
        let candidates = arg.get::<Candidates>();
        matches!(candidates, Some(Candidates::NamesOfKind))
    });
    let arguments = line.arguments();
    let first = *arguments.first().filter(|_| takes_names)?;
    let text = |at: usize| line.words[at].to_string_lossy().into_owned();
    let given = text(first);
    let (kind, name) = given.split_once('/')?;
    let resource = find_or_project_agent(kind).filter(|_| !name.is_empty())?;
    let is_same =
        |kind: &str| find_or_project_agent(kind).is_some_and(|it| it.word == resource.word);
    let names = line.path.iter().skip(1).map(|command| command.get_name());
    let mut meant: Vec<OsString> = names.chain([kind, name]).map(OsString::from).collect();
    for (at, word) in line.words.iter().enumerate().filter(|(at, _)| *at != first) {
        let argument = arguments.contains(&at).then(|| text(at));
        match argument.as_deref().and_then(|it| it.split_once('/')) {
            Some((kind, name)) if is_same(kind) && !name.is_empty() => meant.push(name.into()),
            _ => meant.push(word.clone()),
        }
    }
    Some(meant)
}

/// Takes the kind off each `KIND/NAME` where the name of an object of this kind is expected.
fn without_kinds(root: &mut Command, words: &[OsString]) -> Option<Vec<OsString>> {
    let line = Line::new(root, words);
    let labels = labels(&line);
    let own = labels.iter().filter(|label| label.is_expected());
    let own: Vec<(usize, &str)> = own.map(|label| (label.at, label.name.as_str())).collect();
    if own.is_empty() {
        return None;
    }
    let mut meant = line.words.clone();
    for (at, name) in own {
        let word = line.words[at].to_string_lossy();
        let flag = word.split_once('=').filter(|_| word.starts_with("--"));
        meant[at] = match flag {
            Some((flag, _)) => format!("{flag}={name}").into(),
            None => name.into(),
        };
    }
    let names = line.path.iter().skip(1).map(|command| command.get_name());
    Some(names.map(OsString::from).chain(meant).collect())
}

/// Refuses `KIND/NAME` where the name of an object of another kind is expected: a search for it would find nothing.
///
/// # Errors
/// A usage failure.
pub(crate) fn check_kinds(root: &mut Command, words: &[OsString]) -> Result<(), Failure> {
    let line = Line::new(root, words);
    let labels = labels(&line);
    let Some(label) = labels.iter().find(|label| !label.is_expected()) else {
        return Ok(());
    };
    let text = format!("{}/{}", label.kind, label.name);
    let (given, expected) = (label.given, label.expected);
    let failure = Failure::usage(format!(
        "this command takes {}, and {} is of kind {}",
        expected.plural().replace('-', " "),
        quote(&text),
        given.word
    ));
    if given.word == AGENT.word && expected.word == SESSION.word {
        let name = quote(&label.name);
        return Err(failure.hint(format!(
            "a session also goes by the name of its agent: write {name} alone"
        )));
    }
    Err(failure.hint(format!(
        "to see it: {}; if {} is the whole name, write {}",
        acpctl(&["get", &text]),
        quote(&text),
        shell_word(&format!("{}/{text}", expected.word))
    )))
}

/// Returns the refusal of `KIND/NAME` with an unknown kind, for a line that lacks an argument: such a kind is not split
/// off.
pub(crate) fn misspelled_kind(root: &mut Command, words: &[OsString]) -> Option<Failure> {
    let line = Line::new(root, words);
    let mut positionals = line.command().get_positionals();
    let takes_kind = positionals.next()?.get::<Candidates>();
    let takes_name = positionals.next()?.get::<Candidates>();
    let (Some(Candidates::Kinds), Some(Candidates::NamesOfKind)) = (takes_kind, takes_name) else {
        return None;
    };
    let [only] = line.arguments()[..] else {
        return None;
    };
    let (kind, name) = line.words[only].to_str()?.split_once('/')?;
    let is_unknown = find_or_project_agent(kind).is_none() && !name.is_empty();
    is_unknown.then(|| unknown_kind(kind))
}

/// `KIND/NAME` on a line, where one kind is expected.
struct Label {
    /// The index of the word.
    at: usize,
    kind: String,
    given: &'static Resource,
    expected: &'static Resource,
    name: String,
}

impl Label {
    fn is_expected(&self) -> bool {
        self.given.word == self.expected.word
    }
}

/// Returns each `KIND/NAME` where the name of an object of one kind is expected: as an argument, or as the value of a
/// flag.
fn labels(line: &Line<'_>) -> Vec<Label> {
    let mut labels = labels_of_arguments(line);
    labels.extend(labels_of_flags(line));
    labels
}

fn labels_of_flags(line: &Line<'_>) -> Vec<Label> {
    let words = line.words.iter().take_while(|word| *word != "--");
    let words: Vec<&str> = words
        .map(|word| word.to_str().unwrap_or_default())
        .collect();
    let flags = words.iter().enumerate().filter_map(|(at, word)| {
        let flag = word.strip_prefix("--")?;
        let (name, value, at) = match flag.split_once('=') {
            Some((name, value)) => (name, value, at),
            None => (flag, *words.get(at + 1)?, at + 1),
        };
        let Known::Arg(arg) = line.find_long(name)? else {
            return None;
        };
        let Candidates::Names(expected) = arg.get::<Candidates>()? else {
            return None;
        };
        label(value, expected, at)
    });
    flags.collect()
}

/// Reads `KIND/NAME` where the name of an object of one kind is expected.
fn label(text: &str, expected: &'static Resource, at: usize) -> Option<Label> {
    let (kind, name) = text.split_once('/')?;
    let is_own = expected.is_called(&kind.to_lowercase());
    let given = if is_own {
        expected
    } else {
        find_or_project_agent(kind)?
    };
    (!name.is_empty()).then(|| Label {
        at,
        kind: kind.to_owned(),
        given,
        expected,
        name: name.to_owned(),
    })
}

fn labels_of_arguments(line: &Line<'_>) -> Vec<Label> {
    let positionals: Vec<&Arg> = line.command().get_positionals().collect();
    let arguments = line.arguments();
    let dashes = line.words.iter().position(|word| word == "--");
    let ends = dashes.filter(|_| ends_in_a_command_line(line.command()));
    let own = arguments
        .iter()
        .filter(|at| ends.is_none_or(|end| **at < end));
    own.enumerate()
        .filter_map(|(n, at)| {
            let arg = positionals.get(n).or(positionals.last())?;
            let expected = match arg.get::<Candidates>()? {
                Candidates::Names(resource) => *resource,
                Candidates::NamesOfKind => {
                    find_or_project_agent(line.words[arguments[0]].to_str()?)?
                }
                _ => return None,
            };
            let mut label = label(line.words[*at].to_str()?, expected, *at)?;
            // `session start` takes the name of an agent, or else that of a session.
            let takes_session = line.words.iter().any(|word| word == "--or-session");
            if takes_session && label.given.word == SESSION.word {
                label.expected = label.given;
            }
            Some(label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::compat::grammar::{Request, define_all, parse};

    #[test]
    fn every_verb_leads_to_a_command_and_hides_none() {
        let mut root = Cli::command();
        define_all(&mut root);
        for (noun, verb, meant) in VERBS {
            let noun = root.find_subcommand(noun).unwrap();
            assert!(noun.find_subcommand(verb).is_none(), "{verb} hides a verb");
            let found = root.find_subcommand(meant[0]);
            assert!(found.is_some(), "{meant:?} is not a command");
        }
    }

    #[test]
    fn a_kind_is_split_off_arguments_alone() {
        let mut root = Cli::command();
        for (line, meant) in [
            ("get credential/a", "get credential a"),
            (
                "--ca-file credential/ca.pem get credential/a credential/b --local",
                "get credential a --ca-file credential/ca.pem b --local",
            ),
            (
                "delete --yes -- agent/a agent/b",
                "delete agent a --yes -- b",
            ),
            ("get credential a/b", "get credential a/b"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let expected: Vec<OsString> = meant.split(' ').map(OsString::from).collect();
            assert_eq!(
                with_kind(&mut root, &words).unwrap_or(words),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn flags_keep_their_place_behind_the_command() {
        let mut root = Cli::command();
        for (line, meant) in [
            ("--local session ls -o json", "get sessions --local -o json"),
            ("session -o name list", "get sessions -o name"),
            ("session stop a b --dry-run", "stop a b --dry-run"),
            (
                "credential exec c -- session list",
                "exec c -- session list",
            ),
            ("credential list", "credential list"),
            ("get session list", "get session list"),
            (
                "describe -o json credential/a credential/b",
                "describe credential a -o json b",
            ),
            ("edit agents/lead", "edit agents lead"),
            ("wait agent/lead", "wait agent/lead"),
            ("get other/x", "get other/x"),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let expanded = expand(&mut root, &words);
            let shown: Vec<_> = expanded.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(shown.join(" "), meant);
            let parsed = parse(&mut Cli::command(), &expanded);
            assert!(matches!(parsed, Ok(Request::Run(_))), "{line}");
        }
    }
}
