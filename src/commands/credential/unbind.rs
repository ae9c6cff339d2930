//! `acpctl credential unbind`

use anyhow::Context as _;

use super::binding::{BindingArgs, UNBIND};
use crate::api::Client;
use crate::binding;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::{missing, outcome, several};
use crate::ctx::Ctx;
use crate::lookup::Collection;
use crate::resources::{ROLE_BINDING, Record};
use crate::text::acpctl_for;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl credential unbind prod --project team-a
# Only what was bound for one agent
acpctl credential unbind prod --project team-a --agent lead";

/// Take a credential away from the sessions of a project
///
/// Requires --project; the configured project does not count. The credential itself stays. The command can be
/// repeated: if nothing is bound, it says so, and -o shows the credential.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    binding: BindingArgs,
    /// Succeed if there is no such credential or agent
    #[arg(long)]
    ignore_not_found: bool,
    // The verb has no prompt. It takes these flags because `bind` and the verbs that delete take them.
    #[command(flatten)]
    _confirm: ConfirmArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let ignores_missing = args.ignore_not_found;
    let args = &args.binding;
    let (format, project) = &args.read(ctx, &UNBIND)?;
    let client = ctx.client()?;
    let (credential, shown) = (quote(&args.credential), args.quoted(project));
    let doing = format!("unbind credential {credential} from {shown}");
    let (mut found, grantee) = match ctx.block_on(args.find(client, project)) {
        Err(error) if ignores_missing => {
            let label = format!("credential/{} for {}", args.credential, args.given(project));
            missing::forgive(ctx, &Collection::agents(project), &label, error)?;
            return several::none(ctx, format);
        }
        found => found?,
    };
    let label = args.label(project, &grantee);
    let bindings = ctx.block_on(async {
        let bindings = binding::bindings(client, found.id(), &grantee).await;
        bindings.with_context(|| doing.clone())
    })?;
    let deleted = ctx.block_on(async {
        let mut deleted = Vec::new();
        for binding in &bindings {
            if delete(client, binding)
                .await
                .with_context(|| doing.clone())?
            {
                deleted.push(binding);
            }
        }
        Ok(deleted)
    })?;
    let Some(first) = deleted.first() else {
        found.remove("token");
        let name = &args.credential;
        let sentence = format!("credential/{name} is not bound to {label}");
        outcome::done(ctx, &found, format, &sentence)?;
        let see = acpctl_for(&["credential", "bindings"], name, &[]);
        ctx.out.aside(&format!("See where it is bound: {see}"));
        return Ok(());
    };
    let sentence = format!("credential/{} unbound from {label}", args.credential);
    outcome::done(ctx, first, format, &sentence)
}

/// Deletes a binding. Returns false if another run has deleted it.
async fn delete(client: &Client, binding: &Record) -> anyhow::Result<bool> {
    let bindings = Collection::global(&ROLE_BINDING);
    let ended = missing::delete_found(client, &bindings, binding.id()).await?;
    Ok(ended.or_ignore(true)?)
}
