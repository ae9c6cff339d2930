//! The stored messages of one answer, as far as the panes can keep them.

use serde_json::Value;

use super::entry::{self, Focus};
use super::pane::MOST;
use crate::resources::Record;

/// The last messages of an answer, in the order of their numbers. An answer may hold hundreds of thousands: the thread
/// that reads the keys receives only those that a pane can keep.
#[derive(Default)]
pub(super) struct Newest {
    pub messages: Vec<Record>,
    /// How many older ones of the conversation and of the activity are left out.
    pub left_out: (usize, usize),
}

impl Newest {
    #[must_use]
    pub(super) fn of(mut messages: Vec<Record>) -> Self {
        messages.sort_by_key(|it| it.value("seq").and_then(Value::as_i64));
        let (mut talk, mut activity, mut snapshots) = (0, 0, 0);
        let is_kept = |message: &Record| {
            let kind = message.text("event_type");
            let count = match entry::pane_of(kind) {
                Some(Focus::Talk) => &mut talk,
                Some(Focus::Activity) => &mut activity,
                None if kind == entry::SNAPSHOT => &mut snapshots,
                None => return false,
            };
            *count += 1;
            *count <= MOST
        };
        let mut newest: Vec<Record> = messages.into_iter().rev().filter(is_kept).collect();
        newest.reverse();
        Self {
            messages: newest,
            left_out: (talk.saturating_sub(MOST), activity.saturating_sub(MOST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::SESSION_MESSAGE;

    #[test]
    fn the_last_messages_of_each_pane_are_kept_in_their_order() {
        let message = |seq: usize| {
            let kind = ["user", "tool_use", "STATE_DELTA", "of another platform"][seq % 4];
            let value = json!({"seq": seq, "event_type": kind, "payload": "p"});
            Record::decode(&SESSION_MESSAGE, value).unwrap()
        };
        let newest = Newest::of((1..=4 * (MOST + 3)).rev().map(message).collect());
        let seq = |it: &Record| it.value("seq").and_then(Value::as_u64).unwrap();
        let numbers: Vec<u64> = newest.messages.iter().map(seq).collect();
        assert_eq!((numbers.len(), newest.left_out), (2 * MOST, (3, 3)));
        assert!(numbers.is_sorted() && numbers[0] == 13, "{}", numbers[0]);
    }
}
