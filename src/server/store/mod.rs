//! One `SQLite` file, `ambient.db`, in a directory that belongs to its user alone.
//!
//! - `database`: transactions; `link`: one connection; `open`: makes the file ready; `backup`: copies of it
//! - `schema`: the tables by version; `records`, `messages`, `metadata`: rows
//! - `limit`, `like`: reads that can be stopped
//!
//! WAL with `synchronous=FULL`: an acknowledged write survives a kill and a power cut. Writers take the write lock
//! before they read (`BEGIN IMMEDIATE`), so for every other process a read, a change and a write are one step.

mod backup;
mod database;
mod error;
mod like;
mod limit;
mod link;
pub(super) mod messages;
pub(super) mod metadata;
mod open;
pub(super) mod records;
mod schema;

pub(super) use database::Store;
pub use error::StoreError;
pub(super) use error::{is_taken, is_too_long};
#[cfg(test)]
pub(super) use schema::tables as create_tables;
