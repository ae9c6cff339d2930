//! The key that seals tokens: in the system's keyring, or else in a file beside the database.
//!
//! The location is chosen when the first token is stored. The database remembers it, and it never changes
//! automatically. The choice is made under the database's write lock: if two processes store the first token, one
//! creates the key and the other finds it. A missing key is an error and is never replaced.

mod keys;
mod location;
mod rekey;
mod ring;

pub(super) use keys::Keys;
pub use keys::{KeyNotice, KeyPolicy};
