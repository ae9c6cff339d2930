//! Secrets in manifests: where they come from, and when they are sent.

use std::sync::Arc;

use serde_json::Value;

use crate::apply::{SECRET, applied, apply, dry_run, serve};
use crate::support::platform::Platform;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::Scripted;
use crate::support::{SAMPLE, TestEnv, streams};

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

/// Applies a manifest to the embedded API. Gives the exit code and standard error.
fn locally(env: &TestEnv, manifest: &str) -> (Option<i32>, String) {
    env.file("m.yaml", manifest);
    let output = env.local().args(["apply", "-f", "m.yaml"]).output();
    let output = output.unwrap();
    (output.status.code(), streams(&output).1)
}

#[test]
fn a_secret_of_another_provider_takes_no_ones_place() {
    let env = TestEnv::new();
    env.file("kube.conf", std::fs::read(SAMPLE).unwrap());
    let kubeconfig = |name: &str| {
        format!(
            "kind: Credential\nname: {name}\nprovider: kubeconfig\ntokenFrom: {{file: kube.conf}}\n"
        )
    };
    let github =
        |name: &str| format!("kind: Credential\nname: {name}\nprovider: github\ntoken: {SECRET}\n");
    assert_eq!(locally(&env, &kubeconfig("kube")).0, Some(0));
    assert_eq!(locally(&env, &github("hub")).0, Some(0));
    for (manifest, stored) in [
        (github("kube"), "\"kube\" is of the provider kubeconfig"),
        (kubeconfig("hub"), "\"hub\" is of the provider github"),
    ] {
        for _ in 0..2 {
            let (code, stderr) = locally(&env, &manifest);
            assert_eq!(code, Some(6), "{stderr}");
            assert!(stderr.contains(stored), "{stderr}");
        }
    }
}

#[test]
fn a_misspelled_provider_is_refused_and_a_missing_secret_named() {
    let env = TestEnv::new();
    let (code, stderr) = locally(
        &env,
        "kind: Credential\nname: a\nprovider: githb\ntoken: 0123456789abcdef\n",
    );
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("did you mean github?"), "{stderr}");
    let unknown = "kind: Credential\nname: b\nprovider: ours\ntoken: 0123456789abcdef\n";
    let (code, stderr) = locally(&env, unknown);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("unknown provider \"ours\""), "{stderr}");
    for token in ["", "token: ''\n"] {
        let manifest = format!(
            "kind: Credential\nname: c{}\nprovider: github\n{token}",
            token.len()
        );
        let (code, stderr) = locally(&env, &manifest);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            stderr.contains("sessions get no secret from it"),
            "{stderr}"
        );
    }
}

#[test]
fn blanks_are_refused_and_placeholders_are_doubted() {
    let env = TestEnv::new();
    let apply = |value: &str, credential: &str, flags: &str| {
        env.file(
            "m.yaml",
            format!("kind: Credential\nname: c\n{credential}\n"),
        );
        let mut command = env.local();
        let (status, _, stderr) = command
            .env("NUL", value)
            .line("apply -f m.yaml")
            .line(flags)
            .told();
        (status, stderr)
    };
    let from_variable = "provider: github\ntokenFrom: {env: NUL}";
    for blanks in [
        from_variable,
        "provider: github\ntoken: $NUL",
        "provider: kubeconfig\ntokenFrom: {env: NUL}",
    ] {
        let (status, stderr) = apply(" \n\t", blanks, "");
        assert_eq!(status, Some(7), "{blanks}: {stderr}");
        assert!(stderr.contains("is empty"), "{blanks}: {stderr}");
    }
    for flags in ["--strict", "--strict --dry-run", "--strict --diff"] {
        let (status, stderr) = apply("null", from_variable, flags);
        assert_eq!(status, Some(8), "{flags}: {stderr}");
        assert!(
            stderr.contains("not a credential (--strict)"),
            "{flags}: {stderr}"
        );
    }
    let missing = "provider: github";
    let (status, stderr) = apply("", missing, "--strict");
    assert_eq!(status, Some(8), "{stderr}");
    let message = "Error: apply credential/c: it has neither token nor tokenFrom";
    assert!(stderr.starts_with(message), "{stderr}");
    assert_eq!(env.local().line("credential list -o name").stdout(), "");

    let (status, stderr) = apply("null", from_variable, "");
    assert_eq!(status, Some(0), "{stderr}");
    assert!(
        stderr.contains("Warning: credential/c: the secret is"),
        "{stderr}"
    );
    // Without a secret, the manifest changes the other fields of a credential that exists.
    assert_eq!(apply("", "description: d", "--strict").0, Some(0));
    let (status, stderr) = apply("nil", from_variable, "--strict --allow placeholder-value");
    assert_eq!(status, Some(0), "{stderr}");
    env.local().line("credential delete c --yes").stdout();
    let (status, stderr) = apply("", missing, "--strict --allow no-secret");
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
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
         credential/b: reads its secret from variable SECOND\n\
         Warning: credential/a: its secret is not checked: read \"m/../outside\": no such file or directory\n\
         Warning: credential/b: its secret is not checked: environment variable FIRST is not set\n"
    );
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
fn a_dry_run_refuses_a_kubeconfig_that_a_run_refuses_and_needs_no_secret() {
    let env = TestEnv::new();
    let loopback = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts: [{name: c, context: {cluster: k, user: u}}]\n\
         clusters: [{name: k, cluster: {server: 'https://127.0.0.1:6443'}}]\n\
         users: [{name: u, user: {token: t0123456789}}]\n";
    env.file("kc", loopback);
    let manifest = |source: &str| {
        format!("kind: Credential\nname: c\nprovider: kubeconfig\ntokenFrom: {{{source}}}\n")
    };
    let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], &manifest("file: kc"));
    assert_eq!((code, stdout.as_str()), (Some(7), ""), "{stderr}");
    assert!(
        stderr.contains("server-loopback") && stderr.contains("apply credential/c"),
        "{stderr}"
    );
    let args = ["-f", "-", "--allow", "server-loopback"];
    let (code, stdout, stderr) = dry_run(&env, &args, &manifest("file: kc"));
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "dry-run: would apply:\n  credential/c\n");
    for (source, why) in [
        ("env: UNSET_1", "UNSET_1 is not set"),
        ("file: none", "no such file"),
    ] {
        let (code, stdout, stderr) = dry_run(&env, &["-f", "-"], &manifest(source));
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(stdout, "dry-run: would apply:\n  credential/c\n");
        let says = "Warning: credential/c: its secret is not checked: ";
        assert!(stderr.contains(says) && stderr.contains(why), "{stderr}");
    }
    assert_eq!(
        dry_run(&env, &["-f", "-"], &manifest("stdin: true")).0,
        Some(0)
    );
}

