//! The line that tells how far long work is: on a terminal, late, and gone at the end.

use std::process::Command as Kill;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::oidc::{Issuer, Mood};
use crate::support::pty::{Terminal, start, start_with};
use crate::support::server::{Received, Reply, Scripted, error, json as answer};
use crate::support::{TestEnv, streams};

/// Longer than work may take without a word.
const SLOW: Duration = Duration::from_millis(700);

const TOTAL: usize = 2500;
const SIZE: usize = 1000;

/// Holds requests until it is dropped.
type Gate = Sender<()>;

fn gate() -> (Gate, Mutex<Receiver<()>>) {
    let (open, held) = channel();
    (open, Mutex::new(held))
}

fn hold(held: &Mutex<Receiver<()>>) {
    let _ = held.lock().unwrap().recv();
}

/// A page of a long list of credentials.
fn page(request: &Received) -> Reply {
    let value = |name: &str| {
        let query = request.target.split_once('?').unwrap_or_default().1;
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
        pair.map_or(1, |text| text.parse::<usize>().unwrap())
    };
    let (page, size) = (value("page="), value("size="));
    let ids = (page - 1) * size..(page * size).min(TOTAL);
    let items: Vec<Value> = ids
        .map(|id| json!({"id": format!("id-{id:04}"), "name": format!("c{id}"), "provider": "p"}))
        .collect();
    answer(
        200,
        &json!({"kind": "List", "page": page, "size": items.len(), "total": TOTAL, "items": items}),
    )
}

fn is_page(request: &Received, page: usize, size: usize) -> bool {
    request.target.contains(&format!("page={page}&size={size}"))
}

const LIST: &[&str] = &["credential", "list", "-o", "name"];

/// A list whose second big page is held until the gate opens.
fn long_list() -> (Gate, Scripted) {
    let (gate, held) = gate();
    let server = Scripted::with(move |request| {
        if is_page(request, 2, SIZE) {
            hold(&held);
        }
        page(request)
    });
    (gate, server)
}

fn gone(screen: &str, terminal: &Terminal) {
    assert!(!screen.contains("Listing"), "{screen}");
    assert!(terminal.is_sane(), "{screen}");
}

#[test]
fn a_long_list_counts_and_leaves_nothing_behind() {
    let env = TestEnv::new();
    let (gate, server) = long_list();
    let terminal = start(&env, server.url(), LIST, 24, 80);
    terminal.wait_for("Listing credentials: 1000 of 2500");
    drop(gate);
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/c2499\nstatus 0"), "{screen}");
    gone(&screen, &terminal);
}

#[test]
fn every_way_out_takes_the_line_away() {
    for (signal, status) in [
        ("-INT", "status 130"),
        ("-TERM", "status 143"),
        ("-HUP", "status 129"),
    ] {
        let env = TestEnv::new();
        let (_gate, server) = long_list();
        let terminal = start(&env, server.url(), LIST, 24, 80);
        terminal.wait_for("Listing credentials: 1000 of 2500");
        if signal == "-INT" {
            terminal.type_text("\x03");
        } else {
            let children = format!("/proc/{0}/task/{0}/children", terminal.pid());
            let Ok(children) = std::fs::read_to_string(children) else {
                crate::support::skipped("this system does not list children in /proc");
                return;
            };
            let killed = Kill::new("kill").args([signal, children.trim()]).status();
            assert!(killed.unwrap().success());
        }
        gone(&terminal.wait_for(status), &terminal);
    }
    let env = TestEnv::new();
    let (gate, held) = gate();
    let server = Scripted::with(move |request| {
        if is_page(request, 2, SIZE) {
            hold(&held);
            return error(500, "c", "broken");
        }
        page(request)
    });
    let terminal = start(&env, server.url(), LIST, 24, 80);
    terminal.wait_for("Listing credentials: 1000 of 2500");
    drop(gate);
    let screen = terminal.wait_for("status 10");
    assert!(screen.contains("Error: list credentials: "), "{screen}");
    gone(&screen, &terminal);
}

