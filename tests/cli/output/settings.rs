//! Who one is, what is set, and whether all is well.

use insta::assert_snapshot;

use crate::output::screen;
use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::nothing;

/// A machine with no program but ours.
fn bare(env: &TestEnv, url: &str) -> assert_cmd::Command {
    let mut command = env.connected(url);
    command.env("PATH", env.home());
    command
}

#[test]
fn doctor_on_a_machine_with_no_tools() {
    let env = TestEnv::new();
    assert_snapshot!(bare(&env, "local:").line("doctor").shown(), @r"
    ok    way          on this machine, without login and network (AMBIENT_API_URL says so)
    ok    config       [home]/.config/ambient/config.json does not exist; it is not needed
    ok    keyring      switched off by AMBIENT_LOCAL_KEYRING
    ok    kubectl      not installed; only for trying out a kubeconfig (https://kubernetes.io/docs/tasks/tools/)
    ok    mcp-server   not installed; only for running a session's tools here (https://docs.astral.sh/uv/)
    ok    runtime-dir  XDG_RUNTIME_DIR is not set; a session's files go to a private folder in the folder for temporary files
    ok    kubeconfig   there is no ~/.kube/config; --from-file names another file
    ok    store        nothing is stored on this machine yet
    ");
    assert_snapshot!(bare(&env, "http://127.0.0.1:1").line("doctor --retries 0").shown(), @r#"
    ok    way          with the server http://127.0.0.1:[port] (AMBIENT_API_URL says so)
    ok    config       [home]/.config/ambient/config.json does not exist; it is not needed
    ok    login        token from AMBIENT_TOKEN; expiry unknown
    fail  server       http://127.0.0.1:[port]: HTTP request failed: Get "http://127.0.0.1:[port]/api/ambient/v1/version": dial tcp 127.0.0.1:[port]: connect: connection refused
                       fix: check the address (acpctl config get api_url), the network, and proxy variables
    ok    keyring      switched off by AMBIENT_LOCAL_KEYRING
    ok    kubectl      not installed; only for trying out a kubeconfig (https://kubernetes.io/docs/tasks/tools/)
    ok    mcp-server   not installed; only for running a session's tools here (https://docs.astral.sh/uv/)
    ok    runtime-dir  XDG_RUNTIME_DIR is not set; a session's files go to a private folder in the folder for temporary files
    ok    kubeconfig   there is no ~/.kube/config; --from-file names another file
    ok    store        nothing is stored on this machine yet
    --- standard error
    Error: 1 check failed
    --- exit status 1
    "#);
}

#[test]
fn who_one_is_and_what_is_set() {
    let env = TestEnv::new();
    env.config(r#"{"api_url": "https://acp.example.org", "project": "demo"}"#);
    assert_snapshot!(env.acpctl().line("whoami").shown(), @r"
    --- standard error
    Error: not logged in; run 'acpctl login' first
    Hint: log in (acpctl login https://acp.example.org), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local
    --- exit status 4
    ");
    assert_snapshot!(env.acpctl().line("config view").shown(), @r"
    KEY                   VALUE
    api_url               https://acp.example.org
    local                 false
    access_token          (not set)
    project               demo
    request_timeout       30s
    connect_timeout       10s
    retries               2
    polling_interval      2s
    insecure_tls_verify   false
    pager                 (not set)
    ");
    assert_snapshot!(env.acpctl().line("config view --origin").shown(), @r"
    KEY                   VALUE                     ORIGIN
    api_url               https://acp.example.org   file
    local                 false                     file
    access_token          (not set)                 default
    project               demo                      file
    request_timeout       30s                       default
    connect_timeout       10s                       default
    retries               2                         default
    polling_interval      2s                        default
    insecure_tls_verify   false                     default
    pager                 (not set)                 default
    ");
    assert_snapshot!(env.acpctl().line("config get api_url").shown(), @"https://acp.example.org");
    assert_snapshot!(env.acpctl().line("config set colour red").shown(), @r"
    --- standard error
    Error: unknown config key: colour (valid keys: api_url, local, access_token, project, request_timeout, connect_timeout, retries, polling_interval, insecure_tls_verify, pager)
    --- exit status 2
    ");
    assert_snapshot!(env.acpctl().line("project current").shown(), @"Current project: demo");
    assert_snapshot!(env.acpctl().line("logout").shown(), @"Logged out successfully.");
}

/// `get`, `set`, `unset` and `view` know the same keys.
#[test]
fn each_setting_is_set_shown_and_unset() {
    let env = TestEnv::new();
    let run = |line: &str| env.acpctl().line(line).shown();
    let shown = |key: &str| run(&format!("config get {key}")).trim().to_owned();
    for (key, value, wanted) in [
        (
            "api_url",
            "https://acp.example.org",
            "https://acp.example.org",
        ),
        ("project", "team-a", "team-a"),
        ("request_timeout", "90s", "90s"),
        ("connect_timeout", "4", "4s"),
        ("retries", "0", "0"),
        ("polling_interval", "1m", "60s"),
        ("insecure_tls_verify", "true", "true"),
        ("pager", "cat", "cat"),
        ("local", "true", "true"),
    ] {
        let before = shown(key);
        run(&format!("config set {key} {value}"));
        assert_eq!(shown(key), wanted, "{key}");
        let view = run("config view --origin");
        let row = view
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")));
        let row = row.unwrap_or_else(|| panic!("{key} is missing: {view}"));
        assert!(row.contains(wanted) && row.contains(" file"), "{row}");
        run(&format!("config unset {key}"));
        assert_eq!(shown(key), before, "{key}");
    }
    assert_snapshot!(run("config set access_token x"), @r"
    --- standard error
    Error: access_token is not a setting to change: a login writes it
    Hint: to replace it: acpctl login URL; to remove it: acpctl logout
    --- exit status 2
    ");
    assert_snapshot!(run("config unset access_token"), @r"
    --- standard error
    Error: access_token is not a setting to change: a login writes it
    Hint: to replace it: acpctl login URL; to remove it: acpctl logout
    --- exit status 2
    ");
    assert_snapshot!(run("config set request_timeout 0"), @r#"
    --- standard error
    Error: invalid value "0" for request_timeout: it takes whole seconds up to a day, for example 90 or 90s
    --- exit status 2
    "#);
    assert_snapshot!(run("config set retries 1000"), @r#"
    --- standard error
    Error: invalid value "1000" for retries: it takes a number from 0 to 100
    --- exit status 2
    "#);
    assert_snapshot!(run("config set local perhaps"), @r#"
    --- standard error
    Error: invalid value "perhaps" for local: it takes true or false
    --- exit status 2
    "#);
    assert_snapshot!(run("config set retires 1"), @r"
    --- standard error
    Error: unknown config key: retires (valid keys: api_url, local, access_token, project, request_timeout, connect_timeout, retries, polling_interval, insecure_tls_verify, pager)
    Hint: did you mean retries?
    --- exit status 2
    ");
}

/// The last one of the two that was set counts, so that nobody works silently in another place than named.
#[test]
fn the_embedded_api_or_a_server_whichever_was_named_last() {
    let env = TestEnv::new();
    let run = |line: &str| env.acpctl().line(line).shown();
    run("config set api_url https://acp.example.org");
    run("config set local true");
    assert_eq!(run("config get api_url").trim(), "local:");
    assert!(
        run("credential list").starts_with("ID "),
        "no login is needed"
    );
    run("config set local false");
    assert_eq!(run("config get api_url").trim(), "https://acp.example.org");
    run("config set local true");
    run("config set api_url https://other.example.org");
    assert_eq!(run("config get local").trim(), "false");
    run("config set local true");
    // A variable or a flag wins over the file.
    let mut named = env.acpctl();
    named.env("AMBIENT_API_URL", "https://third.example.org");
    assert!(
        named
            .line("credential list")
            .shown()
            .contains("not logged in")
    );
}

#[test]
fn time_limits_and_retries_come_from_variables_too() {
    let env = TestEnv::new();
    let mut command = env.acpctl();
    command.envs([
        ("AMBIENT_CONNECT_TIMEOUT", "3"),
        ("AMBIENT_REQUEST_TIMEOUT", "4"),
        ("AMBIENT_RETRIES", "1"),
    ]);
    let view = command.line("config view --origin").shown();
    for (key, value) in [
        ("connect_timeout", "3s"),
        ("request_timeout", "4s"),
        ("retries", "1"),
    ] {
        let row = view.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(row.contains(value) && row.contains("environment"), "{row}");
    }
    let fails = crate::support::server::Scripted::with(|_| {
        crate::support::server::error(503, "busy", "busy")
    });
    let mut command = env.connected(fails.url());
    command.env("AMBIENT_RETRIES", "0").line("credential list");
    command.assert().failure();
    assert_eq!(fails.received().len(), 1, "a retry that nobody wants");
}

#[test]
fn whoami_on_a_terminal() {
    let env = TestEnv::new();
    let server = nothing();
    let text = screen(&env, server.url(), "whoami", 80);
    assert_snapshot!(text, @r"
    Token type: OpenShift service account
    API URL:    http://127.0.0.1:[port]
    Project:    demo
    status 0
    ");
}
