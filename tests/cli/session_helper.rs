//! `session preview`, `exec`, `explain`, `mcp-config`: what is shown is what happens, and nothing is left.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use acpctl::runner::table;
use base64::Engine as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::cluster::{Cluster, Rights};
use crate::support::server::{Received, Reply, Scripted, error, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

pub const SECRET: &str = "canary-secret-0123456789";
const ENDPOINT: &str = "/api/ambient/v1";

/// The providers of the table, and one that nobody knows.
fn providers() -> Vec<&'static str> {
    let mut providers: Vec<&str> = table::ROWS.iter().map(|row| row.provider).collect();
    providers.dedup();
    providers.push("other");
    providers
}

pub fn kubeconfig(token: &str) -> String {
    kubeconfig_of(&format!("token: {token}"))
}

/// A kubeconfig whose user has these fields.
fn kubeconfig_of(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {{cluster: k, user: u}}\n\
         clusters:\n- name: k\n  cluster: {{server: 'https://api.team.example.org:6443'}}\n\
         users:\n- name: u\n  user: {{{user}}}\n"
    )
}

fn secret_of(provider: &str) -> String {
    match provider {
        "kubeconfig" => kubeconfig(SECRET),
        _ => SECRET.to_owned(),
    }
}

/// A platform with one credential of each provider; its name and id are the provider's. Those of
/// `bindings` are what the role bindings say.
pub fn platform(bindings: Value) -> Scripted {
    Scripted::with(move |request| route(request, &bindings))
}

pub fn route(request: &Received, bindings: &Value) -> Reply {
    let path = request.target.trim_start_matches(ENDPOINT);
    let path = path.split('?').next().unwrap();
    let list = |items: Value| {
        let count = items.as_array().unwrap().len();
        answer(
            200,
            &json!({"kind": "List", "page": 1, "size": count, "total": count, "items": items}),
        )
    };
    let record = |provider: &str| json!({"id": provider, "name": provider, "provider": provider, "url": "https://jira.example.org", "email": "dev@example.org"});
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["credentials"] => list(providers().into_iter().map(record).collect()),
        ["roles"] => list(json!([
            {"id": "r-owner", "name": "credential:owner"},
            {"id": "r-viewer", "name": "credential:viewer"},
        ])),
        ["projects"] => list(json!([{"id": "team-a", "name": "team-a"}])),
        ["projects", "team-a", "agents"] => list(json!([{"id": "ada", "name": "lead"}])),
        ["projects", "team-a", "agents", "ada"] => {
            answer(200, &json!({"id": "ada", "name": "lead"}))
        }
        ["projects", "team-a"] => answer(200, &json!({"id": "team-a", "name": "team-a"})),
        ["role_bindings"] => list(bindings.clone()),
        ["sessions", id] => answer(
            200,
            &json!({
                "id": id, "project_id": "team-a", "agent_id": "ada",
                "timeout": id.strip_prefix('t').and_then(|seconds| seconds.parse::<i64>().ok()),
            }),
        ),
        ["credentials", id] if providers().contains(id) => answer(200, &record(id)),
        ["credentials", id, "token"] if providers().contains(id) => answer(
            200,
            &json!({"credential_id": id, "provider": id, "token": secret_of(id)}),
        ),
        _ => error(404, "NOT-FOUND", "no such thing"),
    }
}

pub fn bound(credential: &str, project: &str, role: &str) -> Value {
    json!({
        "id": format!("b-{credential}"), "scope": "credential", "role_id": role,
        "credential_id": credential, "project_id": project, "created_at": "2026-01-01T00:00:00Z",
    })
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A place for private folders that the test can look into.
pub fn runtime_dir(env: &TestEnv) -> PathBuf {
    let path = env.home().join("run");
    fs::create_dir_all(&path).unwrap();
    set_mode(&path, 0o700);
    path
}

pub fn session(env: &TestEnv, server: &Scripted, words: &[&str]) -> assert_cmd::Command {
    let mut command = env.connected(server.url());
    command
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .arg("session")
        .args(words);
    command
}

/// The same as a child that is not waited for: its standard input is a pipe that the test holds.
pub fn started(env: &TestEnv, server: &Scripted, words: &[&str]) -> Child {
    child(env, server, words).spawn().unwrap()
}

/// What [`started`] starts.
pub fn child(env: &TestEnv, server: &Scripted, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
    command
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(env))
        .current_dir(env.work())
        .arg("session")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Not in the foreground of the terminal that runs the tests, if there is one.
        .process_group(0);
    command
}

pub fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    line.trim().to_owned()
}

pub fn send(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// What is in the folder of private folders.
pub fn left(env: &TestEnv) -> Vec<PathBuf> {
    match fs::read_dir(runtime_dir(env).join("ambient")) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => Vec::new(),
    }
}

/// Says the environment and the private files: `file NAME MODE SIZE`.
const LOOK: &str = r#"env
cd "$AMBIENT_SESSION_DIR"
for f in *; do [ -e "$f" ] && echo "file=$f $(ls -l "$f" | cut -c1-10) $(($(wc -c < "$f")))"; done
exit 0"#;

