//! Colors by meaning, out of the sixteen that every theme makes readable on its background. A color never carries a
//! meaning alone: a word or a mark says the same, so that the screen works without colors too.

use ratatui::style::{Color, Modifier, Style};

use crate::screen::view::Tone;

/// The colors of a screen, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    has_color: bool,
}

impl Theme {
    #[must_use]
    pub(super) fn new(has_color: bool) -> Self {
        Self { has_color }
    }

    fn colored(self, color: Color) -> Style {
        if self.has_color {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    #[must_use]
    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    /// Borders, rules, hints.
    #[must_use]
    pub(super) fn dim(self) -> Style {
        if self.has_color {
            Style::new().add_modifier(Modifier::DIM)
        } else {
            Style::new()
        }
    }

    #[must_use]
    pub(super) fn title(self) -> Style {
        self.colored(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    #[must_use]
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    #[must_use]
    pub(super) fn key(self) -> Style {
        self.colored(Color::Blue).add_modifier(Modifier::BOLD)
    }

    #[must_use]
    pub(super) fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What is chosen: reversed, so that it shows without colors.
    #[must_use]
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The style of a row, by its meaning.
    #[must_use]
    pub(super) fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain | Tone::Unknown => Style::new(),
            Tone::Good => self.colored(Color::Green),
            // Yellow is hardly visible on white.
            Tone::Waiting => self.colored(Color::Magenta),
            Tone::Bad => self.colored(Color::Red),
            Tone::Done => self.dim(),
        }
    }

    /// The style of an entry of the messages, by its kind.
    #[must_use]
    pub(super) fn message(self, kind: &str) -> Style {
        match kind {
            "user" => self.strong(),
            "assistant" | "text" => self.colored(Color::Cyan),
            "error" | "RUN_ERROR" => self.colored(Color::Red),
            "system" => self.colored(Color::Blue),
            "RUN_STARTED" | "RUN_FINISHED" => self.colored(Color::Green),
            _ => Style::new(),
        }
    }
}
