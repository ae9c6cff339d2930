//! Lists of several pages in a pipe: written while they are read, and the same bytes as if they were read first.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, error, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

const TOTAL: usize = 2500;

fn value(request: &Received, name: &str) -> usize {
    let query = request.target.split_once('?').unwrap_or_default().1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
    pair.map_or(1, |text| text.parse().unwrap())
}

/// An object whose name is so long that a page of them does not wait for the next one, and that three pages of them are
/// more JSON than waits for the end of the list.
fn item(id: usize) -> Value {
    json!({
        "id": format!("id-{id:04}"), "kind": "Credential", "name": format!("c{id}-{}", "x".repeat(1200)),
        "provider": "p", "description": "a <b> \u{200b}", "token": "t", "unknown": [1, {"a": null}],
        "created_at": "2026-01-01T00:00:00.500000Z",
    })
}

/// A page of a list of so many credentials.
fn page(request: &Received, total: usize) -> Reply {
    let (page, size) = (value(request, "page="), value(request, "size="));
    let items: Vec<Value> = ((page - 1) * size..(page * size).min(total))
        .map(item)
        .collect();
    answer(
        200,
        &json!({"kind": "CredentialList", "page": page, "size": items.len(), "total": total, "items": items}),
    )
}

fn list(env: &TestEnv, server: &Scripted, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = env.connected(server.url());
    let output = command.args(["credential", "list"]).args(args).output();
    let output = output.unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn every_format_has_all_rows_once() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| page(request, TOTAL));
    let (code, text, stderr) = list(&env, &server, &["-o", "json"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        server.lines(),
        [
            "GET /credentials?page=1&size=100",
            "GET /credentials?orderBy=id&page=1&size=1000",
            "GET /credentials?orderBy=id&page=2&size=1000",
            "GET /credentials?orderBy=id&page=3&size=1000",
        ]
    );
    let whole: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = whole.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["kind", "page", "size", "total", "items"]);
    assert_eq!(
        (&whole["size"], &whole["total"]),
        (&json!(TOTAL), &json!(TOTAL))
    );
    let items = whole["items"].as_array().unwrap();
    assert_eq!(items.len(), TOTAL);
    for (id, item) in items.iter().enumerate() {
        assert_eq!(item["id"], format!("id-{id:04}"));
        assert_eq!(item.get("token"), None);
    }
    // A sorted list is read first; the same document is written piece by piece without an order.
    let (_, sorted, _) = list(&env, &server, &["--sort-by", "id", "-o", "json"]);
    assert_eq!(text, sorted);
    let begin = "      \"id\": \"id-0000\",\n      \"kind\": \"Credential\",\n      \"created_at\": \"2026-01-01T00:00:00.5Z\",\n      \
                 \"description\": \"a \\u003cb\\u003e \\u200b\",\n      \"name\": \"c0-xxx";
    assert!(text.contains(begin), "{}", &text[..1000]);

    let (_, names, _) = list(&env, &server, &["-o", "name"]);
    assert_eq!(names.lines().count(), TOTAL);
    let (_, table, _) = list(&env, &server, &[]);
    let (_, sorted, _) = list(&env, &server, &["--sort-by", "id"]);
    assert_eq!(table.lines().count(), TOTAL + 1);
    assert_eq!(table, sorted);
    let (_, rows, _) = list(&env, &server, &["--no-headers"]);
    assert_eq!(table.split_once('\n').unwrap().1, rows);
}

#[test]
fn a_limit_and_a_label_count_the_same_while_reading() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| page(request, TOTAL));
    let (_, text, stderr) = list(&env, &server, &["--limit", "1500", "-o", "json"]);
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&whole["size"], &whole["total"]),
        (&json!(1500), &json!(TOTAL))
    );
    assert_eq!(whole["items"].as_array().unwrap().len(), 1500);
    assert_eq!(
        stderr,
        "Showing 1500 of 2500 credentials; raise or leave out --limit to see more\n"
    );
    let (_, text, _) = list(&env, &server, &["-l", "a=b", "-o", "json"]);
    assert_eq!(
        text,
        "{\n  \"kind\": \"CredentialList\",\n  \"page\": 1,\n  \"size\": 0,\n  \"total\": 0,\n  \"items\": []\n}\n"
    );
}

#[test]
fn rows_are_written_before_the_last_page_arrives() {
    let env = TestEnv::new();
    let (open, held) = channel::<()>();
    let held = Mutex::new(held);
    let server = Scripted::with(move |request| {
        if request.target.contains("orderBy") && value(request, "page=") == 3 {
            let _ = held.lock().unwrap().recv();
        }
        page(request, TOTAL)
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .args(["credential", "list", "-o", "name"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 16];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"credential/c0-xx");
    drop(open);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(rest.lines().count(), TOTAL);
}

#[test]
fn a_list_that_shrinks_while_it_is_read_is_told() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let is_last = request.target.contains("orderBy") && value(request, "page=") == 3;
        page(request, if is_last { 2400 } else { TOTAL })
    });
    let (code, text, stderr) = list(&env, &server, &["-o", "json"]);
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(whole["items"].as_array().unwrap().len(), 2400);
    assert_eq!((code, &whole["size"]), (Some(0), &json!(TOTAL)));
    assert_eq!(
        stderr,
        "Warning: the list changed while it was read: it says 2500 credentials and holds 2400\n"
    );
}

#[test]
fn a_failure_on_the_way_is_reported_once() {
    let env = TestEnv::new();
    let fails_at = |fails: usize| {
        Scripted::with(move |request| {
            if request.target.contains("orderBy") && value(request, "page=") == fails {
                return error(500, "c", "broken");
            }
            page(request, TOTAL)
        })
    };
    // Rows that were written stay, and no second document follows them.
    let (code, text, stderr) = list(&env, &fails_at(3), &["-o", "json"]);
    assert_eq!(code, Some(10), "{stderr}");
    assert!(stderr.starts_with("Error: list credentials: "), "{stderr}");
    assert!(text.contains("id-0999") && !text.contains("\"error\""));
    // Nobody takes what was begun for a whole document.
    assert!(serde_json::from_str::<Value>(&text).is_err());
    // If nothing was written yet, the error is the document.
    let (code, text, stderr) = list(&env, &fails_at(1), &["-o", "json"]);
    assert_eq!(code, Some(10), "{stderr}");
    assert!(text.starts_with("{\n  \"error\": {"), "{text}");
}

#[test]
fn a_reader_that_leaves_ends_the_list() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match value(request, "page=") {
        3 => Reply::Hang,
        _ => page(request, TOTAL),
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .args(["credential", "list", "-o", "name"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything is written; the page that never comes is not waited for.
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