#[test]
fn exec_does_what_preview_shows() {
    for provider in providers() {
        let env = TestEnv::new();
        let server = platform(json!([]));
        let preview = session(
            &env,
            &server,
            &["preview", "--credential", provider, "-o", "json"],
        )
        .output()
        .unwrap();
        let (stdout, stderr) = streams(&preview);
        assert!(preview.status.success(), "{stderr}");
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        let shown = &shown["credentials"][0];

        let mut exec = session(
            &env,
            &server,
            &[
                "exec",
                "--credential",
                provider,
                "--no-masking",
                "--",
                "sh",
                "-c",
                LOOK,
            ],
        );
        for name in table::variable_names() {
            exec.env(name, "inherited");
        }
        let output = exec.output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{provider}: {stderr}");
        assert!(!stderr.contains(SECRET));
        let seen: BTreeMap<&str, &str> = stdout
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();

        let mut expected = BTreeMap::new();
        for variable in shown["variables"].as_array().unwrap() {
            let name = variable["name"].as_str().unwrap();
            let value = match variable["kind"].as_str().unwrap() {
                "secret" => {
                    assert_eq!(variable["size"], SECRET.len());
                    SECRET.to_owned()
                }
                "path" => format!(
                    "{}/{}",
                    seen["AMBIENT_SESSION_DIR"],
                    shown["file"]["name"].as_str().unwrap()
                ),
                _ => variable["value"].as_str().unwrap().to_owned(),
            };
            expected.insert(name, value);
        }
        // Where there is no kubeconfig, a file without a context keeps clients from the user's own.
        let stand_in = format!("{}/kubeconfig", seen["AMBIENT_SESSION_DIR"]);
        expected
            .entry("KUBECONFIG")
            .or_insert_with(|| stand_in.clone());
        let got: BTreeMap<&str, String> = table::variable_names()
            .filter_map(|name| Some((name, (*seen.get(name)?).to_owned())))
            .collect();
        assert_eq!(got, expected, "{provider}");
        let file = match &shown["file"] {
            Value::Null => None,
            file => {
                assert_eq!(file["mode"], "0600");
                Some(format!(
                    "{} -rw------- {}",
                    file["name"].as_str().unwrap(),
                    file["size"]
                ))
            }
        };
        let files: Vec<&str> = stdout
            .lines()
            .filter_map(|line| line.strip_prefix("file="))
            .filter(|file| provider == "kubeconfig" || !file.starts_with("kubeconfig "))
            .collect();
        assert_eq!(files, file.iter().collect::<Vec<_>>(), "{provider}");
        assert!(left(&env).is_empty());
    }
}

/// Whether any warning of a provider's credential holds these words.
fn warns(preview: &Value, provider: &str, words: &str) -> bool {
    let credentials = preview["credentials"].as_array().unwrap();
    let credential = credentials.iter().find(|it| it["provider"] == provider);
    let warnings = credential.unwrap()["warnings"].as_array().unwrap();
    warnings
        .iter()
        .any(|it| it.as_str().unwrap().contains(words))
}

#[test]
fn on_a_fresh_machine_the_embedded_api_is_enough() {
    let env = TestEnv::new();
    let local = |words: &[&str]| {
        let output = env
            .local()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(words)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        stdout
    };
    env.file("config.yaml", kubeconfig(SECRET));
    local(&["create", "project", "--name", "team-a"]);
    local(&[
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "c1",
        "--from-file",
        "config.yaml",
    ]);
    local(&["credential", "bind", "c1", "--project", "team-a"]);
    let created = local(&[
        "create",
        "session",
        "--name",
        "s",
        "--project-id",
        "team-a",
        "--timeout",
        "60",
    ]);
    let id = created
        .trim_start_matches("session/")
        .split(' ')
        .next()
        .unwrap();
    for before in [&["--credential", "c1"][..], &["--project", "team-a"], &[id]] {
        assert!(local(&[&["session", "preview"], before].concat()).contains("KUBECONFIG"));
        let look = ["--", "sh", "-c", "grep ^current-context: $KUBECONFIG"];
        let shown = local(&[&["session", "exec"], before, &look].concat());
        assert_eq!(shown, "current-context: c\n");
        assert!(left(&env).is_empty());
    }
}

