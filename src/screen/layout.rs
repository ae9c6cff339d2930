//! Where everything is on the terminal. All sizes follow from the terminal's, at each draw anew.

use std::cmp::Reverse;

use ratatui::layout::Rect;

use super::said;
use super::shown;
use super::state::{Mode, State};
use super::view::{Col, Place, View};

/// The rows of the whole header.
const HEADER: u16 = 4;

/// The width in which a text still tells something.
const WORDS: usize = 14;
/// The widest column that is shown whole or not at all: three digits say nothing of an age with four.
const AGE: usize = 5;
/// The widest column of single words and numbers.
const SHORT: usize = 15;
/// The narrowest column of a text that has a share of the room that is left.
const TEXT: usize = 12;
/// The most rows of the last line.
const STATUS: usize = 3;

/// The parts of the screen, from top to bottom. A part without room has no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Areas {
    pub header: Rect,
    pub input: Rect,
    pub body: Rect,
    pub crumbs: Rect,
    pub status: Rect,
}

/// Divides the terminal.
#[must_use]
pub(super) fn areas(state: &State) -> Areas {
    let (width, height) = state.size;
    let header = match height {
        _ if !state.has_header => 0,
        20.. => HEADER,
        8.. => 1,
        _ => 0,
    };
    let input = match (&state.mode, height) {
        (Mode::Normal, _) => 0,
        (_, 14..) => 3,
        _ => 1,
    };
    let crumbs = u16::from(height >= 10 && state.has_crumbs);
    let status = u16::try_from(said::rows(state, STATUS)).unwrap_or(1);
    let status = match height {
        15.. => status,
        3.. => 1,
        _ => 0,
    };
    let body = height.saturating_sub(header + input + crumbs + status);
    let mut y = 0;
    let mut next = |rows: u16| {
        let rows = rows.min(height - y);
        let area = Rect::new(0, y, width, rows);
        y += rows;
        area
    };
    Areas {
        header: next(header),
        input: next(input),
        body: next(body),
        crumbs: next(crumbs),
        status: next(status),
    }
}

/// Returns the part of a box inside its border.
#[must_use]
pub(super) fn inside(area: Rect) -> Rect {
    Rect::new(
        (area.x + 1).min(area.right()),
        (area.y + 1).min(area.bottom()),
        area.width.saturating_sub(2),
        area.height.saturating_sub(2),
    )
}

/// Returns the number of rows of a table: the box without its border and the headings.
#[must_use]
pub(super) fn table_rows(state: &State) -> usize {
    usize::from(inside(areas(state).body).height.saturating_sub(1))
}

/// Returns the columns of the terminal for the cells of a table: the box without its border, and without a cell for the
/// marker and one for the mark.
#[must_use]
pub(super) fn table_width(state: &State) -> usize {
    usize::from(inside(areas(state).body).width).saturating_sub(2)
}

/// Returns width and height of each pane of the messages, for the text: the conversation and the activity.
#[must_use]
pub(super) fn panes(state: &State, is_zoomed: bool, compose: u16) -> (Rect, Rect) {
    let inner = inside(areas(state).body);
    // One row tells the modes.
    let rows = inner.height.saturating_sub(1 + compose);
    let start = inner.y + inner.height.min(1);
    if is_zoomed || rows < 6 {
        let whole = Rect::new(inner.x, start, inner.width, rows);
        return (whole, whole);
    }
    // A rule with the title of the activity divides them.
    let upper = (rows - 1).div_ceil(2);
    (
        Rect::new(inner.x, start, inner.width, upper),
        Rect::new(inner.x, start + upper + 1, inner.width, rows - upper - 1),
    )
}

