//! The flags that say how a kubeconfig is cut and judged.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum as _;
use jiff::SignedDuration;

use super::gate;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::kubeconfig::{CheckOptions, Delivery, Keep, Kubeconfig, Managed, Open, Rules};
use crate::resources::Candidates;
use crate::runner::table::Target;
use crate::text::quote;

/// How a kubeconfig is cut and judged.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Kubeconfig Flags")]
pub struct KubeconfigArgs {
    /// Keep this context (default: the file's current-context); if no source is given, read KUBECONFIG
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::Contexts)]
    pub context: Option<String>,
    /// Keep every context; files are still inlined
    #[arg(long)]
    pub(super) all_contexts: bool,
    /// Store the text as it is: cut nothing and inline no file
    #[arg(long)]
    pub(super) no_flatten: bool,
    /// Also read files that the kubeconfig names from this folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub allow_file: Vec<PathBuf>,
    /// Reject credentials that expire sooner than this, e.g. 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    pub min_ttl: Option<Duration>,
    /// Kind of session that must be able to use it: pod, sandbox or managed (default pod)
    #[arg(long, value_enum, value_name = "TARGET", hide_possible_values = true)]
    pub target: Option<Target>,
    /// With --target managed: the certificate authorities that the installation trusts, as a PEM file
    #[arg(long, value_name = "PATH")]
    pub trust_bundle: Option<PathBuf>,
    /// Store the file unchecked; sessions that use it may fail
    #[arg(long)]
    pub(super) skip_validation: bool,
    /// True if acpctl has minted the kubeconfig: how soon its token ends was asked for, so it is not a finding.
    #[arg(skip)]
    pub(super) is_minted: bool,
    /// The name under which the kubeconfig will be stored, if it is known.
    #[arg(skip)]
    pub(super) name: Option<String>,
    #[command(flatten)]
    pub gates: GateArgs,
}

/// Which findings stop the work.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct GateArgs {
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Accept findings with this code (repeatable)
    #[arg(long, value_name = "CODE")]
    #[arg(add = Candidates::Codes)]
    pub allow: Vec<String>,
}

impl GateArgs {
    /// Returns true for a code that the user accepts.
    pub fn allows(&self, code: &str) -> bool {
        self.allow.iter().any(|allowed| allowed == code)
    }
}

/// Which files and findings are accepted for the secrets that manifests name.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct TrustArgs {
    /// Also read files that manifests and their kubeconfigs name from this folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub allow_file: Vec<PathBuf>,
    /// Accept findings with this code (repeatable)
    #[arg(long, value_name = "CODE")]
    #[arg(add = Candidates::Codes)]
    pub allow: Vec<String>,
}

impl KubeconfigArgs {
    /// Returns the default flags for this context, or for the file's current one.
    pub fn keeping(context: Option<String>) -> Self {
        Self {
            context,
            ..Self::default()
        }
    }

    /// Returns the gates for a kubeconfig that was minted with these flags: it has one context and names no file.
    #[must_use]
    pub fn of_minted(&self) -> Self {
        Self {
            min_ttl: self.min_ttl,
            is_minted: true,
            gates: self.gates.clone(),
            ..Self::default()
        }
    }

    /// Adds the name under which the kubeconfig will be stored.
    #[must_use]
    pub fn named(&self, name: Option<&str>) -> Self {
        Self {
            name: name.map(str::to_owned),
            ..self.clone()
        }
    }

    /// Adds what the user accepts for manifests.
    #[must_use]
    pub fn trusting(mut self, trust: &TrustArgs) -> Self {
        self.allow_file.clone_from(&trust.allow_file);
        self.gates.allow.clone_from(&trust.allow);
        self
    }

    /// Returns true if a flag was given that only makes sense for a kubeconfig.
    pub fn is_given(&self) -> bool {
        self.context.is_some()
            || self.all_contexts
            || self.no_flatten
            || !self.allow_file.is_empty()
            || self.min_ttl.is_some()
            || self.target.is_some()
            || self.trust_bundle.is_some()
            || self.skip_validation
    }

