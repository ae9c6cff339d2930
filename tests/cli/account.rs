//! Who one is: login in every way, renewal, logout, whoami, version, config, project.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};
use url::Url;

use crate::support::browser::{agree, visit};
use crate::support::oidc::{CLIENT, CLIENT_SECRET, FAR, Issuer, Mood, PAST, jwt, token_until};
use crate::support::pty::Terminal;
use crate::support::server::{Reply, Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, streams};

fn saved(env: &TestEnv) -> Value {
    serde_json::from_slice(&fs::read(env.config_path()).unwrap()).unwrap()
}

fn mode(env: &TestEnv) -> u32 {
    let file = fs::metadata(env.config_path()).unwrap();
    file.permissions().mode() & 0o777
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn no_projects() -> Reply {
    answer(
        200,
        &json!({"kind": "ProjectList", "page": 1, "size": 0, "total": 0, "items": []}),
    )
}

/// A configuration whose login has expired and can be renewed.
fn expired(env: &TestEnv, issuer: &Issuer, refresh: &str, api: &str) {
    env.config(
        &json!({
            "api_url": api, "access_token": token_until(PAST, "old"), "refresh_token": refresh,
            "issuer_url": issuer.url(), "client_id": CLIENT, "project": "p1", "theirs": {"kept": true},
        })
        .to_string(),
    );
}

// Logging in with a token

#[test]
fn a_token_may_come_from_everywhere_but_the_command_line() {
    let env = TestEnv::new();
    let path = env.file("token.txt", format!("{TOKEN}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let api = Scripted::with(|_| no_projects());
    let at_path = format!("@{}", path.display());
    for (args, stdin) in [
        (["--token", TOKEN], ""),
        (["--token", "-"], TOKEN),
        (["--token", "@-"], "sha256~canary-token-0123456789\r\n"),
        (["--token", at_path.as_str()], ""),
        (["--token-fd", "0"], "sha256~canary-token-0123456789\n"),
    ] {
        let _ = fs::remove_file(env.config_path());
        let output = env
            .acpctl()
            .args(["login", api.url(), "--project", "p1"])
            .args(args)
            .write_stdin(stdin)
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(output.status.success(), "{args:?}: {stderr}");
        let path = env.config_path().display().to_string();
        assert_eq!(
            stdout,
            format!("Login successful. Configuration saved to {path}\n")
        );
        assert_eq!(stderr, format!("Logged in to {}\n", api.url()));
        assert_eq!(
            saved(&env),
            json!({"api_url": api.url(), "access_token": TOKEN, "project": "p1"})
        );
        assert_eq!(mode(&env), 0o600);
    }
}

#[test]
fn one_mode_is_chosen_and_complete() {
    let env = TestEnv::new();
    let one = "exactly one of --token, --use-auth-code, or --client-credentials is required";
    for (args, message) in [
        (&[][..], one),
        (&["--token", ""], one),
        (&["--token", "a", "--token-fd", "0"], one),
        (&["--token", "a", "--use-auth-code"], one),
        (&["--use-auth-code", "--client-credentials"], one),
        (
            &["--client-credentials"],
            "--client-secret is required with --client-credentials",
        ),
        (
            &["--client-credentials", "--client-secret", "", "nowhere"],
            "--client-secret is required with --client-credentials",
        ),
        (
            &["--token", "a", "api.test"],
            "invalid URL \"api.test\": must be a valid URL with scheme and host (e.g. https://api.example.com)",
        ),
    ] {
        let output = env.acpctl().arg("login").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(
            streams(&output),
            (String::new(), format!("Error: {message}\n")),
            "{args:?}"
        );
    }
    assert!(!env.config_path().exists());
}

#[test]
fn a_person_is_asked_without_echo() {
    let env = TestEnv::new();
    let command = pty_process::blocking::Command::new("sh")
        .args(["-c", "\"$@\"; echo \"status $?\"; read wait", "sh"])
        .args([
            env!("CARGO_BIN_EXE_acpctl"),
            "login",
            "https://api.corp.test",
        ])
        .env_clear()
        .envs(env.variables())
        .env("TERM", "xterm")
        .current_dir(env.work());
    let terminal = Terminal::start(command, 24, 100);
    terminal.wait_for("Token for https://api.corp.test (not shown):");
    terminal.wait_for_no_echo();
    terminal.type_text(&format!("{TOKEN}\r"));
    let screen = terminal.wait_for("status 0");
    assert!(screen.contains("Login successful."), "{screen}");
    // Where no keyring is, a person is told where the login went.
    assert!(
        screen.contains("The login is in the configuration file, mode 0600"),
        "{screen}"
    );
    assert!(!terminal.written().contains(TOKEN));
    assert!(terminal.is_sane());
    assert_eq!(
        saved(&env),
        json!({"access_token": TOKEN, "api_url": "https://api.corp.test"})
    );
}

#[test]
fn a_login_tightens_the_file_keeps_foreign_keys_and_follows_a_link() {
    let env = TestEnv::new();
    env.config(r#"{"refresh_token": "old", "issuer_url": "i", "client_id": "c", "theirs": [1, {"x": null}]}"#);
    let real = env.home().join("real.json");
    fs::rename(env.config_path(), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&real, env.config_path()).unwrap();
    env.acpctl()
        .args(["login", "--token", TOKEN])
        .assert()
        .success();
    assert!(env.config_path().is_symlink());
    assert_eq!(mode(&env), 0o600);
    assert_eq!(
        saved(&env),
        json!({"access_token": TOKEN, "theirs": [1, {"x": null}]})
    );
}

#[test]
fn a_broken_file_is_never_written_over() {
    let env = TestEnv::new();
    let broken = "{\n  \"project\": \"p\",\n  oops\n}";
    env.config(broken);
    let path = env.config_path().display().to_string();
    let message = format!(
        "Error: load config: parse config file \"{path}\": invalid character 'o' looking for beginning of object key string\n"
    );
    for args in [
        &["login", "--token", TOKEN][..],
        &["logout"],
        &["config", "set", "project", "x"],
        &["config", "get", "project"],
        &["whoami"],
        &["project", "current"],
    ] {
        let output = env.acpctl().args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = streams(&output).1;
        assert!(said.starts_with(&message), "{args:?} {said}");
        assert_eq!(fs::read_to_string(env.config_path()).unwrap(), broken);
    }
}

#[test]
fn a_file_that_can_not_be_read_or_written_is_named() {
    let env = TestEnv::new();
    let run = |path: &std::path::Path, args: &[&str]| {
        let output = env
            .acpctl()
            .env("AMBIENT_CONFIG", path)
            .args(args)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        streams(&output).1
    };
    let folder = env.home().join("folder");
    fs::create_dir(&folder).unwrap();
    let shown = folder.display();
    assert_eq!(
        run(&folder, &["config", "get", "project"]),
        format!("Error: load config: read config file \"{shown}\": read {shown}: is a directory\n")
    );
    let below = env.file("plain", "x").join("config.json");
    let shown = below.display();
    let folder_of_it = below.parent().unwrap().display();
    assert_eq!(
        run(&below, &["config", "get", "project"]),
        format!(
            "Error: load config: read config file \"{shown}\": open {shown}: not a directory\n\
             Hint: name a file of your own in AMBIENT_CONFIG, or make this one yours: sudo chown -R \"$(id -u)\" {folder_of_it}\n"
        )
    );
    // Not even root may make a folder there.
    let stderr = run(
        std::path::Path::new("/proc/none/config.json"),
        &["login", "--token", TOKEN],
    );
    assert!(
        stderr.starts_with(
            "Error: save config: create config directory \"/proc/none\": mkdir /proc/none: "
        ),
        "{stderr}"
    );
    assert!(!stderr.contains(TOKEN));
}

#[test]
fn the_place_of_a_broken_file_is_in_the_json_error() {
    let env = TestEnv::new();
    env.config("{\n  \"project\": \"p\",\n  oops\n}");
    let output = env
        .acpctl()
        .args(["whoami", "-o", "json"])
        .output()
        .unwrap();
    let error: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        text(&error["error"], "hint").starts_with("line 3, column 3;"),
        "{error}"
    );
}

#[test]
fn skipping_tls_checks_is_stored_and_cleared_on_purpose_only() {
    let env = TestEnv::new();
    let api = Scripted::with(|_| no_projects());
    let login = |more: &[&str]| {
        let output = env
            .acpctl()
            .args(["login", api.url(), "--token", TOKEN])
            .args(more)
            .output()
            .unwrap();
        streams(&output).1
    };
    let warning =
        "Warning: TLS certificate verification is disabled (--insecure-skip-tls-verify)\n";
    let done = format!("Logged in to {}\n", api.url());
    assert_eq!(
        login(&["--insecure-skip-tls-verify"]),
        format!("{warning}{done}")
    );
    assert_eq!(saved(&env)["insecure_tls_verify"], true);
    assert_eq!(login(&[]), done);
    assert_eq!(saved(&env)["insecure_tls_verify"], true);
    assert_eq!(login(&["--insecure-skip-tls-verify=false"]), done);
    assert_eq!(saved(&env)["insecure_tls_verify"], Value::Null);
    // A flag of one run is not remembered.
    env.acpctl()
        .args(["whoami", "--insecure-skip-tls-verify"])
        .assert()
        .success();
    assert_eq!(saved(&env)["insecure_tls_verify"], Value::Null);
}

#[test]
fn the_end_of_a_token_is_said_in_the_local_zone() {
    let env = TestEnv::new();
    let soon = jiff::Timestamp::now().as_second() + 3600;
    for (end, words) in [
        (PAST, "is already expired (at 2020-01-01T00:00:00Z)"),
        (soon, "expires soon (at "),
    ] {
        let output = env
            .acpctl()
            .args(["login", "--token", &token_until(end, "x")])
            .output()
            .unwrap();
        let stderr = streams(&output).1;
        assert!(
            stderr.starts_with(&format!("Warning: token {words}")),
            "{stderr}"
        );
    }
    let output = env
        .acpctl()
        .env("TZ", "Asia/Kolkata")
        .args(["login", "--token", &token_until(PAST, "x")])
        .output()
        .unwrap();
    if std::path::Path::new("/usr/share/zoneinfo/Asia/Kolkata").exists() {
        assert!(
            streams(&output)
                .1
                .contains("(at 2020-01-01T05:30:00+05:30)")
        );
    } else {
        crate::support::skipped("no time zones here");
    }
}

// Logging in with the browser

/// A login that waits for its browser.
pub struct Waiting {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    pub authorization: Url,
}

impl Waiting {
    pub fn start(
        env: &TestEnv,
        issuer: &Issuer,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"));
        command
            .env_clear()
            .envs(env.variables())
            .envs(variables.iter().copied())
            .args(["login", "https://api.corp.test", "--use-auth-code"])
            .args(["--issuer-url", &format!("{}/", issuer.url())])
            .args(["--client-id", CLIENT])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut shown = String::new();
        for _ in 0..5 {
            stdout.read_line(&mut shown).unwrap();
        }
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            (lines[0], lines[1], lines[2], lines[4]),
            (
                "Opening browser for authentication...",
                "If the browser does not open, visit:",
                "",
                ""
            ),
            "{shown}"
        );
        let authorization = Url::parse(lines[3].strip_prefix("  ").unwrap()).unwrap();
        Self {
            child,
            stdout,
            authorization,
        }
    }

    fn query(&self) -> BTreeMap<String, String> {
        self.authorization.query_pairs().into_owned().collect()
    }

    /// The callback address with another query.
    fn callback(&self, query: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&self.query()["redirect_uri"]).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    pub fn end(mut self) -> Output {
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).unwrap();
        let mut output = self.child.wait_with_output().unwrap();
        output.stdout = stdout;
        output
    }
}

#[test]
fn the_browser_login_ends_with_tokens_in_the_file() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &["--project", "p1"], &[]);
    let names: Vec<String> = login
        .authorization
        .query_pairs()
        .map(|(key, _)| key.into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "redirect_uri",
            "response_type",
            "state"
        ]
    );
    let query = login.query();
    assert_eq!(
        (query["state"].len(), query["code_challenge"].len()),
        (22, 43)
    );
    let back = agree(&login.authorization);
    let page = visit(&back);
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.body.contains("<h1>Login successful</h1>"));
    let output = login.end();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stdout.starts_with("Login successful. Configuration saved to "),
        "{stdout}"
    );
    let saved = saved(&env);
    assert!(text(&saved, "access_token").contains('.'));
    assert!(text(&saved, "refresh_token").starts_with("canary-refresh-"));
    // As given, with its slash.
    assert_eq!(text(&saved, "issuer_url"), format!("{}/", issuer.url()));
    assert_eq!(text(&saved, "client_id"), CLIENT);
    assert_eq!(text(&saved, "project"), "p1");
    let form = issuer.token_requests().remove(0);
    assert_eq!(
        form.keys().collect::<Vec<_>>(),
        [
            "client_id",
            "code",
            "code_verifier",
            "grant_type",
            "redirect_uri"
        ]
    );
    assert_eq!(form["code_verifier"].len(), 43);
}

