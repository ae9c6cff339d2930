//! `config.json`, which the Go tool shares (docs/interface/cli-core.md section 2).
//!
//! Keys match without regard to case, unknown keys survive, and a file that can't be read is never overwritten. A write
//! takes a kernel lock, reads the file again, changes it and replaces it in one step, so parallel runs lose nothing
//! (docs/interface/field.md row 52).
//!
//! A file may hold several contexts (see `context.rs`). A [`Config`] shows one of them: the keys in [`IN_CONTEXT`] are
//! those of the selected context, so nothing of one server can be taken for another one's.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub(crate) use super::context::CURRENT;
use super::context::{self, CONTEXTS, LOCAL_CONTEXT, Selected, find, fits};
use super::failed;
use super::paths::{self, Unknown};
use crate::compat::io_reason::reason;
use crate::compat::json;
use crate::compat::json_keys::Keys;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::output;
use crate::plain_file::{self, Links};
use crate::secret_file;
use crate::system::files;
use crate::text::quote;

pub const API_URL: &str = "api_url";
pub const ACCESS_TOKEN: &str = "access_token";
pub const REFRESH_TOKEN: &str = "refresh_token";
pub const ISSUER_URL: &str = "issuer_url";
pub const CLIENT_ID: &str = "client_id";
/// The key of newer versions of the Go tool, which keep the secret of a confidential client.
pub const CLIENT_SECRET: &str = "client_secret";
pub const PROJECT: &str = "project";
pub const PAGER: &str = "pager";
pub const REQUEST_TIMEOUT: &str = "request_timeout";
pub const POLLING_INTERVAL: &str = "polling_interval";
pub const INSECURE: &str = "insecure_tls_verify";
/// Our own key: whether the embedded API is used.
pub const LOCAL: &str = "local";
/// Our own key: the seconds that connecting may take.
pub const CONNECT_TIMEOUT: &str = "connect_timeout";
/// Our own key: how often a request is retried.
pub const RETRIES: &str = "retries";
/// Our own key: the address that the stored login is for, if that is not `api_url`.
pub const LOGIN_URL: &str = "login_url";
/// Our own key: the kind of login that gets a new token without a refresh token.
pub const LOGIN_GRANT: &str = "login_grant";
/// Our own key: a digest by which the client secret of the login is recognized.
pub const CLIENT_SECRET_DIGEST: &str = "client_secret_digest";
/// Our own key: the current project of the embedded API, which has projects of its own.
pub const LOCAL_PROJECT: &str = "local_project";
/// Our own key: the unencrypted address that the user has been warned about.
pub const WARNED_HTTP: &str = "warned_http";

/// Our own key: the place of the login's tokens.
pub const TOKEN_STORE: &str = "token_store";
/// Our own key: the number of the keyring's entry with the login of a context. No two logins have the same.
pub const KEYRING_ENTRY: &str = "keyring_entry";
/// Numbers of entries of the keyring that no context names: one that a login is about to make, one that a command could
/// not remove. The next login or logout removes them.
pub const KEYRING_LEFT: &str = "keyring_left";

/// Our own key: the user's aliases, an object of names and lists of words.
pub const ALIASES: &str = "aliases";

/// The keys of the Go tool with their types, in the order of the file.
const KEYS: &[(&str, &str)] = &[
    (API_URL, "string"),
    (ACCESS_TOKEN, "string"),
    (REFRESH_TOKEN, "string"),
    (ISSUER_URL, "string"),
    (CLIENT_ID, "string"),
    (CLIENT_SECRET, "string"),
    (PROJECT, "string"),
    (PAGER, "string"),
    (REQUEST_TIMEOUT, "int"),
    (POLLING_INTERVAL, "int"),
    (INSECURE, "bool"),
];

/// Our own keys with their types. A value of another type is refused like one of the Go tool's keys: to ignore it would
/// choose another server, or another place for a token.
const OWN_KEYS: &[(&str, &str)] = &[
    (LOCAL, "bool"),
    (LOGIN_URL, "string"),
    (LOGIN_GRANT, "string"),
    (CLIENT_SECRET_DIGEST, "string"),
    (TOKEN_STORE, "string"),
    (KEYRING_ENTRY, "int"),
    (CONNECT_TIMEOUT, "int"),
    (RETRIES, "int"),
    (LOCAL_PROJECT, "string"),
    (WARNED_HTTP, "string"),
    (CURRENT, "string"),
    (ALIASES, "map[string][]string"),
];

