//! The words of a command line: the command that they name, its flags with their values, and the arguments.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Command};

use super::habits::{self, VERBS};
use super::later;
use super::rules::{
    ends_in_a_command_line, flag_name, invalid_value, is_optional_switch, usage_line, value_name,
};
use super::suggestions::{did_you_mean, meant, nearest};
use crate::compat::number;
use crate::failure::Failure;
use crate::system;
use crate::text::acpctl;

/// The value of a flag that names the file to read.
const FILE: &str = "PATH|-";

/// Why scanning ended early.
pub(super) enum Stop {
    Help,
    Version,
    Failed(Failure),
}

/// A flag as it is handed to clap, with its value if it takes one.
pub(super) struct Flag {
    pub(super) name: String,
    pub(super) value: Option<OsString>,
    repeats: bool,
    /// True for the file that a command reads: another one in its place would be left out silently.
    once: bool,
}

impl Flag {
    /// Returns a flag that the user did not give, with its value.
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.into()),
            repeats: false,
            once: false,
        }
    }
}

/// The flags and arguments of a line.
pub(super) struct Scanned {
    pub(super) flags: Vec<Flag>,
    pub(super) arguments: Vec<OsString>,
    /// The number of arguments before `--`.
    pub(super) before: usize,
    pub(super) end: Result<(), Stop>,
}

/// The words of a line, with the command that they name.
pub struct Line<'a> {
    /// The command and its parents, the root first.
    pub path: Vec<&'a Command>,
    /// The words without those that name a command.
    pub words: Vec<OsString>,
}

impl<'a> Line<'a> {
    /// Follows the command words, and defines the commands that they name. Flags with their values may stand between
    /// them.
    #[must_use]
    pub fn new(root: &'a mut Command, words: &[OsString]) -> Self {
        loop {
            let line = Line::follow(root, words);
            if later::is_defined(line.command()) {
                break;
            }
            let path = line.path_names();
            later::define_at(root, &path);
        }
        Self::follow(root, words)
    }

    fn follow(root: &'a Command, words: &[OsString]) -> Self {
        let mut line = Self {
            path: vec![root],
            words: words.to_vec(),
        };
        while let Some(at) = line.next_word() {
            let command = line.command();
            let found = line.words[at]
                .to_str()
                .and_then(|word| command.find_subcommand(word));
            let Some(found) = found else { break };
            line.words.remove(at);
            line.path.push(found);
        }
        line
    }

