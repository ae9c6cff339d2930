//! Keys: first those that work everywhere, then those of what lies on top, then those of the page.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{actions, commands, pages, typing};
use crate::resources::{Record, is_usable_id};
use crate::screen::detail::Form as Text;
use crate::screen::effect::Effect;
use crate::screen::entry::{Focus, Time};
use crate::screen::layout;
use crate::screen::shown;
use crate::screen::state::{Body, Mode, State};
use crate::screen::view::View;

/// The rows that one notch of the wheel moves.
const NOTCH: i64 = 3;

pub(super) fn key(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    if key.kind == KeyEventKind::Release {
        return;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if ctrl => return pages::quit(state, effects),
        KeyCode::Char('z') if ctrl => return effects.push(Effect::Suspend),
        _ => {}
    }
    let composes = state.messages_mut().is_some_and(|it| it.compose.is_some());
    if state.dialog.is_some() {
        typing::dialog(state, key, effects);
    } else if state.form.is_some() {
        typing::form(state, key, effects);
    } else if !matches!(state.mode, Mode::Normal) {
        typing::bar(state, key, effects);
    } else if composes {
        typing::compose(state, key, effects);
    } else if !everywhere(state, key, effects) {
        match state.top().map(|page| &page.body) {
            Some(Body::Table(_)) => table(state, key, effects),
            Some(Body::Detail(_)) => detail(state, key, effects),
            Some(Body::Messages(_)) => messages(state, key, effects),
            Some(Body::Help { .. }) => help(state, key),
            None => {}
        }
    }
}

/// Does what a key means on every page. Returns false if it means nothing there.
fn everywhere(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('r') if ctrl => pages::refresh(state, effects),
        KeyCode::Char('e') if ctrl => state.has_header = !state.has_header,
        KeyCode::Char('g') if ctrl => state.has_crumbs = !state.has_crumbs,
        KeyCode::Char('s') if ctrl => commands::dump(state, "", effects),
        KeyCode::Char('a') if ctrl => commands::aliases(state),
        KeyCode::Char(':') => typing::open_bar(state, ':'),
        KeyCode::Char('/') => typing::open_bar(state, '/'),
        KeyCode::Char('?') => {
            if matches!(state.top().map(|page| &page.body), Some(Body::Help { .. })) {
                pages::pop(state, effects);
            } else {
                commands::help(state);
            }
        }
        KeyCode::Char('[') => pages::travel(state, true, effects),
        KeyCode::Char(']') => pages::travel(state, false, effects),
        KeyCode::Char('q') if state.stack.len() < 2 => pages::quit(state, effects),
        KeyCode::Char('q') => pages::pop(state, effects),
        KeyCode::Esc => escape(state, effects),
        _ => return false,
    }
    true
}

/// Clears the filter or the search of the page; if there is none, leaves the page.
fn escape(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let cleared = match state.top_mut().map(|page| &mut page.body) {
        Some(Body::Table(table)) if !table.filter_text.is_empty() => {
            let _ = table.set_filter("", now);
            Some("Filter cleared")
        }
        Some(Body::Table(table)) if !table.marks.is_empty() => {
            table.marks.clear();
            Some("Marks cleared")
        }
        Some(Body::Table(table)) if table.errors_only => {
            table.errors_only = false;
            table.arrange(now);
            Some("All rows")
        }
        Some(Body::Messages(messages)) if !messages.search().is_empty() => {
            messages.search_for("");
            Some("Search cleared")
        }
        Some(Body::Detail(detail)) if !detail.search.is_empty() => {
            detail.search.clear();
            Some("Search cleared")
        }
        _ => None,
    };
    match cleared {
        Some(said) => state.say(said),
        None => pages::pop(state, effects),
    }
}

/// Returns how far a key moves a selection: keys that every page has.
fn motion(key: KeyEvent, page: usize) -> Option<i64> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let page = i64::try_from(page.max(1)).unwrap_or(1);
    Some(match key.code {
        KeyCode::Char('f') if ctrl => page,
        KeyCode::Char('b') if ctrl => -page,
        KeyCode::Char('j') | KeyCode::Down if !ctrl => 1,
        KeyCode::Char('k') | KeyCode::Up if !ctrl => -1,
        KeyCode::PageDown => page,
        KeyCode::PageUp => -page,
        KeyCode::Char('g') | KeyCode::Home if !ctrl => i64::MIN,
        KeyCode::Char('G') | KeyCode::End => i64::MAX,
        _ => return None,
    })
}

