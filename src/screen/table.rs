//! The rows of a view: which are shown, in which order, and which one is selected.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::filter::Filter;
use super::loading::Loading;
use super::naming::{aside, brief};
use super::view::{Key, Place, Tone, View};
use crate::resources::{Record, is_usable_id};

/// The rows of one view. A row is known by the ID of its object, never by the text that is shown.
pub(super) struct Table {
    pub view: &'static View,
    pub rows: Vec<Record>,
    /// The rows that are shown, by their places in `rows`.
    pub shown: Vec<usize>,
    /// The place of the selected row among those that are shown.
    pub cursor: usize,
    /// The first row of the window.
    pub offset: usize,
    pub marks: BTreeSet<String>,
    pub filter_text: String,
    filter: Filter,
    /// The column that the user sorts by, and true for the largest first.
    pub sort: Option<(usize, bool)>,
    pub is_wide: bool,
    pub errors_only: bool,
    pub total: i64,
    /// How many objects are left out, because the platform made them for itself.
    pub hidden: i64,
    /// Why the server may have more rows.
    pub gap: Option<String>,
    /// Why cells that came after the rows are not known, or not wholly.
    pub gap_of_joined: Option<String>,
    pub loading: Loading,
    /// Cells that came after the rows. They stay until newer ones come.
    joined: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// The ID of the row that is selected, even while it is hidden.
    wanted: Option<String>,
}

impl Table {
    #[must_use]
    pub(super) fn new(view: &'static View) -> Self {
        Self {
            view,
            rows: Vec::new(),
            shown: Vec::new(),
            cursor: 0,
            offset: 0,
            marks: BTreeSet::new(),
            filter_text: String::new(),
            filter: Filter::None,
            sort: None,
            is_wide: false,
            errors_only: false,
            total: 0,
            hidden: 0,
            gap: None,
            gap_of_joined: None,
            loading: Loading::default(),
            joined: BTreeMap::new(),
            wanted: None,
        }
    }

    /// Takes new rows; the selection stays on its object.
    pub(super) fn set_rows(&mut self, rows: Vec<Record>, total: i64, now: Timestamp) {
        self.rows = rows;
        self.total = total;
        // There may be ten thousand rows, and a key may be waiting.
        if !(self.marks.is_empty() && self.joined.is_empty()) {
            let ids: BTreeSet<&str> = self.rows.iter().map(Record::id).collect();
            self.marks.retain(|id| ids.contains(id.as_str()));
            self.joined.retain(|id, _| ids.contains(id.as_str()));
            self.fill();
        }
        self.arrange(now);
    }

    /// Puts the cells that came after the rows into them.
    fn fill(&mut self) {
        for row in &mut self.rows {
            let Some(cells) = self.joined.get(row.id()) else {
                continue;
            };
            for (field, text) in cells {
                row.replace(field, text);
            }
        }
    }

