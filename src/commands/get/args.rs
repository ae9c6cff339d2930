//! The arguments of `get`, and what they name.

use std::time::Duration;

use crate::commands::listing::ListArgs;
use crate::commands::named;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup::Collection;
use crate::resources::{
    Candidates, Resource, SESSION, find_or_project_agent, is_project_agent, unknown,
};

const EXAMPLES: &str = "acpctl get sessions
acpctl get project team-a -o json
acpctl get rb -o wide";

/// Display one or many resources
///
/// Resources: sessions, projects, agents, project-agents, project-settings, users, roles, role-bindings,
/// credentials, applications, providers, policies, clusters; singular and short forms are accepted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// IDs or names of objects
    #[arg(value_name = "NAME")]
    #[arg(add = Candidates::NamesOfKind)]
    names: Vec<String>,
    #[command(flatten)]
    pub list: ListArgs,
    /// Leave out names that do not exist
    #[arg(long)]
    pub ignore_not_found: bool,
    /// Sessions of all projects
    #[arg(short = 'A', long)]
    all_projects: bool,
    /// Only count the sessions in each phase
    #[arg(long, conflicts_with = "watch")]
    pub count: bool,
    /// Watch for changes
    #[arg(short, long)]
    pub watch: bool,
    /// Timeout for watch mode (e.g. 1h, 10m)
    #[arg(long, value_name = "DURATION", default_value = "30m0s", value_parser = number::duration, allow_hyphen_values = true)]
    pub watch_timeout: Duration,
    /// Project, by name or ID (default: the current project)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    project_id: Option<String>,
    /// Only sessions of the agent with this name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    project_agent: Option<String>,
}

impl Args {
    /// Returns the resource.
    ///
    /// # Errors
    /// If no resource has this word.
    pub fn resource(&self) -> Result<&'static Resource, Failure> {
        find_or_project_agent(&self.resource).ok_or_else(|| {
            unknown(
                &self.resource,
                "sessions, projects, project-agents, project-settings, users, agents, roles, role-bindings, credentials, applications, providers, policies, clusters",
            )
        })
    }

    /// Returns the names or IDs of the objects to show; none for a list.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns `--project-id`, unless it is empty.
    pub fn project_id(&self) -> Option<&str> {
        let given = self.project_id.as_deref();
        given.filter(|project| !project.is_empty())
    }

    /// Returns the agent whose sessions are listed; `None` if another list or object is shown.
    pub fn agent(&self, resource: &Resource) -> Option<&str> {
        let given = self.project_agent.as_deref();
        given.filter(|agent| !agent.is_empty() && resource.word == SESSION.word)
    }

    /// Returns the collection of the resource. With `--all-projects` its project is empty, which lists all projects.
    ///
    /// # Errors
    /// If flags exclude each other, or if a project is needed and none is set.
    pub fn collection(
        &self,
        ctx: &Ctx,
        resource: &'static Resource,
    ) -> Result<Collection, Failure> {
        if self.all_projects && (resource.word != SESSION.word || self.project_agent.is_some()) {
            return Err(Failure::usage("--all-projects is for a list of sessions"));
        }
        if is_project_agent(&self.resource)
            && self.project_id().is_none()
            && ctx.settings()?.project.value.is_none()
        {
            return Err(ctx.no_project("--project-id is required for project-agents"));
        }
        let mut collection = named::collection(ctx, resource, self.project_id())?;
        if self.all_projects {
            collection.project = Some(String::new());
        }
        Ok(collection)
    }
}
