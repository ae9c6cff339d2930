//! `serve` as its user meets it: what it says, what it refuses, how it ends.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use serde_json::Value;

use crate::support::serve::{LIMIT, Serve, wait_for};
use crate::support::{TestEnv, streams};

/// A run that ends by itself.
fn refused(env: &TestEnv, args: &[&str]) -> (Option<i32>, String) {
    let output: Output = env.acpctl().arg("serve").args(args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "", "nothing is served");
    (output.status.code(), stderr)
}

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
fn what_is_not_safe_is_refused() {
    let env = TestEnv::new();
    env.file("short", "short\n");
    env.file("token", "a-token-of-the-tests-0123456789\n");
    let open = "refusing to listen on 0.0.0.0 without TLS and a token";
    let pair = "--tls-cert and --tls-key go together";
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
fn a_store_that_somebody_holds_is_named() {
    let env = TestEnv::new();
    let store = private_folder(&env);
    let held = File::create(store.join("store.lock")).unwrap();
    held.lock().unwrap();
    let (code, stderr) = refused(
        &env,
        &[
            "--data-dir",
            store.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
        ],
    );
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        format!(
            "Error: open the store: another process keeps the store in {} busy\n",
            store.display()
        )
    );
}

fn private_folder(env: &TestEnv) -> PathBuf {
    let store = env.home().join("store");
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&store).unwrap();
    store
}

/// Everybody who may read a folder may lock it.
#[test]
fn a_lock_on_the_folder_holds_nobody_up() {
    let env = TestEnv::new();
    let store = private_folder(&env);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o755)).unwrap();
    let held = File::open(&store).unwrap();
    held.lock().unwrap();
    let server = Serve::start(&env, &["--data-dir", store.to_str().unwrap()]);
    assert_eq!(server.request("GET", "/projects", "").0, 200);
    for file in fs::read_dir(&store).unwrap().flatten() {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

/// A pipe, a device or a link in the place of each file of the store is an error at once, before anything is served.
#[test]
fn what_is_no_file_in_the_store_is_an_error_at_once() {
    let pipe = |path: &Path| {
        let (kind, mode) = (FileType::Fifo, Mode::from_raw_mode(0o600));
        mknodat(CWD, path, kind, mode, 0).unwrap();
    };
    let link = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let in_the_place: [&dyn Fn(&Path); 3] = [&pipe, &link, &folder];
    for name in [
        "ambient.db",
        "ambient.db-journal",
        "ambient.db-wal",
        "ambient.db-shm",
        "store.lock",
        "runner.lock",
    ] {
        for make in in_the_place {
            let env = TestEnv::new();
            let store = private_folder(&env);
            make(&store.join(name));
            let flags = ["--listen", "127.0.0.1:0", "--no-token", "--data-dir"];
            let run = [store.to_str().unwrap(), "--run-sessions", "--", "true"];
            let output = env
                .acpctl()
                .arg("serve")
                .args(flags)
                .args(run)
                .timeout(LIMIT)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(1), "{name}: {stdout}{stderr}");
            assert!(
                stderr.contains(name) && stdout.is_empty(),
                "{name}: {stderr}"
            );
        }
    }
    // The key is read with the first token.
    for make in in_the_place {
        let env = TestEnv::new();
        env.local().args(["project", "list"]).assert().success();
        make(&env.home().join(".local/share/ambient/ambient.key"));
        let create = ["credential", "create", "--provider", "jira", "--name", "n"];
        let mut command = env.local();
        command.args(create).write_stdin("a-secret-0123456789");
        let output = command.timeout(LIMIT).output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(10), "{stderr}");
        assert!(stderr.contains("ambient.key can't be used"), "{stderr}");
    }
}

/// The most memory that the server has used, in kB; none where the system does not tell.
fn peak(server: &Serve) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn all_messages_of_a_session_take_little_memory() {
    const COUNT: usize = 60;
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let session = server.json("POST", "/sessions", "{\"name\":\"s\"}");
    let messages = format!("/sessions/{}/messages", session["id"].as_str().unwrap());
    let text = "x".repeat(900 << 10);
    let payload = |number: usize| format!("{number} {text}");
    for number in 0..COUNT {
        let body = serde_json::json!({"payload": payload(number)});
        server.json("POST", &messages, &body.to_string());
    }
    let before = peak(&server);
    let found = server.json("GET", &messages, "");
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), COUNT);
    for (number, message) in found.iter().enumerate() {
        assert_eq!(message["payload"], payload(number));
    }
    let later = server.json("GET", &format!("{messages}?after_seq={}", COUNT - 1), "");
    assert_eq!(later.as_array().unwrap().len(), 1);
    if let (Some(before), Some(after)) = (before, peak(&server)) {
        let used = after - before;
        assert!(used < 20 << 10, "{used} kB for {COUNT} messages");
    }
}

