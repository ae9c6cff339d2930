//! Asks for consent before something is destroyed. The question says what will be lost; `--yes`, or the Go tool's
//! `--confirm`, answers it in advance.

use std::io::{BufRead as _, IsTerminal as _};

use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::prompt;
use crate::resources::Resource;
use crate::system::stdio;

/// The flags that give consent.
#[derive(Debug, Default, clap::Args)]
pub struct ConfirmArgs {
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// The same as --yes
    #[arg(long)]
    confirm: bool,
}

/// The losses that the deletion of an object causes, by the word of its kind: for one object, and for several.
const LOSSES: &[(&str, &str, &str)] = &[
    (
        "credential",
        "Its secret is lost, and sessions that use it get none. Its bindings stay, without effect.",
        "Their secrets are lost, and sessions that use them get none. Their bindings stay, without effect.",
    ),
    (
        "project",
        "Its agents and sessions can't be reached any more, and its name stays taken.",
        "Their agents and sessions can't be reached any more, and their names stay taken.",
    ),
    (
        "agent",
        "Its prompt and its inbox are lost.",
        "Their prompts and their inboxes are lost.",
    ),
    (
        "session",
        "Its messages are lost.",
        "Their messages are lost.",
    ),
    (
        "scheduled-session",
        "It starts no more sessions.",
        "They start no more sessions.",
    ),
    (
        "role",
        "Everybody who has it loses what it allows.",
        "Everybody who has them loses what they allow.",
    ),
    (
        "role-binding",
        "What it allows ends.",
        "What they allow ends.",
    ),
    (
        "application",
        "Nothing comes from its repository any more.",
        "Nothing comes from their repositories any more.",
    ),
    (
        "project-settings",
        "The project's settings are lost.",
        "The settings of the projects are lost.",
    ),
];

/// The most names that a question lists.
const NAMES: usize = 10;

/// Returns the question about the deletion of one object.
pub(crate) fn question(resource: &Resource, label: &str) -> String {
    let loss = LOSSES.iter().find(|(word, ..)| *word == resource.word);
    let loss = loss.map_or_else(String::new, |(_, loss, _)| format!(" {loss}"));
    format!("Delete {label}?{loss}")
}

/// Returns the question about the deletion of several objects.
pub(crate) fn question_about_several(resource: &Resource, names: &[String]) -> String {
    let loss = LOSSES.iter().find(|(word, ..)| *word == resource.word);
    let loss = loss.map_or_else(String::new, |(.., loss)| format!(" {loss}"));
    let more = names.len().saturating_sub(NAMES);
    let mut listed = names[..names.len() - more].join(", ");
    if more > 0 {
        listed.push_str(&format!(" and {more} more"));
    }
    format!("Delete {} ({listed})?{loss}", resource.counted(names.len()))
}

impl ConfirmArgs {
    /// True if the command line gives consent.
    pub fn given(&self) -> bool {
        self.yes || self.confirm
    }

    /// Ends a command that needs consent and can't get it, before anything is sent.
    ///
    /// # Errors
    /// [`Kind::Input`], in the Go tool's words, if the command line gives no consent and the user can't be asked.
    pub fn require(&self, ctx: &Ctx, what: &str) -> Result<(), Failure> {
        self.require_flag(ctx, "--confirm", what)
            .map_err(|failure| failure.hint("--yes, or -y, does the same"))
    }

    /// Does the same for a command that the Go tool does not have, and whose help names `--yes`.
    ///
    /// # Errors
    /// As [`ConfirmArgs::require`].
    pub fn require_yes(&self, ctx: &Ctx, what: &str) -> Result<(), Failure> {
        self.require_flag(ctx, "--yes", what)
    }

    fn require_flag(&self, ctx: &Ctx, flag: &str, what: &str) -> Result<(), Failure> {
        if self.given() || ctx.rehearses() || ctx.may_ask() {
            return Ok(());
        }
        let message = format!("add {flag} to delete {what}");
        Err(Failure::new(Kind::Input, message))
    }

    /// Returns true if the user consents, on the command line or when asked. The answer is read from the terminal, or
    /// from a pipe, since scripts write `y` into it.
    ///
    /// # Errors
    /// [`Kind::Input`] if there is no answer.
    pub fn agreed(&self, ctx: &Ctx, question: &str) -> anyhow::Result<bool> {
        if self.given() || ctx.rehearses() {
            return Ok(true);
        }
        let agreed = ask_or_read(ctx, question)?;
        if !agreed {
            ctx.out.note("Aborted.");
        }
        Ok(agreed)
    }
}

/// True if all of standard input is there already. A pipe may wait for the question.
fn is_at_hand() -> bool {
    stdio::stdin_is_at_hand() && !std::io::stdin().is_terminal()
}

/// Asks a yes-or-no question. The answer is read from the terminal, or from a pipe.
///
/// # Errors
/// [`Kind::Input`] if there is no answer.
pub(crate) fn ask_or_read(ctx: &Ctx, question: &str) -> anyhow::Result<bool> {
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
    let mut stdin = std::io::stdin().lock();
    // Without an answer, the question would be noise in a log.
    if is_at_hand() && stdin.fill_buf().is_ok_and(<[u8]>::is_empty) {
        return Err(required().into());
    }
    ctx.out.prompt(&format!("{question} [y/N]: "));
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    ctx.out.prompt("\n");
    match read {
        Ok(0) | Err(_) => Err(required().into()),
        Ok(_) if line.split_whitespace().count() > 1 => Err(required().into()),
        Ok(_) => Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes")),
    }
}
