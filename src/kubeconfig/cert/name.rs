//! Checks the names in a certificate: the strings of subject and issuer, domains, mailboxes.

use std::borrow::Cow;

use super::damage::Damage;
use super::der::{Der, Element, Oid, SEQUENCE, SET};

const UTF8_STRING: u8 = 0x0C;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const T61_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1E;

const ORGANIZATION: Oid<'_> = Oid(&[0x55, 4, 10]);

/// Checks a subject or an issuer, and returns true if one of its organizations is `organization`.
pub(super) fn has_organization(name: Der<'_>, organization: &str) -> Result<bool, Damage> {
    let mut found = false;
    let mut sets = name;
    while !sets.is_empty() {
        let mut attributes = sets.take(SET).ok_or(Damage("a name is malformed"))?;
        while !attributes.is_empty() {
            let mut attribute = attributes
                .take(SEQUENCE)
                .ok_or(Damage("a name is malformed"))?;
            let kind = attribute.oid().ok_or(Damage("a name is malformed"))?;
            let value = attribute.any().ok_or(Damage("a name is malformed"))?;
            let text = text(&value).ok_or(Damage(
                "a name holds characters that its string type does not allow",
            ))?;
            found |= kind == ORGANIZATION && text == organization;
        }
    }
    Ok(found)
}

/// Returns the text of a string, if its type is known and allows each of its characters.
fn text<'a>(string: &Element<'a>) -> Option<Cow<'a, str>> {
    let bytes = string.content;
    let allowed = match string.tag {
        UTF8_STRING => true,
        PRINTABLE_STRING => bytes.iter().copied().all(is_printable),
        NUMERIC_STRING => bytes.iter().all(|b| b.is_ascii_digit() || *b == b' '),
        IA5_STRING => bytes.is_ascii(),
        // Every reader takes it for Latin-1.
        T61_STRING => {
            return Some(
                bytes
                    .iter()
                    .copied()
                    .map(char::from)
                    .collect::<String>()
                    .into(),
            );
        }
        BMP_STRING => return bmp_text(bytes).map(Into::into),
        _ => false,
    };
    std::str::from_utf8(bytes)
        .ok()
        .filter(|_| allowed)
        .map(Into::into)
}

/// Returns true for the characters of this string type, and for `*` and `&`, which many certificates contain.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

/// Reads two bytes for each character, none of which may be a surrogate or reserved. A zero at the end is dropped.
fn bmp_text(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let pairs = pairs.strip_suffix(&[[0, 0]]).unwrap_or(pairs);
    let character = |pair: &[u8; 2]| match u16::from_be_bytes(*pair) {
        0xFDD0..=0xFDEF | 0xFFFE.. => None,
        unit => char::from_u32(u32::from(unit)),
    };
    pairs
        .iter()
        .map(character)
        .collect::<Option<_>>()
        .filter(|_: &String| rest.is_empty())
}

/// Returns true if the client accepts a text as a domain. It accepts the empty text, any length and any letters.
pub(super) fn is_domain(text: &[u8]) -> bool {
    text.is_empty()
        || text
            .split(|byte| *byte == b'.')
            .all(|label| !label.is_empty() && label.iter().all(u8::is_ascii_graphic))
}

/// Like [`is_domain`], but the text may start with a dot.
pub(super) fn is_domain_constraint(text: &[u8]) -> bool {
    match text {
        [b'.', rest @ ..] if !rest.is_empty() => is_domain(rest),
        _ => is_domain(text),
    }
}

/// Returns true if the client accepts a text as a mailbox: a local part, bare or in quotes, and a domain.
pub(super) fn is_mailbox(text: &[u8]) -> bool {
    let rest = match text {
        [b'"', quoted @ ..] => quoted_local_part(quoted),
        _ => bare_local_part(text),
    };
    let domain = rest.and_then(|rest| rest.strip_prefix(b"@"));
    domain.is_some_and(is_domain)
}

/// Returns the text after the closing quote.
fn quoted_local_part(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        let (first, rest) = text.split_first()?;
        text = match first {
            b'"' => return Some(rest),
            b'\\' => match rest.split_first()? {
                (1..=9 | 11 | 12 | 14..=127, rest) => rest,
                _ => return None,
            },
            1..=8 | 11 | 12 | 14..=127 => rest,
            _ => return None,
        };
    }
}

/// Returns the text after words with single dots between them.
fn bare_local_part(text: &[u8]) -> Option<&[u8]> {
    let (mut rest, mut part) = (text, Vec::new());
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match first {
            b'\\' => after.split_first()?,
            byte if byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(byte) => {
                (byte, after)
            }
            _ => break,
        };
        part.push(*byte);
        rest = after;
    }
    let dots_are_single = part
        .split(|byte| *byte == b'.')
        .all(|word| !word.is_empty());
    dots_are_single.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(tag: u8, content: &[u8]) -> Option<String> {
        let element = Element {
            tag,
            content,
            whole: &[],
        };
        text(&element).map(Cow::into_owned)
    }

    #[test]
    fn strings_keep_to_their_type() {
        for (tag, content, expected) in [
            (PRINTABLE_STRING, &b"a*b&c"[..], Some("a*b&c")),
            (PRINTABLE_STRING, b"a@b", None),
            (PRINTABLE_STRING, b"a_b", None),
            (NUMERIC_STRING, b"1 2", Some("1 2")),
            (NUMERIC_STRING, b"1a", None),
            (IA5_STRING, b"a@b_c", Some("a@b_c")),
            (IA5_STRING, b"\x80", None),
            (T61_STRING, b"\xE4", Some("ä")),
            (UTF8_STRING, b"\xC3\xA4", Some("ä")),
            (UTF8_STRING, b"\xE4", None),
            (BMP_STRING, b"\0a\0\0", Some("a")),
            (BMP_STRING, b"\0a\0", None),
            (BMP_STRING, b"\xD8\x00\xDC\x00", None),
            (BMP_STRING, b"\xFF\xFE", None),
            (0x1C, b"\0\0\0a", None),
        ] {
            assert_eq!(
                string(tag, content).as_deref(),
                expected,
                "{tag} {content:?}"
            );
        }
    }

    #[test]
    fn domains() {
        for (text, plain, constraint) in [
            ("", true, true),
            ("a.b", true, true),
            (".a", false, true),
            ("..a", false, false),
            ("a.", false, false),
            ("a..b", false, false),
            ("a b", false, false),
            (".", false, false),
            ("a_b:1", true, true),
        ] {
            assert_eq!(is_domain(text.as_bytes()), plain, "{text}");
            assert_eq!(
                is_domain_constraint(text.as_bytes()),
                constraint,
                "{text} as a constraint"
            );
        }
    }

    #[test]
    fn mailboxes() {
        for text in ["a@b", "a.b@c.d", "\"a b\"@c", "\"\\\"\"@c", "a\\@b@c", "a@"] {
            assert!(is_mailbox(text.as_bytes()), "{text}");
        }
        for text in [
            "", "@b", ".a@b", "a.@b", "a..b@c", "a", "\"a@b", "a@b..c", "a b@c", "a@b@", "a@.b",
        ] {
            assert_eq!(is_mailbox(text.as_bytes()), text == "a@b@", "{text}");
        }
    }
}
