//! The keys that `config` knows.

/// The keys with a description for completion.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("access_token", "stored token, never shown"),
    ("api_url", "base URL of the API server"),
    ("pager", "saved for the Go tool; not used here"),
    ("project", "project to work in"),
];
