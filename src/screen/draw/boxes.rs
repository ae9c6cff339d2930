//! Boxes with titles, lines of text, and the parts of a line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget as _};

use super::theme::Theme;
use crate::screen::shown;

/// Draws a box and returns its inside.
pub(super) fn boxed(title: &str, theme: Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let room = room_of_title(area.width);
    let title = match title {
        "" => Line::default(),
        title => Line::from(Span::styled(
            format!(" {} ", shown::cut(title, room)),
            // The border is dim, and its cells are those of the title.
            theme.title().remove_modifier(Modifier::DIM),
        )),
    };
    let block = Block::bordered()
        .border_type(BorderType::Plain)
        .border_style(theme.dim())
        .title(title.centered());
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}

/// Returns the columns for the title of a box of this width.
#[must_use]
pub(super) fn room_of_title(width: u16) -> usize {
    usize::from(width).saturating_sub(4)
}

/// Empties an area: what lies over the page hides only what is under it.
pub(super) fn clear(area: Rect, buffer: &mut Buffer) {
    Clear.render(area, buffer);
}

/// Returns the area of this size in the middle of another one, cut to it.
#[must_use]
pub(super) fn middle(width: u16, height: u16, area: Rect) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    let x = area.x + (area.width - width) / 2;
    let y = area.y + (area.height - height) / 2;
    Rect::new(x, y, width, height)
}

/// Writes parts of a line, each with its style, cut to the area.
pub(super) fn write(parts: &[(String, Style)], area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for (text, style) in parts {
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 || area.height == 0 {
            return;
        }
        (x, _) = buffer.set_stringn(x, area.y, shown::cut(text, room), room, *style);
    }
}

/// Returns the row of an area, counted from its top.
#[must_use]
pub(super) fn row(area: Rect, at: u16) -> Rect {
    if at < area.height {
        Rect::new(area.x, area.y + at, area.width, 1)
    } else {
        Rect::new(area.x, area.bottom(), 0, 0)
    }
}

/// Returns a number of rows or columns as the terminal counts them.
pub(super) fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
