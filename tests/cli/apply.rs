//! `apply`: honest results, nothing written twice, nothing lost when it is killed, secrets, diff, prune.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::FAULTS;
use crate::support::platform::Platform;
use crate::support::server::{Reply, Scripted, error};
use crate::support::{TOKEN, TestEnv, streams};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");
const SECRET: &str = "canary-5d3f-secret-value";

/// Ten resources of all kinds in a folder.
fn folder(env: &TestEnv) {
    env.file(
        "team/1-project.yaml",
        "kind: Project\nname: web\ndescription: The web\nlabels: {team: a, tier: '1'}\n",
    );
    env.file(
        "team/2-agents.yaml",
        "kind: Agent\nname: lead\nprompt: |\n  Lead.\nlabels: {team: a}\n\
         inbox:\n- {from_name: boot, body: hello}\n- {body: second}\n\
         ---\nkind: Agent\nname: dev\nprompt: Develop.\nannotations: {note: x}\n\
         ---\nkind: Agent\nname: test\n",
    );
    env.file("team/kube.conf", std::fs::read(SAMPLE).unwrap());
    env.file(
        "team/3-credentials.yaml",
        "kind: Credential\nname: gl\nprovider: gitlab\ntokenFrom: {env: GL}\nlabels: {team: a}\n\
         ---\nkind: Credential\nname: gh\nprovider: github\ntoken: $GL\nannotations: {note: x}\n\
         ---\nkind: Credential\nname: kube\nprovider: kubeconfig\ntokenFrom: {file: kube.conf}\n",
    );
    let binding = |target: &str, user: &str| {
        format!(
            "---\nkind: RoleBinding\nrole: credential:viewer\nscope: credential\n\
             scope_id: {target}\nuser_id: {user}\n"
        )
    };
    env.file(
        "team/4-bindings.yaml",
        [
            binding("gl", "lead"),
            binding("gh", "lead"),
            binding("kube", "dev"),
        ]
        .concat(),
    );
}

fn apply(env: &TestEnv, url: &str, args: &[&str]) -> assert_cmd::Command {
    let mut command = env.connected(url);
    command
        .env("AMBIENT_PROJECT", "web")
        .env("GL", SECRET)
        .arg("apply")
        .args(args);
    command
}

/// Runs it and gives standard output and the requests that wrote something.
fn applied(env: &TestEnv, platform: &Arc<Platform>, args: &[&str]) -> (String, Vec<String>) {
    let server = serve(platform);
    let output = apply(env, server.url(), args).output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{args:?}: {stderr}");
    let mut writes = server.lines();
    writes.retain(|line| !line.starts_with("GET "));
    (stdout, writes)
}

fn serve(platform: &Arc<Platform>) -> Scripted {
    let platform = Arc::clone(platform);
    Scripted::with(move |request| platform.reply(request))
}

/// Fails the run and gives its exit code and standard error.
fn refused(env: &TestEnv, manifest: &str) -> (Option<i32>, String) {
    let server = Scripted::new([]);
    let output = apply(env, server.url(), &["-f", "-"])
        .write_stdin(manifest)
        .output()
        .unwrap();
    assert!(server.received().is_empty(), "{:?}", server.lines());
    (output.status.code(), streams(&output).1)
}

#[test]
fn applying_twice_writes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team"]);
    let statuses: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(statuses, ["created"; 10], "{stdout}");
    assert!(!writes.is_empty());
    let (stdout, writes) = applied(&env, &platform, &["-f", "team"]);
    assert_eq!(stdout.matches(" unchanged\n").count(), 10, "{stdout}");
    assert_eq!(writes, [""; 0]);
}

