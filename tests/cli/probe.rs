//! `session probe`: what is wrong is said by what acpctl itself saw, before any other program gets the credentials.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::session_helper::{certificate_until, jwt, left, runtime_dir};
use crate::support::cluster::{Asked, Cluster, Rights, Told};
use crate::support::proxy::Proxy;
use crate::support::{TestEnv, streams};

const SECRET: &str = "canary-secret-0123456789";
const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// Fields of the cluster and of the user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {{cluster: k, user: u, namespace: apps}}\n\
         clusters:\n- name: k\n  cluster: {{{cluster}}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

fn reaching(cluster: &Cluster, user: &str) -> String {
    kubeconfig(
        &format!(
            "server: '{}', certificate-authority-data: {}",
            cluster.server, cluster.ca
        ),
        user,
    )
}

fn token() -> String {
    format!("token: {SECRET}")
}

/// A program that leaves a mark when it is started.
fn program(env: &TestEnv, name: &str, text: &str) -> PathBuf {
    let path = env.file(
        name,
        format!("#!/bin/sh\n: > \"$HOME/{name}-was-started\"\n{text}"),
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn was_started(env: &TestEnv, name: &str) -> bool {
    env.home().join(format!("{name}-was-started")).exists()
}

/// An MCP server whose tools answer as the test says; ids are echoed.
fn mcp_server(tools: &[(&str, Value)]) -> String {
    let names: Vec<Value> = tools
        .iter()
        .map(|(name, _)| json!({"name": name}))
        .collect();
    let calls: String = tools
        .iter()
        .map(|(name, result)| {
            format!(
                "*'\"tools/call\"'*'\"{name}\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}}\\n' \"$id\" '{result}' ;;\n"
            )
        })
        .collect();
    format!(
        "while read -r line; do\nid=$(printf '%s' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\ncase \"$line\" in\n\
         *'\"initialize\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{{\"serverInfo\":{{\"name\":\"fake\",\"version\":\"v1\"}}}}}}\\n' \"$id\" ;;\n\
         *'\"tools/list\"'*) printf '{{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}}\\n' \"$id\" '{}' ;;\n{calls}esac\ndone\n",
        json!({"tools": names})
    )
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn refused(text: &str) -> Value {
    json!({"isError": true, "content": [{"type": "text", "text": text}]})
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Probes a file. Programs are found in the folder `bin` and where the system keeps its own.
fn probe(env: &TestEnv, config: &str, words: &[&str]) -> Run {
    env.file("config.yaml", config);
    let path = format!("{}/bin:/usr/bin:/bin", env.work().display());
    let output = env
        .acpctl()
        .env("PATH", path)
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .args(["session", "probe", "--from-file", "config.yaml"])
        .args(words)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(
        !stdout.contains(SECRET) && !stderr.contains(SECRET),
        "{stdout}{stderr}"
    );
    assert!(left(env).is_empty());
    Run {
        code: output.status.code(),
        stdout,
        stderr,
    }
}

/// A home in which a server is on `PATH`.
fn with_server(text: &str) -> TestEnv {
    let env = TestEnv::new();
    let path = program(&env, "kubernetes-mcp-server", text);
    fs::create_dir(env.work().join("bin")).unwrap();
    fs::rename(path, env.work().join("bin/kubernetes-mcp-server")).unwrap();
    env
}

/// A server on plain TCP that gives each connection this answer.
fn plain(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let _ = connection.read(&mut buffer);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    place
}

fn status(status: u16, reason: &str, message: &str) -> Told {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure",
                      "reason": reason, "message": message, "code": status});
    Told::text(status, "application/json", &body.to_string())
}

#[test]
fn what_is_wrong_is_told_and_no_other_program_gets_the_credentials() {
    let good = Cluster::start(SECRET, Rights::All);
    let html = Cluster::overridden(SECRET, |_| {
        Some(Told::text(200, "text/html", "<html>Log in</html>"))
    });
    let portal = Cluster::overridden(SECRET, |_| {
        Some(Told {
            headers: "Location: https://portal.example.org/login\r\n",
            ..Told::text(302, "text/html", "<html>moved</html>")
        })
    });
    let refusing_html = Cluster::overridden(SECRET, |_| {
        Some(Told::text(401, "text/html", "<html>no</html>"))
    });
    let absent = Cluster::overridden(SECRET, |_| {
        Some(Told::text(
            404,
            "text/plain; charset=utf-8",
            "404 page not found\n",
        ))
    });
    let other_path = Cluster::overridden(SECRET, |asked: &Asked| {
        let verb = asked.method.to_lowercase();
        let message = format!(
            "forbidden: User \"ada\" cannot {verb} path \"{}\"",
            asked.path
        );
        Some(status(403, "Forbidden", &message))
    });
    let busy = Cluster::overridden(SECRET, |_| {
        Some(Told::text(503, "text/html", "<html>503</html>"))
    });
    let anonymous = Cluster::overridden(SECRET, |asked: &Asked| {
        let message = "selfsubjectreviews is forbidden: User \"system:anonymous\" cannot create resource \"selfsubjectreviews\"";
        match asked.path.as_str() {
            "/version" => Some(Told::text(
                200,
                "application/json",
                "{\"gitVersion\": \"v1.34.4\"}",
            )),
            _ => Some(status(403, "Forbidden", message)),
        }
    });
    let closed = Cluster::start(SECRET, Rights::All);
    let impersonating = Cluster::overridden(SECRET, |asked: &Asked| {
        let acts = asked
            .headers
            .iter()
            .any(|(name, value)| name == "impersonate-user" && value == "root");
        let message = "users \"root\" is forbidden: User \"ada\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope";
        acts.then(|| status(403, "Forbidden", message))
    });
    let named = Cluster::with_name("other.example.org", SECRET, Rights::All, Box::new(|_| None));
    let tls_port = plain(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    );
    let no_tls =
        plain("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let ended = jwt(1_700_000_000);
    let foreign = format!(
        "client-certificate-data: {}, client-key-data: {}",
        busy.client_certificate, busy.client_key
    );
    for (name, config, code, error, hint) in [
        (
            "HTML",
            reaching(&html, &token()),
            9,
            "(network): PLACE answers HTML (status 200), not Kubernetes",
            "address",
        ),
        (
            "redirect",
            reaching(&portal, &token()),
            9,
            "(network): PLACE redirects to https://portal.example.org/login",
            "address",
        ),
        (
            "401 with HTML",
            reaching(&refusing_html, &token()),
            4,
            "(login): the cluster refuses the credentials (401",
            "credential update",
        ),
        (
            "other path",
            reaching(&absent, &token()),
            9,
            "(network): no Kubernetes API at this address",
            "address",
        ),
        (
            "other path without rights",
            reaching(&other_path, &token()),
            9,
            "(network): no Kubernetes API at this address",
            "address",
        ),
        (
            "503",
            reaching(&busy, &token()),
            10,
            "(cluster): PLACE is not able to answer now (status 503)",
            "try again",
        ),
        (
            "no credentials",
            reaching(&anonymous, ""),
            4,
            "(login): no credentials: the cluster sees system:anonymous",
            "kubeconfig's user",
        ),
        (
            "no credentials, and nobody is anonymous",
            reaching(&closed, ""),
            4,
            "(login): no credentials are in the kubeconfig",
            "kubeconfig's user",
        ),
        (
            "wrong token",
            reaching(&good, "token: some-other-token-0123456789"),
            4,
            "(login): the cluster refuses",
            "credential update",
        ),
        (
            "ended token",
            reaching(&good, &format!("token: {ended}")),
            4,
            "(login): the token ended on 2023-11-14 22:13 UTC",
            "credential update",
        ),
        (
            "foreign certificate",
            reaching(&good, &foreign),
            4,
            "(login): ",
            "client certificate",
        ),
        (
            "ended certificate",
            reaching(&good, &certificate_until(2020)),
            4,
            "(login): the client certificate ended on 2020-01-01",
            "client certificate",
        ),
        (
            "impersonation",
            reaching(&impersonating, &format!("token: {SECRET}, as: root")),
            5,
            "(permission): users \"root\" is forbidden",
            "impersonate",
        ),
        (
            "foreign authority",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}",
                    good.server, good.foreign_ca
                ),
                &token(),
            ),
            9,
            "(TLS): PLACE: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "certificate-authority-data",
        ),
        (
            "system authorities",
            kubeconfig(&format!("server: '{}'", good.server), &token()),
            9,
            "(TLS): ",
            "certificate-authority-data",
        ),
        (
            "other name",
            reaching(&named, &token()),
            9,
            "(TLS): PLACE: tls: failed to verify certificate: x509: the server's certificate is for",
            "tls-server-name",
        ),
        (
            "http on the TLS port",
            kubeconfig(&format!("server: 'http://{tls_port}'"), &token()),
            9,
            "(TLS): PLACE speaks TLS",
            "https://",
        ),
        (
            "https on another port",
            kubeconfig(
                &format!(
                    "server: 'https://{no_tls}', certificate-authority-data: {}",
                    good.ca
                ),
                &token(),
            ),
            9,
            "(TLS): PLACE does not speak TLS",
            "port",
        ),
        (
            "nobody listens",
            kubeconfig(
                &format!(
                    "server: 'https://127.0.0.1:9', certificate-authority-data: {}",
                    good.ca
                ),
                &token(),
            ),
            9,
            "(network): 127.0.0.1:9: connection refused",
            "reachable",
        ),
        (
            "dead proxy",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}, proxy-url: 'http://user:{SECRET}@127.0.0.1:9'",
                    good.server, good.ca
                ),
                &token(),
            ),
            9,
            "(network): the proxy 127.0.0.1:9 leads to no connection",
            "proxy-url",
        ),
    ] {
        let env = with_server("exit 0\n");
        let run = probe(&env, &config, &[]);
        let place = config
            .split("://")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        let error = error.replace("PLACE", place);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains(&format!("Error: probe failed {error}")),
            "{name}: {}",
            run.stderr
        );
        let said = run.stderr.lines().find(|line| line.starts_with("Hint: "));
        assert!(
            said.is_some_and(|said| said.contains(hint)),
            "{name}: {}",
            run.stderr
        );
        assert!(
            run.stdout.contains("FAILED") && run.stdout.contains("ok      cleaned up"),
            "{name}: {}",
            run.stdout
        );
        assert!(!was_started(&env, "kubernetes-mcp-server"), "{name}");

        let json: Value =
            serde_json::from_str(&probe(&env, &config, &["-o", "json"]).stdout).unwrap();
        assert_eq!(json["error"]["exit_code"], code, "{name}");
        let class = error.split(['(', ')']).nth(1).unwrap();
        assert_eq!(json["error"]["class"], class, "{name}");
        assert!(
            json["error"]["hint"].as_str().unwrap().contains(hint),
            "{name}"
        );
    }
}

