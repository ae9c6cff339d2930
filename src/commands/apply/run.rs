//! The steps of `apply`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::ahead::Ahead;
use super::args::Args;
use super::document::Document;
use super::kind::DocumentKind;
use super::names::Made;
use super::prune::Leftover;
use super::raw::RawDocument;
use super::report::Report;
use super::secret::Secret;
use super::writer::{Outcome, Writer};
use super::{
    agent, check, credential, kustomize, load, names, parallel, part, payload, project, prune,
    report, role_binding, secret,
        let words = writer.words(outcome);
        let changes = writer.take_changes();
        report.add(
            document.kind().word(),
            document.result_name(),
            words,
            &changes,
        )
    };
    let also = |error: anyhow::Error| writer.ctx.out.warn(&format!("{error:#}"));
    let mut rest = &pairs[..];
    while !rest.is_empty() {
        let (together, after) =
            rest.split_at(parallel::independent(&documents[count - rest.len()..]));
        parallel::in_order(together, limit.into(), one, &mut done, also).await?;
        rest = after;
    }
    Ok(())
}

async fn apply_one(
    writer: &Writer<'_>,
    document: &Document,
    secret: Option<&Secret>,
) -> anyhow::Result<Outcome> {
    let outcome = match document {
        Document::Project(project) => project::apply(writer, project).await,
        Document::Agent(agent) => agent::apply(writer, agent).await,
        Document::Credential(credential) => credential::apply(writer, credential, secret).await,
        Document::RoleBinding(binding) => role_binding::apply(writer, binding).await,
        Document::Part(part) => part::apply(writer, part).await,
    };
    outcome.map_err(|error| error.context(format!("apply {}", document.label())))
}

fn delete(
    writer: &Writer<'_>,
    leftovers: &[Leftover],
    report: &mut Report<'_>,
) -> anyhow::Result<()> {
    let progress = progress::begin("Pruning");
    for (n, leftover) in leftovers.iter().enumerate() {
        let label = leftover.label();
        progress.say(|| format!("Pruning {} of {}: {label}", n + 1, leftovers.len()));
        writer
            .ctx
            .block_on(writer.delete(&leftover.path))
            .map_err(|error| error.context(format!("prune {label}")))?;
        let words = writer.words(Outcome::Pruned);
        report.add(leftover.resource.kind, &leftover.name, words, &[])?;
    }
    Ok(())
}
