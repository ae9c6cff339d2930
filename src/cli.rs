//! The command line: flags for all commands, and the list of commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::commands;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::output::Color;
use crate::text::url_for_people;

/// Command-line interface for the Ambient Code Platform API server.
#[derive(Debug, Parser)]
#[command(
    name = "acpctl",
    about = "Command-line interface for the Ambient Code Platform API server.",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true
)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global Flags")]
pub struct Globals {
    /// Override the API server URL for this invocation
    #[arg(long, global = true, value_name = "URL")]
    pub api_url: Option<String>,

    /// Project to work in
    #[arg(long, global = true, value_name = "NAME")]
    pub project: Option<String>,

    /// Use the embedded API on this machine instead of a server
    #[arg(long, global = true)]
    pub local: bool,

    /// Skip TLS certificate verification (insecure)
    #[arg(long, global = true, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub insecure_skip_tls_verify: Option<bool>,

    /// Trust the certificate authorities in this PEM file as well
    #[arg(long, global = true, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,

    /// Time limit for reaching the server, e.g. 5s (default 10s)
    #[arg(long, global = true, value_name = "DURATION", value_parser = number::duration)]
    pub connect_timeout: Option<Duration>,

    /// Time limit for one request, e.g. 90s (default 30s)
    #[arg(long, global = true, value_name = "DURATION", value_parser = number::duration)]
    pub request_timeout: Option<Duration>,

    /// How often a request that is safe to repeat is tried again
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 2,
        hide_default_value = false
    )]
    pub retries: u32,

    /// Never ask: fail where input is missing
    #[arg(long, global = true)]
    pub no_input: bool,

    /// When to colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: Color,

    /// Say on stderr what is requested and answered
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
    /// The flags that a suggested command needs to do the same as this run: those that choose the server and how it is
    /// reached.
    #[must_use]
    pub fn to_copy(&self) -> Vec<String> {
        let flag = |name: &str, value: &str| format!("--{name}={value}");
        let mut flags = Vec::new();
        if self.local {
            flags.push("--local".to_owned());
        }
        let url = self.api_url.as_deref().filter(|url| !url.is_empty());
        flags.extend(url.map(|url| flag("api-url", &url_for_people(url))));
        let insecure = self.insecure_skip_tls_verify == Some(true);
        flags.extend(insecure.then(|| "--insecure-skip-tls-verify".to_owned()));
        let file = self.ca_file.as_deref();
        flags.extend(file.map(|file| flag("ca-file", &file.to_string_lossy())));
        flags
    }
}

#[allow(clippy::large_enum_variant, reason = "there is one value in a run")]
/// The commands, in the order in which the Go tool registers them: suggestions follow it.
#[derive(Debug, Subcommand)]
pub enum Command {
    Login(Box<commands::login::Args>),
    Logout(commands::logout::Args),
    Version(commands::version::Args),
    Whoami(commands::whoami::Args),
    /// Manage CLI configuration
    #[command(subcommand, subcommand_required = true)]
    Config(commands::config::Command),
    Project(commands::project::Args),
    /// Interact with sessions
    #[command(subcommand, subcommand_required = true)]
    Session(commands::session::Command),
    /// Manage project-scoped agents
    #[command(subcommand, subcommand_required = true)]
    Agent(commands::agent::Command),
    /// Manage scheduled sessions
    #[command(subcommand, subcommand_required = true)]
    ScheduledSession(commands::scheduled_session::Command),
    /// Manage credentials
    #[command(subcommand, subcommand_required = true)]
    Credential(commands::credential::Command),
    /// Interact with agent inbox messages
    #[command(subcommand, subcommand_required = true)]
    Inbox(commands::inbox::Command),
    Get(commands::get::Args),
    Create(commands::create::Args),
    Delete(commands::delete::Args),
    Describe(commands::describe::Args),
    Start(commands::start::Args),
    Stop(commands::stop::Args),
    Completion(commands::completion::Args),
    /// Manage `GitOps` applications
    #[command(subcommand, subcommand_required = true, visible_aliases = ["app", "apps"])]
    Application(commands::application::Command),
    Apply(commands::apply::Args),
    Help(commands::help::Args),
    Doctor(commands::doctor::Args),
    Serve(commands::serve::Args),
    /// Manage the store of the embedded API
    #[command(subcommand, subcommand_required = true)]
    Local(commands::local::Command),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// What the command could not do.
    pub fn run(&self, ctx: &Ctx) -> anyhow::Result<()> {
        match self {
            Self::Login(args) => commands::login::run(ctx, args),
            Self::Logout(args) => commands::logout::run(ctx, args),
            Self::Version(args) => commands::version::run(ctx, args),
            Self::Whoami(args) => commands::whoami::run(ctx, args),
            Self::Config(command) => command.run(ctx),
            Self::Project(args) => commands::project::run(ctx, args),
            Self::Session(command) => command.run(ctx),
            Self::Agent(command) => command.run(ctx),
            Self::ScheduledSession(command) => command.run(ctx),
            Self::Credential(command) => command.run(ctx),
            Self::Inbox(command) => command.run(ctx),
            Self::Get(args) => commands::get::run(ctx, args),
            Self::Create(args) => commands::create::run(ctx, args),
            Self::Delete(args) => commands::delete::run(ctx, args),
            Self::Describe(args) => commands::describe::run(ctx, args),
            Self::Start(args) => commands::start::run(ctx, args),
            Self::Stop(args) => commands::stop::run(ctx, args),
            Self::Completion(args) => commands::completion::run(ctx, args),
            Self::Application(command) => command.run(ctx),
            Self::Apply(args) => commands::apply::run(ctx, args),
            Self::Help(args) => commands::help::run(ctx, args),
            Self::Doctor(args) => commands::doctor::run(ctx, args),
            Self::Serve(args) => commands::serve::run(ctx, args),
            Self::Local(command) => command.run(ctx),
        }
    }
}
