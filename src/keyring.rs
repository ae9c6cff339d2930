//! The system's keyring, which is given two seconds to answer, and more for what is lost otherwise.
//!
//! A secret service may wait for a person, or never answer. Each call therefore runs on a thread of its own, and a
//! command waits for it no longer than that.

use std::io;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ::keyring::v1::{Entry, Error};
use zeroize::Zeroizing;

use crate::output;

/// How long the keyring may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How long it may take for a secret that exists nowhere else.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a keyring that did not answer is left alone. A long run asks it again afterwards.
const RESPITE: Duration = Duration::from_secs(60);
/// When the keyring last did not answer, and the time that it had for that.
static SILENT: Mutex<Option<(Instant, Duration)>> = Mutex::new(None);
/// The start of the name of an entry that is there for a moment only, and its content.
const TRIAL: &str = "trial";

/// Why the keyring did not do what it was asked to. No variant carries bytes of an entry.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyringError {
    #[error("this system has no keyring")]
    NoKeyring,
    #[error("the keyring did not answer within {} seconds", .0.as_secs())]
    Late(Duration),
    #[error("the entry in the keyring is damaged")]
    Damaged,
    #[error("the keyring holds a login for {made_for}, and this one would be for {wanted}")]
    Another { made_for: String, wanted: String },
    #[error(
        "the login in the keyring is from the issuer {made_by}, and the configuration names {named}"
    )]
    OtherIssuer { made_by: String, named: String },
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Thread(io::Error),
}

impl From<Error> for KeyringError {
    fn from(error: Error) -> Self {
        match error {
            Error::NoDefaultStore => Self::NoKeyring,
            Error::BadEncoding(_) | Error::BadDataFormat(..) => Self::Damaged,
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Reads an entry; returns `None` if there is no such entry.
///
/// # Errors
/// If the keyring does not answer, or refuses.
pub(crate) fn read(
    service: &'static str,
    name: &str,
) -> Result<Option<Zeroizing<String>>, KeyringError> {
    let name = name.to_owned();
    in_time(LIMIT, move || {
        unless_missing(Entry::new(service, &name)?.get_password())
            .map(|found| found.map(Zeroizing::new))
    })
}

/// Writes an entry and deletes it again, to know whether the keyring takes one. Its name is a random one, because runs
/// at the same time would delete each other's.
///
/// # Errors
/// If the keyring does not answer, or refuses.
pub(crate) fn try_out(service: &'static str) -> Result<(), KeyringError> {
    let number = getrandom::u64().map_err(|why| KeyringError::Thread(io::Error::other(why)))?;
    in_time(LIMIT, move || {
        let trial = Entry::new(service, &format!("{TRIAL}#{number}"))?;
        let taken = trial.set_password(TRIAL);
        let removed = unless_missing(trial.delete_credential());
        taken.and(removed.map(Option::unwrap_or_default))
    })
}

/// Writes an entry, over the one that exists. The keyring may take its time: it has been tried out, and the secret is
/// lost otherwise.
///
/// # Errors
/// If the keyring does not answer, or refuses.
pub(crate) fn write(
    service: &'static str,
    name: &str,
    secret: Zeroizing<String>,
) -> Result<(), KeyringError> {
    let name = name.to_owned();
    in_time(PATIENCE, move || {
        Entry::new(service, &name)?.set_password(&secret)
    })
}

/// Deletes an entry; a missing one counts as deleted.
///
/// # Errors
/// If the keyring does not answer, or refuses.
pub(crate) fn delete(service: &'static str, name: &str) -> Result<(), KeyringError> {
    let name = name.to_owned();
    in_time(LIMIT, move || {
        unless_missing(Entry::new(service, &name)?.delete_credential())
            .map(Option::unwrap_or_default)
    })
}

fn unless_missing<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a call on a thread of its own and waits for it. The waits of a run don't add up: a keyring that has just let
/// a call of this length wait in vain is not asked again.
fn in_time<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, KeyringError> {
    let mut silent = SILENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((since, waited)) = *silent
        && waited >= limit
        && since.elapsed() < RESPITE
    {
        return Err(KeyringError::Late(waited));
    }
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            // The caller may have given up.
            let _ = sender.send(call().map_err(KeyringError::from));
        })
        .map_err(KeyringError::Thread)?;
    let answer = receiver.recv_timeout(LIMIT).or_else(|_| {
        let rest = limit.saturating_sub(LIMIT);
        if !rest.is_zero() {
            output::note(&format!(
                "Waiting for the keyring (at most {} seconds more)",
                rest.as_secs()
            ));
        }
        receiver.recv_timeout(rest)
    });
    answer.unwrap_or_else(|_| {
        *silent = Some((Instant::now(), limit));
        Err(KeyringError::Late(limit))
    })
}