#[test]
fn a_narrow_credential_passes() {
    let forbidden =
        || refused("namespaces is forbidden: User \"ada\" cannot list resource \"namespaces\"");
    let narrow = Cluster::start(SECRET, Rights::Namespace);
    let closed = Cluster::start(SECRET, Rights::None);
    for (name, cluster, pods, code, line) in [
        (
            "pods",
            &narrow,
            text("NAME\nweb\n"),
            0,
            "ok      cluster reached     1 pod in the namespace apps",
        ),
        (
            "other kinds",
            &narrow,
            forbidden(),
            0,
            "ok      cluster reached     pods in the namespace apps",
        ),
        (
            "nothing",
            &closed,
            forbidden(),
            5,
            "FAILED  cluster reached     namespaces is forbidden",
        ),
    ] {
        let env = with_server(&mcp_server(&[
            ("namespaces_list", forbidden()),
            ("pods_list_in_namespace", pods),
        ]));
        let run = probe(&env, &reaching(cluster, &token()), &[]);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(line), "{name}: {}", run.stdout);
        assert!(
            run.stdout
                .contains("ok      cluster answers     Kubernetes v1.34.4 at 127.0.0.1:"),
            "{}",
            run.stdout
        );
        assert!(
            run.stdout.contains("ok      login accepted      ada"),
            "{}",
            run.stdout
        );
        assert!(
            code == 0
                || run
                    .stderr
                    .contains("who may read nothing in the namespace apps"),
            "{}",
            run.stderr
        );
    }
    let posted: Vec<String> = narrow.received.lock().unwrap().clone();
    assert_eq!(
        posted[..3],
        [
            "GET /version".to_owned(),
            format!("POST {WHO}"),
            format!("POST {RULES}")
        ]
    );
}

