//! What it says, what it refuses, how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use serde_json::Value;

use crate::serve::refused;
use crate::support::serve::{LIMIT, Serve, wait_for};
use crate::support::{TestEnv, streams};

#[test]
fn it_says_how_to_use_it_and_that_it_stopped() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let url = server.url.clone();
    let words = wait_for("how to use it", || {
        let said = fs::read_to_string(&server.log).unwrap();
        let mut lines = said.lines();
        lines
            .find(|line| line.starts_with("To use it: export "))
            .map(str::to_owned)
    });
    let settings: Vec<(&str, &str)> = words
        .trim_start_matches("To use it: export ")
        .split(' ')
        .map(|pair| pair.split_once('=').unwrap())
        .collect();
    assert_eq!(settings[0], ("AMBIENT_API_URL", url.as_str()));
    let mut command = env.acpctl();
    command
        .envs(settings)
        .args(["credential", "list"])
        .assert()
        .success();
    let (status, log) = server.stop();
    assert!(status.success());
    assert!(log.ends_with("Stopped\n"), "{log}");
    let (_, log) = Serve::closed(&env, &["--quiet"]).stop();
    assert_eq!(log, "");
}

#[test]
fn a_port_alone_is_one_of_this_machine() {
    let env = TestEnv::new();
    for listen in ["0", "localhost:0", "127.0.0.1:0"] {
        let server = Serve::closed(&env, &["--listen", listen]);
        assert!(
            server.url.starts_with("http://127.0.0.1:"),
            "{}",
            server.url
        );
        assert!(server.stop().0.success());
    }
    for (listen, example) in [(":27399", "127.0.0.1:27399"), ("nowhere", "127.0.0.1:8000")] {
        let output = env
            .acpctl()
            .args(["serve", "--listen", listen])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let (_, stderr) = streams(&output);
        assert!(
            stderr.contains(&format!("for example --listen {example}")),
            "{stderr}"
        );
    }
}

/// A person reads lines of text, a program lines of JSON.
#[test]
fn the_log_on_a_terminal_is_text() {
    let env = TestEnv::new();
    let words = ["serve", "--listen", "0", "--no-token"];
    let terminal = crate::support::pty::start(&env, "local:", &words, 30, 120);
    let screen = terminal.wait_for("To use it: export");
    let url = screen.split("AMBIENT_API_URL=").nth(1).unwrap();
    let url = url.split_whitespace().next().unwrap().to_owned();
    let mut command = env.connected(&url);
    command.args(["project", "list"]).assert().success();
    let screen = terminal.wait_for("  GET    /api/ambient/v1/projects  ");
    assert!(
        screen.contains("200  GET") && !screen.contains('{'),
        "{screen}"
    );
    terminal.type_text("\x03");
    terminal.wait_for("Stopped");
}

#[test]
fn what_is_not_safe_is_refused() {
    let env = TestEnv::new();
    env.file("short", "short\n");
    env.file("token", "a-token-of-the-tests-0123456789\n");
    let open = "refusing to listen on 0.0.0.0 without TLS and a token";
    let pair = "--tls-cert and --tls-key must be given together";
    for (args, code, words) in [
        (&["--listen", "0.0.0.0:0"][..], 2, open),
        (&["--listen", "0.0.0.0:0", "--token-file", "token"], 2, open),
        (
            &["--listen", "[::]:0"],
            2,
            "refusing to listen on :: without TLS and a token",
        ),
        (&["--tls-cert", "x"], 2, pair),
        (&["--tls-key", "x"], 2, pair),
        (&["--tls-cert", "x", "--tls-key", "y"], 7, "x"),
        (
            &["--token-file", "short"],
            7,
            "\"short\" holds no usable token",
        ),
        (
            &["--token-file", "none"],
            7,
            "read \"none\": no such file or directory",
        ),
        (
            &["--listen", "127.0.0.1"],
            2,
            "invalid argument \"127.0.0.1\" for \"--listen\" flag",
        ),
        (
            &["--max-sessions", "0"],
            2,
            "invalid argument \"0\" for \"--max-sessions\" flag",
        ),
    ] {
        let (found, stderr) = refused(&env, args);
        assert_eq!(found, Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(words), "{args:?}: {stderr}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let env = TestEnv::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = refused(&env, &["--listen", &address]);
    assert_eq!(code, Some(9));
    assert_eq!(
        stderr,
        format!(
            "Error: listen on {address}: address already in use\n\
             Hint: choose another port with --listen 127.0.0.1:0\n"
        )
    );
}

#[test]
fn folders_of_their_own_have_stores_of_their_own() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &["--data-dir", "other"]);
    server.json("POST", "/projects", r#"{"name": "web"}"#);
    let list = env
        .local()
        .args(["get", "projects", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["items"], serde_json::json!([]));
    assert_eq!(server.json("GET", "/projects", "")["total"], 1);
}

#[test]
fn the_document_is_that_of_the_server() {
    let env = TestEnv::new();
    let printed = env.acpctl().args(["serve", "--openapi"]).output().unwrap();
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(printed["openapi"], "3.0.3");
    let server = Serve::start(&env, &[]);
    assert_eq!(server.json("GET", "/openapi", ""), printed);
}

#[test]
fn each_signal_ends_it_and_the_streams() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let env = TestEnv::new();
        let mut server = Serve::start(&env, &[]);
        let made = server.json("POST", "/sessions", r#"{"name": "s", "prompt": "hello"}"#);
        let id = made["id"].as_str().unwrap();
        let host = server.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let request = format!(
            "GET /api/ambient/v1/sessions/{id}/messages HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while !line.contains("\"payload\":\"hello\"") {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0);
        }
        // A connection that waits does not keep it either.
        let _idle = TcpStream::connect(host).unwrap();
        server.signal(signal);
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(
            rest.ends_with("0\r\n\r\n"),
            "the stream ends in order: {rest}"
        );
        assert!(server.wait().success(), "{signal:?}");
    }
}

