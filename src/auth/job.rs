//! The login of a job in a CI system: variables give a token when a command needs one, and nothing is written to disk.
//!
//! The job proves itself with a client secret, or with the ID token that the CI system makes for it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::cleartext;
use super::discovery::base;
use super::oidc::{self, Issuer};
use crate::api::{explain, http};
use crate::config::Settings;
use crate::digest;
use crate::env::{self, Var};
use crate::failure::{Failure, Kind};
use crate::plain_file;
use crate::text::{secrets, url_for_people};

/// The size of the largest file with a secret, in bytes.
const MAX_FILE: usize = 64 << 10;
/// The time limit of the CI system for an ID token.
const LIMIT: Duration = Duration::from_secs(10);

/// A way to turn an ID token into a token of the platform.
struct Exchange {
    /// The value of `AMBIENT_ID_TOKEN_GRANT`.
    name: &'static str,
    grant: &'static str,
    /// The field of the form that holds the ID token.
    field: &'static str,
    more: &'static [(&'static str, &'static str)],
}

/// The exchanges; the first one is the default.
const EXCHANGES: &[Exchange] = &[
    Exchange {
        name: "token-exchange",
        grant: "urn:ietf:params:oauth:grant-type:token-exchange",
        field: "subject_token",
        more: &[("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")],
    },
    Exchange {
        name: "jwt-bearer",
        grant: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        field: "assertion",
        more: &[],
    },
    Exchange {
        name: "client-assertion",
        grant: "client_credentials",
        field: "client_assertion",
        more: &[(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )],
    },
];

/// The source of an ID token.
enum IdToken {
    Given(SecretString),
    /// GitHub makes one on request.
    GitHub {
        url: String,
        token: SecretString,
    },
}

enum Proof {
    Secret(SecretString),
    IdToken(IdToken, &'static Exchange, Option<SecretString>),
}

/// The login that the variables describe.
pub(crate) struct Job {
    issuer: String,
    client: String,
    proof: Proof,
}

impl Job {
    /// Reads the variables; `None` if they describe no login.
    ///
    /// # Errors
    /// One of them is missing, or its file can't be read.
    pub(crate) fn of_environment() -> Result<Option<Self>, Failure> {
        let (issuer, client) = (env::ISSUER_URL.get(), env::CLIENT_ID.get());
        let id_token = secret(env::ID_TOKEN, env::ID_TOKEN_FILE)?;
        let is_meant = issuer.is_some() || client.is_some() || id_token.is_some();
        if !is_meant {
            return Ok(None);
        }
        // The issuer and the client alone are the defaults of `login`.
        let Some(proof) = proof(id_token.map(IdToken::Given))? else {
            return Ok(None);
        };
        let missing = |var: Var| {
            Failure::new(Kind::Login, format!("{} is not set", var.name)).hint(format!(
                "a job logs in with {}, {} and a secret or an ID token: acpctl help login",
                env::ISSUER_URL.name,
                env::CLIENT_ID.name
            ))
        };
        Ok(Some(Self {
            issuer: issuer.ok_or_else(|| missing(env::ISSUER_URL))?,
            client: client.ok_or_else(|| missing(env::CLIENT_ID))?,
            proof,
        }))
    }

    /// Returns a new token from the issuer.
    ///
    /// # Errors
    /// The CI system or the issuer refuses, or can't be reached.
    pub(crate) async fn token(&self, settings: &Settings) -> Result<SecretString, Failure> {
        self.request(settings).await.map_err(|error| {
            let context = format!("log in as {}", self.client);
            let said = format!("{context}: {error:#}");
            match error.downcast::<Failure>() {
                Ok(failure) => Failure {
                    message: said,
                    // A job names its issuer in a variable.
                    hint: failure
                        .hint
                        .map(|hint| hint.replace("--issuer-url ", "AMBIENT_ISSUER_URL=")),
                    ..failure
                },
                Err(_) => Failure::new(Kind::Other, said),
            }
        })
    }

