//! The messages of a session: the conversation, and the activity of its run. They grow while they stream.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::drafts::{Draft, Purpose};
use super::entry::{self, Entry, Focus, Look, Row, SNAPSHOT, Time, content, text_of};
use super::filter::Pattern;
use super::input::Line;
use super::loading::Loading;
use super::newest::Newest;
use super::pane::{MOST, Pane};
use super::scope::Scope;
use crate::api::json_in;
use crate::resources::{Record, check_owner, is_usable_id};

/// The longest text of a message, in characters.
const LONGEST: usize = 4096;
/// The field of a message that holds its text.
const PAYLOAD: &str = "payload";
/// The most IDs of messages that are remembered.
const REMEMBERED: usize = 10_000;

/// The messages of one session.
pub(super) struct Messages {
    pub talk: Pane,
    pub activity: Pane,
    pub focus: Focus,
    /// True while only the pane with the focus is shown.
    pub is_zoomed: bool,
    pub follows: bool,
    pub is_raw: bool,
    pub is_pretty: bool,
    pub time: Time,
    search: String,
    pub compose: Option<Line>,
    /// The place of the message that is written among those that could not be sent.
    number: u64,
    pub phase: String,
    /// The reading of the stored messages, which goes on by itself until the login is refused.
    pub loading: Loading,
    /// The number behind which the next messages are read.
    pub after: i64,
    /// Why the events of the run are not followed.
    pub unfollowed: Option<String>,
    /// True once the stored messages were read: until then, their number is not known.
    pub is_read: bool,
    pub session: Option<Record>,
    /// Why the session is not the one that the page was opened for.
    pub stray: Option<String>,
    /// The number of the last stored message.
    pub last_seq: i64,
    next: u64,
    /// Messages of the run that are complete, see [`entry::message_of`]: a stream that begins again repeats them.
    complete: BTreeSet<u64>,
    /// The text that grows in the activity, with its kind.
    pending: Option<(&'static str, String)>,
}

impl Messages {
    #[must_use]
    pub(super) fn new(phase: &str) -> Self {
        Self {
            talk: Pane::default(),
            activity: Pane::default(),
            focus: Focus::Talk,
            is_zoomed: false,
            follows: true,
            is_raw: false,
            is_pretty: true,
            time: Time::Off,
            search: String::new(),
            compose: None,
            number: 0,
            phase: phase.to_owned(),
            loading: Loading::begun(),
            after: 0,
            unfollowed: None,
            is_read: false,
            session: None,
            stray: None,
            last_seq: 0,
            next: 0,
            complete: BTreeSet::new(),
            pending: None,
        }
    }

    /// Opens the line for a message, with the text that was not sent.
    pub(super) fn write(&mut self, draft: &Draft) {
        let text = draft.text(PAYLOAD).unwrap_or_default();
        self.follows = true;
        self.number = draft.number;
        self.compose = Some(Line::new(text, LONGEST.max(text.chars().count())));
    }

    /// Returns a text of the line for a message, to bring it back.
    #[must_use]
    pub(super) fn draft(&self, purpose: Purpose, text: &str) -> Draft {
        Draft {
            number: self.number,
            purpose,
            key: "m".to_owned(),
            values: vec![(PAYLOAD, text.into())],
        }
    }

    /// Takes what is known about the session now, unless it is one of another project or agent: than the page says, or
    /// than it was before. Then the page stays as it is, and `stray` says why.
    pub(super) fn set_session(&mut self, session: Record, scope: &Scope) {
        let before = self.session.as_ref();
        let known = |field| before.map_or("", |it| it.text(field));
        let checked = check_owner(&session, scope.project_id(), scope.agent_id())
            .and_then(|()| check_owner(&session, known("project_id"), known("agent_id")));
        if let Err(why) = checked {
            self.stray = Some(format!("{why}; nothing more is read or sent here"));
            return;
        }
        session.text("phase").clone_into(&mut self.phase);
        self.session = Some(session);
    }