/// `--manners` is the earlier name of `--fidelity`; it still works, and the help does not show it.
#[test]
fn fidelity_chooses_between_recorded_and_corrected_answers() {
    let env = TestEnv::new();
    for (args, status) in [
        (&[][..], 204),
        (&["--fidelity", "recorded"], 204),
        (&["--fidelity", "corrected"], 404),
        (&["--manners=recorded"], 204),
        (&["--manners", "corrected"], 404),
    ] {
        let server = Serve::start(&env, args);
        let (found, answer) = server.request("DELETE", "/users/unknown", "");
        assert_eq!(found, status, "{args:?}: {answer}");
    }
    let help = env.acpctl().args(["serve", "--help"]).output().unwrap();
    let (help, _) = streams(&help);
    assert!(
        help.contains("--fidelity") && !help.contains("--manners"),
        "{help}"
    );
}

/// With recorded answers the server requires a body, as the platform does, even if no client sends one.
#[test]
fn an_agents_prompt_can_be_previewed() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let run = |args: &[&str]| {
        let output = env.connected(&server.url).args(args).output().unwrap();
        assert!(output.status.success(), "{}", streams(&output).1);
        streams(&output).0
    };
    run(&["create", "project", "--name", "web"]);
    run(&[
        "agent",
        "create",
        "--name",
        "lead",
        "--prompt",
        "Be kind.",
        "--project-id",
        "web",
    ]);
    let shown = run(&["agent", "start-preview", "lead", "--project-id", "web"]);
    assert!(shown.contains("Be kind."), "{shown}");
}

#[test]
fn a_request_that_is_never_finished_does_not_hold_the_end_up() {
    let env = TestEnv::new();
    let server = Serve::closed(&env, &[]);
    let host = server.url.trim_start_matches("http://").to_owned();
    let mut half = TcpStream::connect(&host).unwrap();
    half.set_read_timeout(Some(LIMIT)).unwrap();
    half.write_all(b"GET /healthcheck HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
        .unwrap();
    let (status, _) = server.stop();
    assert!(status.success());
    let mut rest = String::new();
    let _ = half.read_to_string(&mut rest);
    assert_eq!(rest, "");
}

/// A line to copy is one line, however narrow the window is.
#[test]
fn the_line_to_copy_is_not_broken() {
    let env = TestEnv::new();
    let words = ["serve", "--listen", "0"];
    let terminal = crate::support::pty::start(&env, "local:", &words, 30, 80);
    terminal.wait_for("AMBIENT_TOKEN=");
    let written = terminal.written();
    let line = written.lines().find(|line| line.contains("To use it: "));
    let line = line.unwrap();
    assert!(line.contains(" AMBIENT_TOKEN="), "{line}");
}

/// The user's own commands search in the usual folder, so a line to copy reads the token from another one.
#[test]
fn the_token_of_a_store_elsewhere_is_found_with_the_line_that_is_printed() {
    let env = TestEnv::new();
    let server = Serve::closed(&env, &["--data-dir", "the other store"]);
    let line = wait_for("how to use it", || {
        let said = fs::read_to_string(&server.log).unwrap();
        let line = said.lines().find(|line| line.starts_with("To use it: "));
        line.map(|line| line.trim_start_matches("To use it: ").to_owned())
    });
    let script = format!("{line} && \"$0\" project list");
    let output = std::process::Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_acpctl")])
        .env_clear()
        .envs(env.variables())
        .current_dir(env.home())
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", streams(&output).1);
    let folder = env.work().join("the other store");
    let mut entries = fs::read_dir(folder).unwrap().flatten();
    let record = entries.find(|entry| entry.file_name().to_string_lossy().starts_with("serve-"));
    let record: Value = serde_json::from_slice(&fs::read(record.unwrap().path()).unwrap()).unwrap();
    assert!(!line.contains(record["token"].as_str().unwrap()), "{line}");
}
