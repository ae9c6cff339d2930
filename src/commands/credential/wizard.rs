//! `acpctl credential create` with nothing given, on a terminal: asks for what the flags would say, shows
//! what will be stored, and asks once.

use anyhow::Context as _;
use jiff::Timestamp;

use super::{bind, create};
use crate::api::ListOptions;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::input;
use crate::intake::{self, SourceArgs};
use crate::kubeconfig::{self as rules, ContextSummary, Identity, OwnedSource};
use crate::output::age::age;
use crate::output::prompt::{self, Choice};
use crate::output::table::aligned;
use crate::resources::{PROJECT, PROVIDERS};
use crate::text::acpctl;

/// How many projects are offered.
const PROJECTS: i64 = 100;

/// The answers.
struct Plan {
    args: create::Args,
    /// Where the secret comes from, in words.
    source: String,
    context: Option<ContextSummary>,
    /// The project whose sessions shall use it.
    project: Option<String>,
}

/// Asks for everything, but for a provider that was given.
pub fn run(ctx: &Ctx, provider: Option<&str>) -> anyhow::Result<()> {
    // Whoever is not logged in should hear of it before any question.
    ctx.client()?;
    let plan = ask(ctx, provider)?;
    // Says what is wrong, and which files the kubeconfig made this read, above what is asked.
    let new = create::prepare(ctx, &plan.args)?;
    show(ctx, &plan);
    if !prompt::confirm("Store it?")? {
        return Err(Failure::new(Kind::Input, "cancelled: nothing was sent").into());
    }
    let (record, outcome) = create::send(ctx, &plan.args, new)?;
    let name = record.name_or_id();
    ctx.out
        .line(&format!("credential/{name} {}", outcome.word()))?;
    let Some(project) = &plan.project else {
        ctx.out.note(&format!(
            "Sessions can't use it yet: {}",
            acpctl(&["credential", "bind", name, "--project", "PROJECT"])
        ));
        return Ok(());
    };
    ctx.block_on(bind::bind(ctx.client()?, record.id(), project))
        .with_context(|| format!("bind credential {name} to project {project}"))?;
    ctx.out
        .line(&format!("credential/{name} bound to project/{project}"))
}

fn ask(ctx: &Ctx, provider: Option<&str>) -> anyhow::Result<Plan> {
    let provider = match provider {
        Some(provider) => provider.to_owned(),
        None => ask_provider()?,
    };
    let mut plan = Plan {
        args: create::Args::default(),
        source: String::new(),
        context: None,
        project: None,
    };
    let name = if provider == intake::PROVIDER {
        ask_kubeconfig(ctx, &mut plan)?
    } else {
        ask_secret(&mut plan, &provider)?;
        String::new()
    };
    if provider == "jira" {
        plan.args.url = Some(prompt::text("Address of the service", "", not_empty)?);
        plan.args.email = Some(prompt::text("Account's e-mail address", "", not_empty)?);
    }
    if PROVIDERS.iter().all(|(name, _)| *name != provider) {
        let allow = &mut plan.args.kubeconfig.gates.allow;
        allow.push(intake::judge::UNKNOWN_PROVIDER.to_owned());
    }
    plan.args.provider = Some(provider);
    plan.args.name = Some(prompt::text("Name", &name, not_empty)?);
    plan.project = ask_project(ctx)?;
    Ok(plan)
}

fn ask_provider() -> anyhow::Result<String> {
    let mut choices: Vec<Choice> = PROVIDERS
        .iter()
        .map(|(name, help)| Choice::new(*name, *help))
        .collect();
    choices.push(Choice::new("another", "any other word"));
    let start = PROVIDERS
        .iter()
        .position(|(name, _)| *name == intake::PROVIDER);
    let chosen = prompt::select("Provider", &choices, start.unwrap_or_default())?;
    match PROVIDERS.get(chosen) {
        Some((name, _)) => Ok((*name).to_owned()),
        None => {
            let typed = prompt::text("Provider", "", not_empty)?;
            if PROVIDERS.iter().all(|(name, _)| *name != typed) {
                let question =
                    "No session gets anything from a provider of this name. Store it all the same?";
                if !prompt::confirm(question)? {
                    return Err(Failure::new(Kind::Input, "cancelled: nothing was sent").into());
                }
            }
            Ok(typed)
        }
    }
}

