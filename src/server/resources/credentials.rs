//! Credentials (contract api.md section 7). Names are not unique, any provider is taken, and the
//! token is kept apart, sealed.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;
use zeroize::Zeroizing;

use super::role_bindings;
use crate::server::AppState;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{DeleteUnknown, Field, Kind, text};
use crate::server::ids;
use crate::server::record::Value;
use crate::server::reply::Reply;
use crate::server::store::StoreError;

pub static CREDENTIAL: Kind = Kind {
    name: "Credential",
    table: "credentials",
    collection: "credentials",
    fields: &[
        text("name").required(),
        text("provider").required(),
        text(TOKEN).secret(),
        text("description"),
        text("url"),
        text("email"),
        text("labels"),
        text("annotations"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

const TOKEN: &str = "token";

/// POST: the caller becomes the owner.
pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut draft = crud::draft(call)?;
    let token = take_token(&mut draft.values);
    let record = draft.into_record(&CREDENTIAL, ids::fresh());
    call.state.store().write(|transaction| {
        crud::insert(transaction, &record, call.manners())?;
        if let Some(token) = token {
            set_token(call.state, transaction, &record.id, &token)?;
        }
        role_bindings::own(transaction, "credential", &record.id, call.manners())
    })?;
    Ok(Reply::created(record.to_json()))
}

/// PATCH: the token is sealed anew only when it is given.
pub fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut values = body::patch(&CREDENTIAL, &call.body)?;
    let token = take_token(&mut values);
    crud::change(call, |transaction, record| {
        body::apply(record, values);
        if let Some(token) = token {
            set_token(call.state, transaction, &record.id, &token)?;
        }
        Ok(())
    })
}

/// DELETE: the record stays, marked; the token does not. Bindings outlive the credential.
pub fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.part("id");
    call.state.store().write(|transaction| {
        let reply = crud::remove(transaction, &CREDENTIAL, id, call.manners())?;
        remove_token(transaction, id)?;
        Ok(reply)
    })
}

/// GET …/token: an empty text if none is set.
pub fn token(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.part("id");
    call.state.store().read(|transaction| {
        let record = crud::find(transaction, &CREDENTIAL, id)?;
        let token = match sealed_token(transaction, id)? {
            Some(envelope) => call.state.keys().open(transaction, id, &envelope)?,
            None => Zeroizing::default(),
        };
        Ok(Reply::ok(json!({
            "credential_id": id,
            "provider": record.text("provider"),
            "token": *token,
        })))
    })
}

/// Takes the token out of the fields to be written; the last one counts.
fn take_token(values: &mut Vec<(&'static Field, Value)>) -> Option<Zeroizing<String>> {
    let mut token = None;
    values.retain_mut(|(field, value)| {
        if !field.secret {
            return true;
        }
        if let Value::Text(text) = value {
            token = Some(Zeroizing::new(std::mem::take(text)));
        }
        false
    });
    token
}

/// Seals and keeps a token; an empty one is kept as none.
fn set_token(
    state: &AppState,
    connection: &Connection,
    id: &str,
    token: &str,
) -> Result<(), StoreError> {
    if token.is_empty() {
        return remove_token(connection, id);
    }
    let sealed = state.keys().seal(connection, id, token)?;
    connection
        .prepare_cached(
            "INSERT INTO credential_tokens (credential_id, sealed) VALUES (?1, ?2)
             ON CONFLICT (credential_id) DO UPDATE SET sealed = excluded.sealed",
        )?
        .execute((id, sealed))?;
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
