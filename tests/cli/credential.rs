//! `credential` from outside: sources of the secret, requests, output, refusals.

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, error, json as answer, raw};
use crate::support::{TOKEN, TestEnv, streams};

const ID: &str = "3MX85aKNFVYjNaWSBgG3UcSclTU";

/// The sample that the README uses.
fn sample() -> String {
    std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/kubeconfig.yaml"
    ))
    .unwrap()
}

/// A server with no credential yet, which accepts one.
fn empty_server() -> Scripted {
    Scripted::with(|request| match request.method.as_str() {
        "GET" => answer(
            200,
            &json!({"kind": "CredentialList", "page": 1, "size": 0, "total": 0, "items": []}),
        ),
        "POST" => created(request),
        _ => raw(405, "text/plain", ""),
    })
}

fn created(request: &Received) -> Reply {
    let mut body = request.json();
    body.as_object_mut().unwrap().remove("token");
    body["id"] = json!(ID);
    answer(201, &body)
}

/// The body of the one POST that the server saw.
fn posted(server: &Scripted) -> Value {
    let posts: Vec<Value> = server
        .received()
        .iter()
        .filter(|request| request.method == "POST")
        .map(Received::json)
        .collect();
    assert_eq!(posts.len(), 1, "{:?}", server.lines());
    posts[0].clone()
}

#[test]
fn a_secret_comes_from_each_source_byte_for_byte() {
    let env = TestEnv::new();
    let multi = "line one\nline two\n";
    env.file("one", "s3cret\n");
    env.file("crlf", "s3cret\r\n");
    env.file("multi", multi);
    let create = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "n",
    ];
    for (args, stdin, token) in [
        (vec!["--token", "s3cret"], None, "s3cret"),
        (vec!["--token", "@one"], None, "s3cret"),
        (vec!["--token", "@crlf"], None, "s3cret"),
        (vec!["--token", "@@literal"], None, "@literal"),
        (vec!["--token", "-"], Some("s3cret\n"), "s3cret"),
        (vec!["--token", "@-"], Some("s3cret"), "s3cret"),
        (vec!["--from-file", "one"], None, "s3cret"),
        (vec!["--from-file", "multi"], None, multi),
        (vec!["--from-file", "-"], Some(" s3 cret \n"), " s3 cret "),
    ] {
        let server = empty_server();
        let mut command = env.connected(server.url());
        command.args(create).args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "credential/n created\n", "{args:?}: {stderr}");
        let on_the_line = matches!(args[..], ["--token", "s3cret" | "@@literal"]);
        assert_eq!(
            stderr.starts_with("Warning: a secret on the command line"),
            on_the_line,
            "{stderr}"
        );
        assert!(on_the_line || stderr.is_empty(), "{stderr}");
        assert_eq!(posted(&server)["token"], token, "{args:?}");
    }
}

#[test]
fn a_bad_source_sends_nothing() {
    let env = TestEnv::new();
    env.file("empty", "");
    env.file("blank", " \n\t\n");
    env.file("binary", [0xff, 0xfe, 0x00, 0xd8]);
    for (args, stdin, code, message) in [
        (
            vec!["--from-file", "absent"],
            None,
            7,
            "Error: read \"absent\": no such file or directory\n",
        ),
        (
            vec!["--from-file", "."],
            None,
            7,
            "Error: read \".\": is a directory\n",
        ),
        (
            vec!["--from-file", "empty"],
            None,
            7,
            "Error: the secret from empty is empty\n",
        ),
        (
            vec!["--token", "@blank"],
            None,
            7,
            "Error: the secret from blank is empty\n",
        ),
        (
            vec!["--token", "-"],
            Some(""),
            7,
            "Error: the secret from standard input is empty\n",
        ),
        (
            vec!["--from-file", "binary"],
            None,
            7,
            "Error: the secret from binary is not UTF-8 text\n",
        ),
        (
            vec!["--token", "x", "--from-file", "empty"],
            None,
            2,
            "Error: --token and --from-file are mutually exclusive\n",
        ),
        (
            vec!["--token", "@"],
            None,
            2,
            "Error: --token @ names no file\n",
        ),
    ] {
        let server = empty_server();
        let mut command = env.connected(server.url());
        command
            .args([
                "credential",
                "create",
                "--provider",
                "github",
                "--name",
                "n",
            ])
            .args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.starts_with(message), "{args:?}: {stderr}");
        assert_eq!((stdout.as_str(), server.lines()), ("", vec![]), "{args:?}");
    }
}

