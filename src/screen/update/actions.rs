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
use crate::screen::naming::{self, Names, asked_of, brief};
use crate::screen::scope::Scope;
use crate::screen::shown;
use crate::screen::state::{Body, State};
use crate::screen::view::{Call, Form, Go, Outside, Run, View};
use crate::screen::views;

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
        Run::Edit(_) | Run::New(_) | Run::Form(_) | Run::Call(_) | Run::Either(_)
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
                editing::begin(state, what, &row, &action.keys(), effects);
            }
        }
        Run::Go(whither) => {
            if let Some(row) = selected(state) {
                let scope = state.scope();
                go(state, whither(&scope, &row), effects);
            }
        }
        Run::New(form) => open_form(state, form, Vec::new(), &action.keys(), effects),
        Run::Form(form) => form_for_rows(state, form, &action.keys(), effects),
        Run::Call(call) => ask(state, call, effects),
        Run::Either(of) => {
            if let Some(call) = agreed(state, action.label, of) {
                ask(state, call, effects);
            }
        }
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

/// Returns what a key does to the chosen rows. If that differs, says for which rows it does what.
fn agreed(
    state: &mut State,
    title: &str,
    of: fn(&Record) -> &'static Call,
) -> Option<&'static Call> {
    let rows = chosen(state, title, true)?;
    let call = of(rows.first()?);
    let is_same = |row: &&Record| of(row).title == call.title;
    let (same, others): (Vec<&Record>, Vec<&Record>) = rows.iter().partition(is_same);
    let Some(other) = others.first().map(|row| of(row).title) else {
        return Some(call);
    };
    let names = |rows: &[&Record]| {
        let names: Vec<String> = rows.iter().map(|row| brief(row.name_or_id())).collect();
        naming::first_few(&names).join(", ")
    };
    state.complain(format!(
        "{title} is the same for all: {} is for {}, {other} is for {}; mark rows for one of them",
        call.title,
        names(&same),
        names(&others)
    ));
    None
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
fn form_for_rows(state: &mut State, form: &'static Form, key: &str, effects: &mut Vec<Effect>) {
    let Some(rows) = chosen(state, form.title, form.is_bulk()) else {
        return;
    };
    let check = |row: &Record| usable(row).and_then(|()| (form.opens)(row));
    match rows.iter().try_for_each(check) {
        Ok(()) => open_form(state, form, rows, key, effects),
        Err(why) => state.complain(shown::line(&why)),
    }
}

fn open_form(
    state: &mut State,
    form: &'static Form,
    rows: Vec<Record>,
    key: &str,
    effects: &mut Vec<Effect>,
) {
    let Some(table) = state.table() else { return };
    let Some(page) = state.top().map(|page| page.number) else {
        return;
    };
    let (scope, now) = (state.scope(), state.now);
    let names = match rows.as_slice() {
        [] => Names::title(&place_of(table.view, form, &scope)),
        [row] => {
            let aside = naming::aside(table.is_shown(row.id()));
            let (kind, name) = (row.resource.word, naming::named(row));
            Names::title(&format!("For {kind} {name}{aside}"))
        }
        several => {
            let title = format!("For {} objects:", several.len());
            Names::of(&title, several, |row| table.more_about(row, now))
        }
    };
    let number = state.number();
    let purpose = state.purpose(form.title, &rows);
    let draft = state.draft(purpose, key);
    if !form.is_bulk() && !draft.values.is_empty() {
        state.say("What you typed before is back, without the secret");
    }
    let start = Scope {
        project: state.project(),
        ..scope.clone()
    };
    let mut open = OpenForm::new(form, (number, page), (scope, start), rows, names, draft);
    effects.extend(open.offers());
    state.form = Some(open);
}