/// The digest of `apply` must not outlive its secret: the next `apply` would call it unchanged.
#[test]
fn a_secret_changed_by_update_is_noticed() {
    let manifest = "kind: Credential\nname: gl\nprovider: gitlab\ntokenFrom: {env: GL}\n\
                    annotations: {note: x}\n";
    let env = TestEnv::new();
    env.file("gl.yaml", manifest);
    let platform = Arc::default();
    let stored = |platform: &Platform| platform.state()["/credentials"][0].clone();
    applied(&env, &platform, &["-f", "gl.yaml"]);
    let server = serve(&platform);
    env.connected(server.url())
        .args(["credential", "update", "gl", "--token", "another"])
        .assert()
        .success()
        .stdout("credential/gl updated\n");
    assert_eq!(stored(&platform)["token"], "another");
    let (stdout, _) = applied(&env, &platform, &["-f", "gl.yaml"]);
    assert_eq!(stdout, "credential/gl configured\n");
    assert_eq!(stored(&platform)["token"], SECRET);

    // The digest tells what update stored, and the other annotations stay.
    env.connected(server.url())
        .args(["credential", "update", "gl", "--token", "another"])
        .assert()
        .success();
    assert!(
        stored(&platform)["annotations"]
            .as_str()
            .unwrap()
            .contains(r#""note":"x""#)
    );
    let server = serve(&platform);
    let output = apply(&env, server.url(), &["-f", "gl.yaml"])
        .env("GL", "another")
        .output()
        .unwrap();
    assert_eq!(streams(&output).0, "credential/gl unchanged\n");
}

#[test]
fn the_same_on_the_embedded_api() {
    let env = TestEnv::new();
    folder(&env);
    // Who may bind credentials everywhere is an administrator; anyone may in a project of their own.
    let binding = "---\nkind: RoleBinding\nrole: project:viewer\nscope: project\nscope_id: web\n";
    let users = ["lead", "dev", "test"].map(|user| format!("{binding}user_id: {user}\n"));
    env.file("team/4-bindings.yaml", users.concat());
    let run = || {
        let output = env
            .local()
            .env("AMBIENT_PROJECT", "web")
            .env("GL", SECRET)
            .args(["apply", "-f", "team", "-o", "json"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        let done: Vec<Value> = serde_json::from_str(&stdout).unwrap();
        done.iter()
            .map(|entry| entry["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), ["created"; 10]);
    assert_eq!(run(), ["unchanged"; 10]);
}

/// The program is killed at each of its requests in turn, before the server has seen it or before its
/// answer arrives, and run again: what is there then is what one undisturbed run leaves.
#[test]
fn killed_at_any_request_and_run_again_it_ends_the_same() {
    let env = TestEnv::new();
    folder(&env);
    let undisturbed = Arc::default();
    applied(&env, &undisturbed, &["-f", "team"]);
    let mut killed = 0;
    for is_done_by_server in [false, true] {
        for at in 0.. {
            let platform = Arc::<Platform>::default();
            if !killed_run(&env, &platform, at, is_done_by_server) {
                break;
            }
            killed += 1;
            applied(&env, &platform, &["-f", "team"]);
            assert_eq!(
                platform.state(),
                undisturbed.state(),
                "killed at request {at}, done by the server: {is_done_by_server}"
            );
        }
    }
    assert!(killed >= 60, "only {killed} requests");
}

/// Kills a run at its request number `at`; false where it has fewer.
fn killed_run(env: &TestEnv, platform: &Arc<Platform>, at: usize, is_done_by_server: bool) -> bool {
    let (reached, is_reached) = mpsc::channel();
    let count = AtomicUsize::new(0);
    let server = {
        let platform = Arc::clone(platform);
        Scripted::with(move |request| {
            if count.fetch_add(1, Ordering::SeqCst) != at {
                return platform.reply(request);
            }
            if is_done_by_server {
                platform.reply(request);
            }
            let _ = reached.send(());
            Reply::Hang
        })
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .envs([("AMBIENT_API_URL", server.url()), ("AMBIENT_TOKEN", TOKEN)])
        .envs([("AMBIENT_PROJECT", "web"), ("GL", SECRET)])
        .args(["apply", "-f", "team"])
        .current_dir(env.work())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        if is_reached.recv_timeout(Duration::from_millis(20)).is_ok() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
    }
}

#[test]
fn only_a_proven_absence_creates() {
    let env = TestEnv::new();
    for manifest in [
        "kind: Project\nname: x\n",
        "kind: Credential\nname: x\nprovider: y\n",
    ] {
        for fault in FAULTS.iter().filter(|fault| fault.name != "404") {
            let server = Scripted::with(|_| (fault.reply)());
            let limit = if fault.name == "hang" { "300ms" } else { "30s" };
            let output = apply(&env, server.url(), &["-f", "-", "-o", "json"])
                .args(["--retries", "0", "--request-timeout", limit])
                .write_stdin(manifest)
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(
                output.status.code(),
                Some(fault.code),
                "{}: {stderr}",
                fault.name
            );
            assert_eq!(stdout, "[]\n", "{}", fault.name);
            assert_eq!(server.received().len(), 1, "{}", fault.name);
        }
    }
}

#[test]
fn a_failed_search_creates_nothing() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| match request.method.as_str() {
        "GET" if request.target.contains('?') => error(500, "c", "r"),
        "GET" => error(404, "c", "r"),
        _ => panic!("{} {}", request.method, request.target),
    });
    apply(&env, server.url(), &["-f", "-"])
        .write_stdin("kind: Credential\nname: x\nprovider: y\ntoken: t\n")
        .assert()
        .code(10)
        .stderr("Error: apply credential/x: look up credential \"x\": ambient API error 500: c — r\nHint: the server failed: give its operators the operation id op-1\n");
}

#[test]
fn what_was_done_is_told_after_a_failure_too() {
    let env = TestEnv::new();
    let platform = Arc::new(Platform::default());
    let server = {
        let platform = Arc::clone(&platform);
        Scripted::with(move |request| {
            if request.target.contains("/credentials") {
                error(403, "c", "r")
            } else {
                platform.reply(request)
            }
        })
    };
    let output = apply(&env, server.url(), &["-f", "-", "-o", "json"])
        .write_stdin("kind: project\nname: p\n---\nkind: Credential\nname: x\nprovider: y\n")
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(5));
    let done: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        done,
        json!([{"kind": "Project", "name": "p", "status": "created"}])
    );
    assert!(stderr.starts_with("Error: apply credential/x: "));
}

#[test]
fn what_is_wrong_with_secrets_is_found_before_any_request() {
    let env = TestEnv::new();
    env.file("bad.conf", "clusters: []\n");
    let credential = |rest: &str| {
        format!(
            "kind: Project\nname: web\n---\nkind: Credential\nname: c\nprovider: gitlab\n{rest}\n"
        )
    };
    for (rest, message) in [
        ("token: $UNSET_1", "environment variable UNSET_1 is not set"),
        (
            "token: ${UNSET_1}",
            "environment variable UNSET_1 is not set",
        ),
        (
            "tokenFrom: {env: UNSET_1}",
            "environment variable UNSET_1 is not set",
        ),
        (
            "tokenFrom: {stdin: true}",
            "standard input is taken already",
        ),
        ("tokenFrom: {file: gone}", "no such file or directory"),
        (
            "tokenFrom: {env: A, file: b}",
            "exactly one of env, file and stdin",
        ),
        ("tokenFrom: {vault: A}", "knows env, file and stdin"),
        ("token: a\ntokenFrom: {env: GL}", "exclude each other"),
        ("provider2: x\nprovider: y", "already defined"),
    ] {
        let (code, stderr) = refused(&env, &credential(rest));
        assert!(matches!(code, Some(1 | 7)), "{rest}: {code:?} {stderr}");
        assert!(stderr.contains(message), "{rest}: {stderr}");
        assert!(!stderr.contains(SECRET), "{rest}: {stderr}");
    }
    let (code, stderr) = refused(
        &env,
        "kind: Credential\nname: k\nprovider: kubeconfig\ntokenFrom: {file: bad.conf}\n",
    );
    assert_eq!(code, Some(7), "{stderr}");
}

/// `$NAME` is the only thing that is replaced; what the Go tool removes besides is warned about.
#[test]
fn references_to_the_environment_are_replaced() {
    let env = TestEnv::new();
    for (token, sent, warned) in [
        ("'a-$GL-${GL}'", format!("a-{SECRET}-{SECRET}"), false),
        ("'a$ $(b) $.'", "a$ $(b) $.".to_owned(), false),
        ("'a$$b$1c${}d'", "abcd".to_owned(), true),
        ("'${GL:-d}x'", "x".to_owned(), true),
    ] {
        let platform = Arc::<Platform>::default();
        let server = serve(&platform);
        let output = apply(&env, server.url(), &["-f", "-"])
            .write_stdin(format!(
                "kind: Credential\nname: c\nprovider: p\ntoken: {token}\n"
            ))
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(
            platform.state()["/credentials"][0]["token"],
            sent,
            "{token}"
        );
        assert_eq!(stderr.contains("was removed"), warned, "{token}: {stderr}");
        assert!(!stderr.contains(SECRET));
    }
}

/// A `$` inside a secret from `tokenFrom` is left alone, and a secret that changed is sent again.
#[test]
fn a_secret_is_sent_only_when_it_changed() {
    let env = TestEnv::new();
    env.file(
        "c.yaml",
        "kind: Credential\nname: c\nprovider: p\ntokenFrom: {file: t}\n",
    );
    let platform = Arc::<Platform>::default();
    for (secret, status) in [
        ("a$GL$$b\n", "created"),
        ("a$GL$$b\n", "unchanged"),
        ("other\n", "configured"),
        ("other\n", "unchanged"),
    ] {
        env.file("t", secret);
        let (stdout, _) = applied(&env, &platform, &["-f", "c.yaml"]);
        assert_eq!(stdout, format!("credential/c {status}\n"));
        assert_eq!(
            platform.state()["/credentials"][0]["token"],
            secret.trim_end()
        );
    }
}

/// A kubeconfig is cut as by `credential create`, with the files beside it.
#[test]
fn a_kubeconfig_is_cut_before_it_is_stored() {
    let env = TestEnv::new();
    let (platform, by_create) = (Arc::<Platform>::default(), Arc::<Platform>::default());
    env.file("d/kube.conf", std::fs::read(SAMPLE).unwrap());
    env.file(
        "m.yaml",
        "kind: Credential\nname: k\nprovider: kubeconfig\ntokenFrom: {file: d/kube.conf}\n",
    );
    applied(&env, &platform, &["-f", "m.yaml"]);
    let server = serve(&by_create);
    env.connected(server.url())
        .args(["credential", "create", "--provider", "kubeconfig"])
        .args(["--name", "k", "--from-file", "d/kube.conf"])
        .assert()
        .success();
    let stored = |platform: &Platform| {
        let credential = platform.state()["/credentials"][0].clone();
        let annotations = credential["annotations"].as_str().unwrap();
        let annotations: Value = serde_json::from_str(annotations).unwrap();
        (credential["token"].clone(), annotations)
    };
    assert_eq!(stored(&platform), stored(&by_create));
}

#[test]
fn diff_shows_and_writes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::<Platform>::default();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team", "--diff"]);
    assert_eq!(
        stdout.matches(" would be created\n").count(),
        10,
        "{stdout}"
    );
    assert_eq!(writes, [""; 0]);
    assert!(stdout.contains("  ~ token: (secret)\n") && !stdout.contains(SECRET));
    assert!(
        stdout.contains("  + annotations.acpctl/server: "),
        "{stdout}"
    );

    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "team/1-project.yaml",
        "kind: Project\nname: web\ndescription: Other\nlabels: {team: a}\n",
    );
    let before = platform.state();
    let (stdout, writes) = applied(&env, &platform, &["-f", "team", "--diff"]);
    assert!(
        stdout.starts_with(
            "project/web would be configured\n  ~ description: \"The web\" → \"Other\"\n  - labels.tier: \"1\"\n"
        ),
        "{stdout}"
    );
    assert_eq!(stdout.matches(" unchanged\n").count(), 9, "{stdout}");
    assert_eq!((writes, platform.state()), (Vec::new(), before));
}