#[test]
fn a_forged_callback_is_turned_away_and_the_login_goes_on() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    // Connections that say nothing, as browsers open them in advance, hold nobody up.
    let address = login.callback(&[]);
    let address = format!("127.0.0.1:{}", address.port().unwrap());
    let silent: Vec<_> = (0..3)
        .map(|_| std::net::TcpStream::connect(&address).unwrap())
        .collect();
    for query in [
        &[("code", "stolen"), ("state", "guessed")][..],
        &[("code", "stolen")],
        &[("error", "access_denied")],
        &[("error", "access_denied"), ("state", "guessed")],
    ] {
        let page = visit(&login.callback(query));
        assert_eq!(page.status, 400, "{query:?}");
        assert!(page.body.contains("invalid state parameter"));
    }
    let mut elsewhere = login.callback(&[]);
    elsewhere.set_path("/favicon.ico");
    let page = visit(&elsewhere);
    assert_eq!(
        (page.status, page.body.as_str()),
        (404, "404 page not found\n")
    );
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
    drop(silent);
    assert_eq!(issuer.token_requests().len(), 1);
}

#[test]
fn a_refusal_is_shown_without_markup_and_without_control_characters() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    let page = visit(&login.callback(&[
        ("error", "access_denied"),
        (
            "error_description",
            "<script>alert('x')</script> & \u{1b}[31mno",
        ),
        ("state", &state),
    ]));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>Login failed</h1>"));
    assert!(
        page.body
            .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; ")
            && !page.body.contains("<script>"),
        "{}",
        page.body
    );
    let output = login.end();
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        streams(&output).1,
        "Error: auth-code login: authorization failed: <script>alert('x')</script> & \\x1b[31mno\n"
    );
    assert!(!env.config_path().exists());
}