    async fn request(&self, settings: &Settings) -> anyhow::Result<SecretString> {
        let issuer = Issuer::new(&self.issuer, settings)?;
        let id_token = match &self.proof {
            Proof::Secret(_) => None,
            Proof::IdToken(source, ..) => Some(source.get(&self.issuer, settings).await?),
        };
        let mut form = vec![("client_id", self.client.as_str())];
        match (&self.proof, &id_token) {
            (Proof::IdToken(_, exchange, secret), Some(id_token)) => {
                form.push(("grant_type", exchange.grant));
                form.push((exchange.field, id_token.expose_secret()));
                form.extend(exchange.more);
                if let Some(secret) = secret {
                    form.push(("client_secret", secret.expose_secret()));
                }
            }
            (Proof::Secret(secret) | Proof::IdToken(_, _, Some(secret)), _) => {
                form.push(("client_secret", secret.expose_secret()));
                form.push(("grant_type", "client_credentials"));
            }
            (Proof::IdToken(_, _, None), None) => {}
        }
        form.sort_unstable();
        Ok(issuer.tokens(&form).await?.access)
    }
}

/// True if the variables describe the login of a job, or try to.
#[must_use]
pub(crate) fn is_set() -> bool {
    !matches!(Job::of_environment(), Ok(None))
}

/// True if the login of a run is that of a job. Where a flag names the context, the variables may be another server's.
#[must_use]
pub(crate) fn counts(settings: &Settings) -> bool {
    !settings.is_login_of_context && is_set()
}

/// Returns a variable that is a default of `login`, [`env::ISSUER_URL`] or [`env::CLIENT_ID`], under the same rule.
#[must_use]
pub(crate) fn default_of_login(var: Var, settings: &Settings) -> Option<String> {
    var.get().filter(|_| !settings.is_login_of_context)
}

/// Which secret of the environment may go to an issuer that no variable names.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// Any: the user names the issuer on the same line.
    Any,
    /// The one with this digest, which the stored login was made with.
    Known(Option<&'a str>),
}

/// Returns the client secret of the environment for this issuer and client. A secret that belongs to another one, by
/// the variables beside it, stays here. One that no variable assigns to an issuer goes only where it is `wanted`: it
/// may be that of another login.
///
/// # Errors
/// Its file can't be read.
pub(crate) fn client_secret(
    issuer: &str,
    client: &str,
    wanted: Wanted,
) -> Result<Option<SecretString>, Failure> {
    let fits = |var: Var, value: &str| var.get().map(|other| base(&other) == base(value));
    let fits_issuer = fits(env::ISSUER_URL, issuer);
    if fits_issuer == Some(false) || fits(env::CLIENT_ID, client) == Some(false) {
        return Ok(None);
    }
    let found = || secret(env::CLIENT_SECRET, env::CLIENT_SECRET_FILE);
    match wanted {
        _ if fits_issuer.is_some() => found(),
        Wanted::Any => found(),
        Wanted::Known(None) => Ok(None),
        Wanted::Known(known) => {
            Ok(found()?.filter(|secret| digest(issuer, client, secret).as_deref() == known))
        }
    }
}

/// Returns a digest by which the secret of this client at this issuer is recognized; `None` if no key can be stored.
pub(crate) fn digest(issuer: &str, client: &str, secret: &SecretString) -> Option<String> {
    let issuer = base(issuer);
    let secret = secret.expose_secret();
    let text = Zeroizing::new(format!("client secret\0{issuer}\0{client}\0{secret}"));
    digest::keyed(text.as_bytes())
}

/// Chooses the proof: an ID token that is given, else the secret, else the ID token that GitHub makes. A grant that is
/// named means an ID token.
fn proof(given: Option<IdToken>) -> Result<Option<Proof>, Failure> {
    let secret = secret(env::CLIENT_SECRET, env::CLIENT_SECRET_FILE)?;
    let wanted = env::ID_TOKEN_GRANT.get();
    let exchange = match &wanted {
        None => &EXCHANGES[0],
        Some(name) => EXCHANGES
            .iter()
            .find(|exchange| exchange.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = EXCHANGES.iter().map(|exchange| exchange.name).collect();
                Failure::usage(format!(
                    "{} must be one of {}",
                    env::ID_TOKEN_GRANT.name,
                    names.join(", ")
                ))
            })?,
    };
    let github = || {
        let url = env::ACTIONS_ID_TOKEN_REQUEST_URL.get()?;
        let token = env::ACTIONS_ID_TOKEN_REQUEST_TOKEN.get()?;
        Some(IdToken::GitHub {
            url,
            token: token.into(),
        })
    };
    let id_token = match given {
        Some(given) => Some(given),
        None if secret.is_some() && wanted.is_none() => None,
        None => github(),
    };
    Ok(match (id_token, secret) {
        (Some(id_token), secret) => Some(Proof::IdToken(id_token, exchange, secret)),
        (None, Some(secret)) => Some(Proof::Secret(secret)),
        (None, None) => None,
    })
}

