//! The page itself: a table, an object as text, messages, help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::boxes::{self, boxed, row, write};
use super::header::edited;
use super::theme::Theme;
use crate::screen::detail::Detail;
use crate::screen::entry::{Focus, Time};
use crate::screen::filter::Pattern;
use crate::screen::layout;
use crate::screen::messages::Messages;
use crate::screen::shown;
use crate::screen::state::{Mode, State};
use crate::screen::table::Table;
use crate::screen::view::{Col, tone_of};
use crate::screen::views;

/// The fewest columns for the scope in a title.
const SHORTEST_SCOPE: usize = 8;

/// Draws the rows of a table. Cells are computed for the rows in the window only.
pub(super) fn table(state: &State, table: &Table, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let inside = boxed(&title(state, table, area.width), theme, area, buffer);
    if let Some(age) = table.loading.stale(state.now) {
        let stale = format!(" ⟳ {age}s (stale) ");
        let width = u16::try_from(shown::width(&stale)).unwrap_or_default();
        let x = area.right().saturating_sub(width + 1).max(area.x);
        let place = Rect::new(x, area.y, width.min(area.width), area.height.min(1));
        write(&[(stale, theme.bad())], place, buffer);
    }
    let columns = layout::columns(table.view, layout::table_width(state), table.is_wide);
    let picked = match state.mode {
        Mode::Sort(column) => Some(column),
        _ => None,
    };
    let mut heading = vec![("  ".to_owned(), theme.plain())];
    for (at, width) in &columns {
        let style = if picked == Some(*at) {
            theme.chosen()
        } else {
            theme.strong()
        };
        heading.push((head(table, *at, *width), style));
        heading.push((" ".to_owned(), theme.plain()));
    }
    write(&heading, row(inside, 0), buffer);
    let rows = table.shown.iter().skip(table.offset).enumerate();
    for (line, at) in rows.take(usize::from(inside.height.saturating_sub(1))) {
        let record = &table.rows[*at];
        let is_selected = table.offset + line == table.cursor;
        let is_marked = table.marks.contains(record.id());
        let marker = match (is_selected, is_marked) {
            (true, true) => ">*",
            (true, false) => "> ",
            (false, true) => " *",
            (false, false) => "  ",
        };
        let style = theme.tone((table.view.tone)(record));
        let style = if is_selected {
            style.patch(theme.chosen())
        } else {
            style
        };
        let mut text = marker.to_owned();
        for (column, width) in &columns {
            let cell = table.view.columns[*column].text(record, state.now);
            text.push_str(&shown::fit(&shown::line(&cell), *width));
            text.push(' ');
        }
        // The gap behind the last column has no place in the row.
        let text = shown::fit(text.trim_end(), usize::from(inside.width));
        let place = row(inside, u16::try_from(line + 1).unwrap_or(u16::MAX));
        write(&[(text, style)], place, buffer);
    }
    if table.shown.is_empty() {
        let text = match (table.loading.good, table.rows.is_empty()) {
            (None, _) if table.loading.fault.is_some() => "",
            (None, _) => "Loading...",
            (Some(_), true) => "Nothing here yet.",
            (Some(_), false) => "The filter hides all rows; Esc clears it.",
        };
        write(
            &[(format!("  {text}"), theme.dim())],
            row(inside, 1),
            buffer,
        );
    }
}

