//! Loads manifests from a kustomization (docs/interface/cli-resources.md section 8.3).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::kind::DocumentKind;
use super::load as manifest;
use super::load::bad;
use super::raw::RawDocument;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::failure::Failure;
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
    target: Option<PatchTarget>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PatchTarget {
    kind: Option<String>,
    name: Option<String>,
}

/// The largest number of kustomizations that refer to each other in a chain. Each is a nested call, so this bounds the
/// stack too.
const MAX_DEPTH: usize = 50;
/// The largest number of files that a kustomization and all that it refers to may read.
const MAX_FILES: usize = 10_000;
/// The largest number of documents in the result.
const MAX_DOCUMENTS: usize = 10_000;
/// The largest size of the documents together. A file that is referred to twice counts twice, and a patch counts for
/// each document that it changes.
const MAX_BYTES: u64 = 64 << 20;

/// Loads a folder with a kustomization.
///
/// # Errors
/// In the Go tool's words. Inline patches, cycles and kustomizations beyond the limits are errors too; the Go tool
/// handles them wrongly.
pub(super) fn load(ctx: &Ctx, folder: &Path) -> Result<Vec<RawDocument>, Failure> {
    let mut loader = Loader {
        ctx,
        open: Vec::new(),
        loaded: HashMap::new(),
        files: 0,
        bytes: 0,
    };
    loader.folder(folder)
}

/// Loads a kustomization and all that it refers to.
struct Loader<'a> {
    ctx: &'a Ctx,
    /// The kustomizations that are being read, the outermost one first.
    open: Vec<PathBuf>,
    /// The kustomizations that were read. Each is read once, however often it is referred to.
    loaded: HashMap<PathBuf, Loaded>,
    files: usize,
    bytes: u64,
}

/// The documents of a kustomization, and the size of their text.
struct Loaded {
    documents: Vec<RawDocument>,
    bytes: u64,
}

