//! Keys while something is typed: a command, a filter, a form, a dialog, a message.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{commands, sending};
use crate::api::{Method, path};
use crate::screen::dialog::{Dialog, Then};
use crate::screen::effect::{After, Effect, Send};
use crate::screen::event::Fault;
use crate::screen::form::{Choice, LOADING, Value};
use crate::screen::input::{Edit, Line};
use crate::screen::naming::Names;
use crate::screen::shown;
use crate::screen::state::{Body, Mode, State};
use crate::screen::view::Input;
use crate::screen::views;

/// What is said of a character for which a line has no room.
const FULL: &str = "No more characters fit";
/// The most lines in a history.
const HISTORY: usize = 100;

/// Takes a key of the open dialog.
pub(super) fn dialog(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(dialog) = &mut state.dialog else {
        return;
    };
    let count = dialog.buttons.len();
    match key.code {
        KeyCode::Esc => cancel(state),
        KeyCode::Left | KeyCode::BackTab => dialog.at = (dialog.at + count - 1) % count,
        KeyCode::Right | KeyCode::Tab => dialog.at = (dialog.at + 1) % count,
        KeyCode::Enter => press(state, effects),
        _ => {
            if let Some((_, line)) = &mut dialog.typed {
                line.key(key);
            }
        }
    }
}

/// Presses the chosen button.
fn press(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(dialog) = state.dialog.take() else {
        return;
    };
    let last = dialog.buttons.len() - 1;
    if dialog.at < last {
        state.dialog = Some(dialog);
        return cancel(state);
    }
    if !dialog.may_confirm() {
        state.complain("What you typed does not match");
        state.dialog = Some(dialog);
        return;
    }
    let Dialog {
        page, then, draft, ..
    } = dialog;
    match then {
        Then::Edit(text) => effects.push(Effect::Edit(text)),
        Then::Outside(rerun) => match state.refusal() {
            Some(why) => state.complain(why),
            None => effects.push(Effect::Outside(rerun)),
        },
        Then::Send { doing, sends } => sending::send(state, page, sends, (doing, draft), effects),
    }
}

/// Takes back what is asked. What was typed for it comes back.
fn cancel(state: &mut State) {
    let said = match state.ask_nothing() {
        Some(again) => format!("Cancelled; {again}"),
        None => "Cancelled".to_owned(),
    };
    state.say(said);
}

/// Takes a key of the open form.
pub(super) fn form(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(form) = &mut state.form else { return };
    match key.code {
        KeyCode::Esc => return cancel(state),
        // What is asked for is what is sent.
        _ if form.is_waiting => return,
        KeyCode::BackTab => form.step(false, now),
        KeyCode::Enter if key.modifiers.contains(KeyModifiers::ALT) => {
            if let Some(Value::Text(line)) = form.values.get_mut(form.focus) {
                line.insert("\n");
            }
        }
        KeyCode::Enter if form.is_last() => return submit(state, effects),
        KeyCode::Tab | KeyCode::Enter => form.step(true, now),
        _ => {
            form.error.clear();
            match form.values.get_mut(form.focus) {
                // What is typed before the names are seen chooses none of them.
                Some(Value::Choice(choice)) if choice.is_loading => {
                    choice.has_ignored = true;
                    LOADING.clone_into(&mut form.error);
                }
                Some(Value::Choice(choice)) => choose(choice, key),
                Some(Value::Text(line)) => match key.code {
                    KeyCode::Up => form.step(false, now),
                    KeyCode::Down => form.step(true, now),
                    _ => {
                        if line.key(key) == Edit::Full {
                            FULL.clone_into(&mut form.error);
                        }
                    }
                },
                None => {}
            }
        }
    }
    if let Some(form) = &mut state.form {
        effects.extend(form.offers());
    }
}

/// Takes a key of a choice: one of a direction, or of the beginning of an offer.
fn choose(choice: &mut Choice, key: KeyEvent) {
    let is_first = choice.typed.is_empty();
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if ctrl => choice.clear(),
        KeyCode::Char(_) if ctrl => {}
        KeyCode::Char('j') if is_first && !choice.has("j") => choice.step(1),
        KeyCode::Char('k') if is_first && !choice.has("k") => choice.step(-1),
        KeyCode::Char(letter) => choice.add(letter.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => choice.take_back(),
        KeyCode::Up => choice.step(-1),
        KeyCode::Down => choice.step(1),
        KeyCode::PageUp => choice.step(-5),
        KeyCode::PageDown => choice.step(5),
        _ => {}
    }
}

