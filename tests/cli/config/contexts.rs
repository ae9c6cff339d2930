//! Several servers in one configuration: nothing of one of them reaches another.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::support::oidc::jwt;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Received, Scripted, json as answer, nothing};
use crate::support::{TOKEN, TestEnv};

/// A second token, of the same length.
const OTHER: &str = "sha256~canary-other-0123456789";

/// Runs a line that has to succeed. Returns both streams.
fn done(env: &TestEnv, line: &str) -> (String, String) {
    let (status, stdout, stderr) = env.acpctl().line(line).told();
    assert_eq!(status, Some(0), "{line}: {stdout}{stderr}");
    (stdout, stderr)
}

/// Runs a line that has to fail. Returns its exit status and standard error.
fn failed(env: &TestEnv, line: &str) -> (i32, String) {
    let (status, stdout, stderr) = env.acpctl().line(line).told();
    assert_ne!(status, Some(0), "{line}: {stdout}{stderr}");
    (status.unwrap(), stderr)
}

/// The tokens that a server received, without repetitions.
fn tokens(server: &Scripted) -> Vec<String> {
    let mut all: Vec<String> = server
        .received()
        .iter()
        .filter_map(|request| request.header("Authorization").map(str::to_owned))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A configuration with two servers and a login at each; the first one is the current one.
fn two(env: &TestEnv, a: &Scripted, b: &Scripted) {
    env.config(
        &json!({
            "current_context": "a",
            "contexts": {
                "a": {"server": a.url(), "access_token": TOKEN, "project": "pa"},
                "b": {"server": b.url(), "access_token": OTHER, "project": "pb", "theirs": 1},
            },
            "theirs": {"kept": true},
        })
        .to_string(),
    );
}

#[test]
fn a_login_goes_to_the_server_of_its_context_only() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    for line in [
        "project list",
        "version",
        "doctor",
        "__complete credential get x",
        "whoami",
    ] {
        env.acpctl().line(line).told();
        env.acpctl().arg("--context-name=b").line(line).told();
        env.acpctl().env("AMBIENT_CONTEXT", "b").line(line).told();
        // The address of one and the login of the other do not meet.
        env.acpctl()
            .env("AMBIENT_API_URL", b.url())
            .line(line)
            .told();
        env.acpctl()
            .args(["--context-name=b", "--api-url", a.url()])
            .line(line)
            .told();
    }
    done(&env, "config use-context b");
    done(&env, "project list");
    assert_eq!(tokens(&a), [bearer(TOKEN)]);
    assert_eq!(tokens(&b), [bearer(OTHER)]);
    let (code, stderr) = failed(
        &env,
        &format!("--context-name a project list -U {}", b.url()),
    );
    assert!(code == 4 && stderr.contains("is not sent to"), "{stderr}");
}

#[test]
fn the_flag_wins_over_the_variable_and_that_over_the_file() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    let current = |variable: &str, flags: &[&str]| {
        let mut command = env.acpctl();
        command.env("AMBIENT_CONTEXT", variable).args(flags);
        command.line("config current-context").stdout()
    };
    assert_eq!(current("", &[]), "a\n");
    assert_eq!(current("b", &[]), "b\n");
    assert_eq!(current("b", &["--context-name", "local"]), "local\n");
    let project = |name: &str| {
        let line = format!("--context-name {name} project current");
        done(&env, &line).0
    };
    assert_eq!(project("a"), "Current project: pa\n");
    assert_eq!(project("b"), "Current project: pb\n");
}

