//! An issuer (docs/interface/cli-core.md sections 3.2 and 7.1): its endpoints, and the forms that are sent there, with
//! sorted keys and a limit of 30 seconds.

use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::cleartext;
use super::discovery::{self, Endpoints};
use super::store::Login;
use crate::api::{Cause, Trace, explain, http, tls_hint};
use crate::compat::{go_url, json};
use crate::config::Settings;
use crate::config::server_url::same_origin;
use crate::config::settings::check_token;
use crate::failure::{Failure, Kind};
use crate::output::signals::Errand;
use crate::output::{self, progress};
use crate::text::{brief, quote, secrets, url_for_people};

/// The issuer's time limit, unless the limit of a request is shorter.
const LIMIT: Duration = Duration::from_secs(30);
/// The time limit of the discovery document, and of a revocation.
const SHORT_LIMIT: Duration = Duration::from_secs(5);
/// The size of the longest answer, in bytes.
const MAX_ANSWER: usize = 1 << 20;
/// What the user reads if a signal comes before a login is saved that its issuer makes, and at a second one.
const UNSAVED: [&str; 2] = [
    "Interrupted: the login is ended at its issuer and not saved; a second signal ends acpctl at once",
    "Ended at once: the login may go on at its issuer",
];
const TOO_LARGE: &str = "the answer is too large";

/// An issuer. Slashes at the end of its address do not count.
pub(crate) struct Issuer {
    base: String,
    client: reqwest::Client,
    settings: Settings,
    limit: Duration,
    trace: Trace,
    /// The endpoints, once they are known; `None` if the issuer has no discovery document.
    endpoints: OnceCell<Option<Endpoints>>,
}

/// The tokens that an issuer returned.
pub(crate) struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
}

impl From<Tokens> for Login {
    fn from(tokens: Tokens) -> Self {
        Self {
            access: Some(tokens.access),
            refresh: tokens.refresh,
            client_secret: None,
        }
    }
}

/// The answer to a request for tokens.
pub(crate) enum Reply {
    Tokens(Tokens),
    Refused(Refusal),
}

impl Reply {
    /// Returns the tokens.
    ///
    /// # Errors
    /// The refusal, in the Go tool's words.
    pub(crate) fn into_tokens(self) -> Result<Tokens, Failure> {
        match self {
            Self::Tokens(tokens) => Ok(tokens),
            Self::Refused(refusal) => Err(refusal.into()),
        }
    }
}

/// The reason why an issuer returned no tokens.
pub(crate) struct Refusal {
    /// The code of RFC 6749, such as `invalid_grant`.
    pub code: Option<String>,
    pub description: Option<String>,
    status: u16,
}

impl Refusal {
    /// True if the issuer says nothing about the login: it has too much to do, or a proxy does not reach it.
    pub(crate) fn is_passing(&self) -> bool {
        self.code.is_none() && matches!(self.status, 429 | 502 | 503 | 504)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal.description.or(refusal.code) {
            Some(why) => Self::new(Kind::Login, format!("token endpoint: {why}")),
            None => {
                let status = refusal.status;
                Self::new(
                    Kind::Server,
                    format!("token endpoint returned HTTP {status}"),
                )
            }
        }
    }
}

/// Whether an issuer has ended a login.
#[derive(Debug)]
pub(crate) enum Revocation {
    Done,
    /// It did not, for this reason.
    Not(String),
}

impl Issuer {
    /// Creates the client. The settings for TLS and proxies apply to the issuer too: with a private certificate
    /// authority the login works as the API does.
    ///
    /// # Errors
    /// The issuer's address is plain http or has a query or a fragment, or `--ca-file` can't be read.
    pub(crate) fn new(issuer: &str, settings: &Settings) -> anyhow::Result<Self> {
        cleartext::check_issuer(issuer)?;
        check_path(issuer)?;
        let base = discovery::base(issuer).to_owned();
        http::know_userinfo(&base);
        let client = http::builder(&base, settings)?.build()?;
        Ok(Self {
            base,
            client,
            settings: settings.clone(),
            limit: settings.request_timeout.value,
            trace: Trace::new(settings.verbosity),
            endpoints: OnceCell::new(),
        })
    }

