//! `acpctl credential create` on a terminal, without a source of the secret: prompts for what the flags do not say,
//! shows what will be stored, and asks for one confirmation.

use std::collections::BTreeSet;

use super::args::Args;
use super::ask::{aborted, ask_provider, is_known};
use super::line;
use super::prepare::{NewCredential, prepare};
use super::send;
use super::store::store;
use crate::commands::credential::binding::{self, BindArgs};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::intake::{self, SourceArgs};
use crate::kubeconfig::{self as rules, ContextSummary, Identity, Life, OwnedSource};
use crate::output::prompt::{self, Choice};
use crate::output::table::aligned;
use crate::output::{Format, until};
use crate::resources::KUBECONFIG;
use crate::text::{acpctl, quote, visible};

/// For how many contexts the files that they name are read before one is chosen.
const MOST_READ: usize = 20;

/// The flags, completed by the user's answers.
struct Answers {
    args: Args,
    /// A description of where the secret comes from.
    source: String,
    context: Option<ContextSummary>,
}

/// Prompts for everything that the flags do not name, and stores the credential.
pub(super) fn run(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    // A user who is not logged in should learn that before the first question.
    ctx.client()?;
    let mut answers = ask(ctx, args)?;
    // Prints what is wrong, and which files were read for the kubeconfig, above the final question.
    let new = match prepare(ctx, &answers.args) {
        Ok(new) => new,
        Err(refused) => {
            // Nothing that was typed is lost: a flag of the hint may be added to this line.
            let args = &answers.args;
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (name, provider) = (text(&args.name), text(&args.provider));
            line::show(ctx, args, &BTreeSet::new(), [&name, &provider]);
            return Err(refused);
        }
    };
    if let Some(context) = &mut answers.context {
        // Only now are those of its files read that lie elsewhere.
        context.expires_at = new.expires_at.or(context.expires_at);
    }
    show(ctx, &answers, &new);
    if !prompt::confirm("Store it?")? {
        return Err(aborted(ctx));
    }
    store(ctx, &answers.args, &new, format)
}

fn ask(ctx: &Ctx, given: &Args) -> anyhow::Result<Answers> {
    let provider = match given.provider.as_deref() {
        Some(provider) => provider.to_owned(),
        None => ask_provider(ctx)?,
    };
    let mut answers = Answers {
        args: given.clone(),
        source: String::new(),
        context: None,
    };
    let name = if provider == KUBECONFIG {
        ask_kubeconfig(ctx, &mut answers)?
    } else {
        ask_secret(&mut answers, &provider)?;
        provider.clone()
    };
    let args = &mut answers.args;
    if provider == "jira" {
        fill(&mut args.url, "Address of the service", "")?;
        fill(&mut args.email, "E-mail address of the account", "")?;
    }
    if !is_known(&provider) {
        let allow = &mut args.kubeconfig.gates.allow;
        allow.push(intake::gate::UNKNOWN_PROVIDER.to_owned());
    }
    args.provider = Some(provider);
    if args.name.as_deref().unwrap_or_default().is_empty() {
        args.name = Some(ask_name(ctx, args, &name)?);
    }
    if args.bind.projects().is_empty() {
        args.bind = BindArgs::to(ask_project(ctx)?.into_iter().collect());
    }
    Ok(answers)
}

/// Prompts for a value unless it is given.
fn fill(value: &mut Option<String>, title: &str, default: &str) -> anyhow::Result<()> {
    if value.as_deref().unwrap_or_default().is_empty() {
        *value = Some(prompt::text(title, default, prompt::not_empty)?);
    }
    Ok(())
}

/// Prompts for the name, until it is one that no credential has.
fn ask_name(ctx: &Ctx, args: &Args, default: &str) -> anyhow::Result<String> {
    let client = ctx.client()?;
    let may_exist = args.if_exists.is_some() || args.allow_duplicate;
    prompt::text("Name", default, |name| {
        prompt::not_empty(name)?;
        // If the look-up fails, the request that stores the credential tells why.
        let found = ctx
            .block_on(send::namesakes(client, name))
            .unwrap_or_default();
        match found.first() {
            Some(other) if !may_exist => Err(format!(
                "credential {} already exists ({}); type another name",
                quote(name),
                other.id()
            )),
            _ => Ok(()),
        }
    })
}

