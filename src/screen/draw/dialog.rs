//! A question over the page. It hides only what is under it, and never loses its buttons.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::boxes::{boxed, clear, middle, narrow, row, write};
use super::header::edited;
use super::theme::Theme;
use crate::screen::dialog::Dialog;
use crate::screen::shown;

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
    write(&buttons(dialog, theme), row(inside, bottom), buffer);
}

/// Returns the row of the buttons, with the chosen one marked.
fn buttons(dialog: &Dialog, theme: Theme) -> Vec<(String, Style)> {
    let mut parts = vec![("  ".to_owned(), theme.plain())];
    for (at, button) in dialog.buttons.iter().enumerate() {
        parts.push(if at == dialog.at {
            (format!("[{button}]"), theme.chosen())
        } else {
            (format!(" {button} "), theme.plain())
        });
        parts.push(("   ".to_owned(), theme.plain()));
    }
    parts
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
