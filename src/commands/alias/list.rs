//! `acpctl alias list`

use serde_json::{Map, Value};

use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};
use crate::shorthand;
use crate::text::acpctl;
use crate::text::command::shell_word;

/// List the aliases
#[derive(Debug, clap::Args)]
#[command(after_help = "acpctl alias list")]
pub struct Args {
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let aliases = ctx.config()?.aliases();
    for name in ctx.config()?.unfit_aliases() {
        ctx.out.warn(&shorthand::unfit_alias(&name));
    }
    match format {
        Format::Table | Format::Wide if ctx.out.is_quiet() => {
            aliases.iter().try_for_each(|(name, _)| ctx.out.line(name))
        }
        // A script gets the head alone, as from every empty list.
        Format::Table | Format::Wide if aliases.is_empty() && ctx.out.is_terminal() => {
            let set = acpctl(&["alias", "set", "NAME", "--", "WORDS..."]);
            ctx.out.line(&format!("No aliases yet. Make one: {set}"))
        }
        Format::Table | Format::Wide => {
            let line = |words: &[String]| {
                let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
                words.join(" ")
            };
            let rows: Vec<Vec<String>> = aliases
                .iter()
                .map(|(name, words)| vec![name.clone(), line(words)])
                .collect();
            ctx.out
                .fitted(&["NAME", "COMMAND"], &rows, format == Format::Wide)
        }
        Format::Name => aliases
            .iter()
            .try_for_each(|(name, _)| ctx.out.line(&format!("alias/{name}"))),
        format => {
            let object: Map<String, Value> = aliases
                .into_iter()
                .map(|(name, words)| (name, Value::from(words)))
                .collect();
            ctx.out.value(&Value::Object(object), &format)
        }
    }
}
