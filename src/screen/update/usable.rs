//! The rows that something can be done with.

use crate::resources::{Record, can_be_id};

/// Refuses a row that the server gave no ID by which it could be meant.
///
/// # Errors
/// The sentence for the last line.
pub(super) fn usable(row: &Record) -> Result<(), String> {
    if can_be_id(row.id()) {
        return Ok(());
    }
    Err("It has no usable ID: nothing can be done with it".to_owned())
}