/// Returns `kind(scope)[count]`, with the total if the server has more, and the filter. A count that is not known yet
/// is `?`; one to which rows may be missing has a `+`. A scope that is too long for the box is cut: the rest says what
/// the rows are.
fn title(state: &State, table: &Table, width: u16) -> String {
    let scope = state
        .top()
        .map_or("all", |page| table.view.label(&page.scope));
    let shown = table.shown.len();
    let count = match usize::try_from(table.total) {
        _ if table.loading.good.is_none() => "?".to_owned(),
        Ok(total) if total > table.rows.len() => format!("{shown} of {total}"),
        _ if table.gap.is_some() || table.hides_unknown() => format!("{shown}+"),
        _ => shown.to_string(),
    };
    let mut rest = format!(")[{count}]");
    if !table.filter_text.is_empty() {
        rest.push_str(&format!(" </{}>", shown::line(&table.filter_text)));
    }
    if table.hidden > 0 {
        rest.push_str(&format!(" <{} of gateways hidden>", table.hidden));
    }
    if table.errors_only {
        rest.push_str(" <failures>");
    }
    if !table.marks.is_empty() {
        let hidden = match table.hidden_marks() {
            0 => String::new(),
            hidden => format!(", {hidden} hidden"),
        };
        rest.push_str(&format!(" <{} marked{hidden}>", table.marks.len()));
    }
    scoped(table.view.name, scope, &rest, width)
}

/// Returns `kind(scope` with the rest of a title behind it, in which only the scope is cut.
fn scoped(kind: &str, scope: &str, rest: &str, width: u16) -> String {
    let taken = shown::width(kind) + shown::width(rest) + 1;
    let room = boxes::room_of_title(width).saturating_sub(taken);
    let scope = shown::cut(&shown::line(scope), room.max(SHORTEST_SCOPE));
    format!("{kind}({scope}{rest}")
}

/// Returns the heading of a column in its width, with the direction if the rows are sorted by it.
fn head(table: &Table, at: usize, width: usize) -> String {
    let column: &Col = &table.view.columns[at];
    let arrow = match table.sort.filter(|(sorted, _)| *sorted == at) {
        // A small age is a late time: the arrow tells what the user sees.
        Some((_, false)) => "↑",
        Some((_, true)) => "↓",
        None => "",
    };
    let room = width.saturating_sub(shown::width(arrow));
    shown::fit(&format!("{}{arrow}", shown::cut(column.title, room)), width)
}

/// Draws an object as text.
pub(super) fn detail(detail: &Detail, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let inside = boxed(&detail.title, theme, area, buffer);
    let labels = detail
        .lines
        .iter()
        .map(|line| shown::width(&line.label))
        .max();
    let gutter = labels
        .unwrap_or_default()
        .min(usize::from(inside.width) / 3);
    let room = usize::from(inside.width).saturating_sub(gutter + 4).max(1);
    let pattern = (!detail.search.is_empty()).then(|| Pattern::new(&detail.search));
    let mut y = 0;
    for (at, line) in detail.lines.iter().enumerate().skip(detail.offset) {
        let is_chosen = at == detail.cursor;
        let is_found = pattern.as_ref().is_some_and(|it| it.is_in(&line.text));
        for (part, text) in shown::wrap(&line.text, room).into_iter().enumerate() {
            if y >= inside.height {
                break;
            }
            let label = if part == 0 { line.label.as_str() } else { "" };
            let label = shown::cut(label, gutter);
            let pad = " ".repeat(gutter - shown::width(&label));
            let marker = if is_chosen && part == 0 { "> " } else { "  " };
            let style = match (is_chosen, is_found) {
                (true, _) => theme.chosen(),
                (false, true) => theme.title(),
                (false, false) => value_style(line.label.as_str(), &text, theme),
            };
            let gap = if gutter == 0 { "" } else { "  " };
            let parts = [
                (marker.to_owned(), theme.plain()),
                (format!("{pad}{label}{gap}"), theme.dim()),
                (text, style),
            ];
            write(&parts, row(inside, y), buffer);
            y += 1;
        }
    }
    let percent = (detail.cursor + 1) * 100 / detail.lines.len().max(1);
    foot(format!(" {percent}% "), theme, area, buffer);
}

/// Writes on the lower border of a box.
fn foot(text: String, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let width = u16::try_from(shown::width(&text)).unwrap_or_default();
    let x = area.right().saturating_sub(width + 1).max(area.x);
    let bottom = area.bottom().saturating_sub(1).max(area.y);
    let place = Rect::new(x, bottom, width.min(area.width), area.height.min(1));
    write(&[(text, theme.dim())], place, buffer);
}