#[test]
fn a_callback_without_a_code_ends_the_login() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let login = Waiting::start(&env, &issuer, &[], &[]);
    let state = login.query()["state"].clone();
    let page = visit(&login.callback(&[("state", &state)]));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("missing authorization code"));
    assert_eq!(
        streams(&login.end()).1,
        "Error: auth-code login: authorization failed: missing authorization code in callback\n"
    );
}

#[test]
fn the_browser_is_started_where_there_is_a_display_only() {
    let mut pages = Vec::new();
    for (variables, more, started) in [
        (&[("DISPLAY", ":0")][..], &[][..], true),
        (&[("WAYLAND_DISPLAY", "wayland-0")], &[], true),
        (&[], &[], false),
        (&[("DISPLAY", ":0")], &["--no-browser"], false),
    ] {
        let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
        let seen = env.home().join("seen");
        let opener = env.file(
            "bin/xdg-open",
            format!(
                "#!/bin/sh\necho noise\necho \"$1\" >\"{0}.new\" && mv \"{0}.new\" \"{0}\"\n",
                seen.display()
            ),
        );
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", opener.parent().unwrap().display());
        let mut all = vec![("PATH", path.as_str())];
        all.extend(variables);
        let login = Waiting::start(&env, &issuer, more, &all);
        if started {
            while !seen.exists() {
                std::thread::yield_now();
            }
            // Others can read the command line: it names a private page that leads on.
            let address: Url = fs::read_to_string(&seen).unwrap().trim().parse().unwrap();
            let page = address.to_file_path().unwrap();
            assert_eq!(
                fs::metadata(&page).unwrap().permissions().mode() & 0o777,
                0o600
            );
            let text = fs::read_to_string(&page).unwrap();
            let target = login.authorization.as_str().replace('&', "&amp;");
            assert!(text.contains(&format!("0;url={target}\"")), "{text}");
            pages.push(page);
        }
        visit(&agree(&login.authorization));
        assert!(login.end().status.success());
        assert_eq!(seen.exists(), started, "{variables:?} {more:?}");
    }
    assert!(!pages.iter().any(|page| page.exists()));
}

