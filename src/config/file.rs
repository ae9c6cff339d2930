//! `config.json`, shared with the Go tool (contract cli-core.md section 2).
//!
//! Keys match without regard to case, unknown keys survive, and a file that can't be read is never
//! written over. Writing takes a kernel lock, reads the file again, changes it and puts the new one in
//! place in one step, so parallel runs lose nothing (contract field.md row 52).

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use crate::compat::io_reason::reason;
use crate::compat::{json, quote::quote};
use crate::env;
use crate::plain_file::{self, Links};
use crate::secret_file;

pub const API_URL: &str = "api_url";
pub const ACCESS_TOKEN: &str = "access_token";
pub const REFRESH_TOKEN: &str = "refresh_token";
pub const ISSUER_URL: &str = "issuer_url";
pub const CLIENT_ID: &str = "client_id";
pub const PROJECT: &str = "project";
pub const PAGER: &str = "pager";
pub const REQUEST_TIMEOUT: &str = "request_timeout";
pub const POLLING_INTERVAL: &str = "polling_interval";
pub const INSECURE: &str = "insecure_tls_verify";
/// Our own key: the address that the stored login is for, where that is not `api_url`.
pub const LOGIN_URL: &str = "login_url";
/// Our own key: the current project of the embedded API, whose projects are others than a server's.
pub const LOCAL_PROJECT: &str = "local_project";
/// Our own key: the address of which it was said that it is not encrypted.
pub const WARNED_HTTP: &str = "warned_http";

/// The keys of the Go tool with their types, in the order of the file.
const KEYS: &[(&str, &str)] = &[
    (API_URL, "string"),
    (ACCESS_TOKEN, "string"),
    (REFRESH_TOKEN, "string"),
    (ISSUER_URL, "string"),
    (CLIENT_ID, "string"),
    (PROJECT, "string"),
    (PAGER, "string"),
    (REQUEST_TIMEOUT, "int"),
    (POLLING_INTERVAL, "int"),
    (INSECURE, "bool"),
];

/// How long to wait for another run that changes the file: longer than an issuer may take to renew a login.
const LOCK_LIMIT: Duration = Duration::from_secs(40);
const LOCK_STEP: Duration = Duration::from_millis(10);

/// Editors and shells of Windows put it before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The most that is read: beyond it, it is not a configuration (bytes).
const MAX_SIZE: usize = 4 << 20;

/// The content of the file. It may hold tokens, so it has no `Debug`.
pub struct Config {
    path: PathBuf,
    values: Map<String, Value>,
}

/// The right to change a configuration file. It belongs to an open file beside it and ends with that, also
/// when the process is killed. That file is private: a folder can be locked by everybody who can read it.
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Waits for the right, [`LOCK_LIMIT`] at most. The folder is made if it is missing.
    ///
    /// # Errors
    /// When it can't be made, or another run does not let go.
    pub fn take(path: &Path) -> Result<Self, String> {
        check_place(path)?;
        let dir = folder(path);
        secret_file::create_dir(dir).map_err(|error| {
            format!(
                "create config directory {}: mkdir {}: {}",
                quote(&dir.to_string_lossy()),
                dir.display(),
                reason(&error)
            )
        })?;
        let file = lock_file(&target(path));
        if let Some(file) = &file {
            let deadline = Instant::now() + LOCK_LIMIT;
            while let Err(TryLockError::WouldBlock) = file.try_lock() {
                if Instant::now() >= deadline {
                    let seconds = LOCK_LIMIT.as_secs();
                    return Err(format!(
                        "another run has held {} for {seconds} seconds",
                        quote(&path.to_string_lossy())
                    ));
                }
                thread::sleep(LOCK_STEP);
            }
        }
        // Any other error: a file system without locks is no reason to refuse a login.
        Ok(Self { _file: file })
    }
}

/// The file `.NAME.lock` beside the configuration. None where it can't be made, which the writing of the
/// configuration says better, or where it is not ours: somebody else's lock holds nobody up.
fn lock_file(path: &Path) -> Option<File> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(".lock");
    let beside = path.with_file_name(name);
    secret_file::lock_file(&beside).ok()
}

/// Refuses what must not be written over: a device, a pipe, and as root another user's file.
///
/// # Errors
/// In words with the path.
pub fn check_place(path: &Path) -> Result<(), String> {
    let refused = |why: &str| {
        format!(
            "write config file {}: {why}",
            quote(&path.to_string_lossy())
        )
    };
    let target = target(path);
    if fs::metadata(&target).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(refused(
            "it is not a regular file; name another one in AMBIENT_CONFIG",
        ));
    }
    secret_file::refuse_anothers(&target).map_err(|error| {
        let also = match env::CONFIG.path() {
            Some(_) => " and another AMBIENT_CONFIG",
            None => "",
        };
        refused(&format!("{error}{also}"))
    })
}

/// A link stays a link: what it names is written.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The file's content; `/dev/null` is how one says that there is no file.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    match plain_file::read(path, Links::Follow, MAX_SIZE) {
        Err(_) if is_null(path) => Ok(Zeroizing::default()),
        read => read,
    }
}