fn value_style(label: &str, text: &str, theme: Theme) -> Style {
    match label {
        "Phase" => theme.tone(tone_of(text)),
        _ => theme.plain(),
    }
}

/// Draws the conversation and the activity of a session, and the line that is written.
pub(super) fn messages(
    state: &State,
    messages: &Messages,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let scope = state.top().map(|page| &page.scope);
    let session = scope.and_then(|it| it.session.as_ref());
    let agent = scope.and_then(|it| it.agent.as_ref());
    let name = session.map_or("", |it| it.name.as_str());
    let name = match agent {
        Some(agent) => format!("{}/{name}", agent.name),
        None => name.to_owned(),
    };
    let count = if messages.is_read {
        messages.talk.count(messages.visible(Focus::Talk).len())
    } else {
        "?".to_owned()
    };
    let title = scoped("messages", &name, &format!(")[{count}]"), area.width);
    let inside = boxed(&title, theme, area, buffer);
    modes(messages, theme, row(inside, 0), buffer);
    let lines: Vec<&str> = match &messages.compose {
        Some(line) => line.text().split('\n').collect(),
        None => Vec::new(),
    };
    let compose = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(6);
    let compose = if messages.compose.is_some() {
        compose + 1
    } else {
        0
    };
    let (talk, activity) = layout::panes(state, messages.is_zoomed, compose);
    if talk == activity {
        pane(
            state,
            messages,
            messages.focus,
            theme,
            talk.intersection(inside),
            buffer,
        );
    } else {
        pane(
            state,
            messages,
            Focus::Talk,
            theme,
            talk.intersection(inside),
            buffer,
        );
        let rule = Rect::new(talk.x, talk.bottom(), talk.width, 1).intersection(inside);
        let count = messages.activity.count(messages.activity.entries().len());
        let style = if messages.focus == Focus::Activity {
            theme.title()
        } else {
            theme.dim()
        };
        let label = format!("── activity[{count}] ");
        let line = format!("{label}{}", "─".repeat(usize::from(rule.width)));
        let line = line.chars().take(usize::from(rule.width)).collect();
        write(&[(line, style)], rule, buffer);
        pane(
            state,
            messages,
            Focus::Activity,
            theme,
            activity.intersection(inside),
            buffer,
        );
    }
    if let Some(line) = &messages.compose {
        let top = inside.bottom().saturating_sub(compose).max(inside.y);
        let box_area = Rect::new(inside.x, top, inside.width, inside.bottom() - top);
        let rule = "─".repeat(usize::from(inside.width));
        write(&[(rule, theme.title())], row(box_area, 0), buffer);
        write_compose(line, theme, box_area, buffer);
    }
}

/// Writes the message that is typed: the lines around the cursor.
fn write_compose(line: &crate::screen::input::Line, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let before = line.before();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = line.text()[before.len()..]
        .find('\n')
        .map_or(line.text().len(), |at| before.len() + at);
    let number = before.matches('\n').count();
    let rows = usize::from(area.height.saturating_sub(1)).max(1);
    let first = (number + 1).saturating_sub(rows);
    for (at, text) in line.text().split('\n').enumerate().skip(first).take(rows) {
        let prompt = if at == 0 {
            "> send message: "
        } else {
            "              : "
        };
        let mut parts = vec![(prompt.to_owned(), theme.key())];
        let room = usize::from(area.width).saturating_sub(prompt.len() + 1);
        if at == number {
            let mut current = crate::screen::input::Line::new(&line.text()[start..end], 4096);
            current.set_cursor(before.len() - start);
            parts.extend(edited(&current, room, false, theme));
        } else {
            parts.push((shown::cut(&crate::text::visible(text), room), theme.plain()));
        }
        let place = row(area, u16::try_from(at - first + 1).unwrap_or(u16::MAX));
        write(&parts, place, buffer);
    }
}

