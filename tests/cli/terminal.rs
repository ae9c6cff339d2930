//! Questions and tables on a terminal.

use std::fs;

use serde_json::{Value, json};

use crate::support::oidc::{CLIENT, PAST, token_until};
use crate::support::pty::{Terminal, start, start_with};
use crate::support::server::{Scripted, error, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";
const SECRET: &str = "canary-typed-8d1e";

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: dev, context: {cluster: dev, user: dev}}
- {name: prod, context: {cluster: prod, user: dev}}
clusters:
- {name: dev, cluster: {server: 'https://dev.example.org:6443'}}
- {name: prod, cluster: {server: 'https://prod.example.org:6443'}}
users:
- {name: dev, user: {token: canary-in-the-file-0a4f}}
";

const ID: &str = "3MX85aKNFVYjNaWSBgG3UcSclTU";

fn platform() -> Scripted {
    Scripted::with(|request| {
        let list = |items: Value| {
            let total = items.as_array().unwrap().len();
            answer(
                200,
                &json!({"kind": "List", "items": items, "page": 1, "size": total, "total": total}),
            )
        };
        let path = request.target.trim_start_matches("/api/ambient/v1");
        match (
            request.method.as_str(),
            path.split('?').next().unwrap_or_default(),
        ) {
            ("GET", "/projects") => {
                list(json!([{"id": "team-a", "name": "team-a", "description": "First"}]))
            }
            ("GET", "/roles") => list(json!([{"id": "role-1", "name": "credential:viewer"}])),
            ("GET", "/credentials") => list(json!([])),
            ("GET", path) if path == format!("/credentials/{ID}") => {
                answer(200, &json!({"id": ID, "name": "prod"}))
            }
            ("POST", "/credentials") => {
                let mut body = request.json();
                body["id"] = json!(ID);
                answer(201, &body)
            }
            ("POST", "/role_bindings") => answer(201, &json!({"id": "rb-1"})),
            ("DELETE", _) => answer(204, &Value::Null),
            _ => error(404, "not-found", "nothing here"),
        }
    })
}

fn with_kubeconfig() -> TestEnv {
    let env = TestEnv::new();
    fs::create_dir(env.home().join(".kube")).unwrap();
    fs::write(env.home().join(".kube/config"), KUBECONFIG).unwrap();
    env
}

/// The steps of storing a kubeconfig: what is asked, and the keys that answer.
const STEPS: &[(&str, &[&str])] = &[
    ("Provider (arrows", &[ENTER]),
    ("Source (arrows", &[ENTER]),
    ("Context (arrows", &["k", ENTER]),
    ("Name [dev]:", &["dev-1", ENTER]),
    ("Project whose sessions may use it", &[DOWN, ENTER]),
    ("Store it? [y/N]:", &["y", ENTER]),
];

/// Answers the first steps; the name is typed whole.
fn answer_steps(terminal: &Terminal, steps: &[(&str, &[&str])]) {
    for (question, keys) in steps {
        terminal.wait_for(question);
        for key in *keys {
            terminal.type_text(key);
        }
    }
}

fn changes(server: &Scripted) -> Vec<String> {
    server
        .lines()
        .into_iter()
        .filter(|line| !line.starts_with("GET"))
        .collect()
}

#[test]
fn a_kubeconfig_is_stored_step_by_step() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &STEPS[..2]);
    let facts = [
        "> prod",
        "https://prod.example.org:6443",
        "token",
        "expiry unknown",
    ];
    terminal.wait_until("what is known of the contexts", |screen| {
        facts.iter().all(|fact| screen.contains(fact))
    });
    answer_steps(&terminal, &STEPS[2..5]);
    let screen = terminal.wait_for("Store it?");
    for fact in [
        "Name      dev-1",
        "Context   dev",
        "Server    https://dev.example.org:6443",
        "Project   team-a",
        "acpctl credential create --provider kubeconfig --context dev --name dev-1",
    ] {
        assert!(screen.contains(fact), "{fact}: {screen}");
    }
    assert!(
        changes(&server).is_empty(),
        "nothing is sent before the question"
    );
    answer_steps(&terminal, &STEPS[5..]);
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("credential/dev-1 created"), "{screen}");
    assert!(
        screen.contains("credential/dev-1 bound to project/team-a"),
        "{screen}"
    );
    assert_eq!(
        changes(&server),
        ["POST /credentials", "POST /role_bindings"]
    );
    let stored = server.received();
    let body = stored
        .iter()
        .find(|request| request.method == "POST")
        .unwrap()
        .json();
    assert_eq!(body["provider"], "kubeconfig");
    assert!(
        !body["token"].as_str().unwrap().contains("prod.example.org"),
        "cut to one context"
    );
    assert!(!terminal.written().contains("canary"), "no secret is shown");
}

