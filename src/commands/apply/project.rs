//! Applying a project (contract cli-resources.md section 8.6). Its id is the name that it was made with,
//! so a 404 proves that there is none (contract api.md section 9.1).

use super::document::Document;
use super::run::{Outcome, Run, need_name, set_changed, set_pairs};
use crate::api::{Body, path};
use crate::resources::PROJECT;

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    need_name(document)?;
    let place = path(&["projects", &document.name]);
    let found = match run.client.get(&PROJECT, &place).await {
        Err(error) if error.is_not_found() => return create(run, document, &place).await,
        other => other?,
    };
    let mut body = Body::new();
    set_changed(&mut body, "description", &document.description, &found);
    set_changed(&mut body, "prompt", &document.prompt, &found);
    set_pairs(&mut body, document, Some(&found));
    run.patch(&PROJECT, &place, body, Some(&found)).await
}

async fn create(run: &Run<'_>, document: &Document, place: &str) -> anyhow::Result<Outcome> {
    let mut body = Body::new();
    body.set_filled("description", Some(&document.description));
    body.set("name", document.name.as_str());
    body.set_filled("prompt", Some(&document.prompt));
    run.create(&PROJECT, "/projects", &document.name, body)
        .await?;
    let mut pairs = Body::new();
    set_pairs(&mut pairs, document, None);
    run.patch(&PROJECT, place, pairs, None).await?;
    Ok(Outcome::Created)
}
