//! Help texts: clap's definitions in the Go tool's layout (docs/interface/cli-core.md section 1.1).
//!
//! `--help`, the manual pages and completion all read [`tree`], so they can't disagree. A command's `after_help` holds its
//! examples, one command line each; a line that starts with `#` explains the lines after it.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use crate::compat::grammar;
use crate::output::Out;

/// The heading of a command's own flags.
const FLAGS: &str = "Flags";
/// The width if there is no terminal, in columns.
const WIDTH: usize = 100;

/// Returns the whole tree of commands with headings, usage lines and `--help`, as they are shown. `root` is the definition of
/// the program.
#[must_use]
pub fn tree(root: Command) -> Command {
    let mut root = shown(root, "acpctl");
    root.build();
    root
}

/// Returns the help of the command at a path below the root, or of the nearest command if there is none at that path.
#[must_use]
pub fn text(out: &Out, root: Command, path: &[String]) -> String {
    let command = at(root, path);
    match command.get_long_about().cloned() {
        Some(about) => render(out, command.about(about)),
        None => render(out, command),
    }
}

/// Returns the help of the program without its first line.
#[must_use]
pub fn usage(out: &Out, root: Command) -> String {
    render(out, at(root, &[]).about("")).trim_start().to_owned()
}

/// Returns the command at a path as it is in [`tree`]. Only this command is prepared: preparing the others would double the
/// time that help takes.
pub(crate) fn at(root: Command, path: &[String]) -> Command {
    let order = long_names(&root);
    let mut command = &root;
    let mut names = vec!["acpctl"];
    for name in path {
        let Some(found) = command.find_subcommand(name) else {
            break;
        };
        names.push(found.get_name());
        command = found;
    }
    if names.len() == 1 {
        return ready(root, "acpctl");
    }
    let ready = ready(command.clone(), &names.join(" "));
    let globals = root.get_arguments().filter(|arg| arg.is_global_set());
    ready.args(globals.map(|arg| flag(arg.clone(), &order)))
}

pub(crate) fn render(out: &Out, mut command: Command) -> String {
    if command.get_name() == "acpctl" {
        command = root_flags(command);
    }
    command = command.term_width(out.width().unwrap_or(WIDTH));
    let help = command.render_help();
    if out.colored() {
        help.ansi().to_string()
    } else {
        help.to_string()
    }
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

/// Prepares a command and those below it for help.
fn shown(command: Command, path: &str) -> Command {
    ready(command, path).mut_subcommands(|sub| {
        let path = format!("{path} {}", sub.get_name());
        shown(sub, &path)
    })
}

/// Prepares one command for help.
fn ready(command: Command, path: &str) -> Command {
    let name = command.get_name().to_owned();
    let examples = examples(&command);
    let usage = usage_lines(&command, path);
    let order = long_names(&command);
    let has_subcommands = command.get_subcommands().next().is_some();
    plain(command)
        .override_usage(usage.join("\n  "))
        .help_template(template(path, &examples, has_subcommands))
        .subcommand_help_heading("Available Commands")
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .mut_args(|arg| flag(arg, &order))
        .mut_subcommands(|sub| plain(sub).display_order(0))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::SetTrue)
                .help(format!("help for {name}"))
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

/// Returns the template: description, usage, examples, then commands and flags. Unlike `after_help`, the template's own text
/// is not wrapped, so examples can be copied.
fn template(path: &str, examples: &[String], has_subcommands: bool) -> String {
    let examples = if examples.is_empty() {
        String::new()
    } else {
        format!("\n\nExamples:\n  {}", examples.join("\n  "))
    };
    let closing = if has_subcommands {
        format!("\n\nUse \"{path} [command] --help\" for more information about a command.")
    } else {
        String::new()
    };
    format!("{{about}}\n\n{{usage-heading}}\n  {{usage}}{examples}\n\n{{all-args}}{closing}")
}

/// Returns `acpctl credential get <CREDENTIAL> [flags]`, and for a command with subcommands also a line with `[command]`.
fn usage_lines(command: &Command, path: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if !command.is_subcommand_required_set() {
        lines.push(grammar::usage_line(command, path));
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

/// At the root all flags are in one list, and `-v` means the version; `-v` means `--verbose` only after a command.
fn root_flags(root: Command) -> Command {
    let mut order = long_names(&root);
    order.push("version".to_owned());
    order.sort_unstable();
    root.mut_arg("verbose", |arg| arg.short(None))
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::SetTrue)
                .num_args(0)
                .help("version for acpctl"),
        )
        .mut_args(|arg| {
            let rank = arg.get_long().map_or(0, |long| rank(&order, long));
            arg.help_heading(FLAGS).display_order(rank)
        })
}
