//! What surrounds the page: where the user is, the keys, the line that is typed, the crumbs, and the last line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::boxes::{boxed, row, write};
use super::theme::Theme;
use crate::screen::input::Line;
use crate::screen::said;
use crate::screen::shown;
use crate::screen::state::{Body, Mode, State};

/// The width of the part with server, user and project.
const ABOUT: u16 = 40;
/// The width of a key with its label.
const HINT: u16 = 19;

/// Draws the header. Four rows hold everything; a single row holds where the user is.
pub(super) fn draw(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    match area.height {
        0 => {}
        1..4 => {
            let parts = short(state, theme);
            write(&parts, row(area, 0), buffer);
        }
        _ => whole(state, theme, area, buffer),
    }
}

fn project(state: &State) -> String {
    match state.project() {
        Some(project) => shown::line(&project.in_full()),
        None => "none".to_owned(),
    }
}

fn access(state: &State) -> &'static str {
    if state.options.readonly {
        "[RO]"
    } else {
        "[RW]"
    }
}

fn expired(state: &State, theme: Theme) -> Option<(String, Style)> {
    (!state.is_logged_in).then(|| (" Session Expired ".to_owned(), theme.bad()))
}

fn short(state: &State, theme: Theme) -> Vec<(String, Style)> {
    let mut parts = vec![
        (
            format!(" {} ", shown::line(&state.about.context)),
            theme.strong(),
        ),
        (access(state).to_owned(), theme.dim()),
        (" project ".to_owned(), theme.dim()),
        (project(state), theme.strong()),
    ];
    parts.extend(expired(state, theme));
    parts.push(("  <?> Help  <:> Command".to_owned(), theme.dim()));
    parts
}

fn whole(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let about = &state.about;
    let user = if about.user.is_empty() {
        "unknown"
    } else {
        &about.user
    };
    let lines = [
        ("Context:", format!("{} {}", about.context, access(state))),
        ("Server:", about.server.clone()),
        ("User:", user.to_owned()),
        ("Project:", project(state)),
    ];
    let width = ABOUT.min(area.width);
    for (at, (label, text)) in (0..).zip(&lines) {
        let place = Rect::new(area.x, area.y + at, width.saturating_sub(1), 1);
        let mut parts = vec![
            (format!(" {label:<9}"), theme.dim()),
            (shown::line(text), theme.strong()),
        ];
        if at == 2 {
            parts.extend(expired(state, theme).map(|(text, style)| (format!(" {text}"), style)));
        }
        write(&parts, place, buffer);
    }
    let mut x = area.x + width;
    if has_digits(state) && area.width >= 120 {
        digits(state, theme, Rect::new(x, area.y, 24, area.height), buffer);
        x += 24;
    }
    let room = Rect::new(x, area.y, area.right().saturating_sub(x), area.height);
    hints(state, theme, room, buffer);
}

/// True for pages whose project the digits change.
fn has_digits(state: &State) -> bool {
    let name = state.table().map(|table| table.view.name);
    matches!(
        name,
        Some("agents" | "sessions" | "scheduledsessions" | "providers" | "policies")
    )
}

fn digits(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let names = state.projects.iter().map(|project| project.name.as_str());
    for (at, name) in (0..area.height).zip(std::iter::once("all").chain(names)) {
        let parts = [
            (format!("<{at}> "), theme.key()),
            (shown::cut(&shown::line(name), 16), theme.plain()),
        ];
        write(&parts, row(area, at), buffer);
    }
}

/// Returns the keys of the page, with those of every page first: they are shown as far as there is room.
fn keys(state: &State) -> Vec<(String, String)> {
    let pair = |key: &str, label: &str| (key.to_owned(), label.to_owned());
    let mut keys = vec![pair("?", "Help"), pair(":", "Command")];
    match state.top().map(|page| &page.body) {
        Some(Body::Table(table)) => {
            keys.push(pair("/", "Filter"));
            keys.push(pair("enter", table.view.enter_label));
            let actions = table.view.actions.iter();
            keys.extend(actions.map(|action| (action.keys(), action.label.to_owned())));
        }
        Some(Body::Detail(_)) => keys.extend([
            pair("/", "Search"),
            pair("c", "Copy value"),
            pair("C", "Copy all"),
            pair("y", "YAML/JSON"),
            pair("esc", "Back"),
        ]),
        Some(Body::Messages(_)) => keys.extend([
            pair("/", "Search"),
            pair("m", "Write"),
            pair("x", "Interrupt"),
            pair("s", "Autoscroll"),
            pair("p", "Pretty"),
            pair("r", "Raw"),
            pair("t", "Time"),
            pair("tab", "Pane"),
            pair("z", "Zoom"),
            pair("d", "Describe"),
            pair("c", "Copy"),
        ]),
        _ => keys.push(pair("esc", "Back")),
    }
    keys
}

