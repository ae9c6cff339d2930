//! Checks the programs that commands or sessions start, and the keyring.

use super::check::{Check, fail, ok, warn};
use crate::auth::store::{self, Store};
use crate::ctx::Ctx;
use crate::env;
use crate::keyring::{self, KeyringError};
use crate::output::progress;

/// Reads the login from the keyring, or else an entry that does not exist. A keyring is needed only for a login that is
/// in it: without one, secrets are in private files.
pub(super) fn keyring(ctx: &Ctx) -> Check {
    let name = "keyring";
    let config = ctx.config_if_any().ok();
    let config = config.filter(|config| store::chosen(config) == Store::Keyring);
    let keeps_login = config.is_some();
    if !keeps_login && env::LOCAL_KEYRING.get().as_deref() == Some("off") {
        return ok(name, "switched off by AMBIENT_LOCAL_KEYRING");
    }
    let _asking = progress::begin("Asking the keyring");
    // A locked keyring says that an entry is missing, but does not give one.
    let asked = match config.filter(|config| config.keyring_entry().is_some()) {
        Some(config) => store::entry(config).map(drop),
        None => keyring::read("acpctl", "doctor").map(drop),
    };
    match asked {
        Ok(()) => ok(name, "answers"),
        Err(why) if keeps_login => fail(
            name,
            format!("the login is in it, but {}", in_our_words(&why)),
            "start and unlock a secret service, or: acpctl login URL --store file",
        ),
        Err(KeyringError::NoKeyring) => ok(
            name,
            "this system has none; a login and the store's key are in files that only you can read",
        ),
        Err(why) => warn(
            name,
            format!(
                "{}; a login and the store's key go to private files",
                in_our_words(&why)
            ),
            "start and unlock a secret service, or: export AMBIENT_LOCAL_KEYRING=off",
        ),
    }
}

fn in_our_words(why: &KeyringError) -> String {
    match why {
        KeyringError::Refused(_) => "it does not give access".to_owned(),
        other => other.to_string(),
    }
}

/// Looks for the programs. None of them is needed to store a credential.
pub(super) fn programs() -> Vec<Check> {
    let kubectl = match env::program("kubectl") {
        Some(path) => ok("kubectl", path.display().to_string()),
        None => ok(
            "kubectl",
            "not installed; only for trying out a kubeconfig (https://kubernetes.io/docs/tasks/tools/)",
        ),
    };
    let server = ["kubernetes-mcp-server", "uvx", "npx"]
        .into_iter()
        .find_map(|name| env::program(name).map(|path| (name, path)));
    let server = match server {
        Some(("kubernetes-mcp-server", path)) => ok("mcp-server", path.display().to_string()),
        Some((name, path)) => ok(
            "mcp-server",
            format!("not installed, but {name} can fetch it: {}", path.display()),
        ),
        None => ok(
            "mcp-server",
            "not installed; only for running a session's tools here (https://docs.astral.sh/uv/)",
        ),
    };
    vec![kubectl, server]
}
