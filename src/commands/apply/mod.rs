//! `acpctl apply` (contract cli-resources.md section 8).

mod agent;
mod credential;
mod document;
mod kustomize;
mod load;
mod project;
mod role_binding;
mod run;
mod token;

use serde_json::{Value, json};

use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};

use document::Document;
use run::{Outcome, Run};

const EXAMPLES: &str = "\
acpctl apply -f team.yaml --dry-run
# Secrets from the environment: tokenFrom: {env: GITHUB_PAT}
acpctl apply -f manifests/ --project team-a";

/// Apply declarative Project, Agent, Credential, and `RoleBinding` manifests
///
/// Documents are applied in their order. What exists is changed where it differs; nothing is deleted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, folder, or - for stdin
    #[arg(short, long, value_name = "PATH|-")]
    filename: Option<String>,
    /// Folder with a kustomization
    #[arg(short, long, value_name = "DIR")]
    kustomize: Option<String>,
    /// List what would be applied; nothing is asked of the server
    #[arg(long)]
    dry_run: bool,
    /// Output format: json; anything else is text
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<String>,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let mut documents = load(ctx, args)?;
    let as_json = args.output.as_deref() == Some("json");
    check(ctx, &documents)?;
    if args.dry_run {
        return dry_run(ctx, &documents, as_json);
    }
    let project = ctx.settings()?.project.clone();
    let client = ctx.client()?;
    let project = project.ok_or_else(|| Failure::usage("project is required"))?;
    token::resolve(ctx, &mut documents, args.filename.as_deref() == Some("-"))?;
    let run = Run {
        ctx,
        client,
        project,
    };
    let mut done: Vec<Value> = Vec::new();
    let applied = ctx.block_on(async {
        for document in &documents {
            let Some(kind) = document.known_kind() else {
                continue;
            };
            let outcome = one(&run, document, kind).await?;
            let name = if kind == "RoleBinding" {
                document.binding_name()
            } else {
                document.display_name()
            };
            if as_json {
                done.push(json!({"kind": kind, "name": name, "status": outcome.word()}));
            } else {
                ctx.out.line(&format!(
                    "{}/{name} {}",
                    kind.to_lowercase(),
                    outcome.word()
                ))?;
            }
        }
        Ok(())
    });
    // What was done is shown also where a later document failed: it stays done.
    if as_json {
        ctx.out.json(&Value::Array(done))?;
    }
    applied
}

fn load(ctx: &Ctx, args: &Args) -> Result<Vec<Document>, Failure> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    match (given(&args.filename), given(&args.kustomize)) {
        (None, None) => Err(Failure::usage("one of -f or -k is required")),
        (Some(_), Some(_)) => Err(Failure::usage("-f and -k are mutually exclusive")),
        (Some(place), None) => load::load(&place),
        (None, Some(folder)) => kustomize::load(ctx, &folder),
    }
}

/// Says what is odd about the documents, before any request.
fn check(ctx: &Ctx, documents: &[Document]) -> Result<(), Failure> {
    for document in documents {
        if document.known_kind().is_none() {
            ctx.out.note(&format!(
                "warning: unknown kind \"{}\" — skipping",
                document.kind
            ));
            continue;
        }
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
        for key in &document.unknown {
            ctx.out.note(&format!(
                "warning: {}: unknown key \"{key}\"",
                document.place()
            ));
        }
    }
    Ok(())
}

fn dry_run(ctx: &Ctx, documents: &[Document], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let listed = documents.iter().map(|document| json!({"kind": document.kind, "name": document.display_name(), "status": "dry-run"}));
        return ctx.out.json(&listed.collect());
    }
    ctx.out.line("dry-run: would apply:")?;
    for document in documents {
        ctx.out.line(&format!("  {}", document.place()))?;
    }
    Ok(())
}

async fn one(run: &Run<'_>, document: &Document, kind: &str) -> anyhow::Result<Outcome> {
    let outcome = match kind {
        "Project" => project::apply(run, document).await,
        "Agent" => agent::apply(run, document).await,
        "Credential" => credential::apply(run, document).await,
        _ => role_binding::apply(run, document).await,
    };
    outcome.map_err(|error| error.context(format!("apply {}", document.place())))
}
