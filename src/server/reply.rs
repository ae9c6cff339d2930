//! Builds answers: status, body and the few headers that the platform sends.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use super::error::{self, ServerFailure};
use super::ids;
use crate::compat::json;

/// The header that carries the id of a request; error bodies contain the same id.
pub(super) const OPERATION_ID: HeaderName = HeaderName::from_static("x-operation-id");

/// The header that tells whether a server runs the sessions of this store: `none` or `here`.
pub(super) const RUNNER: HeaderName = HeaderName::from_static("x-acpctl-runner");

const EVENT_STREAM: &str = "text/event-stream";

/// The answer of a handler. It may hold a token, so it does not implement `Debug`.
pub(super) enum Reply {
    Json(StatusCode, Value),
    /// 200 with JSON that is text already.
    JsonText(String),
    /// A fixed JSON text.
    Raw(&'static str),
    /// JSON with a final newline, as the message endpoints write it.
    JsonLine(StatusCode, Value),
    /// JSON that may be too large to hold in memory.
    JsonStream(Body),
    Text(String),
    /// 204 after a delete.
    Deleted,
    /// Server-sent events.
    EventStream(Body),
}

impl Reply {
    pub(super) const fn ok(value: Value) -> Self {
        Self::Json(StatusCode::OK, value)
    }

    pub(super) const fn created(value: Value) -> Self {
        Self::Json(StatusCode::CREATED, value)
    }
}

/// Sets headers that forbid caching and guessing the content type, because answers may hold secrets.
pub(super) fn forbid_caching(response: &mut Response<Body>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// Says beside a session whether a server runs the sessions of this store: without one, it never begins.
pub(super) fn tell_runner(response: &mut Response<Body>, has_runner: bool) {
    let word = if has_runner { "here" } else { "none" };
    response
        .headers_mut()
        .insert(RUNNER, HeaderValue::from_static(word));
}

/// Turns the result of a handler into a response; `operation` is the id of this request.
pub(super) fn respond(result: Result<Reply, ServerFailure>, operation: &str) -> Response<Body> {
    let mut response = match result {
        Ok(reply) => succeed(reply),
        Err(failure) => fail(failure, operation),
    };
    if let Ok(value) = HeaderValue::from_str(operation) {
        response.headers_mut().insert(OPERATION_ID, value);
    }
    response
}

fn succeed(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Json(status, value) => json_response(status, &value),
        Reply::JsonText(text) => varied(with_type(StatusCode::OK, "application/json", text)),
        Reply::JsonLine(status, value) => with_type(
            status,
            "application/json",
            format!("{}\n", json::compact(&value)),
        ),
        Reply::JsonStream(body) => with_type(StatusCode::OK, "application/json", body),
        Reply::Raw(text) => with_type(StatusCode::OK, "application/json", text),
        Reply::Text(text) => with_type(StatusCode::OK, "text/plain; charset=utf-8", text),
        Reply::Deleted => varied(with_type(
            StatusCode::NO_CONTENT,
            "application/json",
            Body::empty(),
        )),
        Reply::EventStream(body) => event_stream(body),
    }
}

fn fail(failure: ServerFailure, operation: &str) -> Response<Body> {
    match failure {
        ServerFailure::Full {
            status,
            code,
            reason,
        } => json_response(status, &error::full_body(code, &reason, operation)),
        ServerFailure::Text { status, text } => text_response(status, text),
        ServerFailure::NotImplemented => with_type(
            StatusCode::NOT_IMPLEMENTED,
            "application/json",
            r#"{"code":"NOT_IMPLEMENTED","reason":"not yet implemented"}"#,
        ),
    }
}

/// Returns JSON, with the header `Vary` that the platform sends for records.
pub(super) fn json_response(status: StatusCode, value: &Value) -> Response<Body> {
    varied(with_type(status, "application/json", json::compact(value)))
}

/// Returns a line of text, as Go's `http.Error` writes it.
pub(super) fn text_response(status: StatusCode, text: &str) -> Response<Body> {
    with_type(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// Returns an answer without body and content type.
pub(super) fn empty_response(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// Returns a body with a content type.
pub(super) fn with_type(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn varied(mut response: Response<Body>) -> Response<Body> {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Authorization"));
    response
}

/// Whether this answer is an event stream, which may stay open for hours.
pub(super) fn is_event_stream(response: &Response<Body>) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == EVENT_STREAM)
}

/// Returns the answer that replaces an event stream if too many are open.
pub(super) fn too_many_streams() -> Response<Body> {
    let failure = ServerFailure::Full {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: 9,
        reason: "Too many event streams are open".to_owned(),
    };
    let mut response = respond(Err(failure), &ids::fresh());
    forbid_caching(&mut response);
    response
}

fn event_stream(body: Body) -> Response<Body> {
    let mut response = with_type(StatusCode::OK, EVENT_STREAM, body);
    response.headers_mut().insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}