#[test]
fn the_port_of_the_callback_can_be_chosen_for_a_tunnel() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let login = Waiting::start(&env, &issuer, &["--callback-port", &port], &[]);
    assert_eq!(
        login.query()["redirect_uri"],
        format!("http://127.0.0.1:{port}/callback")
    );
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
}

// What issuers answer

/// The token endpoint's answer, what is said of it, and the exit code.
const ANSWERS: &[(Mood, &str, i32)] = &[
    (Mood::Refusing, "token endpoint: Token is not active", 4),
    (Mood::Curt, "token endpoint: invalid_client", 4),
    (Mood::Broken, "token endpoint returned HTTP 500", 10),
    (Mood::Created, "token endpoint returned HTTP 201", 10),
    (Mood::Moved, "token endpoint returned HTTP 302", 10),
    (
        Mood::NotJson,
        "parse token response: invalid character 'o' looking for beginning of value",
        10,
    ),
    (Mood::Empty, "no access_token in token response", 10),
    (
        Mood::Closing,
        "POST to token endpoint: Post \"{}/protocol/openid-connect/token\": EOF",
        9,
    ),
];

#[test]
fn every_bad_answer_ends_a_browser_login_with_the_file_untouched() {
    for (mood, words, code) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        env.config(r#"{"project": "p"}"#);
        let login = Waiting::start(&env, &issuer, &[], &[]);
        visit(&agree(&login.authorization));
        let output = login.end();
        let words = words.replace("{}", &issuer.url());
        assert_eq!(
            streams(&output).1,
            format!("Error: auth-code login: exchange authorization code: {words}\n")
        );
        assert_eq!(output.status.code(), Some(*code), "{mood:?}");
        assert_eq!(
            fs::read_to_string(env.config_path()).unwrap(),
            r#"{"project": "p"}"#
        );
        assert_eq!(issuer.token_requests().len(), 1, "{mood:?}");
    }
}

