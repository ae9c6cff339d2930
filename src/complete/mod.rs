//! Candidates for the next word of a command line: the answer to `acpctl __complete WORDS...`.
//!
//! The words are those after the program's name; the user is typing the last one, which may be empty. The protocol is
//! the Go tool's (docs/interface/cli-core.md section 7.5), so that the scripts that it installed keep working: one
//! candidate per line, with a tab and a description, then `:` and a [`answer::Directive`].
//!
//! Completion never prompts, logs in, opens a keyring, writes settings or reports an error, and it answers within
//! [`LIMIT`] (docs/interface/field.md row 48).

mod answer;
mod cache;
mod cursor;
mod live;
mod values;

use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Command;

use answer::Answer;
use cursor::Cursor;

use crate::env;
use crate::failure::Failure;
use crate::output::Out;
use crate::text::seen::is_unseen;

/// The time limit of the whole answer, unless `AMBIENT_COMPLETION_TIMEOUT` sets another.
const LIMIT: Duration = Duration::from_millis(250);

/// The hidden commands; the second one leaves descriptions out.
const WITH_DESCRIPTIONS: &str = "__complete";
const WITHOUT_DESCRIPTIONS: &str = "__completeNoDesc";

/// Removes cached names that are no longer fresh. Returns the number of lists.
pub(crate) fn sweep() -> usize {
    cache::sweep()
}

/// Answers if the words call one of the hidden commands; `None` if they do not. `tree` returns the tree of commands,
/// and `expand` the line that is meant by words that stand for others.
#[must_use]
pub(crate) fn requested(
    out: &Out,
    words: &[OsString],
    tree: fn() -> Command,
    expand: impl FnOnce(&[OsString]) -> Vec<OsString>,
) -> Option<anyhow::Result<()>> {
    let (first, words) = words.split_first()?;
    let with_help = match first.to_str()? {
        WITH_DESCRIPTIONS => true,
        WITHOUT_DESCRIPTIONS => false,
        _ => return None,
    };
    let mut meant = words.to_vec();
    if let Some((typed, before)) = words.split_last() {
        meant = expand(before);
        meant.push(typed.clone());
    }
    Some(run(out, &meant, with_help, tree))
}

fn run(
    out: &Out,
    words: &[OsString],
    with_help: bool,
    tree: fn() -> Command,
) -> anyhow::Result<()> {
    if words.is_empty() {
        return Err(Failure::usage("requires at least 1 arg(s), only received 0").into());
    }
    // The message of a panic would appear in the line that the user is typing.
    std::panic::set_hook(Box::new(|_| {}));
    let answer = within_limit(words.to_vec(), tree);
    let mut text = String::new();
    for candidate in answer.candidates.iter().filter(|c| is_plain(&c.text)) {
        text.push_str(&candidate.text);
        let help: String = candidate.help.chars().filter(|c| !is_unseen(*c)).collect();
        if with_help && !help.is_empty() {
            text.push('\t');
            text.push_str(&help);
        }
        text.push('\n');
    }
    text.push_str(&format!(":{}\n", answer.directive as u8));
    out.data(text.as_bytes())?;
    out.note(&format!(
        "Completion ended with directive: ShellCompDirective{:?}",
        answer.directive
    ));
    Ok(())
}

/// Returns the answer, or no candidates if it takes too long. A thread that still waits for a disk, a name server or a
/// server ends with the program.
fn within_limit(words: Vec<OsString>, tree: fn() -> Command) -> Answer {
    let limit = env::COMPLETION_TIMEOUT
        .get()
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|millis| *millis > 0)
        .map_or(LIMIT, |millis| Duration::from_millis(millis.into()));
    let deadline = Instant::now() + limit;
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().spawn(move || {
        // The receiver is gone if the time is over.
        let _ = sender.send(answer(&words, &mut tree(), deadline));
    });
    started
        .ok()
        .and_then(|_| receiver.recv_timeout(limit).ok())
        .unwrap_or_else(|| Answer::of(Vec::new()))
}

/// Returns the answer for the words of a line; the user is typing the last one.
fn answer(words: &[OsString], tree: &mut Command, deadline: Instant) -> Answer {
    let cursor = Cursor::find(tree, words);
    let mut answer = values::answer(&cursor, deadline);
    answer
        .candidates
        .retain(|candidate| candidate.text.starts_with(&cursor.typed));
    answer
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(is_unseen)
}
