//! Answers of the server. Each names the page that it is for, so that none reaches another.

use crate::resources::Record;
use crate::screen::effect::Effect;
use crate::screen::event::{About, Answer, Fault};
use crate::screen::scope::{Kind, Named, Scope};
use crate::screen::state::{Body, State};
use crate::screen::table::Table;
use crate::screen::view::View;
use crate::screen::views;

/// How many times as long as other views a view waits that needs many requests.
const SLOW: i64 = 3;

pub(super) fn take(state: &mut State, answer: Answer, effects: &mut Vec<Effect>) {
    match answer {
        Answer::Rows { page, rows, total } => rows_came(state, page, rows, total),
        Answer::Joined { page, cells } => {
            let now = state.now;
            if let Some(table) = table_of(state, page) {
                table.join(cells, now);
            }
        }
        Answer::Failed { page, fault } => failed(state, page, fault),
        Answer::Sent { page, said, echo } => sent(state, page, said, echo),
        Answer::Offered {
            form,
            field,
            offers,
        } => {
            if let Some(open) = state.form.as_mut().filter(|open| open.number == form) {
                open.offered(field, offers.map_err(|fault| fault.text));
            }
        }
        Answer::Fetched { page, record } => match (state.page_mut(page), record) {
            (Some(page), Ok(record)) => {
                if let Body::Detail(detail) = &mut page.body {
                    detail.renew(record);
                }
            }
            (_, Err(fault)) => state.complain(fault.text),
            (None, _) => {}
        },
        Answer::Messages { page, messages } => {
            if let Some(Body::Messages(shown)) = state.page_mut(page).map(|it| &mut it.body) {
                for message in &messages {
                    shown.stored(message);
                }
            }
        }
        Answer::Streamed { page, event } => {
            let now = state.now;
            if let Some(Body::Messages(shown)) = state.page_mut(page).map(|it| &mut it.body) {
                shown.streamed(&event, now);
            }
        }
        Answer::Session { page, session } => {
            if let Some(Body::Messages(shown)) = state.page_mut(page).map(|it| &mut it.body) {
                shown.set_session(*session);
            }
        }
        Answer::Watching { page, trouble } => {
            if let Some(Body::Messages(shown)) = state.page_mut(page).map(|it| &mut it.body) {
                shown.trouble = trouble;
            }
        }
        Answer::Connected(about) => connected(state, about, effects),
        Answer::Unconnected(fault) => unconnected(state, &fault, effects),
    }
}

fn table_of(state: &mut State, page: u64) -> Option<&mut Table> {
    match &mut state.page_mut(page)?.body {
        Body::Table(table) => Some(table),
        _ => None,
    }
}

/// Returns the seconds until a view is read again.
fn pause(state: &State, view: &View) -> i64 {
    let every = state.options.refresh.max(1);
    if matches!(view.kind, Kind::Tree | Kind::Pulses | Kind::Preview) {
        every * SLOW
    } else {
        every
    }
}

fn rows_came(state: &mut State, page: u64, rows: Vec<Record>, total: i64) {
    let now = state.now;
    let Some(view) = table_of(state, page).map(|table| table.view) else {
        return;
    };
    let every = pause(state, view);
    match view.kind {
        Kind::Projects => {
            state.projects = named(&rows);
            state.projects.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Kind::Contexts => state.contexts = rows.iter().map(|row| row.name().to_owned()).collect(),
        _ => {}
    }
    state.is_logged_in = true;
    if let Some(table) = table_of(state, page) {
        table.set_rows(rows, total, now);
        table.loading.succeeded(now, every);
    }
}

fn named(rows: &[Record]) -> Vec<Named> {
    let named = rows.iter().map(|row| Named::new(row.id(), row.name()));
    named.collect()
}

/// Keeps the rows and says what is wrong: in the page itself, so that the error does not follow into other pages.
fn failed(state: &mut State, page: u64, fault: Fault) {
    let now = state.now;
    if fault.status == Some(401) {
        state.is_logged_in = false;
    }
    if let Some(table) = table_of(state, page) {
        table.loading.failed(fault, now, page.wrapping_mul(7919));
    }
}

fn sent(state: &mut State, page: u64, said: Result<String, Fault>, echo: Option<Record>) {
    match said {
        Ok(text) => state.say(text),
        Err(fault) => state.complain(fault.text),
    }
    if let (Some(echo), Some(page)) = (echo, state.page_mut(page))
        && let Body::Messages(messages) = &mut page.body
    {
        messages.stored(&echo);
    }
    // What was changed is read again at once.
    if let Some(table) = table_of(state, page) {
        table.marks.clear();
        table.loading.hurry();
    }
}

/// Begins anew on another server; on the same server, goes on.
fn connected(state: &mut State, about: About, effects: &mut Vec<Effect>) {
    let is_same = (&about.context, &about.server) == (&state.about.context, &state.about.server);
    state.about = about;
    state.is_logged_in = true;
    if !is_same {
        state.projects.clear();
        state.form = None;
        state.dialog = None;
        state.editing = None;
        state.visited.clear();
        state.visited.push((Kind::Projects, Scope::default()));
        state.visited_at = 0;
        for page in std::mem::take(&mut state.stack) {
            effects.push(Effect::Cancel { page: page.number });
        }
        let table = Table::new(views::of(Kind::Projects));
        state.push(Scope::default(), Body::Table(table));
        let name = state.about.context.clone();
        state.say(format!("Switched to context {name}"));
        return;
    }
    go_on(state, effects);
}

/// Asks again for what the connection before has not answered: its requests and streams ended with it.
fn go_on(state: &mut State, effects: &mut Vec<Effect>) {
    for page in &mut state.stack {
        match &mut page.body {
            Body::Table(table) => table.loading.forget(),
            Body::Messages(_) => {
                effects.extend(page.scope.session.as_ref().map(|session| Effect::Watch {
                    page: page.number,
                    session: session.id.clone(),
                    project: page.scope.project_id().to_owned(),
                }));
            }
            _ => {}
        }
    }
}

/// Goes on with the connection that is there. If the server has refused its login, it is tried again later and later.
fn unconnected(state: &mut State, fault: &Fault, effects: &mut Vec<Effect>) {
    let (now, is_logged_in) = (state.now, state.is_logged_in);
    state.complain(fault.text.clone());
    let busy: Vec<u64> = state
        .stack
        .iter()
        .filter(|page| matches!(&page.body, Body::Table(table) if table.loading.is_busy))
        .map(|page| page.number)
        .collect();
    go_on(state, effects);
    if is_logged_in {
        return;
    }
    for page in busy {
        let fault = Fault {
            status: Some(401),
            ..fault.clone()
        };
        if let Some(table) = table_of(state, page) {
            table.loading.failed(fault, now, page);
        }
    }
}
