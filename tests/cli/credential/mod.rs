//! `credential` from outside: sources of the secret, requests, output, refusals.

mod access;
mod access_doc;
mod annotations;
mod bindings;
mod create;
mod duplicates;
mod echo;
mod expiry;
mod inspect;
mod lies;
mod mint;
mod mint_faults;
mod names;
mod plan;
mod refusals;
mod renewal;
mod scan;
mod schedule;
mod secrecy;
mod token;
mod trust;

use serde_json::{Value, json};

use crate::support::ID;
use crate::support::server::{Received, Reply, Scripted, json as answer, list, raw};

/// A server with no credential yet, which accepts one.
fn empty_server() -> Scripted {
    Scripted::with(|request| match request.method.as_str() {
        "GET" => list(json!([])),
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
