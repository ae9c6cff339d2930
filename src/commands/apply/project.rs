//! Applying a project (contract cli-resources.md section 8.6).

use crate::api::{Body, path};
use crate::resources::PROJECT;

use super::document::Document;
use super::run::{Outcome, Run};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    super::run::need_name(document)?;
    let place = path(&["projects", &document.name]);
    let found = match run.client.get(&PROJECT, &place).await {
        Err(error) if error.is_not_found() => None,
        other => Some(other?),
    };
    let Some(found) = found else {
        let mut body = Body::new();
        body.set_filled("description", Some(&document.description));
        body.set("name", document.name.as_str());
        body.set_filled("prompt", Some(&document.prompt));
        run.client.create(&PROJECT, "/projects", body).await?;
        let mut pairs = Body::new();
        run.set_pairs(&mut pairs, document, None);
        if !pairs.is_empty() {
            run.client.update(&PROJECT, &place, pairs).await?;
        }
        return Ok(Outcome::Created);
    };
    let mut body = Body::new();
    run.set_changed(&mut body, "description", &document.description, &found);
    run.set_changed(&mut body, "prompt", &document.prompt, &found);
    run.set_pairs(&mut body, document, Some(&found));
    run.patch(&PROJECT, &place, body, None).await
}
