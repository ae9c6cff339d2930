//! Several servers: nothing that is meant for one reaches another, and nobody but the user decides to change it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{CTRL_C, leave};
use crate::support::TestEnv;
use crate::support::oidc::{PAST, token_until};
use crate::support::pty::{Terminal, start_with};
use crate::support::server::{Received, Reply, Scripted, json as answer, list};

/// A platform with one project, which remembers what it was asked.
fn platform(project: &'static str) -> Scripted {
    Scripted::with(move |request| {
        if request.target.contains("/projects?") {
            list(json!([{"id": project, "name": project}]))
        } else {
            list(json!([]))
        }
    })
}

/// The logins that a server was sent.
fn logins(server: &Scripted) -> std::collections::BTreeSet<String> {
    let received = server.received();
    let logins = received.iter().filter_map(|it| it.header("authorization"));
    logins.map(str::to_owned).collect()
}

#[test]
fn bug_15_and_16_another_context_is_another_server_with_its_own_login() {
    let env = TestEnv::new();
    let (a, b) = (platform("alpha-project"), platform("beta-project"));
    env.config(
        &json!({
            "current_context": "a",
            "contexts": {
                "a": {"server": a.url(), "access_token": "sha256~token-of-alpha-0123456789"},
                "b": {"server": b.url(), "access_token": "sha256~token-of-beta-0123456789"},
                "c": {"server": b.url()},
            },
        })
        .to_string(),
    );
    // An empty variable counts as unset.
    let unset = [("AMBIENT_TOKEN", "")];
    let terminal = start_with(&env, "", &unset, "\"$@\"", &["ambient"], (24, 80));
    terminal.wait_for("alpha-project");
    terminal.type_text(":ctx\r");
    terminal.wait_for("contexts(all)[4]");
    terminal.type_text(":ctx b\r");
    let screen = terminal.wait_for("beta-project");
    assert!(!screen.contains("alpha-project"), "{screen}");
    terminal.type_text(":ctx nowhere\r");
    terminal.wait_for("not found");
    // The login of another context is not that of the current one.
    terminal.type_text(":ctx c\r");
    let screen = terminal.wait_for("not logged in");
    let words: Vec<&str> = screen.split_whitespace().collect();
    let login = format!("acpctl --context-name=c login {}", b.url());
    assert!(words.join(" ").contains(&login), "{screen}");
    leave(&terminal, CTRL_C);
    assert_eq!(
        logins(&a).into_iter().collect::<Vec<_>>(),
        ["Bearer sha256~token-of-alpha-0123456789"]
    );
    assert_eq!(
        logins(&b).into_iter().collect::<Vec<_>>(),
        ["Bearer sha256~token-of-beta-0123456789"]
    );
}

#[test]
fn bug_26_a_login_in_another_terminal_is_enough() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.header("authorization") != Some("Bearer sha256~the-new-token-0123456789") {
            return crate::support::server::error(401, "unauthorized", "no");
        }
        if request.target.contains("/projects?") {
            list(json!([{"id": "web", "name": "the-web"}]))
        } else {
            list(json!([]))
        }
    });
    let config = |token: &str| {
        env.config(&json!({"api_url": server.url(), "access_token": token}).to_string());
    };
    config("sha256~the-old-token-0123456789");
    let unset = [("AMBIENT_TOKEN", "")];
    let terminal = start_with(&env, "", &unset, "\"$@\"", &["ambient"], (24, 80));
    terminal.wait_for("Session expired");
    config("sha256~the-new-token-0123456789");
    terminal.wait_for("the-web");
    leave(&terminal, CTRL_C);
}

