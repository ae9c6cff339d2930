//! The identity provider of a login, and the logins there that need no browser.

use secrecy::{ExposeSecret as _, SecretString};

use super::args::{Args, DEFAULT_CLIENT, DEFAULT_ISSUER, Mode, filled};
use super::secret::read_secret;
use crate::auth::callback::Browser;
use crate::auth::discovery::base;
use crate::auth::job::{self, Wanted};
use crate::auth::oidc::{Issuer, Tokens};
use crate::auth::store::Login;
use crate::config::Settings;
use crate::config::file::{CLIENT_ID, CLIENT_SECRET_DIGEST, ISSUER_URL};
use crate::config::server_url::same_origin;
use crate::config::settings::login_url;
use crate::ctx::Ctx;
use crate::env::{self, Var};
use crate::failure::Failure;
use crate::output::signals::Errand;
use crate::output::{progress, prompt};
use crate::text::url_for_people;

/// The issuer and the client of a login.
pub(super) struct Provider {
    pub issuer_url: String,
    pub client_id: String,
    pub secret: Option<SecretString>,
    /// False if nothing names an issuer.
    pub is_known: bool,
}

impl Provider {
    /// Chooses issuer and client: a flag wins over the environment, the environment over the last login at this server.
    /// The client of the last login is taken only with its issuer. Where a flag names the context, the environment does
    /// not count: it may name the issuer of another server.
    ///
    /// # Errors
    /// A secret can't be read, or it would go to an issuer that nobody has named.
    pub(super) fn choose(
        ctx: &Ctx,
        args: &Args,
        url: Option<&str>,
        mode: Option<Mode>,
    ) -> Result<Self, Failure> {
        let (config, settings) = (ctx.config()?, ctx.settings()?);
        let server = url.unwrap_or(&settings.api_url.value);
        let is_here = same_origin(server, login_url(config));
        let last_issuer = config.text(ISSUER_URL).filter(|_| is_here);
        let named = filled(args.issuer_url.as_ref())
            .or_else(|| job::default_of_login(env::ISSUER_URL, settings))
            .or_else(|| last_issuer.map(str::to_owned));
        let is_known = named.is_some();
        if let Some(mode) = mode.filter(|_| !is_known) {
            check_unnamed(args, mode, settings)?;
        }
        let issuer_url = named.unwrap_or_else(|| DEFAULT_ISSUER.to_owned());
        let is_last = last_issuer.is_some_and(|last| base(last) == base(&issuer_url));
        let last_client = config.text(CLIENT_ID).filter(|_| is_last);
        let client_id = filled(args.client_id.as_ref())
            .or_else(|| job::default_of_login(env::CLIENT_ID, settings))
            .or_else(|| last_client.map(str::to_owned))
            .unwrap_or_else(|| DEFAULT_CLIENT.to_owned());
        let secret = match filled(args.client_secret.as_ref()) {
            Some(given) => Some(read_secret(ctx, &given)?),
            None if is_known && mode != Some(Mode::Token) => {
                let wanted = if filled(args.issuer_url.as_ref()).is_some() {
                    Wanted::Any
                } else {
                    Wanted::Known(config.text(CLIENT_SECRET_DIGEST).filter(|_| is_last))
                };
                job::client_secret(&issuer_url, &client_id, wanted)?
            }
            None => None,
        };
        Ok(Self {
            issuer_url,
            client_id,
            secret,
            is_known,
        })
    }

    /// Returns the issuer.
    ///
    /// # Errors
    /// As [`Issuer::new`].
    pub(super) fn issuer(&self, ctx: &Ctx) -> anyhow::Result<Issuer> {
        Issuer::new(&self.issuer_url, ctx.settings()?)
    }

    /// Returns the command that logs in at this issuer in this way.
    pub(super) fn again(&self, args: &Args, mode: Mode) -> String {
        args.again(mode, Some(&self.issuer_url), Some(&self.client_id))
    }

    /// Says which issuer asks for the user's account: on a terminal always, in a pipe if nobody has named it.
    pub(super) fn tell(&self, ctx: &Ctx) {
        if ctx.may_ask() || !self.is_known {
            let issuer = url_for_people(&self.issuer_url);
            ctx.out.note(&format!("You log in at the issuer {issuer}"));
        }
    }

    /// Returns the variables that name another issuer or client, and do not count because a flag names the context.
    pub(super) fn overruled(&self, settings: &Settings) -> Vec<&'static str> {
        let chosen = [
            (env::ISSUER_URL, &self.issuer_url),
            (env::CLIENT_ID, &self.client_id),
        ];
        let is_other = |var: Var, chosen: &str| var.get().is_some_and(|set| set != chosen);
        chosen
            .into_iter()
            .filter(|(var, chosen)| settings.is_login_of_context && is_other(*var, chosen))
            .map(|(var, _)| var.name)
            .collect()
    }

    /// Adds the client's secret to a form, if there is one.
    pub(super) fn add_secret<'a>(&'a self, form: &mut Vec<(&'a str, &'a str)>) {
        if let Some(secret) = &self.secret {
            form.push(("client_secret", secret.expose_secret()));
        }
    }
}

