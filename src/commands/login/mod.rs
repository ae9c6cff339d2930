//! `acpctl login` (docs/interface/cli-core.md section 7.1).

mod args;
mod code;
mod greet;
mod issuer;
mod save;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

pub(crate) use args::Args;

use crate::auth::store::Login;
use crate::auth::token;
use crate::compat::quote::quote;
use crate::config::settings::check_characters;
use crate::config::{file, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::output::prompt;
use crate::secret_file;
use crate::text::url_for_people;

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let given = args.token();
    let modes = args.modes();
    let may_prompt = modes == 0 && ctx.may_ask() && std::io::stdin().is_terminal();
    if modes != 1 && !may_prompt {
        return Err(Failure::usage(
            "exactly one of --token, --use-auth-code, or --client-credentials is required",
        )
        .into());
    }
    let secret = client_secret(ctx, args)?;
    let url = new_url(args)?;
    let path = paths::config_file_to_change()?;
    // A configuration that can't be read is never overwritten, so it fails before the user has logged in.
    ctx.config()?;
    file::check_place(&path)
        .map_err(|why| Failure::new(Kind::Other, format!("save config: {why}")))?;
    let login = match given {
        _ if args.use_auth_code => {
            code::log_in(ctx, args, secret.as_ref()).context("auth-code login")?
        }
        _ if args.client_credentials => issuer::client_credentials(ctx, args, secret.as_ref())
            .context("client-credentials login")?,
        Some(token) => Login {
            access: Some(read_secret(ctx, &token)?),
            refresh: None,
        },
        None => Login {
            access: Some(prompt::secret(&format!(
                "Token for {}",
                url_for_people(url.as_deref().unwrap_or(&ctx.settings()?.api_url.value))
            ))?),
            refresh: None,
        },
    };
    if let Some(token) = &login.access {
        check_characters(token, "the token")?;
    }
    let notes = save::save(ctx, args, &path, url.as_deref(), &login)?;
    ctx.out.line(&format!(
        "Login successful. Configuration saved to {}",
        path.display()
    ))?;
    warn(ctx, &login);
    for note in notes {
        ctx.out.note(&note);
    }
    if let Some(token) = &login.access {
        greet::greet(ctx, url, token)?;
    }
    Ok(())
}

fn client_secret(ctx: &Ctx, args: &Args) -> Result<Option<SecretString>, Failure> {
    let given = args
        .client_secret
        .as_deref()
        .filter(|text| !text.is_empty());
    if args.client_credentials && given.is_none() {
        return Err(Failure::usage(
            "--client-secret is required with --client-credentials",
        ));
    }
    given.map(|given| read_secret(ctx, given)).transpose()
}

/// Returns the URL to save; an empty one counts as absent.
fn new_url(args: &Args) -> Result<Option<String>, Failure> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let Some(text) = filled(&args.server_url).or_else(|| filled(&args.url)) else {
        return Ok(None);
    };
    let valid =
        url::Url::parse(&text).is_ok_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    if !valid {
        return Err(Failure::usage(format!(
            "invalid URL {}: must be a valid URL with scheme and host (e.g. https://api.example.com)",
            quote(&url_for_people(&text))
        )));
    }
    Ok(Some(text))
}

fn read_secret(ctx: &Ctx, value: &str) -> Result<SecretString, Failure> {
    let input = input::from_token_flag(value)?;
    if let input::Source::File(path) = &input.source
        && let Some(warning) = secret_file::open_to_others(path)
    {
        ctx.out.warn(&warning);
    }
    let text = std::str::from_utf8(&input.bytes).map_err(|_| {
        Failure::new(
            Kind::Data,
            format!("the secret from {} is not text", input.name()),
        )
    })?;
    let text = if input.source == input::Source::Literal {
        text
    } else {
        text.trim_end_matches(['\n', '\r'])
    };
    if text.is_empty() {
        return Err(Failure::new(
            Kind::Data,
            format!("the secret from {} is empty", input.name()),
        ));
    }
    Ok(SecretString::from(text))
}

/// Prints the warnings about a login that has been saved.
fn warn(ctx: &Ctx, login: &Login) {
    if ctx.globals.insecure_skip_tls_verify == Some(true) {
        ctx.out
            .warn("TLS certificate verification is disabled (--insecure-skip-tls-verify)");
    }
    let end = login
        .access
        .as_ref()
        .and_then(|token| token::read(token.expose_secret()).expires_at());
    if let Some(end) = end {
        let soon = ctx
            .now()
            .checked_add(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MAX);
        if end < ctx.now() {
            ctx.out.warn(&format!(
                "token is already expired (at {})",
                token::local_time(end)
            ));
        } else if end < soon {
            ctx.out.warn(&format!(
                "token expires soon (at {})",
                token::local_time(end)
            ));
        }
    }
    for variable in [env::TOKEN, env::API_URL, env::PROJECT] {
        if variable.get().is_some() {
            ctx.out.warn(&format!(
                "{} is set and overrides the saved value",
                variable.name
            ));
        }
    }
}
