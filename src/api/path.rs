//! The paths and queries of requests.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

/// The characters of a path segment that the Go tool escapes: all but letters, digits and `-_.~$&+=:@`
/// (docs/interface/cli-resources.md section 1.4).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Joins path segments, each percent-encoded.
#[must_use]
pub(crate) fn path(segments: &[&str]) -> String {
    let segments = segments.iter();
    segments
        .map(|segment| format!("/{}", utf8_percent_encode(segment, ESCAPED)))
        .collect()
}

/// Appends a form-encoded query to a path; the keys keep their order.
#[must_use]
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_escaped() {
        assert_eq!(
            path(&["credentials", "a/b c?d#é"]),
            "/credentials/a%2Fb%20c%3Fd%23%C3%A9"
        );
        assert_eq!(path(&["x", "'(),*!;"]), "/x/%27%28%29%2C%2A%21%3B");
        assert_eq!(path(&["-_.~$&+=:@", ""]), "/-_.~$&+=:@/");
    }
}
