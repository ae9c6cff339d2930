//! Secrets in text that is shown: each is replaced, in every form in which it may come back.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::compat::json;

/// What stands in the place of a secret.
pub const MASK: &str = "********";
/// Shorter secrets would hide ordinary words, in bytes.
const SHORTEST: usize = 6;
/// Shorter parts of a secret of several lines say nothing about it, in bytes.
const SHORTEST_PART: usize = 16;
/// As much of a secret, from its beginning, is hidden too, in bytes.
const BEGINNING: usize = 10;

/// The texts that must not be seen.
pub struct Mask {
    /// The longest first: one secret may begin like another.
    forms: Vec<Zeroizing<String>>,
    /// Those that are recognized by their beginning: whoever quotes them may cut them.
    words: Vec<Zeroizing<String>>,
}

impl Mask {
    #[must_use]
    pub fn new(secrets: &[SecretString]) -> Self {
        let wholes = || secrets.iter().map(|secret| secret.expose_secret().trim());
        let texts = wholes().chain(wholes().flat_map(parts));
        let texts = texts.filter(|text| text.len() >= SHORTEST);
        let words = wholes().filter(|text| is_word(text));
        let mut mask = Self {
            forms: texts.flat_map(forms).collect(),
            words: words.map(|word| word.to_owned().into()).collect(),
        };
        for list in [&mut mask.forms, &mut mask.words] {
            list.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            list.dedup();
        }
        mask
    }

    /// The text without them.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let forms = self.forms.iter();
        let text = forms.fold(text.to_owned(), |text, form| {
            if text.contains(form.as_str()) {
                text.replace(form.as_str(), MASK)
            } else {
                text
            }
        });
        let words = self.words.iter();
        words.fold(text, |text, word| without_beginnings(text, word))
    }
}

/// True for a token or a password of one word, of which a part would be recognized.
fn is_word(text: &str) -> bool {
    text.len() >= 2 * BEGINNING && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The text without the beginnings of a word, each as far as it agrees with the word.
fn without_beginnings(text: String, word: &str) -> String {
    let beginning = &word[..BEGINNING];
    if !text.contains(beginning) {
        return text;
    }
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(beginning) {
        shown.push_str(&rest[..at]);
        shown.push_str(MASK);
        let same = rest[at..].bytes().zip(word.bytes());
        rest = &rest[at + same.take_while(|(a, b)| a == b).count()..];
    }
    shown + rest
}

/// The lines of a secret of several lines; the texts in one that is JSON.
fn parts(whole: &str) -> impl Iterator<Item = &str> {
    let lines = whole.lines().map(str::trim);
    let is_json = whole.starts_with('{');
    let texts = whole.split('"').filter(move |_| is_json);
    lines
        .chain(texts)
        .filter(|part| part.len() >= SHORTEST_PART)
}

/// A secret as it is and in JSON, and each of these in a URL, in a form, and in base64 that may begin before it.
fn forms(secret: &str) -> Vec<Zeroizing<String>> {
    let in_json = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
    let in_json = in_json.strip_prefix('"').unwrap_or_default();
    let in_json = in_json.strip_suffix('"').unwrap_or_default();
    let as_go_writes_it = Zeroizing::new(json::escape(in_json));
    let mut forms = Vec::new();
    for text in [secret, in_json, &as_go_writes_it] {
        let in_form: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let in_url = in_form.replace('+', "%20");
        forms.extend([text.to_owned(), in_url, in_form]);
        forms.extend((0..3).flat_map(|before| in_base64(text, before)));
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
    fn parts_are_hidden() {
        let file = "users:\n- user: {token: Q7f3kZ9x1mW2aaaaaa}\n";
        let line = "bad line - user: {token: Q7f3kZ9x1mW2aaaaaa}";
        assert_eq!(masked(&[file], line), format!("bad line {MASK}"));
        let json = "{\"type\":\"x\",\"key\":\"Q7f3kZ9x1mW2aaaaaa\"}";
        assert_eq!(masked(&[json], "Q7f3kZ9x1mW2aaaaaa"), MASK);
    }

    #[test]
    fn a_cut_secret_is_hidden() {
        let token = "sha256~canary-token-0123456789";
        let cut = "Bearer sha256~canary-tok... and sha256~canary-t";
        assert_eq!(
            masked(&[token], cut),
            format!("Bearer {MASK}... and {MASK}")
        );
        assert_eq!(masked(&[token], "sha256~ca is short"), "sha256~ca is short");
    }
}
