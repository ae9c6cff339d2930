//! Stores a prepared credential, unless one of the same name is in the way.

use anyhow::Context as _;
use serde_json::Value;

use super::args::{Args, IfExists};
use super::prepare::NewCredential;
use crate::api::{self, Body, Cause, Client, Error};
use crate::commands::credential::merge;
use crate::commands::{minted_access, missing, outcome};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::provider;
use crate::lookup::{self, Collection};
use crate::output::note;
use crate::output::signals::Errand;
use crate::resources::{CREDENTIAL, DIGEST, Record, annotation};
use crate::text::quote;
use crate::text::{acpctl, acpctl_for};

/// The words about a signal between a creation and the second look.
const INTERRUPTED: [&str; 2] = [
    "Interrupted: first, it is checked that no other run has created the credential too; a second signal ends acpctl at once",
    "Ended at once: if another run has created the credential too, there are two of its name",
];

/// The effect on the credential.
pub(super) enum Effect {
    Created,
    Updated,
    Unchanged,
    Skipped,
}

impl Effect {
    /// The word for it in a result.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped: it exists",
        }
    }
}

/// Stores the credential. Returns it without its secret, and what happened to it.
///
/// # Errors
/// If another credential has the name, or the server refuses.
pub(super) fn send(
    ctx: &Ctx,
    args: &Args,
    new: &NewCredential,
) -> anyhow::Result<(Record, Effect)> {
    let client = ctx.client()?;
    let may_double = may_double(args, new);
    let (mut record, effect) = ctx.block_on(async {
        if may_meet(args, new) {
            let found = namesakes(client, &new.name).await?;
            if let Some(first) = found.first() {
                return meet(ctx, args, client, new, &found, first).await;
            }
        }
        // A minted credential stays: its account in the cluster exists already.
        let may_yield = may_meet(args, new) && !args.mint.is_given() && !client.rehearses();
        let (record, older) = create_once(ctx, client, new, may_yield).await?;
        match older {
            Some(older) => {
                let found = std::slice::from_ref(&older);
                meet(ctx, args, client, new, found, &older).await
            }
            None => Ok((record, Effect::Created)),
        }
    })?;
    outcome::refuse_nameless(&record, "create credential")
        .map_err(|failure| failure.hint(format!("see {}", acpctl(&["credential", "list"]))))?;
    record.remove("token");
    if may_double {
        doubt_double(ctx, client, &new.name, 1);
    }
    Ok((record, effect))
}

/// Creates the credential. If it may yield, looks again afterwards, and returns the older one that another run has
/// created, too. A signal in between does not leave two: it ends the program after the second look.
async fn create_once(
    ctx: &Ctx,
    client: &Client,
    new: &NewCredential,
    may_yield: bool,
) -> anyhow::Result<(Record, Option<Record>)> {
    let begin = || Errand::begin(INTERRUPTED, note).context("wait for signals");
    let errand = may_yield.then(begin).transpose()?;
    let digest = new.digest.as_deref();
    let record = create(client, &new.name, digest, new.body.clone()).await?;
    if !may_yield {
        return Ok((record, None));
    }
    let (older, is_alone) = yield_to_older(ctx, client, &new.name, &record).await;
    drop(errand);
    // Another run is about to delete its younger one. The next step of this job finds one of the name.
    if !is_alone {
        namesakes(client, &new.name).await.ok();
    }
    Ok((record, older))
}

/// Looks again for credentials of the name, since another run may have created one after the first look. The oldest
/// stays; a younger one of ours is deleted again, and the oldest is returned, as if it had been found at first. Also
/// returns true if no other one was seen.
async fn yield_to_older(
    ctx: &Ctx,
    client: &Client,
    name: &str,
    ours: &Record,
) -> (Option<Record>, bool) {
    let credentials = Collection::credentials();
    let found = match lookup::by_name(client, &credentials, name).await {
        Ok(found) => found,
        Err(error) => {
            ctx.out.warn(&format!(
                "cannot check whether another run has created credential {} too: {error:#}",
                quote(name)
            ));
            return (None, true);
        }
    };
    let is_alone = found.len() < 2;
    let age = |record: &Record| (lookup::created_at(record), record.id().to_owned());
    // The answer to the creation may give the time more precisely than the list.
    let listed = found.iter().find(|record| record.id() == ours.id());
    let own_age = age(listed.unwrap_or(ours));
    let oldest = found.into_iter().min_by_key(age);
    let Some(oldest) = oldest.filter(|oldest| age(oldest) < own_age) else {
        return (None, is_alone);
    };
    if let Err(error) = missing::delete_found(client, &credentials, ours.id()).await {
        ctx.out.warn(&format!(
            "another run has created credential {} too, and the second one can't be deleted ({error:#}): {}",
            quote(name),
            acpctl_for(&["credential", "delete"], ours.id(), &["--yes"])
        ));
    }
    (Some(oldest), false)
}