#[test]
fn each_mode_has_its_own_surprises() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let preview = |mode: &str| -> Value {
        let words = [
            "preview",
            "--credential",
            "google",
            "--credential",
            "kubeconfig",
            "-o",
            "json",
            "--mode",
            mode,
        ];
        let output = session(&env, &server, &words).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (today, april, sidecar) = (
        preview("in-process"),
        preview("in-process-april"),
        preview("sidecar"),
    );
    for (preview, mode) in [
        (&today, "in-process"),
        (&april, "in-process-april"),
        (&sidecar, "sidecar"),
    ] {
        assert_eq!(preview["mode"], mode);
        assert_eq!(
            warns(preview, "kubeconfig", "bound or not"),
            mode == "in-process-april"
        );
        assert_eq!(
            warns(preview, "kubeconfig", "not pinned"),
            mode != "sidecar"
        );
        assert!(warns(preview, "kubeconfig", "configuration_view"), "{mode}");
    }
    let words = ["preview", "--credential", "kubeconfig", "--color", "always"];
    let output = session(&env, &server, &words).output().unwrap();
    let warning = "kubeconfig: \x1b[35mwarning\x1b[0m: the platform's MCP server";
    assert!(streams(&output).1.contains(warning));
    // The Google file went with the turn in April, and stays today.
    let goes = |preview: &Value| {
        preview["credentials"][0]["lifetime"]["goes"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(goes(&april), "when the turn ends");
    assert!(goes(&today).starts_with("when the session's pod ends"));
    assert_eq!(
        sidecar["credentials"][1]["mcp"]["url"],
        "http://localhost:8093/sse"
    );
    assert_eq!(sidecar["credentials"][0]["file"], Value::Null);
}

#[test]
fn a_second_credential_of_a_provider_and_odd_bindings_are_warned_about() {
    let env = TestEnv::new();
    let mut personal = bound("jira", "", "r-viewer");
    personal["user_id"] = "ada".into();
    let second = json!({"id": "k2", "name": "second", "provider": "kubeconfig"});
    let mut closer = bound("kubeconfig", "team-a", "r-viewer");
    closer["created_at"] = "2026-02-01T00:00:00Z".into();
    let bindings = json!([personal, bound("k2", "", "r-viewer"), closer]);
    let server = Scripted::with(move |request| {
        let reply = route(request, &bindings);
        if request.line().starts_with("GET /credentials?") {
            let kubeconfig =
                json!({"id": "kubeconfig", "name": "kubeconfig", "provider": "kubeconfig"});
            let jira = json!({"id": "jira", "name": "jira", "provider": "jira"});
            let items = json!([second, kubeconfig, jira]);
            return answer(
                200,
                &json!({"kind": "List", "page": 1, "size": 3, "total": 3, "items": items}),
            );
        }
        reply
    });
    let words = ["preview", "--project", "team-a", "-o", "json"];
    let output = session(&env, &server, &words).output().unwrap();
    let preview: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rival = "\"second\" is bound as well, but kubeconfig comes first: its tier is closer";
    assert!(warns(&preview, "kubeconfig", rival), "{preview}");
    assert!(warns(&preview, "jira", "made for one person"), "{preview}");
    assert!(!warns(&preview, "jira", "is bound as well"), "{preview}");
}

#[test]
fn a_project_gets_what_is_bound_to_it() {
    let env = TestEnv::new();
    let server = platform(json!([
        bound("kubeconfig", "team-a", "r-viewer"),
        bound("gitlab", "team-b", "r-viewer"),
        bound("github", "", "r-viewer"),
        bound("jira", "", "r-owner"),
    ]));
    let names = |words: &[&str]| -> Vec<String> {
        let output = session(&env, &server, words).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        let value: Value = serde_json::from_str(&stdout).unwrap();
        let names = value["credentials"].as_array().unwrap().iter();
        names
            .map(|it| it["credential"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected = ["github", "kubeconfig"];
    assert_eq!(
        names(&["preview", "--project", "team-a", "-o", "json"]),
        expected
    );
    assert_eq!(names(&["preview", "s1", "-o", "json"]), expected);
    let explained = session(
        &env,
        &server,
        &["explain", "--project", "team-a", "-o", "json"],
    )
    .output()
    .unwrap();
    let explained: Value = serde_json::from_slice(&explained.stdout).unwrap();
    for (format, titles) in [
        (
            "table",
            "PROVIDER     CREDENTIAL   CHOSEN   TIER      AGE   ",
        ),
        (
            "wide",
            "PROVIDER     CREDENTIAL   CHOSEN   TIER      CREATED                ROLE                ",
        ),
    ] {
        let words = ["explain", "--project", "team-a", "-o", format];
        let output = session(&env, &server, &words).output().unwrap();
        let (stdout, _) = streams(&output);
        assert!(stdout.starts_with(titles), "{stdout}");
        assert!(
            stdout.lines().all(|line| line == line.trim_end()),
            "{stdout}"
        );
    }
    let why: BTreeMap<&str, &str> = explained["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["credential"].as_str().unwrap(),
                it["reason"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(why["gitlab"], "bound elsewhere");
    assert_eq!(why["jira"], "says who owns it");
}

/// An unsigned token that ends at so many seconds since 1970.
pub fn jwt(end: u64) -> String {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"RS256"}"#.to_owned());
    format!("{header}.{}.c2ln", part(format!(r#"{{"exp":{end}}}"#)))
}

/// A user's certificate and key that end at the beginning of a year, as fields of a kubeconfig.
pub fn certificate_until(year: i32) -> String {
    let mut params = rcgen::CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    format!(
        "client-certificate-data: {}, client-key-data: {}",
        encoded(&pem),
        encoded(&key.serialize_pem())
    )
}

#[test]
fn what_ends_before_the_session_does_is_warned_about() {
    /// The beginnings of 2020, 2090 and 2100; the longest timeout ends in between.
    const PAST: u64 = 1_577_836_800;
    const NEAR: u64 = 3_786_912_000;
    const FAR: u64 = 4_102_444_800;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let soon = now.as_secs() + 3_600;
    for (id, provider, secret, expected) in [
        (
            "t2147483647",
            "kubeconfig",
            kubeconfig(&jwt(NEAR)),
            "its token ends on 2090-01-01 00:00 UTC, in ",
        ),
        (
            "t2147483647",
            "kubeconfig",
            kubeconfig_of(&certificate_until(2090)),
            "within the session's timeout of 2147483647s",
        ),
        ("t2147483647", "kubeconfig", kubeconfig(&jwt(FAR)), ""),
        ("t60", "kubeconfig", kubeconfig(&jwt(soon)), ""),
        (
            "t0",
            "kubeconfig",
            kubeconfig(&jwt(soon)),
            "within the 24h that are assumed for a session without a known timeout",
        ),
        (
            "t60",
            "kubeconfig",
            kubeconfig_of(&certificate_until(2020)),
            "EXPIRED: its client certificate ended on 2020-01-01 00:00 UTC, ",
        ),
        (
            "t60",
            "gitlab",
            jwt(PAST),
            "EXPIRED: its token ended on 2020-01-01 00:00 UTC, ",
        ),
        ("t60", "gitlab", SECRET.to_owned(), ""),
    ] {
        let env = TestEnv::new();
        let bindings = json!([bound(provider, "team-a", "r-viewer")]);
        let secret_is_opaque = secret == SECRET;
        let server = Scripted::with(move |request| {
            if request.target.ends_with("/token") {
                return answer(
                    200,
                    &json!({"credential_id": provider, "provider": provider, "token": secret}),
                );
            }
            route(request, &bindings)
        });
        let run = |words: &[&str]| {
            let output = session(&env, &server, words).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert!(output.status.success(), "{stderr}");
            (stdout, stderr)
        };
        let is_about_the_end =
            |line: &&str| line.contains(" ends on ") || line.contains(" ended on ");
        let matches = |lines: Vec<&str>| match lines.as_slice() {
            [] => expected.is_empty(),
            [line] => !expected.is_empty() && line.contains(expected),
            _ => false,
        };

        let (_, stderr) = run(&["preview", id]);
        let lines: Vec<&str> = stderr.lines().filter(is_about_the_end).collect();
        assert!(matches(lines), "{id} {provider}: {stderr}");

        let (stdout, _) = run(&["preview", id]);
        let is_known = !secret_is_opaque;
        assert_eq!(
            stdout.contains("   time       expires"),
            is_known,
            "{stdout}"
        );

        let (stdout, _) = run(&["preview", id, "-o", "json"]);
        let shown: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(shown["credentials"][0]["expires_at"].is_string(), is_known);
        let warnings = shown["credentials"][0]["warnings"].as_array().unwrap();
        let lines: Vec<&str> = warnings
            .iter()
            .map(|it| it.as_str().unwrap())
            .filter(is_about_the_end)
            .collect();
        assert!(matches(lines), "{id} {provider}: {stdout}");
        assert_eq!(shown["session_time"]["assumed"], id == "t0");

        let (_, stderr) = run(&["exec", "--session", id, "--", "true"]);
        let lines: Vec<&str> = stderr.lines().collect();
        assert!(matches(lines), "{id} {provider}: {stderr}");
    }
}

#[test]
fn one_secret_that_cannot_be_had_starts_nothing() {
    let env = TestEnv::new();
    let marker = env.work().join("started");
    let touch = marker.to_str().unwrap();
    let one_forbidden = |status, code: &'static str| {
        Scripted::with(move |request| {
            if request.target.ends_with("/credentials/gitlab/token") {
                return error(status, code, "refused");
            }
            route(request, &json!([]))
        })
    };
    let words = [
        "exec",
        "--credential",
        "github",
        "--credential",
        "gitlab",
        "--",
        "touch",
        touch,
    ];
    for (server, code) in [
        (one_forbidden(403, "FORBIDDEN"), 5),
        (one_forbidden(404, "NOT-FOUND"), 3),
    ] {
        session(&env, &server, &words).assert().code(code);
        assert!(!marker.exists());
        let preview = session(&env, &server, &["preview", "--credential", "gitlab"])
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&preview);
        assert!(preview.status.success() && stdout.contains("GITLAB_TOKEN"));
        assert!(stderr.contains("can't be read"), "{stderr}");
    }
    // Another provider's secret, an empty one, a broken kubeconfig, one that is too large.
    for (provider, token) in [
        ("other", SECRET.to_owned()),
        ("kubeconfig", String::new()),
        ("kubeconfig", "kind: [".to_owned()),
        ("kubeconfig", kubeconfig(&"x".repeat(table::MAX_TOKEN))),
    ] {
        let server = Scripted::with(move |request| {
            if request.target.ends_with("/token") {
                return answer(
                    200,
                    &json!({"credential_id": "kubeconfig", "provider": provider, "token": token}),
                );
            }
            route(request, &json!([]))
        });
        session(
            &env,
            &server,
            &["exec", "--credential", "kubeconfig", "--", "touch", touch],
        )
        .assert()
        .code(7);
        assert!(!marker.exists());
    }
}

#[test]
fn the_exit_status_passes_through() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |command: &[&str]| {
        let mut words = vec!["exec", "--credential", "github", "--"];
        words.extend(command);
        session(&env, &server, &words).output().unwrap().status
    };
    assert_eq!(run(&["sh", "-c", "exit 7"]).code(), Some(7));
    assert_eq!(run(&["sh", "-c", "kill -KILL $$"]).code(), Some(137));
    assert_eq!(run(&["no-such-program"]).code(), Some(127));
    assert!(left(&env).is_empty());
}

#[test]
fn files_are_private_whatever_the_umask() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--credential", "kubeconfig", "--"])
        .args([
            "sh",
            "-c",
            "ls -ld \"$AMBIENT_SESSION_DIR\" \"$KUBECONFIG\" | cut -c1-10",
        ])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let mut modes: Vec<&str> = stdout.lines().collect();
    modes.sort_unstable();
    assert_eq!(modes, ["-rw-------", "drwx------"], "{stderr}");
}

const WAIT: [&str; 8] = [
    "exec",
    "--credential",
    "kubeconfig",
    "--",
    "sh",
    "-c",
    // Ends by the signal, or when the test lets go of its standard input.
    "echo $KUBECONFIG; exec cat",
    "sh",
];

#[test]
fn a_killed_run_is_cleared_by_the_next_one_and_a_living_one_is_not() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let mut living = started(&env, &server, &WAIT);
    let living_path = first_line(&mut living);
    let mut killed = started(&env, &server, &WAIT);
    let killed_path = first_line(&mut killed);
    send(&killed, Signal::KILL);
    killed.wait().unwrap();
    assert!(Path::new(&killed_path).exists());
    session(
        &env,
        &server,
        &["exec", "--credential", "github", "--", "true"],
    )
    .assert()
    .success();
    assert!(!Path::new(&killed_path).exists());
    assert!(Path::new(&living_path).exists());
    drop(living.stdin.take());
    assert!(living.wait().unwrap().success());
    assert!(left(&env).is_empty());
}

#[test]
fn many_runs_do_not_meet() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--",
        "sh",
        "-c",
        "echo; grep -c token: $KUBECONFIG",
    ];
    let runs: Vec<Child> = (0..50).map(|_| started(&env, &server, &words)).collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "\n1\n", "{stderr}");
    }
    assert!(left(&env).is_empty());
}

