//! From bytes to plain UTF-8 (contract kubeconfig.md section 3, "Encoding").

use std::borrow::Cow;

use zeroize::{Zeroize, Zeroizing};

use super::base64;
use super::finding::{Finding, Severity};
use super::{Base64, Decoded, MAX_INPUT};

/// How a text was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Bom,
    Utf16,
}

/// The text without its byte order mark. UTF-16 is transcoded; UTF-8 is passed on unchecked, since
/// only the first document has to be valid.
pub(super) fn to_utf8(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, Encoding), Finding> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok((Cow::Borrowed(rest), Encoding::Utf8Bom)),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => Ok((Cow::Borrowed(bytes), Encoding::Utf8)),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(Cow<'_, [u8]>, Encoding), Finding> {
    let broken = || Finding::new("bad-encoding").detail("broken UTF-16");
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(broken());
    }
    // Three bytes are the most that one unit can become: no growth, hence no stray copy.
    let mut text = String::with_capacity(bytes.len() / 2 * 3);
    for ch in char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))) {
        if let Ok(ch) = ch {
            text.push(ch);
        } else {
            text.zeroize();
            return Err(broken());
        }
    }
    Ok((Cow::Owned(text.into_bytes()), Encoding::Utf16))
}

pub(super) fn decode_input(bytes: &[u8], wrapped: Base64) -> Result<Decoded, Finding> {
    check_size(bytes)?;
    let (utf8, encoding) = to_utf8(bytes)?;
    let mut findings = Vec::new();
    if encoding != Encoding::Utf8 {
        findings.push(Finding::new("encoding-bom"));
    }
    let text = Zeroizing::new(
        String::from_utf8(utf8.into_owned())
            .map_err(|_| Finding::new("bad-encoding").detail("invalid UTF-8"))?,
    );
    let Some((inner, layers)) = unwrap_base64(text.as_bytes()) else {
        return Ok(Decoded { text, findings });
    };
    let finding = wrapped_in(layers);
    match wrapped {
        Base64::Report => {
            findings.push(finding);
            Ok(Decoded { text, findings })
        }
        Base64::Decode => {
            findings.push(Finding {
                severity: Severity::Info,
                gate: None,
                fix: None,
                ..finding
            });
            Ok(Decoded {
                text: inner,
                findings,
            })
        }
    }
}

/// The finding about a kubeconfig that was encoded this many times.
pub(super) fn wrapped_in(layers: usize) -> Finding {
    let finding = Finding::new("base64-wrapped");
    if layers < 2 {
        return finding;
    }
    let steps = vec!["base64 -d"; layers].join(" | ");
    finding
        .detail(&format!("{layers} times"))
        .fix(format!("decode it {layers} times: `{steps}`"))
}

pub(super) fn check_size(bytes: &[u8]) -> Result<(), Finding> {
    if bytes.len() > MAX_INPUT {
        return Err(Finding::new("too-large"));
    }
    Ok(())
}

/// How many times a text may have been encoded.
const MOST_LAYERS: usize = 3;

/// The kubeconfig inside a text that is nothing but base64 (any line length), encoded once or several times, and how
/// many times that was.
pub(super) fn unwrap_base64(bytes: &[u8]) -> Option<(Zeroizing<String>, usize)> {
    let mut text = decode_base64(bytes)?;
    for layers in 1..=MOST_LAYERS {
        if looks_right(&text) {
            return Some((text, layers));
        }
        text = decode_base64(text.as_bytes())?;
    }
    None
}

fn decode_base64(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    // Real kubeconfigs hold a colon or a brace early on, so this ends soon.
    if !bytes
        .iter()
        .all(|b| is_base64(b) || b.is_ascii_whitespace())
    {
        return None;
    }
    let mut compact = Zeroizing::new(Vec::with_capacity(bytes.len()));
    compact.extend(bytes.iter().filter(|b| is_base64(b)));
    let inner = base64::decode(&compact)?;
    let (utf8, _) = to_utf8(&inner).ok()?;
    Some(Zeroizing::new(String::from_utf8(utf8.into_owned()).ok()?))
}

fn looks_right(text: &str) -> bool {
    ["apiVersion", "clusters", "contexts", "users"]
        .iter()
        .any(|word| text.contains(word))
}
