//! Checks manifests for oddities before any request.

use std::path::Path;

use super::args::Args;
use super::kind::DocumentKind;
use super::raw::{RawDocument, keys};
use super::references::placeholder;
use super::role_binding::NAMES_BY_SCOPE;
use crate::compat::near::{changes, nearest};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::text::{acpctl, quote};

/// The code by which a placeholder is accepted, as in a secret.
const PLACEHOLDER: &str = "placeholder-value";

/// Checks all documents and returns those that have a kind.
///
/// A kind or key that is close to a known one is a mistake. Any other unknown kind or key gets a warning, since the Go
/// tool skips it.
///
/// # Errors
/// For a mistake, with the right spelling as a hint; with `--strict`, for anything unknown.
pub(super) fn check(
    ctx: &Ctx,
    args: &Args,
    mut documents: Vec<RawDocument>,
) -> Result<Vec<RawDocument>, Failure> {
    let mut unknown = Unknown::default();
    for document in &mut documents {
        if document.is_kubeconfig() {
            return Err(kubeconfig(args));
        }
        if document.kind.is_none() {
            if !document.unknown.is_empty() || document.name.is_some() {
                ctx.out
                    .note("warning: a document without a kind — skipping");
                unknown.documents += 1;
            }
            continue;
        }
        if document.known_kind().is_none() {
            check_kind(document)?;
            ctx.out.note(&format!(
                "warning: unknown kind {} — skipping",
                quote(document.written_kind())
            ));
            unknown.documents += 1;
            continue;
        }
        check_name(document)?;
        check_project(ctx, document)?;
        refuse_empty(document)?;
        doubt_placeholders(ctx, args, document)?;
        for key in &document.unknown {
            check_key(document, key)?;
            ctx.out.note(&format!(
                "Warning: {}{}: unknown key {}",
                document.place,
                document.label(),
                quote(key)
            ));
            unknown.keys += 1;
        }
    }
    unknown.report(ctx, args.strict)?;
    let has_kind = |document: &RawDocument| document.kind.is_some();
    Ok(documents.into_iter().filter(has_kind).collect())
}

/// How many documents and keys are skipped.
#[derive(Default)]
struct Unknown {
    documents: usize,
    keys: usize,
}

impl Unknown {
    fn report(&self, ctx: &Ctx, is_strict: bool) -> Result<(), Failure> {
        let count = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            _ => Some(format!("{count} {what}s")),
        };
        let parts: Vec<String> = [
            count(self.documents, "document"),
            count(self.keys, "unknown key"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            return Ok(());
        }
        let words = parts.join(" and ");
        if is_strict {
            return Err(
                Failure::new(Kind::Policy, format!("--strict: {words} would be skipped"))
                    .hint("correct the manifest, or leave out --strict"),
            );
        }
        ctx.out.note(&format!(
            "Warning: {words} skipped; --strict makes this an error"
        ));
        Ok(())
    }
}

fn kubeconfig(args: &Args) -> Failure {
    let file = match args.filename.as_deref() {
        Some(name) if name != Path::new("-") => name.to_string_lossy(),
        _ => "PATH".into(),
    };
    Failure::new(Kind::Data, "this is a kubeconfig, not a manifest").hint(format!(
        "store it: {}",
        acpctl(&[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            &file
        ])
    ))
}

