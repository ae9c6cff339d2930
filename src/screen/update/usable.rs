//! The rows that something can be done with.

use crate::resources::{Record, is_usable_id};

/// Refuses a row that the server gave no ID by which it could be meant.
///
/// # Errors
/// The sentence for the last line.
pub(super) fn usable(row: &Record) -> Result<(), String> {
    if is_usable_id(row.id()) {
        return Ok(());
    }
    Err("It has no usable ID: nothing can be done with it".to_owned())
}
