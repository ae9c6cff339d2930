//! Ages in tables (docs/interface/cli-core.md section 5.2): whole seconds, minutes, hours or days.

use jiff::Timestamp;

/// Returns the time from `created_at` (RFC 3339) to `now`, rounded down. It is empty if the time is missing, and `0s`
/// if the time is in the future.
#[must_use]
pub(crate) fn age(created_at: &str, now: Timestamp) -> String {
    let Ok(created) = created_at.parse::<Timestamp>() else {
        return String::new();
    };
    span(
        now.as_second()
            - created.as_second()
            - i64::from(now.subsec_nanosecond() < created.subsec_nanosecond()),
    )
}

/// True for the moment at which Go's calendar begins, which stands for a time that was never set.
#[must_use]
pub(crate) fn is_unset(created_at: &str) -> bool {
    created_at.starts_with("0001-01-01T00:00:00")
}

/// Writes a number of seconds in the largest unit that fits, rounded down. A negative number counts as 0.
#[must_use]
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        // Go's durations end at about 292 years, and so do the ages that the Go tool shows.
        _ => format!("{}d", (seconds / 86_400).min(106_751)),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn units_change_at_their_bounds() {
        let now = "2026-12-01T00:00:00Z".parse().unwrap();
        for (created, shown) in [
            ("2026-12-01T00:00:00Z", "0s"),
            ("2026-11-30T23:59:01Z", "59s"),
            ("2026-11-30T23:01:00Z", "59m"),
            ("2026-11-30T23:00:00Z", "1h"),
            ("2026-11-29T01:00:00Z", "1d"),
            ("2027-01-01T00:00:00Z", "0s"),
            ("0001-01-01T00:00:00Z", "106751d"),
            ("", ""),
        ] {
            assert_eq!(age(created, now), shown, "{created}");
        }
    }
}
