//! Applications (docs/interface/api.md section 9.7). This server does not synchronize them; it only
//! records the request to.

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::ids;
use crate::server::kinds::APPLICATION;
use crate::server::reply::Reply;

/// The fields that only the server sets on the platform with sandboxes, which ignores them in a body.
const STATUS: [&str; 8] = [
    "sync_status",
    "health_status",
    "sync_revision",
    "operation_phase",
    "operation_message",
    "resource_status",
    "conditions",
    "last_synced_at",
];

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let mut draft = crud::parse_body(call)?;
    if call.is_sandbox() {
        draft
            .values
            .retain(|(field, _)| !STATUS.contains(&field.name));
    }
    let record = draft.into_record(&APPLICATION, ids::fresh());
    call.state
        .store()
        .write(|transaction| crud::insert(transaction, &record, call.fidelity()))?;
    Ok(Reply::created(record.to_json()))
}

pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let mut values = body::parse_patch(&APPLICATION, &call.body)?;
    if call.is_sandbox() {
        values.retain(|(field, _)| !STATUS.contains(&field.name));
    }
    crud::change(call, |_, record| {
        body::apply(record, values);
        Ok(())
    })
}

pub(crate) fn sync(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, application| {
        application.set_text("operation_phase", "Running");
        Ok(())
    })
}

pub(crate) fn refresh(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, application| {
        application.set_text("sync_status", "Unknown");
        Ok(())
    })
}
