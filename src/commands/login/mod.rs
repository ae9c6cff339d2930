//! `acpctl login` (docs/interface/cli-core.md section 7.1).

mod args;
mod code;
mod device;
mod greet;
mod issuer;
mod save;
mod secret;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

pub(crate) use args::Args;

use self::args::{Mode, filled};
use self::greet::Greeting;
use self::issuer::Provider;
use self::secret::read_secret;
use crate::auth::callback::Browser;
use crate::auth::oidc::Revocation;
use crate::auth::revoke::Revocable;
use crate::auth::store::{Login, Store};
use crate::auth::{browser, job, token};
use crate::commands::outcome;
use crate::config::settings::{Origin, check_token, is_local};
use crate::config::{Place, contexts, file};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::output::{Format, prompt};
use crate::text::command::shell_word;
use crate::text::{acpctl, quote, url_for_people};

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let modes = args.modes();
    let may_prompt = ctx.may_ask() && std::io::stdin().is_terminal();
    if modes.len() > 1 || modes.is_empty() && !may_prompt {
        let failure = Failure::usage(
            "exactly one of --token, --use-auth-code, --device, --client-credentials, or --password-grant is required",
        );
        return Err(match args.token.as_deref() {
            Some("") => {
                failure.hint("the value of --token is empty: check the variable that it comes from")
            }
            _ => failure,
        }
        .into());
    }
    let given = modes.first().copied();
    if given == Some(Mode::ClientCredentials)
        && filled(args.client_secret.as_ref()).is_none()
        && env::CLIENT_SECRET.get().is_none()
        && env::CLIENT_SECRET_FILE.os().is_none()
    {
        return Err(no_client_secret().into());
    }
    let mut url = new_url(args)?;
    // A login to a context that does not exist creates it.
    ctx.may_add_context();
    let place = ctx.place_to_change()?;
    if let (Err(_), Some(name)) = (ctx.config()?.check_context(), &place.context) {
        contexts::check_name(name)?;
        url = Some(url.map_or_else(|| address_of_new(ctx, name), Ok)?);
    }
    // A configuration that can't be read is never overwritten, so it fails before the user has logged in.
    let before = Revocable::of(ctx.config()?);
    file::check_place(&place.path)
        .map_err(|why| Failure::new(Kind::Other, format!("save config: {why}")))?;
    // Nobody has chosen the default address, so no token goes there unasked.
    if url.is_none() && given.is_none() && ctx.settings()?.api_url.origin == Origin::Default {
        url = Some(ask_for_server()?);
    }
    let provider = Provider::choose(ctx, args, url.as_deref(), given)?;
    let mode = given.unwrap_or(match (provider.is_known, browser::has_display()) {
        (false, _) => Mode::Token,
        (true, true) => Mode::Browser,
        (true, false) => Mode::Device,
    });
    if ctx.rehearses() && !matches!(mode, Mode::Token | Mode::ClientCredentials) {
        let message = "--dry-run needs --token or --client-credentials: any other login stays open at the issuer";
        return Err(Failure::usage(message).into());
    }
    let (mut login, browser) = log_in(ctx, args, mode, &provider, url.as_deref())
        .map_err(|error| ask_for_the_issuer(error, &provider))?;
    let saved = greet_and_keep(
        ctx,
        args,
        mode,
        &provider,
        &mut login,
        &place,
        url.as_deref(),
    );
    if let Some(browser) = browser {
        answer(ctx, browser, &login, saved.as_ref().err())?;
    }
    let (greeting, notes) = saved?;
    let report = Report::new(ctx, &format, &place, url.as_deref(), &login)?;
    report.say(ctx)?;
    warn(ctx, &login, mode, url.as_deref());
    for note in notes {
        if note.starts_with("Warning: ") {
            ctx.out.note(&note);
        } else {
            ctx.out.aside(&note);
        }
    }
    let before = before.filter(|before| !ctx.rehearses() && !before.lives_on_in(&login));
    if let Some(before) = before {
        end(ctx, &before)?;
    }
    if let Some(greeting) = &greeting {
        greeting.say(ctx);
    }
    report.finish(ctx, greeting.is_some_and(|greeting| greeting.is_accepted()))
}

/// The report of a login that has been saved. The sentence of the Go tool comes at once; JSON comes last, since it says
/// whether the server accepts the login.
struct Report<'f> {
    format: &'f Format,
    path: String,
    result: Value,
}

