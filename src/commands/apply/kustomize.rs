//! Manifests from a kustomization (contract cli-resources.md section 8.3).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::Document;
use super::load::file as load_file;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
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

/// Loads a kustomization's folder.
///
/// # Errors
/// In the Go tool's words; also for what it would get wrong: inline patches, and cycles.
pub fn load(ctx: &Ctx, folder: &str) -> Result<Vec<Document>, Failure> {
    from(ctx, Path::new(folder), &mut Vec::new())
}

fn from(ctx: &Ctx, folder: &Path, open: &mut Vec<PathBuf>) -> Result<Vec<Document>, Failure> {
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
    if open.contains(&real) {
        return Err(bad(format!("{} refers to itself", place.display())));
    }
    open.push(real);
    let text = fs::read_to_string(&place)
        .map_err(|error| bad(format!("open {}: {}", place.display(), reason(&error))))?;
    let parsed: Vec<Kustomization> = yaml::documents(text.as_bytes())
        .map_err(|why| bad(format!("parse kustomization: {why}")))?;
    let parsed = parsed.into_iter().next().unwrap_or_default();
    for key in parsed
        .other
        .keys()
        .filter(|key| !matches!(key.as_str(), "apiVersion" | "kind"))
    {
        ctx.out.warn(&format!(
            "{}: {key} is not supported and will be ignored",
            place.display()
        ));
    }
    let mut documents = Vec::new();
    for base in parsed.bases.unwrap_or_default() {
        let path = joined(folder, &base);
        documents.extend(
            from(ctx, &path, open)
                .map_err(|failure| bad(format!("base {base}: {}", failure.message)))?,
        );
    }
    for resource in parsed.resources.unwrap_or_default() {
        let path = joined(folder, &resource);
        let loaded = match fs::metadata(&path) {
            Err(error) => Err(bad(format!("stat {}: {}", path.display(), reason(&error)))),
            Ok(found) if found.is_dir() => from(ctx, &path, open),
            Ok(_) => load_file(&path),
        };
        for document in
            loaded.map_err(|failure| bad(format!("resource {resource}: {}", failure.message)))?
        {
            replace_or_add(&mut documents, document);
        }
    }
    for patch in parsed.patches.unwrap_or_default() {
        apply_patch(ctx, folder, &patch, &mut documents)?;
    }
    open.pop();
    Ok(documents)
}

/// A later document of the same kind and name takes the earlier one's place.
fn replace_or_add(documents: &mut Vec<Document>, document: Document) {
    match documents
        .iter_mut()
        .find(|known| key(known) == key(&document))
    {
        Some(known) => *known = document,
        None => documents.push(document),
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

fn apply_patch(
    ctx: &Ctx,
    folder: &Path,
    patch: &Patch,
    documents: &mut [Document],
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
    let path = joined(folder, name);
    if let Err(error) = fs::metadata(&path) {
        return Err(bad(format!(
            "patch {name}: stat {}: {}",
            path.display(),
            reason(&error)
        )));
    }
    let patches =
        load_file(&path).map_err(|failure| bad(format!("patch {name}: {}", failure.message)))?;
    for patched in &patches {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let kind = patch
            .target
            .as_ref()
            .and_then(|target| filled(&target.kind));
        let target = patch
            .target
            .as_ref()
            .and_then(|target| filled(&target.name));
        // Without a target a patch is for the document that it names, and renames nothing.
        let (kind, target) = match (kind, target) {
            (None, None) => (
                Some(patched.kind.clone()),
                Some(patched.name.clone()).filter(|name| !name.is_empty()),
            ),
            found => found,
        };
        let mut is_used = false;
        for document in documents.iter_mut() {
            let fits = kind
                .as_ref()
                .is_none_or(|kind| kind.eq_ignore_ascii_case(&document.kind))
                && target.as_ref().is_none_or(|name| *name == document.name);
            if fits {
                is_used = true;
                merge(document, patched);
            }
        }
        if !is_used {
            ctx.out.warn(&format!(
                "patch {name} fits no document: {}",
                patched.place()
            ));
        }
    }
    Ok(())
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
