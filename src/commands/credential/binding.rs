//! Lets the sessions of a project, or of one agent, use a credential: through a role binding.

use anyhow::Context as _;

use crate::api::{self, Body, Client, ListOptions};
use crate::binding::{self, Grantee};
use crate::commands::outcome::{self, WriteArgs};
use crate::commands::server_mode::{self, ServerModeArgs, StrictArgs};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::Format;
use crate::output::prompt::{self, Choice};
use crate::resources::{AGENT, Candidates, KUBECONFIG, PROJECT, Record, can_name_project};
use crate::text::command::shell_word;
use crate::text::quote;
use crate::text::{acpctl, acpctl_for};

/// How many projects are offered.
const PROJECTS: i64 = 100;

/// The arguments of `bind` and `unbind`.
#[derive(Debug, clap::Args)]
pub(super) struct BindingArgs {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    pub credential: String,
    /// Only the sessions of this agent, by name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    #[command(flatten)]
    output: WriteArgs,
}

/// A verb on a binding, and its question for the project.
pub(super) struct Verb {
    word: &'static str,
    title: &'static str,
}

pub(super) const BIND: Verb = Verb {
    word: "bind",
    title: "Project whose sessions may use it",
};
pub(super) const UNBIND: Verb = Verb {
    word: "unbind",
    title: "Project whose sessions lose it",
};

impl Verb {
    /// Offers projects as [`ask_project`], and `none` as well.
    ///
    /// # Errors
    /// If the user cancels.
    pub(super) fn ask_or(&self, ctx: &Ctx, none: Choice) -> anyhow::Result<Option<String>> {
        ask_project(ctx, self.title, Some(none))
    }
}

/// The flag of `create` and `update` that binds the credential as well.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct BindArgs {
    /// Also let the sessions of this project use it (repeatable)
    #[arg(long = "bind", id = "bind", value_name = "PROJECT")]
    #[arg(add = Candidates::PROJECTS)]
    projects: Vec<String>,
}

impl BindArgs {
    /// Returns the flags that name these projects.
    pub(super) fn to(projects: Vec<String>) -> Self {
        Self { projects }
    }

    pub(super) fn projects(&self) -> &[String] {
        &self.projects
    }

    /// Refuses texts that can't name a project, before anything is sent.
    ///
    /// # Errors
    /// A usage failure.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.projects.iter().try_for_each(|project| {
            lookup::check("project name or ID", project)?;
            // The name of a project has no comma.
            let Some((first, second)) = project.split_once(',') else {
                return Ok(());
            };
            let message = format!("--bind takes one project, and gets {}", quote(project));
            let flags = [first, second].map(|name| format!("--bind {}", shell_word(name)));
            Err(Failure::usage(message).hint(format!("repeat the flag: {}", flags.join(" "))))
        })
    }

    /// Reports the bindings of a dry run.
    ///
    /// # Errors
    /// If standard output can't be written.
    pub(super) fn rehearse(&self, ctx: &Ctx, name: &str) -> anyhow::Result<()> {
        self.projects.iter().try_for_each(|project| {
            ctx.out.tell(&format!(
                "credential/{name} bound to project/{project} (dry run)"
            ))
        })
    }

    /// Finds the projects. Callers do that before they store a secret, so that a misspelled project stores nothing.
    ///
    /// # Errors
    /// If one of them does not exist.
    pub(super) async fn find(&self, client: &Client) -> anyhow::Result<Vec<(String, Grantee)>> {
        let mut found = Vec::new();
        for project in &self.projects {
            let grantee = find_grantee(client, project, None, "nothing was stored; ").await?;
            found.push((project.clone(), grantee));
        }
        Ok(found)
    }
}

