//! Texts that may name an object: which of them can be part of a path.

use crate::failure::Failure;
use crate::text::{quote, with_article};

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
        return Err(Failure::usage(format!("{what} is required")));
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