fn submit(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(form) = &mut state.form else { return };
    match form.submit(now) {
        Err(why) => form.error = why,
        Ok(sends) if sends.iter().any(Send::binds) => {
            form.is_waiting = true;
            let form = form.number;
            effects.push(Effect::Plan { form, sends });
        }
        Ok(sends) => {
            let (page, doing) = (form.page, (form.doing(), form.typed()));
            state.form = None;
            sending::send(state, page, sends, doing, effects);
        }
    }
}

/// Takes what the requests of a form shadow: asks if there is something, and sends them otherwise.
pub(super) fn planned(
    state: &mut State,
    form: u64,
    sends: Vec<Send>,
    shadowed: Result<Vec<String>, Fault>,
    effects: &mut Vec<Effect>,
) {
    let Some(mut open) = state.form.take_if(|open| open.number == form) else {
        return;
    };
    let doing = open.doing();
    match shadowed {
        Err(fault) => {
            open.is_waiting = false;
            state.form = Some(open);
            state.complain(fault.text);
        }
        Ok(lines) if lines.is_empty() => {
            sending::send(state, open.page, sends, (doing, open.typed()), effects);
        }
        Ok(lines) => {
            let to = sends.first().and_then(Send::bound_to).unwrap_or_default();
            let lines_before = [
                open.names.title.clone(),
                format!("Bind to {to} nevertheless?"),
            ];
            let lines = lines.iter().map(|line| shown::line(line)).collect();
            let draft = open.typed();
            let (page, title) = (open.page, open.form.title);
            let then = Then::Send { doing, sends };
            state.ask(Dialog {
                names: Names {
                    title: "A credential is shadowed, for sessions of:".to_owned(),
                    names: lines,
                },
                draft,
                ..Dialog::new(page, title, &lines_before, "Bind", then)
            });
        }
    }
}

/// Takes a key of the line in the input bar.
pub(super) fn bar(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let mode = std::mem::replace(&mut state.mode, Mode::Normal);
    match mode {
        Mode::Normal => {}
        Mode::Command { line, at, history } => command(state, key, (line, at, history), effects),
        Mode::Filter {
            line,
            before,
            history,
        } => filter(state, key, (line, before, history)),
        Mode::Search(line) => search(state, key, line),
        Mode::Sort(column) => sort(state, key, column),
        Mode::Write { mut line, text } => match key.code {
            KeyCode::Esc => state.say("Cancelled"),
            KeyCode::Enter if line.text().trim().is_empty() => state.say("Cancelled"),
            KeyCode::Enter => {
                let path = line.text().trim().to_owned();
                effects.push(Effect::Write { path, text });
            }
            _ => {
                line.key(key);
                state.mode = Mode::Write { line, text };
            }
        },
    }
}

fn command(
    state: &mut State,
    key: KeyEvent,
    (mut line, mut at, mut history): (Line, usize, Option<usize>),
    effects: &mut Vec<Effect>,
) {
    let found = commands::completions(state, line.text());
    match key.code {
        KeyCode::Esc => return,
        KeyCode::Enter => {
            let text = line.text().to_owned();
            remember(&mut state.commands, &text);
            return commands::run(state, &text, effects);
        }
        KeyCode::Tab => {
            if let Some(completion) = found.get(at % found.len().max(1)) {
                line.set(completion);
            }
            at = 0;
        }
        KeyCode::Down if history.is_none() && !found.is_empty() => at = (at + 1) % found.len(),
        KeyCode::Up if history.is_none() && !found.is_empty() => {
            at = (at + found.len() - 1) % found.len();
        }
        KeyCode::Up | KeyCode::Down => {
            history = recall(&state.commands, &mut line, history, key.code == KeyCode::Up);
        }
        _ => {
            if line.key(key) == Edit::Changed {
                at = 0;
                history = None;
            }
        }
    }
    state.mode = Mode::Command { line, at, history };
}

fn filter(
    state: &mut State,
    key: KeyEvent,
    (mut line, before, mut history): (Line, String, Option<usize>),
) {
    let now = state.now;
    match key.code {
        KeyCode::Esc => {
            if let Some(table) = state.table_mut() {
                let _ = table.set_filter(&before, now);
            }
            return;
        }
        KeyCode::Enter => {
            let text = line.text().trim().to_owned();
            let set = state.table_mut().map(|table| table.set_filter(&text, now));
            match set {
                Some(Err(why)) => {
                    // What was typed before is not left half applied.
                    if let Some(table) = state.table_mut() {
                        let _ = table.set_filter(&before, now);
                    }
                    state.complain(why);
                }
                _ if text.is_empty() => state.say("Filter cleared"),
                _ => {
                    if let Some(table) = state.table_mut() {
                        // What is selected now stays so when the filter goes.
                        table.select(table.cursor);
                    }
                    remember(&mut state.filters, &text);
                    state.say(format!("Filter applied: {text}"));
                }
            }
            return;
        }
        KeyCode::Up | KeyCode::Down => {
            history = recall(&state.filters, &mut line, history, key.code == KeyCode::Up);
        }
        _ => {
            line.key(key);
        }
    }
    let text = line.text().to_owned();
    if let Some(table) = state.table_mut() {
        // A label filter that is not complete yet filters nothing.
        if table.set_filter(&text, now).is_err() {
            let _ = table.set_filter("", now);
        }
    }
    state.mode = Mode::Filter {
        line,
        before,
        history,
    };
}

