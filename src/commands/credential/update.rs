//! `acpctl credential update`

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::binding::{self, BindArgs};
use super::consent::{self, Consent};
use super::merge;
use crate::api::{Body, Client, Method};
use crate::cluster::grade::Level;
use crate::commands::grading;
use crate::commands::minted_access;
use crate::commands::outcome;
use crate::commands::pairs;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source, Stdin};
use crate::intake::{self, KubeconfigArgs, NAME_ITS_SOURCE, SHARED, SourceArgs, gate, provider};
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::renaming;
use crate::resources::{CREDENTIAL, Candidates, DIGEST, KUBECONFIG, Record, annotation, is_minted};

const EXAMPLES: &str = "\
# A new kubeconfig under the old name
acpctl credential update prod --from-file ~/.kube/config --context dev
# A new description, and no labels
acpctl credential update prod --description 'Production, read only' --labels '{}'
# Nothing new, except that the sessions of a project may use it
acpctl credential update prod --bind team-a";

/// Change a credential
///
/// Only what is given changes. An empty description, and empty labels or annotations, are cleared; an empty secret only
/// with --allow no-secret. A new kubeconfig is checked as create does it, and must not lead to another cluster unless
/// --context names its context. If everything given is already stored, nothing is sent.
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
    /// New annotations, as a JSON object; those that begin with `acpctl/` stay
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    #[command(flatten)]
    bind: BindArgs,
    /// Do everything except sending
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before --bind shadows another credential
    #[arg(short, long)]
    yes: bool,
    /// Ask the cluster what the new kubeconfig can do, and fail with exit code 8 if it is more:
    /// none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    max_grade: Option<Level>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    kubeconfig: KubeconfigArgs,
}

impl Args {
    /// What the flags say about `--bind`.
    fn consent(&self) -> Consent {
        Consent {
            is_confirmed: self.yes,
            is_strict: self.kubeconfig.gates.strict,
            is_rehearsal: self.dry_run,
        }
    }
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    Collection::credentials().check(&args.credential)?;
    let format = args.output.format()?;
    args.bind.check()?;
    gate::check_codes(&args.kubeconfig.gates.allow)?;
    pairs::refuse_other(args.labels.as_deref(), args.annotations.as_deref())?;
    let secret = read_secret(ctx, args)?;
    args.source
        .judge_literal(ctx, args.kubeconfig.gates.strict)?;
    SourceArgs::judge_pipe(ctx, secret.as_ref(), args.kubeconfig.gates.strict)?;
    SourceArgs::judge_file(ctx, secret.as_ref());
    let client = ctx.client()?;
    let projects = ctx.block_on(args.bind.find(client))?;
    let stored = stored(ctx, client, args, secret.as_ref())?;
    let mut change = Change::prepare(ctx, args, stored, secret)?;
    if let Some(record) = change.stored.as_ref().filter(|_| !change.is_stored()) {
        minted_access::refuse_overwriting(record, &change.body)?;
    }
    outcome::refuse_empty_name(&change.body)?;
    if projects.is_empty() {
        outcome::judge_change(ctx, &change.body)?;
    }
    if let Some(limit) = args.max_grade {
        let allowed = &args.kubeconfig.gates.allow;
        grading::grade(ctx, &args.credential, &mut change.body, limit, allowed)?;
    }
    if let Some(record) = &change.stored
        && !consent::may_bind_each(ctx, record, &projects, args.consent())?
    {
        return Ok(());
    }
    let (record, effect) = change.apply(ctx, client, args)?;
    let name = if effect == UPDATED {
        outcome::changed_name(&record, &args.credential, args.name.as_deref())?
    } else {
        &args.credential
    };
    outcome::done(
        ctx,
        &record,
        &format,
        &format!("credential/{name} {effect}"),
    )?;
    if args.dry_run {
        return args.bind.rehearse(ctx, &args.credential);
    }
    binding::bind_each(ctx, &record, &projects, &format)
}

/// The word for a credential that was changed.
const UPDATED: &str = "updated";

/// A change that is ready to be sent.
struct Change {
    /// The credential as it is, if it was looked up.
    stored: Option<Record>,
    /// True if the credential is known to be of the provider kubeconfig, so that a new secret was cut and validated.
    is_kubeconfig: bool,
    body: Body,
}

