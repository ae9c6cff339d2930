//! Scheduled sessions (docs/interface/api.md section 9.6). Like the platform with sandboxes, and unlike the one with
//! pods, this server keeps them over a restart. Their times are the matter of `due`.

use jiff::Timestamp;
use rusqlite::Transaction;
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
use crate::server::store::StoreError;
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
    change(call, |record| {
        body::apply(record, values);
    })
}

/// Changes a schedule. The next run is planned afresh only if its time may be another one, so that a run that is due in
/// this moment is not lost.
fn change(call: &Call<'_>, change: impl FnOnce(&mut ServerRecord)) -> Result<Reply, ServerFailure> {
    let timing = |record: &ServerRecord| {
        ["schedule", "timezone", "enabled"].map(|name| record.get(name).clone())
    };
    crud::change(call, |_, record| {
        let before = (timing(record), record.get("next_run_at").clone());
        change(record);
        if call.is_sandbox() {
            settle(record)?;
        } else {
            // A server that keeps schedules plans it when it sees it.
            record.set("next_run_at", FieldValue::Null);
        }
        if timing(record) == before.0 && before.1 != FieldValue::Null {
            record.set("next_run_at", before.1);
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
    record.set("next_run_at", time_or_null(next.filter(|_| is_enabled)));
    Ok(())
}

/// Sets the time of the next run after `now`; none if the schedule can't be read.
pub(crate) fn advance(record: &mut ServerRecord, now: Timestamp) {
    let cron = Cron::parse(record.text("schedule")).ok();
    let zone = cron::zone(record.text("timezone")).ok().flatten();
    let next = cron
        .zip(zone)
        .and_then(|(cron, zone)| cron.next(now, &zone));
    record.set("next_run_at", time_or_null(next));
}

/// Sets and stores the time of the next run, if there is one.
pub(crate) fn plan(
    transaction: &Transaction<'_>,
    schedule: &mut ServerRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    advance(schedule, now);
    if schedule.get("next_run_at") != &FieldValue::Null {
        records::update(transaction, schedule)?;
    }
    Ok(())
}

fn time_or_null(time: Option<Timestamp>) -> FieldValue {
    time.map_or(FieldValue::Null, FieldValue::Time)
}

pub(crate) fn suspend(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    enable(call, false)
}

pub(crate) fn resume(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    enable(call, true)
}

fn enable(call: &Call<'_>, enabled: bool) -> Result<Reply, ServerFailure> {
    change(call, |record| {
        record.set("enabled", FieldValue::Bool(enabled));
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
        let now = time::now();
        let Some(session) = start(transaction, &mut schedule, now, now)? else {
            return Ok(Reply::ok(json!({"status": "skipped"})));
        };
        Ok::<_, ServerFailure>(Reply::created(session.to_json()))
    })?;
    call.state.announce_messages();
    call.state.announce_sessions();
    Ok(reply)
}

/// Adds a session of a schedule, which waits for its start. Adds none if a session of the schedule is active, unless
/// they may overlap. `due` is the time for which the session was planned. Writes the schedule in either case.
pub(crate) fn start(
    transaction: &Transaction<'_>,
    schedule: &mut ServerRecord,
    due: Timestamp,
    now: Timestamp,
) -> Result<Option<ServerRecord>, StoreError> {
    let may_start =
        schedule.text("overlap_policy") == "allow" || !is_active(transaction, schedule)?;
    let session = may_start.then(|| session_of(schedule, due));
    if let Some(session) = &session {
        records::insert(transaction, session)?;
        if !session.text("prompt").is_empty() {
            messages::push(transaction, &session.id, "user", session.text("prompt"))?;
        }
        schedule.set("last_run_at", FieldValue::Time(now));
        schedule.updated_at = now;
    }
    records::update(transaction, schedule)?;
    Ok(session)
}

/// Whether a session of the schedule is active.
fn is_active(transaction: &Transaction<'_>, schedule: &ServerRecord) -> Result<bool, StoreError> {
    let of_schedule = Condition::equal("source_scheduled_session_id", schedule.id.clone());
    let active = of_schedule.and(Condition {
        sql: "phase IN ('Pending', 'Creating', 'Running')".to_owned(),
        values: Vec::new(),
    });
    Ok(records::count(transaction, &SESSION, &active)? > 0)
}

/// Returns a new session of a schedule, which waits for its start.
fn session_of(schedule: &ServerRecord, due: Timestamp) -> ServerRecord {
    let mut session = ServerRecord::new(&SESSION, ids::fresh());
    let name = format!("sched-{}-{}", schedule.text("name"), due.as_second());
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
    session.set("scheduled_for", FieldValue::Time(due));
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
