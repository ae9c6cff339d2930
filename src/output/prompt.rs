//! Questions to the user. Only asked where [`crate::ctx::Ctx::may_ask`] allows it.

use dialoguer::Confirm;

/// A yes-or-no question; Enter alone means no.
///
/// # Errors
/// When the terminal can't be read.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    Ok(Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()?)
}
