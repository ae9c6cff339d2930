//! Scheduled sessions (docs/interface/api.md section 9.6). This server starts one only when it is asked to. Like the
//! platform with sandboxes, and unlike the one with pods, it keeps them over a restart.

use serde_json::json;

use super::sessions;
use crate::cron::{self, Cron};
use crate::server::body;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::ids;
use crate::server::kinds::{SCHEDULED_SESSION, SESSION};
use crate::server::list as lists;
use crate::server::names::USER;
use crate::server::record::{FieldValue, ServerRecord};
use crate::server::reply::Reply;
use crate::server::store::messages;
use crate::server::store::records::{self, Condition};
use crate::server::time;

/// GET: lists all of the project. Like the platform, it ignores page, search and order.
pub(crate) fn list(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let condition = Condition::equal("project_id", call.part("project"));
        let found = records::all(transaction, &SCHEDULED_SESSION, &condition)?;
        let items: Vec<_> = found.iter().map(ServerRecord::to_json).collect();
        Ok(Reply::ok(lists::whole(&SCHEDULED_SESSION, &items)))
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
    if call.is_sandbox() {
        record.set_text("created_by_user_id", USER);
        settle(&mut record)?;
    }
    call.state
        .store()
        .write(|transaction| crud::insert(transaction, &record, call.fidelity()))?;
    Ok(Reply::created(record.to_json()))
}

/// PATCH: changes a scheduled session.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let values = body::parse_patch(&SCHEDULED_SESSION, &call.body)?;
    crud::change(call, |_, record| {
        body::apply(record, values);
        if call.is_sandbox() {
            settle(record)?;
        }
        Ok(())
    })
}

/// Checks the schedule as the platform with sandboxes does, and sets the time of the next run.
fn settle(record: &mut ServerRecord) -> Result<(), ServerFailure> {
    let cron = Cron::parse(record.text("schedule"))
        .map_err(|why| ServerFailure::invalid(format!("invalid cron expression: {why}")))?;
    let name = record.text("timezone");
    let zone = cron::zone(name).map_err(|()| {
        ServerFailure::invalid(format!("invalid timezone: unknown time zone {name}"))
    })?;
    if !["", "skip", "allow"].contains(&record.text("overlap_policy")) {
        return Err(ServerFailure::invalid(
            "overlap_policy must be 'skip' or 'allow'",
        ));
    }
    let next = zone.and_then(|zone| cron.next(time::now(), &zone));
    let is_enabled = record.get("enabled") == &FieldValue::Bool(true);
    record.set(
        "next_run_at",
        next.filter(|_| is_enabled)
            .map_or(FieldValue::Null, FieldValue::Time),
    );
    Ok(())
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
        if call.is_sandbox() {
            settle(record)?;
        }
        Ok(())
    })
}

/// POST …/trigger: starts a session, or skips it if one of the schedule is active. On the platform with pods it answers
/// that it was triggered, and does nothing more.
pub(crate) fn trigger(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let reply = call.state.store().write(|transaction| {
        let mut schedule = crud::find(transaction, &SCHEDULED_SESSION, call.part("id"))?;
        if !call.is_sandbox() {
            return Ok(Reply::ok(json!({"status": "triggered"})));
        }
        let of_schedule = Condition::equal("source_scheduled_session_id", schedule.id.clone());
        let active = of_schedule.and(Condition {
            sql: "phase IN ('Pending', 'Creating', 'Running')".to_owned(),
            values: Vec::new(),
        });
        let may_overlap = schedule.text("overlap_policy") == "allow";
        if !may_overlap && records::count(transaction, &SESSION, &active)? > 0 {
            return Ok(Reply::ok(json!({"status": "skipped"})));
        }
        let session = session_of(&schedule);
        crud::insert(transaction, &session, call.fidelity())?;
        if !session.text("prompt").is_empty() {
            messages::push(transaction, &session.id, "user", session.text("prompt"))?;
        }
        schedule.set("last_run_at", FieldValue::Time(time::now()));
        crud::save(transaction, &mut schedule, call.fidelity())?;
        Ok::<_, ServerFailure>(Reply::created(session.to_json()))
    })?;
    call.state.announce_messages();
    call.state.announce_sessions();
    Ok(reply)
}

/// Returns a new session of a schedule, which waits for its start.
fn session_of(schedule: &ServerRecord) -> ServerRecord {
    let now = time::now();
    let mut session = ServerRecord::new(&SESSION, ids::fresh());
    let name = format!("sched-{}-{}", schedule.text("name"), now.as_second());
    session.set_text("name", name);
    for (from, to) in [
        ("session_prompt", "prompt"),
        ("project_id", "project_id"),
        ("agent_id", "agent_id"),
        ("timeout", "timeout"),
        ("stop_on_run_finished", "stop_on_run_finished"),
    ] {
        session.set(to, schedule.get(from).clone());
    }
    session.set_text("source_scheduled_session_id", schedule.id.clone());
    session.set("scheduled_for", FieldValue::Time(now));
    session.set_text("created_by_user_id", USER);
    session.set_text("phase", "Pending");
    sessions::with_resource_name(session)
}

/// GET …/runs: lists the sessions that the schedule started; on the platform with pods there are none.
pub(crate) fn runs(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let schedule = crud::find(transaction, &SCHEDULED_SESSION, call.part("id"))?;
        let within = Condition::equal("source_scheduled_session_id", schedule.id);
        let found = records::all(transaction, &SESSION, &within)?;
        let items: Vec<_> = found.iter().map(ServerRecord::to_json).collect();
        Ok(Reply::ok(lists::whole(&SESSION, &items)))
    })
}
