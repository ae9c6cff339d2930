//! `--target`: sessions in sandboxes and behind managed gateways.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::session::{SECRET, bound, kubeconfig, kubeconfig_of, platform, route, session};
use crate::support::run::told;
use crate::support::server::{Scripted, json as answer};
use crate::support::states::State;
use crate::support::{TestEnv, streams};

/// What a managed session gets instead of [`kubeconfig`].
pub const REWRITTEN: &str = "apiVersion: v1
kind: Config
current-context: ambient
clusters:
- name: ambient
  cluster:
    server: https://api.team.example.org:6443
contexts:
- name: ambient
  context:
    cluster: ambient
    user: ambient
users:
- name: ambient
  user:
    token: openshell:resolve:env:KUBERNETES_TOKEN
";

fn run(env: &TestEnv, server: &Scripted, words: &[&str]) -> (Option<i32>, String, String) {
    told(&session(env, server, words).output().unwrap())
}

#[test]
fn a_managed_session_is_shown_with_its_placeholder_and_its_one_address() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let preview = [
        "preview",
        "--target",
        "managed",
        "--credential",
        "kubeconfig",
    ];
    let (_, stdout, stderr) = run(&env, &server, &preview);
    for words in [
        "/sandbox/.config/acp/kubeconfig",
        "mode unknown",
        "api.team.example.org:6443",
        "kubectl, oc, python3",
    ] {
        assert!(stdout.contains(words), "{stdout}");
    }
    assert!(stderr.contains("placeholder"), "{stderr}");
    assert!(
        !stdout.contains("openshift") && !stdout.contains("GIT_USER_NAME"),
        "{stdout}"
    );
    let exec = [
        "exec",
        "--target",
        "managed",
        "--credential",
        "kubeconfig",
        "--",
        "true",
    ];
    let (code, _, stderr) = run(&env, &server, &exec);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("--target pod"), "{stderr}");
}

#[test]
fn the_server_decides_what_is_shown_and_done_unless_the_user_does() {
    let ask = |state: State, words: &[&str]| {
        let env = TestEnv::new();
        let bindings = json!([bound("kubeconfig", "team-a", "r-viewer")]);
        let server = Scripted::with(move |request| match state.answer(request) {
            Some(reply) => reply,
            None => route(request, &bindings),
        });
        run(&env, &server, words)
    };
    let look = [
        "exec",
        "--project",
        "team-a",
        "--",
        "sh",
        "-c",
        "cat $KUBECONFIG",
    ];
    for (state, code, held) in [
        (State::Former, 0, "********"),
        (State::Sandbox, 3, ""),
        (State::Managed, 0, "openshell:resolve:env:KUBERNETES_TOKEN"),
        (State::Failing, 0, "********"),
    ] {
        for selection in [&[][..], &["--credential", "kubeconfig"]] {
            let words = [&look[..3], selection, &look[3..]].concat();
            let (status, stdout, stderr) = ask(state, &words);
            assert_eq!(status, Some(code), "{state:?}: {stderr}");
            assert!(stdout.contains(held), "{state:?}: {stdout}");
            let is_unknown = stderr.contains("does not tell how it runs sessions");
            assert_eq!(is_unknown, state == State::Failing, "{state:?}: {stderr}");
        }
    }
    let (code, stdout, stderr) = ask(State::Sandbox, &look);
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(
        stderr.contains("a sandbox session gets nothing of kubeconfig"),
        "{stderr}"
    );
    let in_pod = [&look[..3], &["--target", "pod"], &look[3..]].concat();
    assert_eq!(ask(State::Sandbox, &in_pod).0, Some(0));
    // The other spelling of the flag, which other commands have.
    let in_pod = [&look[..3], &["--server-mode", "pod"], &look[3..]].concat();
    assert_eq!(ask(State::Sandbox, &in_pod).0, Some(0));
    let probe = ["probe", "--credential", "kubeconfig"];
    let (code, _, stderr) = ask(State::Sandbox, &probe);
    assert_eq!(code, Some(3), "{stderr}");
    let fixed = [
        &["exec", "--compat-path", "--project", "team-a"],
        &look[3..],
    ]
    .concat();
    for state in [State::Sandbox, State::Managed] {
        let (code, _, stderr) = ask(state, &fixed);
        assert_eq!(code, Some(2), "{stderr}");
    }
}

