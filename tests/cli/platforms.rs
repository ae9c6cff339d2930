//! The whole command line against `serve` as either platform: each command works there, and before that each of its
//! requests fails once.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use acpctl::testing::cli;

use crate::noun_faults::leaves;
use crate::support::serve::Serve;
use crate::support::server::{Received, Reply, Scripted, error, raw};
use crate::support::{TOKEN, TestEnv, streams};

/// A command line, split at blanks, and its exit status on the platform with pods and on the one with sandboxes. The
/// rows build on each other.
const ROWS: &[(&str, i32, i32)] = &[
    ("version", 0, 0),
    ("doctor", 0, 0),
    ("project create --name demo", 0, 0),
    ("project create --name gone", 0, 0),
    ("project list", 0, 0),
    ("project demo", 0, 0),
    ("project set demo", 0, 0),
    ("project update demo --description d", 0, 0),
    ("project transfer demo --to dev-user --yes", 6, 6),
    ("project delete --name gone", 0, 0),
    ("get project demo", 0, 0),
    ("describe project demo", 0, 0),
    ("edit project demo", 0, 0),
    ("api GET /projects", 0, 0),
    ("agent create --name ada --prompt hi", 0, 0),
    ("agent list", 0, 0),
    ("agent get ada", 0, 0),
    ("agent export ada", 0, 0),
    ("agent update ada --prompt ho", 0, 0),
    ("agent start-preview ada", 0, 0),
    (
        "credential create --provider github --name gh --token ghp_0123456789 --if-exists skip",
        0,
        0,
    ),
    ("credential list", 0, 0),
    ("credential get gh", 0, 0),
    ("credential token gh", 0, 0),
    ("credential update gh --description d", 0, 0),
    ("credential bind gh --project demo", 0, 0),
    ("credential bindings gh", 0, 0),
    ("credential scan .", 0, 0),
    ("session explain", 0, 0),
    ("session preview", 0, 0),
    // A sandbox gets nothing of a credential that is stored with acpctl.
    ("session exec -- true", 0, 3),
    ("exec gh -- true", 0, 3),
    ("credential unbind gh --project demo", 0, 0),
    ("provider create --name p --type github --secret s", 0, 0),
    ("provider list", 0, 0),
    ("provider get p", 0, 0),
    ("provider update p --secret t", 0, 0),
    ("provider export p", 0, 0),
    ("provider delete p --yes", 0, 0),
    ("policy create --name t --spec {}", 0, 0),
    ("policy list", 0, 0),
    ("policy get t", 0, 0),
    ("policy update t --spec {\"network\":{}}", 0, 0),
    ("policy export t", 0, 0),
    ("policy delete t --yes", 0, 0),
    (
        "create cluster --name c --api-server-url https://c.test --role workload",
        0,
        0,
    ),
    ("get clusters", 0, 0),
    ("describe cluster c", 0, 0),
    ("delete cluster c --yes", 0, 0),
    (
        "application create --name app --source-repo-url https://c.test/r --source-path p --destination-project demo",
        0,
        0,
    ),
    ("application list", 0, 0),
    ("application get app", 0, 0),
    ("application update app --source-path q", 0, 0),
    ("application sync app", 0, 0),
    ("application refresh app", 0, 0),
    ("application delete app --yes", 0, 0),
    (
        "scheduled-session create --name nightly --schedule @daily --agent-id ada --prompt go",
        0,
        0,
    ),
    ("scheduled-session list", 0, 0),
    ("scheduled-session get nightly", 0, 0),
    ("scheduled-session update nightly --schedule @weekly", 0, 0),
    ("scheduled-session suspend nightly", 0, 0),
    ("scheduled-session resume nightly", 0, 0),
    ("scheduled-session trigger nightly", 0, 0),
    ("scheduled-session runs nightly", 0, 0),
    ("scheduled-session delete nightly --yes", 0, 0),
    ("create session --name s", 0, 0),
    ("get sessions", 0, 0),
    ("get sessions --count", 0, 0),
    ("get session s", 0, 0),
    ("describe session s", 0, 0),
    ("session send s hello", 0, 0),
    ("session messages s", 0, 0),
    ("session events-history s", 0, 0),
    ("session logs s", 0, 0),
    ("session policy s", 3, 3),
    ("wait s --timeout 10ms", 9, 9),
    // No runner serves the session.
    ("session interrupt s", 10, 10),
    ("stop s", 0, 0),
    ("agent start ada", 0, 0),
    ("start ada", 0, 0),
    ("agent sessions ada", 0, 0),
    ("agent stop ada", 0, 0),
    ("inbox send --pa-id ada --body b", 0, 0),
    ("inbox list --pa-id ada", 0, 0),
    (
        "create role-binding --role-id project:viewer --scope project --scope-id demo --user-id dev-user",
        0,
        0,
    ),
    ("get role-bindings", 0, 0),
    ("get roles", 0, 0),
    ("get users", 0, 0),
    ("apply -f manifests", 0, 0),
    ("credential delete gh --yes", 0, 0),
    ("agent delete ada --yes", 0, 0),
    ("delete sessions --all --yes", 0, 0),
];

