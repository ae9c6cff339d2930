//! A question over the page: a text, buttons, and what follows the last one.

use super::drafts::Draft;
use super::effect::{Rerun, Send};
use super::input::Line;
use super::naming::Names;
use super::shown;

/// An open question. The first button cancels. It is the one that Enter means unless the user chooses another; a text
/// that the user has just written in the editor is sent, or written on, by Enter alone.
pub(super) struct Dialog {
    pub page: u64,
    pub title: String,
    pub lines: Vec<String>,
    /// The objects that it is for, if they are several.
    pub names: Names,
    /// What is said below their names.
    pub below: Vec<String>,
    pub buttons: Vec<&'static str>,
    pub at: usize,
    /// The text that must be typed before it goes on, and the text that was typed.
    pub typed: Option<(String, Line)>,
    pub then: Then,
    /// What was typed before it, which is kept if nothing follows.
    pub draft: Option<Draft>,
}

/// What follows the last button.
pub(super) enum Then {
    Send {
        doing: String,
        sends: Vec<Send>,
    },
    /// Opens the editor again on this text.
    Edit(String),
    /// Runs a command of this program.
    Outside(Rerun),
}

impl Dialog {
    /// Returns a question with two buttons, of which the first is chosen.
    #[must_use]
    pub(super) fn new(
        page: u64,
        title: &str,
        lines: &[String],
        yes: &'static str,
        then: Then,
    ) -> Self {
        Self {
            page,
            title: title.to_owned(),
            lines: lines.iter().map(|line| shown::line(line)).collect(),
            names: Names::default(),
            below: Vec::new(),
            buttons: vec!["Cancel", yes],
            at: 0,
            typed: None,
            then,
            draft: None,
        }
    }

    /// True if the last button may be pressed.
    #[must_use]
    pub(super) fn may_confirm(&self) -> bool {
        match &self.typed {
            Some((wanted, line)) => line.text() == wanted,
            None => true,
        }
    }
}