/// Writes keys column by column; those without room are found in the help.
fn hints(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let columns = area.width / HINT;
    let keys = keys(state);
    for (at, (key, label)) in keys.iter().enumerate() {
        let at = u16::try_from(at).unwrap_or(u16::MAX);
        let (column, line) = (at / area.height.max(1), at % area.height.max(1));
        if column >= columns {
            return;
        }
        let place = Rect::new(area.x + column * HINT, area.y + line, HINT - 1, 1);
        let parts = [
            (format!("<{key}> "), theme.key()),
            (label.clone(), theme.plain()),
        ];
        write(&parts, place, buffer);
    }
}

/// Draws the line that is typed.
pub(super) fn input(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let (prompt, ghost) = match &state.mode {
        Mode::Normal => return,
        Mode::Command { line, at, .. } => (":", ghost(state, line, *at)),
        Mode::Filter { .. } => ("/", String::new()),
        Mode::Search(_) => ("Search: ", String::new()),
        Mode::Write { .. } => ("Write to file: ", String::new()),
        Mode::Sort(column) => {
            let title = state
                .table()
                .map_or("", |table| table.view.columns[*column].title);
            let ghost = format!("{title}   ←/→ column, Enter sort, 0 as usual, Esc leave");
            ("Sort by: ", ghost)
        }
    };
    if area.height == 0 {
        return;
    }
    let inside = if area.height >= 3 {
        boxed("", theme, area, buffer)
    } else {
        area
    };
    let mut parts = vec![(format!(" {prompt}"), theme.key())];
    if let Some(line) = state.mode.line() {
        let room = usize::from(inside.width).saturating_sub(shown::width(prompt) + 3);
        parts.extend(edited(line, room, false, theme));
    }
    parts.push((ghost, theme.dim()));
    write(&parts, row(inside, 0), buffer);
}

/// Returns the rest of the completion that Tab accepts.
fn ghost(state: &State, line: &Line, at: usize) -> String {
    let found = crate::screen::update::completions(state, line.text());
    let chosen = found.get(at % found.len().max(1));
    let rest = chosen.and_then(|it| it.get(line.text().trim_start().len()..));
    rest.unwrap_or_default().to_owned()
}

/// Returns a line that is edited, with its cursor, as far as it fits: the part around the cursor.
#[must_use]
pub(super) fn edited(
    line: &Line,
    room: usize,
    is_secret: bool,
    theme: Theme,
) -> Vec<(String, Style)> {
    let show = |text: &str| {
        if is_secret {
            "•".repeat(text.chars().count().min(40))
        } else {
            crate::text::visible(&text.replace('\n', "⏎"))
        }
    };
    let after = &line.text()[line.before().len()..];
    let mut before = show(line.before());
    while shown::width(&before) + 1 > room.max(1) {
        before.remove(0);
    }
    let mut rest = after.chars();
    let under = rest
        .next()
        .map_or(" ".to_owned(), |c| show(c.encode_utf8(&mut [0; 4])));
    vec![
        (before, theme.plain()),
        (under, theme.chosen()),
        (show(rest.as_str()), theme.plain()),
    ]
}

/// Draws the way to the page.
pub(super) fn crumbs(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let last = state.stack.len().saturating_sub(1);
    let mut parts: Vec<(String, Style)> = Vec::new();
    for (at, page) in state.stack.iter().enumerate() {
        let style = if at == last {
            theme.chosen()
        } else {
            theme.dim()
        };
        parts.push((format!(" <{}> ", page.name()), style));
        parts.push((" ".to_owned(), theme.plain()));
    }
    // If there is no room for all, the first ones are left out.
    let width = |parts: &[(String, Style)]| parts.iter().map(|(it, _)| shown::width(it)).sum();
    let mut from = 0;
    while from + 2 < parts.len() && {
        let total: usize = width(&parts[from..]);
        total > usize::from(area.width)
    } {
        from += 2;
    }
    write(&parts[from..], area, buffer);
}

/// Draws the last line: what was just said, or what is wrong with the page.
pub(super) fn status(state: &State, theme: Theme, area: Rect, buffer: &mut Buffer) {
    let style = if said::is_bad(state) {
        theme.bad()
    } else {
        theme.dim()
    };
    let width = usize::from(area.width);
    let lines = said::lines(state, width, usize::from(area.height));
    for (at, text) in (0..).zip(lines) {
        let start = width.saturating_sub(shown::width(&text)) / 2;
        let parts = [(" ".repeat(start), theme.plain()), (text, style)];
        write(&parts, row(area, at), buffer);
    }
}
