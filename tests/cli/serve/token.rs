//! Its token: found by one's own commands, asked of all others.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::Value;

use crate::serve::{list, refused};
use crate::support::serve::Serve;
use crate::support::{TestEnv, streams};

/// Where a server keeps address and token for this user's commands.
fn record(env: &TestEnv) -> Option<PathBuf> {
    let entries = fs::read_dir(env.home().join(".local/share/ambient")).ok()?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("serve-")
    })
}

#[test]
fn commands_of_the_same_user_find_the_token_and_nobody_else_gets_in() {
    let env = TestEnv::new();
    let mut server = Serve::closed(&env, &[]);
    let url = server.url.clone();
    assert_eq!(server.request("GET", "/credentials", "").0, 401);
    assert_eq!(server.request("POST", "/projects", "{}").0, 401);
    assert_eq!(list(&env, &url).0, Some(0));
    // `whoami` shows the login that the other commands use.
    let output = env
        .acpctl()
        .args(["whoami", "--api-url", &url])
        .output()
        .unwrap();
    let shown = streams(&output).0;
    assert!(shown.contains("Token type: opaque"), "{output:?}");
    assert!(shown.contains("User:       dev-user"), "{output:?}");
    let path = record(&env).expect("a record");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // A stored login for the same address is not sent in its place.
    env.config(&format!(
        r#"{{"api_url": "{url}", "access_token": "of-another-run-0123456789"}}"#
    ));
    let output = env.acpctl().arg("version").output().unwrap();
    assert!(streams(&output).0.contains("Server: acpctl"), "{output:?}");
    // So that login is of no importance, and neither is its end.
    let said = |words: &[&str]| streams(&env.acpctl().args(words).output().unwrap());
    let (contexts, _) = said(&["config", "get-contexts"]);
    assert!(!contexts.contains("yes"), "{contexts}");
    let (_, stderr) = said(&["logout"]);
    assert!(stderr.contains("This is your own acpctl serve"), "{stderr}");
    assert_eq!(list(&env, &url).0, Some(0));
    let (_, stderr) = said(&["login", &url, "--token", "of-nobody-at-all-0123456789"]);
    assert!(stderr.contains("rejects the token (401)"), "{stderr}");
    assert!(stderr.contains("This is your own acpctl serve"), "{stderr}");
    fs::remove_file(env.config_path()).unwrap();
    // Another store: the token does not go there. By `localhost`, requests go to the literal address.
    assert_eq!(list(&TestEnv::new(), &url).0, Some(4));
    let by_name = url.replace("127.0.0.1", "localhost");
    assert_eq!(list(&env, &by_name).0, Some(0));
    let mut traced = env.acpctl();
    traced.args(["credential", "list", "-v", "--api-url", &by_name]);
    let (_, requests) = streams(&traced.output().unwrap());
    assert!(requests.contains("127.0.0.1"), "{requests}");
    assert!(!requests.contains("localhost"), "{requests}");
    // A token of a variable stays with the address that was named.
    let mut named = env.acpctl();
    named.args(["credential", "list", "--api-url", &by_name]);
    let output = named
        .env("AMBIENT_TOKEN", "of-another-run-0123456789")
        .output();
    assert_eq!(output.unwrap().status.code(), Some(4));
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

/// Its sessions run here, so an address of this machine is right.
#[test]
fn its_sessions_are_known_to_run_on_this_machine() {
    let env = TestEnv::new();
    let server = Serve::closed(&env, &[]);
    env.file(
        "kind.yaml",
        "apiVersion: v1\nkind: Config\ncurrent-context: kind\n\
         contexts: [{name: kind, context: {cluster: kind, user: kind}}]\n\
         clusters: [{name: kind, cluster: {server: 'https://127.0.0.1:6443'}}]\n\
         users: [{name: kind, user: {token: canary-of-kind-77d1}}]\n",
    );
    let run = |url: &str, args: &[&str]| {
        let mut command = env.acpctl();
        command.args(["--api-url", url]).args(args);
        let output = command.output().unwrap();
        (output.status.code(), streams(&output))
    };
    let create = ["credential", "create", "-f", "kind.yaml", "--name", "kind"];
    let (code, (_, stderr)) = run(&server.url, &create);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("the address means this machine"),
        "{stderr}"
    );
    let (_, (shown, _)) = run(&server.url, &["doctor"]);
    assert!(shown.contains("run on this machine"), "{shown}");
    assert!(!shown.contains("pods"), "{shown}");
}
