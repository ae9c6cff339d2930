//! The issuer's token endpoint (docs/interface/cli-core.md sections 3.2 and 7.1): Keycloak's paths, forms with sorted keys,
//! 30 seconds.

use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::cleartext;
use crate::api::{Trace, explain, http};
use crate::compat::{go_url, json};
use crate::config::Settings;
use crate::failure::{Failure, Kind};
use crate::text::{secrets, url_for_people, visible};

/// The issuer's time limit, unless the limit of a request is shorter.
const LIMIT: Duration = Duration::from_secs(30);
/// The time limit of a revocation.
const REVOKE_LIMIT: Duration = Duration::from_secs(5);
/// The size of the longest answer, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// An issuer. Slashes at the end of its address do not count.
pub(crate) struct Issuer {
    base: String,
    client: reqwest::Client,
    limit: Duration,
    trace: Trace,
}

/// The tokens that an issuer returned.
pub(crate) struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
}

impl Issuer {
    /// Creates the client. The settings for TLS and proxies apply to the issuer too: with a private certificate authority the
    /// login works as the API does.
    ///
    /// # Errors
    /// The issuer's address is plain http, or `--ca-file` can't be read.
    pub(crate) fn new(issuer: &str, settings: &Settings) -> anyhow::Result<Self> {
        cleartext::check_issuer(issuer)?;
        let base = issuer.trim_end_matches('/').to_owned();
        http::know_userinfo(&base);
        let client = http::builder(&base, settings)?.build()?;
        Ok(Self {
            base,
            client,
            limit: settings.request_timeout.value,
            trace: Trace::new(settings.verbosity),
        })
    }

    /// Returns the address of an endpoint: `auth` or `token`.
    #[must_use]
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.base)
    }

    /// Requests tokens. The secrets of the form are hidden in the issuer's error texts.
    ///
    /// # Errors
    /// The issuer refuses or can't be reached; in the Go tool's words.
    pub(crate) async fn tokens(&self, form: &[(&str, &str)]) -> Result<Tokens, Failure> {
        let (status, body) = self
            .post(&self.endpoint("token"), form, self.limit.min(LIMIT))
            .await?;
        let refused = |why: String| Failure::new(Kind::Login, why);
        let broken = |why: String| Failure::new(Kind::Server, why);
        if status != 200 {
            let json: Option<Value> = serde_json::from_slice(&body).ok();
            let said = |key: &str| {
                let text = json.as_ref()?.get(key)?.as_str()?;
                (!text.is_empty()).then(|| visible(&secrets::hide(text)))
            };
            return Err(match said("error_description").or_else(|| said("error")) {
                Some(why) => refused(format!("token endpoint: {why}")),
                None => broken(format!("token endpoint returned HTTP {status}")),
            });
        }
        let answer =
            json::parse(&body).map_err(|why| broken(format!("parse token response: {why}")))?;
        let secret = |key: &str| {
            let text = answer.get(key)?.as_str()?;
            (!text.is_empty()).then(|| SecretString::from(text))
        };
        let access = secret("access_token")
            .ok_or_else(|| broken("no access_token in token response".to_owned()))?;
        Ok(Tokens {
            access,
            refresh: secret("refresh_token"),
        })
    }

    /// Revokes a refresh token at the endpoint that the issuer's discovery document names (RFC 7009, RFC 8414). False if there
    /// is none, or it did not answer in time.
    pub(crate) async fn revoke(&self, client_id: &str, refresh_token: &SecretString) -> bool {
        let revoked = async {
            let endpoint = self.revocation_endpoint().await?;
            let form = [
                ("client_id", client_id),
                ("token", refresh_token.expose_secret()),
                ("token_type_hint", "refresh_token"),
            ];
            let (status, _) = self.post(&endpoint, &form, REVOKE_LIMIT).await.ok()?;
            (status == 200).then_some(())
        };
        let revoked = timeout(self.limit.min(REVOKE_LIMIT), revoked).await;
        matches!(revoked, Ok(Some(())))
    }

    /// Returns the endpoint if it is at the issuer itself: the token goes to no other server.
    async fn revocation_endpoint(&self) -> Option<String> {
        let url = format!("{}/.well-known/openid-configuration", self.base);
        let response = self.client.get(&url).send().await.ok()?;
        let document = json::parse(&read(response).await.ok()?).ok()?;
        let endpoint = Url::parse(document.get("revocation_endpoint")?.as_str()?).ok()?;
        let here = Url::parse(&self.base).ok()?;
        (endpoint.origin() == here.origin()).then(|| endpoint.to_string())
    }

    async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        limit: Duration,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), Failure> {
        let failed = |why: &str| {
            let shown = url_for_people(url);
            let words = format!("POST to token endpoint: Post \"{shown}\": {why}");
            Failure::new(Kind::Network, words)
        };
        if let Some(fault) = go_url::fault(url) {
            return Err(failed(&fault.cause));
        }
        know(form);
        let body = Bytes::from_owner(encoded(form));
        let request = self
            .client
            .post(url)
            .header(
                reqwest::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(body);
        let started = Instant::now();
        self.trace.form(url);
        let exchange = async {
            let response = request
                .send()
                .await
                .map_err(|error| failed(&explain(&error, url).1))?;
            let status = response.status().as_u16();
            let body = read(response).await.map_err(failed)?;
            self.trace
                .form_answer(status, body.len(), started.elapsed());
            Ok((status, body))
        };
        timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(failed("context deadline exceeded")))
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
        "client_secret",
        "code",
        "code_verifier",
        "password",
        "refresh_token",
        "token",
    ];
    for (_, value) in form.iter().filter(|(key, _)| SECRETS.contains(key)) {
        secrets::know(&SecretString::from(*value));
    }
}

/// Reads an answer, which may hold tokens, to its end.
async fn read(mut response: reqwest::Response) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|_| "unexpected EOF")? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err("the answer is too large");
        }
    }
    Ok(body)
}
