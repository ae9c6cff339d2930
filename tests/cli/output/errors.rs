//! Errors with what to do about them.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::server::{Scripted, error, list, raw};

fn answered(status: u16, reason: &'static str, line: &str) -> String {
    let server = Scripted::with(move |_| error(status, "code-1", reason));
    TestEnv::new().connected(server.url()).line(line).shown()
}

#[test]
fn refusals_of_a_server() {
    assert_snapshot!(answered(401, "Unauthorized", "credential list"), @r"
    --- standard error
    Error: list credentials: ambient API error 401: code-1 — Unauthorized
    Hint: the token was rejected: set AMBIENT_TOKEN to a new one, or unset it and log in (acpctl login URL)
    --- exit status 4
    ");
    assert_snapshot!(answered(403, "Forbidden", "credential list"), @r"
    --- standard error
    Error: list credentials: ambient API error 403: code-1 — Forbidden
    Hint: ask the project's owner for a role, or check --project
    --- exit status 5
    ");
    assert_snapshot!(answered(409, "Already there", "create project --name demo"), @r"
    --- standard error
    Error: create project: ambient API error 409: code-1 — Already there
    Hint: to switch to it, if it exists: acpctl project set demo; in a script: acpctl project create demo --if-exists skip; the name of a deleted project stays taken: choose another one, in a job a new one for each run
    --- exit status 6
    ");
    assert_snapshot!(answered(500, "Broken", "credential list --retries 0"), @r"
    --- standard error
    Error: list credentials: ambient API error 500: code-1 — Broken
    Hint: the server failed: give its operators the operation id op-1
    --- exit status 10
    ");
}

#[test]
fn a_failure_in_json() {
    assert_snapshot!(answered(403, "Forbidden", "credential list -o json"), @r#"
    {
      "error": {
        "exit_code": 5,
        "code": "code-1",
        "reason": "list credentials: ambient API error 403: code-1 — Forbidden",
        "detail": null,
        "hint": "ask the project's owner for a role, or check --project",
        "operation_id": "op-1"
      }
    }
    --- standard error
    Error: list credentials: ambient API error 403: code-1 — Forbidden
    Hint: ask the project's owner for a role, or check --project
    --- exit status 5
    "#);
}

#[test]
fn an_answer_that_is_a_page_for_browsers() {
    let server = Scripted::with(|_| raw(200, "text/html", "<html><title>Sign in</title></html>"));
    let env = TestEnv::new();
    assert_snapshot!(env.connected(server.url()).line("credential list").shown(), @r"
    --- standard error
    Error: list credentials: unmarshal response: invalid character '<' looking for beginning of value
    Hint: the answer is HTML, not the ACP API: a portal or a proxy? Check the URL: acpctl config get api_url
    --- exit status 10
    ");
}

#[test]
fn no_server_and_no_login() {
    let env = TestEnv::new();
    assert_snapshot!(env.acpctl().line("credential list").shown(), @r"
    --- standard error
    Error: not logged in; run 'acpctl login' first
    Hint: log in (acpctl login URL), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local
    --- exit status 4
    ");
    assert_snapshot!(env.connected("http://127.0.0.1:1").line("credential list --retries 0").shown(), @r#"
    --- standard error
    Error: list credentials: HTTP request failed: Get "http://127.0.0.1:[port]/api/ambient/v1/credentials?page=1&size=100": dial tcp 127.0.0.1:[port]: connect: connection refused
    Hint: nothing listens there: check AMBIENT_API_URL, or use the embedded API: --local
    --- exit status 9
    "#);
    assert_snapshot!(
        env.acpctl().env("AMBIENT_API_URL", "https://acp.example.org").line("credential list").shown(),
        @r"
    --- standard error
    Error: not logged in; run 'acpctl login' first
    Hint: log in (acpctl login https://acp.example.org), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local
    --- exit status 4
    "
    );
}

#[test]
fn names_that_mean_nothing_or_too_much() {
    let server = Scripted::with(|request| match request.target.split_once('?') {
        None => error(404, "code-7", "Not Found"),
        Some((_, query)) if query.contains("twin") => {
            list(json!([{"id": "1", "name": "twin"}, {"id": "2", "name": "twin"}]))
        }
        Some((_, query)) if query.contains("search=") => list(json!([])),
        Some(_) => list(json!([{"id": "1", "name": "prod"}])),
    });
    let env = TestEnv::new();
    let said = |line: &str| env.connected(server.url()).line(line).shown();
    assert_snapshot!(said("credential get twin"), @r#"
    --- standard error
    Error: get credential "twin": multiple credentials named "twin" found (1, 2); use the credential ID instead
    --- exit status 6
    "#);
    assert_snapshot!(said("credential get prud"), @r#"
    --- standard error
    Error: get credential "prud": ambient API error 404: code-7 — Not Found
    Hint: did you mean "prod"?
    --- exit status 3
    "#);
    assert_snapshot!(said("agent list"), @r"
    --- standard error
    Error: no project set; use --project-id or run 'acpctl config set project <name>'
    Hint: choose one: acpctl project set NAME; those that exist: acpctl project list
    --- exit status 2
    ");
}

#[test]
fn secrets_that_can_not_be_had() {
    let env = TestEnv::new();
    env.file("empty", "");
    let with = |more: &[&str]| {
        env.local()
            .args(credential_create("github", "n", more))
            .shown()
    };
    assert_snapshot!(with(&["--from-file", "absent"]), @r#"
    --- standard error
    Error: read "absent": no such file or directory
    --- exit status 7
    "#);
    assert_snapshot!(with(&["--from-file", "empty"]), @r"
    --- standard error
    Error: the secret from empty is empty
    Hint: check the command that produces it; nothing was sent
    --- exit status 7
    ");
    assert_snapshot!(with(&["--token", "x", "--from-file", "empty"]), @r"
    --- standard error
    Error: --token and --from-file are mutually exclusive
    Hint: name the secret's source once
    --- exit status 2
    ");
    assert_snapshot!(env.local().line("credential create --provider githib --name n --token x").shown(), @r#"
    --- standard error
    Error: unknown provider "githib"
    Hint: did you mean github? To store it anyway, add --allow unknown-provider
    --- exit status 2
    "#);
}