#[test]
fn the_ways_to_a_cluster_that_kubernetes_clients_know_work_here_too() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let named = Cluster::with_name(
        "kubernetes.example.org",
        SECRET,
        Rights::All,
        Box::new(|_| None),
    );
    let listed = Cluster::self_signed(SECRET);
    let old = Cluster::overridden(SECRET, |asked: &Asked| {
        (asked.path == WHO).then(|| {
            status(
                404,
                "NotFound",
                "the server could not find the requested resource",
            )
        })
    });
    let without_review = Cluster::overridden(SECRET, |asked: &Asked| {
        let message = "selfsubjectreviews.authentication.k8s.io is forbidden: User \"grace\" cannot create resource \"selfsubjectreviews\"";
        (asked.path == WHO).then(|| status(403, "Forbidden", message))
    });
    let certificate = format!(
        "client-certificate-data: {}, client-key-data: {}",
        cluster.client_certificate, cluster.client_key
    );
    for (name, config, login) in [
        ("token", reaching(&cluster, &token()), "ada"),
        ("certificate", reaching(&cluster, &certificate), "ada"),
        (
            "insecure",
            kubeconfig(
                &format!("server: '{}', insecure-skip-tls-verify: true", named.server),
                &token(),
            ),
            "ada",
        ),
        (
            "tls-server-name",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}, tls-server-name: kubernetes.example.org",
                    named.server, named.ca
                ),
                &token(),
            ),
            "ada",
        ),
        (
            "a certificate that is listed itself",
            reaching(&listed, &token()),
            "ada",
        ),
        (
            "before 1.28",
            reaching(&old, &token()),
            "the cluster knows the user",
        ),
        (
            "without the review",
            reaching(&without_review, &token()),
            "grace",
        ),
    ] {
        let env = with_server(&mcp_server(&[("namespaces_list", text("NAME\na\nb\n"))]));
        let run = probe(&env, &config, &[]);
        assert_eq!(run.code, Some(0), "{name}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stdout
                .contains(&format!("ok      login accepted      {login}")),
            "{name}: {}",
            run.stdout
        );
        assert!(
            run.stdout
                .contains("ok      cluster reached     2 namespaces"),
            "{name}: {}",
            run.stdout
        );
    }
}

