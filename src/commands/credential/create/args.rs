//! The flags of `acpctl credential create`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::grade::Level;
use crate::cluster::objects::is_name;
use crate::cluster::roles::{self, Role, RulesFault};
use crate::commands::credential::binding::BindArgs;
use crate::commands::credential::consent::Consent;
use crate::commands::credential::minted;
use crate::commands::grading;
use crate::compat::number;
use crate::failure::{Failure, Kind};
use crate::input::{self, Stdin};
use crate::intake::{KubeconfigArgs, SourceArgs};
use crate::output::OutputArgs;
use crate::resources::{Candidates, KUBECONFIG};
use crate::text::{acpctl, quote};
use crate::yaml;

const EXAMPLES: &str = "\
# Check the current context of a file, store it without the others, and bind it to a project
acpctl credential create -f ~/.kube/config --bind team-a
# Another context, under another name
acpctl credential create -f ~/.kube/config --context dev --name staging
# Store what kubectl uses now
kubectl config view --raw --minify --flatten | acpctl credential create --provider kubeconfig --name ci
# The secret that another program prints
gh auth token | acpctl credential create --provider github --name bot --token -
# Only look: what would be stored, and what is wrong with it
acpctl credential create --provider kubeconfig --from-file ~/.kube/config --dry-run -o json
# A new account with few rights in the cluster instead of your own, for eight hours
acpctl credential create --mint view --namespace team-a --context dev --name team-a-view --bind team-a
# Step by step, on a terminal
acpctl credential create";

/// Store a credential
///
/// The secret comes from exactly one source: --from-file, --token, or standard input. Without a source, you are
/// prompted for it on a terminal. A file that holds a kubeconfig needs no --provider.
///
/// A kubeconfig is cut to one context, and its files are inlined. Before anything is sent, acpctl checks the result
/// twice: with the rules of Kubernetes' own client, and for what would break in a session's container.
///
/// With --mint, your own kubeconfig is not stored. acpctl uses it to create an account in the cluster that has the role
/// in one namespace, and stores a kubeconfig with a token of that account. It shows the objects first and asks. If a
/// step fails, it removes the objects that it made. See docs/access.md.
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
    /// If a credential with this name exists: error|skip|update (default for a kubeconfig: error, unless its content is
    /// the same; for other secrets: create a second one)
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    pub if_exists: Option<IfExists>,
    /// Create a second credential if one with this name exists
    #[arg(long)]
    pub allow_duplicate: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Ask the cluster what the kubeconfig can do, and fail with exit code 8 if it is more:
    /// none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    pub(super) max_grade: Option<Level>,
    /// Words without a flag: the Go tool ignores them.
    #[arg(hide = true, id = "words")]
    pub(super) words: Vec<OsString>,
    // Keep these fields last: a help heading applies to every field that follows.
    #[command(flatten)]
    pub mint: MintArgs,
    #[command(flatten)]
    pub kubeconfig: KubeconfigArgs,
}

/// The usual roles for an account, for completion.
const ROLES: &[(&str, &str)] = &[
    ("view", "look at most things, but not at secrets"),
    (
        "view-no-secrets",
        "look at pods, logs, workloads and settings",
    ),
    (
        "edit-no-secrets",
        "also change settings, scale, and restart pods",
    ),
    ("debug", "look, and run commands in pods"),
];

/// The account with few rights that is made in the kubeconfig's cluster, to be stored in place of the kubeconfig's own.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Minting Flags")]
pub struct MintArgs {
    /// Create an account with this role and store its token: view-no-secrets|edit-no-secrets|debug, or a cluster role's
    /// name
    #[arg(long, value_name = "ROLE")]
    #[arg(add = Candidates::Described(ROLES))]
    mint: Option<String>,
    /// Instead of --mint: give the account these rights, e.g. 'get,list pods,deployments.apps' (repeatable)
    #[arg(long, value_name = "RULE")]
    rules: Vec<String>,
    /// Instead of --mint: give the account the rights in this file, which holds a Role or a list of rules
    #[arg(long, value_name = "PATH")]
    rules_file: Option<PathBuf>,
    /// Namespace of the account (default: the context's, or else default)
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// How long the token is valid (default: 8h)
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    ttl: Option<Duration>,
    /// Do not ask before objects are created in the cluster, or before --bind shadows another credential
    #[arg(short, long, help_heading = None)]
    pub yes: bool,
}

