//! The commands as help shows them: headings, usage lines, the order of flags, `--help`, and examples.

use std::mem;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use crate::compat::grammar;
use crate::resources::Candidates;

/// The heading of a command's own flags.
pub(super) const FLAGS: &str = "Flags";
/// The heading of the flags that every command takes; `acpctl options` lists them.
pub(super) const GLOBAL_FLAGS: &str = "Global Flags";
/// The most examples of a command that only holds others.
const MAX_EXAMPLES: usize = 4;

/// Returns the whole tree of commands with headings, usage lines and `--help`, as they are shown. `root` is the
/// definition of the program.
#[must_use]
pub fn tree(mut root: Command) -> Command {
    grammar::define_all(&mut root);
    let mut root = shown(root, "acpctl");
    root.build();
    root
}

/// Returns the command at a path as it is in [`tree`]. Only this command is prepared: preparing the others would double
/// the time that help takes.
pub(crate) fn at(root: Command, path: &[String]) -> Command {
    let mut command = root;
    let mut name = "acpctl".to_owned();
    for word in path {
        let Some(found) = command.find_subcommand_mut(word) else {
            break;
        };
        command = mem::take(found);
        grammar::define(&mut command);
        name = format!("{name} {}", command.get_name());
    }
    // The first page shows the names of the commands, any other page what they are for.
    if name != "acpctl" {
        command.get_subcommands_mut().for_each(grammar::define);
    }
    ready(command, &name)
}

/// Returns the examples of a command: comments and command lines, without indentation.
#[must_use]
pub fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string);
    text.unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Returns the examples of a command's page: its own or, of a command that only holds others, the first one of each of
/// them.
#[must_use]
pub fn page_examples(command: &Command) -> Vec<String> {
    let own = examples(command);
    if !own.is_empty() {
        return own;
    }
    let first = |sub: &Command| {
        let lines = examples(sub);
        lines.into_iter().find(|line| !line.starts_with('#'))
    };
    let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    shown.filter_map(first).take(MAX_EXAMPLES).collect()
}

/// Prepares a command and those below it for help.
fn shown(command: Command, path: &str) -> Command {
    ready(command, path).mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        shown(sub, &path)
    })
}

/// A command that depends on `--project`, a flag for all commands: its page shows the flag.
struct Own {
    /// The path of the command.
    command: &'static str,
    help: &'static str,
    is_required: bool,
}

const OWN: &[Own] = &[
    Own {
        command: "acpctl credential bind",
        help: "Project whose sessions may use it",
        is_required: true,
    },
    Own {
        command: "acpctl credential unbind",
        help: "Project whose sessions may not use it any more",
        is_required: true,
    },
    Own {
        command: "acpctl apply",
        help: "Project of the documents that name none (default: the current project)",
        is_required: false,
    },
    Own {
        command: "acpctl config set-context",
        help: "Project to save with the server",
        is_required: false,
    },
];

/// Adds `--project` to a command that depends on it.
fn with_own(command: Command, path: &str) -> Command {
    match OWN.iter().find(|own| own.command == path) {
        None => command,
        Some(own) => command.arg(
            Arg::new("project")
                .long("project")
                .value_name("NAME")
                .help(own.help)
                .add(Candidates::PROJECTS),
        ),
    }
}

/// Prepares one command for help.
pub(super) fn ready(command: Command, path: &str) -> Command {
    let command = with_own(command, path);
    let usage = usage_lines(&command, path);
    let order = long_names(&command);
    plain(command)
        .override_usage(usage.join("\n  "))
        .bin_name(path)
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .mut_args(|arg| flag(arg, &order))
        .mut_subcommands(|sub| plain(sub).display_order(0))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::SetTrue)
                .help("Show this help")
                .help_heading(FLAGS)
                .display_order(rank(&order, "help")),
        )
}

/// Removes the markup of the doc comments from the descriptions.
fn plain(mut command: Command) -> Command {
    if let Some(about) = command.get_about().map(unmarked) {
        command = command.about(about);
    }
    match command.get_long_about().map(unmarked) {
        Some(about) => command.long_about(about),
        None => command,
    }
}

fn unmarked(text: &StyledStr) -> String {
    text.to_string().replace('`', "")
}

/// Returns `acpctl credential get <CREDENTIAL> [flags]`, and for a command with subcommands also a line with
/// `[command]`.
pub(super) fn usage_lines(command: &Command, path: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !command.is_subcommand_required_set() {
        let needs_project = OWN.iter().any(|own| own.command == path && own.is_required);
        let flags = if needs_project {
            " --project <NAME> [flags]"
        } else {
            " [flags]"
        };
        let line = grammar::usage_line(command, path);
        lines.push(line.replacen(" [flags]", flags, 1));
    }
    if command.get_subcommands().next().is_some() {
        lines.push(format!("{path} [command]"));
    }
    lines
}

/// Prepares an argument for help. Flags are sorted by their long names, under a heading.
fn flag(arg: Arg, order: &[String]) -> Arg {
    let arg = match arg.get_help().map(unmarked) {
        Some(help) => arg.help(help),
        None => arg,
    };
    let Some(long) = arg.get_long() else {
        return arg;
    };
    let rank = rank(order, long);
    let arg = arg.display_order(rank);
    let arg = if grammar::is_optional_switch(&arg) {
        arg.action(ArgAction::SetTrue)
            .num_args(0)
            .require_equals(false)
    } else {
        arg
    };
    match arg.get_help_heading() {
        Some(_) => arg,
        None => arg.help_heading(FLAGS),
    }
}

fn long_names(command: &Command) -> Vec<String> {
    let mut names: Vec<String> = command
        .get_arguments()
        .filter_map(Arg::get_long)
        .chain(["help"])
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// Returns the position of a long name in the order.
fn rank(order: &[String], long: &str) -> usize {
    order.partition_point(|name| name.as_str() < long)
}
