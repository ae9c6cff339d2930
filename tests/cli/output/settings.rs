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
    ok    config       [home]/.config/ambient/config.json does not exist; it is not needed
    ok    server       the embedded API: no login, no network
    ok    keyring      switched off by AMBIENT_LOCAL_KEYRING
    warn  kubectl      not found in PATH; only needed to try out a kubeconfig
                       fix: https://kubernetes.io/docs/tasks/tools/
    warn  mcp-server   neither kubernetes-mcp-server nor uvx nor npx is in PATH; only needed to run a session's tools here
                       fix: https://docs.astral.sh/uv/
    warn  runtime-dir  XDG_RUNTIME_DIR is not set
                       fix: log in through a session manager, or set XDG_RUNTIME_DIR to a folder of your own with mode 0700
    ok    kubeconfig   none found; --from-file names one
    ok    store        the embedded API has not been used yet
    ");
    assert_snapshot!(bare(&env, "http://127.0.0.1:1").line("doctor --retries 0").shown(), @r#"
    ok    config       [home]/.config/ambient/config.json does not exist; it is not needed
    ok    login        token from AMBIENT_TOKEN; expiry unknown
    fail  server       http://127.0.0.1:[port]: HTTP request failed: Get "http://127.0.0.1:[port]/api/ambient/v1/version": dial tcp 127.0.0.1:[port]: connect: connection refused
                       fix: check the address (acpctl config get api_url), the network, and proxy variables
    ok    keyring      switched off by AMBIENT_LOCAL_KEYRING
    warn  kubectl      not found in PATH; only needed to try out a kubeconfig
                       fix: https://kubernetes.io/docs/tasks/tools/
    warn  mcp-server   neither kubernetes-mcp-server nor uvx nor npx is in PATH; only needed to run a session's tools here
                       fix: https://docs.astral.sh/uv/
    warn  runtime-dir  XDG_RUNTIME_DIR is not set
                       fix: log in through a session manager, or set XDG_RUNTIME_DIR to a folder of your own with mode 0700
    ok    kubeconfig   none found; --from-file names one
    ok    store        the embedded API has not been used yet
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
    access_token          (not set)
    project               demo
    request_timeout       30s
    polling_interval      2s
    insecure_tls_verify   false
    ");
    assert_snapshot!(env.acpctl().line("config view --origin").shown(), @r"
    KEY                   VALUE                     ORIGIN
    api_url               https://acp.example.org   file
    access_token          (not set)                 default
    project               demo                      file
    request_timeout       30s                       default
    polling_interval      2s                        default
    insecure_tls_verify   false                     default
    ");
    assert_snapshot!(env.acpctl().line("config get api_url").shown(), @"https://acp.example.org");
    assert_snapshot!(env.acpctl().line("config set colour red").shown(), @r"
    --- standard error
    Error: unknown config key: colour (valid keys: api_url, project, pager)
    --- exit status 2
    ");
    assert_snapshot!(env.acpctl().line("project current").shown(), @"Current project: demo");
    assert_snapshot!(env.acpctl().line("logout").shown(), @"Logged out successfully.");
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
