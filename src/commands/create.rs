//! `acpctl create` (contract cli-core.md section 7.10): one set of flags serves all resources; one
//! table says which resource uses which flag under which key.

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Body, Client, Request, path};
use crate::compat::number;
use crate::compat::quote::quote;
use crate::config::{Config, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::lookup;
use crate::output::{Format, OutputArgs};
use crate::resources::{
    AGENT, APPLICATION, Candidates, PROJECT, ROLE, ROLE_BINDING, Resource, SESSION,
};

const EXAMPLES: &str = "acpctl create project --name demo
acpctl create session --name fix --prompt 'Fix the build' --project-id demo";

/// Create a resource
///
/// Resources: session, project, agent (project-agent), role, role-binding, application.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(required = true, num_args = 1.., value_name = "RESOURCE")]
    #[arg(add = Candidates::Kinds)]
    resource: Vec<String>,
    /// Resource name
    #[arg(long)]
    name: Option<String>,
    /// Session/agent prompt
    #[arg(long)]
    prompt: Option<String>,
    /// Repository URL
    #[arg(long, value_name = "URL")]
    repo_url: Option<String>,
    /// LLM model
    #[arg(long)]
    model: Option<String>,
    /// LLM max tokens
    #[arg(long, value_name = "N", value_parser = number::int64)]
    max_tokens: Option<i64>,
    /// LLM temperature
    #[arg(long, value_name = "NUMBER", value_parser = number::float)]
    temperature: Option<f64>,
    /// Session timeout in seconds
    #[arg(long, value_name = "SECONDS", value_parser = number::int64)]
    timeout: Option<i64>,
    /// Display name
    #[arg(long)]
    display_name: Option<String>,
    /// Description
    #[arg(long)]
    description: Option<String>,
    /// Project ID
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Name or ID of the agent (session)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::AGENTS)]
    agent_id: Option<String>,
    /// Agent version to pin (project-agent)
    #[arg(long, value_name = "N", value_parser = number::int64)]
    agent_version: Option<i64>,
    /// Owner user ID (agent)
    #[arg(long, value_name = "ID")]
    owner_user_id: Option<String>,
    /// Role permissions (JSON)
    #[arg(long, value_name = "JSON")]
    permissions: Option<String>,
    /// User ID (role-binding)
    #[arg(long, value_name = "ID")]
    user_id: Option<String>,
    /// Name or ID of the role (role-binding)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::ROLES)]
    role_id: Option<String>,
    /// Scope (role-binding): global|project|agent|session|credential
    #[arg(long)]
    scope: Option<String>,
    /// Name or ID of the project (role-binding)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    project_id_fk: Option<String>,
    /// Name or ID of the agent (role-binding)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::AGENTS)]
    agent_id_fk: Option<String>,
    /// Name or ID of the session (role-binding)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::SESSIONS)]
    session_id_fk: Option<String>,
    /// Name or ID of the credential (role-binding)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::CREDENTIALS)]
    credential_id_fk: Option<String>,
    /// Name or ID of what --scope names (role-binding; shorthand for --{scope}-id-fk)
    #[arg(long, value_name = "ID")]
    scope_id: Option<String>,
    /// Git repository URL (application)
    #[arg(long, value_name = "URL")]
    source_repo_url: Option<String>,
    /// Path within the repository (application)
    #[arg(long, value_name = "PATH")]
    source_path: Option<String>,
    /// Git branch, tag, or commit (application)
    #[arg(long, value_name = "REVISION")]
    source_target_revision: Option<String>,
    /// Target project (application)
    #[arg(long, value_name = "ID")]
    destination_project: Option<String>,
    /// Target Ambient instance URL (application)
    #[arg(long, value_name = "URL")]
    destination_url: Option<String>,
    /// Name or ID of the credential for private repos (application)
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::CREDENTIALS)]
    credential_id: Option<String>,
    /// Enable automatic sync (application)
    #[arg(long)]
    auto_sync: bool,
    /// Enable automatic pruning (application)
    #[arg(long)]
    auto_prune: bool,
    /// Enable self-healing (application)
    #[arg(long)]
    self_heal: bool,
    /// Maximum retry attempts (application)
    #[arg(long, value_name = "N", value_parser = number::int32)]
    retry_limit: Option<i32>,
    /// Labels JSON string (application)
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations JSON string (application)
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// How a resource is created.
struct Creation {
    words: &'static [&'static str],
    resource: &'static Resource,
    /// Flags that must be there, in the order of the checks.
    required: &'static [&'static str],
    /// Flags with the key that they fill.
    uses: &'static [(&'static str, &'static str)],
    /// Flags that are used otherwise.
    otherwise: &'static [&'static str],
}

