//! Finds, creates and remembers the key of one store.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use zeroize::Zeroizing;

use super::location::KeyLocation;
use super::ring::Ring;
use crate::secret_file;
use crate::server::seal::{self, Purpose, SealError};
use crate::server::store::{StoreError, metadata};

/// Where a new store may put its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyPolicy {
    /// In the keyring if it answers within two seconds, else in a file.
    #[default]
    Auto,
    /// Only in the keyring.
    Keyring,
    /// In a file.
    File,
}

/// Where this process has put a new key, for a notice to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNotice {
    /// The file; `None` for the keyring.
    pub file: Option<PathBuf>,
    /// Why the keyring was not used, if it was tried.
    pub reason: Option<String>,
}

/// The names of the metadata about the key. Their values are part of the store's format.
pub(super) const LOCATION: &str = "key_place";
pub(super) const NUMBER: &str = "key_number";
const CHECK: &str = "key_check";
const CHECK_TEXT: &str = "the key fits";

/// The keys of one store; read on first use.
pub(crate) struct Keys {
    policy: KeyPolicy,
    directory: PathBuf,
    pub(super) ring: Mutex<Option<Ring>>,
    notice: Mutex<Option<KeyNotice>>,
}

impl Keys {
    pub(crate) fn new(policy: KeyPolicy, directory: PathBuf) -> Self {
        Self {
            policy,
            directory,
            ring: Mutex::new(None),
            notice: Mutex::new(None),
        }
    }

