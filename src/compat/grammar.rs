//! The Go tool's command-line grammar on top of clap's definitions.
//!
//! clap holds the commands, flags and help texts; this module reads the words as the Go tool does
//! (contract cli-core.md section 1.3, cli-resources.md section 1.2): flags of the last command
//! anywhere on the line, `--switch=false`, bundled short switches, the last occurrence wins, no
//! abbreviations, and errors in the Go tool's words. What passes is handed to clap in one plain
//! form (`--flag=value`, then `--`, then the arguments), so clap only converts values.
//!
//! The Go tool forgets where `--` stood. So do we, but for a command that ends in another command line:
//! its last positional is [`Arg::last`], and takes what follows `--`, and nothing else does.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::near::distance;
use super::{number, quote::quote};
use crate::failure::Failure;

/// What a command line asks for.
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

/// For commands that take no argument and, like the Go tool, ignore any number of them.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct IgnoredArgs {
    #[arg(hide = true, id = IGNORED)]
    ignored: Vec<OsString>,
}

/// Reads the words after the program name. The commands are given up to clap, which builds them in place.
///
/// # Errors
/// A usage failure in the Go tool's words.
pub fn parse(root: &mut Command, words: &[OsString]) -> Result<Request, Failure> {
    let line = Line::new(root, words);
    if line.path.len() == 1
        && let Some(word) = line.first_argument()
    {
        return Err(unknown_command(root, &word));
    }
    let scanned = line.scan();
    if let Err(Stop::Help) = scanned.end {
        return Ok(Request::Help(line.path_names()));
    }
    if let Err(Stop::Version) = scanned.end {
        return Ok(Request::Version);
    }
    let command = line.command();
    let mut arguments = scanned.arguments;
    let check = match scanned.end {
        Err(Stop::Failed(failure)) => Some(failure),
        _ if is_parent(command) => {
            if let Some(word) = arguments.first() {
                let failure = Failure::usage(format!(
                    "unknown command {} for {}",
                    quote(&word.to_string_lossy()),
                    quote(&line.path_text())
                ));
                Some(failure.hint(line.verb_hint(&word.to_string_lossy())))
            } else {
                return Ok(Request::Help(line.path_names()));
            }
        }
        _ if ends_in_a_command_line(command) => {
            split_failure(command, scanned.before, arguments.len(), &line.path_text())
        }
        _ => count_failure(command, &arguments, &line.path_text()),
    };
    if command.get_positionals().any(|arg| arg.get_id() == IGNORED) {
        arguments.clear();
    }
    let path = line.path_names();
    let global: Vec<String> = line.names();
    let before = if ends_in_a_command_line(command) {
        scanned.before
    } else {
        0
    };
    let words = plain_words(
        &path,
        &scanned.flags,
        if check.is_some() {
            (&[], &[])
        } else {
            arguments.split_at(before)
        },
    );
    // A value that can't be converted is reported even if a later word is wrong too: first come, first named.
    let parsed = root.try_get_matches_from_mut(words);
    match (parsed, check) {
        (Err(error), Some(failure)) => Err(value_failure(&error, root, &path).unwrap_or(failure)),
        (_, Some(failure)) => Err(failure),
        (Err(error), None) => {
            Err(value_failure(&error, root, &path).unwrap_or_else(|| clap_failure(&error, &global)))
        }
        (Ok(matches), None) => Ok(Request::Run(matches)),
    }
}

/// True where a line asks for JSON and its command knows `-o`, also where the line is wrong elsewhere.
#[must_use]
pub fn asks_for_json(root: &Command, words: &[OsString]) -> bool {
    let line = Line::new(root, words);
    let scanned = line.scan();
    if let Some(format) = scanned.flags.iter().rfind(|flag| flag.name == "output") {
        return format.value.as_deref() == Some(OsStr::new("json"));
    }
    // The scan ends at the first wrong flag; what stands behind it was meant all the same.
    let ends_early = matches!(scanned.end, Err(Stop::Failed(_)));
    ends_early && line.find_long("output").is_some() && has_json_flag(&line.words)
}

/// True where words that need not be a right line hold `-o json` in one of its forms.
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

/// A command that only holds others.
fn is_parent(command: &Command) -> bool {
    command.has_subcommands()
        && command.get_positionals().next().is_none()
        && command.is_subcommand_required_set()
}

/// Why scanning ended early.
enum Stop {
    Help,
    Version,
    Failed(Failure),
}

/// A flag as it will be handed to clap, with its value if it takes one.
struct Flag {
    name: String,
    value: Option<OsString>,
    repeats: bool,
}

struct Scanned {
    flags: Vec<Flag>,
    arguments: Vec<OsString>,
    /// How many of the arguments stand before `--`.
    before: usize,
    end: Result<(), Stop>,
}

/// The words of a line, with the command they name.
pub struct Line<'a> {
    /// The command with those above it, the root first.
    pub path: Vec<&'a Command>,
    /// The words that are left once the commands are taken out.
    pub words: Vec<OsString>,
}

