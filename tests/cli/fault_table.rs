//! docs/faults.md: what each verb of `credential` does in each fault of the server and the network, as a
//! table: exit status, requests, message. The test makes the table anew and compares it with the file.
//!
//! `UPDATE_FAULTS=1 cargo test --test cli fault_table` writes the file instead.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::faults::{ANSWERED, SENT, VERBS, Verb};
use crate::support::server::{Received, Reply, Scripted, error, json as answer, raw};
use crate::support::tls::Authority;
use crate::support::{ID, TOKEN, TestEnv, streams};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");

const HEAD: &str = "\
# Faults

How each command of `credential` behaves when the server or the network fails. A test makes this file
(`tests/cli/fault_table.rs`) and fails where the program does otherwise;
`UPDATE_FAULTS=1 cargo test --test cli fault_table` writes it anew. `SERVER` is the server's address, `×3` a request
sent three times. Faults marked \"then good\" happen once; all others stay.

Requests that are safe to repeat are tried again after a closed connection, 502, 503, 504 and a 429 that says when. A
`create` is never sent twice.
";

/// A fault and how a test brings it about.
struct Fault {
    name: &'static str,
    peer: Peer,
}

enum Peer {
    /// Nothing listens.
    Nobody,
    /// Every request gets this reply.
    Always(fn() -> Reply),
    /// The first request gets this reply, all others what a sound server says.
    Once(fn() -> Reply),
    /// A server that speaks no TLS, asked for it.
    PlainText,
    /// A TLS server with a certificate of another authority, of 2020, or of another host.
    Unknown,
    Expired,
    OtherHost,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "connection refused",
        peer: Peer::Nobody,
    },
    Fault {
        name: "no answer",
        peer: Peer::Always(|| Reply::Hang),
    },
    Fault {
        name: "connection closed",
        peer: Peer::Always(|| Reply::Close),
    },
    Fault {
        name: "connection closed, then good",
        peer: Peer::Once(|| Reply::Close),
    },
    Fault {
        name: "500",
        peer: Peer::Always(|| error(500, "ambient-api-server-9", "Unspecified error")),
    },
    Fault {
        name: "500 with a page",
        peer: Peer::Always(|| raw(500, "text/html", format!("<html>{ANSWERED}</html>"))),
    },
    Fault {
        name: "502",
        peer: Peer::Always(|| raw(502, "text/plain", "bad gateway")),
    },
    Fault {
        name: "502, then good",
        peer: Peer::Once(|| raw(502, "text/plain", "bad gateway")),
    },
    Fault {
        name: "401",
        peer: Peer::Always(|| raw(401, "text/plain", "Unauthorized\n")),
    },
    Fault {
        name: "403",
        peer: Peer::Always(|| answer(403, &json!({"kind": "Error", "reason": "Forbidden"}))),
    },
    Fault {
        name: "404",
        peer: Peer::Always(|| error(404, "ambient-api-server-7", "Credential not found")),
    },
    Fault {
        name: "409",
        peer: Peer::Always(|| error(409, "ambient-api-server-6", "already exists")),
    },
    Fault {
        name: "429",
        peer: Peer::Always(|| raw(429, "text/plain", "")),
    },
    Fault {
        name: "429, Retry-After 0",
        peer: Peer::Always(|| slow_down("0")),
    },
    Fault {
        name: "429, Retry-After 1, then good",
        peer: Peer::Once(|| slow_down("1")),
    },
    Fault {
        name: "429, Retry-After one day",
        peer: Peer::Always(|| slow_down("86400")),
    },
    Fault {
        name: "cut body",
        peer: Peer::Always(|| Reply::Cut {
            status: 200,
            body: format!("{{\"name\": \"{ANSWERED}").into_bytes(),
        }),
    },
    Fault {
        name: "garbage",
        peer: Peer::Always(|| raw(200, "application/json", format!("garbage {ANSWERED}"))),
    },
    Fault {
        name: "50 MiB that are no JSON",
        peer: Peer::Always(|| raw(200, "application/json", vec![b'x'; 50 << 20])),
    },
    Fault {
        name: "endless body",
        peer: Peer::Always(|| Reply::Endless),
    },
    Fault {
        name: "redirect to another host",
        peer: Peer::Always(|| Reply::Answer {
            status: 307,
            headers: vec![("Location", "http://127.0.0.2:9/elsewhere".to_owned())],
            body: Vec::new(),
        }),
    },
    Fault {
        name: "https to a server without TLS",
        peer: Peer::PlainText,
    },
    Fault {
        name: "certificate of an unknown authority",
        peer: Peer::Unknown,
    },
    Fault {
        name: "certificate expired",
        peer: Peer::Expired,
    },
    Fault {
        name: "certificate of another host",
        peer: Peer::OtherHost,
    },
];

