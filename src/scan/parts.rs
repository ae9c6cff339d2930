//! The pieces of a secret that recognize it: out of its random part only, since headers are the same in many secrets.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use crate::kubeconfig::Part;

/// The length of a piece, in bytes without white space. 16 characters of base64 hold 96 bits: no text contains them by
/// chance.
pub(super) const WIDTH: usize = 16;

/// The form in which a piece was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    Plain,
    /// Encoded once, as a key in a kubeconfig.
    Base64,
    /// Encoded twice, as a key in a kubeconfig in a Secret's manifest.
    Base64Twice,
    /// The bytes that the base64 of a key or of a token stands for.
    Decoded,
}

impl Encoding {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Base64 => " in base64",
            Self::Base64Twice => " in base64 of base64",
            Self::Decoded => " in binary",
        }
    }
}

/// A piece with fewer different bytes is filler, such as zeros.
const FEWEST_BYTES: usize = 6;
/// The bytes at the end of a certificate that belong to its signature.
const SIGNATURE: usize = 72;
/// The length of the longest key that consists of one number and its public point, in bytes.
const LONGEST_EC_KEY: usize = 260;
/// The bytes at the beginning of such a key in which its number begins.
const HEADER: usize = 60;
/// The prefixes of tokens (`glpat-`, `sha256~`) end within so many bytes.
const PREFIX: usize = 16;

/// True if a text is long enough to have a piece.
pub(super) fn is_long(part: &Part) -> bool {
    match part {
        Part::Text { text, .. } => random_part(&bare(text)).len() >= WIDTH,
        Part::Pem { .. } => false,
    }
}

/// Calls `add` with each piece of a part.
pub(super) fn pieces(part: &Part, add: &mut dyn FnMut(&[u8], Encoding)) {
    match part {
        Part::Text { text, .. } => {
            let text = bare(text);
            let random = random_part(&text);
            if random.len() < WIDTH {
                return;
            }
            encoded(random, add);
            if let Ok(inner) = STANDARD.decode(random).map(Zeroizing::new)
                && inner.iter().all(u8::is_ascii_graphic)
            {
                windows(random_part(&inner), Encoding::Decoded, add);
            }
        }
        Part::Pem {
            text, der, kind, ..
        } => {
            let range = if kind == b"CERTIFICATE" {
                der.len().saturating_sub(SIGNATURE)..der.len()
            } else {
                private_range(der)
            };
            let bytes = &der[range.clone()];
            windows(&bare(bytes), Encoding::Decoded, add);
            // The same number in another kind of block stands at another offset.
            for body in offsets(bytes) {
                windows(&body, Encoding::Plain, add);
            }
            for line in lines_of(text, &range) {
                encoded(line, add);
            }
        }
    }
}

/// Adds a text as it is, in base64, and in base64 of base64, at each of the three offsets that a text can have in the
/// encoded one.
fn encoded(text: &[u8], add: &mut dyn FnMut(&[u8], Encoding)) {
    windows(text, Encoding::Plain, add);
    for once in offsets(text) {
        windows(&once, Encoding::Base64, add);
        let for_urls: Zeroizing<Vec<u8>> = Zeroizing::new(
            once.iter()
                .map(|byte| match byte {
                    b'+' => b'-',
                    b'/' => b'_',
                    other => *other,
                })
                .collect(),
        );
        windows(&for_urls, Encoding::Base64, add);
        for twice in offsets(&once) {
            windows(&twice, Encoding::Base64Twice, add);
        }
    }
}

/// Encodes a text as if 0, 1 or 2 unknown bytes stood before it, and keeps the characters that depend on the text
/// alone.
fn offsets(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    (0..3_usize).map(move |before| {
        let mut padded = Zeroizing::new(vec![0; before]);
        padded.extend_from_slice(text);
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(&*padded).into_bytes());
        let first = [0, 2, 3][before];
        let last = encoded.len() - usize::from(padded.len() % 3 != 0 && !encoded.is_empty());
        Zeroizing::new(encoded.get(first..last).unwrap_or_default().to_vec())
    })
}

/// Adds the pieces of a text, from its end, where tokens are random.
fn windows(text: &[u8], encoding: Encoding, add: &mut dyn FnMut(&[u8], Encoding)) {
    for piece in text.rchunks_exact(WIDTH) {
        let mut seen = [false; 256];
        for byte in piece {
            seen[usize::from(*byte)] = true;
        }
        if seen.iter().filter(|is_seen| **is_seen).count() >= FEWEST_BYTES {
            add(piece, encoding);
        }
    }
}

