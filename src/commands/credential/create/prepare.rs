//! Reads and checks everything that will be stored. No request is sent here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::args::{Args, IfExists};
use super::{ask, line};
use crate::api::Body;
use crate::commands::credential::merge;
use crate::ctx::Ctx;
use crate::digest;
use crate::failure::{Failure, Kind};
use crate::input::{self, Input, Source, Stdin};
use crate::intake::{
    self, KubeconfigArgs, NAME_ITS_SOURCE, Prepared, SHARED, SourceArgs, Taken, gate, provider,
};
use crate::kubeconfig::OwnedSource;
use crate::output::prompt;
use crate::resources::{DIGEST, KUBECONFIG};
use crate::text::quote;

/// A credential that is ready to be sent.
pub(super) struct NewCredential {
    pub name: String,
    pub provider: String,
    pub body: Body,
    /// A keyed digest that recognizes the secret: for kubeconfigs, and if the flag `--if-exists update` is given.
    pub digest: Option<String>,
    pub is_kubeconfig: bool,
    /// The current context, if it was taken because no flag names one.
    pub taken: Option<Taken>,
    /// When the login of a kubeconfig expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// The folders from which the user, when asked, let the program read files.
    pub agreed: BTreeSet<PathBuf>,
    /// True if the user was prompted for a part that a flag could have named.
    pub asked: bool,
}

/// Refuses a word in place of `--name`, and an empty name: both would store the credential under the context's name. A
/// word beside `--name` is ignored with a warning; the Go tool ignores it silently.
///
/// # Errors
/// A usage failure.
pub(super) fn check_name(ctx: &Ctx, args: &Args) -> Result<(), Failure> {
    for (flag, value) in [("name", &args.name), ("provider", &args.provider)] {
        if value.as_deref() == Some("") {
            return Err(Failure::empty(flag));
        }
    }
    if let Some(name) = args.name.as_deref().filter(|name| name.starts_with('-')) {
        ctx.out.warn(&format!(
            "{} is taken as the name: is the value of --name missing?",
            quote(name)
        ));
    }
    let Some(word) = args.words.first() else {
        return Ok(());
    };
    let word = word.to_string_lossy();
    if args.name.is_some() {
        let word = quote(&word);
        ctx.out
            .warn(&format!("{word} is ignored: --name is the name"));
        return Ok(());
    }
    let is_file = word.contains('/') || Path::new(&args.words[0]).is_file();
    let word = quote(&word);
    let (says, flag) = if is_file {
        ("a file follows --from-file", "--from-file")
    } else {
        ("the name of a new credential follows --name", "--name")
    };
    Err(
        Failure::usage(format!("unexpected argument {word}: {says}"))
            .hint(format!("write {flag} {word}")),
    )
}

/// Reads the secret from its source, and the other fields from the flags.
///
/// # Errors
/// If something is missing, or the secret does not pass the checks.
pub(super) fn prepare(ctx: &Ctx, args: &Args) -> anyhow::Result<NewCredential> {
    let gates = &args.kubeconfig.gates;
    gate::check_codes(&gates.allow)?;
    let given = filled(args.provider.as_deref()).map(str::to_owned);
    let mut name = filled(args.name.as_deref()).map(str::to_owned);
    if let Some(provider) = given.as_deref().filter(|provider| *provider != KUBECONFIG) {
        provider::check(provider, &gates.allow)?;
        if name.is_none() {
            name = Some(ask_name(ctx, args, provider)?);
        }
        if args.kubeconfig.is_given() {
            return Err(KubeconfigArgs::misplaced("--provider kubeconfig").into());
        }
    }
    let mut input = args.source.read()?;
    args.source.judge_literal(ctx, gates.strict)?;
    SourceArgs::judge_pipe(ctx, input.as_ref(), gates.strict)?;
    SourceArgs::judge_file(ctx, input.as_ref());
    let provider = match given {
        Some(ref provider) => provider.clone(),
        None => {
            input = input_or_stdin(input)?;
            match guess_provider(ctx, args, input.as_ref(), name.is_some())? {
                Some(provider) => provider.to_owned(),
                None => {
                    let provider = ask::ask_provider(ctx)?;
                    if name.is_none() {
                        name = Some(ask_name(ctx, args, &provider)?);
                    }
                    provider
                }
            }
        }
    };
    let asked = given.is_none() && provider != KUBECONFIG
        || filled(args.name.as_deref()).is_none() && name.is_some();
    let mut new = if provider == KUBECONFIG {
        from_kubeconfig(ctx, args, input, name.as_deref())?
    } else {
        from_secret(ctx, args, input, name.unwrap_or_default(), &provider)?
    };
    new.asked |= asked;
    let body = &mut new.body;
    body.set("name", new.name.as_str());
    body.set("provider", provider.as_str());
    body.set_filled("description", args.description.as_deref());
    body.set_filled("email", args.email.as_deref());
    body.set_filled("labels", args.labels.as_deref());
    body.set_filled("url", args.url.as_deref());
    new.provider = provider;
    Ok(new)
}