#[test]
fn a_variable_with_an_address_wins_and_config_view_says_so() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    let view = |variables: &[(&str, &str)]| {
        let mut command = env.acpctl();
        command.envs(variables.iter().copied());
        let (status, stdout, stderr) = command.line("config view --origin -o json").told();
        assert_eq!(status, Some(0), "{stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let plain = view(&[]);
    assert_eq!(plain["context"], json!({"value": "a", "origin": "file"}));
    assert_eq!(plain["api_url"]["origin"], "context");
    assert_eq!(plain["project"]["origin"], "context");
    let shown = view(&[
        ("AMBIENT_API_URL", "http://127.0.0.1:1"),
        ("AMBIENT_CONTEXT", "b"),
    ]);
    assert_eq!(
        shown["context"],
        json!({"value": "b", "origin": "environment"})
    );
    assert_eq!(
        shown["api_url"],
        json!({"value": "http://127.0.0.1:1", "origin": "environment"})
    );
    let mut command = env.acpctl();
    command.env("AMBIENT_API_URL", "http://127.0.0.1:1");
    let (_, _, stderr) = command.line("config view --origin").told();
    assert!(
        stderr.contains("AMBIENT_API_URL is set and wins"),
        "{stderr}"
    );
}

#[test]
fn a_flat_file_stays_flat_until_a_second_server_comes() {
    let env = TestEnv::new();
    let flat = json!({
        "api_url": "https://a.example.org", "access_token": TOKEN, "project": "pa",
        "insecure_tls_verify": true, "request_timeout": 9, "theirs": {"kept": true},
    });
    env.config(&flat.to_string());
    assert_eq!(done(&env, "config current-context").0, "a.example.org\n");
    done(&env, "config use-context local");
    assert_eq!(done(&env, "config current-context").0, "local\n");
    done(&env, "config use-context a.example.org");
    done(&env, "config set-context a.example.org --project pz");
    let mut wanted = flat.clone();
    wanted["project"] = json!("pz");
    assert_eq!(env.saved(), wanted);

    done(
        &env,
        "config set-context b --server https://b.example.org --project pb",
    );
    assert_eq!(
        env.saved(),
        json!({
            "current_context": "a.example.org",
            "contexts": {
                "a.example.org": {
                    "server": "https://a.example.org", "access_token": TOKEN, "project": "pz",
                    "insecure_tls_verify": true,
                },
                "b": {"server": "https://b.example.org", "project": "pb"},
            },
            "request_timeout": 9, "theirs": {"kept": true},
        })
    );
    let mode = fs::metadata(env.config_path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // Certificates that are not checked for one server are checked for the other.
    let get = |name: &str| {
        let line = format!("--context-name {name} config get insecure_tls_verify");
        done(&env, &line).0
    };
    assert_eq!(
        (get("a.example.org"), get("b")),
        ("true\n".into(), "false\n".into())
    );
}

#[test]
fn login_and_logout_are_those_of_one_context() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    done(&env, &format!("login {} --token {TOKEN}", a.url()));
    let (_, stderr) = done(
        &env,
        &format!("login {} --token {OTHER} --context-name b", b.url()),
    );
    assert!(stderr.contains("acpctl config use-context b"), "{stderr}");
    assert_eq!(done(&env, "config current-context").0, "localhost\n");
    assert_eq!(tokens(&a), [bearer(TOKEN)]);
    assert_eq!(tokens(&b), [bearer(OTHER)]);
    done(&env, "--context-name b config set project pb");
    let saved = env.saved();
    assert_eq!(saved["contexts"]["localhost"]["access_token"], TOKEN);
    assert_eq!(
        saved["contexts"]["b"],
        json!({"server": b.url(), "access_token": OTHER, "project": "pb"})
    );
    done(&env, "logout --context-name b");
    let saved = env.saved();
    assert_eq!(saved["contexts"]["localhost"]["access_token"], TOKEN);
    assert_eq!(
        saved["contexts"]["b"],
        json!({"server": b.url(), "project": "pb"})
    );
    assert_eq!(failed(&env, "--context-name b project list").0, 4);
    done(&env, "project list");
}

#[test]
fn the_first_context_is_the_current_one() {
    let (env, server) = (TestEnv::new(), nothing());
    let (_, stderr) = done(
        &env,
        &format!("login {} --token {TOKEN} --context-name one", server.url()),
    );
    assert!(stderr.contains("it is the current one"), "{stderr}");
    done(&env, "project list");
    assert_eq!(tokens(&server), [bearer(TOKEN)]);
}

#[test]
fn a_login_for_another_server_is_listed_as_such() {
    let env = TestEnv::new();
    env.config(
        &json!({"current_context": "a", "contexts": {
            "a": {"server": "https://a.example.org", "access_token": TOKEN, "login_url": "https://old.example.org"},
            "b": {"server": "https://b.example.org/x", "access_token": TOKEN, "login_url": "https://b.example.org"},
        }})
        .to_string(),
    );
    insta::assert_snapshot!(env.acpctl().line("config get-contexts").shown(), @r#"
        CURRENT   NAME    SERVER                    PROJECT   LOGIN
        *         a       https://a.example.org               for another server
                  b       https://b.example.org/x             yes
                  local   local                               not needed
    "#);
    let (stdout, _) = done(
        &env,
        "config get-contexts a -o jsonpath={.items[0].logged_in}",
    );
    assert_eq!(stdout.trim(), "false");
}

#[test]
fn contexts_are_listed_renamed_and_deleted() {
    let env = TestEnv::new();
    env.config(
        &json!({"current_context": "b", "contexts": {
            "b": {"server": "https://u:canary-pass@b.example.org", "access_token": TOKEN},
            "a": {"server": "https://a.example.org"},
        }, "theirs": 1})
        .to_string(),
    );
    insta::assert_snapshot!(env.acpctl().line("config get-contexts").shown(), @r#"
        CURRENT   NAME    SERVER                      PROJECT   LOGIN
                  a       https://a.example.org                 no
        *         b       https://***@b.example.org             yes
                  local   local                                 not needed
    "#);
    insta::assert_snapshot!(env.acpctl().line("config get-contexts b -o json").shown(), @r#"
        {
          "items": [
            {
              "name": "b",
              "server": "https://***@b.example.org",
              "project": null,
              "current": true,
              "logged_in": true
            }
          ]
        }
    "#);
    assert_eq!(done(&env, "config get-contexts -q").0, "a\nb\nlocal\n");
    assert_eq!(
        done(&env, "config get-contexts -o name").0,
        "context/a\ncontext/b\ncontext/local\n"
    );
    done(&env, "config rename-context b c");
    assert_eq!(env.saved()["current_context"], "c");
    assert_eq!(env.saved()["contexts"]["c"]["access_token"], TOKEN);
    assert_eq!(failed(&env, "config rename-context c a").0, 6);
    assert_eq!(failed(&env, "config rename-context c local").0, 2);
    assert_eq!(failed(&env, "config delete-context local").0, 2);
    let (_, stderr) = done(&env, "config delete-context c");
    assert!(stderr.contains("it was the current context"), "{stderr}");
    assert_eq!(
        env.saved(),
        json!({"contexts": {"a": {"server": "https://a.example.org"}}, "theirs": 1})
    );
    // Nothing is guessed: with no current context, no server is asked.
    let (code, stderr) = failed(&env, "project list");
    assert!(
        code == 3 && stderr.contains("no context is the current one"),
        "{stderr}"
    );
    done(&env, "config use-context a");
    done(&env, "config delete-context a");
    assert_eq!(env.saved(), json!({"theirs": 1}));
}

#[test]
fn a_misspelled_context_gets_a_suggestion() {
    let env = TestEnv::new();
    env.config(&json!({"contexts": {"acme": {"server": "https://a.example.org"}}}).to_string());
    for line in [
        "config use-context acm",
        "config get-contexts amce",
        "--context-name acmee project list",
    ] {
        let (code, stderr) = failed(&env, line);
        assert_eq!(code, 3, "{line}: {stderr}");
        assert!(
            stderr.ends_with("\nHint: did you mean \"acme\"?\n"),
            "{stderr}"
        );
    }
}

#[test]
fn an_unknown_context_is_an_error_before_any_request() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    let before = env.saved();
    for line in [
        "--context-name nope project list",
        "--context-name nope config set project p",
        "--context-name nope logout",
        "--context-name nope config view",
        "--context-name nope project set p",
        "config use-context nope",
        "config rename-context nope x",
        "config delete-context nope",
        "config get-contexts nope",
    ] {
        let (code, stderr) = failed(&env, line);
        assert_eq!(code, 3, "{line}: {stderr}");
        assert!(
            stderr.contains("context \"nope\" not found") && stderr.contains("config get-contexts"),
            "{line}: {stderr}"
        );
    }
    assert_eq!(env.saved(), before);
    assert!(a.received().is_empty() && b.received().is_empty());
}

#[test]
fn names_that_deceive_are_neither_made_nor_shown_nor_offered() {
    let env = TestEnv::new();
    for name in [
        "a\u{1b}[31mb",
        "a b",
        "-x",
        "local",
        "a\u{202e}b",
        &"n".repeat(300),
    ] {
        let mut command = env.acpctl();
        command.args([
            "config",
            "set-context",
            "--server",
            "https://a.example.org",
            "--",
            name,
        ]);
        let (status, _, stderr) = command.told();
        assert_eq!(status, Some(2), "{name:?}: {stderr}");
        assert!(
            !stderr.contains('\u{1b}') && !stderr.contains('\u{202e}'),
            "{stderr}"
        );
    }
    assert!(!env.config_path().exists());
    env.config(
        &json!({"contexts": {"x\u{1b}[2Jy": {"server": "https://a.example.org/\u{1b}[2J"}}})
            .to_string(),
    );
    for line in [
        "config get-contexts",
        "config get-contexts -o name",
        "config get-contexts -q",
    ] {
        let (stdout, _) = done(&env, line);
        assert!(
            stdout.contains("\\x1b[2Jy") && !stdout.contains('\u{1b}'),
            "{stdout}"
        );
    }
    let (stdout, _) = done(&env, "__complete config use-context x");
    assert!(!stdout.contains('x'), "{stdout}");
}

#[test]
fn names_are_completed_with_their_servers() {
    let env = TestEnv::new();
    env.config(
        &json!({"current_context": "a", "contexts": {
            "a": {"server": "https://u:canary-pass@a.example.org"}, "b": {"server": "https://b.example.org"},
        }})
        .to_string(),
    );
    let wanted = "a\thttps://***@a.example.org\nb\thttps://b.example.org\nlocal\tlocal:\n:4\n";
    for words in [
        &["config", "use-context", ""][..],
        &["config", "delete-context", ""],
        &["get", "projects", "--context-name", ""],
    ] {
        let mut command = env.acpctl();
        let stdout = command.arg("__complete").args(words).stdout();
        assert_eq!(stdout, wanted, "{words:?}");
    }
}

/// A server with one name for [`TOKEN`] and another one for every other token.
fn a_name_for_each_token() -> Scripted {
    Scripted::with(|request: &Received| {
        let is_first = request.header("Authorization") == Some(&bearer(TOKEN));
        let name = if is_first { "first" } else { "second" };
        answer(
            200,
            &json!({"items": [{"id": name, "name": name}], "total": 1}),
        )
    })
}

#[test]
fn completion_keeps_the_names_of_each_login_apart() {
    let env = TestEnv::new();
    let server = a_name_for_each_token();
    env.config(
        &json!({"current_context": "a", "contexts": {
            "a": {"server": server.url(), "access_token": TOKEN},
            "b": {"server": server.url(), "access_token": OTHER},
        }})
        .to_string(),
    );
    let names = |context: &str| {
        let mut command = env.acpctl();
        command.env("AMBIENT_COMPLETION_TIMEOUT", "20000");
        command
            .args([
                "__completeNoDesc",
                "--context-name",
                context,
                "credential",
                "get",
                "",
            ])
            .stdout()
    };
    assert!(names("a").contains("first"));
    assert!(names("b").contains("second") && !names("b").contains("first"));
    assert!(!names("a").contains("second"));
}

#[test]
fn completion_keeps_the_names_of_each_token_apart() {
    let env = TestEnv::new();
    let server = a_name_for_each_token();
    let names = |token: &str| {
        let mut command = env.connected(server.url());
        command
            .env("AMBIENT_TOKEN", token)
            .env("AMBIENT_COMPLETION_TIMEOUT", "20000");
        command
            .args(["__completeNoDesc", "credential", "get", ""])
            .stdout()
    };
    assert!(names(TOKEN).contains("first"));
    let other = names(OTHER);
    assert!(
        other.contains("second") && !other.contains("first"),
        "{other}"
    );
    // The cache works still, and holds no token.
    let before = server.received().len();
    assert!(names(TOKEN).contains("first"));
    assert_eq!(server.received().len(), before);
    for entry in fs::read_dir(env.home().join(".cache/ambient")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary") && !path.display().to_string().contains("canary"));
    }
}

/// A token of the environment may be another server's, so the context that the command line names has its own login.
#[test]
fn a_named_context_wins_over_the_variables() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    let stray = "sha256~canary-stray-0123456789";
    let run = |line: &str, variables: &[(&str, &str)]| {
        env.acpctl()
            .envs(variables.iter().copied())
            .line(line)
            .told()
    };
    two(&env, &a, &b);
    let token = ("AMBIENT_TOKEN", stray);
    let address = ("AMBIENT_API_URL", a.url());
    let context = ("AMBIENT_CONTEXT", "b");
    for (variables, named) in [
        (&[token][..], "AMBIENT_TOKEN"),
        (&[token, address], "AMBIENT_API_URL, AMBIENT_TOKEN"),
        (
            &[token, address, ("AMBIENT_CONTEXT", "a")],
            "AMBIENT_API_URL, AMBIENT_TOKEN",
        ),
        (&[address], "AMBIENT_API_URL"),
    ] {
        let (status, _, stderr) = run("--context-name b project list", variables);
        assert_eq!(status, Some(0), "{stderr}");
        let note = format!("not used, because --context-name names server and login: {named} (");
        assert!(stderr.starts_with(&note), "{stderr}");
        let (_, stdout, _) = run("--context-name b whoami -t", variables);
        assert_eq!(stdout, OTHER);
    }
    assert_eq!(tokens(&b), [bearer(OTHER)]);
    assert!(a.received().is_empty());

    // A variable that names the context lets the others win: the token goes to the server of the context.
    let (status, _, stderr) = run("project list", &[context, token]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert_eq!(tokens(&b), [bearer(OTHER), bearer(stray)]);

    // Without a login of its own the context has none, unless it was to come from the variable.
    let seen = b.received().len();
    let mut saved = env.saved();
    saved["contexts"]["b"]
        .as_object_mut()
        .unwrap()
        .remove("access_token");
    env.config(&saved.to_string());
    let (status, _, stderr) = run("--context-name b project list", &[token]);
    assert_eq!(status, Some(4), "{stderr}");
    assert!(stderr.contains("not logged in"), "{stderr}");
    let job = [
        ("AMBIENT_ISSUER_URL", a.url()),
        ("AMBIENT_CLIENT_ID", "robot"),
        ("AMBIENT_CLIENT_SECRET", "canary-secret"),
    ];
    let (status, _, stderr) = run("--context-name b project list", &job);
    assert_eq!(status, Some(4), "{stderr}");
    assert!(stderr.contains("AMBIENT_CLIENT_ID"), "{stderr}");
    assert!(a.received().is_empty() && b.received().len() == seen);
    saved["contexts"]["b"]["token_store"] = json!("none");
    env.config(&saved.to_string());
    let (status, _, stderr) = run("--context-name b project list", &[token]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert_eq!(b.received().len(), seen + 1);
}

#[test]
fn a_renewed_login_stays_in_its_context() {
    // The server refuses the token of `a`, which can't be renewed; that of `b` must not take its place.
    let (env, b) = (TestEnv::new(), nothing());
    let a = Scripted::with(|_| answer(401, &json!({"reason": "no"})));
    two(&env, &a, &b);
    let (code, _) = failed(&env, "project list");
    assert_eq!(code, 4);
    assert_eq!(tokens(&a), [bearer(TOKEN)]);
    assert!(b.received().is_empty());
    let expired = jwt(&json!({"sub": "u", "exp": 1}));
    let mut saved = env.saved();
    saved["contexts"]["a"]["access_token"] = json!(expired);
    env.config(&saved.to_string());
    failed(&env, "project list");
    assert_eq!(env.saved(), saved);
    assert!(b.received().is_empty());
}

#[test]
fn damaged_contexts_are_reported_and_left_alone() {
    let env = TestEnv::new();
    for (text, words) in [
        (
            r#"{"contexts": 5}"#,
            "Go struct field Config.contexts of type map[string]config.Context",
        ),
        (
            r#"{"contexts": {"a": "x"}}"#,
            "Go struct field Config.contexts of type config.Context",
        ),
        (
            r#"{"contexts": {"a": {"server": 1}}}"#,
            "Context.contexts.server of type string",
        ),
        (
            r#"{"contexts": {"a": {}}, "current_context""#,
            "parse config file",
        ),
    ] {
        env.config(text);
        for line in [
            "project list",
            "config get-contexts",
            "config use-context local",
            "config set-context b --server https://b.example.org",
        ] {
            let (_, stderr) = failed(&env, line);
            assert!(stderr.contains(words), "{line}: {stderr}");
        }
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), text);
    }
}

#[test]
fn odd_files_are_read_as_far_as_they_make_sense() {
    let env = TestEnv::new();
    // Keys in other letters, an empty entry, a current context that is gone.
    env.config(
        r#"{"Contexts": {"a": {"Server": "https://a.example.org"}, "n": null}, "CURRENT_CONTEXT": "gone", "theirs": 1}"#,
    );
    let (code, stderr) = failed(&env, "project list");
    assert!(
        code == 3 && stderr.contains("context \"gone\" not found"),
        "{stderr}"
    );
    done(&env, "--local project list");
    done(&env, "config use-context a");
    assert_eq!(
        done(&env, "config get api_url").0,
        "https://a.example.org\n"
    );
    done(&env, "config set project p");
    assert_eq!(
        env.saved(),
        json!({"Contexts": {"a": {"Server": "https://a.example.org", "project": "p"}, "n": null},
            "current_context": "a", "theirs": 1})
    );
    // A link stays a link, and a file that is too large is not read.
    let real = env.file("real.json", fs::read(env.config_path()).unwrap());
    fs::remove_file(env.config_path()).unwrap();
    symlink(&real, env.config_path()).unwrap();
    done(&env, "config use-context n");
    assert!(
        fs::symlink_metadata(env.config_path())
            .unwrap()
            .is_symlink()
    );
    assert!(
        fs::read_to_string(&real)
            .unwrap()
            .contains(r#""current_context": "n""#)
    );
    fs::write(&real, vec![b' '; 5 << 20]).unwrap();
    failed(&env, "config use-context a");
    assert_eq!(fs::metadata(&real).unwrap().len(), 5 << 20);
}

#[test]
fn parallel_changes_of_contexts_lose_nothing() {
    let env = TestEnv::new();
    env.config(r#"{"api_url": "https://flat.example.org", "theirs": 1}"#);
    let start = |words: &[&str]| -> Child {
        std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let names: Vec<String> = (0..8).map(|n| format!("c{n}")).collect();
    let mut children = Vec::new();
    for name in &names {
        children.push(start(&[
            "config",
            "set-context",
            name,
            "--server",
            "https://c.example.org",
        ]));
        children.push(start(&["config", "set", "project", "p"]));
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let saved = env.saved();
    let contexts = saved["contexts"].as_object().unwrap();
    assert_eq!(contexts.len(), 9);
    assert_eq!(
        contexts["flat.example.org"],
        json!({"server": "https://flat.example.org", "project": "p"})
    );
    assert_eq!(
        (&saved["current_context"], &saved["theirs"]),
        (&json!("flat.example.org"), &json!(1))
    );
}

#[test]
fn the_embedded_api_is_always_there() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    let before = env.saved();
    done(&env, "--context-name local create project --name here");
    let mut command = env.acpctl();
    command
        .env("AMBIENT_API_URL", a.url())
        .arg("--context-name=local");
    let shown = command.line("get projects -o name").stdout();
    assert_eq!(shown, "project/here\n");
    done(&env, "config use-context local");
    assert_eq!(done(&env, "get projects -o name").0, "project/here\n");
    assert_eq!(env.saved()["current_context"], "a");
    done(&env, "config use-context a");
    let mut after = env.saved();
    after.as_object_mut().unwrap().remove("local_project");
    assert_eq!(after, before);
    assert!(a.received().is_empty() && b.received().is_empty());
}

#[test]
fn commands_name_the_context() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    assert!(
        done(&env, "--context-name b whoami")
            .0
            .contains("Context:    b\n")
    );
    let json: Value = serde_json::from_str(&done(&env, "whoami -o json").0).unwrap();
    assert_eq!(json["context"], "a");
    let json: Value = serde_json::from_str(&done(&env, "version -o json").0).unwrap();
    assert_eq!(json["context"], "a");
    let (_, stdout, _) = env.acpctl().line("doctor").told();
    assert!(stdout.contains("context \"a\""), "{stdout}");
    // A suggested command reaches the same server.
    done(&env, "logout --context-name b");
    let (_, stderr) = failed(&env, "--context-name b project list");
    let hint = format!("acpctl --context-name=b login {}", b.url());
    assert!(stderr.contains(&hint), "{stderr}");
}

#[test]
fn a_dry_run_changes_neither_the_configuration_nor_the_store() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    for line in [
        "config set project x",
        "config unset project",
        "config set-context c --server https://c.example.org",
        "local rekey",
        "local backup copy.db",
        "login https://c.example.org --token sha256~canary-token-0123456789",
    ] {
        let (stdout, _) = done(&env, &format!("{line} --dry-run"));
        assert!(stdout.ends_with(" (dry run)\n"), "{line}: {stdout}");
    }
    assert!(!env.config_path().exists() && !env.work().join("copy.db").exists());
    assert!(!env.home().join(".local/share/ambient").exists());

    two(&env, &a, &b);
    let before = env.saved();
    for line in [
        "config set api_url https://c.example.org",
        "config use-context b",
        "config set-context b --project other",
        "config rename-context b c",
        "config delete-context a",
        "logout",
        "alias set x -- version",
        "login https://c.example.org --token sha256~canary-token-0123456789 --context-name new",
    ] {
        let flag = if line.contains(" -- ") {
            line.replace(" -- ", " --dry-run -- ")
        } else {
            format!("{line} --dry-run")
        };
        done(&env, &flag);
    }
    assert_eq!(env.saved(), before);
    assert!(a.received().is_empty() && b.received().is_empty());
    assert_eq!(failed(&env, "config use-context nope --dry-run").0, 3);
    assert_eq!(failed(&env, "config set nope x --dry-run").0, 2);
    let (_, stderr) = failed(&env, "login --token short --dry-run");
    assert!(stderr.contains("token is too short"), "{stderr}");
}

#[test]
fn the_embedded_api_needs_no_current_context() {
    let (env, a, b) = (TestEnv::new(), nothing(), nothing());
    two(&env, &a, &b);
    done(&env, "config delete-context a");
    assert_eq!(failed(&env, "get projects").0, 3);
    done(&env, "config use-context local");
    for line in [
        "project create demo",
        "project set demo",
        "get projects",
        "config view",
        "config use-context b",
    ] {
        done(&env, line);
    }
    assert!(b.received().is_empty());
}
