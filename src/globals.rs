//! The flags that every command takes, as plain data.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as _, FromArgMatches as _};

use crate::compat::number;
use crate::output::Color;
use crate::resources::Candidates;
use crate::text::{command, url_for_people};

/// Sets what suggested commands repeat of a line's flags, before anything of it can be wrong.
pub(crate) fn carry(given: &[(String, Option<OsString>)]) {
    if let Some(globals) = Globals::of_flags(given) {
        command::carry(command::Carried {
            server: globals.to_copy(),
            project: globals.project.filter(|name| !name.is_empty()),
        });
    }
}

/// The flags that every command takes, before or after its name.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global Flags")]
pub struct Globals {
    /// Override the API server URL for this invocation
    #[arg(short = 'U', long, global = true, value_name = "URL")]
    pub api_url: Option<String>,

    /// Server of the configuration to use, one of "acpctl config get-contexts"; `local` is the embedded API
    #[arg(long, global = true, value_name = "NAME")]
    #[arg(add = Candidates::ServerContexts)]
    pub context_name: Option<String>,

    /// Context that a run keeps to without a flag of the user: it counts like `AMBIENT_CONTEXT`, so that the login
    /// comes from where it came from before
    #[arg(skip)]
    pub pinned_context: Option<String>,

    /// Project to work in
    #[arg(long, global = true, value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    pub project: Option<String>,

    /// Use the embedded API on this machine instead of a server
    #[arg(long, global = true)]
    pub local: bool,

    /// Send the stored login to an address other than its own, such as a port-forward to the same server
    #[arg(long, global = true)]
    pub send_login: bool,

    /// Skip TLS certificate verification (insecure)
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub insecure_skip_tls_verify: Option<bool>,

    /// Also trust the certificate authorities in this PEM file
    #[arg(long, global = true, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,

    /// Time limit for connecting to the server, e.g. 5s (default 10s)
    #[arg(long, global = true, value_name = "DURATION", value_parser = number::time_limit)]
    pub connect_timeout: Option<Duration>,

    /// Time limit for one request, e.g. 90s (default 30s)
    #[arg(long, global = true, value_name = "DURATION", value_parser = number::time_limit)]
    pub request_timeout: Option<Duration>,

    /// How often to retry a request that is safe to repeat (default 2)
    #[arg(long, global = true, value_name = "N")]
    pub retries: Option<u32>,

    /// Never prompt; fail if input is missing
    #[arg(long, global = true)]
    pub no_input: bool,

    /// When to use color: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: Color,

    /// Filter the JSON of `-o json`, which this implies, with a jq expression; strings are printed without quotes
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub jq: Option<String>,

    /// Print only names, and only warnings and errors on stderr
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Log requests and responses to stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Like --verbose, with headers and bodies; secrets are masked
    #[arg(long, global = true)]
    pub trace: bool,

    /// Show each request as a curl command that takes the token from `$AMBIENT_TOKEN`
    #[arg(long, global = true)]
    pub print_curl: bool,
}

impl Globals {
    /// Reads the flags for all commands among those of a line, each with its value; `None` if a value is wrong.
    #[must_use]
    pub fn of_flags(given: &[(String, Option<OsString>)]) -> Option<Self> {
        let parser = Self::augment_args(clap::Command::new("acpctl").no_binary_name(true));
        let is_known = |name: &str| {
            parser
                .get_arguments()
                .any(|arg| arg.get_long() == Some(name))
        };
        let words: Vec<OsString> = given
            .iter()
            .filter(|(name, _)| is_known(name))
            .map(|(name, value)| {
                let mut word = OsString::from(format!("--{name}"));
                if let Some(value) = value {
                    word.push("=");
                    word.push(value);
                }
                word
            })
            .collect();
        let matches = parser.try_get_matches_from(words).ok()?;
        Self::from_arg_matches(&matches).ok()
    }

    /// Returns the flags that a suggested command needs to reach the same server as this run: those that choose the
    /// server and how it is reached.
    #[must_use]
    pub fn to_copy(&self) -> Vec<String> {
        let flag = |name: &str, value: &str| format!("--{name}={value}");
        let mut flags = Vec::new();
        if self.local {
            flags.push("--local".to_owned());
        }
        let context = self.context_name.as_deref();
        let context = context.filter(|name| !name.is_empty());
        flags.extend(context.map(|name| flag("context-name", name)));
        let url = self.api_url.as_deref().filter(|url| !url.is_empty());
        flags.extend(url.map(|url| flag("api-url", &url_for_people(url))));
        let insecure = self.insecure_skip_tls_verify == Some(true);
        flags.extend(insecure.then(|| "--insecure-skip-tls-verify".to_owned()));
        let file = self.ca_file.as_deref();
        flags.extend(file.map(|file| flag("ca-file", &file.to_string_lossy())));
        flags
    }
}
