//! URLs as Kubernetes' client reads them. The `url` crate follows the browsers' rules, which mend
//! what the client refuses (`https:/x`, spaces, odd ports), so verdicts need this reading.
//!
//! Takes what a client built with Go 1.25 or with Go 1.26 takes.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The parts of a URL that the rules ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    /// Lower case; empty if there is none.
    pub(super) scheme: String,
    pub(super) has_userinfo: bool,
    /// With port, and with the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) has_query: bool,
    pub(super) has_fragment: bool,
}

/// Not a URL for Kubernetes' client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAUrl;

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, NotAUrl> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        let mut url = Self::without_fragment(text)?;
        well_escaped(fragment)?;
        url.has_fragment = !fragment.is_empty();
        Ok(url)
    }

    fn without_fragment(text: &str) -> Result<Self, NotAUrl> {
        if text.bytes().any(|b| b < b' ' || b == 0x7F) {
            return Err(NotAUrl);
        }
        let (scheme, rest) = split_scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme: scheme.to_ascii_lowercase(),
            has_query: !query.is_empty(),
            ..Self::default()
        };
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                return Ok(url); // opaque, as in mailto:x
            }
            let first_segment = rest.split('/').next().unwrap_or_default();
            if first_segment.contains(':') {
                return Err(NotAUrl);
            }
        }
        rest.clone_into(&mut url.path);
        let no_authority = scheme.is_empty() && rest.starts_with("///");
        if let Some(authority) = rest.strip_prefix("//").filter(|_| !no_authority) {
            let end = authority.find('/').unwrap_or(authority.len());
            url.set_authority(&authority[..end])?;
            authority[end..].clone_into(&mut url.path);
        }
        well_escaped(&url.path)?;
        Ok(url)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), NotAUrl> {
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((userinfo, host)) => {
                let allowed =
                    |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
                if !userinfo.bytes().all(allowed) {
                    return Err(NotAUrl);
                }
                well_escaped(userinfo)?;
                self.has_userinfo = true;
                host
            }
        };
        check_host(host)?;
        host.clone_into(&mut self.host);
        Ok(())
    }

    /// The host with its escapes undone.
    pub(super) fn unescaped_host(&self) -> Vec<u8> {
        let mut pieces = self.host.split('%');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for (value, piece) in escapes(&self.host).zip(pieces) {
            bytes.extend(value);
            bytes.extend(piece.bytes().skip(2));
        }
        bytes
    }

    /// The host without port and brackets.
    pub(super) fn hostname(&self) -> &str {
        if let Some(literal) = self.host.strip_prefix('[') {
            return literal.split(']').next().unwrap_or_default();
        }
        self.host
            .rsplit_once(':')
            .map_or(self.host.as_str(), |(host, _)| host)
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str), NotAUrl> {
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i > 0 => return Ok((&text[..i], &text[i + 1..])),
            b':' => return Err(NotAUrl),
            _ => break,
        }
    }
    Ok(("", text))
}

/// Every `%` stands before two hexadecimal digits.
fn well_escaped(text: &str) -> Result<(), NotAUrl> {
    escapes(text).try_for_each(|value| value.map(|_| ()))
}

/// The value of each escape.
fn escapes(text: &str) -> impl Iterator<Item = Result<u8, NotAUrl>> {
    text.split('%').skip(1).map(|after| {
        let digits = after.as_bytes().get(..2).ok_or(NotAUrl)?;
        let digit = |b: u8| char::from(b).to_digit(16).ok_or(NotAUrl);
        let value = digit(digits[0])? * 16 + digit(digits[1])?;
        u8::try_from(value).map_err(|_| NotAUrl)
    })
}

fn check_host(host: &str) -> Result<(), NotAUrl> {
    match host.rfind('[') {
        Some(0) => check_ip_literal(host),
        Some(_) => Err(NotAUrl),
        None => {
            // Clients built with Go 1.26 look behind the first colon, older ones behind the last.
            if let Some(at) = host.rfind(':') {
                check_port(&host[at..])?;
            }
            check_host_text(host)
        }
    }
}

