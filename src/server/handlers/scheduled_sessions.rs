//! Scheduled sessions (docs/interface/api.md section 9.6). This server does not run them. Unlike the platform's,
//! they survive a restart.

use serde_json::json;

use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::ids;
use crate::server::kinds::{SCHEDULED_SESSION, SESSION};
use crate::server::list as lists;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::store::records::{self, Condition};

/// GET: lists all of the project. Like the platform, it ignores page, search and order.
pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let condition = Condition::equal("project_id", call.part("project"));
        let found = records::all(transaction, &SCHEDULED_SESSION, &condition)?;
        let items: Vec<_> = found.iter().map(ServerRecord::to_json).collect();
        let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Ok(Reply::ok(lists::envelope(
            &SCHEDULED_SESSION,
            1,
            total,
            &items,
        )))
    })
}

/// POST: creates a scheduled session. Ignores unknown keys and checks neither the schedule nor the time zone.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&SCHEDULED_SESSION, &call.body)?;
    let mut record = ServerRecord::new(&SCHEDULED_SESSION, ids::fresh());
    body::apply(&mut record, values);
    for name in ["name", "schedule"] {
        if record.text(name).is_empty() {
            return Err(ServerFailure::invalid(format!("{name} is required")));
        }
    }
    if record.text("timezone").is_empty() {
        record.set_text("timezone", "UTC");
    }
    record.set_text("project_id", call.part("project"));
    call.state
        .store()
        .write(|transaction| crud::insert(transaction, &record, call.fidelity()))?;
    Ok(Reply::created(record.to_json()))
}

pub(crate) fn suspend(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    enable(call, false)
}

pub(crate) fn resume(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    enable(call, true)
}

fn enable(call: &Call<'_>, enabled: bool) -> Result<Reply, ServerFailure> {
    crud::change(call, |_, record| {
        record.set("enabled", FieldValue::Bool(enabled));
        Ok(())
    })
}

/// POST …/trigger: answers that it was triggered; the platform does nothing more either.
pub(crate) fn trigger(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        crud::find(transaction, &SCHEDULED_SESSION, call.part("id"))?;
        Ok(Reply::ok(json!({"status": "triggered"})))
    })
}

/// GET …/runs: returns an empty list.
pub(crate) fn runs(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        crud::find(transaction, &SCHEDULED_SESSION, call.part("id"))?;
        Ok(Reply::ok(lists::envelope(&SESSION, 1, 0, &[])))
    })
}
