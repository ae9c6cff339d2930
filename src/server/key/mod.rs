//! The key that seals tokens: in the system's keyring, else in a file beside the database.
//!
//! The first token that is stored decides the place; the database remembers it and it never changes
//! by itself. The decision is made under the database's write lock, so of two first processes one
//! makes the key and the other finds it. A key that has gone missing is an error, never replaced.

mod place;
mod rekey;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;
use zeroize::Zeroizing;

use super::seal::{self, Key, Purpose, SealError};
use super::store::{self, StoreError};
pub use place::Place;

/// Where a new store may keep its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyPolicy {
    /// In the keyring if it answers within two seconds, else in a file.
    #[default]
    Auto,
    /// In the keyring, or not at all.
    Keyring,
    /// In a file.
    File,
}

/// Says where this process has put a new key, so that the user can be told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyNotice {
    /// The file, or none for the keyring.
    pub file: Option<PathBuf>,
    /// Why the keyring was not used, where it was tried.
    pub reason: Option<String>,
}

/// The names of what the database knows about its key.
const PLACE: &str = "key_place";
const NUMBER: &str = "key_number";
const CHECK: &str = "key_check";
const CHECK_TEXT: &str = "the key fits";

/// The keys of a store, by number.
pub(super) struct Ring(BTreeMap<u32, Key>);

/// Gives the key of one store, and remembers it.
pub struct Keys {
    policy: KeyPolicy,
    directory: PathBuf,
    ring: Mutex<Option<Ring>>,
    notice: Mutex<Option<KeyNotice>>,
}

impl Ring {
    fn fresh(number: u32) -> Result<(u32, Key), StoreError> {
        let mut key = Key::default();
        getrandom::fill(key.as_mut()).map_err(|_| SealError::NoRandomness)?;
        Ok((number, key))
    }

    fn number(&self) -> u32 {
        self.0.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// One line for each key: its number and its bytes in base64.
    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64 * self.0.len()));
        for (number, key) in &self.0 {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_ref()));
            text.push_str(&number.to_string());
            text.push(' ');
            text.push_str(&encoded);
            text.push('\n');
        }
        text
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut ring = BTreeMap::new();
        for line in text.lines() {
            let (number, encoded) = line.split_once(' ')?;
            let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
            ring.insert(
                number.parse().ok()?,
                Key::new(bytes.as_slice().try_into().ok()?),
            );
        }
        (!ring.is_empty()).then_some(Self(ring))
    }
}

impl Keys {
    pub fn new(policy: KeyPolicy, directory: PathBuf) -> Self {
        Self {
            policy,
            directory,
            ring: Mutex::new(None),
            notice: Mutex::new(None),
        }
    }

    /// Where a new key went, told once.
    pub fn take_notice(&self) -> Option<KeyNotice> {
        self.notice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Seals a token with the newest key. `connection` holds the write lock.
    pub fn seal(
        &self,
        connection: &Connection,
        purpose: Purpose<'_>,
        token: &str,
    ) -> Result<String, StoreError> {
        let wanted = store::metadata(connection, NUMBER)?.and_then(|text| text.parse().ok());
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
    pub fn open(
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

    /// Refuses a copy of a store whose tokens the key that is in place can't open. `copy` may have no tokens.
    pub fn check_copy(&self, copy: &Connection) -> Result<(), StoreError> {
        if store::metadata(copy, PLACE)?.is_some() {
            self.load(copy)?;
        }
        Ok(())
    }

    /// Removes what killed writers of the key left beside it.
    pub fn sweep(&self) {
        if let Some(path) = Place::file_in(&self.directory).path() {
            crate::secret_file::sweep(path);
        }
    }

    /// Forgets what was read, so that it is read again.
    pub fn forget(&self) {
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn place(&self, name: &str, connection: &Connection) -> Result<Place, StoreError> {
        match name {
            "keyring" => Ok(Place::Keyring(self.entry(connection)?)),
            _ => Ok(Place::file_in(&self.directory)),
        }
    }

    /// The name of the keyring's entry; each store has its own.
    fn entry(&self, connection: &Connection) -> Result<String, StoreError> {
        Ok(store::metadata(connection, "store_id")?.unwrap_or_default())
    }

    fn load(&self, connection: &Connection) -> Result<Ring, StoreError> {
        let Some(name) = store::metadata(connection, PLACE)? else {
            return Err(StoreError::KeyMissing {
                place: "every place".to_owned(),
            });
        };
        let place = self.place(&name, connection)?;
        let ring = place.read()?.ok_or_else(|| StoreError::KeyMissing {
            place: place.to_string(),
        })?;
        check(connection, &ring, &place)?;
        Ok(ring)
    }

    fn load_or_create(&self, connection: &Connection) -> Result<Ring, StoreError> {
        if store::metadata(connection, PLACE)?.is_some() {
            return self.load(connection);
        }
        let (place, ring, notice) = self.choose(connection)?;
        let name = match place {
            Place::Keyring(_) => "keyring",
            Place::File(_) => "file",
        };
        store::set_metadata(connection, PLACE, name)?;
        remember(connection, &ring)?;
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = notice;
        Ok(ring)
    }

    /// Chooses the place of a new store's key. A key that is already there (left by a process that
    /// was killed before it could write its first record) is taken over.
    fn choose(
        &self,
        connection: &Connection,
    ) -> Result<(Place, Ring, Option<KeyNotice>), StoreError> {
        let file = Place::file_in(&self.directory);
        let mut reason = None;
        if self.policy != KeyPolicy::File && file.read()?.is_none() {
            let keyring = Place::Keyring(self.entry(connection)?);
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

/// Notes the newest key's number, and a proof by which it is recognised.
fn remember(connection: &Connection, ring: &Ring) -> Result<(), StoreError> {
    let number = ring.number();
    let key = ring.0.get(&number).ok_or(SealError::UnknownKey(number))?;
    store::set_metadata(connection, NUMBER, &number.to_string())?;
    store::set_metadata(
        connection,
        CHECK,
        &seal::seal(number, key, Purpose::only(CHECK), CHECK_TEXT)?,
    )
}

/// Refuses a key that did not seal this store's proof.
fn check(connection: &Connection, ring: &Ring, place: &Place) -> Result<(), StoreError> {
    let proof = store::metadata(connection, CHECK)?.unwrap_or_default();
    let fits = seal::key_number(&proof)
        .ok()
        .and_then(|number| ring.0.get(&number))
        .is_some_and(|key| seal::open(key, Purpose::only(CHECK), &proof).is_ok());
    if fits {
        Ok(())
    } else {
        Err(StoreError::KeyWrong {
            place: place.to_string(),
        })
    }
}