impl MintArgs {
    /// True if an account is to be made.
    pub fn is_given(&self) -> bool {
        self.mint.is_some() || !self.rules.is_empty() || self.rules_file.is_some()
    }

    /// Refuses flags that only make sense with `--mint`.
    ///
    /// # Errors
    /// A usage failure.
    pub fn refuse_alone(&self, binds: bool) -> Result<(), Failure> {
        let given = [
            ("--namespace requires --mint", self.namespace.is_some()),
            ("--ttl requires --mint", self.ttl.is_some()),
            ("--yes requires --mint or --bind", self.yes && !binds),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((message, _)) => Err(Failure::usage(*message)),
            None => Ok(()),
        }
    }

    /// Returns the time for which a token is asked.
    ///
    /// # Errors
    /// No cluster gives a token for so short a time.
    pub fn ttl(&self) -> Result<Duration, Failure> {
        minted::check_ttl(self.ttl.unwrap_or(DEFAULT_TTL))
    }

    /// Reads the role.
    ///
    /// # Errors
    /// If it is given twice, or can't be read.
    pub(super) fn role(&self) -> Result<Role, Failure> {
        let data = |fault: RulesFault| Failure::new(Kind::Data, fault.to_string());
        let own = |rules| Role::Own {
            word: "own rules".to_owned(),
            rules,
        };
        match (&self.mint, self.rules.as_slice(), &self.rules_file) {
            (Some(word), [], None) if is_name(word) => Ok(Role::named(word)),
            // Without its value, the flag takes the next word.
            (Some(word), [], None) if word.is_empty() || word.starts_with('-') => {
                let roles: Vec<&str> = ROLES.iter().map(|(role, _)| *role).collect();
                Err(Failure::usage(format!(
                    "--mint needs the name of a role, and gets {}",
                    quote(word)
                ))
                .hint(format!(
                    "name {}, or a ClusterRole: {}",
                    roles.join(", "),
                    acpctl(&[
                        "credential",
                        "create",
                        "--mint",
                        "view",
                        "--context",
                        "NAME"
                    ])
                )))
            }
            (Some(word), [], None) => Err(Failure::usage(format!(
                "--mint: {} is not the name of a role",
                quote(word)
            ))),
            (None, lines, None) => {
                let rules = lines.iter().map(|line| roles::rules(line));
                let rules: Vec<Vec<Value>> = rules.collect::<Result<_, _>>().map_err(data)?;
                Ok(own(rules.concat()))
            }
            (None, [], Some(path)) => {
                let bytes = input::from_path(path)?.bytes;
                let documents = yaml::documents::<Value>(&bytes).ok();
                match documents.as_deref() {
                    Some([document]) => roles::checked(document).map(own).map_err(data),
                    _ => Err(Failure::new(
                        Kind::Data,
                        format!("{} is not one YAML document", path.display()),
                    )),
                }
            }
            _ => Err(Failure::usage(
                "--mint, --rules and --rules-file are mutually exclusive",
            )),
        }
    }
}

/// The time for which a token is asked by default.
const DEFAULT_TTL: Duration = Duration::from_secs(8 * 3600);

/// What to do if there is a credential of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum IfExists {
    /// Fail
    Error,
    /// Leave the stored credential as it is
    Skip,
    /// Change the stored credential
    Update,
}

impl Args {
    /// What the flags say about `--bind`.
    pub(super) fn consent(&self) -> Consent {
        Consent {
            is_confirmed: self.mint.yes,
            is_strict: self.kubeconfig.gates.strict,
            is_rehearsal: self.dry_run,
        }
    }

    /// True if neither a flag nor standard input tells where the secret comes from.
    pub fn names_no_source(&self) -> bool {
        matches!(self.provider.as_deref(), None | Some(KUBECONFIG))
            && !self.source.is_given()
            && !self.mint.is_given()
            && !self.kubeconfig.is_given()
            && !self.dry_run
            && input::stdin() == Stdin::Silent
    }
}
