//! Addresses of servers: which ones acpctl accepts, which ones stand for the embedded API, and whether two addresses
//! lead to one server.

use url::{Host, Origin, Url};

use crate::failure::Failure;
use crate::text::{acpctl, quote, url_for_people};

/// The base URL that stands for the embedded API.
pub(crate) const LOCAL: &str = "local:";
/// The path of the API, which each request adds to the URL of its server.
pub(crate) const API_PATH: &str = "/api/ambient/v1";

/// True if an address stands for the embedded API.
#[must_use]
pub(crate) fn is_local(url: &str) -> bool {
    matches!(url, LOCAL | "local://" | "local")
}

/// True for an address of this machine that is written in digits.
pub(super) fn is_loopback(address: &str) -> bool {
    let url = Url::parse(address).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

/// True if two addresses lead to one server: scheme, host and port are the same.
#[must_use]
pub(crate) fn same_origin(a: &str, b: &str) -> bool {
    origin_of(a) == origin_of(b)
}

/// Returns scheme, host and port of an address; all of a text that has none.
#[must_use]
pub(crate) fn origin_of(address: &str) -> String {
    let origin = Url::parse(address).ok().map(|url| url.origin());
    match origin.filter(Origin::is_tuple) {
        Some(origin) => origin.ascii_serialization(),
        None => address.to_owned(),
    }
}

/// A slip in the URL of a server, with which every request would fail.
pub(crate) struct UrlFault {
    why: &'static str,
    /// The URL that was meant.
    pub corrected: String,
}

impl UrlFault {
    /// Finds the slip in a URL, if it has one: a blank, or the path of the API, which each request adds.
    #[must_use]
    pub(crate) fn of(url: &str) -> Option<Self> {
        let corrected = |why, corrected: &str| {
            Some(Self {
                why,
                corrected: corrected.to_owned(),
            })
        };
        // A blank in front has never done harm.
        let text = url.trim_start();
        if text.contains(char::is_whitespace) {
            let joined: String = text.split_whitespace().collect();
            return corrected("it has a blank", &joined);
        }
        let base = text.trim_end_matches('/').strip_suffix(API_PATH)?;
        corrected("acpctl adds this path itself", base)
    }

    /// Returns the refusal of the URL. `write` is the text that takes its place.
    pub(crate) fn failure(&self, url: &str, write: &str) -> Failure {
        let shown = quote(&url_for_people(url));
        Failure::usage(format!("invalid URL {shown}: {}", self.why))
            .hint(format!("write {}", url_for_people(write)))
    }
}

/// Reads an API URL, which needs a scheme and a host.
///
/// # Errors
/// A usage failure in the Go tool's words.
pub(crate) fn parse_api_url(text: &str) -> Result<Url, Failure> {
    let invalid = || {
        Failure::usage(format!(
            "invalid API URL {}: must include scheme and host (e.g. https://api.example.com)",
            quote(&url_for_people(text))
        ))
    };
    with_host(text).ok_or_else(invalid)
}

/// The way in which a user names a server's URL to save. The Go tool has its own rules and words for each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `acpctl login URL`, which sends a token there at once.
    Login,
    /// `acpctl config set` and `set-context`.
    Setting,
}

/// Refuses a URL that no command can use. The Go tool saves it in place of the last login, and then every command
/// fails. With a query, it would end up in the middle of every path.
///
/// # Errors
/// A usage failure in the Go tool's words.
pub(crate) fn check_url(text: &str, source: Source) -> Result<(), Failure> {
    if source == Source::Setting && is_local(text) {
        return Ok(());
    }
    if let Some(fault) = UrlFault::of(text) {
        let write = match source {
            Source::Login => acpctl(&["login", &fault.corrected]),
            Source::Setting => fault.corrected.clone(),
        };
        return Err(fault.failure(text, &write));
    }
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
    let has_more = |url: &Url| url.query().is_some() || url.fragment().is_some();
    let why = match (source, with_host(text)) {
        (Source::Login, None) => {
            "must be a valid URL with scheme and host (e.g. https://api.example.com)"
        }
        (Source::Login, Some(url)) if !is_web(&url) => "only HTTP and HTTPS schemes are supported",
        (Source::Setting, None) => "must include scheme and host (e.g. https://api.example.com)",
        (Source::Setting, Some(url)) if has_more(&url) => "it has a query or a fragment",
        (_, Some(_)) => return Ok(()),
    };
    let shown = quote(&url_for_people(text));
    Err(Failure::usage(format!("invalid URL {shown}: {why}")))
}

/// Reads a URL that has a host.
fn with_host(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok();
    url.filter(|url| url.host_str().is_some_and(|host| !host.is_empty()))
}