    /// Returns the issuer's address for messages.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        url_for_people(&self.base)
    }

    /// True if the issuer has a plain http address, as one on this machine may.
    pub(crate) fn is_plain(&self) -> bool {
        self.base.starts_with("http://")
    }

    /// Returns the endpoints that the issuer names.
    ///
    /// # Errors
    /// The issuer can't be reached, or has no valid discovery document.
    pub(crate) async fn endpoints(&self) -> Result<&Endpoints, Failure> {
        let found = self.endpoints.get_or_try_init(|| self.discover()).await?;
        found.as_ref().ok_or_else(|| {
            let address = url_for_people(&discovery::address(&self.base));
            Failure::new(
                Kind::Login,
                format!(
                    "there is no issuer at {}: {address} does not exist",
                    self.shown()
                ),
            )
            .hint("check --issuer-url; the address of a Keycloak realm ends in /realms/NAME")
        })
    }

    /// Returns the address for requests for tokens. An issuer without a discovery document is assumed to be a Keycloak,
    /// as in the Go tool.
    async fn token_endpoint(&self) -> Result<String, Failure> {
        let found = self.endpoints.get_or_try_init(|| self.discover()).await?;
        Ok(match found {
            Some(endpoints) => endpoints.token.clone(),
            None => discovery::keycloak(&self.base).token,
        })
    }

    /// Gets the discovery document; `None` if there is none.
    async fn discover(&self) -> Result<Option<Endpoints>, Failure> {
        let url = discovery::address(&self.base);
        let shown = url_for_people(&url);
        let failed = |why: &str| {
            Failure::new(
                kind_of(why),
                format!("ask the issuer: Get \"{shown}\": {why}"),
            )
        };
        let unsent = |error: &reqwest::Error| {
            let (cause, why) = explain(error, &url);
            with_tls_hint(failed(&why), cause, &why)
        };
        if let Some(fault) = go_url::fault(&url) {
            return Err(Failure::usage(format!(
                "the issuer's address is not valid: {}",
                fault.cause
            ))
            .hint("use the issuer's https address: --issuer-url https://..."));
        }
        let started = Instant::now();
        self.trace.plain("GET", &url);
        let exchange = async {
            let response = self
                .client
                .get(&url)
                .send()
                .await
                .map_err(|error| unsent(&error))?;
            let status = response.status().as_u16();
            let body = read(response).await.map_err(failed)?;
            self.trace
                .plain_answer(status, body.len(), started.elapsed());
            Ok((status, body))
        };
        let (status, body) = timeout(self.limit.min(SHORT_LIMIT), exchange)
            .await
            .unwrap_or_else(|_| Err(failed("context deadline exceeded")))?;
        let broken = |why: String| {
            let words = format!("ask the issuer: Get \"{shown}\": {why}");
            Failure::new(Kind::Server, words)
        };
        match status {
            200 => {
                let document =
                    json::parse(&body).map_err(|why| broken(format!("not JSON: {why}")))?;
                discovery::read(&document, &self.base).map(Some)
            }
            404 => Ok(None),
            _ => Err(broken(format!("HTTP {status}"))),
        }
    }

    /// Requests tokens.
    ///
    /// # Errors
    /// The issuer refuses or can't be reached; in the Go tool's words.
    pub(crate) async fn tokens(&self, form: &[(&str, &str)]) -> Result<Tokens, Failure> {
        self.request(form).await?.into_tokens()
    }

    /// Finds out where the issuer gives tokens, so that the next request is sent there at once.
    ///
    /// # Errors
    /// The issuer can't be reached, or has a discovery document that can't be used.
    pub(crate) async fn prepare(&self) -> Result<(), Failure> {
        self.token_endpoint().await.map(|_| ())
    }

    /// Requests tokens for a refresh token, which may be spent as soon as it is sent: a limit of the user's does not
    /// cut the answer off, which has the tokens to keep.
    ///
    /// # Errors
    /// As [`Issuer::tokens`].
    pub(crate) async fn tokens_in_full_time(
        &self,
        form: &[(&str, &str)],
    ) -> Result<Tokens, Failure> {
        self.request_within(form, LIMIT).await?.into_tokens()
    }

    /// Requests tokens and returns a refusal as an answer. The secrets of the form are hidden in the issuer's texts.
    ///
    /// # Errors
    /// The issuer can't be reached, or its answer can't be understood.
    pub(crate) async fn request(&self, form: &[(&str, &str)]) -> Result<Reply, Failure> {
        self.request_within(form, self.limit.min(LIMIT)).await
    }

    /// Requests the tokens of a login that stays open at the issuer. A signal waits from then on, because nobody would
    /// have the tokens that are on their way; the caller ends a login there that is not saved.
    ///
    /// # Errors
    /// As [`Issuer::request`].
    pub(crate) async fn request_login(
        &self,
        form: &[(&str, &str)],
    ) -> Result<(Reply, Errand), Failure> {
        self.prepare().await?;
        let unsaved = Errand::begin(UNSAVED, output::note)
            .map_err(|why| Failure::new(Kind::Other, format!("wait for signals: {why}")))?;
        Ok((self.request(form).await?, unsaved))
    }

    async fn request_within(
        &self,
        form: &[(&str, &str)],
        limit: Duration,
    ) -> Result<Reply, Failure> {
        let endpoint = self.token_endpoint().await?;
        let (status, body) = self.post("token endpoint", &endpoint, form, limit).await?;
        let broken = |why: String| Failure::new(Kind::Server, why);
        if status != 200 {
            return Ok(Reply::Refused(refusal(status, &body)));
        }
        let answer =
            json::parse(&body).map_err(|why| broken(format!("parse token response: {why}")))?;
        let secret = |key: &str| {
            let text = answer.get(key)?.as_str()?;
            (!text.is_empty()).then(|| SecretString::from(text))
        };
        let access = secret("access_token")
            .ok_or_else(|| broken("no access_token in token response".to_owned()))?;
        check_token(&access, "the token")
            .map_err(|failure| broken(format!("the issuer's answer: {}", failure.message)))?;
        // RFC 6749 section 7.1. The "N_A" of RFC 8693 says nothing about the token.
        let kind = answer.get("token_type").and_then(Value::as_str);
        let is_ours = |kind: &&str| {
            ["Bearer", "N_A"]
                .iter()
                .any(|ours| kind.eq_ignore_ascii_case(ours))
        };
        if let Some(other) = kind.filter(|kind| !is_ours(kind)) {
            return Err(broken(format!(
                "the issuer's token is of the type {}, and acpctl sends only Bearer tokens",
                brief(&quote(other))
            )));
        }
        Ok(Reply::Tokens(Tokens {
            access,
            refresh: secret("refresh_token"),
        }))
    }

    /// Begins a login with a code that the user types on another device (RFC 8628 section 3.1). Returns the issuer's
    /// answer. `with_browser` is the command for the other way.
    ///
    /// # Errors
    /// The issuer offers no such login, refuses, or can't be reached.
    pub(crate) async fn begin_device(
        &self,
        form: &[(&str, &str)],
        with_browser: &str,
    ) -> Result<Value, Failure> {
        let Some(endpoint) = self.endpoints().await?.device.clone() else {
            return Err(Failure::new(
                Kind::Login,
                format!("the issuer {} offers no login with a code", self.shown()),
            )
            .hint(format!("log in with the browser: {with_browser}")));
        };
        let (status, body) = self
            .post("device endpoint", &endpoint, form, self.limit.min(LIMIT))
            .await?;
        if status != 200 {
            let refusal = refusal(status, &body);
            let why = refusal
                .description
                .or(refusal.code)
                .unwrap_or_else(|| format!("HTTP {status}"));
            return Err(Failure::new(
                Kind::Login,
                format!("the issuer refuses a login with a code: {why}"),
            ));
        }
        json::parse(&body)
            .map_err(|why| Failure::new(Kind::Server, format!("parse the device response: {why}")))
    }

    /// Revokes a refresh token (RFC 7009), in five seconds at most.
    pub(crate) async fn revoke(
        &self,
        client_id: &str,
        client_secret: Option<&SecretString>,
        refresh_token: &SecretString,
    ) -> Revocation {
        let _asking = progress::begin(format!("Ending the login at {}", self.shown()));
        let revoked = async {
            let found = self.endpoints.get_or_try_init(|| self.discover()).await;
            let found = found.map_err(|failure| failure.message)?;
            let endpoint = found.as_ref().and_then(|found| found.revocation.clone());
            let endpoint = endpoint.ok_or("it offers no revocation")?;
            let mut form = vec![("client_id", client_id)];
            if let Some(secret) = client_secret {
                form.push(("client_secret", secret.expose_secret()));
            }
            form.extend([
                ("token", refresh_token.expose_secret()),
                ("token_type_hint", "refresh_token"),
            ]);
            let (status, body) = self
                .post("revocation endpoint", &endpoint, &form, SHORT_LIMIT)
                .await
                .map_err(|failure| failure.message)?;
            if status == 200 {
                return Ok(());
            }
            let refusal = refusal(status, &body);
            Err(refusal
                .description
                .or(refusal.code)
                .unwrap_or_else(|| format!("HTTP {status}")))
        };
        match timeout(self.limit.min(SHORT_LIMIT), revoked).await {
            Ok(Ok(())) => Revocation::Done,
            Ok(Err(why)) => Revocation::Not(why),
            Err(_) => Revocation::Not("no answer in time".to_owned()),
        }
    }

    /// Sends a form. `place` names the endpoint in messages.
    async fn post(
        &self,
        place: &str,
        url: &str,
        form: &[(&str, &str)],
        limit: Duration,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), Failure> {
        let failed = |why: &str| {
            let shown = url_for_people(url);
            let words = format!("POST to {place}: Post \"{shown}\": {why}");
            Failure::new(kind_of(why), words)
        };
        let unsent = |error: &reqwest::Error| {
            let (cause, why) = explain(error, url);
            with_tls_hint(failed(&why), cause, &why)
        };
        if let Some(fault) = go_url::fault(url) {
            // It never works, unlike a network that fails for a moment.
            let kind = Kind::Server;
            return Err(Failure {
                kind,
                ..failed(&fault.cause)
            });
        }
        know(form);
        let body = Bytes::from_owner(encoded(form));
        let request = self
            .client_for(url)
            .map_err(|why| failed(&why.to_string()))?
            .post(url)
            .header(
                reqwest::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(body);
        let started = Instant::now();
        self.trace.plain("POST", url);
        let exchange = async {
            let response = request.send().await.map_err(|error| unsent(&error))?;
            let status = response.status().as_u16();
            let body = read(response).await.map_err(failed)?;
            self.trace
                .plain_answer(status, body.len(), started.elapsed());
            Ok((status, body))
        };
        timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(failed("context deadline exceeded")))
    }

    /// Returns the client for an address: proxy and certificate authorities depend on it.
    fn client_for(&self, url: &str) -> anyhow::Result<reqwest::Client> {
        if same_origin(url, &self.base) {
            return Ok(self.client.clone());
        }
        Ok(http::builder(url, &self.settings)?.build()?)
    }
}

