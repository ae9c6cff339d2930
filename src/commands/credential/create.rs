//! `acpctl credential create`

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::kubeconfig::{self, KubeconfigArgs};
use super::lookup;
use super::source::{self, SourceArgs};
use super::wizard;
use crate::api::{Body, Cause, Client, Error};
use crate::compat::grammar::IgnoredArgs;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::output::{Format, OutputArgs};
use crate::resources::{CREDENTIAL, DIGEST, Record, annotation};
use crate::text::acpctl;

const EXAMPLES: &str = "\
# One context of a file, checked and cut out
acpctl credential create --provider kubeconfig --from-file ~/.kube/config --context dev
# What kubectl uses now
kubectl config view --raw --minify --flatten | acpctl credential create --provider kubeconfig --name ci
# The secret that another program prints
gh auth token | acpctl credential create --provider github --name bot --token -
# Only look: what would be stored, and what is wrong with it
acpctl credential create --provider kubeconfig --from-file ~/.kube/config --dry-run -o json
# Step by step, on a terminal
acpctl credential create";

/// Store a credential
///
/// The secret comes from exactly one source: --from-file, --token, or standard input. A kubeconfig is
/// validated here as Kubernetes' own client does, checked for what breaks in a session's container,
/// and cut to one self-contained context before it is sent.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name; for a kubeconfig the context's name by default
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Provider: github|gitlab|jira|google|vertex|kubeconfig or another
    #[arg(long, value_name = "PROVIDER")]
    pub(super) provider: Option<String>,
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// Description
    #[arg(long)]
    description: Option<String>,
    /// Address of the service
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Account's e-mail address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    /// Do everything but send: show what would be stored
    #[arg(long)]
    dry_run: bool,
    /// Store it even if you can already see a credential of this name
    #[arg(long)]
    allow_duplicate: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
    // Last: its heading would take in what follows.
    #[command(flatten)]
    pub(super) kubeconfig: KubeconfigArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.is_empty() && ctx.may_ask() {
        return wizard::run(ctx);
    }
    let format = args.output.format()?;
    let new = prepare(ctx, args)?;
    if args.dry_run {
        return show_dry_run(ctx, &format, &new);
    }
    let record = send(ctx, args, new)?;
    match format {
        Format::Table | Format::Wide => ctx
            .out
            .line(&format!("credential/{} created", record.name())),
        format => ctx.out.record(&record, &format, ctx.now()),
    }
}

impl Args {
    /// True where nothing says what to store.
    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.provider.is_none()
            && !self.source.is_given()
            && !self.kubeconfig.is_given()
            && !self.dry_run
    }
}

/// Reads and checks everything; nothing is sent yet.
pub(super) fn prepare(ctx: &Ctx, args: &Args) -> Result<New, Failure> {
    let provider = filled(args.provider.as_deref());
    let name = filled(args.name.as_deref());
    if name.is_none() && provider != Some(kubeconfig::PROVIDER) {
        return Err(Failure::usage("--name is required"));
    }
    let Some(provider) = provider else {
        return Err(Failure::usage("--provider is required"));
    };
    let mut new = if provider == kubeconfig::PROVIDER {
        from_kubeconfig(ctx, args, name)?
    } else {
        from_secret(args, name.unwrap_or_default())?
    };
    let body = &mut new.body;
    body.set("name", new.name.as_str());
    body.set("provider", provider);
    body.set_filled("description", args.description.as_deref());
    body.set_filled("email", args.email.as_deref());
    body.set_filled("labels", args.labels.as_deref());
    body.set_filled("url", args.url.as_deref());
    Ok(new)
}

