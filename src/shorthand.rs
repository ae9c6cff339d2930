//! Words that stand for other words of a command line: verbs under a noun that the Go tool has without it, the
//! user's aliases, and `KIND/NAME`. They are replaced once, before the line is read, so the rest of the program knows
//! only the command that is meant.

use std::ffi::OsString;

use clap::Command;

use crate::compat::grammar::{Line, VERBS};
use crate::config::Config;
use crate::output;
use crate::resources::{Candidates, find_or_project_agent};
use crate::text::{acpctl, quote};

/// Returns the words of the line that is meant.
#[must_use]
pub(crate) fn expand(root: &Command, words: &[OsString]) -> Vec<OsString> {
    let words = with_alias(root, words).unwrap_or_else(|| words.to_vec());
    let words = with_verb(root, &words).unwrap_or(words);
    with_kind(root, &words).unwrap_or(words)
}

/// Replaces an alias of the user. The configuration is read only if the first word is not a command, so an alias can't
/// hide one. Aliases in an alias are not replaced.
fn with_alias(root: &Command, words: &[OsString]) -> Option<Vec<OsString>> {
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
pub(crate) fn warn_of_unfit_alias(root: &Command, words: &[OsString]) {
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

fn with_verb(root: &Command, words: &[OsString]) -> Option<Vec<OsString>> {
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
fn with_kind(root: &Command, words: &[OsString]) -> Option<Vec<OsString>> {
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::compat::grammar::{Request, parse};

    #[test]
    fn every_verb_leads_to_a_command_and_hides_none() {
        let root = Cli::command();
        for (noun, verb, meant) in VERBS {
            let noun = root.find_subcommand(noun).unwrap();
            assert!(noun.find_subcommand(verb).is_none(), "{verb} hides a verb");
            let found = root.find_subcommand(meant[0]);
            assert!(found.is_some(), "{meant:?} is not a command");
        }
    }

    #[test]
    fn a_kind_is_split_off_arguments_alone() {
        let root = Cli::command();
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
                with_kind(&root, &words).unwrap_or(words),
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn flags_keep_their_place_behind_the_command() {
        let root = Cli::command();
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
            let expanded = expand(&root, &words);
            let shown: Vec<_> = expanded.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(shown.join(" "), meant);
            let parsed = parse(&mut Cli::command(), &expanded);
            assert!(matches!(parsed, Ok(Request::Run(_))), "{line}");
        }
    }
}
