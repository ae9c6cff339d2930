//! The effective login: the one place that decides which token may go to which server.
//!
//! A token of the environment goes to the address that the user sets with it, and so does one that a job gets from an
//! issuer by its variables; it goes to no address that only the configuration names. A server of the user's own, on
//! this machine, has a token of its own. A stored login goes to the origin that it was made for, and to another one
//! only with `--send-login`. If a flag names the context, only the stored login of that context counts: a token of the
//! environment may be another server's.

use secrecy::SecretString;

use super::job::Job;
use super::own_server;
use super::store::{self, Store};
use crate::config::file::{ACCESS_TOKEN, API_URL, INSECURE, LOCAL, LOGIN_URL};
use crate::config::server_url::{is_local, parse_api_url, same_origin};
use crate::config::settings::{DEFAULT_API_URL, Origin, login_url};
use crate::config::{Config, Settings};
use crate::env;
use crate::failure::{Failure, Kind};
use crate::keyring::KeyringError;
use crate::output::Out;
use crate::secret_file;
use crate::text::{acpctl, url_for_people};

/// The authorization of the requests to the effective server.
pub(crate) enum Bearer {
    /// Nobody is logged in.
    None,
    Token(SecretString),
    /// The stored login is for the server at this address and stays here.
    Elsewhere(String),
}

impl Bearer {
    /// Returns the token to send to this address.
    ///
    /// # Errors
    /// The stored login is for another server, or the address is not valid.
    pub(crate) fn for_server(self, api_url: &str) -> Result<Option<SecretString>, Failure> {
        match self {
            Self::None => Ok(None),
            Self::Token(token) => Ok(Some(token)),
            Self::Elsewhere(other) => {
                parse_api_url(api_url)?;
                Err(for_another(&other, api_url))
            }
        }
    }
}

/// Finds the effective login. `config` loads the configuration, which happens only if the token may be stored. `read`
/// reads the stored token: as it is with [`store::access`], or renewed with [`super::refresh::fresh`]. `job` gets a
/// token for the login that the variables of a CI system describe.
///
/// # Errors
/// The configuration or the stored login can't be read, or the job gets no token.
pub(crate) fn effective<'c>(
    settings: &Settings,
    config: impl FnOnce() -> Result<&'c Config, Failure>,
    read: impl FnOnce(&Config) -> Result<Option<SecretString>, KeyringError>,
    job: impl FnOnce(&Job) -> Result<SecretString, Failure>,
) -> Result<Bearer, Failure> {
    let token = match without_store(settings)? {
        WithoutStore::Final(_, token) => token,
        WithoutStore::Job(found) => {
            check_job_server(settings)?;
            Some(job(&found)?)
        }
        WithoutStore::Open => {
            let config = config()?;
            match &settings.login_elsewhere {
                Some(other) if is_logged_in(config) => {
                    return Ok(Bearer::Elsewhere(other.clone()));
                }
                Some(_) => None,
                None => read(config).map_err(|why| unread(&why))?,
            }
        }
    };
    Ok(token.map_or(Bearer::None, Bearer::Token))
}

/// Refuses to send the token of a job to an address that the job does not name: to the default one, which nobody has
/// chosen, and to the one of a file, which is for the login beside it.
fn check_job_server(settings: &Settings) -> Result<(), Failure> {
    if settings.names_server {
        return Ok(());
    }
    let name = env::API_URL.name;
    let (why, url) = match settings.api_url.origin {
        Origin::File => {
            let saved = url_for_people(&settings.api_url.value);
            let why =
                format!(": its token does not go to {saved}, which only the configuration names");
            (why, saved)
        }
        _ => (String::new(), "https://...".to_owned()),
    };
    let state = if env::API_URL.is_blank() {
        "is empty"
    } else {
        "is not set"
    };
    let message = format!("{name} {state}, so the job has no server{why}");
    Err(Failure::new(Kind::Login, message).hint(format!("export {name}={url}")))
}

/// Returns the effective token as far as it is known without a keyring and without an issuer. Completion uses this: a
/// keyring may prompt.
#[must_use]
pub(crate) fn at_hand(settings: &Settings) -> Option<SecretString> {
    match without_store(settings) {
        Ok(WithoutStore::Final(_, token)) => token,
        Ok(WithoutStore::Open) => settings.token.value.clone(),
        Ok(WithoutStore::Job(_)) | Err(_) => None,
    }
}

/// Where the effective login comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The embedded API needs none.
    Local,
    /// The variable with a token.
    Variable,
    /// The user's own server on this machine.
    OwnServer,
    /// The variables of a job.
    Job,
    /// The configuration: a login of the user.
    Store,
}

impl Source {
    /// Returns words for a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Local => "the embedded API",
            Self::Variable => env::TOKEN.name,
            Self::OwnServer => "your own acpctl serve",
            Self::Job => env::CLIENT_ID.name,
            Self::Store => "the stored login",
        }
    }
}

/// Returns where the effective login comes from, without reading what is stored.
///
/// # Errors
/// The login that the variables of a job describe can't be read.
pub(crate) fn source(settings: &Settings) -> Result<Source, Failure> {
    Ok(match without_store(settings)? {
        WithoutStore::Final(source, _) => source,
        WithoutStore::Job(_) => Source::Job,
        WithoutStore::Open => Source::Store,
    })
}

