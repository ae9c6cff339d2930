//! The transport to a server.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue,
    LOCATION,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;
use zeroize::Zeroizing;

use super::bearer::Bearer;
use super::bounds::Reader;
use super::error::{Cause, Error};
use super::explain::explain;
use super::proxy;
use super::request::{Answer, BASE_PATH, Method, Request};
use super::stream;
use crate::config::Settings;
use crate::config::server_url::{parse_api_url, same_origin};
use crate::failure::{Failure, Kind};
use crate::plain_file;
use crate::text::quote;
use crate::text::{self, secrets, url_for_people};

/// The longest chain of redirects, in requests, as in the Go tool.
const MAX_HOPS: usize = 10;
/// The size of the largest `--ca-file`, in bytes.
const MAX_CA_FILE: usize = 16 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
    pub(super) bearer: Bearer,
    timeout: Duration,
}

impl Http {
    /// Creates the client for a server (docs/interface/cli-core.md sections 2.4 and 4.4).
    ///
    /// # Errors
    /// `--ca-file` can't be read, or TLS can't be set up.
    pub(crate) fn new(settings: &Settings, token: Option<SecretString>) -> anyhow::Result<Self> {
        let address = settings.api_url.value.as_str();
        parse_api_url(address)?;
        let bearer = Bearer::new(token.map(without_line_end));
        know_userinfo(address);
        let client = builder(address, settings)?
            .build()
            .context("set up the HTTP client")?;
        Ok(Self {
            client,
            base: address.strip_suffix('/').unwrap_or(address).to_owned(),
            bearer,
            timeout: settings.request_timeout.value,
        })
    }