    /// Takes the stored messages of an answer. The next ones are those behind the number `after`.
    pub(super) fn read(&mut self, newest: &Newest, after: i64) {
        self.is_read = true;
        self.after = after;
        self.talk.dropped += newest.left_out.0;
        self.activity.dropped += newest.left_out.1;
        self.talk.settle();
        for message in &newest.messages {
            self.stored(message);
        }
    }

    /// Takes a message that was just sent.
    pub(super) fn sent(&mut self, message: &Record) {
        self.talk.settle();
        self.stored(message);
    }

    /// Says why nothing is sent to the session.
    #[must_use]
    pub(super) fn refusal(&self) -> Option<String> {
        let why = match (&self.stray, &self.session) {
            (Some(_), _) => "Nothing is sent: this is not the session that the page was opened for",
            (None, None) => "Nothing is sent before the session was read",
            (None, Some(_)) => return None,
        };
        Some(why.to_owned())
    }

    /// Takes a stored message, unless it is known already. It replaces the copy that came by the stream.
    fn stored(&mut self, message: &Record) {
        let seq = message.value("seq").and_then(Value::as_i64);
        if let Some(seq) = seq {
            let is_known = |pane: &Pane| pane.entries().iter().any(|it| it.seq == Some(seq));
            if seq <= self.last_seq && (is_known(&self.talk) || is_known(&self.activity)) {
                return;
            }
            self.last_seq = self.last_seq.max(seq);
        }
        let kind = message.text("event_type");
        let payload = message.text("payload");
        let json = json_in(payload);
        let at = message.text("created_at").parse().ok();
        if kind == SNAPSHOT {
            return self.snapshot(&json.unwrap_or_default(), at, seq);
        }
        let Some(focus) = entry::pane_of(kind) else {
            return;
        };
        let Some(text) = text_of(kind, payload, json.as_ref()) else {
            return;
        };
        let mut entry = self.entry(kind, text, payload, at);
        entry.seq = seq;
        let same =
            |it: &Entry| it.seq.is_none() && it.digest == entry.digest && it.kind == entry.kind;
        let place = match focus {
            Focus::Talk => self.talk.entries().iter().rposition(same),
            Focus::Activity => self.activity.twin(&entry),
        };
        let pane = self.pane_mut(focus);
        match place {
            Some(place) => pane.change(place, |it| {
                entry.number = it.number;
                *it = entry;
            }),
            None => pane.push(entry),
        }
    }

    /// Takes an event of the run.
    pub(super) fn streamed(&mut self, event: &Value, now: Timestamp) {
        // A stream begins with what happened before.
        let now = time_of(event).unwrap_or(now);
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = text("type");
        let id = entry::message_of(text("messageId")).or(entry::message_of(text("message_id")));
        match kind {
            "TEXT_MESSAGE_START" | "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK" => {
                self.flush(now);
                if !id.is_some_and(|id| self.complete.contains(&id)) {
                    self.talk_grows(id, text("delta"), now);
                }
                return;
            }
            "TEXT_MESSAGE_END" => return self.talk_ends(id, now),
            "REASONING_MESSAGE_CONTENT" => return self.grow("reasoning", text("delta"), now),
            "TOOL_CALL_ARGS" => return self.grow("tool_args", text("delta"), now),
            _ => self.flush(now),
        }
        if matches!(kind, "RUN_FINISHED" | "RUN_ERROR") {
            self.talk_ends(None, now);
        }
        if kind == SNAPSHOT {
            self.talk.settle();
            return self.snapshot(event, Some(now), None);
        }
        if entry::pane_of(kind).is_none() {
            return;
        }
        let payload = event.to_string();
        if let Some(text) = text_of(kind, &payload, Some(event)) {
            let entry = self.entry(kind, text, &payload, Some(now));
            if self.activity.twin(&entry).is_none() {
                self.activity.push(entry);
            }
        }
    }

    /// Adds to the message that the assistant is writing, at the end of the conversation.
    fn talk_grows(&mut self, id: Option<u64>, delta: &str, now: Timestamp) {
        let live = |it: &Entry| it.is_live && it.message == id;
        let live = self.talk.entries().iter().rposition(live);
        let place = live.unwrap_or_else(|| {
            let mut entry = self.entry("assistant", String::new(), "", Some(now));
            entry.is_live = true;
            entry.message = id;
            self.talk.push(entry);
            self.talk.entries().len() - 1
        });
        self.talk.change(place, |it| it.grow(delta));
    }

