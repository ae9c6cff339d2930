//! `acpctl agent start`

use anyhow::Context as _;

use super::one_or_all::{all_agents, for_each, one_or_all};
use crate::commands::bound::Bound;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::commands::session_control;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::Candidates;

const EXAMPLES: &str = "\
acpctl agent start lead --prompt 'Fix the build'
# Every agent of the project
acpctl agent start --all";

/// Start an agent's session, or show the one that is already running
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    /// Task for this run: the session's first message
    #[arg(long)]
    prompt: Option<String>,
    /// Every agent of the project
    #[arg(short = 'A', long)]
    all: bool,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    strict: StrictArgs,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    let format = args.output.format(ctx)?;
    let client = ctx.client()?;
    let prompt = args.prompt.as_deref();
    let start = |id: &str, label: &str, bound: &Bound<'_>| {
        let session = (project.as_str(), id);
        let say = || server_mode::say_bound(ctx, bound, session, &args.mode, &args.strict);
        // With --strict, nothing is started in vain; otherwise, nothing delays the start.
        if args.strict.strict {
            say()?;
        }
        let started = ctx.block_on(async {
            session_control::start(client, &project, id, prompt)
                .await
                .context("start agent")
        })?;
        started.show(ctx, &format!("agent/{label}"), &format)?;
        started.warn_of_expiry(ctx, bound);
        started.deliver(ctx, prompt)?;
        started.say_unrun(ctx, client);
        started.say_unbound(ctx, client, bound);
        if args.strict.strict { Ok(()) } else { say() }
    };
    match one_or_all(args.agent.as_deref(), args.all)? {
        Some(given) => {
            let agent = ctx.block_on(lookup::agent(client, &project, given))?;
            let bound = Bound::to(client, vec![agent.id().to_owned()]);
            start(agent.id(), given, &bound)
        }
        None => {
            let agents = ctx.block_on(all_agents(client, &project))?;
            let ids = agents.iter().map(|agent| agent.id().to_owned());
            let bound = Bound::to(client, ids.collect());
            for_each(ctx, &agents, "start", |agent| {
                start(agent.id(), agent.name(), &bound)
            })
        }
    }
}
