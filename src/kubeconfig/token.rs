//! When a bearer token expires: as the token says, or as is known of its kind.

use ::base64::Engine;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::jwt::{self, Expiry};
use super::model::User;
use super::value::SecretText;

/// The expiry of a token, as far as it is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The token names this time.
    At(Timestamp),
    /// The token is a JWT without an expiry.
    Never,
    /// The token names no time, but tokens of its kind never live longer than this.
    Within(&'static ShortLived),
    Unknown,
}

/// A kind of token that does not name its expiry but is known to be short-lived.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShortLived {
    prefix: &'static str,
    pub(super) name: &'static str,
    pub(super) life: &'static str,
    pub(super) longest: SignedDuration,
}

/// The kinds. `longest` is the default of the service that issues the token.
const KINDS: &[ShortLived] = &[
    ShortLived {
        prefix: "sha256~",
        name: "an OpenShift login token",
        life: "a day",
        longest: SignedDuration::from_hours(24),
    },
    ShortLived {
        prefix: "ya29.",
        name: "a Google access token",
        life: "an hour",
        longest: SignedDuration::from_hours(1),
    },
    ShortLived {
        prefix: "glcbt-",
        name: "a GitLab job token",
        life: "one job",
        longest: SignedDuration::from_hours(1),
    },
];

/// How long EKS accepts a token after it was signed, whatever the token's URL says.
const EKS_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The text before the signed URL in a token for EKS.
const EKS: &str = "k8s-aws-v1.";
/// The size of the longest token that is decoded, in bytes.
const LONGEST: usize = 64 << 10;

/// Returns when a token expires.
pub(super) fn end(token: &str) -> End {
    if let Some(signed) = token.strip_prefix(EKS) {
        return eks_end(signed).map_or(End::Unknown, End::At);
    }
    // `ci:12:glcbt-…` is a job's user and token in one text.
    let last = token.rsplit(':').next().unwrap_or_default();
    if let Some(kind) = KINDS.iter().find(|kind| last.starts_with(kind.prefix)) {
        return End::Within(kind);
    }
    match jwt::parse(token) {
        Some(jwt) => match jwt.expiry() {
            Expiry::At(end) => End::At(end),
            Expiry::Never => End::Never,
            Expiry::Unknown => End::Unknown,
        },
        None => End::Unknown,
    }
}

/// Returns when a token for EKS expires. It is a signed URL that names the time of signing.
fn eks_end(signed: &str) -> Option<Timestamp> {
    if signed.len() > LONGEST {
        return None;
    }
    let url = Zeroizing::new(URL_SAFE_NO_PAD.decode(signed.trim_end_matches('=')).ok()?);
    let url = std::str::from_utf8(&url).ok()?;
    let (_, query) = url.split_once('?')?;
    let signed_at = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("X-Amz-Date="))?;
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", signed_at).ok()?;
    let time = TimeZone::UTC.to_timestamp(time).ok()?;
    time.checked_add(EKS_LIFE).ok()
}

/// Returns the token without the white space and the word `Bearer` that may have been pasted with it.
pub(super) fn bare(token: SecretText<'_>) -> &str {
    let text = token.expose().trim();
    text.strip_prefix("Bearer ").unwrap_or(text).trim()
}

/// Returns when the id-token of an oidc provider expires, if the provider cannot renew it: no other token replaces it
/// then.
pub(super) fn oidc_end(user: &User<'_>) -> Option<Timestamp> {
    let provider = user.auth_provider.as_ref()?;
    if provider.name != "oidc" || !provider.get("refresh-token").is_empty() {
        return None;
    }
    jwt::parse(provider.get("id-token"))?.expires_at()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_uses_what_is_known() {
        let signed = |date: &str| {
            let url = format!(
                "https://sts.example.com/?Action=GetCallerIdentity&X-Amz-Date={date}&X-Amz-Expires=60"
            );
            format!("{EKS}{}", URL_SAFE_NO_PAD.encode(url))
        };
        let at = |text: &str| End::At(text.parse().unwrap());
        assert_eq!(end(&signed("20260102T030405Z")), at("2026-01-02T03:19:05Z"));
        assert_eq!(end(&signed("tomorrow")), End::Unknown);
        assert_eq!(end("k8s-aws-v1.%%"), End::Unknown);
        for (token, name) in [
            ("sha256~abc", "an OpenShift login token"),
            ("ya29.abc", "a Google access token"),
            ("ci:12:glcbt-64_x", "a GitLab job token"),
            ("glcbt-64_x", "a GitLab job token"),
        ] {
            assert!(
                matches!(end(token), End::Within(kind) if kind.name == name),
                "{token}"
            );
        }
        assert_eq!(end("opaque"), End::Unknown);
        let jwt = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(end(&jwt("{}")), End::Never);
        assert_eq!(
            end(&jwt(r#"{"exp":1700000000}"#)),
            at("2023-11-14T22:13:20Z")
        );
    }
}
