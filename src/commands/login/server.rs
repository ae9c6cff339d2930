//! The server of a login, which gets a token and is saved with it.

use super::args::{Args, Mode};
use crate::auth::own_server;
use crate::config::server_url::{Source, check_url, is_local, same_origin};
use crate::config::settings::Origin;
use crate::config::{Place, contexts, file};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{EMPTY_VALUE, Failure, Kind};
use crate::output::prompt;
use crate::text::command::acpctl_elsewhere;
use crate::text::{acpctl, quote, url_for_people};

/// Returns the URL to save, `None` for that of the configuration, and the place of the login. `given` is the way to log
/// in that the command line names.
///
/// # Errors
/// No server can be meant, or one that the user has not named.
pub(super) fn choose(
    ctx: &Ctx,
    args: &Args,
    given: Option<Mode>,
) -> anyhow::Result<(Option<String>, Place)> {
    let mut url = new_url(args)?;
    // A login to a context that does not exist creates it.
    ctx.may_add_context();
    let place = ctx.place_to_change()?;
    if ctx.config()?.is_of_embedded() {
        return Err(in_embedded(ctx, url.as_deref()).into());
    }
    if let (Err(_), Some(name)) = (ctx.config()?.check_context(), &place.context) {
        contexts::check_name(name)?;
        url = Some(url.map_or_else(|| address_of_new(ctx, name), Ok)?);
    }
    if let Some(url) = &url
        && given.is_none()
        && own_server::token_for(url).is_some()
    {
        return Err(at_own_server(url).into());
    }
    if let Some(url) = &url {
        refuse_another_server(ctx, &place, url)?;
    }
    // Nobody has chosen the default address, so no token goes there unasked.
    if url.is_none() && given.is_none() && ctx.settings()?.api_url.origin == Origin::Default {
        url = Some(ask_for_server()?);
    }
    if url.is_none() && ctx.settings()?.is_local() {
        return Err(without_server(ctx)?.into());
    }
    Ok((url, place))
}

/// Returns the URL to save.
fn new_url(args: &Args) -> Result<Option<String>, Failure> {
    if args.server_url.as_deref() == Some("") {
        return Err(Failure::usage("the server's URL is empty").hint(EMPTY_VALUE));
    }
    let Some(text) = args.server() else {
        return Ok(None);
    };
    check_url(&text, Source::Login)?;
    Ok(Some(text))
}

/// Returns the failure of a login at the user's own `acpctl serve`, which would ask for a token that nobody needs.
fn at_own_server(url: &str) -> Failure {
    let set = acpctl(&["config", "set", "api_url", &url_for_people(url)]);
    Failure::usage(own_server::NEEDS_NO_LOGIN).hint(format!("to use it from now on: {set}"))
}

/// Asks for the URL of the server.
fn ask_for_server() -> anyhow::Result<String> {
    prompt::text("URL of the API server", "", |text| {
        prompt::not_empty(text)?;
        check_url(text, Source::Login).map_err(|failure| failure.message)
    })
}

/// Returns the failure of a login to the context of the embedded API, which would keep nothing of it.
fn in_embedded(ctx: &Ctx, url: Option<&str>) -> Failure {
    let url = url.map_or_else(|| "URL".to_owned(), url_for_people);
    let way = if ctx.globals.context_name.is_some() {
        acpctl_elsewhere(&["login", &url])
    } else if env::CONTEXT.get().is_some() {
        format!("unset {}", env::CONTEXT.name)
    } else {
        acpctl_elsewhere(&["--context-name=NAME", "login", &url])
    };
    Failure::usage(
        "the context \"local\" is the embedded API of this machine, which needs no login",
    )
    .hint(format!("log in to another context: {way}"))
}

/// Refuses a login to another server than that of the current context, which nobody has named: the context would lead
/// there from then on, and its own login would be lost.
fn refuse_another_server(ctx: &Ctx, place: &Place, url: &str) -> Result<(), Failure> {
    let is_in_context = ctx.config()?.is_in_context(file::API_URL);
    let stored = stored_for_another(ctx, url)?.filter(|_| is_in_context);
    let (Some(name), Some(stored)) = (&place.context, stored) else {
        return Ok(());
    };
    let message = format!(
        "the current context {} is for {stored}, and this login is for {}",
        quote(name),
        url_for_people(url)
    );
    let other = in_new_context(url);
    Err(Failure::usage(message).hint(format!("log in in a context of its own: {other}")))
}

/// Warns that a login takes the place of one for another server: a file without contexts holds one login.
pub(super) fn warn_of_replaced(ctx: &Ctx, url: Option<&str>) -> Result<(), Failure> {
    let config = ctx.config()?;
    let Some(url) = url.filter(|_| !config.is_in_context(file::API_URL)) else {
        return Ok(());
    };
    let Some(stored) = stored_for_another(ctx, url)? else {
        return Ok(());
    };
    let project = match config.text(file::PROJECT) {
        Some(name) => format!(", and project {} is still the current one", quote(name)),
        None => String::new(),
    };
    let other = in_new_context(url);
    ctx.out.warn(&format!(
        "the server was {stored} before{project}; to keep both servers: {other}"
    ));
    Ok(())
}

/// Returns the saved server, as it is shown, if a login that names no context is for another one.
fn stored_for_another(ctx: &Ctx, url: &str) -> Result<Option<String>, Failure> {
    let is_named = ctx.globals.context_name.is_some() || env::CONTEXT.get().is_some();
    let stored = ctx.config()?.text(file::API_URL);
    let other = stored.filter(|stored| !is_named && !same_origin(stored, url));
    Ok(other.map(url_for_people))
}

/// Returns the command that logs in to a server in a context of its own.
fn in_new_context(url: &str) -> String {
    acpctl_elsewhere(&["--context-name=NAME", "login", &url_for_people(url)])
}

/// Returns the failure of a login that names no server while the embedded API is in effect by a flag, a variable or a
/// setting: its token would belong to no server.
fn without_server(ctx: &Ctx) -> Result<Failure, Failure> {
    let saved = ctx.config()?.text(file::API_URL);
    let login = acpctl_elsewhere(&[
        "login",
        &saved.map_or_else(|| "URL".to_owned(), url_for_people),
    ]);
    let way = if ctx.settings()?.api_url.origin == Origin::Environment {
        format!("unset {} && {login}", env::API_URL.name)
    } else {
        login
    };
    let message = "the server is the embedded API of this machine, which needs no login, and nothing names another one";
    Ok(Failure::usage(message).hint(format!("log in to a server: {way}")))
}

/// Returns the address of a new context, which a flag or a variable names.
fn address_of_new(ctx: &Ctx, name: &str) -> Result<String, Failure> {
    let found = &ctx.settings()?.api_url;
    if matches!(found.origin, Origin::Flag | Origin::Environment) && !is_local(&found.value) {
        return Ok(found.value.clone());
    }
    let message = format!(
        "context {} does not exist, and a new one needs the server's URL",
        quote(name)
    );
    let context = format!("--context-name={name}");
    let login = acpctl_elsewhere(&[&context, "login", "URL"]);
    Err(Failure::new(Kind::NotFound, message).hint(login))
}