#[test]
fn a_login_in_another_terminal_is_enough_on_the_page_of_messages() {
    let env = TestEnv::new();
    let session = json!({"id": "s1", "name": "fix", "project_id": "web", "phase": "Pending"});
    let payload = "told with the new login";
    let said = json!({"session_id": "s1", "seq": 1, "event_type": "user", "payload": payload});
    let is_ended = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_ended);
    let server = Scripted::with(move |request| {
        let is_new =
            request.header("authorization") == Some("Bearer sha256~the-new-token-0123456789");
        if switch.load(Ordering::SeqCst) && !is_new {
            return crate::support::server::error(401, "unauthorized", "no");
        }
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match path.split('?').next().unwrap_or_default() {
            "/sessions" => list(json!([session])),
            "/sessions/s1" => answer(200, &session),
            "/sessions/s1/messages" if is_new => answer(200, &json!([said])),
            "/sessions/s1/messages" => answer(200, &json!([])),
            _ => list(json!([])),
        }
    });
    let config = |token: &str| {
        env.config(&json!({"api_url": server.url(), "access_token": token}).to_string());
    };
    config("sha256~the-old-token-0123456789");
    let unset = [("AMBIENT_TOKEN", "")];
    let words = ["ambient", "-c", "sessions"];
    let terminal = start_with(&env, "", &unset, "\"$@\"", &words, (24, 80));
    terminal.wait_for("fix");
    terminal.type_text("\r");
    terminal.wait_for("No messages yet.");
    is_ended.store(true, Ordering::SeqCst);
    terminal.wait_for("run 'acpctl login' in another terminal");
    config("sha256~the-new-token-0123456789");
    terminal.wait_for(payload);
    leave(&terminal, CTRL_C);
}

const CTRL_D: &str = "\x04";
const TOKEN_A: &str = "sha256~token-of-alpha-0123456789";
const TOKEN_B: &str = "sha256~token-of-beta-0123456789";

/// A platform with one project and a credential, whose ID is the same on every server.
fn with_credential(
    project: &'static str,
    other: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
) -> Scripted {
    Scripted::with(move |request| {
        if let Some(reply) = other(request) {
            return reply;
        }
        if request.target.contains("/projects?") {
            list(json!([{"id": project, "name": project}]))
        } else if request.target.contains("/credentials?") {
            list(
                json!([{"id": "cred1", "name": format!("key-of-{project}"), "provider": "github"}]),
            )
        } else {
            list(json!([]))
        }
    })
}

/// A server that lets nobody through until it is told to.
struct Gate {
    server: Scripted,
    open: Sender<()>,
}

/// Waits for the gate at each request that is meant, and then answers it.
fn gated(
    is_meant: impl Fn(&Received) -> bool + Send + Sync + 'static,
    project: &'static str,
    reply: Reply,
) -> Gate {
    let (open, gate) = channel();
    let gate = Mutex::new(gate);
    let server = with_credential(project, move |request| {
        is_meant(request).then(|| {
            let _ = gate.lock().unwrap().recv();
            reply.clone()
        })
    });
    Gate { server, open }
}

/// A server that answers no deletion until it is told to.
fn holding_deletions() -> Gate {
    let is_delete = |request: &Received| request.method == "DELETE";
    gated(is_delete, "alpha", answer(204, &json!({})))
}

fn config(env: &TestEnv, current: &str, a: &Value, b: &Value) {
    let config = json!({"current_context": current, "contexts": {"a": a, "b": b}});
    env.config(&config.to_string());
}

fn context(server: &Scripted, token: &str) -> Value {
    json!({"server": server.url(), "access_token": token})
}

/// A context whose login has expired and is renewed by an issuer.
fn expired(server: &Scripted, issuer: &Scripted) -> Value {
    json!({
        "server": server.url(), "access_token": token_until(PAST, "old"), "refresh_token": "r",
        "issuer_url": issuer.url(), "client_id": "cid",
    })
}

/// A screen on the context of the configuration file.
fn open(env: &TestEnv) -> Terminal {
    // An empty variable counts as unset.
    let unset = [("AMBIENT_TOKEN", "")];
    start_with(env, "", &unset, "\"$@\"", &["ambient"], (24, 100))
}

