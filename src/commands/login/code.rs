//! The login in a browser: authorization code with PKCE (docs/interface/cli-core.md section 7.1.1).

use std::net::Ipv4Addr;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::args::Args;
use super::issuer::{issuer, request};
use crate::auth::oidc::Issuer;
use crate::auth::store::Login;
use crate::auth::{browser, callback};
use crate::ctx::Ctx;
use crate::output::progress;

/// Sends the user to the issuer and waits until the browser returns.
///
/// # Errors
/// The login failed; in the Go tool's words, without its prefix.
pub(super) fn log_in(
    ctx: &Ctx,
    args: &Args,
    client_secret: Option<&SecretString>,
) -> anyhow::Result<Login> {
    let issuer = issuer(ctx, &args.issuer_url)?;
    let state = random(16)?;
    let verifier = random(32)?;
    let (redirect, code) = authorize(ctx, args, &issuer, &state, &verifier)?;
    let mut form = vec![("client_id", args.client_id.as_str())];
    if let Some(secret) = client_secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    form.extend([
        ("code", code.as_str()),
        ("code_verifier", verifier.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect.as_str()),
    ]);
    let tokens = request(ctx, &issuer, &form).context("exchange authorization code")?;
    Ok(Login {
        access: Some(tokens.access),
        refresh: tokens.refresh,
    })
}

/// Returns the redirect address and the code.
fn authorize(
    ctx: &Ctx,
    args: &Args,
    issuer: &Issuer,
    state: &str,
    verifier: &str,
) -> anyhow::Result<(String, Zeroizing<String>)> {
    ctx.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.callback_port)).await?;
        let redirect = format!("http://{}/callback", listener.local_addr()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", args.client_id.as_str()),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
                ("redirect_uri", &redirect),
                ("response_type", "code"),
                ("state", state),
            ])
            .finish();
        let url = format!("{}?{query}", issuer.endpoint("auth"));
        ctx.out.text(&format!("Opening browser for authentication...\nIf the browser does not open, visit:\n\n  {url}\n\n"))?;
        let _page = (!args.no_browser).then(|| browser::open(&url));
        let _waiting = progress::begin("Waiting for the browser (press Ctrl-C to cancel)");
        let code = callback::wait(&listener, state).await?;
        Ok((redirect, Zeroizing::new(code)))
    })
}

fn random(bytes: usize) -> anyhow::Result<Zeroizing<String>> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random).context("random numbers")?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&random[..])))
}