impl<'a> Line<'a> {
    /// Walks down the commands; flags, with their values, may stand between the command words.
    #[must_use]
    pub fn new(root: &'a Command, words: &[OsString]) -> Self {
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

    fn names(&self) -> Vec<String> {
        self.path
            .iter()
            .map(|command| command.get_name().to_owned())
            .collect()
    }

    fn path_names(&self) -> Vec<String> {
        self.names().split_off(1)
    }

    fn path_text(&self) -> String {
        self.names().join(" ")
    }

    /// The place of the first word that is neither a flag nor the value of one.
    fn next_word(&self) -> Option<usize> {
        let mut at = 0;
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

    fn first_argument(&self) -> Option<String> {
        self.next_word()
            .map(|at| self.words[at].to_string_lossy().into_owned())
    }

    /// The flag of a long name.
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

    /// The flag of a letter.
    #[must_use]
    pub fn find_short(&self, c: char) -> Option<Known<'a>> {
        if c == 'h' {
            return Some(Known::Help);
        }
        if c == 'v' && self.path.len() == 1 {
            return Some(Known::Version);
        }
        self.flags()
            .find(|arg| arg.get_short() == Some(c))
            .map(Known::Arg)
    }

    /// The flags of the command, then the global ones.
    pub fn flags(&self) -> impl Iterator<Item = &'a Arg> {
        let globals = self.path[0]
            .get_arguments()
            .filter(|arg| arg.is_global_set());
        self.command()
            .get_arguments()
            .filter(|arg| !arg.is_positional())
            .chain(globals)
    }

    /// What someone meant who typed a verb that does not exist.
    fn verb_hint(&self, word: &str) -> String {
        let commands = self.command().get_subcommands();
        let names = commands.filter(|command| !command.is_hide_set());
        nearest(word, names.map(Command::get_name)).map_or_else(
            || self.help_hint(),
            |name| format!("did you mean '{} {name}'?", self.path_text()),
        )
    }

    /// The same for a flag.
    fn flag_hint(&self, name: &str) -> String {
        let flags = self.flags().filter(|arg| !arg.is_hide_set());
        nearest(name, flags.filter_map(Arg::get_long)).map_or_else(
            || self.help_hint(),
            |name| format!("did you mean --{name}?"),
        )
    }

    fn help_hint(&self) -> String {
        format!("see '{} --help'", self.path_text())
    }

    fn scan(&self) -> Scanned {
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
                            Found::Flag(flag) => scan.push(flag),
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
        let known = self.find_long(name).ok_or_else(|| {
            Failure::usage(format!("unknown flag: --{name}")).hint(self.flag_hint(name))
        })?;
        let value = match value {
            Some(value) => Some(value),
            None if is_switch(known) => None,
            None => match rest.next() {
                Some(value) => Some(value.clone()),
                None => {
                    let words = format!("flag needs an argument: --{name}");
                    return Err(Failure::usage(words).hint(known.value_hint()));
                }
            },
        };
        Ok(vec![known.found(value)?])
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
                    .hint(self.help_hint())
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
                    Some(value) => Some(value.clone()),
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
    /// The last occurrence of a flag wins, unless the flag is made to be repeated.
    fn push(&mut self, flag: Flag) {
        if !flag.repeats {
            self.flags.retain(|earlier| earlier.name != flag.name);
        }
        self.flags.push(flag);
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

impl Known<'_> {
    /// How a flag that was given without its value is written.
    fn value_hint(self) -> String {
        match self {
            Known::Arg(arg) => {
                let long = arg.get_long().unwrap_or_default();
                format!("write --{long} {}", value_name(arg))
            }
            Known::Help | Known::Version => "it takes no value".to_owned(),
        }
    }

    fn found(self, value: Option<OsString>) -> Result<Found, Failure> {
        let on = |shown: &str| -> Result<bool, Failure> {
            match &value {
                None => Ok(true),
                Some(value) => number::boolean(&value.to_string_lossy())
                    .map_err(|why| invalid(&value.to_string_lossy(), shown, &why)),
            }
        };
        match self {
            Known::Help => Ok(Found::Help(on("-h, --help")?)),
            Known::Version => Ok(Found::Version(on("-v, --version")?)),
            Known::Arg(arg) => {
                let name = arg.get_long().unwrap_or_default().to_owned();
                let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
                if is_optional_switch(arg) {
                    let value = Some(OsString::from(if on(&shown(arg))? {
                        "true"
                    } else {
                        "false"
                    }));
                    return Ok(Found::Flag(Flag {
                        name,
                        value,
                        repeats,
                    }));
                }
                if is_switch(self) {
                    // `--yes=false` takes an earlier `--yes` back: it is handed on as no flag at all.
                    let name = if on(&shown(arg))? {
                        name
                    } else {
                        format!("{name}=false")
                    };
                    return Ok(Found::Flag(Flag {
                        name,
                        value: None,
                        repeats,
                    }));
                }
                Ok(Found::Flag(Flag {
                    name,
                    value,
                    repeats,
                }))
            }
        }
    }
}

/// The bytes of a word from a byte offset on. Offsets come from the lossy text, which is equal
/// to the word up to the place of a value: flag names are ASCII.
fn after(word: &OsStr, offset: usize) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(word.as_bytes().get(offset..).unwrap_or_default()).to_owned()
    }
    #[cfg(not(unix))]
    {
        word.to_string_lossy()
            .get(offset..)
            .unwrap_or_default()
            .into()
    }
}