const KINDS: &[Creation] = &[
    Creation {
        words: &["session", "sessions", "sess"],
        resource: &SESSION,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("prompt", "prompt"),
            ("repo-url", "repo_url"),
            ("model", "llm_model"),
            ("max-tokens", "llm_max_tokens"),
            ("temperature", "llm_temperature"),
            ("timeout", "timeout"),
            ("agent-id", "agent_id"),
        ],
        otherwise: &["project-id"],
    },
    Creation {
        words: &["project", "projects", "proj"],
        resource: &PROJECT,
        required: &["name"],
        uses: &[("name", "name"), ("description", "description")],
        otherwise: &[],
    },
    Creation {
        words: &["agent", "agents", "project-agent", "project-agents", "pa"],
        resource: &AGENT,
        required: &["project-id", "name"],
        uses: &[
            ("project-id", "project_id"),
            ("name", "name"),
            ("prompt", "prompt"),
        ],
        otherwise: &[],
    },
    Creation {
        words: &["role", "roles"],
        resource: &ROLE,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("display-name", "display_name"),
            ("description", "description"),
            ("permissions", "permissions"),
        ],
        otherwise: &[],
    },
    Creation {
        words: &[
            "role-binding",
            "role-bindings",
            "rolebinding",
            "rolebindings",
            "rb",
        ],
        resource: &ROLE_BINDING,
        required: &["role-id", "scope"],
        uses: &[
            ("role-id", "role_id"),
            ("scope", "scope"),
            ("user-id", "user_id"),
            ("project-id-fk", "project_id"),
            ("agent-id-fk", "agent_id"),
            ("session-id-fk", "session_id"),
            ("credential-id-fk", "credential_id"),
        ],
        otherwise: &["scope-id"],
    },
    Creation {
        words: &["application", "applications", "app", "apps"],
        resource: &APPLICATION,
        required: &[
            "name",
            "source-repo-url",
            "source-path",
            "destination-project",
        ],
        uses: &[
            ("name", "name"),
            ("source-repo-url", "source_repo_url"),
            ("source-path", "source_path"),
            ("destination-project", "destination_project"),
            ("source-target-revision", "source_target_revision"),
            ("destination-url", "destination_ambient_url"),
            ("credential-id", "credential_id"),
            ("auto-sync", "auto_sync"),
            ("auto-prune", "auto_prune"),
            ("self-heal", "self_heal"),
            ("retry-limit", "retry_limit"),
            ("labels", "labels"),
            ("annotations", "annotations"),
        ],
        otherwise: &[],
    },
];

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let [resource] = args.resource.as_slice() else {
        let message = format!("accepts 1 arg(s), received {}", args.resource.len());
        let hint = match args.resource.first() {
            None => "RESOURCE is missing",
            Some(_) => "name one RESOURCE; values go into flags",
        };
        return Err(Failure::usage(message)
            .hint(format!("{hint}; usage: acpctl create <RESOURCE> [flags]"))
            .into());
    };
    let client = ctx.client()?;
    let word = resource.to_lowercase();
    let Some(kind) = KINDS
        .iter()
        .find(|kind| kind.words.contains(&word.as_str()))
    else {
        return Err(Failure::usage(format!(
            "unknown resource type: {resource}\nValid types: session, project, project-agent, agent, role, role-binding, application"
        ))
        .into());
    };
    let mut flags = args.flags();
    for (flag, _) in flags.iter().filter(|(flag, _)| !kind.knows(flag)) {
        ctx.out.warn(&format!(
            "--{flag} is not applicable to this resource type and will be ignored"
        ));
    }
    for required in kind.required {
        if !flags
            .iter()
            .any(|(flag, value)| flag == required && value.as_str() != Some(""))
        {
            return Err(Failure::usage(format!("--{required} is required")).into());
        }
    }
    if kind.resource.word == ROLE_BINDING.word {
        scope_key(args)?;
    }
    ctx.block_on(resolve(ctx, client, args, kind, &mut flags))
        .with_context(|| format!("create {}", kind.resource.word))?;
    let (place, body) = request(ctx, args, kind, &flags)?;
    let mut call = Request::new(crate::api::Method::Post, place).body(body);
    if kind.resource.word == AGENT.word {
        call.project.clone_from(&args.project_id);
    }
    let record = ctx.block_on(async {
        client
            .fetch(kind.resource, &call)
            .await
            .map_err(|error| explain(ctx, args, kind, error))
    })?;
    if record.id().is_empty() && record.name().is_empty() {
        return Err(Failure::new(
            Kind::Server,
            format!(
                "create {}: the server's answer names no object",
                kind.resource.word
            ),
        )
        .into());
    }
    if kind.resource.word == PROJECT.word {
        switch_to(ctx, record.name(), &format);
    }
    match format {
        Format::Table | Format::Wide => {
            ctx.out
                .line(&format!("{}/{} created", kind.resource.word, record.id()))
        }
        format => ctx.out.record(&record, &format, ctx.now()),
    }
}