/// Binds a stored credential to each project, and reports that: on standard output, or beside an object on standard
/// error.
///
/// # Errors
/// If the server refuses. The hint is the command that binds it later, since the credential is stored already.
pub(super) fn bind_each(
    ctx: &Ctx,
    credential: &Record,
    projects: &[(String, Grantee)],
    format: &Format,
) -> anyhow::Result<()> {
    let name = credential.name_or_id();
    for (project, grantee) in projects {
        let client = ctx.client()?;
        let bound = ctx.block_on(binding::bind(client, credential.id(), grantee));
        let (_, is_new) = bound.map_err(|error| {
            let failure = Failure::new(
                api::kind_of(&error),
                format!(
                    "credential/{name} is stored, but not bound to project/{project}: {error:#}"
                ),
            );
            failure.hint(acpctl_for(
                &["credential", "bind"],
                name,
                &["--project", project],
            ))
        })?;
        let already = if is_new { "" } else { "already " };
        let label = label_of_project(grantee, project);
        let sentence = format!("credential/{name} {already}bound to {label}");
        match format {
            Format::Table | Format::Wide => ctx.out.tell(&sentence)?,
            _ => ctx.out.aside(&sentence),
        }
        if credential.text("provider") == KUBECONFIG {
            let target = ServerModeArgs::default().find(ctx, Some(&grantee.project))?;
            server_mode::say(ctx, target, name, &StrictArgs::default())?;
        }
    }
    Ok(())
}

impl BindingArgs {
    /// Reads the output format and the project, and checks the name of the credential.
    ///
    /// # Errors
    /// If one of them is missing or wrong.
    pub(super) fn read(&self, ctx: &Ctx, verb: &Verb) -> anyhow::Result<(Format, String)> {
        Collection::credentials().check(&self.credential)?;
        let format = self.output.format(ctx)?;
        Ok((format, self.named_project(ctx, verb)?))
    }

    /// Finds the credential, and the project and the agent. The platform itself does not check that these two exist.
    ///
    /// # Errors
    /// If one of them does not exist.
    pub(super) async fn find(
        &self,
        client: &Client,
        project: &str,
    ) -> anyhow::Result<(Record, Grantee)> {
        let credentials = Collection::credentials();
        let given = &self.credential;
        let found = lookup::find_if_any(client, &credentials, given)
            .await
            .with_context(|| format!("look up credential {}", quote(given)))?;
        let Some(credential) = found else {
            return Err(lookup::not_found(client, &credentials, given).await.into());
        };
        let grantee = find_grantee(client, project, self.agent.as_deref(), "").await?;
        Ok((credential, grantee))
    }

    /// Returns the project, which must be named on the command line or, on a terminal, be chosen now. After a choice,
    /// shows the command line that makes it unnecessary.
    ///
    /// # Errors
    /// No project is named or chosen.
    fn named_project(&self, ctx: &Ctx, verb: &Verb) -> anyhow::Result<String> {
        let word = verb.word;
        let named = ctx.globals.project.as_deref();
        if let Some(project) = named.filter(|project| !project.is_empty()) {
            lookup::check("project name or ID", project)?;
            return Ok(project.to_owned());
        }
        let line = |project| {
            acpctl_for(
                &["credential", word],
                &self.credential,
                &["--project", project],
            )
        };
        if ctx.may_ask()
            && let Some(project) = self.ask_project(ctx, verb)?
        {
            let line = line(&project);
            ctx.out
                .note_as_is(&format!("The same without prompts:\n  {line}\n"));
            return Ok(project);
        }
        // A binding gives a secret to everybody in a project, so that one must be named.
        let current = ctx.settings()?.project.value.as_deref();
        let hint = match current {
            Some(current) => format!(
                "the current project is not taken unasked; to mean it: {}",
                line(current)
            ),
            None => {
                let projects = acpctl(&["get", "projects"]);
                format!("write {}; the projects: {projects}", line("PROJECT"))
            }
        };
        Err(Failure::usage("--project is required").hint(hint).into())
    }

