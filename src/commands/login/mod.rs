//! `acpctl login` (docs/interface/cli-core.md section 7.1).

mod args;
mod code;
mod device;
mod ending;
mod greet;
mod issuer;
mod report;
mod save;
mod secret;
mod server;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

pub(crate) use args::Args;

use self::args::{Mode, filled};
use self::ending::{end, withdraw};
use self::greet::Greeting;
use self::issuer::{Obtained, Provider};
use self::report::{Report, warn};
use self::save::{Chosen, Done, Made};
use self::secret::read_secret;
use crate::auth::callback::Browser;
use crate::auth::store::{self, Login, Store};
use crate::auth::{browser, token};
use crate::config::Place;
use crate::config::settings::check_token;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind, Status};
use crate::output::signals::{Errand, Work};
use crate::output::{note, prompt};
use crate::text::{quote, secrets, url_for_people};

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format(ctx)?;
    let given = given_mode(ctx, args)?;
    let (url, place) = server::choose(ctx, args, given)?;
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

/// Returns the way to log in that the command line names; `None` if a terminal can choose one.
fn given_mode(ctx: &Ctx, args: &Args) -> anyhow::Result<Option<Mode>> {
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
    Ok(given)
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
