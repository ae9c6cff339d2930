//! Request paths and queries.

use url::form_urlencoded;

/// Joins path segments, each percent-encoded as the Go tool does: letters, digits and `-_.~$&+=:@`
/// stay, everything else is escaped (contract cli-resources.md section 1.4).
#[must_use]
pub fn path(segments: &[&str]) -> String {
    let mut path = String::new();
    for segment in segments {
        path.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~$&+=:@".contains(&byte) {
                path.push(byte as char);
            } else {
                path.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    path
}

/// Appends a query, form-encoded, keys in the order given.
#[must_use]
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
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
    }
}