fn slow_down(seconds: &str) -> Reply {
    Reply::Answer {
        status: 429,
        headers: vec![("Retry-After", seconds.to_owned())],
        body: Vec::new(),
    }
}

/// What a sound server says to the requests of these commands.
fn good(request: &Received) -> Reply {
    let path = request.target.split('?').next().unwrap_or_default();
    let credential = json!({"id": ID, "name": "n", "provider": "github"});
    let list = |kind: &str, items: serde_json::Value| {
        let size = items.as_array().map_or(0, Vec::len);
        answer(
            200,
            &json!({"kind": kind, "page": 1, "size": size, "total": size, "items": items}),
        )
    };
    match (request.method.as_str(), path.rsplit('/').next()) {
        ("DELETE", _) => raw(204, "application/json", ""),
        ("GET", Some("credentials")) => list("CredentialList", json!([credential])),
        ("GET", Some("roles")) => list(
            "RoleList",
            json!([{"id": "r1", "name": "credential:viewer"}]),
        ),
        ("GET", Some("role_bindings")) => list("RoleBindingList", json!([])),
        ("GET", Some("p")) => answer(200, &json!({"id": "p", "name": "p"})),
        ("POST", Some("role_bindings")) => answer(201, &json!({"id": "b1", "role_id": "r1"})),
        ("POST", _) => answer(201, &credential),
        (_, Some("token")) => answer(
            200,
            &json!({"credential_id": ID, "provider": "github", "token": "t"}),
        ),
        _ => answer(200, &credential),
    }
}

/// Somebody to talk to, for as long as the value lives.
struct Running {
    url: String,
    scripted: Option<Scripted>,
    tls: Option<crate::support::tls::Server>,
    /// The authority that the command trusts.
    trusted: Option<String>,
}

