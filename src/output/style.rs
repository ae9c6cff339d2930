//! Colors by meaning, out of the sixteen that every theme makes readable on its background. A color never carries a
//! meaning alone: the painted word says the same.

use crate::text::color::painted;

/// The meaning of a word for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Doubtful,
    Bad,
}

/// Returns the text in the color of its meaning if colors are `on`.
#[must_use]
pub(crate) fn paint(text: &str, tone: Tone, on: bool) -> String {
    let color = match tone {
        Tone::Good => "32",
        // Yellow is hardly visible on white.
        Tone::Doubtful => "35",
        Tone::Bad => "31",
    };
    if on {
        painted(color, text)
    } else {
        text.to_owned()
    }
}