fn changes(server: &Scripted) -> Vec<String> {
    let lines = server.lines().into_iter();
    lines.filter(|line| !line.starts_with("GET ")).collect()
}

#[test]
fn while_the_server_changes_nothing_is_changed_on_either() {
    let env = TestEnv::new();
    let (a, b) = (
        with_credential("alpha", |_| None),
        with_credential("beta", |_| None),
    );
    let issuer = gated(|_| true, "none", Reply::Close);
    config(
        &env,
        "a",
        &context(&a, TOKEN_A),
        &expired(&b, &issuer.server),
    );
    let terminal = open(&env);
    terminal.wait_for("alpha");
    terminal.type_text(":credentials\r");
    terminal.wait_for("key-of-alpha");
    terminal.type_text(":ctx b\r");
    terminal.wait_for("Connecting to b...");
    // The old page can still be read, and a key that changes something is refused, not kept for later.
    terminal.type_text(CTRL_D);
    terminal.wait_for("Connecting to b: until then, nothing is changed");
    terminal.type_text("\x1b[B\t\r");
    // Enter must not reach the page that follows the switch.
    terminal.wait_for("credentialbindings");
    drop(issuer.open);
    terminal.wait_for("Switched to context b");
    terminal.wait_for("beta");
    // The question says which server it is about.
    terminal.type_text(":credentials\r");
    terminal.wait_for("key-of-beta");
    terminal.type_text(CTRL_D);
    terminal.wait_for(&format!("On b ({}):", b.url()));
    terminal.type_text("\x1b");
    terminal.wait_for("Cancelled");
    leave(&terminal, CTRL_C);
    assert!(changes(&a).is_empty(), "{:?}", changes(&a));
    assert!(changes(&b).is_empty(), "{:?}", changes(&b));
}

#[test]
fn a_request_that_was_sent_goes_on_where_it_began() {
    let env = TestEnv::new();
    let a = holding_deletions();
    let b = with_credential("beta", |_| None);
    config(
        &env,
        "a",
        &context(&a.server, TOKEN_A),
        &context(&b, TOKEN_B),
    );
    let terminal = open(&env);
    begin_deletion(&terminal);
    terminal.type_text(":ctx b\r");
    terminal.wait_for("Switched to context b");
    drop(a.open);
    terminal.wait_for("On the server before: ");
    leave(&terminal, CTRL_C);
    assert_eq!(changes(&a.server), ["DELETE /credentials/cred1"]);
    assert!(changes(&b).is_empty(), "{:?}", changes(&b));
}

/// Begins to delete the credential of a platform.
fn begin_deletion(terminal: &Terminal) {
    terminal.wait_for("alpha");
    terminal.type_text(":credentials\r");
    terminal.wait_for("key-of-alpha");
    terminal.type_text(CTRL_D);
    terminal.wait_for("[Cancel]");
    terminal.type_text("\t\r");
    terminal.wait_for("Deleting credential");
}

#[test]
fn whoever_leaves_during_a_change_learns_how_it_ended() {
    let env = TestEnv::new();
    let a = holding_deletions();
    let to_a = context(&a.server, TOKEN_A);
    config(&env, "a", &to_a, &to_a);
    let terminal = open(&env);
    begin_deletion(&terminal);
    terminal.type_text(CTRL_C);
    terminal.wait_for("Waiting for the server: Deleting credential key-of-alpha");
    drop(a.open);
    terminal.wait_for("Credential deleted");
    terminal.wait_for("status 0");
}

#[test]
fn a_change_without_an_answer_is_named_after_the_screen() {
    let env = TestEnv::new();
    let a = holding_deletions();
    let to_a = context(&a.server, TOKEN_A);
    config(&env, "a", &to_a, &to_a);
    let terminal = open(&env);
    begin_deletion(&terminal);
    terminal.type_text(CTRL_C);
    terminal.wait_for("Error: not confirmed by the server: Deleting credential key-of-alpha");
    terminal.wait_for("status 1");
    drop(a.open);
}

