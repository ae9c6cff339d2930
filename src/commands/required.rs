//! Values that a verb can't do without: from their flags, or from prompts.

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::output::prompt;

/// Returns the value of a flag. Without one, prompts for it on a terminal, and says how to do without the prompt.
///
/// # Errors
/// A usage failure if the user can't be asked; the user cancels.
pub(crate) fn value(
    ctx: &Ctx,
    flag: &str,
    title: &str,
    given: Option<&str>,
) -> anyhow::Result<String> {
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        return Ok(given.to_owned());
    }
    if !ctx.may_ask() {
        let failure = Failure::usage(format!("--{flag} is required"));
        return Err(match given {
            Some(_) => Failure::empty(flag),
            None if flag == "name" => {
                failure.hint("write the name behind the command, or --name NAME")
            }
            None => failure.hint(format!("write --{flag} {}", flag.to_uppercase())),
        }
        .into());
    }
    let typed = prompt::text(title, "", prompt::not_empty)?;
    let word = crate::text::command::shell_word(&typed);
    ctx.out
        .aside(&format!("Without the prompt: add --{flag} {word}"));
    Ok(typed)
}
