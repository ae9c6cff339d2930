//! `acpctl local import`

use std::path::PathBuf;

use super::store;
use crate::commands::apply;
use crate::commands::outcome::DryRunArgs;
use crate::ctx::Ctx;
use crate::intake::TrustArgs;
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl local import team.yaml
# The longer form of the same command
acpctl --local apply -f team.yaml";

/// Apply manifests to the store: 'apply -f' on the embedded API
///
/// Changes existing objects if they differ from their manifest; deletes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, folder, or - for stdin
    #[arg(value_name = "PATH|-")]
    path: PathBuf,
    /// Read the files that tokenFrom names from this folder instead, by their file names
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Show what would change without writing it
    #[arg(long)]
    diff: bool,
    /// Output format: json; anything else is text
    #[arg(short, long, value_name = "FORMAT")]
    #[arg(add = Candidates::Described(&[("json", "the results as JSON")]))]
    output: Option<String>,
    #[command(flatten)]
    dry_run: DryRunArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let ctx = store::embedded(ctx);
    let mut apply = apply::Args::of_file(
        args.path.clone(),
        args.diff,
        args.trust.clone(),
        args.output.clone(),
    );
    apply.dry_run = args.dry_run.rehearse(&ctx);
    match &args.secrets {
        Some(folder) => apply::run_with_secrets(&ctx, &apply, folder),
        None => apply::run(&ctx, &apply),
    }
}