#[test]
fn every_bad_answer_ends_a_service_account_login() {
    for (mood, words, code) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        let output = service_account(&env, &issuer, CLIENT_SECRET);
        let words = words.replace("{}", &issuer.url());
        let (stdout, stderr) = streams(&output);
        assert_eq!(
            stderr,
            format!("Error: client-credentials login: {words}\n")
        );
        assert_eq!(stdout, "");
        assert_eq!(output.status.code(), Some(*code), "{mood:?}");
        assert!(!env.config_path().exists());
    }
}

fn service_account(env: &TestEnv, issuer: &Issuer, secret: &str) -> Output {
    service_account_with(env, issuer, secret, &[])
}

fn service_account_with(env: &TestEnv, issuer: &Issuer, secret: &str, more: &[&str]) -> Output {
    env.acpctl()
        .args(["login", "--client-credentials", "--client-secret", "-"])
        .args(["--issuer-url", &issuer.url(), "--client-id", CLIENT])
        .args(more)
        .write_stdin(secret)
        .output()
        .unwrap()
}

#[test]
fn a_service_account_keeps_no_refresh_token_and_no_secret() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let output = service_account(&env, &issuer, &format!("{CLIENT_SECRET}\n"));
    assert!(output.status.success(), "{}", streams(&output).1);
    let file = fs::read_to_string(env.config_path()).unwrap();
    assert!(!file.contains(CLIENT_SECRET) && !file.contains("refresh_token"));
    assert_eq!(text(&saved(&env), "client_id"), CLIENT);
}

#[test]
fn an_issuer_that_is_no_address_is_named_and_its_password_is_not() {
    let env = TestEnv::new();
    for (issuer, words) in [
        (
            "foo",
            "Post \"foo/protocol/openid-connect/token\": unsupported protocol scheme \"\"",
        ),
        (
            "http://u:canary-password@127.0.0.1:1/r",
            "Post \"http://***@127.0.0.1:1/r/protocol/openid-connect/token\": dial tcp 127.0.0.1:1: connect: connection refused",
        ),
    ] {
        let output = env
            .acpctl()
            .args(["login", "--client-credentials", "--client-secret", "s"])
            .args(["--issuer-url", issuer])
            .output()
            .unwrap();
        assert_eq!(
            streams(&output).1,
            format!("Error: client-credentials login: POST to token endpoint: {words}\n")
        );
        assert_eq!(output.status.code(), Some(9));
    }
}

// Renewal

#[test]
fn an_expired_login_is_renewed_and_kept() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::new([no_projects()]);
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let output = env.acpctl().args(["project", "list"]).output().unwrap();
    assert_eq!(
        streams(&output),
        ("No projects found\n".to_owned(), String::new())
    );
    let saved = saved(&env);
    let sent = api.received().remove(0);
    assert_eq!(
        sent.header("Authorization").unwrap(),
        format!("Bearer {}", text(&saved, "access_token"))
    );
    assert_ne!(text(&saved, "access_token"), token_until(PAST, "old"));
    assert_eq!(text(&saved, "refresh_token"), "canary-refresh-3");
    assert_eq!(saved["theirs"], json!({"kept": true}));
    let form = issuer.token_requests().remove(0);
    assert_eq!(
        form.keys().collect::<Vec<_>>(),
        ["client_id", "grant_type", "refresh_token"]
    );
}

#[test]
fn a_refresh_token_stays_where_the_answer_has_none() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Forgetful));
    let api = Scripted::new([no_projects()]);
    let refresh = issuer.refresh_token();
    expired(&env, &issuer, &refresh, api.url());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(text(&saved(&env), "refresh_token"), refresh);
}

