//! Prompts for the parts of a credential that the flags do not name.

use crate::failure::{Failure, Kind};
use crate::output::prompt::{self, Choice};
use crate::resources::{KUBECONFIG, PROVIDERS};

/// Prompts for the provider.
///
/// # Errors
/// If the user cancels.
pub(super) fn ask_provider() -> anyhow::Result<String> {
    let mut choices: Vec<Choice> = PROVIDERS
        .iter()
        .map(|(name, help)| Choice::new(*name, *help))
        .collect();
    choices.push(Choice::new("another", "type its name"));
    let start = PROVIDERS.iter().position(|(name, _)| *name == KUBECONFIG);
    let chosen = prompt::select("Provider", &choices, start.unwrap_or_default())?;
    match PROVIDERS.get(chosen) {
        Some((name, _)) => Ok((*name).to_owned()),
        None => {
            let typed = prompt::text("Provider", "", prompt::not_empty)?;
            let question =
                "No session gets anything from a provider of this name. Store it anyway?";
            if !is_known(&typed) && !prompt::confirm(question)? {
                return Err(cancelled().into());
            }
            Ok(typed)
        }
    }
}

/// True for a provider that a runner knows.
pub(super) fn is_known(provider: &str) -> bool {
    PROVIDERS.iter().any(|(name, _)| *name == provider)
}

/// The user does not want what was shown.
pub(super) fn cancelled() -> Failure {
    Failure::new(Kind::Input, "canceled: nothing was sent")
}

/// Prompts for the name. The provider is the default.
///
/// # Errors
/// If the user cancels.
pub(super) fn ask_name(provider: &str) -> anyhow::Result<String> {
    prompt::text("Name", provider, prompt::not_empty)
}