fn check_ip_literal(host: &str) -> Result<(), NotAUrl> {
    let close = host.rfind(']').ok_or(NotAUrl)?;
    check_port(&host[close + 1..])?;
    let literal = &host[1..close];
    let (address, zone) = match literal.find("%25") {
        Some(at) => (&literal[..at], Some(&literal[at + 3..])),
        None => (literal, None),
    };
    if zone == Some("") {
        return Err(NotAUrl);
    }
    address.parse::<Ipv6Addr>().map_err(|_| NotAUrl)?;
    let zone = zone.unwrap_or_default();
    // An escape may only stand for what could be written without it.
    let fits = |b: u8| b == b' ' || b == b'%' || is_host_byte(b);
    if !zone
        .bytes()
        .all(|b| b >= 0x80 || b == b'%' || is_host_byte(b))
    {
        return Err(NotAUrl);
    }
    escapes(zone).try_for_each(|value| if fits(value?) { Ok(()) } else { Err(NotAUrl) })
}

/// Nothing, or a colon and digits; the range is not checked.
fn check_port(text: &str) -> Result<(), NotAUrl> {
    match text.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
        None if text.is_empty() => Ok(()),
        _ => Err(NotAUrl),
    }
}

fn check_host_text(host: &str) -> Result<(), NotAUrl> {
    if !host
        .bytes()
        .all(|b| b >= 0x80 || b == b'%' || is_host_byte(b))
    {
        return Err(NotAUrl);
    }
    // Only bytes outside ASCII, and `%` itself, may be escaped in a host.
    escapes(host).try_for_each(|value| match value? {
        b'%' | 0x80.. => Ok(()),
        _ => Err(NotAUrl),
    })
}

fn is_host_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!\"$&'()*+,-.:;<=>[]_~".contains(&b)
}

/// A cluster's `server` text as the client takes it (contract kubeconfig.md section 8).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A URL with scheme and host.
    Url(Url),
    /// Anything else that fits behind `http://`: spoken to in clear, whatever was meant.
    Bare(Url),
    /// Refused. The URL is what stands behind `http://`, if that much can be read.
    Invalid(Option<Url>),
}

impl Address {
    pub(super) fn of(server: &str) -> Self {
        match Url::parse(server) {
            Ok(url) if !url.scheme.is_empty() && !url.host.is_empty() => Self::Url(url),
            _ => match Url::parse(&format!("http://{server}")) {
                Ok(url) if matches!(url.path.as_str(), "" | "/") && !has_path(server) => {
                    Self::Bare(url)
                }
                other => Self::Invalid(other.ok()),
            },
        }
    }

    /// Credentials, CA and plugins only count over https.
    pub(super) fn is_https(&self) -> bool {
        matches!(self, Self::Url(url) if url.scheme == "https")
    }
}

/// Whether the client sees a path longer than `/`. It looks for one before it knows of fragments: in `https:/#x` the
/// path is `/#x`.
fn has_path(server: &str) -> bool {
    Url::without_fragment(server).is_ok_and(|url| url.path.starts_with('/') && url.path.len() > 1)
}

/// Where an address leads, seen from a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The container itself, or a name of the machine around it.
    Loopback,
    /// Only inside the cluster that the address belongs to.
    InCluster,
    /// A private network.
    Private,
    Public,
}

/// Names by which containers reach the machine they run on.
const HOST_ALIASES: [&str; 4] = [
    "host.minikube.internal",
    "host.containers.internal",
    "host.lima.internal",
    "host.k3d.internal",
];