#[test]
fn refresh_replaces_the_file() {
    let env = TestEnv::new();
    let asked = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        if request.target.ends_with("/token") {
            let token = match asked.fetch_add(1, Ordering::SeqCst) {
                0 => kubeconfig("first"),
                // A broken one in between does not get through.
                1 => "kind: [".to_owned(),
                _ => kubeconfig("second"),
            };
            return answer(
                200,
                &json!({"credential_id": "kubeconfig", "provider": "kubeconfig", "token": token}),
            );
        }
        route(request, &json!([]))
    });
    let script = "grep -q first $KUBECONFIG || exit 1
until grep -q second $KUBECONFIG; do grep -q 'kind: Config' $KUBECONFIG || exit 2; sleep 0.05; done
ls -l $KUBECONFIG | cut -c1-10; ls -A $AMBIENT_SESSION_DIR";
    let output = session(
        &env,
        &server,
        &[
            "exec",
            "--credential",
            "kubeconfig",
            "--refresh",
            "100ms",
            "--",
            "sh",
            "-c",
            script,
        ],
    )
    .output()
    .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{:?} {stderr}", output.status);
    assert_eq!(stdout, "-rw-------\nkubeconfig\n");
    assert!(stderr.contains("not refreshed"), "{stderr}");
    assert!(left(&env).is_empty());
}