#[test]
fn a_command_of_the_screen_may_send_the_login_where_the_screen_may() {
    let env = TestEnv::new();
    let server = with_credential("alpha", |request| {
        let credential = json!({"id": "cred1", "name": "key-of-alpha", "provider": "kubeconfig"});
        let is_list = request.target.contains("/credentials?");
        let is_one = request.target.ends_with("/credentials/cred1");
        (is_list || is_one).then(|| {
            if is_one {
                answer(200, &credential)
            } else {
                list(json!([credential]))
            }
        })
    });
    let elsewhere = json!({"api_url": "http://127.0.0.1:9", "access_token": TOKEN_A});
    env.config(&elsewhere.to_string());
    let words = [
        "ambient",
        "--api-url",
        server.url(),
        "--send-login",
        "--command",
        "credentials",
    ];
    let unset = [("AMBIENT_TOKEN", "")];
    let terminal = start_with(&env, "", &unset, "\"$@\"", &words, (24, 80));
    terminal.wait_for("key-of-alpha");
    terminal.type_text("gi");
    terminal.wait_for("Press Enter to go back to the screen");
    terminal.type_text("\r");
    terminal.wait_for("credentials(all)");
    leave(&terminal, CTRL_C);
    let received = server.received();
    let inspects = |it: &&Received| it.target.ends_with("/credentials/cred1");
    let asked = received
        .iter()
        .find(inspects)
        .expect("inspect asks the server");
    assert!(asked.header("authorization").is_some());
}

/// A platform that lets nobody in until the login is a new one.
fn refusing(project: &'static str, wanted: &'static str) -> Scripted {
    with_credential(project, move |request| {
        let is_wanted = request.header("authorization") == Some(wanted);
        let refusal = || crate::support::server::error(401, "unauthorized", "no");
        (!is_wanted).then(refusal)
    })
}

#[test]
fn another_terminal_does_not_take_the_screen_to_another_server() {
    let env = TestEnv::new();
    let a = refusing("alpha", "Bearer sha256~the-new-token-0123456789");
    let b = with_credential("beta", |_| None);
    config(&env, "a", &context(&a, TOKEN_A), &context(&b, TOKEN_B));
    let terminal = open(&env);
    terminal.wait_for("Session expired");
    // `config use-context b` in another terminal, and then a login to a.
    config(&env, "b", &context(&a, TOKEN_A), &context(&b, TOKEN_B));
    let renewed = context(&a, "sha256~the-new-token-0123456789");
    config(&env, "b", &renewed, &context(&b, TOKEN_B));
    let screen = terminal.wait_for("alpha");
    assert!(screen.contains("Context: a"), "{screen}");
    leave(&terminal, CTRL_C);
    assert!(b.received().is_empty(), "{:?}", b.lines());
}

#[test]
fn a_context_that_leads_elsewhere_now_is_said_and_not_followed() {
    let env = TestEnv::new();
    let b = with_credential("beta", |_| None);
    let flat =
        |server: &Scripted| json!({"api_url": server.url(), "access_token": TOKEN_B}).to_string();
    let named = |server: &Scripted| {
        let contexts = json!({"a": context(server, TOKEN_B)});
        json!({"current_context": "a", "contexts": contexts}).to_string()
    };
    for of in [&flat as &dyn Fn(&Scripted) -> String, &named] {
        let a = refusing("alpha", "nobody");
        env.config(&of(&a));
        let terminal = open(&env);
        terminal.wait_for("Session expired");
        env.config(&of(&b));
        let (a, b) = (a.url(), b.url());
        terminal.wait_for(&format!(
            "the configuration now leads to {b} instead of {a}"
        ));
        leave(&terminal, CTRL_C);
    }
    assert!(b.received().is_empty(), "{:?}", b.lines());
}