/// Logs in as a service account.
///
/// # Errors
/// The issuer refuses or can't be reached; in the Go tool's words, without its prefix.
pub(super) fn client_credentials(ctx: &Ctx, provider: &Provider) -> anyhow::Result<Obtained> {
    let issuer = provider.issuer(ctx)?;
    let mut form = vec![("client_id", provider.client_id.as_str())];
    provider.add_secret(&mut form);
    form.push(("grant_type", "client_credentials"));
    let _asking = progress::begin(format!("Asking {}", issuer.shown()));
    let tokens = ctx.block_on(async { Ok(issuer.tokens(&form).await?) })?;
    // A service account can log in again at any time, so a refresh token would only be one more secret to lose.
    let login = Login {
        access: Some(tokens.access),
        ..Login::default()
    };
    Ok(login.into())
}

/// Logs in with a name and a password.
///
/// # Errors
/// As [`client_credentials`].
pub(super) fn password(
    ctx: &Ctx,
    provider: &Provider,
    name: &str,
    password: &SecretString,
) -> anyhow::Result<Obtained> {
    let issuer = provider.issuer(ctx)?;
    let mut form = vec![("client_id", provider.client_id.as_str())];
    provider.add_secret(&mut form);
    form.extend([
        ("grant_type", "password"),
        ("password", password.expose_secret()),
        ("username", name),
    ]);
    request(ctx, &issuer, &form)
}

/// Refuses a login at the Go tool's issuer, only because nothing names another one that counts, if a secret would go
/// there, or if a variable shows that the user means another one.
fn check_unnamed(args: &Args, mode: Mode, settings: &Settings) -> Result<(), Failure> {
    let other = env::ISSUER_URL
        .get()
        .filter(|_| settings.is_login_of_context && mode != Mode::Token);
    let message = if mode.needs_named_issuer() {
        format!(
            "{} needs an issuer: no secret goes to one that nobody has named",
            mode.flag()
        )
    } else if other.is_some() {
        format!(
            "nothing names the issuer of this context: {} does not count with --context-name",
            env::ISSUER_URL.name
        )
    } else {
        return Ok(());
    };
    let issuer = other.as_deref().map(url_for_people);
    let client = env::CLIENT_ID.get().filter(|_| other.is_some());
    let again = args.again(
        mode,
        Some(issuer.as_deref().unwrap_or("URL")),
        Some(client.as_deref().unwrap_or("ID")),
    );
    Err(Failure::usage(message).hint(format!("name the issuer of your platform: {again}")))
}

/// Refuses a login without a name, or without a password that can't be asked for.
///
/// # Errors
/// A usage failure.
pub(super) fn check_password(args: &Args, may_prompt: bool) -> Result<(), Failure> {
    let has_password = may_prompt || filled(args.password.as_ref()).is_some();
    if has_password && filled(args.username.as_ref()).is_some() {
        return Ok(());
    }
    Err(
        Failure::usage("--username and --password are required with --password-grant").hint(
            "read the password from a file with --password @PATH, or from a pipe with --password -",
        ),
    )
}

/// Returns the name and the password of the user, who sees which issuer gets them.
///
/// # Errors
/// The password can't be read.
pub(super) fn name_and_password(
    ctx: &Ctx,
    args: &Args,
    issuer: &str,
) -> anyhow::Result<(String, SecretString)> {
    let name = filled(args.username.as_ref()).unwrap_or_default();
    let password = match filled(args.password.as_ref()) {
        Some(given) => read_secret(ctx, &given)?,
        None => prompt::secret(&format!("Password of {name} at {issuer}"))?,
    };
    Ok((name, password))
}

/// A login that has been made and is not saved yet.
pub(super) struct Obtained {
    pub login: Login,
    /// Keeps a signal waiting, if the login stays open at its issuer.
    pub unsaved: Option<Errand>,
    /// The browser that waits for its page.
    pub browser: Option<Browser>,
}

impl From<Login> for Obtained {
    /// A login that no issuer has to end.
    fn from(login: Login) -> Self {
        Self {
            login,
            unsaved: None,
            browser: None,
        }
    }
}

impl From<(Tokens, Errand)> for Obtained {
    fn from((tokens, unsaved): (Tokens, Errand)) -> Self {
        Self {
            login: tokens.into(),
            unsaved: Some(unsaved),
            browser: None,
        }
    }
}

/// Requests the tokens of a login that stays open at the issuer.
///
/// # Errors
/// As [`Issuer::tokens`].
pub(super) fn request(
    ctx: &Ctx,
    issuer: &Issuer,
    form: &[(&str, &str)],
) -> anyhow::Result<Obtained> {
    let _asking = progress::begin(format!("Asking {}", issuer.shown()));
    ctx.block_on(async {
        let (reply, unsaved) = issuer.request_login(form).await?;
        Ok((reply.into_tokens()?, unsaved).into())
    })
}
