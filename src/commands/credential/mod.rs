//! `acpctl credential …` (docs/interface/cli-resources.md section 2).

mod bind;
mod binding;
mod bindings;
mod consent;
mod create;
mod delete;
mod ended;
mod explain;
mod get;
mod inspect;
mod list;
mod merge;
mod minted;
mod new_token;
mod orphans;
mod own;
mod renew;
mod revoke;
mod scan;
mod settle;
mod token;
mod unbind;
mod update;
mod validate;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(alias = "add")]
    Create(create::Args),
    #[command(alias = "ls")]
    List(list::Args),
    #[command(alias = "show")]
    Get(get::Args),
    Update(update::Args),
    #[command(aliases = ["rm", "remove"])]
    Delete(delete::Args),
    Token(token::Args),
    Bind(bind::Args),
    Unbind(unbind::Args),
    Bindings(bindings::Args),
    Validate(validate::Args),
    Explain(explain::Args),
    Inspect(inspect::Args),
    Scan(scan::Args),
    Renew(renew::Args),
    Revoke(revoke::Args),
}

impl Command {
    /// Runs the verb.
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
            Self::Bindings(args) => bindings::run(ctx, args),
            Self::Validate(args) => validate::run(ctx, args),
            Self::Explain(args) => explain::run(ctx, args),
            Self::Inspect(args) => inspect::run(ctx, args),
            Self::Scan(args) => scan::run(ctx, args),
            Self::Renew(args) => renew::run(ctx, args),
            Self::Revoke(args) => revoke::run(ctx, args),
        }
    }
}
