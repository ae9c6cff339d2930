//! Who may use a credential: for `credential bindings` and for the screen.

use std::collections::HashMap;

use crate::api::{Client, ListOptions, equals};
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{AGENT, ROLE_BINDING, Record};

/// The role that lets sessions use a credential.
pub(crate) const VIEWER: &str = "credential:viewer";

/// A project or an agent that may use the credential.
pub(crate) struct Holder {
    pub project: String,
    /// `project`, `agent`, or `global` for everybody.
    pub kind: &'static str,
    pub target: String,
    /// The binding; `None` for an agent that inherits it from its project.
    pub binding: Option<Record>,
}

impl Holder {
    /// Returns the word for how the credential is held.
    #[must_use]
    pub(crate) fn state(&self) -> &'static str {
        match self.binding {
            Some(_) => "direct",
            None => "inherited",
        }
    }
}

/// Returns who may use the credential: by a binding of their own, or by that of their project.
///
/// # Errors
/// Those of the requests, except for the agents of a project that is not visible.
pub(crate) async fn of(client: &Client, credential: &str) -> anyhow::Result<Vec<Holder>> {
    if !lookup::can_be_id(credential) {
        return Err(Failure::usage("the credential has no usable ID").into());
    }
    let role = lookup::role(client, VIEWER).await?;
    let options = ListOptions {
        search: Some(equals("credential_id", credential)),
        ..ListOptions::default()
    };
    let path = Collection::global(&ROLE_BINDING).path;
    let bindings = client.list(&ROLE_BINDING, &path, &options).await?;
    let is_use = |binding: &&Record| {
        binding.text("credential_id") == credential
            && binding.text("role_id") == role.id()
            && binding.text("user_id").is_empty()
    };
    let (mut holders, mut projects) = (Vec::new(), Vec::new());
    for binding in bindings.items().iter().filter(is_use) {
        let (project, agent) = (binding.text("project_id"), binding.text("agent_id"));
        let (kind, target) = match (project, agent) {
            ("", "") => ("global", "*"),
            (project, "") => {
                projects.push(project.to_owned());
                ("project", project)
            }
            (_, agent) => ("agent", agent),
        };
        holders.push(Holder {
            project: project.to_owned(),
            kind,
            target: target.to_owned(),
            binding: Some(binding.clone()),
        });
    }
    let mut named: Vec<String> = holders.iter().map(|it| it.project.clone()).collect();
    named.sort();
    named.dedup();
    let mut own: HashMap<String, usize> = HashMap::new();
    for (at, holder) in holders.iter().enumerate() {
        if holder.kind == "agent" {
            own.entry(holder.target.clone()).or_insert(at);
        }
    }
    for project in named.iter().filter(|project| !project.is_empty()) {
        let agents = Collection::agents(project);
        let options = ListOptions {
            project: Some(project.clone()),
            ..ListOptions::default()
        };
        let agents = match client.list(&AGENT, &agents.path, &options).await {
            Ok(agents) => agents,
            // The agents of a project that is not visible stay IDs.
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        for agent in agents.items() {
            if let Some(at) = own.get(agent.id()) {
                agent.name_or_id().clone_into(&mut holders[*at].target);
            } else if projects.contains(project) {
                holders.push(Holder {
                    project: project.clone(),
                    kind: "agent",
                    target: agent.name_or_id().to_owned(),
                    binding: None,
                });
            }
        }
    }
    holders.sort_by(|a, b| (&a.project, b.kind, &a.target).cmp(&(&b.project, a.kind, &b.target)));
    Ok(holders)
}