fn table(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let rows = layout::table_rows(state);
    let width = layout::table_width(state);
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let now = state.now;
    // The keys of the view come first: they are the ones that the header shows.
    if let KeyCode::Char(c) = key.code
        && actions::act(state, c, ctrl, effects)
    {
        return;
    }
    let Some(table) = state.table_mut() else {
        return;
    };
    if let Some(by) = motion(key, rows) {
        return table.step(by);
    }
    match key.code {
        KeyCode::Enter => actions::enter(state, effects),
        KeyCode::Char(' ') if ctrl => mark_all(state),
        KeyCode::Char(' ') => mark(state),
        KeyCode::Char('w') if ctrl => {
            table.is_wide = !table.is_wide;
            let said = match (table.is_wide, left_out(table.view, width)) {
                (false, _) => "Usual columns".to_owned(),
                (true, titles) if titles.is_empty() => "All columns".to_owned(),
                (true, titles) => format!("All columns that have room; left out: {titles}"),
            };
            state.say(said);
        }
        KeyCode::Char('!') => {
            table.errors_only = !table.errors_only;
            table.arrange(now);
            let said = if table.errors_only {
                "Only failures"
            } else {
                "All rows"
            };
            state.say(said);
        }
        KeyCode::Char('o') => {
            let at = table.order().map_or(0, |(column, _)| column);
            state.mode = Mode::Sort(at);
        }
        KeyCode::Char('N') => {
            sort_by_title(state, &["NAME", "USERNAME", "ROLE", "FROM", "PROJECT"]);
        }
        KeyCode::Char('A') => sort_by_title(state, &["AGE", "BOUND"]),
        KeyCode::Char('c') => {
            let text = table.selected().map(|row| shown::line(id_of(row)));
            copy(state, &text.unwrap_or_default(), effects);
        }
        KeyCode::Char('C') => {
            let text = table.selected().map(|row| shown::line(row.name_or_id()));
            copy(state, &text.unwrap_or_default(), effects);
        }
        KeyCode::Char(c) if c.is_ascii_digit() => {
            let place = usize::try_from(u32::from(c) - u32::from('0')).unwrap_or_default();
            pages::switch_project(state, place, effects);
        }
        _ => means_nothing(state, key),
    }
}

/// Names the columns that have no room in the wide form.
fn left_out(view: &View, width: usize) -> String {
    let shown = layout::columns(view, width, true);
    let is_shown = |at: &usize| shown.iter().any(|(place, _)| place == at);
    let titles = (0..view.columns.len()).filter(|at| !is_shown(at));
    let titles: Vec<&str> = titles.map(|at| view.columns[at].title).collect();
    titles.join(", ")
}

fn mark(state: &mut State) {
    if state.table_mut().is_some_and(|table| !table.mark()) {
        state.complain("It has no usable ID: it can't be marked");
    }
}

fn mark_all(state: &mut State) {
    let Some(table) = state.table_mut() else {
        return;
    };
    let shown: Vec<String> = table
        .shown
        .iter()
        .map(|at| table.rows[*at].id().to_owned())
        .filter(|id| is_usable_id(id))
        .collect();
    if shown.iter().all(|id| table.marks.contains(id)) {
        table.marks.clear();
    } else {
        table.marks.extend(shown);
    }
    let count = table.marks.len();
    state.say(format!("{count} marked"));
}

fn sort_by_title(state: &mut State, titles: &[&str]) {
    let Some(table) = state.table_mut() else {
        return;
    };
    let columns = table.view.columns;
    let place = titles
        .iter()
        .find_map(|title| columns.iter().position(|column| column.title == *title));
    match place {
        Some(place) => typing::sort_by(state, place),
        None => state.say("This view has no such column"),
    }
}

/// Returns the ID of the object that a row stands for; an empty text if it has none.
fn id_of(row: &Record) -> &str {
    let id = match row.text("object_id") {
        "" => row.id(),
        id => id,
    };
    // Some rows stand for no object.
    let is_own = row.resource.has_common_fields || is_usable_id(id);
    if is_own { id } else { "" }
}

/// Copies a text as it is shown: the clipboard goes into other programs, and often into a shell.
fn copy(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    if text.is_empty() {
        return state.complain("There is nothing to copy");
    }
    let line = shown::line(text.lines().next().unwrap_or_default());
    state.say(format!("Copied: {}", shown::cut(&line, 60)));
    effects.push(Effect::Copy(shown::text(text)));
}

fn detail(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let rows = usize::from(layout::inside(layout::areas(state).body).height);
    let Some(Body::Detail(detail)) = state.top_mut().map(|page| &mut page.body) else {
        return;
    };
    if let Some(by) = motion(key, rows) {
        return detail.step(by);
    }
    match key.code {
        KeyCode::Char('y') => {
            let next = match detail.form {
                Text::Yaml => Text::Json,
                Text::Json | Text::Describe => Text::Yaml,
            };
            detail.show(next);
        }
        KeyCode::Char('d') => detail.show(Text::Describe),
        KeyCode::Char(c @ ('n' | 'N')) if !detail.search.is_empty() => {
            detail.find(c == 'n');
        }
        KeyCode::Char('c') => {
            let text = detail.value();
            copy(state, &text, effects);
        }
        KeyCode::Char('C') => {
            let text = detail.all();
            copy(state, &text, effects);
        }
        _ => means_nothing(state, key),
    }
}

