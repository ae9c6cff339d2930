//! The requests that change something and have no answer yet, and how those that were sent together end.

use super::drafts::Draft;
use super::event::Fault;

/// One request.
pub(super) struct Change {
    /// Its answer carries the number.
    pub number: u64,
    /// What it does, in words.
    pub doing: String,
    /// The ID of the row that it is for; empty if it is for none.
    pub row: String,
}

/// Requests that were sent together.
struct Batch {
    waiting: Vec<Change>,
    count: usize,
    /// What is said if none succeeds.
    done: String,
    /// What is said of those that succeeded, each with how many it is said of.
    succeeded: Vec<(String, usize)>,
    /// What is said of the first that failed, and how many did.
    failure: Option<String>,
    failed: usize,
    /// The rows for which it failed.
    failed_rows: Vec<String>,
    /// What was typed for them.
    typed: Option<Draft>,
}

/// All that have no answer yet.
#[derive(Default)]
pub(super) struct Changes(Vec<Batch>);

/// What an answer means.
pub(super) struct Told {
    /// The sentence for the last line; an error if something has failed.
    pub said: Result<String, String>,
    /// The ID of the row for which it was done.
    pub row: Option<String>,
    /// What was typed and has failed, for the rows for which it has.
    pub unsent: Option<Draft>,
    /// True if no answer is missing now to what was sent together.
    pub is_last: bool,
}

impl Changes {
    /// Remembers requests that are sent together.
    pub(super) fn begin(&mut self, waiting: Vec<Change>, done: String, typed: Option<Draft>) {
        self.0.push(Batch {
            count: waiting.len(),
            waiting,
            done,
            succeeded: Vec::new(),
            failure: None,
            failed: 0,
            failed_rows: Vec::new(),
            typed,
        });
    }

    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what each request without an answer does.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &str> {
        let waiting = self.0.iter().flat_map(|batch| &batch.waiting);
        waiting.map(|change| change.doing.as_str())
    }

    /// Returns what has failed among requests of which others have no answer yet.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|batch| batch.end().err())
    }

    /// Takes the answer to a request.
    pub(super) fn answered(&mut self, number: u64, said: Result<String, Fault>) -> Told {
        let said = said.map_err(|fault| fault.text);
        let is_meant = |batch: &Batch| batch.waiting.iter().any(|it| it.number == number);
        let Some(place) = self.0.iter().position(is_meant) else {
            return Told {
                said,
                row: None,
                unsent: None,
                is_last: true,
            };
        };
        let batch = &mut self.0[place];
        let told = batch.answered(number, said);
        if told.is_last {
            self.0.remove(place);
        }
        told
    }
}

impl Batch {
    fn answered(&mut self, number: u64, said: Result<String, String>) -> Told {
        let place = self.waiting.iter().position(|it| it.number == number);
        let change = place.map(|place| self.waiting.swap_remove(place));
        let row = change.map(|it| it.row).filter(|row| !row.is_empty());
        match &said {
            Ok(done) => self.succeeds(done),
            Err(why) => {
                self.failed += 1;
                self.failure.get_or_insert_with(|| why.clone());
                self.failed_rows.extend(row.clone());
            }
        }
        let is_last = self.waiting.is_empty();
        let row = row.filter(|_| said.is_ok());
        let unsent = if is_last { self.unsent() } else { None };
        Told {
            said: match (self.count, is_last) {
                (..2, _) => said,
                (_, true) => self.end(),
                (_, false) => Ok(self.progress()),
            },
            row,
            unsent,
            is_last,
        }
    }

    /// Returns what was typed, for the rows for which it has failed.
    fn unsent(&mut self) -> Option<Draft> {
        let mut draft = self.typed.take().filter(|_| self.failed > 0)?;
        if !self.failed_rows.is_empty() {
            self.failed_rows.sort();
            draft.purpose.rows = std::mem::take(&mut self.failed_rows);
        }
        Some(draft)
    }

    fn succeeds(&mut self, done: &str) {
        match self.succeeded.iter_mut().find(|(it, _)| it == done) {
            Some((_, count)) => *count += 1,
            None => self.succeeded.push((done.to_owned(), 1)),
        }
    }

    /// Returns what succeeded: what was done to how many of them.
    fn counts(&self) -> String {
        let said = |done: &str, count: usize| format!("{done} ({count} of {})", self.count);
        if self.succeeded.is_empty() {
            return said(&self.done, 0);
        }
        let each = self.succeeded.iter();
        let each: Vec<String> = each.map(|(done, count)| said(done, *count)).collect();
        each.join(", ")
    }

    /// Returns how far they are. What failed is told at the end, so that nothing is said over it.
    fn progress(&self) -> String {
        match self.failed {
            0 => self.counts(),
            failed => format!("{}, {failed} failed", self.counts()),
        }
    }

    /// Returns how they ended: how many succeeded, and what the first failure was.
    fn end(&self) -> Result<String, String> {
        let said = self.counts();
        let Some(first) = &self.failure else {
            return Ok(said);
        };
        Err(match self.failed - 1 {
            0 => format!("{said}; {first}"),
            others => format!("{said}; {first}; {others} more failed"),
        })
    }
}
