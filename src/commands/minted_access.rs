//! Minted credentials: the record on the platform is all that knows of an access in a cluster. A write that replaces
//! what the record knows, or deletes the record, would leave that access alive, and nothing would renew it or take it
//! back. So `credential revoke` comes first, unless the user insists.

use serde_json::{Map, Value};

use crate::api::Body;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::resources::{
    MINT_ANCHOR, MINT_ID, MINT_NAMESPACE, MINT_ROLE, MINT_TTL, Record, SERVER, annotation,
    is_minted,
};
use crate::text::{acpctl, acpctl_for, quote};

/// The annotations that lead to the access.
const MARK: [&str; 3] = [MINT_ID, MINT_NAMESPACE, MINT_ANCHOR];

/// What the user has said about the access of a credential that is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// `--force`: it may stay in the cluster.
    Given,
    /// Nothing yet, but a question follows.
    Asked,
    /// Nothing.
    None,
}

/// Returns the annotations that lead to the access of a credential; none if it was not minted.
#[must_use]
pub(crate) fn mark(record: &Record) -> Map<String, Value> {
    let all = [MARK.as_slice(), &[MINT_ROLE, MINT_TTL, SERVER]].concat();
    let keys = all.into_iter().filter(|_| is_minted(record));
    keys.map(|key| (key.to_owned(), annotation(record, key).into()))
        .collect()
}

/// Refuses to write fields over a stored credential that would not know of its access any more.
///
/// # Errors
/// [`Kind::Conflict`].
pub(crate) fn refuse_overwriting(stored: &Record, new: &Body) -> Result<(), Failure> {
    if !is_minted(stored) || keeps_mark(stored, new) {
        return Ok(());
    }
    let name = stored.name_or_id();
    Err(refusal(
        name,
        &acpctl_for(&["credential", "delete"], name, &["--force"]),
    ))
}

/// Returns the failure of a secret that was sent by the ID of a credential, and has taken the place of a minted one:
/// only the answer tells. The record still leads to the access.
#[must_use]
pub(crate) fn replaced(record: &Record) -> Failure {
    let name = record.name_or_id();
    let message = format!(
        "credential {} was minted, and its token is replaced: its access is still in the cluster, and sessions that use the credential will fail",
        quote(name)
    );
    let renew = acpctl_for(&["credential", "renew"], name, &[]);
    let revoke = acpctl_for(&["credential", "revoke"], name, &[]);
    Failure::new(Kind::Conflict, message).hint(format!(
        "give it a token again: {renew}; or take its access back: {revoke}"
    ))
}

/// True if the fields have the stored mark, or leave it as it is. A secret without a mark is not of the access.
fn keeps_mark(stored: &Record, new: &Body) -> bool {
    let Some((_, annotations)) = new.fields().find(|(key, _)| *key == "annotations") else {
        return new.secret("token").is_none();
    };
    let text = annotations.as_str().unwrap_or_default();
    let new: Value = serde_json::from_str(text).unwrap_or_default();
    MARK.iter()
        .all(|key| new[key].as_str().unwrap_or_default() == annotation(stored, key))
}

/// Refuses to delete a minted credential alone. If the user insists, or is asked next, says what stays.
///
/// # Errors
/// [`Kind::Conflict`].
pub(crate) fn check_deletion(
    ctx: &Ctx,
    given: &str,
    record: &Record,
    consent: Consent,
) -> Result<(), Failure> {
    if !is_minted(record) {
        return Ok(());
    }
    match consent {
        Consent::Given => ctx.out.note(&format!(
            "What is left of the access of credential/{given} stays in the cluster; to find it: {}",
            acpctl(&["credential", "list", "--orphans"])
        )),
        Consent::Asked => ctx.out.note(&format!(
            "The credential was minted, and deleting it leaves its access in the cluster; to take that back as well, answer no, then: {}",
            acpctl_for(&["credential", "revoke"], given, &[])
        )),
        Consent::None => {
            let delete = acpctl_for(&["credential", "delete"], given, &["--force"]);
            return Err(refusal(given, &delete));
        }
    }
    Ok(())
}

fn refusal(name: &str, delete: &str) -> Failure {
    let message = format!(
        "credential {} was minted: its access would stay in the cluster, and nothing could take it back",
        quote(name)
    );
    let revoke = acpctl_for(&["credential", "revoke"], name, &[]);
    Failure::new(Kind::Conflict, message).hint(format!(
        "take it back first: {revoke}; to leave it in the cluster nevertheless: {delete}"
    ))
}

/// Removes the minted credentials from those that are to be deleted without being named, and says so.
pub(crate) fn spare(ctx: &Ctx, records: &mut Vec<Record>) {
    let minted: Vec<Record> = records.extract_if(.., |record| is_minted(record)).collect();
    let Some(first) = minted.first() else {
        return;
    };
    let what = match minted.len() {
        1 => "1 minted credential, whose access".to_owned(),
        count => format!("{count} minted credentials, whose access"),
    };
    let revoke = acpctl_for(&["credential", "revoke"], first.name_or_id(), &[]);
    ctx.out.note(&format!(
        "Left out {what} would stay in the cluster; take it back: {revoke}"
    ));
}
