//! Why a request failed, in the Go tool's words if scripts look for them.
//!
//! The cause is found by the types of the errors that reqwest wraps. Text is searched only for failed look-ups of a
//! host and for proxies, whose error types are private.

use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error as TlsError};
use url::Url;

use super::error::{Cause, OF_AUTHORITY};
use super::proxy;

/// Returns the cause of a failed request and the words for it.
#[must_use]
pub(crate) fn explain(error: &reqwest::Error, target: &str) -> (Cause, String) {
    let causes = Causes::of(error);
    let url = Url::parse(target).ok();
    let address = url.as_ref().map(host_and_port).unwrap_or_default();
    if let Some(proxy) = url.as_ref().and_then(proxy::address)
        && let Some(words) = causes.at_proxy(&proxy, &address)
    {
        return (Cause::Other, words);
    }
    if causes.io == Some(io::ErrorKind::ConnectionRefused) {
        let words = format!("dial tcp {address}: connect: connection refused");
        return (Cause::Refused, words);
    }
    let is_https = url.as_ref().is_some_and(|url| url.scheme() == "https");
    if let Some(words) = causes.in_tls(error.is_connect() && is_https) {
        return (Cause::Tls, words);
    }
    if error.is_timeout() {
        let words = format!("dial tcp {address}: i/o timeout (context deadline exceeded)");
        return (Cause::Timeout, words);
    }
    if causes.is_lookup() {
        let host = address.rsplit_once(':').map_or(&*address, |(host, _)| host);
        return (
            Cause::Other,
            format!("dial tcp: lookup {host}: no such host"),
        );
    }
    if !error.is_connect() && causes.is_closed {
        return (Cause::Closed, "EOF".to_owned());
    }
    (Cause::Other, causes.words())
}

/// The errors that an error wraps, as far as they say something about the cause.
#[derive(Default)]
struct Causes {
    io: Option<io::ErrorKind>,
    tls: Option<TlsError>,
    /// True if the connection ended before the answer.
    is_closed: bool,
    /// The words of all wrapped errors, the outermost first.
    chain: String,
}

impl Causes {
    fn of(error: &reqwest::Error) -> Self {
        let mut found = Self::default();
        let mut source = StdError::source(error);
        while let Some(cause) = source {
            if !found.chain.is_empty() {
                found.chain.push_str(": ");
            }
            found.chain.push_str(&cause.to_string());
            found.see(cause);
            source = cause.source();
        }
        found
    }

    fn see(&mut self, cause: &(dyn StdError + 'static)) {
        if let Some(tls) = cause.downcast_ref::<TlsError>() {
            self.tls = Some(tls.clone());
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            self.is_closed |=
                http.is_incomplete_message() || http.is_closed() || http.is_canceled();
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            self.io = Some(io.kind());
            self.is_closed |= matches!(
                io.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
            );
            // `source` of an `io::Error` skips the error inside.
            if let Some(inner) = io.get_ref() {
                self.see(inner);
            }
        }
    }

    /// The words if the proxy is to blame.
    fn at_proxy(&self, proxy: &str, address: &str) -> Option<String> {
        let chain = self.chain.to_lowercase();
        if self.io == Some(io::ErrorKind::ConnectionRefused) {
            let why = "connect: connection refused";
            Some(format!("proxyconnect tcp: dial tcp {proxy}: {why}"))
        } else if chain.contains("proxy authorization required") {
            Some("Proxy Authentication Required".to_owned())
        } else if chain.contains("tunnel error") {
            let why = format!("the proxy {proxy} opens no tunnel to {address}");
            Some(format!("proxyconnect tcp: {why}"))
        } else {
            None
        }
    }

    /// The words if TLS failed. A handshake that ends early has an error of input and output alone.
    fn in_tls(&self, may_be_handshake: bool) -> Option<String> {
        let Some(tls) = &self.tls else {
            let is_cut = may_be_handshake && self.io == Some(io::ErrorKind::UnexpectedEof);
            return is_cut.then(|| format!("tls: {}", self.chain));
        };
        let why = match tls {
            _ if self.chain.contains("CaUsedAsEndEntity") => Some(OF_AUTHORITY),
            TlsError::InvalidCertificate(certificate) => in_certificate(certificate),
            _ => None,
        };
        Some(match why {
            Some(why) => format!("tls: failed to verify certificate: x509: {why}"),
            None => format!("tls: {}", self.chain),
        })
    }

    fn is_lookup(&self) -> bool {
        let chain = self.chain.to_lowercase();
        chain.contains("dns error") || chain.contains("failed to lookup")
    }

    fn words(self) -> String {
        if self.chain.is_empty() {
            "request failed".to_owned()
        } else {
            self.chain
        }
    }
}

/// The Go tool's words for a certificate that does not pass.
fn in_certificate(error: &CertificateError) -> Option<&'static str> {
    const UNKNOWN: &str = "certificate signed by unknown authority";
    match error {
        // A bad signature: an authority of the same name, with another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Some(UNKNOWN),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Some("certificate has expired or is not yet valid")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Some("certificate is not valid for this host name")
        }
        // The verifier of macOS has words of its own.
        CertificateError::Other(other) => {
            let text = other.to_string().to_lowercase();
            let is_unknown = text.contains("self-signed") || text.contains("not trusted");
            is_unknown.then_some(UNKNOWN)
        }
        _ => None,
    }
}

fn host_and_port(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}
