//! The identity provider of a login: requests tokens from it.

use secrecy::{ExposeSecret as _, SecretString};

use super::args::Args;
use crate::auth::oidc::{Issuer, Tokens};
use crate::auth::store::Login;
use crate::ctx::Ctx;

/// Logs in as a service account.
///
/// # Errors
/// The issuer refuses or can't be reached; in the Go tool's words, without its prefix.
pub(super) fn client_credentials(
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
    let tokens = request(ctx, &issuer, &form)?;
    // A service account can log in again at any time, so a refresh token would only be one more secret to lose.
    Ok(Login {
        access: Some(tokens.access),
        refresh: None,
    })
}

/// Returns the issuer at an address.
///
/// # Errors
/// As [`Issuer::new`].
pub(super) fn issuer(ctx: &Ctx, url: &str) -> anyhow::Result<Issuer> {
    Issuer::new(url, ctx.settings()?)
}

/// Requests tokens with this form.
///
/// # Errors
/// As [`Issuer::tokens`].
pub(super) fn request(ctx: &Ctx, issuer: &Issuer, form: &[(&str, &str)]) -> anyhow::Result<Tokens> {
    ctx.block_on(async { Ok(issuer.tokens(form).await?) })
}