    #[must_use]
    pub fn command(&self) -> &'a Command {
        self.path[self.path.len() - 1]
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.path
            .iter()
            .map(|command| command.get_name().to_owned())
            .collect()
    }

    /// The names of the commands below the root.
    pub(super) fn path_names(&self) -> Vec<String> {
        self.names().split_off(1)
    }

    pub(super) fn path_text(&self) -> String {
        self.names().join(" ")
    }

    /// Returns the index of the first word that is neither a flag nor the value of one.
    fn next_word(&self) -> Option<usize> {
        self.next_word_from(0)
    }

    /// Returns the indexes of all words that are neither flags nor values of flags, those behind `--` too.
    #[must_use]
    pub fn arguments(&self) -> Vec<usize> {
        let mut found = Vec::new();
        while let Some(at) = self.next_word_from(found.last().map_or(0, |last| last + 1)) {
            found.push(at);
        }
        if let Some(dashes) = self.words.iter().position(|word| word == "--") {
            found.extend(dashes + 1..self.words.len());
        }
        found
    }

    fn next_word_from(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while at < self.words.len() {
            let word = self.words[at].to_string_lossy();
            if word == "--" {
                return None;
            }
            let takes_next = if let Some(name) = word.strip_prefix("--") {
                !name.contains('=') && !self.find_long(name).is_some_and(is_switch)
            } else if word.starts_with('-') && word.len() == 2 {
                !word
                    .chars()
                    .nth(1)
                    .and_then(|c| self.find_short(c))
                    .is_some_and(is_switch)
            } else if word.starts_with('-') || word.is_empty() {
                false
            } else {
                return Some(at);
            };
            at += if takes_next { 2 } else { 1 };
        }
        None
    }

    /// Returns the first word that is neither a command, a flag nor the value of a flag.
    #[must_use]
    pub fn first_argument(&self) -> Option<String> {
        self.next_word()
            .map(|at| self.words[at].to_string_lossy().into_owned())
    }

    /// Returns the words of a line with other words in place of the command and of its first argument.
    #[must_use]
    pub fn with_first_argument(&self, words: &[OsString]) -> Vec<OsString> {
        let mut rest = self.words.clone();
        if let Some(at) = self.next_word() {
            rest.remove(at);
        }
        [words, &rest].concat()
    }

    /// Finds a flag by its long name.
    #[must_use]
    pub fn find_long(&self, name: &str) -> Option<Known<'a>> {
        if name == "help" {
            return Some(Known::Help);
        }
        if name == "version" && self.path.len() == 1 {
            return Some(Known::Version);
        }
        let matches = |arg: &&Arg| {
            arg.get_long() == Some(name)
                || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
        };
        self.flags().find(matches).map(Known::Arg)
    }

    /// Finds a flag by its letter.
    #[must_use]
    pub fn find_short(&self, c: char) -> Option<Known<'a>> {
        if c == 'h' {
            return Some(Known::Help);
        }
        if matches!(c, 'v' | 'V') && self.path.len() == 1 {
            return Some(Known::Version);
        }
        self.flags()
            .find(|arg| arg.get_short() == Some(c))
            .map(Known::Arg)
    }

    /// Returns the flags of the command, then the global ones.
    pub fn flags(&self) -> impl Iterator<Item = &'a Arg> {
        let globals = self.path[0]
            .get_arguments()
            .filter(|arg| arg.is_global_set());
        self.command()
            .get_arguments()
            .filter(|arg| !arg.is_positional())
            .chain(globals)
    }

    /// Suggests a verb in place of one that does not exist.
    pub(super) fn verb_hint(&self) -> String {
        self.near_verb().unwrap_or_else(|| self.help_hint())
    }

    /// Gives a refusal the hint at a verb, if the command has verbs beside its own argument, which hides a misspelled
    /// one.
    pub(super) fn with_verb_hint(&self, failure: Failure) -> Failure {
        let has_verbs = self.path.len() > 1 && self.command().has_subcommands();
        match self.near_verb().filter(|_| has_verbs) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    fn near_verb(&self) -> Option<String> {
        let words = self.arguments().into_iter();
        let words: Vec<String> = words
            .map(|at| self.words[at].to_string_lossy().into_owned())
            .collect();
        let path = self.path_names().join(" ");
        if words.is_empty() {
            return None;
        }
        // The noun of the store takes the place of the flag.
        if path == "local" && self.path[0].find_subcommand(&words[0]).is_some() {
            let words = [&["--local".to_owned()], words.as_slice()].concat();
            return did_you_mean(&[words.join(" ")]);
        }
        let mut lines = meant(&path, &words, &verbs(self.command()));
        if let ([line], [_, verb, ..]) = (lines.as_mut_slice(), words.as_slice())
            && let Some(noun) = self.command().find_subcommand(line.as_str())
            && let Some(verb) = verb_of(noun, verb)
        {
            line.push_str(&format!(" {verb}"));
        }
        did_you_mean(&lines)
    }

    /// Returns the refusal of an unknown flag that stands before a command and so hides it as its value.
    pub(super) fn unknown_flag_before_command(&self) -> Option<Failure> {
        self.words.windows(2).find_map(|pair| {
            let name = pair[0].to_str()?.strip_prefix("--")?;
            let is_command = self.command().find_subcommand(&pair[1]).is_some();
            let is_unknown = !name.contains('=') && self.find_long(name).is_none();
            (is_command && is_unknown && !name.is_empty()).then(|| self.unknown_flag(name))
        })
    }

    fn unknown_flag(&self, name: &str) -> Failure {
        Failure::usage(format!("unknown flag: --{name}")).hint(self.flag_hint(name))
    }

    /// Suggests a flag in place of one that does not exist.
    fn flag_hint(&self, name: &str) -> String {
        if name == "context" && ends_in_a_command_line(self.command()) {
            return "a stored credential has one context: leave the flag out".to_owned();
        }
        if name.contains(' ') && self.path_names() == ["alias", "set"] {
            let alias = self.first_argument().unwrap_or_else(|| "NAME".to_owned());
            let words = acpctl(&["alias", "set", &alias, "--"]);
            return format!("write {words} --{name}");
        }
        let flags = self.flags().filter(|arg| !arg.is_hide_set());
        let names: Vec<&str> = flags.filter_map(Arg::get_long).collect();
        let known = habits::flags(name).iter().copied();
        let mut meant = std::iter::once(name).chain(known.clone());
        if let Some(hint) = meant.find_map(|name| self.argument_hint(name)) {
            return hint;
        }
        let mut known = known.filter(|name| names.contains(name));
        known
            .next()
            .or_else(|| nearest(name, names.iter().copied()))
            .map_or_else(
                || self.help_hint(),
                |name| format!("did you mean --{name}?"),
            )
    }

    /// Suggests the argument of this name in place of a flag.
    fn argument_hint(&self, name: &str) -> Option<String> {
        let mut arguments = self.command().get_positionals();
        arguments.find(|arg| arg.get_id() == name && !arg.is_hide_set())?;
        let usage = usage_line(self.command(), &self.path_text());
        Some(format!("write it without the flag; usage: {usage}"))
    }

    /// Suggests a flag in place of a letter that does not exist. A command that runs another command line has a
    /// terminal if it is started in one, so the letters of other tools for that are not needed.
    fn letter_hint(&self, letter: char) -> String {
        if ends_in_a_command_line(self.command()) && matches!(letter, 'i' | 't') {
            return format!(
                "leave it out: the command gets this terminal; usage: {}",
                usage_line(self.command(), &self.path_text())
            );
        }
        let Some(name) = habits::letter(letter) else {
            return self.help_hint();
        };
        if self.find_long(name).is_some() {
            return format!("did you mean --{name}?");
        }
        self.argument_hint(name).unwrap_or_else(|| self.help_hint())
    }

    fn help_hint(&self) -> String {
        format!("see '{} --help'", self.path_text())
    }

    /// Reads the flags and arguments up to the first wrong flag.
    pub(super) fn scan(&self) -> Scanned {
        let mut scan = Scanned {
            flags: Vec::new(),
            arguments: Vec::new(),
            before: 0,
            end: Ok(()),
        };
        let mut help = false;
        let mut version = false;
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if text == "--" {
                scan.arguments.extend(words.by_ref().cloned());
                break;
            }
            if !text.starts_with('-') || text == "-" {
                scan.arguments.push(word.clone());
                scan.before += 1;
                continue;
            }
            let found = match text.strip_prefix("--") {
                Some(name) => self.long(name, word, &mut words),
                None => self.shorts(word, &mut words),
            };
            match found {
                Ok(flags) => {
                    for flag in flags {
                        match flag {
                            Found::Help(on) => help = on,
                            Found::Version(on) => version = on,
                            Found::Flag(flag) => {
                                if let Err(failure) = scan.push(flag) {
                                    scan.end = Err(Stop::Failed(failure));
                                    return scan;
                                }
                            }
                        }
                    }
                }
                Err(failure) => {
                    scan.end = Err(Stop::Failed(failure));
                    return scan;
                }
            }
        }
        if help {
            scan.end = Err(Stop::Help);
        } else if version {
            scan.end = Err(Stop::Version);
        }
        scan
    }

    /// Reads the flags of a line that may be wrong, and leaves out those that can't be read.
    pub(super) fn readable_flags(&self) -> Vec<Flag> {
        let mut flags: Vec<Flag> = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next().filter(|word| *word != "--") {
            let text = word.to_string_lossy();
            let found = match (text.strip_prefix("--"), text.strip_prefix('-')) {
                (Some(name), _) => self.long(name, word, &mut words),
                (None, Some(letters)) if !letters.is_empty() => self.shorts(word, &mut words),
                (None, _) => continue,
            };
            for found in found.unwrap_or_default() {
                if let Found::Flag(flag) = found {
                    flags.retain(|earlier| flag.repeats || earlier.name != flag.name);
                    flags.push(flag);
                }
            }
        }
        flags
    }

    fn long<'w>(
        &self,
        name: &str,
        word: &OsStr,
        rest: &mut impl Iterator<Item = &'w OsString>,
    ) -> Result<Vec<Found>, Failure> {
        if name.starts_with(['-', '=']) {
            return Err(Failure::usage(format!(
                "bad flag syntax: {}",
                word.to_string_lossy()
            )));
        }
        let (name, value) = match name.split_once('=') {
            Some((name, _)) => (name, Some(after(word, name.len() + 3))),
            None => (name, None),
        };
        let known = self
            .find_long(name)
            .ok_or_else(|| self.unknown_flag(name))?;
        let value = match value {
            Some(value) => Some(value),
            None if is_switch(known) => None,
            None => match rest.next() {
                Some(value) => {
                    self.refuse_slip(known, &format!("--{name}"), value)?;
                    Some(value.clone())
                }
                None => {
                    let words = format!("flag needs an argument: --{name}");
                    return Err(Failure::usage(words).hint(known.value_hint()));
                }
            },
        };
        Ok(vec![known.found(value)?])
    }

    /// Refuses a word that is not a value of the flag before it. If that value came from a variable that is not set,
    /// the word is the next flag of the line.
    fn refuse_slip(&self, known: Known<'_>, flag: &str, value: &OsStr) -> Result<(), Failure> {
        let value = value.to_string_lossy();
        if let Some(next) = self.flag_of(&value) {
            let words = format!("flag needs an argument: {flag} (behind it stands {next})");
            let hint = format!(
                "{}; if {next} is the value: {flag}={next}",
                known.value_hint()
            );
            return Err(Failure::usage(words).hint(hint));
        }
        Ok(())
    }

    /// Returns the flag of the command that a word is, without its value.
    fn flag_of(&self, word: &str) -> Option<String> {
        if let Some(long) = word.strip_prefix("--") {
            let (name, _) = long.split_once('=').unwrap_or((long, ""));
            return self.find_long(name).map(|_| format!("--{name}"));
        }
        let mut letters = word.strip_prefix('-')?.chars();
        let letter = letters.next().filter(char::is_ascii_alphabetic)?;
        let is_alone = letters.next().is_none();
        self.find_short(letter).filter(|_| is_alone)?;
        Some(word.to_owned())
    }

    fn shorts<'w>(
        &self,
        word: &OsStr,
        rest: &mut impl Iterator<Item = &'w OsString>,
    ) -> Result<Vec<Found>, Failure> {
        let text = word.to_string_lossy();
        let mut found = Vec::new();
        let mut at = 1;
        while let Some(c) = text[at..].chars().next() {
            let bundle = &text[at..];
            let unknown = || {
                Failure::usage(format!("unknown shorthand flag: '{c}' in -{bundle}"))
                    .hint(self.letter_hint(c))
            };
            let known = self.find_short(c).ok_or_else(unknown)?;
            let next = at + c.len_utf8();
            let follows = &text[next..];
            let value = if follows.starts_with('=') && follows.len() > 1 {
                Some(after(word, next + 1))
            } else if is_switch(known) {
                found.push(known.found(None)?);
                at = next;
                continue;
            } else if follows.is_empty() {
                match rest.next() {
                    Some(value) => {
                        self.refuse_slip(known, &format!("-{c}"), value)?;
                        Some(value.clone())
                    }
                    None => {
                        let words = format!("flag needs an argument: '{c}' in -{bundle}");
                        return Err(Failure::usage(words).hint(known.value_hint()));
                    }
                }
            } else {
                Some(after(word, next))
            };
            found.push(known.found(value)?);
            break;
        }
        Ok(found)
    }
}

