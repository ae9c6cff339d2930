//! Who may call.

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::resources::meta;
use super::{AppState, error, reply};

/// The answer to a request that may not come in.
pub fn refuse(state: &AppState, path: &str, request: &Request<Body>) -> Option<Response<Body>> {
    let options = state.options();
    if options.browser_guard && comes_from_elsewhere(request.headers()) {
        let body = error::short_body(StatusCode::FORBIDDEN);
        return Some(reply::json_response(StatusCode::FORBIDDEN, &body));
    }
    let token = options.bearer.as_ref().filter(|_| !meta::is_open(path))?;
    let refused = || reply::text_response(StatusCode::UNAUTHORIZED, "Unauthorized");
    (!bears(request.headers(), token)).then(refused)
}

/// The word `Bearer`, one space, the token (contract api.md section 1).
fn bears(headers: &HeaderMap, token: &SecretString) -> bool {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        // Of digests, how long the comparison takes tells nothing about the token.
        .is_some_and(|given| Sha256::digest(given) == Sha256::digest(token.expose_secret()))
}

/// A page of another site that makes the user's browser call a server on this machine: it sends its
/// `Origin`, or, having pointed a name of its own here, a `Host` that is not this machine.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST);
    let foreign_origin = text(header::ORIGIN).is_some_and(|origin| {
        let at = origin.split_once("://").map(|(_, rest)| rest);
        !at.is_some_and(is_loopback)
    });
    foreign_origin || host.is_some_and(|host| !is_loopback(host))
}

/// Whether `host` or `host:port` names this machine.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_token_must_be_borne_exactly() {
        let token = SecretString::from("s3cret");
        let bears = |value| bears(&headers(&[(header::AUTHORIZATION, value)]), &token);
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
        for (host, origin, foreign) in [
            ("127.0.0.1:8000", None, false),
            ("localhost:8000", Some("http://localhost:3000"), false),
            ("[::1]:8000", Some("http://127.0.0.1"), false),
            ("127.0.0.1:8000", Some("https://evil.example"), true),
            ("127.0.0.1:8000", Some("null"), true),
            ("evil.example:8000", None, true),
            ("localhost.evil.example", None, true),
        ] {
            let mut pairs = vec![(header::HOST, host)];
            pairs.extend(origin.map(|origin| (header::ORIGIN, origin)));
            assert_eq!(
                comes_from_elsewhere(&headers(&pairs)),
                foreign,
                "{host} {origin:?}"
            );
        }
    }
}
