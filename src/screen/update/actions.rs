//! The keys of a view, on the rows that are chosen. A row is known by its object, never by the text that is shown.

use super::usable::usable;
use super::{connecting, editing, pages, sending};
use crate::api::path;
use crate::resources::{Record, SESSION};
use crate::screen::detail::{Detail, Form as Text};
use crate::screen::dialog::{Dialog, Then};
use crate::screen::effect::{Effect, Fetch, Rerun, Send};
use crate::screen::form::OpenForm;
use crate::screen::input::Line;
use crate::screen::shown;
use crate::screen::state::{Body, State};
use crate::screen::view::{Call, Form, Go, Outside, Run, View};

/// The most rows that a question or a form names.
const NAMED: usize = 8;

/// Does what a key of the view means. Returns false if the view has no such key.
pub(super) fn act(state: &mut State, key: char, ctrl: bool, effects: &mut Vec<Effect>) -> bool {
    let Some(view) = state.table().map(|table| table.view) else {
        return false;
    };
    let mut actions = view.actions.iter();
    let Some(action) = actions.find(|it| it.key == key && it.ctrl == ctrl) else {
        return false;
    };
    let changes = matches!(
        action.run,
        Run::Edit(_) | Run::New(_) | Run::Form(_) | Run::Call(_)
    ) || matches!(action.run, Run::Outside(it) if it.question.is_some());
    if let Some(why) = state.refusal().filter(|_| changes) {
        state.complain(why);
        return true;
    }
    match action.run {
        Run::Describe => show(state, Text::Describe),
        Run::Yaml => show(state, Text::Yaml),
        Run::Edit(what) => {
            if let Some(row) = only(state, action.label) {
                editing::begin(state, what, &row, effects);
            }
        }
        Run::Go(whither) => {
            if let Some(row) = selected(state) {
                let scope = state.scope();
                go(state, whither(&scope, &row), effects);
            }
        }
        Run::New(form) => open_form(state, form, Vec::new(), effects),
        Run::Form(form) => form_for_rows(state, form, effects),
        Run::Call(call) => ask(state, call, effects),
        Run::Outside(what) => outside(state, what, effects),
    }
    true
}

/// Does what Enter means on the selected row.
pub(super) fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(view) = state.table().map(|table| table.view) else {
        return;
    };
    if let Some(row) = selected(state) {
        let scope = state.scope();
        go(state, (view.enter)(&scope, &row), effects);
    }
}

/// Returns the selected row. If there is none, says so.
fn selected(state: &mut State) -> Option<Record> {
    let row = state.table().and_then(|table| table.selected().cloned());
    if row.is_none() {
        state.say("Nothing is selected");
    }
    row
}

/// Returns the rows that a change is for: those that are marked, or else the selected one. Says so if there is none, or
/// if there are several and the change takes one.
fn chosen(state: &mut State, title: &str, is_bulk: bool) -> Option<Vec<Record>> {
    let table = state.table()?;
    let rows: Vec<Record> = table.chosen().into_iter().cloned().collect();
    match rows.len() {
        0 => state.say("Nothing is selected"),
        2.. if !is_bulk => state.complain(format!("{title} takes one row at a time")),
        _ => return Some(rows),
    }
    None
}

/// Returns the row that a change is for which takes one.
fn only(state: &mut State, title: &str) -> Option<Record> {
    chosen(state, title, false)?.pop()
}

fn go(state: &mut State, go: Go, effects: &mut Vec<Effect>) {
    match go {
        Go::View(kind, scope) => pages::open(state, kind, scope, effects),
        Go::Messages(scope) => pages::messages(state, scope, effects),
        Go::Describe => show(state, Text::Describe),
        Go::Context(name) => connecting::switch(state, &name, effects),
        Go::Stay(why) => state.complain(why),
    }
}

/// Shows the selected object as text.
fn show(state: &mut State, form: Text) {
    let Some(row) = selected(state) else { return };
    let Some(view) = state.table().map(|table| table.view) else {
        return;
    };
    let fetch = fetch_of(state, view, &row);
    let title = title(&row);
    push_detail(state, Detail::new(title, row, form, fetch));
}

fn push_detail(state: &mut State, detail: Detail) {
    let scope = state.scope();
    state.push(scope, Body::Detail(detail));
}

/// Returns the title of an object: its kind, and its name or ID.
fn title(row: &Record) -> String {
    let word = row.resource.kind;
    format!("{word}: {}", shown::line(row.name_or_id()))
}

/// Returns where an object can be read again: below the list that it came from.
fn fetch_of(state: &State, view: &View, row: &Record) -> Option<Fetch> {
    let scope = state.scope();
    match (view.load)(&scope) {
        crate::screen::effect::Load::List(list, _)
            if row.resource.has_common_fields && row.resource.word != "inbox-message" =>
        {
            // The runs of a schedule and the sessions of an agent are sessions.
            let path = if row.resource.word == SESSION.word {
                path(&["sessions", row.id()])
            } else {
                list.path + &path(&[row.id()])
            };
            Some(Fetch {
                resource: row.resource,
                path,
                project: list.project,
            })
        }
        _ => None,
    }
}

/// Opens a form for the rows that are chosen.
fn form_for_rows(state: &mut State, form: &'static Form, effects: &mut Vec<Effect>) {
    let Some(rows) = chosen(state, form.title, form.is_bulk()) else {
        return;
    };
    let check = |row: &Record| usable(row).and_then(|()| (form.opens)(row));
    match rows.iter().try_for_each(check) {
        Ok(()) => open_form(state, form, rows, effects),
        Err(why) => state.complain(shown::line(&why)),
    }
}

