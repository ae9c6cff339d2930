//! Times as the platform writes and stores them.
//!
//! The answer to a create shows nanoseconds. The store keeps microseconds, rounded, and every later answer shows
//! those (docs/interface/api.md section 4).

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Returns the current time, with nanoseconds.
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// Rounds to microseconds since 1970, which the store keeps.
pub(super) fn to_micros(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from((nanos + 500).div_euclid(1000)).unwrap_or_else(|_| time.as_microsecond())
}

/// Reads a stored time. Values out of range become 1970; this program never writes them.
pub(super) fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Writes RFC 3339 in UTC, without the zeros at the end of the fraction: `2026-11-24T02:25:50.5Z`.
pub(super) fn format(time: Timestamp) -> String {
    let mut text = String::with_capacity("2026-11-24T02:25:50.123456789Z".len());
    push(&mut text, time);
    text
}

/// Appends a time in the form of [`format`].
pub(super) fn push(text: &mut String, time: Timestamp) {
    let utc = TimeZone::UTC.to_datetime(time);
    let year = i32::from(utc.year());
    if year < 0 {
        text.push('-');
    }
    push_number(text, year, if year < 0 { 3 } else { 4 });
    for (separator, number) in [
        ('-', utc.month()),
        ('-', utc.day()),
        ('T', utc.hour()),
        (':', utc.minute()),
        (':', utc.second()),
    ] {
        text.push(separator);
        push_number(text, i32::from(number), 2);
    }
    let nanoseconds = utc.subsec_nanosecond();
    if nanoseconds != 0 {
        text.push('.');
        push_number(text, nanoseconds, 9);
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('Z');
}

/// Appends a number with so many digits.
fn push_number(text: &mut String, number: i32, width: u32) {
    for place in (0..width).rev() {
        let digit = number.unsigned_abs() / 10_u32.pow(place) % 10;
        text.extend(char::from_digit(digit, 10));
    }
}

/// A text that is not a time in RFC 3339, in Go's words.
#[derive(Debug, thiserror::Error)]
#[error(
    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest:?} as {layout:?}"
)]
pub(super) struct TimeError {
    text: String,
    /// The part of the text that does not fit.
    rest: String,
    /// The part of the layout that was expected there.
    layout: &'static str,
}

/// Reads RFC 3339 as Go does.
///
/// # Errors
/// When the text is not such a time.
pub(super) fn parse_rfc3339(text: &str) -> Result<Timestamp, TimeError> {
    if looks_like_rfc3339(text)
        && let Ok(time) = text.parse()
    {
        return Ok(time);
    }
    let (rest, layout) = first_misfit(text);
    Err(TimeError {
        text: text.to_owned(),
        rest: rest.to_owned(),
        layout,
    })
}

fn looks_like_rfc3339(text: &str) -> bool {
    first_misfit(text).1.is_empty()
}

/// Returns the rest of the text that does not fit the layout, and the part of the layout expected there.
fn first_misfit(text: &str) -> (&str, &'static str) {
    const LAYOUT: [(&str, usize); 11] = [
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    for (part, digits) in LAYOUT {
        let fits = if digits == 0 {
            rest.starts_with(part)
        } else {
            rest.len() >= digits && rest.bytes().take(digits).all(|b| b.is_ascii_digit())
        };
        if !fits {
            return (rest, part);
        }
        rest = rest.get(part.len()..).unwrap_or_default();
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    if rest == "Z" || is_offset(rest) {
        (rest, "")
    } else {
        (rest, "Z07:00")
    }
}

fn is_offset(text: &str) -> bool {
    matches!(text.as_bytes(), [b'+' | b'-', a, b, b':', c, d]
        if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()))
}

/// Reads the times that the platform's database accepts in a comparison: RFC 3339, or a date with or without a time of
/// day, in UTC.
pub(super) fn parse_loosely(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let local: jiff::civil::DateTime = text
        .parse()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(Into::into))
        .ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

/// The time of the seeded roles: the start of the year 1.
pub(super) const ZERO: i64 = -62_135_596_800_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_lose_their_final_zeros() {
        for (given, shown) in [
            ("2026-11-24T02:25:50Z", "2026-11-24T02:25:50Z"),
            (
                "2026-11-24T02:25:50.900327420Z",
                "2026-11-24T02:25:50.90032742Z",
            ),
            ("2026-11-24T04:25:50.5+02:00", "2026-11-24T02:25:50.5Z"),
        ] {
            assert_eq!(format(parse_rfc3339(given).unwrap()), shown);
        }
        assert_eq!(format(from_micros(ZERO)), "0001-01-01T00:00:00Z");
        let before = parse_rfc3339("0000-01-01T00:00:00+01:00").unwrap();
        assert_eq!(format(before), "-001-12-31T23:00:00Z");
    }

    #[test]
    fn the_store_rounds_to_microseconds() {
        let time = parse_rfc3339("2026-11-24T02:25:50.625993929Z").unwrap();
        assert_eq!(
            format(from_micros(to_micros(time))),
            "2026-11-24T02:25:50.625994Z"
        );
    }

    #[test]
    fn refusals_are_in_the_words_of_go() {
        assert_eq!(
            parse_rfc3339("yesterday").unwrap_err().to_string(),
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\""
        );
        assert!(
            parse_rfc3339("2026-11-24")
                .unwrap_err()
                .to_string()
                .ends_with("cannot parse \"\" as \"T\"")
        );
        assert!(
            parse_rfc3339("2026-11-24T01:02:03")
                .unwrap_err()
                .to_string()
                .ends_with("as \"Z07:00\"")
        );
    }

    #[test]
    fn comparisons_take_dates() {
        for text in ["2001-01-01", "2001-01-01 00:00:00", "2001-01-01T00:00:00Z"] {
            assert_eq!(
                parse_loosely(text).map(format).as_deref(),
                Some("2001-01-01T00:00:00Z")
            );
        }
        assert_eq!(parse_loosely("soon"), None);
    }
}
