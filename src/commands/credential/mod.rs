//! `acpctl credential …` (contract cli-resources.md section 2).

mod bind;
mod create;
mod delete;
mod explain;
mod get;
mod inspect;
mod list;
mod token;
mod unbind;
mod update;
mod validate;
mod wizard;

pub use crate::intake::{KubeconfigArgs, PROVIDER as KUBECONFIG, findings, text as source_text};

use clap::Subcommand;

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::resources::CREDENTIAL;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Create(create::Args),
    List(list::Args),
    Get(get::Args),
    Update(update::Args),
    Delete(delete::Args),
    Token(token::Args),
    Bind(bind::Args),
    Unbind(unbind::Args),
    Validate(validate::Args),
    Explain(explain::Args),
    Inspect(inspect::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// What it could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Create(args) => create::run(ctx, args),
            Self::List(args) => list::run(ctx, args),
            Self::Get(args) => get::run(ctx, args),
            Self::Update(args) => update::run(ctx, args),
            Self::Delete(args) => delete::run(ctx, args),
            Self::Token(args) => token::run(ctx, args),
            Self::Bind(args) => bind::run(ctx, args),
            Self::Unbind(args) => unbind::run(ctx, args),
            Self::Validate(args) => validate::run(ctx, args),
            Self::Explain(args) => explain::run(ctx, args),
            Self::Inspect(args) => inspect::run(ctx, args),
        }
    }
}

/// All credentials.
pub fn credentials() -> Collection {
    Collection::global(&CREDENTIAL)
}

/// Refuses what can't name a credential.
///
/// # Errors
/// A usage failure.
pub fn check(given: &str) -> Result<(), Failure> {
    lookup::check("credential name or ID", given)
}
