//! What lies over the page: a question, a form. They hide only what is under them, and never lose their buttons.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::boxes::{boxed, clear, middle, row, write};
use super::header::edited;
use super::theme::Theme;
use crate::screen::dialog::Dialog;
use crate::screen::form::{LOADING, OpenForm, Value};
use crate::screen::shown;
use crate::screen::view::Input;

/// The rows of the offers of a choice.
const OFFERS: usize = 5;

/// Draws a question.
pub(super) fn dialog(dialog: &Dialog, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let (title, names) = (&dialog.names.title, &dialog.names.names);
    let all = dialog.lines.iter().chain(&dialog.below).chain([title]);
    let widest = all.map(|line| shown::width(line));
    let widest = widest.chain(names.iter().map(|name| shown::width(name) + 2));
    let widest = widest.max();
    let most = usize::from(area.width).saturating_sub(4).max(10);
    let width = (widest.unwrap_or_default() + 8).max(40).min(most);
    let room = width.saturating_sub(4).max(1);
    let mut lines = wrapped(&dialog.lines, room);
    let below = wrapped(&dialog.below, room);
    let typed = usize::from(dialog.typed.is_some());
    // The names have the rows that border, other lines and buttons leave.
    let others = lines.len() + below.len() + typed + 3;
    let most = usize::from(area.height).saturating_sub(others);
    lines.extend(dialog.names.lines(room, most));
    let (above, below_count) = (lines.len(), below.len());
    lines.extend(below);
    // Border, text, line to type, empty line, buttons, border.
    let wanted = lines.len() + typed + 4;
    let place = middle(narrow(width), narrow(wanted), area);
    clear(place, buffer);
    let inside = boxed(&format!("<{}>", dialog.title), theme, place, buffer);
    // The buttons stay, and what stands right above them; the other text gives way, and a mark tells so.
    let text_rows = usize::from(inside.height).saturating_sub(1 + typed);
    if lines.len() > text_rows {
        let kept = text_rows.saturating_sub(below_count + 1).min(above);
        lines.splice(kept..above, ["…".to_owned()]);
        lines.truncate(text_rows);
    }
    for (at, line) in (0..).zip(&lines) {
        write(
            &[(format!(" {line}"), theme.plain())],
            row(inside, at),
            buffer,
        );
    }
    let bottom = inside.height.saturating_sub(1);
    if let Some((_, line)) = &dialog.typed {
        let mut parts = vec![(" > ".to_owned(), theme.key())];
        parts.extend(edited(line, room.saturating_sub(4), false, theme));
        let at = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let at = at.min(bottom.saturating_sub(1));
        write(&parts, row(inside, at), buffer);
    }
    let mut parts: Vec<(String, Style)> = vec![("  ".to_owned(), theme.plain())];
    for (at, button) in dialog.buttons.iter().enumerate() {
        let style = if at == dialog.at {
            theme.chosen()
        } else {
            theme.plain()
        };
        let text = if at == dialog.at {
            format!("[{button}]")
        } else {
            format!(" {button} ")
        };
        parts.push((text, style));
        parts.push(("   ".to_owned(), theme.plain()));
    }
    write(&parts, row(inside, bottom), buffer);
}