#[test]
fn a_kubeconfig_is_carved_and_described() {
    let env = TestEnv::new();
    for (args, stdin) in [
        (vec!["--from-file", "kc.yaml"], None),
        (vec![], Some(sample())),
    ] {
        env.file("kc.yaml", sample());
        let server = empty_server();
        let mut command = env.connected(server.url());
        command
            .args(["credential", "create", "--provider", "kubeconfig"])
            .args(&args);
        if let Some(stdin) = stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(
            stdout, "credential/team-a created\n",
            "the context's name is the default"
        );
        assert!(
            stderr.contains("Kept 1 of 2 contexts (\"team-a\"), dropped 1 user and 1 cluster"),
            "{stderr}"
        );
        let body = posted(&server);
        let token = body["token"].as_str().unwrap();
        assert!(!token.contains("this-secret-must-not-travel-along"));
        assert!(token.contains("current-context: team-a"));
        let annotations: Value =
            serde_json::from_str(body["annotations"].as_str().unwrap()).unwrap();
        assert_eq!(annotations["acpctl/context"], "team-a");
        assert_eq!(
            annotations["acpctl/server"],
            "https://api.sample-cluster.example.net:6443"
        );
        assert_eq!(annotations["acpctl/expires-at"], "2099-01-01T00:00:00Z");
        assert!(
            annotations["acpctl/digest"]
                .as_str()
                .unwrap()
                .starts_with("hmac-sha256:")
        );
    }
}

#[test]
fn the_named_context_comes_from_kubeconfig_too() {
    let env = TestEnv::new();
    let path = env.file("kc.yaml", sample());
    let server = empty_server();
    // Standard input must bring nothing by itself: a pipe would be the source.
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("KUBECONFIG", &path)
        .args([
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--context",
            "other",
            "--name",
            "x",
        ])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert!(
        posted(&server)["token"]
            .as_str()
            .unwrap()
            .contains("this-secret-must-not-travel-along")
    );
}

#[test]
fn a_literal_kubeconfig_works_with_a_warning() {
    let env = TestEnv::new();
    let server = empty_server();
    let output = env
        .connected(server.url())
        .args([
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "x",
            "--token",
            &sample(),
        ])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stderr.starts_with("Warning: a secret on the command line can be seen"),
        "{stderr}"
    );
}

#[test]
fn a_bad_kubeconfig_sends_nothing() {
    let env = TestEnv::new();
    let exec = sample().replacen("    token: ", "    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}\n    as: ", 1);
    let loopback = sample().replacen(
        "https://api.sample-cluster.example.net:6443",
        "https://127.0.0.1:6443",
        1,
    );
    let no_current = sample().replacen("current-context: team-a\n", "", 1);
    let dangling = sample().replacen("current-context: team-a\n", "current-context: nope\n", 1);
    for (text, args, code, part) in [
        (String::new(), vec![], 7, "is empty"),
        ("\n \n".to_owned(), vec![], 7, "is empty"),
        ("a: [".to_owned(), vec![], 7, "1 error"),
        ("just text".to_owned(), vec![], 7, "error"),
        (sample()[..300].to_owned(), vec![], 7, "error"),
        (exec, vec![], 7, "error[exec-plugin]"),
        (loopback.clone(), vec![], 7, "error[server-loopback]"),
        (no_current, vec![], 7, "error[no-current-context]"),
        (dangling, vec![], 7, "error"),
        (sample(), vec!["--context", "absent"], 7, "error"),
        (
            loopback.replacen("namespace: team-a", "namespace: ''", 1),
            vec!["--allow", "no-namespace"],
            7,
            "error[server-loopback]",
        ),
        (
            sample(),
            vec!["--min-ttl", "40000d"],
            8,
            "sooner than --min-ttl allows",
        ),
        (
            sample(),
            vec!["--all-contexts", "--strict"],
            8,
            "(--strict)",
        ),
        (
            sample(),
            vec!["--no-flatten", "--context", "team-a"],
            2,
            "mutually exclusive",
        ),
    ] {
        let server = empty_server();
        let output = env
            .connected(server.url())
            .args([
                "credential",
                "create",
                "--provider",
                "kubeconfig",
                "--name",
                "x",
                "--from-file",
                "-",
            ])
            .args(&args)
            .write_stdin(text.clone())
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?} on {text:.60}: {stderr}"
        );
        assert!(stderr.contains(part), "{args:?}: {stderr}");
        assert_eq!((stdout.as_str(), server.lines()), ("", vec![]), "{args:?}");
        assert!(
            !stderr.contains("this-secret-must-not-travel-along"),
            "{stderr}"
        );
    }
}

