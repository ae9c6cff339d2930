//! Secrets of a plan in text that is shown or stored: what a program prints may hold them.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::kubeconfig;
use crate::runner::plan::{KUBECONFIG, Plan, Step};
pub use crate::text::mask::Mask;

impl Mask {
    /// All secrets of a plan.
    #[must_use]
    pub fn of_plan(plan: &Plan) -> Self {
        Self::new(&secrets(plan))
    }
}

/// All secrets of a plan.
#[must_use]
pub fn secrets(plan: &Plan) -> Vec<SecretString> {
    let known = |step: &Step| {
        let token = step.credential.token.as_ref().ok();
        token.map_or_else(Vec::new, |token| secrets_in(step, token))
    };
    plan.steps.iter().flat_map(known).collect()
}

/// The secrets in the token of a credential: that of a kubeconfig holds more than secrets.
#[must_use]
pub fn secrets_in(step: &Step, token: &SecretString) -> Vec<SecretString> {
    if step.credential.provider != KUBECONFIG {
        return vec![token.clone()];
    }
    let source = kubeconfig::Source {
        name: &step.credential.name,
        bytes: token.expose_secret().as_bytes(),
        dir: Path::new(""),
    };
    // What can't be read counts as a secret as a whole.
    kubeconfig::secrets(&[source]).unwrap_or_else(|_| vec![token.clone()])
}
