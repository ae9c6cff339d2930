//! Applying a credential (contract cli-resources.md section 8.8). It is looked up by id and then by
//! exact name, and made only if there is none; a secret that is there already is recognised by its
//! keyed digest (contract field.md rows 26 and 27).

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::api::Body;
use crate::commands::credential::{self, KubeconfigArgs};
use crate::digest;
use crate::exit::{Failure, Kind};
use crate::kubeconfig::OwnedSource;
use crate::resources::{CREDENTIAL, DIGEST, Record, annotation};

use super::document::{Document, Pairs};
use super::run::{Outcome, Run, as_json, pairs_of};

pub async fn apply(run: &Run<'_>, document: &Document) -> anyhow::Result<Outcome> {
    super::run::need_name(document)?;
    let secret = secret(run, document)?;
    match find(run, &document.name).await? {
        Some(found) => update(run, document, &found, secret).await,
        None => create(run, document, secret).await,
    }
}

/// The one credential of an id or exact name. Only a 404 means that there is none.
async fn find(run: &Run<'_>, name: &str) -> anyhow::Result<Option<Record>> {
    match run
        .client
        .get(&CREDENTIAL, &credential::path_of(name))
        .await
    {
        Err(error) if error.is_not_found() => {}
        other => return Ok(Some(other?)),
    }
    let found = credential::by_name(run.client, name, 100)
        .await
        .with_context(|| format!("search credentials for \"{name}\""))?;
    Ok(credential::one(name, &found)?.cloned())
}

/// A secret and what is known of it.
struct Secret {
    text: SecretString,
    /// Annotations of ours: the digest, and for a kubeconfig context, server and expiry.
    annotations: Map<String, Value>,
}

/// The manifest's secret; a kubeconfig is validated and cut as by `credential create`.
fn secret(run: &Run<'_>, document: &Document) -> Result<Option<Secret>, Failure> {
    let Some(token) = document
        .token
        .as_ref()
        .filter(|token| !token.expose_secret().is_empty())
    else {
        return Ok(None);
    };
    if document.provider == credential::KUBECONFIG {
        let source = OwnedSource {
            path: document.folder.join(document.place()),
            bytes: Zeroizing::new(token.expose_secret().as_bytes().to_vec()),
        };
        let prepared = KubeconfigArgs::default().prepare(run.ctx, &mut [source])?;
        return Ok(Some(Secret {
            text: prepared.text,
            annotations: prepared.annotations,
        }));
    }
    let digest = digest::keyed(token.expose_secret().as_bytes());
    let annotations = digest
        .map(|digest| (DIGEST.to_owned(), Value::from(digest)))
        .into_iter()
        .collect();
    Ok(Some(Secret {
        text: token.clone(),
        annotations,
    }))
}

async fn create(
    run: &Run<'_>,
    document: &Document,
    secret: Option<Secret>,
) -> anyhow::Result<Outcome> {
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
    let annotations = annotations(document, None, secret.as_ref());
    if document.annotations.is_some() || !annotations.is_empty() {
        body.set("annotations", as_json(&annotations));
    }
    if let Some(secret) = secret {
        body.set_secret("token", secret.text);
    }
    run.client.create(&CREDENTIAL, "/credentials", body).await?;
    Ok(Outcome::Created)
}

async fn update(
    run: &Run<'_>,
    document: &Document,
    found: &Record,
    secret: Option<Secret>,
) -> anyhow::Result<Outcome> {
    if !document.provider.is_empty() && document.provider != found.text("provider") {
        run.ctx.out.warn(&format!(
            "{}: the provider stays {}",
            document.place(),
            found.text("provider")
        ));
    }
    let mut body = Body::new();
    for (key, text) in texts(document) {
        run.set_changed(&mut body, key, text, found);
    }
    if let Some(labels) = &document.labels
        && *labels != pairs_of(found.text("labels"))
    {
        body.set("labels", as_json(labels));
    }
    let secret = secret.filter(|secret| {
        let digest = secret.annotations.get(DIGEST).and_then(Value::as_str);
        digest.is_none() || digest != Some(annotation(found, DIGEST).as_str())
    });
    let wanted = annotations(document, Some(found), secret.as_ref());
    if wanted != pairs_of(found.text("annotations")) {
        body.set("annotations", as_json(&wanted));
    }
    if let Some(secret) = secret {
        body.set_secret("token", secret.text);
    }
    run.patch(&CREDENTIAL, &credential::path_of(found.id()), body, None)
        .await
}

fn texts(document: &Document) -> [(&'static str, &str); 3] {
    [
        ("description", &document.description),
        ("url", &document.url),
        ("email", &document.email),
    ]
}

/// The annotations to have: the manifest's, or those that are there, with ours on top.
fn annotations(document: &Document, found: Option<&Record>, secret: Option<&Secret>) -> Pairs {
    let stored = found
        .map(|found| pairs_of(found.text("annotations")))
        .unwrap_or_default();
    let ours = |key: &String| key.starts_with("acpctl/");
    let mut wanted = match &document.annotations {
        Some(given) => {
            let mut kept: Pairs = stored.into_iter().filter(|(key, _)| ours(key)).collect();
            kept.extend(given.clone());
            kept
        }
        None => stored,
    };
    if let Some(secret) = secret {
        wanted.retain(|key, _| !ours(key));
        wanted.extend(
            secret
                .annotations
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))),
        );
    }
    wanted
}
