//! Finds the kubeconfigs of a folder.

use std::path::{Path, PathBuf};

use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::text::quote;

/// The most kubeconfigs in one folder. If there are more, the folder is probably the wrong one.
const MOST: usize = 1000;
const ENDINGS: [&str; 4] = ["yaml", "yml", "conf", "kubeconfig"];
/// Those of them that files of other kinds have too.
const OTHERS_TOO: [&str; 3] = ["yaml", "yml", "conf"];
/// The start of a kubeconfig's name, whatever its ending is.
const START: &str = "kubeconfig";
/// The name of kubectl's own kubeconfig.
const CONFIG: &str = "config";

/// What a folder holds.
pub(crate) struct Folder {
    /// The files that are named like kubeconfigs, sorted.
    pub files: Vec<PathBuf>,
    /// The number of its other files, without hidden ones.
    pub other_files: usize,
    /// The number of folders in it, without hidden ones.
    pub folders: usize,
}

/// Lists the kubeconfigs directly inside a folder: regular files, chosen by their names.
///
/// # Errors
/// If the folder can't be read, or holds none of them or too many.
pub(crate) fn kubeconfigs(folder: &Path) -> Result<Folder, Failure> {
    let name = quote(&folder.to_string_lossy());
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(Kind::Data, format!("read {name}: {}", reason(&error))))?;
    let mut found = Folder {
        files: Vec::new(),
        other_files: 0,
        folders: 0,
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_file() && has_kubeconfig_name(&path) {
            found.files.push(path);
        } else if !is_hidden(&path) && path.is_dir() {
            found.folders += 1;
        } else if !is_hidden(&path) {
            found.other_files += 1;
        }
        if found.files.len() > MOST {
            let text =
                format!("{name} holds more than {MOST} files that are named like kubeconfigs");
            return Err(Failure::new(Kind::Data, text).hint("name the files, or a smaller folder"));
        }
    }
    if found.files.is_empty() {
        let text = format!("{name} holds no kubeconfig");
        return Err(Failure::new(Kind::Data, text).hint(format!(
            "files are chosen by their names: {START}*, *.{}, or {CONFIG}; to read another file or folder, name it",
            ENDINGS.join(", *.")
        )));
    }
    found.files.sort();
    Ok(found)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// True if only the ending of a file's name says that it may be a kubeconfig: other YAML has it too.
pub(crate) fn is_named_like_other_files(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    !starts_like_one(path) && ending.is_some_and(|ending| OTHERS_TOO.contains(&ending))
}

fn starts_like_one(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(START.as_bytes()))
}

fn has_kubeconfig_name(path: &Path) -> bool {
    let has_ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.contains(&ending));
    has_ending || starts_like_one(path) || path.file_name().is_some_and(|name| name == CONFIG)
}
