//! `acpctl credential bind`

use anyhow::Context as _;

use super::binding::{self, BindingArgs};
use crate::commands::outcome;
use crate::compat::quote::quote;
use crate::ctx::Ctx;

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a
# Only for the sessions of one agent
acpctl credential bind prod --project team-a --agent lead";

/// Let the sessions of a project use a credential
///
/// Requires --project; the configured project does not count. An existing binding is left as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    binding: BindingArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let args = &args.binding;
    let (format, project) = &args.read(ctx, "bind")?;
    let client = ctx.client()?;
    let (binding, is_new) = ctx.block_on(async {
        let (credential, grantee) = args.find(client, project).await?;
        let bound = binding::bind(client, credential.id(), &grantee).await;
        bound.with_context(|| {
            format!(
                "bind credential {} to {}",
                quote(&args.credential),
                args.quoted(project)
            )
        })
    })?;
    let sentence = format!(
        "credential/{} {}bound to {}",
        args.credential,
        if is_new { "" } else { "already " },
        args.label(project)
    );
    outcome::done(ctx, &binding, format, &sentence)
}
