//! The paths of our files (docs/interface/cli-core.md section 2.1, docs/interface/field.md section (e), XDG).

use std::path::PathBuf;

use crate::env::{self, Var};
use crate::failure::{Failure, Kind};
use crate::system::{self, ConfigBase};

/// Why the path of a file is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Unknown {
    /// No variable names the folder. A command that only reads the file takes it as missing.
    #[error("{0}")]
    Unset(String),
    /// A variable names a relative path.
    #[error("{0}")]
    Relative(String),
}

impl From<Unknown> for String {
    fn from(why: Unknown) -> Self {
        why.to_string()
    }
}

impl Unknown {
    fn before(self, words: &str) -> Self {
        match self {
            Self::Unset(why) => Self::Unset(format!("{words}: {why}")),
            Self::Relative(why) => Self::Relative(format!("{words}: {why}")),
        }
    }
}

/// Returns the path of the configuration file: `AMBIENT_CONFIG`, else `ambient/config.json` in the user's configuration
/// folder.
///
/// # Errors
/// No folder is known; in the Go tool's words.
pub(crate) fn config_file() -> Result<PathBuf, Unknown> {
    if let Some(path) = env::CONFIG.path() {
        return Ok(path);
    }
    let dir = match system::CONFIG_BASE {
        ConfigBase::Xdg => in_xdg(env::XDG_CONFIG_HOME, ".config"),
        ConfigBase::InHome(folder) => env::HOME
            .path()
            .map(|home| home.join(folder))
            .ok_or_else(|| Unknown::Unset("$HOME is not defined".to_owned())),
        ConfigBase::AppData => env::APPDATA
            .path()
            .ok_or_else(|| Unknown::Unset("%AppData% is not defined".to_owned())),
    };
    let dir = dir.map_err(|why| why.before("determine config directory"))?;
    Ok(dir.join("ambient").join("config.json"))
}

/// Returns the path of the configuration file for a command that changes it.
///
/// # Errors
/// As [`config_file`], with a hint.
pub(crate) fn config_file_to_change() -> Result<PathBuf, Failure> {
    config_file().map_err(|why| {
        Failure::new(Kind::Other, format!("load config: {why}"))
            .hint("set HOME, or AMBIENT_CONFIG to a file of your own")
    })
}

/// Returns the folder of the embedded API's data.
///
/// # Errors
/// Neither `XDG_DATA_HOME` nor `HOME` names a folder.
pub(crate) fn data_dir() -> Result<PathBuf, Failure> {
    let found = in_xdg(env::XDG_DATA_HOME, system::DATA_IN_HOME);
    let dir = found.map_err(|why| {
        Failure::new(Kind::Other, format!("determine data directory: {why}"))
            .hint("set HOME, or XDG_DATA_HOME to a folder of your own")
    })?;
    Ok(dir.join("ambient"))
}

/// Returns the folder of the completion cache.
///
/// # Errors
/// Neither `XDG_CACHE_HOME` nor `HOME` names a folder.
pub(crate) fn cache_dir() -> Result<PathBuf, Unknown> {
    Ok(in_xdg(env::XDG_CACHE_HOME, system::CACHE_IN_HOME)
        .map_err(|why| why.before("determine cache directory"))?
        .join("ambient"))
}

fn in_xdg(variable: Var, below_home: &str) -> Result<PathBuf, Unknown> {
    let name = variable.name;
    match variable.path() {
        Some(dir) if dir.is_absolute() => Ok(dir),
        Some(_) => Err(Unknown::Relative(format!("path in ${name} is relative"))),
        None => env::HOME
            .path()
            .map(|home| home.join(below_home))
            .ok_or_else(|| {
                let home = env::HOME.name;
                Unknown::Unset(format!("neither ${name} nor ${home} are defined"))
            }),
    }
}