#[test]
fn ctrl_c_and_esc_leave_each_question_with_nothing_sent() {
    for (keys, status) in [(CTRL_C, "status 130"), (ESC, "status 11")] {
        for (step, (question, _)) in STEPS.iter().enumerate() {
            let env = with_kubeconfig();
            let server = platform();
            let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
            answer_steps(&terminal, &STEPS[..step]);
            terminal.wait_for(question);
            assert!(!terminal.is_sane(), "a question is open");
            terminal.type_text(keys);
            let screen = if keys == ESC && *question == "Name [dev]:" {
                // Esc is no answer to a question for text; it may take the next key with it.
                terminal.type_text("xy");
                terminal.wait_until("the key after Esc", |screen| screen.ends_with('y'));
                terminal.type_text(CTRL_C);
                terminal.wait_for("status 130")
            } else {
                terminal.wait_for(status)
            };
            assert!(terminal.is_sane(), "{screen}");
            assert!(changes(&server).is_empty(), "{screen}");
        }
    }
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    for secret in [false, true] {
        let env = with_kubeconfig();
        let server = platform();
        let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
        if secret {
            ask_for_secret(&terminal);
        } else {
            terminal.wait_for("Provider (arrows");
        }
        let children = format!("/proc/{0}/task/{0}/children", terminal.pid());
        let Ok(children) = fs::read_to_string(children) else {
            crate::support::skipped("this system does not list children in /proc");
            return;
        };
        let killed = std::process::Command::new("kill")
            .arg(children.trim())
            .status();
        assert!(killed.unwrap().success());
        terminal.wait_for("status 143");
        assert!(terminal.is_sane());
        assert!(changes(&server).is_empty());
    }
}

#[test]
fn nothing_is_asked_in_a_window_without_room() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 2, 80);
    terminal.wait_for("status 11");
    assert!(terminal.written().contains("the window is too small"));
    assert!(terminal.is_sane());
}

#[test]
fn a_list_survives_a_change_of_the_window() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 200);
    answer_steps(&terminal, &STEPS[..2]);
    terminal.wait_for("> prod");
    for (rows, columns) in [(10, 30), (3, 12), (24, 80)] {
        terminal.resize(rows, columns);
        terminal.type_text("k");
        terminal.wait_for("> dev");
        terminal.type_text("j");
        terminal.wait_for("> prod");
    }
    terminal.type_text(ENTER);
    terminal.wait_for("Name [prod]:");
    terminal.type_text(CTRL_C);
    terminal.wait_for("status 130");
}

/// Goes to the question for a GitHub token.
fn ask_for_secret(terminal: &Terminal) {
    terminal.wait_for("Provider (arrows");
    for _ in 0..4 {
        terminal.type_text("k");
    }
    terminal.wait_for("> github");
    answer_steps(
        terminal,
        &[("Provider (arrows", &[ENTER]), ("Secret (arrows", &[ENTER])],
    );
    terminal.wait_for("Secret (not shown):");
    terminal.wait_for_no_echo();
}

#[test]
fn a_typed_secret_is_not_shown() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    ask_for_secret(&terminal);
    // Only a part of what was pasted would arrive.
    terminal.type_text(&format!("\x1b[200~{SECRET}\rline two\x1b[201~\r"));
    terminal.wait_for("only one line can be pasted here");
    let asked_again =
        |times: usize| move |screen: &str| screen.matches("Secret (not shown): ").count() == times;
    terminal.wait_until("the question again", asked_again(2));
    // The same from a terminal that does not mark what is pasted: all at once.
    terminal.type_text("apiVersion: v1\rline two\rkind: Config\r");
    terminal.wait_until("the question once more", asked_again(3));
    terminal.wait_for_no_echo();
    // A key too many, taken back, and a paste.
    terminal.type_text(&format!("x\x7f\x1b[200~{SECRET}\x1b[201~\r"));
    answer_steps(
        &terminal,
        &[
            ("Name:", &["gh", ENTER]),
            ("Project whose", &[ENTER]),
            ("Store it?", &["yes", ENTER]),
        ],
    );
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("Sessions can't use it yet"), "{screen}");
    assert!(
        !screen.contains("The same without prompts"),
        "a secret has no place there"
    );
    let body = server.received().pop().unwrap().json();
    assert_eq!(body["token"], SECRET);
    let written = terminal.written();
    assert!(!written.contains(SECRET) && !written.contains("line two"));
}

