//! `acpctl credential scan`: reads the stored secrets (`secrets`), then searches files (`walk`) or a history (`git`),
//! and reports what it finds (`report`). The search itself is the module `scan`.

mod git;
mod report;
mod secrets;
mod unpack;
mod walk;

use std::path::PathBuf;

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::output::OutputArgs;
use crate::resources::Candidates;
use crate::text::acpctl;

use report::Report;

const EXAMPLES: &str = "\
acpctl credential scan . ~/logs
# The commits of a branch, before they are pushed
acpctl credential scan --git origin/main..HEAD
# A log as it comes
kubectl logs lead-0 | acpctl credential scan -";

/// Find stored secrets in files, logs and Git histories
///
/// Searches for the tokens, keys, certificates and passwords of stored credentials: as they are, in UTF-16, in base64,
/// in base64 of base64, wrapped, indented or cut, in text, in binary files and in names of files. Prints where they
/// are, never the secrets. If one is found, the exit code is 13.
///
/// The secrets are fetched, reduced to keyed digests in memory, and dropped before the first file is opened. Nothing is
/// written. Folders are searched whole, without following symbolic links and on one file system; files that gzip
/// compressed are unpacked. With --git, every file and message that the commits of the range added is searched, in the
/// repository at PATH.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files and folders; - for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Search these commits instead, e.g. main..HEAD or HEAD for the whole history
    #[arg(long, value_name = "RANGE")]
    git: Option<String>,
    /// Search for this credential only, by name or ID (repeatable)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS)]
    credential: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    if args.git.is_some() && args.paths.len() > 1 {
        return Err(Failure::usage("--git takes one PATH: the folder of the repository").into());
    }
    if args.git.is_none() && args.paths.is_empty() {
        return Err(Failure::usage("PATH or --git RANGE is required")
            .hint(format!(
                "to search this folder: {}",
                acpctl(&["credential", "scan", "."])
            ))
            .into());
    }
    let wanted = secrets::read(ctx, &args.credential)?;
    let mut report = Report::new(ctx, &wanted, format);
    match &args.git {
        Some(range) => {
            let folder = args.paths.first().map_or(".".as_ref(), PathBuf::as_path);
            git::search(&mut report, range, folder)?;
        }
        None => walk::search(&mut report, &args.paths)?,
    }
    report.finish()
}