/// The keys that each context has for itself, with their names in an entry of `contexts` and their types. All other
/// keys belong to the file.
pub(super) const IN_CONTEXT: [(&str, &str, &str); 14] = [
    (API_URL, "server", "string"),
    (ACCESS_TOKEN, ACCESS_TOKEN, "string"),
    (REFRESH_TOKEN, REFRESH_TOKEN, "string"),
    (ISSUER_URL, ISSUER_URL, "string"),
    (CLIENT_ID, CLIENT_ID, "string"),
    (CLIENT_SECRET, CLIENT_SECRET, "string"),
    (PROJECT, PROJECT, "string"),
    (INSECURE, INSECURE, "bool"),
    (LOGIN_URL, LOGIN_URL, "string"),
    (LOGIN_GRANT, LOGIN_GRANT, "string"),
    (CLIENT_SECRET_DIGEST, CLIENT_SECRET_DIGEST, "string"),
    (TOKEN_STORE, TOKEN_STORE, "string"),
    (KEYRING_ENTRY, KEYRING_ENTRY, "int"),
    (WARNED_HTTP, WARNED_HTTP, "string"),
];

/// The base URL if nothing else is set.
pub(crate) const DEFAULT_API_URL: &str = "http://localhost:8000";

/// The longest wait for another run that changes the file. An issuer takes less time to renew a login.
const LOCK_LIMIT: Duration = Duration::from_secs(40);
/// How long a run waits for it in silence.
const LOCK_SILENCE: Duration = Duration::from_secs(1);

/// Editors and shells of Windows write this before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The size in bytes of the largest file that can be a configuration.
const MAX_SIZE: usize = 4 << 20;

/// Why the configuration can't be read or written, in the Go tool's words. It never holds a value of the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Path(#[from] Unknown),
    #[error("create config directory {}: mkdir {}: {}", quoted(.path), .path.display(), reason(.error))]
    MakeFolder { path: PathBuf, error: io::Error },
    #[error("another run has held {} for {} seconds", quoted(.path), LOCK_LIMIT.as_secs())]
    Locked { path: PathBuf },
    #[error("write config file {}: {why}", quoted(.path))]
    MayNotWrite { path: PathBuf, why: String },
    #[error("write config file {}: open {}: {}", quoted(.path), .path.display(), reason(.error))]
    Write { path: PathBuf, error: io::Error },
    #[error("read config file {}: {} {}: {}", quoted(.path), go_call(.error), .path.display(), reason(.error))]
    Read { path: PathBuf, error: io::Error },
    /// The file is not JSON, or not the JSON of a configuration.
    #[error("parse config file {}: {why}", quoted(.path))]
    Parse {
        path: PathBuf,
        why: String,
        /// The line and the column, from 1, at which the file stops being JSON.
        position: Option<(usize, usize)>,
    },
    /// A key has a value of another type. It does not count, and it can be mended.
    #[error("parse config file {}: {why}", quoted(.path))]
    Unfit {
        path: PathBuf,
        key: &'static str,
        why: String,
    },
    #[error("context {} not found", quote(.name))]
    NoContext { name: String },
    #[error("load config: {0}")]
    Load(Box<Error>),
    #[error("save config: {0}")]
    Save(Box<Error>),
}

impl Error {
    /// True if this user can't reach the file at all: the home of another user, or a path that can't hold files.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        use io::ErrorKind::{NotADirectory, PermissionDenied};
        let kind = match self {
            Self::Read { error, .. } => error.kind(),
            _ => return false,
        };
        matches!(kind, PermissionDenied | NotADirectory)
    }

    /// True if this user can't write where the file should be.
    fn may_not_save(&self) -> bool {
        use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
        match self {
            Self::Save(why) => why.may_not_save(),
            Self::MakeFolder { error, .. } | Self::Write { error, .. } => matches!(
                error.kind(),
                NotADirectory | PermissionDenied | ReadOnlyFilesystem
            ),
            _ => false,
        }
    }

    fn load(error: Self) -> Self {
        Self::Load(Box::new(error))
    }

    #[must_use]
    pub(crate) fn save(error: Self) -> Self {
        Self::Save(Box::new(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(Kind::Other, error.to_string());
        if !error.may_not_save() {
            return failure;
        }
        failure.hint(format!(
            "name a file of your own: export {}=PATH; with {} and {} no file is needed",
            env::CONFIG.name,
            env::API_URL.name,
            env::TOKEN.name
        ))
    }
}

fn quoted(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

/// The system call that fails in Go: opening a folder succeeds, reading it does not.
fn go_call(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::IsADirectory => "read",
        _ => "open",
    }
}

/// A configuration file, and the context in it that is meant.
#[derive(Debug, Clone)]
pub struct Place {
    pub path: PathBuf,
    /// The name of the context; the current one if there is none.
    pub context: Option<String>,
    /// True if a flag or a variable names the context.
    is_named: bool,
    /// True if the context was the flat part of the file. Another run may have changed its address, and so its name.
    was_flat: bool,
}

impl Place {
    /// Returns the name of the context; an empty one for a file without contexts.
    fn name(&self) -> &str {
        self.context.as_deref().unwrap_or_default()
    }

    /// Returns the file with its current context.
    #[must_use]
    pub fn current(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            context: None,
            is_named: false,
            was_flat: false,
        }
    }

    /// Returns the file with the context that a flag, or else a pin or `AMBIENT_CONTEXT` names.
    #[must_use]
    pub(crate) fn of_run(path: PathBuf, globals: &Globals) -> Self {
        let flag = globals.context_name.clone().filter(|name| !name.is_empty());
        let context = flag.or_else(|| globals.pinned_context.clone());
        let context = context.or_else(|| env::CONTEXT.get());
        Self {
            path,
            is_named: context.is_some(),
            context,
            was_flat: false,
        }
    }
}