#[test]
fn a_name_reaches_the_clipboard_as_it_is_shown() {
    use base64::Engine as _;
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        if request.target.contains("/projects?") {
            list(json!([{"id": "p\u{1b}]0;x\u{7}", "name": "rm -rf ~\n\u{1b}[201~\u{202e}"}]))
        } else {
            list(json!([]))
        }
    });
    let terminal = crate::support::pty::start(&env, server.url(), &["ambient"], 24, 80);
    terminal.wait_for("rm -rf");
    for key in ["c", "C"] {
        terminal.type_text(key);
        terminal.wait_for("Copied: ");
    }
    leave(&terminal, CTRL_C);
    let written = terminal.written();
    let copies: Vec<&str> = written.split("\x1b]52;c;").skip(1).collect();
    assert_eq!(copies.len(), 2);
    for copy in copies {
        let payload = copy.split('\x07').next().unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(payload);
        let text = String::from_utf8(bytes.unwrap()).unwrap();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }
}

#[test]
fn the_login_of_the_variable_stays_the_login_of_the_screen() {
    const GIVEN: &str = "sha256~token-of-the-variable-01";
    let env = TestEnv::new();
    // The server refuses one request; the screen connects again.
    let refusals = AtomicUsize::new(0);
    let is_deleted = AtomicBool::new(false);
    let a = with_credential("alpha", move |request| {
        let credential = json!({"id": "cred1", "name": "key-of-alpha", "provider": "kubeconfig"});
        if request.method == "DELETE" {
            is_deleted.store(true, Ordering::SeqCst);
            return Some(answer(204, &json!({})));
        }
        if request.target.ends_with("/credentials/cred1") {
            return Some(answer(200, &credential));
        }
        if !request.target.contains("/credentials?") {
            return None;
        }
        Some(match refusals.fetch_add(1, Ordering::SeqCst) {
            0 => crate::support::server::error(401, "unauthorized", "no"),
            _ if is_deleted.load(Ordering::SeqCst) => list(json!([])),
            _ => list(json!([credential])),
        })
    });
    let b = with_credential("beta", |_| None);
    config(&env, "a", &context(&a, TOKEN_A), &context(&b, TOKEN_B));
    let given = [("AMBIENT_TOKEN", GIVEN)];
    let words = ["ambient", "--command", "credentials"];
    let terminal = start_with(&env, "", &given, "\"$@\"", &words, (24, 100));
    terminal.wait_for("key-of-alpha");
    // Another run for the same server, from its key.
    terminal.type_text("i");
    terminal.wait_for("Press Enter to go back");
    terminal.type_text("\r");
    terminal.wait_for("credentials(");
    terminal.type_text(CTRL_D);
    terminal.wait_for("[Cancel]");
    terminal.type_text("\t\r");
    terminal.wait_for("credentials(all)[0]");
    leave(&terminal, CTRL_C);
    assert_eq!(changes(&a), ["DELETE /credentials/cred1"]);
    let read_again =
        |line: &String| line.starts_with("GET ") && line.ends_with("/credentials/cred1");
    assert!(a.lines().iter().any(read_again), "{:?}", a.lines());
    assert_eq!(
        logins(&a).into_iter().collect::<Vec<_>>(),
        [format!("Bearer {GIVEN}")]
    );
    assert!(b.received().is_empty(), "{:?}", b.lines());
}