/// Prompts for the source and the context. Returns a name that fits the context.
fn ask_kubeconfig(ctx: &Ctx, answers: &mut Answers) -> anyhow::Result<String> {
    let mut sources = ask_file(answers)?;
    answers.source = intake::source_name(&sources);
    intake::decode(&mut sources)?;
    let read = rules::contexts(&intake::views(&sources));
    let mut contexts = read.as_deref().unwrap_or_default().to_vec();
    for context in contexts.iter_mut().take(MOST_READ) {
        read_files(ctx, &sources, context);
    }
    let facts: Vec<[String; 3]> = contexts.iter().map(|context| row(ctx, context)).collect();
    let choices: Vec<Choice> = contexts
        .iter()
        .zip(aligned(&facts))
        .map(|(context, facts)| Choice::new(&context.name, facts))
        .collect();
    let current = contexts.iter().position(|context| context.current);
    if choices.is_empty() {
        let source = &answers.source;
        let hint = format!("see {}", acpctl(&["credential", "validate", source]));
        let message = match &read {
            Ok(_) => format!("{source} has no contexts"),
            Err(_) => format!("{source} is not a kubeconfig"),
        };
        return Err(Failure::new(Kind::Data, message).hint(hint).into());
    }
    let chosen = prompt::select("Context", &choices, current.unwrap_or_default())?;
    let context = contexts.into_iter().nth(chosen);
    let name = context.as_ref().map(|context| context.name.clone());
    answers.args.kubeconfig.context.clone_from(&name);
    answers.context = context;
    Ok(intake::name_from_context(&name.unwrap_or_default()))
}

/// Reads when a certificate or a token in a file ends.
fn read_files(ctx: &Ctx, sources: &[OwnedSource], context: &mut ContextSummary) {
    let may_be_in_file = matches!(
        context.identity,
        Identity::Certificate | Identity::TokenFile
    );
    if context.expires_at.is_none()
        && may_be_in_file
        && let Some(known) = intake::with_its_files(ctx, sources, &context.name)
    {
        (context.expires_at, context.life) = (known.expires_at, known.life);
    }
}

/// Offers the kubeconfig that kubectl would use, or prompts for a file.
fn ask_file(answers: &mut Answers) -> anyhow::Result<Vec<OwnedSource>> {
    if let Ok(sources) = intake::from_environment() {
        let choices = [
            Choice::new("what kubectl uses", intake::source_name(&sources)),
            Choice::new("another file", ""),
        ];
        if prompt::select("Source", &choices, 0)? == 0 {
            return Ok(sources);
        }
    }
    let path = in_home(&prompt::path("File", likely_file(), has_contexts)?);
    let input = input::from_path(&path)?;
    answers.args.source = SourceArgs::file(path.as_str());
    Ok(vec![OwnedSource {
        path: path.into(),
        bytes: input.bytes,
    }])
}

/// Returns the file of this folder that is a kubeconfig by its name.
fn likely_file() -> &'static str {
    let names = [
        "kubeconfig",
        "kubeconfig.yaml",
        "kubeconfig.yml",
        "kube.config",
    ];
    let mut names = names.into_iter();
    let found = names.find(|name| std::path::Path::new(name).is_file());
    found.unwrap_or_default()
}

fn ask_secret(answers: &mut Answers, provider: &str) -> anyhow::Result<()> {
    let choices = [
        Choice::new("type or paste it", "one line; it is not shown"),
        Choice::new("a file", "of any length"),
    ];
    // A service account's key is a JSON document of many lines, which can't be typed.
    let start = usize::from(provider == "vertex");
    if prompt::select("Secret", &choices, start)? == 0 {
        "the terminal".clone_into(&mut answers.source);
        answers.args.source = SourceArgs::typed(prompt::secret("Secret")?);
    } else {
        answers.source = in_home(&prompt::path("File", "", is_file)?);
        answers.args.source = SourceArgs::file(answers.source.as_str());
    }
    Ok(())
}

