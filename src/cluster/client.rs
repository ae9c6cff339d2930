//! Sends requests to one cluster as one user.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

use super::fault::{Class, Fault, NOT_KUBERNETES, store_new};
use super::tls::{self, TlsFault};
use crate::api::proxy;
use crate::kubeconfig::Access;
use crate::text::{self, secrets, url_for_people};

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 << 20;
/// How often a request is repeated if the cluster is overloaded, and the longest pause that it may ask for.
const MOST_REPEATS: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MERGE_PATCH: HeaderValue = HeaderValue::from_static("application/merge-patch+json");

/// The time limits of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until the connection is established, with its TLS.
    pub connect: Duration,
    /// Until the whole answer has come.
    pub request: Duration,
}

/// An answer of any status. Its words may quote what the cluster was sent: they are shown in a [`Fault`] or through
/// [`said`](super::fault::said) only.
pub(crate) struct ClusterAnswer {
    pub status: u16,
    pub content_type: String,
    /// The target of a redirect, which is not followed.
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// The pause that an overloaded cluster asks for.
    retry_after: Option<Duration>,
    json: Option<Value>,
}

impl ClusterAnswer {
    /// Returns the body, if it is a JSON object.
    #[must_use]
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// Returns the message of a Kubernetes `Status`, if the body is one.
    #[must_use]
    pub(crate) fn message(&self) -> Option<&str> {
        let json = self.json.as_ref().filter(|json| json["kind"] == "Status")?;
        json["message"].as_str()
    }

    /// Returns the beginning of the body as text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let start = self.body.get(..1024).unwrap_or(&self.body);
        String::from_utf8_lossy(start).into_owned()
    }
}

/// The connection settings for one cluster and user.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
    limits: Limits,
    /// Host and port, for errors.
    address: String,
    /// Host and port of the proxy, if there is one.
    via: Option<String>,
    /// The file and the context of the kubeconfig, for commands to copy.
    origin: (Option<String>, String),
}

