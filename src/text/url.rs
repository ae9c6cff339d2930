//! Addresses in messages.

use url::Url;

/// An address without what stands before its `@`, which may be a password or a token.
#[must_use]
pub fn url_for_people(text: &str) -> String {
    const HIDDEN: &str = "***";
    let is_bare =
        |url: Url| url.has_host() && url.username().is_empty() && url.password().is_none();
    if Url::parse(text).is_ok_and(is_bare) {
        return text.to_owned();
    }
    // In a text that is not a URL there may be a password all the same.
    let start = text.find("//").map_or(0, |slashes| slashes + 2);
    match text[start..].rfind('@') {
        Some(at) => format!("{}{HIDDEN}{}", &text[..start], &text[start + at..]),
        None => text.to_owned(),
    }
}

/// What stands before the `@` of an address, and the password in it: secrets of the run.
#[must_use]
pub fn secrets(text: &str) -> Vec<String> {
    let Ok(url) = Url::parse(text) else {
        return Vec::new();
    };
    let both = url
        .password()
        .map(|password| format!("{}:{password}", url.username()));
    both.into_iter()
        .chain(url.password().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
