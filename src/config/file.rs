//! `config.json`, shared with the Go tool (contract cli-core.md section 2).
//!
//! Keys match without regard to case, unknown keys survive, and a file that can't be read is never
//! written over. Writing takes a kernel lock on the folder, reads the file again, changes it and
//! puts the new one in place in one step, so parallel runs lose nothing (contract field.md row 52).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::compat::{json, quote::quote};
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

/// The content of the file. It may hold tokens, so it has no `Debug`.
pub struct Config {
    path: PathBuf,
    values: Map<String, Value>,
}

/// The right to change a configuration file. It belongs to the open folder and ends with it, also
/// when the process is killed.
pub struct Lock {
    _folder: Option<File>,
}

impl Lock {
    /// Waits for the right. The folder is made if it is missing.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn take(path: &Path) -> Result<Self, String> {
        let dir = path
            .parent()
            .filter(|dir| !dir.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        secret_file::create_dir(dir).map_err(|error| {
            format!(
                "create config directory {}: mkdir {}: {}",
                quote(&dir.to_string_lossy()),
                dir.display(),
                reason(&error)
            )
        })?;
        // A file system without locks is no reason to refuse a login.
        let folder = File::open(dir).ok();
        if let Some(folder) = &folder {
            let _ = folder.lock();
        }
        Ok(Self { _folder: folder })
    }
}

impl Config {
    /// Reads the file; a missing file is an empty configuration.
    ///
    /// # Errors
    /// In the Go tool's words (contract cli-core.md section 2.2), without its `load config: `.
    pub fn load(path: &Path) -> Result<Self, String> {
        let named = quote(&path.to_string_lossy());
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    values: Map::new(),
                });
            }
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
        let parsed =
            json::parse(&bytes).map_err(|why| format!("parse config file {named}: {why}"))?;
        let values = match parsed {
            Value::Object(values) => values,
            Value::Null => Map::new(),
            other => {
                return Err(format!(
                    "parse config file {named}: json: cannot unmarshal {} into Go value of type config.Config",
                    type_name(&other)
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
        // A link stays a link: the file that it names is the one replaced.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        secret_file::replace(&target, self.text_form().as_bytes())
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
                    type_name(value)
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

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The system's words for an error as Go prints them.
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        io::ErrorKind::AlreadyExists => "file exists".to_owned(),
        io::ErrorKind::StorageFull => "no space left on device".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "read-only file system".to_owned(),
        _ => error
            .to_string()
            .split(" (os error")
            .next()
            .unwrap_or_default()
            .to_lowercase(),
    }
}
