//! Collects the secrets of a plan, which the output of a program may contain.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::kubeconfig;
use crate::runner::plan::{KUBECONFIG, Plan, Step};
pub(crate) use crate::text::mask::Mask;

impl Mask {
    /// Returns a mask for all secrets of a plan.
    #[must_use]
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        Self::sparing(&secrets(plan), &public(plan))
    }
}

/// Returns all secrets of a plan.
#[must_use]
pub(crate) fn secrets(plan: &Plan) -> Vec<SecretString> {
    let known = |step: &Step| {
        let token = step.credential.token.as_ref().ok();
        token.map_or_else(Vec::new, |token| secrets_in(step, token))
    };
    plan.steps.iter().flat_map(known).collect()
}

/// Returns the secrets in a credential's token. A kubeconfig contains more than secrets, so only those in it are
/// returned.
#[must_use]
pub(crate) fn secrets_in(step: &Step, token: &SecretString) -> Vec<SecretString> {
    if step.credential.provider != KUBECONFIG {
        return vec![token.clone()];
    }
    // A kubeconfig that can't be read counts as one secret.
    kubeconfig::secrets(&[source(step, token)]).unwrap_or_else(|_| vec![token.clone()])
}

/// Returns the certificates of a plan's kubeconfigs, which are public.
#[must_use]
pub(crate) fn public(plan: &Plan) -> Vec<Vec<u8>> {
    let known = |step: &Step| {
        let token = step.credential.token.as_ref().ok();
        token.map_or_else(Vec::new, |token| public_in(step, token))
    };
    plan.steps.iter().flat_map(known).collect()
}

/// Returns the certificates in a credential's token.
#[must_use]
pub(crate) fn public_in(step: &Step, token: &SecretString) -> Vec<Vec<u8>> {
    if step.credential.provider != KUBECONFIG {
        return Vec::new();
    }
    kubeconfig::certificates(&[source(step, token)]).unwrap_or_default()
}

fn source<'t>(step: &'t Step, token: &'t SecretString) -> kubeconfig::Source<'t> {
    kubeconfig::Source {
        name: &step.credential.name,
        bytes: token.expose_secret().as_bytes(),
        dir: Path::new(""),
    }
}
