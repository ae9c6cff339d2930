//! `acpctl config …` (docs/interface/cli-core.md section 7.6).

mod context_change;
mod current_context;
mod delete_context;
mod get;
mod get_contexts;
mod path;
mod rename_context;
mod set;
mod set_context;
mod unset;
mod use_context;
mod values;
mod view;

use clap::Subcommand;

use crate::ctx::Ctx;

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    Get(get::Args),
    Set(set::Args),
    Unset(unset::Args),
    View(view::Args),
    Path(path::Args),
    GetContexts(get_contexts::Args),
    CurrentContext(current_context::Args),
    UseContext(use_context::Args),
    SetContext(set_context::Args),
    RenameContext(rename_context::Args),
    DeleteContext(delete_context::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// The verb failed.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        // A script that asks for a value must not get one that the file does not hold.
        if !matches!(self, Self::Get(_)) {
            ctx.tolerate_values_with_a_warning();
        }
        match self {
            Self::Get(args) => get::run(ctx, args),
            Self::Set(args) => set::run(ctx, args),
            Self::Unset(args) => unset::run(ctx, args),
            Self::View(args) => view::run(ctx, args),
            Self::Path(args) => path::run(ctx, args),
            Self::GetContexts(args) => get_contexts::run(ctx, args),
            Self::CurrentContext(args) => current_context::run(ctx, args),
            Self::UseContext(args) => use_context::run(ctx, args),
            Self::SetContext(args) => set_context::run(ctx, args),
            Self::RenameContext(args) => rename_context::run(ctx, args),
            Self::DeleteContext(args) => delete_context::run(ctx, args),
        }
    }
}
