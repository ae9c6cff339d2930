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
use self::issuer::{Obtained, Provider};
use self::save::{Chosen, Done, Made};
use self::secret::read_secret;
use crate::auth::callback::Browser;
use crate::auth::oidc::Revocation;
use crate::auth::revoke::Held;
use crate::auth::store::{self, Login, Store};
use crate::auth::{browser, job, token};
use crate::commands::outcome;
use crate::config::server_url::{Source, check_url, is_local, same_origin};
use crate::config::settings::{Origin, check_token};
use crate::config::{Config, Place, contexts, file};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind, Status};
use crate::output::signals::{Errand, Work};
use crate::output::{Format, note, prompt};
use crate::text::command::acpctl_elsewhere;
use crate::text::{quote, secrets, url_for_people};

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
            _ if modes.is_empty() => {
                let example = args.with_token("--token", "@PATH");
                failure.hint(format!("for example: {example}"))
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
    args.check_token_fd()?;
    if given == Some(Mode::Password) {
        issuer::check_password(args, ctx.may_ask())?;
    }
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
    let provider = Provider::choose(ctx, args, url.as_deref(), given)?;
    let overruled = match given {
        Some(Mode::Token) => Vec::new(),
        _ => provider.overruled(ctx.settings()?),
    };
    ctx.note_overruled(ctx.settings()?, overruled);
    let mode = given.unwrap_or(match (provider.is_known, browser::has_display()) {
        (false, _) => Mode::Token,
        (true, true) => Mode::Browser,
        (true, false) => Mode::Device,
    });
    if ctx.rehearses() && !matches!(mode, Mode::Token | Mode::ClientCredentials) {
        let message = "--dry-run needs --token or --client-credentials: any other login stays open at the issuer";
        return Err(Failure::usage(message).into());
    }
    let wanted = args.store.or(store::named(ctx.config()?));
    check_store(args, wanted, mode)?;
    // What can't be kept is told before the user has logged in.
    let chosen = save::choose(ctx, args, wanted, &place)?;
    let Obtained {
        mut login,
        unsaved,
        browser,
    } = log_in(ctx, args, mode, &provider, url.as_deref())
        .map_err(|error| ask_for_the_issuer(error, args, mode, &provider))?;
    let secret_note = add_secret(args, mode, &provider, &mut login);
    let made = Made {
        mode,
        login: &login,
        provider: &provider,
        url: url.as_deref(),
    };
    let kept = greet_and_keep(ctx, &made, &place, chosen, unsaved);
    if let Some(browser) = browser {
        answer(ctx, browser, &login, &kept)?;
    }
    if kept.is_err() {
        withdraw(ctx, &made, &place);
    }
    let Kept {
        greeting,
        done: Done { notes, replaced },
        finishing: _finishing,
    } = kept?;
    let notes = notes.into_iter().chain(secret_note);
    let report = Report::new(ctx, &format, &place, url.as_deref(), &login)?;
    let said = report.say(ctx);
    warn(ctx, &login, mode, url.as_deref())?;
    for note in notes {
        if note.starts_with("Warning: ") {
            ctx.out.note(&note);
        } else {
            ctx.out.aside(&note);
        }
    }
    end(ctx, &made, &replaced)?;
    // Who can't read the report has the login nevertheless, so the one before it has been ended first.
    said?;
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
        let sentence = if ctx.rehearses() {
            format!("The login would be saved to {path}")
        } else {
            format!("Login successful. Configuration saved to {path}")
        };
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
    let config = ctx.config()?;
    let is_named = ctx.globals.context_name.is_some() || env::CONTEXT.get().is_some();
    let (Some(name), Some(stored)) = (&place.context, config.text(file::API_URL)) else {
        return Ok(());
    };
    if is_named || !config.is_in_context(file::API_URL) || same_origin(stored, url) {
        return Ok(());
    }
    let (url, stored) = (url_for_people(url), url_for_people(stored));
    let message = format!(
        "the current context {} is for {stored}, and this login is for {url}",
        quote(name)
    );
    let other = acpctl_elsewhere(&["--context-name=NAME", "login", &url]);
    Err(Failure::usage(message).hint(format!("log in in a context of its own: {other}")))
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

/// Gets the login in the way that the user chose.
fn log_in(
    ctx: &Ctx,
    args: &Args,
    mode: Mode,
    provider: &Provider,
    url: Option<&str>,
) -> anyhow::Result<Obtained> {
    let server = url_for_people(url.unwrap_or(&ctx.settings()?.api_url.value));
    Ok(match mode {
        Mode::Browser => code::log_in(ctx, args, provider, &server).context("auth-code login")?,
        Mode::Device => device::log_in(ctx, args, provider, &server).context("device login")?,
        Mode::ClientCredentials => {
            if provider.secret.is_none() {
                return Err(secret_of_another(args, provider).into());
            }
            issuer::client_credentials(ctx, provider).context("client-credentials login")?
        }
        Mode::Password => {
            let issuer = url_for_people(&provider.issuer_url);
            let (name, password) = issuer::name_and_password(ctx, args, &issuer)?;
            issuer::password(ctx, provider, &name, &password).context("password-grant login")?
        }
        Mode::Token => Login {
            access: Some(match args.token() {
                Some(token) => read_secret(ctx, &token)?,
                None => {
                    let browser = args.again(Mode::Browser, Some("URL"), Some("ID"));
                    ctx.out
                        .aside(&format!("To log in with the browser: {browser}"));
                    prompt::secret(&format!("Token for {server}"))?
                }
            }),
            ..Login::default()
        }
        .into(),
    })
}

/// Adds a hint to the failure of a default issuer, which is wrong for most platforms.
fn ask_for_the_issuer(
    mut error: anyhow::Error,
    args: &Args,
    mode: Mode,
    provider: &Provider,
) -> anyhow::Error {
    if !provider.is_known
        && let Some(failure) = error.downcast_mut::<Failure>()
        && failure.kind == Kind::Network
    {
        let command = args.again(mode, Some("URL"), Some("ID"));
        failure.hint = Some(format!("name the issuer of your platform: {command}"));
    }
    error
}

/// What the user reads if a signal comes while the login is saved and the one before it ended, and at a second one.
const INTERRUPTED_SAVE: [&str; 2] = [
    "Interrupted while the login is saved, which is finished; a second signal ends acpctl at once",
    "Ended at once: the login may not be saved, or the one before it may go on at its issuer",
];

/// A login that has been saved.
struct Kept {
    greeting: Option<Greeting>,
    done: Done,
    /// Keeps a signal waiting until the login before this one has been ended.
    finishing: Option<Errand>,
}

/// Asks the server about the token and saves the login, unless a rejected token would replace a login. A login that
/// stays open at its issuer is ended there if a signal has come before it is saved.
fn greet_and_keep(
    ctx: &Ctx,
    made: &Made,
    place: &Place,
    chosen: Chosen,
    unsaved: Option<Errand>,
) -> anyhow::Result<Kept> {
    let unsaved = unsaved.filter(|_| made.revocable().is_some());
    let unsaved = unsaved.and_then(Errand::into_work);
    let check = || unsaved.as_ref().map_or(Ok(()), Work::check);
    check()?;
    let mut greeting = None;
    if let Some(token) = &made.login.access {
        check_token(token, "the token")?;
        greeting = greet::ask(ctx, made.url, token)?;
    }
    check()?;
    if ctx.rehearses() {
        if let Some(greeting) = &greeting {
            greeting.refuse_loss(ctx.config()?)?;
        }
        return Ok(Kept {
            greeting,
            done: Done::default(),
            finishing: None,
        });
    }
    let finishing = Errand::begin(INTERRUPTED_SAVE, note).context("wait for signals")?;
    drop(unsaved);
    match save::save(ctx, place, made, chosen, greeting.as_ref()) {
        Ok(done) => Ok(Kept {
            greeting,
            done,
            finishing: Some(finishing),
        }),
        Err(why) => {
            // The login is ended at its issuer before a signal counts.
            drop(finishing.into_work());
            Err(why.into())
        }
    }
}

/// Adds the client's secret to the login if the user wants it to be kept. Returns the note about that.
fn add_secret(args: &Args, mode: Mode, provider: &Provider, login: &mut Login) -> Option<String> {
    let secret = provider.secret.as_ref().filter(|_| mode != Mode::Token)?;
    if matches!(args.store, Some(Store::Keyring | Store::File)) {
        login.client_secret = Some(secret.clone());
        return Some("The client secret is kept with the login".to_owned());
    }
    filled(args.client_secret.as_ref()).map(|_| {
        "The client secret is not kept, so this login can't be renewed: add --store, or set AMBIENT_CLIENT_SECRET in later commands"
            .to_owned()
    })
}

/// Shows in the browser how the login has ended, as the terminal does.
fn answer(
    ctx: &Ctx,
    browser: Browser,
    login: &Login,
    kept: &anyhow::Result<Kept>,
) -> anyhow::Result<()> {
    let kept = match kept {
        Ok(kept) => kept,
        Err(error) if error.is::<Status>() => {
            code::tell(ctx, browser, &anyhow::anyhow!("the login was interrupted"));
            return Ok(());
        }
        Err(error) => {
            code::tell(ctx, browser, error);
            return Ok(());
        }
    };
    let doubt = kept.greeting.as_ref().and_then(Greeting::doubt);
    let token = login.access.as_ref();
    let token = token.map(|token| token::read(token.expose_secret()));
    ctx.block_on(async {
        match doubt {
            Some(doubt) => browser.doubt(&secrets::hide(&doubt)).await,
            None => {
                let user = token.as_ref().and_then(|token| token.user());
                browser.succeed(user).await;
            }
        }
        Ok(())
    })
}

/// Ends a login at its issuer that could not be saved: nobody would have its token. One that shares its session with
/// a stored login, of this context or of another one, goes on with that.
fn withdraw(ctx: &Ctx, made: &Made, place: &Place) {
    let Some(fresh) = made.revocable() else {
        return;
    };
    let lives_on = |config: &Config| match fresh.lives_on_where(config) {
        Ok(false) => fresh.other_context(config).map(|sharer| sharer.doubt),
        Ok(true) => Some(None),
        Err(why) => Some(Some(why)),
    };
    let goes_on = |why: &str| {
        ctx.out.warn(&format!(
            "the login that was not saved is still valid at {} ({why})",
            url_for_people(&fresh.issuer)
        ));
    };
    if let Some(doubt) = Config::load(place)
        .ok()
        .and_then(|config| lives_on(&config))
    {
        if let Some(why) = doubt {
            goes_on(&format!(
                "another login may be of the same session, and the keyring does not show it: {why}"
            ));
        }
        return;
    }
    let revoked = ctx.block_on(async { Ok(fresh.revoke(ctx.settings()?).await) });
    if let Ok(Revocation::Not(why)) = revoked {
        goes_on(&why);
    }
}

/// Ends the logins before this one at their issuers, where they would go on otherwise.
fn end(ctx: &Ctx, made: &Made, replaced: &Held) -> anyhow::Result<()> {
    let issuer = (made.mode != Mode::Token).then_some(made.provider.issuer_url.as_str());
    for before in &replaced.logins {
        if before.lives_on_in(made.login, issuer) {
            continue;
        }
        if let Some(sharer) = &before.shared_with {
            let (has, doubt) = match &sharer.doubt {
                None => ("has", String::new()),
                Some(why) => (
                    "may have",
                    format!(", and the keyring does not show it ({why})"),
                ),
            };
            ctx.out.aside(&format!(
                "The login before this one is not ended at {}: the context {} {has} a login of the same session there{doubt}",
                url_for_people(&before.issuer),
                quote(&sharer.context)
            ));
            continue;
        }
        let settings = ctx.settings()?;
        let revoked = ctx.block_on(async { Ok(before.revoke(settings).await) })?;
        if let Revocation::Not(why) = revoked {
            ctx.out.warn(&format!(
                "the login before this one is still valid at {} ({why})",
                url_for_people(&before.issuer)
            ));
        }
    }
    if let Some(why) = &replaced.unknown {
        ctx.out.warn(&format!(
            "if the login before this one came from an issuer, it is still valid there ({why})"
        ));
    }
    Ok(())
}

/// Refuses to throw a login away that stays open at the issuer: nobody sees its token. `wanted` is the place of the
/// flag, or else that of the last login.
fn check_store(args: &Args, wanted: Option<Store>, mode: Mode) -> Result<(), Failure> {
    if wanted != Some(Store::None) || matches!(mode, Mode::Token | Mode::ClientCredentials) {
        return Ok(());
    }
    let whose = match args.store {
        Some(_) => "--store none",
        None => "the last login was made with --store none, which",
    };
    let message = format!(
        "{whose} needs --token or --client-credentials: any other login stays open at the issuer, and nobody has its token"
    );
    let kept = args.again(mode, None, None);
    Err(Failure::usage(message).hint(format!(
        "keep it in config.json, mode 0600: {kept} --store file"
    )))
}

fn no_client_secret() -> Failure {
    Failure::usage("--client-secret is required with --client-credentials").hint(
        "read the secret from a file with --client-secret @PATH, or from a pipe with --client-secret -",
    )
}

/// Returns the failure of a login that does not get the secret of the environment: nothing says that it is of this
/// client at this issuer.
fn secret_of_another(args: &Args, provider: &Provider) -> Failure {
    let message = format!(
        "the secret in {} stays here: nothing says that it is of the client {} at {}",
        env::CLIENT_SECRET.name,
        quote(&provider.client_id),
        url_for_people(&provider.issuer_url)
    );
    let named = provider.again(args, Mode::ClientCredentials);
    let is_of_another = env::ISSUER_URL.get().or(env::CLIENT_ID.get()).is_some();
    let more = if is_of_another {
        " --client-secret @PATH"
    } else {
        ""
    };
    Failure::usage(message).hint(format!("if it is, name both: {named}{more}"))
}

/// Returns the URL to save; an empty one counts as absent.
fn new_url(args: &Args) -> Result<Option<String>, Failure> {
    let Some(text) = args.server() else {
        return Ok(None);
    };
    check_url(&text, Source::Login)?;
    Ok(Some(text))
}

/// Asks for the URL of the server.
fn ask_for_server() -> anyhow::Result<String> {
    prompt::text("URL of the API server", "", |text| {
        prompt::not_empty(text)?;
        check_url(text, Source::Login).map_err(|failure| failure.message)
    })
}

/// Prints the warnings about a login that has been saved. The end of a login that is renewed by itself is not one.
fn warn(ctx: &Ctx, login: &Login, mode: Mode, url: Option<&str>) -> Result<(), Failure> {
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
    warn_of_variables(ctx, login, url)
}

/// Names the variables that win over what was saved. Where a flag names the context, only that of the project does.
fn warn_of_variables(ctx: &Ctx, login: &Login, url: Option<&str>) -> Result<(), Failure> {
    let settings = ctx.settings()?;
    let token = login.access.as_ref().map(ExposeSecret::expose_secret);
    let project = ctx.globals.project.as_deref();
    let of_context = [(env::PROJECT, project)];
    let all = [(env::TOKEN, token), (env::API_URL, url), of_context[0]];
    let winning = if settings.is_login_of_context {
        &of_context[..]
    } else {
        &all
    };
    for (variable, saved) in winning {
        // A variable that says the same overrides nothing.
        if variable
            .get()
            .is_some_and(|set| *saved != Some(set.as_str()))
        {
            ctx.out.warn(&format!(
                "{} is set and overrides the saved value",
                variable.name
            ));
        }
    }
    if job::counts(settings) {
        ctx.out.warn(&format!(
            "{} and {} are set with a secret or an ID token, and override the saved login",
            env::ISSUER_URL.name,
            env::CLIENT_ID.name
        ));
    }
    Ok(())
}
