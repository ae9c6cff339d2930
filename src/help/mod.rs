//! Help texts: clap's definitions in the Go tool's layout (docs/interface/cli-core.md section 1.1).
//!
//! `--help`, the manual pages and completion all read [`tree`], so they can't disagree. A command's `after_help` holds
//! its examples, one command line each; a line that starts with `#` explains the lines after it. A command that only
//! holds others shows the first example of each of them.
//!
//! - `prepare`: the commands as help shows them
//! - `page`: the page of a command; `front`: the first page, with the commands in groups; `topics`: texts that are not
//!   about one command

mod front;
mod page;
mod prepare;
mod topics;

pub use front::{GROUPS, HOME};
pub(crate) use prepare::at;
pub use prepare::{examples, page_examples, tree};
pub use topics::{OUTPUT, TOPICS};

use clap::{Arg, Command};

use crate::compat::grammar;
use crate::output::Out;

use page::Look;
use prepare::{GLOBAL_FLAGS, ready};

/// The width if there is no terminal, in columns: that of the narrowest window that is common.
const WIDTH: usize = 80;

/// Returns the help of the command at a path below the root, or of the nearest command if there is none at that path.
#[must_use]
pub fn text(out: &Out, root: Command, path: &[String]) -> String {
    let command = at(root, path);
    match command.get_long_about().cloned() {
        Some(about) => render(out, &command.about(about)),
        None => render(out, &command),
    }
}

/// Returns the flags that every command takes, and those of the program itself.
#[must_use]
pub(crate) fn options(out: &Out, root: Command) -> String {
    let (root, look) = (ready(root, "acpctl"), look(out));
    let is_shown = |arg: &&Arg| arg.is_global_set() && !arg.is_hide_set();
    let every = page::rows(root.get_arguments().filter(is_shown));
    let own = [
        (
            "-h, --help",
            "Show help; after a command, the help of that command",
        ),
        (
            "-V, --version",
            "Print the version; without a command, -v does the same",
        ),
    ];
    let own = own.map(|(flag, help)| (flag.to_owned(), help.to_owned()));
    format!(
        "Every command takes these flags, before or after its name.\n\n{}\n{}\n{}\n{}",
        look.heading(GLOBAL_FLAGS),
        look.list(&every),
        look.heading("Flags Without a Command"),
        look.list(&own),
    )
}

/// Returns all commands with their descriptions.
fn commands(out: &Out, mut root: Command) -> String {
    grammar::define_all(&mut root);
    let root = ready(root, "acpctl");
    let look = look(out);
    let list = look.list(&page::commands(&root));
    format!("{}\n{list}", look.heading("Available Commands"))
}

/// Returns the text of a topic; `None` if the topic does not exist.
#[must_use]
pub(crate) fn topic(out: &Out, root: Command, name: &str) -> Option<String> {
    match name {
        "commands" => Some(commands(out, root)),
        name => topics::topic(name, look(out)),
    }
}

pub(crate) fn render(out: &Out, command: &Command) -> String {
    match command.get_bin_name() {
        None | Some("acpctl") => front::page(command, look(out)),
        Some(path) => page::page(command, path, look(out)),
    }
}

fn look(out: &Out) -> Look {
    Look {
        columns: out.width().unwrap_or(WIDTH),
        is_colored: out.colored(),
    }
}