#[test]
fn a_new_token_never_reaches_the_file_of_a_managed_session() {
    let env = TestEnv::new();
    let fetched = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        if request.target.ends_with("/credentials/kubeconfig/token") {
            let round = fetched.fetch_add(1, Ordering::SeqCst);
            // The namespace shows that the file was replaced.
            let token = kubeconfig(&format!("{SECRET}-{round}")).replace(
                "{cluster: k, user: u}",
                &format!("{{cluster: k, user: u, namespace: n{round}}}"),
            );
            return answer(
                200,
                &json!({"credential_id": "kubeconfig", "provider": "kubeconfig", "token": token}),
            );
        }
        route(request, &json!([]))
    });
    let wait = "until grep -q 'namespace: n[1-9]' $KUBECONFIG; do :; done; cat $KUBECONFIG";
    let words = [
        "exec",
        "--target",
        "managed",
        "--credential",
        "kubeconfig",
        "--refresh",
        "100ms",
        "--no-masking",
        "--",
        "sh",
        "-c",
        wait,
    ];
    let (code, stdout, stderr) = run(&env, &server, &words);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("openshell:resolve:env:KUBERNETES_TOKEN"),
        "{stdout}"
    );
    assert!(!stdout.contains(SECRET), "{stdout}");
}

/// Judges a file for managed sessions. Returns the exit status and the findings of these rules: code, field, message.
fn judged(env: &TestEnv, text: &str, more: &[&str]) -> (Option<i32>, Vec<[String; 3]>) {
    env.file("k.yaml", text);
    let mut command = env.acpctl();
    command.args([
        "credential",
        "validate",
        "k.yaml",
        "-o",
        "json",
        "--target",
        "managed",
    ]);
    let (code, stdout, stderr) = told(&command.args(more).output().unwrap());
    let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = report["report"]["findings"].as_array().unwrap().iter();
    let managed = findings
        .filter(|it| it["code"].as_str().unwrap().starts_with("managed-"))
        .filter(|it| it["code"] != "managed-installation")
        .map(|it| ["code", "field", "message"].map(|key| text(it, key)))
        .collect();
    (code, managed)
}

/// A certificate authority in PEM form.
const CA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/kubeconfigs/certs/ca.crt"
);
const OTHER_CA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/kubeconfigs/certs/ca-expired.crt"
);

