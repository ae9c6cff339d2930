//! The cursor on a command line: what the user is typing, and the words before it.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::compat::grammar::{Known, Line, is_switch};

/// The word that the user is typing, with everything before it.
pub(super) struct Cursor<'a> {
    /// The command and those above it, the root first.
    pub path: Vec<&'a Command>,
    /// The long names of the flags so far, with their values.
    pub flags: Vec<(String, String)>,
    /// The arguments so far.
    pub arguments: Vec<String>,
    /// True if the cursor is behind `--`.
    pub only_arguments: bool,
    /// The number of arguments before `--`.
    pub before: usize,
    pub wanted: Wanted<'a>,
    /// The part of it that has been typed.
    pub typed: String,
}

/// The kind of word that fits at the cursor.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// The name of a flag.
    Flag,
    /// The value of a flag; `None` if the flag is unknown.
    Value(Option<&'a Arg>),
    /// An argument, or the name of a command.
    Argument,
}

impl<'a> Cursor<'a> {
    /// Reads the words after the program's name; the user is typing the last one.
    #[must_use]
    pub(super) fn find(root: &'a mut Command, words: &[OsString]) -> Self {
        let (typed, before) = match words.split_last() {
            Some((last, before)) => (last.to_string_lossy().into_owned(), before),
            None => (String::new(), words),
        };
        let line = Line::new(root, before);
        let mut cursor = Self {
            path: line.path.clone(),
            flags: Vec::new(),
            arguments: Vec::new(),
            only_arguments: false,
            before: 0,
            wanted: Wanted::Argument,
            typed,
        };
        let mut pending: Option<(String, Option<&'a Arg>)> = None;
        for word in &line.words {
            let word = word.to_string_lossy();
            if let Some((name, _)) = pending.take() {
                cursor.flags.push((name, word.into_owned()));
            } else if cursor.only_arguments || word == "-" || !word.starts_with('-') {
                cursor.arguments.push(word.into_owned());
            } else if word == "--" {
                cursor.only_arguments = true;
                cursor.before = cursor.arguments.len();
            } else {
                pending = cursor.read_flag(&line, &word);
            }
        }
        if let Some((_, arg)) = pending {
            cursor.wanted = Wanted::Value(arg);
        } else if !cursor.only_arguments && cursor.typed.starts_with('-') {
            cursor.read_typed_flag(&line);
        }
        cursor
    }

    /// Reads a flag before the cursor, and returns it if its value is the next word.
    fn read_flag(&mut self, line: &Line<'a>, word: &str) -> Option<(String, Option<&'a Arg>)> {
        if let Some(long) = word.strip_prefix("--") {
            return match long.split_once('=') {
                Some((name, value)) => {
                    self.flags.push((name.to_owned(), value.to_owned()));
                    None
                }
                None => self.read_name(long, line.find_long(long)),
            };
        }
        // Only the last one of several letters can take the next word.
        let letters = word.get(1..).unwrap_or_default();
        for (at, letter) in letters.char_indices() {
            let known = line.find_short(letter);
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            let takes_value = !known.is_some_and(is_switch);
            if takes_value && !rest.is_empty() {
                let value = rest.strip_prefix('=').unwrap_or(rest);
                self.flags.push((long_name(known), value.to_owned()));
                return None;
            }
            let pending = self.read_name(&long_name(known), known);
            if pending.is_some() {
                return pending;
            }
        }
        None
    }

    fn read_name(
        &mut self,
        name: &str,
        known: Option<Known<'a>>,
    ) -> Option<(String, Option<&'a Arg>)> {
        match known {
            Some(known) if is_switch(known) => {
                self.flags.push((name.to_owned(), "true".to_owned()));
                None
            }
            known => Some((name.to_owned(), arg(known))),
        }
    }

    /// Reads the word at the cursor as a flag: its name, or with `=` its value.
    fn read_typed_flag(&mut self, line: &Line<'a>) {
        let Some((name, value)) = self.typed.split_once('=') else {
            self.wanted = Wanted::Flag;
            return;
        };
        let known = match name.strip_prefix("--") {
            Some(long) => line.find_long(long),
            None => name.chars().last().and_then(|c| line.find_short(c)),
        };
        self.wanted = Wanted::Value(arg(known));
        self.typed = value.to_owned();
    }

    /// Returns the command at the cursor.
    #[must_use]
    pub(super) fn command(&self) -> &'a Command {
        self.path[self.path.len() - 1]
    }