    /// Returns these flags as they are written on a command line, without `--context`.
    pub fn words(&self) -> Vec<String> {
        let switches = [
            ("--all-contexts", self.all_contexts),
            ("--no-flatten", self.no_flatten),
            ("--skip-validation", self.skip_validation),
            ("--strict", self.gates.strict),
        ];
        let switches = switches
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(flag, _)| flag.to_owned());
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let target = self.target.and_then(|target| target.to_possible_value());
        let allow = self.gates.allow.iter().cloned();
        let values = allow
            .map(|code| ("--allow", code))
            .chain(self.allow_file.iter().map(|it| ("--allow-file", path(it))))
            .chain(
                self.trust_bundle
                    .iter()
                    .map(|it| ("--trust-bundle", path(it))),
            )
            .chain(target.map(|it| ("--target", it.get_name().to_owned())))
            .chain(
                self.min_ttl
                    .map(|it| ("--min-ttl", format!("{}s", it.as_secs()))),
            );
        switches
            .chain(values.flat_map(|(flag, value)| [flag.to_owned(), value]))
            .collect()
    }

    /// Refuses these flags for another provider.
    pub fn misplaced(what: &str) -> Failure {
        Failure::usage(format!(
            "--context, --all-contexts, --no-flatten, --allow-file, --min-ttl, --target, --trust-bundle and --skip-validation are for {what}"
        ))
    }

    /// Refuses flags that contradict each other, and codes that do not exist.
    ///
    /// # Errors
    /// A usage failure.
    pub fn check_flags(&self) -> Result<(), Failure> {
        gate::check_codes(&self.gates.allow)?;
        if self.trust_bundle.is_some() && self.target != Some(Target::Managed) {
            return Err(Failure::usage("--trust-bundle is for managed sessions")
                .hint("add --target managed"));
        }
        if let Some(flag) = self.unfulfilled().filter(|_| self.skip_validation) {
            return Err(Failure::usage(format!(
                "{flag} and --skip-validation are mutually exclusive"
            ))
            .hint("--skip-validation stores the whole file as it is: it cuts nothing and judges nothing"));
        }
        Ok(())
    }

    /// Returns a flag that asks for a cut or a judgment, which `--skip-validation` leaves out.
    fn unfulfilled(&self) -> Option<&'static str> {
        first_given(&[
            ("--all-contexts", self.all_contexts),
            ("--allow-file", !self.allow_file.is_empty()),
            ("--min-ttl", self.min_ttl.is_some()),
            ("--target", self.target.is_some()),
            ("--strict", self.gates.strict),
        ])
    }

    /// Returns the flag that stores a file with all its contexts, of which the current one counts.
    pub(super) fn whole(&self) -> Option<&'static str> {
        first_given(&[
            ("--skip-validation", self.skip_validation),
            ("--no-flatten", self.no_flatten),
            ("--all-contexts", self.all_contexts),
        ])
    }

    /// Refuses `--context` beside a flag that stores the whole file, unless it names the file's current context: then
    /// it says that this one is meant. `file` is `None` if it can't be read.
    ///
    /// # Errors
    /// A usage failure.
    pub(super) fn check_context(&self, file: Option<&Kubeconfig>) -> Result<(), Failure> {
        let (Some(flag), Some(named)) = (self.whole(), &self.context) else {
            return Ok(());
        };
        let contexts = file.and_then(|file| file.contexts().ok());
        let mut contexts = contexts.unwrap_or_default().into_iter();
        let hint = match contexts.find(|context| context.current) {
            Some(current) if current.name == *named => return Ok(()),
            Some(current) => format!(
                "{flag} stores the whole file, whose current context is {}: leave out one of the two",
                quote(&current.name)
            ),
            None => format!(
                "{flag} stores the whole file, which has no current context: leave out --context"
            ),
        };
        let message = format!("--context and {flag} are mutually exclusive");
        Err(Failure::usage(message).hint(hint))
    }

    pub(super) fn keep(&self) -> Keep<'_> {
        match &self.context {
            _ if self.all_contexts => Keep::All,
            Some(context) => Keep::Named(context),
            None => Keep::Current,
        }
    }

    /// Returns what to check the text against; `trust_bundle` is the content of the named file.
    pub(super) fn options<'a>(
        &'a self,
        ctx: &Ctx,
        open: Open<'a>,
        trust_bundle: Option<&'a [u8]>,
    ) -> CheckOptions<'a> {
        CheckOptions {
            delivery: match self.target {
                None | Some(Target::Pod) => Delivery::Pod,
                Some(Target::Sandbox) => Delivery::Sandbox,
                Some(Target::Managed) => Delivery::Managed(Managed { trust_bundle }),
            },
            context: self.context.as_deref(),
            rules: Rules::All,
            now: ctx.now(),
            min_ttl: self
                .min_ttl
                .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
            open,
        }
    }
}

/// Returns the first of these flags that is given.
fn first_given(flags: &[(&'static str, bool)]) -> Option<&'static str> {
    let found = flags.iter().find(|(_, is_given)| *is_given);
    found.map(|(flag, _)| *flag)
}
