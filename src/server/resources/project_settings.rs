//! Settings of projects (contract api.md section 9.7): one for each project, for ever.

use rusqlite::Connection;

use super::sessions;
use crate::server::Manners;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::Failure;
use crate::server::fields::{DeleteUnknown, Kind, text};
use crate::server::record::Record;
use crate::server::reply::Reply;

pub static PROJECT_SETTINGS: Kind = Kind {
    name: "ProjectSettings",
    table: "project_settings",
    collection: "project_settings",
    fields: &[
        text("project_id").required(),
        text("group_access"),
        text("repositories"),
    ],
    delete_unknown: DeleteUnknown::Accepted,
};

/// GET: those of one project, if the query or the header names it.
pub fn list(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::list_within(call, sessions::within_project(call)?)
}

pub fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    crud::create_with(call, |connection, record| {
        refuse_unknown_project(connection, record, "create", call.manners())
    })
}

pub fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let values = body::patch(&PROJECT_SETTINGS, &call.body)?;
    crud::change(call, |connection, record| {
        body::apply(record, values);
        refuse_unknown_project(connection, record, "update", call.manners())
    })
}

/// A deleted project still counts.
fn refuse_unknown_project(
    connection: &Connection,
    record: &Record,
    verb: &str,
    manners: Manners,
) -> Result<(), Failure> {
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM projects WHERE id = ?1)")?
        .query_row([record.text("project_id")], |row| row.get(0))?;
    match (known, manners) {
        (true, _) => Ok(()),
        (false, Manners::Corrected) => Err(Failure::invalid("the project does not exist")),
        (false, Manners::Recorded) => Err(crud::unable(
            verb,
            record.kind,
            "pq: insert or update on table \"project_settings\" violates foreign key constraint \
             \"fk_project_settings_project_id\"",
        )),
    }
}
