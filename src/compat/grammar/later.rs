//! Parts of the tree of commands that are defined when a line or a page needs them: to define all of them takes longer
//! than most commands run.

use std::mem;
use std::ops::Deref;

use clap::builder::{CommandExt, Resettable};
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

/// The arguments or the verbs of a command, which [`define`] adds to it.
#[derive(Debug)]
pub struct Later<T>(T);

/// Marks a command of which something was left for later.
#[derive(Debug, Clone)]
enum Rest {
    /// It is still missing.
    Missing(fn(Command) -> Command),
    /// It was added to this command.
    Added(Box<Command>),
}

impl CommandExt for Rest {}

/// Adds to a command what was left for later.
pub fn define(command: &mut Command) {
    let Some(Rest::Missing(add_to)) = command.get().cloned() else {
        return;
    };
    let bare = mem::take(command);
    let whole = add_to(bare.clone());
    // What a noun says about its verbs is not about the noun.
    let whole = match bare.get_about().cloned() {
        Some(about) => whole
            .about(about)
            .long_about(Resettable::from(bare.get_long_about().cloned())),
        None => whole,
    };
    *command = whole.add(Rest::Added(Box::new(bare)));
}

/// Defines a command and all commands below it.
pub fn define_all(command: &mut Command) {
    define(command);
    command.get_subcommands_mut().for_each(define_all);
}

/// Defines the command at a path.
pub(super) fn define_at(command: &mut Command, path: &[String]) {
    match path.split_first() {
        None => define(command),
        Some((name, rest)) => {
            if let Some(below) = command.find_subcommand_mut(name) {
                define_at(below, rest);
            }
        }
    }
}

pub(super) fn is_defined(command: &Command) -> bool {
    !matches!(command.get(), Some(Rest::Missing(_)))
}

/// Returns a command as it was before it was defined.
pub(super) fn bare(command: &Command) -> Option<&Command> {
    match command.get() {
        Some(Rest::Added(bare)) => Some(bare),
        _ => None,
    }
}

impl<T> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

impl<T: Args> Args for Later<T> {
    fn augment_args(command: Command) -> Command {
        command.add(Rest::Missing(T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.add(Rest::Missing(T::augment_args_for_update))
    }
}

impl<T: Subcommand> Subcommand for Later<T> {
    fn augment_subcommands(command: Command) -> Command {
        command.add(Rest::Missing(T::augment_subcommands))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        command.add(Rest::Missing(T::augment_subcommands_for_update))
    }

    fn has_subcommand(name: &str) -> bool {
        T::has_subcommand(name)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;
    use crate::compat::grammar::Line;

    fn defined(root: &Command) -> Vec<&str> {
        let subs = root.get_subcommands();
        subs.filter(|sub| is_defined(sub))
            .map(Command::get_name)
            .collect()
    }

    #[test]
    fn a_line_defines_the_commands_that_it_names_and_no_other() {
        for (line, named) in [
            ("--version", ""),
            ("--project credential get", "get"),
            ("--local credential -o json list", "credential"),
            ("nope credential", ""),
        ] {
            let mut root = Cli::command();
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let last = Line::new(&mut root, &words).command().clone();
            assert!(is_defined(&last), "{line}");
            assert_eq!(defined(&root).join(" "), named, "{line}");
        }
    }

    #[test]
    fn a_command_is_defined_once_and_keeps_its_description() {
        let mut root = Cli::command();
        define_all(&mut root);
        define_all(&mut root);
        let noun = root.find_subcommand("credential").unwrap();
        assert_eq!(noun.get_about().unwrap().to_string(), "Manage credentials");
        let verb = noun.find_subcommand("add").unwrap();
        assert!(verb.get_arguments().any(|arg| arg.get_id() == "provider"));
    }
}
