//! A router over a store in a directory of its own.

use std::path::{Path, PathBuf};

use acpctl::server::{AppState, Fidelity, KeyPolicy, Options, router};
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

pub const BASE: &str = "/api/ambient/v1";

pub struct Api {
    /// Where the store is.
    pub directory: PathBuf,
    pub state: AppState,
    runtime: tokio::runtime::Runtime,
    /// Removes the directory at the end; none for a store that is someone else's.
    owner: Option<tempfile::TempDir>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// A text at a key of the answer.
    pub fn at(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub fn options(fidelity: Fidelity) -> Options {
    Options {
        key: KeyPolicy::File,
        fidelity,
        ..Options::default()
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

impl Api {
    pub fn new(fidelity: Fidelity) -> Self {
        Self::with(options(fidelity))
    }

    pub fn with(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut api = Self::open(directory.path(), options);
        api.owner = Some(directory);
        api
    }

    /// A store that exists already, as another process would open it.
    pub fn open(directory: &Path, options: Options) -> Self {
        Self {
            directory: directory.to_owned(),
            state: AppState::open(directory, options).unwrap(),
            runtime: runtime(),
            owner: None,
        }
    }

    /// Sends a request; `path` stands below the base, or begins with `!` and stands for itself.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let uri = match path.strip_prefix('!') {
            Some(whole) => whole.to_owned(),
            None => format!("{BASE}{path}"),
        };
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        self.runtime.block_on(async {
            let response = router(self.state.clone()).oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            let is_stream = head
                .headers
                .get("content-type")
                .is_some_and(|kind| kind == "text/event-stream");
            let text = if is_stream {
                String::new()
            } else {
                let bytes = body.collect().await.unwrap().to_bytes();
                String::from_utf8(bytes.to_vec()).unwrap()
            };
            Answer {
                status: head.status.as_u16(),
                headers: head.headers,
                text,
            }
        })
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Vec::new())
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body.to_string().into_bytes())
    }

    pub fn post_raw(&self, path: &str, body: &[u8]) -> Answer {
        self.send("POST", path, &[], body.to_vec())
    }

    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, &[], body.to_string().into_bytes())
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], Vec::new())
    }

    /// Creates a credential and gives its id.
    pub fn credential(&self, body: &Value) -> String {
        let made = self.post("/credentials", body);
        assert_eq!(made.status, 201, "{}", made.text);
        made.at("id")
    }

    /// The id of a role.
    pub fn role(&self, name: &str) -> String {
        let found = self.get(&format!("/roles?search=name%20%3D%20'{name}'"));
        found.json()["items"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// A router that answers as recorded.
pub fn api() -> Api {
    Api::new(Fidelity::Recorded)
}

/// A text as a query's value.
pub fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The reason of a refusal, of which status and code are checked.
pub fn reason(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.at("id"), code, "{}", answer.text);
    answer.at("reason")
}

/// The names of a list's items.
pub fn names(list: &Answer) -> Vec<String> {
    assert_eq!(list.status, 200, "{}", list.text);
    let json = list.json();
    let items = json["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}
