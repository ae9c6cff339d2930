//! `alias`, `api` and `edit`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::nouns::local;
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

fn run(env: &TestEnv, line: &[&str]) -> (i32, String, String) {
    let output = env.local().args(line).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

#[test]
fn an_alias_stands_for_words_and_hides_no_command() {
    let env = TestEnv::new();
    env.config("{\"project\": \"p\", \"mine\": 1}");
    let words = ["alias", "set", "pn", "--", "get", "projects", "-o", "name"];
    let (code, stdout, _) = run(&env, &words);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "alias/pn set: acpctl get projects -o name\n")
    );
    local(&env, &["create", "project", "--name", "demo"]);
    assert_eq!(run(&env, &["pn"]).1, "project/demo\n");
    assert_eq!(run(&env, &["pn", "demo"]).1, "project/demo\n");
    assert_eq!(
        run(&env, &["alias", "list", "-o", "json"]).1,
        "{\n  \"pn\": [\n    \"get\",\n    \"projects\",\n    \"-o\",\n    \"name\"\n  ]\n}\n"
    );
    for wrong in [
        &["alias", "set", "get", "--", "logout"][..],
        &["alias", "set", "apps", "--", "logout"],
        &["alias", "set", "-x", "--", "logout"],
        &["alias", "set", "a b", "--", "logout"],
        &["alias", "set", "x", "--", "no-such-command"],
        &["alias", "set", "x"],
    ] {
        assert_eq!(run(&env, wrong).0, 2, "{wrong:?}");
    }
    assert_eq!(env.saved()["mine"], 1, "other keys stay");
    assert_eq!(run(&env, &["alias", "delete", "pn"]).0, 0);
    assert_eq!(run(&env, &["alias", "delete", "pn"]).0, 3);
    assert!(env.saved().get("aliases").is_none());
    assert_eq!(run(&env, &["pn"]).0, 2);
}

#[test]
fn an_alias_in_the_file_hides_no_command_and_loops_nowhere() {
    let env = TestEnv::new();
    env.config("{\"aliases\": {\"version\": [\"logout\"], \"loop\": [\"loop\"], \"odd\": 1}}");
    let (code, stdout, _) = run(&env, &["version"]);
    assert!(code == 0 && !stdout.contains("Logged out"), "{stdout}");
    assert_eq!(run(&env, &["loop"]).0, 2);
    assert_eq!(run(&env, &["odd"]).0, 2);
}

#[test]
fn api_sends_what_it_is_told_and_masks_secrets() {
    let env = TestEnv::new();
    let (code, stdout, stderr) = run(&env, &["api", "post", "projects", "-f", "name=demo"]);
    let made: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
    assert_eq!((code, &made["name"]), (0, &"demo".into()));
    env.file("secret", "canary-55\n");
    let words = [
        "api",
        "POST",
        "/credentials",
        "-f",
        "name=c",
        "-f",
        "provider=github",
        "-f",
        "token=@secret",
        "-o",
        "jsonpath={.id}",
    ];
    let (_, id, stderr) = run(&env, &words);
    assert_eq!(stderr.matches("Warning").count(), 0, "{stderr}");
    let path = format!("/credentials/{}/token", id.trim());
    let (_, stdout, _) = run(&env, &["api", "GET", &path]);
    assert!(stdout.contains("********") && !stdout.contains("canary"));
    let (_, stdout, _) = run(&env, &["api", "GET", &path, "--show-secrets"]);
    assert!(stdout.contains("\"canary-55\""), "{stdout}");

    let change = env.file("change.json", "{\"description\": \"d\"}");
    let change = change.to_string_lossy();
    let patch = ["api", "PATCH", "/projects/demo", "--input", &change];
    assert!(run(&env, &patch).1.contains("\"description\": \"d\""));
    env.file("broken.json", "{\"token\": \"canary-56");
    for (line, code) in [
        ("api GET /projects/nope", 3),
        ("api PUT /projects", 2),
        ("api GET https://evil.example.org/x", 2),
        ("api GET /projects/../../x", 2),
        ("api GET /projects -f a=b", 2),
        ("api POST /projects -f name", 2),
        ("api POST /projects --input broken.json", 7),
    ] {
        let (status, stdout, stderr) = run(&env, &line.split(' ').collect::<Vec<_>>());
        assert_eq!((status, stdout.as_str()), (code, ""), "{line}: {stderr}");
        assert!(!stderr.contains("canary"), "{line}: {stderr}");
    }
}

