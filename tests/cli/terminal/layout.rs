//! Tables, prose, colors, help in windows of any width.

use serde_json::json;

use crate::support::pty::start;
use crate::support::run::{Line as _, Run as _, credential_create};
use crate::support::server::{Scripted, list};
use crate::support::{ID, SAMPLE, TestEnv, streams};
use crate::terminal::{CTRL_C, platform, with_kubeconfig};

#[test]
fn tables_fit_the_window() {
    let wide = "部署".repeat(12);
    let server = Scripted::with({
        let wide = wide.clone();
        move |_| {
            let item = |name: &str, description: &str| {
                json!({"id": ID, "name": name, "description": description,
                       "created_at": "2026-01-01T00:00:00Z"})
            };
            let items = json!([item("prod", &wide), item("dev", &"long ".repeat(60))]);
            list(items)
        }
    });
    for columns in [80, 200] {
        let env = TestEnv::new();
        let terminal = start(&env, server.url(), &["get", "projects"], 24, columns);
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
            screen.contains("\nprod "),
            "what names an object is whole: {screen}"
        );
        if columns == 200 {
            assert!(screen.contains(&wide), "{screen}");
        }
    }
}

/// The screen of a command on the embedded API, 80 columns wide.
fn in_80_columns(env: &TestEnv, line: &str) -> String {
    let words: Vec<&str> = std::iter::once("--local").chain(line.split(' ')).collect();
    let terminal = start(env, "http://127.0.0.1:9", &words, 40, 80);
    terminal.wait_for("status 0")
}

#[test]
fn names_are_whole_in_80_columns() {
    let env = TestEnv::new();
    for line in [
        "project create payments-backend-ci",
        "project create platform-tooling-europe",
        "agent create release-manager --project payments-backend-ci --prompt p",
        "agent create dependency-updater-eu --project platform-tooling-europe --prompt p",
    ] {
        env.local().line(line).stdout();
    }
    for (name, project) in [
        ("prod-cluster-read", "payments-backend-ci"),
        ("staging-europe-west1-read", "platform-tooling-europe"),
    ] {
        let flags = ["--from-file", SAMPLE, "--bind", project];
        let create = credential_create("kubeconfig", name, &flags);
        env.local().args(create).stdout();
    }
    for line in [
        "credential bind prod-cluster-read --project payments-backend-ci --agent release-manager --yes",
        "agent start dependency-updater-eu --project platform-tooling-europe --prompt p",
    ] {
        env.local().line(line).stdout();
    }
    for (line, wanted) in [
        (
            "credential list",
            &[
                "staging-europe-west1-read",
                "team-a",
                "platform-tooling-europe",
                "EXPIRES",
            ][..],
        ),
        (
            "credential bindings prod-cluster-read",
            &["payments-backend-ci", "release-manager", "direct"],
        ),
        (
            "get role-bindings",
            &[
                "staging-europe-west1-read",
                "credential:viewer",
                "platform-tooling-europe",
                "agent release-manager",
                "dev-user",
                "project:owner",
            ],
        ),
        (
            "get sessions",
            &[
                "dependency-updater-eu-",
                "platform-tooling-europe",
                "Pending",
            ],
        ),
        (
            "agent list --project platform-tooling-europe",
            &["dependency-updater-eu", "platform-tooling-europe"],
        ),
        (
            "agent sessions dependency-updater-eu --project platform-tooling-europe",
            &["dependency-updater-eu-", "Pending"],
        ),
        ("get projects", &["platform-tooling-europe"]),
        ("get roles", &["credential:token-reader"]),
    ] {
        let screen = in_80_columns(&env, line);
        for text in wanted {
            assert!(screen.contains(text), "{line}: {text}: {screen}");
        }
        let is_table = |line: &&str| !line.starts_with("status");
        if line != "get roles" {
            let cut = screen
                .lines()
                .take_while(is_table)
                .any(|row| row.contains("..."));
            assert!(!cut, "{line}: {screen}");
        }
    }
    // IDs are for `-o wide`.
    let ids = env.local().line("get role-bindings -o name").stdout();
    let id = ids.lines().next().unwrap().split('/').nth(1).unwrap();
    assert!(!in_80_columns(&env, "get role-bindings").contains(id));
    let wide = env.local().line("get role-bindings -o wide").stdout();
    assert!(wide.contains(id), "{wide}");
}

#[test]
fn prose_breaks_between_words_on_a_terminal_only() {
    let env = TestEnv::new();
    let server = platform();
    // The warning about a secret on the command line is long.
    let words = credential_create("github", "x", &["--token", "ghp_0123456789"]);
    let piped = env.connected(server.url()).args(&words).output().unwrap();
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
    assert!(run(&[("FORCE_COLOR", "1")], &[]) && run(&[("FORCE_COLOR", "true")], &[]));
    assert!(!run(&[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")], &[]));
    assert!(!run(&[("FORCE_COLOR", "3"), ("NO_COLOR", "1")], &[]));
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

/// Colors take no columns: every row has its cells below the titles.
#[test]
fn a_table_with_colors_is_aligned() {
    let item = |name: &str, end: &str| {
        let annotations = json!({"acpctl/expires-at": end}).to_string();
        json!({"id": name, "name": name, "provider": "kubeconfig", "annotations": annotations,
               "created_at": "2026-01-01T00:00:00Z"})
    };
    let server = Scripted::with(move |_| {
        list(json!([
            item("ended", "2020-01-01T00:00:00Z"),
            item("lasting", "2999-01-01T00:00:00Z")
        ]))
    });
    let env = TestEnv::new();
    let terminal = start(&env, server.url(), &["credential", "list"], 24, 160);
    let screen = terminal.wait_for("status 0");
    assert!(terminal.written().contains("\x1b[31mexpired"), "{screen}");
    let rows: Vec<&str> = screen.lines().take(3).collect();
    let column = rows[0].find("AGE").unwrap();
    for row in &rows[1..] {
        let (before, age) = row.split_at(column);
        assert!(before.ends_with("   ") && !age.starts_with(' '), "{screen}");
    }
}

#[test]
fn columns_that_are_left_out_are_named_and_one_that_says_the_same_goes_first() {
    let item = |name: &str, provider: &str| {
        let annotations = json!({
            "acpctl/context": "kind-local", "acpctl/server": "https://api.cluster.example.org:6443",
        });
        json!({"id": name, "name": name, "provider": provider, "annotations": annotations.to_string(),
               "created_at": "2026-01-01T00:00:00Z"})
    };
    let env = TestEnv::new();
    for (second, columns, left_out) in [
        ("kubeconfig", 75, "PROVIDER"),
        ("github", 75, "SERVER"),
        ("github", 200, ""),
    ] {
        let items = json!([
            item("a-name-of-24-characters-", "kubeconfig"),
            item("b", second)
        ]);
        let server = Scripted::with(move |_| list(items.clone()));
        let terminal = start(&env, server.url(), &["credential", "list"], 24, columns);
        let screen = terminal.wait_for("status 0");
        let says = format!("The window is too narrow for {left_out}; -o wide shows all columns");
        assert_eq!(screen.contains(&says), !left_out.is_empty(), "{screen}");
        for title in ["PROVIDER", "CONTEXT", "SERVER"] {
            let is_shown = screen.lines().next().unwrap().contains(title);
            assert_eq!(is_shown, title != left_out, "{title}: {screen}");
        }
    }
}
