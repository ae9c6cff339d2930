//! Answers of the server. Each names the page that it is for, so that none reaches another.

use super::{commands, connecting, pages, typing};
use crate::resources::Record;
use crate::screen::changes::Told;
use crate::screen::effect::Effect;
use crate::screen::event::{Answer, Extent, Fault};
use crate::screen::loading::Loading;
use crate::screen::messages::Messages;
use crate::screen::scope::{Kind, Named};
use crate::screen::state::{Body, Page, State};
use crate::screen::table::Table;
use crate::screen::view::View;

/// How many times as long as other views a view waits that needs many requests.
const SLOW: i64 = 3;

/// Takes what came from a connection. Only what was changed is still told when that connection is not the one that
/// stands: nothing else of it is shown.
pub(super) fn take(state: &mut State, connection: u64, answer: Answer, effects: &mut Vec<Effect>) {
    let is_current = connection == state.connection;
    match answer {
        Answer::Connected(about) => connecting::connected(state, connection, about, effects),
        Answer::Unconnected(fault) => connecting::unconnected(state, connection, fault),
        Answer::Sent {
            page,
            number,
            said,
            echo,
        } => {
            let mut told = state.changes.answered(number, said);
            if connection < state.server_since {
                told.said = elsewhere(told.said);
            }
            let is_last = told.is_last;
            sent(state, page, told, echo);
            // What was changed is read again at once.
            if is_last {
                pages::read_again(state, page, effects);
            }
        }
        _ if !is_current => {}
        Answer::Messages { page, .. }
        | Answer::Streamed { page, .. }
        | Answer::Unfollowed { page, .. }
        | Answer::Watching { page, .. }
            if is_stray(state, page) => {}
        Answer::Rows {
            page,
            rows,
            total,
            hidden,
            gap,
        } => {
            rows_came(state, page, rows, (total, hidden), gap);
        }
        Answer::Joined { page, cells, gap } => {
            let now = state.now;
            if let Some(table) = table_of(state, page) {
                table.join(cells, now);
                table.gap_of_joined = gap;
            }
        }
        Answer::Failed { page, fault }
        | Answer::Watching {
            page,
            trouble: Some(fault),
        } => state.reading_failed(page, fault),
        Answer::Offered {
            form,
            field,
            offers,
            gap,
        } => {
            if let Some(open) = state.form.as_mut().filter(|open| open.number == form) {
                open.offered(field, offers.map_err(|fault| fault.text), gap);
                // What is chosen now may have a list of its own.
                effects.extend(open.offers());
            }
        }
        Answer::Planned {
            form,
            sends,
            shadowed,
        } => typing::planned(state, form, sends, shadowed, effects),
        Answer::Fetched { page, record } => fetched(state, page, record),
        Answer::Messages {
            page,
            messages,
            after,
        } => {
            if let Some(shown) = messages_of(state, page) {
                shown.read(&messages, after);
            }
        }
        Answer::Streamed { page, event } => {
            let now = state.now;
            if let Some(shown) = messages_of(state, page) {
                shown.streamed(&event, now);
            }
        }
        Answer::Large { answer, room } => {
            take(state, connection, *answer, effects);
            drop(room);
        }
        Answer::Session { page, session } => session_came(state, page, *session, effects),
        Answer::Watching {
            page,
            trouble: None,
        } => {
            state.is_logged_in = true;
            if let Some(loading) = state.page_mut(page).and_then(Page::loading_mut) {
                *loading = Loading::begun();
            }
        }
        Answer::Unfollowed { page, why } => {
            if let Some(shown) = messages_of(state, page) {
                shown.unfollowed = why;
            }
        }
    }
}

/// True if the page shows a session that is not the one that it was opened for: nothing more of it is taken.
fn is_stray(state: &mut State, page: u64) -> bool {
    messages_of(state, page).is_some_and(|shown| shown.stray.is_some())
}

fn table_of(state: &mut State, page: u64) -> Option<&mut Table> {
    match &mut state.page_mut(page)?.body {
        Body::Table(table) => Some(table),
        _ => None,
    }
}

fn messages_of(state: &mut State, page: u64) -> Option<&mut Messages> {
    match &mut state.page_mut(page)?.body {
        Body::Messages(messages) => Some(messages),
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

fn rows_came(
    state: &mut State,
    page: u64,
    rows: Vec<Record>,
    (total, hidden): (i64, i64),
    gap: Option<String>,
) {
    let now = state.now;
    let Some(view) = table_of(state, page).map(|table| table.view) else {
        return;
    };
    let every = pause(state, view);
    match view.kind {
        Kind::Projects => {
            state.projects = named(&rows);
            state.projects.sort_by(|a, b| a.name.cmp(&b.name));
            state.extent_of_projects = match gap {
                None => Extent::Whole,
                Some(_) => Extent::Part,
            };
            commands::doubt_shown(state);
        }
        Kind::Contexts => state.contexts = rows.iter().map(|row| row.name().to_owned()).collect(),
        _ => {}
    }
    state.is_logged_in = true;
    if let Some(table) = table_of(state, page) {
        table.set_rows(rows, total, now);
        table.hidden = hidden;
        table.gap = gap;
        table.loading.succeeded(now, every);
    }
}

fn fetched(state: &mut State, page: u64, record: Result<Record, Fault>) {
    match (state.page_mut(page), record) {
        (Some(page), Ok(record)) => {
            if let Body::Detail(detail) = &mut page.body {
                detail.renew(record);
            }
        }
        (_, Err(fault)) => state.complain(fault.text),
        (None, _) => {}
    }
}

/// Takes what a session is now. Nothing more is read for a page that is no longer about its session.
fn session_came(state: &mut State, page: u64, session: Record, effects: &mut Vec<Effect>) {
    let Some(page) = state.page_mut(page) else {
        return;
    };
    if let Body::Messages(shown) = &mut page.body {
        let named = Named::new(session.id(), session.name());
        shown.set_session(session, &page.scope);
        if shown.stray.is_some() {
            effects.push(Effect::Cancel { page: page.number });
        } else if let Some(known) = page.scope.session.as_mut().filter(|it| it.id == named.id) {
            *known = named;
        }
    }
}

fn named(rows: &[Record]) -> Vec<Named> {
    let named = rows.iter().map(|row| Named::new(row.id(), row.name()));
    named.collect()
}

/// Adds that something was not done on the server that is shown.
fn elsewhere(said: Result<String, String>) -> Result<String, String> {
    let add = |text: String| format!("On the server before: {text}");
    said.map(add).map_err(add)
}

fn sent(state: &mut State, page: u64, told: Told, echo: Option<Record>) {
    let again = told.unsent.and_then(|draft| state.keep(draft));
    match (told.said, again) {
        (Ok(text), _) => state.say(text),
        (Err(why), again) => state.fail(why, again),
    }
    if let (Some(echo), Some(messages)) = (echo, messages_of(state, page)) {
        messages.sent(&echo);
    }
    // What failed stays marked, and so does what was marked meanwhile.
    if let (Some(row), Some(table)) = (told.row, table_of(state, page)) {
        table.marks.remove(&row);
    }
}