/// Stores what was prepared.
pub(super) fn send(ctx: &Ctx, args: &Args, new: New) -> anyhow::Result<Record> {
    let client = ctx.client()?;
    let is_kubeconfig = args.provider.as_deref() == Some(kubeconfig::PROVIDER);
    let mut record = ctx.block_on(async {
        if is_kubeconfig && !args.allow_duplicate {
            refuse_namesake(client, &new.name).await?;
        }
        create(client, &new.name, new.digest.as_deref(), new.body).await
    })?;
    if record.id().is_empty() && record.name().is_empty() {
        return Err(Failure::new(
            Kind::Server,
            "create credential: the server's answer names no credential",
        )
        .hint(format!("see {}", acpctl(&["credential", "list"])))
        .into());
    }
    record.remove("token");
    Ok(record)
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// What depends on the kind of secret: the body so far, the name, and a digest that recognises it.
pub(super) struct New {
    pub name: String,
    body: Body,
    digest: Option<String>,
}

/// A secret of any other provider is stored as it is; it may be missing, as in the Go tool. Standard
/// input is read only where it is named: a script's loop may own it.
fn from_secret(args: &Args, name: &str) -> Result<New, Failure> {
    if args.kubeconfig.is_given() {
        return Err(Failure::usage(
            "--context, --all-contexts, --no-flatten, --min-ttl, --strict, --allow and --skip-validation are for --provider kubeconfig",
        ));
    }
    let mut body = Body::new();
    if let Some(input) = args.source.read()? {
        let text = source::text(&input)?;
        if !text.is_empty() {
            body.set_secret("token", SecretString::from(text));
        }
    }
    body.set_filled("annotations", args.annotations.as_deref());
    Ok(New {
        name: name.to_owned(),
        body,
        digest: None,
    })
}

fn from_kubeconfig(ctx: &Ctx, args: &Args, name: Option<&str>) -> Result<New, Failure> {
    if args.source.is_literal() {
        ctx.out.warn("a secret on the command line can be seen in the process list and the shell's history; use --from-file or a pipe");
    }
    let mut sources = args.kubeconfig.read(args.source.read()?)?;
    let read: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let prepared = args.kubeconfig.prepare(ctx, &mut sources)?;
    let digest = prepared
        .annotations
        .get(DIGEST)
        .and_then(Value::as_str)
        .map(str::to_owned);
    let name = name.map_or_else(
        || kubeconfig::name_from_context(prepared.context.as_deref().unwrap_or_default()),
        str::to_owned,
    );
    let text = prepared.text.expose_secret();
    ctx.out.note(&format!(
        "Read {read} bytes from {}; storing {} bytes",
        kubeconfig::source_name(&sources),
        text.len()
    ));
    let mut body = Body::new();
    body.set_filled(
        "annotations",
        Some(&merge_annotations(
            args.annotations.as_deref(),
            prepared.annotations,
        )?),
    );
    body.set_secret("token", prepared.text);
    Ok(New { name, body, digest })
}

/// The user's annotations with ours beside them; the user's win.
///
/// # Errors
/// When the user's are no JSON object: ours could not be added.
pub fn merge_annotations(given: Option<&str>, ours: Map<String, Value>) -> Result<String, Failure> {
    let mut merged = ours;
    if let Some(text) = filled(given) {
        let bad = || {
            Failure::new(Kind::Data, "--annotations is not a JSON object")
                .hint("for example: --annotations '{\"team\":\"ci\"}'")
        };
        let Value::Object(given) = serde_json::from_str(text).map_err(|_| bad())? else {
            return Err(bad());
        };
        merged.extend(given);
    }
    Ok(crate::compat::json::compact(&Value::Object(merged)))
}

fn show_dry_run(ctx: &Ctx, format: &Format, new: &New) -> anyhow::Result<()> {
    match format {
        Format::Json => ctx.out.json(&new.body.masked()),
        _ => ctx
            .out
            .line(&format!("credential/{} created (dry run)", new.name)),
    }
}

/// Names are not unique on the server; a second credential of a name makes every later look-up by
/// name fail (contract field.md row 25).
async fn refuse_namesake(client: &Client, name: &str) -> anyhow::Result<()> {
    let found = lookup::by_name(client, name, 10)
        .await
        .with_context(|| format!("look up credential {}", quote(name)))?;
    let Some(first) = found.first() else {
        return Ok(());
    };
    let place = if found.len() == 1 { name } else { first.id() };
    let words = format!("credential {} already exists ({})", quote(name), first.id());
    let hint = format!(
        "change it ({}), choose another --name, or add --allow-duplicate",
        acpctl(&["credential", "update", place, "--from-file", "PATH"])
    );
    Err(Failure::new(Kind::Conflict, words).hint(hint).into())
}

/// Creates the credential. Where the answer was lost the credential may exist: it is looked for, by
/// its digest, before anything else is done.
async fn create(
    client: &Client,
    name: &str,
    digest: Option<&str>,
    body: Body,
) -> anyhow::Result<Record> {
    match client.create(&CREDENTIAL, "/credentials", body).await {
        Err(error) if is_lost(&error) => match find_stored(client, name, digest).await {
            Some(record) => Ok(record),
            None => Err(anyhow::Error::from(error).context("create credential")),
        },
        other => other.context("create credential"),
    }
}

/// True where the request may have reached the server.
fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport {
            cause: Cause::Closed | Cause::Timeout,
            ..
        } | Error::Body(_)
    )
}

async fn find_stored(client: &Client, name: &str, digest: Option<&str>) -> Option<Record> {
    let digest = digest?;
    let found = lookup::by_name(client, name, 10).await.ok()?;
    found
        .into_iter()
        .find(|record| annotation(record, DIGEST) == digest)
}
