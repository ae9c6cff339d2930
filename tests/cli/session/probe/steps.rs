//! `session probe` with MCP servers of all kinds: every step, and the cause of each failure.

use serde_json::json;

use crate::session::{SECRET, left, platform, probe, runtime_dir, session, set_mode};
use crate::support::cluster::{Cluster, Rights};
use crate::support::{TestEnv, skipped, streams};

#[test]
fn a_probe_goes_through_every_step() {
    let good = json!({"content": [{"type": "text", "text": "NAME\ndefault\nkube-system"}]});
    let (code, stdout, stderr, env) = probe("", &good);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    for line in [
        "ok      server started      fake v1",
        "ok      cluster reached     2 namespaces",
        "ok      cleaned up          server ended, then the file removed",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    assert!(!env.home().join("too-late").exists());
}

#[test]
fn a_probe_tells_the_cause() {
    let refused =
        |text: &str| json!({"isError": true, "content": [{"type": "text", "text": text}]});
    let none = json!({});
    for (handshake, call, code, word) in [
        (
            "echo 'Error: context \"x\" does not exist' >&2; exit 1",
            &none,
            7,
            "kubeconfig",
        ),
        (
            "",
            &refused("dial tcp 127.0.0.1:1: connect: connection refused"),
            9,
            "network",
        ),
        (
            "",
            &refused("tls: failed to verify certificate: x509: no"),
            9,
            "TLS",
        ),
        (
            "",
            &refused(&format!(
                "the server has asked for the client to provide credentials {SECRET} \x1b[31m\nsecond line"
            )),
            4,
            "login",
        ),
        (
            "",
            &refused("namespaces is forbidden: User \"u\" cannot list"),
            5,
            "permission",
        ),
    ] {
        let (got, stdout, stderr, _) = probe(handshake, call);
        assert_eq!(got, Some(code), "{stdout}{stderr}");
        assert!(
            !stdout.contains("second line") && !stderr.contains("second line"),
            "{stderr}"
        );
        assert!(
            !stdout.contains('\x1b') && !stderr.contains('\x1b'),
            "{stderr}"
        );
        assert!(stderr.contains(&format!("({word})")), "{stderr}");
        assert!(stdout.contains("FAILED") && stdout.contains("cleaned up"));
    }
}

#[test]
fn a_server_that_is_none_is_told_from_a_bad_kubeconfig() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let program = |name: &str, text: &str, mode| {
        let path = env.file(name, text);
        set_mode(&path, mode);
    };
    program("wordless", "#!/bin/sh\nexit 3\n", 0o755);
    program(
        "chatty",
        "#!/bin/sh\necho 'Segmentation fault' >&2\nexit 1\n",
        0o755,
    );
    program(
        "refusing",
        "#!/bin/sh\nread -r _\necho '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"no\"}}'\n",
        0o755,
    );
    program(
        "strict",
        "#!/bin/sh\necho 'Error: no such context' >&2\nexit 1\n",
        0o755,
    );
    let said = "npm error code ECONNREFUSED\nnpm error A log is in /tmp/log";
    let text = format!("#!/bin/sh\ncat >&2 <<END\n{said}\nEND\nexit 1\n");
    program("runner", &text, 0o755);
    program("plain", "", 0o644);
    let path = format!("{}:/usr/bin:/bin", env.work().display());
    for (program, code, error) in [
        (
            "./wordless",
            1,
            "probe failed (server): the server ended without a message",
        ),
        (
            "wordless",
            1,
            "probe failed (server): the server ended without a message",
        ),
        (
            "../work/chatty",
            1,
            "probe failed (server): the server ended: Segmentation fault",
        ),
        (
            "./runner",
            1,
            "probe failed (server): the server ended: npm error code ECONNREFUSED",
        ),
        ("./refusing", 1, "probe failed (server): no"),
        ("./strict", 7, "probe failed (kubeconfig): no such context"),
        ("./plain", 1, "probe failed (server): permission denied"),
        ("./none", 3, "the MCP server \"./none\" was not found"),
        ("none", 3, "the MCP server \"none\" was not found"),
    ] {
        let words = [
            "probe",
            "--credential",
            "kubeconfig",
            "--mcp-command",
            program,
        ];
        let output = session(&env, &server, &words)
            .env("PATH", &path)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{program}: {stderr}");
        assert!(
            stderr.starts_with(&format!("Error: {error}\n")),
            "{program}: {stderr}"
        );
        assert!(left(&env).is_empty());
    }
}

/// The real server against a cluster of our own: right, and wrong in five ways.
#[test]
fn a_probe_with_the_real_server() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("kubernetes-mcp-server"))
        .find(|program| program.is_file());
    let Some(program) = found else {
        skipped(
            "kubernetes-mcp-server is not on PATH (npm install --global kubernetes-mcp-server@0.0.67)",
        );
        return;
    };
    let cluster = Cluster::start(SECRET, Rights::All);
    let closed = Cluster::start(SECRET, Rights::None);
    let narrow = Cluster::start(SECRET, Rights::Namespace);
    let config = |server: &str, ca: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts:\n- name: c\n  context: {{cluster: k, user: u}}\n\
             clusters:\n- name: k\n  cluster: {{server: '{server}', certificate-authority-data: {ca}}}\n\
             users:\n- name: u\n  user: {{{user}}}\n"
        )
    };
    let token = format!("token: {SECRET}");
    let certificate = format!(
        "client-certificate-data: {}, client-key-data: {}",
        cluster.client_certificate, cluster.client_key
    );
    let (server, ca) = (&cluster.server, &cluster.ca);
    for (name, text, code, word) in [
        ("token", config(server, ca, &token), 0, ""),
        ("certificate", config(server, ca, &certificate), 0, ""),
        (
            "one namespace only",
            config(&narrow.server, &narrow.ca, &token),
            0,
            "",
        ),
        (
            "nobody listens",
            config("https://127.0.0.1:9", ca, &token),
            9,
            "(network)",
        ),
        (
            "foreign authority",
            config(server, &cluster.foreign_ca, &token),
            9,
            "(TLS)",
        ),
        (
            "wrong token",
            config(server, ca, "token: some-other-token-0123456789"),
            4,
            "(login)",
        ),
        (
            "no rights",
            config(&closed.server, &closed.ca, &token),
            5,
            "(permission)",
        ),
        (
            "login program missing",
            config(
                server,
                ca,
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login, interactiveMode: Never}",
            ),
            4,
            "(login)",
        ),
    ] {
        let env = TestEnv::new();
        env.file("config.yaml", text);
        let output = env
            .acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(["session", "probe", "--from-file", "config.yaml"])
            .args(["--allow", "exec-plugin", "--mcp-command"])
            .arg(&program)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{name}: {stdout}{stderr}");
        assert!(stderr.contains(word), "{name}: {stderr}");
        assert_eq!(
            stdout.contains("2 namespaces") || stdout.contains("1 pod in the namespace default"),
            code == 0,
            "{name}: {stdout}"
        );
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        assert!(left(&env).is_empty(), "{name}");
    }
}