#[test]
fn prune_deletes_what_has_the_label_and_no_document() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::<Platform>::default();
    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "old.yaml",
        "kind: Agent\nname: old\nlabels: {team: a}\n---\nkind: Agent\nname: theirs\nlabels: {team: b}\n\
         ---\nkind: Credential\nname: old\nprovider: p\nlabels: {team: a}\n",
    );
    applied(&env, &platform, &["-f", "old.yaml"]);
    for args in [
        &["--prune"][..],
        &["-l", "team=a"],
        &["--prune", "-l", "team"],
        &["--prune", "-l", ""],
        &["--prune", "-l", "team=a,"],
        &["--prune", "-l", "team=a", "-l", "tier!=1"],
    ] {
        let server = serve(&platform);
        apply(&env, server.url(), &["-f", "team"])
            .args(args)
            .assert()
            .code(2);
    }
    // Nobody can be asked here.
    let server = serve(&platform);
    let output = apply(&env, server.url(), &["-f", "team"])
        .args(["--prune", "-l", "team=a"])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(11));
    assert!(
        stderr.ends_with("Error: add --confirm to delete agent/old, credential/old\n"),
        "{stderr}"
    );
    let prune = ["-f", "team", "--prune", "-l", "team=a"];
    let (stdout, writes) = applied(&env, &platform, &[&prune[..], &["--diff"]].concat());
    assert!(stdout.ends_with("agent/old would be pruned\ncredential/old would be pruned\n"));
    assert_eq!(writes, [""; 0]);
    for more in [&["-l", "tier=1"][..], &["--label", "team=a,tier=1"]] {
        let (stdout, writes) = applied(&env, &platform, &[&prune[..], more, &["--yes"]].concat());
        assert!(!stdout.contains("pruned") && writes.is_empty(), "{stdout}");
    }
    let (stdout, writes) = applied(&env, &platform, &[&prune[..], &["--yes"]].concat());
    assert!(
        stdout.ends_with("agent/old pruned\ncredential/old pruned\n"),
        "{stdout}"
    );
    assert_eq!(
        writes,
        [
            "DELETE /projects/web/agents/id-of-old",
            "DELETE /credentials/id-of-old"
        ]
    );
}

