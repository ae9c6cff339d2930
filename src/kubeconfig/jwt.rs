//! What a token says about itself. Nothing is verified: only the end of its life is read.

use ::base64::Engine;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// A token that has the form of a JWT.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Jwt {
    /// `None` if it has no end (or none that can be told).
    pub(super) expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
}

/// `None` if the token is not a JWT.
pub(super) fn parse(token: &str) -> Option<Jwt> {
    const LONGEST: usize = 64 << 10;
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    #[allow(clippy::cast_possible_truncation)] // saturates, and then is no timestamp
    let expires_at = claims
        .exp
        .and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    Some(Jwt { expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn reads_the_end() {
        let end = Timestamp::from_second(1_700_000_000).ok();
        for claims in [r#"{"exp":1700000000}"#, r#"{"sub":"x","exp":1.7e9}"#] {
            assert_eq!(parse(&token(claims)).unwrap().expires_at, end);
        }
        assert_eq!(parse(&token("{}")).unwrap().expires_at, None);
        assert_eq!(parse(&token(r#"{"exp":1e300}"#)).unwrap().expires_at, None);
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
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
