//! Settings of projects (contract api.md section 9.7): each project has one at most, also after
//! it was deleted.

use rusqlite::Connection;

use super::sessions;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::PROJECT_SETTINGS;
use crate::server::record::ServerRecord;
use crate::server::reply::Reply;
use crate::server::state::Fidelity;

/// GET: lists the settings, of one project if the query or the header names one.
pub fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::list_within(call, sessions::within_project(call)?)
}

pub fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |connection, record| {
        refuse_unknown_project(connection, record, "create", call.fidelity())
    })
}

pub fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&PROJECT_SETTINGS, &call.body)?;
    crud::change(call, |connection, record| {
        body::apply(record, values);
        refuse_unknown_project(connection, record, "update", call.fidelity())
    })
}

/// Refuses an unknown project; a deleted project counts as known.
fn refuse_unknown_project(
    connection: &Connection,
    record: &ServerRecord,
    verb: &str,
    fidelity: Fidelity,
) -> Result<(), ServerFailure> {
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM projects WHERE id = ?1)")?
        .query_row([record.text("project_id")], |row| row.get(0))?;
    match (known, fidelity) {
        (true, _) => Ok(()),
        (false, Fidelity::Corrected) => Err(ServerFailure::invalid("the project does not exist")),
        (false, Fidelity::Recorded) => Err(crud::unable(
            verb,
            record.kind,
            "pq: insert or update on table \"project_settings\" violates foreign key constraint \
             \"fk_project_settings_project_id\"",
        )),
    }
}