/// One test, as there is one such path on a machine.
#[test]
fn the_fixed_path_is_used_safely() {
    let fixed = Path::new(table::KUBECONFIG_PATH);
    if fs::symlink_metadata(fixed).is_ok() {
        skipped("something is at the fixed path already");
        return;
    }
    let env = TestEnv::new();
    let server = platform(json!([]));
    let words = [
        "exec",
        "--credential",
        "kubeconfig",
        "--compat-path",
        "--",
        "sh",
        "-c",
        "echo $KUBECONFIG; ls -l $KUBECONFIG | cut -c1-10; exec cat",
    ];
    let run = || session(&env, &server, &words).output().unwrap();

    let output = run();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        stdout,
        format!("{}\n-rw-------\n", fixed.display()),
        "{stderr}"
    );
    assert!(fs::symlink_metadata(fixed).is_err());

    // Someone else's link and file stay as they are.
    let victim = env.file("victim", "old");
    symlink(&victim, fixed).unwrap();
    let refused = run();
    fs::remove_file(fixed).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    fs::hard_link(&victim, fixed).unwrap_or_else(|_| fs::write(fixed, "old").unwrap());
    let refused = run();
    let foreign = fs::read_to_string(fixed).unwrap();
    fs::remove_file(fixed).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(foreign, "old");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "old");

    // Two at once: the second one is refused, and leaves the first one's file alone.
    let mut first = started(&env, &server, &words);
    first_line(&mut first);
    assert_eq!(run().status.code(), Some(1));
    assert!(fixed.exists());
    // A killed run's file goes with its folder, and with its command.
    send(&first, Signal::KILL);
    first.wait().unwrap();
    assert!(fixed.exists());
    assert!(run().status.success());
    assert!(fs::symlink_metadata(fixed).is_err());
    assert!(left(&env).is_empty());
    // So does the file of a run whose folder was taken away, as a runtime folder is at the logout.
    let mut last = started(&env, &server, &words);
    first_line(&mut last);
    fs::remove_dir_all(runtime_dir(&env)).unwrap();
    drop(last.stdin.take());
    assert!(last.wait().unwrap().success());
    assert!(fs::symlink_metadata(fixed).is_err());
}

#[test]
fn the_mcp_entry_joins_others() {
    let env = TestEnv::new();
    let path = env.file(
        ".mcp.json",
        r#"{"mcpServers":{"mine":{"command":"x"}},"other":[1]}"#,
    );
    for _ in 0..2 {
        env.acpctl()
            .args([
                "session",
                "mcp-config",
                "--merge",
                ".mcp.json",
                "--read-only",
            ])
            .assert()
            .success()
            .stdout("");
    }
    let merged: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(merged["other"], json!([1]));
    assert_eq!(merged["mcpServers"]["mine"]["command"], "x");
    assert_eq!(
        merged["mcpServers"]["openshift"]["args"],
        json!([
            "--yes",
            "kubernetes-mcp-server@0.0.67",
            "--kubeconfig",
            "${KUBECONFIG}",
            "--disable-multi-cluster",
            "--read-only"
        ])
    );
    env.file(".mcp.json", "[]");
    env.acpctl()
        .args(["session", "mcp-config", "--merge", ".mcp.json"])
        .assert()
        .code(7);
    assert_eq!(fs::read_to_string(&path).unwrap(), "[]");
}

#[test]
fn sources_that_contradict_each_other_are_refused() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    for verb in ["preview", "explain", "probe"] {
        session(&env, &server, &[verb, "s1", "-o", "name"])
            .assert()
            .code(2)
            .stderr("Error: valid formats are table, wide, json, yaml\n");
    }
    assert!(server.received().is_empty());
    session(&env, &server, &["preview", "s1", "--credential", "github"])
        .assert()
        .code(2);
    session(&env, &server, &["preview"]).assert().code(2);
    session(
        &env,
        &server,
        &[
            "preview",
            "--credential",
            "github",
            "--credential",
            "github",
        ],
    )
    .assert()
    .code(6);
}

