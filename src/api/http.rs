//! The transport to a server.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap,
    HeaderValue, LOCATION, RETRY_AFTER,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::bounds::Reader;
use super::client::{Answer, BASE_PATH, Method, Request};
use super::error::{Cause, Error};
use super::proxy;
use crate::compat::quote::quote;
use crate::config::Settings;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::plain_file;
use crate::text::{self, secrets, url_for_people};

/// How many requests a chain of redirects may have, as in the Go tool.
const MAX_HOPS: usize = 10;
/// The largest file of `--ca-file`, in bytes.
const MAX_CA_FILE: usize = 16 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub struct Http {
    client: reqwest::Client,
    base: String,
    token: Option<SecretString>,
    timeout: Duration,
}

impl Http {
    /// Makes the client: rustls, system roots, proxies from the environment but never for loopback
    /// (contract cli-core.md sections 2.4 and 4.4).
    ///
    /// # Errors
    /// When `--ca-file` can't be read, or TLS can't be set up.
    pub fn new(
        settings: &Settings,
        token: Option<SecretString>,
        globals: &Globals,
    ) -> anyhow::Result<Self> {
        crate::config::settings::parse_api_url(&settings.api_url)?;
        let token = token.map(without_line_end);
        token.iter().for_each(secrets::know);
        know_userinfo(&settings.api_url);
        let builder = builder(&settings.api_url, settings, globals)?;
        let client = builder.build().context("set up the HTTP client")?;
        let base = settings
            .api_url
            .strip_suffix('/')
            .unwrap_or(&settings.api_url)
            .to_owned();
        Ok(Self {
            client,
            base,
            token,
            timeout: settings.request_timeout,
        })
    }

    /// The full URL of a path below the API's base path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.base)
    }

    #[must_use]
    pub fn time_limit(&self) -> Duration {
        self.timeout
    }

    /// Sends one request and reads its whole answer within the request time-out.
    ///
    /// # Errors
    /// [`Error::Transport`] or [`Error::Body`].
    pub async fn send(&self, request: &Request, project: Option<&str>) -> Result<Answer, Error> {
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

    /// Opens an event stream: the connection is limited in time, the stream is not. Compression would hold
    /// events back (contract api.md section 11), so none is accepted.
    ///
    /// # Errors
    /// [`Error::Transport`], or [`Error::Status`] for anything but 200.
    pub async fn open(
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
        Ok(response)
    }

    /// Follows redirects of a GET on the same scheme, host and port. Any other redirect is the answer:
    /// the token goes nowhere else, and a write is never repeated (contract cli-core.md section 4.4).
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
                .and_then(|place| response.url().join(place).ok());
            match next {
                Some(next)
                    if request.method == Method::Get
                        && response.status().is_redirection()
                        && same_origin(&next, response.url()) =>
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
            builder = builder
                .header(CONTENT_TYPE, JSON)
                .body(body.bytes().to_vec());
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
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| wrong(Cause::Token, "Authorization"))?;
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

/// A client for one server: rustls, system roots and `--ca-file`, proxies from the environment but
/// never for loopback, no redirects of its own.
///
/// # Errors
/// When `--ca-file` can't be read.
pub fn builder(
    base: &str,
    settings: &Settings,
    globals: &Globals,
) -> anyhow::Result<reqwest::ClientBuilder> {
    let url = Url::parse(base).ok();
    let mut builder = reqwest::Client::builder()
        .user_agent(format!("acpctl/{}", crate::version::VERSION))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout)
        .http1_only();
    builder = builder.no_proxy();
    if let Some(address) = url
        .as_ref()
        .filter(|_| !settings.direct)
        .and_then(proxy::for_url)
    {
        let proxy = reqwest::Proxy::all(&address).map_err(|_| {
            let shown = url_for_people(&address);
            Failure::usage(format!("{} is not the address of a proxy", quote(&shown)))
        })?;
        know_userinfo(&address);
        builder = builder.proxy(proxy);
    }
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if url.as_ref().is_some_and(|url| url.scheme() == "http") {
        // Without TLS no certificate is looked at: reading the system's roots would only cost time.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &globals.ca_file {
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
    if settings.insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder)
}

fn failed(method: Method, url: &str, cause: Cause, text: &str) -> Error {
    Error::transport(method.title(), url, cause, text)
}

