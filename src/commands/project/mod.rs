//! `acpctl project …` (docs/interface/cli-core.md section 7.7). Without an argument it shows the current project; with
//! an argument that is not a verb it switches to the project of that name.

mod create;
mod current;
mod delete;
mod list;
mod set;
mod transfer;
mod update;

pub(crate) use create::{STAYS_TAKEN, conflict, existing, taken};

use clap::Subcommand;

use crate::commands::outcome::WriteArgs;
use crate::compat::grammar;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::Candidates;

const EXAMPLES: &str = "\
# Show the current project
acpctl project
# Switch to another one
acpctl project team-a";

/// Manage projects
///
/// Without a command, shows the current project. With a name, switches to that project.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Project to switch to
    #[arg(add = Candidates::PROJECTS)]
    name: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The verbs, in the order of the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Current(current::Args),
    Set(set::Args),
    List(list::Args),
    Update(update::Args),
    Create(create::Args),
    Delete(delete::Args),
    Transfer(transfer::Args),
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    match (&args.command, &args.name) {
        (Some(Command::Current(args)), _) => current::run(ctx, &args.output),
        (None, None) => current::run(ctx, &OutputArgs::default()),
        (Some(Command::Set(args)), _) => set::run(ctx, &args.name, &args.output, None),
        (Some(Command::List(args)), _) => list::run(ctx, args),
        (Some(Command::Update(args)), _) => update::run(ctx, args),
        (Some(Command::Create(args)), _) => create::run(ctx, args),
        (Some(Command::Delete(args)), _) => delete::run(ctx, args),
        (Some(Command::Transfer(args)), _) => transfer::run(ctx, args),
        (None, Some(name)) => set::run(ctx, name, &WriteArgs::default(), near_verb(name)),
    }
}

/// Returns a hint at the verb that a name may have been meant for.
fn near_verb(name: &str) -> Option<String> {
    let tree = Command::augment_subcommands(clap::Command::new("project"));
    let verbs: Vec<&str> = tree
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    grammar::did_you_mean(&grammar::meant("project", &[name.to_owned()], &verbs))
}