fn messages(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let now = state.now;
    let sizes = pane_sizes(state);
    let refusal = state.refusal();
    let Some(messages) = state.messages_mut() else {
        return;
    };
    match key.code {
        KeyCode::Char('G') | KeyCode::End => return messages.follows = true,
        KeyCode::Char('g') | KeyCode::Home if key.modifiers.is_empty() => {
            messages.stand(sizes, now);
            return messages.go_to_start();
        }
        _ => {}
    }
    let size = size_of(messages.focus, sizes);
    if let Some(by) = motion(key, size.1) {
        messages.stand(sizes, now);
        return messages.scroll(by, size, now);
    }
    let on = |is_on: bool| if is_on { "on" } else { "off" };
    match key.code {
        KeyCode::Char('s') => {
            let follows = !messages.follows;
            messages.stand(sizes, now);
            messages.follows = follows;
            state.say(format!("Autoscroll {}", on(follows)));
        }
        KeyCode::Char('r') => messages.is_raw = !messages.is_raw,
        KeyCode::Char('p') => messages.is_pretty = !messages.is_pretty,
        KeyCode::Char('t') => {
            messages.time = match messages.time {
                Time::Off => Time::Relative,
                Time::Relative => Time::Absolute,
                Time::Absolute => Time::Off,
            };
        }
        KeyCode::Char('z') => messages.is_zoomed = !messages.is_zoomed,
        KeyCode::Tab | KeyCode::BackTab => {
            messages.focus = match messages.focus {
                Focus::Talk => Focus::Activity,
                Focus::Activity => Focus::Talk,
            };
        }
        KeyCode::Char('m') | KeyCode::Enter => {
            if let Some(why) = refusal {
                return state.complain(why);
            }
            typing::write(state);
        }
        KeyCode::Char('c') => {
            let entry = messages.pointed(messages.focus);
            let text = entry.map(|entry| entry.text.clone()).unwrap_or_default();
            copy(state, &text, effects);
        }
        KeyCode::Char('C') => {
            let text = messages.transcript();
            copy(state, &text, effects);
        }
        KeyCode::Char('x') => actions::interrupt(state),
        KeyCode::Char('d') => actions::describe_session(state),
        _ => means_nothing(state, key),
    }
}

/// Says that a key means nothing on the page.
fn means_nothing(state: &mut State, key: KeyEvent) {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char(c) if ctrl => state.say(format!(
            "Ctrl-{} means nothing here; ? shows the keys",
            c.to_ascii_uppercase()
        )),
        KeyCode::Char(c) => state.say(format!("{c} means nothing here; ? shows the keys")),
        _ => {}
    }
}

/// Returns width and height of the panes of messages: of the conversation and of the activity.
fn pane_sizes(state: &State) -> [(usize, usize); 2] {
    let Some(Body::Messages(messages)) = state.top().map(|page| &page.body) else {
        return [(1, 1); 2];
    };
    let (talk, activity) = layout::panes(state, messages.is_zoomed, 0);
    [talk, activity].map(|area| (usize::from(area.width), usize::from(area.height)))
}

fn size_of(focus: Focus, [talk, activity]: [(usize, usize); 2]) -> (usize, usize) {
    match focus {
        Focus::Talk => talk,
        Focus::Activity => activity,
    }
}

fn help(state: &mut State, key: KeyEvent) {
    let rows = usize::from(layout::areas(state).body.height);
    let Some(Body::Help { offset }) = state.top_mut().map(|page| &mut page.body) else {
        return;
    };
    if let Some(by) = motion(key, rows) {
        let at = i64::try_from(*offset).unwrap_or_default();
        *offset = usize::try_from(at.saturating_add(by).clamp(0, 200)).unwrap_or_default();
    }
}

/// Moves what lies on top by the wheel.
pub(super) fn wheel(state: &mut State, by: i32) {
    let by = i64::from(by) * NOTCH;
    let (now, sizes) = (state.now, pane_sizes(state));
    if state.dialog.is_some() || state.form.is_some() {
        return;
    }
    match state.top_mut().map(|page| &mut page.body) {
        Some(Body::Table(table)) => table.step(by),
        Some(Body::Detail(detail)) => detail.step(by),
        Some(Body::Messages(messages)) => {
            messages.stand(sizes, now);
            messages.scroll(by, size_of(messages.focus, sizes), now);
        }
        Some(Body::Help { .. }) | None => {}
    }
}

/// Selects the row under a click.
pub(super) fn click(state: &mut State, column: u16, row: u16) {
    if state.dialog.is_some() || state.form.is_some() {
        return;
    }
    let inner = layout::inside(layout::areas(state).body);
    let is_inside = column >= inner.x && column < inner.right();
    let first = inner.y + 1;
    if let Some(table) = state.table_mut()
        && is_inside
        && (first..inner.bottom()).contains(&row)
    {
        let place = table.offset + usize::from(row - first);
        if place < table.shown.len() {
            table.select(place);
        }
    }
}
