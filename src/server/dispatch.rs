//! From an HTTP request to its handler, and back.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::sync::OwnedSemaphorePermit;

use super::call::Call;
use super::error::{self, Failure};
use super::query::Query;
use super::reply::{self, OPERATION_ID};
use super::resources::meta;
use super::route::{self, Found, Route, Verb};
use super::{AppState, BODY_LIMIT, guard, ids};

/// A body of more bytes than this is read only when there is room for it.
const BIG: usize = 1 << 20;

/// A finished request, as a log may have it: no query, no header, no body.
#[derive(Debug)]
pub struct Access<'a> {
    pub method: &'a str,
    /// As sent, percent signs and all, so that a line of a log stays one line.
    pub path: &'a str,
    pub status: u16,
    pub duration: Duration,
    pub operation_id: Option<&'a str>,
}

/// Answers any request.
pub async fn answer(State(state): State<AppState>, request: Request<Body>) -> Response<Body> {
    let start = Instant::now();
    let log = state.options().access_log.clone().map(|log| {
        (
            log,
            request.method().to_string(),
            request.uri().path().to_owned(),
        )
    });
    let mut response = route_request(&state, request).await;
    reply::keep_to_yourself(&mut response);
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
    if let Some(answer) = meta::answer(path, verb) {
        return answer;
    }
    match route::find(sent, verb) {
        Found::Route(route, parts) => run(state, route, parts, request).await,
        Found::WrongVerb => reply::empty_response(StatusCode::METHOD_NOT_ALLOWED),
        Found::Nothing => reply::with_type(
            StatusCode::NOT_FOUND,
            "application/json",
            crate::compat::json::compact(&error::unknown_path_body(path)),
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
    // A search may take its whole time: some threads are kept for everybody else.
    let searching = if query.get("search").is_some() {
        state.0.searches.clone().acquire_owned().await.ok()
    } else {
        None
    };
    let owned = state.clone();
    // SQLite blocks: event streams and other connections go on meanwhile.
    let result = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also when the client has left.
        let _held = (room, searching);
        (route.run)(&Call {
            state: &owned,
            route,
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
    .unwrap_or_else(|_| Err(Failure::general("Unspecified error")));
    reply::respond(result, &operation)
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Reads a body. Those of more than [`BIG`] bytes wait for room, which they have until it is dropped.
async fn read_body(
    state: &AppState,
    body: Body,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let collected = collect(state, body);
    match state.options().body_timeout {
        None => collected.await,
        Some(limit) => tokio::time::timeout(limit, collected)
            .await
            .map_err(|_| unreadable("it took too long"))?,
    }
}

async fn collect(
    state: &AppState,
    mut body: Body,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let expected = body.size_hint().exact();
    if expected.is_some_and(|size| size > BODY_LIMIT as u64) {
        return Err(Failure::too_large(BODY_LIMIT));
    }
    let mut whole = Vec::new();
    let mut room = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| unreadable("the connection broke"))?;
        let Ok(part) = frame.into_data() else {
            continue;
        };
        if whole.len() + part.len() > BODY_LIMIT {
            return Err(Failure::too_large(BODY_LIMIT));
        }
        if room.is_none() && whole.len() + part.len() > BIG {
            room = state.0.big_bodies.clone().acquire_owned().await.ok();
            // Its whole size at once, so that it is not moved as it grows.
            if let Some(size) = expected.and_then(|size| usize::try_from(size).ok()) {
                whole.reserve_exact(size.saturating_sub(whole.len()));
            }
        }
        whole.extend_from_slice(&part);
    }
    Ok((Bytes::from(whole), room))
}

fn unreadable(why: &str) -> Failure {
    Failure::Full {
        status: StatusCode::BAD_REQUEST,
        code: 17,
        reason: format!("Unable to read request body: {why}"),
    }
}

/// 301 to the path without doubled slashes.
fn moved(path: &str, query: Option<&str>) -> Response<Body> {
    let mut target = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c == '/' && target.ends_with('/')) {
            target.push(c);
        }
    }
    // Percent signs again for what a header can't hold.
    let mut location: String = url::form_urlencoded::byte_serialize(target.as_bytes())
        .collect::<String>()
        .replace("%2F", "/")
        .replace('+', "%20");
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
