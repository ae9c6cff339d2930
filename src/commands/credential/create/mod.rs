//! `acpctl credential create`: reads and checks the secret (`prepare`) and stores it (`send`). Without any flags, on a
//! terminal, a `wizard` asks for what the flags would say. With `--mint`, `mint` makes the secret in its cluster.

mod args;
mod mint;
mod prepare;
mod send;
mod wizard;

pub(super) use args::Args;

use super::grading;
use crate::ctx::Ctx;
use crate::output::Format;
use crate::resources::Record;
use crate::text::acpctl;

use prepare::NewCredential;

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.is_empty() && ctx.may_ask() {
        return wizard::run(ctx, args.provider.as_deref());
    }
    let format = args.output.format()?;
    if args.mint.is_given() {
        return mint::run(ctx, args, &format);
    }
    args.mint.refuse_alone()?;
    let mut new = prepare::prepare(ctx, args)?;
    if let Some(limit) = args.max_grade {
        grading::grade(
            ctx,
            &new.name,
            &mut new.body,
            limit,
            &args.kubeconfig.gates.allow,
        )?;
    }
    if args.dry_run {
        return show_dry_run(ctx, &format, &new);
    }
    let (record, effect) = send::send(ctx, args, new)?;
    match format {
        Format::Table | Format::Wide => {
            ctx.out
                .line(&format!("credential/{} {}", record.name(), effect.word()))
        }
        format => ctx.out.record(&record, &format, ctx.now()),
    }?;
    note_unbound(ctx, &record);
    Ok(())
}

fn show_dry_run(ctx: &Ctx, format: &Format, new: &NewCredential) -> anyhow::Result<()> {
    match format {
        Format::Json => ctx.out.json(&new.body.masked()),
        _ => ctx
            .out
            .line(&format!("credential/{} created (dry run)", new.name)),
    }
}

/// Tells a user who gave `--project` that this does not bind the credential to the project.
fn note_unbound(ctx: &Ctx, record: &Record) {
    let project = ctx.globals.project.as_deref();
    if let Some(project) = project.filter(|project| !project.is_empty()) {
        let command = acpctl(&["credential", "bind", record.name(), "--project", project]);
        ctx.out.note(&format!(
            "create does not bind a credential; to let the sessions of {project} use it: {command}"
        ));
    }
}
