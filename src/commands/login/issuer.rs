//! The identity provider of a login, and the logins there that need no browser.

use secrecy::{ExposeSecret as _, SecretString};

use super::args::{Args, DEFAULT_CLIENT, DEFAULT_ISSUER, Mode, filled};
use super::secret::read_secret;
use crate::auth::oidc::{Issuer, Tokens};
use crate::auth::{job, store::Login};
use crate::config::file::{CLIENT_ID, ISSUER_URL};
use crate::config::settings::{login_url, same_origin};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::Failure;
use crate::output::prompt;

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
    /// The client of the last login is taken only with its issuer.
    ///
    /// # Errors
    /// A secret can't be read.
    pub(super) fn choose(
        ctx: &Ctx,
        args: &Args,
        url: Option<&str>,
        mode: Option<Mode>,
    ) -> Result<Self, Failure> {
        let config = ctx.config()?;
        let server = url.unwrap_or(&ctx.settings()?.api_url.value);
        let is_here = same_origin(server, login_url(config));
        let last_issuer = config.text(ISSUER_URL).filter(|_| is_here);
        let named = filled(args.issuer_url.as_ref())
            .or_else(|| env::ISSUER_URL.get())
            .or_else(|| last_issuer.map(str::to_owned));
        let is_known = named.is_some();
        let issuer_url = named.unwrap_or_else(|| DEFAULT_ISSUER.to_owned());
        let last_client = config
            .text(CLIENT_ID)
            .filter(|_| last_issuer == Some(issuer_url.as_str()));
        let client_id = filled(args.client_id.as_ref())
            .or_else(|| env::CLIENT_ID.get())
            .or_else(|| last_client.map(str::to_owned))
            .unwrap_or_else(|| DEFAULT_CLIENT.to_owned());
        let secret = match filled(args.client_secret.as_ref()) {
            Some(given) => Some(read_secret(ctx, &given)?),
            None if is_known && mode != Some(Mode::Token) => {
                job::client_secret(&issuer_url, &client_id)?
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
pub(super) fn client_credentials(ctx: &Ctx, provider: &Provider) -> anyhow::Result<Login> {
    let issuer = provider.issuer(ctx)?;
    let mut form = vec![("client_id", provider.client_id.as_str())];
    provider.add_secret(&mut form);
    form.push(("grant_type", "client_credentials"));
    let tokens = request(ctx, &issuer, &form)?;
    // A service account can log in again at any time, so a refresh token would only be one more secret to lose.
    Ok(Login {
        access: Some(tokens.access),
        ..Login::default()
    })
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
) -> anyhow::Result<Login> {
    let issuer = provider.issuer(ctx)?;
    let mut form = vec![("client_id", provider.client_id.as_str())];
    provider.add_secret(&mut form);
    form.extend([
        ("grant_type", "password"),
        ("password", password.expose_secret()),
        ("username", name),
    ]);
    Ok(request(ctx, &issuer, &form)?.into())
}

/// Returns the name and the password of the user.
///
/// # Errors
/// One of them is missing.
pub(super) fn name_and_password(
    ctx: &Ctx,
    args: &Args,
    may_prompt: bool,
) -> anyhow::Result<(String, SecretString)> {
    let missing = || {
        Failure::usage("--username and --password are required with --password-grant").hint(
            "read the password from a file with --password @PATH, or from a pipe with --password -",
        )
    };
    let name = filled(args.username.as_ref()).ok_or_else(missing)?;
    let password = match filled(args.password.as_ref()) {
        Some(given) => read_secret(ctx, &given)?,
        None if may_prompt => prompt::secret(&format!("Password of {name}"))?,
        None => return Err(missing().into()),
    };
    Ok((name, password))
}

/// Requests tokens with this form.
///
/// # Errors
/// As [`Issuer::tokens`].
pub(super) fn request(ctx: &Ctx, issuer: &Issuer, form: &[(&str, &str)]) -> anyhow::Result<Tokens> {
    ctx.block_on(async { Ok(issuer.tokens(form).await?) })
}