    /// Returns where a new key was put. Later calls return `None`.
    pub(crate) fn take_notice(&self) -> Option<KeyNotice> {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Seals a token with the newest key. `connection` holds the write lock.
    pub(crate) fn seal(
        &self,
        connection: &Connection,
        purpose: Purpose<'_>,
        token: &str,
    ) -> Result<String, StoreError> {
        let wanted = metadata::get(connection, NUMBER)?.and_then(|text| text.parse().ok());
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have changed the key since this one read it.
        if ring.as_ref().map(Ring::number) != wanted || wanted.is_none() {
            *ring = Some(self.load_or_create(connection)?);
        }
        let number = wanted
            .or_else(|| ring.as_ref().map(Ring::number))
            .unwrap_or_default();
        let key = ring
            .as_ref()
            .and_then(|ring| ring.0.get(&number))
            .ok_or(SealError::UnknownKey(number))?;
        Ok(seal::seal(number, key, purpose, token)?)
    }

    /// Opens a sealed token.
    pub(crate) fn open(
        &self,
        connection: &Connection,
        purpose: Purpose<'_>,
        envelope: &str,
    ) -> Result<Zeroizing<String>, StoreError> {
        let number = seal::key_number(envelope)?;
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if !ring
            .as_ref()
            .is_some_and(|ring| ring.0.contains_key(&number))
        {
            *ring = Some(self.load(connection)?);
        }
        let key = ring
            .as_ref()
            .and_then(|ring| ring.0.get(&number))
            .ok_or(SealError::UnknownKey(number))?;
        Ok(seal::open(key, purpose, envelope)?)
    }

    /// Returns the words for the place of the key; `None` if nothing has been sealed yet.
    pub(crate) fn place(&self, connection: &Connection) -> Result<Option<String>, StoreError> {
        let Some(name) = metadata::get(connection, LOCATION)? else {
            return Ok(None);
        };
        Ok(Some(self.location(&name, connection)?.to_string()))
    }

    /// Refuses a store, or a copy of one, if the present key can't open its tokens. It may have no tokens.
    pub(crate) fn check_copy(&self, copy: &Connection) -> Result<(), StoreError> {
        if metadata::get(copy, LOCATION)?.is_some() {
            self.load(copy)?;
        }
        Ok(())
    }

    /// Removes the unfinished files that killed writers left beside the key.
    pub(crate) fn sweep(&self) {
        if let Some(path) = KeyLocation::file_in(&self.directory).path() {
            secret_file::sweep(path);
        }
    }

    /// Forgets the keys, so that they are read again.
    pub(crate) fn forget(&self) {
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn location(
        &self,
        name: &str,
        connection: &Connection,
    ) -> Result<KeyLocation, StoreError> {
        match name {
            "keyring" => Ok(KeyLocation::Keyring(self.entry(connection)?)),
            _ => Ok(KeyLocation::file_in(&self.directory)),
        }
    }

    /// Returns the name of the keyring's entry; each store has its own.
    fn entry(&self, connection: &Connection) -> Result<String, StoreError> {
        Ok(metadata::get(connection, "store_id")?.unwrap_or_default())
    }

    pub(super) fn load(&self, connection: &Connection) -> Result<Ring, StoreError> {
        let Some(name) = metadata::get(connection, LOCATION)? else {
            return Err(StoreError::KeyMissing {
                place: "the keyring and the file".to_owned(),
            });
        };
        let location = self.location(&name, connection)?;
        let ring = location.read()?.ok_or_else(|| StoreError::KeyMissing {
            place: location.to_string(),
        })?;
        check(connection, &ring, &location)?;
        Ok(ring)
    }

    fn load_or_create(&self, connection: &Connection) -> Result<Ring, StoreError> {
        if metadata::get(connection, LOCATION)?.is_some() {
            return self.load(connection);
        }
        let (location, ring, notice) = self.choose(connection)?;
        let name = match location {
            KeyLocation::Keyring(_) => "keyring",
            KeyLocation::File(_) => "file",
        };
        metadata::set(connection, LOCATION, name)?;
        remember(connection, &ring)?;
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice;
        Ok(ring)
    }

    /// Chooses the location of a new store's key. A key that already exists there is used: a process may have been
    /// killed after it created the key and before it wrote its first record.
    fn choose(
        &self,
        connection: &Connection,
    ) -> Result<(KeyLocation, Ring, Option<KeyNotice>), StoreError> {
        let file = KeyLocation::file_in(&self.directory);
        let mut reason = None;
        if self.policy != KeyPolicy::File && file.read()?.is_none() {
            let keyring = KeyLocation::Keyring(self.entry(connection)?);
            match keyring.read_or_create() {
                Ok(ring) => {
                    let notice = KeyNotice {
                        file: None,
                        reason: None,
                    };
                    return Ok((keyring, ring, Some(notice)));
                }
                Err(error) if self.policy == KeyPolicy::Keyring => return Err(error),
                Err(StoreError::KeyUnusable { reason: why, .. }) => reason = Some(why),
                Err(error) => reason = Some(error.to_string()),
            }
        }
        let ring = file.read_or_create()?;
        let notice = KeyNotice {
            file: file.path().map(Into::into),
            reason,
        };
        Ok((file, ring, Some(notice)))
    }
}

/// Stores the newest key's number, and a sealed text by which the key is recognized.
pub(super) fn remember(connection: &Connection, ring: &Ring) -> Result<(), StoreError> {
    let number = ring.number();
    let key = ring.0.get(&number).ok_or(SealError::UnknownKey(number))?;
    metadata::set(connection, NUMBER, &number.to_string())?;
    metadata::set(
        connection,
        CHECK,
        &seal::seal(number, key, Purpose::only(CHECK), CHECK_TEXT)?,
    )
}

/// Refuses keys that can't open the sealed text of this store.
fn check(connection: &Connection, ring: &Ring, location: &KeyLocation) -> Result<(), StoreError> {
    let proof = metadata::get(connection, CHECK)?.unwrap_or_default();
    let fits = seal::key_number(&proof)
        .ok()
        .and_then(|number| ring.0.get(&number))
        .is_some_and(|key| seal::open(key, Purpose::only(CHECK), &proof).is_ok());
    if fits {
        Ok(())
    } else {
        Err(StoreError::KeyWrong {
            place: location.to_string(),
        })
    }
}