/// The part of the decision that needs no stored login.
enum WithoutStore {
    Final(Source, Option<SecretString>),
    /// The issuer gives a token to this job.
    Job(Job),
    /// A stored login decides.
    Open,
}

fn without_store(settings: &Settings) -> Result<WithoutStore, Failure> {
    let given = settings.token.value.clone();
    if settings.is_local() {
        return Ok(WithoutStore::Final(Source::Local, given));
    }
    if settings.token.origin == Origin::Environment {
        return Ok(WithoutStore::Final(Source::Variable, given));
    }
    if let Some(token) = own_server::token_for(&settings.api_url.value) {
        return Ok(WithoutStore::Final(Source::OwnServer, Some(token)));
    }
    if settings.is_login_of_context {
        return Ok(WithoutStore::Open);
    }
    Ok(match Job::of_environment()? {
        Some(job) => WithoutStore::Job(job),
        None => WithoutStore::Open,
    })
}

/// Returns the failure of a stored login that can't be read.
#[must_use]
pub(crate) fn unread(why: &KeyringError) -> Failure {
    let failure = Failure::new(Kind::Login, format!("read the login: {why}"));
    match why {
        KeyringError::Another { wanted, .. } => failure.hint(acpctl(&["login", wanted])),
        KeyringError::OtherIssuer { .. } => failure.hint(acpctl(&["login", "URL"])),
        KeyringError::Damaged => failure.hint(acpctl(&["login"])),
        KeyringError::NoKeyring => failure.hint(format!(
            "set AMBIENT_TOKEN, or keep the login in config.json: {}",
            acpctl(&["login", "URL", "--store", "file"])
        )),
        _ => failure.hint(format!(
            "unlock the keyring, or set AMBIENT_TOKEN, or keep the login in config.json: {}",
            acpctl(&["login", "URL", "--store", "file"])
        )),
    }
}

/// Warns on a terminal if other users can read the file with the login. In a pipe nothing is printed: the next write
/// makes the file private.
pub(crate) fn warn_if_readable(out: &Out, config: &Config) {
    if out.is_terminal()
        && store::chosen(config) == Store::File
        && let Some(warning) = secret_file::open_to_others(config.path())
    {
        out.warn(&warning);
    }
}

/// True if a login is stored, whichever server it is for.
#[must_use]
pub(crate) fn is_logged_in(config: &Config) -> bool {
    config.text(ACCESS_TOKEN).is_some() || store::chosen(config) == Store::Keyring
}

/// Changes the address of a configuration, which then counts in place of the embedded API. A stored login stays with
/// the address that it was made for. A login in the file that was made before the configuration had an address belongs
/// to the first address; the keyring names the server itself. Returns the note about a permission that has ended.
pub(crate) fn change_url(config: &mut Config, url: Option<&str>) -> Option<String> {
    let is_first = config.text(API_URL).or(config.text(LOGIN_URL)).is_none()
        && store::chosen(config) != Store::Keyring;
    let made_for = login_url(config).to_owned();
    let note = set_url(config, url);
    // The address of a login that can't be read stays as it is, so that the login goes nowhere.
    if is_first || config.is_unfit_text(LOGIN_URL) {
        return note;
    }
    let now = config.text(API_URL).unwrap_or(DEFAULT_API_URL);
    let is_elsewhere = is_logged_in(config) && !same_origin(&made_for, now);
    config.set(LOGIN_URL, is_elsewhere.then(|| made_for.into()));
    note
}

/// Sets the address. A server without checked certificates does not hand that on to the next one.
fn set_url(config: &mut Config, url: Option<&str>) -> Option<String> {
    let before = config.text(API_URL).unwrap_or(DEFAULT_API_URL).to_owned();
    config.set(API_URL, url.map(Into::into));
    config.set(LOCAL, None);
    let now = config.text(API_URL).unwrap_or(DEFAULT_API_URL);
    if same_origin(&before, now) || !config.flag(INSECURE) {
        return None;
    }
    config.set(INSECURE, None);
    Some(format!(
        "{INSECURE} was for {} and is off: certificates are checked again",
        url_for_people(&before)
    ))
}

/// Records the address that a new login is for: the one that the login names, which is saved too; or else that of a
/// flag or variable; or else the saved one. Returns the note about a permission that has ended.
pub(crate) fn made_for(
    config: &mut Config,
    named: Option<&str>,
    settings: &Settings,
) -> Option<String> {
    let note = named.and_then(|_| set_url(config, named));
    let saved = config.text(API_URL).unwrap_or(DEFAULT_API_URL);
    let is_of_this_run = matches!(settings.api_url.origin, Origin::Flag | Origin::Environment);
    let other = Some(settings.api_url.value.as_str())
        .filter(|url| named.is_none() && is_of_this_run && !is_local(url))
        .filter(|url| !same_origin(url, saved))
        .map(Into::into);
    config.set(LOGIN_URL, other);
    note
}

fn for_another(other: &str, url: &str) -> Failure {
    let (other, url) = (url_for_people(other), url_for_people(url));
    Failure::new(
        Kind::Login,
        format!("the stored login is for {other} and is not sent to {url}"),
    )
    .hint(format!(
        "log in there with '{}', or set AMBIENT_TOKEN, or add --send-login if {url} leads to the same platform",
        acpctl(&["login", &url])
    ))
}
