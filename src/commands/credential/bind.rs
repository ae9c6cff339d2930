//! `acpctl credential bind`

use anyhow::Context as _;

use super::binding::{BIND, BindingArgs};
use super::consent::Wish;
use crate::binding::{self, BindingPlan};
use crate::commands::confirm::ConfirmArgs;
use crate::commands::gateway_credentials::ForceArgs;
use crate::commands::outcome;
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::ctx::Ctx;
use crate::output::Format;
use crate::resources::KUBECONFIG;
use crate::text::acpctl_for;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a
# Only for the sessions of one agent
acpctl credential bind prod --project team-a --agent lead
# Show what would change for each agent, without binding anything
acpctl credential bind prod --project team-a --plan";

/// Let the sessions of a project use a credential
///
/// Requires --project; the configured project does not count. An existing binding is left as it is.
///
/// A session gets one credential of each provider. A binding to its agent wins over a binding to its project; among
/// several of the same kind, the oldest wins. If the new binding would win over another credential or lose to one,
/// acpctl shows the effect and prompts on a terminal; elsewhere, it requires --yes, and names each credential that
/// sessions keep. With --strict, a binding that no session would use is refused.
///
/// For a kubeconfig, acpctl also asks the server how it runs sessions, and warns if they would not get the kubeconfig.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    binding: BindingArgs,
    /// Show for each agent which credential it has and would have; bind nothing
    #[arg(long, conflicts_with = "dry_run")]
    plan: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    force: ForceArgs,
    #[command(flatten)]
    strict: StrictArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let binding = &args.binding;
    let (format, project) = &binding.read(ctx, &BIND)?;
    let client = ctx.client()?;
    let doing = || {
        format!(
            "bind credential {} to {}",
            quote(&binding.credential),
            binding.quoted(project)
        )
    };
    let (credential, grantee, plan) = ctx.block_on(async {
        let (credential, grantee) = binding.find(client, project).await?;
        let in_full = args.plan || ctx.rehearses();
        let plan = BindingPlan::make(client, &credential, &grantee, in_full).await;
        Ok((credential, grantee, plan))
    })?;
    args.force.check(&binding.credential, &credential)?;
    if args.plan {
        return show(ctx, &plan.with_context(doing)?, format);
    }
    let label = &binding.label(project, &grantee);
    let wish = Wish {
        credential: &binding.credential,
        label,
        see: acpctl_for(
            &["credential", "bind"],
            &binding.credential,
            &["--project", project, "--plan"],
        ),
        project,
        is_confirmed: args.confirm.given(),
        is_strict: args.strict.strict,
        is_rehearsal: ctx.rehearses(),
    };
    if !wish.may_bind(ctx, plan.with_context(doing))? {
        return Ok(());
    }
    let strict = &args.strict;
    let is_kubeconfig = credential.text("provider") == KUBECONFIG;
    // With --strict, the server is asked first, so that nothing is bound in vain.
    let asked = || args.mode.find(ctx, Some(&grantee.project));
    if is_kubeconfig && strict.strict {
        server_mode::say(ctx, asked()?, &binding.credential, strict)?;
    }
    let (record, is_new) = ctx.block_on(async {
        let bound = binding::bind(client, credential.id(), &grantee).await;
        bound.with_context(doing)
    })?;
    let sentence = format!(
        "credential/{} {}bound to {}",
        binding.credential,
        if is_new { "" } else { "already " },
        label
    );
    outcome::done(ctx, &record, format, &sentence)?;
    if is_kubeconfig && !strict.strict {
        server_mode::say(ctx, asked()?, &binding.credential, strict)?;
    }
    if is_new {
        binding.note_next_step(ctx, project, &grantee);
    }
    Ok(())
}

fn show(ctx: &Ctx, plan: &BindingPlan, format: &Format) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => {
            let wide = *format == Format::Wide;
            ctx.out.fitted(&BindingPlan::TITLES, &plan.cells(), wide)
        }
        format => ctx.out.value(&plan.json(), format),
    }
}