/// Writes which modes are on.
fn modes(messages: &Messages, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let on = |name: &str, is_on: bool| {
        let word = if is_on { "On" } else { "Off" };
        let style = if is_on { theme.strong() } else { theme.dim() };
        (format!(" {name}:{word} "), style)
    };
    let time = match messages.time {
        Time::Off => "Off",
        Time::Relative => "Relative",
        Time::Absolute => "Absolute",
    };
    let phase = if messages.phase.is_empty() && messages.session.is_none() {
        "unknown"
    } else {
        views::phase_in_words(&messages.phase)
    };
    let mut parts = vec![
        (" Phase:".to_owned(), theme.dim()),
        (shown::line(phase), theme.tone(tone_of(phase))),
        (" ".to_owned(), theme.plain()),
        on("Autoscroll", messages.follows),
        on("Raw", messages.is_raw),
        on("Pretty", messages.is_pretty),
        (format!(" Time:{time} "), theme.dim()),
    ];
    if !messages.search().is_empty() {
        let search = format!(" Search:{} ", shown::line(messages.search()));
        parts.push((search, theme.title()));
    }
    write(&parts, area, buffer);
}

fn pane(
    state: &State,
    messages: &Messages,
    focus: Focus,
    theme: Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let size = (usize::from(area.width), usize::from(area.height));
    if size.0 == 0 || size.1 == 0 {
        return;
    }
    let rows = messages.window(focus, size, state.now);
    if rows.is_empty() {
        let text = match focus {
            Focus::Talk if !messages.search().is_empty() => "Nothing matches the search.",
            Focus::Talk if messages.stray.is_some() || messages.loading.fault.is_some() => {
                "No messages: see the last line."
            }
            Focus::Talk if !messages.is_read => "Loading...",
            Focus::Talk => "No messages yet.",
            Focus::Activity if messages.session.is_some() && messages.phase.is_empty() => {
                "The session was not started: s in :sessions starts it."
            }
            Focus::Activity if messages.unfollowed.is_some() => "No activity: see the last line.",
            Focus::Activity => "Waiting for agent activity…",
        };
        write(&[(format!(" {text}"), theme.dim())], row(area, 0), buffer);
        return;
    }
    let pointed = messages.pointed(focus).map(|entry| entry.number);
    let entries = messages.pane(focus).entries();
    for (line, (at, shown)) in (0..).zip(rows) {
        let entry = &entries[at];
        let is_pointed = messages.focus == focus && pointed == Some(entry.number);
        let style = theme.message(&entry.kind);
        let text_style = match (shown.is_heading, shown.is_code) {
            (true, _) => style.patch(theme.strong()),
            (false, true) => theme.dim(),
            (false, false) => style,
        };
        let gutter = if is_pointed {
            style.patch(theme.strong())
        } else {
            theme.dim()
        };
        let parts = [(shown.gutter, gutter), (shown.text, text_style)];
        write(&parts, row(area, line), buffer);
    }
}

/// Draws all keys of the page below, and those of every page.
pub(super) fn help(state: &State, offset: usize, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let inside = boxed("help", theme, area, buffer);
    let lines = crate::screen::help::lines(state, usize::from(inside.width));
    let last = lines.len().saturating_sub(usize::from(inside.height));
    let below = last.saturating_sub(offset);
    let shown = lines.into_iter().skip(offset.min(last));
    for (at, line) in (0..inside.height).zip(shown) {
        let parts: Vec<(String, Style)> = line
            .into_iter()
            .map(|(text, kind)| {
                let style = match kind {
                    crate::screen::help::Part::Key => theme.key(),
                    crate::screen::help::Part::Title => theme.title(),
                    crate::screen::help::Part::Text => theme.plain(),
                };
                (text, style)
            })
            .collect();
        write(&parts, row(inside, at), buffer);
    }
    if below > 0 {
        foot(format!(" {below} more lines: j "), theme, area, buffer);
    }
}