#[test]
fn ambiguous_names_are_refused() {
    let env = TestEnv::new();
    for (collection, manifest, message) in [
        (
            "/credentials",
            "kind: Credential\nname: x\nprovider: p\n",
            "multiple credentials named \"x\" found (1, 2)",
        ),
        (
            "/projects/web/agents",
            "kind: Project\nname: web\n---\nkind: Agent\nname: x\n",
            "multiple agents named \"x\" found (1, 2)",
        ),
    ] {
        let twins = [
            json!({"id": "1", "name": "x"}),
            json!({"id": "2", "name": "x"}),
        ];
        let platform = Arc::new(Platform::with(collection, &twins));
        let server = serve(&platform);
        let output = apply(&env, server.url(), &["-f", "-"])
            .write_stdin(manifest)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(6), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

/// What a manifest may look like, and what of it is warned about; nothing of it needs a server.
#[test]
fn manifests_are_read_as_they_stand() {
    let env = TestEnv::new();
    env.file("base/kustomization.yaml", "resources: [a.yaml]\n");
    env.file("base/a.yaml", "kind: Agent\nname: a\n");
    env.file(
        "over/kustomization.yaml",
        "resources: [../base]\npatches: [{path: p.yaml, target: {kind: agent}}]\n",
    );
    env.file("over/p.yaml", "kind: Agent\nname: renamed\nprompt: p\n");
    env.file("loop/kustomization.yaml", "resources: [.]\n");
    env.file("inline/kustomization.yaml", "patches: [{patch: 'x'}]\n");
    let dry = |args: &[&str], stdin: &str| {
        let output = env
            .acpctl()
            .args(["apply", "--dry-run"])
            .args(args)
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        (output.status.code(), stdout, stderr)
    };
    let names = |stdin: &str| dry(&["-f", "-"], stdin).1;
    assert!(names("{\"kind\": \"Agent\", \"name\": \"j\"}").ends_with("  agent/j\n"));
    assert!(
        names("x: [&a {name: m}, &b {name: n, kind: Agent}]\n<<: [*a, *b]\n")
            .ends_with("  agent/m\n")
    );
    let (code, _, stderr) = dry(
        &["-f", "-"],
        "apiVersion: v1\nkind: Agent\nmetadata: {name: x}\n",
    );
    assert_eq!(code, Some(7));
    assert!(stderr.contains("metadata.name is not supported; use a top-level name"));
    assert!(dry(&["-k", "over"], "").1.ends_with("  agent/a\n"));
    for folder in ["loop", "inline"] {
        assert_eq!(dry(&["-k", folder], "").0, Some(7), "{folder}");
    }
    let (code, stdout, stderr) = dry(
        &["-f", "-"],
        "kind: Credential\nname: c\ntoken: [canary-x]\n",
    );
    assert_eq!((code, stdout.as_str()), (Some(7), ""));
    assert_eq!(
        stderr,
        "Error: parse YAML: yaml: unmarshal errors:\n  line 3: cannot unmarshal !!seq into string\n"
    );
}

/// Runs it on a manifest from standard input, without a server: exit code and both streams.
fn dry_run(env: &TestEnv, args: &[&str], manifest: &str) -> (Option<i32>, String, String) {
    let output = env
        .acpctl()
        .args(["apply", "--dry-run"])
        .args(args)
        .write_stdin(manifest)
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn a_kind_or_key_that_is_nearly_right_is_an_error() {
    let env = TestEnv::new();
    for (manifest, error) in [
        (
            "kind: Credental\nname: a\n",
            "unknown kind \"Credental\"\nHint: did you mean Credential?",
        ),
        (
            "kind: Agents\nname: a\n",
            "unknown kind \"Agents\"\nHint: did you mean Agent?",
        ),
        (
            "kind: role-binding\n",
            "unknown kind \"role-binding\"\nHint: did you mean RoleBinding?",
        ),
        (
            "kind: Agent\nname: a\npromt: x\n",
            "agent/a: unknown key \"promt\"\nHint: did you mean prompt?",
        ),
        (
            "kind: Credential\nname: a\ntoken_from: {env: X}\n",
            "credential/a: unknown key \"token_from\"\nHint: did you mean tokenFrom?",
        ),
        (
            "kind: RoleBinding\nname: a\nuserId: x\n",
            "rolebinding/a: unknown key \"userId\"\nHint: did you mean user_id?",
        ),
    ] {
        let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], manifest);
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{manifest}");
        assert_eq!(stderr, format!("Error: {error}\n"));
    }
}

#[test]
fn anything_else_unknown_is_counted_and_refused_by_strict() {
    let env = TestEnv::new();
    let manifest = "kind: Agent\nname: a\nflavour: x\n---\nkind: Widget\n---\nname: b\n";
    let warnings = "warning: agent/a: unknown key \"flavour\"\n\
                    warning: unknown kind \"Widget\" — skipping\n\
                    warning: a document without a kind — skipping\n";
    let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], manifest);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stdout,
        "dry-run: would apply:\n  agent/a\n  widget/Widget\n"
    );
    assert_eq!(
        stderr,
        format!(
            "{warnings}warning: 2 documents and 1 unknown key skipped; --strict makes this an error\n"
        )
    );
    let (code, stdout, stderr) = dry_run(&env, &["-f", "-", "--strict"], manifest);
    assert_eq!((code, stdout.as_str()), (Some(8), ""));
    assert!(stderr.starts_with(warnings), "{stderr}");
    assert!(
        stderr.contains("Error: --strict: 2 documents and 1 unknown key would be skipped\n"),
        "{stderr}"
    );
}

