//! Reads the dates of a certificate.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::der::{Der, GENERALIZED_TIME, UTC_TIME};

/// Reads a date. A `UTCTime` may have no seconds, and both forms may end in an offset. A date outside the range of
/// [`Timestamp`] becomes the nearest one inside it.
pub(super) fn read(der: &mut Der<'_>) -> Option<Timestamp> {
    let element = der.any()?;
    let text = element.content;
    match element.tag {
        UTC_TIME => {
            let (digits, offset) = text.split_at_checked(if text.get(10)?.is_ascii_digit() {
                12
            } else {
                10
            })?;
            let year = number(digits.get(..2)?)?;
            let century = if year < 50 { 2000 } else { 1900 };
            timestamp(century + year, &digits[2..], offset)
        }
        GENERALIZED_TIME => {
            let (digits, offset) = text.split_at_checked(14)?;
            timestamp(number(&digits[..4])?, &digits[4..], offset)
        }
        _ => None,
    }
}

fn timestamp(year: i16, digits: &[u8], offset: &[u8]) -> Option<Timestamp> {
    let mut parts = [0; 5];
    for (part, text) in parts.iter_mut().zip(digits.chunks(2)) {
        *part = i8::try_from(number(text)?).ok()?;
    }
    let [month, day, hour, minute, second] = parts;
    let date = Date::new(year, month, day).ok()?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return None;
    }
    let seconds = seconds_since_1970(date.at(hour, minute, second, 0)) - offset_seconds(offset)?;
    Some(clamp(seconds))
}

fn seconds_since_1970(time: DateTime) -> i64 {
    time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
        .as_secs()
}

fn clamp(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}

/// Reads the offset: `Z`, or hours and minutes. An offset of zero must be written `Z`.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    if text == b"Z" {
        return Some(0);
    }
    let (sign, digits) = text.split_first()?;
    if digits.len() != 4 {
        return None;
    }
    let (hours, minutes) = (number(&digits[..2])?, number(&digits[2..])?);
    let seconds = (i64::from(hours) * 60 + i64::from(minutes)) * 60;
    if hours > 24 || minutes > 59 || seconds == 0 {
        return None;
    }
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i16> {
    let value = |byte: &u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    digits
        .iter()
        .try_fold(0, |sum, byte| Some(sum * 10 + value(byte)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(tag: u8, text: &str) -> Option<String> {
        let length = u8::try_from(text.len()).unwrap();
        let der = [&[tag, length], text.as_bytes()].concat();
        read(&mut Der(&der)).map(|time| time.to_string())
    }

    #[test]
    fn every_form_of_a_date() {
        for (text, expected) in [
            ("240229123456Z", "2024-02-29T12:34:56Z"),
            ("500101000000Z", "1950-01-01T00:00:00Z"),
            ("491231235959Z", "2049-12-31T23:59:59Z"),
            ("2402291234Z", "2024-02-29T12:34:00Z"),
            ("240229123456+0130", "2024-02-29T11:04:56Z"),
            ("2402291234-2400", "2024-03-01T12:34:00Z"),
        ] {
            assert_eq!(date(UTC_TIME, text).as_deref(), Some(expected), "{text}");
        }
        for (text, expected) in [
            ("19491231235959Z", "1949-12-31T23:59:59Z"),
            ("00000101000000Z", "0000-01-01T00:00:00Z"),
            ("99991231235959Z", "9999-12-30T22:00:00.999999999Z"),
            ("20240229123456-0001", "2024-02-29T12:35:56Z"),
        ] {
            assert_eq!(
                date(GENERALIZED_TIME, text).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_date() {
        for text in [
            "",
            "240229123456",
            "230229123456Z",
            "240229243456Z",
            "240229126056Z",
            "240229123460Z",
            "240229123456+0000",
            "240229123456+0160",
            "240229123456+2500",
            "240229123456.5Z",
            "24022912345Z",
            "240229123456ZZ",
            "2402291234 6Z",
        ] {
            assert_eq!(date(UTC_TIME, text), None, "{text}");
        }
        for text in [
            "202402291234Z",
            "20240229123456.0Z",
            "20240230123456Z",
            "240229123456Z",
        ] {
            assert_eq!(date(GENERALIZED_TIME, text), None, "{text}");
        }
        assert_eq!(date(0x16, "240229123456Z"), None);
    }
}