#[test]
fn exec_takes_a_session_before_the_dashes_and_the_command_after_them() {
    let env = TestEnv::new();
    let server = platform(json!([bound("github", "team-a", "r-viewer")]));
    let run = |words: &[&str]| {
        let output = session(&env, &server, &[&["exec"], words].concat())
            .output()
            .unwrap();
        (output.status.code(), streams(&output).0)
    };
    // A flag of the command is not ours, whatever its name.
    let command = [
        "sh",
        "-c",
        "echo $GITHUB_TOKEN $@",
        "sh",
        "--session",
        "--",
        "-v",
    ];
    let expected = (Some(0), "******** --session -- -v\n".to_owned());
    for before in [
        &["t60", "--"][..],
        &["--session", "t60", "--"],
        &["--session=t60", "--project", "elsewhere", "--"],
        &["--project", "team-a", "--"],
    ] {
        assert_eq!(run(&[before, &command].concat()), expected, "{before:?}");
    }
    let usage = "Hint: write acpctl session exec [SESSION] [flags] -- <COMMAND>...\n";
    for (words, why) in [
        (&[][..], "no command follows --"),
        (&["t60"], "no command follows --"),
        (&["t60", "--"], "no command follows --"),
        (&["--credential", "github", "env"], "no command follows --"),
        (
            &["t60", "t61", "--", "env"],
            "accepts at most 1 arg(s) before --, received 2",
        ),
    ] {
        session(&env, &server, &[&["exec"], words].concat())
            .assert()
            .code(2)
            .stderr(format!("Error: {why}\n{usage}"));
    }
    for words in [
        &["t60", "--session", "t61", "--", "env"][..],
        &["t60", "--from-env", "--", "env"],
        &["t60", "--credential", "github", "--", "env"],
        &["", "--", "env"],
        &["t60", "--refresh", "0s", "--", "env"],
        &["t60", "--refresh=-5m", "--", "env"],
        &["t60", "--refresh", "soon", "--", "env"],
    ] {
        assert_eq!(run(words), (Some(2), String::new()), "{words:?}");
    }
}

#[test]
fn the_variables_of_a_pod_are_followed_with_care() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |url: &str, ids: &str| {
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", url)
            .env("CREDENTIAL_IDS", ids)
            .env("CREDENTIAL_MCP_URLS", r#"{"gitlab":"http://localhost:1"}"#)
            .env("PROJECT_NAME", " team-a ")
            .env("BOT_TOKEN", TOKEN)
            // Nobody listens there: a proxy that is obeyed ends the run.
            .env("HTTP_PROXY", "http://127.0.0.1:9")
            .args(["session", "exec", "--from-env", "--"])
            .args(["sh", "-c", "echo $GITHUB_TOKEN-$GITLAB_TOKEN"])
            .output()
            .unwrap()
    };
    let output = run(server.url(), r#"{"github":"github","gitlab":"gitlab"}"#);
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout, "********-\n", "{stderr}");
    for request in server.received() {
        assert!(
            request
                .target
                .starts_with("/api/ambient/v1/credentials/github")
        );
        assert_eq!(
            request.header("authorization"),
            Some(format!("Bearer {TOKEN}").as_str())
        );
        assert_eq!(request.header("x-ambient-project"), Some("team-a"));
    }
    let asked = server.received().len();
    for (url, ids, code) in [
        ("https://evil.example.net", "{}", 2),
        ("http://svc.cluster.local.example.net", "{}", 2),
        ("file://localhost/etc/passwd", "{}", 2),
        (server.url(), "[]", 7),
        (server.url(), r#"{"github":"../roles"}"#, 7),
        (server.url(), r#"{"github":"gitlab"}"#, 7),
    ] {
        let output = run(url, ids);
        assert_eq!(output.status.code(), Some(code), "{url} {ids}");
    }
    // Only the last one, whose answer is for another provider, got as far as asking.
    assert_eq!(server.received().len(), asked + 2);
}

#[test]
fn the_token_exchange_is_refused_in_plain_words() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let run = |token: &str| {
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
            .env("AMBIENT_CP_TOKEN_URL", "http://cp.platform.svc/token")
            .env("AMBIENT_CP_TOKEN_PUBLIC_KEY", "a key")
            .env("SESSION_ID", "s1")
            .env("BOT_TOKEN", token)
            .args(["session", "exec", "--from-env", "--", "true"])
            .output()
            .unwrap()
    };
    let refused = run("");
    assert_eq!(refused.status.code(), Some(4));
    assert_eq!(
        streams(&refused).1,
        "Error: no token: the exchange at AMBIENT_CP_TOKEN_URL is not supported\n\
         Hint: set BOT_TOKEN, or mount the token at /var/run/secrets/ambient/bot-token\n"
    );
    assert!(server.received().is_empty());
    // With a token at hand nothing needs to be exchanged.
    assert!(run(TOKEN).status.success());
}

#[test]
fn a_rejected_service_token_is_tried_once_more() {
    for (refusals, code) in [(1, 0), (2, 5)] {
        let env = TestEnv::new();
        let asked = AtomicUsize::new(0);
        let server = Scripted::with(move |request| {
            let is_token = request.target.ends_with("/token");
            if is_token && asked.fetch_add(1, Ordering::SeqCst) < refusals {
                return error(403, "REJECTED", "expired");
            }
            route(request, &json!([]))
        });
        env.acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
            .env("AGENTIC_SESSION_NAMESPACE", "team-a")
            .env("BOT_TOKEN", TOKEN)
            .args(["session", "exec", "--from-env", "--", "true"])
            .assert()
            .code(code);
        let fetches: Vec<Received> = server
            .received()
            .into_iter()
            .filter(|request| request.target.ends_with("/token"))
            .collect();
        assert_eq!(fetches.len(), 2, "never a third time");
        assert_eq!(fetches[0].header("x-ambient-project"), Some("team-a"));
    }
}

#[test]
fn a_pods_session_says_how_long_it_runs() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let token = jwt(3_786_912_000);
        if request.target.ends_with("/token") {
            return answer(
                200,
                &json!({"credential_id": "gitlab", "provider": "gitlab", "token": token}),
            );
        }
        route(request, &json!([]))
    });
    let warning = "Warning: gitlab: its token ends on 2090-01-01 00:00 UTC, in ";
    // The timeout of the first ends after the token, that of the second before; nobody knows the last.
    for (id, is_warned) in [("t2147483647", true), ("t60", false), ("../roles", false)] {
        let output = env
            .acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .env("BACKEND_API_URL", server.url())
            .env("CREDENTIAL_IDS", r#"{"gitlab":"gitlab"}"#)
            .env("BOT_TOKEN", TOKEN)
            .env("SESSION_ID", id)
            .args(["session", "exec", "--from-env", "--", "true"])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert!(output.status.success(), "{stderr}");
        assert_eq!(stderr.starts_with(warning), is_warned, "{id}: {stderr}");
        assert_eq!(stderr.is_empty(), !is_warned, "{id}: {stderr}");
    }
}

