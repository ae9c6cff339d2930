//! `acpctl credential bind`

use anyhow::Context as _;

use super::binding::{self, BindingArgs};
use super::plan::BindingPlan;
use crate::api;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::gateway_credentials::ForceArgs;
use crate::commands::outcome;
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::{Format, prompt, table};
use crate::resources::KUBECONFIG;
use crate::text::acpctl;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a
# Only for the sessions of one agent
acpctl credential bind prod --project team-a --agent lead
# What would change for each agent, without binding anything
acpctl credential bind prod --project team-a --plan";

/// Let the sessions of a project use a credential
///
/// Requires --project; the configured project does not count. An existing binding is left as it is.
///
/// A session gets one credential of each provider: that of its agent before that of its project, and the oldest binding of these.
/// If the binding would shadow another credential, or would be shadowed by one, acpctl shows the effect and prompts on a terminal;
/// elsewhere, it requires --yes.
///
/// For a kubeconfig, acpctl asks the server how it runs sessions, and says so if they get nothing of it.
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
    let (format, project) = &binding.read(ctx, "bind")?;
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
        let plan = BindingPlan::make(client, &credential, &grantee, args.plan).await;
        Ok((credential, grantee, plan))
    })?;
    args.force.check(&binding.credential, &credential)?;
    if args.plan {
        return show(ctx, &plan.with_context(doing)?, format);
    }
    match plan {
        Ok(plan) if plan.shadows() && !args.confirm.given() => {
            if !consent(ctx, args, project, &plan)? {
                ctx.out.note("Aborted.");
                return Ok(());
            }
        }
        Ok(_) => {}
        Err(error) => doubt(ctx, error).with_context(doing)?,
    }
    let strict = &args.strict;
    let is_kubeconfig = credential.text("provider") == KUBECONFIG;
    // With --strict, the server is asked first, so that nothing is bound in vain.
    let asked = || args.mode.find(ctx, Some(grantee.project()));
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
        binding.label(project)
    );
    outcome::done(ctx, &record, format, &sentence)?;
    if is_kubeconfig && !strict.strict {
        server_mode::say(ctx, asked()?, &binding.credential, strict)?;
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

/// Shows what is shadowed, and asks on a terminal whether that is right. A dry run needs no consent.
///
/// # Errors
/// [`Kind::Input`] if the user can't be asked.
fn consent(ctx: &Ctx, args: &Args, project: &str, plan: &BindingPlan) -> anyhow::Result<bool> {
    let name = &args.binding.credential;
    let cells = plan.cells();
    let effect = table::fitted(&BindingPlan::TITLES, &cells, ctx.out.width_of_talk());
    ctx.out.note_as_is(effect.trim_end());
    if ctx.rehearses() {
        return Ok(true);
    }
    let label = args.binding.label(project);
    if ctx.may_ask() {
        return prompt::confirm(&format!("Bind credential/{name} to {label} nevertheless?"));
    }
    let see = acpctl(&["credential", "bind", name, "--project", project, "--plan"]);
    let message =
        format!("add --yes to bind credential/{name} to {label}: a credential is shadowed");
    Err(Failure::new(Kind::Input, message)
        .hint(format!("see the effect on each agent: {see}"))
        .into())
}

/// Binds without a plan if the caller may not read what the plan depends on, and says so.
///
/// # Errors
/// Any other failure: nothing is bound then.
fn doubt(ctx: &Ctx, error: anyhow::Error) -> anyhow::Result<()> {
    let kind = api::failure_in(&error).map(|failure| failure.kind);
    if !matches!(kind, Some(Kind::Forbidden | Kind::NotFound)) {
        return Err(error);
    }
    ctx.out.warn(&format!(
        "cannot check whether another credential is shadowed: {error:#}"
    ));
    Ok(())
}