fn search(state: &mut State, key: KeyEvent, mut line: Line) {
    match key.code {
        KeyCode::Esc => return,
        KeyCode::Enter => {
            let text = line.text().to_owned();
            let mut is_found = true;
            match state.top_mut().map(|page| &mut page.body) {
                Some(Body::Messages(messages)) => messages.search_for(&text),
                Some(Body::Detail(detail)) => {
                    detail.search.clone_from(&text);
                    is_found = text.is_empty() || detail.find(true);
                }
                _ => {}
            }
            return match (text.as_str(), is_found) {
                ("", _) => state.say("Search cleared"),
                (text, true) => state.say(format!("Searching: {text}")),
                (text, false) => state.complain(format!("Not found: {text}")),
            };
        }
        _ => {
            line.key(key);
        }
    }
    state.mode = Mode::Search(line);
}

/// Chooses a column to sort by: Enter sorts, and sorts in the other direction when it was chosen already.
fn sort(state: &mut State, key: KeyEvent, column: usize) {
    let now = state.now;
    let Some(table) = state.table_mut() else {
        return;
    };
    let count = table.view.columns.len();
    let column = match key.code {
        KeyCode::Right | KeyCode::Tab | KeyCode::Char('l' | 'j') | KeyCode::Down => {
            (column + 1) % count
        }
        KeyCode::Left | KeyCode::BackTab | KeyCode::Char('h' | 'k') | KeyCode::Up => {
            (column + count - 1) % count
        }
        KeyCode::Enter | KeyCode::Char(' ') => return sort_by(state, column),
        KeyCode::Char('0') | KeyCode::Backspace => {
            table.sort = None;
            table.arrange(now);
            return;
        }
        KeyCode::Esc | KeyCode::Char('q') => return,
        _ => column,
    };
    state.mode = Mode::Sort(column);
}

/// Sorts by a column: ascending, then descending, then as usual.
pub(super) fn sort_by(state: &mut State, column: usize) {
    let now = state.now;
    let Some(table) = state.table_mut() else {
        return;
    };
    table.sort = match table.sort {
        Some((same, false)) if same == column => Some((column, true)),
        Some((same, true)) if same == column => None,
        _ => Some((column, false)),
    };
    let title = table.view.columns[column].title;
    let said = match table.sort {
        Some((_, false)) => format!("Sorted by {title}"),
        Some((_, true)) => format!("Sorted by {title}, the largest first"),
        None => "Sorted as usual".to_owned(),
    };
    table.arrange(now);
    state.say(said);
}

fn remember(history: &mut Vec<String>, text: &str) {
    let text = text.trim();
    history.retain(|it| it != text);
    if !text.is_empty() {
        history.push(text.to_owned());
    }
    if history.len() > HISTORY {
        history.remove(0);
    }
}

/// Puts an earlier or later line of a history into a line.
fn recall(
    history: &[String],
    line: &mut Line,
    at: Option<usize>,
    is_earlier: bool,
) -> Option<usize> {
    let to = match (at, is_earlier) {
        (None, true) => history.len().checked_sub(1),
        (Some(at), true) => Some(at.saturating_sub(1)),
        (Some(at), false) if at + 1 < history.len() => Some(at + 1),
        (_, false) => None,
    };
    match to.and_then(|to| history.get(to)) {
        Some(text) => line.set(text),
        None => line.set(""),
    }
    to
}

/// Takes a key of the message that is written.
pub(super) fn compose(state: &mut State, key: KeyEvent, effects: &mut Vec<Effect>) {
    let Some(messages) = state.messages_mut() else {
        return;
    };
    let Some(line) = &mut messages.compose else {
        return;
    };
    let is_newline = key.modifiers.contains(KeyModifiers::ALT)
        || key.modifiers.contains(KeyModifiers::SHIFT)
        || key.code == KeyCode::Char('j') && key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => {
            if let Some(again) = state.write_nothing() {
                state.say(format!("Not sent; {again}"));
            }
        }
        KeyCode::Enter | KeyCode::Char('j') if is_newline => {
            line.insert("\n");
        }
        KeyCode::Enter => {
            let text = line.text().trim().to_owned();
            // What was written stays until it can be sent.
            let refusal = state.refusal();
            let refusal = refusal.or_else(|| state.messages_mut()?.refusal());
            if let Some(why) = refusal.filter(|_| !text.is_empty()) {
                return state.complain(why);
            }
            if let Some(messages) = state.messages_mut() {
                messages.compose = None;
            }
            if !text.is_empty() {
                send(state, &text, effects);
            }
        }
        _ => {
            if line.key(key) == Edit::Full {
                state.complain(FULL);
            }
        }
    }
}

