//! `acpctl alias delete`

use serde_json::json;

use crate::commands::outcome::{self, WriteArgs};
use crate::config::Config;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::text::{acpctl, quote};

/// Delete an alias
#[derive(Debug, clap::Args)]
#[command(after_help = "acpctl alias delete creds")]
pub struct Args {
    /// Name
    name: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let name = &args.name;
    let aliases = ctx.config()?.aliases();
    if !aliases.iter().any(|(known, _)| known == name) {
        let message = format!("alias {} not found", quote(name));
        return Err(Failure::new(Kind::NotFound, message)
            .hint(acpctl(&["alias", "list"]))
            .into());
    }
    if !ctx.rehearses() {
        let place = ctx.place_to_change()?;
        Config::update(&place, |config| config.set_alias(name, None)).map_err(Failure::from)?;
    }
    let sentence = format!("alias/{name} deleted");
    outcome::said(ctx, &format, &sentence, &json!({"name": name}))
}
