//! The issuer's token endpoint (contract cli-core.md sections 3.2 and 7.1): fixed Keycloak paths,
//! forms with sorted keys, 30 seconds.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::form_urlencoded;

use crate::api::http;
use crate::cli::Globals;
use crate::compat::json;
use crate::config::Settings;

/// How long the issuer may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
const REVOKE_LIMIT: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// An issuer as the user gave it; slashes at its end do not count for building addresses.
pub struct Issuer {
    base: String,
    client: reqwest::Client,
}

/// What the issuer gave.
pub struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
}

impl Issuer {
    /// Makes the client. The settings for TLS and proxies hold for the issuer too, or a private
    /// authority could serve the API and not the login.
    ///
    /// # Errors
    /// When `--ca-file` can't be read.
    pub fn new(issuer: &str, settings: &Settings, globals: &Globals) -> anyhow::Result<Self> {
        let base = issuer.trim_end_matches('/').to_owned();
        let client = http::builder(&base, settings, globals)?.build()?;
        Ok(Self { base, client })
    }

    /// The address of an endpoint: `auth`, `token`, `logout`.
    #[must_use]
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.base)
    }

    /// Asks for tokens. The form's values may be secret: they appear in no error.
    ///
    /// # Errors
    /// In the Go tool's words.
    pub async fn tokens(&self, form: &[(&str, &str)]) -> Result<Tokens, String> {
        let (status, body) = self.post(&self.endpoint("token"), form, LIMIT).await?;
        if status != 200 {
            let json: Option<Value> = serde_json::from_slice(&body).ok();
            let said = |key: &str| {
                let text = json.as_ref()?.get(key)?.as_str()?;
                (!text.is_empty()).then(|| text.to_owned())
            };
            return Err(match said("error_description").or_else(|| said("error")) {
                Some(why) => format!("token endpoint: {why}"),
                None => format!("token endpoint returned HTTP {status}"),
            });
        }
        let answer = json::parse(&body).map_err(|why| format!("parse token response: {why}"))?;
        let secret = |key: &str| {
            let text = answer.get(key)?.as_str()?;
            (!text.is_empty()).then(|| SecretString::from(text))
        };
        let access = secret("access_token").ok_or("no access_token in token response")?;
        Ok(Tokens {
            access,
            refresh: secret("refresh_token"),
        })
    }

    /// Ends the login at the issuer, as far as it can be ended: no failure is of use to anybody.
    pub async fn revoke(&self, client_id: &str, refresh_token: &SecretString) {
        let form = [
            ("client_id", client_id),
            ("refresh_token", refresh_token.expose_secret()),
        ];
        let _ = self
            .post(&self.endpoint("logout"), &form, REVOKE_LIMIT)
            .await;
    }

    async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        limit: Duration,
    ) -> Result<(u16, Vec<u8>), String> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(url)
            .header(
                reqwest::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(body);
        let failed = |why: &str| format!("POST to token endpoint: Post \"{url}\": {why}");
        let exchange = async {
            let mut response = request
                .send()
                .await
                .map_err(|error| failed(&http::explain(&error, url).1))?;
            let status = response.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = response
                .chunk()
                .await
                .map_err(|_| failed("unexpected EOF"))?
            {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER {
                    return Err(failed("the answer is too large"));
                }
            }
            Ok((status, body))
        };
        tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(failed("context deadline exceeded")))
    }
}