/// The content of the file, as the selected context shows it. It may hold tokens, so it has no `Debug`.
pub struct Config {
    path: PathBuf,
    pub(super) values: Map<String, Value>,
    pub(super) selected: Selected,
    /// True if the run names the context, in a flag or a variable.
    pub(super) is_named: bool,
    unfit: Vec<Unfit>,
}

/// A value of the file that has not the type of its key, so that it does not count.
#[derive(Debug, Clone)]
struct Unfit {
    key: &'static str,
    why: String,
}

/// The right to change a configuration file: a lock on a file beside it. The system releases it when the process ends,
/// also if it is killed. The locked file is private, because everybody who can read a file or folder can lock it.
pub struct Lock {
    file: Option<File>,
    /// When this run began to wait.
    asked: Timestamp,
}

impl Lock {
    /// Waits for the lock, [`LOCK_LIMIT`] at most, and says so if that takes longer than a moment. Creates the folder
    /// if it is missing.
    ///
    /// # Errors
    /// The folder can't be created, the file must not be written, or another run keeps the lock.
    pub fn take(path: &Path) -> Result<Self, Error> {
        Self::take_in_silence(path, LOCK_SILENCE)
    }

    /// Does the same, and says nothing for as long as the other run may take for what it usually does.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub(crate) fn take_in_silence(path: &Path, silence: Duration) -> Result<Self, Error> {
        check_place(path)?;
        let dir = folder(path);
        secret_file::create_dir(dir).map_err(|error| Error::MakeFolder {
            path: dir.to_owned(),
            error,
        })?;
        let file = lock_file(&target(path));
        let asked = Timestamp::now();
        let file = file.map(|file| locked(file, path, silence)).transpose()?;
        Ok(Self { file, asked })
    }

    /// Does the same with the lock of an entry of the keyring, which copies of a configuration have in common. `None`
    /// if this user has no folder for it.
    ///
    /// # Errors
    /// [`Error::Locked`], as [`Lock::take`].
    pub(crate) fn take_entry(number: u64, silence: Duration) -> Result<Option<Self>, Error> {
        let asked = Timestamp::now();
        let found = entry_path(number).and_then(|path| {
            secret_file::create_dir(folder(&path)).ok()?;
            Some((lock_file(&path)?, path))
        });
        let Some((file, path)) = found else {
            return Ok(None);
        };
        let file = Some(locked(file, &path, silence)?);
        Ok(Some(Self { file, asked }))
    }

    /// Removes the lock of an entry that was deleted. No other entry will have its number.
    pub(crate) fn forget_entry(number: u64) {
        if let Some(lock) = entry_path(number).and_then(|path| lock_name(&path)) {
            // An empty file that stays behind does no harm.
            let _ = fs::remove_file(lock);
        }
    }

    /// True if another run has failed to renew the login of a context while this one waited.
    #[must_use]
    pub(crate) fn saw_a_failure(&self, context: &Place) -> bool {
        let file = self.file.as_ref();
        let mark = file.and_then(|file| failed::at(file, context.name()));
        mark.is_some_and(|at| (self.asked..=Timestamp::now()).contains(&at))
    }

    /// Marks that the login of a context could not be renewed, for the runs that wait for this one.
    pub(crate) fn mark_failure(&self, context: &Place) {
        if let Some(file) = &self.file {
            // Without the mark the others try again themselves.
            let _ = failed::mark(file, context.name(), Timestamp::now());
        }
    }
}