/// The commands, or the nouns, that need no row, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("alias", "asks nobody"),
    (
        "ambient",
        "needs a terminal; its screens have tests of their own",
    ),
    ("completion", "asks nobody"),
    ("config", "asks nobody"),
    ("credential explain", "asks nobody"),
    (
        "credential inspect",
        "kubeconfigs: the platform is the same",
    ),
    ("credential renew", "needs a cluster"),
    ("credential revoke", "needs a cluster"),
    ("credential validate", "asks nobody"),
    ("help", "asks nobody"),
    ("inbox delete", "takes an ID that the server makes"),
    ("inbox mark-read", "takes an ID that the server makes"),
    ("local", "the store alone"),
    ("login", "issuers, not the platform"),
    ("logout", "asks nobody"),
    ("options", "asks nobody"),
    ("project current", "asks nobody"),
    ("serve", "it is the server"),
    ("session events", "streams, in session/follow"),
    ("session mcp-config", "asks nobody"),
    ("session probe", "needs a cluster"),
    ("whoami", "asks nobody"),
];

/// The manifests of the row with `apply`.
const MANIFESTS: &str = "\
kind: Project
name: demo
---
kind: Provider
name: github
project: demo
secret: gh
---
kind: Agent
name: bob
project: demo
providers: [github]
";

#[test]
fn every_command_works_with_pods_and_survives_a_failure_of_each_request() {
    whole_command_line("pod", |row| row.1);
}

#[test]
fn every_command_works_with_sandboxes_and_survives_a_failure_of_each_request() {
    whole_command_line("sandbox", |row| row.2);
}

fn whole_command_line(platform: &str, expected: impl Fn(&(&str, i32, i32)) -> i32) {
    let env = TestEnv::new();
    std::fs::create_dir_all(env.work().join("manifests")).unwrap();
    env.file("manifests/all.yaml", MANIFESTS);
    let server = Serve::start(&env, &["--platform", platform]);
    let mut wrong = Vec::new();
    for (number, row) in ROWS.iter().enumerate() {
        if let Err(why) = try_row(&env, &server, number, row.0, expected(row)) {
            wrong.push(format!("{}: {why}", row.0));
        }
    }
    assert!(wrong.is_empty(), "{platform}:\n{}", wrong.join("\n"));
}

/// The ways in which a request fails.
fn fault(number: usize) -> Reply {
    match number % 4 {
        0 => error(500, "ambient-api-server-9", "broken \u{1b}[31m\u{202e}"),
        1 => raw(200, "text/html", "<html><title>Log in</title></html>"),
        2 => Reply::Close,
        _ => raw(200, "application/json", "[".repeat(100_000)),
    }
}

