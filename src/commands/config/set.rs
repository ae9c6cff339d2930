//! `acpctl config set`

use crate::compat::quote::quote;
use crate::config::settings::LOCAL;
use crate::config::{Config, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::exit::{Failure, Kind};
use crate::text::url_for_people;

/// Save a setting; an empty value removes it
///
/// Keys: `api_url`, project, pager.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Key
    key: String,
    /// Value
    value: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let path = paths::config_file()
        .map_err(|why| Failure::new(Kind::Other, format!("load config: {why}")))?;
    // The Go tool reads the file first: a broken one is reported before anything else.
    ctx.config()?;
    if !["api_url", "project", "pager"].contains(&args.key.as_str()) {
        return Err(Failure::usage(format!(
            "unknown config key: {} (valid keys: api_url, project, pager)",
            args.key
        ))
        .into());
    }
    if args.key == "api_url" {
        check_url(&args.value)?;
    }
    Config::update(&path, |config| {
        config.set(&args.key, Some(args.value.as_str().into()));
    })
    .map_err(|why| Failure::new(Kind::Other, why))?;
    ctx.out.line(&format!(
        "Set {} = {}",
        args.key,
        url_for_people(&args.value)
    ))?;
    for (key, variable) in [("api_url", env::API_URL), ("project", env::PROJECT)] {
        if args.key == key && variable.get().is_some() {
            ctx.out
                .warn(&format!("{} is set and stays in force", variable.name));
        }
    }
    Ok(())
}

/// Scheme and host are needed, and a query would end up in the middle of every path.
fn check_url(text: &str) -> Result<(), Failure> {
    if text == LOCAL {
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
