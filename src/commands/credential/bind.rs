//! `acpctl credential bind`

use anyhow::Context as _;

use super::binding::{self, BindingArgs};
use crate::commands::outcome;
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::resources::KUBECONFIG;

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a
# Only for the sessions of one agent
acpctl credential bind prod --project team-a --agent lead";

/// Let the sessions of a project use a credential
///
/// Requires --project; the configured project does not count. An existing binding is left as it is. For a kubeconfig,
/// acpctl asks the server how it runs sessions, and says so if they get nothing of it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    binding: BindingArgs,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    strict: StrictArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let (mode, strict, args) = (&args.mode, &args.strict, &args.binding);
    let (format, project) = args.read(ctx)?;
    let client = ctx.client()?;
    let (credential, grantee) = ctx.block_on(args.find(client, project))?;
    let is_kubeconfig = credential.text("provider") == KUBECONFIG;
    // With --strict, the server is asked first, so that nothing is bound in vain.
    let asked = || mode.find(ctx, Some(grantee.project()));
    if is_kubeconfig && strict.strict {
        server_mode::say(ctx, asked()?, &args.credential, strict)?;
    }
    let (binding, is_new) = ctx.block_on(async {
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
    outcome::done(ctx, &binding, &format, &sentence)?;
    if is_kubeconfig && !strict.strict {
        server_mode::say(ctx, asked()?, &args.credential, strict)?;
    }
    Ok(())
}