#[test]
fn api_shows_control_characters_of_the_server_as_text() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| crate::support::server::raw(200, "text/plain", "a\x1b[31mb"));
    let mut command = env.connected(server.url());
    let output = command.args(["api", "GET", "/x"]).output().unwrap();
    let (stdout, _) = streams(&output);
    assert!(
        stdout.contains('a') && !stdout.contains('\x1b'),
        "{stdout:?}"
    );
}

/// Makes an editor that runs this script with the file as `$1`.
fn editor(env: &TestEnv, script: &str) -> String {
    let path = env.file("editor", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_string_lossy().into_owned()
}

fn edit(env: &TestEnv, url: &str, script: &str) -> (i32, String, String) {
    let editor = editor(env, script);
    let mut command = env.connected(url);
    command
        .env("EDITOR", editor)
        .env("TMPDIR", env.home())
        .args(["edit", "credential", "c1"]);
    let output = command.output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

#[test]
fn edit_sends_only_what_changed() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let mut record = serde_json::json!({
            "id": "c1", "name": "c1", "provider": "github", "description": "old",
            "url": "https://x.test", "token": "canary-in-the-answer",
        });
        if request.method == "PATCH" {
            record["description"] = request.json()["description"].clone();
        }
        answer(200, &record)
    });
    let log = env.work().join("seen");
    let log = log.to_string_lossy();
    let script = format!(
        "cp \"$1\" {log}; stat -c %a \"$1\" >> {log}; echo \"$1\" >> {log}; sed -i 's/old/new/' \"$1\""
    );
    let (code, stdout, stderr) = edit(&env, server.url(), &script);
    assert_eq!(
        (code, stdout.as_str()),
        (0, "credential/c1 edited\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("~ description: \"old\" → \"new\""),
        "{stderr}"
    );
    let sent = server.received().pop().unwrap();
    assert_eq!(sent.method, "PATCH");
    assert_eq!(sent.json(), serde_json::json!({"description": "new"}));
    let seen = fs::read_to_string(env.work().join("seen")).unwrap();
    assert!(
        !seen.contains("canary") && !seen.contains("token"),
        "{seen}"
    );
    assert!(seen.contains("\n600\n"), "{seen}");
    let path = seen.lines().last().unwrap();
    assert!(!std::path::Path::new(path).exists(), "{path} is left");

    for (script, code, word) in [
        ("true", 0, ""),
        ("exit 3", 1, "exit status: 3"),
        ("echo 'x: [' > \"$1\"", 7, "nothing was sent"),
        (
            "echo 'token: canary' >> \"$1\"",
            7,
            "\"token\" is not a field",
        ),
        ("echo 'nope: 1' >> \"$1\"", 7, "\"nope\" is not a field"),
    ] {
        let before = server.received().len();
        let (status, _, stderr) = edit(&env, server.url(), script);
        assert_eq!(status, code, "{script}: {stderr}");
        assert!(stderr.contains(word), "{script}: {stderr}");
        let mut sent = server.received().split_off(before).into_iter();
        assert!(sent.all(|request| request.method == "GET"), "{script}");
    }
}

#[test]
fn edit_leaves_out_the_annotations_of_acpctl_and_keeps_them() {
    let env = TestEnv::new();
    let of = |annotations: Value| {
        Scripted::with(move |_| {
            answer(
                200,
                &serde_json::json!({
                    "id": "c1", "name": "c1", "provider": "github", "description": "old",
                    "annotations": annotations.to_string(),
                }),
            )
        })
    };
    let own = serde_json::json!({"acpctl/digest": "d"});
    let server = of(own.clone());
    let script = "grep -q ^annotations \"$1\" && exit 3; sed -i 's/old/new/' \"$1\"";
    let (code, _, stderr) = edit(&env, server.url(), script);
    assert_eq!(code, 0, "{stderr}");
    let sent = server.received().pop().unwrap().json();
    assert_eq!(sent, serde_json::json!({"description": "new"}));

    let server = of(serde_json::json!({"acpctl/digest": "d", "team": "a"}));
    let script =
        "grep -q acpctl/ \"$1\" && grep -q digest \"$1\" && exit 3; sed -i 's/team/crew/' \"$1\"";
    let (code, _, stderr) = edit(&env, server.url(), script);
    assert_eq!(code, 0, "{stderr}");
    let sent = server.received().pop().unwrap().json();
    let annotations: Value = serde_json::from_str(sent["annotations"].as_str().unwrap()).unwrap();
    assert_eq!(
        annotations,
        serde_json::json!({"acpctl/digest": "d", "crew": "a"})
    );

    let (code, _, stderr) = edit(
        &env,
        server.url(),
        "sed -i '/^ /d; s/^annotations:.*/annotations: x/' \"$1\"",
    );
    assert_eq!(code, 7, "{stderr}");
    assert!(
        stderr.contains("annotations: \"x\" is not a map"),
        "{stderr}"
    );
}

