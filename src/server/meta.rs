//! The paths that are not about records: root, version, description, health and the kind of platform
//! (docs/interface/api.md sections 9.8 and 10).

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::json;

use super::call::Verb;
use super::names::{DESCRIPTION_PATH, HEALTH_PATH, PLATFORM_PATH, ROOT_PATH, VERSION_PATH};
use super::reply::{self, OPERATION_ID};
use super::state::Platform;
use super::{ids, openapi};
use crate::compat::json::compact;
use crate::version;

/// The revision of the platform whose behavior this server repeats.
const PLATFORM: &str = "v0.2.20-30-g0b59fe7de";

/// Answers these paths; returns `None` for any other.
pub(super) fn answer(path: &str, verb: Option<Verb>, platform: Platform) -> Option<Response<Body>> {
    let known = [
        ROOT_PATH,
        VERSION_PATH,
        DESCRIPTION_PATH,
        HEALTH_PATH,
        PLATFORM_PATH,
    ];
    if !known.contains(&path) {
        return None;
    }
    if verb != Some(Verb::Get) {
        return Some(reply::empty_response(StatusCode::METHOD_NOT_ALLOWED));
    }
    let body = match path {
        ROOT_PATH => compact(&json!({
            "id": "ambient-api-server",
            "href": ROOT_PATH,
            "kind": "API",
            "version": "unknown",
            "build_time": "unknown",
        })),
        VERSION_PATH => compact(&json!({
            "version": format!("acpctl-{}", version::VERSION),
            "build_time": "unknown",
            "git_tag": PLATFORM,
        })),
        PLATFORM_PATH => compact(&json!({
            "gateway_mode": platform == Platform::Sandbox,
            "rbac_enabled": false,
        })),
        DESCRIPTION_PATH => compact(&openapi::document()),
        _ => "{}".to_owned(),
    };
    let mut response = reply::with_type(StatusCode::OK, "application/json", body);
    if path == ROOT_PATH
        && let Ok(id) = ids::fresh().parse()
    {
        response.headers_mut().insert(OPERATION_ID, id);
    }
    Some(response)
}
