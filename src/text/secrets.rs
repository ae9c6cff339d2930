//! The secrets that this run knows: they are hidden in whatever comes back.
//!
//! Whoever gets hold of a secret says so with [`know`]; whoever passes on the words of a server, an issuer or a library
//! hides the secrets in them with [`hide`]. Both streams for people do it once more.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::mask::{MASK, Mask};
use crate::compat::json;

/// Shorter secrets, and shorter lines of longer ones, would hide ordinary words, in bytes.
const SHORTEST: usize = 6;
const SHORTEST_LINE: usize = 16;
/// As much of a secret of one word, from its beginning, is hidden too, in bytes: whoever quotes it may cut it.
const BEGINNING: usize = 10;

static KNOWN: Mutex<Known> = Mutex::new(Known {
    secrets: Vec::new(),
    mask: None,
});

struct Known {
    secrets: Vec<SecretString>,
    /// Made when it is first needed.
    mask: Option<Mask>,
}

/// Remembers a secret for the rest of the run.
pub fn know(secret: &SecretString) {
    let mut known = lock();
    let is_new = |other: &SecretString| other.expose_secret() != secret.expose_secret();
    if !secret.expose_secret().is_empty() && known.secrets.iter().all(is_new) {
        known.secrets.push(secret.clone());
        known.mask = None;
    }
}

/// The text without the secrets of this run.
#[must_use]
pub fn hide(text: &str) -> Cow<'_, str> {
    let mut known = lock();
    if known.secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let Known { secrets, mask } = &mut *known;
    let mask = mask.get_or_insert_with(|| Mask::new(&texts(secrets)));
    let words = secrets.iter().map(SecretString::expose_secret);
    let text = words
        .filter(|word| is_word(word))
        .fold(mask.apply(text), |text, word| {
            without_beginnings(text, word)
        });
    Cow::Owned(text)
}

/// What is looked for: the secrets, line by line, and each as it stands in JSON, which may be encoded once more.
fn texts(secrets: &[SecretString]) -> Vec<SecretString> {
    let mut texts = Vec::new();
    for secret in secrets {
        let whole = secret.expose_secret().trim();
        let shortest = if whole.contains('\n') {
            SHORTEST_LINE
        } else {
            SHORTEST
        };
        for line in whole.lines().map(str::trim) {
            if line.len() >= shortest {
                let in_json = Zeroizing::new(serde_json::to_string(line).unwrap_or_default());
                let in_json = in_json.get(1..in_json.len().saturating_sub(1));
                let in_json = in_json.unwrap_or_default();
                let as_go_writes_it = Zeroizing::new(json::escape(in_json));
                texts.extend([line, in_json, as_go_writes_it.as_str()].map(SecretString::from));
            }
        }
    }
    texts
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

fn lock() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_secret_is_hidden() {
        let token = "sha256~canary-token-0123456789";
        let cut = "Bearer sha256~canary-tok... and sha256~canary-t";
        let shown = without_beginnings(cut.to_owned(), token);
        assert_eq!(shown, format!("Bearer {MASK}... and {MASK}"));
    }

    #[test]
    fn short_lines_of_a_file_are_ordinary_words() {
        let file = SecretString::from("users:\n- user: {token: Q7f3kZ9x1mW2aaaaaa}\n");
        let mask = Mask::new(&texts(&[file]));
        assert_eq!(mask.apply("list users: no"), "list users: no");
        assert_eq!(
            mask.apply("bad token Q7f3kZ9x1mW2aaaaaa"),
            format!("bad token {MASK}")
        );
    }
}