impl Scanned {
    /// Adds a flag. The last occurrence wins, unless the flag may be repeated.
    ///
    /// # Errors
    /// A usage failure for a second file to read.
    fn push(&mut self, flag: Flag) -> Result<(), Failure> {
        let earlier = self.flags.iter().find(|it| it.name == flag.name);
        if flag.once && earlier.is_some_and(|it| it.value != flag.value) {
            return Err(
                Failure::usage(format!("--{} is given twice", flag.name)).hint("name one file")
            );
        }
        if !flag.repeats {
            self.flags.retain(|earlier| earlier.name != flag.name);
        }
        self.flags.push(flag);
        Ok(())
    }
}

/// A flag that the command knows.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    Help,
    Version,
    Arg(&'a Arg),
}

/// A flag with its value, read from the line.
enum Found {
    Help(bool),
    Version(bool),
    Flag(Flag),
}

/// Returns the values that the help of a flag lists at its end: `error|skip (default: error)`.
fn values_in_help(arg: &Arg) -> Option<String> {
    let help = arg.get_help()?.to_string();
    let (_, values) = help.split_once(": ")?;
    values.contains('|').then(|| values.to_owned())
}

impl Known<'_> {
    /// Tells how to write a flag whose value is missing.
    fn value_hint(self) -> String {
        match self {
            Known::Arg(arg) => {
                let long = arg.get_long().unwrap_or_default();
                let values = values_in_help(arg).map_or_else(String::new, |all| format!(": {all}"));
                format!("write --{long} {}{values}", value_name(arg))
            }
            Known::Help | Known::Version => "it takes no value".to_owned(),
        }
    }

    fn found(self, value: Option<OsString>) -> Result<Found, Failure> {
        let on = |shown: &str| -> Result<bool, Failure> {
            match &value {
                None => Ok(true),
                Some(value) => number::boolean(&value.to_string_lossy()).map_err(|why| {
                    invalid_value(&value.to_string_lossy(), shown, &why.to_string())
                }),
            }
        };
        match self {
            Known::Help => Ok(Found::Help(on("-h, --help")?)),
            Known::Version => Ok(Found::Version(on("-v, --version")?)),
            Known::Arg(arg) => {
                let name = arg.get_long().unwrap_or_default().to_owned();
                let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
                if is_optional_switch(arg) {
                    let value = Some(OsString::from(if on(&flag_name(arg))? {
                        "true"
                    } else {
                        "false"
                    }));
                    return Ok(Found::Flag(Flag {
                        name,
                        value,
                        repeats,
                        once: false,
                    }));
                }
                if is_switch(self) {
                    // `--yes=false` revokes an earlier `--yes`. It is not handed to clap, which would not accept it.
                    let name = if on(&flag_name(arg))? {
                        name
                    } else {
                        format!("{name}=false")
                    };
                    return Ok(Found::Flag(Flag {
                        name,
                        value: None,
                        repeats,
                        once: false,
                    }));
                }
                Ok(Found::Flag(Flag {
                    name,
                    value,
                    repeats,
                    once: value_name(arg) == FILE,
                }))
            }
        }
    }
}

