//! Manifests from a kustomization (contract cli-resources.md section 8.3).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::Document;
use super::load as manifest;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::yaml;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Kustomization {
    bases: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    patches: Option<Vec<Patch>>,
    #[serde(flatten)]
    #[allow(clippy::zero_sized_map_values, reason = "only the names matter")]
    other: std::collections::BTreeMap<String, serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
#[allow(clippy::struct_field_names, reason = "the names of the format")]
struct Patch {
    path: Option<String>,
    patch: Option<String>,
    target: Option<Target>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Target {
    kind: Option<String>,
    name: Option<String>,
}

/// The most kustomizations inside each other. Each is a call, so this bounds the stack too.
const MAX_DEPTH: usize = 50;
/// The most files that one kustomization reads, with all that it refers to, and the most documents that they come to.
const MAX_FILES: usize = 10_000;
const MAX_DOCUMENTS: usize = 10_000;
/// The most bytes of text that the documents come to: what is referred to twice counts twice, and a patch counts for
/// each document that it changes.
const MAX_BYTES: u64 = 64 << 20;

/// Loads a kustomization's folder.
///
/// # Errors
/// In the Go tool's words; also for what it would get wrong: inline patches, cycles, and more than is read.
pub fn load(ctx: &Ctx, folder: &Path) -> Result<Vec<Document>, Failure> {
    let mut loader = Loader {
        ctx,
        open: Vec::new(),
        loaded: HashMap::new(),
        files: 0,
        bytes: 0,
    };
    loader.folder(folder)
}

/// One run over a kustomization and all that it refers to.
struct Loader<'a> {
    ctx: &'a Ctx,
    /// The kustomizations that are being read, from the outermost one.
    open: Vec<PathBuf>,
    /// Those that were read: each is read once, however often it is referred to.
    loaded: HashMap<PathBuf, Loaded>,
    files: usize,
    bytes: u64,
}

/// A kustomization's documents, and how many bytes of text they were.
struct Loaded {
    documents: Vec<Document>,
    bytes: u64,
}

impl Loader<'_> {
    fn folder(&mut self, folder: &Path) -> Result<Vec<Document>, Failure> {
        let place = ["kustomization.yaml", "kustomization.yml"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.is_file());
        let Some(place) = place else {
            return Err(bad(format!(
                "no kustomization.yaml found in {}",
                folder.display()
            )));
        };
        let real = fs::canonicalize(&place).unwrap_or_else(|_| place.clone());
        if self.open.contains(&real) {
            return Err(bad(format!("{} refers to itself", place.display())));
        }
        if let Some(bytes) = self.loaded.get(&real).map(|loaded| loaded.bytes) {
            self.count_bytes(bytes)?;
            return Ok(self.loaded[&real].documents.clone());
        }
        if self.open.len() == MAX_DEPTH {
            return Err(bad(format!(
                "more than {MAX_DEPTH} kustomizations inside each other"
            )));
        }
        self.open.push(real.clone());
        let before = self.bytes;
        let documents = self.read(folder, &place)?.list;
        self.open.pop();
        let loaded = Loaded {
            documents: documents.clone(),
            bytes: self.bytes - before,
        };
        self.loaded.insert(real, loaded);
        Ok(documents)
    }

    fn read(&mut self, folder: &Path, place: &Path) -> Result<Documents, Failure> {
        let kustomization = self.kustomization(place)?;
        let mut documents = Documents::default();
        for base in kustomization.bases.unwrap_or_default() {
            let loaded = self
                .folder(&joined(folder, &base))
                .map_err(|failure| bad(format!("base {base}: {}", failure.message)))?;
            // As in the Go tool, bases are applied one after the other, whatever they share.
            for document in loaded {
                documents.append(document);
            }
            documents.check_size()?;
        }
        for resource in kustomization.resources.unwrap_or_default() {
            let loaded = self
                .resource(&joined(folder, &resource))
                .map_err(|failure| bad(format!("resource {resource}: {}", failure.message)))?;
            for document in loaded {
                documents.replace_or_append(document);
            }
            documents.check_size()?;
        }
        for patch in kustomization.patches.unwrap_or_default() {
            self.patch(folder, &patch, &mut documents)?;
        }
        Ok(documents)
    }

    fn kustomization(&mut self, place: &Path) -> Result<Kustomization, Failure> {
        self.count_file()?;
        let text = manifest::text(place)?;
        let parsed: Vec<Kustomization> =
            yaml::documents(&text).map_err(|why| bad(format!("parse kustomization: {why}")))?;
        let parsed = parsed.into_iter().next().unwrap_or_default();
        for key in parsed
            .other
            .keys()
            .filter(|key| !matches!(key.as_str(), "apiVersion" | "kind"))
        {
            self.ctx.out.warn(&format!(
                "{}: {key} is not supported and will be ignored",
                place.display()
            ));
        }
        Ok(parsed)
    }

    fn resource(&mut self, path: &Path) -> Result<Vec<Document>, Failure> {
        let found = stat(path)?;
        if found.is_dir() {
            return self.folder(path);
        }
        self.count_file()?;
        self.count_bytes(found.len())?;
        manifest::file(path)
    }

    fn patch(
        &mut self,
        folder: &Path,
        patch: &Patch,
        documents: &mut Documents,
    ) -> Result<(), Failure> {
        let Some(name) = &patch.path else {
            let what = if patch.patch.is_some() {
                "inline patches are"
            } else {
                "a patch without path is"
            };
            return Err(bad(format!(
                "{what} not supported: put the patch into a file and name it with path"
            )));
        };
        self.count_file()?;
        let path = joined(folder, name);
        let (size, patches) = stat(&path)
            .and_then(|found| Ok((found.len(), manifest::file(&path)?)))
            .map_err(|failure| bad(format!("patch {name}: {}", failure.message)))?;
        for patched in &patches {
            let wanted = Wanted::new(patch.target.as_ref(), patched);
            if wanted.is_anything() {
                return Err(bad(format!(
                    "patch {name}: add a kind to the patch, or a target to say what it changes"
                )));
            }
            let mut is_used = false;
            for document in &mut documents.list {
                if wanted.fits(document) {
                    is_used = true;
                    self.count_bytes(size)?;
                    merge(document, patched);
                }
            }
            if !is_used {
                let message = format!("patch {name} fits no document: {}", wanted.shown());
                self.ctx.out.warn(&message);
            }
        }
        Ok(())
    }

    fn count_file(&mut self) -> Result<(), Failure> {
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(bad(format!(
                "the kustomization reads more than {MAX_FILES} files"
            )));
        }
        Ok(())
    }

    fn count_bytes(&mut self, bytes: u64) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(bad(format!(
                "the kustomization comes to more than {} MiB",
                MAX_BYTES >> 20
            )));
        }
        Ok(())
    }
}

