//! Credentials (docs/interface/api.md section 7). Names need not be unique, any provider is accepted, and
//! the token is stored apart from the record, sealed.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use zeroize::Zeroizing;

use super::role_bindings;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::fields::Field;
use crate::server::ids;
use crate::server::kinds::CREDENTIAL;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::seal::{self, Purpose};
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// POST: creates a credential and makes the caller its owner.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let mut draft = crud::parse_body(call)?;
    let token = take_token(&mut draft.values);
    let record = call.state.store().write(|transaction| {
        // As in `crud::create_with`, so that the times of creation agree with the order of the writes.
        let record = draft.into_record(&CREDENTIAL, ids::fresh());
        crud::insert(transaction, &record, call.fidelity())?;
        if let Some(token) = token {
            set_token(call.state, transaction, &record, &token)?;
        }
        role_bindings::own(transaction, "credential", &record.id, call)?;
        Ok::<_, ServerFailure>(record)
    })?;
    Ok(Reply::created(record.to_json()))
}

/// PATCH: changes a credential. The token is sealed again only if the body sets it or what it is bound to.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let mut values = body::parse_patch(&CREDENTIAL, &call.body)?;
    let token = take_token(&mut values);
    crud::change(call, |transaction, record| {
        let before = record.clone();
        body::apply(record, values);
        let is_moved = |field| before.text(field) != record.text(field);
        if let Some(token) = token {
            set_token(call.state, transaction, record, &token)?;
        } else if (is_moved("provider") || is_moved("url"))
            && let Some(envelope) = sealed_token(transaction, &record.id)?
        {
            // The token is bound to both. A caller who may change them decides that the token is meant for the new
            // ones.
            let keys = call.state.keys();
            let token = keys.open(transaction, purpose(&before), &envelope)?;
            set_token(call.state, transaction, record, &token)?;
        }
        Ok(())
    })
}

/// DELETE: marks the record as deleted and removes its token for good. Role bindings remain.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let id = call.part("id");
    call.state.store().write(|transaction| {
        let reply = crud::remove(transaction, &CREDENTIAL, id, call.fidelity())?;
        remove_token(transaction, id)?;
        Ok(reply)
    })
}

/// GET …/token: returns the token; empty if none is set.
pub(crate) fn token(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let id = call.part("id");
    let (record, token, is_earlier) =
        call.state.store().read::<_, ServerFailure>(|transaction| {
            let record = crud::find(transaction, &CREDENTIAL, id)?;
            let Some(envelope) = sealed_token(transaction, id)? else {
                return Ok((record, Zeroizing::default(), false));
            };
            let keys = call.state.keys();
            let token = keys.open(transaction, purpose(&record), &envelope)?;
            Ok((record, token, seal::is_earlier(&envelope)))
        })?;
    if is_earlier {
        // The token is returned even if this fails.
        let _ = seal_again(call, id);
    }
    Ok(Reply::ok(json!({
        "credential_id": id,
        "provider": record.text("provider"),
        "token": *token,
    })))
}

/// Seals a token again that an earlier version sealed, so that it is bound to its provider and address too.
fn seal_again(call: &Call<'_>, id: &str) -> Result<(), ServerFailure> {
    call.state.store().write(|transaction| {
        let record = crud::find(transaction, &CREDENTIAL, id)?;
        if let Some(envelope) = sealed_token(transaction, id)?
            && seal::is_earlier(&envelope)
        {
            let keys = call.state.keys();
            let token = keys.open(transaction, purpose(&record), &envelope)?;
            set_token(call.state, transaction, &record, &token)?;
        }
        Ok(())
    })
}

/// Returns the purpose that a credential's token is bound to.
fn purpose(record: &ServerRecord) -> Purpose<'_> {
    Purpose {
        record: &record.id,
        provider: record.text("provider"),
        url: record.text("url"),
    }
}

/// Takes the token out of the values of a record; if there are several, the last counts.
fn take_token(values: &mut Vec<(&'static Field, FieldValue)>) -> Option<Zeroizing<String>> {
    let mut token = None;
    values.retain_mut(|(field, value)| {
        if !field.secret {
            return true;
        }
        if let FieldValue::Text(text) = value {
            token = Some(Zeroizing::new(std::mem::take(text)));
        }
        false
    });
    token
}

/// Seals and stores a token; an empty token removes the stored one.
fn set_token(
    state: &AppState,
    connection: &Connection,
    record: &ServerRecord,
    token: &str,
) -> Result<(), StoreError> {
    if token.is_empty() {
        return remove_token(connection, &record.id);
    }
    let sealed = state.keys().seal(connection, purpose(record), token)?;
    connection
        .prepare_cached(
            "INSERT INTO credential_tokens (credential_id, sealed) VALUES (?1, ?2)
             ON CONFLICT (credential_id) DO UPDATE SET sealed = excluded.sealed",
        )?
        .execute((&record.id, sealed))?;
    Ok(())
}

fn remove_token(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM credential_tokens WHERE credential_id = ?1")?
        .execute([id])?;
    Ok(())
}

fn sealed_token(connection: &Connection, id: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT sealed FROM credential_tokens WHERE credential_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?)
}
