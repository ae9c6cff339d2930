//! Loads manifests from a file, a folder or standard input (docs/interface/cli-resources.md section 8.1).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::raw::RawDocument;
use crate::compat::io_reason::reason;
use crate::failure::{Failure, Kind};
use crate::plain_file::{self, Links};
use crate::yaml;

/// Loads the file or folder of `-f`, or standard input for `-`.
///
/// # Errors
/// In the Go tool's words. For a file in a folder the file's name precedes them.
pub(super) fn load(path: &Path) -> Result<Vec<RawDocument>, Failure> {
    if path == Path::new("-") {
        let text = plain_file::read_to_end(io::stdin().lock(), yaml::MAX_INPUT)
            .map_err(|error| bad(format!("read standard input: {}", reason(&error))))?;
        return all(&text, Path::new(""), "");
    }
    let found = fs::metadata(path)
        .map_err(|error| bad(format!("stat {}: {}", path.display(), reason(&error))))?;
    if found.is_dir() {
        return folder(path);
    }
    let text = plain_file::read_named(path, yaml::MAX_INPUT);
    all(&opened(path, text)?, parent(path), "")
}

/// Loads a file that another file names. Its documents may lack a kind.
pub(super) fn file(path: &Path) -> Result<Vec<RawDocument>, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    all(&text(path)?, parent(path), &name)
}

/// Reads the text of a file that another file names.
pub(super) fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    opened(path, plain_file::read(path, Links::Follow, yaml::MAX_INPUT))
}

fn opened(
    path: &Path,
    text: io::Result<Zeroizing<Vec<u8>>>,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    text.map_err(|error| bad(format!("open {}: {}", path.display(), reason(&error))))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Loads the manifests directly inside a folder, ordered by file name. Kustomizations are left out.
fn folder(path: &Path) -> Result<Vec<RawDocument>, Failure> {
    let unread = |error| bad(format!("open {}: {}", path.display(), reason(&error)));
    let entries: Vec<_> = fs::read_dir(path)
        .and_then(Iterator::collect::<io::Result<_>>)
        .map_err(unread)?;
    let mut files: Vec<PathBuf> = entries
        .iter()
        .map(fs::DirEntry::path)
        .filter(|path| !path.is_dir() && is_manifest(path))
        .collect();
    files.sort();
    let mut documents = Vec::new();
    for path in files {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        documents
            .extend(file(&path).map_err(|failure| bad(format!("{name}: {}", failure.message)))?);
    }
    Ok(documents)
}

fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_yaml = path
        .extension()
        .is_some_and(|extension| extension == "yaml" || extension == "yml");
    is_yaml && !matches!(name.as_ref(), "kustomization.yaml" | "kustomization.yml")
}

/// Reads the documents of a text. `name` is the name of its file, if there are several files.
fn all(text: &[u8], folder: &Path, name: &str) -> Result<Vec<RawDocument>, Failure> {
    let mut documents: Vec<RawDocument> =
        yaml::documents(text).map_err(|why| bad(format!("parse YAML: {why}")))?;
    let are_several = documents.len() > 1;
    for (n, document) in documents.iter_mut().enumerate() {
        folder.clone_into(&mut document.folder);
        document.place = match (name, are_several) {
            ("", false) => String::new(),
            ("", true) => format!("document {}: ", n + 1),
            (name, false) => format!("{name}: "),
            (name, true) => format!("{name}, document {}: ", n + 1),
        };
    }
    Ok(documents)
}

/// Returns the failure for input that can't be used.
pub(super) fn bad(message: String) -> Failure {
    Failure::new(Kind::Data, message)
}
