//! `acpctl help`

use std::ffi::OsString;

use clap::Command;

use crate::compat::grammar;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::help;
use crate::shorthand;
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

pub(crate) fn run(ctx: &Ctx, args: &Args, mut root: Command) -> anyhow::Result<()> {
    grammar::define_all(&mut root);
    let words = meant(&mut root, &args.words);
    let text = match words.first() {
        Some(first) if root.find_subcommand(first).is_none() => {
            let topic = help::topic(&ctx.out, root.clone(), first);
            topic.ok_or_else(|| unknown(&root, &[], first))?
        }
        _ => {
            check(&root, &words)?;
            help::text(&ctx.out, root, &words)
        }
    };
    ctx.out.pages(&text)
}

/// Returns the words of the command that a shorthand stands for, such as `session list`.
fn meant(root: &mut Command, words: &[String]) -> Vec<String> {
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    let meant = shorthand::expand(root, &words);
    let line = grammar::Line::new(root, &meant);
    // An alias may begin with a flag.
    let flags_first = meant
        .first()
        .is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    if flags_first {
        let names = line
            .path
            .iter()
            .skip(1)
            .map(|command| command.get_name().to_owned());
        return names.chain(line.first_argument()).collect();
    }
    meant
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// Refuses words that lead to no command. Words behind a command without further ones are its arguments, as in
/// `help get sessions`.
fn check(root: &Command, words: &[String]) -> Result<(), Failure> {
    let mut command = root;
    for (n, word) in words.iter().enumerate() {
        match command.find_subcommand(word) {
            Some(found) => command = found,
            None if command.has_subcommands() => return Err(unknown(command, &words[..n], word)),
            None => break,
        }
    }
    Ok(())
}

/// The refusal of a word that is neither a command below `command`, to which the words before it lead, nor a topic.
fn unknown(command: &Command, before: &[String], word: &str) -> Failure {
    let topics = help::TOPICS.iter().map(|(name, _)| *name);
    let topics = topics.filter(|_| before.is_empty());
    let names: Vec<&str> = grammar::verbs(command).into_iter().chain(topics).collect();
    let path = before.join(" ");
    let words = [path.as_str(), word].join(" ");
    let failure = Failure::usage(format!("unknown help topic {}", quote(words.trim_start())));
    let meant = grammar::meant(&path, &[word.to_owned()], &names);
    failure.hint(match meant.first() {
        Some(line) => format!("did you mean 'acpctl help {line}'?"),
        None if before.is_empty() => "see 'acpctl help commands'".to_owned(),
        None => format!("see 'acpctl help {path}'"),
    })
}