fn is_null(path: &Path) -> bool {
    match (fs::metadata(path), fs::metadata("/dev/null")) {
        (Ok(found), Ok(null)) => found.file_type().is_char_device() && found.rdev() == null.rdev(),
        _ => false,
    }
}

impl Config {
    /// The configuration where there is no file.
    #[must_use]
    pub fn none() -> Self {
        Self {
            path: PathBuf::new(),
            values: Map::new(),
        }
    }

    /// True where this user can't get at the file at all: a home of somebody else, or a place that holds
    /// no files.
    #[must_use]
    pub fn is_out_of_reach(path: &Path) -> bool {
        matches!(
            read(path).map_err(|error| error.kind()),
            Err(io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory)
        )
    }

    /// Reads the file; a missing or empty one is an empty configuration.
    ///
    /// # Errors
    /// In the Go tool's words (contract cli-core.md section 2.2), without its `load config: `.
    pub fn load(path: &Path) -> Result<Self, String> {
        let named = quote(&path.to_string_lossy());
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Zeroizing::default(),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                return Err(format!(
                    "read config file {named}: read {}: is a directory",
                    path.display()
                ));
            }
            Err(error) => {
                return Err(format!(
                    "read config file {named}: open {}: {}",
                    path.display(),
                    reason(&error)
                ));
            }
        };
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        let parsed = if text.trim_ascii().is_empty() {
            Value::Null
        } else {
            json::parse(text).map_err(|why| format!("parse config file {named}: {why}"))?
        };
        let values = match parsed {
            Value::Object(values) => values,
            Value::Null => Map::new(),
            other => {
                return Err(format!(
                    "parse config file {named}: json: cannot unmarshal {} into Go value of type config.Config",
                    json::type_word(&other)
                ));
            }
        };
        let config = Self {
            path: path.to_owned(),
            values,
        };
        config
            .check_types()
            .map_err(|why| format!("parse config file {named}: {why}"))?;
        Ok(config)
    }

    /// The line and column, from 1, where a file stops being JSON.
    #[must_use]
    pub fn fault_position(path: &Path) -> Option<(usize, usize)> {
        let bytes = read(path).ok()?;
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
        let error = serde_json::from_slice::<IgnoredAny>(text).err()?;
        Some((error.line(), error.column()))
    }

    /// Reads, changes and writes the file under a lock, so that parallel runs do not undo each other.
    ///
    /// # Errors
    /// What [`Config::load`] says, prefixed `load config: `, or why the file can't be written,
    /// prefixed `save config: `. The old file is untouched then.
    pub fn update(path: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, String> {
        let lock = Lock::take(path).map_err(|why| format!("save config: {why}"))?;
        let mut config = Self::load(path).map_err(|why| format!("load config: {why}"))?;
        change(&mut config);
        config
            .write(&lock)
            .map_err(|why| format!("save config: {why}"))?;
        Ok(config)
    }

    /// Writes the file; who does has taken the lock and read the file under it.
    ///
    /// # Errors
    /// In the Go tool's words, without its `save config: `.
    pub fn write(&self, _lock: &Lock) -> Result<(), String> {
        self.save().map_err(|error| {
            let path = &self.path;
            format!(
                "write config file {}: open {}: {}",
                quote(&path.to_string_lossy()),
                path.display(),
                reason(&error)
            )
        })
    }

    fn save(&self) -> io::Result<()> {
        let text = Zeroizing::new(self.text_form());
        secret_file::replace(&target(&self.path), text.as_bytes())
    }

    /// The file's text: known keys in fixed order, empty ones left out, then the unknown ones.
    fn text_form(&self) -> String {
        let mut shown = Map::new();
        for (key, _) in KEYS {
            if let Some(value) = self.value(key).filter(|value| !is_empty(value)) {
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
        json::pretty(&Value::Object(shown))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .rev()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    }

    /// A text; nothing if it is missing or empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A secret text.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<SecretString> {
        self.text(key).map(SecretString::from)
    }

    /// A positive number of seconds.
    #[must_use]
    pub fn seconds(&self, key: &str) -> Option<u64> {
        self.value(key)
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds > 0)
    }

    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.value(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Sets a key, or removes it.
    pub fn set(&mut self, key: &str, value: Option<Value>) {
        self.values
            .retain(|name, _| !name.eq_ignore_ascii_case(key));
        if let Some(value) = value {
            self.values.insert(key.to_owned(), value);
        }
    }

    fn check_types(&self) -> Result<(), String> {
        for (key, kind) in KEYS {
            let Some(value) = self.value(key) else {
                continue;
            };
            let fits = match (*kind, value) {
                (_, Value::Null) | ("string", Value::String(_)) | ("bool", Value::Bool(_)) => true,
                ("int", Value::Number(number)) => number.is_i64(),
                _ => false,
            };
            if !fits {
                return Err(format!(
                    "json: cannot unmarshal {} into Go struct field Config.{key} of type {kind}",
                    json::type_word(value)
                ));
            }
        }
        Ok(())
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
        || value.as_str() == Some("")
        || value.as_i64() == Some(0)
}
