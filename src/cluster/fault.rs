//! The reasons why a cluster could not be reached or refused a request.

use std::error::Error as _;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::failure::Kind;
use crate::text::{acpctl, secrets, visible};

/// The class of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// There was no connection, or something other than the cluster answered.
    Network,
    Tls,
    Login,
    Permission,
    NotFound,
    /// Somebody else has the name, or has changed the object.
    Conflict,
    /// The cluster does not accept a value, or the kubeconfig holds one that can't be used here.
    Data,
    /// The API server itself failed or is overloaded.
    Cluster,
}

impl Class {
    /// Returns its name for people and scripts.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Tls => "TLS",
            Self::Login => "login",
            Self::Permission => "permission",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Data => "invalid",
            Self::Cluster => "cluster",
        }
    }

    /// Returns the kind of failure, which decides the exit code.
    #[must_use]
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Network | Self::Tls => Kind::Network,
            Self::Login => Kind::Login,
            Self::Permission => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Conflict => Kind::Conflict,
            Self::Data => Kind::Data,
            Self::Cluster => Kind::Server,
        }
    }
}

/// Returns words of a cluster without the secrets of this run, which a cluster may quote back, without a new token that
/// it may name in a refusal, and on one line: a line end would let it write lines of its own.
#[must_use]
pub(crate) fn said(words: &str) -> String {
    visible(&secrets::hide_logins(words))
}

/// A failure with one thing to do about it. It may quote the cluster, as [`said`]; the caller that shows it must escape
/// control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub class: Class,
    pub text: String,
    pub hint: String,
    /// False if there was no connection; the address may still work from elsewhere.
    pub connected: bool,
}

impl Fault {
    #[must_use]
    pub(crate) fn new(class: Class, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            class,
            text: said(&text.into()),
            hint: hint.into(),
            connected: true,
        }
    }

    /// A fault without a connection.
    #[must_use]
    pub(crate) fn unreached(text: impl Into<String>) -> Self {
        Self {
            connected: false,
            ..Self::new(Class::Network, text, FROM_SESSION)
        }
    }

    /// The reason why there is no answer. `address` is the host and port of the server, `via` those of the proxy.
    #[must_use]
    pub(crate) fn of_transport(error: &reqwest::Error, address: &str, via: Option<&str>) -> Self {
        let causes = Causes::of(error);
        if let Some(tls) = causes.tls {
            return of_tls(&tls, address);
        }
        if let Some(proxy) = via.filter(|_| error.is_connect()) {
            return Self {
                connected: false,
                ..Self::new(
                    Class::Network,
                    format!("the proxy {proxy} can't connect to {address}"),
                    "check proxy-url in the kubeconfig, or HTTPS_PROXY and NO_PROXY",
                )
            };
        }
        if causes.io == Some(io::ErrorKind::ConnectionRefused) {
            return Self::unreached(format!("{address}: connection refused"));
        }
        if error.is_timeout() {
            return Self::unreached(format!("{address}: no answer in time"));
        }
        if causes.is_lookup {
            return Self::unreached(format!("{address}: host not found"));
        }
        if error.is_connect() {
            let why = causes.last.unwrap_or_else(|| "no connection".to_owned());
            return Self::unreached(format!("{address}: {why}"));
        }
        Self::new(
            Class::Network,
            format!("{address} ended the connection without an answer"),
            NOT_KUBERNETES,
        )
    }
}

/// The hint if a session would not reach the cluster.
pub(crate) const FROM_SESSION: &str =
    "the cluster's address must be reachable from where the session runs";

/// The hint if something other than Kubernetes answers.
pub(crate) const NOT_KUBERNETES: &str = "check the address under 'server' in the kubeconfig";

/// The causes of an error, by type.
#[derive(Default)]
struct Causes {
    tls: Option<rustls::Error>,
    io: Option<io::ErrorKind>,
    is_lookup: bool,
    /// The message of the innermost cause.
    last: Option<String>,
}

impl Causes {
    fn of(error: &reqwest::Error) -> Self {
        let mut found = Self::default();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // No public type tells a failed look-up of a host's name from other causes.
            found.is_lookup |= text.contains("dns error") || text.contains("failed to lookup");
            found.last = Some(text);
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                found.tls = Some(tls.clone());
            }
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                found.io = Some(io.kind());
                found.tls = found.tls.or_else(|| inside(io));
            }
            source = cause.source();
        }
        found
    }
}

/// Returns the TLS error inside an I/O error.
fn inside(error: &io::Error) -> Option<rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<rustls::Error>() {
        Some(tls) => Some(tls.clone()),
        None => inside(inner.downcast_ref::<io::Error>()?),
    }
}

/// The hint if the cluster refuses the stored credentials.
pub(crate) fn store_new() -> String {
    let update = acpctl(&["credential", "update", "NAME", "--from-file", "PATH"]);
    format!("store new credentials: '{update}'")
}

fn of_tls(error: &rustls::Error, address: &str) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(why) => of_certificate(why, address),
        rustls::Error::AlertReceived(alert) if is_about_us(*alert) => Fault::new(
            Class::Login,
            format!("{address} refuses the client certificate ({alert:?})"),
            format!(
                "get a client certificate that this cluster accepts, then {}",
                store_new()
            ),
        ),
        rustls::Error::InvalidMessage(_) => Fault::new(
            Class::Tls,
            format!("{address} does not speak TLS"),
            "check the port under 'server' in the kubeconfig",
        ),
        other => Fault::new(
            Class::Tls,
            format!("{address}: tls: {other}"),
            "check the address and the certificates in the kubeconfig",
        ),
    }
}

/// Returns true for the alerts that a server sends about the client's certificate.
fn is_about_us(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            // The server knows an authority of the same name with another key.
            | AlertDescription::DecryptError
            | AlertDescription::CertificateRequired
    )
}

fn of_certificate(why: &CertificateError, address: &str) -> Fault {
    let (text, hint) = match why {
        CertificateError::NotValidForName => (
            "x509: the server's certificate is for another name".to_owned(),
            "set tls-server-name in the kubeconfig to a name in the certificate".to_owned(),
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names = presented.join(", ");
            (
                format!(
                    "x509: the server's certificate is for {names}, not for {}",
                    expected.to_str()
                ),
                "set tls-server-name in the kubeconfig to a name in the certificate, or use that name under 'server'".to_owned(),
            )
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => (
            "x509: the server's certificate has expired or is not yet valid".to_owned(),
            "the cluster's administrator must renew the server's certificate; also check this machine's clock".to_owned(),
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            "x509: certificate signed by unknown authority".to_owned(),
            "take certificate-authority-data from a kubeconfig that works with this cluster today".to_owned(),
        ),
        other => (
            format!("x509: {}", rustls::Error::InvalidCertificate(other.clone())),
            "the cluster's administrator must fix the server's certificate".to_owned(),
        ),
    };
    Fault::new(
        Class::Tls,
        format!("{address}: tls: failed to verify certificate: {text}"),
        hint,
    )
}
