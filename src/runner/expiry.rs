//! Warns about credentials that expire before their session ends.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::output::age::span;

/// How long a session runs. The platform stores a timeout with a session but documents no default
/// (docs/interface/api.md section 9.4). Without a timeout a length is assumed, and messages say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionTime {
    Timeout(SignedDuration),
    Assumed,
}

/// The assumed length of a session whose timeout is unknown.
const ASSUMED: SignedDuration = SignedDuration::from_hours(24);

impl SessionTime {
    /// Takes a session's timeout in seconds; zero or less stands for none.
    #[must_use]
    pub(crate) fn of(timeout: Option<i64>) -> Self {
        match timeout {
            Some(seconds) if seconds > 0 => Self::Timeout(SignedDuration::from_secs(seconds)),
            _ => Self::Assumed,
        }
    }

    /// Reads how long a session runs from its object, as the server sends it.
    #[must_use]
    pub(crate) fn of_session(session: &Value) -> Self {
        Self::of(session.get("timeout").and_then(Value::as_i64))
    }

    fn length(self) -> SignedDuration {
        match self {
            Self::Timeout(length) => length,
            Self::Assumed => ASSUMED,
        }
    }

    /// Returns `seconds`, and whether they are `assumed`.
    #[must_use]
    pub(crate) fn json(self) -> Value {
        json!({"seconds": self.length().as_secs(), "assumed": self == Self::Assumed})
    }
}

/// The time during which a credential must be valid: from now on, for as long as the session runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    pub now: Timestamp,
    pub session: SessionTime,
}

/// When a credential expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// The part that expires: `token`, `client certificate`, or `credential` if nothing more is known.
    pub what: &'static str,
    pub at: Timestamp,
}

impl Expiry {
    /// Returns a warning if the credential expires before the session ends.
    #[must_use]
    pub(crate) fn warning(self, period: Period) -> Option<String> {
        let left = self.at.duration_since(period.now);
        let (what, date) = (self.what, date(self.at));
        if left <= SignedDuration::ZERO {
            let ago = span(-left.as_secs());
            return Some(format!(
                "EXPIRED: its {what} ended on {date}, {ago} ago, and will be refused"
            ));
        }
        let length = period.session.length();
        if left >= length {
            return None;
        }
        let within = match period.session {
            SessionTime::Timeout(_) => format!("the session's timeout of {}", exactly(length)),
            SessionTime::Assumed => format!(
                "the {} that are assumed for a session without a known timeout",
                exactly(length)
            ),
        };
        let left = span(left.as_secs());
        Some(format!(
            "its {what} ends on {date}, in {left}, within {within}"
        ))
    }
}

/// Formats a time to the minute, in UTC.
#[must_use]
pub(crate) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Formats a length in the largest unit that leaves no remainder.
fn exactly(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(left: i64, timeout: Option<i64>) -> Option<String> {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let expiry = Expiry {
            what: "token",
            at: now + SignedDuration::from_secs(left),
        };
        expiry.warning(Period {
            now,
            session: SessionTime::of(timeout),
        })
    }

    #[test]
    fn what_ends_within_the_sessions_time_is_warned_about() {
        for (left, timeout, expected) in [
            (
                -7_200,
                Some(60),
                Some(
                    "EXPIRED: its token ended on 2026-11-24 10:00 UTC, 2h ago, and will be refused",
                ),
            ),
            (
                0,
                None,
                Some(
                    "EXPIRED: its token ended on 2026-11-24 12:00 UTC, 0s ago, and will be refused",
                ),
            ),
            (
                2_460,
                Some(5_400),
                Some(
                    "its token ends on 2026-11-24 12:41 UTC, in 41m, within the session's timeout of 90m",
                ),
            ),
            (
                18_000,
                Some(0),
                Some(
                    "its token ends on 2026-11-24 17:00 UTC, in 5h, within the 24h that are assumed for a session \
                     without a known timeout",
                ),
            ),
            (5_400, Some(5_400), None),
            (86_400, None, None),
        ] {
            assert_eq!(
                warning(left, timeout).as_deref(),
                expected,
                "{left} {timeout:?}"
            );
        }
    }
}
