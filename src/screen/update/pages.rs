//! The stack of pages: opening, leaving, replacing, and reading the one on top.

use super::connecting;
use crate::resources::{SESSION, is_usable_id};
use crate::screen::effect::{Effect, Load};
use crate::screen::event::Extent;
use crate::screen::messages::Messages;
use crate::screen::scope::{Kind, Scope};
use crate::screen::state::{Body, Page, State};
use crate::screen::table::Table;
use crate::screen::view::Needs;
use crate::screen::views;

/// Why a view of a project is not opened.
const NO_PROJECT: &str = "Choose a project first: Enter opens it";

/// The most views in the history.
const VISITED: usize = 100;

/// Opens a view on top of the stack.
pub(super) fn open(state: &mut State, kind: Kind, scope: Scope, effects: &mut Vec<Effect>) {
    if let Err(why) = check(kind, &scope) {
        state.complain(why);
        return;
    }
    if state.is_deep() {
        drop_page(state, 1, effects);
    }
    visit(state, kind, &scope);
    show(state, kind, scope);
}

fn show(state: &mut State, kind: Kind, scope: Scope) {
    let view = views::of(kind);
    state.say(match view.label(&scope) {
        "all" => format!("Viewing {}", view.name),
        label => format!("Viewing {} of {label}", view.name),
    });
    state.push(scope, Body::Table(Table::new(view)));
}

/// Replaces the stack by the way to a view. Without a project to look in, that is the list of projects.
pub(super) fn jump(state: &mut State, kind: Kind, scope: Scope, effects: &mut Vec<Effect>) {
    if let Err(why) = check(kind, &scope) {
        if why == NO_PROJECT {
            go(state, Kind::Projects, Scope::default(), effects);
        }
        state.complain(why);
        return;
    }
    visit(state, kind, &scope);
    go(state, kind, scope, effects);
}

/// Replaces the stack without a note in the history.
fn go(state: &mut State, kind: Kind, scope: Scope, effects: &mut Vec<Effect>) {
    // The first page is that of the projects, and it stays: it holds rows already.
    while state.stack.len() > 1 {
        drop_page(state, 1, effects);
    }
    if kind == Kind::Projects {
        state.say("Viewing projects");
        return;
    }
    let is_below_agents = matches!(kind, Kind::Sessions | Kind::Inbox) && scope.agent.is_some();
    if is_below_agents && let Some(project) = scope.project.clone() {
        let agents = Body::Table(Table::new(views::of(Kind::Agents)));
        state.push(Scope::of_project(project), agents);
    }
    show(state, kind, scope);
}

/// Says why a view can't be opened in a scope.
fn check(kind: Kind, scope: &Scope) -> Result<(), &'static str> {
    match views::of(kind).needs {
        Needs::Project if scope.project.is_none() && kind != Kind::Schedules => Err(NO_PROJECT),
        Needs::Agent if scope.agent.is_none() => {
            Err("No agent context — :agents, then i on one of them")
        }
        Needs::Credential if scope.credential.is_none() => {
            Err("No credential context — drill into a credential first")
        }
        Needs::Schedule if scope.schedule.is_none() => {
            Err("No schedule context — drill into a scheduled session first")
        }
        _ => Ok(()),
    }
}

fn visit(state: &mut State, kind: Kind, scope: &Scope) {
    state.visited.truncate(state.visited_at + 1);
    state.visited.push((kind, scope.clone()));
    if state.visited.len() > VISITED {
        state.visited.remove(0);
    }
    state.visited_at = state.visited.len() - 1;
}

/// Goes back or forward in the history of views.
pub(super) fn travel(state: &mut State, is_back: bool, effects: &mut Vec<Effect>) {
    let to = if is_back {
        state.visited_at.checked_sub(1)
    } else {
        Some(state.visited_at + 1)
    };
    match to.and_then(|to| Some((to, state.visited.get(to)?.clone()))) {
        Some((to, (kind, scope))) => {
            state.visited_at = to;
            go(state, kind, scope, effects);
        }
        None => state.say("No more history"),
    }
}

/// Opens the messages of the session that the scope names. The page owns the stream, for as long as it is on the stack.
pub(super) fn messages(state: &mut State, scope: Scope, effects: &mut Vec<Effect>) {
    let Some(session) = scope.session.clone() else {
        state.complain("No active session for this agent");
        return;
    };
    if !is_usable_id(&session.id) {
        return state.complain("The session has no usable ID: nothing can be done with it");
    }
    let row = state.table().and_then(|table| table.row(&session.id));
    let row = row.filter(|row| row.resource.word == SESSION.word).cloned();
    let project = scope.project_id().to_owned();
    state.say(format!("Viewing messages for session {}", session.name));
    let mut messages = Messages::new(row.as_ref().map_or("", |row| row.text("phase")));
    messages.session = row;
    let page = state.push(scope, Body::Messages(messages));
    effects.push(Effect::Watch {
        page,
        session: session.id,
        project,
        after: 0,
    });
}

