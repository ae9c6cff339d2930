//! The one way in which the screen changes something.

use crate::screen::effect::{Effect, Send};
use crate::screen::state::State;

/// Sends requests for a page, and says what is being done, unless nothing can be changed now.
pub(super) fn send(
    state: &mut State,
    page: u64,
    mut sends: Vec<Send>,
    doing: String,
    effects: &mut Vec<Effect>,
) {
    if let Some(why) = state.refusal() {
        return state.complain(why);
    }
    for send in &mut sends {
        send.number = state.number();
        let doing = send.doing.as_deref().unwrap_or(&doing);
        let doing = doing.trim_end_matches('.').to_owned();
        state.unanswered.push((send.number, doing));
    }
    state.say(doing);
    effects.push(Effect::Send { page, sends });
}