    /// Returns the names of the commands below the root.
    #[must_use]
    pub(super) fn names(&self) -> Vec<&'a str> {
        self.path
            .iter()
            .skip(1)
            .map(|command| command.get_name())
            .collect()
    }

    /// Returns the last value of a flag.
    #[must_use]
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags
            .iter()
            .rev()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    }
}

fn arg(known: Option<Known<'_>>) -> Option<&Arg> {
    match known {
        Some(Known::Arg(arg)) => Some(arg),
        _ => None,
    }
}

fn long_name(known: Option<Known<'_>>) -> String {
    arg(known)
        .and_then(Arg::get_long)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;

    use super::*;

    fn tree() -> Command {
        let switch = Arg::new("dry-run")
            .long("dry-run")
            .action(ArgAction::SetTrue);
        let file = Arg::new("from-file").short('f').long("from-file");
        let create = Command::new("create")
            .arg(Arg::new("provider").long("provider"))
            .args([file, switch]);
        let get = Command::new("get").arg(Arg::new("credential"));
        let credential = Command::new("credential").subcommands([create, get]);
        let mut root = Command::new("acpctl")
            .arg(Arg::new("api-url").long("api-url").global(true))
            .subcommand(credential);
        root.build();
        root
    }

    fn find(line: &str) -> (String, String, Vec<String>) {
        let mut tree = tree();
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let cursor = Cursor::find(&mut tree, &words);
        let wanted = match cursor.wanted {
            Wanted::Flag => "flag".to_owned(),
            Wanted::Value(arg) => format!(
                "value of {}",
                arg.and_then(Arg::get_long).unwrap_or("unknown")
            ),
            Wanted::Argument => "argument".to_owned(),
        };
        (
            format!("{} {wanted}", cursor.names().join("/")),
            cursor.typed,
            cursor.arguments,
        )
    }

    #[test]
    fn the_cursor_is_found() {
        let cases = [
            ("", " argument", "", 0),
            ("cred", " argument", "cred", 0),
            ("credential ", "credential argument", "", 0),
            (
                "--api-url x credential get ",
                "credential/get argument",
                "",
                0,
            ),
            ("credential get a ", "credential/get argument", "", 1),
            (
                "credential create --pro",
                "credential/create flag",
                "--pro",
                0,
            ),
            (
                "credential create --provider ",
                "credential/create value of provider",
                "",
                0,
            ),
            (
                "credential create --provider=g",
                "credential/create value of provider",
                "g",
                0,
            ),
            (
                "credential create -f ",
                "credential/create value of from-file",
                "",
                0,
            ),
            (
                "credential create -f x ",
                "credential/create argument",
                "",
                0,
            ),
            (
                "credential create -fx ",
                "credential/create argument",
                "",
                0,
            ),
            (
                "credential create --dry-run ",
                "credential/create argument",
                "",
                0,
            ),
            (
                "credential create --nope ",
                "credential/create value of unknown",
                "",
                0,
            ),
            ("credential get -- -", "credential/get argument", "-", 0),
            ("credential get -- -x -", "credential/get argument", "-", 1),
        ];
        for (line, wanted, typed, arguments) in cases {
            let found = find(line);
            assert_eq!(
                (found.0.as_str(), found.1.as_str(), found.2.len()),
                (wanted, typed, arguments),
                "{line:?}"
            );
        }
    }
}
