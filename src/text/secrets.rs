//! The secrets that this run knows, and how they are hidden in text.
//!
//! Code that reads a secret registers it with [`know`]. Code that passes on the words of a server, an issuer or a
//! library hides the secrets in them with [`hide`]. Standard output and standard error hide them once more in text for
//! people.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::mask::{MASK, Mask, in_json};

/// The shortest secret that is hidden, in bytes: a shorter one would hide ordinary words.
const SHORTEST: usize = 6;
/// The shortest line of a longer secret that is hidden, in bytes.
const SHORTEST_LINE: usize = 16;
/// The shortest part of a one-word secret that is hidden, in bytes: a message may quote a secret in part.
const PIECE: usize = 10;
/// The length of the beginning of a word whose parts are hidden, in bytes.
const LONGEST_WORD: usize = 16 << 10;

static KNOWN: Mutex<Known> = Mutex::new(Known {
    secrets: Vec::new(),
    mask: None,
    pieces: BTreeSet::new(),
});

struct Known {
    secrets: Vec<SecretString>,
    /// Created on first use, with the pieces.
    mask: Option<Mask>,
    pieces: BTreeSet<[u8; PIECE]>,
}

/// Remembers a secret for the rest of the run.
pub(crate) fn know(secret: &SecretString) {
    let mut known = lock();
    let is_new = |other: &SecretString| other.expose_secret() != secret.expose_secret();
    if !secret.expose_secret().is_empty() && known.secrets.iter().all(is_new) {
        known.secrets.push(secret.clone());
        known.mask = None;
    }
}

/// Returns the text with the secrets of this run masked.
#[must_use]
pub(crate) fn hide(text: &str) -> Cow<'_, str> {
    let mut known = lock();
    if known.secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let Known {
        secrets,
        mask,
        pieces,
    } = &mut *known;
    let mask = mask.get_or_insert_with(|| {
        *pieces = pieces_of(secrets);
        Mask::new(&texts(secrets))
    });
    Cow::Owned(without_pieces(mask.apply(text), pieces))
}

/// Returns the texts to hide: the secrets, line by line, and each as it reads in JSON, which may be encoded once more.
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
                let [plain, html, ..] = in_json(line).map(Zeroizing::new);
                texts.extend([line, plain.as_str(), html.as_str()].map(SecretString::from));
            }
        }
    }
    texts
}

/// Returns the pieces of all one-word secrets.
fn pieces_of(secrets: &[SecretString]) -> BTreeSet<[u8; PIECE]> {
    let words = secrets.iter().map(SecretString::expose_secret);
    words
        .filter(|word| is_word(word))
        .flat_map(|word| word.as_bytes()[..word.len().min(LONGEST_WORD)].windows(PIECE))
        .filter_map(|piece| piece.try_into().ok())
        .collect()
}

/// Returns true for a token or a password of one word: a part of it can be recognized.
fn is_word(text: &str) -> bool {
    text.len() >= 2 * PIECE && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Masks each part of the text that consists of overlapping pieces.
fn without_pieces(text: String, pieces: &BTreeSet<[u8; PIECE]>) -> String {
    let mut shown = String::new();
    let mut covered = 0;
    for (at, window) in text.as_bytes().windows(PIECE).enumerate() {
        if !pieces.contains(window) {
            continue;
        }
        if at >= covered {
            shown.push_str(&text[covered..at]);
            shown.push_str(MASK);
        }
        covered = at + PIECE;
    }
    if shown.is_empty() {
        return text;
    }
    shown + &text[covered..]
}

fn lock() -> MutexGuard<'static, Known> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_secret_is_hidden() {
        let pieces = pieces_of(&["sha256~canary-token-0123456789".into()]);
        for (text, shown) in [
            (
                "Bearer sha256~canary-tok... and sha256~canary-t",
                "Bearer ********... and ********",
            ),
            ("ends in -0123456789.", "ends in ********."),
            ("é nary-token-0 é", "é ******** é"),
            ("canary-tok0123456789", "****************"),
            ("a token-01 is ordinary", "a token-01 is ordinary"),
            ("canary", "canary"),
        ] {
            assert_eq!(without_pieces(text.to_owned(), &pieces), shown);
        }
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
