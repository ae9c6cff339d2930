//! The two places of a key.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use keyring::v1::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

use super::{Ring, StoreError};
use crate::plain_file::{self, Links};
use crate::secret_file;

const SERVICE: &str = "ambient-local-api";
const FILE_NAME: &str = "ambient.key";

/// The keyring may ask the user or not answer at all; nothing waits longer for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// More than any ring of keys takes.
const MAX_FILE: u64 = 64 * 1024;

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The entry of this name in the system's keyring.
    Keyring(String),
    /// A file with mode 0600.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(_) => f.write_str("the system keyring"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Place {
    /// The file beside the database.
    pub fn file_in(directory: &Path) -> Self {
        Self::File(directory.join(FILE_NAME))
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Keyring(_) => None,
            Self::File(path) => Some(path),
        }
    }

    fn unusable(&self, reason: impl fmt::Display) -> StoreError {
        StoreError::KeyUnusable {
            place: self.to_string(),
            reason: reason.to_string(),
        }
    }

    /// The keys, if there are any.
    pub(super) fn read(&self) -> Result<Option<Ring>, StoreError> {
        let text = match self {
            Self::Keyring(name) => {
                let name = name.clone();
                in_time(move || found(Entry::new(SERVICE, &name)?.get_password()))
                    .map_err(|reason| self.unusable(reason))?
            }
            Self::File(path) => read_file(path).map_err(|reason| self.unusable(reason))?,
        };
        match text {
            None => Ok(None),
            Some(text) => Ring::from_text(&text)
                .map(Some)
                .ok_or_else(|| self.unusable("it holds no key")),
        }
    }

    /// The keys; a first one is made if there is none.
    pub(super) fn read_or_create(&self) -> Result<Ring, StoreError> {
        if let Some(ring) = self.read()? {
            return Ok(ring);
        }
        let (number, key) = Ring::fresh(1)?;
        self.create(&Ring([(number, key)].into()))?;
        // What counts is what is there now, whoever wrote it.
        self.read()?.ok_or_else(|| StoreError::KeyMissing {
            place: self.to_string(),
        })
    }

    fn create(&self, ring: &Ring) -> Result<(), StoreError> {
        match self {
            Self::Keyring(_) => self.replace(ring),
            Self::File(path) => {
                match secret_file::write_new_whole(path, ring.to_text().as_bytes()) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    written => written.map_err(|error| self.unusable(error)),
                }
            }
        }
    }

    /// Writes the keys over those that are there.
    pub(super) fn replace(&self, ring: &Ring) -> Result<(), StoreError> {
        let text = ring.to_text();
        match self {
            Self::Keyring(name) => {
                let name = name.clone();
                in_time(move || Entry::new(SERVICE, &name)?.set_password(&text))
                    .map_err(|reason| self.unusable(reason))
            }
            Self::File(path) => {
                secret_file::replace(path, text.as_bytes()).map_err(|error| self.unusable(error))
            }
        }
    }
}

fn found(
    password: Result<String, KeyringError>,
) -> Result<Option<Zeroizing<String>>, KeyringError> {
    match password {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(KeyringError::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs a call to the keyring in a thread of its own, for at most two seconds.
fn in_time<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(move || {
            let _ = sender.send(call());
        })
        .map_err(|error| error.to_string())?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(words(&error)),
        Err(_) => Err("the keyring did not answer within 2 seconds".to_owned()),
    }
}

/// The error without the bytes that some of its variants carry.
fn words(error: &KeyringError) -> String {
    match error {
        KeyringError::NoDefaultStore => "this system has no keyring".to_owned(),
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => {
            "the entry in the keyring is damaged".to_owned()
        }
        other => other.to_string(),
    }
}

/// A file that is ours and closed to others; none if there is no file.
fn read_file(path: &Path) -> Result<Option<Zeroizing<String>>, String> {
    let file = match plain_file::open(path, Links::Refuse) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let about = file.metadata().map_err(|error| error.to_string())?;
    refuse(&about)?;
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MAX_FILE)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    Ok(Some(text))
}

fn refuse(about: &fs::Metadata) -> Result<(), String> {
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if about.mode() & 0o077 != 0 {
        return Err("others may read it; make it private with chmod 600".to_owned());
    }
    Ok(())
}
