//! A question over the page: a text, buttons, and what follows the last one.

use super::effect::{Rerun, Send};
use super::input::Line;

/// An open question. The first button cancels. It is the one that Enter means unless the user chooses another; a text
/// that the user has just written in the editor is sent, or written on, by Enter alone.
pub(super) struct Dialog {
    pub page: u64,
    pub title: String,
    pub lines: Vec<String>,
    pub buttons: Vec<&'static str>,
    pub at: usize,
    /// The text that must be typed before it goes on, and the text that was typed.
    pub typed: Option<(String, Line)>,
    pub then: Then,
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
    /// True if the last button may be pressed.
    #[must_use]
    pub(super) fn may_confirm(&self) -> bool {
        match &self.typed {
            Some((wanted, line)) => line.text() == wanted,
            None => true,
        }
    }
}