#[test]
fn a_failed_renewal_is_said_once_and_the_server_decides() {
    for (mood, words, _) in ANSWERS {
        let (env, issuer) = (TestEnv::new(), Issuer::new(*mood));
        let api = Scripted::new([no_projects()]);
        expired(&env, &issuer, "r", api.url());
        let output = env.acpctl().args(["project", "list"]).output().unwrap();
        let words = words.replace("{}", &issuer.url());
        assert_eq!(
            streams(&output).1,
            format!(
                "Warning: the login has expired and could not be renewed ({words}); run 'acpctl login' again\n"
            )
        );
        assert!(output.status.success());
        assert_eq!(issuer.token_requests().len(), 1, "{mood:?}");
        assert_eq!(
            api.received()[0].header("Authorization").unwrap(),
            format!("Bearer {}", token_until(PAST, "old"))
        );
        assert_eq!(text(&saved(&env), "refresh_token"), "r");
    }
}

#[test]
fn a_silent_issuer_holds_nobody_up() {
    let late = |issuer: &Issuer| {
        format!(
            "POST to token endpoint: Post \"{}/protocol/openid-connect/token\": context deadline exceeded",
            issuer.url()
        )
    };
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Silent));
    let api = Scripted::new([no_projects()]);
    expired(&env, &issuer, "r", api.url());
    let run = |args: &[&str]| {
        let limit = ["--request-timeout", "300ms"];
        env.acpctl().args(args).args(limit).output().unwrap()
    };
    let output = run(&["project", "list"]);
    assert!(output.status.success());
    let said = format!(
        "Warning: the login has expired and could not be renewed ({});",
        late(&issuer)
    );
    assert!(
        streams(&output).1.starts_with(&said),
        "{}",
        streams(&output).1
    );
    let url = issuer.url();
    let output = run(&[
        "login",
        "--client-credentials",
        "--client-secret",
        "s",
        "--issuer-url",
        &url,
    ]);
    assert_eq!(output.status.code(), Some(9));
    assert_eq!(
        streams(&output).1,
        format!("Error: client-credentials login: {}\n", late(&issuer))
    );
    let output = run(&["logout"]);
    assert!(output.status.success());
    assert_eq!(saved(&env)["refresh_token"], Value::Null);
}

#[test]
fn a_renewed_token_that_has_expired_already_is_not_renewed_again() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Stale));
    let api = Scripted::new([no_projects()]);
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    env.acpctl().args(["project", "list"]).assert().success();
    assert_eq!(issuer.token_requests().len(), 1);
}

#[test]
fn nothing_is_renewed_without_need() {
    let issuer = Issuer::new(Mood::Good);
    let api = Scripted::with(|_| no_projects());
    let run = |env: &TestEnv, args: &[&str]| {
        env.acpctl().args(args).output().unwrap();
        assert!(issuer.received().is_empty(), "{args:?}");
    };
    let env = TestEnv::new();
    expired(&env, &issuer, "r", api.url());
    for args in [
        &["whoami"][..],
        &["version"],
        &["config", "get", "project"],
        &["config", "view"],
        &["project", "current"],
        &["--help"],
    ] {
        run(&env, args);
    }
    env.acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .args(["project", "list"])
        .assert()
        .success();
    assert!(issuer.received().is_empty());
    for missing in ["refresh_token", "issuer_url", "client_id"] {
        let env = TestEnv::new();
        expired(&env, &issuer, "r", api.url());
        let mut config = saved(&env);
        config.as_object_mut().unwrap().remove(missing);
        env.config(&config.to_string());
        run(&env, &["project", "list"]);
    }
    let env = TestEnv::new();
    expired(&env, &issuer, "r", api.url());
    let mut config = saved(&env);
    config["access_token"] = token_until(FAR, "good").into();
    env.config(&config.to_string());
    run(&env, &["project", "list"]);
}

#[test]
fn fifty_runs_at_once_renew_once() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::with(|_| no_projects());
    expired(&env, &issuer, &issuer.refresh_token(), api.url());
    let children: Vec<Child> = (0..50)
        .map(|_| {
            std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
                .env_clear()
                .envs(env.variables())
                .args(["project", "list"])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert_eq!(
            streams(&output),
            ("No projects found\n".to_owned(), String::new())
        );
    }
    // The issuer takes a refresh token once: a second request would have failed.
    assert_eq!(issuer.token_requests().len(), 1);
    let saved = saved(&env);
    assert_eq!(text(&saved, "refresh_token"), "canary-refresh-3");
    assert_eq!(saved["theirs"], json!({"kept": true}));
    let renewed = format!("Bearer {}", text(&saved, "access_token"));
    let sent = api.received();
    assert_eq!(sent.len(), 50);
    assert!(
        sent.iter()
            .all(|request| request.header("Authorization") == Some(renewed.as_str()))
    );
    let left: Vec<_> = fs::read_dir(env.config_path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| name == "config.json" || name == ".config.json.lock"),
        "nothing is left beside the file: {left:?}"
    );
}