/// Leaves the page on top.
pub(super) fn pop(state: &mut State, effects: &mut Vec<Effect>) {
    if state.stack.len() < 2 {
        return;
    }
    let last = state.stack.len() - 1;
    drop_page(state, last, effects);
    let name = state.top().map_or("", Page::name);
    state.say(format!("Back to {name}"));
    if let Some(table) = state.table_mut() {
        table.loading.hurry();
    }
}

/// Takes a page off the stack and ends all work for it.
fn drop_page(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let page = state.stack.remove(place);
    effects.push(Effect::Cancel { page: page.number });
}

pub(super) fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    state.is_done = true;
    effects.push(Effect::Quit);
}

/// Limits the page on top to another project, or to none. The page stays of the same kind.
pub(super) fn switch_project(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let Some((kind, number)) = state.top().and_then(|page| match &page.body {
        Body::Table(table) => Some((table.view.kind, page.number)),
        _ => None,
    }) else {
        return;
    };
    let is_scoped = matches!(
        kind,
        Kind::Agents
            | Kind::Sessions
            | Kind::Schedules
            | Kind::Providers
            | Kind::Policies
            | Kind::RoleBindings
            | Kind::ProjectSettings
    );
    if !is_scoped {
        let name = views::of(kind).name;
        return state.complain(format!("A digit changes no project here: {name} shows all"));
    }
    let project = match place.checked_sub(1) {
        None if matches!(kind, Kind::Agents | Kind::Providers | Kind::Policies) => {
            jump(state, Kind::Projects, Scope::default(), effects);
            return;
        }
        None => None,
        Some(place) => match state.projects.get(place) {
            Some(project) => Some(project.clone()),
            None => {
                let count = state.projects.len();
                let place = place + 1;
                let why = match state.extent_of_projects {
                    Extent::Whole => format!("there are {count}"),
                    Extent::Part => format!("{count} read so far, there may be more"),
                    Extent::Nothing => "they are not read yet, :projects reads them".to_owned(),
                };
                state.complain(format!("No project at index {place}: {why}"));
                return;
            }
        },
    };
    let name = project.as_ref().map(|project| project.name.clone());
    let scope = Scope {
        project,
        ..Scope::default()
    };
    visit(state, kind, &scope);
    effects.push(Effect::Cancel { page: number });
    let fresh = state.number();
    if let Some(page) = state.top_mut() {
        *page = Page {
            number: fresh,
            scope,
            body: Body::Table(Table::new(views::of(kind))),
        };
    }
    let view = views::of(kind).name;
    state.say(match name {
        Some(name) => format!("Switched to project {name}"),
        None => format!("Viewing all {view}"),
    });
}

/// Returns the request for the rows of the page on top, if it is time for it. Messages are read without it, until the
/// login is refused.
#[must_use]
pub(super) fn due(state: &mut State) -> Vec<Effect> {
    let (now, is_done) = (state.now, state.is_done);
    // The login is not read again while that would take something from the user.
    let is_taken = state.is_asking() || state.coming.is_some();
    let active = state.about.context.clone();
    let Some(page) = state.top_mut().filter(|_| !is_done) else {
        return Vec::new();
    };
    let Some(loading) = page.loading_mut().filter(|it| it.is_due(now)) else {
        return Vec::new();
    };
    // The login may have been renewed in another terminal.
    let is_refused = loading.is_refused();
    if is_refused && is_taken {
        return Vec::new();
    }
    loading.begin();
    if is_refused {
        loading.fault = None;
        let page = page.number;
        let mut effects = Vec::new();
        connecting::renew(state, page, &mut effects);
        return effects;
    }
    let Body::Table(table) = &page.body else {
        return Vec::new();
    };
    let load = match (table.view.load)(&page.scope) {
        Load::Contexts(_) => Load::Contexts(active),
        load => load,
    };
    vec![Effect::Load {
        page: page.number,
        load,
    }]
}

/// Reads the page on top again at once.
pub(super) fn refresh(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(page) = state.top_mut() else { return };
    match &mut page.body {
        Body::Messages(messages) if messages.stray.is_some() => return,
        Body::Table(_) | Body::Messages(_) => {
            let page = page.number;
            read_again(state, page, effects);
        }
        Body::Detail(detail) => {
            if let Some(fetch) = detail.fetch.clone() {
                let page = page.number;
                effects.push(Effect::Fetch { page, fetch });
            }
        }
        Body::Help { .. } => {}
    }
    state.say("Refreshing");
}

/// Reads a table or messages again at once. A request that is under way is given up: its answer may be missing for
/// long, or may have been made before the last change.
pub(super) fn read_again(state: &mut State, page: u64, effects: &mut Vec<Effect>) {
    let is_connecting = state.coming.is_some();
    match state.page_mut(page).map(|page| &mut page.body) {
        Some(Body::Table(table)) if is_connecting => table.loading.hurry(),
        Some(Body::Table(table)) => {
            let is_busy = table.loading.restart();
            effects.extend(is_busy.then_some(Effect::Cancel { page }));
        }
        Some(Body::Messages(messages)) => {
            messages.loading.hurry();
            effects.push(Effect::Hurry { page });
        }
        _ => {}
    }
}