    /// Ends the messages that the assistant is writing: the one with this ID, or all. A message that is stored already
    /// was shown before.
    fn talk_ends(&mut self, id: Option<u64>, now: Timestamp) {
        let is_ended = |it: &Entry| it.is_live && (id.is_none() || it.message == id);
        self.talk.settle();
        let entries = self.talk.entries().iter();
        let ended: Vec<Entry> = entries.clone().filter(|it| is_ended(it)).cloned().collect();
        let stored = entries.filter(|it| it.seq.is_some());
        let stored: BTreeSet<Option<u64>> = stored.map(|it| it.digest).collect();
        if ended.is_empty() {
            return;
        }
        self.talk.retain(|it| {
            let is_ended = is_ended(it);
            if is_ended {
                it.end();
            }
            !is_ended || !it.text.trim().is_empty() && !stored.contains(&it.digest)
        });
        for Entry { message, text, .. } in ended {
            self.remember(message);
            if !text.trim().is_empty() {
                let payload = text.clone();
                let copy = self.entry("text", text, &payload, Some(now));
                self.activity.push(copy);
            }
        }
    }

    fn remember(&mut self, message: Option<u64>) {
        if self.complete.len() < REMEMBERED {
            self.complete.extend(message);
        }
    }

    /// Collects the parts of a text in the activity.
    fn grow(&mut self, kind: &'static str, delta: &str, now: Timestamp) {
        if self
            .pending
            .as_ref()
            .is_some_and(|(pending, _)| *pending != kind)
        {
            self.flush(now);
        }
        let (_, text) = self.pending.get_or_insert_with(|| (kind, String::new()));
        entry::add(text, delta);
    }

    fn flush(&mut self, now: Timestamp) {
        let Some((kind, text)) = self.pending.take() else {
            return;
        };
        let entry = self.entry(kind, entry::limited(&text), &text, Some(now));
        self.activity.push(entry);
    }

    /// Takes the assistant's texts of a snapshot that are not shown yet: of the last messages, as many as are kept.
    fn snapshot(&mut self, value: &Value, at: Option<Timestamp>, seq: Option<i64>) {
        let messages = value.get("messages").and_then(Value::as_array);
        let is_own = |it: &&Value| it.get("role").and_then(Value::as_str) == Some("assistant");
        let own: Vec<&Value> = messages.into_iter().flatten().filter(is_own).collect();
        let shown = self
            .talk
            .entries()
            .iter()
            .filter(|it| it.kind == "assistant");
        let mut shown: BTreeSet<Option<u64>> = shown.map(|it| it.digest).collect();
        for message in &own[own.len().saturating_sub(MOST)..] {
            let Some(raw) = message.get("content").and_then(content) else {
                continue;
            };
            let mut entry = self.entry("assistant", entry::limited(&raw), &raw, at);
            if entry.text.trim().is_empty() || !shown.insert(entry.digest) {
                continue;
            }
            let id = message.get("id").and_then(Value::as_str);
            self.remember(entry::message_of(id.unwrap_or_default()));
            entry.seq = seq;
            self.talk.push(entry);
        }
    }

    /// Returns an entry with a text that is limited already.
    fn entry(&mut self, kind: &str, text: String, payload: &str, at: Option<Timestamp>) -> Entry {
        self.next += 1;
        Entry {
            at,
            ..Entry::new(self.next, kind, text, payload)
        }
    }

    #[must_use]
    pub(super) fn pane(&self, focus: Focus) -> &Pane {
        match focus {
            Focus::Talk => &self.talk,
            Focus::Activity => &self.activity,
        }
    }

    fn pane_mut(&mut self, focus: Focus) -> &mut Pane {
        match focus {
            Focus::Talk => &mut self.talk,
            Focus::Activity => &mut self.activity,
        }
    }

    /// Returns the look of a pane: only the conversation can be raw.
    #[must_use]
    pub(super) fn look(&self, focus: Focus, width: usize) -> Look {
        let is_talk = focus == Focus::Talk;
        Look {
            width,
            is_raw: self.is_raw && is_talk,
            is_pretty: self.is_pretty,
            time: self.time,
        }
    }

