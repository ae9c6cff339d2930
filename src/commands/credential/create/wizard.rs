//! `acpctl credential create` without flags, on a terminal: prompts for what the flags would say, shows what will be
//! stored, and asks for one confirmation.

use anyhow::Context as _;
use jiff::Timestamp;

use super::args::Args;
use super::prepare::{not_empty, prepare};
use super::send::send;
use crate::api::ListOptions;
use crate::commands::credential::binding;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::intake::{self, SourceArgs};
use crate::kubeconfig::{self as rules, ContextSummary, Identity, OwnedSource};
use crate::output::age::age;
use crate::output::prompt::{self, Choice};
use crate::output::table::aligned;
use crate::resources::{KUBECONFIG, PROJECT, PROVIDERS};
use crate::text::{acpctl, visible};

/// How many projects are offered.
const PROJECTS: i64 = 100;

/// The user's answers.
struct Answers {
    args: Args,
    /// A description of where the secret comes from.
    source: String,
    context: Option<ContextSummary>,
    /// The project whose sessions may use the credential.
    project: Option<String>,
}

/// Prompts for everything except a provider that was given, and stores the credential.
pub(super) fn run(ctx: &Ctx, provider: Option<&str>) -> anyhow::Result<()> {
    // A user who is not logged in should learn that before the first question.
    ctx.client()?;
    let answers = ask(ctx, provider)?;
    // Prints what is wrong, and which files were read for the kubeconfig, above the final question.
    let new = prepare(ctx, &answers.args)?;
    show(ctx, &answers);
    if !prompt::confirm("Store it?")? {
        return Err(cancelled().into());
    }
    let (record, effect) = send(ctx, &answers.args, new)?;
    let name = record.name_or_id();
    ctx.out
        .line(&format!("credential/{name} {}", effect.word()))?;
    let Some(project) = &answers.project else {
        ctx.out.note(&format!(
            "Sessions can't use it yet: {}",
            acpctl(&["credential", "bind", name, "--project", "PROJECT"])
        ));
        return Ok(());
    };
    let client = ctx.client()?;
    ctx.block_on(binding::bind_to_project(client, record.id(), project))
        .with_context(|| format!("bind credential {name} to project {project}"))?;
    ctx.out
        .line(&format!("credential/{name} bound to project/{project}"))
}

fn cancelled() -> Failure {
    Failure::new(Kind::Input, "canceled: nothing was sent")
}

fn ask(ctx: &Ctx, provider: Option<&str>) -> anyhow::Result<Answers> {
    let provider = match provider {
        Some(provider) => provider.to_owned(),
        None => ask_provider()?,
    };
    let mut answers = Answers {
        args: Args::default(),
        source: String::new(),
        context: None,
        project: None,
    };
    let name = if provider == KUBECONFIG {
        ask_kubeconfig(ctx, &mut answers)?
    } else {
        ask_secret(&mut answers, &provider)?;
        String::new()
    };
    if provider == "jira" {
        answers.args.url = Some(prompt::text("Address of the service", "", not_empty)?);
        answers.args.email = Some(prompt::text(
            "E-mail address of the account",
            "",
            not_empty,
        )?);
    }
    if !is_known(&provider) {
        let allow = &mut answers.args.kubeconfig.gates.allow;
        allow.push(intake::judge::UNKNOWN_PROVIDER.to_owned());
    }
    answers.args.provider = Some(provider);
    answers.args.name = Some(prompt::text("Name", &name, not_empty)?);
    answers.project = ask_project(ctx)?;
    Ok(answers)
}

fn is_known(provider: &str) -> bool {
    PROVIDERS.iter().any(|(name, _)| *name == provider)
}

fn ask_provider() -> anyhow::Result<String> {
    let mut choices: Vec<Choice> = PROVIDERS
        .iter()
        .map(|(name, help)| Choice::new(*name, *help))
        .collect();
    choices.push(Choice::new("another", "any other word"));
    let start = PROVIDERS.iter().position(|(name, _)| *name == KUBECONFIG);
    let chosen = prompt::select("Provider", &choices, start.unwrap_or_default())?;
    match PROVIDERS.get(chosen) {
        Some((name, _)) => Ok((*name).to_owned()),
        None => {
            let typed = prompt::text("Provider", "", not_empty)?;
            let question =
                "No session gets anything from a provider of this name. Store it anyway?";
            if !is_known(&typed) && !prompt::confirm(question)? {
                return Err(cancelled().into());
            }
            Ok(typed)
        }
    }
}

/// Prompts for the source and the context. Returns a name that fits the context.
fn ask_kubeconfig(ctx: &Ctx, answers: &mut Answers) -> anyhow::Result<String> {
    let mut sources = ask_file(answers)?;
    answers.source = intake::source_name(&sources);
    intake::decode(&mut sources)?;
    let contexts = rules::contexts(&intake::views(&sources)).unwrap_or_default();
    let facts: Vec<[String; 3]> = contexts
        .iter()
        .map(|context| facts(context, ctx.now()))
        .collect();
    let choices: Vec<Choice> = contexts
        .iter()
        .zip(aligned(&facts))
        .map(|(context, facts)| Choice::new(&context.name, facts))
        .collect();
    let current = contexts.iter().position(|context| context.current);
    if choices.is_empty() {
        let source = &answers.source;
        let hint = format!("see {}", acpctl(&["credential", "validate", source]));
        let message = format!("{source} has no contexts");
        return Err(Failure::new(Kind::Data, message).hint(hint).into());
    }
    let chosen = prompt::select("Context", &choices, current.unwrap_or_default())?;
    let context = contexts.into_iter().nth(chosen);
    let name = context.as_ref().map(|context| context.name.clone());
    answers.args.kubeconfig.context.clone_from(&name);
    answers.context = context;
    Ok(intake::name_from_context(&name.unwrap_or_default()))
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
    let path = in_home(&prompt::text("File", "", is_file)?);
    let input = input::from_path(&path)?;
    answers.args.source = SourceArgs::file(path.as_str());
    Ok(vec![OwnedSource {
        path: path.into(),
        bytes: input.bytes,
    }])
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
        answers.source = in_home(&prompt::text("File", "", is_file)?);
        answers.args.source = SourceArgs::file(answers.source.as_str());
    }
    Ok(())
}

