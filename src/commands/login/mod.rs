//! `acpctl login` (contract cli-core.md section 7.1).

mod code;

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::api::{Client, Request};
use crate::auth::oidc::{Issuer, Tokens};
use crate::auth::store::{self, Login, Store};
use crate::auth::{access, cleartext, token};
use crate::compat::quote::quote;
use crate::config::file::{self, Lock};
use crate::config::settings::check_characters;
use crate::config::{Config, Settings, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::output::progress;
use crate::secret_file;
use crate::text::url_for_people;

/// How long the server may take, unless the user says otherwise.
const SERVER_LIMIT: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "acpctl login https://api.example.org --token @token.txt --project team-a
acpctl login https://api.example.org --use-auth-code";

/// Log in to the Ambient API server
///
/// Saves a token, or gets one from the identity provider: in the browser with --use-auth-code, as a
/// service account with --client-credentials. The API server is asked once whether it takes the token; the login is
/// saved also where it does not answer.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// API server URL to save
    server_url: Option<String>,
    /// The token: a literal (visible to other users of this machine), - or @- for stdin, @PATH for a file
    #[arg(long, value_name = "TOKEN|-|@PATH")]
    token: Option<String>,
    /// Read the token from this open file descriptor
    #[arg(long, value_name = "N")]
    token_fd: Option<u32>,
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
    /// Port on 127.0.0.1 that the browser comes back to (any free one by default)
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    callback_port: u16,
    /// Where the login is kept: keyring|file|none (the keyring where one answers, else the file)
    #[arg(long, value_name = "PLACE", hide_possible_values = true)]
    store: Option<Store>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let given = token_flag(args);
    let both =
        args.token_fd.is_some() && args.token.as_ref().is_some_and(|token| !token.is_empty());
    let modes = usize::from(given.is_some())
        + usize::from(both)
        + usize::from(args.use_auth_code)
        + usize::from(args.client_credentials);
    let asks = modes == 0 && ctx.may_ask() && std::io::stdin().is_terminal();
    if modes != 1 && !asks {
        return Err(Failure::usage(
            "exactly one of --token, --use-auth-code, or --client-credentials is required",
        )
        .into());
    }
    let secret = client_secret(ctx, args)?;
    let url = new_url(args)?;
    let path = paths::config_file_to_change()?;
    // A configuration that can't be read is not written over, so nobody logs in for nothing.
    ctx.config()?;
    file::check_place(&path)
        .map_err(|why| Failure::new(Kind::Other, format!("save config: {why}")))?;
    let login = match given {
        _ if args.use_auth_code => {
            code::log_in(ctx, args, secret.as_ref()).context("auth-code login")?
        }
        _ if args.client_credentials => {
            client_credentials(ctx, args, secret.as_ref()).context("client-credentials login")?
        }
        Some(token) => Login {
            access: Some(read_secret(ctx, &token)?),
            refresh: None,
        },
        None => Login {
            access: Some(crate::output::prompt::secret(&format!(
                "Token for {}",
                url_for_people(url.as_deref().unwrap_or(&ctx.settings()?.api_url))
            ))?),
            refresh: None,
        },
    };
    if let Some(token) = &login.access {
        check_characters(token, "the token")?;
    }
    let kept = save(ctx, args, &path, url.as_deref(), &login)?;
    ctx.out.line(&format!(
        "Login successful. Configuration saved to {}",
        path.display()
    ))?;
    say(ctx, &login);
    for note in kept {
        ctx.out.note(&note);
    }
    if let Some(token) = &login.access {
        greet(ctx, url, token)?;
    }
    Ok(())
}

/// Asks the server once whether it takes the token. The login is saved, so whatever comes of it is only said.
fn greet(ctx: &Ctx, url: Option<String>, token: &SecretString) -> anyhow::Result<()> {
    let mut globals = ctx.globals.clone();
    globals.api_url = match url {
        Some(url) => Some(url),
        None => Some(ctx.settings()?.api_url.clone()),
    };
    globals.local = false;
    globals.request_timeout = globals.request_timeout.or(Some(SERVER_LIMIT));
    globals.connect_timeout = globals.connect_timeout.or(Some(SERVER_LIMIT));
    let settings = Settings::new(&globals, ctx.config()?);
    if settings.is_local() {
        return Ok(());
    }
    let url = url_for_people(&settings.api_url);
    if let Some(origin) = cleartext::exposed(&url) {
        ctx.out.warn(&cleartext::words(&origin));
    }
    if let Err(failure) = settings.check_connection(Some(token)) {
        ctx.out
            .warn(&format!("saved, but no command can use it: {failure}"));
        return Ok(());
    }
    let user = token::read(token.expose_secret());
    let asked = || -> anyhow::Result<u16> {
        let _asking = progress::begin(format!("Asking {url}"));
        let client = Client::without_project(&settings, Some(token.clone()), &globals)?;
        let request = Request::get("/projects?page=1&size=1");
        ctx.block_on(async { Ok(client.send_once(&request).await?.status) })
    };
    match asked() {
        Ok(200..=299 | 403) => ctx.out.note(&match user.user() {
            Some(user) => format!("Logged in to {url} as {user}"),
            None => format!("Logged in to {url}"),
        }),
        Ok(401) => ctx
            .out
            .warn(&format!("saved, but {url} rejects the token (401)")),
        Ok(status) => ctx.out.warn(&format!(
            "saved, but {url} answers {status}, and not like the platform"
        )),
        Err(error) => ctx
            .out
            .warn(&format!("saved, but the server did not answer: {error:#}")),
    }
    Ok(())
}