/// Offers the projects to bind to.
fn ask_project(ctx: &Ctx) -> anyhow::Result<Option<String>> {
    binding::BIND.ask_or(ctx, Choice::new("none", "bind it later"))
}

/// Shows what will be stored, and the commands that do the same.
fn show(ctx: &Ctx, answers: &Answers, new: &NewCredential) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let args = &answers.args;
    let mut rows = vec![
        ("Name", text(&args.name)),
        ("Provider", text(&args.provider)),
        ("Source", answers.source.clone()),
    ];
    if let Some(context) = &answers.context {
        let [server, identity, expiry] = facts(ctx, context);
        rows.extend([
            ("Context", context.name.clone()),
            ("Server", server),
            ("User", identity),
            ("Expiry", expiry),
        ]);
    }
    rows.extend(args.url.clone().map(|url| ("URL", url)));
    rows.extend(args.email.clone().map(|email| ("E-mail", email)));
    let projects = match args.bind.projects() {
        [] => "none".to_owned(),
        projects => projects.join(", "),
    };
    rows.push(("Project", projects));
    ctx.out.note("");
    for (title, value) in rows {
        ctx.out.note(&format!("  {title:<10}{}", visible(&value)));
    }
    ctx.out.note("");
    line::show(ctx, args, &new.agreed, [&new.name, &new.provider]);
}

/// Describes a context in a list, where no title precedes the expiry.
fn row(ctx: &Ctx, context: &ContextSummary) -> [String; 3] {
    let [server, identity, expiry] = facts(ctx, context);
    let shown = match (context.expires_at, context.life) {
        (Some(at), _) if at <= ctx.now() => expiry,
        (None, Life::Unknown) => format!("expiry {expiry}"),
        (None, Life::Never) => "never expires".to_owned(),
        _ => format!("expires {expiry}"),
    };
    [server, identity, shown]
}

/// Describes a context: its server, its kind of login, and when that expires.
fn facts(ctx: &Ctx, context: &ContextSummary) -> [String; 3] {
    let identity = match context.identity {
        Identity::Certificate => "client certificate",
        Identity::Token => "token",
        Identity::TokenFile => "token in a file",
        Identity::Basic => "password",
        Identity::Exec => "exec plugin",
        Identity::AuthProvider => "auth provider",
        Identity::None => "no user",
    };
    let expiry = match (context.expires_at, context.life) {
        (None, Life::Unknown) => "unknown".to_owned(),
        (None, Life::Never) => "never".to_owned(),
        (None, Life::AtMost(life)) => format!("after {life} at most"),
        (Some(at), _) => until(&at.to_string(), ctx.now(), ctx.out.colored_stderr()),
    };
    let server = context.server.clone();
    [
        server.unwrap_or_else(|| "no server".to_owned()),
        identity.to_owned(),
        expiry,
    ]
}

fn is_file(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("name a file; press Ctrl-C to cancel".to_owned());
    }
    let path = in_home(path);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(format!("{path} is not a file")),
        Err(error) => Err(format!(
            "{path}: {}",
            crate::compat::io_reason::reason(&error)
        )),
    }
}

/// Accepts a file with contexts to choose from, so that another one can be typed instead.
fn has_contexts(path: &str) -> Result<(), String> {
    is_file(path)?;
    let path = in_home(path);
    let input = input::from_path(&path).map_err(|failure| failure.message)?;
    let mut sources = vec![OwnedSource {
        path: path.as_str().into(),
        bytes: input.bytes,
    }];
    intake::decode(&mut sources).map_err(|failure| failure.message)?;
    match rules::contexts(&intake::views(&sources)) {
        Ok(contexts) if contexts.is_empty() => Err(format!("{path} has no contexts")),
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{path} is not a kubeconfig")),
    }
}

/// Expands `~/`, which no shell expands in an answer to a prompt.
fn in_home(path: &str) -> String {
    env::in_home(path).to_string_lossy().into_owned()
}