/// Reduces a word to lower-case letters and digits, so that spellings that differ only in case and separators are
/// equal.
fn plain(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn check_kind(document: &RawDocument) -> Result<(), Failure> {
    let words = DocumentKind::ALL.map(|kind| kind.word().to_lowercase());
    let known = words.iter().map(String::as_str);
    let word = plain(document.written_kind());
    // Two letters that change places are two differences.
    let limit = |known: &str| match changes(&word, known) {
        1 => 2,
        _ => known.len() / 4,
    };
    let near = nearest(&word, known, limit);
    let Some(near) = near.and_then(DocumentKind::of) else {
        return Ok(());
    };
    let message = format!(
        "{}unknown kind {}",
        document.place,
        quote(document.written_kind())
    );
    let hint = format!("did you mean {}?", near.word());
    Err(Failure::new(Kind::Data, message).hint(hint))
}

/// The kinds of object that a role binding can name, where a key of their own might be expected.
const SCOPES: [&str; 2] = ["credential", "session"];

fn check_key(document: &RawDocument, key: &str) -> Result<(), Failure> {
    let word = plain(key);
    let is_binding = document.known_kind() == Some(DocumentKind::RoleBinding);
    let hint = if is_binding && SCOPES.contains(&word.as_str()) {
        NAMES_BY_SCOPE.to_owned()
    } else {
        let near = keys()
            .find(|known| plain(known) == word)
            .or_else(|| nearest(&word, keys(), |known| known.len() / 4));
        let Some(near) = near else { return Ok(()) };
        format!("did you mean {near}?")
    };
    let (place, label) = (&document.place, document.label());
    let message = format!("{place}{label}: unknown key {}", quote(key));
    Err(Failure::new(Kind::Data, message).hint(hint))
}

/// Refuses a key that names another object, but has no value: a binding would be for all projects or all agents, an
/// agent would come into the current project, and of a kubeconfig the current context would be kept.
fn refuse_empty(document: &mut RawDocument) -> Result<(), Failure> {
    /// The keys that the Go tool does not have, and the user of a binding.
    const NAMES: [&str; 4] = ["project", "agent", "context", "user_id"];
    let written = std::mem::take(&mut document.without_value).into_iter();
    let mut empty = written.filter(|key| NAMES.contains(&key.as_str()));
    // A patch or a merge key may have filled it.
    let Some(key) = empty.find(|key| document.text_field(key).is_some_and(|it| it.is_none()))
    else {
        return Ok(());
    };
    let (place, label) = (&document.place, document.label());
    let message = format!("{place}{label}: {key} has no value");
    let hint = "check the variable that it comes from, or leave out the key; nothing was applied";
    Err(Failure::new(Kind::Data, message).hint(hint))
}

/// Warns of a text that still has a placeholder, unless the user accepts it.
///
/// # Errors
/// With `--strict`, [`Kind::Policy`].
fn doubt_placeholders(ctx: &Ctx, args: &Args, document: &mut RawDocument) -> Result<(), Failure> {
    if args.trust.allow.iter().any(|code| code == PLACEHOLDER) {
        return Ok(());
    }
    for (key, text) in document.texts() {
        let Some(found) = placeholder(&text) else {
            continue;
        };
        let what = format!(
            "{}{}: {key} holds {}, which apply does not replace",
            document.place,
            document.label(),
            quote(found)
        );
        if args.strict {
            let hint = format!(
                "fill it in first, for example with envsubst; to store it as it is, add --allow {PLACEHOLDER}"
            );
            return Err(Failure::new(Kind::Policy, format!("{what} (--strict)")).hint(hint));
        }
        ctx.out.warn(&what);
    }
    Ok(())
}

fn check_name(document: &RawDocument) -> Result<(), Failure> {
    if document.is_for_kubernetes
        && document.name.is_none()
        && document.known_kind() != Some(DocumentKind::RoleBinding)
    {
        return Err(Failure::new(
            Kind::Data,
            format!(
                "{}apply {}: metadata.name is not supported; use a top-level name",
                document.place,
                document.label()
            ),
        ));
    }
    Ok(())
}

/// Refuses a manifest that names another project than the command line: either may be the mistake.
fn check_project(ctx: &Ctx, document: &RawDocument) -> Result<(), Failure> {
    let (Some(given), Some(written)) = (&ctx.globals.project, &document.project) else {
        return Ok(());
    };
    if written == given {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}{}: the manifest says project {}, --project says {}",
        document.place,
        document.label(),
        quote(written),
        quote(given)
    ))
    .hint("leave out one of them; nothing was applied"))
}
