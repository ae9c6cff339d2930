//! Secrets in the payloads and the environment of agents, which everyone who may read an agent can read.

use serde_json::Value;

use super::document::Agent;
use crate::failure::{Failure, Kind};
use crate::text::acpctl;

/// Refuses a kubeconfig or a private key in an agent's payloads or environment.
///
/// # Errors
/// [`Kind::Data`]; the message names the place, not the content.
pub(super) fn refuse_secrets(agent: &Agent) -> Result<(), Failure> {
    for (field, value) in &agent.fields {
        let found = match value {
            Value::Array(payloads) => payloads.iter().find_map(|payload| {
                let content = payload.get("content")?.as_str()?;
                let path = payload.get("sandbox_path").and_then(Value::as_str);
                Some((path.unwrap_or_default(), secret_in(content)?))
            }),
            Value::Object(map) => map
                .iter()
                .find_map(|(key, value)| Some((key.as_str(), secret_in(value.as_str()?)?))),
            _ => None,
        };
        if let Some((place, what)) = found {
            let label = &agent.head.label;
            let message = format!("{label}: {field} {place} holds {what}");
            let command = acpctl(&["credential", "create", "--from-file", "PATH"]);
            return Err(Failure::new(Kind::Data, message).hint(format!(
                "everyone who may read the agent can read it; store it as a credential: {command}"
            )));
        }
    }
    Ok(())
}

/// Returns what kind of secret a text holds.
fn secret_in(text: &str) -> Option<&'static str> {
    let has = |word: &str| text.contains(word);
    if has("-----BEGIN ") && has("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_kubeconfig = has("client-key-data")
        || has("client-certificate-data")
        || ["clusters", "users", "contexts"].into_iter().all(has);
    is_kubeconfig.then_some("a kubeconfig")
}

#[cfg(test)]
mod tests {
    use super::secret_in;

    #[test]
    fn secrets_are_recognized() {
        for (text, found) in [
            ("-----BEGIN RSA PRIVATE KEY-----\nx", Some("a private key")),
            (
                "apiVersion: v1\nclusters: []\ncontexts: []\nusers: []",
                Some("a kubeconfig"),
            ),
            (
                r#"{"clusters":[],"contexts":[],"users":[]}"#,
                Some("a kubeconfig"),
            ),
            ("-----BEGIN CERTIFICATE-----", None),
            ("our users run clusters", None),
            ("", None),
        ] {
            assert_eq!(secret_in(text), found, "{text}");
        }
    }
}
