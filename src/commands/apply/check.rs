//! What is odd about manifests, found before any request.

use std::path::Path;

use crate::compat::near::nearest;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::text::acpctl;

use super::Args;
use super::document::{Document, KEYS, KINDS};

/// Checks all documents and returns those that have a kind.
///
/// A kind or key that is nearly a known one is a mistake; any other unknown one is warned about, since the Go tool skips it.
///
/// # Errors
/// A mistake, with the right spelling; with `--strict` also anything unknown.
pub fn check(ctx: &Ctx, args: &Args, documents: Vec<Document>) -> Result<Vec<Document>, Failure> {
    let mut unknown = Unknown::default();
    for document in &documents {
        if document.is_kubeconfig() {
            return Err(kubeconfig(args));
        }
        if document.kind.is_empty() {
            if !document.unknown.is_empty() || !document.name.is_empty() {
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
                quote(&document.kind)
            ));
            unknown.documents += 1;
            continue;
        }
        check_name(document)?;
        check_project(ctx, document)?;
        for key in &document.unknown {
            check_key(document, key)?;
            ctx.out.note(&format!(
                "warning: {}: unknown key {}",
                document.place(),
                quote(key)
            ));
            unknown.keys += 1;
        }
    }
    unknown.report(ctx, args.strict)?;
    let has_kind = |document: &Document| !document.kind.is_empty();
    Ok(documents.into_iter().filter(has_kind).collect())
}

/// How much was passed over.
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
            "warning: {words} skipped; --strict makes this an error"
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

/// Spellings that differ only in case and in the signs between words are the same.
fn plain(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn check_kind(document: &Document) -> Result<(), Failure> {
    let word = plain(&document.kind);
    let near = nearest(&word, KINDS.iter().map(|(kind, _)| *kind), |kind| {
        kind.len() / 4
    });
    let Some(near) = near else { return Ok(()) };
    let shown = KINDS.iter().find(|(kind, _)| *kind == near);
    Err(Failure::new(
        Kind::Data,
        format!("unknown kind {}", quote(&document.kind)),
    )
    .hint(format!(
        "did you mean {}?",
        shown.map_or(near, |(_, shown)| shown)
    )))
}

fn check_key(document: &Document, key: &str) -> Result<(), Failure> {
    let word = plain(key);
    let near = KEYS
        .iter()
        .find(|known| plain(known) == word)
        .copied()
        .or_else(|| nearest(&word, KEYS.iter().copied(), |known| known.len() / 4));
    let Some(near) = near else { return Ok(()) };
    Err(Failure::new(
        Kind::Data,
        format!("{}: unknown key {}", document.place(), quote(key)),
    )
    .hint(format!("did you mean {near}?")))
}

fn check_name(document: &Document) -> Result<(), Failure> {
    if document.kubernetes
        && document.name.is_empty()
        && document.known_kind() != Some("RoleBinding")
    {
        return Err(Failure::new(
            Kind::Data,
            format!(
                "apply {}: metadata.name is not supported; use a top-level name",
                document.place()
            ),
        ));
    }
    Ok(())
}

/// A project on the command line and another one in the manifest: either may be the mistake.
fn check_project(ctx: &Ctx, document: &Document) -> Result<(), Failure> {
    let Some(given) = ctx.globals.project.as_deref() else {
        return Ok(());
    };
    if document.project.is_empty() || document.project == given {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}: the manifest says project {}, --project says {}",
        document.place(),
        quote(&document.project),
        quote(given)
    ))
    .hint("leave out one of them; nothing was applied"))
}
