//! Where files live (contract cli-core.md section 2.1, field.md section (e), XDG).

use std::path::PathBuf;

use crate::env::{self, Var};

/// The configuration file: `AMBIENT_CONFIG`, else `ambient/config.json` in the user's configuration folder.
///
/// # Errors
/// In the Go tool's words, when no folder is known.
pub fn config_file() -> Result<PathBuf, String> {
    if let Some(path) = env::CONFIG.get() {
        return Ok(PathBuf::from(path));
    }
    let dir = if cfg!(target_os = "macos") {
        env::HOME
            .get()
            .map(|home| PathBuf::from(home).join("Library/Application Support"))
            .ok_or("$HOME is not defined")
    } else {
        in_xdg(env::XDG_CONFIG_HOME, ".config")
    };
    let dir = dir.map_err(|why| format!("determine config directory: {why}"))?;
    Ok(dir.join("ambient/config.json"))
}

/// The folder of the embedded API's data.
///
/// # Errors
/// When neither `XDG_DATA_HOME` nor `HOME` gives one.
pub fn data_dir() -> Result<PathBuf, String> {
    Ok(in_xdg(env::XDG_DATA_HOME, ".local/share")
        .map_err(|why| format!("determine data directory: {why}"))?
        .join("ambient"))
}

/// The folder of the completion cache.
///
/// # Errors
/// When neither `XDG_CACHE_HOME` nor `HOME` gives one.
pub fn cache_dir() -> Result<PathBuf, String> {
    Ok(in_xdg(env::XDG_CACHE_HOME, ".cache")
        .map_err(|why| format!("determine cache directory: {why}"))?
        .join("ambient"))
}

fn in_xdg(variable: Var, below_home: &str) -> Result<PathBuf, &'static str> {
    let relative = match variable.name {
        "XDG_CONFIG_HOME" => "path in $XDG_CONFIG_HOME is relative",
        "XDG_DATA_HOME" => "path in $XDG_DATA_HOME is relative",
        _ => "path in $XDG_CACHE_HOME is relative",
    };
    let undefined = match variable.name {
        "XDG_CONFIG_HOME" => "neither $XDG_CONFIG_HOME nor $HOME are defined",
        "XDG_DATA_HOME" => "neither $XDG_DATA_HOME nor $HOME are defined",
        _ => "neither $XDG_CACHE_HOME nor $HOME are defined",
    };
    match variable.get().map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => Ok(dir),
        Some(_) => Err(relative),
        None => env::HOME
            .get()
            .map(|home| PathBuf::from(home).join(below_home))
            .ok_or(undefined),
    }
}
