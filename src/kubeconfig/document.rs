//! One file: its parsed tree, its folder and its name.

use std::path::{Component, Path, PathBuf};

use super::encoding::{self, Encoding};
use super::finding::{Finding, is_field_like};
use super::reader;
use super::source::Source;
use super::tree::Tree;

pub(super) struct Document {
    pub(super) name: String,
    dir: PathBuf,
    pub(super) tree: Tree,
    /// Findings about the text as such.
    pub(super) notes: Vec<Finding>,
}

impl Document {
    /// Parses a text.
    ///
    /// # Errors
    /// A finding of the load gate.
    pub(super) fn read(source: &Source<'_>) -> Result<Self, Finding> {
        let reading = reader::read(source.bytes)?;
        let root = reading.tree.as_text(reading.tree.root());
        if let Some((_, layers)) = root.and_then(|text| encoding::unwrap_base64(text.as_bytes())) {
            return Err(encoding::wrapped_in(layers));
        }
        let mut notes = Vec::new();
        if reading.encoding != Encoding::Utf8 {
            notes.push(Finding::new("encoding-bom").line(1));
        }
        if source.bytes.len() > 1 << 20 {
            notes.push(Finding::new("file-too-large"));
        }
        if reading.more_documents {
            notes.push(Finding::new("multiple-documents"));
        }
        for duplicate in &reading.tree.duplicates {
            let mut note = Finding::new("duplicate-key").line(duplicate.line);
            let key = reading.tree.text(duplicate.key);
            if is_field_like(key) {
                note = note.field(key);
            }
            notes.push(note);
        }
        Ok(Self {
            name: source.name.to_owned(),
            dir: source.dir.to_owned(),
            tree: reading.tree,
            notes,
        })
    }

    /// Resolves a path of this file, relative to the file's folder. `..` is removed without a look at the disk, as by
    /// Kubernetes.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        if Path::new(path).is_absolute() {
            return PathBuf::from(path);
        }
        clean(&self.dir.join(path))
    }
}

fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => drop(out.pop()),
                Some(Component::RootDir) => {}
                _ => out.push(part),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() {
        out.push(".");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_folders_are_removed_by_their_text() {
        for (path, expected) in [
            ("a/b/../c", "a/c"),
            ("./a", "a"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("/a/../../b", "/b"),
            ("", "."),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
