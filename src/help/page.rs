//! The page of a command: description, usage, examples, then arguments, commands and flags in columns.
//!
//! clap lays a page out over twice as many lines in a window of 80 columns, so this layout is our own.

use clap::builder::PossibleValue;
use clap::{Arg, Command};

use super::prepare::{FLAGS, GLOBAL_FLAGS, page_examples, usage_lines};
use crate::text::wrap;

/// The longest term that has its explanation beside it; the explanation of a longer one is below it.
const LONGEST_TERM: usize = 28;

/// How a page is shown.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub columns: usize,
    pub is_colored: bool,
}

impl Look {
    /// Marks a heading.
    pub(super) fn heading(self, text: &str) -> String {
        if self.is_colored {
            format!("\x1b[1m\x1b[4m{text}:\x1b[0m")
        } else {
            format!("{text}:")
        }
    }

    /// Breaks prose between words; its line ends stay.
    pub(super) fn prose(self, text: &str) -> String {
        let lines = text.lines().map(|line| wrap::line(line, self.columns, 0));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Lays out terms with their explanations beside them.
    pub(super) fn list(self, rows: &[(String, String)]) -> String {
        let terms = rows.iter().map(|(term, _)| term.len());
        let width = terms.filter(|len| *len <= LONGEST_TERM).max();
        let (width, mut text) = (width.unwrap_or_default(), String::new());
        let indent = width + 4;
        for (term, help) in rows {
            let beside = term.len() <= width;
            let line = if beside {
                format!("  {term:<width$}  {help}")
            } else {
                text.push_str(&format!("  {term}\n"));
                format!("{:indent$}{help}", "")
            };
            text.push_str(wrap::line(&line, self.columns, indent).trim_end());
            text.push('\n');
        }
        text
    }

    fn section(self, title: &str, rows: &[(String, String)]) -> Option<String> {
        (!rows.is_empty()).then(|| format!("{}\n{}", self.heading(title), self.list(rows)))
    }
}

/// Returns the page of a command at a path, such as `acpctl credential`.
pub(super) fn page(command: &Command, path: &str, look: Look) -> String {
    let about = command.get_about().map(ToString::to_string);
    let usage = usage_lines(command, path).join("\n  ");
    let mut parts = vec![
        look.prose(&about.unwrap_or_default()) + "\n",
        format!("{}\n  {usage}\n", look.heading("Usage")),
    ];
    // Command lines can be copied: they are not broken.
    let examples = page_examples(command);
    if !examples.is_empty() {
        let title = look.heading("Examples");
        parts.push(format!("{title}\n  {}\n", examples.join("\n  ")));
    }
    let positionals = command.get_positionals();
    let rows: Vec<_> = positionals
        .filter(|arg| !arg.is_hide_set())
        .map(|arg| (arg.to_string(), explained(arg)))
        .collect();
    parts.extend(look.section("Arguments", &rows));
    parts.extend(look.section("Available Commands", &commands(command)));
    parts.extend(flags(command, look));
    parts.push(closing(command, path));
    parts.join("\n")
}

/// Returns the commands below a command, sorted, with their descriptions.
pub(super) fn commands(command: &Command) -> Vec<(String, String)> {
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let mut rows: Vec<_> = shown
        .map(|sub| {
            let mut about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            let aliases: Vec<&str> = sub.get_visible_aliases().collect();
            if !aliases.is_empty() {
                about.push_str(&format!(" [aliases: {}]", aliases.join(", ")));
            }
            (sub.get_name().to_owned(), about)
        })
        .collect();
    rows.sort();
    rows
}

/// Returns the sections of a command's flags, those without a heading of their own first.
fn flags(command: &Command, look: Look) -> Vec<String> {
    let shown = || {
        let args = command.get_arguments();
        args.filter(|arg| !arg.is_positional() && !arg.is_hide_set())
    };
    let mut titles = vec![FLAGS];
    for title in shown().filter_map(Arg::get_help_heading) {
        if title != GLOBAL_FLAGS && !titles.contains(&title) {
            titles.push(title);
        }
    }
    let sections = titles.into_iter().filter_map(|title| {
        let of_section = shown().filter(|arg| arg.get_help_heading() == Some(title));
        look.section(title, &rows(of_section))
    });
    sections.collect()
}

/// Returns the rows of flags, sorted by their long names.
pub(super) fn rows<'a>(args: impl Iterator<Item = &'a Arg>) -> Vec<(String, String)> {
    let mut args: Vec<&Arg> = args.collect();
    args.sort_by_key(|arg| arg.get_long());
    args.into_iter()
        .map(|arg| (term(arg), explained(arg)))
        .collect()
}

/// Returns a flag as it is typed: `-o, --output <FORMAT>`.
fn term(arg: &Arg) -> String {
    let short = match arg.get_short() {
        Some(short) => format!("-{short}, "),
        None => "    ".to_owned(),
    };
    let mut term = format!("{short}--{}", arg.get_long().unwrap_or_default());
    if arg.get_action().takes_values() {
        let names = arg.get_value_names().unwrap_or_default();
        let names: Vec<String> = names.iter().map(|name| format!(" <{name}>")).collect();
        term.push_str(&names.concat());
    }
    term
}

/// Returns the description of an argument with its default and its possible values.
fn explained(arg: &Arg) -> String {
    let mut help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return help;
    }
    let defaults = arg.get_default_values();
    if !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let shown: Vec<_> = defaults
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        help.push_str(&format!(" [default: {}]", shown.join(" ")));
    }
    let possible = arg.get_possible_values();
    if !possible.is_empty() && !arg.is_hide_possible_values_set() {
        let shown: Vec<&str> = possible.iter().map(PossibleValue::get_name).collect();
        help.push_str(&format!(" [possible values: {}]", shown.join(", ")));
    }
    help
}

fn closing(command: &Command, path: &str) -> String {
    let more = if command.get_subcommands().next().is_some() {
        format!("Use \"{path} [command] --help\" for more information about a command.\n")
    } else {
        String::new()
    };
    format!("{more}Use \"acpctl options\" for the flags that every command takes.\n")
}
