//! What is no record: the root, the version, the description, the health (contract api.md sections 9.8 and 10).

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::json;

use crate::compat::json as text;
use crate::server::call::Call;
use crate::server::error::Failure;
use crate::server::reply::{self, OPERATION_ID, Reply};
use crate::server::route::Verb;
use crate::server::{ids, openapi};

const ROOT: &str = "/api/ambient";
const VERSION: &str = "/api/ambient/v1/version";
const DESCRIPTION: &str = "/api/ambient/v1/openapi";
const HEALTH: &str = "/healthcheck";

/// The platform's revision whose behaviour this server has.
const PLATFORM: &str = "v0.2.20-30-g0b59fe7de";

/// Whether a path is served without a token.
pub fn is_open(path: &str) -> bool {
    [ROOT, HEALTH].contains(&path)
}

/// Answers the paths of this file; none for any other.
pub fn answer(path: &str, verb: Option<Verb>) -> Option<Response<Body>> {
    if ![ROOT, VERSION, DESCRIPTION, HEALTH].contains(&path) {
        return None;
    }
    if verb != Some(Verb::Get) {
        return Some(reply::empty_response(StatusCode::METHOD_NOT_ALLOWED));
    }
    let body = match path {
        ROOT => text::compact(&json!({
            "id": "ambient-api-server",
            "href": ROOT,
            "kind": "API",
            "version": "unknown",
            "build_time": "unknown",
        })),
        VERSION => text::compact(&json!({
            "version": format!("acpctl-{}", crate::version::VERSION),
            "build_time": "unknown",
            "git_tag": PLATFORM,
        })),
        DESCRIPTION => text::compact(&openapi::document()),
        _ => "{}".to_owned(),
    };
    let mut response = reply::with_type(StatusCode::OK, "application/json", body);
    if path == ROOT
        && let Ok(id) = ids::fresh().parse()
    {
        response.headers_mut().insert(OPERATION_ID, id);
    }
    Some(response)
}

/// What the platform has routed and not built.
pub fn not_implemented(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(Failure::NotImplemented)
}
