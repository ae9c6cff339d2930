//! `acpctl credential create`

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use super::update;
use super::wizard;
use crate::api::{Body, Cause, Client, Error};
use crate::compat::grammar::IgnoredArgs;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Stdin};
use crate::intake::{self, KubeconfigArgs, SourceArgs, judge, provider};
use crate::lookup;
use crate::output::{Format, OutputArgs, prompt};
use crate::resources::{CREDENTIAL, Candidates, DIGEST, Record, annotation};
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
/// The secret comes from exactly one source: --from-file, --token, or standard input; on a terminal it is asked for. A
/// kubeconfig is cut to one self-contained context, and what would be stored is validated as Kubernetes' own client does
/// and checked for what breaks in a session's container before it is sent. A file that holds a kubeconfig needs no
/// --provider.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name; for a kubeconfig the context's name by default
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Provider: github|gitlab|jira|google|vertex|kubeconfig or another
    #[arg(long, value_name = "PROVIDER")]
    #[arg(add = Candidates::PROVIDERS)]
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
    /// What to do if there is a credential of this name: error|skip|update (default: error, unless it holds the same)
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    if_exists: Option<IfExists>,
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

/// What to do if there is a credential of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum IfExists {
    Error,
    Skip,
    Update,
}

/// What became of the credential.
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
    Skipped,
}

impl Outcome {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped: it exists",
        }
    }
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    if args.is_empty() && ctx.may_ask() {
        return wizard::run(ctx, args.provider.as_deref());
    }
    let format = args.output.format()?;
    let new = prepare(ctx, args)?;
    if args.dry_run {
        return show_dry_run(ctx, &format, &new);
    }
    let (record, outcome) = send(ctx, args, new)?;
    match format {
        Format::Table | Format::Wide => {
            ctx.out
                .line(&format!("credential/{} {}", record.name(), outcome.word()))
        }
        format => ctx.out.record(&record, &format, ctx.now()),
    }?;
    say_unbound(ctx, &record);
    Ok(())
}

/// A project that is named here does not get the credential by that.
fn say_unbound(ctx: &Ctx, record: &Record) {
    if let Some(project) = filled(ctx.globals.project.as_deref()) {
        let command = acpctl(&["credential", "bind", record.name(), "--project", project]);
        ctx.out.note(&format!(
            "create does not bind a credential; to let the sessions of {project} use it: {command}"
        ));
    }
}

impl Args {
    /// True where nothing says what to store.
    fn is_empty(&self) -> bool {
        self.name.is_none()
            && matches!(self.provider.as_deref(), None | Some(intake::PROVIDER))
            && !self.source.is_given()
            && !self.kubeconfig.is_given()
            && !self.dry_run
            && input::stdin() == Stdin::Silent
    }
}