/// Returns a secret from a variable, or from the file that another variable names.
fn secret(text: Var, file: Var) -> Result<Option<SecretString>, Failure> {
    let found = match (text.get(), file.path()) {
        (Some(text), _) => Some(SecretString::from(text)),
        (None, Some(path)) => Some(from_file(file, &path)?),
        (None, None) => None,
    };
    found.iter().for_each(secrets::know);
    Ok(found)
}

fn from_file(var: Var, path: &Path) -> Result<SecretString, Failure> {
    let failed = |why: &str| Failure::new(Kind::Data, format!("{}: {why}", var.name));
    let bytes = plain_file::read_named(path, MAX_FILE)
        .map_err(|error| failed(&format!("read {}: {error}", path.display())))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("the file is not text"))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err(failed("the file is empty")),
        text => Ok(SecretString::from(text)),
    }
}

impl IdToken {
    /// Returns the ID token. For GitHub, the issuer is the audience unless a variable names another.
    async fn get(&self, issuer: &str, settings: &Settings) -> anyhow::Result<SecretString> {
        let (url, token) = match self {
            Self::Given(token) => return Ok(token.clone()),
            Self::GitHub { url, token } => (url, token),
        };
        let audience = env::ID_TOKEN_AUDIENCE.get();
        let answer = from_github(url, token, audience.as_deref().unwrap_or(issuer), settings);
        let answer = timeout(settings.request_timeout.value.min(LIMIT), answer)
            .await
            .unwrap_or_else(|_| {
                Err(Failure::new(Kind::Network, "context deadline exceeded").into())
            });
        answer.context("get an ID token from GitHub")
    }
}

async fn from_github(
    url: &str,
    token: &SecretString,
    audience: &str,
    settings: &Settings,
) -> anyhow::Result<SecretString> {
    secrets::know(token);
    let mut url = Url::parse(url)
        .map_err(|_| Failure::usage("ACTIONS_ID_TOKEN_REQUEST_URL is not an address"))?;
    if let Some(origin) = cleartext::exposed(url.as_str()) {
        let why = format!(
            "ACTIONS_ID_TOKEN_REQUEST_URL: {origin} is not encrypted: no secret is sent there"
        );
        return Err(Failure::new(Kind::Login, why).into());
    }
    url.query_pairs_mut().append_pair("audience", audience);
    let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let mut header = reqwest::header::HeaderValue::from_str(&bearer).map_err(|_| {
        Failure::new(
            Kind::Login,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN holds a character that no token has",
        )
    })?;
    header.set_sensitive(true);
    let failed = |kind, why: &str| {
        let shown = url_for_people(url.as_str());
        Failure::new(kind, format!("Get \"{shown}\": {why}"))
    };
    let response = http::builder(url.as_str(), settings)?
        .build()?
        .get(url.clone())
        .header(reqwest::header::AUTHORIZATION, header)
        .send()
        .await
        .map_err(|error| failed(Kind::Network, &explain(&error, url.as_str()).1))?;
    let status = response.status().as_u16();
    let body = oidc::read(response)
        .await
        .map_err(|why| failed(Kind::Network, why))?;
    if status != 200 {
        return Err(failed(Kind::Login, &format!("HTTP {status}")).into());
    }
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    let id_token = value
        .as_ref()
        .and_then(|value| value.get("value")?.as_str());
    match id_token.filter(|text| !text.is_empty()) {
        Some(text) => Ok(SecretString::from(text)),
        None => Err(failed(Kind::Server, "no ID token in the answer").into()),
    }
}