#[test]
fn nothing_of_it_is_seen_elsewhere() {
    let slow = Scripted::with(|request| {
        if request.target.contains("page=1&size=100") {
            std::thread::sleep(SLOW);
        }
        page(request)
    });
    let fast = Scripted::with(page);
    let env = TestEnv::new();
    // In a pipe: the same bytes as from a server that is quick.
    let piped = |server: &Scripted| {
        let output = env.connected(server.url()).args(LIST).output().unwrap();
        assert!(output.status.success());
        streams(&output)
    };
    assert_eq!(piped(&slow), piped(&fast));
    assert!(piped(&slow).1.is_empty());
    // On a terminal, but not for someone who watches it, or mixed with what a reader of ours writes.
    for (variables, line, words) in [
        (&[("CI", "1")][..], "\"$@\"", LIST),
        (&[("TERM", "dumb")], "\"$@\"", LIST),
        (&[], "\"$@\" | cat", LIST),
        (&[], "\"$@\" 2>/dev/null", LIST),
        (
            &[],
            "\"$@\"",
            &["credential", "list", "-o", "name", "--verbose"],
        ),
        (
            &[("AMBIENT_COMPLETION_TIMEOUT", "5000")],
            "\"$@\"",
            &["__complete", "credential", "get", ""],
        ),
    ] {
        let terminal = start_with(&env, slow.url(), variables, line, words, (24, 80));
        terminal.wait_for("status 0");
        assert!(
            !terminal.written().contains("Listing"),
            "{variables:?} {line} {words:?}"
        );
    }
    // A file takes nothing of the terminal.
    let (gate, server) = long_list();
    let terminal = start_with(&env, server.url(), &[], "\"$@\" > list.txt", LIST, (24, 80));
    terminal.wait_for("Listing credentials: 1000 of 2500");
    drop(gate);
    gone(&terminal.wait_for("status 0"), &terminal);
    let written = std::fs::read_to_string(env.work().join("list.txt")).unwrap();
    assert_eq!(written, piped(&fast).0);
}

#[test]
fn apply_tells_which_document_it_is_at_below_what_is_done() {
    let env = TestEnv::new();
    env.file(
        "team.yaml",
        "kind: Project\nname: web\n---\nkind: Project\nname: shop\n---\nkind: Project\nname: last\n",
    );
    let (gate, held) = gate();
    let server = Scripted::with(move |request| match request.method.as_str() {
        "GET" => error(404, "c", "not found"),
        _ => {
            let mut project = request.json();
            if project["name"] == "shop" {
                hold(&held);
            }
            project["id"] = "P1".into();
            answer(201, &project)
        }
    });
    let terminal = start(&env, server.url(), &["apply", "-f", "team.yaml"], 24, 80);
    let screen = terminal.wait_for("Applying 2 of 3: project/shop");
    assert!(screen.starts_with("project/web created\n"), "{screen}");
    drop(gate);
    let screen = terminal.wait_for("status 0");
    assert!(
        screen.starts_with(
            "project/web created\nproject/shop created\nproject/last created\nstatus 0"
        ),
        "{screen}"
    );
    assert!(terminal.is_sane());
}

#[test]
fn a_wait_for_a_busy_server_is_told() {
    let env = TestEnv::new();
    let tries = Mutex::new(0);
    let server = Scripted::with(move |request| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries > 1 {
            return page(request);
        }
        Reply::Answer {
            status: 429,
            headers: vec![("Retry-After", "2".to_owned())],
            body: Vec::new(),
        }
    });
    let terminal = start(&env, server.url(), LIST, 24, 80);
    terminal.wait_for("Listing credentials, server busy (429): waiting 2 s");
    gone(&terminal.wait_for("status 0"), &terminal);
}

#[test]
fn a_stream_that_does_not_open_is_waited_for_and_left() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| Reply::Hang);
    let words = ["session", "messages", "s1", "-F"];
    let terminal = start(&env, server.url(), &words, 24, 80);
    terminal.wait_for("Waiting for the session's stream");
    terminal.type_text("\x03");
    let screen = terminal.wait_for("status 0");
    assert!(!screen.contains("Waiting for"), "{screen}");
    assert!(terminal.is_sane());
}