#[test]
fn parallel_changes_lose_nothing() {
    let env = TestEnv::new();
    env.config(r#"{"theirs": 1}"#);
    let runs = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
            .env_clear()
            .envs(env.variables())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children = Vec::new();
    for _ in 0..5 {
        children.push(runs(&["config", "set", "project", "p1"]));
        children.push(runs(&["config", "set", "api_url", "https://api.corp.test"]));
        children.push(runs(&["config", "set", "pager", "less"]));
        children.push(runs(&["login", "--token", TOKEN]));
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        saved(&env),
        json!({"api_url": "https://api.corp.test", "access_token": TOKEN, "project": "p1", "pager": "less", "theirs": 1})
    );
}

// Logging out

#[test]
fn logout_wipes_every_token_and_revokes_at_the_issuer() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let refresh = issuer.refresh_token();
    expired(&env, &issuer, &refresh, "https://api.corp.test");
    let output = env.acpctl().arg("logout").output().unwrap();
    assert_eq!(
        streams(&output),
        ("Logged out successfully.\n".to_owned(), String::new())
    );
    assert_eq!(
        saved(&env),
        json!({"api_url": "https://api.corp.test", "project": "p1", "theirs": {"kept": true}})
    );
    assert_eq!(issuer.revoked(), [refresh]);
    env.acpctl().arg("logout").assert().success();
}

#[test]
fn logout_needs_no_issuer() {
    for issuer in [Issuer::without_revocation(), Issuer::new(Mood::Good)] {
        let env = TestEnv::new();
        expired(&env, &issuer, "r", "https://api.corp.test");
        if issuer.revoked().is_empty() {
            drop(issuer);
        }
        env.acpctl()
            .arg("logout")
            .assert()
            .success()
            .stdout("Logged out successfully.\n")
            .stderr("");
        assert_eq!(saved(&env)["refresh_token"], Value::Null);
    }
}

#[test]
fn a_token_is_revoked_at_the_issuer_itself_only() {
    let elsewhere = Scripted::with(|_| answer(200, &json!({})));
    let place = format!("{}/take", elsewhere.url());
    let liar = Scripted::with(move |_| answer(200, &json!({"revocation_endpoint": place})));
    let env = TestEnv::new();
    env.config(
        &json!({"access_token": "a", "refresh_token": "canary-refresh", "issuer_url": liar.url(), "client_id": "c"})
            .to_string(),
    );
    env.acpctl().arg("logout").assert().success();
    assert_eq!(liar.received().len(), 1);
    assert!(elsewhere.received().is_empty());
}

#[test]
fn a_variable_that_keeps_one_logged_in_is_named() {
    let env = TestEnv::new();
    env.acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .arg("logout")
        .assert()
        .success()
        .stderr("Warning: AMBIENT_TOKEN is set and stays in force\n");
}

// whoami, version, config, project

