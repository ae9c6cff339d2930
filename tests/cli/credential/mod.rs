//! `credential` from outside: sources of the secret, requests, output, refusals.

mod bindings;
mod create;
mod inspect;
mod names;
mod refusals;
mod secrecy;
mod token;

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, json as answer, raw};

const ID: &str = "3MX85aKNFVYjNaWSBgG3UcSclTU";

/// The sample that the README uses.
fn sample() -> String {
    std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/kubeconfig.yaml"
    ))
    .unwrap()
}

/// A server with no credential yet, which accepts one.
fn empty_server() -> Scripted {
    Scripted::with(|request| match request.method.as_str() {
        "GET" => answer(
            200,
            &json!({"kind": "CredentialList", "page": 1, "size": 0, "total": 0, "items": []}),
        ),
        "POST" => created(request),
        _ => raw(405, "text/plain", ""),
    })
}

fn created(request: &Received) -> Reply {
    let mut body = request.json();
    body.as_object_mut().unwrap().remove("token");
    body["id"] = json!(ID);
    answer(201, &body)
}

/// The body of the one POST that the server saw.
fn posted(server: &Scripted) -> Value {
    let posts: Vec<Value> = server
        .received()
        .iter()
        .filter(|request| request.method == "POST")
        .map(Received::json)
        .collect();
    assert_eq!(posts.len(), 1, "{:?}", server.lines());
    posts[0].clone()
}