/// Offers the projects to bind to. If they can't be listed, prompts for the name of one.
fn ask_project(ctx: &Ctx) -> anyhow::Result<Option<String>> {
    let client = ctx.client()?;
    let options = ListOptions {
        limit: Some(PROJECTS),
        ..ListOptions::default()
    };
    let listed = ctx.block_on(async { Ok(client.list(&PROJECT, "/projects", &options).await?) });
    let Ok(listed) = listed else {
        let typed = prompt::text(
            "Project whose sessions may use it (empty: none)",
            "",
            |_| Ok(()),
        )?;
        return Ok(Some(typed).filter(|project| !project.is_empty()));
    };
    let mut choices = vec![Choice::new("none", "bind it later")];
    for project in listed.items() {
        choices.push(Choice::new(
            project.name_or_id(),
            project.text("description"),
        ));
    }
    let configured = ctx.settings()?.project.value.as_deref();
    let start = listed
        .items()
        .iter()
        .position(|project| Some(project.name_or_id()) == configured);
    let title = "Project whose sessions may use it";
    let chosen = prompt::select(title, &choices, start.map_or(0, |at| at + 1))?;
    Ok(chosen
        .checked_sub(1)
        .and_then(|at| listed.items().get(at))
        .map(|project| project.id().to_owned()))
}

/// Shows what will be stored, and the commands that do the same.
fn show(ctx: &Ctx, answers: &Answers) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let args = &answers.args;
    let mut rows = vec![
        ("Name", text(&args.name)),
        ("Provider", text(&args.provider)),
        ("Source", answers.source.clone()),
    ];
    if let Some(context) = &answers.context {
        let [server, identity, expiry] = facts(context, ctx.now());
        rows.extend([
            ("Context", context.name.clone()),
            ("Server", server),
            ("User", identity),
            (
                "Expiry",
                expiry
                    .replacen("expiry ", "", 1)
                    .replacen("expires ", "", 1),
            ),
        ]);
    }
    rows.extend(args.url.clone().map(|url| ("URL", url)));
    rows.extend(args.email.clone().map(|email| ("E-mail", email)));
    let project = answers.project.clone();
    rows.push(("Project", project.unwrap_or_else(|| "none".to_owned())));
    ctx.out.note("");
    for (title, value) in rows {
        ctx.out.note(&format!("  {title:<10}{}", visible(&value)));
    }
    ctx.out.note("");
    if let Some(command) = command(answers) {
        ctx.out
            .note_as_is(&format!("The same without prompts:\n  {command}\n"));
    }
}

/// Returns the command lines that do the same in a script; `None` if the secret was typed.
fn command(answers: &Answers) -> Option<String> {
    let args = &answers.args;
    let file = args.source.path().map(|path| path.to_string_lossy());
    if file.is_none() && args.source.is_given() {
        return None;
    }
    let name = args.name.as_deref();
    let mut words = vec!["credential", "create"];
    for (flag, value) in [
        ("--provider", args.provider.as_deref()),
        ("--from-file", file.as_deref()),
        ("--context", args.kubeconfig.context.as_deref()),
        ("--name", name),
        ("--url", args.url.as_deref()),
        ("--email", args.email.as_deref()),
    ] {
        words.extend(value.into_iter().flat_map(|value| [flag, value]));
    }
    for code in &args.kubeconfig.gates.allow {
        words.extend(["--allow", code]);
    }
    let mut lines = acpctl(&words);
    if let Some(project) = &answers.project {
        let name = name.unwrap_or_default();
        let bind = acpctl(&["credential", "bind", name, "--project", project]);
        lines.push_str(&format!("\n  {bind}"));
    }
    Some(lines)
}

/// Describes a context: its server, its kind of login, and when that expires.
fn facts(context: &ContextSummary, now: Timestamp) -> [String; 3] {
    let identity = match context.identity {
        Identity::Certificate => "client certificate",
        Identity::Token => "token",
        Identity::TokenFile => "token in a file",
        Identity::Basic => "password",
        Identity::Exec => "exec plugin",
        Identity::AuthProvider => "auth provider",
        Identity::None => "no user",
    };
    let expiry = match context.expires_at {
        None => "expiry unknown".to_owned(),
        Some(at) if at <= now => format!("expired {} ago", age(&at.to_string(), now)),
        Some(at) => format!("expires in {}", age(&now.to_string(), at)),
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
        Err(error) => Err(format!("{path}: {}", crate::config::file::reason(&error))),
    }
}

/// Expands `~/`, which no shell expands in an answer to a prompt.
fn in_home(path: &str) -> String {
    env::in_home(path).to_string_lossy().into_owned()
}