#[test]
fn a_kubeconfig_in_the_place_of_a_manifest_is_named() {
    let env = TestEnv::new();
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let without_kind = sample.replace("kind: Config\n", "");
    for text in [&sample, &without_kind] {
        env.file("kube.yaml", text);
        let (code, _, stderr) = dry_run(&env, &["-f", "kube.yaml"], "");
        assert_eq!(code, Some(7), "{stderr}");
        assert!(
            stderr.starts_with("Error: this is a kubeconfig, not a manifest\n"),
            "{stderr}"
        );
        assert!(stderr.contains("credential create --provider kubeconfig --from-file kube.yaml"));
    }
}

#[test]
fn two_projects_for_one_document_are_an_error() {
    let env = TestEnv::new();
    let manifest = "kind: Agent\nname: a\nproject: web\n";
    let (code, _, stderr) = dry_run(&env, &["--project", "other", "-f", "-"], manifest);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("agent/a: the manifest says project \"web\", --project says \"other\""),
        "{stderr}"
    );
    assert_eq!(
        dry_run(&env, &["--project", "web", "-f", "-"], manifest).0,
        Some(0)
    );
}

#[test]
fn where_a_secret_comes_from_is_said_before_it_is_read() {
    let env = TestEnv::new();
    env.file(
        "m/c.yaml",
        "kind: Credential\nname: a\nprovider: jira\ntokenFrom: {file: ../outside}\n---\n\
                          kind: Credential\nname: b\nprovider: jira\ntoken: x${FIRST}$SECOND\n",
    );
    let (code, _, stderr) = dry_run(&env, &["-f", "m"], "");
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stderr,
        "credential/a: reads its secret from file m/../outside\n\
         credential/b: reads its secret from variable FIRST\n\
         credential/b: reads its secret from variable SECOND\n"
    );
}

