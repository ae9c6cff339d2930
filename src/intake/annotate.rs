//! Annotates a kubeconfig that will be stored, and derives a name for it.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::digest;
use crate::kubeconfig::Report;
use crate::resources::{CONTEXT, DIGEST, EXPIRES_AT, SERVER};

/// Returns context, server, expiry and keyed digest: what lists and later runs can use without the secret.
pub(super) fn annotations(report: &Report, text: &SecretString) -> Map<String, Value> {
    let mut map = Map::new();
    if let Some(summary) = &report.summary {
        let context = &summary.context;
        map.insert(CONTEXT.to_owned(), context.name.clone().into());
        if let Some(server) = &context.server {
            map.insert(SERVER.to_owned(), server.clone().into());
        }
        if let Some(expiry) = context.expires_at {
            map.insert(EXPIRES_AT.to_owned(), expiry.to_string().into());
        }
    }
    if let Some(digest) = digest::keyed(text.expose_secret().as_bytes()) {
        map.insert(DIGEST.to_owned(), digest.into());
    }
    map
}

/// Derives a credential's name from a context's: lower-case letters, digits, `-` and `.`, at most 63 characters.
pub(crate) fn name_from_context(context: &str) -> String {
    let mut name = String::new();
    for c in context.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' => name.push(c),
            _ if !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    let name: String = name.trim_matches(['-', '.']).chars().take(63).collect();
    let name = name.trim_end_matches(['-', '.']);
    if name.is_empty() {
        "kubeconfig".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::name_from_context;

    #[test]
    fn names_are_made_valid() {
        assert_eq!(
            name_from_context("arn:aws:eks:eu-west-1:000000000000:cluster/demo"),
            "arn-aws-eks-eu-west-1-000000000000-cluster-demo"
        );
        assert_eq!(name_from_context("Prod Cluster"), "prod-cluster");
        assert_eq!(name_from_context("☃"), "kubeconfig");
        assert_eq!(name_from_context(&"x".repeat(99)).len(), 63);
    }
}