/// Returns the verb of a noun that a word names, or may have been meant for.
fn verb_of(noun: &Command, word: &str) -> Option<String> {
    let mut noun = noun.clone();
    later::define(&mut noun);
    if let Some(verb) = noun.find_subcommand(word) {
        return Some(verb.get_name().to_owned());
    }
    let lines = meant("", &[word.to_owned()], &verbs(&noun));
    lines.into_iter().next().filter(|_| noun.has_subcommands())
}

/// Returns the verbs of a command that a hint may name, with those that stand for commands without the noun.
#[must_use]
pub fn verbs(command: &Command) -> Vec<&str> {
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let noun = command.get_name();
    let others = VERBS.iter().filter(|(of, ..)| *of == noun);
    let others = others.map(|(_, verb, _)| *verb);
    shown.map(Command::get_name).chain(others).collect()
}

/// Returns the bytes of a word from a byte offset on. Offsets come from the lossy text; it equals the word up to the
/// value, because flag names are ASCII.
fn after(word: &OsStr, offset: usize) -> OsString {
    let bytes = word.as_encoded_bytes().get(offset..);
    system::os_string(bytes.unwrap_or_default())
}

/// Returns true for a flag that does not take the next word as its value.
#[must_use]
pub fn is_switch(known: Known<'_>) -> bool {
    match known {
        Known::Help | Known::Version => true,
        Known::Arg(arg) => {
            matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Count)
                || is_optional_switch(arg)
        }
    }
}
