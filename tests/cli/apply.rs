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
        .stderr(
            "Error: apply credential/x: look up credential \"x\": ambient API error 500: c — r\n",
        );
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
    let (_, _, stderr) = dry(
        &["-f", "-"],
        "kind: Agent\nname: a\npromt: x\n---\nkind: Wid\n",
    );
    assert_eq!(
        stderr,
        "warning: agent/a: unknown key \"promt\"\nwarning: unknown kind \"Wid\" — skipping\n"
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
