//! The endpoints of an issuer, as its discovery document names them (`OpenID` Connect Discovery 1.0, RFC 8414).

use serde_json::Value;
use url::Url;

use super::cleartext;
use crate::failure::{Failure, Kind};
use crate::text::{brief, url_for_people, visible};

/// The method of PKCE that we use; an issuer that lists others only is refused.
const METHOD: &str = "S256";

/// Returns the address of an issuer as it is compared: slashes at its end do not count.
pub(crate) fn base(issuer: &str) -> &str {
    issuer.trim_end_matches('/')
}

/// The endpoints of an issuer.
pub(crate) struct Endpoints {
    pub token: String,
    pub authorization: Option<String>,
    pub device: Option<String>,
    pub revocation: Option<String>,
    /// The issuer's name for itself, which it also sends with a code (RFC 9207).
    pub issuer: String,
    /// True if the issuer promises to send its name with every code.
    pub names_itself: bool,
}

/// Returns the address of the discovery document.
#[must_use]
pub(super) fn address(base: &str) -> String {
    format!("{base}/.well-known/openid-configuration")
}

/// Returns the endpoints of an issuer without a discovery document, at Keycloak's paths, which the Go tool uses.
#[must_use]
pub(super) fn keycloak(base: &str) -> Endpoints {
    let at = |name: &str| format!("{base}/protocol/openid-connect/{name}");
    Endpoints {
        token: at("token"),
        authorization: Some(at("auth")),
        device: None,
        revocation: None,
        issuer: base.to_owned(),
        names_itself: false,
    }
}

/// Reads a discovery document. The document must name the issuer that was asked: otherwise a code or a secret for one
/// issuer could be sent to another.
///
/// # Errors
/// The document is for another issuer, lacks an endpoint, or names one that must not get a secret.
pub(super) fn read(document: &Value, base: &str) -> Result<Endpoints, Failure> {
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    let shown = url_for_people(base);
    let broken = |why: String| Failure::new(Kind::Server, format!("the issuer {shown} {why}"));
    let issuer = text("issuer").unwrap_or_default();
    if issuer.is_empty() {
        let why = "has no discovery document: what is at its place names no issuer";
        return Err(broken(why.to_owned())
            .hint("check --issuer-url; the address of a Keycloak realm ends in /realms/NAME"));
    }
    if self::base(issuer) != base {
        let theirs = brief(&url_for_people(issuer));
        return Err(broken(format!("calls itself \"{theirs}\""))
            .hint("use the address that the issuer has for itself: --issuer-url URL"));
    }
    let endpoint = |key: &str| -> Result<Option<String>, Failure> {
        let Some(address) = text(key) else {
            return Ok(None);
        };
        if !may_get_secrets(address, base) {
            let theirs = visible(&url_for_people(address));
            return Err(broken(format!(
                "names an unsafe {key}: \"{theirs}\" is not an https address"
            )));
        }
        Ok(Some(address.to_owned()))
    };
    let methods = document.get("code_challenge_methods_supported");
    if let Some(methods) = methods.and_then(Value::as_array)
        && !methods.iter().any(|method| method == METHOD)
    {
        return Err(broken(format!(
            "does not support PKCE with {METHOD}, which every login here uses"
        )));
    }
    Ok(Endpoints {
        token: endpoint("token_endpoint")?
            .ok_or_else(|| broken("names no token_endpoint".to_owned()))?,
        authorization: endpoint("authorization_endpoint")?,
        device: endpoint("device_authorization_endpoint")?,
        revocation: endpoint("revocation_endpoint")?,
        issuer: issuer.to_owned(),
        names_itself: document
            .get("authorization_response_iss_parameter_supported")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    })
}

/// True for https. Plain http is right only near us, and only if the issuer itself has such an address.
fn may_get_secrets(address: &str, base: &str) -> bool {
    let scheme = |text: &str| Url::parse(text).ok().map(|url| url.scheme().to_owned());
    match scheme(address).as_deref() {
        Some("https") => true,
        Some("http") => {
            scheme(base).as_deref() == Some("http") && cleartext::exposed(address).is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BASE: &str = "https://sso.test/realms/r";

    fn document(changes: &Value) -> Value {
        let mut document = json!({
            "issuer": BASE, "token_endpoint": "https://sso.test/token", "authorization_endpoint": "https://login.test/auth",
        });
        for (key, value) in changes.as_object().unwrap() {
            document[key] = value.clone();
        }
        document
    }

    #[test]
    fn only_the_issuer_that_was_asked_is_believed() {
        let read_with = |changes| read(&document(&changes), BASE);
        let good = read_with(json!({})).ok().unwrap();
        assert_eq!(good.token, "https://sso.test/token");
        assert_eq!(
            good.authorization.as_deref(),
            Some("https://login.test/auth")
        );
        assert!(good.device.is_none() && good.revocation.is_none() && !good.names_itself);
        assert!(read_with(json!({"issuer": "https://sso.test/realms/r/"})).is_ok());
        for (changes, words) in [
            (json!({"issuer": "https://evil.test"}), "calls itself"),
            (json!({"issuer": null}), "names no issuer"),
            (json!({"token_endpoint": null}), "no token_endpoint"),
            (
                json!({"token_endpoint": "http://127.0.0.1/token"}),
                "unsafe token_endpoint",
            ),
            (
                json!({"revocation_endpoint": "ftp://sso.test"}),
                "unsafe revocation_endpoint",
            ),
            (
                json!({"device_authorization_endpoint": "javascript:alert(1)"}),
                "unsafe device_authorization_endpoint",
            ),
            (
                json!({"code_challenge_methods_supported": ["plain"]}),
                "PKCE with S256",
            ),
        ] {
            let failure = read_with(changes).err().unwrap();
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }
}
