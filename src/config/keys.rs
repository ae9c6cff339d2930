//! The settings that `config` shows and changes, in one table: the commands, their help and completion read it.

use super::file;
use super::settings::{MAX_RETRIES, retries, time_limit};
use crate::env::{self, Var};
use crate::failure::Failure;
use crate::text::quote;

/// The kind of value that a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Text,
    Url,
    /// `true` or `false`.
    Switch,
    /// Whole seconds, as a number or a duration.
    Seconds,
    /// A number up to [`MAX_RETRIES`].
    Retries,
    /// The token, which only a login writes.
    Token,
}

/// A setting.
pub(crate) struct Key {
    pub name: &'static str,
    pub help: &'static str,
    pub takes: Takes,
    /// The variable that wins over the file.
    pub variable: Option<Var>,
}

const fn key(name: &'static str, takes: Takes, variable: Option<Var>, help: &'static str) -> Key {
    Key {
        name,
        help,
        takes,
        variable,
    }
}

/// The settings, in the order in which they are shown.
pub(crate) const KEYS: &[Key] = &[
    key(
        file::API_URL,
        Takes::Url,
        Some(env::API_URL),
        "base URL of the API server",
    ),
    key(
        file::LOCAL,
        Takes::Switch,
        Some(env::API_URL),
        "use the embedded API of this machine, as with --local",
    ),
    key(
        file::ACCESS_TOKEN,
        Takes::Token,
        Some(env::TOKEN),
        "token of the login, never shown; acpctl login sets it",
    ),
    key(
        file::PROJECT,
        Takes::Text,
        Some(env::PROJECT),
        "project to work in",
    ),
    key(
        file::REQUEST_TIMEOUT,
        Takes::Seconds,
        Some(env::REQUEST_TIMEOUT),
        "time limit for one request",
    ),
    key(
        file::CONNECT_TIMEOUT,
        Takes::Seconds,
        Some(env::CONNECT_TIMEOUT),
        "time limit for connecting to the server",
    ),
    key(
        file::RETRIES,
        Takes::Retries,
        Some(env::RETRIES),
        "how often to retry a request that is safe to repeat",
    ),
    key(
        file::POLLING_INTERVAL,
        Takes::Seconds,
        Some(env::POLLING_INTERVAL),
        "pause between two polls of get --watch",
    ),
    key(
        file::INSECURE,
        Takes::Switch,
        None,
        "skip the verification of TLS certificates (insecure)",
    ),
    key(
        file::PAGER,
        Takes::Text,
        Some(env::ACPCTL_PAGER),
        "program that shows long output on a terminal, or cat for none",
    ),
];

/// Checks the variables of the settings that take a number. Returns what to warn of: the Go tool ignores a wrong value
/// of its own variables.
///
/// # Errors
/// A usage failure for a wrong value of a variable that the Go tool does not have.
pub(crate) fn check_variables() -> Result<Option<String>, Failure> {
    let mut warning = None;
    for key in KEYS {
        let Some(variable) = key.variable else {
            continue;
        };
        let Some(text) = variable.get() else { continue };
        let wanted = match key.takes {
            Takes::Seconds if time_limit(variable).is_none() => {
                "it takes seconds above 0, for example 90 or 90s".to_owned()
            }
            Takes::Retries if retries(&text).is_none() => {
                format!("it takes a number from 0 to {MAX_RETRIES}")
            }
            _ => continue,
        };
        let what = format!(
            "invalid value {} of {}: {wanted}",
            quote(&text),
            variable.name
        );
        if !matches!(key.name, file::REQUEST_TIMEOUT | file::POLLING_INTERVAL) {
            return Err(Failure::usage(what).hint(format!("unset {}", variable.name)));
        }
        warning.get_or_insert(format!("{what}; it is ignored"));
    }
    Ok(warning)
}

/// The names with their descriptions, for completion.
pub(crate) const DESCRIBED: [(&str, &str); KEYS.len()] = {
    let mut pairs = [("", ""); KEYS.len()];
    let mut n = 0;
    while n < KEYS.len() {
        pairs[n] = (KEYS[n].name, KEYS[n].help);
        n += 1;
    }
    pairs
};
