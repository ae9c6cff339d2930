//! Finds the kubeconfigs of a folder.

use std::path::{Path, PathBuf};

use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::text::quote;

/// The most kubeconfigs in one folder. If there are more, the folder is probably the wrong one.
const MOST: usize = 1000;
const ENDINGS: [&str; 4] = ["yaml", "yml", "conf", "kubeconfig"];
/// The name of kubectl's own kubeconfig.
const CONFIG: &str = "config";

/// Lists the kubeconfigs directly inside a folder, sorted: regular files, chosen by their names.
///
/// # Errors
/// If the folder can't be read, or holds none of them or too many.
pub(crate) fn kubeconfigs(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let name = quote(&folder.to_string_lossy());
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(Kind::Data, format!("read {name}: {}", reason(&error))))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| has_kubeconfig_name(path) && path.is_file())
        .take(MOST + 1)
        .collect();
    if found.len() > MOST {
        let text = format!("{name} holds more than {MOST} files that are named like kubeconfigs");
        return Err(Failure::new(Kind::Data, text).hint("name the files, or a smaller folder"));
    }
    if found.is_empty() {
        let text = format!("{name} holds no kubeconfig");
        return Err(Failure::new(Kind::Data, text).hint(format!(
            "files are chosen by their names: *.{}, or {CONFIG}; to read another file, name it",
            ENDINGS.join(", *.")
        )));
    }
    found.sort();
    Ok(found)
}

fn has_kubeconfig_name(path: &Path) -> bool {
    let has_ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.contains(&ending));
    has_ending || path.file_name().is_some_and(|name| name == CONFIG)
}