#[test]
fn findings_can_be_accepted_knowingly() {
    let env = TestEnv::new();
    let loopback = sample().replacen(
        "https://api.sample-cluster.example.net:6443",
        "https://127.0.0.1:6443",
        1,
    );
    for args in [
        vec!["--allow", "server-loopback"],
        vec!["--skip-validation"],
    ] {
        let server = empty_server();
        env.connected(server.url())
            .args([
                "credential",
                "create",
                "--provider",
                "kubeconfig",
                "--name",
                "x",
                "--from-file",
                "-",
            ])
            .args(&args)
            .write_stdin(loopback.clone())
            .assert()
            .success();
        let token = posted(&server)["token"].as_str().unwrap().to_owned();
        assert_eq!(
            token == loopback,
            args[0] == "--skip-validation",
            "skipping stores the text as it is"
        );
    }
}

#[test]
fn a_namesake_is_refused() {
    let env = TestEnv::new();
    let twin = json!({"id": "1", "name": "team-a", "provider": "github"});
    let list = move |request: &Received| match request.method.as_str() {
        "GET" => answer(
            200,
            &json!({"kind": "CredentialList", "page": 1, "size": 1, "total": 1, "items": [twin]}),
        ),
        _ => created(request),
    };
    let server = Scripted::with(list);
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--from-file",
        "-",
    ];
    env.connected(server.url())
        .args(create)
        .write_stdin(sample())
        .assert()
        .code(6);
    assert!(
        server.lines().iter().all(|line| line.starts_with("GET ")),
        "{:?}",
        server.lines()
    );
    env.connected(server.url())
        .args(create)
        .arg("--allow-duplicate")
        .write_stdin(sample())
        .assert()
        .success();
}

#[test]
fn a_lost_answer_is_looked_up_before_anything_is_repeated() {
    let env = TestEnv::new();
    // The server stores the first POST and closes the connection without an answer.
    let stored = std::sync::Arc::new(std::sync::Mutex::new(None::<Value>));
    let server = {
        let stored = std::sync::Arc::clone(&stored);
        Scripted::with(move |request| {
            let mut stored = stored.lock().unwrap();
            if request.method == "POST" {
                let mut record = request.json();
                record["id"] = json!(ID);
                record.as_object_mut().unwrap().remove("token");
                *stored = Some(record);
                return Reply::Close;
            }
            let items: Vec<Value> = stored.iter().cloned().collect();
            answer(
                200,
                &json!({"kind": "CredentialList", "page": 1, "size": items.len(), "total": items.len(), "items": items}),
            )
        })
    };
    env.connected(server.url())
        .args([
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            "-",
        ])
        .write_stdin(sample())
        .assert()
        .success()
        .stdout("credential/team-a created\n");
    posted(&server);
}

