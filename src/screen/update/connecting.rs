//! Going to another server, and to the same one with another login.

use crate::screen::effect::Effect;
use crate::screen::event::{About, Extent, Fault};
use crate::screen::scope::{Kind, Scope};
use crate::screen::state::{Body, Coming, Mode, State};
use crate::screen::table::Table;
use crate::screen::views;

/// Goes to the server that the user chose.
pub(super) fn switch(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    state.say(format!("Connecting to {name}..."));
    begin(state, Some(name.to_owned()), None, effects);
}

/// Reads the login again, because the server has refused the one before. `page` waits for it.
pub(super) fn renew(state: &mut State, page: u64, effects: &mut Vec<Effect>) {
    begin(state, None, Some(page), effects);
}

fn begin(state: &mut State, to: Option<String>, page: Option<u64>, effects: &mut Vec<Effect>) {
    let _ = state.ask_nothing();
    let number = state.number();
    let waiting = state.coming.take().and_then(|before| before.page);
    state.coming = Some(Coming {
        number,
        to: to.clone(),
        page: page.or(waiting),
    });
    effects.push(Effect::Connect { number, to });
}

/// Begins anew on another server; on the same server, goes on.
pub(super) fn connected(state: &mut State, number: u64, about: About, effects: &mut Vec<Effect>) {
    // It was typed for the connection before.
    let _ = state.ask_nothing();
    let is_same = (&about.context, &about.server) == (&state.about.context, &state.about.server);
    if !is_same {
        let _ = state.write_nothing();
    }
    state.about = about;
    state.connection = number;
    state.is_logged_in = true;
    // A later wish may still be under way.
    if state.coming.as_ref().is_some_and(|it| it.number == number) {
        state.coming = None;
    }
    if is_same {
        go_on(state, effects);
    } else {
        state.server_since = number;
        start_anew(state, effects);
    }
}

/// Gives up everything of the server before.
fn start_anew(state: &mut State, effects: &mut Vec<Effect>) {
    state.projects.clear();
    state.extent_of_projects = Extent::Nothing;
    // A column of another view.
    if matches!(state.mode, Mode::Sort(_)) {
        state.mode = Mode::Normal;
    }
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
}

/// Asks again for what the connection before has not answered: its requests and streams ended with it.
fn go_on(state: &mut State, effects: &mut Vec<Effect>) {
    for page in &mut state.stack {
        match &mut page.body {
            Body::Table(table) => table.loading.forget(),
            Body::Messages(messages) if messages.stray.is_none() => {
                messages.loading.forget();
                messages.loading.begin();
                messages.unfollowed = None;
                let after = messages.after;
                effects.extend(page.scope.session.as_ref().map(|session| Effect::Watch {
                    page: page.number,
                    session: session.id.clone(),
                    project: page.scope.project_id().to_owned(),
                    after,
                }));
            }
            _ => {}
        }
    }
}

/// Goes on with the connection that stands. If the server has refused its login, that is read again later and later.
pub(super) fn unconnected(state: &mut State, number: u64, fault: Fault) {
    let Some(coming) = state.coming.take_if(|it| it.number == number) else {
        return;
    };
    state.complain(match coming.to {
        Some(_) => format!("{} (still on {})", fault.text, state.about.context),
        None => fault.text.clone(),
    });
    if let Some(page) = coming.page {
        let fault = Fault {
            status: Some(401),
            ..fault
        };
        state.reading_failed(page, fault);
    }
}