#[test]
fn a_text_whose_placeholder_nothing_has_replaced_is_told() {
    let env = TestEnv::new();
    env.local().line("project create team-a").stdout();
    let agent = |texts: &str| {
        let text = format!("kind: Agent\nname: lead\nproject: team-a\n{texts}\n");
        env.file("m.yaml", text);
    };
    let apply = |flags: &str| env.local().line("apply -f m.yaml").line(flags).told();
    for (texts, key, found) in [
        ("prompt: Fix ${TASK} now", "prompt", "${TASK}"),
        (
            "labels: {team: '{{ .Values.team }}'}",
            "labels",
            "{{ .Values.team }}",
        ),
        (
            "inbox: [{from_name: ci, body: 'See ${URL}'}]",
            "inbox",
            "${URL}",
        ),
    ] {
        agent(texts);
        let told = format!("agent/lead: {key} holds \"{found}\", which apply does not replace");
        for flags in ["--strict", "--strict --dry-run"] {
            let (status, stdout, stderr) = apply(flags);
            assert_eq!((status, stdout.as_str()), (Some(8), ""), "{stderr}");
            assert!(
                stderr.starts_with(&format!("Error: {told} (--strict)\n")),
                "{stderr}"
            );
            assert!(stderr.contains("--allow placeholder-value"), "{stderr}");
        }
        let (status, _, stderr) = apply("");
        assert_eq!(status, Some(0), "{stderr}");
        assert_eq!(stderr, format!("Warning: {told}\n"));
        let (status, _, stderr) = apply("--strict --allow placeholder-value");
        assert_eq!((status, stderr.as_str()), (Some(0), ""));
    }
    agent("prompt: It costs $5; see $HOME and {x}");
    assert_eq!(apply("--strict").0, Some(0));
}

#[test]
fn a_name_without_a_value_widens_no_binding() {
    let env = TestEnv::new();
    let binding = "kind: RoleBinding\nrole: credential:viewer\nscope: credential\nscope_id: c\n";
    for (text, key) in [
        (format!("{binding}project:\n"), "project"),
        (format!("{binding}project: team-a\nagent: ''\n"), "agent"),
        (format!("{binding}user_id: null\n"), "user_id"),
        (
            "kind: Agent\nname: lead\nproject: \"\"\n".to_owned(),
            "project",
        ),
        (
            "kind: Credential\nname: c\nprovider: kubeconfig\ncontext: ''\n".to_owned(),
            "context",
        ),
    ] {
        env.file("m.yaml", &text);
        for flags in ["", "--dry-run"] {
            let (status, stdout, stderr) = env.local().line("apply -f m.yaml").line(flags).told();
            assert_eq!((status, stdout.as_str()), (Some(7), ""), "{text}: {stderr}");
            let message = format!(": {key} has no value\nHint: check the variable");
            assert!(stderr.contains(&message), "{text}: {stderr}");
        }
    }
    // A merge key fills it.
    let agent = "kind: Agent\nname: lead\nproject:\n<<: {project: team-a}\n";
    env.file("m.yaml", agent);
    let (status, _, stderr) = env.local().line("apply -f m.yaml --dry-run").told();
    assert_ne!(status, Some(7), "{stderr}");
}
