//! The command or flag that a misspelled word was meant for, found as the Go tool finds it.

use clap::Command;

use crate::compat::near::distance;
use crate::failure::Failure;
use crate::text::quote;

/// The most changes between a word and the name that it may have been meant for.
const MAX_CHANGES: usize = 2;

/// Returns the name that a word was most likely meant for, if one is near.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .filter(|name| is_near(word, name))
        .min_by_key(|name| distance(word, name))
}

fn is_near(word: &str, name: &str) -> bool {
    let (word, name) = (word.to_lowercase(), name.to_lowercase());
    name.starts_with(&word) || distance(&word, &name) <= MAX_CHANGES
}

/// The Go tool's refusal of a top-level word, with all near names in the order in which the commands are declared.
pub(super) fn unknown_command(root: &Command, word: &str) -> Failure {
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
