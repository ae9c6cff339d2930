//! The browser login: authorization code with PKCE (contract cli-core.md section 7.1.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{ask, issuer};
use crate::auth::oidc::Issuer;
use crate::auth::store::Login;
use crate::auth::{browser, callback};
use crate::ctx::Ctx;

/// Sends the user to the issuer and waits for the browser to come back.
///
/// # Errors
/// In the Go tool's words, without its prefix.
pub fn log_in(
    ctx: &Ctx,
    issuer_url: &str,
    client_id: &str,
    client_secret: Option<&SecretString>,
    no_browser: bool,
) -> Result<Login, String> {
    let issuer = issuer(ctx, issuer_url)?;
    let state = random(16)?;
    let verifier = random(32)?;
    let (redirect, code) = authorize(ctx, &issuer, client_id, &state, &verifier, no_browser)?;
    let mut form = vec![("client_id", client_id)];
    if let Some(secret) = client_secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    form.extend([
        ("code", code.as_str()),
        ("code_verifier", verifier.as_str()),
        ("grant_type", "authorization_code"),
        ("redirect_uri", redirect.as_str()),
    ]);
    let tokens =
        ask(ctx, &issuer, &form).map_err(|why| format!("exchange authorization code: {why}"))?;
    Ok(Login {
        access: Some(tokens.access),
        refresh: tokens.refresh,
    })
}

/// Gives the redirect address and the code.
fn authorize(
    ctx: &Ctx,
    issuer: &Issuer,
    client_id: &str,
    state: &str,
    verifier: &str,
    no_browser: bool,
) -> Result<(String, Zeroizing<String>), String> {
    let waited = ctx.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let redirect = format!("http://{}/callback", listener.local_addr()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("client_id", client_id),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
                ("redirect_uri", &redirect),
                ("response_type", "code"),
                ("state", state),
            ])
            .finish();
        let url = format!("{}?{query}", issuer.endpoint("auth"));
        ctx.out.data(format!("Opening browser for authentication...\nIf the browser does not open, visit:\n\n  {url}\n\n").as_bytes())?;
        if !no_browser {
            browser::open(&url);
        }
        Ok(callback::wait(&listener, state).await.map(|code| (redirect, Zeroizing::new(code))))
    });
    waited.map_err(|error| format!("{error:#}"))?
}

fn random(bytes: usize) -> Result<Zeroizing<String>, String> {
    let mut random = Zeroizing::new(vec![0; bytes]);
    getrandom::fill(&mut random).map_err(|error| error.to_string())?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(&random[..])))
}