/// Reads and checks everything; nothing is sent yet.
pub(super) fn prepare(ctx: &Ctx, args: &Args) -> Result<New, Failure> {
    let gates = &args.kubeconfig.gates;
    judge::check_codes(&gates.allow)?;
    let given = filled(args.provider.as_deref());
    let mut name = filled(args.name.as_deref()).map(str::to_owned);
    if let Some(provider) = given.filter(|provider| *provider != intake::PROVIDER) {
        if name.is_none() {
            name = Some(ask_name(ctx)?);
        }
        provider::check(provider, &gates.allow)?;
        if args.kubeconfig.is_given() {
            return Err(KubeconfigArgs::misplaced("--provider kubeconfig"));
        }
    }
    let mut input = args.source.read()?;
    args.source.warn_of_literal(ctx);
    let provider = match given {
        Some(provider) => provider,
        None => {
            input = take_stdin(input)?;
            guess_provider(ctx, args, input.as_ref(), name.is_some())?
        }
    };
    let mut new = if provider == intake::PROVIDER {
        from_kubeconfig(ctx, args, input, name.as_deref())?
    } else {
        from_secret(ctx, args, input, &name.unwrap_or_default(), provider)?
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

/// The name, from a person.
fn ask_name(ctx: &Ctx) -> Result<String, Failure> {
    let missing = || Failure::usage("--name is required");
    if !ctx.may_ask() {
        return Err(missing());
    }
    let typed = prompt::text("Name", "", |text| match text {
        "" => Err("something is needed here; Ctrl-C leaves".to_owned()),
        _ => Ok(()),
    });
    typed.map_err(|error| error.downcast().unwrap_or_else(|_| missing()))
}

/// Without `--provider` the content tells whether it is a kubeconfig.
fn guess_provider(
    ctx: &Ctx,
    args: &Args,
    input: Option<&Input>,
    is_named: bool,
) -> Result<&'static str, Failure> {
    if input.is_some_and(|input| provider::is_kubeconfig(&input.bytes)) {
        ctx.out
            .note("This is a kubeconfig: --provider kubeconfig is assumed");
        return Ok(intake::PROVIDER);
    }
    if input.is_none() && args.kubeconfig.context.is_some() {
        ctx.out
            .note("--context is given: --provider kubeconfig is assumed");
        return Ok(intake::PROVIDER);
    }
    Err(Failure::usage(if is_named {
        "--provider is required"
    } else {
        "--name is required"
    }))
}

/// What was named, or what is piped to this command and nobody else.
fn take_stdin(named: Option<Input>) -> Result<Option<Input>, Failure> {
    match named {
        None if input::stdin() == Stdin::Given => input::from_stdin().map(Some),
        named => Ok(named),
    }
}

/// Stores what was prepared.
pub(super) fn send(ctx: &Ctx, args: &Args, new: New) -> anyhow::Result<(Record, Outcome)> {
    let client = ctx.client()?;
    let looks = new.is_kubeconfig || args.if_exists.is_some();
    let (mut record, outcome) = ctx.block_on(async {
        if looks && !args.allow_duplicate {
            let found = namesakes(client, &new.name).await?;
            if let Some(first) = found.first() {
                return meet(client, args, &new, &found, first).await;
            }
        }
        let record = create(client, &new.name, new.digest.as_deref(), new.body).await?;
        Ok((record, Outcome::Created))
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
    Ok((record, outcome))
}

/// What to do with a credential of the same name that is there already.
async fn meet(
    client: &Client,
    args: &Args,
    new: &New,
    found: &[Record],
    first: &Record,
) -> anyhow::Result<(Record, Outcome)> {
    let is_same = |record: &Record| {
        new.digest
            .as_deref()
            .is_some_and(|digest| annotation(record, DIGEST) == digest)
            && update::holds(record, &new.body)
    };
    match args.if_exists {
        Some(IfExists::Skip) => Ok((first.clone(), Outcome::Skipped)),
        None if found.len() == 1 && is_same(first) => Ok((first.clone(), Outcome::Unchanged)),
        Some(IfExists::Update) => {
            let stored = only(&new.name, found)?;
            if is_same(&stored) {
                return Ok((stored, Outcome::Unchanged));
            }
            let record = update::replace(client, &stored, &new.body).await?;
            Ok((record, Outcome::Updated))
        }
        None | Some(IfExists::Error) => {
            let message = format!(
                "credential {} already exists ({})",
                quote(&new.name),
                first.id()
            );
            let place = if found.len() == 1 {
                &new.name
            } else {
                first.id()
            };
            let update = acpctl(&["credential", "update", place, "--from-file", "PATH"]);
            let hint = format!(
                "change it ({update}), add --if-exists update or skip, or choose another --name"
            );
            Err(Failure::new(Kind::Conflict, message).hint(hint).into())
        }
    }
}

/// The only one of these; several are an error that lists them.
fn only(name: &str, found: &[Record]) -> anyhow::Result<Record> {
    let one = lookup::one(&CREDENTIAL, name, found.to_vec())?;
    one.ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("credential {} is gone", quote(name)),
        )
        .into()
    })
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// What depends on the kind of secret: the body so far, the name, and a digest that recognises it.
pub(super) struct New {
    pub name: String,
    pub body: Body,
    digest: Option<String>,
    is_kubeconfig: bool,
}

/// A secret of any other provider is stored as it is.
fn from_secret(
    ctx: &Ctx,
    args: &Args,
    named: Option<Input>,
    name: &str,
    provider: &str,
) -> Result<New, Failure> {
    let gates = &args.kubeconfig.gates;
    let mut body = Body::new();
    match secret(ctx, args, named)? {
        Some(input) => {
            let text = intake::text(&input)?;
            if text.expose_secret().is_empty() {
                return Err(intake::empty(&input.name()));
            }
            provider::doubt(ctx, gates, Some(provider), &text)?;
            body.set_secret("token", text);
        }
        None => ctx.out.note("No secret is stored (--allow no-secret)"),
    }
    body.set_filled("annotations", args.annotations.as_deref());
    Ok(New {
        name: name.to_owned(),
        body,
        digest: None,
        is_kubeconfig: false,
    })
}

/// The secret: from the named source, from a pipe, or from a person. A credential without one is made on request only.
fn secret(ctx: &Ctx, args: &Args, named: Option<Input>) -> Result<Option<Input>, Failure> {
    if named.is_some() {
        return Ok(named);
    }
    let allow = &args.kubeconfig.gates.allow;
    if allow.iter().any(|code| code == judge::NO_SECRET) {
        return Ok(None);
    }
    let missing = |message| {
        Failure::new(Kind::Input, message).hint(
            "name its source: --from-file PATH, or --token - for standard input; for a credential without a secret, add --allow no-secret",
        )
    };
    match input::stdin() {
        Stdin::Given => input::from_stdin().map(Some),
        Stdin::Shared => Err(missing(
            "no secret given, and standard input was not read: the calling script has it too, maybe for a loop",
        )),
        Stdin::Silent if ctx.may_ask() => {
            let typed = prompt::secret("Secret");
            let typed = typed.map_err(|error| {
                error
                    .downcast()
                    .unwrap_or_else(|_| missing("no secret given"))
            })?;
            SourceArgs::typed(typed).read()
        }
        Stdin::Silent => Err(missing("no secret given")),
    }
}

fn from_kubeconfig(
    ctx: &Ctx,
    args: &Args,
    input: Option<Input>,
    name: Option<&str>,
) -> Result<New, Failure> {
    let mut sources = args.kubeconfig.sources(ctx, input)?;
    let read: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let prepared = args.kubeconfig.prepare(ctx, &mut sources)?;
    let digest = prepared
        .annotations
        .get(DIGEST)
        .and_then(Value::as_str)
        .map(str::to_owned);
    let name = name.map_or_else(
        || intake::name_from_context(prepared.context.as_deref().unwrap_or_default()),
        str::to_owned,
    );
    let text = prepared.text.expose_secret();
    ctx.out.note(&format!(
        "Read {read} bytes from {}; storing {} bytes",
        intake::source_name(&sources),
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
    Ok(New {
        name,
        body,
        digest,
        is_kubeconfig: true,
    })
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

/// The credentials of this name. Names are not unique on the server; a second credential of a name makes every later
/// look-up by name fail.
async fn namesakes(client: &Client, name: &str) -> anyhow::Result<Vec<Record>> {
    lookup::by_name(client, &super::credentials(), name)
        .await
        .with_context(|| format!("look up credential {}", quote(name)))
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
    let found = lookup::by_name(client, &super::credentials(), name)
        .await
        .ok()?;
    found
        .into_iter()
        .find(|record| annotation(record, DIGEST) == digest)
}