/// Opens the line for a message, with the first one that was not sent.
pub(super) fn write(state: &mut State) {
    let Some(purpose) = state.purpose_of_message() else {
        return;
    };
    let draft = state.draft(purpose, "m");
    if let Some(messages) = state.messages_mut() {
        messages.write(&draft);
    }
}

fn send(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    let purpose = state.purpose_of_message();
    let draft = state.messages_mut().zip(purpose);
    let draft = draft.map(|(messages, purpose)| messages.draft(purpose, text));
    let Some(page) = state.top() else { return };
    let Some(session) = &page.scope.session else {
        return;
    };
    let said = match &page.body {
        Body::Messages(messages) if messages.session.is_some() => {
            views::message_sent(&messages.phase)
        }
        _ => "Message sent".to_owned(),
    };
    let target = path(&["sessions", &session.id, "messages"]);
    let send = Send::new(Method::Post, target, &page.scope)
        .with("event_type", "user")
        .with("payload", text)
        .then(After::Echo)
        .says(said, "Send message failed");
    let page = page.number;
    let doing = "Sending message...".to_owned();
    sending::send(state, page, vec![send], (doing, draft), effects);
}

/// Takes text that was pasted: into the line that is edited, if any. Nothing else is done with it, so that pasted text
/// presses no keys. What has no place is said, because a message or a secret without its end is another one.
pub(super) fn paste(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    match pasted(state, text, effects) {
        Some(0) => {}
        Some(count) => state.complain(format!(
            "{count} characters of the pasted text do not fit and are left out"
        )),
        None => state.say("Nothing here takes the pasted text"),
    }
}

/// Inserts pasted text, and returns how many characters did not fit; `None` if no line is edited.
fn pasted(state: &mut State, text: &str, effects: &mut Vec<Effect>) -> Option<usize> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let one_line = || text.trim().replace('\n', " ");
    if let Some(dialog) = &mut state.dialog {
        let (_, line) = dialog.typed.as_mut()?;
        return Some(line.insert(&one_line()));
    }
    if let Some(form) = &mut state.form {
        let is_secret = form
            .form
            .fields
            .get(form.focus)
            .is_some_and(|field| matches!(field.input, Input::Secret));
        let left_out = match form.values.get_mut(form.focus) {
            _ if form.is_waiting => None,
            Some(Value::Choice(choice)) if choice.is_loading => {
                choice.has_ignored = true;
                None
            }
            Some(Value::Text(line)) => {
                Some(line.insert(if is_secret { text.trim() } else { &text }))
            }
            Some(Value::Choice(choice)) => {
                choice.add(text.trim());
                Some(0)
            }
            None => None,
        };
        effects.extend(form.offers());
        return left_out;
    }
    match &mut state.mode {
        Mode::Command { line, .. } | Mode::Search(line) | Mode::Write { line, .. } => {
            return Some(line.insert(&one_line()));
        }
        Mode::Filter { line, .. } => {
            let left_out = line.insert(&one_line());
            let filter = line.text().to_owned();
            let now = state.now;
            if let Some(table) = state.table_mut() {
                let _ = table.set_filter(&filter, now);
            }
            return Some(left_out);
        }
        Mode::Normal | Mode::Sort(_) => {}
    }
    let line = state.messages_mut()?.compose.as_mut()?;
    Some(line.insert(&text))
}

/// Opens the line for a command, a filter or a search.
pub(super) fn open_bar(state: &mut State, key: char) {
    let line = || Line::new("", 256);
    let filter = state.table().map(|table| table.filter_text.clone());
    state.mode = match (key, filter) {
        (':', _) => Mode::Command {
            line: line(),
            at: 0,
            history: None,
        },
        ('/', Some(before)) => Mode::Filter {
            line: Line::new(&before, 256),
            before,
            history: None,
        },
        ('/', None) => match state.top().map(|page| &page.body) {
            Some(Body::Messages(_) | Body::Detail(_)) => Mode::Search(line()),
            _ => Mode::Normal,
        },
        _ => Mode::Normal,
    };
}
