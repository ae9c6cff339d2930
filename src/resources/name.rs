//! Texts that may name an object: which of them can be part of a path.

use crate::failure::{EMPTY_VALUE, Failure, Kind};
use crate::text::{acpctl, quote, with_article};

/// The length of the longest id.
const LONGEST: usize = 255;
/// The length of the platform's IDs, which consist of letters and digits.
const ID_LENGTH: usize = 27;

/// Refuses a text that cannot name anything. `what` is, for example, `agent name or ID`.
///
/// # Errors
/// A usage failure.
pub(crate) fn check(what: &str, text: &str) -> Result<(), Failure> {
    if text.is_empty() {
        return Err(Failure::usage(format!("{what} is required")).hint(EMPTY_VALUE));
    }
    if matches!(text, "." | "..") || text.chars().any(char::is_control) {
        return Err(Failure::usage(format!(
            "{} is not {}",
            quote(text),
            with_article(what)
        )));
    }
    Ok(())
}

/// Refuses a text that cannot be an id. Use it for a text that becomes part of a path without a look-up, such as the id
/// of a message, or of a project that other objects are found in.
///
/// # Errors
/// A usage failure.
pub(crate) fn check_id(what: &str, text: &str) -> Result<(), Failure> {
    check(what, text)?;
    if can_be_id(text) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{} is not {}",
        quote(text),
        with_article(what)
    )))
}

/// True for a text that looks like an ID of the platform.
#[must_use]
pub(crate) fn has_form_of_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// False for a text with characters that no id has: in a path they could lead to something else.
#[must_use]
pub(crate) fn can_be_id(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= LONGEST
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:@".contains(&b))
}

/// True for a text that a server may give an object as its ID: no flag, because scripts pass IDs on.
#[must_use]
pub(crate) fn is_usable_id(text: &str) -> bool {
    can_be_id(text) && !text.starts_with('-')
}

/// The length of the longest name of a project.
pub(crate) const LONGEST_OF_PROJECT: usize = 63;

/// Refuses a name with which the platform creates no project, and names one that fits as the last of the words of a
/// command. A name of one letter is left to the server.
///
/// # Errors
/// [`Kind::Data`], as the server's refusal.
pub(crate) fn check_project_name(name: &str, command: &[&str]) -> Result<(), Failure> {
    if name.len() <= LONGEST_OF_PROJECT && is_label(name) {
        return Ok(());
    }
    let failure = Failure::new(
        Kind::Data,
        format!(
            "project name {} does not fit: it must have 2 to {LONGEST_OF_PROJECT} lowercase letters, digits and \
             hyphens, begin with a letter, and not end with a hyphen",
            quote(name)
        ),
    );
    match label_like(name) {
        Some(near) => Err(failure.hint(format!(
            "a name that fits: {}",
            acpctl(&[command, &[near.as_str()]].concat())
        ))),
        None => Err(failure),
    }
}

/// True for a name with which the platform creates a project.
pub(crate) fn can_name_project(name: &str) -> bool {
    name.len() > 1 && name.len() <= LONGEST_OF_PROJECT && is_label(name)
}

/// True for the form of a DNS label that begins with a letter, however long it is.
pub(crate) fn is_label(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns a label that is like a name; `None` if nothing of the name can be kept.
fn label_like(name: &str) -> Option<String> {
    let mut label = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            _ if !label.is_empty() && !label.ends_with('-') => label.push('-'),
            _ => {}
        }
    }
    if label.starts_with(|c: char| c.is_ascii_digit()) {
        label.insert_str(0, "p-");
    }
    label.truncate(LONGEST_OF_PROJECT);
    let label = label.trim_end_matches('-');
    (label.len() > 1).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_projects_are_labels() {
        for (name, like) in [
            ("Team A", Some("team-a")),
            ("team_a.b", Some("team-a-b")),
            ("1team", Some("p-1team")),
            ("-x-", None),
            ("☃", None),
        ] {
            assert!(!is_label(name), "{name}");
            assert_eq!(label_like(name).as_deref(), like, "{name}");
        }
        let long = "a".repeat(64);
        assert!(check_project_name(&long, &[]).is_err());
        assert!(label_like(&long).is_some_and(|label| check_project_name(&label, &[]).is_ok()));
        for name in ["n", "team-a", "a1"] {
            assert!(is_label(name), "{name}");
        }
    }
}
