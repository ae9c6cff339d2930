//! `acpctl application sync`

use super::operation::{Operation, TriggerArgs};
use crate::api::Body;
use crate::commands::outcome;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::text::quote;

const EXAMPLES: &str = "acpctl application sync web";

/// Start a sync of an application
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    trigger: TriggerArgs,
    /// Also delete what the repository no longer has
    #[arg(long)]
    prune: bool,
    /// Git branch, tag, or commit to sync to
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    const SYNC: Operation = Operation {
        verb: "sync",
        field: ("operation_phase", "Running"),
    };
    let format = args.trigger.output.format(ctx)?;
    let mut body = Body::new();
    if args.prune {
        body.set("prune", true);
    }
    body.set_filled("revision", args.revision.as_deref());
    let record = SYNC.request(ctx, &args.trigger, &body)?;
    // A server that ignores the request still answers with success.
    let phase = record.text("operation_phase");
    if phase != "Running" && !ctx.rehearses() {
        let message = format!(
            "sync application: the server did not start it (operation phase {})",
            quote(phase)
        );
        return Err(Failure::new(Kind::Other, message).into());
    }
    let sentence = format!("application/{} sync triggered", record.name());
    outcome::done(ctx, &record, &format, &sentence)
}
