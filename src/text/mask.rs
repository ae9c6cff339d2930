//! Masks secrets in text that is shown or stored, in every form in which they may come back.
//!
//! If secrets overlap, everything that belongs to any of them is masked. [`MaskStream`] masks text that comes in
//! chunks, also across their borders.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// The text that replaces a secret.
pub(crate) const MASK: &str = "********";
/// The shortest secret, line or form that is masked, in bytes: a shorter one would hide ordinary words.
const SHORTEST: usize = 4;
/// The shortest word inside a document that is masked, in bytes: shorter words are its structure.
const SHORTEST_WORD: usize = 16;
/// The size of the pieces into which a longer text is cut, in bytes: it bounds the text that is held back and compared.
const LONGEST: usize = 4096;
/// The number of base64 digits by which a secret is recognized: programs may break base64 into lines anywhere.
const DIGITS: usize = 16;
/// The step between the offsets at which base64 digits are searched for: for ordinary secrets, and for large ones.
const STEPS: (usize, usize) = (4, DIGITS);
/// The longest secret that is also masked in encodings several times its length, in bytes.
const LONGEST_IN_DIGITS: usize = 1024;
/// The size from which a secret counts as large, in bytes.
const LARGE: usize = 64 << 10;

/// The texts that must not be shown.
pub(crate) struct Mask {
    /// Sorted, each at least [`SHORTEST`] bytes long.
    forms: Vec<Zeroizing<Vec<u8>>>,
    /// The pairs of bytes with which any of them begins; empty if there is none.
    beginnings: Vec<bool>,
    /// The length of the longest one.
    longest: usize,
}

impl Mask {
    #[must_use]
    pub(crate) fn new(secrets: &[SecretString]) -> Self {
        Self::sparing(secrets, &[])
    }

    /// Does the same, but spares the digits that a public text has too: a private key holds its public key, which the
    /// certificate shows.
    #[must_use]
    pub(crate) fn sparing(secrets: &[SecretString], public: &[Vec<u8>]) -> Self {
        let mut forms = Vec::new();
        for secret in secrets {
            let whole = secret.expose_secret();
            for text in parts(whole).filter(|text| text.len() >= SHORTEST) {
                let step = if whole.len() < LARGE {
                    STEPS.0
                } else {
                    STEPS.1
                };
                pieces(text).for_each(|piece| add_forms(piece, step, &mut forms));
            }
        }
        let shown = public.iter().flat_map(|text| text.windows(DIGITS));
        let shown: HashSet<&[u8]> = shown.collect();
        forms.retain(|form| form.len() >= SHORTEST && !shown.contains(form.as_slice()));
        forms.sort_by(|a, b| a.as_slice().cmp(b));
        forms.dedup();
        let mut beginnings = Vec::new();
        if !forms.is_empty() {
            beginnings.resize(1 << 16, false);
        }
        for form in &forms {
            beginnings[beginning(form)] = true;
        }
        let longest = forms.iter().map(|form| form.len()).max().unwrap_or(0);
        Self {
            forms,
            beginnings,
            longest,
        }
    }

    /// Returns true if there is nothing to hide.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Returns the text with the secrets masked.
    #[must_use]
    pub(crate) fn apply(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut stream = MaskStream::default();
        let mut out = stream.push(self, text.as_bytes());
        out.extend(stream.finish(self));
        String::from_utf8(out)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Returns the parts of the text that are secrets.
    pub(super) fn found<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
        (0..text.len()).filter_map(|at| Some(at..at + self.at_the_beginning(&text[at..])?))
    }

    /// Returns the length of the longest secret with which the text begins.
    fn at_the_beginning(&self, text: &[u8]) -> Option<usize> {
        let key = text.get(..SHORTEST)?;
        if !*self.beginnings.get(beginning(key))? {
            return None;
        }
        let from = self.forms.partition_point(|form| form.as_slice() < key);
        self.forms[from..]
            .iter()
            .take_while(|form| form.starts_with(key))
            .filter(|form| text.starts_with(form))
            .map(|form| form.len())
            .max()
    }

    /// Returns true if a longer secret begins with this text.
    fn may_go_on(&self, text: &[u8]) -> bool {
        if text.len() >= self.longest || text.len() > 1 && !self.beginnings[beginning(text)] {
            return false;
        }
        let from = self.forms.partition_point(|form| form.as_slice() <= text);
        self.forms
            .get(from)
            .is_some_and(|form| form.starts_with(text))
    }
}