/// True if a stored credential of the same name is looked for.
pub(super) fn may_meet(args: &Args, new: &NewCredential) -> bool {
    (new.is_kubeconfig || args.if_exists.is_some()) && !args.allow_duplicate
}

/// True if a second credential of a name is created, as by the Go tool, though nobody asked for it.
fn may_double(args: &Args, new: &NewCredential) -> bool {
    !may_meet(args, new) && !args.allow_duplicate
}

/// Warns if a new credential is not the only one of its name. `own` is the number of credentials of that name that the
/// run has created. If the look-up fails, there is no warning: the credential exists nevertheless.
fn doubt_double(ctx: &Ctx, client: &Client, name: &str, own: usize) {
    let credentials = Collection::credentials();
    let look = async { Ok(lookup::by_name(client, &credentials, name).await?) };
    let Ok(found) = ctx.block_on(look) else {
        return;
    };
    if found.len() > own {
        let are = if own == 0 { "would then be" } else { "are now" };
        let count = found.len() - own + 1;
        ctx.out.warn(&format!(
            "there {are} {count} credentials of the name {}, so that only IDs tell them apart ({list}); add --if-exists update or skip, or --allow-duplicate",
            quote(name),
            list = acpctl(&["credential", "list", "-o", "wide"])
        ));
    }
}

/// Tells what [`send`] would do, for a dry run. Without a login it sends no request.
///
/// # Errors
/// If another credential has the name, or the server does not answer.
pub(super) fn foresee(ctx: &Ctx, args: &Args, new: &NewCredential) -> anyhow::Result<Effect> {
    if !may_meet(args, new) && !may_double(args, new) {
        return Ok(Effect::Created);
    }
    let client = match ctx.client() {
        Ok(client) => client,
        Err(error) if api::kind_of(&error) == Kind::Login => return Ok(Effect::Created),
        Err(_) if may_double(args, new) => return Ok(Effect::Created),
        Err(error) => return Err(error),
    };
    if may_double(args, new) {
        doubt_double(ctx, client, &new.name, 0);
        return Ok(Effect::Created);
    }
    let found = ctx.block_on(namesakes(client, &new.name))?;
    let Some(first) = found.first() else {
        return Ok(Effect::Created);
    };
    let (stored, effect) = decide(args, new, &found, first)?;
    if let Effect::Updated = effect {
        check_update(ctx, args, &stored, new)?;
    }
    Ok(effect)
}

/// Decides about credentials of the same name, of which `first` is the first, and writes over the one to be updated.
async fn meet(
    ctx: &Ctx,
    args: &Args,
    client: &Client,
    new: &NewCredential,
    found: &[Record],
    first: &Record,
) -> anyhow::Result<(Record, Effect)> {
    match decide(args, new, found, first)? {
        (stored, Effect::Updated) => {
            check_update(ctx, args, &stored, new)?;
            let record = overwrite(client, &stored, &new.body).await?;
            Ok((record, Effect::Updated))
        }
        decided => Ok(decided),
    }
}

/// Decides what to do about credentials of the same name. Returns the one that stays or is to be updated.
///
/// # Errors
/// If the name is taken.
pub(super) fn decide(
    args: &Args,
    new: &NewCredential,
    found: &[Record],
    first: &Record,
) -> anyhow::Result<(Record, Effect)> {
    let is_same = |record: &Record| {
        let digest = new.digest.as_deref();
        digest.is_some_and(|digest| annotation(record, DIGEST) == digest)
            && merge::holds(record, &new.body)
    };
    match args.if_exists {
        Some(IfExists::Skip) => {
            check_provider(first, &new.body)?;
            Ok((first.clone(), Effect::Skipped))
        }
        None if found.len() == 1 && is_same(first) => Ok((first.clone(), Effect::Unchanged)),
        Some(IfExists::Update) => {
            let stored = only(&new.name, found)?;
            let effect = if is_same(&stored) {
                Effect::Unchanged
            } else {
                Effect::Updated
            };
            Ok((stored, effect))
        }
        None if args.mint.is_given() => Err(taken(&new.name, first).into()),
        None | Some(IfExists::Error) => Err(already_exists(new, found, first).into()),
    }
}

/// Refuses a name for a credential that is minted: it never takes the place of another one.
pub(super) fn taken(name: &str, first: &Record) -> Failure {
    let message = format!("credential {} already exists ({})", quote(name), first.id());
    Failure::new(Kind::Conflict, message).hint(format!(
        "renew it ({}), or choose another --name",
        acpctl_for(&["credential", "renew"], name, &[])
    ))
}

