//! The credentials that the sessions of some agents get, read once for all of them.

use std::cell::OnceCell;

use crate::api::Client;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::Record;
use crate::runner::resolve::{self, Candidate, RunnerTarget};
use crate::session_helper::fetch::{self, Grants};

/// What decides about the credentials of the agents' sessions. The first question reads it.
pub(crate) struct Bound<'a> {
    client: &'a Client,
    agents: Vec<String>,
    project: OnceCell<String>,
    /// `None` if nothing is bound to any of these agents.
    grants: OnceCell<Option<Grants>>,
}

impl<'a> Bound<'a> {
    /// Takes the IDs of the agents. Nothing is read yet.
    pub(crate) fn to(client: &'a Client, agents: Vec<String>) -> Self {
        Self {
            client,
            agents,
            project: OnceCell::new(),
            grants: OnceCell::new(),
        }
    }

    /// Returns the ID of the agents' project, which may be given by its name.
    ///
    /// # Errors
    /// The project can't be found; the next question looks for it again.
    pub(crate) fn project_id(&self, ctx: &Ctx, given: &str) -> anyhow::Result<&str> {
        if self.project.get().is_none() {
            let found = ctx.block_on(lookup::project(self.client, given))?;
            let _ = self.project.set(found.id().to_owned());
        }
        Ok(self.project.get().map_or("", String::as_str))
    }

    /// Returns all candidates for a session of one of the agents.
    ///
    /// # Errors
    /// The bindings can't be read; the next question reads them again.
    pub(crate) fn candidates(
        &self,
        ctx: &Ctx,
        target: &RunnerTarget,
    ) -> anyhow::Result<Vec<Candidate>> {
        if self.grants.get().is_none() {
            let read = ctx.block_on(self.read(&target.project))?;
            let _ = self.grants.set(read);
        }
        match self.grants.get() {
            Some(Some(grants)) => Ok(grants.candidates(target)?),
            _ => Ok(Vec::new()),
        }
    }

    /// Returns a credential that was read with the candidates.
    pub(crate) fn credential(&self, id: &str) -> Option<&Record> {
        let grants = self.grants.get()?.as_ref()?;
        grants.credentials.iter().find(|it| it.id() == id)
    }

    async fn read(&self, project: &str) -> anyhow::Result<Option<Grants>> {
        let target = |agent: &String| RunnerTarget {
            project: project.to_owned(),
            agent: agent.clone(),
        };
        let targets: Vec<RunnerTarget> = self.agents.iter().map(target).collect();
        let bindings = fetch::bindings(self.client).await?;
        let is_bound = targets
            .iter()
            .any(|target| bindings.iter().any(|it| resolve::reaches(target, it)));
        if !is_bound {
            return Ok(None);
        }
        Grants::load(self.client, bindings, &targets)
            .await
            .map(Some)
    }
}
