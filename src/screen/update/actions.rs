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

/// The most rows that a question names.
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
        Run::Edit(what) => editing::begin(state, what, effects),
        Run::Go(whither) => {
            if let Some(row) = selected(state) {
                let scope = state.scope();
                go(state, whither(&scope, &row), effects);
            }
        }
        Run::New(form) => open_form(state, form, None, effects),
        Run::Form(form) => {
            if let Some(row) = selected(state) {
                match usable(&row).and_then(|()| (form.opens)(&row)) {
                    Ok(()) => open_form(state, form, Some(row), effects),
                    Err(why) => state.complain(shown::line(&why)),
                }
            }
        }
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

fn open_form(
    state: &mut State,
    form: &'static Form,
    row: Option<Record>,
    effects: &mut Vec<Effect>,
) {
    let Some(page) = state.top().map(|page| page.number) else {
        return;
    };
    let scope = state.scope();
    let number = state.number();
    let mut open = OpenForm::new(form, (number, page), scope, row);
    effects.extend(open.offers());
    state.form = Some(open);
}

/// Prepares the requests for the chosen rows, and asks first if something is lost by them.
fn ask(state: &mut State, call: &'static Call, effects: &mut Vec<Effect>) {
    let scope = state.scope();
    let Some(table) = state.table() else { return };
    let mut rows: Vec<Record> = table.chosen().into_iter().cloned().collect();
    if !call.bulk && rows.len() > 1 {
        return state.complain(format!("{} takes one row at a time", call.title));
    }
    let mut sends: Vec<Send> = Vec::new();
    let mut refused = None;
    let make = |row: &Record| usable(row).and_then(|()| (call.make)(&scope, row));
    rows.retain(|row| match make(row) {
        Ok(mut send) => {
            row.id().clone_into(&mut send.row);
            if table.marks.len() > 1 {
                send.failed = format!("{}: {}", row.name_or_id(), send.failed);
                send.doing = Some(format!("{} {}", call.doing, row.name_or_id()));
            }
            sends.push(send);
            true
        }
        Err(why) => {
            refused = Some(why);
            false
        }
    });
    let Some(first) = rows.first() else {
        return match refused {
            Some(why) => state.complain(why),
            None => state.say("Nothing is selected"),
        };
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
        several => question_for(several, call.title),
    };
    lines.extend(refused.map(|why| format!("Not for all that are marked: {why}")));
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

/// Returns the question for several rows: each by its name and its whole ID, as in the question for one.
fn question_for(rows: &[Record], title: &str) -> Vec<String> {
    let named = |row: &Record| match (row.name_or_id(), row.id()) {
        (name, id) if name == id => format!("  {id}"),
        (name, id) => format!("  {name} ({id})"),
    };
    let mut lines = vec![format!("{title} {} objects?", rows.len())];
    lines.extend(rows.iter().take(NAMED).map(named));
    if rows.len() > NAMED {
        lines.push(format!("  and {} more", rows.len() - NAMED));
    }
    lines
}

/// Runs a command of this program on the selected row, on the server that the screen shows.
fn outside(state: &mut State, what: &Outside, effects: &mut Vec<Effect>) {
    let Some(row) = selected(state) else { return };
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
