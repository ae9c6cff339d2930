//! What needs a session's runner. None is reachable from here, so these are the platform's answers for
//! a session without one (contract api.md section 9.4).

use axum::http::StatusCode;

use super::sessions::SESSION;
use crate::server::call::Call;
use crate::server::error::Failure;
use crate::server::reply::Reply;
use crate::server::store::records;

/// Answers for a session that exists.
fn stand_in(call: &Call<'_>, reply: Result<Reply, Failure>) -> Result<Reply, Failure> {
    let session = call.state.store().read::<_, Failure>(|transaction| {
        Ok(records::get(transaction, &SESSION, call.part("id"))?)
    })?;
    match session {
        Some(_) => reply,
        None => Err(Failure::text(StatusCode::NOT_FOUND, "session not found")),
    }
}

pub fn events(call: &Call<'_>) -> Result<Reply, Failure> {
    let none = "session has no associated runner pod";
    stand_in(call, Err(Failure::text(StatusCode::BAD_GATEWAY, none)))
}

pub fn needed(call: &Call<'_>) -> Result<Reply, Failure> {
    let none = "session runner not available";
    stand_in(
        call,
        Err(Failure::text(StatusCode::SERVICE_UNAVAILABLE, none)),
    )
}

pub fn oauth(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(Failure::text(
        StatusCode::NOT_IMPLEMENTED,
        "oauth provider URL generation not yet implemented natively",
    ))
}

pub fn empty_stream(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::EmptyStream))
}

pub fn tasks(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::Raw(r#"{"tasks":[],"total":0}"#)))
}

pub fn capabilities(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::Raw(r#"{"framework":"unknown"}"#)))
}

pub fn tool_servers(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::Raw(r#"{"servers":[],"totalCount":0}"#)))
}

pub fn files(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::Raw(r#"{"files":[]}"#)))
}

pub fn git_status(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(
        call,
        Ok(Reply::Raw(r#"{"modified":[],"staged":[],"untracked":[]}"#)),
    )
}

pub fn nothing(call: &Call<'_>) -> Result<Reply, Failure> {
    stand_in(call, Ok(Reply::Raw("[]")))
}
