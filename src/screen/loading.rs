//! When a page is read again: after a while, or after a failure later and later.

use jiff::{SignedDuration, Timestamp};

use super::event::Fault;

/// The longest pause after failures, in seconds.
const LONGEST: i64 = 30;
/// The age of rows, in seconds, from which they are shown as old.
const STALE: i64 = 15;

/// The state of reading one page.
#[derive(Debug, Clone, Default)]
pub(super) struct Loading {
    pub is_busy: bool,
    /// The time of the last success.
    pub good: Option<Timestamp>,
    pub fault: Option<Fault>,
    /// The time of the next attempt; `None` for at once.
    next: Option<Timestamp>,
    failures: u32,
}

impl Loading {
    /// Returns the state of a read that has begun.
    #[must_use]
    pub(super) fn begun() -> Self {
        Self {
            is_busy: true,
            ..Self::default()
        }
    }

    /// True if it is time to read.
    #[must_use]
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        !self.is_busy && self.next.is_none_or(|next| now >= next)
    }

    /// True if the login was refused.
    #[must_use]
    pub(super) fn is_refused(&self) -> bool {
        let fault = self.fault.as_ref();
        fault.is_some_and(|it| it.status == Some(401))
    }

    pub(super) fn begin(&mut self) {
        self.is_busy = true;
    }

    /// Reads again at once.
    pub(super) fn hurry(&mut self) {
        self.next = None;
    }

    /// Reads again at once, in place of a request that has no answer yet. Returns true if there is one.
    #[must_use]
    pub(super) fn restart(&mut self) -> bool {
        self.next = None;
        std::mem::take(&mut self.is_busy)
    }

    /// Forgets a request that will not be answered any more, and that the login before was refused.
    pub(super) fn forget(&mut self) {
        self.is_busy = false;
        self.next = None;
        self.fault.take_if(|fault| fault.status == Some(401));
    }

    pub(super) fn succeeded(&mut self, now: Timestamp, every: i64) {
        *self = Self {
            good: Some(now),
            next: Some(now + SignedDuration::from_secs(every)),
            ..Self::default()
        };
    }

    /// Waits one second after the first failure, then twice as long each time, or as long as the server asks for.
    /// `spread` keeps many screens from coming back at the same time.
    pub(super) fn failed(&mut self, fault: Fault, now: Timestamp, spread: u64) {
        let doubled = (1_i64 << self.failures.min(5)).min(LONGEST);
        let spread = i64::try_from(spread % 1000).unwrap_or_default() * doubled / 4;
        let millis = match fault.pause() {
            Some(seconds) => seconds * 1000,
            None => (doubled * 1000 + spread).min(LONGEST * 1000),
        };
        self.is_busy = false;
        self.failures += 1;
        self.next = Some(now + SignedDuration::from_millis(millis));
        self.fault = Some(fault);
    }

    /// Returns the seconds until the next attempt after a failure.
    #[must_use]
    pub(super) fn countdown(&self, now: Timestamp) -> Option<i64> {
        let next = self
            .next
            .filter(|_| self.fault.is_some() && !self.is_busy)?;
        let left = next.duration_since(now).as_millis();
        Some(
            i64::try_from(left)
                .unwrap_or(LONGEST * 1000)
                .max(0)
                .div_euclid(1000)
                + 1,
        )
    }

    /// Says why the last attempt failed, and when the next one is made. `kind` names what is read, `refused` is
    /// the sentence for a login that was refused.
    #[must_use]
    pub(super) fn trouble(&self, kind: &str, refused: &str, now: Timestamp) -> Option<String> {
        let text = self.fault.as_ref()?.of_list(kind, refused);
        Some(match self.countdown(now) {
            Some(left) => format!("{text} (again in {left} s)"),
            None if self.is_busy => format!("{text} (trying again)"),
            None => text,
        })
    }

    /// Returns the age of the rows in seconds, if they are old.
    #[must_use]
    pub(super) fn stale(&self, now: Timestamp) -> Option<i64> {
        let age = now.as_second() - self.good?.as_second();
        (age > STALE).then_some(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_end_with_a_success() {
        let now: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let mut loading = Loading::default();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            loading.failed(Fault::new("no"), now, 0);
            pauses.push(loading.countdown(now).unwrap() - 1);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        let asked = Fault {
            retry_after: Some(90),
            ..Fault::new("busy")
        };
        loading.failed(asked, now, 0);
        assert_eq!(loading.countdown(now), Some(91));
        loading.succeeded(now, 5);
        assert_eq!(loading.countdown(now), None);
        assert!(!loading.is_due(now) && loading.is_due(now + SignedDuration::from_secs(5)));
    }
}