impl Change {
    fn prepare(
        ctx: &Ctx,
        args: &Args,
        stored: Option<Record>,
        secret: Option<Input>,
    ) -> anyhow::Result<Self> {
        let kubeconfig = stored
            .as_ref()
            .filter(|record| record.text("provider") == KUBECONFIG);
        if args.kubeconfig.is_given() && kubeconfig.is_none() {
            return Err(KubeconfigArgs::misplaced("kubeconfig credentials").into());
        }
        let mut body = body(ctx, args, secret, kubeconfig)?;
        if let Some(given) = args.annotations.as_deref()
            && body.fields().all(|(key, _)| key != "annotations")
        {
            let stored = stored.as_ref().map_or("", |it| it.text("annotations"));
            body.set("annotations", merge::replace_those_of_user(stored, given)?);
        }
        let is_kubeconfig = kubeconfig.is_some();
        if !is_kubeconfig && let Some(secret) = body.secret("token") {
            let provider = stored.as_ref().map(|record| record.text("provider"));
            provider::doubt(ctx, &args.kubeconfig.gates, provider, secret)?;
        }
        Ok(Self {
            stored,
            is_kubeconfig,
            body,
        })
    }

    /// True if the credential is known to hold everything already.
    fn is_stored(&self) -> bool {
        let Some(record) = &self.stored else {
            return false;
        };
        let has_secret = self.body.secret("token").is_none_or(|secret| {
            let digest = digest::keyed(secret.expose_secret().as_bytes());
            digest.is_some_and(|digest| annotation(record, DIGEST) == digest)
        });
        has_secret && merge::holds(record, &self.body) && self.has_same_annotations(record)
    }

    /// True if the new annotations of the user, if there are any, are the stored ones.
    fn has_same_annotations(&self, record: &Record) -> bool {
        let mut fields = self.body.fields();
        let new = fields.find(|(key, _)| *key == "annotations");
        new.and_then(|(_, value)| value.as_str())
            .is_none_or(|new| merge::has_same_of_user(record.text("annotations"), new))
    }

    /// Sends the change if it changes anything. Returns the credential without its secret, and what happened to it.
    fn apply(
        &self,
        ctx: &Ctx,
        client: &Client,
        args: &Args,
    ) -> anyhow::Result<(Record, &'static str)> {
        if self.is_stored() {
            return Ok((self.known(ctx, client, args)?, "unchanged"));
        }
        if let Some(record) = &self.stored
            && args.name.as_deref() != Some(record.name())
        {
            let credentials = Collection::credentials();
            let name = args.name.as_deref();
            ctx.block_on(renaming::refuse_taken(
                client,
                &credentials,
                record.id(),
                name,
            ))?;
        }
        if args.dry_run {
            let record = self.known(ctx, client, args)?;
            minted_access::refuse_overwriting(&record, &self.body)?;
            return Ok((record, "updated (dry run)"));
        }
        let mut record = self.send(ctx, client, args)?;
        outcome::changed_name(&record, &args.credential, args.name.as_deref())?;
        if let Some(secret) = self.body.secret("token") {
            renew_digest(ctx, client, &record, secret)?;
            if self.stored.is_none() && is_minted(&record) {
                return Err(minted_access::replaced(&record).into());
            }
            if !self.is_kubeconfig && record.text("provider") == KUBECONFIG {
                ctx.out.warn("this is a kubeconfig credential, and what was stored is not a kubeconfig: sessions that use it will fail");
            }
        }
        record.remove("token");
        Ok((record, UPDATED))
    }

    /// Returns the credential as it is stored, without its secret.
    fn known(&self, ctx: &Ctx, client: &Client, args: &Args) -> anyhow::Result<Record> {
        let mut record = match &self.stored {
            Some(record) => record.clone(),
            None => ctx.block_on(async {
                lookup::credential(client, &args.credential)
                    .await
                    .context("update credential")
            })?,
        };
        record.remove("token");
        Ok(record)
    }

    fn send(&self, ctx: &Ctx, client: &Client, args: &Args) -> anyhow::Result<Record> {
        let known = self.stored.as_ref().map(Record::id);
        let target = known.filter(|id| !id.is_empty());
        let credentials = Collection::credentials();
        ctx.block_on(async {
            lookup::act_unless(
                client,
                &credentials,
                target.unwrap_or(&args.credential),
                |found| minted_access::refuse_overwriting(found, &self.body),
                async |id| {
                    let request = credentials
                        .request(Method::Patch, id)
                        .body(self.body.clone());
                    client.fetch(&CREDENTIAL, &request).await
                },
            )
            .await
            .context("update credential")
        })
    }
}