#[test]
fn ctrl_c_at_a_secret_brings_the_echo_back() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    ask_for_secret(&terminal);
    terminal.type_text(SECRET);
    terminal.type_text(CTRL_C);
    let screen = terminal.wait_for("status 130");
    assert!(terminal.is_sane(), "{screen}");
    assert!(changes(&server).is_empty(), "{screen}");
    assert!(!terminal.written().contains(SECRET));
}

#[test]
fn no_answer_is_no() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(&env, server.url(), &["credential", "create"], 40, 100);
    answer_steps(&terminal, &STEPS[..5]);
    answer_steps(&terminal, &[("Store it?", &[ENTER])]);
    let screen = terminal.wait_for("status 11");
    assert!(screen.contains("canceled: nothing was sent"), "{screen}");
    assert!(changes(&server).is_empty());
}

#[test]
fn deleting_asks_on_a_terminal() {
    for (keys, status, sent) in [
        ("y", "status 0", 1),
        ("n", "status 0", 0),
        (CTRL_C, "status 130", 0),
    ] {
        let env = TestEnv::new();
        let server = platform();
        let terminal = start(&env, server.url(), &["credential", "delete", ID], 24, 80);
        let screen = terminal.wait_for("[y/N]:");
        let question = format!("Delete credential/{ID} (prod)? Its secret is lost");
        assert!(screen.contains(&question), "{screen}");
        answer_steps(&terminal, &[("[y/N]:", &[keys, ENTER])]);
        terminal.wait_for(status);
        assert_eq!(changes(&server).len(), sent, "{keys:?}");
        assert!(terminal.is_sane());
    }
}

