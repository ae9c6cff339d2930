//! Applying an agent (contract cli-resources.md section 8.7).

use anyhow::Context as _;
use serde_json::Value;

use crate::api::{Body, Error, Method, Request, equals, path};
use crate::compat::quote::quote;
use crate::resources::{AGENT, INBOX_MESSAGE, List, PROJECT};

use super::document::Document;
use super::run::{Outcome, Run};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    super::run::need_name(document)?;
    let found = run
        .client
        .get(&PROJECT, &path(&["projects", &run.project]))
        .await;
    let project = found.with_context(|| format!("project {} not found", quote(&run.project)))?;
    let id = project.id().to_owned();
    let agents = path(&["projects", &id, "agents"]);
    let list = run
        .client
        .find(
            &AGENT,
            &agents,
            &equals("name", &document.name),
            &run.project,
        )
        .await?;
    let found = list
        .items
        .unwrap_or_default()
        .into_iter()
        .find(|agent| agent.name() == document.name);
    let (agent, outcome) = match found {
        Some(found) => {
            let mut body = Body::new();
            run.set_changed(&mut body, "prompt", &document.prompt, &found);
            run.set_pairs(&mut body, document, Some(&found));
            let place = format!("{agents}{}", path(&[found.id()]));
            let outcome = run.patch(&AGENT, &place, body, Some(&run.project)).await?;
            (found.id().to_owned(), outcome)
        }
        None => (create(run, document, &id, &agents).await?, Outcome::Created),
    };
    seed(
        run,
        document,
        &format!("{agents}{}", path(&[&agent, "inbox"])),
    )
    .await?;
    Ok(outcome)
}

async fn create(
    run: &Run<'_>,
    document: &Document,
    project: &str,
    agents: &str,
) -> anyhow::Result<String> {
    let mut body = Body::new();
    body.set("name", document.name.as_str());
    body.set("project_id", project);
    body.set_filled("prompt", Some(&document.prompt));
    let request = Request::new(Method::Post, agents)
        .body(body)
        .project(&run.project);
    let created = run.client.fetch(&AGENT, &request).await?;
    let mut pairs = Body::new();
    run.set_pairs(&mut pairs, document, None);
    if !pairs.is_empty() {
        let place = format!("{agents}{}", path(&[created.id()]));
        run.patch(&AGENT, &place, pairs, Some(&run.project)).await?;
    }
    Ok(created.id().to_owned())
}

/// Sends the messages of the manifest that are not in the inbox.
async fn seed(run: &Run<'_>, document: &Document, inbox: &str) -> anyhow::Result<()> {
    if document.inbox.is_empty() {
        return Ok(());
    }
    let answer = run
        .client
        .send(&Request::get(inbox).project(&run.project))
        .await
        .context("list inbox messages")?;
    let value: Value = if answer.body.is_empty() {
        Value::Null
    } else {
        crate::compat::json::parse(&answer.body).map_err(Error::Decode)?
    };
    let list = if value.is_null() {
        None
    } else {
        Some(List::decode(&INBOX_MESSAGE, &value).map_err(Error::Decode)?)
    };
    for seed in &document.inbox {
        let there = list.as_ref().is_some_and(|list| {
            list.items().iter().any(|message| {
                message.text("from_name") == seed.from_name && message.text("body") == seed.body
            })
        });
        if !there {
            let mut body = Body::new();
            body.set("agent_id", "");
            body.set("body", seed.body.as_str());
            body.set_filled("from_name", Some(&seed.from_name));
            let request = Request::new(Method::Post, inbox)
                .body(body)
                .project(&run.project);
            run.client.fetch(&INBOX_MESSAGE, &request).await?;
        }
    }
    Ok(())
}
