//! Settings of projects (docs/interface/api.md section 9.7): each project has one at most, also after
//! it was deleted.

use super::sessions;
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud::{self, Reference};
use crate::server::error::ServerFailure;
use crate::server::kinds::{PROJECT, PROJECT_SETTINGS};
use crate::server::reply::Reply;

/// GET: lists the settings, of one project if the query or the header names one.
pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::list_within(call, sessions::within_project(call)?)
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::create_with(call, |connection, record| {
        crud::refuse_unknown(connection, record, &PROJECT_ID, "create", call.fidelity())
    })
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&PROJECT_SETTINGS, &call.body)?;
    crud::change(call, |connection, record| {
        body::apply(record, values);
        crud::refuse_unknown(connection, record, &PROJECT_ID, "update", call.fidelity())
    })
}

/// The project that the settings belong to.
const PROJECT_ID: Reference = Reference {
    field: "project_id",
    kind: &PROJECT,
    unknown: "the project does not exist",
};
