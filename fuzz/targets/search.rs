//! Any search over a list of the embedded API gives an answer or a refusal (200 or 400), never a failure
//! of the database, and never finds by a token's content.

use std::sync::LazyLock;

use acpctl::server::{AppState, Fidelity, KeyPolicy, Options, router};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use url::form_urlencoded::byte_serialize;

const LIST: &str = "/api/ambient/v1/credentials";

struct Api {
    router: Router,
    runtime: Runtime,
    _directory: tempfile::TempDir,
}

impl Api {
    fn open() -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let options = Options {
            key: KeyPolicy::File,
            fidelity: Fidelity::Corrected,
            ..Options::default()
        };
        let state = AppState::open(directory.path(), options).expect("a store");
        let api = Self {
            router: router(state),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
            _directory: directory,
        };
        for name in ["a", "b%", "c'_"] {
            let body = format!(r#"{{"name":"{name}","provider":"github","token":"canary"}}"#);
            let request = Request::post(LIST)
                .header("content-type", "application/json")
                .body(Body::from(body));
            assert_eq!(api.status(request.expect("a request")), 201);
        }
        api
    }

    fn status(&self, request: Request<Body>) -> u16 {
        let answer = self.router.clone().oneshot(request);
        self.runtime
            .block_on(answer)
            .map_or(0, |answer| answer.status().as_u16())
    }
}

static API: LazyLock<Api> = LazyLock::new(Api::open);

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let search: String = byte_serialize(text.as_bytes()).collect();
    let request = Request::get(format!("{LIST}?search={search}")).body(Body::empty());
    // A text too long for a URL is no request.
    let Ok(request) = request else { return };
    let status = API.status(request);
    assert!(matches!(status, 200 | 400), "{status} for {text:?}");
}
