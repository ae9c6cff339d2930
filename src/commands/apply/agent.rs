//! Applies an agent (docs/interface/cli-resources.md section 8.7).

use anyhow::Context as _;

use super::diff::Change;
use super::document::Agent;
use super::raw::SeedMessage;
use super::writer::{Outcome, Writer, set_changed, set_fields, set_pairs};
use crate::api::Body;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{AGENT, INBOX_MESSAGE, PROJECT, Record};
use crate::text::acpctl;

pub(super) async fn apply(writer: &Writer<'_>, agent: &Agent) -> anyhow::Result<Outcome> {
    let name = agent.head.required_name()?;
    let named = writer.project_or(agent.project.as_deref())?;
    let is_planned = writer.is_planned(&PROJECT, named);
    let Some(project) = writer.project_id(named, is_planned).await? else {
        // The ID of a project is the name that it is created with.
        return create(writer, agent, name, named).await;
    };
    let Some(found) = find(writer, &project, named, name).await? else {
        return create(writer, agent, name, &project).await;
    };
    let mut body = Body::new();
    set_changed(&mut body, "prompt", agent.prompt.as_deref(), &found);
    set_fields(&mut body, &agent.fields, Some(&found));
    set_pairs(&mut body, &agent.head, Some(&found));
    let agents = Collection::agents(&project);
    let path = agents.item(found.id(), &[]);
    let outcome = writer.patch(&AGENT, &path, body, Some(&found)).await?;
    let inbox = agents.item(found.id(), &["inbox"]);
    seed(writer, &agent.inbox, &inbox, true).await?;
    Ok(outcome)
}

/// Looks up the project that an agent names.
pub(super) async fn check(writer: &Writer<'_>, agent: &Agent) -> anyhow::Result<()> {
    writer.check_project(agent.project.as_deref()).await
}

/// Finds the only agent of this name. The server allows several.
async fn find(
    writer: &Writer<'_>,
    id: &str,
    project: &str,
    name: &str,
) -> anyhow::Result<Option<Record>> {
    let agents = Collection {
        project: Some(project.to_owned()),
        ..Collection::agents(id)
    };
    let found = writer.by_name(&agents, name).await?;
    lookup::one(&AGENT, name, found).map_err(|failure| {
        let list = acpctl(&["agent", "list", "--project", project]);
        let hint = format!(
            "a manifest names an agent by its name: rename or delete all but one; see {list}"
        );
        failure.hint(hint).into()
    })
}

async fn create(
    writer: &Writer<'_>,
    agent: &Agent,
    name: &str,
    project: &str,
) -> anyhow::Result<Outcome> {
    let agents = Collection::agents(project);
    let mut body = Body::new();
    body.set("name", name);
    body.set("project_id", project);
    body.set_filled("prompt", agent.prompt.as_deref());
    set_fields(&mut body, &agent.fields, None);
    let created = writer.create(&AGENT, &agents.path, name, body).await?;
    let id = created.as_ref().map(Record::id);
    if id.is_some_and(str::is_empty) {
        let message = "the server's answer has no id for the agent";
        return Err(Failure::new(Kind::Server, message).into());
    }
    let id = id.unwrap_or_default();
    let mut pairs = Body::new();
    set_pairs(&mut pairs, &agent.head, None);
    let path = agents.item(id, &[]);
    writer.patch(&AGENT, &path, pairs, None).await?;
    let inbox = agents.item(id, &["inbox"]);
    seed(writer, &agent.inbox, &inbox, created.is_some()).await?;
    Ok(Outcome::Created)
}

/// Sends the messages of the manifest that are not in the inbox yet.
async fn seed(
    writer: &Writer<'_>,
    messages: &[SeedMessage],
    inbox: &str,
    agent_exists: bool,
) -> anyhow::Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let present = if agent_exists {
        let list = writer.client.list_all(&INBOX_MESSAGE, inbox).await;
        let list = list.context("list inbox messages")?;
        list.items.unwrap_or_default()
    } else {
        Vec::new()
    };
    let is_present = |message: &&SeedMessage| {
        present.iter().any(|present| {
            present.text("from_name") == message.from_name && present.text("body") == message.body
        })
    };
    for message in messages.iter().filter(|message| !is_present(message)) {
        let mut body = Body::new();
        body.set("agent_id", "");
        body.set("body", message.body.as_str());
        body.set_filled("from_name", Some(&message.from_name));
        let shown = |_: &Body| {
            let field = match message.from_name.as_str() {
                "" => "inbox message".to_owned(),
                from => format!("inbox message from {from}"),
            };
            vec![Change::added(field, &message.body)]
        };
        writer
            .create_shown_as(&INBOX_MESSAGE, inbox, &message.body, body, shown)
            .await?;
    }
    Ok(())
}