impl<'f> Report<'f> {
    fn new(
        ctx: &Ctx,
        format: &'f Format,
        place: &Place,
        url: Option<&str>,
        login: &Login,
    ) -> Result<Self, Failure> {
        let path = place.path.display().to_string();
        let token = login.access.as_ref();
        let token = token.map(|token| token::read(token.expose_secret()));
        let result = json!({
            "server": url_for_people(url.unwrap_or(&ctx.settings()?.api_url.value)),
            "user": token.as_ref().and_then(|token| token.user()),
            "expires_at": token.as_ref().and_then(token::Token::expires_at).map(|at| at.to_string()),
            "config": path,
        });
        Ok(Self {
            format,
            path,
            result,
        })
    }

    fn is_text(&self) -> bool {
        matches!(self.format, Format::Table | Format::Wide)
    }

    fn say(&self, ctx: &Ctx) -> anyhow::Result<()> {
        if !self.is_text() {
            return Ok(());
        }
        let path = &self.path;
        let sentence = format!("Login successful. Configuration saved to {path}");
        outcome::said(ctx, self.format, &sentence, &self.result)
    }

    fn finish(mut self, ctx: &Ctx, is_accepted: bool) -> anyhow::Result<()> {
        if self.is_text() {
            return Ok(());
        }
        self.result["verified"] = is_accepted.into();
        outcome::said(ctx, self.format, "", &self.result)
    }
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
    let login = format!("acpctl --context-name={} login URL", shell_word(name));
    Err(Failure::new(Kind::NotFound, message).hint(login))
}

/// Gets the login in the way that the user chose. A browser is returned if it still waits for its page.
fn log_in(
    ctx: &Ctx,
    args: &Args,
    mode: Mode,
    provider: &Provider,
    url: Option<&str>,
) -> anyhow::Result<(Login, Option<Browser>)> {
    let server = url_for_people(url.unwrap_or(&ctx.settings()?.api_url.value));
    let login = match mode {
        Mode::Browser => {
            let (login, browser) =
                code::log_in(ctx, args, provider, &server).context("auth-code login")?;
            return Ok((login, Some(browser)));
        }
        Mode::Device => device::log_in(ctx, provider, &server).context("device login")?,
        Mode::ClientCredentials => {
            if provider.secret.is_none() {
                return Err(no_client_secret().into());
            }
            issuer::client_credentials(ctx, provider).context("client-credentials login")?
        }
        Mode::Password => {
            let may_prompt = ctx.may_ask();
            let (name, password) = issuer::name_and_password(ctx, args, may_prompt)?;
            issuer::password(ctx, provider, &name, &password).context("password-grant login")?
        }
        Mode::Token => Login {
            access: Some(match args.token() {
                Some(token) => read_secret(ctx, &token)?,
                None => prompt::secret(&format!("Token for {server}"))?,
            }),
            ..Login::default()
        },
    };
    Ok((login, None))
}

/// Adds a hint to the failure of a default issuer, which is wrong for most platforms.
fn ask_for_the_issuer(mut error: anyhow::Error, provider: &Provider) -> anyhow::Error {
    if !provider.is_known
        && let Some(failure) = error.downcast_mut::<Failure>()
        && failure.kind == Kind::Network
    {
        let command = acpctl(&["login", "--issuer-url", "URL", "--client-id", "ID"]);
        failure.hint = Some(format!("name the issuer of your platform: {command}"));
    }
    error
}

/// Asks the server about the token and saves the login, unless a rejected token would replace a login. Returns the
/// server's greeting and the notes about the login's place.
fn greet_and_keep(
    ctx: &Ctx,
    args: &Args,
    mode: Mode,
    provider: &Provider,
    login: &mut Login,
    place: &Place,
    url: Option<&str>,
) -> anyhow::Result<(Option<Greeting>, Vec<String>)> {
    let mut greeting = None;
    if let Some(token) = &login.access {
        check_token(token, "the token")?;
        greeting = greet::ask(ctx, url, token)?;
    }
    if let Some(greeting) = &greeting {
        greeting.refuse_loss(ctx.config()?)?;
    }
    let notes = keep(ctx, args, mode, provider, login, place, url)?;
    Ok((greeting, notes))
}