/// Returns the file once it is locked. The wait is on a thread of its own, because the system gives the lock to those
/// who wait in their turn, but knows no limit of time. Errors other than the limit do not count: a login works on a
/// file system without locks too.
///
/// # Errors
/// [`Error::Locked`], and that of the system if it has no thread.
fn locked(file: File, path: &Path, silence: Duration) -> Result<File, Error> {
    if !matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        return Ok(file);
    }
    let (sender, receiver) = mpsc::channel();
    let wait = move || {
        while file
            .lock()
            .is_err_and(|why| why.kind() == io::ErrorKind::Interrupted)
        {}
        // A run that has given up takes no file, which unlocks it.
        let _ = sender.send(file);
    };
    let waiting = thread::Builder::new().name("lock".to_owned()).spawn(wait);
    waiting.map_err(|error| Error::Write {
        path: path.to_owned(),
        error,
    })?;
    receiver
        .recv_timeout(silence)
        .or_else(|_| {
            output::note(&format!(
                "Waiting for another run of acpctl, which holds {} (at most {} seconds)",
                quoted(path),
                LOCK_LIMIT.as_secs()
            ));
            receiver.recv_timeout(LOCK_LIMIT.saturating_sub(silence))
        })
        .map_err(|_| Error::Locked {
            path: path.to_owned(),
        })
}

/// Opens the file `.NAME.lock` beside the configuration. `None` if it can't be created, which writing the configuration
/// reports in better words, or if it is another user's file, whose lock must not make us wait.
fn lock_file(path: &Path) -> Option<File> {
    let beside = lock_name(path)?;
    match secret_file::lock_file(&beside) {
        Ok(file) => Some(file),
        Err(error) => {
            // Somebody has put something else there; a system's error only means that nothing can be written.
            if error.kind() == io::ErrorKind::Other {
                output::note(&format!(
                    "Warning: {} can't be locked ({error}), so parallel runs may undo each other's changes; remove it",
                    beside.display()
                ));
            }
            None
        }
    }
}

fn lock_name(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(".lock");
    Some(path.with_file_name(name))
}

/// Returns the path whose lock stands for an entry of the keyring.
fn entry_path(number: u64) -> Option<PathBuf> {
    let folder = paths::data_dir().ok()?;
    Some(folder.join(format!("login-{number}")))
}

/// Refuses a file that must not be overwritten: a device, a pipe, and as root another user's file.
///
/// # Errors
/// [`Error::MayNotWrite`].
pub fn check_place(path: &Path) -> Result<(), Error> {
    let refused = |why: String| Error::MayNotWrite {
        path: path.to_owned(),
        why,
    };
    let target = target(path);
    if fs::metadata(&target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(refused(
            "it is not a regular file; name another one in AMBIENT_CONFIG".to_owned(),
        ));
    }
    secret_file::refuse_anothers(&target).map_err(|error| {
        let also = match env::CONFIG.path() {
            Some(_) => " and another AMBIENT_CONFIG",
            None => "",
        };
        refused(format!("{error}{also}"))
    })
}

/// Tries whether the file can be written, without changing it.
///
/// # Errors
/// As [`check_place`]; [`Error::MakeFolder`] or [`Error::Write`].
pub fn try_place(path: &Path) -> Result<(), Error> {
    check_place(path)?;
    secret_file::try_replace(&target(path)).map_err(|error| {
        let dir = folder(path);
        if dir.is_dir() {
            Error::Write {
                path: path.to_owned(),
                error,
            }
        } else {
            Error::MakeFolder {
                path: dir.to_owned(),
                error,
            }
        }
    })
}

/// Returns the file that a link leads to: a link stays a link, and its target is written.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Returns the file's content. `/dev/null` stands for a missing file.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    match plain_file::read(path, Links::Follow, MAX_SIZE) {
        Err(_) if files::is_null_device(path) => Ok(Zeroizing::default()),
        read => read,
    }
}

impl Config {
    /// Returns the configuration of a user without a file.
    #[must_use]
    pub fn none() -> Self {
        Self {
            path: PathBuf::new(),
            values: Map::new(),
            selected: Selected::Flat,
            is_named: false,
            unfit: Vec::new(),
        }
    }

    /// Reads the user's configuration file with the context that this run names. If no variable says where it is, there
    /// is none.
    ///
    /// # Errors
    /// As [`Config::load`], or the path of the file is relative.
    pub fn of_run(globals: &Globals) -> Result<Self, Error> {
        match paths::config_file() {
            Ok(path) => Self::load(&Place::of_run(path, globals)),
            Err(Unknown::Unset(_)) => {
                let mut none = Self::none();
                none.select(&Place::of_run(PathBuf::new(), globals));
                Ok(none)
            }
            Err(why @ Unknown::Relative(_)) => Err(why.into()),
        }
    }

