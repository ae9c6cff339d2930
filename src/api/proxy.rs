//! The proxy for a server: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case, as the Go tool reads
//! them (docs/interface/cli-core.md section 2.4). Requests to loopback addresses use no proxy.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::env;

/// Returns the address of the proxy for a URL; `None` if none is set or the URL is excepted.
#[must_use]
pub(crate) fn for_url(url: &Url) -> Option<String> {
    let set = |upper: env::Var, lower: env::Var| upper.get().or_else(|| lower.get());
    let proxy = match url.scheme() {
        "https" => set(env::HTTPS_PROXY, env::HTTPS_PROXY_LOWER)?,
        "http" => set(env::HTTP_PROXY, env::HTTP_PROXY_LOWER)?,
        _ => return None,
    };
    let exceptions = set(env::NO_PROXY, env::NO_PROXY_LOWER).unwrap_or_default();
    (!is_loopback(url) && !is_excepted(url, &exceptions)).then(|| {
        if proxy.contains("://") {
            proxy
        } else {
            format!("http://{proxy}")
        }
    })
}

/// Returns host and port of the proxy for a URL, for messages.
#[must_use]
pub(crate) fn address(url: &Url) -> Option<String> {
    let proxy = Url::parse(&for_url(url)?).ok()?;
    let port = proxy.port_or_known_default().unwrap_or(1080);
    Some(format!("{}:{port}", proxy.host_str()?))
}

/// True if a URL leads to this machine.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// True if `NO_PROXY` excepts a URL. `*` excepts every URL; an address or a network excepts addresses; a name excepts
/// itself and the names below it, with a leading dot only the names below it. A port limits an entry to that port.
fn is_excepted(url: &Url, exceptions: &str) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default();
    let entries = exceptions
        .split(',')
        .map(|entry| entry.trim().to_lowercase());
    entries.filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        if entry.contains('/') {
            return is_in_network(host, &entry);
        }
        let (name, wanted) = split_port(&entry);
        let matches = match (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
            (Ok(excepted), Ok(address)) => excepted == address,
            (Ok(_), Err(_)) => false,
            _ => is_domain(host, name),
        };
        matches && wanted.is_none_or(|wanted| Some(wanted) == port)
    })
}

/// Splits `corp.test:8443` or `[::1]:8443`; an IPv6 address without brackets has no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(inner) = entry.strip_prefix('[') {
        let (address, rest) = inner.split_once(']').unwrap_or((inner, ""));
        return (
            address,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => (name, port.parse().ok()),
        _ => (entry, None),
    }
}

fn is_domain(host: &str, name: &str) -> bool {
    let name = name.strip_prefix('*').unwrap_or(name);
    match name.strip_prefix('.') {
        Some(parent) => is_below(host, parent),
        None => host == name || is_below(host, name),
    }
}

fn is_below(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent)
        .and_then(|rest| rest.strip_suffix('.'))
        .is_some_and(|rest| !rest.is_empty())
}

fn is_in_network(host: &str, network: &str) -> bool {
    match (host.parse::<IpAddr>(), network.parse::<IpNet>()) {
        (Ok(address), Ok(network)) => network.contains(&address),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_mean_what_they_mean_to_the_go_tool() {
        for (url, exceptions, excepted) in [
            ("http://a.corp.test", "corp.test", true),
            ("http://corp.test", " other , Corp.Test ", true),
            ("http://corp.test", ".corp.test", false),
            ("http://a.corp.test", ".corp.test", true),
            ("http://a.corp.test", "*.corp.test", true),
            ("http://acorp.test", "corp.test", false),
            ("http://corp.test", "", false),
            ("http://corp.test", "*", true),
            ("http://10.1.2.3", "*", true),
            ("http://10.1.2.3", "10.1.2.3", true),
            ("http://10.1.2.3", "10.0.0.0/8", true),
            ("http://10.1.2.3", "10.9.9.9/8", true),
            ("http://[fd00::1]", "::/0", true),
            ("http://10.1.2.3", "::/0", false),
            ("http://11.1.2.3", "10.0.0.0/8", false),
            ("http://11.1.2.3", "0.0.0.0/0", true),
            ("http://10.1.2.3", "10.0.0.0/99,10.0.0.0/x", false),
            ("http://[fd00::1]", "fd00::/8", true),
            ("http://[fd00::1]", "fd00::1", true),
            ("http://[fd00::1]:81", "[fd00::1]:81", true),
            ("https://corp.test", "corp.test:443", true),
            ("https://corp.test", "corp.test:80", false),
            ("http://corp.test", "10.0.0.1", false),
        ] {
            assert_eq!(
                is_excepted(&Url::parse(url).unwrap(), exceptions),
                excepted,
                "{url} {exceptions:?}"
            );
        }
    }
}
