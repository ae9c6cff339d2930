//! The values that Kubernetes' YAML 1.1 reader sees in plain scalars (docs/interface/kubeconfig.md section 3).

/// The value of a scalar. `Text` means the scalar's own characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// A number too large for `i64`.
    Uint(u64),
    Float(f64),
    Text,
}

/// The scalar does not fit its tag, as in `!!int abc`.
#[derive(Debug, PartialEq)]
pub(super) struct TagMismatch;

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves a scalar that is plain (`tag` is empty) or has a tag.
///
/// A scalar with a tag outside YAML's own set is text. `!!binary` is not handled here.
pub(super) fn resolve(tag: &str, text: &str) -> Result<Scalar, TagMismatch> {
    if tag.is_empty() {
        return Ok(untagged(text));
    }
    let wanted = tag.strip_prefix(TAG_PREFIX).unwrap_or("");
    let found = untagged(text);
    match (wanted, found) {
        ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_))
        | ("null", Scalar::Null) => Ok(found),
        #[allow(clippy::cast_precision_loss)] // Kubernetes' reader does the same
        ("float", Scalar::Int(n)) => Ok(Scalar::Float(n as f64)),
        ("timestamp", Scalar::Text) if is_timestamp(text) => Ok(Scalar::Text),
        ("bool" | "int" | "float" | "null" | "timestamp", _) => Err(TagMismatch),
        _ => Ok(Scalar::Text),
    }
}

fn untagged(text: &str) -> Scalar {
    if let Some(known) = word(text) {
        return known;
    }
    match text.as_bytes().first() {
        Some(b'.') => point_float(text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text),
        _ => Scalar::Text,
    }
}

fn word(text: &str) -> Option<Scalar> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// Reads an integer in Go's base-0 syntax, else a decimal float. `_` is removed everywhere.
fn number(text: &str) -> Scalar {
    let plain: std::borrow::Cow<'_, str> = if text.contains('_') {
        text.replace('_', "").into()
    } else {
        text.into()
    };
    if let Some(n) = integer(&plain) {
        return n;
    }
    if is_decimal_float(&plain)
        && let Ok(value) = plain.parse::<f64>()
        && value.is_finite()
    {
        return Scalar::Float(value);
    }
    signed_binary(&plain).map_or(Scalar::Text, Scalar::Int)
}

fn integer(plain: &str) -> Option<Scalar> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let signed = digits.len() != plain.len();
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would accept a second sign.
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(n) => Some(Scalar::Int(n)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::Uint(magnitude)),
    }
}

/// Reads `0b` that is followed by a sign, which is binary too.
fn signed_binary(plain: &str) -> Option<i64> {
    let digits = plain.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok()
}

/// Matches `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_decimal_float(plain: &str) -> bool {
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            (mantissa, all_digits(digits))
        }
        None => (unsigned, true),
    };
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => all_digits(fraction),
        Some((whole, fraction)) => {
            all_digits(whole) && (fraction.is_empty() || all_digits(fraction))
        }
        None => all_digits(mantissa),
    };
    mantissa && exponent
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads a text that starts with `.` as a float. Here `_` is allowed between digits only.
fn point_float(text: &str) -> Scalar {
    let bytes = text.as_bytes();
    let between_digits = |i: usize| {
        i > 0 && bytes[i - 1].is_ascii_digit() && bytes.get(i + 1).is_some_and(u8::is_ascii_digit)
    };
    if (0..bytes.len()).any(|i| bytes[i] == b'_' && !between_digits(i)) {
        return Scalar::Text;
    }
    let plain = text.replace('_', "");
    if !is_decimal_float(&plain) {
        return Scalar::Text;
    }
    match plain.parse::<f64>() {
        Ok(value) if value.is_finite() => Scalar::Float(value),
        _ => Scalar::Text,
    }
}

/// Returns true for the four date formats of Kubernetes' reader. They matter only for `!!timestamp`, and the value
/// stays text.
fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = split_date(text) else {
        return false;
    };
    let mut parts = date.splitn(3, '-');
    let mut next = || parts.next().filter(|part| all_digits(part));
    let (Some(year), Some(month), Some(day)) = (next(), next(), next()) else {
        return false;
    };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return false;
    }
    let civil = format!("{year}-{month:0>2}-{day:0>2}");
    civil.parse::<jiff::civil::Date>().is_ok()
        && time.is_none_or(|(mark, time)| is_time(mark, time))
}

fn split_date(text: &str) -> Option<(&str, Option<(char, &str)>)> {
    if !text.is_ascii() {
        return None;
    }
    match text.find(['T', 't', ' ']) {
        Some(at) => {
            let mark = text[at..].chars().next()?;
            Some((&text[..at], Some((mark, &text[at + 1..]))))
        }
        None => Some((text, None)),
    }
}

