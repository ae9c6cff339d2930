//! The login with a code that the user types on another device (RFC 8628).

use std::future::Future;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use super::oidc::{Issuer, Reply, Tokens};
use super::pkce::Proof;
use crate::failure::{Failure, Kind};
use crate::output::signals::Errand;
use crate::text::secrets;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The pause between two requests if the issuer names none, and what `slow_down` adds to it (RFC 8628 section 3.5).
const PAUSE: Duration = Duration::from_secs(5);
/// The bounds of the pause that an issuer may ask for, in seconds.
const PAUSES: (u64, u64) = (1, 60);
/// The longest time that an issuer may give the user, in seconds.
const LONGEST: u32 = 3600;
/// The longest code or address that can be meant for a person, in bytes.
const MAX_TEXT: usize = 2048;

/// The client that logs in.
pub(crate) struct Client<'a> {
    pub id: &'a str,
    pub secret: Option<&'a SecretString>,
    /// The commands that log it in with another code, and with the browser.
    pub again: String,
    pub with_browser: String,
}

/// A login that waits for the user.
pub(crate) struct Begun {
    device_code: SecretString,
    proof: Proof,
    pause: Duration,
    /// The code that the user types.
    pub user_code: String,
    /// The address at which the user types it.
    pub address: String,
    /// The address that contains the code already, for a QR code.
    pub whole_address: Option<String>,
    pub deadline: Instant,
}

/// Asks the issuer for a code. Proof keys are always sent: some clients demand them, and an issuer that does not know
/// them ignores them.
///
/// # Errors
/// The issuer refuses, or its answer can't be used.
pub(crate) async fn begin(issuer: &Issuer, client: &Client<'_>) -> anyhow::Result<Begun> {
    let proof = Proof::new()?;
    let mut form = vec![("client_id", client.id)];
    if let Some(secret) = client.secret {
        form.push(("client_secret", secret.expose_secret()));
    }
    form.extend([
        ("code_challenge", proof.challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]);
    let answer = issuer.begin_device(&form, &client.with_browser).await?;
    Ok(read(issuer, &answer, proof)?)
}

/// Reads the issuer's answer (RFC 8628 section 3.2).
fn read(issuer: &Issuer, answer: &Value, proof: Proof) -> Result<Begun, Failure> {
    let text = |key: &str| {
        let text = answer.get(key)?.as_str()?;
        (!text.is_empty() && text.len() <= MAX_TEXT).then(|| text.to_owned())
    };
    let missing = |key: &str| {
        let words = format!("no usable {key} in the device response");
        Failure::new(Kind::Server, words)
    };
    // Only a browser's address is shown, and none that others can change: the user is told to open it.
    let address = |key: &str| {
        let url = Url::parse(&text(key)?).ok()?;
        let is_fit = url.scheme() == "https" || url.scheme() == "http" && issuer.is_plain();
        let has_user = !url.username().is_empty() || url.password().is_some();
        (is_fit && !has_user).then(|| url.to_string())
    };
    let seconds = |key: &str| answer.get(key).and_then(Value::as_u64);
    let device_code = text("device_code").ok_or_else(|| missing("device_code"))?;
    let device_code = SecretString::from(device_code);
    secrets::know(&device_code);
    let limit = lifetime(answer).ok_or_else(|| missing("expires_in"))?;
    let pause = seconds("interval").unwrap_or(PAUSE.as_secs());
    Ok(Begun {
        device_code,
        proof,
        pause: Duration::from_secs(pause.clamp(PAUSES.0, PAUSES.1)),
        user_code: text("user_code").ok_or_else(|| missing("user_code"))?,
        address: address("verification_uri").ok_or_else(|| missing("verification_uri"))?,
        whole_address: address("verification_uri_complete"),
        deadline: Instant::now() + Duration::from_secs(limit),
    })
}

/// Returns how long the code is good, in seconds. Some issuers write a text, or a number with a fraction.
fn lifetime(answer: &Value) -> Option<u64> {
    let said = answer.get("expires_in")?;
    let number = match said {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    // Only the bounds matter beyond an hour.
    (number >= 0.0).then(|| Duration::from_secs_f64(number.min(f64::from(LONGEST))).as_secs())
}

impl Begun {
    /// Asks again and again until the user has decided. The value beside the tokens keeps a signal waiting.
    ///
    /// # Errors
    /// The user refuses, the time is over, or the issuer refuses.
    pub(crate) async fn wait(
        &self,
        issuer: &Issuer,
        client: &Client<'_>,
    ) -> Result<(Tokens, Errand), Failure> {
        let mut form = vec![("client_id", client.id)];
        if let Some(secret) = client.secret {
            form.push(("client_secret", secret.expose_secret()));
        }
        form.extend([
            ("code_verifier", self.proof.verifier.as_str()),
            ("device_code", self.device_code.expose_secret()),
            ("grant_type", GRANT),
        ]);
        let again = format!("for another code: {}", client.again);
        poll(self.pause, self.deadline, &again, || {
            issuer.request_login(&form)
        })
        .await
    }
}

/// Returns the pause after a fault that may pass.
fn longer(pause: Duration) -> Duration {
    (pause * 2).min(Duration::from_secs(PAUSES.1))
}

/// Asks until there are tokens, or never will be. Each code is good for one attempt: `again` says how to get another.
async fn poll<F: Future<Output = Result<(Reply, Errand), Failure>>>(
    mut pause: Duration,
    deadline: Instant,
    again: &str,
    ask: impl Fn() -> F,
) -> Result<(Tokens, Errand), Failure> {
    let late = |fault: Option<String>| {
        let fault = fault.map_or_else(String::new, |why| format!("; at last: {why}"));
        Failure::new(
            Kind::Login,
            format!("the code has expired before the login was finished{fault}"),
        )
        .hint(again)
    };
    let mut is_asked = false;
    // Why the last request got no answer about the login.
    let mut fault = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match (pause < left, is_asked) {
            (true, _) => sleep(pause).await,
            // An issuer may want a pause as long as the code's time.
            (false, false) => sleep(left * 9 / 10).await,
            (false, true) => return Err(late(fault)),
        }
        is_asked = true;
        let refusal = match ask().await {
            Ok((Reply::Tokens(tokens), unsaved)) => return Ok((tokens, unsaved)),
            Ok((Reply::Refused(refusal), _)) => refusal,
            // A network that fails for a moment must not cost the user a code; the pause grows (RFC 8628 section 3.5).
            Err(failure) if failure.kind == Kind::Network => {
                pause = longer(pause);
                fault = Some(failure.message);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        fault = None;
        match refusal.code.as_deref() {
            _ if refusal.is_passing() => {
                pause = longer(pause);
                fault = Some(Failure::from(refusal).message);
            }
            Some("authorization_pending") => {}
            Some("slow_down") => pause += PAUSE,
            Some("access_denied") => {
                let words = "access was refused in the browser (access_denied)";
                return Err(Failure::new(Kind::Login, words).hint(again));
            }
            Some("expired_token") => return Err(late(None)),
            _ => return Err(refusal.into()),
        }
    }
}
