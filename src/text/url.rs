//! Hides logins in addresses.

use url::Url;

/// Returns an address without the part before its `@`, which may be a password or a token.
#[must_use]
pub(crate) fn url_for_people(text: &str) -> String {
    const HIDDEN: &str = "***";
    let is_bare =
        |url: Url| url.has_host() && url.username().is_empty() && url.password().is_none();
    if Url::parse(text).is_ok_and(is_bare) {
        return text.to_owned();
    }
    // A text that is not a URL may still contain a password.
    let start = text.find("//").map_or(0, |slashes| slashes + 2);
    match text[start..].rfind('@') {
        Some(at) => format!("{}{HIDDEN}{}", &text[..start], &text[start + at..]),
        None => text.to_owned(),
    }
}

/// The length from which a name before the `@` may be a token, in bytes.
const LONG_NAME: usize = 16;

/// Returns the secrets in an address: the login before its `@`, and the password. Each is returned as it is written and
/// as it is sent, which is percent-decoded.
#[must_use]
pub(crate) fn secrets(text: &str) -> Vec<String> {
    let Ok(url) = Url::parse(text) else {
        return Vec::new();
    };
    let written = match url.password() {
        Some(password) => vec![
            format!("{}:{password}", url.username()),
            password.to_owned(),
        ],
        None if url.username().len() >= LONG_NAME => vec![url.username().to_owned()],
        None => Vec::new(),
    };
    let mut all = written.clone();
    all.extend(written.iter().map(|text| percent_decoded(text)));
    all.dedup();
    all
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let digits = digits.filter(|two| two.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_as_they_are_written_and_sent() {
        for (text, known) in [
            (
                "http://u:p%40%2fq@a.test",
                &["u:p%40%2fq", "p%40%2fq", "u:p@/q", "p@/q"][..],
            ),
            ("http://u:p@a.test", &["u:p", "p", "u:p", "p"]),
            ("http://0123456789abcdef@a.test", &["0123456789abcdef"]),
            ("http://user@a.test", &[]),
            ("no address", &[]),
        ] {
            assert_eq!(secrets(text), known, "{text}");
        }
    }

    #[test]
    fn what_stands_before_the_host_is_hidden() {
        for (text, shown) in [
            ("https://a.test/x?y=a@b", "https://a.test/x?y=a@b"),
            ("http://u:p@a.test:8/x", "http://***@a.test:8/x"),
            ("http://token@a.test", "http://***@a.test"),
            ("http://u:p@a.test:x", "http://***@a.test:x"),
            ("u:p@a.test", "***@a.test"),
            ("http://u:p@q@a.test", "http://***@a.test"),
            ("local:", "local:"),
        ] {
            assert_eq!(url_for_people(text), shown);
        }
    }
}