#[test]
fn a_kustomization_is_bounded_in_what_it_becomes() {
    let env = TestEnv::new();
    let twice = 20;
    for n in 0..twice {
        let next = n + 1;
        env.file(
            &format!("b{n}/kustomization.yaml"),
            format!("bases: [../b{next}, ../b{next}]\n"),
        );
    }
    env.file(
        &format!("b{twice}/kustomization.yaml"),
        "resources: [p.yaml]\n",
    );
    env.file(&format!("b{twice}/p.yaml"), "kind: Project\nname: p\n");
    let (code, _, stderr) = dry_run(&env, &["-k", "b0"], "");
    assert_eq!(code, Some(7));
    assert!(stderr.contains("more than 10000 documents"), "{stderr}");
    let (code, stdout, _) = dry_run(&env, &["-k", &format!("b{}", twice - 1)], "");
    assert_eq!(code, Some(0));
    assert_eq!(stdout, "dry-run: would apply:\n  project/p\n  project/p\n");
    for n in 1..=200 {
        let next = n + 1;
        env.file(
            &format!("c/{n}/kustomization.yaml"),
            format!("bases: [../{next}]\n"),
        );
    }
    let (code, _, stderr) = dry_run(&env, &["-k", "c/1"], "");
    assert_eq!(code, Some(7));
    assert!(
        stderr.contains("more than 50 kustomizations inside each other"),
        "{stderr}"
    );
    let long = "x".repeat(1 << 20);
    env.file(
        "long/m.yaml",
        format!("kind: Project\nname: p\ndescription: {long}\n"),
    );
    env.file("long/kustomization.yaml", "resources: [m.yaml]\n");
    env.file(
        "d/kustomization.yaml",
        format!("bases: [{}]\n", "../long, ".repeat(100)),
    );
    env.file(
        "e/kustomization.yaml",
        format!("resources: [{}]\n", "../long/m.yaml, ".repeat(100)),
    );
    env.file("f/base/kustomization.yaml", "resources: [m.yaml]\n");
    env.file("f/base/m.yaml", "kind: Project\nname: p\n");
    let bases = "base, ".repeat(100);
    let patch = "patches: [{path: ../long/m.yaml, target: {kind: Project}}]";
    env.file(
        "f/kustomization.yaml",
        format!("bases: [{bases}]\n{patch}\n"),
    );
    for folder in ["d", "e", "f"] {
        let (code, _, stderr) = dry_run(&env, &["-k", folder], "");
        assert_eq!(code, Some(7), "{folder}");
        assert!(stderr.contains("comes to more than 64 MiB"), "{stderr}");
    }
}

