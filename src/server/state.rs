//! The state that every request shares: the open store, its keys, and how to answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::key::{KeyNotice, KeyPolicy, Keys};
use super::seed;
use super::store::{Store, StoreError};

/// How many large bodies may be in memory at once, and how many searches may run at once.
const BIG_BODIES: usize = 2;
const SEARCHES: usize = 2;

/// How closely to follow the platform where its answer is wrong but harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fidelity {
    /// Repeats the recorded answer of the platform.
    #[default]
    Recorded,
    /// Answers correctly; docs/server.md lists the differences.
    Corrected,
}

/// Which platform the server behaves like; docs/server.md lists the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// The platform that runs a session in a pod, with the credentials that are bound to it.
    #[default]
    Pod,
    /// The platform that runs a session in a sandbox.
    Sandbox,
}

/// A finished request as a log may show it: without query, headers and body.
#[derive(Debug)]
pub struct Access<'a> {
    pub method: &'a str,
    /// Still percent-encoded, so that each request takes one line of a log.
    pub path: &'a str,
    pub status: u16,
    pub duration: Duration,
    pub operation_id: Option<&'a str>,
}

/// A function that is called for each finished request.
pub type AccessLog = Arc<dyn Fn(&Access<'_>) + Send + Sync>;

/// The choices of the program that embeds the API.
#[derive(Clone, Default)]
pub struct Options {
    pub key: KeyPolicy,
    pub fidelity: Fidelity,
    pub platform: Platform,
    /// The bearer token that each request must carry. `None` admits every request that reaches the router.
    pub bearer: Option<SecretString>,
    /// Refuses requests that a browser sends on behalf of another site. Not needed for calls within the process.
    pub browser_guard: bool,
    /// How long a request body may take to arrive. `None` disables the limit, so the runtime needs no timer.
    pub body_timeout: Option<Duration>,
    pub access_log: Option<AccessLog>,
}

/// The open store and the options; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

struct Shared {
    store: Store,
    keys: Keys,
    options: Options,
    /// Changes when this process writes a message, to wake the streams that follow a session.
    messages: watch::Sender<u64>,
    /// Changes when a session may have to start or stop, to wake the process that runs sessions.
    sessions: watch::Sender<u64>,
    has_runner: AtomicBool,
    closing: watch::Sender<bool>,
    big_bodies: Arc<Semaphore>,
    searches: Arc<Semaphore>,
}

impl AppState {
    /// Opens the store in a directory, which is created (mode 0700) if it is missing.
    ///
    /// # Errors
    /// When the directory does not belong to this user, the database can't be opened, or a newer program wrote it.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        let store = Store::open(directory, seed::fill)?;
        if options.platform == Platform::Sandbox {
            store.write(seed::lift)?;
        }
        let keys = Keys::new(options.key, store.directory().to_owned());
        Ok(Self(Arc::new(Shared {
            store,
            keys,
            options,
            messages: watch::Sender::new(0),
            sessions: watch::Sender::new(0),
            has_runner: AtomicBool::new(false),
            closing: watch::Sender::new(false),
            big_bodies: Arc::new(Semaphore::new(BIG_BODIES)),
            searches: Arc::new(Semaphore::new(SEARCHES)),
        })))
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(super) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(super) fn fidelity(&self) -> Fidelity {
        self.0.options.fidelity
    }

    pub(super) fn platform(&self) -> Platform {
        self.0.options.platform
    }

    /// Returns where this process has put a new key. Later calls return `None`.
    pub fn take_key_notice(&self) -> Option<KeyNotice> {
        self.0.keys.take_notice()
    }

    /// Returns the words for the place of the key; `None` if nothing has been sealed yet.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn key_place(&self) -> Result<Option<String>, StoreError> {
        self.store()
            .read(|connection| self.keys().place(connection))
    }

    /// Reads the key that sealed the tokens, if anything has been sealed.
    ///
    /// # Errors
    /// When the key is missing, wrong, or can't be read.
    pub fn check_key(&self) -> Result<(), StoreError> {
        self.store()
            .read(|connection| self.keys().check_copy(connection))
    }

    /// Seals every token with a new key and forgets the old one. Returns the number of tokens.
    ///
    /// # Errors
    /// When the key is missing or wrong, or something can't be written.
    pub fn rekey(&self) -> Result<usize, StoreError> {
        self.0.keys.rekey(&self.0.store)
    }

    /// Writes a copy of the whole database to a new file (mode 0600) while other processes use the store.
    ///
    /// The tokens in the copy stay sealed, and the copy does not contain the key.
    ///
    /// # Errors
    /// When `path` exists or can't be written.
    pub fn backup(&self, path: &Path) -> Result<(), StoreError> {
        self.0.store.backup(path)
    }

    /// Replaces the whole content by a copy that [`AppState::backup`] wrote, in one step, while other processes
    /// use the store.
    ///
    /// # Errors
    /// When the file is not such a copy, has another version, or was sealed with another key than the present one.
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

    /// Wakes the streams that follow a session's messages.
    pub(super) fn announce_messages(&self) {
        wake(&self.0.messages);
    }

    /// Wakes the process that runs sessions.
    pub(super) fn announce_sessions(&self) {
        wake(&self.0.sessions);
    }

    /// Returns a receiver that changes with each message that this process writes.
    pub(super) fn message_changes(&self) -> watch::Receiver<u64> {
        self.0.messages.subscribe()
    }

    /// Returns a receiver that changes when a session may have to start or stop.
    pub(super) fn session_changes(&self) -> watch::Receiver<u64> {
        self.0.sessions.subscribe()
    }

    /// Ends the event streams.
    pub(super) fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Returns a receiver of `true` once the server closes.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.subscribe()
    }

    /// Notes that this process runs sessions.
    pub(super) fn set_has_runner(&self) {
        self.0.has_runner.store(true, Ordering::Relaxed);
    }

    /// Whether this process runs sessions.
    pub(super) fn has_runner(&self) -> bool {
        self.0.has_runner.load(Ordering::Relaxed)
    }

    /// Waits until one more large body may be read.
    pub(super) async fn room_for_big_body(&self) -> Option<OwnedSemaphorePermit> {
        self.0.big_bodies.clone().acquire_owned().await.ok()
    }

    /// Waits until one more search may run.
    pub(super) async fn room_for_search(&self) -> Option<OwnedSemaphorePermit> {
        self.0.searches.clone().acquire_owned().await.ok()
    }
}

fn wake(waiting: &watch::Sender<u64>) {
    waiting.send_modify(|count| *count = count.wrapping_add(1));
}
