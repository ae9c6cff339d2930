//! Secrets in text that is shown: each is replaced, in every form in which it may come back.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const MASK: &str = "********";
/// Shorter secrets would hide ordinary words, in bytes.
const SHORTEST: usize = 6;
/// Shorter parts of a secret of several lines say nothing about it, in bytes.
const SHORTEST_PART: usize = 16;

/// The texts that must not be seen, the longest first: one secret may begin like another.
pub struct Mask(Vec<Zeroizing<String>>);

impl Mask {
    #[must_use]
    pub fn new(secrets: &[SecretString]) -> Self {
        let wholes = secrets.iter().map(SecretString::expose_secret);
        let texts = wholes.flat_map(|whole| std::iter::once(whole).chain(parts(whole)));
        let mut forms: Vec<Zeroizing<String>> = texts
            .filter(|text| text.len() >= SHORTEST)
            .flat_map(forms)
            .collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms)
    }

    /// The text without them.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let secrets = self.0.iter();
        secrets.fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) {
                text.replace(secret.as_str(), MASK)
            } else {
                text
            }
        })
    }
}

/// The lines of a secret of several lines, and the long words in it: a key, a token, the data of a certificate.
fn parts(whole: &str) -> impl Iterator<Item = &str> {
    let trimmed = whole.trim();
    let lines = trimmed.lines().map(str::trim);
    let words =
        trimmed.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}'));
    let has_lines = trimmed.contains(['\n', '{']);
    std::iter::once(trimmed).chain(
        lines
            .chain(words)
            .filter(move |part| has_lines && part.len() >= SHORTEST_PART),
    )
}

/// A secret as it is, in JSON, in a URL, in a form, and in base64 that may begin before it.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json
        .get(1..json.len().saturating_sub(1))
        .unwrap_or_default();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![
        secret.to_owned(),
        json.to_owned(),
        form.replace('+', "%20"),
        form,
    ];
    for before in 0..3 {
        forms.extend(in_base64(secret, before));
    }
    forms.into_iter().map(Zeroizing::new).collect()
}

/// The digits of base64 that the secret alone decides, behind so many other bytes.
fn in_base64(secret: &str, before: usize) -> Vec<String> {
    let mut bytes = Zeroizing::new(vec![0; before]);
    bytes.extend_from_slice(secret.as_bytes());
    let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .filter_map(|engine| engine.encode(&bytes[..]).get(start..end).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn masked(secrets: &[&str], text: &str) -> String {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        Mask::new(&secrets).apply(text)
    }

    #[test]
    fn every_form_is_hidden() {
        let secret = "s3cr\"t/+ Q7f3";
        for text in [
            secret.to_owned(),
            serde_json::to_string(secret).unwrap(),
            "s3cr%22t%2F%2B+Q7f3".to_owned(),
            "s3cr%22t%2F%2B%20Q7f3".to_owned(),
        ] {
            assert!(!masked(&[secret], &text).contains("Q7f3"), "{text}");
        }
        for before in ["", "a", "ab", "user:"] {
            let text = STANDARD.encode(format!("{before}{secret}!"));
            assert!(masked(&[secret], &text).contains(MASK), "{before}");
        }
    }

    #[test]
    fn the_longest_goes_first_and_short_ones_stay() {
        assert_eq!(
            masked(&["secret-1", "secret-1-and-more"], "secret-1-and-more"),
            MASK
        );
        assert_eq!(masked(&["abc"], "abc"), "abc");
    }

    #[test]
    fn parts_of_a_file_are_hidden() {
        let file = "users:\n- user: {token: Q7f3kZ9x1mW2aaaaaa}\n";
        assert_eq!(
            masked(&[file], "bad token Q7f3kZ9x1mW2aaaaaa"),
            format!("bad token {MASK}")
        );
    }
}