#[test]
fn a_login_program_runs_only_if_it_is_allowed() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let exec = |command: &str| {
        reaching(
            &cluster,
            &format!(
                "exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}', interactiveMode: Never, \
                 args: ['--password={SECRET}'], env: [{{name: ACCOUNT, value: team-account}}]}}"
            ),
        )
    };
    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    let answer = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
                        "status": {"token": SECRET}});
    for (name, text, words, code, said) in [
        (
            "not allowed",
            format!("echo '{answer}'\n"),
            &[][..],
            7,
            "which the probe starts only with --allow exec-plugin",
        ),
        (
            "allowed",
            format!(
                "[ \"$ACCOUNT\" = team-account ] && [ -z \"$AMBIENT_TOKEN\" ] && echo '{answer}'\n"
            ),
            &["--allow", "exec-plugin"],
            0,
            "",
        ),
        (
            "failing",
            "echo first >&2; echo \"session of $1 has ended\" >&2; exit 3\n".to_owned(),
            &["--allow", "exec-plugin"],
            4,
            "failed with exit code 3: session of ******** has ended",
        ),
        (
            "waiting",
            "echo 'open the browser' >&2; sleep 100 & sleep 100\n".to_owned(),
            &["--allow", "exec-plugin", "--request-timeout", "1s"],
            4,
            "waits: it did not end within 1 s: open the browser",
        ),
        (
            "babbling",
            "echo hello\n".to_owned(),
            &["--allow", "exec-plugin"],
            4,
            "prints something other than one ExecCredential",
        ),
        (
            "other version",
            format!("echo '{}'\n", answer.to_string().replace("/v1", "/v1beta1")),
            &["--allow", "exec-plugin"],
            4,
            "answers in another version",
        ),
    ] {
        let env = with_server(&server);
        let plugin = program(&env, "log-in", &text);
        let plugin = plugin.to_str().unwrap();
        let run = probe(&env, &exec(plugin), words);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(said), "{name}: {}", run.stderr);
        assert!(
            code == 0 || run.stderr.contains(plugin),
            "{name}: {}",
            run.stderr
        );
        assert_eq!(was_started(&env, "log-in"), !words.is_empty(), "{name}");
        assert_eq!(
            was_started(&env, "kubernetes-mcp-server"),
            code == 0,
            "{name}"
        );
    }
    let run = probe(
        &with_server(&server),
        &exec("no-such-login"),
        &["--allow", "exec-plugin"],
    );
    assert_eq!(run.code, Some(4));
    assert!(
        run.stderr.contains("\"no-such-login\" can't be started"),
        "{}",
        run.stderr
    );
    let run = probe(
        &with_server(&server),
        &exec("x"),
        &["--allow", "everything"],
    );
    assert_eq!(run.code, Some(2));
}

