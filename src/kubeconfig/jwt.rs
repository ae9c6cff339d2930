//! Reads what a JSON Web Token says about itself. Nothing is verified: that is the server's task.

use ::base64::Engine;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The size of the longest token that is decoded, in bytes.
const LONGEST: usize = 64 << 10;

/// A token that has the form of a JWT. No `Debug`: its claims may name people.
pub struct Jwt {
    /// The header; `None` if it is not an object.
    pub header: Option<Map<String, Value>>,
    pub claims: Map<String, Value>,
}

/// The end of a token, as the token states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    At(Timestamp),
    /// It has no `exp`, or one beyond all times.
    Never,
    /// Its `exp` is not a number.
    Unknown,
}

impl Jwt {
    /// Returns the numeric claim `exp` without its fraction.
    #[must_use]
    pub fn expiry(&self) -> Expiry {
        let exp = match self.claims.get("exp") {
            None | Some(Value::Null) => return Expiry::Never,
            Some(exp) => exp,
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the fraction is dropped; a number out of range saturates and is not a time"
        )]
        let seconds = exp
            .as_i64()
            .or_else(|| exp.as_f64().map(|seconds| seconds as i64));
        match seconds.map(Timestamp::from_second) {
            Some(Ok(end)) => Expiry::At(end),
            Some(Err(_)) => Expiry::Never,
            None => Expiry::Unknown,
        }
    }

    /// Returns the time at which the token expires, if it names one.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        match self.expiry() {
            Expiry::At(end) => Some(end),
            Expiry::Never | Expiry::Unknown => None,
        }
    }
}

/// Reads a token. Returns `None` if it is not a JWT.
#[must_use]
pub fn parse(token: &str) -> Option<Jwt> {
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some(Jwt {
        claims: object(claims)?,
        header: object(header),
    })
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expiry(claims: &str) -> Expiry {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        parse(&token).unwrap().expiry()
    }

    #[test]
    fn reads_the_end() {
        let end = Expiry::At(Timestamp::from_second(1_700_000_000).unwrap());
        for claims in [r#"{"exp":1700000000}"#, r#"{"sub":"x","exp":1.7e9}"#] {
            assert_eq!(expiry(claims), end);
        }
        assert_eq!(expiry("{}"), Expiry::Never);
        assert_eq!(expiry(r#"{"exp":1e300}"#), Expiry::Never);
        assert_eq!(expiry(r#"{"exp":"tomorrow"}"#), Expiry::Unknown);
    }

    #[test]
    fn other_tokens_are_not_jwts() {
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c.d",
            "a.!.c",
            "sha256~abc",
            "e30.bm8.x",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
