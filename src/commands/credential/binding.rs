//! Lets the sessions of a project, or of one agent, use a credential: through a role binding.

use anyhow::Context as _;

use crate::api::{Body, Client, Error, ListOptions, equals};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::resources::{Candidates, ROLE_BINDING, Record};
use crate::text::acpctl;

/// The role that lets sessions use a credential.
const VIEWER: &str = "credential:viewer";

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
    output: OutputArgs,
}

/// The sessions that may use a credential, by IDs.
pub(super) struct Grantee {
    project: String,
    /// One agent of the project, or `None` for the whole project.
    agent: Option<String>,
}

impl BindingArgs {
    /// Reads the output format and the project, and checks the name of the credential.
    ///
    /// # Errors
    /// If one of them is missing or wrong.
    pub(super) fn read<'c>(&self, ctx: &'c Ctx) -> Result<(Format, &'c str), Failure> {
        Collection::credentials().check(&self.credential)?;
        let format = self.output.format()?;
        Ok((format, named_project(ctx)?))
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
        let grantee = Grantee::find(client, project, self.agent.as_deref()).await?;
        Ok((credential, grantee))
    }

    /// Names the grantee as results do: `agent/lead of project/team-a`.
    pub(super) fn label(&self, project: &str) -> String {
        match &self.agent {
            Some(agent) => format!("agent/{agent} of project/{project}"),
            None => format!("project/{project}"),
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

impl Grantee {
    /// Returns the ID of the project.
    pub(super) fn project(&self) -> &str {
        &self.project
    }

    async fn find(client: &Client, project: &str, agent: Option<&str>) -> anyhow::Result<Self> {
        let found = lookup::project(client, project)
            .await
            .with_context(|| format!("look up project {}", quote(project)))?;
        let project = found.id().to_owned();
        let agent = match agent {
            None => None,
            Some(given) => {
                lookup::check("agent name or ID", given)?;
                let agent = lookup::agent(client, &project, given).await?;
                Some(agent.id().to_owned())
            }
        };
        Ok(Self { project, agent })
    }
}

/// Returns the project, which must be named on the command line.
///
/// # Errors
/// If it is not.
fn named_project(ctx: &Ctx) -> Result<&str, Failure> {
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

/// Binds a credential, by its ID, to a whole project, by its name or ID. An existing binding is left as it is.
///
/// # Errors
/// If there is no such project, or the server refuses.
pub(super) async fn bind_to_project(
    client: &Client,
    credential_id: &str,
    project: &str,
) -> anyhow::Result<()> {
    let grantee = Grantee::find(client, project, None).await?;
    bind(client, credential_id, &grantee).await.map(drop)
}

/// Binds a credential, by its ID. Returns the binding, and whether it is new.
///
/// # Errors
/// If the server refuses.
pub(super) async fn bind(
    client: &Client,
    credential_id: &str,
    grantee: &Grantee,
) -> anyhow::Result<(Record, bool)> {
    let role = lookup::role(client, VIEWER).await?;
    let mut body = Body::new();
    body.set("credential_id", credential_id);
    body.set("project_id", grantee.project.as_str());
    body.set_filled("agent_id", grantee.agent.as_deref());
    body.set("role_id", role.id());
    body.set("scope", "credential");
    match client.create(&ROLE_BINDING, "/role_bindings", body).await {
        Ok(binding) => Ok((binding, true)),
        // The server says that the binding exists. That is success once the binding was seen.
        Err(refusal) if refusal.status() == Some(409) => {
            let existing = bindings(client, credential_id, grantee).await;
            let mut existing = existing.unwrap_or_default().into_iter();
            match existing.find(|binding| binding.text("role_id") == role.id()) {
                Some(binding) => Ok((binding, false)),
                None => Err(refusal.into()),
            }
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Lists the bindings that let the grantee's sessions use a credential.
///
/// # Errors
/// Those of the request.
pub(super) async fn bindings(
    client: &Client,
    credential_id: &str,
    grantee: &Grantee,
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
            && binding.text("project_id") == grantee.project
            && binding.text("agent_id") == grantee.agent.as_deref().unwrap_or_default()
            && binding.text("user_id").is_empty()
            && binding.text("session_id").is_empty()
    });
    Ok(found)
}
