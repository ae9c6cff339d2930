//! Base64 as Kubernetes' client accepts it: the standard alphabet with padding; CR and LF are ignored, and the unused
//! bits of the last character may be set (docs/interface/kubeconfig.md section 4).

use ::base64::alphabet::STANDARD;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ::base64::{Engine, decoded_len_estimate};
use zeroize::Zeroizing;

use super::byte_set::ByteSet;

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

const DIGITS: ByteSet = ByteSet::of(b"+/")
    .and_range(b'A', b'Z')
    .and_range(b'a', b'z')
    .and_range(b'0', b'9');

/// Decodes a text. Returns `None` if it is not base64.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_break = |b: &u8| matches!(b, b'\r' | b'\n');
    if !text.iter().any(is_break) {
        return decode_line(text);
    }
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    compact.extend(text.iter().filter(|b| !is_break(b)));
    decode_line(&compact)
}

/// Decodes into a buffer that is wiped, even if the text turns out not to be base64.
fn decode_line(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(text.len())]);
    let len = ENGINE.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

/// Returns true if [`decode`] would succeed. Allocates nothing.
pub(super) fn is_valid(text: &str) -> bool {
    let (mut rest, mut digits) = (text.as_bytes(), 0);
    loop {
        let run = DIGITS.run(rest);
        digits += run;
        rest = &rest[run..];
        match rest {
            [b'\r' | b'\n', more @ ..] => rest = more,
            _ => break,
        }
    }
    let end = rest.iter().filter(|b| !matches!(b, b'\r' | b'\n'));
    if end.clone().any(|b| *b != b'=') {
        return false;
    }
    let padding = end.count();
    let needed = match digits % 4 {
        0 => 0,
        2 => 2,
        3 => 1,
        _ => return false,
    };
    padding == needed
}

pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(::base64::engine::general_purpose::STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_valid_agrees_with_decode() {
        for text in [
            "",
            "AA==",
            "AAA=",
            "AAAA",
            "A\nA=\r\n=",
            "\n",
            "AB==",
            "A",
            "AA",
            "AA=",
            "AAA==",
            "A===",
            "====",
            "AAAA====",
            "AA==AA==",
            "A A=",
            "AA==\n",
            "_-==",
            "AAA=\t",
            "=AAA",
            "AAAAA===",
            "DATA+OMITTED",
        ] {
            assert_eq!(
                is_valid(text),
                decode(text.as_bytes()).is_some(),
                "{text:?}"
            );
        }
        assert!(is_valid("AB=="), "padding bits need not be zero");
        assert!(!is_valid("A A="), "a space is refused");
    }
}
