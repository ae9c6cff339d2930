//! Applying an agent (contract cli-resources.md section 8.7).

use anyhow::Context as _;

use super::diff::Change;
use super::document::{Document, Seed};
use super::run::{Outcome, Run, need_name, set_changed, set_pairs};
use crate::api::{Body, path};
use crate::compat::quote::quote;
use crate::failure::{Failure, Kind};
use crate::lookup::{self, Collection};
use crate::resources::{AGENT, INBOX_MESSAGE, PROJECT, Record};
use crate::text::acpctl;

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    need_name(document)?;
    let named = run.project_of(document)?;
    let Some(project) = project_id(run, named).await? else {
        // The id of a project is the name that it is made with.
        return create(run, document, named).await;
    };
    let agents = path(&["projects", &project, "agents"]);
    let Some(found) = find(run, &project, named, &document.name).await? else {
        return create(run, document, &project).await;
    };
    let mut body = Body::new();
    set_changed(&mut body, "prompt", &document.prompt, &found);
    set_pairs(&mut body, document, Some(&found));
    let place = format!("{agents}{}", path(&[found.id()]));
    let outcome = run.patch(&AGENT, &place, body, Some(&found)).await?;
    seed(run, &document.inbox, &format!("{place}/inbox"), true).await?;
    Ok(outcome)
}

/// The id of a project; nothing where it is only planned.
pub async fn project_id(run: &Run<'_>, project: &str) -> anyhow::Result<Option<String>> {
    let place = path(&["projects", project]);
    match run.client.get(&PROJECT, &place).await {
        Err(error) if error.is_not_found() && run.is_planned(&PROJECT, project) => Ok(None),
        found => {
            let found = found.with_context(|| format!("project {} not found", quote(project)))?;
            Ok(Some(found.id().to_owned()))
        }
    }
}

/// The one agent of this name. The server does not keep names apart.
async fn find(
    run: &Run<'_>,
    id: &str,
    project: &str,
    name: &str,
) -> anyhow::Result<Option<Record>> {
    let agents = Collection {
        project: Some(project.to_owned()),
        ..Collection::of_project(&AGENT, id)
    };
    let found = lookup::by_name(run.client, &agents, name).await?;
    lookup::one(&AGENT, name, found).map_err(|failure| {
        let list = acpctl(&["agent", "list"]);
        let hint = format!(
            "a manifest names an agent by its name: rename or delete all but one; see {list}"
        );
        failure.hint(hint).into()
    })
}

async fn create(run: &Run<'_>, document: &Document, project: &str) -> anyhow::Result<Outcome> {
    let agents = path(&["projects", project, "agents"]);
    let mut body = Body::new();
    body.set("name", document.name.as_str());
    body.set("project_id", project);
    body.set_filled("prompt", Some(&document.prompt));
    let made = run.create(&AGENT, &agents, &document.name, body).await?;
    let id = made.as_ref().map(Record::id);
    if id.is_some_and(str::is_empty) {
        let message = "the server's answer has no id for the agent";
        return Err(Failure::new(Kind::Server, message).into());
    }
    let place = format!("{agents}{}", path(&[id.unwrap_or_default()]));
    let mut pairs = Body::new();
    set_pairs(&mut pairs, document, None);
    run.patch(&AGENT, &place, pairs, None).await?;
    let inbox = format!("{place}/inbox");
    seed(run, &document.inbox, &inbox, made.is_some()).await?;
    Ok(Outcome::Created)
}

/// Sends the messages of the manifest that are not in the inbox.
async fn seed(
    run: &Run<'_>,
    seeds: &[Seed],
    inbox: &str,
    agent_is_there: bool,
) -> anyhow::Result<()> {
    if seeds.is_empty() {
        return Ok(());
    }
    let there = if agent_is_there {
        let list = run.client.list_all(&INBOX_MESSAGE, inbox).await;
        let list = list.context("list inbox messages")?;
        list.items.unwrap_or_default()
    } else {
        Vec::new()
    };
    let is_there = |seed: &&Seed| {
        there.iter().any(|message| {
            message.text("from_name") == seed.from_name && message.text("body") == seed.body
        })
    };
    for seed in seeds.iter().filter(|seed| !is_there(seed)) {
        let mut body = Body::new();
        body.set("agent_id", "");
        body.set("body", seed.body.as_str());
        body.set_filled("from_name", Some(&seed.from_name));
        let field = match seed.from_name.as_str() {
            "" => "inbox message".to_owned(),
            from => format!("inbox message from {from}"),
        };
        let shown = vec![Change::added(field, &seed.body)];
        run.create_as(&INBOX_MESSAGE, inbox, &seed.body, body, shown)
            .await?;
    }
    Ok(())
}