/// Looks the credential up if that is needed. A secret that may be a kubeconfig needs the credential's provider and its
/// other annotations, and for a new field the look-up tells whether anything changes. A lone literal is sent at once,
/// as by the Go tool; if the credential is named, it is seen on the way.
fn stored(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    secret: Option<&Input>,
) -> anyhow::Result<Option<Record>> {
    let is_needed = secret.is_some_and(may_be_kubeconfig)
        || args.kubeconfig.is_given()
        || args.annotations.is_some();
    if !is_needed && secret.is_some() && !args.has_fields() {
        return Ok(None);
    }
    let found = ctx.block_on(async {
        lookup::credential(client, &args.credential)
            .await
            .context("update credential")
    });
    match found {
        // The request for the change will fail as well, and report what is wrong.
        Err(_) if !is_needed => Ok(None),
        found => found.map(Some),
    }
}

/// Renews the digest of the secret, if the credential has one. With the digest of the old secret, `apply` would take
/// the old secret for the stored one. The answer to the change tells whether there is a digest, so a credential without
/// one costs no request.
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
    let mut own = minted_access::mark(record);
    own.extend(new.map(|digest| (DIGEST.to_owned(), Value::from(digest))));
    let mut body = Body::new();
    let annotations = merge::replace_own(record.text("annotations"), own)?;
    body.set("annotations", annotations);
    let path = Collection::credentials().item(record.id(), &[]);
    ctx.block_on(async {
        client
            .update(&CREDENTIAL, &path, body)
            .await
            .context("the secret is stored, but not its new digest; update the credential again")
    })?;
    Ok(())
}

impl Args {
    /// True if something other than the secret was given.
    fn has_fields(&self) -> bool {
        let given = [
            &self.name,
            &self.description,
            &self.url,
            &self.email,
            &self.labels,
            &self.annotations,
        ];
        !self.bind.projects().is_empty() || given.iter().any(|flag| flag.is_some())
    }
}

/// Warns that the secret is removed, if the user accepts a credential without one. An empty value may come from a
/// variable that is not set.
fn accept_no_secret(ctx: &Ctx, args: &Args, input: &Input) -> Result<(), Failure> {
    if !args.kubeconfig.gates.allows(gate::NO_SECRET) {
        return Err(intake::empty(&input.name())
            .hint("check the variable that it comes from; to remove the stored secret, add --allow no-secret"));
    }
    ctx.out
        .warn("the secret is removed: sessions that use the credential get none");
    Ok(())
}

/// Reads the new secret from the named source, or from a pipe if nothing else is given.
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
    if input::stdin() == Stdin::Shared && !args.has_fields() && !args.kubeconfig.is_given() {
        return Err(Failure::new(Kind::Input, SHARED).hint(NAME_ITS_SOURCE));
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

/// False for a literal of one line, which can't be a kubeconfig.
fn may_be_kubeconfig(input: &Input) -> bool {
    input.source != Source::Literal
        || input.bytes.contains(&b'\n')
        || input.bytes.trim_ascii_start().starts_with(b"{")
}

/// Returns the fields to send. `kubeconfig` is the stored credential, if it is known to be of that provider.
fn body(
    ctx: &Ctx,
    args: &Args,
    secret: Option<Input>,
    kubeconfig: Option<&Record>,
) -> anyhow::Result<Body> {
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
            // The text of --annotations replaces the stored one, as in the Go tool. In either case our own annotations
            // are added.
            let base = args
                .annotations
                .as_deref()
                .unwrap_or_else(|| record.text("annotations"));
            let annotations = merge::replace_own(base, prepared.annotations)?;
            body.set("annotations", annotations);
            merge::doubt_context(ctx, args.consent(), record, prepared.taken.as_ref())?;
            body.set_secret("token", prepared.text);
        }
        (_, secret) => {
            if let Some(input) = secret {
                let text = intake::text(&input)?;
                if text.expose_secret().is_empty() {
                    accept_no_secret(ctx, args, &input)?;
                }
                body.set_secret("token", text);
            }
        }
    }
    Ok(body)
}
