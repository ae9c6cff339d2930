//! Numbers and durations on the command line, in the Go tool's syntax (docs/interface/cli-core.md section 1.3).

use std::num::IntErrorKind;
use std::time::Duration;

use crate::text::quote;

/// The reason why a text is not a number or a duration, in the Go tool's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("strconv.{function}: parsing {}: invalid syntax", quote(.text))]
    Syntax {
        function: &'static str,
        text: String,
    },
    #[error("strconv.{function}: parsing {}: value out of range", quote(.text))]
    OutOfRange {
        function: &'static str,
        text: String,
    },
    #[error("time: invalid duration {}", quote(.0))]
    Duration(String),
    #[error("time: missing unit in duration {}", quote(.0))]
    MissingUnit(String),
    #[error("time: unknown unit {} in duration {}", quote(.unit), quote(.text))]
    UnknownUnit { unit: String, text: String },
    #[error("no request can end within no time")]
    NoTime,
}

impl From<NumberError> for String {
    fn from(error: NumberError) -> Self {
        error.to_string()
    }
}

/// Reads an integer: it may have a sign, `0x`, `0o`, `0b` or a leading zero for another base, and `_` between digits.
///
/// # Errors
/// The text is not an integer, or it is out of range.
pub(crate) fn int64(text: &str) -> Result<i64, NumberError> {
    integer(text, i64::MIN, i64::MAX)
}

/// Reads an integer of 32 bits.
///
/// # Errors
/// As [`int64`].
pub(crate) fn int32(text: &str) -> Result<i32, NumberError> {
    let number = integer(text, i64::from(i32::MIN), i64::from(i32::MAX))?;
    i32::try_from(number).map_err(|_| out_of_range("ParseInt", text))
}

fn integer(text: &str, min: i64, max: i64) -> Result<i64, NumberError> {
    let bad = || bad_syntax("ParseInt", text);
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    let prefixed = digits.len() < lower.len();
    if !underscores_fit(digits, prefixed) {
        return Err(bad());
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return Err(bad());
    }
    let magnitude = match i128::from_str_radix(&digits, radix) {
        Ok(magnitude) => magnitude,
        Err(e) if matches!(e.kind(), IntErrorKind::PosOverflow) => {
            return Err(out_of_range("ParseInt", text));
        }
        Err(_) => return Err(bad()),
    };
    let number = if negative { -magnitude } else { magnitude };
    i64::try_from(number)
        .ok()
        .filter(|n| (min..=max).contains(n))
        .ok_or_else(|| out_of_range("ParseInt", text))
}

/// Checks that each `_` is between two digits, or between a base prefix and a digit.
fn underscores_fit(digits: &str, prefixed: bool) -> bool {
    !digits.contains("__") && !digits.ends_with('_') && (prefixed || !digits.starts_with('_'))
}

/// Reads a floating point number.
///
/// # Errors
/// The text is not a number, or it is out of range.
pub(crate) fn float(text: &str) -> Result<f64, NumberError> {
    match text.parse::<f64>() {
        Ok(number) if number.is_infinite() && text.contains(|c: char| c.is_ascii_digit()) => {
            Err(out_of_range("ParseFloat", text))
        }
        Ok(number) => Ok(number),
        Err(_) => Err(bad_syntax("ParseFloat", text)),
    }
}

fn bad_syntax(function: &'static str, text: &str) -> NumberError {
    NumberError::Syntax {
        function,
        text: text.to_owned(),
    }
}

fn out_of_range(function: &'static str, text: &str) -> NumberError {
    NumberError::OutOfRange {
        function,
        text: text.to_owned(),
    }
}

/// Reads the value of a switch: `--yes=false`.
///
/// # Errors
/// The text is neither true nor false.
pub(crate) fn boolean(text: &str) -> Result<bool, NumberError> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(bad_syntax("ParseBool", text)),
    }
}

/// Reads a duration of one or more numbers with units: `90s`, `1h30m`, `1500ms`. A sign may come first;
/// a negative duration counts as zero.
///
/// # Errors
/// A unit is missing or unknown, or the text is not a duration.
pub(crate) fn duration(text: &str) -> Result<Duration, NumberError> {
    let bad = || NumberError::Duration(text.to_owned());
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut seconds = 0.0_f64;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| bad())?;
        rest = &rest[end..];
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let unit = &rest[..end];
        rest = &rest[end..];
        seconds += number
            * match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "" => return Err(NumberError::MissingUnit(text.to_owned())),
                other => {
                    return Err(NumberError::UnknownUnit {
                        unit: other.to_owned(),
                        text: text.to_owned(),
                    });
                }
            };
    }
    if negative {
        return Ok(Duration::ZERO);
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// Reads a time limit: a number of seconds, or a [`duration`], more than zero. Used by settings, and by flags that the
/// Go tool does not have.
///
/// # Errors
/// As [`duration`], and for zero.
pub(crate) fn time_limit(text: &str) -> Result<Duration, NumberError> {
    let limit = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => duration(text)?,
    };
    if limit.is_zero() {
        return Err(NumberError::NoTime);
    }
    Ok(limit)
}

/// Reads a duration like [`duration`], and days (`2d`) as well. Used by flags that the Go tool does not have.
///
/// # Errors
/// As [`duration`].
pub(crate) fn duration_with_days(text: &str) -> Result<Duration, NumberError> {
    match text.strip_suffix('d') {
        Some(days) => {
            let days: u32 = days
                .parse()
                .map_err(|_| NumberError::Duration(text.to_owned()))?;
            Ok(Duration::from_secs(u64::from(days) * 86_400))
        }
        None => duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_in_every_base() {
        for (text, number) in [
            ("0x10", 16),
            ("1_000", 1000),
            ("-3", -3),
            ("+7", 7),
            ("0o17", 15),
            ("017", 15),
            ("0b11", 3),
            ("0", 0),
        ] {
            assert_eq!(int64(text), Ok(number), "{text}");
        }
        for text in ["", "x", "1__0", "_1", "1_", "-", "0x", "--1", "1.0", "é"] {
            assert!(int64(text).is_err(), "{text}");
        }
        assert_eq!(
            int32("3000000000").unwrap_err().to_string(),
            "strconv.ParseInt: parsing \"3000000000\": value out of range"
        );
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(
            duration("5").unwrap_err().to_string(),
            "time: missing unit in duration \"5\""
        );
        assert_eq!(time_limit("5"), Ok(Duration::from_secs(5)));
        assert_eq!(time_limit("5s"), Ok(Duration::from_secs(5)));
        assert!(time_limit("5x").is_err());
        assert_eq!(time_limit("0"), Err(NumberError::NoTime));
        assert_eq!(time_limit("0s"), Err(NumberError::NoTime));
        assert!(duration("1d").is_err());
        assert_eq!(duration_with_days("2d"), Ok(Duration::from_secs(172_800)));
        assert!(duration("é").is_err());
    }
}