#[test]
fn a_patch_with_a_target_needs_no_kind() {
    let env = TestEnv::new();
    env.file("k/kustomization.yaml", "resources: [a.yaml]\npatches:\n- {path: p.yaml, target: {kind: Agent, name: a}}\n- {path: p.yaml, target: {name: missing}}\n");
    env.file(
        "k/a.yaml",
        "kind: Project\nname: web\n---\nkind: Agent\nname: a\nprompt: old\n",
    );
    env.file("k/p.yaml", "prompt: new\n");
    let platform = Arc::default();
    applied(&env, &platform, &["-k", "k"]);
    let state = platform.state();
    let agents = state
        .iter()
        .find(|(place, _)| place.ends_with("/agents"))
        .unwrap()
        .1;
    assert_eq!(agents[0]["prompt"], "new");
    let (_, _, stderr) = dry_run(&env, &["-k", "k"], "");
    assert_eq!(
        stderr,
        "Warning: patch p.yaml fits no document: */missing\n"
    );
    env.file(
        "k/kustomization.yaml",
        "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
    );
    let (code, _, stderr) = dry_run(&env, &["-k", "k"], "");
    assert_eq!(code, Some(7));
    assert!(
        stderr.contains("patch p.yaml: add a kind to the patch, or a target"),
        "{stderr}"
    );
}

#[test]
fn pruning_without_consent_changes_nothing() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    applied(&env, &platform, &["-f", "team"]);
    env.file(
        "team/2-agents.yaml",
        "kind: Agent\nname: new\nlabels: {team: a}\n",
    );
    let server = serve(&platform);
    let output = apply(
        &env,
        server.url(),
        &["-f", "team", "--prune", "-l", "team=a"],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(11), "{}", streams(&output).1);
    let mut writes = server.lines();
    writes.retain(|line| !line.starts_with("GET "));
    assert_eq!(writes, [""; 0]);
}

#[test]
fn diff_tells_by_its_status_whether_anything_differs() {
    let env = TestEnv::new();
    folder(&env);
    let platform = Arc::default();
    let differs = |platform: &Arc<Platform>, args: &[&str]| {
        let server = serve(platform);
        let output = apply(&env, server.url(), args).output().unwrap();
        (output.status.code(), streams(&output).0)
    };
    let (code, stdout) = differs(&platform, &["-f", "team", "--diff", "--exit-code"]);
    assert_eq!(code, Some(1), "{stdout}");
    let bound = "  + role: \"credential:viewer\"\n  + credential: \"gl\"\n  + user_id: \"lead\"\n";
    assert!(stdout.contains(bound), "{stdout}");
    assert!(
        stdout.contains("  + inbox message from boot: \"hello\"\n"),
        "{stdout}"
    );
    assert_eq!(differs(&platform, &["-f", "team", "--diff"]).0, Some(0));
    applied(&env, &platform, &["-f", "team"]);
    assert_eq!(
        differs(&platform, &["-f", "team", "--diff", "--exit-code"]).0,
        Some(0)
    );
}

#[test]
fn the_result_comes_in_the_form_that_is_asked_for() {
    let env = TestEnv::new();
    env.file("p.yaml", "kind: Project\nname: p\n");
    let platform = Arc::default();
    let shown = |form: &str| applied(&env, &platform, &["-f", "p.yaml", "-o", form]).0;
    assert_eq!(shown("name"), "project/p\n");
    assert_eq!(
        shown("yaml"),
        "- kind: Project\n  name: p\n  status: unchanged\n"
    );
    let (code, _, stderr) = dry_run(&env, &["-f", "p.yaml", "-o", "csv"], "");
    assert_eq!(code, Some(2), "{stderr}");
}

