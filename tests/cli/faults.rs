//! Faults of the server and the network: each verb of `credential` against each fault; the other
//! nouns against the same table are in `noun_faults.rs`. What a user meets is in docs/faults.md, which
//! `fault_table.rs` keeps.
//!
//! The outcome of every pair is one row of a table: exit code, number of requests, and a part of the
//! message. A canary in the request and in the answers must not turn up anywhere.

use serde_json::json;

use crate::support::server::{Reply, Scripted, error, json, raw};
use crate::support::{ID, TOKEN, TestEnv, streams};

/// A secret in the request.
pub const SENT: &str = "canary-sent-5f1c";
/// A secret in the answers.
pub const ANSWERED: &str = "canary-answered-77ab";

pub struct Verb {
    pub name: &'static str,
    pub args: &'static [&'static str],
    /// Safe to repeat, so tried three times where the fault may pass.
    repeats: bool,
    prefix: &'static str,
}

pub const VERBS: &[Verb] = &[
    Verb {
        name: "list",
        args: &["credential", "list"],
        repeats: true,
        prefix: "list credentials: ",
    },
    Verb {
        name: "get",
        args: &["credential", "get", ID],
        repeats: true,
        prefix: "get credential \"3MX85aKNFVYjNaWSBgG3UcSclTU\": ",
    },
    Verb {
        name: "create",
        args: &[
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "n",
            "--token",
            SENT,
        ],
        repeats: false,
        prefix: "create credential: ",
    },
    Verb {
        name: "update",
        args: &["credential", "update", ID, "--token", SENT],
        repeats: true,
        prefix: "update credential: ",
    },
    Verb {
        name: "delete",
        args: &["credential", "delete", ID, "--yes"],
        repeats: true,
        prefix: "delete credential: ",
    },
    Verb {
        name: "token",
        args: &["credential", "token", ID],
        repeats: true,
        prefix: "get token for credential \"3MX85aKNFVYjNaWSBgG3UcSclTU\": ",
    },
    Verb {
        name: "bind",
        args: &["credential", "bind", "n", "--project", "p"],
        repeats: true,
        prefix: "look up credential \"n\": ",
    },
    Verb {
        name: "unbind",
        args: &["credential", "unbind", "n", "--project", "p"],
        repeats: true,
        prefix: "look up credential \"n\": ",
    },
    Verb {
        name: "scan",
        args: &["credential", "scan", "."],
        repeats: true,
        prefix: "list credentials: ",
    },
];

/// The verbs that go on in a cluster, which docs/faults.md leaves out. What they do there is in
/// `credential/mint_faults.rs`.
const IN_A_CLUSTER: &[Verb] = &[
    Verb {
        name: "renew",
        args: &["credential", "renew", ID],
        repeats: true,
        prefix: "renew credential: ",
    },
    Verb {
        name: "revoke",
        args: &["credential", "revoke", ID, "--yes"],
        repeats: true,
        prefix: "revoke credential: ",
    },
];

pub struct Fault {
    pub name: &'static str,
    pub reply: fn() -> Reply,
    pub code: i32,
    pub message: &'static str,
    /// A fault that may pass: verbs that repeat safely try again.
    passing: bool,
}

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "500",
        reply: || error(500, "ambient-api-server-9", "Unspecified error"),
        code: 10,
        message: "ambient API error 500: ambient-api-server-9 — Unspecified error",
        passing: false,
    },
    Fault {
        name: "500 html",
        reply: || raw(500, "text/html", format!("<html>{ANSWERED}</html>")),
        code: 10,
        message: "ambient API error 500: http_error — HTTP 500: unexpected status",
        passing: false,
    },
    Fault {
        name: "502",
        reply: || raw(502, "text/plain", "bad gateway"),
        code: 10,
        message: "ambient API error 502: http_error — HTTP 502: unexpected status",
        passing: true,
    },
    Fault {
        name: "401",
        reply: || raw(401, "text/plain", "Unauthorized\n"),
        code: 4,
        message: "ambient API error 401: http_error — HTTP 401: unexpected status",
        passing: false,
    },
    Fault {
        name: "403",
        reply: || json(403, &json!({"kind": "Error", "reason": "Forbidden"})),
        code: 5,
        message: "ambient API error 403: http_error — HTTP 403: unexpected status",
        passing: false,
    },
    Fault {
        name: "404",
        reply: || {
            error(
                404,
                "ambient-api-server-7",
                "Credential with id='x' not found",
            )
        },
        code: 3,
        message: "ambient API error 404: ambient-api-server-7 — Credential with id='x' not found",
        passing: false,
    },
    Fault {
        name: "409",
        reply: || {
            error(
                409,
                "ambient-api-server-6",
                "This Credential already exists",
            )
        },
        code: 6,
        message: "ambient API error 409: ambient-api-server-6 — This Credential already exists",
        passing: false,
    },
    Fault {
        name: "429",
        reply: || error(429, "slow-down", ""),
        code: 10,
        message: "ambient API error 429: slow-down — ",
        passing: false,
    },
    Fault {
        name: "closed",
        reply: || Reply::Close,
        code: 9,
        message: ": EOF",
        passing: true,
    },
    Fault {
        name: "hang",
        reply: || Reply::Hang,
        code: 9,
        message: "context deadline exceeded",
        passing: false,
    },
    Fault {
        name: "cut body",
        reply: || Reply::Cut {
            status: 500,
            body: b"{\"items\":".to_vec(),
        },
        code: 9,
        message: "read response body: unexpected EOF",
        passing: false,
    },
    Fault {
        name: "endless body",
        reply: || Reply::Endless,
        code: 9,
        message: "read response body: the answer is larger than 64 MiB",
        passing: false,
    },
    Fault {
        name: "redirect to another host",
        reply: || Reply::Answer {
            status: 302,
            headers: vec![("Location", "http://127.0.0.2:9/steal".to_owned())],
            body: Vec::new(),
        },
        code: 1,
        message: "ambient API error 302: http_error — HTTP 302: unexpected status",
        passing: false,
    },
];