#[test]
fn a_refresh_in_a_pod_reads_the_service_token_again() {
    let env = TestEnv::new();
    let asked = AtomicUsize::new(0);
    let server = Scripted::with(move |request| {
        if !request.target.ends_with("/token") {
            return route(request, &json!([]));
        }
        // At the start the service's token is good, at the first refresh it is not, and then it is a new one.
        let secret = match asked.fetch_add(1, Ordering::SeqCst) {
            0 => "first",
            1 => return error(401, "REJECTED", "expired"),
            _ => "second",
        };
        answer(
            200,
            &json!({"credential_id": "github", "provider": "github", "token": secret}),
        )
    });
    let script = "until grep -q second $AMBIENT_SESSION_DIR/github_token; do sleep 0.05; done";
    let output = env
        .acpctl()
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .env("BACKEND_API_URL", server.url())
        .env("CREDENTIAL_IDS", r#"{"github":"github"}"#)
        .env("BOT_TOKEN", TOKEN)
        .args(["session", "exec", "--from-env", "--refresh", "100ms"])
        .args(["--", "sh", "-c", script])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    // As under nohup: neither the program nor the command ends by a hang-up.
    let output = Command::new("sh")
        .args(["-c", "trap '' HUP; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(["session", "exec", "--credential", "github", "--"])
        .args(["sh", "-c", "kill -HUP $PPID; kill -HUP $$; echo alive"])
        .env_clear()
        .envs(env.variables())
        .env("AMBIENT_API_URL", server.url())
        .env("AMBIENT_TOKEN", TOKEN)
        .env("XDG_RUNTIME_DIR", runtime_dir(&env))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(0), "alive\n"),
        "{stderr}"
    );
    assert!(left(&env).is_empty());
}

#[test]
fn a_runtime_folder_that_others_can_write_is_no_place_for_secrets() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let [shared, temporary] = ["shared", "tmp"].map(|name| env.home().join(name));
    for folder in [&shared, &temporary] {
        fs::create_dir(folder).unwrap();
        set_mode(folder, 0o1777);
    }
    let words = [
        "exec",
        "--credential",
        "github",
        "--",
        "sh",
        "-c",
        "dirname $AMBIENT_SESSION_DIR",
    ];
    session(&env, &server, &words)
        .env("XDG_RUNTIME_DIR", &shared)
        .env("TMPDIR", &temporary)
        .assert()
        .success()
        .stdout(format!("{}\n", temporary.display()));
}

#[test]
fn what_a_killed_run_left_elsewhere_goes_too() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let folder = env.home().join("tmp");
    // What a run leaves that had no runtime folder: nobody holds its lock.
    let leftover = folder.join("ambient-session-00000000000000000000000000000000");
    fs::create_dir_all(&leftover).unwrap();
    fs::write(leftover.join("kubeconfig"), SECRET).unwrap();
    session(
        &env,
        &server,
        &["exec", "--credential", "github", "--", "true"],
    )
    .env("TMPDIR", &folder)
    .assert()
    .success();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

/// A server that speaks the protocol, started with the platform's flags.
const FAKE_MCP: &str = r#"#!/bin/sh
[ -f "$2" ] && [ "$1 $3" = "--kubeconfig --disable-multi-cluster" ] || exit 9
HANDSHAKE
while read -r line; do
case "$line" in
*'"method":"initialize"'*) echo 'Downloading, says an old version'
  echo '{"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"fake","version":"v1"}}}' ;;
*'"method":"tools/list"'*) echo '{"jsonrpc":"2.0","method":"notifications/message"}'
  echo '{"jsonrpc":"2.0","id":2,"result":{"tools":[{"name":"namespaces_list"},{"name":"configuration_view"}]}}' ;;
*'"method":"tools/call"'*) printf '%s\n' '{"jsonrpc":"2.0","id":3,"result":CALL}' ;;
esac
done
[ -f "$2" ] || echo too-late > "$HOME/too-late"
"#;

fn probe(handshake: &str, call: &Value) -> (Option<i32>, String, String, TestEnv) {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let script = FAKE_MCP
        .replace("HANDSHAKE", handshake)
        .replace("CALL", &call.to_string());
    let program = env.file("fake-mcp", script);
    set_mode(&program, 0o755);
    let output = session(
        &env,
        &server,
        &[
            "probe",
            "--credential",
            "kubeconfig",
            "--mcp-command",
            program.to_str().unwrap(),
        ],
    )
    .output()
    .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
    assert!(left(&env).is_empty());
    (output.status.code(), stdout, stderr, env)
}