#[test]
fn names_and_ids_find_a_credential() {
    let env = TestEnv::new();
    let record = json!({"id": ID, "name": "mine", "provider": "github"});
    let server = Scripted::with(move |request| {
        let target = request
            .target
            .trim_start_matches("/api/ambient/v1/credentials");
        match (request.method.as_str(), target) {
            ("GET", target) if target.starts_with('?') => answer(
                200,
                &json!({"kind": "CredentialList", "page": 1, "size": 1, "total": 1, "items": [record]}),
            ),
            ("DELETE", target) if target == format!("/{ID}") => raw(204, "application/json", ""),
            (_, target) if target == format!("/{ID}/token") => answer(
                200,
                &json!({"credential_id": ID, "provider": "github", "token": "t"}),
            ),
            (_, target) if target == format!("/{ID}") => answer(200, &record),
            _ => error(404, "ambient-api-server-7", "not found"),
        }
    });
    for (args, stdout) in [
        (vec!["get", "mine", "-o", "name"], "credential/mine\n"),
        (vec!["token", "mine"], "t\n"),
        (
            vec!["update", "mine", "--description", "d"],
            "credential/mine updated\n",
        ),
        (vec!["delete", "mine", "--yes"], "credential/mine deleted\n"),
    ] {
        env.connected(server.url())
            .arg("credential")
            .args(&args)
            .assert()
            .success()
            .stdout(stdout);
    }
    let lines = server.lines();
    assert!(
        lines.contains(&format!("PATCH /credentials/{ID}"))
            && lines.contains(&format!("DELETE /credentials/{ID}")),
        "{lines:?}"
    );
    assert!(
        !lines.contains(&"DELETE /credentials/mine".to_owned()),
        "the server would call that a success"
    );
}

#[test]
fn two_of_a_name_are_an_error_that_lists_both() {
    let env = TestEnv::new();
    let items = json!([{"id": "first", "name": "twin"}, {"id": "second", "name": "twin"}]);
    let server = Scripted::with(move |request| {
        if request.target.contains('?') {
            answer(
                200,
                &json!({"kind": "CredentialList", "page": 1, "size": 2, "total": 2, "items": items}),
            )
        } else {
            error(404, "ambient-api-server-7", "not found")
        }
    });
    for args in [
        vec!["get", "twin"],
        vec!["token", "twin"],
        vec!["update", "twin", "--name", "x"],
        vec!["delete", "twin", "-y"],
        vec!["bind", "twin", "--project", "p"],
    ] {
        let output = env
            .connected(server.url())
            .arg("credential")
            .args(&args)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(6), "{args:?}: {stderr}");
        assert!(stderr.contains("multiple credentials named \"twin\" found (first, second); use the credential ID instead"), "{stderr}");
    }
    assert!(
        server
            .received()
            .iter()
            .all(|request| request.method == "GET" || request.target.ends_with("/twin")),
        "{:?}",
        server.lines()
    );
}

#[test]
fn long_lists_are_walked_to_the_end() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let query: std::collections::HashMap<_, _> =
            url::form_urlencoded::parse(request.target.split_once('?').unwrap().1.as_bytes())
                .into_owned()
                .collect();
        let number = |key: &str| query[key].parse::<usize>().unwrap();
        let (page, size) = (number("page"), number("size"));
        let items: Vec<Value> = (0..2500)
            .skip((page - 1) * size)
            .take(size)
            .map(|n| json!({"id": format!("{n:05}"), "name": "n", "provider": "p"}))
            .collect();
        answer(
            200,
            &json!({"kind": "CredentialList", "page": page, "size": items.len(), "total": 2500, "items": items}),
        )
    });
    let output = env
        .connected(server.url())
        .args(["credential", "list", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (list["items"].as_array().unwrap().len(), &list["total"]),
        (2500, &json!(2500))
    );
    assert_eq!(
        server.lines()[0],
        "GET /credentials?page=1&size=100",
        "the first request is the Go tool's"
    );
    let output = env
        .connected(server.url())
        .args(["credential", "list", "--limit", "3"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (stdout.lines().count(), stderr.as_str()),
        (
            4,
            "Showing 3 of 2500 credentials; raise or leave out --limit to see more\n"
        )
    );
}

/// Whatever form is asked for, not a byte of the secret is changed.
#[test]
fn a_secret_comes_back_byte_for_byte() {
    for secret in [
        "a\r\nb\r\n",
        "a\rb",
        " \u{1b}[31m\u{7}\u{200b}\u{202e}\u{2028}\u{85}\u{feff} ",
        "a\n\n",
    ] {
        let env = TestEnv::new();
        let server =
            Scripted::with(move |_| answer(200, &json!({"credential_id": ID, "token": secret})));
        let said = |args: &[&str]| {
            let mut command = env.connected(server.url());
            let output = command
                .args(["credential", "token", ID])
                .args(args)
                .output()
                .unwrap();
            assert!(output.status.success(), "{args:?}");
            streams(&output).0
        };
        let line = format!("{secret}\n");
        assert_eq!(said(&[]), line);
        assert_eq!(said(&["-o", "jsonpath={.token}"]), line);
        let object: Value = serde_json::from_str(&said(&["-o", "json"])).unwrap();
        assert_eq!(object["token"], secret);
        said(&["--to-file", "secret"]);
        let written = std::fs::read(env.work().join("secret")).unwrap();
        assert_eq!(written, secret.as_bytes());
    }
}

#[test]
fn the_secret_goes_to_a_private_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new();
    let server = Scripted::with(|_| {
        answer(
            200,
            &json!({"credential_id": ID, "provider": "kubeconfig", "token": "a\nb\n"}),
        )
    });
    env.connected(server.url())
        .args(["credential", "token", ID, "--to-file", "kc"])
        .assert()
        .success()
        .stdout("");
    let path = env.work().join("kc");
    assert_eq!(std::fs::read(&path).unwrap(), b"a\nb\n");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    env.connected(server.url())
        .args(["credential", "token", ID, "--to-file", "kc"])
        .assert()
        .code(1);
}