/// Source and context; gives the name that fits the context.
fn ask_kubeconfig(ctx: &Ctx, plan: &mut Plan) -> anyhow::Result<String> {
    let mut sources = ask_file(plan)?;
    plan.source = intake::source_name(&sources);
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
        let hint = format!("see {}", acpctl(&["credential", "validate", &plan.source]));
        return Err(
            Failure::new(Kind::Data, format!("{} has no contexts", plan.source))
                .hint(hint)
                .into(),
        );
    }
    let chosen = prompt::select("Context", &choices, current.unwrap_or_default())?;
    let context = contexts.into_iter().nth(chosen);
    let name = context.as_ref().map(|context| context.name.clone());
    plan.args.kubeconfig.context.clone_from(&name);
    plan.context = context;
    Ok(intake::name_from_context(&name.unwrap_or_default()))
}

/// The kubeconfig that kubectl would use, or a file.
fn ask_file(plan: &mut Plan) -> anyhow::Result<Vec<OwnedSource>> {
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
    plan.args.source = SourceArgs::file(path.as_str());
    Ok(vec![OwnedSource {
        path: path.into(),
        bytes: input.bytes,
    }])
}

fn ask_secret(plan: &mut Plan, provider: &str) -> anyhow::Result<()> {
    let choices = [
        Choice::new("type or paste it", "one line; nothing of it is shown"),
        Choice::new("a file", "of any length"),
    ];
    // Keys of service accounts are JSON of many lines.
    let start = usize::from(provider == "vertex");
    if prompt::select("Secret", &choices, start)? == 0 {
        "the terminal".clone_into(&mut plan.source);
        plan.args.source = SourceArgs::typed(prompt::secret("Secret")?);
    } else {
        plan.source = in_home(&prompt::text("File", "", is_file)?);
        plan.args.source = SourceArgs::file(plan.source.as_str());
    }
    Ok(())
}

/// The project to bind to, if any. Where the list can't be had, its name is asked for.
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
    let configured = ctx.settings()?.project.as_deref();
    let start = listed
        .items()
        .iter()
        .position(|project| Some(project.name_or_id()) == configured);
    let title = "Project whose sessions may use it";
    let chosen = prompt::select(title, &choices, start.map_or(0, |at| at + 1))?;
    // Bindings take the id.
    Ok(chosen
        .checked_sub(1)
        .and_then(|at| listed.items().get(at))
        .map(|project| project.id().to_owned()))
}

/// What will be stored, and the commands that do the same.
fn show(ctx: &Ctx, plan: &Plan) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let args = &plan.args;
    let mut rows = vec![
        ("Name", text(&args.name)),
        ("Provider", text(&args.provider)),
        ("Source", plan.source.clone()),
    ];
    if let Some(context) = &plan.context {
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
    let project = plan.project.clone();
    rows.push(("Project", project.unwrap_or_else(|| "none".to_owned())));
    ctx.out.note("");
    for (title, value) in rows {
        let value = crate::output::table::visible(&value);
        ctx.out.note(&format!("  {title:<10}{value}"));
    }
    ctx.out.note("");
    if let Some(command) = command(plan) {
        ctx.out
            .note_as_is(&format!("The same without questions:\n  {command}\n"));
    }
}

/// The command lines for scripts; none for a secret that was typed.
fn command(plan: &Plan) -> Option<String> {
    let args = &plan.args;
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
    if let Some(project) = &plan.project {
        let name = name.unwrap_or_default();
        let bind = acpctl(&["credential", "bind", name, "--project", project]);
        lines.push_str(&format!("\n  {bind}"));
    }
    Some(lines)
}

/// Server, kind of user, and expiry of a context.
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

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("something is needed here; Ctrl-C leaves".to_owned());
    }
    Ok(())
}

fn is_file(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("name a file; Ctrl-C leaves".to_owned());
    }
    let path = in_home(path);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(format!("{path} is not a file")),
        Err(error) => Err(format!("{path}: {}", crate::config::file::reason(&error))),
    }
}

/// Expands `~/`, as the shell does on a command line.
fn in_home(path: &str) -> String {
    env::in_home(path).to_string_lossy().into_owned()
}
