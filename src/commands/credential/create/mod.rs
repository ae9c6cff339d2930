//! `acpctl credential create`: reads and checks the secret (`prepare`) and stores it (`send`, `store`). On a terminal,
//! a `wizard` asks for what the flags do not say. With `--mint`, `mint` makes the secret in its cluster.

mod args;
mod ask;
mod line;
mod mint;
mod prepare;
mod send;
mod store;
mod wizard;

pub(super) use args::Args;

use crate::api;
use crate::commands::{grading, outcome, pairs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::Format;

use prepare::NewCredential;

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    args.bind.check()?;
    prepare::check_name(ctx, args)?;
    pairs::refuse_other(args.labels.as_deref(), args.annotations.as_deref())?;
    if args.mint.is_given() {
        return mint::run(ctx, args, &format);
    }
    args.mint.refuse_alone(!args.bind.projects().is_empty())?;
    if args.names_no_source() && ctx.may_ask() {
        return wizard::run(ctx, args, &format);
    }
    let mut new = prepare::prepare(ctx, args)?;
    if new.asked {
        line::show(ctx, args, &new.agreed, [&new.name, &new.provider]);
    }
    if let Some(limit) = args.max_grade {
        let allowed = &args.kubeconfig.gates.allow;
        grading::grade(ctx, &new.name, &mut new.body, limit, allowed)?;
    }
    if args.dry_run {
        return show_dry_run(ctx, args, &format, &new);
    }
    store::store(ctx, args, &new, &format)
}

fn show_dry_run(
    ctx: &Ctx,
    args: &Args,
    format: &Format,
    new: &NewCredential,
) -> anyhow::Result<()> {
    let is_unseen = is_unseen(ctx, args)?;
    let effect = send::foresee(ctx, args, new)?;
    store::foresee_bindings(ctx, args, new)?;
    if *format == Format::Json {
        return ctx.out.json(&new.body.masked());
    }
    let (name, word) = (&new.name, effect.word());
    outcome::named(ctx, name, &format!("credential/{name} {word} (dry run)"))?;
    if is_unseen {
        return Ok(());
    }
    args.bind.rehearse(ctx, &new.name)
}

/// Returns true if a dry run can't look up what the flags ask about, because it has no login, and warns of that.
///
/// # Errors
/// With `--strict`.
fn is_unseen(ctx: &Ctx, args: &Args) -> Result<bool, Failure> {
    let what = match (args.bind.projects().is_empty(), args.if_exists.is_none()) {
        (true, true) => return Ok(false),
        (true, false) => "the name was",
        (false, _) => "the name and the projects of --bind were",
    };
    let Err(error) = ctx.client() else {
        return Ok(false);
    };
    if api::kind_of(&error) != Kind::Login {
        return Ok(false);
    }
    let message = format!("{what} not looked up: {error:#}");
    if args.kubeconfig.gates.strict {
        let hint = api::failure_in(&error).and_then(|failure| failure.hint);
        let refused = Failure::new(Kind::Policy, format!("{message} (--strict)"));
        return Err(Failure { hint, ..refused });
    }
    ctx.out.warn(&message);
    Ok(true)
}