fn is_time(mark: char, time: &str) -> bool {
    let clock = if mark == ' ' {
        time
    } else if let Some(clock) = time.strip_suffix('Z') {
        clock
    } else {
        let Some(at) = time.rfind(['+', '-']) else {
            return false;
        };
        let zone = &time[at + 1..];
        let valid = zone.len() == 5
            && zone.as_bytes()[2] == b':'
            && in_range(&zone[..2], 24)
            && in_range(&zone[3..], 59);
        if !valid {
            return false;
        }
        &time[..at]
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, all_digits(fraction)),
        None => (clock, true),
    };
    let mut parts = clock.splitn(3, ':');
    let mut next = |limit| {
        parts
            .next()
            .is_some_and(|part| part.len() <= 2 && in_range(part, limit))
    };
    next(23) && next(59) && next(59) && fraction
}

fn in_range(digits: &str, limit: u8) -> bool {
    all_digits(digits) && digits.parse::<u8>().is_ok_and(|n| n <= limit)
}

/// Writes a number or bool that is the key of a map as text.
pub(super) fn key_text(key: Scalar) -> Option<String> {
    match key {
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(n) => Some(n.to_string()),
        Scalar::Float(value) => Some(float_key(value)),
        Scalar::Null | Scalar::Uint(_) | Scalar::Text => None,
    }
}

/// Writes the shortest form of a 32-bit float, with an exponent below 1e-4 and from 1e6 on.
#[allow(clippy::cast_possible_truncation)] // Kubernetes' reader does the same
fn float_key(value: f64) -> String {
    let short = value as f32;
    if short.is_nan() {
        return ".nan".into();
    }
    if short.is_infinite() {
        return if short > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let scientific = format!("{short:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{short}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        resolve("", text).unwrap()
    }

    #[test]
    fn words_are_exact() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Scalar::Null, "{text}");
        }
        for text in ["y", "Yes", "ON", "TRUE"] {
            assert_eq!(plain(text), Scalar::Bool(true), "{text}");
        }
        for text in [
            "nULL", "tRUE", "oN", "nO", "TrUe", "=", "<<", "Infinity", "NaN",
        ] {
            assert_eq!(plain(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn integers() {
        let cases = [
            ("123", 123),
            ("+12", 12),
            ("-0", 0),
            ("0x1F", 31),
            ("0X1F", 31),
            ("0o17", 15),
            ("0O17", 15),
            ("0123", 83),
            ("0b11", 3),
            ("-0b11", -3),
            ("0b-11", -3),
            ("1_000", 1000),
            ("1__0", 10),
            ("1_", 1),
            ("0_", 0),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in cases {
            assert_eq!(plain(text), Scalar::Int(value), "{text}");
        }
        assert_eq!(plain("9223372036854775808"), Scalar::Uint(1 << 63));
        for text in [
            "_1",
            "0x",
            "+",
            "-",
            "0b",
            "--1",
            "0x-1",
            "190:20:30",
            "1e",
            "0x1p-2",
        ] {
            assert_eq!(plain(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn floats() {
        for (text, value) in [
            ("08", 8.0),
            ("1.", 1.0),
            ("1e3", 1000.0),
            ("12e34", 12e34),
            ("1_0.5", 10.5),
            (".5", 0.5),
            (".5_5", 0.55),
            ("-.5", -0.5),
            ("18446744073709551616", 18_446_744_073_709_551_616.0),
            ("-9223372036854775809", -9_223_372_036_854_775_809.0),
        ] {
            assert_eq!(plain(text), Scalar::Float(value), "{text}");
        }
        for text in [
            "1e400", "1234e567", "1e5x", ".", "..", ".5e", "._5", ".5_", "+.", "1.5.2",
        ] {
            assert_eq!(plain(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn tags() {
        let tagged = |tag: &str, text| resolve(&format!("{TAG_PREFIX}{tag}"), text);
        assert_eq!(tagged("str", "123"), Ok(Scalar::Text));
        assert_eq!(tagged("int", "123"), Ok(Scalar::Int(123)));
        assert_eq!(tagged("int", "abc"), Err(TagMismatch));
        assert_eq!(tagged("float", "1"), Ok(Scalar::Float(1.0)));
        assert_eq!(tagged("null", ""), Ok(Scalar::Null));
        assert_eq!(tagged("timestamp", "2001-1-2"), Ok(Scalar::Text));
        assert_eq!(tagged("timestamp", "2001-1-2T3:4:5.6Z"), Ok(Scalar::Text));
        assert_eq!(tagged("timestamp", "2001-1-2 3:4:5"), Ok(Scalar::Text));
        assert_eq!(tagged("timestamp", "2001-13-2"), Err(TagMismatch));
        assert_eq!(tagged("timestamp", "abc"), Err(TagMismatch));
        assert_eq!(resolve("!mine", "123"), Ok(Scalar::Text));
        assert_eq!(resolve("!", "123"), Ok(Scalar::Text));
    }

    #[test]
    fn number_keys() {
        assert_eq!(key_text(Scalar::Float(1.5)).as_deref(), Some("1.5"));
        assert_eq!(key_text(Scalar::Float(1e30)).as_deref(), Some("1e+30"));
        assert_eq!(key_text(Scalar::Float(1e-7)).as_deref(), Some("1e-07"));
        assert_eq!(
            key_text(Scalar::Float(f64::INFINITY)).as_deref(),
            Some(".inf")
        );
        assert_eq!(key_text(Scalar::Uint(u64::MAX)), None);
    }
}
