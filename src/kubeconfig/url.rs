//! Reads URLs as Kubernetes' client does. The `url` crate follows the rules of browsers, which repair what the client
//! refuses (`https:/x`, spaces, odd ports), so its verdicts would differ.
//!
//! Accepts what a client built with Go 1.25 or with Go 1.26 accepts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::placeholder::holds_template;
use crate::text::seen::is_unseen;

/// The parts of a URL that the rules need.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    /// In lower case; empty if there is none.
    pub(super) scheme: String,
    pub(super) has_userinfo: bool,
    /// The host with its port, and with the brackets of an IPv6 address.
    pub(super) host: String,
    pub(super) path: String,
    pub(super) has_query: bool,
    pub(super) has_fragment: bool,
}

/// Kubernetes' client does not accept the text as a URL.
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

    /// Returns the host with its escapes decoded.
    pub(super) fn unescaped_host(&self) -> Vec<u8> {
        let mut pieces = self.host.split('%');
        let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
        for (value, piece) in escapes(&self.host).zip(pieces) {
            bytes.extend(value);
            bytes.extend(piece.bytes().skip(2));
        }
        bytes
    }

    /// Returns the host without port and brackets.
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

/// Checks that two hexadecimal digits follow every `%`.
fn well_escaped(text: &str) -> Result<(), NotAUrl> {
    escapes(text).try_for_each(|value| value.map(|_| ()))
}

/// Returns the value of each escape.
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
            // Clients built with Go 1.26 check the text after the first colon, older ones the text after the last.
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
    // An escape is allowed only for a byte that is also allowed without one.
    let fits = |b: u8| b == b' ' || b == b'%' || is_host_byte(b);
    if !zone
        .bytes()
        .all(|b| b >= 0x80 || b == b'%' || is_host_byte(b))
    {
        return Err(NotAUrl);
    }
    escapes(zone).try_for_each(|value| if fits(value?) { Ok(()) } else { Err(NotAUrl) })
}

/// Accepts an empty text, or a colon and digits. The range is not checked.
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
    // In a host, only bytes outside ASCII and `%` itself may be escaped.
    escapes(host).try_for_each(|value| match value? {
        b'%' | 0x80.. => Ok(()),
        _ => Err(NotAUrl),
    })
}

fn is_host_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!\"$&'()*+,-.:;<=>[]_~".contains(&b)
}

/// A cluster's `server` as the client understands it (docs/interface/kubeconfig.md section 8).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A URL with a scheme and a host.
    Url(Url),
    /// Another text that is a URL after `http://`. The client connects to it without TLS, even if https was meant.
    Bare(Url),
    /// Refused. The URL is the text after `http://`, if that can be read.
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

    /// Returns true for https. Over other schemes, credentials, CA and plugins do not matter.
    pub(super) fn is_https(&self) -> bool {
        matches!(self, Self::Url(url) if url.scheme == "https")
    }
}

/// Returns true if the client sees a path longer than `/`. It looks for one before it removes the fragment: in
/// `https:/#x` the path is `/#x`.
fn has_path(server: &str) -> bool {
    Url::without_fragment(server).is_ok_and(|url| url.path.starts_with('/') && url.path.len() > 1)
}

/// Explains why a server's text is refused. For refused texts only.
pub(super) fn why_refused(server: &str) -> &'static str {
    let has = |wanted: fn(char) -> bool| server.chars().any(wanted);
    if holds_template(server) {
        return "a template in it was not filled in";
    }
    if has(|c| matches!(c, '\n' | '\r')) {
        return "it holds a line end";
    }
    if has(|c| c.is_whitespace() || c.is_control()) {
        return "it holds a blank or a control character";
    }
    if has(|c| matches!(c, '"' | '\'' | '`')) {
        return "it holds a quotation mark";
    }
    let Some((_, rest)) = server.split_once("://") else {
        return if server.contains(":/") || server.contains("//") {
            "the scheme is not followed by `://`"
        } else {
            "it has no scheme"
        };
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if rest.contains("://") || host == "http:" || host == "https:" {
        "it has two schemes"
    } else if host.is_empty() {
        "it names no host"
    } else if host.contains(['[', ']']) {
        "the brackets do not hold an IPv6 address"
    } else if host.matches(':').count() > 1 {
        "an IPv6 address needs brackets, and there can be one port only"
    } else if host.contains(':') {
        "the port is not a number"
    } else if rest.contains('%') {
        "a percent sign is not followed by two digits"
    } else {
        "it holds a character that no address has"
    }
}

/// Whether any client can reach a host of this form. The text is known to be a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host {
    Plain,
    /// The name has characters outside ASCII, which only some clients translate.
    International,
    /// No client can, for this reason.
    Impossible(&'static str),
}

