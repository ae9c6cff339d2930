//! A form over the page. It hides only what is under it, and never loses its last row.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::boxes::{boxed, clear, middle, narrow, row, write};
use super::header::edited;
use super::theme::Theme;
use crate::screen::form::{Choice, LOADING, OpenForm, Value};
use crate::screen::input::Line;
use crate::screen::shown;
use crate::screen::view::{Field, Input};

/// The rows of the offers of a choice.
const OFFERS: usize = 5;

/// The parts of one row, each with its style.
type Parts = Vec<(String, Style)>;

/// Draws a form. If the window is too low for all fields, those around the one with the focus are shown.
pub(super) fn form(form: &OpenForm, now: Timestamp, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = area.width.saturating_sub(4).min(72);
    let room = usize::from(width).saturating_sub(6).max(1);
    let mut lines: Vec<Parts> = Vec::new();
    let (mut first, mut last) = (0, 0);
    for (at, (field, value)) in form.form.fields.iter().zip(&form.values).enumerate() {
        let has_focus = at == form.focus;
        let style = FieldStyle {
            has_focus,
            room,
            theme,
        };
        if has_focus {
            first = lines.len();
        }
        lines.push(style.head(field, value));
        match value {
            Value::Text(line) => lines.push(style.text(field, line)),
            Value::Choice(choice) => lines.extend(style.choice(choice)),
        }
        if has_focus {
            lines.extend(verdict(form, now, room, theme));
            last = lines.len();
        }
        lines.push(Vec::new());
    }
    // The names stay above the fields, as far as the field with the focus leaves them room.
    let taken = last - first + 4;
    let names = form
        .names
        .lines(room, usize::from(area.height).saturating_sub(taken));
    let mut head: Vec<String> = names.iter().map(|line| format!("   {line}")).collect();
    if !head.is_empty() {
        head.push(String::new());
    }
    let place = middle(width, narrow(head.len() + lines.len() + 3), area);
    clear(place, buffer);
    let inside = boxed(&format!("<{}>", form.form.title), theme, place, buffer);
    for (at, line) in (0..).zip(&head) {
        write(&[(line.clone(), theme.plain())], row(inside, at), buffer);
    }
    let rows = usize::from(inside.height).saturating_sub(head.len() + 1);
    let from = last.saturating_sub(rows).min(first);
    for (at, parts) in (narrow(head.len())..).zip(lines.iter().skip(from).take(rows)) {
        write(parts, row(inside, at), buffer);
    }
    let bottom = row(inside, inside.height.saturating_sub(1));
    write(&[(foot(form), theme.dim())], bottom, buffer);
}

/// How the rows of one field look.
#[derive(Clone, Copy)]
struct FieldStyle {
    has_focus: bool,
    room: usize,
    theme: Theme,
}

impl FieldStyle {
    fn bar(self) -> &'static str {
        if self.has_focus { " ┃ " } else { "   " }
    }

    /// Returns the row with the label; for a choice, with the text that narrows it down.
    fn head(self, field: &Field, value: &Value) -> Parts {
        let theme = self.theme;
        let star = if field.required { " *" } else { "" };
        let label = if self.has_focus {
            theme.title()
        } else {
            theme.strong()
        };
        let mut head = vec![
            (self.bar().to_owned(), theme.title()),
            (format!("{}{star}", field.label), label),
        ];
        if let Value::Choice(choice) = value {
            let typed = crate::text::visible(&choice.typed);
            head.push((format!(" {typed}"), theme.key()));
        }
        head
    }

    /// Returns the row of a text, whose letters are hidden if it is a secret.
    fn text(self, field: &Field, line: &Line) -> Parts {
        let theme = self.theme;
        let mut parts = vec![(format!("{}> ", self.bar()), theme.title())];
        let is_secret = matches!(field.input, Input::Secret);
        if self.has_focus {
            parts.extend(edited(line, self.room, is_secret, theme));
        } else if is_secret {
            let count = line.text().chars().count().min(40);
            parts.push(("•".repeat(count), theme.plain()));
        } else {
            let text = crate::text::visible(&line.text().replace('\n', "⏎"));
            parts.push((shown::cut(&text, self.room), theme.plain()));
        }
        if line.text().is_empty() {
            parts.push((field.hint.to_owned(), theme.dim()));
        }
        parts
    }

    /// Returns the rows of a choice: the offers around the chosen one, or that one alone, and a note.
    fn choice(self, choice: &Choice) -> Vec<Parts> {
        let (bar, theme, has_focus) = (self.bar(), self.theme, self.has_focus);
        let skipped = (choice.at + 1).saturating_sub(OFFERS);
        let offers = choice.offers.iter().enumerate().skip(skipped);
        let count = if has_focus { OFFERS } else { 1 };
        let shown_from = if has_focus { skipped } else { choice.at };
        let mut rows = Vec::new();
        for (place, (_, text)) in offers.filter(|(at, _)| *at >= shown_from).take(count) {
            let is_chosen = place == choice.at && !choice.is_lost;
            let marker = if is_chosen { "> " } else { "  " };
            let style = if is_chosen && has_focus {
                theme.chosen()
            } else {
                theme.plain()
            };
            rows.push(vec![
                (format!("{bar}{marker}"), theme.title()),
                (shown::cut(&shown::line(text), self.room), style),
            ]);
        }
        let note = match (choice.is_loading, choice.error.as_str()) {
            (true, _) => "loading...",
            (false, "") if choice.offers.is_empty() => "nothing to choose",
            (false, error) => error,
        };
        if !note.is_empty() {
            rows.push(vec![
                (format!("{bar}  "), theme.title()),
                (shown::cut(&shown::line(note), self.room), theme.dim()),
            ]);
        }
        rows
    }
}

/// Returns what is said about the value of the field with the focus: an error, or an explanation.
fn verdict(form: &OpenForm, now: Timestamp, room: usize, theme: Theme) -> Vec<Parts> {
    let (text, is_good) = match form.error.as_str() {
        "" => form
            .check(form.focus, now)
            .map_or_else(|why| (why, false), |said| (said, true)),
        error => (format!("* {error}"), false),
    };
    let is_early = ["input cannot be empty", LOADING].contains(&text.as_str());
    let is_early = is_early && form.error.is_empty();
    if text.is_empty() || is_early {
        return Vec::new();
    }
    let style = if is_good { theme.dim() } else { theme.bad() };
    // A command to type is whole.
    let rows = shown::wrap(&shown::line(&text), room).into_iter();
    rows.map(|part| vec![("   ".to_owned(), theme.plain()), (part, style)])
        .collect()
}

/// Returns the last row: the keys that count.
fn foot(form: &OpenForm) -> String {
    if form.is_waiting {
        return " Looking what is shadowed...  Esc: cancel".to_owned();
    }
    let choose = match form.values.get(form.focus) {
        Some(Value::Choice(_)) => " ↑↓ or type: choose",
        _ => "",
    };
    let enter = if form.is_last() {
        "Enter: submit"
    } else {
        "Enter: next field"
    };
    format!(" {choose} {enter}  Esc: cancel")
}