#[test]
fn a_narrow_window_gets_one_line() {
    let env = TestEnv::new();
    let (gate, server) = long_list();
    let terminal = start(&env, server.url(), LIST, 24, 20);
    let screen = terminal.wait_for("Listing credenti");
    assert_eq!(screen.lines().count(), 1, "{screen}");
    terminal.resize(24, 60);
    terminal.wait_for("Listing credentials: 1000 of 2500");
    drop(gate);
    gone(&terminal.wait_for("status 0"), &terminal);
}

#[test]
fn a_login_that_waits_for_the_browser_says_so() {
    let env = TestEnv::new();
    let issuer = Issuer::new(Mood::Good);
    let words = format!(
        "login http://127.0.0.1:1 --use-auth-code --issuer-url {} --client-id x --no-browser",
        issuer.url()
    );
    let words: Vec<&str> = words.split_whitespace().collect();
    let terminal = start(&env, "http://127.0.0.1:1", &words, 24, 100);
    terminal.wait_for("Waiting for the browser");
    terminal.type_text("\x03");
    let screen = terminal.wait_for("status 130");
    assert!(!screen.contains("Waiting for"), "{screen}");
    assert!(screen.contains("response_type=code"), "{screen}");
    assert!(terminal.is_sane() && !env.config_path().exists());
}

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: c
contexts:
- {name: c, context: {cluster: c, user: u, namespace: web}}
clusters:
- {name: c, cluster: {server: 'https://c.example.org'}}
users:
- {name: u, user: {token: canary-of-nobody}}
";

/// A folder for private folders, and what is in it.
fn runtime(env: &TestEnv) -> (String, impl Fn() -> usize) {
    let folder = env.work().join("run");
    std::fs::create_dir(&folder).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&folder, mode).unwrap();
    let ours = folder.join("ambient");
    let count = move || std::fs::read_dir(&ours).map_or(0, Iterator::count);
    (folder.to_string_lossy().into_owned(), count)
}

#[test]
fn a_probe_tells_its_steps_and_ctrl_c_still_removes_the_files() {
    let env = TestEnv::new();
    let (runtime, files) = runtime(&env);
    env.file("kc", KUBECONFIG);
    let server = env.file("mcp", "#!/bin/sh\nexec cat >/dev/null\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&server, mode).unwrap();
    let words = [
        "session",
        "probe",
        "-f",
        "kc",
        "--mcp-command",
        &server.to_string_lossy(),
    ];
    let variables = [("XDG_RUNTIME_DIR", runtime.as_str())];
    let terminal = start_with(&env, "local:", &variables, "\"$@\"", &words, (24, 100));
    terminal.wait_for("Starting the MCP server (up to 60 s)");
    assert_eq!(files(), 1);
    terminal.type_text("\x03");
    let screen = terminal.wait_for("status 130");
    assert!(!screen.contains("Starting"), "{screen}");
    assert_eq!(files(), 0);
    assert!(terminal.is_sane());
}

#[test]
fn exec_cleans_up_after_a_slow_fetch_too() {
    let env = TestEnv::new();
    let (runtime, files) = runtime(&env);
    let (gate, held) = gate();
    let server = Scripted::with(move |request| {
        if request.target.ends_with("/token") {
            hold(&held);
            return answer(
                200,
                &json!({"credential_id": "c1", "provider": "kubeconfig", "token": KUBECONFIG}),
            );
        }
        answer(
            200,
            &json!({"id": "c1", "name": "c1", "provider": "kubeconfig"}),
        )
    });
    let words = [
        "session",
        "exec",
        "--target",
        "pod",
        "--credential",
        "c1",
        "--",
        "sh",
        "-c",
        "echo child; exec sleep 100",
    ];
    let variables = [("XDG_RUNTIME_DIR", runtime.as_str())];
    let terminal = start_with(&env, server.url(), &variables, "\"$@\"", &words, (24, 100));
    terminal.wait_for("Fetching the secret of c1");
    drop(gate);
    let screen = terminal.wait_until("the child", |screen| screen.starts_with("child"));
    assert!(!screen.contains("Fetching"), "{screen}");
    assert_eq!(files(), 1);
    terminal.type_text("\x03");
    terminal.wait_for("status 130");
    assert_eq!(files(), 0);
    assert!(terminal.is_sane());
}