#[test]
fn no_secret_turns_up_in_any_output() {
    let env = TestEnv::new();
    let canary = "canary-token-9f3b1c";
    let kubeconfig = sample().replacen(
        "token: this-secret-must-not-travel-along",
        &format!("token: {canary}"),
        1,
    );
    let leaky = move |request: &Received| match request.method.as_str() {
        "GET" if request.target.contains('?') => {
            let items =
                json!([{"id": ID, "name": "n", "provider": "github", "token": "canary-answer"}]);
            answer(
                200,
                &json!({"kind": "CredentialList", "page": 1, "size": 1, "total": 1, "items": items}),
            )
        }
        "DELETE" => raw(204, "application/json", ""),
        _ => answer(
            200,
            &json!({"id": ID, "name": "n", "provider": "kubeconfig", "token": "canary-answer"}),
        ),
    };
    let server = Scripted::with(leaky);
    let verbs: Vec<Vec<&str>> = vec![
        vec!["list"],
        vec!["get", ID],
        vec![
            "create",
            "--provider",
            "github",
            "--name",
            "n",
            "--token",
            canary,
        ],
        vec![
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--context",
            "other",
            "--allow-duplicate",
            "--from-file",
            "-",
        ],
        vec![
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--context",
            "other",
            "--dry-run",
            "--from-file",
            "-",
        ],
        vec![
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--all-contexts",
            "--strict",
            "--from-file",
            "-",
        ],
        vec![
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--context",
            "absent",
            "--from-file",
            "-",
        ],
        vec!["update", ID, "--token", canary],
        vec!["update", ID, "--context", "other", "--from-file", "-"],
        vec!["delete", ID, "--yes"],
        vec!["validate", "-", "--context", "other"],
        vec!["validate", "-", "--context", "absent", "-o", "json"],
        vec!["validate", "-", "-o", "sarif"],
    ];
    for verb in verbs {
        for level in [vec![], vec!["-v"], vec!["--trace"], vec!["--print-curl"]] {
            let output = env
                .connected(server.url())
                .arg("credential")
                .args(&verb)
                .args(&level)
                .write_stdin(kubeconfig.clone())
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            for secret in [canary, "canary-answer", TOKEN] {
                assert!(
                    !stdout.contains(secret) && !stderr.contains(secret),
                    "{verb:?} {level:?} shows {secret}:\n{stdout}{stderr}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_asked_where_nobody_can_answer() {
    let env = TestEnv::new();
    let server = empty_server();
    for (args, message) in [
        (
            vec!["credential", "delete", ID],
            format!("Error: add --confirm to delete credential/{ID}\n"),
        ),
        (
            vec![
                "credential",
                "create",
                "--provider",
                "kubeconfig",
                "--name",
                "x",
            ],
            "Error: no kubeconfig given\n".to_owned(),
        ),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .args(&args)
            .env_clear()
            .envs(env.variables())
            .env("AMBIENT_API_URL", server.url())
            .env("AMBIENT_TOKEN", TOKEN)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(11), "{stderr}");
        assert!(stderr.starts_with(&message), "{stderr}");
    }
    assert_eq!(server.lines(), Vec::<String>::new());
}