/// The value of `--token`, or the same for `--token-fd`; an empty one counts as absent.
fn token_flag(args: &Args) -> Option<String> {
    let descriptor = args.token_fd.map(|number| format!("@/dev/fd/{number}"));
    let token = args.token.clone().filter(|token| !token.is_empty());
    token.or(descriptor)
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

/// Saves the login and what else was given, in one step. Gives what is to be said of the place.
fn save(
    ctx: &Ctx,
    args: &Args,
    path: &Path,
    url: Option<&str>,
    login: &Login,
) -> Result<Vec<String>, Failure> {
    let failed = |words: &'static str| {
        move |why: String| Failure::new(Kind::Other, format!("{words}: {why}"))
    };
    let lock = Lock::take(path).map_err(failed("save config"))?;
    let mut config = Config::load(path).map_err(failed("load config"))?;
    let kept = keep(ctx, args, &mut config, login)?;
    change(ctx, args, &mut config, ctx.settings()?, url);
    config.write(&lock).map_err(failed("save config"))?;
    Ok(kept)
}

/// Puts the tokens where they belong: where the user says, else where the last login went, else into
/// the keyring if one answers, else into the file. The choice never changes without a word.
fn keep(
    ctx: &Ctx,
    args: &Args,
    config: &mut Config,
    login: &Login,
) -> Result<Vec<String>, Failure> {
    const FILE: &str = "The login is in the configuration file, mode 0600";
    const KEYRING: &str = "The login is in the system's keyring";
    let mut said = Vec::new();
    let Some(place) = args.store.or(store::named(config)) else {
        if store::has_keyring() {
            match store::save(config, Store::Keyring, login) {
                Ok(()) => {
                    store::remember(config, Store::Keyring);
                    return Ok(vec![KEYRING.to_owned()]);
                }
                Err(why) => said.push(format!("{FILE}: no keyring took it ({why})")),
            }
        } else if ctx.may_ask() {
            said.push(FILE.to_owned());
        }
        store::save(config, Store::File, login).map_err(|why| cannot_keep(&why))?;
        return Ok(said);
    };
    if place != Store::Keyring
        && let Err(why) = store::leave_keyring(config)
    {
        said.push(format!(
            "Warning: the login before this one is still in the keyring ({why})"
        ));
    }
    store::save(config, place, login).map_err(|why| cannot_keep(&why))?;
    if args.store.is_some() {
        store::remember(config, place);
        said.push(
            match place {
                Store::Keyring => KEYRING,
                Store::File => FILE,
                Store::None => "The login is kept nowhere: set AMBIENT_TOKEN",
            }
            .to_owned(),
        );
    }
    Ok(said)
}

fn cannot_keep(why: &str) -> Failure {
    Failure::new(Kind::Other, format!("keep the login: {why}"))
        .hint("use --store file to keep it in config.json, mode 0600")
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

/// What a login changes in the configuration, beside the tokens.
fn change(ctx: &Ctx, args: &Args, config: &mut Config, settings: &Settings, url: Option<&str>) {
    access::made_for(config, url, settings);
    if let Some(origin) = cleartext::exposed(url.unwrap_or(&settings.api_url)) {
        cleartext::remember(config, &origin);
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

fn client_credentials(
    ctx: &Ctx,
    args: &Args,
    secret: Option<&SecretString>,
) -> anyhow::Result<Login> {
    let secret = secret.map(SecretString::expose_secret).unwrap_or_default();
    let issuer = issuer(ctx, &args.issuer_url)?;
    let form = [
        ("client_id", args.client_id.as_str()),
        ("client_secret", secret),
        ("grant_type", "client_credentials"),
    ];
    let tokens = ask(ctx, &issuer, &form)?;
    // A service account logs in again; a refresh token would be one more secret to lose.
    Ok(Login {
        access: Some(tokens.access),
        refresh: None,
    })
}

fn issuer(ctx: &Ctx, url: &str) -> anyhow::Result<Issuer> {
    Issuer::new(url, ctx.settings()?, &ctx.globals)
}

fn ask(ctx: &Ctx, issuer: &Issuer, form: &[(&str, &str)]) -> anyhow::Result<Tokens> {
    ctx.block_on(async { Ok(issuer.tokens(form).await?) })
}

/// Warnings, after the work is done.
fn say(ctx: &Ctx, login: &Login) {
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
            ctx.out
                .warn(&format!("{} is set and stays in force", variable.name));
        }
    }
}
