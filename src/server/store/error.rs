//! The errors of the store.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::limit;
use crate::server::seal::SealError;

/// Why the store failed. The words contain the cause, so `source()` returns none: a chain of errors would print it
/// twice.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("open the store in {}: {error}", .path.display())]
    Open {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the store in {} is not safe to use: {reason}", .path.display())]
    Unsafe { path: PathBuf, reason: &'static str },
    #[error("another process keeps the store in {} busy", .0.display())]
    Busy(PathBuf),
    #[error("another process runs the sessions of the store in {}", .0.display())]
    Runs(PathBuf),
    #[error("the store was written by a newer program (version {found}, this one knows {known})")]
    Newer { found: i64, known: i64 },
    #[error("{} is not a copy of a store that this program can use (version {found})", .path.display())]
    NotACopy { path: PathBuf, found: i64 },
    #[error("{} is damaged, or changed by another program; the store is left as it is", .0.display())]
    Damaged(PathBuf),
    #[error("{} was sealed with another key than the one in use; its tokens could not be read", .0.display())]
    OtherKey(PathBuf),
    #[error("{0}")]
    Sql(rusqlite::Error),
    #[error(
        "the key of the store is missing from {place}; without it no token can be read or written"
    )]
    KeyMissing { place: String },
    #[error("the key in {place} can't be used: {reason}")]
    KeyUnusable { place: String, reason: String },
    #[error("the key in {place} is not the one that sealed the tokens of this store")]
    KeyWrong { place: String },
    #[error("decrypt credential token: {0}")]
    Sealed(SealError),
}

impl StoreError {
    /// True if the files of the store are damaged, so that nothing but a copy brings it back.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Sql(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
            ),
            _ => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<SealError> for StoreError {
    fn from(error: SealError) -> Self {
        Self::Sealed(error)
    }
}

/// Whether a read was broken off because it took too long.
pub(crate) fn is_too_long(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
        || error.to_string().contains(limit::TOO_LONG)
}

/// Whether a statement failed because a value that must be unique is taken.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    error.sqlite_error().is_some_and(|error| {
        [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY].contains(&error.extended_code)
    })
}
