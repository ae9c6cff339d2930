//! From an HTTP request to its handler, and back.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::call::Call;
use super::error::{self, Failure};
use super::query::Query;
use super::reply::{self, OPERATION_ID};
use super::resources::meta;
use super::route::{self, Found, Route, Verb};
use super::{AppState, BODY_LIMIT, guard, ids};

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
    let response = route_request(&state, request).await;
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
    let raw_path = request.uri().path();
    let decoded = decode(raw_path);
    let path = match decoded.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => shorter,
        _ => &decoded,
    };
    if let Some(refusal) = guard::refuse(state, path, &request) {
        return refusal;
    }
    if path.contains("//") {
        return moved(path, request.uri().query());
    }
    let verb = verb_of(request.method());
    if let Some(answer) = meta::answer(path, verb) {
        return answer;
    }
    match route::find(path, verb) {
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
    let body = match read_body(state, body).await {
        Ok(body) => body,
        Err(failure) => return reply::respond(Err(failure), &operation),
    };
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let owned = state.clone();
    // SQLite blocks: event streams and other connections go on meanwhile.
    let result = tokio::task::spawn_blocking(move || {
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

async fn read_body(state: &AppState, body: Body) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, BODY_LIMIT).collect();
    let collected = match state.options().body_timeout {
        None => collected.await,
        Some(limit) => tokio::time::timeout(limit, collected)
            .await
            .map_err(|_| unreadable("it took too long"))?,
    };
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::too_large(BODY_LIMIT)),
        Err(_) => Err(unreadable("the connection broke")),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::Full {
        status: StatusCode::BAD_REQUEST,
        code: 17,
        reason: format!("Unable to read request body: {why}"),
    }
}

/// Takes the percent signs out of a path; what is no escape stays.
fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
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
    fn paths_lose_their_percent_signs() {
        assert_eq!(decode("/a%2Fb%20c%zz%"), "/a/b c%zz%");
        assert_eq!(decode("/%ff"), "/\u{fffd}");
    }

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