#[test]
fn every_verb_survives_every_fault() {
    let env = TestEnv::new();
    for fault in FAULTS {
        for verb in VERBS.iter().chain(IN_A_CLUSTER) {
            let server = Scripted::with(|_| (fault.reply)());
            let output = env
                .connected(server.url())
                .args([
                    "--request-timeout",
                    if fault.name == "hang" { "300ms" } else { "30s" },
                    "--trace",
                ])
                .args(verb.args)
                .output()
                .unwrap();
            let case = format!("{} on {}", verb.name, fault.name);
            let (stdout, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(fault.code), "{case}: {stderr}");
            let first = stderr
                .lines()
                .find(|line| line.starts_with("Error: "))
                .unwrap_or_default();
            assert!(
                first.starts_with(&format!("Error: {}", verb.prefix))
                    || first == "Error: credential \"n\" not found",
                "{case}: {first}"
            );
            let message = match (verb.name, fault.name) {
                // It looks for a name too, and says in the end what it did not find.
                ("bind" | "unbind", "404") => "credential \"n\" not found",
                _ => fault.message,
            };
            assert!(first.ends_with(message), "{case}: {first}");
            assert_eq!(stdout, "", "{case}");
            let tries = if fault.passing && verb.repeats { 3 } else { 1 };
            // What is not known as an id may be a name: after such a refusal lists are read, and nothing else.
            let may_be_a_name = matches!(fault.name, "403" | "404");
            let lines = server.lines();
            let behind = lines.get(tries..).unwrap_or_default();
            // The token alone may be what is not found: the credential is read once, to say which of the two it is.
            let reads = behind
                .iter()
                .filter(|line| !line.starts_with("GET /credentials?"));
            let reads: Vec<&String> = reads.collect();
            let to_explain = match (verb.name, fault.name) {
                ("token", "404") => vec![format!("GET /credentials/{ID}")],
                _ => Vec::new(),
            };
            assert!(
                lines.len() >= tries
                    && (behind.is_empty() || may_be_a_name)
                    && reads.into_iter().eq(&to_explain),
                "{case}: {lines:?}"
            );
            for secret in [SENT, ANSWERED, TOKEN] {
                assert!(!stderr.contains(secret), "{case} shows {secret}: {stderr}");
            }
        }
    }
}

#[test]
fn a_passing_fault_is_survived() {
    let env = TestEnv::new();
    let record = json!({"id": ID, "name": "n", "provider": "github"});
    for fault in [
        raw(502, "text/plain", ""),
        raw(503, "text/plain", ""),
        Reply::Close,
    ] {
        let server = Scripted::new([fault, json(200, &record)]);
        env.connected(server.url())
            .args(["credential", "get", ID])
            .assert()
            .success();
        assert_eq!(server.received().len(), 2);
    }
    let server = Scripted::new([
        Reply::Answer {
            status: 429,
            headers: vec![("Retry-After", "0".to_owned())],
            body: Vec::new(),
        },
        json(200, &record),
    ]);
    env.connected(server.url())
        .args(["credential", "get", ID])
        .assert()
        .success();
}

#[test]
fn a_delete_whose_answer_was_lost_is_done() {
    let env = TestEnv::new();
    let server = Scripted::new([
        json(200, &json!({"id": ID, "name": "n"})),
        Reply::Close,
        error(404, "ambient-api-server-7", "gone"),
    ]);
    env.connected(server.url())
        .args(["credential", "delete", ID, "--yes"])
        .assert()
        .success()
        .stdout(format!("credential/{ID} deleted\n"));
}

#[test]
fn a_wrong_answer_is_a_decode_error() {
    let env = TestEnv::new();
    for (body, message) in [
        ("oops", "unmarshal response: "),
        (
            "{\"id\":1}",
            "unmarshal response: json: cannot unmarshal number into Go struct field Credential.ObjectReference.id of type string",
        ),
        (
            "[]",
            "unmarshal response: json: cannot unmarshal array into Go value of type types.Credential",
        ),
    ] {
        let server = Scripted::new([raw(200, "application/json", body)]);
        let output = env
            .connected(server.url())
            .args(["credential", "get", ID])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(10), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn nothing_listens() {
    let env = TestEnv::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}");
    let by_flag = ["--api-url", &url];
    for (named, flags, origin) in [
        (url.as_str(), &[][..], "AMBIENT_API_URL"),
        ("http://127.0.0.1:9", &by_flag, "--api-url"),
    ] {
        env.connected(named)
            .args(["credential", "list"])
            .args(flags)
            .assert()
            .code(9)
            .stderr(format!(
                "Error: list credentials: HTTP request failed: Get \"http://{address}/api/ambient/v1/credentials?page=1&size=100\": dial tcp {address}: connect: connection refused\nHint: nothing listens there: check {origin}, or use the embedded API: --local\n"
            ));
    }
}

#[test]
fn errors_are_json_too() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| {
        error(
            404,
            "ambient-api-server-7",
            "Credential with id='x' not found",
        )
    });
    let output = env
        .connected(server.url())
        .args(["credential", "get", ID, "-o", "json"])
        .output()
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(body["error"]["exit_code"], 3);
    assert_eq!(body["error"]["code"], "ambient-api-server-7");
    assert_eq!(body["error"]["operation_id"], "op-1");
}
