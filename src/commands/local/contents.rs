//! The content of the store, as the API lists it.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde_json::{Map, Value};

use crate::api::{Client, ListOptions, path};
use crate::failure::{Failure, Kind};
use crate::resources::{
    AGENT, CLUSTER, CREDENTIAL, POLICY, PROJECT, PROVIDER, ROLE, ROLE_BINDING, Record, Resource,
};
use crate::text::quote;

/// One document of a manifest.
pub(super) type ManifestDocument = Map<String, Value>;

/// The records from which the documents are written.
pub(super) struct Contents {
    pub projects: Vec<Record>,
    /// The agents of each project, in the order of the projects.
    pub agents: Vec<Record>,
    /// The providers and policies of each project.
    pub providers: Vec<Record>,
    pub policies: Vec<Record>,
    pub clusters: Vec<Record>,
    pub credentials: Vec<Record>,
    pub roles: Vec<Record>,
    pub bindings: Vec<Record>,
}

impl Contents {
    pub(super) async fn read(client: &Client) -> anyhow::Result<Self> {
        let projects = all(client, &PROJECT, "/projects").await?;
        let (mut agents, mut providers, mut policies) = (Vec::new(), Vec::new(), Vec::new());
        for (resource, found) in [
            (&AGENT, &mut agents),
            (&PROVIDER, &mut providers),
            (&POLICY, &mut policies),
        ] {
            for project in &projects {
                let api_path = path(&["projects", project.id(), resource.collection]);
                found.extend(all(client, resource, &api_path).await?);
            }
        }
        Ok(Self {
            projects,
            agents,
            providers,
            policies,
            clusters: all(client, &CLUSTER, "/clusters").await?,
            credentials: all(client, &CREDENTIAL, "/credentials").await?,
            roles: all(client, &ROLE, "/roles").await?,
            bindings: all(client, &ROLE_BINDING, "/role_bindings").await?,
        })
    }

    /// Refuses objects that share a name, because `apply` finds them by name.
    pub(super) fn refuse_twins(&self) -> Result<(), Failure> {
        let of_projects = [&self.agents, &self.providers, &self.policies];
        let agents = of_projects.into_iter().flatten().map(|record| {
            let (word, name) = (record.resource.word, quote(record.name()));
            let project = record.text("project_id");
            (format!("{word} {name} of project {project}"), record)
        });
        let credentials = self.credentials.iter().map(|credential| {
            (
                format!("credential {}", quote(credential.name())),
                credential,
            )
        });
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, record) in agents.chain(credentials) {
            if let Some(first) = seen.insert(name.clone(), record.id()) {
                let ids = format!("{first}, {}", record.id());
                return Err(Failure::new(
                    Kind::Conflict,
                    format!("several objects have the name of {name}: {ids}"),
                )
                .hint("a manifest knows objects by their names: rename or delete all but one"));
            }
        }
        Ok(())
    }

    pub(super) fn agent(&self, id: &str) -> Option<&Record> {
        self.agents.iter().find(|agent| agent.id() == id)
    }
}

/// Lists all objects of a resource.
pub(super) async fn all(
    client: &Client,
    resource: &'static Resource,
    api_path: &str,
) -> anyhow::Result<Vec<Record>> {
    // Overrides the configured project, which would narrow the list.
    let options = ListOptions {
        project: Some(String::new()),
        ..ListOptions::default()
    };
    let list = client.list(resource, api_path, &options).await;
    let list = list.with_context(|| format!("list {}", resource.plural()))?;
    Ok(list.items.unwrap_or_default())
}
