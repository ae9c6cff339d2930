//! From a name or an id to one agent: an exact name first, else the id.

use anyhow::Context as _;

use crate::api::{Client, Error, Request, equals, path};
use crate::compat::quote::quote;
use crate::exit::{Failure, Kind};
use crate::resources::{AGENT, Record};

/// The path of a project's agents.
pub fn agents(project: &str) -> String {
    path(&["projects", project, "agents"])
}

/// The path of one agent, or of something below it.
pub fn agent(project: &str, below: &[&str]) -> String {
    format!("{}{}", agents(project), path(below))
}

/// Refuses an empty argument.
///
/// # Errors
/// In the Go tool's words.
pub fn check(given: &str) -> Result<(), Failure> {
    if given.is_empty() {
        return Err(Failure::usage("agent name or ID is required"));
    }
    crate::commands::named::check_identifier("agent name or ID", given)
}

/// Finds an agent; the error is the server's.
pub async fn find(client: &Client, project: &str, given: &str) -> anyhow::Result<Record> {
    let list = match client
        .find(&AGENT, &agents(project), &equals("name", given), project)
        .await
    {
        Err(error) if error.is_not_found() => Vec::new(),
        other => other?.items.unwrap_or_default(),
    };
    let mut named: Vec<Record> = list
        .into_iter()
        .filter(|agent| agent.name() == given)
        .collect();
    match named.len() {
        0 => Ok(client
            .fetch(
                &AGENT,
                &Request::get(agent(project, &[given])).project(project),
            )
            .await?),
        1 => Ok(named.remove(0)),
        _ => {
            let ids: Vec<&str> = named.iter().map(Record::id).collect();
            let message = format!(
                "multiple agents named {} found ({}); use the agent ID instead",
                quote(given),
                ids.join(", ")
            );
            Err(Failure::new(Kind::Conflict, message).into())
        }
    }
}

/// The same for commands that go on with it: what is missing is said in the Go tool's words, and
/// only what is missing (there, every failure reads so).
pub async fn resolve(client: &Client, project: &str, given: &str) -> anyhow::Result<Record> {
    match find(client, project, given).await {
        Err(error)
            if error
                .downcast_ref::<Error>()
                .is_some_and(Error::is_not_found) =>
        {
            Err(Failure::new(
                Kind::NotFound,
                format!(
                    "agent {} not found in project {}",
                    quote(given),
                    quote(project)
                ),
            )
            .into())
        }
        other => other.with_context(|| format!("resolve agent {}", quote(given))),
    }
}
