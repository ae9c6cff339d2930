//! The first page: how to start, and the commands in groups. It fits a window of 24 lines of 80 columns.

use clap::Command;

use super::page::Look;
use super::prepare::page_examples;
use super::topics::TOPICS;

/// The groups of commands. A command that no group names is shown under "More".
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Credentials", &["credential", "exec", "provider", "policy"]),
    (
        "Sessions",
        &[
            "session",
            "agent",
            "start",
            "stop",
            "wait",
            "scheduled-session",
            "inbox",
            "ambient",
        ],
    ),
    (
        "Objects",
        &[
            "project",
            "application",
            "get",
            "describe",
            "create",
            "edit",
            "delete",
            "apply",
            "api",
        ],
    ),
    ("Login", &["login", "logout", "whoami", "config", "alias"]),
    ("This machine", &["doctor", "serve", "local"]),
    ("Help", &["help", "options", "completion", "version"]),
];

/// The place where people find more about the program.
pub const HOME: &str = if env!("CARGO_PKG_HOMEPAGE").is_empty() {
    "README.md and docs/ of the source, or \"man acpctl\""
} else {
    env!("CARGO_PKG_HOMEPAGE")
};

/// Returns the page.
pub(super) fn page(root: &Command, look: Look) -> String {
    let about = root.get_about().map(ToString::to_string);
    let mut lines = vec![
        look.prose(&about.unwrap_or_default()),
        String::new(),
        look.heading("Usage"),
        "  acpctl [command] [flags]".to_owned(),
        String::new(),
        look.heading("Start Here"),
    ];
    // Command lines can be copied: they are not broken.
    let examples = page_examples(root);
    lines.extend(examples.iter().map(|example| format!("  {example}")));
    lines.extend([String::new(), look.heading("Commands")]);
    let rows: Vec<_> = groups(root)
        .into_iter()
        .map(|(title, names)| (title.to_owned(), names.join(", ")))
        .collect();
    lines.push(look.list(&rows));
    let topics: Vec<&str> = TOPICS.iter().map(|(name, _)| *name).collect();
    let (last, topics) = topics
        .split_last()
        .map_or(("", [].as_slice()), |(last, rest)| (*last, rest));
    for line in [
        "Use \"acpctl [command] --help\" for more information about a command.".to_owned(),
        "Use \"acpctl options\" for the flags that every command takes.".to_owned(),
        format!(
            "Use \"acpctl help TOPIC\"; TOPIC is {} or {last}.",
            topics.join(", ")
        ),
        format!("Learn more: {HOME}"),
    ] {
        lines.push(look.prose(&line));
    }
    lines.join("\n") + "\n"
}

/// Returns the groups with those of their commands that are shown.
fn groups(root: &Command) -> Vec<(&'static str, Vec<&str>)> {
    let shown: Vec<&str> = root
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(Command::get_name)
        .collect();
    let is_grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let more: Vec<&str> = shown
        .iter()
        .copied()
        .filter(|name| !is_grouped(name))
        .collect();
    let known = GROUPS.iter().map(|(title, names)| {
        let names = names.iter().copied();
        (
            *title,
            names
                .filter(|name| shown.contains(name))
                .collect::<Vec<_>>(),
        )
    });
    known
        .chain([("More", more)])
        .filter(|(_, names)| !names.is_empty())
        .collect()
}