impl Creation {
    fn knows(&self, flag: &str) -> bool {
        self.otherwise.contains(&flag) || self.uses.iter().any(|(used, _)| *used == flag)
    }
}

/// A 404 on a session hides what is missing: its project (contract cli-core.md section 7.10).
fn explain(ctx: &Ctx, args: &Args, kind: &Creation, error: crate::api::Error) -> anyhow::Error {
    if kind.resource.word == SESSION.word && error.is_not_found() {
        let project = session_project(ctx, args).unwrap_or_default();
        return Failure::new(Kind::NotFound, format!("project \"{project}\" does not exist; run 'acpctl project <name>' to switch projects")).into();
    }
    let context = format!("create {}", kind.resource.word);
    if kind.resource.word == PROJECT.word && error.status() == Some(409) {
        let hint = "the name of a deleted project stays taken: choose another one";
        return anyhow::Error::from(Failure::from(&error).hint(hint)).context(context);
    }
    anyhow::Error::from(error).context(context)
}

/// Puts ids in the place of names in the flags that name other objects. The server does not check most of them.
async fn resolve(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    kind: &Creation,
    flags: &mut [(&'static str, Value)],
) -> anyhow::Result<()> {
    let is_binding = kind.resource.word == ROLE_BINDING.word;
    let scope = args.scope.as_deref().unwrap_or_default();
    for (flag, value) in flags.iter_mut().filter(|(flag, _)| kind.knows(flag)) {
        let Some(given) = value.as_str().filter(|text| !text.is_empty()) else {
            continue;
        };
        let noun = match *flag {
            "scope-id" => scope,
            "agent-id" | "role-id" | "credential-id" => flag.trim_end_matches("-id"),
            flag if is_binding => flag.strip_suffix("-id-fk").unwrap_or_default(),
            _ => continue,
        };
        lookup::check(&format!("{noun} name or ID"), given)?;
        let found = match noun {
            "agent" => {
                let project = project_of_agent(ctx, args, kind)?;
                lookup::agent(client, &project, given).await
            }
            "role" => lookup::role(client, given).await,
            "project" => lookup::project(client, given).await,
            "session" => lookup::session(client, given).await,
            "credential" => lookup::credential(client, given).await,
            _ => continue,
        };
        let found = found.with_context(|| format!("--{flag} {}", quote(given)))?;
        *value = found.id().into();
    }
    Ok(())
}

/// The project that an agent is looked for in.
fn project_of_agent(ctx: &Ctx, args: &Args, kind: &Creation) -> Result<String, Failure> {
    if kind.resource.word == SESSION.word {
        return session_project(ctx, args);
    }
    let named = args.project_id_fk.as_deref();
    ctx.project(named)
        .map_err(|failure| failure.hint("name the project of the agent with --project-id-fk"))
}

fn request(
    ctx: &Ctx,
    args: &Args,
    kind: &Creation,
    flags: &[(&'static str, Value)],
) -> Result<(String, Body), Failure> {
    let mut body = Body::new();
    let scope_key = if kind.resource.word == ROLE_BINDING.word {
        scope_key(args)?
    } else {
        None
    };
    for (flag, key) in kind.uses {
        let value = flags
            .iter()
            .find(|(given, _)| given == flag)
            .map(|(_, value)| value);
        // An empty text and a switch that is off are left out; a number that was given is sent, zero too.
        if let Some(value) = value.filter(|value| value.as_str() != Some("") && **value != false)
            && scope_key.as_deref() != Some(*key)
        {
            body.set(key, value.clone());
        }
    }
    if kind.resource.word == ROLE_BINDING.word
        && let (Some(key), Some(id)) = (scope_key, text_of(flags, "scope-id"))
    {
        let known = kind
            .uses
            .iter()
            .map(|(_, known)| *known)
            .find(|known| *known == key);
        body.set(known.unwrap_or("project_id"), id);
    }
    let place = match kind.resource.word {
        "agent" => path(&[
            "projects",
            &ctx.project(args.project_id.as_deref())?,
            "agents",
        ]),
        "session" => {
            body.set("project_id", session_project(ctx, args)?);
            path(&["sessions"])
        }
        _ => path(&[kind.resource.collection]),
    };
    Ok((place, body))
}

fn text_of<'f>(flags: &'f [(&'static str, Value)], flag: &str) -> Option<&'f str> {
    let found = flags.iter().find(|(given, _)| *given == flag);
    found.and_then(|(_, value)| value.as_str())
}

/// `--scope-id` fills the id that fits the scope.
fn scope_key(args: &Args) -> Result<Option<String>, Failure> {
    if args.scope_id.as_deref().unwrap_or_default().is_empty() {
        return Ok(None);
    }
    match args.scope.as_deref().unwrap_or_default() {
        scope @ ("project" | "agent" | "session" | "credential") => Ok(Some(format!("{scope}_id"))),
        scope => Err(Failure::usage(format!(
            "--scope-id not supported for scope \"{scope}\"; use the explicit FK flag"
        ))),
    }
}

fn session_project(ctx: &Ctx, args: &Args) -> Result<String, Failure> {
    let given = args.project_id.clone();
    let project = match given {
        Some(project) => Some(project),
        None => ctx.settings()?.project.value.clone(),
    };
    project
        .filter(|project| !project.is_empty())
        .ok_or_else(|| {
            Failure::usage("no project set; use --project-id or run 'acpctl project <name>' first")
        })
}

/// Makes the new project the current one. Where the file can't be written the project exists all
/// the same, so that is only said.
fn switch_to(ctx: &Ctx, name: &str, format: &Format) {
    if ctx.settings().is_ok_and(crate::config::Settings::is_local) && ctx.globals.local {
        return;
    }
    let saved = paths::config_file().map_err(String::from).and_then(|path| {
        let key = ctx.settings().map_err(|why| why.message)?.project_key();
        Config::update(&path, |config| config.set(key, Some(name.into())))
            .map(drop)
            .map_err(|why| why.to_string())
    });
    match saved {
        Err(why) => ctx
            .out
            .warn(&format!("the current project is unchanged: {why}")),
        Ok(()) => {
            let notice = format!("Switched to project \"{name}\"");
            // Only the text form has room for it: JSON must stay JSON.
            if matches!(format, Format::Table | Format::Wide) {
                let _ = ctx.out.line(&notice);
            } else {
                ctx.out.note(&notice);
            }
            if env::PROJECT.get().is_some() {
                ctx.out.warn("AMBIENT_PROJECT is set and stays in force");
            }
        }
    }
}

impl Args {
    /// The flags that were given, in the order of the warnings.
    fn flags(&self) -> Vec<(&'static str, Value)> {
        let text = |flag, value: &Option<String>| {
            value
                .as_ref()
                .map(|text| (flag, Value::from(text.as_str())))
        };
        let int = |flag, value: Option<i64>| value.map(|number| (flag, Value::from(number)));
        let switch = |flag, on: bool| on.then(|| (flag, Value::from(true)));
        [
            text("name", &self.name),
            text("prompt", &self.prompt),
            text("repo-url", &self.repo_url),
            text("model", &self.model),
            int("max-tokens", self.max_tokens),
            self.temperature
                .map(|number| ("temperature", whole_or_float(number))),
            int("timeout", self.timeout),
            text("display-name", &self.display_name),
            text("description", &self.description),
            text("project-id", &self.project_id),
            text("agent-id", &self.agent_id),
            int("agent-version", self.agent_version),
            text("owner-user-id", &self.owner_user_id),
            text("permissions", &self.permissions),
            text("user-id", &self.user_id),
            text("role-id", &self.role_id),
            text("scope", &self.scope),
            text("project-id-fk", &self.project_id_fk),
            text("agent-id-fk", &self.agent_id_fk),
            text("session-id-fk", &self.session_id_fk),
            text("credential-id-fk", &self.credential_id_fk),
            text("scope-id", &self.scope_id),
            text("source-repo-url", &self.source_repo_url),
            text("source-path", &self.source_path),
            text("source-target-revision", &self.source_target_revision),
            text("destination-project", &self.destination_project),
            text("destination-url", &self.destination_url),
            text("credential-id", &self.credential_id),
            switch("auto-sync", self.auto_sync),
            switch("auto-prune", self.auto_prune),
            switch("self-heal", self.self_heal),
            int("retry-limit", self.retry_limit.map(i64::from)),
            text("labels", &self.labels),
            text("annotations", &self.annotations),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A float as Go writes it: `1` for `1.0`.
fn whole_or_float(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked: a whole number below 1e15"
        )]
        return Value::from(number as i64);
    }
    Value::from(number)
}
