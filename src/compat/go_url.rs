//! Checks an address before anything is sent to it, and refuses it in the Go tool's words
//! (docs/interface/cli-core.md section 7.4).

/// The reason why an address can't be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlFault {
    pub cause: String,
    /// True if the text is not a URL, false if it is a URL to which no request can be sent.
    pub unreadable: bool,
}

/// Checks an address for HTTP; returns the first fault.
#[must_use]
pub(crate) fn fault(text: &str) -> Option<UrlFault> {
    let unreadable = |cause: &str| {
        Some(UrlFault {
            cause: cause.to_owned(),
            unreadable: true,
        })
    };
    let useless = |cause: String| {
        Some(UrlFault {
            cause,
            unreadable: false,
        })
    };
    if text.chars().any(char::is_control) {
        return unreadable("net/url: invalid control character in URL");
    }
    let (scheme, rest) = match text.split_once(':') {
        Some(("", _)) => return unreadable("missing protocol scheme"),
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        Some((before, _)) if !before.contains(['/', '?', '#']) => {
            return unreadable("first path segment in URL cannot contain colon");
        }
        _ => (String::new(), text),
    };
    if !matches!(scheme.as_str(), "http" | "https") {
        return useless(format!("unsupported protocol scheme \"{scheme}\""));
    }
    let authority = rest
        .strip_prefix("//")
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return useless("http: no Host in request URL".to_owned());
    }
    if let Some(c) = host.chars().find(|c| " \\^`{|}".contains(*c)) {
        return unreadable(&format!("invalid character \"{c}\" in host name"));
    }
    if host.starts_with('[') && !host.contains(']') {
        return unreadable("missing ']' in host");
    }
    let port = host.rsplit(']').next().and_then(|end| end.split_once(':'));
    if let Some((_, port)) = port
        && !port.bytes().all(|b| b.is_ascii_digit())
    {
        return unreadable(&format!("invalid port \":{port}\" after host"));
    }
    if url::Url::parse(text).is_err() {
        return unreadable("not a URL");
    }
    None
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn says_what_is_wrong_in_the_words_of_go() {
        for (text, cause, unreadable) in [
            ("foo/x", "unsupported protocol scheme \"\"", false),
            ("ftp://h/x", "unsupported protocol scheme \"ftp\"", false),
            (
                "localhost:8000/x",
                "unsupported protocol scheme \"localhost\"",
                false,
            ),
            (
                "127.0.0.1:1/x",
                "first path segment in URL cannot contain colon",
                true,
            ),
            ("://h", "missing protocol scheme", true),
            ("http:///x", "http: no Host in request URL", false),
            ("http://a b/x", "invalid character \" \" in host name", true),
            ("http://h:port/x", "invalid port \":port\" after host", true),
            ("http://[::1/x", "missing ']' in host", true),
            (
                "http://h\n/x",
                "net/url: invalid control character in URL",
                true,
            ),
        ] {
            let found = fault(text).unwrap_or_else(|| super::UrlFault {
                cause: String::new(),
                unreadable,
            });
            assert_eq!(
                (found.cause.as_str(), found.unreadable),
                (cause, unreadable),
                "{text}"
            );
        }
        for good in [
            "http://h/x",
            "https://u:p@h:8443/x?y",
            "http://[::1]:80/",
            "HTTP://h",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }
}