/// Returns where a form makes something: the narrowest thing that the page is limited to, unless the form has a field
/// for it.
fn place_of(view: &View, form: &Form, scope: &Scope) -> String {
    let is_asked = |field: &str| form.fields.iter().any(|it| it.name == field);
    match (&scope.credential, &scope.agent, &scope.project) {
        _ if view.label(scope) == "all" => String::new(),
        (Some(credential), ..) => format!("For credential {}", brief(&credential.name)),
        (_, Some(agent), _) if !is_asked("agent_id") => format!("For agent {}", brief(&agent.name)),
        (.., Some(project)) if !is_asked("project_id") => {
            format!("In project {}", brief(&project.name))
        }
        _ => String::new(),
    }
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
    let make = |row: &Record| {
        let send = (call.make)(&scope, row)?;
        usable(row).map(|()| send)
    };
    rows.retain(|row| match make(row) {
        Ok(send) => {
            let send = send.for_row(row);
            sends.push(if is_several {
                send.one_of_several(row, call.doing)
            } else {
                send.naming(row.name_or_id())
            });
            true
        }
        Err(why) => {
            refused.push(why);
            false
        }
    });
    let Some(first) = rows.first() else {
        return state.complain(naming::first_few(&refused).join("; "));
    };
    let page = state.top().map_or(0, |page| page.number);
    let doing = match rows.as_slice() {
        [one] => format!("{} {}...", call.doing, brief(one.name_or_id())),
        several => format!("{} ({})...", call.doing, several.len()),
    };
    let is_shown = |row: &Record| state.table().is_none_or(|it| it.is_shown(row.id()));
    let are_shown = rows.iter().all(is_shown);
    // A row that is not seen, or one of several, is not changed before the user has read its name.
    if call.question.is_none() && are_shown && rows.len() == 1 {
        return sending::send(state, page, sends, (doing, None), effects);
    }
    let (lines, names) = match (rows.as_slice(), call.question) {
        ([one], Some(question)) if are_shown => (vec![question(&scope, one)], Names::default()),
        ([one], Some(question)) => {
            let hidden = "It is marked and not shown now.".to_owned();
            (vec![question(&scope, one), hidden], Names::default())
        }
        (rows, _) => {
            let several = if rows.len() == 1 { "" } else { "s" };
            let title = format!("{} {} object{several}?", call.title, rows.len());
            let more = |row: &Record| {
                let table = state.table();
                table.map_or_else(String::new, |it| it.more_about(row, state.now))
            };
            (Vec::new(), Names::of(&title, rows, more))
        }
    };
    let mut below = Vec::new();
    if !refused.is_empty() {
        below.push("Not for all that are marked:".to_owned());
        let refused = naming::first_few(&refused);
        below.extend(refused.iter().map(|line| format!("  {line}")));
    }
    // The ID is what the request names.
    let typed = call.types_id.then(|| first.id().to_owned());
    if typed.is_some() {
        let word = if first.id() == first.name_or_id() {
            "name"
        } else {
            "ID"
        };
        below.push(format!("Type its {word} to confirm:"));
    }
    let then = Then::Send { doing, sends };
    state.ask(Dialog {
        names,
        below: below.iter().map(|line| shown::line(line)).collect(),
        typed: typed.map(|name| (name, Line::new("", 253))),
        ..Dialog::new(page, call.title, &lines, call.title, then)
    });
}

/// Runs a command of this program on the chosen row, on the server that the screen shows.
fn outside(state: &mut State, what: &Outside, effects: &mut Vec<Effect>) {
    let Some(row) = only(state, what.title) else {
        return;
    };
    if let Err(why) = usable(&row).and_then(|()| (what.check)(&row)) {
        return state.complain(why);
    }
    let way = &state.about.way;
    let words = what.words.iter().chain(what.flags).copied();
    let words = words.chain(way.flags.iter().map(String::as_str));
    // Nothing behind `--` is read as a flag.
    let rerun = Rerun {
        words: words.chain(["--", row.id()]).map(str::to_owned).collect(),
        context: way.context.clone(),
    };
    let Some(question) = what.question else {
        return effects.push(Effect::Outside(rerun));
    };
    let page = state.top().map_or(0, |page| page.number);
    let (lines, then) = ([question(&row)], Then::Outside(rerun));
    state.ask(Dialog::new(page, what.title, &lines, what.title, then));
}

/// Asks whether the session whose messages are shown is to be interrupted.
pub(super) fn interrupt(state: &mut State) {
    let refusal = state.refusal();
    if let Some(why) = refusal.or_else(|| state.messages_mut()?.refusal()) {
        return state.complain(why);
    }
    let Some(page) = state.top() else { return };
    let Some(session) = &page.scope.session else {
        return;
    };
    // What is not known yet may run.
    if let Body::Messages(messages) = &page.body
        && messages.session.is_some()
        && let Err(why) = views::active(&session.name, &messages.phase)
    {
        return state.complain(why);
    }
    let target = path(&["sessions", &session.id, "agui", "interrupt"]);
    let send = Send::new(crate::api::Method::Post, target, &page.scope)
        .says("Session interrupted", "Interrupt failed")
        .naming(&session.name);
    let question = format!(
        "Interrupt session {}?",
        asked_of(&session.name, &session.id)
    );
    let then = Then::Send {
        doing: "Processing...".to_owned(),
        sends: vec![send],
    };
    let (page, title) = (page.number, "Interrupt");
    state.ask(Dialog::new(page, title, &[question], title, then));
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
