//! The records of sessions that have run: their events, their logs, and how many are in each phase.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::sessions::within_project;
use crate::server::call::Call;
use crate::server::crud;
use crate::server::error::ServerFailure;
use crate::server::kinds::{AGENT, POLICY, SESSION};
use crate::server::record::ServerRecord;
use crate::server::reply::Reply;
use crate::server::store::messages::{self, Message};
use crate::server::store::records::{self, Condition};
use crate::server::time;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;
/// How many bytes of payloads one answer holds at most, besides its first event.
const MAX_BYTES: usize = 4 << 20;

/// GET …/events/history: lists the stored events of a session. `total` counts all that fit, whatever the limit.
pub(crate) fn events(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let session = call.part("id");
    let after = number(call, "after_seq")?.unwrap_or_default();
    let limit = match number(call, "limit")? {
        Some(limit) if limit > 0 => usize::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT),
        _ => DEFAULT_LIMIT,
    };
    let event_type = call.query.get("event_type").unwrap_or_default();
    let (from, to) = (instant(call, "start_time")?, instant(call, "end_time")?);
    let fits = |message: &Message| {
        (event_type.is_empty() || message.event_type == event_type)
            && from.is_none_or(|from| message.created_at >= from)
            && to.is_none_or(|to| message.created_at <= to)
    };
    call.state.store().read(|transaction| {
        crud::find(transaction, &SESSION, session)?;
        let (mut items, mut total, mut bytes) = (Vec::new(), 0_u64, 0);
        let mut seq = after;
        loop {
            let batch = messages::batch_after(transaction, session, seq)?;
            let Some(last) = batch.last() else { break };
            seq = last.seq;
            for message in batch.iter().filter(|message| fits(message)) {
                total += 1;
                if items.len() < limit && (items.is_empty() || bytes < MAX_BYTES) {
                    bytes += message.payload.len();
                    items.push(event(message));
                }
            }
        }
        let size = items.len();
        Ok(Reply::ok(json!({
            "items": items, "kind": "SessionEventList", "page": 1, "size": size, "total": total,
        })))
    })
}

fn event(message: &Message) -> Json {
    let time = time::format(message.created_at);
    json!({
        "completed_at": time,
        "created_at": time,
        "event_count": 1,
        "event_type": message.event_type,
        "id": message.id,
        "kind": "SessionEvent",
        "payload": message.payload,
        "seq": message.seq,
        "session_id": message.session_id,
    })
}

fn number(call: &Call<'_>, name: &str) -> Result<Option<i64>, ServerFailure> {
    let Some(text) = call.query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse() {
        Ok(number) if number >= 0 => Ok(Some(number)),
        _ => Err(ServerFailure::invalid(format!("invalid {name}"))),
    }
}

fn instant(call: &Call<'_>, name: &str) -> Result<Option<jiff::Timestamp>, ServerFailure> {
    let Some(text) = call.query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = time::parse_rfc3339(text);
    time.map(Some)
        .map_err(|_| ServerFailure::invalid(format!("invalid {name}")))
}

/// GET `/sessions/phase_counts`: counts the sessions in each phase. A session that never ran has no phase and is left
/// out.
pub(crate) fn phase_counts(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let within = within_project(call)?;
    call.state.store().read(|transaction| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for (phase, count) in records::counts(transaction, &SESSION, "phase", &within)? {
            *counts.entry(phase).or_default() += count;
        }
        Ok(Reply::ok(json!(counts)))
    })
}

/// GET …/sandbox/logs: returns what the session's command wrote, as lines of text.
pub(crate) fn logs(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let id = call.part("id");
    call.state.store().read(|transaction| {
        let session = crud::find(transaction, &SESSION, id)?;
        let kept = session.text("sandbox_logs_snapshot");
        if !kept.is_empty() {
            return Ok(Reply::Text(kept.to_owned()));
        }
        let (mut text, mut seq) = (String::new(), 0);
        while text.len() < MAX_BYTES {
            let batch = messages::batch_after(transaction, id, seq)?;
            let Some(last) = batch.last() else { break };
            seq = last.seq;
            for message in batch.iter().filter(|message| message.event_type == "log") {
                text.push_str(&message.payload);
                text.push('\n');
            }
        }
        Ok(Reply::Text(text))
    })
}

/// GET …/sandbox/policy: returns the policy of the session's agent.
pub(crate) fn policy(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    call.state.store().read(|transaction| {
        let session = crud::find(transaction, &SESSION, call.part("id"))?;
        let kept = session.text("sandbox_policy_snapshot");
        if !kept.is_empty() {
            return Ok(Reply::Text(kept.to_owned()));
        }
        let agent = records::get(transaction, &AGENT, session.text("agent_id"))?;
        let name = agent
            .as_ref()
            .map_or("", |agent| agent.text("sandbox_policy"));
        let within = Condition::equal("project_id", session.text("project_id"))
            .and(Condition::equal("name", name));
        let found = records::all(transaction, &POLICY, &within)?;
        let policy = found
            .first()
            .and_then(|policy: &ServerRecord| policy.optional_text("spec"))
            .filter(|_| !name.is_empty())
            .ok_or_else(|| ServerFailure::not_found("Policy", name))?;
        Ok(Reply::Text(policy.to_owned()))
    })
}