/// Breaks lines to a width; each keeps its indent.
fn wrapped(lines: &[String], width: usize) -> Vec<String> {
    let of = |line: &String| {
        let text = line.trim_start();
        let indent = " ".repeat(line.len() - text.len());
        let parts = shown::wrap(text, width.saturating_sub(indent.len()));
        parts.into_iter().map(move |part| format!("{indent}{part}"))
    };
    lines.iter().flat_map(of).collect()
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Draws a form. If the window is too low for all fields, those around the one with the focus are shown.
pub(super) fn form(form: &OpenForm, now: Timestamp, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = area.width.saturating_sub(4).min(72);
    let room = usize::from(width).saturating_sub(6).max(1);
    let mut lines: Vec<Vec<(String, Style)>> = Vec::new();
    let (mut first, mut last) = (0, 0);
    for (at, (field, value)) in form.form.fields.iter().zip(&form.values).enumerate() {
        let has_focus = at == form.focus;
        if has_focus {
            first = lines.len();
        }
        let bar = if has_focus { " ┃ " } else { "   " };
        let star = if field.required { " *" } else { "" };
        let label = if has_focus {
            theme.title()
        } else {
            theme.strong()
        };
        let mut head = vec![
            (bar.to_owned(), theme.title()),
            (format!("{}{star}", field.label), label),
        ];
        if let Value::Choice(choice) = value {
            let typed = crate::text::visible(&choice.typed);
            head.push((format!(" {typed}"), theme.key()));
        }
        lines.push(head);
        match value {
            Value::Text(line) => {
                let mut parts = vec![(format!("{bar}> "), theme.title())];
                let is_secret = matches!(field.input, Input::Secret);
                if has_focus {
                    parts.extend(edited(line, room, is_secret, theme));
                } else if is_secret {
                    parts.push((
                        "•".repeat(line.text().chars().count().min(40)),
                        theme.plain(),
                    ));
                } else {
                    let text = crate::text::visible(&line.text().replace('\n', "⏎"));
                    parts.push((shown::cut(&text, room), theme.plain()));
                }
                if line.text().is_empty() {
                    parts.push((field.hint.to_owned(), theme.dim()));
                }
                lines.push(parts);
            }
            Value::Choice(choice) => {
                let skipped = (choice.at + 1).saturating_sub(OFFERS);
                let offers = choice.offers.iter().enumerate().skip(skipped);
                let count = if has_focus { OFFERS } else { 1 };
                let shown_from = if has_focus { skipped } else { choice.at };
                for (place, (_, text)) in offers.filter(|(at, _)| *at >= shown_from).take(count) {
                    let is_chosen = place == choice.at && !choice.is_lost;
                    let marker = if is_chosen { "> " } else { "  " };
                    let style = if is_chosen && has_focus {
                        theme.chosen()
                    } else {
                        theme.plain()
                    };
                    lines.push(vec![
                        (format!("{bar}{marker}"), theme.title()),
                        (shown::cut(&shown::line(text), room), style),
                    ]);
                }
                let note = match (choice.is_loading, choice.error.as_str()) {
                    (true, _) => "loading...",
                    (false, "") if choice.offers.is_empty() => "nothing to choose",
                    (false, error) => error,
                };
                if !note.is_empty() {
                    lines.push(vec![
                        (format!("{bar}  "), theme.title()),
                        (shown::cut(&shown::line(note), room), theme.dim()),
                    ]);
                }
            }
        }
        if has_focus {
            let note = match form.error.as_str() {
                "" => form
                    .check(at, now)
                    .map_or_else(|why| (why, false), |said| (said, true)),
                error => (format!("* {error}"), false),
            };
            let is_early = ["input cannot be empty", LOADING].contains(&note.0.as_str());
            let is_early = is_early && form.error.is_empty();
            if !note.0.is_empty() && !is_early {
                let style = if note.1 { theme.dim() } else { theme.bad() };
                // A command to type is whole.
                lines.extend(
                    shown::wrap(&shown::line(&note.0), room)
                        .into_iter()
                        .map(|part| vec![("   ".to_owned(), theme.plain()), (part, style)]),
                );
            }
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
    let choose = match form.values.get(form.focus) {
        Some(Value::Choice(_)) => " ↑↓ or type: choose",
        _ => "",
    };
    let enter = if form.is_last() {
        "Enter: submit"
    } else {
        "Enter: next field"
    };
    let foot = if form.is_waiting {
        " Looking what is shadowed...  Esc: cancel".to_owned()
    } else {
        format!(" {choose} {enter}  Esc: cancel")
    };
    let bottom = row(inside, inside.height.saturating_sub(1));
    write(&[(foot, theme.dim())], bottom, buffer);
}