impl Client {
    /// Sets up the client from the kubeconfig, without sending a request. From now on its secrets are hidden in all
    /// that the cluster says.
    ///
    /// # Errors
    /// A part of the kubeconfig can't be used here.
    pub(crate) async fn new(access: &Access, limits: Limits) -> Result<Self, Fault> {
        access.secrets().iter().for_each(secrets::know);
        let mut url = server_url(access)
            .ok_or_else(|| unusable("the cluster's address can't be used".to_owned()))?;
        let address = address_of(&url);
        let is_tls = url.scheme() == "https";
        let mut headers = headers(access, is_tls)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(format!("acpctl/{}", crate::version::VERSION))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.request)
            .http1_only()
            .no_gzip()
            .no_proxy();
        if is_tls {
            let config = tls::config(access).map_err(|why| match why {
                TlsFault::Pair(why) => Fault {
                    connected: false,
                    ..Fault::new(Class::Data, why.to_string(), why.hint())
                },
                why => unusable(why.to_string()),
            })?;
            builder = builder.tls_backend_preconfigured(config);
        } else {
            // It fails only if a provider is installed already.
            let _ = rustls::crypto::ring::default_provider().install_default();
            builder = builder.tls_certs_only([]);
        }
        let proxy_url = proxy_of(access, &url);
        if let Some(proxy_url) = &proxy_url {
            for secret in text::url::secrets(proxy_url.expose_secret()) {
                secrets::know(&secret.into());
            }
            let proxy = reqwest::Proxy::all(proxy_url.expose_secret())
                .map_err(|_| unusable("proxy-url can't be used".to_owned()))?;
            builder = builder.proxy(proxy);
        }
        // The name is also sent to the server, unless a proxy needs the address to reach it.
        let name = access.tls_server_name.as_deref();
        if let Some(name) = name.filter(|_| is_tls && proxy_url.is_none())
            && name.parse::<IpAddr>().is_err()
        {
            let addresses = lookup(&url, limits.connect)
                .await
                .ok_or_else(|| Fault::unreached(format!("{address}: host not found")))?;
            if let Ok(value) = HeaderValue::from_str(&address) {
                headers.insert(HOST, value);
            }
            if url.set_host(Some(name)).is_ok() {
                builder = builder.resolve_to_addrs(name, &addresses);
            }
        }
        let http = builder
            .build()
            .map_err(|_| unusable("the client for the cluster can't be created".to_owned()))?;
        Ok(Self {
            http,
            base: url.as_str().trim_end_matches('/').to_owned(),
            headers,
            limits,
            address,
            via: proxy_url.map(|url| proxy_address(&url)),
            origin: (access.file.clone(), access.context.name.clone()),
        })
    }

    /// Returns a command line of kubectl for this cluster, ready to be pasted.
    #[must_use]
    pub(crate) fn kubectl(&self, words: &[&str]) -> String {
        let (file, context) = &self.origin;
        text::command::kubectl(file.as_deref(), context, words)
    }

    /// Returns the host and port of the server.
    #[must_use]
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Returns true if this token is the one that the client logs in with. A server reads both without the blanks
    /// around them.
    #[must_use]
    pub(crate) fn logs_in_with(&self, token: &SecretString) -> bool {
        let sent = self.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let own = sent.and_then(|sent| sent.strip_prefix(b"Bearer "));
        own.map(<[u8]>::trim_ascii) == Some(token.expose_secret().as_bytes().trim_ascii())
    }

    /// # Errors
    /// There was no answer.
    pub(crate) async fn get(&self, path: &str) -> Result<ClusterAnswer, Fault> {
        self.send(self.http.get(format!("{}{path}", self.base)))
            .await
    }

    /// # Errors
    /// There was no answer.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<ClusterAnswer, Fault> {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header(CONTENT_TYPE, JSON)
            .body(body.to_string());
        self.send(request).await
    }

    /// Changes the fields that `body` names (RFC 7396).
    ///
    /// # Errors
    /// There was no answer.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<ClusterAnswer, Fault> {
        let request = self
            .http
            .patch(format!("{}{path}", self.base))
            .header(CONTENT_TYPE, MERGE_PATCH)
            .body(body.to_string());
        self.send(request).await
    }

    /// # Errors
    /// There was no answer.
    pub(crate) async fn delete(&self, path: &str, body: &Value) -> Result<ClusterAnswer, Fault> {
        let request = self
            .http
            .delete(format!("{}{path}", self.base))
            .header(CONTENT_TYPE, JSON)
            .body(body.to_string());
        self.send(request).await
    }

    /// Sends a request. While the cluster is overloaded and says when to come back, the request is repeated: the
    /// cluster has refused it before doing anything.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<ClusterAnswer, Fault> {
        let mut request = request;
        for _ in 0..MOST_REPEATS {
            let Some(again) = request.try_clone() else {
                break;
            };
            let answer = self.send_once(request).await?;
            let pause = answer.retry_after.filter(|pause| *pause <= LONGEST_PAUSE);
            match pause {
                Some(pause) if answer.status == 429 => tokio::time::sleep(pause).await,
                _ => return Ok(answer),
            }
            request = again;
        }
        self.send_once(request).await
    }

    async fn send_once(&self, request: reqwest::RequestBuilder) -> Result<ClusterAnswer, Fault> {
        let fault =
            |error: reqwest::Error| Fault::of_transport(&error, &self.address, self.via.as_deref());
        let exchange = async {
            let response = request
                .headers(self.headers.clone())
                .send()
                .await
                .map_err(fault)?;
            self.read(response).await
        };
        // The limit of the library does not include the time before the request.
        tokio::time::timeout(self.limits.connect + self.limits.request, exchange)
            .await
            .unwrap_or_else(|_| Err(self.silent()))
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<ClusterAnswer, Fault> {
        let header = |name: HeaderName| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let mut answer = ClusterAnswer {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            location: header(LOCATION).map(|target| url_for_people(&target)),
            body: Vec::new(),
            retry_after: header(RETRY_AFTER)
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            json: None,
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len() + chunk.len() > MAX_ANSWER => {
                    return Err(Fault::new(
                        Class::Network,
                        format!(
                            "{} sends an answer of more than {} MiB, which Kubernetes does not",
                            self.address,
                            MAX_ANSWER >> 20
                        ),
                        NOT_KUBERNETES,
                    ));
                }
                Ok(Some(chunk)) => answer.body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if error.is_timeout() => return Err(self.silent()),
                Err(_) => {
                    return Err(Fault::new(
                        Class::Network,
                        format!("{} ended the connection within its answer", self.address),
                        "try again",
                    ));
                }
            }
        }
        answer.json = serde_json::from_slice(&answer.body)
            .ok()
            .filter(Value::is_object);
        Ok(answer)
    }

    fn silent(&self) -> Fault {
        Fault::unreached(format!("{}: no answer in time", self.address))
    }
}