/// Returns the bytes without white space, as the search sees them.
fn bare(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let bytes = text.iter().copied();
    Zeroizing::new(bytes.filter(|byte| !is_space(*byte)).collect())
}

/// True for the bytes that the search drops: white space, and the zeros between the letters of UTF-16.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0)
}

/// Returns the part of a token that no other token has: the signature of a JWT, or the text after a known prefix.
fn random_part(token: &[u8]) -> &[u8] {
    if token.starts_with(b"eyJ") && token.split(|byte| *byte == b'.').count() == 3 {
        return token
            .rsplit(|byte| *byte == b'.')
            .next()
            .unwrap_or_default();
    }
    let mark = |byte: &u8| matches!(byte, b'-' | b'_' | b'~');
    let prefix = token.len().min(PREFIX);
    match token[..prefix].iter().rposition(mark) {
        Some(at) if token.len() - at > WIDTH => &token[at + 1..],
        _ => token,
    }
}

/// Returns the bytes of a private key that its public key does not have.
fn private_range(der: &[u8]) -> Range<usize> {
    let number = der.get(..der.len().min(HEADER)).unwrap_or_default();
    let number = number.windows(5).enumerate().find_map(|(at, bytes)| {
        match *bytes {
            // Version 1 and the number: SEC 1, alone or in PKCS #8.
            [2, 1, 1, 4, length] => Some((at + 5, length)),
            // A number in an octet string of its own: Ed25519.
            [4, outer, 4, length, _] if u16::from(outer) == u16::from(length) + 2 => {
                Some((at + 4, length))
            }
            _ => None,
        }
    });
    match number {
        Some((start, length)) if der.len() <= LONGEST_EC_KEY => {
            start..der.len().min(start + usize::from(length))
        }
        // An RSA key begins with the modulus, which is public; what follows it is not.
        _ => der.len() / 2..der.len(),
    }
}

/// Returns the lines of a PEM block, as far as they stand for these bytes.
fn lines_of<'t>(text: &'t [u8], bytes: &Range<usize>) -> Vec<&'t [u8]> {
    let wanted = bytes.start.div_ceil(3) * 4..bytes.end * 4 / 3;
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii) {
        if line.starts_with(b"-----") || line.contains(&b':') {
            continue;
        }
        let from = wanted.start.clamp(at, at + line.len()) - at;
        let to = wanted.end.clamp(at, at + line.len()) - at;
        if from < to {
            lines.push(&line[from..to]);
        }
        at += line.len();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, Encoding)> {
        let mut found = Vec::new();
        let part = Part::of("token", text.as_bytes());
        pieces(&part, &mut |piece, encoding| {
            found.push((String::from_utf8_lossy(piece).into_owned(), encoding));
        });
        found
    }

    #[test]
    fn a_jwt_is_known_by_its_signature() {
        let header = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0";
        let found = all(&format!("{header}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"));
        assert!(found.contains(&("9mLXRoZS10b2tlbg".to_owned(), Encoding::Plain)));
        assert!(
            found
                .iter()
                .all(|(piece, _)| !header.contains(piece.as_str()))
        );
    }

    #[test]
    fn prefixes_and_filler_are_left_out() {
        assert!(
            all("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
                .iter()
                .all(|(_, it)| *it != Encoding::Plain)
        );
        assert!(all("too-short").is_empty());
        let found = all("glpat-0123456789abcdefghij");
        assert_eq!(found[0], ("456789abcdefghij".to_owned(), Encoding::Plain));
    }

    #[test]
    fn offsets_depend_on_the_text_alone() {
        let text = b"Q7f3kZ9x1mW2-a-secret-of-some-length";
        for (n, piece) in offsets(text).enumerate() {
            for (before, after) in [("abcdef", "\n"), ("XYZ01 ", ": next")] {
                let whole = format!(
                    "{}{}{after}",
                    &before[..3 + n],
                    String::from_utf8_lossy(text)
                );
                let encoded = STANDARD.encode(whole);
                assert!(
                    encoded.contains(std::str::from_utf8(&piece).unwrap()),
                    "{n}"
                );
            }
        }
    }

    #[test]
    fn only_the_private_bytes_of_a_key_count() {
        let mut sec1 = vec![0x30, 0x77, 2, 1, 1, 4, 32];
        sec1.extend(vec![7; 32]);
        sec1.extend(vec![9; 80]);
        assert_eq!(private_range(&sec1), 7..39);
        let rsa = vec![1; 1_200];
        assert_eq!(private_range(&rsa), 600..1_200);
        assert_eq!(private_range(&[]), 0..0);
    }
}
