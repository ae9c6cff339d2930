//! Takes an HTTP request to its handler, and the handler's result back to the client.

use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::call::{Call, Verb};
use super::error::{self, ServerFailure};
use super::query::Query;
use super::receive::read_body;
use super::reply::{self, OPERATION_ID};
use super::route::{self, Found, Route};
use super::state::{Access, AppState};
use super::{guard, ids, meta};
use crate::compat::json;

/// The characters that a redirect's path shows percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'/');

/// Returns the whole API. Every answer is complete when it is returned, except event streams and large arrays.
pub fn router(state: AppState) -> Router {
    Router::new().fallback(answer).with_state(state)
}

/// Answers a request and logs it.
async fn answer(State(state): State<AppState>, request: Request<Body>) -> Response<Body> {
    let start = Instant::now();
    let log = state.options().access_log.clone().map(|log| {
        (
            log,
            request.method().to_string(),
            request.uri().path().to_owned(),
        )
    });
    let mut response = route_request(&state, request).await;
    reply::forbid_caching(&mut response);
    if let Some((log, method, path)) = log {
        log(&Access {
            method: &method,
            path: &path,
            status: response.status().as_u16(),
            duration: start.elapsed(),
            operation_id: response
                .headers()
                .get(OPERATION_ID)
                .and_then(|id| id.to_str().ok()),
        });
    }
    response
}

async fn route_request(state: &AppState, request: Request<Body>) -> Response<Body> {
    if request.method() == Method::OPTIONS {
        return reply::empty_response(StatusCode::OK);
    }
    let sent = match request.uri().path() {
        "/" => "/",
        path => path.strip_suffix('/').unwrap_or(path),
    };
    let path = &route::decode(sent);
    if let Some(refusal) = guard::refuse(state, path, &request) {
        return refusal;
    }
    if sent.contains("//") {
        return moved(path, request.uri().query());
    }
    let verb = verb_of(request.method());
    if let Some(answer) = meta::answer(path, verb, state.platform()) {
        return answer;
    }
    match route::find(sent, verb) {
        Found::Route(route, parts) => run(state, route, parts, request).await,
        Found::WrongVerb => reply::empty_response(StatusCode::METHOD_NOT_ALLOWED),
        Found::Nothing => reply::with_type(
            StatusCode::NOT_FOUND,
            "application/json",
            json::compact(&error::unknown_path_body(path)),
        ),
    }
}

fn verb_of(method: &Method) -> Option<Verb> {
    match *method {
        Method::GET => Some(Verb::Get),
        Method::POST => Some(Verb::Post),
        Method::PATCH => Some(Verb::Patch),
        Method::DELETE => Some(Verb::Delete),
        _ => None,
    }
}

async fn run(
    state: &AppState,
    route: &'static Route,
    path: Vec<(&'static str, String)>,
    request: Request<Body>,
) -> Response<Body> {
    let operation = ids::fresh();
    let (head, body) = request.into_parts();
    let (body, room) = match read_body(state, body).await {
        Ok(read) => read,
        Err(failure) => return reply::respond(Err(failure), &operation),
    };
    let query = Query::parse(head.uri.query().unwrap_or_default());
    // A search may use up its whole time limit: some threads stay free for other requests.
    let searching = if query.get("search").is_some() {
        state.room_for_search().await
    } else {
        None
    };
    let owned = state.clone();
    // SQLite blocks its thread: event streams and other connections continue on this one.
    let result = tokio::task::spawn_blocking(move || {
        // Held until the work is done, even if the client disconnects.
        let _held = (room, searching);
        (route.run)(&Call {
            state: &owned,
            kind: route.kind,
            path,
            query,
            project_header: text_of(&head.headers, "x-ambient-project"),
            wants_events: head.headers.get(header::ACCEPT)
                == Some(&HeaderValue::from_static("text/event-stream")),
            last_event_id: text_of(&head.headers, "last-event-id"),
            body,
        })
    })
    .await
    .unwrap_or_else(|_| Err(ServerFailure::general("Unspecified error")));
    let mut response = reply::respond(result, &operation);
    if route.shows_session() {
        reply::tell_runner(&mut response, state.are_sessions_run());
    }
    response
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Redirects (301) to the path without repeated slashes.
fn moved(path: &str, query: Option<&str>) -> Response<Body> {
    let mut target = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && target.ends_with('/')) {
            target.push(c);
        }
    }
    let mut location = utf8_percent_encode(&target, ENCODED).to_string();
    if let Some(query) = query {
        location.push('?');
        location.push_str(query);
    }
    let mut response = reply::with_type(
        StatusCode::MOVED_PERMANENTLY,
        "text/plain; charset=utf-8",
        "Moved Permanently\n",
    );
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_slashes_move() {
        let response = moved("/api//ambient///v1/a b", Some("x=1"));
        assert_eq!(response.status(), 301);
        assert_eq!(
            response.headers()[header::LOCATION],
            "/api/ambient/v1/a%20b?x=1"
        );
    }
}
