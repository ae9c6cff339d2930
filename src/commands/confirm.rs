//! The one way to ask before something is destroyed: `--yes`, with the Go tool's `--confirm` kept
//! (contract field.md row 54).

use std::io::BufRead as _;

use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::output::prompt;

/// `--yes` and its older name.
#[derive(Debug, Default, clap::Args)]
pub struct ConfirmArgs {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// The same as --yes
    #[arg(long)]
    confirm: bool,
}

impl ConfirmArgs {
    /// True where the user has agreed, on the line or when asked. Where nobody can be asked, that is
    /// an error in the Go tool's words.
    ///
    /// # Errors
    /// [`Kind::Input`] where nobody can be asked.
    pub fn agreed(&self, ctx: &Ctx, what: &str) -> anyhow::Result<bool> {
        if self.yes || self.confirm {
            return Ok(true);
        }
        if !ctx.may_ask() {
            return Err(
                Failure::new(Kind::Input, format!("add --confirm to delete {what}")).into(),
            );
        }
        let agreed = prompt::confirm(&format!("Delete {what}?"))?;
        if !agreed {
            ctx.out.note("Aborted.");
        }
        Ok(agreed)
    }
}

/// Asks on a terminal, and takes the answer from a pipe as well: scripts write `y` into
/// `acpctl delete` (contract cli-core.md section 7.11).
///
/// # Errors
/// [`Kind::Input`] where no answer comes.
pub fn ask_or_read(ctx: &Ctx, question: &str) -> anyhow::Result<bool> {
    let required = || {
        Failure::new(
            Kind::Input,
            "interactive confirmation required; use --yes/-y to skip",
        )
    };
    if ctx.may_ask() {
        return prompt::confirm(question);
    }
    if ctx.globals.no_input {
        return Err(required().into());
    }
    ctx.out.prompt(&format!("{question} [y/N]: "));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    ctx.out.prompt("\n");
    match read {
        Ok(0) | Err(_) => Err(required().into()),
        Ok(_) if line.split_whitespace().count() > 1 => Err(required().into()),
        Ok(_) => Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes")),
    }
}