/// A secret that a manifest names is sent, and the manifest may come from anybody.
#[test]
fn a_secret_outside_the_manifests_folder_needs_a_word() {
    let env = TestEnv::new();
    let outside = env.home().join("private");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("t"), SECRET).unwrap();
    env.file("t", SECRET);
    env.file("m/t", SECRET);
    std::os::unix::fs::symlink(outside.join("t"), env.work().join("m/link")).unwrap();
    let apply = |file: &str, allowed: &[&std::path::Path]| {
        env.file(
            "m/c.yaml",
            format!("kind: Credential\nname: c\nprovider: jira\ntokenFrom: {{file: {file}}}\n"),
        );
        let mut command = env.local();
        command.args(["apply", "-f", "m/c.yaml"]);
        for folder in allowed {
            command.arg("--allow-file").arg(folder);
        }
        let output = command.output().unwrap();
        (output.status.code(), streams(&output))
    };
    let absolute = outside.join("t").display().to_string();
    for file in [absolute.as_str(), "link"] {
        let (status, (stdout, stderr)) = apply(file, &[]);
        assert_eq!((status, stdout.as_str()), (Some(7), ""), "{file}: {stderr}");
        assert!(
            stderr.contains("lies outside the manifest's folder"),
            "{stderr}"
        );
        assert!(stderr.contains("--allow-file"), "{stderr}");
    }
    let (status, (_, stderr)) = apply("~/private/t", &[]);
    assert_eq!(status, Some(7), "{stderr}");
    assert!(stderr.contains("nothing expands the ~ here"), "{stderr}");
    for (file, allowed) in [
        (absolute.as_str(), vec![outside.as_path()]),
        ("link", vec![outside.as_path()]),
        ("t", vec![]),
        ("../t", vec![]),
    ] {
        let (status, (_, stderr)) = apply(file, &allowed);
        assert_eq!(status, Some(0), "{file}: {stderr}");
    }
}

/// Findings are accepted by their code as in `credential create`; an unknown code is refused.
#[test]
fn a_finding_is_accepted_by_its_code() {
    let env = TestEnv::new();
    env.file("k.yaml", std::fs::read(SAMPLE).unwrap());
    env.file(
        "c.yaml",
        "kind: Credential\nname: c\nprovider: nobodys\ntokenFrom: {file: k.yaml}\n",
    );
    for (flags, wanted) in [
        (vec![], 2),
        (vec!["--allow", "unknown-provider"], 0),
        (vec!["--allow", "no-such-code"], 2),
    ] {
        let mut command = env.local();
        command.args(["apply", "-f", "c.yaml"]).args(&flags);
        let output = command.output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(wanted), "{flags:?}: {stderr}");
    }
}

#[test]
fn a_manifest_is_a_plain_file_of_a_fair_size() {
    let env = TestEnv::new();
    env.file("d/x", "");
    for fifo in ["pipe", "d/pipe.yaml"] {
        let made = Command::new("mkfifo").arg(env.work().join(fifo)).status();
        assert!(made.unwrap().success());
    }
    let huge = std::fs::File::create(env.work().join("huge.yaml")).unwrap();
    huge.set_len(3 << 30).unwrap();
    env.file("k/kustomization.yaml", "resources: [../pipe]\n");
    for (flag, path, words) in [
        ("-f", "pipe", "it is not a regular file"),
        ("-f", "/dev/zero", "it is not a regular file"),
        ("-f", "d", "it is not a regular file"),
        ("-f", "huge.yaml", "it has more than"),
        ("-k", "k", "it is not a regular file"),
    ] {
        let (status, _, stderr) = dry_run(&env, &[flag, path], "");
        assert_eq!(status, Some(7), "{path}: {stderr}");
        assert!(stderr.contains(words), "{path}: {stderr}");
    }
    for stdin in ["/dev/stdin", "/dev/fd/0", "-"] {
        let (status, stdout, stderr) = dry_run(&env, &["-f", stdin], "kind: Project\nname: p\n");
        assert_eq!(status, Some(0), "{stdin}: {stderr}");
        assert!(stdout.contains("project/p"), "{stdin}: {stdout}");
    }
}

#[test]
fn paths_are_bytes() {
    use std::os::unix::ffi::OsStrExt as _;
    let env = TestEnv::new();
    let folder = env.work().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("p.yaml"), "kind: Project\nname: p\n").unwrap();
    std::fs::write(folder.join("kustomization.yaml"), "resources: [p.yaml]\n").unwrap();
    for (flag, path) in [
        ("-f", folder.join("p.yaml")),
        ("-f", folder.clone()),
        ("-k", folder),
    ] {
        let mut command = env.local();
        command.args(["apply", "--dry-run", flag]).arg(&path);
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {stderr}",
            path.display()
        );
        assert!(stdout.contains("project/p"), "{stdout}");
    }
}
