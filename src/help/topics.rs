//! Texts about more than one command: `acpctl help TOPIC`.

use super::page::Look;
use crate::env;
use crate::failure;
use crate::output::format::FORMATS;

/// The topics with their descriptions.
pub const TOPICS: &[(&str, &str)] = &[
    ("commands", "all commands with their descriptions"),
    ("environment", "variables that acpctl reads"),
    ("exit-codes", "the meaning of the exit status"),
    ("output", "formats of -o, and where output goes"),
];

/// The rules of output, as the topic and the manual page show them.
pub const OUTPUT: &[&str] = &[
    "Results go to standard output. Questions, warnings, progress and errors go to standard error.",
    "--jq EXPRESSION prints what a jq expression finds in the JSON, as in --jq '.items[].name'; -o json is implied. -q prints names alone.",
    "On a terminal, a table fits the window: names first, IDs with -o wide. In a pipe, its columns have fixed widths, without color.",
    "With -o json, a failure is also an object on standard output: {\"error\": {\"exit_code\", \"code\", \"reason\", \"detail\", \"hint\", \"operation_id\"}}.",
    "A secret is printed only if you ask for it, as with \"credential token\". It never goes to a pager.",
];

/// Returns the text of a topic; `None` if the topic does not exist, or is about the commands.
pub(super) fn topic(name: &str, look: Look) -> Option<String> {
    let row = |term: &str, help: &str| (term.to_owned(), help.replace('`', ""));
    let (intro, rows, end): (&str, Vec<_>, String) = match name {
        "environment" => (
            "acpctl reads these variables. An empty one counts as unset; an empty AMBIENT_API_URL is \
             an error if nothing else names the server. A flag wins over a variable, \
             and a variable wins over the configuration file.",
            env::ALL.iter().map(|var| row(var.name, var.help)).collect(),
            String::new(),
        ),
        "exit-codes" => {
            let codes = failure::CODES.iter();
            let codes = codes.map(|(code, help)| row(&code.to_string(), help));
            (
                "The exit status tells why a command failed.",
                codes.chain([row("128+n", "ended by signal n")]).collect(),
                String::new(),
            )
        }
        "output" => (
            "Commands that show objects take -o FORMAT, or --output FORMAT:",
            FORMATS.iter().map(|(word, help)| row(word, help)).collect(),
            format!("\n{}\n", look.prose(&OUTPUT.join("\n"))),
        ),
        _ => return None,
    };
    Some(format!(
        "{}\n\n{}{end}",
        look.prose(intro),
        look.list(&rows)
    ))
}
