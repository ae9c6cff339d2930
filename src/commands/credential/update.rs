//! `acpctl credential update`

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::create::merge_annotations;
use super::kubeconfig::{self, KubeconfigArgs};
use super::source::{self, SourceArgs};
use super::{check, credentials};
use crate::api::{Body, Client, Method};
use crate::ctx::Ctx;
use crate::digest;
use crate::exit::{Failure, Kind};
use crate::input::{self, Input, Source};
use crate::lookup;
use crate::resources::{CREDENTIAL, DIGEST, Record, annotation};

const EXAMPLES: &str = "\
# A new kubeconfig under the old name
acpctl credential update prod --from-file ~/.kube/config --context dev
# A new description, and no labels
acpctl credential update prod --description 'Production, read only' --labels ''";

/// Change a credential
///
/// Only what is given changes; an empty value clears a field. A new kubeconfig is validated and cut as by create.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    credential: String,
    /// New name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// New description
    #[arg(long)]
    description: Option<String>,
    /// New address of the service
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// New e-mail address of the account
    #[arg(long)]
    email: Option<String>,
    /// New labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// New annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    /// Do everything but send
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    kubeconfig: KubeconfigArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check(&args.credential)?;
    let secret = read_secret(args)?;
    let client = ctx.client()?;
    // Only a secret that may be a kubeconfig needs the stored record: to know its provider, and to
    // keep its other annotations.
    let stored = if secret.as_ref().is_some_and(may_be_kubeconfig) || args.kubeconfig.is_given() {
        let get = ctx.block_on(async {
            let stored = lookup::credential(client, &args.credential).await;
            stored.context("update credential")
        });
        Some(get?)
    } else {
        None
    };
    let validated = stored
        .as_ref()
        .is_some_and(|record| record.text("provider") == kubeconfig::PROVIDER);
    if args.kubeconfig.is_given() && !validated {
        return Err(Failure::usage("--context, --all-contexts, --no-flatten, --min-ttl, --strict, --allow and --skip-validation are for kubeconfig credentials").into());
    }
    let has_secret = secret.is_some() || validated && args.kubeconfig.context.is_some();
    let body = body(ctx, args, secret, stored.as_ref().filter(|_| validated))?;
    if args.dry_run {
        return ctx
            .out
            .line(&format!("credential/{} updated (dry run)", args.credential));
    }
    let record = ctx.block_on(async {
        let known = stored.as_ref().map(Record::id).filter(|id| !id.is_empty());
        let all = credentials();
        lookup::act(
            client,
            &all,
            known.unwrap_or(&args.credential),
            async |id| {
                let request = all.request(Method::Patch, id).body(body.clone());
                client.fetch(&CREDENTIAL, &request).await
            },
        )
        .await
        .context("update credential")
    })?;
    if let Some(secret) = body.secret("token") {
        renew_digest(ctx, client, &record, secret)?;
    }
    if has_secret && !validated && record.text("provider") == kubeconfig::PROVIDER {
        ctx.out.warn("this is a kubeconfig credential, and what was stored is not a kubeconfig: sessions that use it will fail");
    }
    ctx.out
        .line(&format!("credential/{} updated", record.name()))
}

/// A digest that told of the old secret would let `apply` take it for the stored one. Only the answer
/// tells whether there is one, so that this costs other credentials no request.
fn renew_digest(
    ctx: &Ctx,
    client: &Client,
    record: &Record,
    secret: &SecretString,
) -> anyhow::Result<()> {
    let old = annotation(record, DIGEST);
    let new = digest::keyed(secret.expose_secret().as_bytes());
    if old.is_empty() || new.as_ref() == Some(&old) {
        return Ok(());
    }
    let ours = new
        .map(|digest| (DIGEST.to_owned(), Value::from(digest)))
        .into_iter()
        .collect();
    let mut body = Body::new();
    body.set(
        "annotations",
        replace_ours(record.text("annotations"), ours)?,
    );
    let path = credentials().item(record.id(), &[]);
    ctx.block_on(async {
        client
            .update(&CREDENTIAL, &path, body)
            .await
            .context("the secret is stored, but not its new digest; update the credential again")
    })?;
    Ok(())
}

/// The new secret: from the named source, or from a pipe where nothing else is given.
fn read_secret(args: &Args) -> Result<Option<Input>, Failure> {
    if let Some(input) = args.source.read()? {
        return Ok(Some(input));
    }
    let given = [
        &args.name,
        &args.description,
        &args.url,
        &args.email,
        &args.labels,
        &args.annotations,
    ];
    if given.iter().all(|flag| flag.is_none())
        && args.kubeconfig.context.is_none()
        && input::stdin_is_piped()
    {
        let input = input::from_stdin()?;
        if input.bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(source::empty(&input.name()));
        }
        return Ok(Some(input));
    }
    Ok(None)
}

/// A one-line literal can't be a kubeconfig; anything else may be.
fn may_be_kubeconfig(input: &Input) -> bool {
    input.source != Source::Literal
        || input.bytes.contains(&b'\n')
        || input.bytes.trim_ascii_start().starts_with(b"{")
}

fn body(
    ctx: &Ctx,
    args: &Args,
    secret: Option<Input>,
    kubeconfig: Option<&Record>,
) -> Result<Body, Failure> {
    let mut body = Body::new();
    body.set_given("name", args.name.as_deref());
    body.set_given("description", args.description.as_deref());
    body.set_given("url", args.url.as_deref());
    body.set_given("email", args.email.as_deref());
    body.set_given("labels", args.labels.as_deref());
    match (kubeconfig, secret) {
        (Some(record), secret) if secret.is_some() || args.kubeconfig.context.is_some() => {
            let mut sources = args.kubeconfig.read(secret)?;
            let prepared = args.kubeconfig.prepare(ctx, &mut sources)?;
            // A given text replaces the stored one, as in the Go tool; ours come on top either way.
            let base = args
                .annotations
                .as_deref()
                .unwrap_or_else(|| record.text("annotations"));
            body.set("annotations", replace_ours(base, prepared.annotations)?);
            body.set_secret("token", prepared.text);
        }
        (_, secret) => {
            body.set_given("annotations", args.annotations.as_deref());
            if let Some(input) = secret {
                body.set_secret("token", SecretString::from(source::text(&input)?));
            }
        }
    }
    Ok(body)
}

/// The other annotations with our own ones replaced: the old ones described the old secret.
fn replace_ours(base: &str, ours: Map<String, Value>) -> Result<String, Failure> {
    let mut others: Map<String, Value> =
        match serde_json::from_str(if base.is_empty() { "{}" } else { base }) {
            Ok(Value::Object(map)) => map,
            _ => {
                return Err(
                    Failure::new(Kind::Data, "the annotations are not a JSON object")
                        .hint("set them with --annotations '{}'"),
                );
            }
        };
    others.retain(|key, _| !key.starts_with("acpctl/"));
    merge_annotations(
        Some(&crate::compat::json::compact(&Value::Object(others))),
        ours,
    )
}
