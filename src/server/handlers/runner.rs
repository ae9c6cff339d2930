//! Routes that need a session's runner. No runner is reachable from here, so these are the platform's answers for a
//! session without one (docs/interface/api.md section 9.4).

use axum::body::Body;
use axum::http::StatusCode;

use crate::server::call::Call;
use crate::server::error::ServerFailure;
use crate::server::kinds::SESSION;
use crate::server::reply::Reply;
use crate::server::store::{messages, records};
use crate::server::stream::{Follow, StreamKind};

/// Returns this reply if the session exists.
fn stand_in(call: &Call<'_>, reply: Result<Reply, ServerFailure>) -> Result<Reply, ServerFailure> {
    let session = call.state.store().read::<_, ServerFailure>(|transaction| {
        Ok(records::get(transaction, &SESSION, call.part("id"))?)
    })?;
    match session {
        Some(_) => reply,
        None => Err(ServerFailure::text(
            StatusCode::NOT_FOUND,
            "session not found",
        )),
    }
}

/// GET …/events: streams the events of the present run or, if there is none, of the last one. On the platform these are
/// the events of the runner, if there is one.
pub(crate) fn events(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let id = call.part("id");
    // In a sandbox no service is behind this route.
    if call.is_sandbox() {
        let none = "session has no associated runner pod";
        return stand_in(call, Err(ServerFailure::text(StatusCode::NOT_FOUND, none)));
    }
    let start = call.state.store().read::<_, ServerFailure>(|transaction| {
        let Some(session) = records::get(transaction, &SESSION, id)? else {
            return Ok(None);
        };
        let waits = session.text("phase") == "Pending";
        if waits && call.state.has_runner() {
            return Ok(Some(messages::end(transaction, id)?));
        }
        // The next run will read these messages, and nobody has begun it.
        if waits && !messages::unanswered(transaction, id)?.is_empty() {
            return Ok(None);
        }
        Ok(messages::last_start(transaction, id)?.map(|seq| seq - 1))
    })?;
    let Some(start) = start else {
        let none = "session has no associated runner pod";
        return stand_in(
            call,
            Err(ServerFailure::text(StatusCode::BAD_GATEWAY, none)),
        );
    };
    // A reader that has finished an earlier run continues with this one.
    let last = call.last_event_id.as_deref().and_then(|id| id.parse().ok());
    let from = last.unwrap_or(start).max(start);
    let follow = Follow::new(StreamKind::Run, call.state.clone(), id.to_owned(), from);
    Ok(Reply::EventStream(follow.into_body()))
}

pub(crate) fn needed(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    let none = "session runner not available";
    stand_in(
        call,
        Err(ServerFailure::text(StatusCode::SERVICE_UNAVAILABLE, none)),
    )
}

pub(crate) fn oauth(_: &Call<'_>) -> Result<Reply, ServerFailure> {
    Err(ServerFailure::text(
        StatusCode::NOT_IMPLEMENTED,
        "oauth provider URL generation not yet implemented natively",
    ))
}

pub(crate) fn empty_stream(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::EventStream(Body::empty())))
}

pub(crate) fn tasks(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::Raw(r#"{"tasks":[],"total":0}"#)))
}

pub(crate) fn capabilities(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::Raw(r#"{"framework":"unknown"}"#)))
}

pub(crate) fn tool_servers(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::Raw(r#"{"servers":[],"totalCount":0}"#)))
}

pub(crate) fn files(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::Raw(r#"{"files":[]}"#)))
}

pub(crate) fn git_status(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(
        call,
        Ok(Reply::Raw(r#"{"modified":[],"staged":[],"untracked":[]}"#)),
    )
}

pub(crate) fn nothing(call: &Call<'_>) -> Result<Reply, ServerFailure> {
    stand_in(call, Ok(Reply::Raw("[]")))
}
