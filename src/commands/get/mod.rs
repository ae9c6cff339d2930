//! `acpctl get` (docs/interface/cli-core.md section 7.9).

mod args;
mod count;
mod show;
mod watch;

use crate::ctx::Ctx;

pub(crate) use args::Args;

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.count {
        count::run(ctx, args)
    } else if args.watch {
        watch::run(ctx, args)
    } else {
        show::run(ctx, args)
    }
}
