//! Applying a credential (contract cli-resources.md section 8.8). It is looked up by id and then by
//! exact name, and made only if there is none; a secret that is there already is recognised by its
//! keyed digest (contract field.md rows 26 and 27).

use serde_json::Value;

use super::document::{Document, Pairs};
use super::run::{Outcome, Run, as_json, need_name, pairs_of, set_changed};
use super::secret::{self, Secret};
use crate::api::Body;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::resources::{CREDENTIAL, DIGEST, KUBECONFIG, OWN_ANNOTATIONS, Record, annotation};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    need_name(document)?;
    let all = Collection::credentials();
    match run.find(&all, &document.name).await? {
        Some(found) => update(run, document, &found).await,
        None => create(run, document).await,
    }
}

async fn create(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    if document.provider.is_empty() {
        return Err(Failure::new(Kind::Data, "validation failed: provider is required").into());
    }
    let mut body = Body::new();
    body.set("name", document.name.as_str());
    body.set("provider", document.provider.as_str());
    for (key, text) in texts(document) {
        body.set_filled(key, Some(text));
    }
    if let Some(labels) = &document.labels {
        body.set("labels", as_json(labels));
    }
    let annotations = annotations(document, Pairs::new(), document.secret.as_ref());
    if document.annotations.is_some() || !annotations.is_empty() {
        body.set("annotations", as_json(&annotations));
    }
    if let Some(secret) = &document.secret {
        body.set_secret("token", secret.text.clone());
    }
    run.create(&CREDENTIAL, "/credentials", &document.name, body)
        .await?;
    Ok(Outcome::Created)
}

async fn update(run: &Run<'_>, document: &Document, found: &Record) -> anyhow::Result<Outcome> {
    let provider = found.text("provider");
    if !document.provider.is_empty() && document.provider != provider {
        run.ctx.out.warn(&format!(
            "{}: the provider stays {provider}",
            document.place()
        ));
    }
    let secret = changed_secret(run, document, found)?;
    let mut body = Body::new();
    for (key, text) in texts(document) {
        set_changed(&mut body, key, text, found);
    }
    if let Some(labels) = &document.labels
        && pairs_of(found.text("labels")).as_ref() != Some(labels)
    {
        body.set("labels", as_json(labels));
    }
    // Annotations that are no pairs of texts are someone's: only the manifest replaces them.
    let stored = pairs_of(found.text("annotations"));
    if stored.is_some() || document.annotations.is_some() {
        let wanted = annotations(
            document,
            stored.clone().unwrap_or_default(),
            secret.as_ref(),
        );
        if Some(&wanted) != stored.as_ref() {
            body.set("annotations", as_json(&wanted));
        }
    }
    if let Some(secret) = secret {
        body.set_secret("token", secret.text);
    }
    let place = Collection::credentials().item(found.id(), &[]);
    run.patch(&CREDENTIAL, &place, body, Some(found)).await
}

/// The manifest's secret, unless the credential's digest tells that it holds it already.
fn changed_secret(
    run: &Run<'_>,
    document: &Document,
    found: &Record,
) -> Result<Option<Secret>, Failure> {
    let Some(mut secret) = document.secret.clone() else {
        return Ok(None);
    };
    // Only here is it known that a manifest without a provider holds a kubeconfig.
    if document.provider.is_empty() && found.text("provider") == KUBECONFIG {
        secret = secret::kubeconfig(
            run.ctx,
            document,
            run.trust,
            &secret.text,
            document.inline_path(),
        )?;
    }
    let digest = secret.annotations.get(DIGEST).and_then(Value::as_str);
    // A digest among annotations that are no pairs of texts is not kept up to date (see `update`).
    let is_kept = pairs_of(found.text("annotations")).is_some();
    let is_stored = is_kept && digest.is_some_and(|digest| digest == annotation(found, DIGEST));
    Ok(Some(secret).filter(|_| !is_stored))
}

fn texts(document: &Document) -> [(&'static str, &str); 3] {
    [
        ("description", &document.description),
        ("url", &document.url),
        ("email", &document.email),
    ]
}

/// The annotations to have: the manifest's, or those that are there, with ours on top.
fn annotations(document: &Document, stored: Pairs, secret: Option<&Secret>) -> Pairs {
    let is_ours = |key: &str| key.starts_with(OWN_ANNOTATIONS);
    let mut wanted = match &document.annotations {
        Some(given) => {
            let mut kept = stored;
            kept.retain(|key, _| is_ours(key));
            kept.extend(given.clone());
            kept
        }
        None => stored,
    };
    if let Some(secret) = secret {
        wanted.retain(|key, _| !is_ours(key));
        for (key, value) in &secret.annotations {
            let value = value.as_str().unwrap_or_default();
            wanted.insert(key.clone(), value.to_owned());
        }
    }
    wanted
}
