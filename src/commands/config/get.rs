//! `acpctl config get`

use crate::auth::access;
use crate::config::file;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::text::url_for_people;

/// Print a setting as it is in force
///
/// Keys: `api_url`, project, pager, `access_token` (never shown).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    key: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let known = ["api_url", "project", "pager", "access_token"];
    if !known.contains(&args.key.as_str()) {
        let keys = known.join(", ");
        return Err(Failure::usage(format!(
            "unknown config key: {} (valid keys: {keys})",
            args.key
        ))
        .into());
    }
    let settings = ctx.settings()?;
    let config = ctx.config()?;
    let value = match args.key.as_str() {
        "api_url" => Some(url_for_people(&settings.api_url)),
        "project" => settings.project.clone(),
        "pager" => config.text(file::PAGER).map(str::to_owned),
        _ => {
            let known = settings.token.is_some() || access::is_logged_in(config);
            known.then(|| "[REDACTED]".to_owned())
        }
    };
    ctx.out.line(value.as_deref().unwrap_or("(not set)"))
}
