//! Failed requests and the bodies of their answers (docs/interface/api.md section 3).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::names::BASE;
use super::store::StoreError;

/// Why a request fails, in the form in which the answer shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ServerFailure {
    /// The full body of six keys; `code` is the number after `ambient-api-server-`.
    Full {
        status: StatusCode,
        code: u16,
        reason: String,
    },
    /// A line of plain text.
    Text {
        status: StatusCode,
        text: &'static str,
    },
    /// `{"code":"NOT_IMPLEMENTED",…}`.
    NotImplemented,
}

/// Returns the body for a request that is refused before it reaches a handler: kind and reason only.
pub(super) fn short_body(status: StatusCode) -> Value {
    json!({"kind": "Error", "reason": status.canonical_reason().unwrap_or_default()})
}

/// Returns the body for a path that does not exist. Unlike other bodies it has its keys in this order.
pub(super) fn unknown_path_body(path: &str) -> Value {
    json!({
        "type": "Error",
        "id": "404",
        "href": format!("{BASE}/errors/404"),
        "code": "ambient-api-server-404",
        "reason": format!("The requested resource '{path}' doesn't exist"),
    })
}

/// Returns the full body, with its keys sorted by name.
pub(super) fn full_body(code: u16, reason: &str, operation: &str) -> Value {
    json!({
        "code": format!("ambient-api-server-{code}"),
        "href": format!("{BASE}/errors/{code}"),
        "id": code.to_string(),
        "kind": "Error",
        "operation_id": operation,
        "reason": reason,
    })
}

impl ServerFailure {
    fn full(status: StatusCode, code: u16, reason: impl Into<String>) -> Self {
        Self::Full {
            status,
            code,
            reason: reason.into(),
        }
    }

    /// 403, code 4.
    pub(super) fn forbidden(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::FORBIDDEN, 4, reason)
    }

    /// 409, code 6.
    pub(super) fn conflict(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::CONFLICT, 6, reason)
    }

    /// 404, code 7: no record of this kind has the id, or it was deleted.
    pub(super) fn not_found(kind: &str, id: &str) -> Self {
        Self::full(
            StatusCode::NOT_FOUND,
            7,
            // The platform words this in two ways.
            match kind {
                "ScheduledSession" => format!("{kind} with id '{id}' not found"),
                _ => format!("{kind} with id='{id}' not found"),
            },
        )
    }

    /// 404, code 7, in words of its own.
    pub(super) fn missing(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::NOT_FOUND, 7, reason)
    }

    /// 400, code 8.
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::BAD_REQUEST, 8, reason)
    }

    /// 500, code 9.
    pub(super) fn general(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::INTERNAL_SERVER_ERROR, 9, reason)
    }

    /// 400, code 17: the body does not fit the operation.
    pub(super) fn malformed(reason: &str) -> Self {
        Self::full(
            StatusCode::BAD_REQUEST,
            17,
            format!("Invalid request format: {reason}"),
        )
    }

    /// 413, code 17.
    pub(super) fn too_large(limit: usize) -> Self {
        Self::full(
            StatusCode::PAYLOAD_TOO_LARGE,
            17,
            format!("Unable to read request body: more than {limit} bytes"),
        )
    }

    /// 400, code 21.
    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self::full(StatusCode::BAD_REQUEST, 21, reason)
    }

    pub(super) const fn text(status: StatusCode, text: &'static str) -> Self {
        Self::Text { status, text }
    }
}

/// The reasons never contain a value of a record: `SQLite` names only constraints and files.
impl From<StoreError> for ServerFailure {
    fn from(error: StoreError) -> Self {
        Self::general(error.to_string())
    }
}

impl From<rusqlite::Error> for ServerFailure {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}