    /// Reads the user's configuration file for settings that do not depend on the context.
    ///
    /// # Errors
    /// As [`Config::of_run`].
    pub fn of_user() -> Result<Self, Error> {
        match paths::config_file() {
            Ok(path) => Self::load(&Place::current(&path)),
            Err(Unknown::Unset(_)) => Ok(Self::none()),
            Err(why @ Unknown::Relative(_)) => Err(why.into()),
        }
    }

    /// Reads a file; a missing or empty one is an empty configuration. A context that does not exist is not an error
    /// here, so that it can be created: [`Config::check_context`] reports it. Neither is a value of a wrong type, so
    /// that it can be mended: [`Config::check_values`] reports it.
    ///
    /// # Errors
    /// [`Error::Read`] and [`Error::Parse`], in the Go tool's words without its `load config: `
    /// (docs/interface/cli-core.md section 2.2).
    pub fn load(place: &Place) -> Result<Self, Error> {
        let path = &place.path;
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
            Err(error) => {
                return Err(Error::Read {
                    path: path.to_owned(),
                    error,
                });
            }
        };
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        let values = parse(text).map_err(|why| Error::Parse {
            path: path.to_owned(),
            why,
            position: end_of_json(text),
        })?;
        let mut config = Self {
            path: path.clone(),
            unfit: unfit(&values),
            values,
            selected: Selected::Flat,
            is_named: false,
        };
        config.select(place);
        Ok(config)
    }

    /// Returns the file as another context shows it.
    pub(super) fn seen_from(&self, selected: Selected) -> Self {
        Self {
            path: self.path.clone(),
            values: self.values.clone(),
            selected,
            is_named: true,
            unfit: self.unfit.clone(),
        }
    }

    /// Selects the context of a place.
    pub(super) fn select(&mut self, place: &Place) {
        let entries = self.entries();
        let flat = self.flat_name();
        let is_flat = place.was_flat && (flat.is_some() || entries.is_none_or(Map::is_empty));
        self.selected = if is_flat {
            Selected::Flat
        } else {
            let named = place.context.as_deref();
            context::select(entries, self.text(CURRENT), flat.as_deref(), named)
        };
        self.is_named = place.is_named;
    }

    pub(super) fn entries(&self) -> Option<&Map<String, Value>> {
        find(&self.values, CONTEXTS)?.as_object()
    }

    /// Returns the name of the flat part of the file, if it holds anything of a server and no entry has this name.
    pub(super) fn flat_name(&self) -> Option<String> {
        let has_value = |key: &str| find(&self.values, key).is_some_and(|value| !is_empty(value));
        if !IN_CONTEXT.iter().any(|(key, ..)| has_value(key)) {
            return None;
        }
        let address = find(&self.values, API_URL).and_then(Value::as_str);
        let address = address.filter(|address| !address.is_empty());
        let name = context::name_of(address.unwrap_or(DEFAULT_API_URL));
        let is_hidden = self.entries().is_some_and(|all| all.contains_key(&name));
        (!is_hidden).then_some(name)
    }

    /// Refuses a context that does not exist.
    ///
    /// # Errors
    /// [`Error::NoContext`]; with an empty name if the file has contexts and none is the current one.
    pub fn check_context(&self) -> Result<(), Error> {
        let name = match &self.selected {
            Selected::Missing(name) => name.clone(),
            // The embedded API is used, which needs none of them.
            Selected::Open if self.flag(LOCAL) => return Ok(()),
            Selected::Open => String::new(),
            Selected::Flat | Selected::Entry(_) | Selected::Local => return Ok(()),
        };
        Err(Error::NoContext { name })
    }

    /// Refuses a value of a wrong type.
    ///
    /// # Errors
    /// [`Error::Unfit`] for the first one, in the words of Go's JSON reader.
    pub fn check_values(&self) -> Result<(), Error> {
        match self.unfit.first() {
            None => Ok(()),
            Some(unfit) => Err(Error::Unfit {
                path: self.path.clone(),
                key: unfit.key,
                why: unfit.why.clone(),
            }),
        }
    }

    /// True for the context of the embedded API, which has no entry and keeps nothing.
    #[must_use]
    pub fn is_of_embedded(&self) -> bool {
        self.selected == Selected::Local
    }

    /// True if the run names the context, in a flag or a variable.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// True if the file has several contexts, or the run names one: only then is the context worth mentioning.
    #[must_use]
    pub fn has_contexts(&self) -> bool {
        self.is_named || !matches!(self.selected, Selected::Flat)
    }

    /// True if the value of a key is that of an entry of `contexts`.
    #[must_use]
    pub fn is_in_context(&self, key: &str) -> bool {
        matches!(self.selected, Selected::Entry(_)) && in_context(key).is_some()
    }

    /// Returns the name of the selected context. A flat file that holds nothing has none.
    #[must_use]
    pub fn context(&self) -> Option<String> {
        match &self.selected {
            _ if self.flag(LOCAL) => Some(LOCAL_CONTEXT.to_owned()),
            Selected::Flat => self.flat_name(),
            Selected::Entry(name) | Selected::Missing(name) => Some(name.clone()),
            Selected::Local => Some(LOCAL_CONTEXT.to_owned()),
            Selected::Open => None,
        }
    }

    /// Returns the place to read and change this context again, whichever context is the current one then.
    #[must_use]
    pub fn place(&self) -> Place {
        let context = match &self.selected {
            Selected::Flat => self.flat_name(),
            Selected::Entry(name) | Selected::Missing(name) => Some(name.clone()),
            Selected::Local => Some(LOCAL_CONTEXT.to_owned()),
            Selected::Open => None,
        };
        Place {
            path: self.path.clone(),
            context,
            is_named: self.is_named,
            was_flat: self.selected == Selected::Flat,
        }
    }

    /// Reads, changes and writes the file under a lock, so that parallel runs do not undo each other's changes.
    ///
    /// # Errors
    /// [`Error::Load`] or [`Error::Save`]; the file is unchanged then.
    pub fn update(place: &Place, change: impl FnOnce(&mut Self)) -> Result<Self, Error> {
        Self::change(place, |config| {
            change(config);
            Ok(())
        })
    }

    /// Does the same with a change that may fail; the file is unchanged then.
    ///
    /// # Errors
    /// As [`Config::update`], or that of the change.
    pub(crate) fn try_update(
        place: &Place,
        change: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        Self::change(place, change)
    }

    fn change<E: From<Error>>(
        place: &Place,
        change: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        let lock = Lock::take(&place.path).map_err(Error::save)?;
        let mut config = Self::load(place).map_err(Error::load)?;
        // A new current context that does not exist must not keep anybody from changing the rest of the file.
        if place.context.is_some() {
            config.check_context()?;
        }
        change(&mut config)?;
        config.write(&lock).map_err(Error::save)?;
        Ok(config)
    }

    /// Writes the file. The caller holds the lock and has read the file under it.
    ///
    /// # Errors
    /// [`Error::Write`], in the Go tool's words without its `save config: `.
    pub fn write(&self, _lock: &Lock) -> Result<(), Error> {
        self.save().map_err(|error| Error::Write {
            path: self.path.clone(),
            error,
        })
    }

    fn save(&self) -> io::Result<()> {
        let text = Zeroizing::new(self.text_form());
        secret_file::replace(&target(&self.path), text.as_bytes())
    }

    /// Returns the file's text: the known keys in a fixed order, without the empty ones, then the unknown keys.
    fn text_form(&self) -> String {
        let mut shown = Map::new();
        for (key, _) in KEYS {
            if let Some(value) = find(&self.values, key).filter(|value| !is_empty(value)) {
                shown.insert((*key).to_owned(), value.clone());
            }
        }
        for (key, value) in &self.values {
            if !KEYS
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(key))
            {
                shown.insert(key.clone(), value.clone());
            }
        }
        json::pretty_wide(&Value::Object(shown))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.value_of(&self.selected, key)
    }

    /// Returns a value as a context shows it.
    pub(super) fn value_of(&self, context: &Selected, key: &str) -> Option<&Value> {
        if key == LOCAL {
            return match context {
                Selected::Local => Some(&Value::Bool(true)),
                // A run that names a context means that one, although the embedded API is used otherwise.
                _ if self.is_named => None,
                _ => find(&self.values, key),
            };
        }
        let Some(field) = in_context(key) else {
            return find(&self.values, key);
        };
        match context {
            Selected::Flat => find(&self.values, key),
            Selected::Entry(name) => find(self.entry(name)?, field),
            Selected::Local | Selected::Missing(_) | Selected::Open => None,
        }
    }

    fn entry(&self, name: &str) -> Option<&Map<String, Value>> {
        self.entries()?.get(name)?.as_object()
    }

    /// Returns an entry of `contexts` to change it; it is created if it is missing.
    pub(super) fn entry_to_change(&mut self, name: &str) -> Option<&mut Map<String, Value>> {
        let entries = object(object_value(&mut self.values, CONTEXTS))?;
        object(entries.entry(name).or_insert(Value::Null))
    }

    /// Returns a text; `None` if it is missing or empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key)
            .filter(|value| !json::is_wide(value))
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// True if a key that takes a text has a value of another type, so that its text is not known.
    #[must_use]
    pub(crate) fn is_unfit_text(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| !fits("string", value))
    }

    /// Returns a secret text; `None` if it is missing or empty.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// Returns the user's aliases with their words. [`Config::unfit_aliases`] are left out.
    #[must_use]
    pub fn aliases(&self) -> Vec<(String, Vec<String>)> {
        let known = |(name, words): (&String, &Value)| Some((name.clone(), alias_words(words)?));
        self.alias_entries().filter_map(known).collect()
    }

    /// Returns the names of the aliases that are not lists of words.
    #[must_use]
    pub fn unfit_aliases(&self) -> Vec<String> {
        self.alias_entries()
            .filter(|(_, words)| alias_words(words).is_none())
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn alias_entries(&self) -> impl Iterator<Item = (&String, &Value)> {
        let aliases = self.value(ALIASES).and_then(Value::as_object);
        aliases.into_iter().flatten()
    }

    /// Sets an alias, or removes it if there are no words.
    pub fn set_alias(&mut self, name: &str, words: Option<&[String]>) {
        let aliases = self.value(ALIASES).and_then(Value::as_object);
        let mut aliases = aliases.cloned().unwrap_or_default();
        match words {
            Some(words) => aliases.insert(name.to_owned(), words.into()),
            None => aliases.remove(name),
        };
        let is_empty = aliases.is_empty();
        self.set(ALIASES, Some(aliases.into()).filter(|_| !is_empty));
    }

    /// Returns a positive number of seconds.
    #[must_use]
    pub fn seconds(&self, key: &str) -> Option<u64> {
        self.value(key)
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds > 0)
    }

    /// Returns a number that may be zero.
    #[must_use]
    pub fn count(&self, key: &str) -> Option<u32> {
        let number = self.value(key).and_then(Value::as_u64)?;
        number.try_into().ok()
    }

    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.value(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Sets a key, or removes it if there is no value. A context that does not exist keeps nothing.
    pub fn set(&mut self, key: &str, value: Option<Value>) {
        if key == LOCAL && self.is_named && value.is_none() {
            return;
        }
        match (in_context(key), self.selected.clone()) {
            (None, _) | (_, Selected::Flat) => context::put(&mut self.values, key, value),
            (Some(field), Selected::Entry(name)) => {
                if let Some(entry) = self.entry_to_change(&name) {
                    context::put(entry, field, value);
                }
            }
            (Some(_), Selected::Local | Selected::Missing(_) | Selected::Open) => {}
        }
    }

    /// Returns the number of the keyring's entry for the selected context, if it has one.
    #[must_use]
    pub fn keyring_entry(&self) -> Option<u64> {
        self.value(KEYRING_ENTRY)?.as_u64()
    }

    /// True if another context names the same entry of the keyring, which only an editor can bring about.
    #[must_use]
    pub fn shares_keyring_entry(&self) -> bool {
        let Some(number) = self.keyring_entry() else {
            return false;
        };
        self.contexts_with_entry(number) > 1
    }

    /// Returns the numbers of the keyring's entries that were left behind. One that a context names is a login.
    #[must_use]
    pub(crate) fn left_in_keyring(&self) -> Vec<u64> {
        let numbers = self.value(KEYRING_LEFT).and_then(Value::as_array);
        let numbers = numbers.into_iter().flatten().filter_map(Value::as_u64);
        numbers
            .filter(|number| self.contexts_with_entry(*number) == 0)
            .collect()
    }

    /// Adds the number of an entry that has to be removed from the keyring, or takes it away again.
    pub(crate) fn leave_in_keyring(&mut self, number: u64, is_left: bool) {
        let known = self.value(KEYRING_LEFT).and_then(Value::as_array);
        let mut numbers = known.cloned().unwrap_or_default();
        numbers.retain(|other| other.as_u64() != Some(number));
        if is_left {
            numbers.push(number.into());
        }
        let is_empty = numbers.is_empty();
        self.set(KEYRING_LEFT, Some(numbers.into()).filter(|_| !is_empty));
    }

    /// Returns how many contexts name an entry of the keyring.
    fn contexts_with_entry(&self, number: u64) -> usize {
        let names_it = |values: &Map<String, Value>| {
            find(values, KEYRING_ENTRY).and_then(Value::as_u64) == Some(number)
        };
        let entries = self.entries().into_iter().flat_map(Map::values);
        let in_entries = entries
            .filter_map(Value::as_object)
            .filter(|entry| names_it(entry))
            .count();
        in_entries + usize::from(names_it(&self.values))
    }
}

