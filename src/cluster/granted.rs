//! Whether a token that a cluster gives is the one that was asked for, as far as the token itself tells. A cluster may
//! be wrong, or lie: what it says about its own token is compared with the request, not believed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::fault::{Class, Fault};
use super::objects::{Account, Object};
use crate::kubeconfig::jwt::{self, Jwt};

/// How much the clocks of this machine and of the cluster may differ.
pub(crate) const CLOCKS: Duration = Duration::from_secs(300);
/// How much the end in the token may differ from the end in the answer: the latter may be rounded.
const ROUNDING: SignedDuration = SignedDuration::from_secs(60);

/// What a token was asked for.
pub(crate) struct Wanted<'a> {
    pub account: &'a Account,
    pub account_uid: &'a str,
    /// The token ends with this object.
    pub anchor: &'a Object,
    pub anchor_uid: &'a str,
    pub ttl: Duration,
    pub now: Timestamp,
}

/// A token, and its end as the cluster grants it.
pub(crate) struct Granted {
    pub token: SecretString,
    pub end: Timestamp,
    /// True if the token itself names the account; false if it can't be read.
    pub names_account: bool,
}

impl Granted {
    /// Compares a token and its end with what was asked for.
    ///
    /// # Errors
    /// The token contradicts the request.
    pub(super) fn of(
        token: SecretString,
        end: Timestamp,
        wanted: &Wanted<'_>,
    ) -> Result<Self, Fault> {
        let latest = wanted.now.checked_add(wanted.ttl + CLOCKS);
        if latest.is_ok_and(|latest| end > latest) {
            return Err(contradiction(&format!(
                "a token that lasts until {end}, and it was asked for {} minutes",
                wanted.ttl.as_secs() / 60
            )));
        }
        if end <= wanted.now {
            return Err(contradiction(&format!("a token that ended on {end}")));
        }
        let jwt = jwt::parse(token.expose_secret());
        if let Some(jwt) = &jwt {
            check(jwt, end, wanted)?;
        }
        Ok(Self {
            names_account: jwt.is_some(),
            token,
            end,
        })
    }
}

/// Compares the token's own claims with the request. Each token of a service account has them.
fn check(jwt: &Jwt, end: Timestamp, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let user = wanted.account.user();
    if jwt.claims.get("sub").and_then(Value::as_str) != Some(user.as_str()) {
        return Err(contradiction("a token of another user"));
    }
    let own_end = jwt.expires_at();
    let is_same_end = |own: Timestamp| own.duration_since(end).abs() <= ROUNDING;
    if !own_end.is_some_and(is_same_end) {
        let own_end = own_end.map_or_else(|| "no end".to_owned(), |end| end.to_string());
        return Err(contradiction(&format!(
            "a token with another end than it says: {own_end}, not {end}"
        )));
    }
    let own = jwt.claims.get("kubernetes.io").unwrap_or(&Value::Null);
    if own["serviceaccount"]["uid"] != wanted.account_uid {
        return Err(contradiction("a token of another account of this name"));
    }
    let bound = &own["secret"];
    let is_bound =
        bound["name"] == wanted.anchor.name.as_str() && bound["uid"] == wanted.anchor_uid;
    if !is_bound {
        return Err(contradiction(
            "a token that would not end with its Secret, so it could not be taken back",
        ));
    }
    Ok(())
}

/// The fault of a cluster that answers something else than it was asked for.
pub(super) fn contradiction(what: &str) -> Fault {
    Fault::new(
        Class::Cluster,
        format!("the cluster gives {what}; it is not stored"),
        "check this machine's clock and the address of the cluster, and tell the cluster's administrator",
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn time(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn granted(token: &str, end: i64) -> Result<bool, String> {
        let account = Account {
            id: "prod-x".to_owned(),
            namespace: "team-a".to_owned(),
        };
        let anchor = account.anchor("acpctl-prod-x-a");
        let wanted = Wanted {
            account: &account,
            account_uid: "uid-0",
            anchor: &anchor,
            anchor_uid: "uid-1",
            ttl: Duration::from_secs(3600),
            now: time(NOW),
        };
        Granted::of(token.into(), time(end), &wanted)
            .map(|granted| granted.names_account)
            .map_err(|fault| fault.text)
    }

    fn claims() -> Value {
        json!({
            "sub": "system:serviceaccount:team-a:acpctl-prod-x",
            "exp": NOW + 3600,
            "kubernetes.io": {
                "serviceaccount": {"name": "acpctl-prod-x", "uid": "uid-0"},
                "secret": {"name": "acpctl-prod-x-a", "uid": "uid-1"},
            },
        })
    }

    fn jwt(claims: &Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_token_is_compared_with_the_request() {
        assert_eq!(granted(&jwt(&claims()), NOW + 3600), Ok(true));
        assert_eq!(granted("opaque", NOW + 3600), Ok(false));
        // Sooner than asked for is the cluster's right.
        assert_eq!(granted("opaque", NOW + 60), Ok(false));
        for (key, value, words) in [
            ("sub", json!("admin"), "another user"),
            ("sub", Value::Null, "another user"),
            ("exp", json!(NOW + 86_400), "another end"),
            ("exp", Value::Null, "no end"),
            ("kubernetes.io", json!({}), "another account of this name"),
            (
                "kubernetes.io",
                json!({"serviceaccount": {"uid": "uid-9"}}),
                "another account of this name",
            ),
            (
                "kubernetes.io",
                json!({"serviceaccount": {"uid": "uid-0"}}),
                "not end with its Secret",
            ),
            (
                "kubernetes.io",
                json!({
                    "serviceaccount": {"uid": "uid-0"},
                    "secret": {"name": "acpctl-prod-x-a", "uid": "uid-2"},
                }),
                "not end with its Secret",
            ),
        ] {
            let mut claims = claims();
            claims[key] = value;
            let refused = granted(&jwt(&claims), NOW + 3600).unwrap_err();
            assert!(refused.contains(words), "{claims}: {refused}");
        }
        for token in ["opaque", &jwt(&claims())] {
            let refused = granted(token, NOW + 3600 + 301).unwrap_err();
            assert!(refused.contains("lasts until"), "{refused}");
            let refused = granted(token, NOW).unwrap_err();
            assert!(refused.contains("ended on"), "{refused}");
        }
    }
}
