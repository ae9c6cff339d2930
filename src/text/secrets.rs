//! The secrets that this run knows, and how they are hidden in text.
//!
//! Code that reads a secret registers it with [`know`]. Code that passes on the words of a server, an issuer or a
//! library hides the secrets in them with [`hide`]. Standard output and standard error hide them once more in text for
//! people.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::escapes;
use super::letters::Letters;
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
    letters: None,
});

struct Known {
    secrets: Vec<SecretString>,
    /// Created on first use, with the pieces.
    mask: Option<Mask>,
    pieces: BTreeSet<[u8; PIECE]>,
    letters: Option<Letters>,
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
        letters,
    } = &mut *known;
    let mask = mask.get_or_insert_with(|| {
        *pieces = pieces_of(secrets);
        *letters = None;
        Mask::new(&texts(secrets))
    });
    let letters = letters.get_or_insert_with(|| Letters::of(words(secrets)));
    let text = without_escaped(text, mask, pieces);
    let text = without_pieces(mask.apply(&text), pieces);
    let found = letters.found(&text);
    Cow::Owned(without(&text, found).into_owned())
}

/// Returns the words of another program, which may show a login that this run does not know yet: what reads like a
/// JSON Web Token is masked as well.
#[must_use]
pub(crate) fn hide_logins(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_login = |word: &str| word.starts_with("eyJ") && word.matches('.').count() == 2;
    let hidden = hide(text);
    let (mut shown, mut rest) = (String::new(), hidden.as_ref());
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        shown.push_str(before);
        shown.push_str(if is_login(word.trim_end_matches('.')) {
            MASK
        } else {
            word
        });
        rest = after;
    }
    shown + rest
}

/// Masks secrets and pieces of them whose letters are escaped, all or some, for HTML, JSON, JavaScript or an address.
fn without_escaped<'t>(text: &'t str, mask: &Mask, pieces: &BTreeSet<[u8; PIECE]>) -> Cow<'t, str> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for reading in escapes::readings(text) {
        let words = reading.bytes.windows(PIECE).enumerate();
        let pieces = words
            .filter(|(_, window)| pieces.contains(*window))
            .map(|(at, _)| at..at + PIECE);
        let found = mask.found(&reading.bytes).chain(pieces);
        hidden.extend(found.map(|part| reading.origin(&part)));
    }
    without(text, hidden)
}

/// Masks parts of a text.
fn without(text: &str, mut hidden: Vec<Range<usize>>) -> Cow<'_, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_by_key(|part| part.start);
    let (mut shown, mut covered) = (Vec::with_capacity(text.len()), 0);
    for part in hidden {
        if part.start > covered || shown.is_empty() {
            shown.extend_from_slice(&text.as_bytes()[covered..part.start]);
            shown.extend_from_slice(MASK.as_bytes());
        }
        covered = covered.max(part.end);
    }
    shown.extend_from_slice(&text.as_bytes()[covered..]);
    Cow::Owned(String::from_utf8_lossy(&shown).into_owned())
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
    let words = words(secrets);
    words
        .flat_map(|word| word.as_bytes().windows(PIECE))
        .filter_map(|piece| piece.try_into().ok())
        .collect()
}

/// Returns the secrets of one word, or their beginnings.
fn words(secrets: &[SecretString]) -> impl Iterator<Item = &str> {
    let words = secrets.iter().map(SecretString::expose_secret);
    words
        .filter(|word| is_word(word))
        .map(|word| &word[..word.len().min(LONGEST_WORD)])
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

    /// One letter in the spelling of this number.
    fn spelled(letter: char, spelling: u8) -> String {
        let code = u32::from(letter);
        match spelling % 8 {
            0 => format!("&#{code};"),
            1 => format!("&#x{code:x};"),
            2 => format!("&#X{code:04X};"),
            3 => format!("\\u{code:04x}"),
            4 => format!("\\x{code:02X}"),
            5 => format!("%{code:02x}"),
            6 => format!("%25{code:02X}"),
            _ => letter.to_string(),
        }
    }

    proptest::proptest! {
        #[test]
        fn an_escaped_secret_is_hidden_however_it_is_spelled(
            secret in "[A-Za-z0-9._~/+-]{24,60}",
            spellings in proptest::collection::vec(0_u8..8, 60),
            before in "[ a-z&%<>é]{0,8}",
        ) {
            let secrets = [SecretString::from(secret.as_str())];
            let (mask, pieces) = (Mask::new(&texts(&secrets)), pieces_of(&secrets));
            let letters = secret.chars().zip(&spellings);
            let escaped: String = letters.map(|(letter, spelling)| spelled(letter, *spelling)).collect();
            let shown = without_escaped(&format!("{before}: {escaped}!"), &mask, &pieces).into_owned();
            let shown = without_pieces(mask.apply(&shown), &pieces);
            proptest::prop_assert_eq!(shown, format!("{before}: {MASK}!"));
        }
    }

    #[test]
    fn a_secret_is_hidden_whatever_stands_between_its_letters() {
        let secret = "sha256~Canary-token-0123456789";
        let letters = Letters::of([secret].into_iter());
        let between = |text: &str| {
            let letters: Vec<String> = secret.chars().map(|c| format!("{c}{text}")).collect();
            letters.concat()
        };
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        for disguised in [
            between(" "),
            between("\u{200b}"),
            between("', '"),
            between("\\"),
            secret.to_uppercase(),
            secret.chars().rev().collect(),
            secret.chars().map(wide).collect(),
            secret.replace('~', "-"),
        ] {
            let text = format!("É {disguised} ü");
            let shown = without(&text, letters.found(&text)).into_owned();
            assert!(shown.starts_with("É ") && shown.ends_with(" ü"), "{shown}");
            assert!(
                shown.contains(MASK) && shown.chars().count() < 20,
                "{shown}"
            );
        }
        let ordinary = "a canary token of 0123456789 and a sha256 sum are ordinary words";
        assert!(letters.found(ordinary).is_empty());
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
