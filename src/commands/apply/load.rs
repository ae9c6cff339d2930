//! Manifests from a file, a folder or standard input (contract cli-resources.md section 8.1).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::document::Document;
use crate::config::file::reason;
use crate::failure::{Failure, Kind};
use crate::plain_file::{self, Links};
use crate::yaml;

/// Loads what `-f` names.
///
/// # Errors
/// In the Go tool's words, with the file's name for one in a folder.
pub fn load(place: &Path) -> Result<Vec<Document>, Failure> {
    if place == Path::new("-") {
        let text = plain_file::read_to_end(io::stdin().lock(), yaml::MAX_INPUT)
            .map_err(|error| bad(format!("read standard input: {}", reason(&error))))?;
        return all(&text, Path::new(""));
    }
    let found = fs::metadata(place)
        .map_err(|error| bad(format!("stat {}: {}", place.display(), reason(&error))))?;
    if found.is_dir() {
        return folder(place);
    }
    let text = plain_file::read_named(place, yaml::MAX_INPUT);
    all(&opened(place, text)?, parent(place))
}

/// The documents of a file that another one names; of some of them the kind may be missing.
///
/// # Errors
/// As [`load`].
pub fn file(path: &Path) -> Result<Vec<Document>, Failure> {
    all(&text(path)?, parent(path))
}

/// The text of a file that another one names.
///
/// # Errors
/// As [`load`].
pub fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
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

/// The manifests right inside a folder, by name; kustomizations are not among them.
fn folder(path: &Path) -> Result<Vec<Document>, Failure> {
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

fn all(text: &[u8], folder: &Path) -> Result<Vec<Document>, Failure> {
    let mut documents: Vec<Document> =
        yaml::documents(text).map_err(|why| bad(format!("parse YAML: {why}")))?;
    for document in &mut documents {
        folder.clone_into(&mut document.folder);
    }
    Ok(documents)
}

fn bad(message: String) -> Failure {
    Failure::new(Kind::Data, message)
}
