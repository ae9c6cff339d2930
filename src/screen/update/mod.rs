//! What the screen does when something happens: changes its state, and asks for effects.

mod actions;
mod answers;
mod commands;
mod connecting;
mod editing;
mod keys;
mod pages;
mod sending;
mod typing;
mod usable;

pub(super) use commands::completions;

use super::effect::Effect;
use super::event::Event;
use super::layout;
use super::state::{Body, State, Toast};

/// Takes an event.
#[must_use]
pub(super) fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    match event {
        Event::Key(key) => {
            state.release();
            keys::key(state, key, &mut effects);
        }
        Event::Paste(text) => typing::paste(state, &text, &mut effects),
        Event::Resize(width, height) => state.size = (width, height),
        Event::Wheel(by) => keys::wheel(state, by),
        Event::Click { column, row } => keys::click(state, column, row),
        Event::Tick(now) => tick(state, now),
        Event::Answer(connection, answer) => {
            answers::take(state, connection, answer, &mut effects);
        }
        Event::Edited(text) => editing::edited(state, text),
        Event::Outside(ended) => outside(state, ended),
        Event::Say(text, false) => state.say(text),
        Event::Say(text, true) => state.complain(text),
        Event::Stop => effects.push(Effect::Suspend),
        Event::Continued => {}
        Event::Lost => pages::quit(state, &mut effects),
    }
    settle(state);
    effects.extend(pages::due(state));
    effects
}

/// Starts the screen: runs the command that it was started with.
#[must_use]
pub(super) fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(command) = state.options.command.clone() {
        commands::run(state, &command, &mut effects);
    }
    settle(state);
    effects.extend(pages::due(state));
    effects
}

/// Reads the page again after a command that may have changed something.
fn outside(state: &mut State, ended: Result<(), String>) {
    if let Err(why) = ended {
        state.complain(why);
    }
    if let Some(table) = state.table_mut() {
        table.loading.hurry();
    }
}

fn tick(state: &mut State, now: jiff::Timestamp) {
    state.now = now;
    let is_over = |toast: &Toast| !toast.is_held && now >= toast.until;
    if state.toast.as_ref().is_some_and(is_over) {
        state.toast = None;
    }
    // Ages and ends change with time, and so may the order of the rows.
    if let Some(table) = state.table_mut()
        && table.sort.is_some()
    {
        table.arrange(now);
    }
}

/// Keeps each window on what is selected in it.
fn settle(state: &mut State) {
    let rows = layout::table_rows(state);
    let text = usize::from(layout::inside(layout::areas(state).body).height);
    match state.top_mut().map(|page| &mut page.body) {
        Some(Body::Table(table)) => table.settle(rows),
        Some(Body::Detail(detail)) => {
            let first = (detail.cursor + 1).saturating_sub(text.max(1));
            detail.offset = detail.offset.clamp(first, detail.cursor);
        }
        _ => {}
    }
}