#[test]
fn a_screen_does_not_change_to_a_login_from_elsewhere() {
    let env = TestEnv::new();
    let a = refusing("alpha", "Bearer nobody");
    // The context has no login of its own: the variable is the login.
    let none = json!({"server": a.url(), "token_store": "none"});
    config(&env, "a", &none, &json!({}));
    let given = [("AMBIENT_TOKEN", "sha256~token-of-the-variable-01")];
    let words = ["ambient", "--context-name", "a"];
    let terminal = start_with(&env, "", &given, "\"$@\"", &words, (24, 200));
    let screen =
        terminal.wait_for("The server refused AMBIENT_TOKEN — leave the screen, set a new one");
    assert!(!screen.contains("login"), "{screen}");
    // `login` in another terminal.
    config(&env, "a", &context(&a, TOKEN_A), &json!({}));
    terminal.wait_for("does not change to the stored login");
    leave(&terminal, CTRL_C);
    assert_eq!(
        logins(&a).into_iter().collect::<Vec<_>>(),
        ["Bearer sha256~token-of-the-variable-01"]
    );
}

#[test]
fn a_signal_during_a_change_names_it() {
    let env = TestEnv::new();
    let a = holding_deletions();
    let to_a = context(&a.server, TOKEN_A);
    config(&env, "a", &to_a, &to_a);
    let unset = [("AMBIENT_TOKEN", "")];
    let script = "trap : TERM; \"$@\"";
    let terminal = start_with(&env, "", &unset, script, &["ambient"], (24, 100));
    begin_deletion(&terminal);
    let pid = super::child_of(terminal.pid());
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(sent.unwrap().success());
    terminal.wait_for("Error: not confirmed by the server: Deleting credential key-of-alpha");
    terminal.wait_for("status 143");
    assert!(terminal.is_sane());
    drop(a.open);
}

/// A platform whose lists show one session, and whose other answers are this one.
fn lying(id: &'static str, reply: Reply) -> Scripted {
    Scripted::with(move |request| {
        let session = json!({"id": id, "name": "fix", "project_id": "web", "phase": "Running"});
        if request.method != "GET" {
            return reply.clone();
        }
        if request.target.contains("/sessions?") {
            list(json!([session, {"id": id, "name": "other", "project_id": "web"}]))
        } else {
            list(json!([]))
        }
    })
}

#[test]
fn the_screen_believes_no_more_than_the_command_line() {
    for reply in [
        answer(200, &json!({"error": "denied"})),
        answer(200, &json!(null)),
        answer(200, &json!({"name": "fix"})),
        crate::support::server::raw(204, "application/json", ""),
    ] {
        let env = TestEnv::new();
        let server = lying("s1", reply);
        let words = ["ambient", "--command", "sessions"];
        let terminal = start_with(&env, server.url(), &[], "\"$@\"", &words, (24, 100));
        terminal.wait_for("fix");
        terminal.type_text("t");
        terminal.wait_for("[Cancel]");
        terminal.type_text("\t\r");
        terminal.wait_for("Stop session failed");
        leave(&terminal, CTRL_C);
    }
}

#[test]
fn a_row_without_a_usable_id_is_shown_and_left_alone() {
    for id in ["", "../x", "a%2fb"] {
        let env = TestEnv::new();
        let server = lying(id, answer(200, &json!({})));
        let words = ["ambient", "--command", "sessions"];
        let terminal = start_with(&env, server.url(), &[], "\"$@\"", &words, (24, 100));
        terminal.wait_for("fix");
        terminal.type_text(" ");
        terminal.wait_for("It has no usable ID: it can't be marked");
        terminal.type_text(CTRL_D);
        terminal.wait_for("It has no usable ID: nothing can be done with it");
        leave(&terminal, CTRL_C);
        assert!(changes(&server).is_empty(), "{:?}", changes(&server));
    }
}

#[test]
fn an_answer_without_a_list_is_no_empty_list() {
    for body in [json!({}), json!({"kind": "Error", "reason": "denied"})] {
        let env = TestEnv::new();
        let server = Scripted::with(move |_| answer(200, &body));
        let words = ["ambient", "--command", "credentials"];
        let terminal = start_with(&env, server.url(), &[], "\"$@\"", &words, (24, 100));
        terminal.wait_for("the answer holds no list");
        leave(&terminal, CTRL_C);
    }
}
