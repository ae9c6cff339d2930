//! `acpctl credential bind`

use anyhow::Context as _;

use super::check;
use crate::api::{Body, Client, Error, ListOptions, equals};
use crate::commands::outcome;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::resources::{Candidates, ROLE, ROLE_BINDING, Record};
use crate::text::acpctl;

/// The role that lets a project's sessions use a credential.
const VIEWER: &str = "credential:viewer";

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a
# Only for the sessions of one agent
acpctl credential bind prod --project team-a --agent lead";

/// Let the sessions of a project use a credential
///
/// The project is named with --project; the configured one does not count. What is bound already stays bound.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Whose sessions may use the credential.
#[derive(Debug, clap::Args)]
pub struct TargetArgs {
    /// Only the sessions of this agent, by name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
}

/// The same as ids.
pub struct Target {
    pub project: String,
    /// One agent of the project; nothing for all of it.
    pub agent: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check(&args.credential)?;
    let format = args.output.format()?;
    let project = project(ctx)?;
    let client = ctx.client()?;
    let (binding, is_new) = ctx.block_on(async {
        let credential = find(client, &args.credential).await?;
        let target = args.target.find(client, project).await?;
        let bound = bind_to(client, credential.id(), &target).await;
        bound.with_context(|| {
            format!(
                "bind credential {} to {}",
                quote(&args.credential),
                args.target.words(&quote(project), quote)
            )
        })
    })?;
    let sentence = format!(
        "credential/{} {}bound to {}",
        args.credential,
        if is_new { "" } else { "already " },
        args.target.place(project)
    );
    outcome::done(ctx, &binding, &format, &sentence)
}

/// The project, which has to be named on the line.
///
/// # Errors
/// Where it is not.
pub fn project(ctx: &Ctx) -> Result<&str, Failure> {
    let named = ctx.globals.project.as_deref();
    let named = named.filter(|project| !project.is_empty());
    let project = named.ok_or_else(|| {
        Failure::usage("--project is required").hint(format!(
            "add --project NAME; the projects: {}",
            acpctl(&["get", "projects"])
        ))
    })?;
    lookup::check("project name or ID", project)?;
    Ok(project)
}

/// The credential that a binding is about.
///
/// # Errors
/// Where there is none.
pub async fn find(client: &Client, given: &str) -> anyhow::Result<Record> {
    let all = super::credentials();
    let found = lookup::find_if_any(client, &all, given)
        .await
        .with_context(|| format!("look up credential {}", quote(given)))?;
    match found {
        Some(found) => Ok(found),
        None => Err(lookup::not_found(client, &all, given).await.into()),
    }
}

impl TargetArgs {
    /// Looks up the project and the agent: the platform does not ask whether they exist.
    ///
    /// # Errors
    /// Where one does not.
    pub async fn find(&self, client: &Client, project: &str) -> anyhow::Result<Target> {
        let found = lookup::project(client, project)
            .await
            .with_context(|| format!("look up project {}", quote(project)))?;
        let project = found.id().to_owned();
        let agent = match self.agent.as_deref() {
            None => None,
            Some(given) => {
                lookup::check("agent name or ID", given)?;
                let agent = lookup::agent(client, &project, given).await?;
                Some(agent.id().to_owned())
            }
        };
        Ok(Target { project, agent })
    }

    /// As results name it: `agent/lead of project/team-a`.
    pub fn place(&self, project: &str) -> String {
        match &self.agent {
            Some(agent) => format!("agent/{agent} of project/{project}"),
            None => format!("project/{project}"),
        }
    }

    /// As errors name it: `agent "lead" of project "team-a"`.
    pub fn words(&self, project: &str, quoted: fn(&str) -> String) -> String {
        match &self.agent {
            Some(agent) => format!("agent {} of project {project}", quoted(agent)),
            None => format!("project {project}"),
        }
    }
}

/// Binds a credential, by its id, to a project, by its name or id; what is bound already stays bound.
///
/// # Errors
/// Where there is no such project, and where the server refuses.
pub async fn bind(client: &Client, credential_id: &str, project: &str) -> anyhow::Result<()> {
    let whole = TargetArgs { agent: None };
    let target = whole.find(client, project).await?;
    bind_to(client, credential_id, &target).await.map(drop)
}

/// Binds a credential. Gives the binding, and true where it is new.
async fn bind_to(
    client: &Client,
    credential_id: &str,
    target: &Target,
) -> anyhow::Result<(Record, bool)> {
    let role = viewer(client).await?;
    let mut body = Body::new();
    body.set("credential_id", credential_id);
    body.set("project_id", target.project.as_str());
    body.set_filled("agent_id", target.agent.as_deref());
    body.set("role_id", role.as_str());
    body.set("scope", "credential");
    match client.create(&ROLE_BINDING, "/role_bindings", body).await {
        Ok(binding) => Ok((binding, true)),
        // It is said to be there: seen, that is the wish fulfilled.
        Err(refusal) if refusal.status() == Some(409) => {
            let there = bindings(client, credential_id, target).await;
            let there = there.unwrap_or_default().into_iter();
            match there.into_iter().find(|it| it.text("role_id") == role) {
                Some(binding) => Ok((binding, false)),
                None => Err(refusal.into()),
            }
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The bindings that let the target's sessions use a credential.
///
/// # Errors
/// Where the list can't be had.
pub async fn bindings(
    client: &Client,
    credential_id: &str,
    target: &Target,
) -> Result<Vec<Record>, Error> {
    let options = ListOptions {
        search: Some(equals("credential_id", credential_id)),
        ..ListOptions::default()
    };
    let list = client
        .list(&ROLE_BINDING, "/role_bindings", &options)
        .await?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|binding| {
        binding.text("scope") == "credential"
            && binding.text("credential_id") == credential_id
            && binding.text("project_id") == target.project
            && binding.text("agent_id") == target.agent.as_deref().unwrap_or_default()
            && binding.text("user_id").is_empty()
            && binding.text("session_id").is_empty()
    });
    Ok(found)
}

/// The id of the role, which the server wants in place of its name.
async fn viewer(client: &Client) -> anyhow::Result<String> {
    let found = lookup::by_name(client, &Collection::global(&ROLE), VIEWER)
        .await
        .with_context(|| format!("look up role {}", quote(VIEWER)))?;
    let role = lookup::one(&ROLE, VIEWER, found)?;
    let role = role
        .ok_or_else(|| Failure::new(Kind::NotFound, format!("role {} not found", quote(VIEWER))))?;
    Ok(role.id().to_owned())
}