    /// Offers the projects that the verb can be about.
    fn ask_project(&self, ctx: &Ctx, verb: &Verb) -> anyhow::Result<Option<String>> {
        if verb.word != UNBIND.word {
            return ask_project(ctx, verb.title, None);
        }
        let client = ctx.client()?;
        let given = &self.credential;
        let bound = ctx.block_on(async {
            let credential = lookup::credential(client, given).await;
            let credential =
                credential.with_context(|| format!("look up credential {}", quote(given)))?;
            let bindings = binding::all(client, credential.id()).await;
            bindings.context("list bindings")
        })?;
        let is_for_agent = self.agent.is_some();
        let mut ids: Vec<&str> = bound
            .iter()
            .filter(|binding| binding.text("agent_id").is_empty() != is_for_agent)
            .map(|binding| binding.text("project_id"))
            .filter(|project| !project.is_empty())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            let to = if is_for_agent {
                "an agent"
            } else {
                "a project"
            };
            let message = format!("credential {} is not bound to {to}", quote(given));
            let see = acpctl_for(&["credential", "bindings"], given, &[]);
            return Err(Failure::usage(message).hint(see).into());
        }
        let listed = projects(ctx)?;
        let name_of = |id: &str| {
            let project = listed.iter().find(|project| project.id() == id);
            project.map_or(id, Record::name_or_id).to_owned()
        };
        let choices: Vec<Choice> = ids.iter().map(|id| Choice::new(name_of(id), "")).collect();
        let chosen = prompt::select(verb.title, &choices, 0)?;
        Ok(Some(ids[chosen].to_owned()))
    }

    /// Names on a terminal the command that starts a session with the credential.
    pub(super) fn note_next_step(&self, ctx: &Ctx, project: &str, grantee: &Grantee) {
        if ctx.rehearses() || ctx.out.width_of_talk().is_none() {
            return;
        }
        let in_project = ["--project", project];
        let agent = match &self.agent {
            Some(agent) => Some(agent.clone()),
            None => an_agent(ctx, &grantee.project),
        };
        let next = match agent.as_deref() {
            Some("") => {
                let words = ["agent", "create", "--name", "NAME"];
                let create = acpctl(&[&words[..], &in_project].concat());
                format!("create an agent whose sessions use it: {create}")
            }
            agent => {
                let agent = agent.unwrap_or("AGENT");
                let start = acpctl_for(&["agent", "start"], agent, &in_project);
                format!("start a session with it: {start}")
            }
        };
        ctx.out.aside(&format!("Next: {next}"));
    }

    /// Names the grantee as results do: `agent/lead of project/team-a`.
    pub(super) fn label(&self, project: &str, grantee: &Grantee) -> String {
        self.of_project(label_of_project(grantee, project))
    }

    /// Names the grantee by the words that were given, whether it exists or not: `agent/lead of project/team-a`.
    pub(super) fn given(&self, project: &str) -> String {
        self.of_project(format!("project/{project}"))
    }

    fn of_project(&self, project: String) -> String {
        match &self.agent {
            Some(agent) => format!("agent/{agent} of {project}"),
            None => project,
        }
    }

    /// Names the grantee as errors do: `agent "lead" of project "team-a"`.
    pub(super) fn quoted(&self, project: &str) -> String {
        let project = quote(project);
        match &self.agent {
            Some(agent) => format!("agent {} of project {project}", quote(agent)),
            None => format!("project {project}"),
        }
    }
}

/// Returns `project/team-a`, with the ID if the project was given by another name.
fn label_of_project(grantee: &Grantee, given: &str) -> String {
    outcome::label_as_given(&PROJECT, given, &grantee.project)
}

/// Returns the name of an agent of the project; an empty one if the server says that the project has none, and `None`
/// if the server does not tell.
fn an_agent(ctx: &Ctx, project: &str) -> Option<String> {
    let options = ListOptions {
        limit: Some(1),
        project: Some(project.to_owned()),
        ..ListOptions::default()
    };
    let path = Collection::agents(project).path;
    let listed = ctx
        .client()
        .and_then(|client| ctx.block_on(async { Ok(client.list(&AGENT, &path, &options).await?) }));
    let items = listed.ok()?.items?;
    Some(items.first().map_or("", Record::name_or_id).to_owned())
}

/// Finds the project, and the agent if one is named. The hint of a failure begins with `so_far`.
async fn find_grantee(
    client: &Client,
    project: &str,
    agent: Option<&str>,
    so_far: &str,
) -> anyhow::Result<Grantee> {
    let found = lookup::project(client, project).await;
    let found = found.map_err(|error| or_create(error, project, so_far))?;
    let project = found.id().to_owned();
    let agent = match agent {
        None => None,
        Some(given) => {
            lookup::check("agent name or ID", given)?;
            let agent = lookup::agent(client, &project, given).await?;
            Some(agent.id().to_owned())
        }
    };
    Ok(Grantee { project, agent })
}