/// Returns the name of a key in an entry of `contexts`; `None` if the key belongs to the file.
fn in_context(key: &str) -> Option<&'static str> {
    let mut keys = IN_CONTEXT.iter();
    keys.find(|(name, ..)| *name == key)
        .map(|(_, field, _)| *field)
}

/// Returns the value of a key, whatever the case of its letters; `null` if there was none.
fn object_value<'v>(values: &'v mut Map<String, Value>, key: &str) -> &'v mut Value {
    let written = values
        .keys()
        .rev()
        .find(|name| name.eq_ignore_ascii_case(key));
    let written = written.cloned().unwrap_or_else(|| key.to_owned());
    values.entry(written).or_insert(Value::Null)
}

/// Returns an object to change it; `null` becomes an empty one.
fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// Reads the text of a file as the values of a configuration.
fn parse(text: &[u8]) -> Result<Map<String, Value>, String> {
    if text.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let values = match json::parse_wide(text).map_err(|why| why.to_string())? {
        Value::Object(values) => values,
        Value::Null => Map::new(),
        other => {
            return Err(format!(
                "json: cannot unmarshal {} into Go value of type config.Config",
                json::type_word(&other)
            ));
        }
    };
    check_keys(text, &values)?;
    let fields = IN_CONTEXT.map(|(_, field, kind)| (field, kind));
    context::check_types(find(&values, CONTEXTS), &fields)?;
    Ok(values)
}

