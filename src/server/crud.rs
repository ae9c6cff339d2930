//! Create, read, list, change and delete, as all kinds of records share them (docs/interface/api.md section 6).

use rusqlite::{Connection, Transaction};

use super::body::{self, Draft};
use super::call::Call;
use super::error::ServerFailure;
use super::fields::{DeleteUnknown, Kind};
use super::record::{FieldValue, ServerRecord};
use super::reply::Reply;
use super::state::Fidelity;
use super::store::records::{self, Condition};
use super::store::{self, StoreError};
use super::{ids, list as lists, time};

/// Lists the records of the route's kind.
pub(super) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    list_within(call, Condition::default())
}

/// Lists the records of the route's kind that meet a condition.
pub(super) fn list_within(call: &Call<'_>, within: Condition) -> Result<Reply, ServerFailure> {
    let kind = call.kind;
    call.state
        .store()
        .read(|transaction| lists::list(transaction, kind, within, &call.query, call.fidelity()))
}

/// Creates a record from the body.
pub(super) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    create_with(call, |_, _| Ok(()))
}

/// Creates a record from the body. `finish` completes the record within the same transaction, before it is written.
pub(super) fn create_with(
    call: &Call<'_>,
    finish: impl FnOnce(&Transaction<'_>, &mut ServerRecord) -> Result<(), ServerFailure>,
) -> Result<Reply, ServerFailure> {
    let draft = parse_body(call)?;
    let record = call.state.store().write(|transaction| {
        // Its time of creation is taken while nobody else writes: whoever sees it later sees every older one.
        let mut record = draft.into_record(call.kind, ids::fresh());
        finish(transaction, &mut record)?;
        insert(transaction, &record, call.fidelity())?;
        Ok::<_, ServerFailure>(record)
    })?;
    Ok(Reply::created(record.to_json()))
}

/// Parses the body of a request that creates a record of the route's kind.
pub(super) fn parse_body(call: &Call<'_>) -> Result<Draft, ServerFailure> {
    body::parse_create(call.kind, &call.body, call.fidelity() == Fidelity::Recorded)
}

/// Reads the record that the path names.
pub(super) fn get(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        find(transaction, call.kind, call.part("id")).map(|record| Reply::ok(record.to_json()))
    })
}

/// Changes the record that the path names, as the body says.
pub(super) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(call.kind, &call.body)?;
    change(call, |_, record| {
        body::apply(record, values);
        Ok(())
    })
}

/// Reads, changes and writes the record that the path names, in one step.
pub(super) fn change(
    call: &Call<'_>,
    change: impl FnOnce(&Transaction<'_>, &mut ServerRecord) -> Result<(), ServerFailure>,
) -> Result<Reply, ServerFailure> {
    call.state.store().write(|transaction| {
        let mut record = find(transaction, call.kind, call.part("id"))?;
        change(transaction, &mut record)?;
        save(transaction, &mut record, call.fidelity())?;
        Ok(Reply::ok(record.to_json()))
    })
}

/// Deletes the record that the path names.
pub(super) fn delete(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state
        .store()
        .write(|transaction| remove(transaction, call.kind, call.part("id"), call.fidelity()))
}

/// Returns the record with this id.
///
/// # Errors
/// 404 if there is none, or it was deleted.
pub(super) fn find(
    connection: &Connection,
    kind: &'static Kind,
    id: &str,
) -> Result<ServerRecord, ServerFailure> {
    records::get(connection, kind, id)?.ok_or_else(|| ServerFailure::not_found(kind.name, id))
}

/// Writes a new record.
///
/// # Errors
/// 409 if a value that must be unique is taken; 500 if the platform's database would refuse a value.
pub(super) fn insert(
    connection: &Connection,
    record: &ServerRecord,
    fidelity: Fidelity,
) -> Result<(), ServerFailure> {
    refuse_nul(record, "create", fidelity)?;
    records::insert(connection, record).map_err(|error| {
        if store::is_taken(&error) {
            ServerFailure::conflict(format!("This {} already exists", record.kind.name))
        } else {
            unable("create", record.kind, StoreError::from(error))
        }
    })
}

/// Writes a changed record and sets the time of its last change.
///
/// # Errors
/// As [`insert`].
pub(super) fn save(
    connection: &Connection,
    record: &mut ServerRecord,
    fidelity: Fidelity,
) -> Result<(), ServerFailure> {
    refuse_nul(record, "update", fidelity)?;
    record.updated_at = time::now();
    records::update(connection, record).map_err(|error| {
        if store::is_taken(&error) {
            let name = record.kind.name;
            ServerFailure::conflict(format!("Changes to {name} conflict with existing records"))
        } else {
            unable("update", record.kind, StoreError::from(error))
        }
    })
}

/// Deletes a record.
///
/// # Errors
/// 404 for an unknown id, if the platform answers so for this kind or if answers are corrected.
pub(super) fn remove(
    connection: &Connection,
    kind: &'static Kind,
    id: &str,
    fidelity: Fidelity,
) -> Result<Reply, ServerFailure> {
    let lenient = kind.delete_unknown == DeleteUnknown::Accepted && fidelity == Fidelity::Recorded;
    if records::delete(connection, kind, id)? || lenient {
        Ok(Reply::Deleted)
    } else {
        Err(ServerFailure::not_found(kind.name, id))
    }
}

/// A field that names another record.
pub(super) struct Reference {
    pub field: &'static str,
    /// The kind of the other record.
    pub kind: &'static Kind,
    /// The corrected refusal of an unknown record.
    pub unknown: &'static str,
}

/// Refuses a reference to an unknown record. A deleted record counts as known, and so does no reference.
pub(super) fn refuse_unknown(
    connection: &Connection,
    record: &ServerRecord,
    reference: &Reference,
    verb: &str,
    fidelity: Fidelity,
) -> Result<(), ServerFailure> {
    let Some(id) = record.optional_text(reference.field) else {
        return Ok(());
    };
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {} WHERE id = ?1)",
        reference.kind.table
    );
    let is_known: bool = connection
        .prepare_cached(&sql)?
        .query_row([id], |row| row.get(0))?;
    match (is_known, fidelity) {
        (true, _) => Ok(()),
        (false, Fidelity::Corrected) => Err(ServerFailure::invalid(reference.unknown)),
        (false, Fidelity::Recorded) => {
            let (table, field) = (record.kind.table, reference.field);
            let reason = format!(
                "pq: insert or update on table \"{table}\" violates foreign key constraint \"fk_{table}_{field}\""
            );
            Err(unable(verb, record.kind, reason))
        }
    }
}

/// Returns the failure `Unable to create Session: …`.
pub(super) fn unable(verb: &str, kind: &Kind, reason: impl std::fmt::Display) -> ServerFailure {
    ServerFailure::general(format!("Unable to {verb} {}: {reason}", kind.name))
}

/// Refuses a text with a NUL, which the platform's database cannot store.
fn refuse_nul(record: &ServerRecord, verb: &str, fidelity: Fidelity) -> Result<(), ServerFailure> {
    let field = record
        .kind
        .fields
        .iter()
        .zip(&record.values)
        .find(|(field, value)| {
            !field.secret && matches!(value, FieldValue::Text(text) if text.contains('\0'))
        });
    match (field, fidelity) {
        (None, _) => Ok(()),
        (Some(_), Fidelity::Recorded) => Err(unable(
            verb,
            record.kind,
            "pq: invalid byte sequence for encoding \"UTF8\": 0x00",
        )),
        (Some((field, _)), Fidelity::Corrected) => Err(ServerFailure::invalid(format!(
            "{} must not contain a NUL character",
            field.name
        ))),
    }
}