    /// Adds cells to rows.
    pub(super) fn join(&mut self, cells: Vec<(String, &'static str, String)>, now: Timestamp) {
        // Rows without an ID are all alike: none of them has the cells of another.
        let cells = cells.into_iter().filter(|(id, ..)| !id.is_empty());
        for (id, field, text) in cells {
            self.joined.entry(id).or_default().insert(field, text);
        }
        self.fill();
        self.arrange(now);
    }

    /// Sets the filter.
    ///
    /// # Errors
    /// It is not a filter; the one before stays.
    pub(super) fn set_filter(&mut self, text: &str, now: Timestamp) -> Result<(), String> {
        self.filter = Filter::read(text)?;
        text.trim().clone_into(&mut self.filter_text);
        self.arrange(now);
        Ok(())
    }

    /// Decides which rows are shown, and in which order.
    pub(super) fn arrange(&mut self, now: Timestamp) {
        let mut shown: Vec<usize> = (0..self.rows.len())
            .filter(|at| self.keeps(&self.rows[*at], now))
            .collect();
        if let Some((column, is_descending)) = self.order() {
            let column = &self.view.columns[column];
            let keys: Vec<Key> = self.rows.iter().map(|row| column.key(row, now)).collect();
            shown.sort_by(|a, b| {
                let (a, b) = (&keys[*a], &keys[*b]);
                // Empty cells are last in both directions.
                match (a, b) {
                    (Key::Empty, _) | (_, Key::Empty) => a.cmp(b),
                    _ if is_descending => b.cmp(a),
                    _ => a.cmp(b),
                }
            });
        }
        self.shown = shown;
        let place = self.wanted.as_ref().and_then(|id| self.place_of(id));
        self.cursor = place
            .unwrap_or(self.cursor)
            .min(self.shown.len().saturating_sub(1));
    }

    fn keeps(&self, row: &Record, now: Timestamp) -> bool {
        if self.errors_only && (self.view.tone)(row) != Tone::Bad {
            return false;
        }
        if matches!(self.filter, Filter::None) {
            return true;
        }
        let columns = self.view.columns.iter();
        let cells: Vec<String> = columns.map(|column| column.text(row, now)).collect();
        self.filter.keeps(row, cells.iter())
    }

    /// True if only failures are shown, and it is not known of every row whether it is one.
    #[must_use]
    pub(super) fn hides_unknown(&self) -> bool {
        let is_unknown = |row: &Record| (self.view.tone)(row) == Tone::Unknown;
        self.errors_only && self.rows.iter().any(is_unknown)
    }

    /// Returns the column that the rows are sorted by, and true for the largest first.
    #[must_use]
    pub(super) fn order(&self) -> Option<(usize, bool)> {
        self.sort.or_else(|| {
            let (title, is_descending) = self.view.order;
            let place = self.view.columns.iter().position(|it| it.title == title)?;
            Some((place, is_descending))
        })
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        self.shown.iter().position(|at| self.rows[*at].id() == id)
    }

    /// Returns what the rows and their cells lack.
    #[must_use]
    pub(super) fn gaps(&self) -> Vec<&str> {
        let gaps = self.gap.iter().chain(&self.gap_of_joined);
        gaps.map(String::as_str).collect()
    }

    /// Returns the selected row.
    #[must_use]
    pub(super) fn selected(&self) -> Option<&Record> {
        self.rows.get(*self.shown.get(self.cursor)?)
    }

    /// Returns the row with this ID.
    #[must_use]
    pub(super) fn row(&self, id: &str) -> Option<&Record> {
        self.rows.iter().find(|row| row.id() == id)
    }

    /// Returns what a question about several rows says of one behind its name. A row without a name is known by its
    /// cells. A mark may mean a row that a filter hides.
    #[must_use]
    pub(super) fn more_about(&self, row: &Record, now: Timestamp) -> String {
        let aside = aside(self.is_shown(row.id()));
        if !row.name().is_empty() {
            return aside.to_owned();
        }
        let columns = self.view.columns.iter();
        let always = columns.filter(|column| column.place == Place::Always);
        let cells = always.map(|column| column.text(row, now));
        let cells: Vec<String> = cells.filter(|text| !text.is_empty()).collect();
        format!(": {}{aside}", brief(&cells.join(", ")))
    }

    /// True if the row with this ID is among those that are shown.
    #[must_use]
    pub(super) fn is_shown(&self, id: &str) -> bool {
        self.place_of(id).is_some()
    }

    /// Returns how many rows are marked and not shown.
    #[must_use]
    pub(super) fn hidden_marks(&self) -> usize {
        let shown = self.shown.iter().map(|at| self.rows[*at].id());
        let shown: BTreeSet<&str> = shown.collect();
        let is_hidden = |id: &&String| !shown.contains(id.as_str());
        self.marks.iter().filter(is_hidden).count()
    }

    /// Returns the marked rows, or the selected one if none is marked. A mark stays when a filter hides its row.
    #[must_use]
    pub(super) fn chosen(&self) -> Vec<&Record> {
        let places: BTreeSet<usize> = self.shown.iter().copied().collect();
        let hidden = (0..self.rows.len()).filter(|at| !places.contains(at));
        let all = self.shown.iter().copied().chain(hidden);
        let all = all.map(|at| &self.rows[at]);
        let marked: Vec<&Record> = all.filter(|row| self.marks.contains(row.id())).collect();
        if marked.is_empty() {
            return self.selected().into_iter().collect();
        }
        marked
    }

    /// Selects a row by its place among those that are shown.
    pub(super) fn select(&mut self, place: usize) {
        self.cursor = place.min(self.shown.len().saturating_sub(1));
        self.wanted = self.selected().map(|row| row.id().to_owned());
    }

    /// Moves the selection.
    pub(super) fn step(&mut self, by: i64) {
        let at = i64::try_from(self.cursor).unwrap_or(i64::MAX);
        let to = at.saturating_add(by).max(0);
        self.select(usize::try_from(to).unwrap_or(usize::MAX));
    }

    /// Marks the selected row, or removes its mark. Returns false for a row without a usable ID: its mark would be that
    /// of other rows.
    pub(super) fn mark(&mut self) -> bool {
        let Some(id) = self.selected().map(|row| row.id().to_owned()) else {
            return true;
        };
        if !is_usable_id(&id) {
            return false;
        }
        if !self.marks.remove(&id) {
            self.marks.insert(id);
        }
        self.step(1);
        true
    }

    /// Moves the window so that the selected row is in it.
    pub(super) fn settle(&mut self, height: usize) {
        let last = self.shown.len().saturating_sub(height.max(1));
        self.offset = self
            .offset
            .clamp((self.cursor + 1).saturating_sub(height.max(1)), self.cursor)
            .min(last);
    }
}
