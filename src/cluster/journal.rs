//! Notes about unfinished work in clusters, without secrets. A run writes one before it changes anything and removes it
//! at the end; one that is left belongs to a run that was killed, and the next run finishes or undoes its work.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::objects::Account;
use crate::config::paths;
use crate::failure::{Failure, Kind};
use crate::plain_file::{self, Links};
use crate::secret_file;

/// The largest note that is read, in bytes.
const MAX_NOTE: usize = 64 << 10;
/// The most notes that are read.
const MAX_NOTES: usize = 1000;

/// The work that a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Work {
    Mint,
    Renew,
    Revoke,
}

/// The work of a run, and the objects that it concerns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Note {
    pub work: Work,
    /// The address of the cluster.
    pub server: String,
    /// The address of the platform that stores the credential.
    pub platform: String,
    /// The name of the credential.
    pub credential: String,
    /// The ID of its record on the platform, unless the run makes the record.
    #[serde(default)]
    pub record: Option<String>,
    /// The keyed digest of the secret that the run stores in a new record: by it the record is known as the run's own.
    #[serde(default)]
    pub digest: Option<String>,
    pub id: String,
    pub namespace: String,
    /// The anchor that the run makes, if it makes one.
    pub new_anchor: Option<String>,
    /// The anchor of the stored token, if there is one.
    pub old_anchor: Option<String>,
    /// The step that was begun last, for people.
    pub step: String,
}

impl Note {
    /// Returns the account that the work is about.
    #[must_use]
    pub(crate) fn account(&self) -> Account {
        Account {
            id: self.id.clone(),
            namespace: self.namespace.clone(),
        }
    }
}

/// A note on the disk. While its run lives, no other run touches it.
pub(crate) struct Journal {
    pub note: Note,
    path: PathBuf,
    _lock: File,
}

impl Journal {
    /// Writes the first note of a run.
    ///
    /// # Errors
    /// It can't be written, or another run works on the same account.
    pub(crate) fn begin(note: Note) -> Result<Self, Failure> {
        let folder = folder()?;
        secret_file::create_dir(&folder).map_err(|error| unwritable(&folder, &error))?;
        let path = folder.join(format!("{}.json", note.id));
        let lock = lock(&path)
            .map_err(|error| unwritable(&path, &error))?
            .ok_or_else(|| {
                Failure::new(
                    Kind::Conflict,
                    format!(
                        "another acpctl works on the credential {} now",
                        note.credential
                    ),
                )
                .hint("try again when it has ended")
            })?;
        let bytes = serde_json::to_vec(&note).map_err(io::Error::other);
        match bytes.and_then(|bytes| secret_file::write_new_whole(&path, &bytes)) {
            // A note that is still there names objects that would be forgotten.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::new(
                Kind::Conflict,
                format!(
                    "an earlier run left the credential {} unfinished, and that could not be settled",
                    note.credential
                ),
            )
            .hint(format!("remove its objects by hand, then the file {}", path.display()))),
            Err(error) => Err(unwritable(&path, &error)),
            Ok(()) => Ok(Self {
                note,
                path,
                _lock: lock,
            }),
        }
    }

    /// Notes the step that begins now.
    ///
    /// # Errors
    /// The note can't be written; the step must not be begun then.
    pub(crate) fn step(&mut self, step: impl Into<String>) -> Result<(), Failure> {
        self.note.step = step.into();
        self.write()
    }

    /// Notes a step for people only: it is begun even if that fails, because the next run would go on in the same way
    /// from what is on the disk already.
    pub(crate) fn step_if_possible(&mut self, step: &str) {
        let _ = self.step(step);
    }

    /// Ends the work: nothing is left to finish or to undo.
    pub(crate) fn end(self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(lock_path(&self.path));
    }

    /// Returns the addresses of the clusters in which killed runs for this platform have left something.
    #[must_use]
    pub(crate) fn servers_left(platform: &str) -> BTreeSet<String> {
        let found = Self::found(|note| note.platform == platform);
        found.into_iter().map(|left| left.note.server).collect()
    }

    /// Returns the notes of killed runs about this cluster and this platform.
    #[must_use]
    pub(crate) fn left(server: &str, platform: &str) -> Vec<Self> {
        Self::found(|note| note.server == server && note.platform == platform)
    }

    fn found(is_meant: impl Fn(&Note) -> bool) -> Vec<Self> {
        let Ok(entries) = folder()
            .and_then(|folder| fs::read_dir(&folder).map_err(|error| unwritable(&folder, &error)))
        else {
            return Vec::new();
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let notes = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        notes
            .take(MAX_NOTES)
            .filter_map(|path| {
                let lock = lock(&path).ok().flatten()?;
                let bytes = plain_file::read(&path, Links::Refuse, MAX_NOTE).ok();
                let note = bytes.and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok())?;
                let is_named_so = path
                    .file_stem()
                    .is_some_and(|stem| stem == note.id.as_str());
                (is_named_so && is_meant(&note)).then_some(Self {
                    note,
                    path,
                    _lock: lock,
                })
            })
            .collect()
    }

    fn write(&self) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(&self.note).map_err(io::Error::other);
        bytes
            .and_then(|bytes| secret_file::replace(&self.path, &bytes))
            .map_err(|error| unwritable(&self.path, &error))
    }
}

fn folder() -> Result<PathBuf, Failure> {
    Ok(paths::data_dir()?.join("minting"))
}

fn lock_path(path: &Path) -> PathBuf {
    path.with_extension("lock")
}

/// Locks a note; `None` if its run lives.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = secret_file::lock_file(&lock_path(path))?;
    Ok(file.try_lock().is_ok().then_some(file))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Kind::Other,
        format!(
            "the journal {} can't be written: {}",
            path.display(),
            crate::compat::io_reason::reason(error)
        ),
    )
    .hint("nothing is changed in a cluster without a journal: make the folder writable, or set XDG_DATA_HOME")
}