/// Refuses an address with a query or a fragment, which no issuer has (RFC 8414 section 2): what is behind them, such
/// as the path of an endpoint, would not be part of the address that secrets are sent to.
fn check_path(issuer: &str) -> Result<(), Failure> {
    let has_more =
        Url::parse(issuer).is_ok_and(|url| url.query().is_some() || url.fragment().is_some());
    if !has_more {
        return Ok(());
    }
    let plain = issuer.split(['?', '#']).next().unwrap_or_default();
    let plain = url_for_people(plain);
    let message = "the issuer's address has a query or a fragment, which no issuer has";
    Err(Failure::usage(message).hint(format!("use its plain address: --issuer-url {plain}")))
}

/// Reads the reason of a refusal.
fn refusal(status: u16, body: &[u8]) -> Refusal {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let said = |key: &str| {
        let text = json.as_ref()?.get(key)?.as_str()?;
        (!text.is_empty()).then(|| brief(&secrets::hide(text)))
    };
    Refusal {
        code: said("error"),
        description: said("error_description"),
        status,
    }
}

/// Encodes a form into one buffer that is wiped. It never grows, since growing would leave a copy of a secret behind.
fn encoded(form: &[(&str, &str)]) -> Zeroizing<String> {
    const LONGEST_ESCAPE: usize = 3;
    let length = |(key, value): &(&str, &str)| (key.len() + value.len()) * LONGEST_ESCAPE + 2;
    let body = String::with_capacity(form.iter().map(length).sum());
    let mut form_text = form_urlencoded::Serializer::new(body);
    Zeroizing::new(form_text.extend_pairs(form).finish())
}

/// Registers the secrets of a form, so that they are hidden in all output.
fn know(form: &[(&str, &str)]) {
    const SECRETS: &[&str] = &[
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
        "subject_token",
        "token",
    ];
    for (_, value) in form.iter().filter(|(key, _)| SECRETS.contains(key)) {
        secrets::know(&SecretString::from(*value));
    }
}

/// A connection that fails is the network's fault; an answer without an end is the issuer's.
fn kind_of(why: &str) -> Kind {
    match why {
        TOO_LARGE => Kind::Server,
        _ => Kind::Network,
    }
}

fn with_tls_hint(failure: Failure, cause: Cause, why: &str) -> Failure {
    match cause {
        Cause::Tls => failure.hint(tls_hint("issuer", why)),
        _ => failure,
    }
}

/// Reads an answer, which may hold tokens, to its end.
pub(super) async fn read(
    mut response: reqwest::Response,
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|_| "unexpected EOF")? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(TOO_LARGE);
        }
    }
    Ok(body)
}
