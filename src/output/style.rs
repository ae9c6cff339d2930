//! Colours by meaning, from the sixteen that every theme makes readable on its background. A colour
//! never stands alone: the word that it paints says the same.

use crate::text::color::painted;

/// What a word means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Doubtful,
    Bad,
}

/// The text in the colour of its meaning, where colours are `on`.
#[must_use]
pub fn paint(text: &str, tone: Tone, on: bool) -> String {
    let color = match tone {
        Tone::Good => "32",
        // Yellow is hardly seen on white.
        Tone::Doubtful => "35",
        Tone::Bad => "31",
    };
    if on {
        painted(color, text)
    } else {
        text.to_owned()
    }
}