fn unusable(text: String) -> Fault {
    Fault {
        connected: false,
        ..Fault::new(Class::Network, text, NOT_KUBERNETES)
    }
}

/// Returns the headers of every request: the login, and the user to act as.
fn headers(access: &Access, is_tls: bool) -> Result<HeaderMap, Fault> {
    let with_login = impersonation(access).and_then(|mut headers| {
        // A token must not be sent unencrypted; Kubernetes' own client does not send it either.
        if let Some(value) = authorization(access).filter(|_| is_tls) {
            headers.insert(AUTHORIZATION, sensitive(&value)?);
        }
        Some(headers)
    });
    let mut headers = with_login.ok_or_else(|| {
        Fault::new(
            Class::Login,
            "the credentials contain characters that a request can't carry",
            format!("remove their line ends, then {}", store_new()),
        )
    })?;
    headers.insert(ACCEPT, JSON);
    Ok(headers)
}

/// Looks up the addresses of the server's host.
async fn lookup(url: &Url, limit: Duration) -> Option<Vec<SocketAddr>> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let found = tokio::time::timeout(limit, tokio::net::lookup_host((host, port)));
    Some(found.await.ok()?.ok()?.collect())
}

/// Returns the server's URL. An address without a scheme is read as Kubernetes' client reads it.
fn server_url(access: &Access) -> Option<Url> {
    let server = access.server.trim();
    let url = if server.contains("://") {
        Url::parse(server).ok()?
    } else {
        let wants_tls = access.ca.is_some() || access.certificate.is_some() || access.insecure;
        let scheme = if wants_tls { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{server}")).ok()?
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| {
        let mut url = url;
        // The part before the host is another login, which Kubernetes' client does not use.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        url
    })
}

/// Returns host and port of a URL.
fn address_of(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(1080);
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

/// Returns host and port of a proxy, without the login in its URL.
fn proxy_address(url: &SecretString) -> String {
    let shown = url_for_people(url.expose_secret());
    Url::parse(&shown).map_or(shown, |url| address_of(&url))
}

fn proxy_of(access: &Access, url: &Url) -> Option<SecretString> {
    access
        .proxy_url
        .clone()
        .or_else(|| proxy::for_url(url).map(SecretString::from))
}

fn authorization(access: &Access) -> Option<SecretString> {
    if let Some(token) = &access.token {
        return Some(SecretString::from(format!(
            "Bearer {}",
            token.expose_secret()
        )));
    }
    let (name, password) = access.basic.as_ref()?;
    let pair = SecretString::from(format!("{name}:{}", password.expose_secret()));
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair.expose_secret());
    Some(SecretString::from(format!("Basic {encoded}")))
}

fn sensitive(text: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns the headers for acting as another user; `None` if one can't be sent.
fn impersonation(access: &Access) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let Some(other) = &access.impersonation else {
        return Some(headers);
    };
    let mut add = |name: &str, value: &str| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
        Some(())
    };
    add("impersonate-user", &other.user)?;
    if !other.uid.is_empty() {
        add("impersonate-uid", &other.uid)?;
    }
    for group in &other.groups {
        add("impersonate-group", group)?;
    }
    for (key, values) in &other.extra {
        for value in values {
            add(&format!("impersonate-extra-{key}"), value)?;
        }
    }
    Some(headers)
}