/// Returns the first two bytes as a number.
fn beginning(text: &[u8]) -> usize {
    usize::from(text[0]) << 8 | usize::from(text[1])
}

/// Masks text that comes in chunks. Text that may be the beginning of a secret is held back until that is known.
#[derive(Default)]
pub(crate) struct MaskStream {
    held: Vec<u8>,
    /// The number of held bytes that were already passed on unmasked.
    shown: usize,
    /// The end of the held bytes for which a mask was already passed on.
    covered: Option<usize>,
}

impl MaskStream {
    /// Takes a chunk, and returns the text that can be shown by now.
    pub(crate) fn push(&mut self, mask: &Mask, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        self.step(mask, false)
    }

    /// Returns the rest.
    pub(crate) fn finish(&mut self, mask: &Mask) -> Vec<u8> {
        self.step(mask, true)
    }

    /// Returns the held text, if it is too short to tell a secret from any other text: the last bytes of a question
    /// must not wait for its answer. The returned bytes still count as the beginning of a secret; otherwise a secret
    /// that comes a few bytes at a time would pass.
    pub(crate) fn release(&mut self) -> Vec<u8> {
        if self.held.len() >= SHORTEST {
            return Vec::new();
        }
        let out = self.held.split_off(self.held.len() - self.waiting());
        self.held.extend_from_slice(&out);
        self.shown = self.held.len();
        out
    }

    /// Returns the number of bytes that are held back.
    #[must_use]
    pub(crate) fn waiting(&self) -> usize {
        self.held.len() - self.shown.max(self.covered.unwrap_or(0))
    }

    fn step(&mut self, mask: &Mask, is_end: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        let mut at = 0;
        while let Some(rest) = self.held.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(length) = mask.at_the_beginning(rest) {
                let end = at + length;
                if let Some(covered) = self.covered.as_mut().filter(|covered| at <= **covered) {
                    *covered = end.max(*covered);
                } else {
                    out.extend_from_slice(MASK.as_bytes());
                    self.covered = Some(end);
                }
            }
            if !is_end && mask.may_go_on(rest) {
                break;
            }
            if self.covered.is_none_or(|covered| at >= covered) {
                self.covered = None;
                if at >= self.shown {
                    out.push(rest[0]);
                }
            }
            at += 1;
        }
        self.held.drain(..at);
        self.shown = self.shown.saturating_sub(at);
        self.covered = self.covered.map(|covered| covered.saturating_sub(at));
        out
    }
}

/// Returns the secret itself and, if it has several lines or is a document, its lines and long words.
fn parts(whole: &str) -> impl Iterator<Item = &str> {
    let trimmed = whole.trim();
    let is_document = trimmed.contains(['\n', '\r', '{']);
    let lines = trimmed
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"));
    let words = trimmed
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}'))
        .filter(|word| word.len() >= SHORTEST_WORD && !word.starts_with("-----"));
    let inside = lines.chain(words).filter(move |_| is_document);
    std::iter::once(trimmed).chain(inside)
}

/// Cuts the text into pieces of bounded size.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let is_border = |end: &usize| text.is_char_boundary(*end);
        let end = (0..=text.len().min(LONGEST)).rev().find(is_border)?;
        let (piece, rest) = text.split_at(end);
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Adds the forms of a secret: plain, in JSON, URLs, forms, HTML and digits, and in base64 that may begin before it.
fn add_forms(secret: &str, step: usize, forms: &mut Vec<Zeroizing<Vec<u8>>>) {
    let mut add = |form: String| forms.push(Zeroizing::new(form.into_bytes()));
    add(secret.to_owned());
    in_json(secret).into_iter().for_each(&mut add);
    in_urls(secret).into_iter().for_each(&mut add);
    in_html(secret).into_iter().for_each(&mut add);
    if secret.len() <= LONGEST_IN_DIGITS {
        in_digits(secret).into_iter().for_each(&mut add);
    }
    for before in 0..3 {
        for digits in in_base64(secret, before) {
            let digits = Zeroizing::new(digits);
            let last = digits.len().saturating_sub(DIGITS);
            for from in (0..last).step_by(step).chain([last]) {
                let end = digits.len().min(from + DIGITS);
                add(digits[from..end].to_owned());
            }
        }
    }
}