fn already_exists(new: &NewCredential, found: &[Record], first: &Record) -> Failure {
    let name = &new.name;
    let message = format!("credential {} already exists ({})", quote(name), first.id());
    let failure = Failure::new(Kind::Conflict, message);
    let stored = first.text("provider");
    if provider::refuse_other(name, stored, &new.provider).is_err() {
        return failure.hint(format!(
            "it is of the provider {stored}: choose another --name"
        ));
    }
    // Among several credentials of the name, only the ID tells which one to update.
    let target = if found.len() == 1 { name } else { first.id() };
    let update = acpctl_for(&["credential", "update"], target, &["--from-file", "PATH"]);
    failure.hint(format!(
        "change it ({update}), add --if-exists update or skip, or choose another --name"
    ))
}

/// Returns the only one of these credentials. If there are several, the error lists them.
fn only(name: &str, found: &[Record]) -> anyhow::Result<Record> {
    let one = lookup::one(&CREDENTIAL, name, found.to_vec())?;
    one.ok_or_else(|| {
        let message = format!("credential {} is gone", quote(name));
        Failure::new(Kind::NotFound, message).into()
    })
}

/// Writes the new secret and fields over a stored credential.
async fn overwrite(client: &Client, stored: &Record, new: &Body) -> anyhow::Result<Record> {
    let mut body = Body::new();
    for (key, value) in new.fields() {
        let text = value.as_str().unwrap_or_default();
        match key {
            "name" | "provider" => {}
            "annotations" => {
                let Value::Object(own) = serde_json::from_str(text).unwrap_or_default() else {
                    continue;
                };
                let merged = merge::replace_own(stored.text("annotations"), own)?;
                body.set("annotations", merged);
            }
            _ => body.set(key, value.clone()),
        }
    }
    if let Some(secret) = new.secret("token") {
        body.set_secret("token", secret.clone());
    }
    let path = Collection::credentials().item(stored.id(), &[]);
    let updated = client.update(&CREDENTIAL, &path, body).await;
    updated.context("update credential")
}

/// Checks a change of a stored credential before it is sent.
fn check_update(
    ctx: &Ctx,
    args: &Args,
    stored: &Record,
    new: &NewCredential,
) -> anyhow::Result<()> {
    check_provider(stored, &new.body)?;
    minted_access::refuse_overwriting(stored, &new.body)?;
    merge::doubt_context(ctx, args.consent(), stored, new.taken.as_ref())
}

/// Refuses to store a secret of another provider over a credential.
fn check_provider(stored: &Record, new: &Body) -> Result<(), Failure> {
    let given = new.fields().find(|(key, _)| *key == "provider");
    let Some(given) = given.and_then(|(_, value)| value.as_str()) else {
        return Ok(());
    };
    provider::refuse_other(stored.name(), stored.text("provider"), given)
        .map_err(|failure| failure.hint("choose another --name"))
}

/// Lists the credentials of this name, the oldest first, once runs at the same time have settled theirs. The server
/// does not keep names unique, but a second credential of a name makes every later look-up by that name fail.
pub(super) async fn namesakes(client: &Client, name: &str) -> anyhow::Result<Vec<Record>> {
    lookup::settled(client, &Collection::credentials(), name)
        .await
        .with_context(|| format!("look up credential {}", quote(name)))
}

/// Creates the credential. If the answer is lost, the credential may exist nevertheless: it is looked up by its digest
/// before the failure is reported.
async fn create(
    client: &Client,
    name: &str,
    digest: Option<&str>,
    body: Body,
) -> anyhow::Result<Record> {
    match client.create(&CREDENTIAL, "/credentials", body).await {
        Err(error) if may_have_arrived(&error) => match find_stored(client, name, digest).await {
            Some(record) => Ok(record),
            None => Err(anyhow::Error::from(error).context("create credential")),
        },
        other => other.context("create credential"),
    }
}

/// True if the request may have reached the server although its answer did not arrive.
fn may_have_arrived(error: &Error) -> bool {
    matches!(
        error,
        Error::Transport {
            cause: Cause::Closed | Cause::Timeout,
            ..
        } | Error::Body(_)
            | Error::Html(_)
            | Error::Unproven(_)
    )
}

async fn find_stored(client: &Client, name: &str, digest: Option<&str>) -> Option<Record> {
    let digest = digest?;
    let found = lookup::by_name(client, &Collection::credentials(), name)
        .await
        .ok()?;
    found
        .into_iter()
        .find(|record| annotation(record, DIGEST) == digest)
}