#[test]
fn a_probe_goes_through_every_step() {
    let good = json!({"content": [{"type": "text", "text": "NAME\ndefault\nkube-system"}]});
    let (code, stdout, stderr, env) = probe("", &good);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    for line in [
        "ok      server started      fake v1",
        "ok      cluster reached     2 namespaces",
        "ok      cleaned up          server ended, then the file removed",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
    assert!(!env.home().join("too-late").exists());
}

#[test]
fn a_probe_tells_the_cause() {
    let refused =
        |text: &str| json!({"isError": true, "content": [{"type": "text", "text": text}]});
    let none = json!({});
    for (handshake, call, code, word) in [
        (
            "echo 'Error: context \"x\" does not exist' >&2; exit 1",
            &none,
            7,
            "kubeconfig",
        ),
        (
            "",
            &refused("dial tcp 127.0.0.1:1: connect: connection refused"),
            9,
            "network",
        ),
        (
            "",
            &refused("tls: failed to verify certificate: x509: no"),
            9,
            "TLS",
        ),
        (
            "",
            &refused(&format!(
                "the server has asked for the client to provide credentials {SECRET} \x1b[31m\nsecond line"
            )),
            4,
            "login",
        ),
        (
            "",
            &refused("namespaces is forbidden: User \"u\" cannot list"),
            5,
            "permission",
        ),
    ] {
        let (got, stdout, stderr, _) = probe(handshake, call);
        assert_eq!(got, Some(code), "{stdout}{stderr}");
        assert!(
            !stdout.contains("second line") && !stderr.contains("second line"),
            "{stderr}"
        );
        assert!(
            !stdout.contains('\x1b') && !stderr.contains('\x1b'),
            "{stderr}"
        );
        assert!(stderr.contains(&format!("({word})")), "{stderr}");
        assert!(stdout.contains("FAILED") && stdout.contains("cleaned up"));
    }
}

#[test]
fn a_server_that_is_none_is_told_from_a_bad_kubeconfig() {
    let env = TestEnv::new();
    let server = platform(json!([]));
    let program = |name: &str, text: &str, mode| {
        let path = env.file(name, text);
        set_mode(&path, mode);
    };
    program("wordless", "#!/bin/sh\nexit 3\n", 0o755);
    program(
        "chatty",
        "#!/bin/sh\necho 'Segmentation fault' >&2\nexit 1\n",
        0o755,
    );
    program(
        "refusing",
        "#!/bin/sh\nread -r _\necho '{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"no\"}}'\n",
        0o755,
    );
    program(
        "strict",
        "#!/bin/sh\necho 'Error: no such context' >&2\nexit 1\n",
        0o755,
    );
    let said = "npm error code ECONNREFUSED\nnpm error A log is in /tmp/log";
    let text = format!("#!/bin/sh\ncat >&2 <<END\n{said}\nEND\nexit 1\n");
    program("runner", &text, 0o755);
    program("plain", "", 0o644);
    let path = format!("{}:/usr/bin:/bin", env.work().display());
    for (program, code, error) in [
        (
            "./wordless",
            1,
            "probe failed (server): the server ended without a message",
        ),
        (
            "wordless",
            1,
            "probe failed (server): the server ended without a message",
        ),
        (
            "../work/chatty",
            1,
            "probe failed (server): the server ended: Segmentation fault",
        ),
        (
            "./runner",
            1,
            "probe failed (server): the server ended: npm error code ECONNREFUSED",
        ),
        ("./refusing", 1, "probe failed (server): no"),
        ("./strict", 7, "probe failed (kubeconfig): no such context"),
        ("./plain", 1, "probe failed (server): permission denied"),
        ("./none", 3, "the MCP server \"./none\" was not found"),
        ("none", 3, "the MCP server \"none\" was not found"),
    ] {
        let words = [
            "probe",
            "--credential",
            "kubeconfig",
            "--mcp-command",
            program,
        ];
        let output = session(&env, &server, &words)
            .env("PATH", &path)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{program}: {stderr}");
        assert!(
            stderr.starts_with(&format!("Error: {error}\n")),
            "{program}: {stderr}"
        );
        assert!(left(&env).is_empty());
    }
}

/// The real server against a cluster of our own: right, and wrong in five ways.
#[test]
fn a_probe_with_the_real_server() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("kubernetes-mcp-server"))
        .find(|program| program.is_file());
    let Some(program) = found else {
        skipped(
            "kubernetes-mcp-server is not on PATH (npm install --global kubernetes-mcp-server@0.0.67)",
        );
        return;
    };
    let cluster = Cluster::start(SECRET, Rights::All);
    let closed = Cluster::start(SECRET, Rights::None);
    let narrow = Cluster::start(SECRET, Rights::Namespace);
    let config = |server: &str, ca: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts:\n- name: c\n  context: {{cluster: k, user: u}}\n\
             clusters:\n- name: k\n  cluster: {{server: '{server}', certificate-authority-data: {ca}}}\n\
             users:\n- name: u\n  user: {{{user}}}\n"
        )
    };
    let token = format!("token: {SECRET}");
    let certificate = format!(
        "client-certificate-data: {}, client-key-data: {}",
        cluster.client_certificate, cluster.client_key
    );
    let (server, ca) = (&cluster.server, &cluster.ca);
    for (name, text, code, word) in [
        ("token", config(server, ca, &token), 0, ""),
        ("certificate", config(server, ca, &certificate), 0, ""),
        (
            "one namespace only",
            config(&narrow.server, &narrow.ca, &token),
            0,
            "",
        ),
        (
            "nobody listens",
            config("https://127.0.0.1:9", ca, &token),
            9,
            "(network)",
        ),
        (
            "foreign authority",
            config(server, &cluster.foreign_ca, &token),
            9,
            "(TLS)",
        ),
        (
            "wrong token",
            config(server, ca, "token: some-other-token-0123456789"),
            4,
            "(login)",
        ),
        (
            "no rights",
            config(&closed.server, &closed.ca, &token),
            5,
            "(permission)",
        ),
        (
            "login program missing",
            config(
                server,
                ca,
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login, interactiveMode: Never}",
            ),
            4,
            "(login)",
        ),
    ] {
        let env = TestEnv::new();
        env.file("config.yaml", text);
        let output = env
            .acpctl()
            .env("XDG_RUNTIME_DIR", runtime_dir(&env))
            .args(["session", "probe", "--from-file", "config.yaml"])
            .args(["--allow", "exec-plugin", "--mcp-command"])
            .arg(&program)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{name}: {stdout}{stderr}");
        assert!(stderr.contains(word), "{name}: {stderr}");
        assert_eq!(
            stdout.contains("2 namespaces") || stdout.contains("1 pod in the namespace default"),
            code == 0,
            "{name}: {stdout}"
        );
        assert!(!stdout.contains(SECRET) && !stderr.contains(SECRET));
        assert!(left(&env).is_empty(), "{name}");
    }
}
