//! `acpctl help`

use clap::Command;

use crate::compat::grammar;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::help;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl help credential create
acpctl help commands
acpctl help exit-codes";

/// Help about any command or topic
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Words that lead to the command, e.g. credential create; or a topic: commands, environment, exit-codes, output
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

pub(crate) fn run(ctx: &Ctx, args: &Args, root: Command) -> anyhow::Result<()> {
    let text = match args.words.first() {
        Some(first) if root.find_subcommand(first).is_none() => {
            let topic = help::topic(&ctx.out, root.clone(), first);
            topic.ok_or_else(|| unknown(first, &root))?
        }
        _ => help::text(&ctx.out, root, &args.words),
    };
    ctx.out.pages(&text)
}

/// The refusal of a word that is neither a command nor a topic.
fn unknown(word: &str, root: &Command) -> Failure {
    let topics = help::TOPICS.iter().map(|(name, _)| *name);
    let shown = root.get_subcommands().filter(|sub| !sub.is_hide_set());
    let names = shown.map(Command::get_name).chain(topics);
    let failure = Failure::usage(format!("unknown help topic {}", quote(word)));
    failure.hint(match grammar::nearest(word, names) {
        Some(near) => format!("did you mean 'acpctl help {near}'?"),
        None => "see 'acpctl help commands'".to_owned(),
    })
}