/// Returns the line and the column, from 1, at which a text stops being JSON.
fn end_of_json(text: &[u8]) -> Option<(usize, usize)> {
    let error = serde_json::from_slice::<IgnoredAny>(text).err()?;
    Some((error.line(), error.column()))
}

/// Refuses two lists of contexts or aliases, and two contexts of one name: the next write would lose one of them.
fn check_keys(text: &[u8], values: &Map<String, Value>) -> Result<(), String> {
    let lists = [CONTEXTS, ALIASES];
    if lists.iter().all(|key| find(values, key).is_none()) {
        return Ok(());
    }
    // A text with invalid Unicode or very large numbers is read in another way; its keys are looked at as they are.
    let Ok(Keys(keys)) = serde_json::from_slice(text) else {
        let keys: Vec<&str> = values.keys().map(String::as_str).collect();
        return check_case(&keys, &lists);
    };
    let all: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
    check_case(&all, &lists)?;
    let contexts = keys
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(CONTEXTS));
    let names = contexts.map_or(&[][..], |(_, Keys(names))| names);
    let mut seen = HashSet::new();
    match names.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(format!(
            "it has two contexts {}; remove one of them",
            quote(name)
        )),
    }
}

/// Refuses keys that mean the same list.
fn check_case(keys: &[&str], lists: &[&str]) -> Result<(), String> {
    for list in lists {
        let mut same = keys.iter().filter(|key| key.eq_ignore_ascii_case(list));
        if let (Some(one), Some(other)) = (same.next(), same.next()) {
            return Err(format!(
                "the keys {} and {} are the same one; move all of it into one of them",
                quote(one),
                quote(other)
            ));
        }
    }
    Ok(())
}