#[test]
fn the_rules_of_managed_sessions_are_told_in_the_servers_words() {
    let env = TestEnv::new();
    let server_is =
        |address: &str| kubeconfig(SECRET).replace("https://api.team.example.org:6443", address);
    let cluster_has =
        |field: &str| kubeconfig(SECRET).replace("6443'}", &format!("6443', {field}}}"));
    let token_only = "managed kubeconfig requires an embedded bearer token; exec, mTLS, file references, basic auth, and \
         impersonation are not supported";
    let verified = "managed kubeconfig requires verified HTTPS without proxy, TLS name override, or CA file references";
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never}";
    for (text, code, field, words) in [
        (
            kubeconfig(SECRET).replace("current-context: c\n", ""),
            "managed-context",
            "current-context",
            "kubeconfig requires a valid current-context",
        ),
        (
            kubeconfig(SECRET).replace("{cluster: k, user: u}", "{cluster: k}"),
            "managed-context-incomplete",
            "context.user",
            "kubeconfig current-context requires a cluster and user",
        ),
        (
            kubeconfig_of(exec),
            "managed-token",
            "user.exec",
            token_only,
        ),
        (
            kubeconfig_of("username: me, password: secret"),
            "managed-token",
            "user.username",
            token_only,
        ),
        (
            kubeconfig_of(&format!("token: {SECRET}, as: other")),
            "managed-token",
            "user.as",
            token_only,
        ),
        (kubeconfig_of(""), "managed-token", "user.token", token_only),
        (
            cluster_has("insecure-skip-tls-verify: true"),
            "managed-tls",
            "cluster.insecure-skip-tls-verify",
            verified,
        ),
        (
            cluster_has("proxy-url: 'http://proxy.example.org:3128'"),
            "managed-tls",
            "cluster.proxy-url",
            verified,
        ),
        (
            cluster_has("tls-server-name: other.example.org"),
            "managed-tls",
            "cluster.tls-server-name",
            verified,
        ),
        (
            server_is("https://api.example.org/k8s/clusters/c-1"),
            "managed-server",
            "cluster.server",
            "kubeconfig server must be an HTTPS origin",
        ),
        (
            server_is("http://api.example.org"),
            "managed-server",
            "cluster.server",
            "kubeconfig server must be an HTTPS origin",
        ),
        (
            server_is("https://api.example.org:0"),
            "managed-port",
            "cluster.server",
            "invalid Kubernetes API port",
        ),
    ] {
        let (status, findings) = judged(&env, &text, &[]);
        assert_eq!(status, Some(7), "{code}");
        let found = findings.iter().find(|it| it[0] == code && it[1] == field);
        let found = found.unwrap_or_else(|| panic!("{code} {field}: {findings:?}"));
        assert!(found[2].ends_with(words), "{found:?}");
        assert!(!format!("{findings:?}").contains(SECRET));
        // The same file in a session.
        env.file("k.yaml", &text);
        let mut preview = env.acpctl();
        preview.args("session preview --from-file k.yaml --target managed --strict".split(' '));
        let (status, stdout, stderr) = told(&preview.output().unwrap());
        assert!(matches!(status, Some(7 | 8)), "{code}: {stderr}");
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
    }
    assert_eq!(judged(&env, &kubeconfig(SECRET), &[]), (Some(0), vec![]));
}

#[test]
fn an_authority_is_compared_with_the_installations_bundle() {
    let env = TestEnv::new();
    let authority = base64::engine::general_purpose::STANDARD.encode(fs::read(CA).unwrap());
    let text = kubeconfig(SECRET).replace(
        "6443'}",
        &format!("6443', certificate-authority-data: {authority}}}"),
    );
    let codes = |more: &[&str]| {
        let (status, findings) = judged(&env, &text, more);
        let codes: Vec<String> = findings.into_iter().map(|[code, ..]| code).collect();
        (status, codes.join(" "))
    };
    let found = |status, codes: &str| (Some(status), codes.to_owned());
    assert_eq!(codes(&[]), found(0, "managed-ca-unchecked"));
    assert_eq!(codes(&["--strict"]), found(8, "managed-ca-unchecked"));
    assert_eq!(codes(&["--trust-bundle", CA]), found(0, ""));
    assert_eq!(codes(&["--trust-bundle", OTHER_CA]), found(7, "managed-ca"));
    let allowed = ["--trust-bundle", OTHER_CA, "--allow", "managed-ca"];
    assert_eq!(codes(&allowed).0, Some(0));
    for (words, status) in [
        (["--target", "managed", "--trust-bundle", "k.yaml"], 7),
        (["--target", "managed", "--trust-bundle", "absent.pem"], 1),
        (["--target", "pod", "--trust-bundle", CA], 2),
    ] {
        let mut command = env.acpctl();
        command
            .args(["credential", "validate", "k.yaml"])
            .args(words);
        let output = command.output().unwrap();
        let (_, stderr) = streams(&output);
        assert!(stderr.starts_with("Error: "), "{stderr}");
        if status != 1 {
            assert_eq!(output.status.code(), Some(status), "{words:?} {stderr}");
        }
    }
}