/// Saves the login. Returns the notes about its place.
fn keep(
    ctx: &Ctx,
    args: &Args,
    mode: Mode,
    provider: &Provider,
    login: &mut Login,
    place: &Place,
    url: Option<&str>,
) -> anyhow::Result<Vec<String>> {
    if ctx.rehearses() {
        return Ok(Vec::new());
    }
    let keeps_secret = matches!(args.store, Some(Store::Keyring | Store::File));
    let mut notes = Vec::new();
    if let Some(secret) = provider.secret.as_ref().filter(|_| mode != Mode::Token) {
        if keeps_secret {
            login.client_secret = Some(secret.clone());
            notes.push("The client secret is kept with the login".to_owned());
        } else if filled(args.client_secret.as_ref()).is_some() {
            notes.push(
                "The client secret is not kept, so this login can't be renewed: add --store, or set AMBIENT_CLIENT_SECRET in later commands"
                    .to_owned(),
            );
        }
    }
    let from = (mode != Mode::Token).then_some(provider);
    let mut said = save::save(ctx, args, place, url, login, from, mode)?;
    said.extend(notes);
    Ok(said)
}

/// Shows in the browser how the login has ended.
fn answer(
    ctx: &Ctx,
    browser: Browser,
    login: &Login,
    error: Option<&anyhow::Error>,
) -> anyhow::Result<()> {
    if let Some(error) = error {
        code::tell(ctx, browser, error);
        return Ok(());
    }
    let token = login.access.as_ref();
    let token = token.map(|token| token::read(token.expose_secret()));
    ctx.block_on(async {
        browser
            .succeed(token.as_ref().and_then(|token| token.user()))
            .await;
        Ok(())
    })
}

/// Ends the login before this one at its issuer, where it would go on otherwise.
fn end(ctx: &Ctx, before: &Revocable) -> anyhow::Result<()> {
    let settings = ctx.settings()?;
    let revoked = ctx.block_on(async { Ok(before.revoke(settings).await) })?;
    if let Revocation::Not(why) = revoked {
        ctx.out.warn(&format!(
            "the login before this one is still valid at {} ({why})",
            url_for_people(&before.issuer)
        ));
    }
    Ok(())
}

fn no_client_secret() -> Failure {
    Failure::usage("--client-secret is required with --client-credentials").hint(
        "read the secret from a file with --client-secret @PATH, or from a pipe with --client-secret -",
    )
}

/// Returns the URL to save; an empty one counts as absent.
fn new_url(args: &Args) -> Result<Option<String>, Failure> {
    let Some(text) = filled(args.server_url.as_ref()).or_else(|| filled(args.url.as_ref())) else {
        return Ok(None);
    };
    check_url(&text)?;
    Ok(Some(text))
}

/// Asks for the URL of the server.
fn ask_for_server() -> anyhow::Result<String> {
    prompt::text("URL of the API server", "", |text| {
        prompt::not_empty(text)?;
        check_url(text).map_err(|failure| failure.message)
    })
}

/// Refuses a URL that no command can use. The Go tool saves an address with another scheme in place of the last login,
/// and then every command fails.
fn check_url(text: &str) -> Result<(), Failure> {
    let url = url::Url::parse(text).ok();
    let url = url.filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    let why = match url {
        None => "must be a valid URL with scheme and host (e.g. https://api.example.com)",
        Some(url) if !matches!(url.scheme(), "http" | "https") => {
            "only HTTP and HTTPS schemes are supported"
        }
        Some(_) => return Ok(()),
    };
    let shown = quote(&url_for_people(text));
    Err(Failure::usage(format!("invalid URL {shown}: {why}")))
}

/// Prints the warnings about a login that has been saved. The end of a login that is renewed by itself is not one.
fn warn(ctx: &Ctx, login: &Login, mode: Mode, url: Option<&str>) {
    if ctx.globals.insecure_skip_tls_verify == Some(true) {
        ctx.out
            .warn("TLS certificate verification is disabled (--insecure-skip-tls-verify)");
    }
    let end = login
        .access
        .as_ref()
        .and_then(|token| token::read(token.expose_secret()).expires_at());
    let is_renewed =
        login.refresh.is_some() || mode == Mode::ClientCredentials && login.client_secret.is_some();
    if let Some(end) = end.filter(|_| !is_renewed) {
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
    let token = login.access.as_ref().map(ExposeSecret::expose_secret);
    let project = ctx.globals.project.as_deref();
    for (variable, saved) in [
        (env::TOKEN, token),
        (env::API_URL, url),
        (env::PROJECT, project),
    ] {
        // A variable that says the same overrides nothing.
        if variable
            .get()
            .is_some_and(|set| saved != Some(set.as_str()))
        {
            ctx.out.warn(&format!(
                "{} is set and overrides the saved value",
                variable.name
            ));
        }
    }
    if job::is_set() {
        ctx.out.warn(&format!(
            "{} and {} are set with a secret or an ID token, and override the saved login",
            env::ISSUER_URL.name,
            env::CLIENT_ID.name
        ));
    }
}