/// Returns the values of a wrong type.
/// Returns the words of an alias; `None` if it is not a list of words, or an empty one.
fn alias_words(words: &Value) -> Option<Vec<String>> {
    let words = words.as_array().filter(|words| !words.is_empty())?.iter();
    let text = |word: &Value| {
        let text = word.as_str().filter(|_| !json::is_wide(word));
        text.map(str::to_owned)
    };
    words.map(text).collect()
}

/// The settings that can't be negative.
const COUNTS: [&str; 4] = [REQUEST_TIMEOUT, CONNECT_TIMEOUT, POLLING_INTERVAL, RETRIES];

fn unfit(values: &Map<String, Value>) -> Vec<Unfit> {
    let negative = COUNTS.iter().filter_map(|&key| {
        let number = find(values, key)?.as_i64().filter(|number| *number < 0)?;
        let why = format!("{key} is {number}, and can't be negative");
        Some(Unfit { key, why })
    });
    let wrong = KEYS.iter().chain(OWN_KEYS).filter_map(|&(key, kind)| {
        let value = find(values, key).filter(|value| !fits(kind, value))?;
        let word = json::type_word(value);
        let why = format!(
            "json: cannot unmarshal {word} into Go struct field Config.{key} of type {kind}"
        );
        Some(Unfit { key, why })
    });
    wrong.chain(negative).collect()
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
        || value.as_str() == Some("")
        || value.as_i64() == Some(0)
}
