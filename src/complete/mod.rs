//! What can follow on a command line: the answer to `acpctl __complete WORDS...`.
//!
//! The words are those after the program's name; the last one is being typed and may be empty. The
//! protocol is the Go tool's (contract cli-core.md section 7.5), so that scripts which it installed keep
//! working: a candidate for each line, with a tab and a description, then `:` and a [`Directive`].
//!
//! Nothing here asks, logs in, writes settings, or says that something went wrong, and the whole answer is
//! there within [`LIMIT`] (contract field.md row 48).

mod cache;
mod live;
mod place;
mod values;

use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::env;
use crate::failure::Failure;
use crate::help;
use crate::output::Out;
use crate::text::seen::is_unseen;

/// How long an answer may take in all, unless `AMBIENT_COMPLETION_TIMEOUT` says otherwise.
const LIMIT: Duration = Duration::from_millis(250);

/// The hidden commands; the second leaves descriptions out.
const WITH_DESCRIPTIONS: &str = "__complete";
const WITHOUT_DESCRIPTIONS: &str = "__completeNoDesc";

/// Something that can be typed here. Without control characters, so that it stays one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub text: String,
    pub help: String,
}

impl Candidate {
    fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: help.into(),
        }
    }
}

/// What the shell does beside showing the candidates; the numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// Offer file names where there are no candidates.
    Default = 0,
    NoFileComp = 4,
}

/// Candidates with what the shell shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub candidates: Vec<Candidate>,
    pub directive: Directive,
}

impl Answer {
    fn of(candidates: Vec<Candidate>) -> Self {
        Self {
            candidates,
            directive: Directive::NoFileComp,
        }
    }

    fn files() -> Self {
        Self {
            candidates: Vec::new(),
            directive: Directive::Default,
        }
    }
}

/// Answers, if the words are a call of one of the hidden commands.
#[must_use]
pub fn requested(out: &Out, words: &[OsString]) -> Option<anyhow::Result<()>> {
    let (first, words) = words.split_first()?;
    let with_help = match first.to_str()? {
        WITH_DESCRIPTIONS => true,
        WITHOUT_DESCRIPTIONS => false,
        _ => return None,
    };
    Some(run(out, words, with_help))
}

fn run(out: &Out, words: &[OsString], with_help: bool) -> anyhow::Result<()> {
    if words.is_empty() {
        return Err(Failure::usage("requires at least 1 arg(s), only received 0").into());
    }
    // Nothing may appear in the line that is being typed.
    std::panic::set_hook(Box::new(|_| {}));
    let answer = within_limit(words.to_vec());
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

/// The answer, or none where it takes too long: a thread that waits for a disk, a name server or a server
/// is left behind, and ends with the program.
fn within_limit(words: Vec<OsString>) -> Answer {
    let limit = env::COMPLETION_TIMEOUT
        .get()
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|millis| *millis > 0)
        .map_or(LIMIT, |millis| Duration::from_millis(millis.into()));
    let deadline = Instant::now() + limit;
    let (sender, receiver) = mpsc::channel();
    let started = thread::Builder::new().spawn(move || {
        // Nobody listens any more once the time is over.
        let _ = sender.send(answer(&words, deadline));
    });
    started
        .ok()
        .and_then(|_| receiver.recv_timeout(limit).ok())
        .unwrap_or_else(|| Answer::of(Vec::new()))
}

/// The answer for the words of a line; the last one is being typed.
fn answer(words: &[OsString], deadline: Instant) -> Answer {
    let tree = help::tree();
    let place = place::Place::find(&tree, words);
    let mut answer = values::answer(&place, deadline);
    answer
        .candidates
        .retain(|candidate| candidate.text.starts_with(&place.typed));
    answer
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(is_unseen)
}
