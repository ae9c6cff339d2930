//! `acpctl credential update`

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use super::create::merge_annotations;
use super::{check, credentials};
use crate::api::{Body, Client, Method};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source, Stdin};
use crate::intake::{self, KubeconfigArgs, SourceArgs, judge, provider};
use crate::lookup;
use crate::resources::{CREDENTIAL, Candidates, DIGEST, Record, annotation};

const EXAMPLES: &str = "\
# A new kubeconfig under the old name
acpctl credential update prod --from-file ~/.kube/config --context dev
# A new description, and no labels
acpctl credential update prod --description 'Production, read only' --labels ''";

/// Change a credential
///
/// Only what is given changes; an empty value clears a field. A new kubeconfig is cut and validated as by create. Where
/// everything given is stored already, nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
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
    judge::check_codes(&args.kubeconfig.gates.allow)?;
    let secret = read_secret(ctx, args)?;
    args.source.warn_of_literal(ctx);
    let client = ctx.client()?;
    let stored = stored(ctx, client, args, secret.as_ref())?;
    let validated = stored
        .as_ref()
        .is_some_and(|record| record.text("provider") == intake::PROVIDER);
    if args.kubeconfig.is_given() && !validated {
        return Err(KubeconfigArgs::misplaced("kubeconfig credentials").into());
    }
    let has_secret = secret.is_some() || validated && args.kubeconfig.context.is_some();
    let body = body(ctx, args, secret, stored.as_ref().filter(|_| validated))?;
    if !validated && let Some(secret) = body.secret("token") {
        let provider = stored.as_ref().map(|record| record.text("provider"));
        provider::doubt(ctx, &args.kubeconfig.gates, provider, secret)?;
    }
    if stored
        .as_ref()
        .is_some_and(|record| holds_all(record, &body))
    {
        return ctx
            .out
            .line(&format!("credential/{} unchanged", args.credential));
    }
    if let (Some(record), Some(name)) = (&stored, &args.name) {
        refuse_taken(ctx, client, record, name)?;
    }
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
    if has_secret && !validated && record.text("provider") == intake::PROVIDER {
        ctx.out.warn("this is a kubeconfig credential, and what was stored is not a kubeconfig: sessions that use it will fail");
    }
    ctx.out
        .line(&format!("credential/{} updated", record.name()))
}

/// Refuses a new name that another credential has: no look-up by that name would work any more.
fn refuse_taken(ctx: &Ctx, client: &Client, record: &Record, name: &str) -> anyhow::Result<()> {
    if name.is_empty() || name == record.name() {
        return Ok(());
    }
    let found = ctx.block_on(async {
        lookup::by_name(client, &credentials(), name)
            .await
            .with_context(|| format!("look up credential {}", quote(name)))
    })?;
    match found.iter().find(|other| other.id() != record.id()) {
        Some(other) => Err(Failure::new(
            Kind::Conflict,
            format!("credential {} already exists ({})", quote(name), other.id()),
        )
        .hint("choose another --name")
        .into()),
        None => Ok(()),
    }
}

/// The credential as it is, where that matters: a secret that may be a kubeconfig needs its provider and its other
/// annotations, and for a field it tells whether anything changes. A mere literal is sent without a look.
fn stored(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    secret: Option<&Input>,
) -> anyhow::Result<Option<Record>> {
    let is_needed = secret.is_some_and(may_be_kubeconfig) || args.kubeconfig.is_given();
    if !is_needed && secret.is_some() && !args.has_fields() {
        return Ok(None);
    }
    let found = ctx.block_on(async {
        lookup::credential(client, &args.credential)
            .await
            .context("update credential")
    });
    match found {
        // The change itself will tell what is wrong.
        Err(_) if !is_needed => Ok(None),
        found => found.map(Some),
    }
}

/// True where the credential holds these fields already. A body with a secret must bring its digest.
pub(super) fn holds(record: &Record, body: &Body) -> bool {
    body.fields().all(|(key, value)| {
        let wanted = value.as_str().unwrap_or_default();
        let found = record.text(key);
        wanted == found || key == "annotations" && is_part(wanted, found)
    })
}

fn holds_all(record: &Record, body: &Body) -> bool {
    let has_secret = body.secret("token").is_none_or(|secret| {
        let digest = digest::keyed(secret.expose_secret().as_bytes());
        digest.is_some_and(|digest| annotation(record, DIGEST) == digest)
    });
    has_secret && holds(record, body)
}

/// True where one JSON object has all the pairs of another.
fn is_part(wanted: &str, found: &str) -> bool {
    let object = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Some(map),
        _ => None,
    };
    match (object(wanted), object(found)) {
        (Some(wanted), Some(found)) => wanted
            .iter()
            .all(|(key, value)| found.get(key) == Some(value)),
        _ => false,
    }
}

/// Gives a stored credential what a new one would have held.
pub(super) async fn replace(
    client: &Client,
    stored: &Record,
    new: &Body,
) -> anyhow::Result<Record> {
    let mut body = Body::new();
    for (key, value) in new.fields() {
        let text = value.as_str().unwrap_or_default();
        match key {
            "provider" if text != stored.text("provider") => {
                let (name, old) = (quote(stored.name()), stored.text("provider"));
                return Err(Failure::new(
                    Kind::Conflict,
                    format!("credential {name} is of the provider {old}, which can't be changed"),
                )
                .hint("choose another --name")
                .into());
            }
            "name" | "provider" => {}
            "annotations" => {
                let Value::Object(ours) = serde_json::from_str(text).unwrap_or_default() else {
                    continue;
                };
                body.set(
                    "annotations",
                    replace_ours(stored.text("annotations"), ours)?,
                );
            }
            _ => body.set(key, value.clone()),
        }
    }
    if let Some(secret) = new.secret("token") {
        body.set_secret("token", secret.clone());
    }
    let path = credentials().item(stored.id(), &[]);
    let updated = client.update(&CREDENTIAL, &path, body).await;
    updated.context("update credential")
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

impl Args {
    /// True where something else than a secret was given.
    fn has_fields(&self) -> bool {
        let given = [
            &self.name,
            &self.description,
            &self.url,
            &self.email,
            &self.labels,
            &self.annotations,
        ];
        given.iter().any(|flag| flag.is_some())
    }
}

/// The new secret: from the named source, or from a pipe where nothing else is given.
fn read_secret(ctx: &Ctx, args: &Args) -> Result<Option<Input>, Failure> {
    if let Some(input) = args.source.read()? {
        return Ok(Some(input));
    }
    if args.kubeconfig.context.is_some() {
        return Ok(None);
    }
    if !args.has_fields() && input::stdin() == Stdin::Given {
        let input = input::from_stdin()?;
        if input.bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(intake::empty(&input.name()));
        }
        return Ok(Some(input));
    }
    if input::stdin_holds_data() {
        let what = "standard input was not read; add --token - if it holds the secret";
        if args.kubeconfig.gates.strict {
            return Err(Failure::new(Kind::Policy, format!("{what} (--strict)"))
                .hint("nothing was sent; add < /dev/null if it does not"));
        }
        ctx.out.warn(what);
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
            let mut sources = args.kubeconfig.sources(ctx, secret)?;
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
                body.set_secret("token", intake::text(&input)?);
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
