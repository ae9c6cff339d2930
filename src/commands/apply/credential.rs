//! Applies a credential (docs/interface/cli-resources.md section 8.8). It is looked up by ID and then by its exact
//! name, and created only if neither exists. A keyed digest tells whether the server has the secret already.

use serde_json::Value;

use super::document::Credential;
use super::secret::{self, Secret};
use super::writer::{Outcome, Writer, set_changed};
use crate::api::Body;
use crate::commands::minted_access;
use crate::commands::moved_context;
use crate::commands::pairs::{Pairs, as_json, pairs_of};
use crate::failure::{Failure, Kind};
use crate::intake::gate::NO_SECRET;
use crate::intake::provider;
use crate::lookup::Collection;
use crate::resources::{CREDENTIAL, DIGEST, KUBECONFIG, OWN_ANNOTATIONS, Record, annotation};
use crate::text::{acpctl_for, quote};

pub(super) async fn apply(
    writer: &Writer<'_>,
    credential: &Credential,
    secret: Option<&Secret>,
) -> anyhow::Result<Outcome> {
    let name = credential.head.required_name()?;
    match writer.find(&Collection::credentials(), name).await? {
        Some(found) => update(writer, credential, secret, &found).await,
        None => create(writer, credential, name, secret).await,
    }
}

async fn create(
    writer: &Writer<'_>,
    credential: &Credential,
    name: &str,
    secret: Option<&Secret>,
) -> anyhow::Result<Outcome> {
    let Some(provider) = credential.provider.as_deref() else {
        return Err(credential.head.invalid("provider is required").into());
    };
    let mut body = Body::new();
    body.set("name", name);
    body.set("provider", provider);
    for (key, text) in texts(credential) {
        body.set_filled(key, text);
    }
    if let Some(labels) = &credential.head.labels {
        body.set("labels", as_json(labels));
    }
    let annotations = annotations(credential, Pairs::new(), secret);
    if credential.head.annotations.is_some() || !annotations.is_empty() {
        body.set("annotations", as_json(&annotations));
    }
    match secret {
        Some(secret) => body.set_secret("token", secret.text.clone()),
        None => doubt_missing(writer, credential)?,
    }
    let path = Collection::credentials().path;
    writer.create(&CREDENTIAL, &path, name, body).await?;
    Ok(Outcome::Created)
}

/// Warns about a new credential without a secret, unless the user accepts it.
///
/// # Errors
/// With `--strict`, [`Kind::Policy`].
fn doubt_missing(writer: &Writer<'_>, credential: &Credential) -> Result<(), Failure> {
    let args = writer.args;
    if args.trust.allow.iter().any(|code| code == NO_SECRET) {
        return Ok(());
    }
    let label = &credential.head.label;
    let what = "it has neither token nor tokenFrom, so sessions get no secret from it";
    if !args.strict {
        writer.ctx.out.warn(&format!("{label}: {what}"));
        return Ok(());
    }
    Err(
        Failure::new(Kind::Policy, format!("{what} (--strict)")).hint(format!(
            "add token or tokenFrom; to store it without a secret, add --allow {NO_SECRET}"
        )),
    )
}

async fn update(
    writer: &Writer<'_>,
    credential: &Credential,
    secret: Option<&Secret>,
    found: &Record,
) -> anyhow::Result<Outcome> {
    check_provider(writer, credential, secret, found)?;
    let secret = changed_secret(writer, credential, secret, found)?;
    if let Some(secret) = &secret {
        refuse_move(writer, found, secret)?;
    }
    let mut body = Body::new();
    for (key, text) in texts(credential) {
        set_changed(&mut body, key, text, found);
    }
    if let Some(labels) = &credential.head.labels
        && pairs_of(found.text("labels")).as_ref() != Some(labels)
    {
        body.set("labels", as_json(labels));
    }
    // Annotations that are not pairs of texts were written by somebody else: only the manifest's own replace them.
    let stored = pairs_of(found.text("annotations"));
    if stored.is_some() || credential.head.annotations.is_some() {
        let wanted = annotations(
            credential,
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
    minted_access::refuse_overwriting(found, &body)?;
    let path = Collection::credentials().item(found.id(), &[]);
    writer.patch(&CREDENTIAL, &path, body, Some(found)).await
}

/// Refuses a secret of another provider than the stored one. Without a secret, warns that the provider stays.
fn check_provider(
    writer: &Writer<'_>,
    credential: &Credential,
    secret: Option<&Secret>,
    found: &Record,
) -> Result<(), Failure> {
    let Some(given) = credential.provider.as_deref() else {
        return Ok(());
    };
    let stored = found.text("provider");
    let Err(refusal) = provider::refuse_other(found.name_or_id(), stored, given) else {
        return Ok(());
    };
    if secret.is_some() {
        let delete = acpctl_for(&["credential", "delete"], found.name_or_id(), &[]);
        return Err(refusal.hint(format!("choose another name, or delete it first: {delete}")));
    }
    let label = &credential.head.label;
    let warning = format!("{label}: the provider stays {stored}");
    writer.ctx.out.warn(&warning);
    Ok(())
}

/// Returns the manifest's secret, unless the digest shows that the credential holds it already.
fn changed_secret(
    writer: &Writer<'_>,
    credential: &Credential,
    secret: Option<&Secret>,
    found: &Record,
) -> Result<Option<Secret>, Failure> {
    let Some(mut secret) = secret.cloned() else {
        return Ok(None);
    };
    // If the manifest names no provider, the credential on the server is the first to say that this is a kubeconfig.
    if credential.provider.is_none() && found.text("provider") == KUBECONFIG {
        let path = credential.path_without_file();
        secret = secret::kubeconfig(
            writer.ctx,
            credential,
            &writer.args.trust,
            &secret.text,
            path,
        )?;
    }
    let digest = secret.annotations.get(DIGEST).and_then(Value::as_str);
    // A digest among annotations that are not pairs of texts may be outdated, since `update` leaves those alone.
    let is_current = pairs_of(found.text("annotations")).is_some();
    let is_stored = is_current && digest.is_some_and(|digest| digest == annotation(found, DIGEST));
    Ok(Some(secret).filter(|_| !is_stored))
}

/// Refuses a kubeconfig whose context the manifest does not name, if it leads elsewhere than the stored one.
fn refuse_move(writer: &Writer<'_>, found: &Record, secret: &Secret) -> anyhow::Result<()> {
    let choose = |context: &str| format!("add context: {} to the document", quote(context));
    moved_context::judge(writer.ctx, found, secret.taken.as_ref(), false, choose)
}

fn texts(credential: &Credential) -> [(&'static str, Option<&str>); 3] {
    [
        ("description", credential.description.as_deref()),
        ("url", credential.url.as_deref()),
        ("email", credential.email.as_deref()),
    ]
}

/// Returns the annotations to store: those of the manifest, or else the stored ones, and in both cases those that
/// describe the secret.
fn annotations(credential: &Credential, stored: Pairs, secret: Option<&Secret>) -> Pairs {
    let is_own = |key: &str| key.starts_with(OWN_ANNOTATIONS);
    let mut wanted = match &credential.head.annotations {
        Some(given) => {
            let mut kept = stored;
            kept.retain(|key, _| is_own(key));
            kept.extend(given.clone());
            kept
        }
        None => stored,
    };
    if let Some(secret) = secret {
        wanted.retain(|key, _| !is_own(key));
        for (key, value) in &secret.annotations {
            let value = value.as_str().unwrap_or_default();
            wanted.insert(key.clone(), value.to_owned());
        }
    }
    wanted
}