impl Loader<'_> {
    fn folder(&mut self, folder: &Path) -> Result<Vec<RawDocument>, Failure> {
        let file = ["kustomization.yaml", "kustomization.yml"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.is_file());
        let Some(file) = file else {
            return Err(bad(format!(
                "no kustomization.yaml found in {}",
                folder.display()
            )));
        };
        let real = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
        if self.open.contains(&real) {
            return Err(bad(format!("{} refers to itself", file.display())));
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
        let documents = self.read(folder, &file)?.list;
        self.open.pop();
        let loaded = Loaded {
            documents: documents.clone(),
            bytes: self.bytes - before,
        };
        self.loaded.insert(real, loaded);
        Ok(documents)
    }

    fn read(&mut self, folder: &Path, file: &Path) -> Result<Documents, Failure> {
        let kustomization = self.kustomization(file)?;
        let mut documents = Documents::default();
        for base in kustomization.bases.unwrap_or_default() {
            let loaded = self
                .folder(&joined(folder, &base))
                .map_err(|failure| bad(format!("base {base}: {}", failure.message)))?;
            // As in the Go tool, a document that several bases hold is applied several times.
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

    fn kustomization(&mut self, file: &Path) -> Result<Kustomization, Failure> {
        self.count_file()?;
        let text = manifest::text(file)?;
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
                file.display()
            ));
        }
        Ok(parsed)
    }

    fn resource(&mut self, path: &Path) -> Result<Vec<RawDocument>, Failure> {
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
            if wanted.is_unlimited() {
                return Err(bad(format!(
                    "patch {name}: add a kind to the patch, or a target to say what it changes"
                )));
            }
            let mut is_used = false;
            for document in &mut documents.list {
                if wanted.fits(document) {
                    is_used = true;
                    self.count_bytes(size)?;
                    overlay(document, patched);
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

/// The documents that a patch changes.
struct Wanted {
    kind: Option<String>,
    name: Option<String>,
}

impl Wanted {
    /// Reads the target. Without one, a patch changes the document with its own kind and name.
    fn new(target: Option<&PatchTarget>, patch: &RawDocument) -> Self {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let kind = target.and_then(|target| filled(&target.kind));
        let name = target.and_then(|target| filled(&target.name));
        if kind.is_none() && name.is_none() {
            return Self {
                kind: patch.kind.clone(),
                name: patch.name.clone().filter(|_| patch.kind.is_some()),
            };
        }
        Self { kind, name }
    }

    /// True if the patch would change every document.
    fn is_unlimited(&self) -> bool {
        self.kind.is_none() && self.name.is_none()
    }

    fn fits(&self, document: &RawDocument) -> bool {
        let fits_kind =
            |kind: &String| kind.eq_ignore_ascii_case(document.kind.as_deref().unwrap_or_default());
        self.kind.as_ref().is_none_or(fits_kind)
            && (self.name.is_none() || self.name == document.name)
    }

    /// Returns `agent/lead`, with `*` for any kind or name.
    fn shown(&self) -> String {
        let kind = self.kind.as_deref().unwrap_or("*").to_lowercase();
        format!("{kind}/{}", self.name.as_deref().unwrap_or("*"))
    }
}

/// Documents in their order.
#[derive(Default)]
struct Documents {
    list: Vec<RawDocument>,
    /// The position in the list of the first document of each identity.
    index: HashMap<Identity, usize>,
}

impl Documents {
    fn append(&mut self, document: RawDocument) {
        self.index
            .entry(identity(&document))
            .or_insert(self.list.len());
        self.list.push(document);
    }

    /// Replaces the first document of the same identity, or appends the document if there is none.
    fn replace_or_append(&mut self, document: RawDocument) {
        match self.index.get(&identity(&document)) {
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

/// The fields that distinguish a document from all others.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    kind: String,
    name: Option<String>,
    project: Option<String>,
    /// The ends of a role binding, which needs no name; empty for other kinds.
    ends: [Option<String>; 5],
}

fn identity(document: &RawDocument) -> Identity {
    let ends = match document.known_kind() {
        Some(DocumentKind::RoleBinding) => [
            document.role.clone(),
            document.scope.clone(),
            document.scope_id.clone(),
            document.user_id.clone(),
            document.agent.clone(),
        ],
        _ => Default::default(),
    };
    Identity {
        kind: document.written_kind().to_lowercase(),
        name: document.name.clone(),
        project: document.project.clone(),
        ends,
    }
}

/// Overlays a document with the fields that a patch gives (docs/interface/cli-resources.md section 8.3).
fn overlay(document: &mut RawDocument, patch: &RawDocument) {
    for (own, new) in [
        (&mut document.description, &patch.description),
        (&mut document.prompt, &patch.prompt),
        (&mut document.provider, &patch.provider),
        (&mut document.url, &patch.url),
        (&mut document.email, &patch.email),
        (&mut document.context, &patch.context),
        (&mut document.r#type, &patch.r#type),
        (&mut document.secret, &patch.secret),
        (&mut document.namespace, &patch.namespace),
        (&mut document.api_server_url, &patch.api_server_url),
        (&mut document.credential_id, &patch.credential_id),
        (&mut document.model, &patch.model),
        (&mut document.repo_url, &patch.repo_url),
        (&mut document.display_name, &patch.display_name),
        (&mut document.entrypoint, &patch.entrypoint),
        (&mut document.sandbox_policy, &patch.sandbox_policy),
    ] {
        if new.is_some() {
            own.clone_from(new);
        }
    }
    for (key, new) in &patch.nested {
        match (document.nested.get_mut(key), new) {
            // The sections of a policy and the variables of an agent are replaced one by one.
            (Some(Value::Object(own)), Value::Object(new))
                if matches!(*key, "spec" | "environment") =>
            {
                own.extend(new.clone());
            }
            _ => {
                document.nested.insert(key, new.clone());
            }
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
    // As in the Go tool, a URL is taken as a file name, and messages show paths without `.` and `..`.
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
