//! The settings by their names: which one a word means, its effective value, and how a value is written.

use std::time::Duration;

use serde_json::Value;

use crate::auth::login;
use crate::compat::grammar::nearest;
use crate::compat::number;
use crate::config::keys::{KEYS, Key, Takes};
use crate::config::server_url::{Source, check_url};
use crate::config::settings::{MAX_RETRIES, Origin};
use crate::config::{Config, Settings, file, pager_in};
use crate::failure::Failure;
use crate::text::{acpctl, quote, url_for_people};

/// The text for a setting without a value.
pub(super) const UNSET: &str = "(not set)";

/// The longest time limit that can be saved.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Finds a setting by its name.
///
/// # Errors
/// A usage failure in the Go tool's words, with the names.
pub(super) fn find(name: &str) -> Result<&'static Key, Failure> {
    let names = || KEYS.iter().map(|key| key.name);
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
        let failure = Failure::usage(format!(
            "unknown config key: {name} (valid keys: {})",
            names().collect::<Vec<_>>().join(", ")
        ));
        match nearest(name, names()) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure,
        }
    })
}

/// Returns the effective value of a setting as people read it, and its origin; `None` if it is not set.
pub(super) fn effective(
    key: &Key,
    settings: &Settings,
    config: &Config,
) -> (Option<String>, Origin) {
    let seconds = |value: Duration| Some(format!("{value:?}"));
    match key.name {
        file::API_URL => (
            Some(url_for_people(&settings.api_url.value)),
            settings.api_url.origin,
        ),
        file::LOCAL => (
            Some(settings.is_local().to_string()),
            settings.api_url.origin,
        ),
        file::ACCESS_TOKEN => {
            let is_set = settings.token.value.is_some() || login::is_logged_in(config);
            (
                is_set.then(|| "[REDACTED]".to_owned()),
                settings.token.origin,
            )
        }
        file::PROJECT => (settings.project.value.clone(), settings.project.origin),
        file::REQUEST_TIMEOUT => (
            seconds(settings.request_timeout.value),
            settings.request_timeout.origin,
        ),
        file::CONNECT_TIMEOUT => (
            seconds(settings.connect_timeout.value),
            settings.connect_timeout.origin,
        ),
        file::RETRIES => (
            Some(settings.retries.value.to_string()),
            settings.retries.origin,
        ),
        file::POLLING_INTERVAL => (
            seconds(settings.polling_interval.value),
            settings.polling_interval.origin,
        ),
        file::INSECURE => (
            Some(settings.insecure.value.to_string()),
            settings.insecure.origin,
        ),
        file::PAGER => {
            let pager = pager_in(config);
            (pager.value, pager.origin)
        }
        _ => (None, Origin::Default),
    }
}

/// Reads a value as the file holds it.
///
/// # Errors
/// The value does not fit the setting.
pub(super) fn read(key: &Key, text: &str) -> Result<Value, Failure> {
    let invalid = |why: &str| {
        Failure::usage(format!(
            "invalid value {} for {}: {why}",
            quote(text),
            key.name
        ))
    };
    match key.takes {
        Takes::Text => Ok(text.into()),
        Takes::Url => check_url(text, Source::Setting).map(|()| text.into()),
        Takes::Switch => match number::boolean(text) {
            Ok(on) => Ok(on.into()),
            Err(_) => Err(invalid("it takes true or false")),
        },
        Takes::Seconds => {
            let time = number::time_limit(text).ok();
            let fits = |time: &Duration| time.subsec_nanos() == 0 && *time <= LONGEST;
            match time.filter(fits) {
                Some(time) => Ok(time.as_secs().into()),
                None => Err(invalid(
                    "it takes whole seconds up to a day, for example 90 or 90s",
                )),
            }
        }
        Takes::Retries => match text.parse::<u32>().ok().filter(|n| *n <= MAX_RETRIES) {
            Some(count) => Ok(count.into()),
            None => Err(invalid(&format!(
                "it takes a number from 0 to {MAX_RETRIES}"
            ))),
        },
        Takes::Token => Err(token_refused()),
    }
}

/// The refusal of a token: only a login writes one.
pub(super) fn token_refused() -> Failure {
    Failure::usage("access_token is not a setting to change: a login writes it").hint(format!(
        "to replace it: {}; to remove it: {}",
        acpctl(&["login", "URL"]),
        acpctl(&["logout"])
    ))
}