#[test]
fn a_large_token_takes_a_few_times_its_size() {
    const MIB: usize = 20;
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let small = serde_json::json!({"name": "n", "provider": "jira", "token": "a-token-0123456789"});
    server.json("POST", "/credentials", &small.to_string());
    let Some(before) = peak(&server) else {
        return;
    };
    let token = "x".repeat(MIB << 20);
    let body = serde_json::json!({"name": "n", "provider": "jira", "token": token});
    let created = server.json("POST", "/credentials", &body.to_string());
    let times = |used: u64| used / (MIB << 10) as u64;
    let written = times(peak(&server).unwrap() - before);
    let place = format!("/credentials/{}/token", created["id"].as_str().unwrap());
    assert_eq!(server.json("GET", &place, "")["token"], token);
    let read = times(peak(&server).unwrap() - before);
    assert!(
        written < 6 && read < 6,
        "{written} and {read} times its size"
    );
}

/// Streams stay open for hours: others get through all the same.
#[test]
fn event_streams_leave_room_for_other_requests() {
    let env = TestEnv::new();
    let server = Serve::with_descriptors(&env, 64);
    let session = server.json("POST", "/sessions", "{\"name\":\"s\"}");
    let host = server.url.trim_start_matches("http://").to_owned();
    let open = || {
        let mut stream = TcpStream::connect(&host).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let id = session["id"].as_str().unwrap();
        let head = format!(
            "GET /api/ambient/v1/sessions/{id}/messages HTTP/1.1\r\nHost: {host}\r\n\
             Accept: text/event-stream\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        (stream, line.split(' ').nth(1).unwrap().to_owned())
    };
    // Half of the descriptors are for connections, three quarters of those for streams.
    let mut streams: Vec<TcpStream> = Vec::new();
    for number in 0..24 {
        let (stream, status) = open();
        assert_eq!(status, "200", "{number}");
        streams.push(stream);
    }
    assert_eq!(open().1, "503");
    assert_eq!(server.request("GET", "/projects", "").0, 200);
    streams.pop();
    wait_for("room for a stream", || (open().1 == "200").then_some(()));
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

/// The recorded manners are the platform's, which wants a body also where nobody sends one.
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

/// Where a server keeps address and token for this user's commands.
fn record(env: &TestEnv) -> Option<PathBuf> {
    let entries = fs::read_dir(env.home().join(".local/share/ambient")).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("serve-")
    })
}

/// `credential list` at an address, without a token of its own.
fn list(env: &TestEnv, url: &str) -> (Option<i32>, String) {
    let mut command = env.acpctl();
    let output = command
        .env("AMBIENT_API_URL", url)
        .args(["credential", "list"])
        .output()
        .unwrap();
    (output.status.code(), streams(&output).1)
}

#[test]
fn commands_of_the_same_user_find_the_token_and_nobody_else_gets_in() {
    let env = TestEnv::new();
    let mut server = Serve::closed(&env, &[]);
    let url = server.url.clone();
    assert_eq!(server.request("GET", "/credentials", "").0, 401);
    assert_eq!(server.request("POST", "/projects", "{}").0, 401);
    assert_eq!(list(&env, &url).0, Some(0));
    let path = record(&env).expect("a record");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // A stored login for the same address is not sent in its place.
    env.config(&format!(
        r#"{{"api_url": "{url}", "access_token": "of-another-run-0123456789"}}"#
    ));
    let output = env.acpctl().arg("version").output().unwrap();
    assert!(streams(&output).0.contains("Server: acpctl"), "{output:?}");
    fs::remove_file(env.config_path()).unwrap();
    // Another store, and another name for the address: the token does not go there.
    assert_eq!(list(&TestEnv::new(), &url).0, Some(4));
    assert_eq!(
        list(&env, &url.replace("127.0.0.1", "localhost")).0,
        Some(4)
    );
    // A token that is no terminal's business is in no log.
    let kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let token = kept["token"].as_str().unwrap();
    assert!(!fs::read_to_string(&server.log).unwrap().contains(token));
    server.signal(Signal::KILL);
    server.wait();
    assert!(path.exists());
    // Whoever listens there now is somebody else.
    let address = url.trim_start_matches("http://");
    let other = TcpListener::bind(address).unwrap();
    let (code, words) = list(&env, &url);
    assert_eq!(code, Some(4), "{words}");
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "nothing was sent there");
    drop(other);
    let again = Serve::closed(&env, &["--listen", address]);
    assert_eq!(list(&env, &again.url).0, Some(0));
    assert!(again.stop().0.success());
    assert!(record(&env).is_none(), "the record ends with its server");
}

#[test]
fn no_token_is_said_aloud() {
    let env = TestEnv::new();
    let (_, log) = Serve::start(&env, &[]).stop();
    assert!(
        log.contains("every user and program of this machine may read and change everything here"),
        "{log}"
    );
    env.file("token", "a-token-of-the-tests-0123456789\n");
    let (code, words) = refused(&env, &["--no-token", "--token-file", "token"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("exclude each other"), "{words}");
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

#[test]
fn a_large_body_takes_little_memory() {
    let env = TestEnv::new();
    let server = Serve::start(&env, &[]);
    let Some(before) = peak(&server) else {
        return;
    };
    let items = 10 << 20;
    for body in [
        format!("{{\"name\":[{}0]}}", "0,".repeat(items)),
        format!("{{{}\"name\":0}}", "\"a\":[],".repeat(items / 4)),
    ] {
        assert_eq!(server.request("POST", "/projects", &body).0, 400);
        let used = peak(&server).unwrap() - before;
        let allowed = 3 * (20 << 10);
        assert!(used < allowed, "{used} kB for a body of 20 MiB");
    }
}
