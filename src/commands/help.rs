//! `acpctl help`

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::help;

/// Help about any command
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Words that lead to the command, e.g. credential create
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let root = Cli::command();
    if let Some(first) = args.words.first()
        && root.find_subcommand(first).is_none()
    {
        // Not a failure in the Go tool, and kept so (contract cli-core.md section 1.1).
        let topics: Vec<String> = args.words.iter().map(|word| topic(word)).collect();
        ctx.out.note_as_is(&format!(
            "Unknown help topic [{}]\n{}",
            topics.join(" "),
            help::usage(&ctx.out).trim_end()
        ));
        return Ok(());
    }
    ctx.out
        .data(help::text(&ctx.out, Cli::command(), &args.words).as_bytes())
}

/// A word in the quotes that the Go tool uses here.
fn topic(word: &str) -> String {
    if word.contains('`') || word.chars().any(|c| c.is_control() && c != '\t') {
        quote(word)
    } else {
        format!("`{word}`")
    }
}
