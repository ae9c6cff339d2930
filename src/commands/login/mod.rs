//! `acpctl login` (contract cli-core.md section 7.1).

mod code;

use std::io::IsTerminal as _;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::auth::oidc::{Issuer, Tokens};
use crate::auth::store::{self, Login, Store};
use crate::auth::token;
use crate::compat::quote::quote;
use crate::config::{Config, file, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::exit::{Failure, Kind};
use crate::input;

const EXAMPLES: &str = "acpctl login https://api.example.org --token @token.txt --project team-a
acpctl login https://api.example.org --use-auth-code";

/// Log in to the Ambient API server
///
/// Saves a token, or gets one from the identity provider: in the browser with --use-auth-code, as a
/// service account with --client-credentials. Nothing is asked of the API server.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// API server URL to save
    server_url: Option<String>,
    /// The token: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "TOKEN|-|@PATH")]
    token: Option<String>,
    /// Log in with the browser (`OAuth2` authorization code with PKCE)
    #[arg(long)]
    use_auth_code: bool,
    /// Log in as a service account (`OAuth2` client credentials)
    #[arg(long)]
    client_credentials: bool,
    /// API server URL to save; the argument wins over it
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// OIDC issuer
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://sso.redhat.com/auth/realms/redhat-external"
    )]
    issuer_url: String,
    /// `OAuth2` client
    #[arg(long, value_name = "ID", default_value = "ocm-cli")]
    client_id: String,
    /// Secret of a confidential client, or - or @PATH; never saved
    #[arg(long, value_name = "SECRET|-|@PATH")]
    client_secret: Option<String>,
    /// Do not start a browser; only show the address
    #[arg(long)]
    no_browser: bool,
    /// Where the login is kept: keyring|file|none
    #[arg(long, value_name = "PLACE", hide_possible_values = true)]
    store: Option<Store>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let given = args.token.as_deref().filter(|token| !token.is_empty());
    let modes = usize::from(given.is_some())
        + usize::from(args.use_auth_code)
        + usize::from(args.client_credentials);
    let asks = modes == 0 && ctx.may_ask() && std::io::stdin().is_terminal();
    if modes != 1 && !asks {
        return Err(Failure::usage(
            "exactly one of --token, --use-auth-code, or --client-credentials is required",
        )
        .into());
    }
    let url = new_url(args)?;
    let path = paths::config_file()
        .map_err(|why| Failure::new(Kind::Other, format!("load config: {why}")))?;
    // A configuration that can't be read is not written over, so nobody logs in for nothing.
    ctx.config()?;
    let secret = args.client_secret.as_deref().map(read_secret).transpose()?;
    let login = if args.use_auth_code {
        code::log_in(
            ctx,
            &args.issuer_url,
            &args.client_id,
            secret.as_ref(),
            args.no_browser,
        )
        .map_err(|why| Failure::new(Kind::Login, format!("auth-code login: {why}")))?
    } else if args.client_credentials {
        let Some(secret) = &secret else {
            return Err(
                Failure::usage("--client-secret is required with --client-credentials").into(),
            );
        };
        client_credentials(ctx, args, secret)
            .map_err(|why| Failure::new(Kind::Login, format!("client-credentials login: {why}")))?
    } else {
        let token = match given {
            Some(token) => read_secret(token)?,
            None => crate::output::prompt::secret("Token")?,
        };
        Login {
            access: Some(token),
            refresh: None,
        }
    };
    let place = args.store.unwrap_or(store::chosen(ctx.config()?));
    let mut kept = Ok(());
    let saved = Config::update(&path, |config| {
        kept = store::save(config, place, &login);
        if kept.is_ok() {
            change(ctx, args, config, url.as_deref());
        }
    });
    kept.map_err(|why| {
        Failure::new(Kind::Other, format!("keep the login: {why}"))
            .hint("use --store file to keep it in config.json, mode 0600")
    })?;
    saved.map_err(|why| Failure::new(Kind::Other, why))?;
    ctx.out.line(&format!(
        "Login successful. Configuration saved to {}",
        path.display()
    ))?;
    say(ctx, args, &login, place);
    Ok(())
}

/// The URL to save; an empty one counts as absent.
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
            quote(&text)
        )));
    }
    Ok(Some(text))
}

fn read_secret(value: &str) -> Result<SecretString, Failure> {
    let input = input::from_token_flag(value)?;
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

/// What a login changes in the configuration, beside the tokens.
fn change(ctx: &Ctx, args: &Args, config: &mut Config, url: Option<&str>) {
    if let Some(url) = url {
        config.set(file::API_URL, Some(url.into()));
    }
    if let Some(project) = ctx
        .globals
        .project
        .as_deref()
        .filter(|project| !project.is_empty())
    {
        config.set(file::PROJECT, Some(project.into()));
    }
    match ctx.globals.insecure_skip_tls_verify {
        Some(true) => config.set(file::INSECURE, Some(true.into())),
        Some(false) => config.set(file::INSECURE, None),
        None => {}
    }
    let from_issuer = args.use_auth_code || args.client_credentials;
    let issuer = from_issuer.then(|| Value::from(args.issuer_url.as_str()));
    let client = from_issuer.then(|| Value::from(args.client_id.as_str()));
    config.set(file::ISSUER_URL, issuer);
    config.set(file::CLIENT_ID, client);
}

fn client_credentials(ctx: &Ctx, args: &Args, secret: &SecretString) -> Result<Login, String> {
    let issuer = issuer(ctx, &args.issuer_url)?;
    let form = [
        ("client_id", args.client_id.as_str()),
        ("client_secret", secret.expose_secret()),
        ("grant_type", "client_credentials"),
    ];
    let tokens = ask(ctx, &issuer, &form)?;
    // A service account logs in again; a refresh token would be one more secret to lose.
    Ok(Login {
        access: Some(tokens.access),
        refresh: None,
    })
}

fn issuer(ctx: &Ctx, url: &str) -> Result<Issuer, String> {
    let settings = ctx.settings().map_err(|failure| failure.message)?;
    Issuer::new(url, settings, &ctx.globals).map_err(|error| format!("{error:#}"))
}

fn ask(ctx: &Ctx, issuer: &Issuer, form: &[(&str, &str)]) -> Result<Tokens, String> {
    ctx.block_on(async { Ok(issuer.tokens(form).await) })
        .map_err(|error| format!("{error:#}"))?
}

/// Warnings, after the work is done.
fn say(ctx: &Ctx, args: &Args, login: &Login, place: Store) {
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
    if args.store.is_some() {
        ctx.out.note(match place {
            Store::Keyring => "The login is in the system's keyring",
            Store::File => "The login is in the configuration file, mode 0600",
            Store::None => "The login is kept nowhere: set AMBIENT_TOKEN",
        });
    }
    for variable in [env::TOKEN, env::API_URL, env::PROJECT] {
        if variable.get().is_some() {
            ctx.out
                .warn(&format!("{} is set and stays in force", variable.name));
        }
    }
}