#[test]
fn edit_refuses_what_update_refuses_and_takes_labels_as_a_map() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let record = |id: &str, name: &str| {
            serde_json::json!({
                "id": id, "name": name, "provider": "github", "labels": "{\"a\":\"b\"}",
            })
        };
        if request.target.contains("search=") {
            let items = [record("c2", "taken")];
            return answer(200, &serde_json::json!({"items": items, "total": 1}));
        }
        answer(200, &record("c1", "c1"))
    });
    for (script, code, word) in [
        ("s/^name:.*/name: taken/", 6, "already exists (c2)"),
        ("s/^name:.*/name: \"\"/", 7, "a name can't be empty"),
        ("/^name:/d", 7, "a name can't be empty"),
        (
            "s/^name:.*/name: 123/",
            7,
            "name: 123 is not a text\nHint: nothing was sent; write name: \"123\"",
        ),
        ("s/^name:.*/name: [a]/", 7, "name: [\"a\"] is not a text"),
        (
            "/^ /d; s/^labels:.*/labels: {team: 1.10}/",
            7,
            "team in labels: 1.1 is not a text",
        ),
        (
            "/^ /d; s/^labels:.*/labels: {team: [x]}/",
            7,
            "team in labels: [\"x\"] is not a text",
        ),
        (
            "/^ /d; s/^labels:.*/labels: foo/",
            7,
            "write labels: {team: ci}",
        ),
        (
            "/^ /d; s/^labels:.*/labels: [a]/",
            7,
            "write labels: {team: ci}",
        ),
    ] {
        let script = format!("sed -i '{script}' \"$1\"");
        let (status, _, stderr) = edit(&env, server.url(), &script);
        assert_eq!(status, code, "{script}: {stderr}");
        assert!(stderr.contains(word), "{script}: {stderr}");
    }
    let sent = server.received();
    assert!(sent.iter().all(|it| it.method == "GET"), "nothing was sent");
    let script = "grep -q '^  a: b$' \"$1\" && sed -i 's/^  a: b$/  a: c/' \"$1\"";
    let (_, _, stderr) = edit(&env, server.url(), script);
    let sent = server.received().pop().unwrap();
    let body = serde_json::json!({"labels": "{\"a\":\"c\"}"});
    assert_eq!(
        (sent.method.as_str(), sent.json()),
        ("PATCH", body),
        "{stderr}"
    );
}

#[test]
fn a_secret_that_is_not_of_its_providers_form_gets_a_warning() {
    let env = TestEnv::new();
    for (provider, secret, what) in [
        ("github", "  ghp_a  ", "around it"),
        ("gitlab", "glpat a", "in it"),
        ("github", "GITHUB_TOKEN=ghp_a", "NAME=VALUE"),
        ("google", "ghp_a", "is not JSON"),
    ] {
        let path = env.file("secret", secret);
        let create = |flags: &[&str]| {
            let mut create = env.local();
            create.args([
                "credential",
                "create",
                "--provider",
                provider,
                "--name",
                "c",
            ]);
            create.arg("--dry-run").arg("-f").arg(&path).args(flags);
            let output = create.output().unwrap();
            (output.status.code(), streams(&output).1)
        };
        let (code, stderr) = create(&[]);
        assert!(code == Some(0) && stderr.contains(what), "{stderr}");
        assert!(!stderr.contains("ghp_a"), "{stderr}");
        let (code, stderr) = create(&["--strict"]);
        assert!(
            code == Some(8) && stderr.contains("--allow odd-secret"),
            "{stderr}"
        );
        let (code, stderr) = create(&["--strict", "--allow", "odd-secret"]);
        assert!(code == Some(0) && !stderr.contains(what), "{stderr}");
    }
}