/// A token from a file or a secret store often comes with a line end, which is not a part of it.
fn without_line_end(token: SecretString) -> SecretString {
    let text = token.expose_secret();
    let trimmed = text.strip_suffix('\n').unwrap_or(text);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.len() == text.len() {
        return token;
    }
    trimmed.into()
}

/// A password in an address is a secret of this run.
pub fn know_userinfo(address: &str) {
    for secret in text::url::secrets(address) {
        secrets::know(&secret.into());
    }
}

/// Reads the answer piece by piece, within its bounds.
async fn read(mut response: reqwest::Response) -> Result<Answer, Error> {
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE.as_str()).unwrap_or_default(),
        operation_id: header("X-Operation-Id"),
        retry_after: header(RETRY_AFTER.as_str())
            .and_then(|text| text.parse().ok())
            .map(Duration::from_secs),
        location: response
            .status()
            .is_redirection()
            .then(|| header(LOCATION.as_str()))
            .flatten()
            .map(|place| url_for_people(&place)),
        date: header(DATE.as_str()),
        body: Vec::new(),
    };
    let encoding = header(CONTENT_ENCODING.as_str()).unwrap_or_default();
    let mut reader = Reader::new(answer.status, &encoding);
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

/// The cause of a failed request, in the Go tool's words where scripts look for them.
pub fn explain(error: &reqwest::Error, target: &str) -> (Cause, String) {
    let mut chain = String::new();
    let mut source = error.source();
    let mut io_kind = None;
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            io_kind = Some(io.kind());
        }
        let _ = write!(chain, "{}{inner}", if chain.is_empty() { "" } else { ": " });
        source = inner.source();
    }
    let url = Url::parse(target).ok();
    let address = url.as_ref().map(host_and_port).unwrap_or_default();
    let via = url.as_ref().and_then(proxy::address);
    let lower = chain.to_lowercase();
    if let Some(proxy) = via {
        if io_kind == Some(std::io::ErrorKind::ConnectionRefused) {
            let words = format!("proxyconnect tcp: dial tcp {proxy}: connect: connection refused");
            return (Cause::Other, words);
        }
        if lower.contains("proxy authorization required") {
            return (Cause::Other, "Proxy Authentication Required".to_owned());
        }
        if lower.contains("tunnel error") {
            let words = format!("proxyconnect tcp: the proxy {proxy} opens no tunnel to {address}");
            return (Cause::Other, words);
        }
    }
    match io_kind {
        Some(std::io::ErrorKind::ConnectionRefused) => {
            return (
                Cause::Refused,
                format!("dial tcp {address}: connect: connection refused"),
            );
        }
        _ if lower.contains("certificate")
            || lower.contains("handshake")
            || lower.contains("tls")
            || lower.contains("invalidcontenttype") =>
        {
            return (Cause::Tls, tls_text(&lower, &chain));
        }
        _ => {}
    }
    if error.is_timeout() {
        return (
            Cause::Timeout,
            format!("dial tcp {address}: i/o timeout (context deadline exceeded)"),
        );
    }
    if lower.contains("dns error") || lower.contains("failed to lookup") {
        let host = address
            .rsplit_once(':')
            .map_or(address.as_str(), |(host, _)| host);
        return (
            Cause::Other,
            format!("dial tcp: lookup {host}: no such host"),
        );
    }
    if !error.is_connect()
        && (lower.contains("connection closed")
            || lower.contains("incomplete message")
            || lower.contains("reset")
            || lower.contains("broken pipe"))
    {
        return (Cause::Closed, "EOF".to_owned());
    }
    (
        Cause::Other,
        if chain.is_empty() {
            "request failed".to_owned()
        } else {
            chain
        },
    )
}

fn host_and_port(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

fn tls_text(lower: &str, chain: &str) -> String {
    let why = if lower.contains("unknownissuer")
        || lower.contains("unknown issuer")
        || lower.contains("self-signed")
        || lower.contains("not trusted")
        // An authority of the same name, with another key.
        || lower.contains("badsignature")
    {
        "x509: certificate signed by unknown authority"
    } else if lower.contains("expired") {
        "x509: certificate has expired or is not yet valid"
    } else if lower.contains("not valid for name") || lower.contains("notvalidforname") {
        "x509: certificate is not valid for this host name"
    } else {
        return format!("tls: {chain}");
    };
    format!("tls: failed to verify certificate: {why}")
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}
