//! `acpctl help`

use clap::Command;

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

pub(crate) fn run(ctx: &Ctx, args: &Args, root: Command) -> anyhow::Result<()> {
    if let Some(first) = args.words.first()
        && root.find_subcommand(first).is_none()
    {
        // This is not a failure in the Go tool, so the status stays 0 (docs/interface/cli-core.md section 1.1).
        let topics: Vec<String> = args.words.iter().map(|word| topic(word)).collect();
        ctx.out.note_as_is(&format!(
            "Unknown help topic [{}]\n{}",
            topics.join(" "),
            help::usage(&ctx.out, root).trim_end()
        ));
        return Ok(());
    }
    ctx.out
        .data(help::text(&ctx.out, root, &args.words).as_bytes())
}

/// Quotes a word as the Go tool does here.
fn topic(word: &str) -> String {
    if word.contains('`') || word.chars().any(|c| c.is_control() && c != '\t') {
        quote(word)
    } else {
        format!("`{word}`")
    }
}
