//! `acpctl config get`

use super::keys::KEYS;
use crate::auth::login;
use crate::config::file;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;
use crate::text::url_for_people;

/// Print the effective value of a setting
///
/// Keys: `api_url`, project, pager, `access_token` (never shown).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(KEYS))]
    key: String,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
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
        "api_url" => Some(url_for_people(&settings.api_url.value)),
        "project" => settings.project.value.clone(),
        "pager" => config.text(file::PAGER).map(str::to_owned),
        _ => {
            let known = settings.token.value.is_some() || login::is_logged_in(config);
            known.then(|| "[REDACTED]".to_owned())
        }
    };
    ctx.out.line(value.as_deref().unwrap_or("(not set)"))
}
