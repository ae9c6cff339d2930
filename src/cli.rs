//! The command line: the list of commands.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands;
use crate::compat::grammar::Later;
use crate::ctx::Ctx;
use crate::globals::Globals;
use crate::help;

const EXAMPLES: &str = "\
acpctl doctor                                         # look at this machine
acpctl --local credential create -f ~/.kube/config    # needs no platform
acpctl login https://acp.example.org --use-auth-code  # or use a platform";

/// Command-line interface for the Ambient Code Platform API server.
#[derive(Debug, Parser)]
#[command(
    name = "acpctl",
    after_help = EXAMPLES,
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

/// The commands, in the order in which the Go tool registers them, which is the order of suggestions.
#[allow(clippy::large_enum_variant, reason = "a run has one value")]
#[derive(Debug, Subcommand)]
pub enum Command {
    Login(Later<Box<commands::login::Args>>),
    Logout(Later<commands::logout::Args>),
    Version(Later<commands::version::Args>),
    Whoami(Later<commands::whoami::Args>),
    /// Manage CLI configuration
    #[command(subcommand, subcommand_required = true)]
    Config(Later<commands::config::Command>),
    Project(Later<commands::project::Args>),
    /// Interact with sessions
    ///
    /// Other verbs stand for commands without the noun: `session list` for `get sessions`, and in the same way get,
    /// describe, create, start, stop, delete and wait.
    #[command(subcommand, subcommand_required = true)]
    Session(Later<commands::session::Command>),
    /// Manage project-scoped agents
    #[command(subcommand, subcommand_required = true)]
    Agent(Later<commands::agent::Command>),
    /// Manage scheduled sessions
    #[command(subcommand, subcommand_required = true)]
    ScheduledSession(Later<commands::scheduled_session::Command>),
    /// Manage credentials
    #[command(subcommand, subcommand_required = true)]
    Credential(Later<commands::credential::Command>),
    /// Interact with agent inbox messages
    #[command(subcommand, subcommand_required = true)]
    Inbox(Later<commands::inbox::Command>),
    Get(Later<commands::get::Args>),
    Create(Later<commands::create::Args>),
    Delete(Later<commands::delete::Args>),
    Describe(Later<commands::describe::Args>),
    Start(Later<commands::start::Args>),
    Stop(Later<commands::stop::Args>),
    Completion(Later<commands::completion::Args>),
    /// Manage `GitOps` applications
    #[command(subcommand, subcommand_required = true, visible_aliases = ["app", "apps"])]
    Application(Later<commands::application::Command>),
    /// Manage the providers of a project
    #[command(subcommand, subcommand_required = true)]
    Provider(Later<commands::provider::Command>),
    /// Manage the policies of a project
    #[command(subcommand, subcommand_required = true)]
    Policy(Later<commands::policy::Command>),
    Apply(Later<commands::apply::Args>),
    Help(Later<commands::help::Args>),
    Options(Later<commands::options::Args>),
    Doctor(Later<commands::doctor::Args>),
    Serve(Later<commands::serve::Args>),
    /// Manage the store of the embedded API
    #[command(subcommand, subcommand_required = true)]
    Local(Later<commands::local::Command>),
    Wait(Later<commands::wait::Args>),
    Exec(Later<commands::exec::Args>),
    Ambient(Later<commands::ambient::Args>),
    Edit(Later<commands::edit::Args>),
    Api(Later<commands::api::Args>),
    /// Manage names of your own for command lines
    #[command(subcommand, subcommand_required = true)]
    Alias(Later<commands::alias::Command>),
}

/// Returns the whole tree of commands as help, manual pages and completion show it.
#[must_use]
pub fn tree() -> clap::Command {
    help::tree(Cli::command())
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// The command failed.
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
            Self::Provider(command) => command.run(ctx),
            Self::Policy(command) => command.run(ctx),
            Self::Apply(args) => commands::apply::run(ctx, args),
            Self::Help(args) => commands::help::run(ctx, args, Cli::command()),
            Self::Options(args) => commands::options::run(ctx, args, Cli::command()),
            Self::Doctor(args) => commands::doctor::run(ctx, args),
            Self::Serve(args) => commands::serve::run(ctx, args),
            Self::Local(command) => command.run(ctx),
            Self::Wait(args) => commands::wait::run(ctx, args),
            Self::Exec(args) => commands::exec::run(ctx, args),
            Self::Ambient(args) => commands::ambient::run(ctx, args),
            Self::Edit(args) => commands::edit::run(ctx, args),
            Self::Api(args) => commands::api::run(ctx, args),
            Self::Alias(command) => command.run(ctx, &Cli::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::grammar;
    use crate::output::{Color, Out};
    use crate::resources::Candidates;

    fn walk(
        command: &clap::Command,
        path: &[String],
        see: &mut impl FnMut(&clap::Command, &[String]),
    ) {
        see(command, path);
        for sub in command.get_subcommands() {
            walk(sub, &[path, &[sub.get_name().to_owned()]].concat(), see);
        }
    }

    /// Splits the first command of a line into words as a shell does, but for the syntax that no example uses.
    fn parts(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for c in line.chars() {
            match (c, quote) {
                ('\'' | '"', None) => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (c, Some(open)) if c == open => quote = None,
                ('|' | '>' | '<' | '#', None) => break,
                (' ', None) => words.extend(word.take()),
                (c, _) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn a_command_alone_shows_what_it_shows_in_the_tree() {
        let out = Out::new(Color::Never);
        let mut seen = 0;
        walk(&tree(), &[], &mut |command, path| {
            assert_eq!(
                help::render(&out, &help::at(Cli::command(), path)),
                help::render(&out, command),
                "{path:?}"
            );
            seen += 1;
        });
        assert!(seen > 80, "only {seen} commands");
    }

    /// The first page shows a command that no group names under "More".
    #[test]
    fn every_command_is_in_a_group() {
        let tree = tree();
        for sub in tree.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let name = sub.get_name();
            let groups = help::GROUPS.iter();
            let count = groups.filter(|(_, names)| names.contains(&name)).count();
            assert_eq!(count, 1, "{name}: name it in one group of help/front.rs");
        }
    }

    #[test]
    fn every_verb_has_an_example_that_is_a_correct_line() {
        let mut wrong = Vec::new();
        walk(&tree(), &[], &mut |command, path| {
            let lines = help::examples(command);
            let name = format!("acpctl {}", path.join(" "));
            let is_parent = command.has_subcommands();
            if !is_parent && !lines.iter().any(|line| line.contains(name.trim_end())) {
                wrong.push(format!("{name}: no example"));
            }
            for line in lines.iter().filter(|line| line.starts_with("acpctl ")) {
                let words: Vec<_> = parts(line).into_iter().skip(1).map(Into::into).collect();
                if let Err(failure) = grammar::parse(&mut Cli::command(), &words) {
                    wrong.push(format!("{line}: {failure}"));
                }
            }
        });
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn an_argument_that_names_an_object_has_candidates() {
        const NAMES: &[&str] = &[
            "agent",
            "application",
            "credential",
            "project",
            "project_id",
            "provider",
            "session",
        ];
        walk(&tree(), &[], &mut |command, path| {
            for arg in command.get_arguments() {
                let name = arg.get_id().as_str();
                let has_candidates = arg.get::<Candidates>().is_some();
                assert!(has_candidates || !NAMES.contains(&name), "{path:?} {name}");
            }
        });
    }
}