fn open_form(state: &mut State, form: &'static Form, rows: Vec<Record>, effects: &mut Vec<Effect>) {
    let Some(page) = state.top().map(|page| page.number) else {
        return;
    };
    let scope = state.scope();
    let number = state.number();
    let lines = match rows.as_slice() {
        [] | [_] => Vec::new(),
        several => named(several, format!("For {} objects:", several.len())),
    };
    let lines = lines.iter().map(|line| shown::line(line)).collect();
    let mut open = OpenForm::new(form, (number, page), scope, rows, lines);
    effects.extend(open.offers());
    state.form = Some(open);
}

/// Prepares the requests for the chosen rows, and asks first if something is lost by them.
fn ask(state: &mut State, call: &'static Call, effects: &mut Vec<Effect>) {
    let scope = state.scope();
    let Some(mut rows) = chosen(state, call.title, call.bulk) else {
        return;
    };
    let is_several = rows.len() > 1;
    let mut sends: Vec<Send> = Vec::new();
    let mut refused = Vec::new();
    let make = |row: &Record| usable(row).and_then(|()| (call.make)(&scope, row));
    rows.retain(|row| match make(row) {
        Ok(send) => {
            let send = send.for_row(row);
            sends.push(if is_several {
                send.one_of_several(row, call.doing)
            } else {
                send
            });
            true
        }
        Err(why) => {
            refused.push(why);
            false
        }
    });
    let Some(first) = rows.first() else {
        return state.complain(few(refused.into_iter()).join("; "));
    };
    let page = state.top().map_or(0, |page| page.number);
    let doing = match rows.as_slice() {
        [one] => format!("{} {}...", call.doing, one.name_or_id()),
        several => format!("{} ({})...", call.doing, several.len()),
    };
    let Some(question) = call.question else {
        return sending::send(state, page, sends, doing, effects);
    };
    let mut lines = match rows.as_slice() {
        [one] => vec![question(&scope, one)],
        several => named(
            several,
            format!("{} {} objects?", call.title, several.len()),
        ),
    };
    if !refused.is_empty() {
        lines.push("Not for all that are marked:".to_owned());
        lines.extend(indented(few(refused.into_iter())));
    }
    let typed = call.types_name.then(|| first.name_or_id().to_owned());
    if typed.is_some() {
        lines.push("Type its name to confirm:".to_owned());
    }
    state.ask(Dialog {
        page,
        title: call.title.to_owned(),
        lines: lines.iter().map(|line| shown::line(line)).collect(),
        buttons: vec!["Cancel", call.title],
        at: 0,
        typed: typed.map(|name| (name, Line::new("", 253))),
        then: Then::Send { doing, sends },
    });
}

/// Returns lines that name several rows below a title: each by its name and its whole ID, as in the question for one.
fn named(rows: &[Record], title: String) -> Vec<String> {
    let named = |row: &Record| match (row.name_or_id(), row.id()) {
        (name, id) if name == id => id.to_owned(),
        (name, id) => format!("{name} ({id})"),
    };
    let mut lines = vec![title];
    lines.extend(indented(few(rows.iter().map(named))));
    lines
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

/// Returns the first lines, and how many more there are.
fn few(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = lines.len().saturating_sub(NAMED);
    let mut few: Vec<String> = lines.take(NAMED).collect();
    if more > 0 {
        few.push(format!("and {more} more"));
    }
    few
}

/// Runs a command of this program on the chosen row, on the server that the screen shows.
fn outside(state: &mut State, what: &Outside, effects: &mut Vec<Effect>) {
    let Some(row) = only(state, what.title) else {
        return;
    };
    if let Err(why) = usable(&row).and_then(|()| (what.check)(&row)) {
        return state.complain(why);
    }
    let words = what.words.iter().copied().chain([row.id()]);
    let words = words.chain(what.flags.iter().copied()).map(str::to_owned);
    let way = &state.about.way;
    let rerun = Rerun {
        words: words.chain(way.flags.iter().cloned()).collect(),
        context: way.context.clone(),
    };
    let Some(question) = what.question else {
        return effects.push(Effect::Outside(rerun));
    };
    state.ask(Dialog {
        page: state.top().map_or(0, |page| page.number),
        title: what.title.to_owned(),
        lines: vec![shown::line(&question(&row))],
        buttons: vec!["Cancel", what.title],
        at: 0,
        typed: None,
        then: Then::Outside(rerun),
    });
}

/// Asks whether the session whose messages are shown is to be interrupted.
pub(super) fn interrupt(state: &mut State) {
    if let Some(why) = state.refusal() {
        return state.complain(why);
    }
    let Some(page) = state.top() else { return };
    let Some(session) = &page.scope.session else {
        return;
    };
    let target = path(&["sessions", &session.id, "agui", "interrupt"]);
    let send = Send::new(crate::api::Method::Post, target, &page.scope)
        .says("Session interrupted", "Interrupt failed");
    let question = format!("Interrupt session {}?", session.name);
    let page = page.number;
    state.ask(Dialog {
        page,
        title: "Interrupt".to_owned(),
        lines: vec![shown::line(&question)],
        buttons: vec!["Cancel", "Interrupt"],
        at: 0,
        typed: None,
        then: Then::Send {
            doing: "Processing...".to_owned(),
            sends: vec![send],
        },
    });
}

/// Shows the session whose messages are shown: its conditions tell why it failed.
pub(super) fn describe_session(state: &mut State) {
    let session = state.messages_mut().and_then(|it| it.session.clone());
    let Some(session) = session else {
        return state.say("The session is not known yet");
    };
    let fetch = Fetch {
        resource: &SESSION,
        path: path(&["sessions", session.id()]),
        project: session.text("project_id").to_owned(),
    };
    let title = title(&session);
    push_detail(
        state,
        Detail::new(title, session, Text::Describe, Some(fetch)),
    );
}
