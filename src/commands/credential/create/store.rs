//! Stores and binds a prepared credential, and tells the user what to do next.

use super::args::Args;
use super::prepare::NewCredential;
use super::send::{self, Effect};
use crate::api;
use crate::commands::credential::binding;
use crate::commands::credential::consent::{may_bind_each, not_stored};
use crate::commands::outcome;
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::ctx::Ctx;
use crate::failure::Kind;
use crate::output::Format;
use crate::resources::Record;
use crate::text::{acpctl, acpctl_exec, acpctl_for};

/// Stores and binds a credential, and reports that. The projects are looked up first, so that a misspelled one stores
/// nothing.
pub(super) fn store(
    ctx: &Ctx,
    args: &Args,
    new: &NewCredential,
    format: &Format,
) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let projects = ctx.block_on(args.bind.find(client))?;
    if new.is_kubeconfig && args.kubeconfig.gates.strict {
        // Nothing is stored that a session of these projects would not get.
        let strict = StrictArgs { strict: true };
        for (_, grantee) in &projects {
            let target = ServerModeArgs::default().find(ctx, Some(&grantee.project))?;
            server_mode::say(ctx, target, &new.name, &strict)?;
        }
    }
    if !projects.is_empty() {
        let planned = planned(ctx, args, new)?;
        if !may_bind_each(ctx, &planned, &projects, args.consent())? {
            ctx.out.note("Nothing was stored");
            return Ok(());
        }
    }
    let is_kubeconfig = new.is_kubeconfig;
    let (record, effect) = send::send(ctx, args, new)?;
    let sentence = format!("credential/{} {}", record.name_or_id(), effect.word());
    outcome::done(ctx, &record, format, &sentence)?;
    binding::bind_each(ctx, &record, &projects, format)?;
    let is_new = matches!(effect, Effect::Created);
    note_next_step(ctx, args, &record, is_kubeconfig, is_new);
    Ok(())
}

/// Shows what the flag `--bind` would change, for a dry run. Without a login it sends no request.
///
/// # Errors
/// A project does not exist, or the binding would be refused.
pub(super) fn foresee_bindings(ctx: &Ctx, args: &Args, new: &NewCredential) -> anyhow::Result<()> {
    if args.bind.projects().is_empty() {
        return Ok(());
    }
    let client = match ctx.client() {
        Err(error) if api::kind_of(&error) == Kind::Login => return Ok(()),
        client => client?,
    };
    let projects = ctx.block_on(args.bind.find(client))?;
    let planned = planned(ctx, args, new)?;
    may_bind_each(ctx, &planned, &projects, args.consent()).map(drop)
}

/// Returns the credential that will be bound: the stored one of this name if it stays or is updated, or else a new one.
fn planned(ctx: &Ctx, args: &Args, new: &NewCredential) -> anyhow::Result<Record> {
    let stored = if send::may_meet(args, new) {
        ctx.block_on(send::namesakes(ctx.client()?, &new.name))?
    } else {
        Vec::new()
    };
    match stored.first() {
        // A name that is taken is refused before anybody is asked about the binding.
        Some(first) => Ok(send::decide(args, new, &stored, first)?.0),
        None => not_stored(&new.name, &new.provider),
    }
}

/// Names the next command: on a terminal always, and in a pipe for a user who gave `--project`, which binds nothing. A
/// credential that was there before may be bound already.
fn note_next_step(ctx: &Ctx, args: &Args, record: &Record, is_kubeconfig: bool, is_new: bool) {
    let name = record.name_or_id();
    let is_bound = !args.bind.projects().is_empty();
    let project = ctx.globals.project.as_deref();
    let project = project.filter(|project| !project.is_empty());
    let bind = |project| acpctl_for(&["credential", "bind"], name, &["--project", project]);
    match project {
        Some(project) if !is_bound => ctx.out.aside(&format!(
            "create does not bind a credential; to let the sessions of {project} use it: {}",
            bind(project)
        )),
        _ if ctx.out.width_of_talk().is_none() => {}
        _ if !is_bound && is_new => ctx.out.aside(&format!(
            "Next: let the sessions of a project use it: {}",
            bind("PROJECT")
        )),
        _ if is_kubeconfig => ctx.out.aside(&format!(
            "Next: try it on this machine: {}",
            acpctl_exec(name, &["kubectl", "config", "current-context"])
        )),
        _ => ctx.out.aside(&format!(
            "Next: see what a session gets: {}",
            acpctl(&["session", "preview", "--credential", name])
        )),
    }
}