impl Host {
    pub(super) fn of(url: &Url, server: &str) -> Self {
        let name = url.hostname();
        if holds_template(server) {
            return Self::Impossible("a template in it was not filled in");
        }
        if url.path.starts_with("//") && matches!(name, "http" | "https") {
            return Self::Impossible("it has two schemes");
        }
        if url.host.chars().any(|c| is_unseen(c) || c.is_whitespace()) {
            return Self::Impossible("the host holds an invisible character");
        }
        if url.host.starts_with('[') {
            return Self::of_port(&url.host);
        }
        if url.host.matches(':').count() > 1 {
            return Self::Impossible("an IPv6 address needs brackets");
        }
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') || !c.is_ascii();
        if !name.chars().all(allowed) {
            return Self::Impossible("the host holds a character that no name has");
        }
        let labels = name.strip_suffix('.').unwrap_or(name);
        if !labels.is_empty() && labels.split('.').any(str::is_empty) {
            return Self::Impossible("a part of the host's name is empty");
        }
        if labels.split('.').any(|label| label.len() > 63) || labels.len() > 253 {
            return Self::Impossible("the host's name is too long");
        }
        match Self::of_port(&url.host) {
            Self::Plain if !name.is_ascii() => Self::International,
            found => found,
        }
    }

    fn of_port(host: &str) -> Self {
        let digits = host.rsplit_once(':').map(|(_, digits)| digits);
        match digits.filter(|digits| !digits.is_empty() && !digits.ends_with(']')) {
            Some(digits) if !matches!(digits.parse::<u32>(), Ok(1..=65_535)) => {
                Self::Impossible("the port is not between 1 and 65535")
            }
            _ => Self::Plain,
        }
    }
}

/// The place that an address leads to inside a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The container itself, or the machine that it runs on.
    Loopback,
    /// Only inside the cluster that the address belongs to.
    InCluster,
    /// A private network.
    Private,
    Public,
}

/// Names and domains with a known reach. Each means the domain itself and all names below it; the first match counts.
const KNOWN: &[(&str, Reach)] = &[
    ("localhost", Reach::Loopback),
    ("localhost.localdomain", Reach::Loopback),
    ("ip6-localhost", Reach::Loopback),
    ("ip6-loopback", Reach::Loopback),
    // Public names that stand for 127.0.0.1.
    ("lvh.me", Reach::Loopback),
    ("localtest.me", Reach::Loopback),
    ("vcap.me", Reach::Loopback),
    ("lacolhost.com", Reach::Loopback),
    ("localdev.me", Reach::Loopback),
    // OpenShift Local writes these names into the hosts file of its machine.
    ("crc.testing", Reach::Loopback),
    ("apps-crc.testing", Reach::Loopback),
    // Names by which containers and virtual machines reach the machine that they run on.
    ("docker.internal", Reach::Loopback),
    ("host.minikube.internal", Reach::Loopback),
    ("host.containers.internal", Reach::Loopback),
    ("host.lima.internal", Reach::Loopback),
    ("host.k3d.internal", Reach::Loopback),
    ("host.rancher-desktop.internal", Reach::Loopback),
    ("host.orb.internal", Reach::Loopback),
    ("docker.orb.internal", Reach::Loopback),
    ("orb.local", Reach::Loopback),
    ("kubernetes.default", Reach::InCluster),
    ("kubernetes", Reach::InCluster),
    ("svc", Reach::InCluster),
    ("svc.cluster.local", Reach::InCluster),
    // Names that exist only in private networks.
    ("ts.net", Reach::Private),
    ("beta.tailscale.net", Reach::Private),
    ("netbird.cloud", Reach::Private),
    ("vpce.amazonaws.com", Reach::Private),
    ("local", Reach::Private),
    ("localdomain", Reach::Private),
    ("lan", Reach::Private),
    ("home", Reach::Private),
    ("corp", Reach::Private),
    ("intranet", Reach::Private),
    ("private", Reach::Private),
    ("internal", Reach::Private),
    ("home.arpa", Reach::Private),
    ("test", Reach::Private),
];

/// Domains in which every name resolves to the address that the name contains.
const WILDCARDS: &[&str] = &["nip.io", "sslip.io", "xip.io", "traefik.me"];

/// Names that do not include the names below them.
const WHOLE: &[&str] = &["kubernetes", "kubernetes.default"];

/// Classifies a host name or address.
pub(super) fn reach(hostname: &str) -> Reach {
    let name = hostname.trim_end_matches('.').to_ascii_lowercase();
    if name.is_empty() {
        return Reach::Loopback;
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return reach_v4(address);
    }
    let literal = name.split('%').next().unwrap_or_default();
    if let Ok(address) = literal.parse::<Ipv6Addr>() {
        return reach_v6(address);
    }
    let below = |domain: &str| {
        name.strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'))
    };
    if let Some(rest) = WILDCARDS.iter().find_map(|domain| below(domain)) {
        return wildcard_reach(rest);
    }
    let known = KNOWN.iter().find(|(domain, _)| {
        name == *domain || (!WHOLE.contains(domain) && below(domain).is_some())
    });
    if let Some((_, reach)) = known {
        return *reach;
    }
    let is_private_aks = below("azmk8s.io").is_some_and(|rest| rest.contains(".privatelink."));
    if is_private_aks || !name.contains('.') {
        return Reach::Private;
    }
    Reach::Public
}

