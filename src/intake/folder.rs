//! Which files of a folder are taken for kubeconfigs.

use std::path::{Path, PathBuf};

use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::failure::{Failure, Kind};

/// The most kubeconfigs of one folder. More of them are rather a wrong folder.
const MOST: usize = 1000;
const ENDINGS: [&str; 4] = ["yaml", "yml", "conf", "kubeconfig"];
/// The name that kubectl gives to its own.
const CONFIG: &str = "config";

/// The kubeconfigs right inside a folder, by name: regular files, chosen by their names.
///
/// # Errors
/// If the folder can't be read, or holds none of them or too many.
pub fn kubeconfigs(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let name = quote(&folder.to_string_lossy());
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(Kind::Data, format!("read {name}: {}", reason(&error))))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_named_like_one(path) && path.is_file())
        .take(MOST + 1)
        .collect();
    if found.len() > MOST {
        let text = format!("{name} holds more than {MOST} files with names of kubeconfigs");
        return Err(Failure::new(Kind::Data, text).hint("name the files, or a smaller folder"));
    }
    if found.is_empty() {
        let text = format!("{name} holds no kubeconfig");
        return Err(Failure::new(Kind::Data, text).hint(format!(
            "files are chosen by their names: *.{}, or {CONFIG}; name another file itself",
            ENDINGS.join(", *.")
        )));
    }
    found.sort();
    Ok(found)
}

fn is_named_like_one(path: &Path) -> bool {
    let has_ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.contains(&ending));
    has_ending || path.file_name().is_some_and(|name| name == CONFIG)
}
