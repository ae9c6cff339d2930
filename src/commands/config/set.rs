//! `acpctl config set`

use std::time::Duration;

use serde_json::json;

use super::values;
use crate::api;
use crate::auth::{cleartext, login};
use crate::commands::outcome::{self, WriteArgs};
use crate::config::keys::{DESCRIBED, Takes};
use crate::config::{Config, Settings, file};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup;
use crate::resources::Candidates;
use crate::text::{acpctl, quote, url_for_people};

const EXAMPLES: &str = "\
acpctl config set project team-a
# Work on this machine from now on, without --local
acpctl config set local true";

/// Save a setting; an empty value removes it
///
/// "acpctl config view" lists the keys. Setting `api_url` switches `local` off, so that the new address is used.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Key
    #[arg(add = Candidates::Described(&DESCRIBED))]
    key: String,
    /// Value
    #[arg(add = Candidates::ValuesOfSetting)]
    value: String,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
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
    warn(ctx, &args.key, Some(&args.value))?;
    if args.key == file::PROJECT && !args.value.is_empty() {
        doubt_project(ctx, &args.value);
    }
    Ok(())
}

/// The time limit for the answer about a project.
const LIMIT: Duration = Duration::from_secs(5);

/// Warns on a terminal if there is no project of this name. A script gets the Go tool's run, which sends no request. A
/// server that can't be asked says nothing.
fn doubt_project(ctx: &Ctx, name: &str) {
    // The project is one of the context's server.
    let is_elsewhere = ctx
        .settings()
        .is_ok_and(|settings| settings.context_elsewhere.is_some());
    if !ctx.out.is_terminal() || is_elsewhere || lookup::check("project name or ID", name).is_err()
    {
        return;
    }
    let Ok(client) = ctx.client() else {
        return;
    };
    let asked = ctx
        .block_on(async { Ok(tokio::time::timeout(LIMIT, lookup::project(client, name)).await) });
    if let Ok(Ok(Err(error))) = asked
        && api::kind_of(&error) == Kind::NotFound
    {
        ctx.out.warn(&format!(
            "there is no project {} here; those that exist: {}",
            quote(name),
            acpctl(&["project", "list"])
        ));
    }
}

/// Changes one key of the file.
///
/// # Errors
/// The key or the value is not valid, or the file can't be changed.
pub(super) fn save(ctx: &Ctx, key: &str, value: Option<&str>) -> anyhow::Result<()> {
    let place = ctx.place_to_change()?;
    // The Go tool reads the file first: a broken one is reported before anything else.
    ctx.config()?;
    let key = values::find(key)?;
    let stored = match (value, key.takes) {
        (None, Takes::Token) => return Err(values::token_refused().into()),
        (None, _) => None,
        (Some(text), _) => Some(values::read(key, text)?),
    };
    let is_url = key.takes == Takes::Url;
    let name = match key.name {
        file::PROJECT => ctx.settings()?.project_key(),
        other => other,
    };
    let exposed = value.filter(|_| is_url).and_then(cleartext::exposed);
    if ctx.rehearses() {
        return Ok(());
    }
    let mut note = None;
    Config::update(&place, |config| {
        if is_url {
            note = login::change_url(config, value);
        } else {
            config.set(name, stored);
        }
        if let Some(origin) = &exposed {
            cleartext::remember(config, origin);
        }
    })
    .map_err(Failure::from)?;
    if let Some(note) = note {
        ctx.out.aside(&note);
    }
    if let Some(origin) = &exposed {
        ctx.out.warn(&cleartext::words(origin));
    }
    Ok(())
}

/// Warns if a variable overrides the saved value, or if the stored login is for another address.
///
/// # Errors
/// The file can't be read.
pub(super) fn warn(ctx: &Ctx, key: &str, saved: Option<&str>) -> anyhow::Result<()> {
    // A variable that says the same overrides nothing.
    if let Some(variable) = values::find(key)?.variable
        && variable
            .get()
            .is_some_and(|set| saved != Some(set.as_str()))
    {
        ctx.out.warn(&format!(
            "{} is set and overrides the saved value",
            variable.name
        ));
    }
    if key == file::PROJECT
        && saved.is_some()
        && let Some(server) = &ctx.settings()?.context_elsewhere
    {
        ctx.out.aside(&format!(
            "The project is saved for {}, the server of the configuration.",
            url_for_people(server)
        ));
    }
    if key == file::API_URL {
        let config = Config::load(&ctx.place_to_change()?).map_err(Failure::from)?;
        let settings = Settings::new(&ctx.globals, &config);
        if login::is_logged_in(&config)
            && !settings.is_local()
            && let Some(other) = settings.login_elsewhere
        {
            ctx.out.warn(&format!(
                "the stored login is for {}: log in at the new address with '{}'",
                url_for_people(&other),
                acpctl(&["login", "URL"])
            ));
        }
    }
    Ok(())
}
