//! `acpctl ambient`

use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;
use crate::screen::{self, Options};

const EXAMPLES: &str = "\
acpctl ambient                        # all projects
acpctl --local ambient                # the embedded API of this machine
acpctl ambient --command sessions     # start with the sessions
acpctl ambient --readonly --refresh 30";

/// The pages that the screen can start with.
const PAGES: &[(&str, &str)] = &[
    ("projects", "spaces for agents and sessions"),
    ("agents", "agents of the project"),
    ("sessions", "runs of agents"),
    ("inbox", "messages to an agent"),
    ("scheduledsessions", "sessions that start at set times"),
    ("credentials", "secrets for sessions"),
    ("roles", "sets of permissions"),
    ("rolebindings", "who has which role"),
    ("applications", "sources that the platform keeps applied"),
    ("projectsettings", "groups and repositories"),
    ("providers", "services whose secrets sandboxes get"),
    ("policies", "what sandboxes may reach"),
    ("users", "people and programs"),
    ("clusters", "clusters that the platform knows"),
    ("contexts", "servers of the configuration"),
    ("pulses", "counts by project and phase"),
    ("tree", "projects, agents and sessions"),
];

/// Show the platform on the whole terminal, and work with it
///
/// Projects, agents, sessions and their messages, inboxes, schedules, credentials, roles and applications, as tables
/// that follow what happens. Enter opens, Esc goes back, : takes a command, / a filter, ? shows all keys. The screen
/// needs a terminal; for scripts there are "get", "session messages --follow" and "wait".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Change nothing: refuse every key that would
    #[arg(long)]
    readonly: bool,
    /// Command to start with, as after the colon
    #[arg(short, long, value_name = "COMMAND")]
    #[arg(add = Candidates::Described(PAGES))]
    command: Option<String>,
    /// Seconds between two reads of a list
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(i64).range(1..=3600))]
    refresh: i64,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let globals = &ctx.globals;
    if globals.verbose || globals.trace || globals.print_curl {
        return Err(Failure::usage(
            "--verbose, --trace and --print-curl would write over the screen",
        )
        .hint("show the requests of one command: acpctl get projects --verbose")
        .into());
    }
    screen::run(
        ctx,
        Options {
            refresh: args.refresh,
            readonly: args.readonly,
            command: args.command.clone(),
            color: ctx.out.colored(),
        },
    )
}