    /// Returns the text that is searched for.
    #[must_use]
    pub(super) fn search(&self) -> &str {
        &self.search
    }

    /// Searches the conversation for a text; an empty one shows all.
    pub(super) fn search_for(&mut self, text: &str) {
        text.clone_into(&mut self.search);
        let pattern = (!text.is_empty()).then(|| Pattern::new(text));
        self.talk.search(pattern);
    }

    /// Returns the places of the entries that are shown: the search hides those of the conversation that do not match.
    #[must_use]
    pub(super) fn visible(&self, focus: Focus) -> Vec<usize> {
        let entries = self.pane(focus).entries();
        let is_found = |at: &usize| entries[*at].is_found;
        (0..entries.len()).filter(is_found).collect()
    }

    /// Returns the first entry and line of a window: the end if the window follows it, else the place where it was
    /// left.
    #[must_use]
    pub(super) fn top(
        &self,
        focus: Focus,
        (width, height): (usize, usize),
        now: Timestamp,
    ) -> (usize, usize) {
        let visible = self.visible(focus);
        let entries = self.pane(focus).entries();
        let look = self.look(focus, width);
        if !self.follows {
            let (entry, line) = self.pane(focus).top;
            let entry = entry.min(visible.len().saturating_sub(1));
            // The entry may have fewer lines by now: in another form, or in a wider window.
            let lines = visible
                .get(entry)
                .map(|at| entries[*at].rows(look, now).len());
            return (entry, line.min(lines.unwrap_or_default().saturating_sub(1)));
        }
        let mut left = height;
        for (place, at) in visible.iter().enumerate().rev() {
            let count = entries[*at].rows(look, now).len();
            if count >= left {
                return (place, count - left);
            }
            left -= count;
        }
        (0, 0)
    }

    /// Lets both windows stand where they are: the conversation of the first size, the activity of the second one.
    pub(super) fn stand(&mut self, sizes: [(usize, usize); 2], now: Timestamp) {
        if !self.follows {
            return;
        }
        for (focus, size) in [Focus::Talk, Focus::Activity].into_iter().zip(sizes) {
            let top = self.top(focus, size, now);
            self.pane_mut(focus).top = top;
        }
        self.follows = false;
    }

    /// Moves the window of the focused pane by lines; it stops to follow the end.
    pub(super) fn scroll(&mut self, by: i64, size: (usize, usize), now: Timestamp) {
        let focus = self.focus;
        let (mut entry, mut line) = self.top(focus, size, now);
        self.follows = false;
        let visible = self.visible(focus);
        let look = self.look(focus, size.0);
        let count = |entry: usize| {
            let at = visible.get(entry);
            at.map_or(1, |at| {
                self.pane(focus).entries()[*at].rows(look, now).len()
            })
        };
        let mut lines = count(entry);
        for _ in 0..by.unsigned_abs() {
            let before = (entry, line);
            if by > 0 {
                if line + 1 < lines {
                    line += 1;
                } else if entry + 1 < visible.len() {
                    (entry, line) = (entry + 1, 0);
                    lines = count(entry);
                }
            } else if line > 0 {
                line -= 1;
            } else if entry > 0 {
                entry -= 1;
                lines = count(entry);
                line = lines.saturating_sub(1);
            }
            // At an end, there is nowhere to go.
            if before == (entry, line) {
                break;
            }
        }
        self.pane_mut(focus).top = (entry, line);
    }

    /// Moves the window of the focused pane to its first entry.
    pub(super) fn go_to_start(&mut self) {
        self.follows = false;
        let focus = self.focus;
        self.pane_mut(focus).top = (0, 0);
    }

    /// Returns the place of the entry that copying takes: the last one while the window follows, else the one at the
    /// top.
    #[must_use]
    pub(super) fn pointed(&self, focus: Focus) -> Option<&Entry> {
        let visible = self.visible(focus);
        let place = if self.follows {
            visible.last()
        } else {
            visible.get(self.pane(focus).top.0)
        };
        self.pane(focus).entries().get(*place?)
    }