fn stat(path: &Path) -> Result<fs::Metadata, Failure> {
    fs::metadata(path).map_err(|error| bad(format!("stat {}: {}", path.display(), reason(&error))))
}

/// Which documents a patch is for.
struct Wanted {
    kind: Option<String>,
    name: Option<String>,
}

impl Wanted {
    /// Reads the target; without one a patch is for the document that it names itself.
    fn new(target: Option<&Target>, patch: &Document) -> Self {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let of_target = |text: fn(&Target) -> Option<&String>| {
            target.and_then(text).and_then(|text| filled(text))
        };
        let kind = of_target(|target| target.kind.as_ref());
        let name = of_target(|target| target.name.as_ref());
        if kind.is_none() && name.is_none() {
            return Self {
                kind: filled(&patch.kind),
                name: filled(&patch.name).filter(|_| !patch.kind.is_empty()),
            };
        }
        Self { kind, name }
    }

    fn is_anything(&self) -> bool {
        self.kind.is_none() && self.name.is_none()
    }

    fn fits(&self, document: &Document) -> bool {
        self.kind
            .as_ref()
            .is_none_or(|kind| kind.eq_ignore_ascii_case(&document.kind))
            && self.name.as_ref().is_none_or(|name| *name == document.name)
    }

    /// `agent/lead`; `*` stands for any.
    fn shown(&self) -> String {
        let kind = self.kind.as_deref().unwrap_or("*").to_lowercase();
        format!("{kind}/{}", self.name.as_deref().unwrap_or("*"))
    }
}

/// Documents in their order.
#[derive(Default)]
struct Documents {
    list: Vec<Document>,
    /// Where in the list the first one of each kind and name is.
    index: HashMap<[String; 8], usize>,
}

impl Documents {
    fn append(&mut self, document: Document) {
        self.index.entry(key(&document)).or_insert(self.list.len());
        self.list.push(document);
    }

    /// Puts a document in the place of the first one of the same kind and name, if there is one.
    fn replace_or_append(&mut self, document: Document) {
        match self.index.get(&key(&document)) {
            Some(known) => self.list[*known] = document,
            None => self.append(document),
        }
    }

    fn check_size(&self) -> Result<(), Failure> {
        if self.list.len() > MAX_DOCUMENTS {
            return Err(bad(format!(
                "the kustomization comes to more than {MAX_DOCUMENTS} documents"
            )));
        }
        Ok(())
    }
}

/// What makes a document one of its own; role bindings have no name to tell them apart by.
fn key(document: &Document) -> [String; 8] {
    let unnamed = document.known_kind() == Some("RoleBinding");
    let only = |text: &String| if unnamed { text.clone() } else { String::new() };
    [
        document.kind.to_lowercase(),
        document.name.clone(),
        only(&document.role),
        only(&document.scope),
        only(&document.scope_id),
        only(&document.user_id),
        document.project.clone(),
        only(&document.agent),
    ]
}

/// Lays a patch over a document; the name stays (contract cli-resources.md section 8.3).
fn merge(document: &mut Document, patch: &Document) {
    for (own, new) in [
        (&mut document.description, &patch.description),
        (&mut document.prompt, &patch.prompt),
        (&mut document.provider, &patch.provider),
        (&mut document.url, &patch.url),
        (&mut document.email, &patch.email),
        (&mut document.context, &patch.context),
    ] {
        if !new.is_empty() {
            own.clone_from(new);
        }
    }
    if patch.token.is_some() || patch.token_from.is_some() {
        document.token.clone_from(&patch.token);
        document.token_from.clone_from(&patch.token_from);
        document.folder.clone_from(&patch.folder);
    }
    for (own, new) in [
        (&mut document.labels, &patch.labels),
        (&mut document.annotations, &patch.annotations),
    ] {
        if let Some(new) = new {
            own.get_or_insert_default().extend(new.clone());
        }
    }
}

fn joined(folder: &Path, name: &str) -> PathBuf {
    // Addresses are file names here, as in the Go tool, whose messages show them cleaned.
    let mut path = PathBuf::new();
    for part in folder.join(name).components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

fn bad(message: String) -> Failure {
    Failure::new(Kind::Data, message)
}
