//! Manifests from a file, a folder or standard input (contract cli-resources.md section 8.1).

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::document::Document;
use crate::config::file::reason;
use crate::exit::{Failure, Kind};
use crate::yaml;

/// Loads what `-f` names.
///
/// # Errors
/// In the Go tool's words, with the file's name for one in a folder.
pub fn load(place: &str) -> Result<Vec<Document>, Failure> {
    if place == "-" {
        let text = read(std::io::stdin().lock())
            .map_err(|error| bad(format!("read standard input: {}", reason(&error))))?;
        return all(&text, Path::new(""));
    }
    let path = Path::new(place);
    let found =
        fs::metadata(path).map_err(|error| bad(format!("stat {place}: {}", reason(&error))))?;
    if found.is_dir() {
        folder(path)
    } else {
        file(path)
    }
}

/// The documents of one file; of some of them the kind may be missing.
///
/// # Errors
/// As [`load`].
pub fn file(path: &Path) -> Result<Vec<Document>, Failure> {
    all(&text(path)?, path.parent().unwrap_or(Path::new("")))
}

/// The text of a file.
///
/// # Errors
/// As [`load`].
pub fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    fs::File::open(path)
        .and_then(read)
        .map_err(|error| bad(format!("open {}: {}", path.display(), reason(&error))))
}

/// The whole text; of one that is too large just enough to be refused. A manifest may hold secrets, so
/// it is wiped after use.
fn read(source: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    source
        .take(yaml::MAX_INPUT as u64 + 1)
        .read_to_end(&mut text)?;
    Ok(text)
}

/// The manifests right inside a folder, by name; kustomizations are not among them.
fn folder(path: &Path) -> Result<Vec<Document>, Failure> {
    let entries = fs::read_dir(path)
        .map_err(|error| bad(format!("open {}: {}", path.display(), reason(&error))))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && is_manifest(path))
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