#[test]
fn whoami_reads_the_token_and_asks_nobody() {
    let env = TestEnv::new();
    let token = jwt(&json!({"sub": "alice", "email": "alice@corp.test", "exp": 4_102_444_800.9}));
    env.config(&json!({"access_token": token, "project": "p1"}).to_string());
    env.acpctl().arg("whoami").assert().success().stdout(
        "User:       alice\nEmail:      alice@corp.test\nExpires:    2100-01-01T00:00:00Z\nAPI URL:    http://localhost:8000\nProject:    p1\n",
    );
    env.acpctl()
        .args(["whoami", "-t"])
        .assert()
        .success()
        .stdout(token.clone());
    let output = env
        .acpctl()
        .args(["whoami", "-o", "json"])
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["user"], "alice");
    assert!(!streams(&output).0.contains(&token));
    let output = TestEnv::new().acpctl().arg("whoami").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn version_tells_both_sides_and_never_fails() {
    let env = TestEnv::new();
    let server = Scripted::new([answer(
        200,
        &json!({"version": "v1.2.3", "git_tag": "v1.2.3-rc1", "build_time": "2026-01-02T03:04:05Z"}),
    )]);
    let output = env.connected(server.url()).arg("version").output().unwrap();
    let stdout = streams(&output).0;
    assert!(stdout.starts_with("Client: "), "{stdout}");
    assert!(
        stdout.ends_with("\nServer: v1.2.3 (tag: v1.2.3-rc1, built: 2026-01-02T03:04:05Z)\n"),
        "{stdout}"
    );
    assert_eq!(
        server.received()[0].header("Authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );

    let output = env
        .connected(server.url())
        .args(["version", "--client"])
        .output()
        .unwrap();
    assert_eq!(streams(&output).0.lines().count(), 1);
    assert_eq!(server.received().len(), 1);

    for (url, words) in [
        (
            "http://127.0.0.1:1",
            "HTTP request failed: Get \"http://127.0.0.1:1/api/ambient/v1/version\": dial tcp 127.0.0.1:1: connect: connection refused",
        ),
        (
            "foo",
            "HTTP request failed: Get \"foo/api/ambient/v1/version\": unsupported protocol scheme \"\"",
        ),
        (
            "http://h:x/",
            "create request: parse \"http://h:x/api/ambient/v1/version\": invalid port \":x\" after host",
        ),
    ] {
        let output = env
            .acpctl()
            .args(["version", "--api-url", url])
            .output()
            .unwrap();
        assert!(output.status.success());
        assert!(
            streams(&output)
                .0
                .ends_with(&format!("\nServer: unavailable ({words})\n")),
            "{}",
            streams(&output).0
        );
    }
}

#[test]
fn config_view_tells_origins_and_no_secrets() {
    let env = TestEnv::new();
    env.config(&json!({"access_token": TOKEN, "api_url": "https://api.corp.test"}).to_string());
    let output = env
        .acpctl()
        .env("AMBIENT_PROJECT", "p2")
        .args([
            "config",
            "view",
            "--origin",
            "-o",
            "json",
            "--request-timeout",
            "5s",
        ])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN));
    let value: Value = serde_json::from_str(&stdout).unwrap();
    for (key, shown, origin) in [
        ("api_url", "https://api.corp.test", "file"),
        ("access_token", "[REDACTED]", "file"),
        ("project", "p2", "environment"),
        ("request_timeout", "5s", "flag"),
        ("polling_interval", "2s", "default"),
    ] {
        assert_eq!(
            value[key],
            json!({"value": shown, "origin": origin}),
            "{key}"
        );
    }
    env.acpctl()
        .args(["config", "path"])
        .assert()
        .success()
        .stdout(format!("{}\n", env.config_path().display()));
}

#[test]
fn project_is_a_name_or_a_verb() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| answer(200, &json!({"id": "1", "name": "other"})));
    env.connected(server.url())
        .args(["project", "p2"])
        .assert()
        .success()
        .stdout("Switched to project \"p2\"\n");
    env.connected(server.url())
        .args(["project", "--", "list"])
        .assert()
        .success()
        .stdout("Switched to project \"list\"\n");
    assert_eq!(server.lines(), ["GET /projects/p2", "GET /projects/list"]);
    assert_eq!(text(&saved(&env), "project"), "list");
    for args in [&["project"][..], &["project", "current"]] {
        env.acpctl()
            .args(args)
            .assert()
            .success()
            .stdout("Current project: list\n");
    }
    let output = env
        .connected(server.url())
        .args(["project", "set", "Bad_Name"])
        .output()
        .unwrap();
    assert!(
        streams(&output)
            .1
            .starts_with("Error: invalid project name: ")
    );
    assert_eq!(server.lines().len(), 2);
}

// Secrets

#[test]
fn no_token_is_said_aloud_whatever_is_asked_for() {
    let (env, issuer) = (TestEnv::new(), Issuer::new(Mood::Good));
    let api = Scripted::with(|_| no_projects());
    let canaries = |output: &Output| {
        let (stdout, stderr) = streams(output);
        let all = format!("{stdout}{stderr}");
        assert!(!all.contains("canary-"), "{all}");
        // A JWT begins with its header.
        assert!(!all.contains("eyJ"), "{all}");
    };
    for flag in ["-v", "--trace", "--print-curl"] {
        expired(&env, &issuer, &issuer.refresh_token(), api.url());
        for args in [
            &["project", "list"][..],
            &["login", "--token", TOKEN],
            &["whoami"],
            &["config", "view", "--origin"],
            &["logout"],
        ] {
            canaries(&env.acpctl().args(args).arg(flag).output().unwrap());
        }
        let output = service_account_with(&env, &issuer, CLIENT_SECRET, &[flag]);
        canaries(&output);
        if flag != "--print-curl" {
            let url = format!("{}/protocol/openid-connect/token", issuer.url());
            let stderr = streams(&output).1;
            assert!(
                stderr.starts_with(&format!("> POST {url}\n< 200 ")),
                "{stderr}"
            );
        }
        let failing = Issuer::new(Mood::Refusing);
        expired(&env, &failing, "canary-refresh", api.url());
        canaries(
            &env.acpctl()
                .args(["project", "list", flag])
                .output()
                .unwrap(),
        );
        canaries(&service_account(&env, &failing, CLIENT_SECRET));
    }
}
