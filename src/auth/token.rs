//! Reads what a bearer token says about itself (docs/interface/cli-core.md section 3.1). Nothing is verified: the server
//! does that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The algorithms of a token that counts as a JWT.
const ALGORITHMS: &[&str] = &[
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
];

/// The kinds of tokens.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// An `OpenShift` token, whose expiry is unknown.
    OpenShift,
    /// A JWT with its claims, unverified.
    Jwt(Map<String, Value>),
    Opaque,
}

/// Reads a token.
#[must_use]
pub fn read(token: &str) -> Token {
    if token.starts_with("sha256~") {
        return Token::OpenShift;
    }
    claims_unverified(token).map_or(Token::Opaque, Token::Jwt)
}

fn claims_unverified(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let header = object(header)?;
    if !ALGORITHMS.contains(&header.get("alg")?.as_str()?) {
        return None;
    }
    object(claims)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

impl Token {
    /// Returns the time at which the token expires, if it has a numeric `exp`; a fraction of a second is cut off.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        let Token::Jwt(claims) = self else {
            return None;
        };
        let exp = claims.get("exp")?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the fraction is cut off; a number beyond the range is not a time"
        )]
        let seconds = exp
            .as_i64()
            .or_else(|| exp.as_f64().map(|float| float as i64));
        Timestamp::from_second(seconds?).ok()
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
            Token::Jwt(claims) => claims.get(name).and_then(Value::as_str),
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
