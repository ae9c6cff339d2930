//! Reads what a bearer token says about itself (docs/interface/cli-core.md section 3.1). Nothing is verified: the
//! server does that.

use jiff::Timestamp;
use serde_json::Value;

use crate::kubeconfig::jwt::{self, Jwt};

/// The algorithms of a token that counts as a JWT.
const ALGORITHMS: &[&str] = &[
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
];

/// The kinds of tokens.
pub enum Token {
    /// An `OpenShift` token, whose expiry is unknown.
    OpenShift,
    /// A JWT with its claims, unverified.
    Jwt(Jwt),
    Opaque,
}

/// Reads a token.
#[must_use]
pub fn read(token: &str) -> Token {
    if token.starts_with("sha256~") {
        return Token::OpenShift;
    }
    match jwt::parse(token) {
        Some(jwt) if has_known_algorithm(&jwt) => Token::Jwt(jwt),
        _ => Token::Opaque,
    }
}

fn has_known_algorithm(jwt: &Jwt) -> bool {
    let algorithm = jwt.header.as_ref().and_then(|header| header.get("alg"));
    algorithm
        .and_then(Value::as_str)
        .is_some_and(|name| ALGORITHMS.contains(&name))
}

impl Token {
    /// Returns the time at which the token expires, if it has a numeric `exp`; a fraction of a second is cut off.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Token::Jwt(jwt) => jwt.expires_at(),
            Token::OpenShift | Token::Opaque => None,
        }
    }

    /// Returns the user's name on the platform, as role bindings use it.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        ["preferred_username", "username", "sub"]
            .iter()
            .find_map(|name| self.claim(name).filter(|text| !text.is_empty()))
    }

    /// Returns a claim that is a text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&str> {
        match self {
            Token::Jwt(jwt) => jwt.claims.get(name).and_then(Value::as_str),
            _ => None,
        }
    }
}

/// Writes a time as the Go tool does: RFC 3339 in the local zone, to the second.
#[must_use]
pub fn local_time(time: Timestamp) -> String {
    let zoned = time.to_zoned_datetime(jiff::tz::TimeZone::system());
    if zoned.offset().is_zero() {
        return time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
