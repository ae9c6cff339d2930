//! Decides which requests are admitted.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Request, Response, StatusCode, header};
use hyper::body::Body as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::names::{HEALTH_PATH, PLATFORM_PATH, ROOT_PATH};
use super::state::AppState;
use super::{error, reply};

/// The paths that need no token.
const OPEN_PATHS: [&str; 3] = [ROOT_PATH, HEALTH_PATH, PLATFORM_PATH];

/// Returns the refusal of a request that is not admitted.
pub(super) fn refuse(
    state: &AppState,
    path: &str,
    request: &Request<Body>,
) -> Option<Response<Body>> {
    let options = state.options();
    let refused = |status| reply::json_response(status, &error::short_body(status));
    if options.browser_guard && comes_from_elsewhere(request, options.bearer.is_some()) {
        return Some(refused(StatusCode::FORBIDDEN));
    }
    let asks_for_token = !OPEN_PATHS.contains(&path);
    if let Some(token) = options.bearer.as_ref().filter(|_| asks_for_token) {
        let unauthorized = || reply::text_response(StatusCode::UNAUTHORIZED, "Unauthorized");
        return (!bears(request.headers(), token)).then(unauthorized);
    }
    // A page of another site may send a form without permission, but not JSON.
    (options.browser_guard && has_body(request) && !is_json(request.headers()))
        .then(|| refused(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// Whether the header holds the word `Bearer`, one space and the token (docs/interface/api.md section 1).
fn bears(headers: &HeaderMap, token: &SecretString) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        // Comparing digests avoids a timing side channel.
        .is_some_and(|given| Sha256::digest(given) == Sha256::digest(token.expose_secret()))
}

/// Whether a page of another site made the user's browser send this request. The browser states the origin of the page,
/// or, if the site has pointed a name of its own at this machine, calls the server by that name. A caller that has to
/// know the token may use any name.
fn comes_from_elsewhere(request: &Request<Body>, asks_for_token: bool) -> bool {
    let headers = request.headers();
    let Some(host) = only(headers, header::HOST).and_then(authority) else {
        return true;
    };
    let other_target = request
        .uri()
        .authority()
        .is_some_and(|target| !target.as_str().eq_ignore_ascii_case(host.as_str()));
    let foreign_name = !asks_for_token && !is_loopback(&host);
    let foreign_origin = headers.contains_key(header::ORIGIN)
        && !only(headers, header::ORIGIN).is_some_and(|origin| is_own(origin, &host));
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    let foreign_page = headers.contains_key(&fetch_site)
        && !only(headers, fetch_site).is_some_and(|site| ["same-origin", "none"].contains(&site));
    other_target || foreign_name || foreign_origin || foreign_page
}

/// Returns the value of a header that occurs exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Parses `host` or `host:port` and refuses anything else.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let (host, port) = (authority.host(), authority.port());
    let whole = match &port {
        Some(port) => format!("{host}:{}", port.as_str()),
        None => host.to_owned(),
    };
    (!host.is_empty() && whole == text && bracketed_is_address(host)).then_some(authority)
}

fn bracketed_is_address(host: &str) -> bool {
    match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.contains(['[', ']']),
    }
}

/// Whether an origin is this server itself.
fn is_own(origin: &str, host: &Authority) -> bool {
    let (scheme, rest) = origin.split_once("://").unwrap_or_default();
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    authority(rest).is_some_and(|origin| {
        origin.host().eq_ignore_ascii_case(host.host())
            && origin.port_u16().unwrap_or(usual) == host.port_u16().unwrap_or(usual)
    })
}

/// Whether a name or an address means this machine.
fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

fn has_body(request: &Request<Body>) -> bool {
    request.body().size_hint().exact() != Some(0)
}

fn is_json(headers: &HeaderMap) -> bool {
    only(headers, header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
            || kind.eq_ignore_ascii_case("application/merge-patch+json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::builder().uri("/");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn the_token_must_be_borne_exactly() {
        let token = SecretString::from("s3cret");
        let bears = |value| bears(request(&[("authorization", value)]).headers(), &token);
        assert!(bears("Bearer s3cret"));
        for bad in [
            "bearer s3cret",
            "Bearer  s3cret",
            "Bearer s3cre",
            "Bearer s3crets",
            "s3cret",
            "",
        ] {
            assert!(!bears(bad), "{bad}");
        }
        assert!(!super::bears(&HeaderMap::new(), &token));
    }

    #[test]
    fn pages_of_other_sites_are_told_apart() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:8000");
        for (pairs, foreign) in [
            (&[HOST][..], false),
            (&[("host", "localhost:8000")], false),
            (&[("host", "LOCALHOST")], false),
            (&[("host", "[::1]:8000")], false),
            (&[HOST, ("origin", "http://127.0.0.1:8000")], false),
            (
                &[("host", "localhost"), ("origin", "http://localhost:80")],
                false,
            ),
            (&[HOST, ("sec-fetch-site", "same-origin")], false),
            (&[HOST, ("sec-fetch-site", "none")], false),
            (&[], true),
            (&[HOST, HOST], true),
            (&[HOST, ("origin", "http://127.0.0.1:3000")], true),
            (&[HOST, ("origin", "http://localhost:8000")], true),
            (&[HOST, ("origin", "https://evil.example")], true),
            (&[HOST, ("origin", "null")], true),
            (&[HOST, ("origin", "")], true),
            (&[HOST, ("origin", "http://127.0.0.1:8000/x")], true),
            (&[HOST, ("sec-fetch-site", "same-site")], true),
            (&[HOST, ("sec-fetch-site", "cross-site")], true),
        ] {
            let found = comes_from_elsewhere(&request(pairs), false);
            assert_eq!(found, foreign, "{pairs:?}");
        }
        for host in [
            "evil.example:8000",
            "localhost.evil.example",
            "[::1].evil",
            "[::1]evil",
            "localhost:evil",
            "localhost:8000:1",
            "user@localhost",
            "localhost/x",
            "",
            "0.0.0.0",
        ] {
            let pairs = [("host", host)];
            assert!(comes_from_elsewhere(&request(&pairs), false), "{host}");
        }
        let by_name = request(&[("host", "acp.test:8443")]);
        assert!(!comes_from_elsewhere(&by_name, true), "with a token");
    }
}
