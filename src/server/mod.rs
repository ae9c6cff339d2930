//! The embedded API: the platform's REST routes over one `SQLite` file, for one user on one machine.
//!
//! [`router`] answers requests, in the process of a command (`--local`) or behind a port ([`serve`]).
//! Everybody who gets through is the user [`USER`] (contract api.md, set-up "noauth").
//!
//! - `route`: which path and verb goes where; `dispatch`: from a request to its handler and back
//! - `resources`: one file for each kind of record: its table of fields and its handlers
//! - `crud`, `list`, `search`, `order`: what the kinds share
//! - `fields`, `record`, `body`: fields, records, bodies in JSON
//! - `store`: the database; `seal`, `key`: tokens at rest
//! - `runs`: for whoever runs sessions, beside the API
//! - `guard`: who may call; `error`, `reply`, `stream`: answers

mod body;
mod call;
mod crud;
mod dispatch;
mod error;
mod fields;
mod guard;
mod ids;
mod key;
mod list;
pub mod openapi;
mod order;
mod query;
mod record;
mod reply;
mod resources;
mod route;
pub mod runs;
mod seal;
mod search;
mod seed;
mod serve;
mod store;
mod stream;
mod time;
pub mod tls;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use tokio::sync::{Semaphore, watch};

pub use dispatch::Access;
use key::Keys;
pub use key::{KeyNotice, KeyPolicy};
pub use serve::serve;
use store::Store;
pub use store::StoreError;

/// Where the API begins.
pub const BASE: &str = "/api/ambient/v1";

/// The user that every caller is.
pub const USER: &str = "dev-user";

/// The largest request body. The platform has no limit; tokens of 20 MiB must pass.
pub const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// How to answer where the platform's answer is harmless but wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manners {
    /// As recorded from the platform.
    #[default]
    Recorded,
    /// As is right: docs/server.md lists the differences.
    Corrected,
}

/// What an agent has where nothing else was said: the fields that never are empty.
#[must_use]
pub fn agent_defaults() -> [(&'static str, serde_json::Value); 3] {
    use resources::sessions::{MAX_TOKENS, MODEL, TEMPERATURE};
    [
        ("llm_model", MODEL.to_json()),
        ("llm_temperature", TEMPERATURE.to_json()),
        ("llm_max_tokens", MAX_TOKENS.to_json()),
    ]
}

/// A listener for finished requests.
pub type AccessLog = Arc<dyn Fn(&Access<'_>) + Send + Sync>;

/// What a caller may choose.
#[derive(Clone, Default)]
pub struct Options {
    pub key: KeyPolicy,
    pub manners: Manners,
    /// The token that each request must bear; without one, everybody who reaches the router may call.
    pub bearer: Option<SecretString>,
    /// Refuses requests that a browser makes for another site. Off in process, where no browser is.
    pub browser_guard: bool,
    /// The longest time that a body may take to arrive. None needs no timer in the runtime.
    pub body_timeout: Option<Duration>,
    pub access_log: Option<AccessLog>,
}

/// The open store and how to answer; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    store: Store,
    keys: Keys,
    options: Options,
    /// Counts the messages written by this process, to wake those who follow a session.
    messages: watch::Sender<u64>,
    /// Counts what may concern the runs of sessions, to wake who runs them.
    sessions: watch::Sender<u64>,
    has_runner: AtomicBool,
    closing: watch::Sender<bool>,
    /// Room for large bodies, and for searches.
    big_bodies: Arc<Semaphore>,
    searches: Arc<Semaphore>,
}

impl AppState {
    /// Opens the store in a directory, which is made (mode 0700) if it is missing.
    ///
    /// # Errors
    /// When the directory isn't this user's own, the database can't be opened, or a newer program wrote it.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        let store = Store::open(directory)?;
        let keys = Keys::new(options.key, store.directory().to_owned());
        Ok(Self(Arc::new(Shared {
            store,
            keys,
            options,
            messages: watch::Sender::new(0),
            sessions: watch::Sender::new(0),
            has_runner: AtomicBool::new(false),
            closing: watch::Sender::new(false),
            big_bodies: Arc::new(Semaphore::new(2)),
            searches: Arc::new(Semaphore::new(2)),
        })))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn keys(&self) -> &Keys {
        &self.0.keys
    }

    fn options(&self) -> &Options {
        &self.0.options
    }

    fn manners(&self) -> Manners {
        self.0.options.manners
    }

    /// Where this process has put a new key; told once.
    pub fn take_key_notice(&self) -> Option<KeyNotice> {
        self.0.keys.take_notice()
    }

    /// Seals every token with a new key and forgets the old one. Gives the number of tokens.
    ///
    /// # Errors
    /// When the key is missing or wrong, or something can't be written.
    pub fn rekey(&self) -> Result<usize, StoreError> {
        self.0.keys.rekey(&self.0.store)
    }

    /// Writes a copy of the whole database to a new file (mode 0600), while others go on working.
    ///
    /// Tokens stay sealed in it, and the key is not part of it.
    ///
    /// # Errors
    /// When `path` exists or can't be written.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        self.0.store.backup(path)
    }

    /// Puts a copy that [`AppState::backup`] wrote in the place of everything, in one step, while others
    /// go on working.
    ///
    /// # Errors
    /// When the file is no such copy, is of another version, or the key in place did not seal its tokens.
    pub fn restore(&self, path: &Path) -> Result<(), StoreError> {
        let checked = |copy: &rusqlite::Connection| match self.keys().check_copy(copy) {
            Err(StoreError::KeyWrong { .. }) => Err(StoreError::OtherKey(path.to_owned())),
            checked => checked,
        };
        self.keys().sweep();
        let restored = self.store().restore(path, checked);
        self.keys().forget();
        restored
    }

    /// Wakes those who follow a session's messages.
    fn announce_messages(&self) {
        wake(&self.0.messages);
    }

    /// Wakes who runs sessions.
    fn announce_sessions(&self) {
        wake(&self.0.sessions);
    }
}

fn wake(waiting: &watch::Sender<u64>) {
    waiting.send_modify(|count| *count = count.wrapping_add(1));
}

/// The whole API. Each request is answered in full, but for event streams.
pub fn router(state: AppState) -> Router {
    Router::new().fallback(dispatch::answer).with_state(state)
}
