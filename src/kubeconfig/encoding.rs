//! Turns bytes into plain UTF-8 (docs/interface/kubeconfig.md section 3, "Encoding").

use std::ops::Deref;

use zeroize::Zeroizing;

use super::base64;
use super::codes::Severity;
use super::finding::Finding;
use super::source::MAX_INPUT;

/// A text in plain UTF-8.
pub struct Decoded {
    pub text: Zeroizing<String>,
    /// `encoding-bom` and `base64-wrapped`, as notes.
    pub findings: Vec<Finding>,
}

/// The treatment of a base64-wrapped kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64 {
    /// Keep the wrapping and report `base64-wrapped`.
    Report,
    /// Remove the wrapping and report it as a note.
    Decode,
}

/// Bytes in UTF-8, as far as the input is valid. A copy is wiped when it is dropped.
pub enum Utf8<'a> {
    Borrowed(&'a [u8]),
    Transcoded(Zeroizing<Vec<u8>>),
}

impl Deref for Utf8<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Transcoded(bytes) => bytes,
        }
    }
}

impl Utf8<'_> {
    /// Returns the bytes as text, or `None` if they are not valid UTF-8.
    fn into_text(self) -> Option<Zeroizing<String>> {
        let text = std::str::from_utf8(&self).ok()?;
        Some(Zeroizing::new(text.to_owned()))
    }
}

/// The encoding that a text was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Bom,
    Utf16,
}

/// Removes the byte order mark. UTF-16 behind one becomes UTF-8; other bytes are passed on unchecked.
///
/// # Errors
/// A finding if the text is broken UTF-16.
pub fn to_utf8(bytes: &[u8]) -> Result<Utf8<'_>, Finding> {
    detect(bytes).map(|(text, _)| text)
}

/// Does the same as [`to_utf8`] and names the encoding. UTF-8 stays unchecked since only the first document has to be
/// valid.
pub(super) fn detect(bytes: &[u8]) -> Result<(Utf8<'_>, Encoding), Finding> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Ok((Utf8::Borrowed(rest), Encoding::Utf8Bom)),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => Ok((Utf8::Borrowed(bytes), Encoding::Utf8)),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(Utf8<'_>, Encoding), Finding> {
    let broken = || Finding::new("bad-encoding").detail("broken UTF-16");
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(broken());
    }
    // One unit becomes three bytes at most, so the buffer never grows, and growing would leave a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() / 2 * 3));
    for ch in char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))) {
        text.push(ch.map_err(|_| broken())?);
    }
    let bytes = Zeroizing::new(std::mem::take(&mut *text).into_bytes());
    Ok((Utf8::Transcoded(bytes), Encoding::Utf16))
}

/// Removes a byte order mark, transcodes UTF-16 and, on request, unwraps base64, so that every later reader sees plain
/// UTF-8.
///
/// # Errors
/// A finding if the text is too large, or if the bytes are not text.
pub fn decode_input(bytes: &[u8], wrapped: Base64) -> Result<Decoded, Finding> {
    check_size(bytes)?;
    let (utf8, encoding) = detect(bytes)?;
    let mut findings = Vec::new();
    if encoding != Encoding::Utf8 {
        findings.push(Finding::new("encoding-bom"));
    }
    let text = utf8
        .into_text()
        .ok_or_else(|| Finding::new("bad-encoding").detail("invalid UTF-8"))?;
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

/// Reports a kubeconfig that was encoded this many times.
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

/// The most times that a text may have been encoded.
const MOST_LAYERS: usize = 3;

/// Returns the kubeconfig inside a text that is entirely base64 (with lines of any length), and the number of times
/// that it was encoded.
pub(super) fn unwrap_base64(bytes: &[u8]) -> Option<(Zeroizing<String>, usize)> {
    let mut text = decode_base64(bytes)?;
    for layers in 1..=MOST_LAYERS {
        if looks_like_kubeconfig(&text) {
            return Some((text, layers));
        }
        text = decode_base64(text.as_bytes())?;
    }
    None
}

fn decode_base64(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    // In a kubeconfig a colon or a brace comes early, so this ends soon.
    if !bytes
        .iter()
        .all(|b| is_base64(b) || b.is_ascii_whitespace())
    {
        return None;
    }
    let mut compact = Zeroizing::new(Vec::with_capacity(bytes.len()));
    compact.extend(bytes.iter().filter(|b| is_base64(b)));
    let inner = base64::decode(&compact)?;
    to_utf8(&inner).ok()?.into_text()
}

fn looks_like_kubeconfig(text: &str) -> bool {
    ["apiVersion", "clusters", "contexts", "users"]
        .iter()
        .any(|word| text.contains(word))
}
