//! `acpctl exec`: `session exec` with one credential.

use std::ffi::OsString;

use super::session::{ChildArgs, with_credential};
use crate::ctx::Ctx;
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl exec prod -- kubectl config current-context
# The variables and files that the command gets
acpctl exec prod -- env";

/// Run a command with a credential, as a session gets it
///
/// The same as `acpctl session exec --credential NAME -- COMMAND`: secrets go into a private folder and into variables
/// of the command alone, and are removed when it ends. Secrets in the command's output are masked, unless the output is a
/// terminal. The exit status is the command's.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS, required = true)]
    credential: String,
    #[command(flatten)]
    child: ChildArgs,
    /// The command with its arguments
    #[arg(value_name = "COMMAND", required = true, last = true, num_args = 1..)]
    command: Vec<OsString>,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    with_credential(ctx, &args.credential, &args.child, &args.command)
}
