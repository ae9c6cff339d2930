//! The two locations of a key: the system's keyring and a file.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ring::Ring;
use crate::keyring;
use crate::plain_file::{self, Links};
use crate::secret_file;
use crate::server::store::StoreError;
use crate::system::files;

const SERVICE: &str = "ambient-local-api";
const FILE_NAME: &str = "ambient.key";

/// The largest key file, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// The location of a store's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyLocation {
    /// The entry of this name in the system's keyring.
    Keyring(String),
    /// A file with mode 0600.
    File(PathBuf),
}

impl fmt::Display for KeyLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(_) => f.write_str("the system keyring"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl KeyLocation {
    /// Returns the location beside the database.
    pub(super) fn file_in(directory: &Path) -> Self {
        Self::File(directory.join(FILE_NAME))
    }

    pub(super) fn path(&self) -> Option<&Path> {
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

    /// Reads the keys, if there are any.
    pub(super) fn read(&self) -> Result<Option<Ring>, StoreError> {
        let text = match self {
            Self::Keyring(name) => {
                keyring::read(SERVICE, name).map_err(|error| self.unusable(error))?
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

    /// Reads the keys, or creates the first one.
    pub(super) fn read_or_create(&self) -> Result<Ring, StoreError> {
        if let Some(ring) = self.read()? {
            return Ok(ring);
        }
        let (number, key) = Ring::fresh(1)?;
        self.create(&Ring([(number, key)].into()))?;
        // Another process may have written a key meanwhile: use the one that is there now.
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

    /// Overwrites the stored keys.
    pub(super) fn replace(&self, ring: &Ring) -> Result<(), StoreError> {
        let text = ring.to_text();
        match self {
            Self::Keyring(name) => {
                keyring::write(SERVICE, name, text).map_err(|error| self.unusable(error))
            }
            Self::File(path) => {
                secret_file::replace(path, text.as_bytes()).map_err(|error| self.unusable(error))
            }
        }
    }
}

/// Why the key file can't be used.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it belongs to another user")]
    OtherUser,
    #[error("others may read it; make it private with chmod 600")]
    OpenToOthers,
}

/// Reads a file that belongs to this user and that nobody else can read; returns `None` if there is no file.
fn read_file(path: &Path) -> Result<Option<Zeroizing<String>>, FileError> {
    let file = match plain_file::open(path, Links::Refuse) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    refuse_unsafe(&file.metadata()?)?;
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(Some(text))
}

fn refuse_unsafe(about: &fs::Metadata) -> Result<(), FileError> {
    if !files::is_ours(about) {
        return Err(FileError::OtherUser);
    }
    if files::mode(about) & 0o077 != 0 {
        return Err(FileError::OpenToOthers);
    }
    Ok(())
}