/// What can't be sent is kept in a private file, and the line that is named sends it once it is mended.
#[test]
fn edit_keeps_a_text_that_cannot_be_sent_and_names_empty_fields() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| {
        answer(
            200,
            &serde_json::json!({"id": "c1", "name": "c1", "provider": "github"}),
        )
    });
    let script = "sed -i 's/^# description:.*/description: new/' \"$1\"; echo 'x: [' >> \"$1\"";
    let (code, _, stderr) = edit(&env, server.url(), script);
    assert_eq!(code, 7, "{stderr}");
    let (_, kept) = stderr.split_once("Your text is kept in ").unwrap();
    let (path, line) = kept.split_once("; mend it there, then: ").unwrap();
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("\ndescription: new\n"), "{text}");
    assert!(!text.contains("token"), "{text}");
    fs::write(path, text.replace("x: [", "")).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_acpctl"))
        .parent()
        .unwrap();
    let line = line.lines().next().unwrap();
    let line = format!("PATH={}:$PATH; {line}", program.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).env_clear().envs(env.variables());
    shell.envs([("AMBIENT_API_URL", server.url()), ("AMBIENT_TOKEN", TOKEN)]);
    let (_, stderr) = streams(&shell.output().unwrap());
    let sent = server.received().pop().unwrap();
    assert_eq!(sent.method, "PATCH", "{stderr}");
    assert_eq!(sent.json(), serde_json::json!({"description": "new"}));
    fs::remove_file(path).unwrap();

    let (_, _, stderr) = edit(&env, server.url(), "echo 'token: canary' >> \"$1\"");
    assert!(
        stderr.contains("not kept, because it names a token"),
        "{stderr}"
    );
}

/// Starts an edit whose editor says where its file is and then waits until it is gone. Returns the file.
fn editing(env: &TestEnv, url: &str) -> (Child, PathBuf) {
    let seen = env.work().join("seen");
    let script = format!(
        "echo \"$1\" > {0}.new; mv {0}.new {0}; while [ -e \"$1\" ]; do sleep 0.02; done",
        seen.display()
    );
    let editor = editor(env, &script);
    let child = Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", TOKEN)
        .env("TMPDIR", env.work())
        .env("EDITOR", editor)
        .args(["edit", "credential", "c1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let file = loop {
        match fs::read_to_string(&seen) {
            Ok(path) => break PathBuf::from(path.trim_end()),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    fs::remove_file(seen).unwrap();
    (child, file)
}

#[test]
fn nothing_of_an_edit_that_was_ended_stays() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| answer(200, &serde_json::json!({"id": "c1", "name": "c1"})));
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let (mut child, file) = editing(&env, server.url());
        assert!(file.exists());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status}");
        assert!(!file.parent().unwrap().exists(), "{signal:?}");
    }
    // What a killed run has left is removed by the next one.
    let (mut child, file) = editing(&env, server.url());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(file.exists());
    let (mut child, next) = editing(&env, server.url());
    assert!(!file.exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    child.wait().unwrap();
    assert!(!next.exists());
}

#[test]
fn a_schedule_that_never_runs_is_refused() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| answer(200, &serde_json::json!({"id": "x", "name": "x"})));
    for (verb, schedule) in [
        ("create", "0 0 31 2 *"),
        ("create", "0 0 30 feb ?"),
        ("update", "0 0 31 4,6 *"),
    ] {
        let words: &[&str] = match verb {
            "create" => &["create", "--name", "n", "--agent-id", "x"],
            _ => &["update", "x"],
        };
        let mut command = env.connected(server.url());
        command.arg("scheduled-session").args(words);
        command.args(["--project-id", "p", "--schedule", schedule]);
        let output = command.output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        let says = format!(
            "Error: --schedule \"{schedule}\" never runs: none of its months has such a day\n"
        );
        assert!(stderr.starts_with(&says), "{stderr}");
    }
    assert_eq!(server.lines(), Vec::<String>::new());
}
