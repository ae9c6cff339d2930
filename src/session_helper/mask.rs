//! Secrets of a plan in text that is shown or stored: what a program prints may hold them.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::kubeconfig;
use crate::runner::plan::{KUBECONFIG, MASK, Plan, Step};

/// Shorter values would mask ordinary words, in bytes.
const SHORTEST: usize = 4;
/// Shorter lines of a secret say nothing about it, in bytes.
const SHORTEST_LINE: usize = 16;

/// The texts that must not be seen.
pub struct Mask(Vec<SecretString>);

impl Mask {
    /// All secrets of a plan.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        Self(plan.steps.iter().flat_map(secrets).collect())
    }

    /// Another secret.
    #[must_use]
    pub fn and(mut self, secret: Option<&SecretString>) -> Self {
        self.0.extend(secret.cloned());
        self
    }

    /// The text without them.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let secrets = self.0.iter().map(SecretString::expose_secret);
        secrets
            .filter(|secret| secret.len() >= SHORTEST)
            .fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

/// The secrets of one credential; of those with several lines each line too.
fn secrets(step: &Step) -> Vec<SecretString> {
    let Ok(token) = &step.credential.token else {
        return Vec::new();
    };
    let whole = if step.credential.provider == KUBECONFIG {
        let source = kubeconfig::Source {
            name: &step.credential.name,
            bytes: token.expose_secret().as_bytes(),
            dir: Path::new(""),
        };
        kubeconfig::secrets(&[source]).unwrap_or_default()
    } else {
        vec![token.clone()]
    };
    let lines = |secret: &SecretString| -> Vec<SecretString> {
        let lines = secret.expose_secret().lines().map(str::trim);
        let long = lines.filter(|line| line.len() >= SHORTEST_LINE);
        long.map(SecretString::from).collect()
    };
    let parts: Vec<SecretString> = whole.iter().flat_map(lines).collect();
    whole.into_iter().chain(parts).collect()
}
