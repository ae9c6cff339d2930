//! `acpctl config set`

use serde_json::json;

use super::keys::KEYS;
use crate::auth::{cleartext, login};
use crate::commands::outcome;
use crate::compat::quote::quote;
use crate::config::settings::is_local;
use crate::config::{Config, Settings, file, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::output::OutputArgs;
use crate::resources::Candidates;
use crate::text::url_for_people;

/// Save a setting; an empty value removes it
///
/// Keys: `api_url`, project, pager. The address `local:` is the embedded API of this machine. The pager is saved for
/// the Go tool only; this program never starts one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(KEYS))]
    key: String,
    /// Value
    value: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    save(
        ctx,
        &args.key,
        Some(&args.value)
            .filter(|value| !value.is_empty())
            .map(String::as_str),
    )?;
    let shown = match args.key.as_str() {
        file::API_URL => url_for_people(&args.value),
        _ => args.value.clone(),
    };
    let sentence = format!("Set {} = {shown}", args.key);
    let result = json!({"key": args.key, "value": shown});
    outcome::said(ctx, &format, &sentence, &result)?;
    warn(ctx, &args.key)
}

/// Changes one key of the file.
///
/// # Errors
/// The key or the value is not valid, or the file can't be changed.
pub(super) fn save(ctx: &Ctx, key: &str, value: Option<&str>) -> anyhow::Result<()> {
    let path = paths::config_file_to_change()?;
    // The Go tool reads the file first: a broken one is reported before anything else.
    ctx.config()?;
    if !["api_url", "project", "pager"].contains(&key) {
        return Err(Failure::usage(format!(
            "unknown config key: {key} (valid keys: api_url, project, pager)"
        ))
        .into());
    }
    let is_url = key == file::API_URL;
    if is_url && let Some(url) = value {
        check_url(url)?;
    }
    let key = match key {
        file::PROJECT => ctx.settings()?.project_key(),
        other => other,
    };
    let exposed = value.filter(|_| is_url).and_then(cleartext::exposed);
    Config::update(&path, |config| {
        if is_url {
            login::change_url(config, value);
        } else {
            config.set(key, value.map(Into::into));
        }
        if let Some(origin) = &exposed {
            cleartext::remember(config, origin);
        }
    })
    .map_err(Failure::from)?;
    if let Some(origin) = &exposed {
        ctx.out.warn(&cleartext::words(origin));
    }
    Ok(())
}

/// Warns if a variable overrides the change, or if the stored login is for another address.
///
/// # Errors
/// The file can't be read.
pub(super) fn warn(ctx: &Ctx, key: &str) -> anyhow::Result<()> {
    for (name, variable) in [("api_url", env::API_URL), ("project", env::PROJECT)] {
        if key == name && variable.get().is_some() {
            ctx.out.warn(&format!(
                "{} is set and overrides the saved value",
                variable.name
            ));
        }
    }
    if key == file::API_URL {
        let path =
            paths::config_file().map_err(|why| Failure::new(Kind::Other, why.to_string()))?;
        let config = Config::load(&path).map_err(Failure::from)?;
        let settings = Settings::new(&ctx.globals, &config);
        if login::is_logged_in(&config)
            && !settings.is_local()
            && let Some(other) = settings.login_elsewhere
        {
            ctx.out.warn(&format!(
                "the stored login is for {}: log in at the new address with 'acpctl login URL'",
                url_for_people(&other)
            ));
        }
    }
    Ok(())
}

/// Refuses a URL without scheme or host, and one with a query, which would end up in the middle of every path.
fn check_url(text: &str) -> Result<(), Failure> {
    if is_local(text) {
        return Ok(());
    }
    let url = url::Url::parse(text)
        .ok()
        .filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    match url {
        None => Err(Failure::usage(format!(
            "invalid URL {}: must include scheme and host (e.g. https://api.example.com)",
            quote(&url_for_people(text))
        ))),
        Some(url) if url.query().is_some() || url.fragment().is_some() => {
            Err(Failure::usage(format!(
                "invalid URL {}: it has a query or a fragment",
                quote(&url_for_people(text))
            )))
        }
        Some(_) => Ok(()),
    }
}