/// Runs a line until it makes no more requests than the ones that succeeded before.
fn try_row(
    env: &TestEnv,
    server: &Serve,
    number: usize,
    line: &str,
    expected: i32,
) -> Result<(), String> {
    let mut was_written = false;
    for good in 0..40 {
        let proxy = Proxy::before(server, good, number + good);
        // No answer of an earlier run may save a request.
        let _ = std::fs::remove_dir_all(env.home().join(".cache"));
        let output = env
            .connected(proxy.server.url())
            .env("AMBIENT_PROJECT", "demo")
            .env("EDITOR", "true")
            .current_dir(env.work())
            .args(["--retries", "0"])
            .args(line.split(' '))
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        let code = output.status.code();
        for text in [&stdout, &stderr] {
            if text.contains(TOKEN) || text.contains(['\u{1b}', '\u{202e}']) {
                return Err(format!("shows what it must not show: {text:?}"));
            }
        }
        if !matches!(code, Some(0..=13)) || stderr.contains("panicked") {
            return Err(format!("ends with {code:?}: {stderr}"));
        }
        if code != Some(0) && !stderr.contains("Error: ") {
            return Err(format!("fails without a word: {stderr}"));
        }
        if proxy.count() <= good {
            // An object that an earlier run made or deleted is there, or gone.
            let is_repeated = was_written && matches!(code, Some(3 | 6));
            return match code {
                Some(code) if code == expected || is_repeated => Ok(()),
                _ => Err(format!("{code:?} in place of {expected}: {stderr}")),
            };
        }
        was_written |= proxy.wrote();
    }
    Err("makes more requests than a command may".to_owned())
}

/// Stands before the server: passes so many requests on, and fails each one after them.
struct Proxy {
    server: Scripted,
    count: Arc<AtomicUsize>,
    passed: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn before(server: &Serve, good: usize, number: usize) -> Self {
        let count = Arc::new(AtomicUsize::new(0));
        let passed = Arc::new(Mutex::new(Vec::new()));
        let (counter, list) = (Arc::clone(&count), Arc::clone(&passed));
        let host = server.url.trim_start_matches("http://").to_owned();
        let server = Scripted::with(move |request| {
            if counter.fetch_add(1, Ordering::SeqCst) >= good {
                return fault(number);
            }
            list.lock().unwrap().push(request.method.clone());
            forward(&host, request)
        });
        Self {
            server,
            count,
            passed,
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn wrote(&self) -> bool {
        self.passed.lock().unwrap().iter().any(|it| it != "GET")
    }
}

/// Passes a request on and gives its answer.
fn forward(host: &str, request: &Received) -> Reply {
    let mut stream = TcpStream::connect(host).unwrap();
    let mut head = format!(
        "{} {} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\n",
        request.method,
        request.target,
        request.body.len()
    );
    for name in ["Content-Type", "X-Ambient-Project", "Accept"] {
        if let Some(value) = request.header(name) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"\r\n").unwrap();
    stream.write_all(&request.body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap();
    let kind = "application/json";
    raw(status.parse().unwrap(), kind, &answer[end + 4..])
}

#[test]
fn every_command_is_tried_against_both_platforms_or_has_a_reason() {
    let mut commands = Vec::new();
    leaves(&cli::tree(), "", &mut commands);
    let begins = |line: &str, words: &str| line == words || line.starts_with(&format!("{words} "));
    let in_one_list = |command: &&String| {
        let has_row = ROWS.iter().any(|row| begins(row.0, command));
        has_row != ELSEWHERE.iter().any(|(words, _)| begins(command, words))
    };
    let others: Vec<_> = commands.iter().filter(|it| !in_one_list(it)).collect();
    assert!(others.is_empty(), "in neither list, or in both: {others:?}");
    for (words, reason) in ELSEWHERE {
        assert!(
            commands.iter().any(|command| begins(command, words)),
            "{words} ({reason})"
        );
    }
}
