//! Numbers with what they count.

/// Returns `1 user`, or `2 users`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    counted(n, noun, &format!("{noun}s"))
}

/// Returns the noun with its article: `a session`, `an agent`, `a user`.
pub(crate) fn with_article(noun: &str) -> String {
    let first = noun.chars().next().unwrap_or_default().to_ascii_lowercase();
    let article = if matches!(first, 'a' | 'e' | 'i' | 'o') {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// Returns the number with the first word for one, or else with the second.
pub(crate) fn counted(n: usize, one: &str, several: &str) -> String {
    let noun = if n == 1 { one } else { several };
    format!("{n} {noun}")
}