/// Returns the columns that a table shows in a width, each by its place in the view with its own width.
///
/// A column that only wants room gives way first; then all become narrower. What is left goes to the wide columns.
#[must_use]
pub(super) fn columns(view: &View, width: usize, is_wide: bool) -> Vec<(usize, usize)> {
    let mut shown: Vec<usize> = (0..view.columns.len())
        .filter(|at| is_wide || view.columns[*at].place != Place::Wide)
        .collect();
    let gaps = |count: usize| count.saturating_sub(1);
    let least = |at: &usize| least(&view.columns[*at]);
    while shown.iter().map(least).sum::<usize>() + gaps(shown.len()) > width {
        let weight = |at: &usize| match view.columns[*at].place {
            Place::Room(weight) => weight,
            Place::Wide => u8::MAX,
            Place::Always => 0,
        };
        let last = shown
            .iter()
            .enumerate()
            .max_by_key(|(place, at)| (weight(at), *place));
        match last.filter(|(_, at)| weight(at) > 0) {
            Some((place, _)) => shown.remove(place),
            None => break,
        };
    }
    let room = width.saturating_sub(gaps(shown.len()));
    let wanted: usize = shown
        .iter()
        .map(|at| usize::from(view.columns[*at].width))
        .sum();
    let have_least = shown.iter().map(least).sum::<usize>() <= room;
    let mut widths: Vec<usize> = shown
        .iter()
        .map(|at| {
            let own = usize::from(view.columns[*at].width);
            match (wanted > room, have_least) {
                (false, _) => own,
                (true, true) => least(at),
                (true, false) => (own * room / wanted.max(1)).max(1),
            }
        })
        .collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    while left > 0 && !widths.is_empty() {
        // Words and numbers are whole first; then the column that lacks most gets the room. If none lacks anything,
        // texts grow alike; an age or an ID does not.
        let lacks = |place: &usize| {
            let column = &view.columns[shown[*place]];
            let own = usize::from(column.width);
            let lack = own.saturating_sub(widths[*place]);
            let is_text = own >= TEXT && column.title != "ID" && column.place != Place::Wide;
            let grown = is_text.then(|| Reverse(widths[*place] * 100 / own));
            (lack > 0 && own <= SHORT, lack, grown, own)
        };
        let Some(place) = (0..widths.len()).max_by_key(lacks) else {
            break;
        };
        widths[place] += 1;
        left -= 1;
    }
    shown.into_iter().zip(widths).collect()
}

/// Returns the least width in which a column is of use. A text tells something by its first words; a phase, an age or
/// an ID does not.
fn least(column: &Col) -> usize {
    let own = usize::from(column.width);
    let part = match column.place {
        Place::Room(_) => (own * 3 / 4).min(WORDS),
        _ if own <= AGE => own,
        Place::Always if own <= SHORT => own,
        Place::Always | Place::Wide => own * 3 / 4,
    };
    part.max(shown::width(column.title).min(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::scope::Kind;
    use crate::screen::views;

    #[test]
    fn bug_4_widths_follow_from_the_window_alone_and_fill_it() {
        for view in views::all() {
            for width in 10..220 {
                let columns = columns(view, width, false);
                let total: usize = columns.iter().map(|(_, wide)| wide).sum();
                assert_eq!(total + columns.len() - 1, width, "{} {width}", view.name);
            }
        }
    }

    #[test]
    fn a_text_gives_way_only_where_it_would_tell_nothing() {
        let shows = |kind, title: &str, width| {
            let view = views::of(kind);
            let columns = columns(view, width, false);
            columns
                .iter()
                .any(|(at, _)| view.columns[*at].title == title)
        };
        // A window of 80 columns, without border and marker.
        assert!(shows(Kind::Agents, "PROMPT", 76));
        assert!(shows(Kind::Preview, "REASON", 76));
        assert!(!shows(Kind::Agents, "PROMPT", 40));
    }

    #[test]
    fn columns_give_way_one_by_one_and_the_name_never() {
        for view in views::all() {
            let mut before = usize::MAX;
            for width in (20..220).rev() {
                let columns = columns(view, width, false);
                assert!(columns.len() <= before, "{} {width}", view.name);
                before = columns.len();
                assert!(
                    columns
                        .iter()
                        .any(|(at, _)| view.columns[*at].place == Place::Always)
                );
            }
        }
    }
}
