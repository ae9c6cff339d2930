//! `acpctl alias set`

use serde_json::json;

use crate::commands::outcome::{self, WriteArgs};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::text::command::shell_word;
use crate::text::quote;

const EXAMPLES: &str = "\
acpctl alias set creds -- credential list -o wide";

/// Give a command line a name
///
/// Words and flags that follow the name on a command line are added to the end. A name that is a command already is
/// refused. Replaces an alias of the same name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name
    #[arg(required = true)]
    name: String,
    /// The command line without `acpctl`
    #[arg(value_name = "WORD", required = true, last = true, num_args = 1.., help_heading = None)]
    words: Vec<String>,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args, root: &clap::Command) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let (name, words) = (&args.name, unquoted(&args.words));
    let words = words.as_slice();
    check(name, words, root)?;
    if !ctx.rehearses() {
        let place = ctx.place_to_change()?;
        Config::update(&place, |config| config.set_alias(name, Some(words)))
            .map_err(Failure::from)?;
    }
    let shown: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    let sentence = format!("alias/{name} set: acpctl {}", shown.join(" "));
    outcome::said(
        ctx,
        &format,
        &sentence,
        &json!({"name": name, "words": words}),
    )
}

/// Returns the words of the line. One that was quoted as a whole is cut at its blanks, unless it has quotes of its own.
fn unquoted(words: &[String]) -> Vec<String> {
    match words {
        [line] if !line.contains(['"', '\'', '\\']) => {
            line.split_whitespace().map(str::to_owned).collect()
        }
        words => words.to_vec(),
    }
}

/// Refuses a name that can't be typed or that is a command, and words that begin with something else than a command.
fn check(name: &str, words: &[String], root: &clap::Command) -> Result<(), Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('-') || !name.chars().all(is_plain) {
        return Err(Failure::usage(format!(
            "{} can't be an alias: use letters, digits, -, _ and .",
            quote(name)
        )));
    }
    if name.starts_with('_') || root.find_subcommand(name).is_some() {
        return Err(Failure::usage(format!("{} is a command", quote(name)))
            .hint("choose another name: an alias can't hide a command"));
    }
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !first.starts_with('-') && root.find_subcommand(first).is_none() {
        return Err(
            Failure::usage(format!("{} is not a command", quote(first))).hint(format!(
                "write the line without acpctl: acpctl alias set {name} -- credential list"
            )),
        );
    }
    Ok(())
}
