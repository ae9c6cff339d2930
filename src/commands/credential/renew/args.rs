//! The flags of `acpctl credential renew`.

use std::time::Duration;

use super::schedule::Scheduler;
use crate::cluster::grade::Level;
use crate::commands::grading;
use crate::compat::number;
use crate::intake::cluster::ClusterArgs;
use crate::output::OutputArgs;
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl credential renew prod
# From a timer, or in CI: those that end within six hours
acpctl credential renew --all --expiring-within 6h
# A timer for that
acpctl credential renew --print-schedule systemd
# Or a process that stays
acpctl credential renew --all --watch
# In the cluster, as an account that can do only that
acpctl credential renew --all --renewer ops";

/// Get a new token for a minted credential
///
/// The account in the cluster stays as it is. A new token is made for the same time as before and tried in the cluster;
/// then the platform gets it, and only when the platform has it, the old token is ended. If a step fails, the old token
/// stays in use. A record that names the account of another credential is refused.
///
/// Your own kubeconfig is used for the cluster: the context in KUBECONFIG that leads there, or the one that you name.
///
/// With --watch, the command keeps running: it renews each credential in time, reports on standard error, tries again
/// after a failure, and ends on SIGTERM or Ctrl-C, but not within a renewal.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    pub(super) credential: Option<String>,
    /// Renew all minted credentials
    #[arg(long)]
    pub(super) all: bool,
    /// Only if the token ends within this time, e.g. 6h
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    pub(super) expiring_within: Option<Duration>,
    /// Keep running, and renew each credential within --expiring-within of its end (default: 6h), or when half of its
    /// time is over
    #[arg(long)]
    pub(super) watch: bool,
    /// With --watch: look again after this time (default: a third of --expiring-within)
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days, requires = "watch")]
    pub(super) every: Option<Duration>,
    /// Print the objects of an account in this namespace that may renew these credentials and nothing else; renew
    /// nothing now
    #[arg(long, value_name = "NAMESPACE", conflicts_with_all = ["watch", "print_schedule"])]
    pub(super) renewer: Option<String>,
    /// Print a text for this scheduler, which renews the credential, or all, in time, and renew nothing now:
    /// cron|github|kubernetes|systemd
    #[arg(
        long,
        value_name = "SCHEDULER",
        hide_possible_values = true,
        conflicts_with = "watch"
    )]
    pub(super) print_schedule: Option<Scheduler>,
    /// How long the new token is valid (default: as before, and 24h at most)
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    pub(super) ttl: Option<Duration>,
    /// Fail with exit code 8 if the new token can do more, and keep the old one:
    /// none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    pub(super) max_grade: Option<Level>,
    /// Fail with exit code 8 if the new token can do more than the old one could, and keep the old one
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}
