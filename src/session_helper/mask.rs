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
        Self::new(&secrets(plan))
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
    let source = kubeconfig::Source {
        name: &step.credential.name,
        bytes: token.expose_secret().as_bytes(),
        dir: Path::new(""),
    };
    // A kubeconfig that can't be read counts as one secret.
    kubeconfig::secrets(&[source]).unwrap_or_else(|_| vec![token.clone()])
}