#[test]
fn carving_keeps_the_rules_where_that_invents_nothing() {
    let env = TestEnv::new();
    env.file("token.txt", format!("{SECRET}\n"));
    env.file("ca.crt", fs::read(CA).unwrap());
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {cluster: k, user: u, namespace: team-a}\n- name: other\n  context: {cluster: k, user: v}\n\
         clusters:\n- name: k\n  cluster: {server: 'https://api.team.example.org:6443/', certificate-authority: ca.crt}\n\
         users:\n- name: u\n  user:\n    tokenFile: token.txt\n    exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never}\n\
         - name: v\n  user: {token: other-secret-0123456789}\n".to_string();
    let (status, _) = judged(&env, &text, &["--trust-bundle", CA, "--carve", "out.yaml"]);
    assert_eq!(status, Some(0));
    let carved = fs::read_to_string(env.work().join("out.yaml")).unwrap();
    let mode = fs::metadata(env.work().join("out.yaml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        carved.contains(SECRET) && !carved.contains("other-secret"),
        "{carved}"
    );
    assert!(
        !carved.contains("exec") && !carved.contains("6443/"),
        "{carved}"
    );
    let again = judged(&env, &carved, &["--trust-bundle", CA, "--strict"]);
    assert_eq!(again.1, Vec::<[String; 3]>::new());

    // For pods, the same file keeps its login program.
    env.file("k.yaml", &text);
    let mut pod = env.acpctl();
    pod.args(["credential", "validate", "k.yaml", "--carve", "pod.yaml"]);
    assert_eq!(told(&pod.output().unwrap()).0, Some(0));
    let carved = fs::read_to_string(env.work().join("pod.yaml")).unwrap();
    assert!(
        carved.contains("exec") && carved.contains("6443/"),
        "{carved}"
    );

    // Nothing is replaced, and a refused file is not written.
    fs::write(env.work().join("mine.yaml"), "mine").unwrap();
    let mut command = env.acpctl();
    command.args(["credential", "validate", "k.yaml", "--carve", "mine.yaml"]);
    let (status, _, stderr) = told(&command.output().unwrap());
    assert_eq!(status, Some(1), "{stderr}");
    assert_eq!(
        fs::read_to_string(env.work().join("mine.yaml")).unwrap(),
        "mine"
    );
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never}";
    let (status, _) = judged(&env, &kubeconfig_of(exec), &["--carve", "refused.yaml"]);
    assert_eq!(status, Some(7));
    assert!(!env.work().join("refused.yaml").exists());
}

#[test]
fn create_stores_what_a_managed_session_accepts() {
    let env = TestEnv::new();
    env.file("good.yaml", kubeconfig(SECRET).replace("6443'", "6443/'"));
    env.file("bad.yaml", kubeconfig_of("username: me, password: secret"));
    let local = |words: &[&str]| told(&env.local().args(words).output().unwrap());
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--target",
    ];
    let (code, _, stderr) =
        local(&[&create[..], &["managed", "--name", "bad", "-f", "bad.yaml"]].concat());
    assert_eq!(code, Some(7), "{stderr}");
    let (code, _, stderr) = local(
        &[
            &create[..],
            &["managed", "--name", "good", "-f", "good.yaml"],
        ]
        .concat(),
    );
    assert_eq!(code, Some(0), "{stderr}");
    let (_, stored, _) = local(&["credential", "token", "good"]);
    assert!(
        stored.contains("6443\"\n") || stored.contains("6443\n"),
        "{stored}"
    );
    let sandbox = [
        &create[..],
        &["sandbox", "--name", "s", "-f", "good.yaml", "--strict"],
    ]
    .concat();
    let (code, _, stderr) = local(&sandbox);
    assert_eq!(code, Some(8), "{stderr}");
    assert!(stderr.contains("sandbox-not-delivered"), "{stderr}");
    let (_, list, _) = local(&["credential", "list", "-o", "name"]);
    assert_eq!(list, "credential/good\n");
}
