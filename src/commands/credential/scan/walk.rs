//! Searches files and folders.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::report::{Place, Report};
use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::plain_file::{self, Links};
use crate::system::files;
use crate::text::quote;

/// How deep folders may lie in each other.
const DEEPEST: usize = 500;

/// Searches what the command line names.
///
/// # Errors
/// A path does not exist, or standard output can't be written.
pub(super) fn search(report: &mut Report<'_>, paths: &[PathBuf]) -> anyhow::Result<()> {
    // A misspelled path is an error before anything is searched: it would count as free of secrets.
    for path in paths.iter().filter(|path| !is_stdin(path)) {
        fs::metadata(path).map_err(|error| {
            let name = quote(&path.to_string_lossy());
            Failure::new(Kind::Other, format!("read {name}: {}", reason(&error)))
        })?;
    }
    for path in paths {
        if is_stdin(path) {
            let place = Place {
                path: "-",
                commit: None,
            };
            report.search(&place, io::stdin().lock())?;
            continue;
        }
        let found = fs::metadata(path)?;
        if found.is_dir() {
            folder(report, path, files::device(&found), 0)?;
        } else {
            file(report, path)?;
        }
    }
    Ok(())
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Searches a folder, and the folders in it on the same device.
fn folder(report: &mut Report<'_>, path: &Path, device: u64, depth: usize) -> anyhow::Result<()> {
    let shown = path.to_string_lossy();
    name(report, path)?;
    if depth > DEEPEST {
        report.unread(&shown, "it lies too deep");
        return Ok(());
    }
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            report.unread(&shown, &reason(&error));
            return Ok(());
        }
    };
    let mut folders = Vec::new();
    for entry in entries {
        let found = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)));
        match found {
            Ok((path, kind)) if kind.is_dir() => folders.push(path),
            Ok((path, kind)) if kind.is_file() => file(report, &path)?,
            Ok(_) => {}
            Err(error) => report.unread(&shown, &reason(&error)),
        }
    }
    for path in folders {
        match fs::symlink_metadata(&path) {
            Ok(found) if files::device(&found) == device => {
                folder(report, &path, device, depth + 1)?;
            }
            Ok(_) => {
                let shown = path.to_string_lossy();
                let shown = report.shown(&shown);
                report.note(&format!(
                    "{shown} is on another file system and was left out; name it to search it too"
                ));
            }
            Err(error) => report.unread(&path.to_string_lossy(), &reason(&error)),
        }
    }
    Ok(())
}

/// Searches the name of a file or folder.
fn name(report: &mut Report<'_>, path: &Path) -> anyhow::Result<()> {
    let (shown, name) = (path.to_string_lossy(), path.file_name().unwrap_or_default());
    let place = Place {
        path: &shown,
        commit: None,
    };
    report.search_names(&place, name.as_encoded_bytes())
}

fn file(report: &mut Report<'_>, path: &Path) -> anyhow::Result<()> {
    name(report, path)?;
    let shown = path.to_string_lossy();
    let place = Place {
        path: &shown,
        commit: None,
    };
    match open(path) {
        Ok(file) => report.search(&place, file),
        Err(error) => {
            report.unread(&shown, &reason(&error));
            Ok(())
        }
    }
}

/// Opens a regular file, or a pipe that the shell opened for this program.
fn open(path: &Path) -> io::Result<File> {
    if plain_file::is_own_descriptor(path) {
        return File::open(path);
    }
    plain_file::open(path, Links::Follow)
}
