//! The flags of `apply`.

use std::path::PathBuf;

use crate::cluster::grade::Level;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::grading;
use crate::compat::grammar::IgnoredArgs;
use crate::intake::TrustArgs;
use crate::output::OutputArgs;

const EXAMPLES: &str = "\
acpctl apply -f team.yaml --diff
# Fail if the server differs, or a manifest holds anything unknown
# (jobs in CI need the same AMBIENT_DIGEST_KEY to recognize credentials)
acpctl apply -f manifests/ --diff --exit-code --strict
# Delete what has this label and is not in the folder any more
acpctl apply -f manifests/ --prune -l team=a --yes
# Secrets from the environment: tokenFrom: {env: GITHUB_PAT}
acpctl apply -f manifests/ --project team-a";

/// The writes at the same time without `--parallel`.
const PARALLEL: u8 = 8;

/// Create or update the objects that manifests describe
///
/// The kinds are Project, Agent, Credential, Provider, Policy, Cluster and `RoleBinding`. Documents are applied in
/// their order. Existing objects are changed if they differ; nothing is deleted without --prune.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, folder, or - for stdin
    #[arg(short, long, value_name = "PATH|-")]
    pub filename: Option<PathBuf>,
    /// Folder with a kustomization
    #[arg(short, long, value_name = "DIR")]
    pub kustomize: Option<PathBuf>,
    /// List what would be applied: secrets that can be read here are checked, and if you are logged in, the names in
    /// role bindings and the like are looked up; what the server has is not compared (--diff does that)
    #[arg(long)]
    pub dry_run: bool,
    /// Show what would change on the server, without writing anything
    #[arg(long)]
    pub diff: bool,
    /// With --diff: exit with status 1 if anything would change
    #[arg(long, requires = "diff")]
    pub exit_code: bool,
    /// Credentials or agents to write at the same time, if four or more follow one another; 1 for one after the other
    #[arg(long, value_name = "COUNT", default_value_t = PARALLEL, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(super) parallel: u8,
    /// Fail if a manifest holds an unknown kind or key, if there is no document, if a secret is a placeholder, or if a
    /// new credential has none
    #[arg(long)]
    pub strict: bool,
    /// Afterwards, delete the agents, providers and policies of the project, the clusters and the credentials that
    /// carry the labels of -l and are in no document; off a terminal this needs --yes, and nothing is written without
    /// it
    #[arg(long)]
    pub prune: bool,
    /// For --prune: labels that must all match (repeatable)
    #[arg(short = 'l', long, alias = "label", value_name = "KEY=VALUE,...")]
    pub selector: Vec<String>,
    /// Ask the cluster of each kubeconfig what it can do, and fail with exit code 8 if it is more:
    /// none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    pub(super) max_grade: Option<Level>,
    #[command(flatten)]
    pub trust: TrustArgs,
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub ignored: IgnoredArgs,
}

impl Args {
    /// Returns the flags of `apply -f FILENAME`, or of `apply -f FILENAME --diff`.
    #[must_use]
    pub fn of_file(
        filename: PathBuf,
        diff: bool,
        trust: TrustArgs,
        output: Option<String>,
    ) -> Self {
        Self {
            filename: Some(filename),
            kustomize: None,
            dry_run: false,
            diff,
            exit_code: false,
            parallel: PARALLEL,
            strict: false,
            prune: false,
            selector: Vec::new(),
            max_grade: None,
            trust,
            confirm: ConfirmArgs::default(),
            output: OutputArgs::of(output),
            ignored: IgnoredArgs::default(),
        }
    }
}
