//! A list of entries with its window. It keeps the last entries, up to a number and up to a size.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::entry::Entry;
use super::filter::Pattern;

/// The most entries of a pane; the oldest are dropped.
pub(super) const MOST: usize = 2000;
/// The most bytes of text in a pane. A single entry is smaller (`entry.rs`).
pub(super) const ROOM: usize = 16 << 20;

/// A list of entries with the place of the window in it. Entries change only through its functions, which keep the
/// limits.
#[derive(Default)]
pub(super) struct Pane {
    entries: VecDeque<Entry>,
    /// How many older entries are not kept.
    pub dropped: usize,
    /// The entry and its line at the top of the window, unless the window follows the end.
    pub top: (usize, usize),
    /// The bytes of all entries.
    bytes: usize,
    /// The largest number of a stored message that was added.
    last_seq: Option<i64>,
    /// The pattern that is searched for.
    pattern: Option<Pattern>,
}

impl Pane {
    #[must_use]
    pub(super) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    /// Adds an entry at the end; a stored message goes before those that were stored later.
    pub(super) fn push(&mut self, mut entry: Entry) {
        entry.is_found = self.finds(&entry);
        self.bytes += entry.bytes();
        let is_late = entry.seq.is_some() && entry.seq < self.last_seq;
        let later = |it: &Entry| it.seq > entry.seq;
        let place = is_late.then(|| self.entries.iter().position(later));
        let place = place.flatten().unwrap_or(self.entries.len());
        self.last_seq = self.last_seq.max(entry.seq);
        self.entries.insert(place, entry);
        self.drop_oldest();
    }

    /// Changes the entry at a place. Places may be others afterwards.
    pub(super) fn change(&mut self, place: usize, change: impl FnOnce(&mut Entry)) {
        let Some(mut entry) = self.entries.get_mut(place).map(std::mem::take) else {
            return;
        };
        self.bytes -= entry.bytes();
        change(&mut entry);
        self.bytes += entry.bytes();
        entry.is_found = self.finds(&entry);
        self.last_seq = self.last_seq.max(entry.seq);
        self.entries[place] = entry;
        self.drop_oldest();
    }

    /// Keeps or removes each entry, which may change before.
    pub(super) fn retain(&mut self, keep: impl FnMut(&mut Entry) -> bool) {
        self.entries.retain_mut(keep);
        self.bytes = self.entries.iter().map(Entry::bytes).sum();
        self.drop_oldest();
    }

    /// Returns the place of the entry that tells of the same begin or end of a run as a new one: one was stored, the
    /// other one came by the stream. Between two of a kind, a run has ended or begun.
    #[must_use]
    pub(super) fn twin(&self, entry: &Entry) -> Option<usize> {
        let is_mark = |it: &Entry| {
            let kind = it.kind.as_str();
            matches!(kind, "RUN_STARTED" | "RUN_FINISHED" | "RUN_ERROR")
        };
        let is_twin =
            |it: &Entry| it.kind == entry.kind && (it.seq.is_none() || entry.seq.is_none());
        let millisecond = |it: &Entry| it.at.map(Timestamp::as_millisecond);
        if !is_mark(entry) {
            return None;
        }
        let is_same = |it: &Entry| is_twin(it) && millisecond(it) == millisecond(entry);
        let last = self.entries.iter().rposition(is_mark);
        let last = last.filter(|place| is_twin(&self.entries[*place]));
        self.entries.iter().rposition(is_same).or(last)
    }

    /// Computes the digests of the texts that have grown.
    pub(super) fn settle(&mut self) {
        self.entries.iter_mut().for_each(Entry::settle);
    }

    /// Marks the entries in which a pattern is found; without a pattern, all.
    pub(super) fn search(&mut self, pattern: Option<Pattern>) {
        self.pattern = pattern;
        let pattern = self.pattern.as_ref();
        for entry in &mut self.entries {
            entry.is_found = pattern.is_none_or(|it| it.is_in(&entry.text));
        }
    }

    fn finds(&self, entry: &Entry) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|it| it.is_in(&entry.text))
    }

    fn drop_oldest(&mut self) {
        while self.entries.len() > MOST || self.bytes > ROOM && self.entries.len() > 1 {
            let oldest = self.entries.pop_front();
            self.bytes -= oldest.as_ref().map_or(0, Entry::bytes);
            self.dropped += 1;
            self.top = match self.top.0.checked_sub(1) {
                Some(entry) => (entry, self.top.1),
                None => (0, 0),
            };
        }
    }

    /// Returns how many entries are shown, and of how many if that is not all.
    #[must_use]
    pub(super) fn count(&self, visible: usize) -> String {
        match self.dropped {
            0 => visible.to_string(),
            dropped => format!("{visible} of {}", self.entries.len() + dropped),
        }
    }
}