#[test]
fn nothing_is_asked_with_no_input_in_ci_or_a_pipe() {
    let env = with_kubeconfig();
    let server = platform();
    let terminal = start(
        &env,
        server.url(),
        &["credential", "create", "--no-input"],
        24,
        80,
    );
    let screen = terminal.wait_for("status 2");
    assert!(screen.contains("--name is required"), "{screen}");
    let words = ["credential", "create"];
    let terminal = start_with(
        &env,
        server.url(),
        &[("CI", "1")],
        "\"$@\"",
        &words,
        (24, 80),
    );
    let screen = terminal.wait_for("status 2");
    assert!(screen.contains("--name is required"), "{screen}");
    let words = ["credential", "delete", ID];
    let terminal = start_with(
        &env,
        server.url(),
        &[("CI", "1")],
        "\"$@\"",
        &words,
        (24, 80),
    );
    terminal.wait_for("status 11");

    let output = env
        .connected(server.url())
        .args(["credential", "create"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(streams(&output).1, "Error: --name is required\n");
    assert!(server.received().is_empty());
}

#[test]
fn tables_fit_the_window() {
    let wide = "部署".repeat(12);
    let server = Scripted::with({
        let wide = wide.clone();
        move |_| {
            let item = |name: &str, description: &str| {
                json!({"id": ID, "name": name, "provider": "kubeconfig", "description": description,
                       "created_at": "2026-01-01T00:00:00Z"})
            };
            let items = json!([item("prod", &wide), item("dev", &"long ".repeat(60))]);
            answer(
                200,
                &json!({"kind": "List", "items": items, "page": 1, "size": 2, "total": 2}),
            )
        }
    });
    for columns in [80, 200] {
        let env = TestEnv::new();
        let terminal = start(&env, server.url(), &["credential", "list"], 24, columns);
        let screen = terminal.wait_for("status 0");
        let rows: Vec<&str> = screen
            .lines()
            .take_while(|line| !line.starts_with("status"))
            .collect();
        assert_eq!(
            rows.len(),
            3,
            "one line for each row at {columns}: {screen}"
        );
        assert!(
            rows[0].contains("NAME") && rows[0].contains("AGE"),
            "{screen}"
        );
        assert!(
            screen.contains(ID),
            "what names an object is whole: {screen}"
        );
        if columns == 200 {
            assert!(screen.contains(&wide), "{screen}");
        }
    }
}

#[test]
fn prose_breaks_between_words_on_a_terminal_only() {
    let env = TestEnv::new();
    let server = platform();
    // The warning about a secret on the command line is long.
    let words = [
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "x",
        "--token",
        "ghp_0123456789",
    ];
    let piped = env.connected(server.url()).args(words).output().unwrap();
    let (stdout, stderr) = streams(&piped);
    assert!(stderr.lines().any(|line| line.len() > 100), "{stderr}");
    let whole: Vec<&str> = stderr.split_whitespace().collect();
    for columns in [80, 120] {
        let terminal = start(&env, server.url(), &words, 40, columns);
        let screen = terminal.wait_for("status 0");
        let shown = screen.split(stdout.trim()).next().unwrap();
        assert_eq!(
            shown.split_whitespace().collect::<Vec<_>>(),
            whole,
            "{screen}"
        );
    }
}

#[test]
fn a_preview_is_whole_in_every_window() {
    let env = with_kubeconfig();
    let file = env
        .home()
        .join(".kube/config")
        .to_string_lossy()
        .into_owned();
    let words = ["session", "preview", "--from-file", &file];
    for (columns, has_heading) in [(80, true), (200, false)] {
        let terminal = start(&env, "local:", &words, 40, columns);
        let screen = terminal.wait_for("status 0");
        assert_eq!(
            screen.contains(&format!("kubeconfig: {file}\n")),
            has_heading,
            "{screen}"
        );
        assert_eq!(screen.starts_with("PROVIDER"), !has_heading, "{screen}");
        for word in [
            "/tmp/.ambient_kubeconfig",
            "--disable-multi-cluster",
            "when a turn of the session starts",
        ] {
            assert!(screen.contains(word), "{word}: {screen}");
        }
        assert!(!screen.contains("..."), "{screen}");
    }
}

#[test]
fn a_watch_ends_with_ctrl_c_and_without_a_trace() {
    let env = TestEnv::new();
    let server = platform();
    let terminal = start(&env, server.url(), &["get", "sessions", "-w"], 24, 120);
    terminal.wait_for("Error processing sessions (1/5)");
    terminal.type_text(CTRL_C);
    // As in the Go tool.
    let screen = terminal.wait_for("status 0");
    assert!(terminal.is_sane(), "{screen}");
}

/// The statuses of `doctor -o json`, and its exit status.
fn doctor(env: &TestEnv, url: &str, token: &str) -> (Value, Option<i32>) {
    let output = env
        .acpctl()
        .env("AMBIENT_API_URL", url)
        .env("AMBIENT_TOKEN", token)
        .args(["doctor", "-o", "json"])
        .output()
        .unwrap();
    let (stdout, _) = streams(&output);
    assert!(!stdout.contains("canary"), "no secret is shown");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let pairs = checks.iter().map(|check| {
        assert_eq!(check["fix"].is_null(), check["status"] == "ok", "{check}");
        (
            check["name"].as_str().unwrap().to_owned(),
            check["status"].clone(),
        )
    });
    (
        pairs.collect::<serde_json::Map<_, _>>().into(),
        output.status.code(),
    )
}

#[test]
fn doctor_tells_what_is_wrong_and_what_to_do() {
    let version = |status: u16| {
        Scripted::with(move |request| {
            assert!(request.target.ends_with("/version"), "{}", request.target);
            answer(status, &json!({"version": "v1.2.3"}))
        })
    };
    let env = TestEnv::new();
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!(code, Some(0));
    for (name, wanted) in [
        ("config", "ok"),
        ("login", "ok"),
        ("server", "ok"),
        ("keyring", "ok"),
        ("runtime-dir", "warn"),
        ("store", "ok"),
    ] {
        assert_eq!(found[name], wanted, "{name}: {found}");
    }
    let (found, code) = doctor(&env, version(401).url(), TOKEN);
    assert_eq!((&found["server"], code), (&json!("fail"), Some(1)));
    let (found, _) = doctor(&env, version(404).url(), TOKEN);
    assert_eq!(found["server"], "warn");
    let (found, code) = doctor(&env, "http://127.0.0.1:1", TOKEN);
    assert_eq!((&found["server"], code), (&json!("fail"), Some(1)));
    let (found, code) = doctor(&env, version(200).url(), &token_until(PAST, "canary"));
    assert_eq!((&found["login"], code), (&json!("fail"), Some(1)));

    env.config("{}");
    fs::set_permissions(
        env.config_path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!((&found["config"], code), (&json!("warn"), Some(0)));
    env.config("{");
    let (found, code) = doctor(&env, version(200).url(), TOKEN);
    assert_eq!((&found["config"], code), (&json!("fail"), Some(1)));
}

#[test]
fn colours_are_for_terminals_and_follow_the_variables() {
    let env = TestEnv::new();
    let server = platform();
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = env.connected(server.url());
        command
            .arg("doctor")
            .args(arguments)
            .envs(variables.iter().copied());
        streams(&command.output().unwrap()).0.contains('\x1b')
    };
    assert!(!run(&[], &[]), "a pipe");
    assert!(run(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!run(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(run(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!run(&[("CLICOLOR_FORCE", "1")], &["--color=never"]));
    let terminal = start(&env, server.url(), &["doctor"], 40, 100);
    terminal.wait_for("status");
    let written = terminal.written();
    assert!(written.contains("\x1b[32mok"));
    // Yellow and white are not seen on white, blue and black not on black.
    for color in [
        "\x1b[33m", "\x1b[37m", "\x1b[34m", "\x1b[30m", "\x1b[93m", "\x1b[97m",
    ] {
        assert!(!written.contains(color), "{written}");
    }
}

#[test]
fn a_typing_error_gets_a_hint() {
    let env = TestEnv::new();
    for (line, words) in [
        (
            "credential lst",
            "Hint: did you mean 'acpctl credential list'?",
        ),
        ("credential xyz", "Hint: see 'acpctl credential --help'"),
        (
            "credential list --provder x",
            "Hint: did you mean --provider?",
        ),
        (
            "credential list --no-inptu",
            "Hint: did you mean --no-input?",
        ),
        (
            "credential list -x",
            "Hint: see 'acpctl credential list --help'",
        ),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let screen = start(&env, "local:", &arguments, 24, 100).wait_for("status 2");
        assert!(screen.contains(words), "{screen}");
        let piped = env.acpctl().args(&arguments).output().unwrap();
        assert_eq!(streams(&piped).1.lines().nth(1), Some(words), "{line}");
    }
}

#[test]
fn help_has_no_marks_of_the_source() {
    let env = TestEnv::new();
    for line in [
        "--help",
        "application --help",
        "serve --help",
        "local restore --help",
    ] {
        let output = env.acpctl().args(line.split(' ')).output().unwrap();
        let (stdout, _) = streams(&output);
        assert!(!stdout.is_empty() && !stdout.contains('`'), "{stdout}");
    }
}

/// One thing broken: how, and what `doctor` says of it.
type Broken = (
    &'static str,
    fn(&TestEnv, &mut assert_cmd::Command),
    &'static [&'static str],
);

const BROKEN: &[Broken] = &[
    (
        "a configuration that is a folder",
        |env, _| fs::create_dir_all(env.config_path()).unwrap(),
        &[
            "fail  config",
            "config.json: is a directory",
            "fix: repair or remove",
        ],
    ),
    (
        "a configuration that others may read",
        |env, _| {
            env.config("{}");
            mode(&env.config_path(), 0o644);
        },
        &[
            "warn  config",
            "mode 0644: others may read it",
            "fix: chmod 600",
        ],
    ),
    (
        "no login",
        |_, command| _ = command.env_remove("AMBIENT_TOKEN"),
        &["fail  login", "not logged in", "fix: acpctl login URL"],
    ),
    (
        "a login that has ended",
        |_, command| _ = command.env("AMBIENT_TOKEN", token_until(PAST, "canary")),
        &["fail  login", "expired ", "fix: acpctl login"],
    ),
    (
        "no server",
        |_, command| _ = command.env("AMBIENT_API_URL", "http://127.0.0.1:1"),
        &[
            "fail  server",
            "connection refused",
            "fix: check the address",
        ],
    ),
    (
        "an address that is none",
        |_, command| _ = command.env("AMBIENT_API_URL", "foo"),
        &["fail  server", "must include scheme and host"],
    ),
    (
        "certificates that are not checked",
        |_, command| _ = command.arg("--insecure-skip-tls-verify"),
        &["warn  tls", "certificates are not checked"],
    ),
    (
        "no keyring",
        |_, command| _ = command.env_remove("AMBIENT_LOCAL_KEYRING"),
        &["warn  keyring", "fix: start a secret service"],
    ),
    (
        "no programs",
        |_, command| _ = command.env("PATH", "/nonexistent"),
        &["warn  kubectl", "not found in PATH", "warn  mcp-server"],
    ),
    (
        "a runtime folder that others may read",
        |env, command| {
            let folder = env.home().join("run");
            fs::create_dir(&folder).unwrap();
            mode(&folder, 0o755);
            command.env("XDG_RUNTIME_DIR", folder);
        },
        &["warn  runtime-dir", "mode 0755", "fix: chmod 700"],
    ),
    (
        "a kubeconfig that others may read",
        |env, command| {
            let file = env.file("kc", KUBECONFIG);
            mode(&file, 0o644);
            command.env("KUBECONFIG", file);
        },
        &["warn  kubeconfig", "mode 0644", "fix: chmod 600"],
    ),
    (
        "a store that is none",
        |env, _| {
            let folder = env.home().join(".local/share/ambient");
            fs::create_dir_all(&folder).unwrap();
            mode(&folder, 0o700);
            fs::write(folder.join("ambient.db"), "garbage").unwrap();
            mode(&folder.join("ambient.db"), 0o600);
        },
        &[
            "fail  store",
            "store: file is not a database\n",
            "fix: restore ",
        ],
    ),
];

fn mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn doctor_with_each_thing_broken_in_turn() {
    let server = Scripted::with(|_| answer(200, &json!({"version": "v1.2.3"})));
    for (what, break_it, wanted) in BROKEN {
        let env = TestEnv::new();
        let mut command = env.connected(server.url());
        command.arg("doctor");
        break_it(&env, &mut command);
        let (stdout, stderr) = streams(&command.output().unwrap());
        for words in *wanted {
            assert!(stdout.contains(words), "{what}: {words}: {stdout}");
        }
        let fails = stdout
            .lines()
            .filter(|line| line.starts_with("fail"))
            .count();
        assert_eq!(stderr.is_empty(), fails == 0, "{what}: {stderr}");
        assert!(!stdout.contains("canary"), "no secret is shown");
    }
}

#[test]
fn doctor_compares_the_clocks() {
    let server = Scripted::with(|_| crate::support::server::Reply::Answer {
        status: 200,
        headers: vec![("Date", "Sat, 01 Jan 2000 00:00:00 GMT".to_owned())],
        body: b"{\"version\": \"v1\"}".to_vec(),
    });
    let env = TestEnv::new();
    let output = env.connected(server.url()).arg("doctor").output().unwrap();
    let (stdout, _) = streams(&output);
    assert!(
        stdout.contains("fail  clock") && stdout.contains(" s ahead of the server's"),
        "{stdout}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn doctor_is_content_where_nothing_is_wrong_yet() {
    // Nothing but the embedded API was ever used.
    let env = TestEnv::new();
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains("ok    login") && !stdout.contains("  server  "),
        "{stdout}"
    );
    // The next command renews this login; the server may well refuse the token that has ended.
    let server = Scripted::with(|_| error(401, "ambient-15", "expired"));
    env.config(
        &json!({
            "api_url": server.url(), "access_token": token_until(PAST, "old"), "refresh_token": "canary-refresh",
            "issuer_url": "https://issuer.test", "client_id": CLIENT,
        })
        .to_string(),
    );
    mode(&env.config_path(), 0o600);
    let output = env.acpctl().arg("doctor").output().unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    assert!(
        stdout.contains("the next command renews it")
            && stdout.contains("renewed by the next command"),
        "{stdout}"
    );
}