/// Prompts for the name.
fn ask_name(ctx: &Ctx, args: &Args, provider: &str) -> anyhow::Result<String> {
    if ctx.may_ask() {
        return ask::ask_name(provider);
    }
    Err(Failure::usage("--name is required")
        .hint(line_to_type(args))
        .into())
}

/// Returns the line that stores what the flags describe, with capitals for what is missing.
fn line_to_type(args: &Args) -> String {
    format!(
        "write {}",
        line::text(args, args.name.as_deref(), args.provider.as_deref())
    )
}

/// Without `--provider`, tells by the content or by `--context` that a kubeconfig is meant. Returns `None` if the user
/// has to be prompted, which is possible then.
fn guess_provider(
    ctx: &Ctx,
    args: &Args,
    input: Option<&Input>,
    is_named: bool,
) -> Result<Option<&'static str>, Failure> {
    if input.is_some_and(|input| provider::is_kubeconfig(&input.bytes)) {
        ctx.out
            .aside("This is a kubeconfig: --provider kubeconfig is assumed");
        return Ok(Some(KUBECONFIG));
    }
    // The findings about it name the line.
    if input.is_some_and(|input| provider::is_broken_kubeconfig(&input.bytes)) {
        return Ok(Some(KUBECONFIG));
    }
    if input.is_none() && args.kubeconfig.context.is_some() {
        ctx.out
            .aside("--context is given: --provider kubeconfig is assumed");
        return Ok(Some(KUBECONFIG));
    }
    if ctx.may_ask() {
        return Ok(None);
    }
    let is_secret =
        |input: &&Input| input.source != Source::Literal && !input.bytes.trim_ascii().is_empty();
    if let Some(input) = input.filter(|input| input.bytes.trim_ascii().is_empty())
        && args.source.is_given()
        && input.source != Source::Literal
    {
        return Err(intake::empty(&input.name()));
    }
    let missing = match input.filter(is_secret) {
        Some(input) => Failure::usage(format!(
            "{} is not a kubeconfig: --provider is required",
            input.name()
        )),
        _ if is_named => Failure::usage("--provider is required"),
        _ => Failure::usage("--name is required"),
    };
    Err(missing.hint(line_to_type(args)))
}