/// Returns the reach of `127.0.0.1`, `app.10-0-0-5` or `app-7f000001` before such a domain. A name without an address
/// counts as loopback.
fn wildcard_reach(rest: &str) -> Reach {
    let labels: Vec<&str> = rest.split('.').collect();
    let dotted = labels
        .windows(4)
        .rev()
        .find_map(|four| four.join(".").parse::<Ipv4Addr>().ok());
    let dashed = || {
        labels.iter().rev().find_map(|label| {
            let parts: Vec<&str> = label.split('-').collect();
            parts
                .windows(4)
                .rev()
                .find_map(|four| four.join(".").parse::<Ipv4Addr>().ok())
        })
    };
    let hex = || {
        let last = labels.last()?.rsplit('-').next()?;
        let digits = (last.len() == 8).then(|| u32::from_str_radix(last, 16).ok())?;
        digits.map(Ipv4Addr::from)
    };
    let v6 = || {
        let last = labels.last()?;
        last.replace('-', ":").parse::<Ipv6Addr>().ok()
    };
    match dotted.or_else(dashed).or_else(hex) {
        Some(address) => reach_v4(address),
        None => v6().map_or(Reach::Loopback, reach_v6),
    }
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
    fn accepts_what_the_client_accepts() {
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
            ("api.crc.testing", Loopback),
            ("ip6-localhost", Loopback),
            ("app.lvh.me", Loopback),
            ("notlvh.me", Public),
            ("host.rancher-desktop.internal", Loopback),
            ("k8s.orb.local", Loopback),
            ("127.0.0.1.nip.io", Loopback),
            ("app.192.168.1.4.nip.io", Private),
            ("10-0-0-5.sslip.io", Private),
            ("app-8-8-8-8.sslip.io", Public),
            ("7f000001.nip.io", Loopback),
            ("--1.sslip.io", Loopback),
            ("2a01-4f8--1.sslip.io", Public),
            ("c1.tail1234.ts.net", Private),
            ("x.guid.privatelink.westeurope.azmk8s.io", Private),
            ("x.hcp.westeurope.azmk8s.io", Public),
            ("my.kubernetes", Public),
        ] {
            assert_eq!(reach(host), expected, "{host}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_an_address() {
        for (text, why) in [
            ("https://a.example.com:6443\n", "it holds a line end"),
            (
                "https://a.example.com:6443 ",
                "it holds a blank or a control character",
            ),
            (
                "https:/a.example.com",
                "the scheme is not followed by `://`",
            ),
            (
                "https//a.example.com/",
                "the scheme is not followed by `://`",
            ),
            ("a.example.com/path", "it has no scheme"),
            ("https://{{ .Host }}", "a template in it was not filled in"),
            (
                "https://2001:db8::1:6443",
                "an IPv6 address needs brackets, and there can be one port only",
            ),
            (
                "https://a.example.com:6443:6443",
                "an IPv6 address needs brackets, and there can be one port only",
            ),
            ("https://a.example.com:port", "the port is not a number"),
            ("https://", "it names no host"),
            ("https://[::1", "the brackets do not hold an IPv6 address"),
        ] {
            assert_eq!(why_refused(text), why, "{text:?}");
        }
    }

    #[test]
    fn recognizes_hosts_that_cannot_exist() {
        let host = |text: &str| Host::of(&Url::parse(text).unwrap(), text);
        for (text, expected) in [
            ("https://a.example.com:6443", Host::Plain),
            ("https://a.example.com", Host::Plain),
            ("https://a.example.com.:6443", Host::Plain),
            ("https://[fe80::1%25eth0]:6443", Host::Plain),
            ("https://a_b.example.com", Host::Plain),
            ("https://ä.example.com", Host::International),
            (
                "https://a.example.com:0",
                Host::Impossible("the port is not between 1 and 65535"),
            ),
            (
                "https://[::1]:99999",
                Host::Impossible("the port is not between 1 and 65535"),
            ),
            (
                "https://a..example.com",
                Host::Impossible("a part of the host's name is empty"),
            ),
            (
                "https://.example.com",
                Host::Impossible("a part of the host's name is empty"),
            ),
            (
                "https://\u{202a}a.example.com",
                Host::Impossible("the host holds an invisible character"),
            ),
            (
                "https://<server>:6443",
                Host::Impossible("a template in it was not filled in"),
            ),
            (
                "https://https://a.example.com",
                Host::Impossible("it has two schemes"),
            ),
            (
                "https://a,b",
                Host::Impossible("the host holds a character that no name has"),
            ),
        ] {
            assert_eq!(host(text), expected, "{text:?}");
        }
    }
}