/// Returns the secret as different writers of JSON escape it: only what JSON requires, for HTML, in pure ASCII, and
/// with escaped slashes.
pub(super) fn in_json(secret: &str) -> [String; 4] {
    let plain = serde_json::to_string(secret).unwrap_or_default();
    let plain = plain.get(1..plain.len().saturating_sub(1));
    let plain = plain.unwrap_or_default().to_owned();
    let escaped = |is_meant: fn(char) -> bool| -> String {
        let mut out = String::new();
        for c in plain.chars() {
            if is_meant(c) {
                let units = &mut [0; 2];
                c.encode_utf16(units)
                    .iter()
                    .for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
            } else {
                out.push(c);
            }
        }
        out
    };
    let html = escaped(|c| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}'));
    let ascii = escaped(|c| !c.is_ascii());
    let slashes = plain.replace('/', "\\/");
    [plain, html, ascii, slashes]
}

/// Returns the secret as programs escape it in addresses and forms: they differ in the characters that they keep.
fn in_urls(secret: &str) -> Vec<String> {
    let escaped = |kept: &str, lower: bool| -> String {
        let mut out = String::new();
        for byte in secret.bytes() {
            let c = char::from(byte);
            if c.is_ascii_alphanumeric() || kept.contains(c) {
                out.push(c);
            } else if lower {
                out.push_str(&format!("%{byte:02x}"));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    };
    [
        "-_.~",
        "-_.~/",
        "-_.",
        "-_.*",
        "-_.~!*'()",
        "-_.~!$&'()*+,;=:@",
    ]
    .into_iter()
    .flat_map(|kept| [escaped(kept, false), escaped(kept, true)])
    .flat_map(|form| [form.replace("%20", "+"), form])
    .collect()
}

/// Returns the secret as writers of HTML escape it: they differ in quotes.
fn in_html(secret: &str) -> [String; 3] {
    let plain = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    [
        ("&quot;", "&#39;"),
        ("&#34;", "&#39;"),
        ("&quot;", "&#x27;"),
    ]
    .map(|(double, single)| plain.replace('"', double).replace('\'', single))
}

/// Returns each byte in hexadecimal digits: plain, and percent-encoded.
fn in_digits(secret: &str) -> [String; 4] {
    let digits = |write: fn(u8) -> String| secret.bytes().map(write).collect();
    [
        digits(|byte| format!("{byte:02x}")),
        digits(|byte| format!("{byte:02X}")),
        digits(|byte| format!("%{byte:02x}")),
        digits(|byte| format!("%{byte:02X}")),
    ]
}

/// Returns the base64 digits that depend on the secret alone, if `before` other bytes come before it.
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

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        Mask::new(&secrets)
    }

    fn masked(secrets: &[&str], text: &str) -> String {
        mask(secrets).apply(text)
    }

    #[test]
    fn every_form_is_hidden() {
        let secret = "s3cr\"t/+<é Q7f3";
        for text in [
            secret,
            "s3cr\\\"t/+<é Q7f3",
            "s3cr\\\"t/+\\u003cé Q7f3",
            "s3cr\\\"t/+<\\u00e9 Q7f3",
            "s3cr\\\"t\\/+<é Q7f3",
            "s3cr%22t%2F%2B%3C%C3%A9+Q7f3",
            "s3cr%22t%2F%2B%3C%C3%A9%20Q7f3",
            "s3cr%22t%2f%2b%3c%c3%a9%20Q7f3",
            "s3cr%22t/%2B%3C%C3%A9%20Q7f3",
            "s3cr&quot;t/+&lt;é Q7f3",
            "s3cr&#34;t/+&lt;é Q7f3",
            "733363722274 2f2b3cc3a920 51376633"
                .replace(' ', "")
                .as_str(),
            "733363722274 2F2B3CC3A920 51376633"
                .replace(' ', "")
                .as_str(),
            "%73%33%63%72%22%74%2F%2B%3C%C3%A9%20%51%37%66%33",
        ] {
            assert_eq!(masked(&[secret], &format!("<{text}>")), format!("<{MASK}>"));
        }
    }

    #[test]
    fn base64_is_hidden_wherever_it_begins_and_breaks() {
        let secret =
            "JIRA/canary+q=0123456789&abc-0123456789-0123456789-0123456789-0123456789-0123456789";
        for before in ["", "a", "ab", "user:", "some longer text before: "] {
            let text = STANDARD.encode(format!("{before}{secret}!"));
            let shown = masked(&[secret], &text);
            assert!(
                shown.len() < before.len() * 4 / 3 + MASK.len() + 9,
                "{shown}"
            );
            let lines: Vec<&str> = (0..text.len())
                .step_by(76)
                .map(|at| &text[at..text.len().min(at + 76)])
                .collect();
            let shown = masked(&[secret], &lines.join("\n"));
            let longest = shown.split(MASK).skip(1).map(str::len).max();
            assert!(longest.unwrap() <= 16, "{shown}");
        }
    }

    #[test]
    fn where_secrets_overlap_all_of_them_goes() {
        let secrets = ["secret-1", "secret-1-and-more", "more-than-that"];
        for text in [
            "secret-1",
            "secret-1-and-more",
            "secret-1-and-more-than-that",
            "secret-1more-than-that",
        ] {
            assert_eq!(
                masked(&secrets, &format!("({text})")),
                format!("({MASK})"),
                "{text}"
            );
        }
        assert_eq!(masked(&["abc"], "abc"), "abc");
        assert_eq!(masked(&["abcd"], "abcd abc"), format!("{MASK} abc"));
    }

    #[test]
    fn lines_and_long_words_are_hidden() {
        let lines = "shortline1\r\nGITHUBcanary0123456789\n";
        assert_eq!(masked(&[lines], "a shortline1"), format!("a {MASK}"));
        let document = "{\"private_key\":\"Q7f3kZ9x1mW2aaaaaa\"}";
        assert_eq!(
            masked(&[document], "key Q7f3kZ9x1mW2aaaaaa"),
            format!("key {MASK}")
        );
        let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n";
        let shown = masked(&[key], "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBg");
        assert_eq!(shown, format!("-----BEGIN CERTIFICATE-----\n{MASK}"));
    }

    #[test]
    fn a_large_secret_is_hidden_as_a_whole() {
        let secret: String = (0..40_000).map(|n| format!("{n} é")).collect();
        assert_eq!(
            masked(&[&secret], &format!("<{secret}>")),
            format!("<{MASK}>")
        );
    }

    #[test]
    fn chunks_change_nothing() {
        let mask = mask(&["secret-1", "secret-1-and-more", "aaaab", "more\nlines"]);
        let text = "secret-1secret-1-and-mor secret-1-and-moresecret-aaaaaaaab more\nline more\nlines\nsecret";
        let whole = mask.apply(text);
        for size in 1..text.len() {
            let mut stream = MaskStream::default();
            let mut out = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                out.extend(stream.push(&mask, chunk));
            }
            out.extend(stream.finish(&mask));
            assert_eq!(String::from_utf8(out).unwrap(), whole, "{size}");
        }
    }

    #[test]
    fn a_question_does_not_wait_and_a_secret_does() {
        let mask = mask(&["secret-1"]);
        let mut stream = MaskStream::default();
        assert_eq!(stream.push(&mask, b"Name? yes"), b"Name? ye");
        assert_eq!(stream.release(), b"s");
        assert_eq!(stream.push(&mask, b"ecret-1!"), b"********!");
        assert_eq!(stream.push(&mask, b"secr"), b"");
        assert_eq!(stream.release(), b"");
        assert_eq!(stream.push(&mask, b"et!"), b"secret!");
    }

    #[test]
    fn a_secret_that_comes_a_byte_at_a_time_is_hidden() {
        let mask = mask(&["secret-1", "secret-1-and-more"]);
        let shown = |text: &str| {
            let mut stream = MaskStream::default();
            let mut out = Vec::new();
            for byte in text.as_bytes() {
                out.extend(stream.push(&mask, &[*byte]));
                out.extend(stream.release());
            }
            out.extend(stream.finish(&mask));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown("secret-1"), format!("sec{MASK}"));
        assert_eq!(shown("secret-1-and-more"), format!("sec{MASK}"));
        assert_eq!(shown("secret-1-and"), format!("sec{MASK}-and"));
        assert_eq!(shown("sesecond secrets"), "sesecond secrets");
    }
}