    /// Returns the full URL of a path below the API's base path.
    #[must_use]
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.base)
    }

    /// Returns the time limit of one request.
    #[must_use]
    pub(crate) fn time_limit(&self) -> Duration {
        self.timeout
    }

    /// Sends one request and reads its whole answer within the time limit.
    ///
    /// # Errors
    /// [`Error::Transport`] or [`Error::Body`].
    pub(crate) async fn send(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<Answer, Error> {
        let deadline = Instant::now() + self.timeout;
        let (response, url) = self.follow(request, project, deadline).await?;
        let late = || Error::Body("context deadline exceeded".to_owned());
        let answer = timeout_at(deadline, read(response))
            .await
            .unwrap_or_else(|_| Err(late()));
        answer.map_err(|error| match error {
            Error::Transport { cause, text, .. } => failed(request.method, &url, cause, &text),
            other => other,
        })
    }

    /// Opens an event stream: connecting has a time limit, the stream has none. Compression would hold events back
    /// (docs/interface/api.md section 11), so the client accepts none.
    ///
    /// # Errors
    /// [`Error::Transport`], [`Error::Status`] for every status but 200, or [`Error::Unrelated`] for something else
    /// than a stream.
    pub(crate) async fn open(
        &self,
        request: &Request,
        project: Option<&str>,
    ) -> Result<reqwest::Response, Error> {
        let url = self.url(&request.path);
        let failed = |cause, text: &str| failed(request.method, &url, cause, text);
        let headers = self
            .headers(project)
            .map_err(|(cause, text)| failed(cause, &text))?;
        let mut builder = self
            .client
            .get(&url)
            .headers(headers)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(id) = &request.last_event_id {
            builder = builder.header("Last-Event-ID", id);
        }
        let deadline = Instant::now() + self.timeout;
        let response = match timeout_at(deadline, builder.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let (cause, text) = explain(&error, &url);
                return Err(failed(cause, &text));
            }
            Err(_) => return Err(failed(Cause::Timeout, "context deadline exceeded")),
        };
        if response.status().as_u16() != 200 {
            return Err(Error::from_answer(
                response.status().as_u16(),
                b"",
                None,
                None,
            ));
        }
        stream::refuse_other(response.headers())?;
        Ok(response)
    }

    /// Follows redirects of a GET on the same scheme, host and port. Any other redirect is returned as the answer: the
    /// token goes to no other server, and a write is never repeated (docs/interface/cli-core.md section 4.4).
    async fn follow(
        &self,
        request: &Request,
        project: Option<&str>,
        deadline: Instant,
    ) -> Result<(reqwest::Response, String), Error> {
        let mut target = self.url(&request.path);
        for _ in 0..MAX_HOPS {
            let response = self.start(request, &target, project, deadline).await?;
            let next = response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|location| response.url().join(location).ok());
            match next {
                Some(next)
                    if request.method == Method::Get
                        && response.status().is_redirection()
                        && same_origin(next.as_str(), response.url().as_str()) =>
                {
                    target = next.to_string();
                }
                _ => return Ok((response, target)),
            }
        }
        Err(failed(
            request.method,
            &target,
            Cause::Other,
            "stopped after 10 redirects",
        ))
    }

    async fn start(
        &self,
        request: &Request,
        target: &str,
        project: Option<&str>,
        deadline: Instant,
    ) -> Result<reqwest::Response, Error> {
        let failed = |cause, text: &str| failed(request.method, target, cause, text);
        let method =
            reqwest::Method::from_bytes(request.method.wire().as_bytes()).unwrap_or_default();
        let mut builder = self
            .client
            .request(method, target)
            .header(ACCEPT, JSON)
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
            .headers(
                self.headers(project)
                    .map_err(|(cause, text)| failed(cause, &text))?,
            );
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, JSON).body(body.to_send());
        } else if request.method == Method::Post {
            builder = builder.body(Vec::new());
        }
        match timeout_at(deadline, builder.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                let (cause, text) = explain(&error, target);
                Err(failed(cause, &text))
            }
            Err(_) => Err(failed(Cause::Timeout, "context deadline exceeded")),
        }
    }

    fn headers(&self, project: Option<&str>) -> Result<HeaderMap, (Cause, String)> {
        let wrong = |cause, name| {
            let text = format!("net/http: invalid header field value for {}", quote(name));
            (cause, text)
        };
        let mut headers = HeaderMap::new();
        if let Some(token) = self.bearer.token() {
            let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
            let mut value =
                HeaderValue::from_str(&bearer).map_err(|_| wrong(Cause::Token, "Authorization"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(project) = project {
            headers.insert(
                "X-Ambient-Project",
                HeaderValue::from_str(project)
                    .map_err(|_| wrong(Cause::Other, "X-Ambient-Project"))?,
            );
        }
        Ok(headers)
    }
}

/// Prepares a client for one server: rustls with the system's certificate authorities and `--ca-file`, the proxy of the
/// environment but never for loopback, and no redirects.
///
/// # Errors
/// `--ca-file` can't be read.
pub(crate) fn builder(base: &str, settings: &Settings) -> anyhow::Result<reqwest::ClientBuilder> {
    let url = Url::parse(base).ok();
    let mut builder = reqwest::Client::builder()
        .user_agent(format!("acpctl/{}", crate::version::VERSION))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout.value)
        .http1_only();
    builder = builder.no_proxy();
    if let Some(address) = url
        .as_ref()
        .filter(|_| !settings.direct)
        .and_then(proxy::for_url)
    {
        let proxy = reqwest::Proxy::all(&address).map_err(|_| {
            let shown = url_for_people(&address);
            Failure::usage(format!("{} is not a valid proxy address", quote(&shown)))
        })?;
        know_userinfo(&address);
        builder = builder.proxy(proxy);
    }
    // An error only means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if url.as_ref().is_some_and(|url| url.scheme() == "http") {
        // Without TLS no certificate is checked, so reading the system's authorities would only take time.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &settings.ca_file {
        let pem = plain_file::read_named(path, MAX_CA_FILE)
            .with_context(|| format!("read --ca-file {}", quote(&path.to_string_lossy())))?;
        let bad = || {
            Failure::new(
                Kind::Data,
                format!(
                    "--ca-file {} holds no certificate in PEM form",
                    quote(&path.to_string_lossy())
                ),
            )
        };
        let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| bad())?;
        if certificates.is_empty() {
            return Err(bad().into());
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if settings.skips_verification(base) {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

fn failed(method: Method, url: &str, cause: Cause, text: &str) -> Error {
    Error::transport(method.title(), url, cause, text)
}

/// Removes the line end that a token from a file or a secret store often has.
fn without_line_end(token: SecretString) -> SecretString {
    let text = token.expose_secret();
    let trimmed = text.strip_suffix('\n').unwrap_or(text);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.len() == text.len() {
        return token;
    }
    trimmed.into()
}

/// Treats a password in an address as a secret of this run, which is hidden in all output.
pub(crate) fn know_userinfo(address: &str) {
    for secret in text::url::secrets(address) {
        secrets::know(&secret.into());
    }
}

/// Reads the answer piece by piece, within the limits of [`Reader`].
async fn read(mut response: reqwest::Response) -> Result<Answer, Error> {
    let mut answer = Answer::of(response.status().as_u16(), response.headers());
    let encoding = response.headers().get(CONTENT_ENCODING);
    let encoding = encoding.and_then(|value| value.to_str().ok());
    let mut reader = Reader::new(answer.status, encoding.unwrap_or_default());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => reader.push(&chunk)?,
            Ok(None) => break,
            Err(_) => return Err(Error::Body("unexpected EOF".to_owned())),
        }
    }
    answer.body = reader.finish()?;
    Ok(answer)
}