/// Classifies a host name or address (contract kubeconfig.md section 12).
pub(super) fn reach(hostname: &str) -> Reach {
    let name = hostname.trim_end_matches('.').to_ascii_lowercase();
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return reach_v4(address);
    }
    let literal = name.split('%').next().unwrap_or_default();
    if let Ok(address) = literal.parse::<Ipv6Addr>() {
        return reach_v6(address);
    }
    let under = |domain: &str| {
        name.strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    if name.is_empty()
        || name == "localhost"
        || under("localhost")
        || name == "localhost.localdomain"
        || under("docker.internal")
        || HOST_ALIASES.contains(&name.as_str())
    {
        return Reach::Loopback;
    }
    if name == "kubernetes"
        || name == "kubernetes.default"
        || under("svc")
        || under("svc.cluster.local")
    {
        return Reach::InCluster;
    }
    let private = ["local", "lan", "internal", "home.arpa", "test"];
    if !name.contains('.') || private.into_iter().any(under) {
        return Reach::Private;
    }
    Reach::Public
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    if address.is_loopback() || address.is_unspecified() {
        Reach::Loopback
    } else if address.is_private() || address.is_link_local() || shared {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(v4) = address.to_ipv4_mapped() {
        return reach_v4(v4);
    }
    if address.is_loopback() || address.is_unspecified() {
        Reach::Loopback
    } else if address.is_unique_local() || address.is_unicast_link_local() {
        Reach::Private
    } else {
        Reach::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_client_takes() {
        for (text, host) in [
            ("https://api.example.com:6443", "api.example.com:6443"),
            ("HTTPS://x/", "x"),
            ("https://u:p@host:1/path?q=1#f", "host:1"),
            ("https://[::1]:6443", "[::1]:6443"),
            ("https://[fe80::1%25eth0]:6443", "[fe80::1%25eth0]:6443"),
            ("https://:6443", ":6443"),
            ("https://host:99999", "host:99999"),
            ("https://::1:6443", "::1:6443"),
            ("https://a::6443", "a::6443"),
            ("https://host:", "host:"),
            ("https://ä_b", "ä_b"),
            ("ftp://h", "h"),
            ("mailto:x@h", ""),
            ("localhost:8080", ""),
            ("api.example.com", ""),
            ("//api.example.com:6443", "api.example.com:6443"),
        ] {
            assert_eq!(
                Url::parse(text).map(|url| url.host).as_deref(),
                Ok(host),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_the_client_refuses() {
        for text in [
            " https://x",
            "https://x\n",
            "https://x:port",
            "https://x:+1",
            "https://x/%zz",
            "https://a b",
            "https://[::1",
            "https://a[::1]",
            "1.2.3.4:80",
            "http://[::1",
            "https://x#%",
            ":x",
            "https://%41",
            "https://[::1%25]",
            "https://[::1%25%a7]",
            "https://u\\@h",
        ] {
            assert_eq!(Url::parse(text), Err(NotAUrl), "{text:?}");
        }
    }

    #[test]
    fn a_fragment_without_a_host_is_a_path() {
        for (server, bare) in [
            ("h#x", true),
            ("https:/", true),
            ("https:/?x#y", true),
            ("https:/#x", false),
            ("/#", false),
            ("/x", false),
        ] {
            let is_bare = matches!(Address::of(server), Address::Bare(_));
            assert_eq!(is_bare, bare, "{server}");
        }
    }

    #[test]
    fn classifies_addresses() {
        use Reach::*;
        for (host, expected) in [
            ("localhost", Loopback),
            ("127.8.8.8", Loopback),
            ("0.0.0.0", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("kubernetes.docker.internal", Loopback),
            ("host.minikube.internal", Loopback),
            ("10.1.2.3", Private),
            ("100.64.0.1", Private),
            ("fe80::1%25eth0", Private),
            ("fd00::1", Private),
            ("master", Private),
            ("k8s.lan", Private),
            ("kubernetes.default", InCluster),
            ("kubernetes.default.svc", InCluster),
            ("api.ns.svc.cluster.local", InCluster),
            ("api.example.com", Public),
            ("8.8.8.8", Public),
            ("lan", Private),
            ("2001:db8::1", Public),
        ] {
            assert_eq!(reach(host), expected, "{host}");
        }
    }
}
