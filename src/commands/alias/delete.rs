//! `acpctl alias delete`

use serde_json::{Value, json};

use crate::commands::outcome::{self, WriteArgs};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::Format;
use crate::text::{acpctl, quote};

/// Delete aliases
#[derive(Debug, clap::Args)]
#[command(after_help = "acpctl alias delete creds")]
pub struct Args {
    /// Names
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let aliases = ctx.config()?.aliases().into_iter().map(|(name, _)| name);
    let known: Vec<String> = aliases.chain(ctx.config()?.unfit_aliases()).collect();
    let is_unknown = |name: &&String| !known.contains(name);
    if let Some(name) = args.names.iter().find(is_unknown) {
        let message = format!("alias {} not found", quote(name));
        return Err(Failure::new(Kind::NotFound, message)
            .hint(acpctl(&["alias", "list"]))
            .into());
    }
    if !ctx.rehearses() {
        let place = ctx.place_to_change()?;
        Config::update(&place, |config| {
            for name in &args.names {
                config.set_alias(name, None);
            }
        })
        .map_err(Failure::from)?;
    }
    let objects: Vec<Value> = args
        .names
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    match (&format, objects.as_slice()) {
        (Format::Table | Format::Wide, _) => args
            .names
            .iter()
            .try_for_each(|name| outcome::named(ctx, name, &format!("alias/{name} deleted"))),
        (_, [one]) => ctx.out.value(one, &format),
        (_, all) => ctx.out.value(&json!({"items": all}), &format),
    }
}
