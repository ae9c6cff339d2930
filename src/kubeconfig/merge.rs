//! Merges several kubeconfigs into one (docs/interface/kubeconfig.md section 11).

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::document::Document;
use super::finding::Finding;
use super::model::{Config, Item, Preferences};
use super::source::{Open, OwnedSource, Source};
use super::value::Extension;

/// Reads the files of a `KUBECONFIG` list, each one once. Missing files are skipped, and repeated paths are read once
/// (docs/interface/kubeconfig.md section 11).
///
/// # Errors
/// The path that exists but cannot be read, with the cause.
pub fn read_list(list: &OsStr, open: Open<'_>) -> Result<Vec<OwnedSource>, (PathBuf, io::Error)> {
    let mut seen = HashSet::new();
    let mut sources = Vec::new();
    for path in std::env::split_paths(list) {
        if path.as_os_str().is_empty() || !seen.insert(path.clone()) {
            continue;
        }
        match open(&path) {
            Ok(bytes) => sources.push(OwnedSource {
                path,
                bytes: Zeroizing::new(bytes),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(sources)
}

/// Reads every source. Each finding names its source.
pub(super) fn read_all(sources: &[Source<'_>]) -> Result<Vec<Document>, Vec<Finding>> {
    let (mut documents, mut faults) = (Vec::new(), Vec::new());
    for source in sources {
        match Document::read(source) {
            Ok(document) => documents.push(document),
            Err(mut finding) => {
                finding.source = Some(source.name.to_owned());
                faults.push(finding);
            }
        }
    }
    if faults.is_empty() {
        Ok(documents)
    } else {
        Err(faults)
    }
}

/// Returns the merged configuration, and the lint findings about the files as such.
pub(super) fn merge(documents: &[Document]) -> Result<(Config<'_>, Vec<Finding>), Vec<Finding>> {
    let mut merged = Config::default();
    let (mut notes, mut faults) = (Vec::new(), Vec::new());
    for document in documents {
        let from = |finding: Finding| Finding {
            source: Some(document.name.clone()),
            ..finding
        };
        notes.extend(document.notes.iter().cloned().map(from));
        match Config::decode(document) {
            Ok((config, unknown)) => {
                notes.extend(unknown.into_iter().map(from));
                add(&mut merged, config);
            }
            Err(found) => faults.extend(found.into_iter().map(from)),
        }
    }
    if faults.is_empty() {
        Ok((merged, notes))
    } else {
        // Somebody who has to repair the text needs the findings about the text too.
        faults.extend(
            notes
                .into_iter()
                .filter(|note| note.code != "unknown-field"),
        );
        Err(faults)
    }
}

/// Adds the entries that no earlier file has: the first file that names an entry provides all of it.
fn add<'t>(merged: &mut Config<'t>, next: Config<'t>) {
    add_items(&mut merged.clusters, next.clusters);
    add_items(&mut merged.contexts, next.contexts);
    add_items(&mut merged.users, next.users);
    if merged.current_context.is_empty() {
        merged.current_context = next.current_context;
    }
    let Preferences { colors, extensions } = next.preferences;
    merged.preferences.colors |= colors;
    add_extensions(&mut merged.preferences.extensions, extensions);
    add_extensions(&mut merged.extensions, next.extensions);
}

fn add_items<'t>(merged: &mut Vec<Item<'t>>, next: Vec<Item<'t>>) {
    if merged.is_empty() {
        *merged = next;
        return;
    }
    let known: HashSet<&str> = merged.iter().map(|item| item.name).collect();
    let new = next.into_iter().filter(|item| !known.contains(item.name));
    merged.extend(new.collect::<Vec<_>>());
}

fn add_extensions<'t>(merged: &mut Vec<Extension<'t>>, next: Vec<Extension<'t>>) {
    let known: HashSet<&str> = merged.iter().map(|extension| extension.name).collect();
    let new = next
        .into_iter()
        .filter(|extension| !known.contains(extension.name));
    merged.extend(new.collect::<Vec<_>>());
    merged.sort_by_key(|extension| extension.name);
}