/// Returns the named input, or else reads standard input if data is piped to this command alone.
fn input_or_stdin(named: Option<Input>) -> Result<Option<Input>, Failure> {
    match named {
        None if input::stdin() == Stdin::Given => input::from_stdin().map(Some),
        named => Ok(named),
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Takes the secret of any other provider as it is.
fn from_secret(
    ctx: &Ctx,
    args: &Args,
    named: Option<Input>,
    name: String,
    provider: &str,
) -> anyhow::Result<NewCredential> {
    let gates = &args.kubeconfig.gates;
    let mut body = Body::new();
    let asked = named.is_none();
    let found = secret(ctx, args, named)?;
    let asked = asked
        && found
            .as_ref()
            .is_some_and(|input| input.source == Source::Prompt);
    let mut digest = None;
    match found {
        Some(input) => {
            let text = intake::text(&input)?;
            if text.expose_secret().trim().is_empty() {
                return Err(intake::empty(&input.name()).into());
            }
            provider::doubt(ctx, gates, Some(provider), &text)?;
            // Without the flag, the fields are those that the Go tool sends.
            if args.if_exists == Some(IfExists::Update) {
                digest = digest::keyed(text.expose_secret().as_bytes());
            }
            body.set_secret("token", text);
        }
        None => ctx.out.aside("No secret is stored (--allow no-secret)"),
    }
    match &digest {
        Some(digest) => {
            let own = Map::from_iter([(DIGEST.to_owned(), digest.as_str().into())]);
            let annotations = merge::with_own(args.annotations.as_deref(), own)?;
            body.set("annotations", annotations);
        }
        None => body.set_filled("annotations", args.annotations.as_deref()),
    }
    Ok(NewCredential {
        name,
        body,
        digest,
        provider: String::new(),
        is_kubeconfig: false,
        taken: None,
        expires_at: None,
        agreed: BTreeSet::new(),
        asked,
    })
}

/// Returns the secret from the named source, a pipe, or a prompt. Returns `None` only if the user accepts a credential
/// without a secret.
fn secret(ctx: &Ctx, args: &Args, named: Option<Input>) -> anyhow::Result<Option<Input>> {
    if named.is_some() {
        return Ok(named);
    }
    if args.kubeconfig.gates.allows(gate::NO_SECRET) {
        return Ok(None);
    }
    let missing = |message| {
        Failure::new(Kind::Input, message).hint(format!(
            "{NAME_ITS_SOURCE}; for a credential without a secret, add --allow no-secret"
        ))
    };
    match input::stdin() {
        Stdin::Given => Ok(Some(input::from_stdin()?)),
        Stdin::Shared => Err(missing(SHARED).into()),
        Stdin::Silent if ctx.may_ask() => Ok(SourceArgs::typed(prompt::secret("Secret")?).read()?),
        Stdin::Silent => Err(missing("no secret given").into()),
    }
}

/// Cuts a kubeconfig to one context, and judges what is left.
fn from_kubeconfig(
    ctx: &Ctx,
    args: &Args,
    input: Option<Input>,
    name: Option<&str>,
) -> Result<NewCredential, Failure> {
    let mut sources = args.kubeconfig.sources(ctx, input)?;
    let read: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let prepared = args.kubeconfig.named(name).prepare(ctx, &mut sources)?;
    let name = name.map_or_else(
        || intake::name_from_context(prepared.context.as_deref().unwrap_or_default()),
        str::to_owned,
    );
    // A log of CI has no use for it.
    if ctx.out.width_of_talk().is_some() {
        ctx.out.aside(&format!(
            "Read {read} bytes from {}; storing {} bytes",
            intake::source_name(&sources),
            prepared.text.expose_secret().len()
        ));
    }
    of_prepared(args, prepared, name)
}

/// Judges a kubeconfig that was minted, and adds what is recorded about it.
///
/// # Errors
/// If it does not pass the checks.
pub(super) fn minted(
    ctx: &Ctx,
    args: &Args,
    name: String,
    text: &SecretString,
    recorded: Map<String, Value>,
) -> Result<NewCredential, Failure> {
    let mut sources = vec![OwnedSource {
        path: "the minted kubeconfig".into(),
        bytes: Zeroizing::new(text.expose_secret().as_bytes().to_vec()),
    }];
    let mut prepared = args.kubeconfig.of_minted().prepare(ctx, &mut sources)?;
    prepared.annotations.extend(recorded);
    let mut new = of_prepared(args, prepared, name)?;
    let body = &mut new.body;
    body.set("name", new.name.as_str());
    body.set("provider", KUBECONFIG);
    body.set_filled("description", args.description.as_deref());
    body.set_filled("labels", args.labels.as_deref());
    Ok(new)
}

fn of_prepared(args: &Args, prepared: Prepared, name: String) -> Result<NewCredential, Failure> {
    let digest = prepared.annotations.get(DIGEST).and_then(Value::as_str);
    let digest = digest.map(str::to_owned);
    let annotations = merge::with_own(args.annotations.as_deref(), prepared.annotations)?;
    let taken = prepared.taken;
    let mut body = Body::new();
    body.set_filled("annotations", Some(&annotations));
    body.set_secret("token", prepared.text);
    Ok(NewCredential {
        name,
        body,
        digest,
        provider: String::new(),
        is_kubeconfig: true,
        taken,
        expires_at: prepared.expires_at,
        asked: !prepared.agreed.is_empty(),
        agreed: prepared.agreed,
    })
}