/// Names the command that creates a project which does not exist, unless a similar name is suggested already. If no
/// project can have the name, names the command that lists them.
fn or_create(error: anyhow::Error, project: &str, so_far: &str) -> anyhow::Error {
    let doing = format!("look up project {}", quote(project));
    match error.downcast::<Failure>() {
        Ok(failure) if failure.kind == Kind::NotFound && !has_suggestion(&failure) => {
            let hint = if can_name_project(project) {
                let create = acpctl(&["create", "project", "--name", project]);
                format!("if the project is new: {create}")
            } else {
                format!("those that exist: {}", acpctl(&["project", "list"]))
            };
            anyhow::Error::from(failure.hint(format!("{so_far}{hint}"))).context(doing)
        }
        Ok(mut failure) => {
            failure.hint = failure.hint.map(|hint| format!("{so_far}{hint}"));
            anyhow::Error::from(failure).context(doing)
        }
        Err(error) => error.context(doing),
    }
}

fn has_suggestion(failure: &Failure) -> bool {
    let hint = failure.hint.as_deref();
    hint.is_some_and(|hint| !hint.starts_with("no project "))
}

/// Lists projects to choose from: none if they can't be listed.
fn projects(ctx: &Ctx) -> anyhow::Result<Vec<Record>> {
    let client = ctx.client()?;
    let options = ListOptions {
        limit: Some(PROJECTS),
        ..ListOptions::default()
    };
    let listed = ctx.block_on(async { Ok(client.list(&PROJECT, "/projects", &options).await?) });
    Ok(listed.ok().and_then(|list| list.items).unwrap_or_default())
}

/// Prompts for a project until one is typed that exists, or that the user lets the program create. An empty text means
/// none.
fn type_project(ctx: &Ctx, title: &str) -> anyhow::Result<Option<String>> {
    let client = ctx.client()?;
    loop {
        let typed = prompt::text(title, "", |text| match text {
            "" => Ok(()),
            text => lookup::check("project name or ID", text).map_err(|failure| failure.message),
        })?;
        if typed.is_empty() {
            return Ok(None);
        }
        let missing = match ctx.block_on(lookup::project(client, &typed)) {
            Err(error) => api::kind_of(&error) == Kind::NotFound && can_name_project(&typed),
            // Another failure is reported by the look-up before the credential is stored.
            Ok(_) => false,
        };
        if !missing {
            return Ok(Some(typed));
        }
        let question = format!("There is no project {}. Create it now?", quote(&typed));
        if prompt::confirm(&question)? {
            let mut body = Body::new();
            body.set("name", typed.as_str());
            ctx.block_on(async {
                let created = client.create(&PROJECT, "/projects", body).await;
                created.context("create project")
            })?;
            ctx.out.aside(&format!("project/{typed} created"));
            return Ok(Some(typed));
        }
    }
}

/// Offers the projects whose sessions may use a credential, and `none` if it is given. If they can't be listed, prompts
/// for the name of one. Returns `None` for no project.
///
/// # Errors
/// If the user cancels.
fn ask_project(ctx: &Ctx, title: &str, none: Option<Choice>) -> anyhow::Result<Option<String>> {
    let listed = projects(ctx)?;
    let or_none = if none.is_some() { " (empty: none)" } else { "" };
    let mut offered: Vec<(Option<&str>, Choice)> = Vec::new();
    offered.extend(none.map(|choice| (None, choice)));
    for project in &listed {
        let choice = Choice::new(project.name_or_id(), project.text("description"));
        offered.push((Some(project.id()), choice));
    }
    if listed.is_empty() {
        return type_project(ctx, &format!("{title}{or_none}"));
    }
    let configured = ctx.settings()?.project.value.as_deref();
    let is_configured =
        |choice: &(Option<&str>, Choice)| Some(choice.1.text.as_str()) == configured;
    let start = offered.iter().position(is_configured).unwrap_or_default();
    let (ids, choices): (Vec<_>, Vec<_>) = offered.into_iter().unzip();
    let chosen = prompt::select(title, &choices, start)?;
    Ok(ids[chosen].map(str::to_owned))
}