    /// Returns the conversation as text, for export. It begins with what is missing.
    #[must_use]
    pub(super) fn transcript(&self) -> String {
        let missing = match self.talk.dropped {
            0 => String::new(),
            count => {
                let id = self.session.as_ref().map(Record::id);
                let id = id.filter(|id| is_usable_id(id)).unwrap_or("ID");
                format!("({count} older messages are missing: acpctl session messages {id})\n\n")
            }
        };
        let entry = |it: &Entry| {
            let at = it.at.map(|at| format!("  {at}")).unwrap_or_default();
            format!("## {}{at}\n\n{}\n\n", it.kind, it.text)
        };
        let entries = self.talk.entries().iter().map(entry);
        std::iter::once(missing).chain(entries).collect()
    }

    /// Returns the rows of a pane from the top of its window, at most as many as fit.
    #[must_use]
    pub(super) fn window(
        &self,
        focus: Focus,
        size: (usize, usize),
        now: Timestamp,
    ) -> Vec<(usize, Row)> {
        let (first, skipped) = self.top(focus, size, now);
        let visible = self.visible(focus);
        let look = self.look(focus, size.0);
        let entries = self.pane(focus).entries();
        let rows = visible.iter().skip(first).flat_map(|at| {
            let rows = entries[*at].rows(look, now).into_iter();
            rows.map(move |row| (*at, row))
        });
        rows.skip(skipped).take(size.1).collect()
    }
}

/// Returns the time of an event, in milliseconds since 1970, if the runner tells it.
fn time_of(event: &Value) -> Option<Timestamp> {
    let milliseconds = event.get("timestamp")?.as_f64()?;
    #[allow(clippy::cast_possible_truncation, reason = "another time is refused")]
    Timestamp::from_millisecond(milliseconds as i64).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::pane::ROOM;
    use super::*;
    use crate::resources::SESSION_MESSAGE;

    fn bytes(pane: &Pane) -> usize {
        pane.entries().iter().map(Entry::bytes).sum()
    }

    fn now() -> Timestamp {
        "2026-12-01T00:00:00Z".parse().unwrap()
    }

    fn stored(seq: i64, kind: &str, payload: &str) -> Record {
        let value = json!({"id": seq.to_string(), "session_id": "s", "seq": seq, "event_type": kind, "payload": payload});
        Record::decode(&SESSION_MESSAGE, value).unwrap()
    }

    #[test]
    fn a_pane_keeps_the_last_texts_up_to_a_limit() {
        let mut messages = Messages::new("Running");
        for n in 0..200 {
            let text = format!("{n} {}", "x".repeat(200 << 10));
            messages.stored(&stored(n + 1, "assistant", &text));
        }
        let entries = messages.talk.entries();
        let bytes = bytes(&messages.talk);
        assert!(bytes <= ROOM && entries.len() > 10, "{bytes}");
        assert!(entries.back().unwrap().text.starts_with("199 "));
    }

    fn texts(pane: &Pane) -> Vec<String> {
        let text = |it: &Entry| format!("{}: {}", it.kind, it.text);
        pane.entries().iter().map(text).collect()
    }

    fn say(messages: &mut Messages, kind: &str, id: &str, delta: &str) {
        messages.streamed(
            &json!({"type": kind, "messageId": id, "delta": delta}),
            now(),
        );
    }

    #[test]
    fn bug_34_a_message_grows_while_it_streams() {
        let mut messages = Messages::new("Running");
        say(&mut messages, "TEXT_MESSAGE_START", "m", "");
        say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "Hel");
        say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "lo");
        assert_eq!(texts(&messages.talk), ["assistant: Hello"]);
        let rows = messages.window(Focus::Talk, (80, 5), now());
        assert!(rows[0].1.text.ends_with("Hello▌"), "{rows:?}");
        say(&mut messages, "TEXT_MESSAGE_END", "m", "");
        assert_eq!(texts(&messages.activity), ["text: Hello"]);
        let rows = messages.window(Focus::Talk, (80, 5), now());
        assert!(rows[0].1.text.ends_with("Hello"), "{rows:?}");
    }

    #[test]
    fn bug_31_a_stored_message_replaces_the_copy_of_the_stream() {
        let mut messages = Messages::new("Running");
        for text in [true, false] {
            if text {
                say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "Hello");
                say(&mut messages, "TEXT_MESSAGE_END", "m", "");
            } else {
                messages.stored(&stored(2, "assistant", "World"));
                say(&mut messages, "TEXT_MESSAGE_CONTENT", "n", "World");
                say(&mut messages, "TEXT_MESSAGE_END", "n", "");
            }
        }
        messages.stored(&stored(1, "assistant", "Hello"));
        messages.stored(&stored(1, "assistant", "Hello"));
        assert_eq!(
            texts(&messages.talk),
            ["assistant: Hello", "assistant: World"]
        );
    }

    #[test]
    fn stored_messages_are_in_their_order_however_they_come() {
        let mut messages = Messages::new("Running");
        for seq in [2, 1, 3] {
            messages.stored(&stored(seq, "user", &format!("m{seq}")));
        }
        assert_eq!(texts(&messages.talk), ["user: m1", "user: m2", "user: m3"]);
    }

    #[test]
    fn bug_30_a_stream_that_begins_again_repeats_nothing() {
        let mut messages = Messages::new("Running");
        for _ in 0..2 {
            say(&mut messages, "TEXT_MESSAGE_START", "m", "");
            say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "Hello");
            say(&mut messages, "TEXT_MESSAGE_END", "m", "");
        }
        assert_eq!(texts(&messages.talk), ["assistant: Hello"]);
    }

    #[test]
    fn bug_32_two_texts_of_one_snapshot_are_both_shown() {
        let mut messages = Messages::new("Running");
        let snapshot = json!({"type": "MESSAGES_SNAPSHOT", "messages": [
            {"role": "user", "content": "no"},
            {"role": "assistant", "content": "first"},
            {"role": "assistant", "content": [{"type": "text", "text": "second"}]},
        ]});
        messages.streamed(&snapshot, now());
        messages.streamed(&snapshot, now());
        assert_eq!(
            texts(&messages.talk),
            ["assistant: first", "assistant: second"]
        );
        let rows = messages.window(Focus::Talk, (80, 5), now());
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows[1].1.text.contains("second"));
    }

    #[test]
    fn parts_of_an_activity_are_joined() {
        let mut messages = Messages::new("Running");
        for (kind, delta) in [
            ("REASONING_MESSAGE_CONTENT", "Thin"),
            ("REASONING_MESSAGE_CONTENT", "king"),
            ("TOOL_CALL_ARGS", "{\"a\""),
            ("TOOL_CALL_ARGS", ":1}"),
            ("TOOL_CALL_END", ""),
            ("CUSTOM", ""),
        ] {
            say(&mut messages, kind, "", delta);
        }
        assert_eq!(
            texts(&messages.activity),
            ["reasoning: Thinking", "tool_args: {\"a\":1}"]
        );
    }

    #[test]
    fn bug_9_all_lines_of_an_entry_have_one_gutter_and_fit() {
        let mut messages = Messages::new("Running");
        messages.stored(&stored(
            1,
            "user",
            "日本語 text and more words than fit on one line of the window",
        ));
        messages.stored(&stored(2, "TOOL_CALL_RESULT", r#"{"content":"ok"}"#));
        for time in [Time::Off, Time::Relative, Time::Absolute] {
            messages.time = time;
            for width in [20, 40, 80] {
                for focus in [Focus::Talk, Focus::Activity] {
                    let rows = messages.window(focus, (width, 50), now());
                    let gutters: BTreeSet<usize> = rows
                        .iter()
                        .map(|(_, row)| super::super::shown::width(&row.gutter))
                        .collect();
                    assert_eq!(gutters.len(), 1, "{rows:?}");
                    for (_, row) in &rows {
                        let wide = super::super::shown::width(&row.gutter)
                            + super::super::shown::width(&row.text);
                        assert!(wide <= width.max(30), "{width} {row:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn scrolling_stops_following_and_moves_line_by_line() {
        let mut messages = Messages::new("Running");
        for seq in 1..=10 {
            messages.stored(&stored(seq, "user", &format!("line {seq}\nmore {seq}")));
        }
        let size = (80, 4);
        let first =
            |messages: &Messages| messages.window(Focus::Talk, size, now())[0].1.text.clone();
        assert_eq!(first(&messages), "line 9");
        messages.scroll(-1, size, now());
        assert_eq!(first(&messages), "more 8");
        messages.scroll(1, size, now());
        assert_eq!(first(&messages), "line 9");
        assert!(!messages.follows);
        messages.go_to_start();
        assert_eq!(
            messages.pointed(Focus::Talk).unwrap().text,
            "line 1\nmore 1"
        );
    }

    #[test]
    fn a_window_is_never_behind_the_lines_of_its_entry() {
        let mut messages = Messages::new("Running");
        let text: Vec<String> = (1..=60).map(|n| format!("line {n}")).collect();
        messages.stored(&stored(1, "assistant", &text.join("\n")));
        let size = (80, 5);
        messages.scroll(-3, size, now());
        messages.is_pretty = false;
        let rows = messages.window(Focus::Talk, size, now());
        assert!(rows[0].1.text.contains("line 16"), "{rows:?}");
        messages.is_pretty = true;
        let rows = messages.window(Focus::Talk, size, now());
        assert_eq!(rows[0].1.text, "line 53");
    }

    #[test]
    fn events_have_the_time_at_which_they_happened_and_a_run_begins_and_ends_once() {
        let mark = |kind: &str, at: i64| json!({"type": kind, "timestamp": at});
        let kinds = |messages: &Messages| {
            let entries = messages.activity.entries().iter();
            entries.map(|it| it.kind.clone()).collect::<Vec<_>>()
        };
        let both = ["RUN_STARTED", "RUN_FINISHED"];
        let (start, end) = (1000, 2000);
        for stored_first in [true, false] {
            let mut messages = Messages::new("Running");
            for (seq, (kind, at)) in (1..).zip([(both[0], start), (both[1], end)]) {
                for is_stored in [stored_first, !stored_first] {
                    if is_stored {
                        messages.stored(&stored(seq, kind, "{}"));
                    } else {
                        messages.streamed(&mark(kind, at), now());
                    }
                }
            }
            assert_eq!(kinds(&messages), both);
            // A stream that begins again repeats nothing, and the next run is another one.
            let mut messages = Messages::new("Running");
            for kind in [both[0], both[1], both[0], both[1]] {
                messages.streamed(
                    &mark(kind, if kind == both[0] { start } else { end }),
                    now(),
                );
            }
            assert_eq!(kinds(&messages), both);
            messages.streamed(&mark(both[0], 3000), now());
            assert_eq!(kinds(&messages).len(), 3);
        }
        let mut messages = Messages::new("Running");
        messages.streamed(&mark(both[0], 1000), now());
        let at = messages.activity.entries()[0].at.unwrap();
        assert_eq!(at.as_second(), 1);
        messages.streamed(&json!({"type": "RUN_FINISHED"}), now());
        assert_eq!(messages.activity.entries()[1].at, Some(now()));
    }

    #[test]
    fn both_panes_stand_still_when_one_is_moved() {
        let mut messages = Messages::new("Running");
        for seq in 1..=20 {
            messages.stored(&stored(seq, "user", &format!("said {seq}")));
            messages.stored(&stored(seq + 100, "log", &format!("did {seq}")));
        }
        let sizes = [(80, 5), (80, 4)];
        let first = |messages: &Messages, focus| {
            let size = sizes[usize::from(focus == Focus::Activity)];
            messages.window(focus, size, now())[0].1.text.clone()
        };
        messages.stand(sizes, now());
        messages.scroll(-1, sizes[0], now());
        assert_eq!(first(&messages, Focus::Talk), "said 15");
        assert_eq!(first(&messages, Focus::Activity), "did 17");
    }

    #[test]
    fn what_is_not_kept_is_counted_and_said() {
        let mut messages = Messages::new("Running");
        let whole = messages.transcript();
        assert_eq!((whole.as_str(), messages.talk.count(0).as_str()), ("", "0"));
        for seq in 1..=2003 {
            messages.stored(&stored(seq, "user", &format!("m{seq}")));
        }
        assert_eq!(messages.talk.count(2000), "2000 of 2003");
        let missing = "(3 older messages are missing: acpctl session messages ID)\n\n## user\n\nm4";
        let text = messages.transcript();
        assert!(text.starts_with(missing), "{}", &text[..100]);
    }

    #[test]
    fn a_text_that_is_cut_says_so() {
        let cut = "… (the rest is not kept)";
        let mut messages = Messages::new("Running");
        let part = "x".repeat(100 << 10);
        for _ in 0..5 {
            say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", &part);
            say(&mut messages, "TOOL_CALL_ARGS", "", "");
        }
        let text = &messages.talk.entries()[0].text;
        assert!(text.ends_with(cut) && text.matches(cut).count() == 1);
        for _ in 0..5 {
            say(&mut messages, "TOOL_CALL_ARGS", "", &part);
        }
        say(&mut messages, "TOOL_CALL_END", "", "");
        let text = &messages.activity.entries().back().unwrap().text;
        assert!(text.ends_with(cut), "{}", text.len());
        messages.stored(&stored(1, "user", &part));
        let payload = &messages.talk.entries().back().unwrap().payload;
        assert!(payload.ends_with(cut), "{}", payload.len());
    }

    #[test]
    fn kinds_ids_and_texts_of_any_length_stay_within_the_limit_of_a_pane() {
        let mut messages = Messages::new("Running");
        let long = "x".repeat(300 << 10);
        for n in 0..30 {
            let kind = format!("REASONING_{long}");
            messages.stored(&stored(n + 1, &kind, r#"{"delta":"hi"}"#));
            let id = format!("{long}{n}");
            say(&mut messages, "TEXT_MESSAGE_CONTENT", &id, "hi");
            say(&mut messages, "TEXT_MESSAGE_END", &id, "");
        }
        assert!(bytes(&messages.activity) < 30 * 200 && bytes(&messages.talk) < 30 * 200);
        // Messages that grow together are limited together, and so is what is kept of them at their end.
        for _ in 0..2 {
            for n in 0..100 {
                let delta = "y".repeat(100 << 10);
                say(
                    &mut messages,
                    "TEXT_MESSAGE_CONTENT",
                    &n.to_string(),
                    &delta,
                );
                assert!(bytes(&messages.talk) <= ROOM);
            }
        }
        say(&mut messages, "RUN_FINISHED", "", "");
        assert!(bytes(&messages.talk) <= ROOM && bytes(&messages.activity) <= ROOM);
        for n in 0..60 {
            let message = json!({"role": "assistant", "content": format!("{n}{long}")});
            let snapshot = json!({"type": SNAPSHOT, "messages": [message]});
            messages.streamed(&snapshot, now());
        }
        assert!(bytes(&messages.talk) <= ROOM, "{}", bytes(&messages.talk));
    }

    #[test]
    fn of_a_long_snapshot_the_last_texts_are_shown() {
        let mut messages = Messages::new("Running");
        let message = |n: usize| json!({"role": "assistant", "content": n.to_string()});
        let all: Vec<Value> = (0..10 * MOST).map(message).collect();
        let snapshot = json!({"type": SNAPSHOT, "messages": all});
        for _ in 0..3 {
            messages.streamed(&snapshot, now());
        }
        let shown = texts(&messages.talk);
        assert_eq!((shown.len(), messages.talk.dropped), (MOST, 0));
        assert_eq!(shown[MOST - 1], format!("assistant: {}", 10 * MOST - 1));
    }

    #[test]
    fn a_search_holds_for_what_comes_later() {
        let mut messages = Messages::new("Running");
        messages.stored(&stored(1, "user", "one"));
        messages.search_for("TWO");
        messages.stored(&stored(2, "user", "two"));
        say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "t");
        assert_eq!(messages.visible(Focus::Talk), [1]);
        say(&mut messages, "TEXT_MESSAGE_CONTENT", "m", "wo");
        assert_eq!(messages.visible(Focus::Talk), [1, 2]);
        messages.search_for("");
        assert_eq!(messages.visible(Focus::Talk), [0, 1, 2]);
    }
}
