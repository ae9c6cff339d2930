//! The one way in which the screen changes something.

use crate::screen::changes::Change;
use crate::screen::drafts::Draft;
use crate::screen::effect::{Effect, Send};
use crate::screen::state::State;

/// Sends requests for a page, and says what is being done, unless nothing can be changed now. What was `typed` for them
/// is kept if it is not sent, or fails.
pub(super) fn send(
    state: &mut State,
    page: u64,
    mut sends: Vec<Send>,
    (doing, typed): (String, Option<Draft>),
    effects: &mut Vec<Effect>,
) {
    if let Some(why) = state.refusal() {
        if let Some(draft) = typed {
            state.keep(draft);
        }
        return state.complain(why);
    }
    let done = sends.first().map(|send| send.done.clone());
    let mut changes = Vec::new();
    for send in &mut sends {
        send.number = state.number();
        let doing = send.doing.as_deref().unwrap_or(&doing);
        changes.push(Change {
            number: send.number,
            doing: doing.trim_end_matches('.').to_owned(),
            row: send.row.clone(),
        });
    }
    state
        .changes
        .begin(changes, done.unwrap_or_default(), typed);
    state.say(doing);
    effects.push(Effect::Send { page, sends });
}
