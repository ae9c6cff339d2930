//! `acpctl credential …` (contract cli-resources.md section 2).

mod bind;
mod create;
mod delete;
mod explain;
pub mod findings;
mod get;
pub mod kubeconfig;
mod list;
pub mod lookup;
mod source;
mod token;
mod update;
mod validate;
mod wizard;

pub use kubeconfig::{KubeconfigArgs, PROVIDER as KUBECONFIG};
pub use lookup::{by_name, one, path_of, resolve_id};
pub use source::text as source_text;

use clap::Subcommand;

use crate::ctx::Ctx;

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
    Validate(validate::Args),
    Explain(explain::Args),
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
            Self::Validate(args) => validate::run(ctx, args),
            Self::Explain(args) => explain::run(ctx, args),
        }
    }
}