/// True for a flag without a value in the next word.
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

/// A switch for which "not given" differs from "given as false": `num_args = 0..=1`.
#[must_use]
pub fn is_optional_switch(arg: &Arg) -> bool {
    arg.get_num_args()
        .is_some_and(|range| range.min_values() == 0 && range.max_values() == 1)
}

/// A flag as the Go tool names it in messages: `-o, --output` or `--limit`.
fn shown(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    match arg.get_short() {
        Some(short) => format!("-{short}, --{long}"),
        None => format!("--{long}"),
    }
}

fn invalid(value: &str, shown: &str, why: &str) -> Failure {
    Failure::usage(format!(
        "invalid argument {} for {} flag: {why}",
        quote(value),
        quote(shown)
    ))
}

/// The number of arguments, checked as the Go tool does.
fn count_failure(command: &Command, arguments: &[OsString], path: &str) -> Option<Failure> {
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
    let why = match (missing.as_slice(), arguments.get(most)) {
        ([], Some(word)) => format!("{} is one too many", quote(&word.to_string_lossy())),
        ([one], _) => format!("{one} is missing"),
        (several, _) => format!("{} are missing", several.join(" and ")),
    };
    Some(Failure::usage(words).hint(format!("{why}; usage: {}", usage_line(command, path))))
}

/// `acpctl credential get <CREDENTIAL> [flags]`
#[must_use]
pub fn usage_line(command: &Command, path: &str) -> String {
    let mut line = path.to_owned();
    let shown = || command.get_positionals().filter(|arg| !arg.is_hide_set());
    for arg in shown().filter(|arg| !arg.is_last_set()) {
        line.push_str(&format!(" {}", positional(arg)));
    }
    line.push_str(" [flags]");
    for arg in shown().filter(|arg| arg.is_last_set()) {
        line.push_str(&format!(" -- {}", positional(arg)));
    }
    line
}

fn value_name(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some([name, ..]) => name.to_string(),
        _ => arg.get_id().as_str().to_uppercase(),
    }
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

/// True where a command line of somebody else follows `--`.
#[must_use]
pub fn ends_in_a_command_line(command: &Command) -> bool {
    command.get_positionals().any(Arg::is_last_set)
}

/// Checks the words on both sides of `--`; the Go tool has no such command, so the words are ours.
fn split_failure(command: &Command, before: usize, all: usize, path: &str) -> Option<Failure> {
    let most = command
        .get_positionals()
        .filter(|arg| !arg.is_last_set())
        .count();
    let wrong = if before == all {
        "no command follows --".to_owned()
    } else if before > most {
        format!("accepts at most {most} arg(s) before --, received {before}")
    } else {
        return None;
    };
    Some(Failure::usage(wrong).hint(format!("write {}", usage_line(command, path))))
}

/// `arguments` are those before `--` and those after it.
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

/// clap's refusal of a value, in the Go tool's words.
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
    let shown = command
        .get_arguments()
        .chain(root.get_arguments())
        .find(|arg| arg.get_long() == Some(&long))
        .map_or(named.clone(), shown);
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let why = match error.source() {
        Some(source) => source.to_string(),
        None => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(valid)) => format!("must be one of {}", valid.join(", ")),
            _ => "invalid value".to_owned(),
        },
    };
    Some(invalid(&value, &shown, &why))
}

/// Any other refusal of clap's: a rule of ours such as two flags that exclude each other.
fn clap_failure(error: &clap::Error, path: &[String]) -> Failure {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    Failure::usage(first.strip_prefix("error: ").unwrap_or(first))
        .hint(format!("see '{} --help'", path.join(" ")))
}

/// The Go tool's refusal of a top-level word, with its suggestions in the order of registration.
fn unknown_command(root: &Command, word: &str) -> Failure {
    let near: Vec<&str> = root
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(Command::get_name)
        .filter(|name| is_near(word, name))
        .collect();
    let mut message = format!(
        "unknown command {} for {}",
        quote(word),
        quote(root.get_name())
    );
    if !near.is_empty() {
        message.push_str("\n\nDid you mean this?\n");
        for name in near {
            message.push_str(&format!("\t{name}\n"));
        }
    }
    Failure::usage(message)
}

/// The name that a word was most likely meant for, if one is near.
/// The name that a word was likely meant to be.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .filter(|name| is_near(word, name))
        .min_by_key(|name| distance(word, name))
}

fn is_near(word: &str, name: &str) -> bool {
    let (word, name) = (word.to_lowercase(), name.to_lowercase());
    name.starts_with(&word) || distance(&word, &name) <= 2
}
