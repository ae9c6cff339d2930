//! The flags of `acpctl credential create`.

use crate::commands::credential::binding::BindArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::input::{self, Stdin};
use crate::intake::{KubeconfigArgs, SourceArgs};
use crate::output::OutputArgs;
use crate::resources::{Candidates, KUBECONFIG};

const EXAMPLES: &str = "\
# The current context of a file, checked, cut out, and bound to a project
acpctl credential create -f ~/.kube/config --bind team-a
# Another context, under another name
acpctl credential create -f ~/.kube/config --context dev --name prod
# What kubectl uses now
kubectl config view --raw --minify --flatten | acpctl credential create --provider kubeconfig --name ci
# The secret that another program prints
gh auth token | acpctl credential create --provider github --name bot --token -
# Only look: what would be stored, and what is wrong with it
acpctl credential create --provider kubeconfig --from-file ~/.kube/config --dry-run -o json
# Step by step, on a terminal
acpctl credential create";

/// Store a credential
///
/// The secret comes from exactly one source: --from-file, --token, or standard input. Without a source, you are prompted
/// for it on a terminal. A kubeconfig is cut to one self-contained context. What would be stored is validated as
/// Kubernetes' own client does, and checked for what breaks in a session's container, before it is sent. A file that
/// holds a kubeconfig needs no --provider.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name; for a kubeconfig the context's name by default
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Provider: github|gitlab|jira|google|vertex|kubeconfig or another
    #[arg(long, value_name = "PROVIDER")]
    #[arg(add = Candidates::PROVIDERS)]
    pub provider: Option<String>,
    #[command(flatten)]
    pub source: SourceArgs,
    /// Description
    #[arg(long)]
    pub description: Option<String>,
    /// Address of the service
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// E-mail address of the account
    #[arg(long)]
    pub email: Option<String>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub annotations: Option<String>,
    #[command(flatten)]
    pub bind: BindArgs,
    /// Do everything except sending: show what would be stored
    #[arg(long)]
    pub dry_run: bool,
    /// What to do if there is a credential of this name: error|skip|update (default: error, unless it holds the same)
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    pub if_exists: Option<IfExists>,
    /// Store it even if you can already see a credential of this name
    #[arg(long)]
    pub allow_duplicate: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
    // Keep this field last: its help heading applies to every field that follows.
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,
}

/// What to do if there is a credential of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum IfExists {
    Error,
    Skip,
    Update,
}

impl Args {
    /// True if neither a flag nor standard input tells where the secret comes from.
    pub fn names_no_source(&self) -> bool {
        matches!(self.provider.as_deref(), None | Some(KUBECONFIG))
            && !self.source.is_given()
            && !self.kubeconfig.is_given()
            && !self.dry_run
            && input::stdin() == Stdin::Silent
    }
}