impl Running {
    fn start(peer: &Peer, env: &TestEnv) -> Self {
        match peer {
            Peer::Nobody => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let address = listener.local_addr().unwrap();
                drop(listener);
                Self {
                    url: format!("http://{address}"),
                    scripted: None,
                    tls: None,
                    trusted: None,
                }
            }
            Peer::Always(reply) => {
                let reply = *reply;
                Self::scripted(Scripted::with(move |_| reply()), "http")
            }
            Peer::Once(reply) => {
                let (reply, asked) = (*reply, AtomicUsize::new(0));
                let script = move |request: &Received| match asked.fetch_add(1, Ordering::SeqCst) {
                    0 => reply(),
                    _ => good(request),
                };
                Self::scripted(Scripted::with(script), "http")
            }
            Peer::PlainText => Self::scripted(Scripted::with(good), "https"),
            Peer::Unknown => Self::tls(Authority::new().server(&["localhost"]), None),
            Peer::Expired => {
                let authority = Authority::new();
                let file = authority.file(&env.work());
                Self::tls(authority.expired_server(&["localhost"]), Some(&file))
            }
            Peer::OtherHost => {
                let authority = Authority::new();
                let file = authority.file(&env.work());
                Self::tls(authority.server(&["other.example.test"]), Some(&file))
            }
        }
    }

    fn scripted(server: Scripted, scheme: &str) -> Self {
        Self {
            url: server.url().replacen("http", scheme, 1),
            scripted: Some(server),
            tls: None,
            trusted: None,
        }
    }

    fn tls(server: crate::support::tls::Server, trusted: Option<&Path>) -> Self {
        Self {
            url: format!("https://localhost:{}", server.port()),
            scripted: None,
            tls: Some(server),
            trusted: trusted.map(|path| path.to_string_lossy().into_owned()),
        }
    }

    /// The requests in their order, those that follow themselves counted.
    fn requests(&self) -> String {
        let mut sent = self
            .scripted
            .as_ref()
            .map_or_else(Vec::new, Scripted::lines);
        sent.extend(
            self.tls
                .iter()
                .flat_map(crate::support::tls::Server::requests),
        );
        let mut counted: Vec<(String, usize)> = Vec::new();
        for line in sent {
            let line = line.split('?').next().unwrap_or_default().replace(ID, "ID");
            match counted.last_mut() {
                Some((last, count)) if *last == line => *count += 1,
                _ => counted.push((line, 1)),
            }
        }
        let words: Vec<String> = counted
            .into_iter()
            .map(|(line, count)| match count {
                1 => format!("`{line}`"),
                count => format!("`{line}` ×{count}"),
            })
            .collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// One row of the table.
fn row(verb: &Verb, fault: &Fault) -> String {
    let env = TestEnv::new();
    let peer = Running::start(&fault.peer, &env);
    let mut command = env.connected(&peer.url);
    let limit = match fault.peer {
        Peer::Always(reply) if matches!(reply(), Reply::Hang) => "300ms",
        _ => "30s",
    };
    command.args(["--request-timeout", limit]).args(verb.args);
    if let Some(path) = &peer.trusted {
        command.args(["--ca-file", path]);
    }
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    let case = format!("{} on {}", verb.name, fault.name);
    for secret in [SENT, ANSWERED, TOKEN] {
        assert!(
            !stderr.contains(secret) && !stdout.contains(secret),
            "{case} shows {secret}"
        );
    }
    let said = if output.status.success() {
        "done".to_owned()
    } else {
        assert_eq!(stdout, "", "{case}");
        let errors: Vec<&str> = stderr
            .lines()
            .filter(|line| line.starts_with("Error: "))
            .collect();
        assert_eq!(errors.len(), 1, "{case}: {stderr}");
        let address = peer.url.split("//").nth(1).unwrap_or_default();
        errors[0].replace(address, "SERVER").replace(ID, "ID")
    };
    let code = output.status.code().unwrap();
    format!(
        "| {} | {code} | {} | {} |\n",
        fault.name,
        peer.requests(),
        said.replace('|', "\\|")
    )
}

/// The whole file; rows are made side by side.
fn table() -> String {
    let cases: Vec<(&Verb, &Fault)> = VERBS
        .iter()
        .flat_map(|verb| FAULTS.iter().map(move |fault| (verb, fault)))
        .collect();
    let rows = Mutex::new(vec![String::new(); cases.len()]);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    let Some((verb, fault)) = cases.get(at) else {
                        return;
                    };
                    let made = row(verb, fault);
                    rows.lock().unwrap()[at] = made;
                }
            });
        }
    });
    let rows = rows.into_inner().unwrap();
    let mut text = HEAD.to_owned();
    for (verb, rows) in VERBS.iter().zip(rows.chunks(FAULTS.len())) {
        let words = verb
            .args
            .join(" ")
            .replace(ID, "ID")
            .replace(SENT, "SECRET");
        write!(
            text,
            "\n## `acpctl {words}`\n\n| fault | exit | requests | message |\n| --- | --- | --- | --- |\n{}",
            rows.concat()
        )
        .unwrap();
    }
    text
}

#[test]
fn the_fault_table_is_what_happens() {
    let made = table();
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        fs::write(FILE, made).unwrap();
        return;
    }
    let kept = fs::read_to_string(FILE).unwrap();
    for (kept, made) in kept.lines().zip(made.lines()) {
        assert_eq!(kept, made, "docs/faults.md is not what happens");
    }
    assert_eq!(kept, made);
}