#[test]
fn servers_of_other_versions_are_named_or_started_in_their_way() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let config = reaching(&cluster, &token());
    let old = "echo \"Error: unknown flag: $3\" >&2; exit 1\n";
    let env = with_server(old);
    let run = probe(&env, &config, &[]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for words in [
        "(server): unknown flag: --disable-multi-cluster",
        "kubernetes-mcp-server@0.0.67",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }

    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    let new = format!(
        "[ \"$1\" = --config ] || {{ echo \"Error: unknown flag: $1\" >&2; exit 1; }}\n\
         [ -f \"$KUBECONFIG\" ] && grep -q 'cluster_provider_strategy = \"disabled\"' \"$2\" \
         && grep -q 'read_only = true' \"$2\" && grep -q 'toolsets = \\[\"core\"\\]' \"$2\" || exit 9\n{server}"
    );
    let env = with_server(&new);
    let run = probe(&env, &config, &["--read-only"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("with a file of settings"),
        "{}",
        run.stdout
    );

    for text in [
        "listen tcp :8080: bind: address already in use",
        "failed to download binary: 404",
    ] {
        let env = with_server(&format!("echo 'Error: {text}' >&2; exit 1\n"));
        let run = probe(&env, &config, &[]);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(
            run.stderr.contains(&format!("(server): {text}")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_proxy_of_the_kubeconfig_is_used_and_its_password_is_not_shown() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let place = cluster.server.trim_start_matches("https://");
    let proxy = Proxy::to(place.parse().unwrap());
    let config = kubeconfig(
        &format!(
            "server: '{}', certificate-authority-data: {}, proxy-url: 'http://user:{SECRET}@{}'",
            cluster.server,
            cluster.ca,
            proxy.address()
        ),
        &token(),
    );
    let env = with_server(&mcp_server(&[("namespaces_list", text("NAME\na\n"))]));
    let run = probe(&env, &config, &[]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(proxy.heads()[0].starts_with(&format!("CONNECT {place} ")));
}

#[test]
fn a_cluster_that_is_silent_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let limits = ["--connect-timeout", "200ms", "--request-timeout", "200ms"];
    for scheme in ["https", "http"] {
        let env = with_server("");
        let config = kubeconfig(&format!("server: '{scheme}://{place}'"), &token());
        let run = probe(&env, &config, &limits);
        assert_eq!(run.code, Some(9), "{}", run.stderr);
        assert!(
            run.stderr
                .contains(&format!("(network): {place}: no answer in time")),
            "{}",
            run.stderr
        );
        assert!(!was_started(&env, "kubernetes-mcp-server"));
    }
}

/// Packages are fetched in one version only, by either program.
#[test]
fn what_is_downloaded_is_pinned() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let config = reaching(&cluster, &token());
    let server = mcp_server(&[("namespaces_list", text("NAME\na\n"))]);
    for (runner, check) in [
        (
            "npx",
            "[ \"$1 $2\" = '--yes kubernetes-mcp-server@0.0.67' ]",
        ),
        ("uvx", "[ \"$1\" = 'kubernetes-mcp-server==0.0.67' ]"),
    ] {
        let env = TestEnv::new();
        let path = program(&env, runner, &format!("{check} || exit 9\n{server}"));
        let bin = env.home().join("only");
        fs::create_dir(&bin).unwrap();
        fs::rename(path, bin.join(runner)).unwrap();
        // What the scripts need, and no other runner of packages.
        for tool in ["sh", "sed"] {
            std::os::unix::fs::symlink(format!("/bin/{tool}"), bin.join(tool)).unwrap();
        }
        env.file("config.yaml", &config);
        let output = env
            .acpctl()
            .env("PATH", &bin)
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(["session", "probe", "--from-file", "config.yaml"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{runner}: {stdout}{stderr}");
    }
}

/// A program of the user's own choice may reach what this machine does not.
#[test]
fn a_named_server_may_reach_more_than_this_machine() {
    let env = TestEnv::new();
    let unreached = kubeconfig("server: 'https://127.0.0.1:9'", &token());
    let server = program(
        &env,
        "tunnel",
        &mcp_server(&[("namespaces_list", text("NAME\na\n"))]),
    );
    let run = probe(
        &env,
        &unreached,
        &["--mcp-command", server.to_str().unwrap()],
    );
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains(
            "note    cluster answers     not to acpctl itself: 127.0.0.1:9: connection refused"
        ),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("ok      cluster reached     1 namespace\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn every_page_of_tools_is_read() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let paged = "n=0\nwhile read -r line; do\nid=$(printf '%s' \"$line\" | sed 's/.*\"id\":\\([0-9]*\\).*/\\1/')\ncase \"$line\" in\n\
        *'\"initialize\"'*) r='{\"serverInfo\":{\"name\":\"fake\",\"version\":\"v1\"}}' ;;\n\
        *'\"tools/list\"'*'\"cursor\":\"2\"'*) r='{\"tools\":[{\"name\":\"configuration_view\"}]}' ;;\n\
        *'\"tools/list\"'*) r='{\"tools\":[{\"name\":\"namespaces_list\"}],\"nextCursor\":\"2\"}' ;;\n\
        *'\"tools/call\"'*) r='{\"content\":[{\"type\":\"text\",\"text\":\"NAME\"}]}' ;;\n\
        *) continue ;;\nesac\nprintf '{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\\n' \"$id\" \"$r\"\ndone\n";
    let env = with_server(paged);
    let run = probe(&env, &reaching(&cluster, &token()), &[]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout
            .contains("tools listed        2; configuration_view shows"),
        "{}",
        run.stdout
    );
    let env = with_server(&paged.replace("\"cursor\":\"2\"", "\"cursor\":\"none\""));
    let run = probe(&env, &reaching(&cluster, &token()), &[]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    assert!(
        run.stderr
            .contains("(server): the list of tools has no end"),
        "{}",
        run.stderr
    );
}
