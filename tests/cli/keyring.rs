//! The keyring: one that works, one that is missing, one that is locked, one that never answers.
//!
//! The secret service is gnome-keyring on a session bus of its own, where both are installed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::Waiting;
use crate::support::browser::{agree, visit};
use crate::support::oidc::{Issuer, Mood};
use crate::support::server::{Scripted, json as answer};
use crate::support::{TOKEN, TestEnv, skipped, streams};

/// How long a service may take to start. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
const LATE: &str = "the keyring did not answer within 2 seconds";

fn saved(env: &TestEnv) -> Value {
    serde_json::from_slice(&fs::read(env.config_path()).unwrap()).unwrap()
}

/// A child that ends with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A session bus that starts nothing by itself.
struct Bus {
    address: String,
    _daemon: Service,
}

impl Bus {
    fn start(env: &TestEnv) -> Option<Self> {
        let config = env.file(
            "bus.conf",
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
                <busconfig><type>session</type><listen>unix:dir={}</listen>
                <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#,
                env.work().display()
            ),
        );
        let started = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut daemon) = started else {
            skipped("no dbus-daemon here");
            return None;
        };
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Some(Self {
            address: address.trim().to_owned(),
            _daemon: Service(daemon),
        })
    }

    /// Starts gnome-keyring on this bus and waits until it is there. With a password its keyring is
    /// unlocked, or made.
    fn keyring(&self, env: &TestEnv, password: Option<&str>) -> Option<Service> {
        let mut command = Command::new("gnome-keyring-daemon");
        command
            .env_clear()
            .envs(env.variables())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("XDG_RUNTIME_DIR", env.work())
            .args(["--foreground", "--components=secrets"])
            .arg(format!("--control-directory={}", env.work().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if password.is_some() {
            command.arg("--unlock");
        }
        let Ok(mut daemon) = command.spawn() else {
            skipped("no gnome-keyring-daemon here");
            return None;
        };
        let mut stdin = daemon.stdin.take().unwrap();
        stdin
            .write_all(password.unwrap_or_default().as_bytes())
            .unwrap();
        drop(stdin);
        let daemon = Service(daemon);
        let deadline = Instant::now() + PATIENCE;
        while !self.has_secret_service() {
            assert!(Instant::now() < deadline, "the secret service never came");
            thread::sleep(Duration::from_millis(20));
        }
        Some(daemon)
    }

    fn has_secret_service(&self) -> bool {
        let output = Command::new("dbus-send")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
            ])
            .args([
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ])
            .output()
            .unwrap();
        streams(&output).0.contains("boolean true")
    }
}

fn run(env: &TestEnv, bus: &str, args: &[&str]) -> Output {
    env.acpctl()
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .args(args)
        .output()
        .unwrap()
}

/// What a run says on standard error; it has to succeed.
fn said(env: &TestEnv, bus: &str, args: &[&str]) -> String {
    let output = run(env, bus, args);
    let (_, stderr) = streams(&output);
    assert!(output.status.success(), "{args:?}: {stderr}");
    // There is no server in these tests.
    let unanswered =
        |line: &&str| line.starts_with("Warning: saved, but the server did not answer");
    let lines = stderr.split_inclusive('\n');
    lines.filter(|line| !unanswered(line)).collect()
}

#[test]
fn a_keyring_that_answers_takes_the_login() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    let bus = bus.address.as_str();
    let in_keyring = "The login is in the system's keyring\n";
    let who = |token: &str| {
        let output = run(&env, bus, &["whoami", "-t"]);
        assert_eq!(streams(&output), (token.to_owned(), String::new()));
    };

    assert_eq!(
        said(&env, bus, &["login", "--token", TOKEN, "--project", "p1"]),
        in_keyring
    );
    assert_eq!(
        saved(&env),
        json!({"project": "p1", "token_store": "keyring"})
    );
    who(TOKEN);
    let output = run(&env, bus, &["config", "get", "access_token"]);
    assert_eq!(streams(&output).0, "[REDACTED]\n");

    // The choice holds for the logins to come, and is said when it changes.
    let other = "sha256~canary-other-0123456789";
    assert_eq!(said(&env, bus, &["login", "--token", other]), "");
    who(other);
    assert_eq!(
        said(&env, bus, &["login", "--token", TOKEN, "--store", "file"]),
        "The login is in the configuration file, mode 0600\n"
    );
    assert_eq!(
        saved(&env),
        json!({"access_token": TOKEN, "project": "p1", "token_store": "file"})
    );
    // Nothing stays behind in the keyring.
    env.config(r#"{"token_store": "keyring"}"#);
    assert_eq!(run(&env, bus, &["whoami"]).status.code(), Some(4));

    assert_eq!(
        said(
            &env,
            bus,
            &["login", "--token", TOKEN, "--store", "keyring"]
        ),
        in_keyring
    );
    said(&env, bus, &["logout"]);
    assert_eq!(saved(&env), json!({}));
    env.config(r#"{"token_store": "keyring"}"#);
    let output = run(&env, bus, &["whoami"]);
    let stderr = streams(&output).1;
    assert!(
        stderr.starts_with("Error: not logged in; run 'acpctl login' first\n"),
        "{stderr}"
    );
}

#[test]
fn a_login_in_the_keyring_is_renewed_there() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    let issuer = Issuer::new(Mood::Stale);
    let api = Scripted::with(|_| {
        answer(
            200,
            &json!({"kind": "ProjectList", "page": 1, "size": 0, "total": 0, "items": []}),
        )
    });
    let on_bus = [("DBUS_SESSION_BUS_ADDRESS", bus.address.as_str())];
    let login = Waiting::start(&env, &issuer, &[], &on_bus);
    visit(&agree(&login.authorization));
    assert!(login.end().status.success());
    let token = || streams(&run(&env, &bus.address, &["whoami", "-t"])).0;
    let stale = token();
    assert!(!stale.is_empty());

    issuer.change(Mood::Good);
    let list = ["project", "list", "--send-login", "--api-url", api.url()];
    assert_eq!(said(&env, &bus.address, &list), "");
    assert_eq!(said(&env, &bus.address, &list), "");
    assert_eq!(issuer.token_requests().len(), 2, "one login, one renewal");
    let renewed = token();
    assert_ne!(renewed, stale);
    for request in api.received() {
        assert_eq!(
            request.header("Authorization"),
            Some(format!("Bearer {renewed}").as_str())
        );
    }
    let file = fs::read_to_string(env.config_path()).unwrap();
    assert!(!file.contains("canary") && !file.contains("eyJ"), "{file}");
}

#[test]
fn without_a_secret_service_the_file_is_used_and_it_is_said() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let stderr = said(&env, &bus.address, &["login", "--token", TOKEN]);
    assert!(
        stderr
            .starts_with("The login is in the configuration file, mode 0600: no keyring took it ("),
        "{stderr}"
    );
    assert_eq!(saved(&env), json!({"access_token": TOKEN}));
    // Asked for by name, it is an error, and the file stays as it was.
    let output = run(
        &env,
        &bus.address,
        &["login", "--token", "other", "--store", "keyring"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(streams(&output).1.starts_with("Error: keep the login: "));
    assert_eq!(saved(&env), json!({"access_token": TOKEN}));
}

#[test]
fn a_locked_keyring_is_an_error_in_time() {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else { return };
    let Some(keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    said(&env, &bus.address, &["login", "--token", TOKEN]);
    drop(keyring);
    let bus = {
        drop(bus);
        Bus::start(&env).unwrap()
    };
    let Some(_locked) = bus.keyring(&env, None) else {
        return;
    };
    let output = run(&env, &bus.address, &["whoami"]);
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert_eq!(stdout, "");
    assert!(stderr.starts_with("Error: read the login: "), "{stderr}");
    assert_eq!(saved(&env), json!({"token_store": "keyring"}));
}

/// A session bus that takes connections and never says a word.
struct Silent {
    listener: UnixListener,
    address: String,
}

impl Silent {
    fn new(dir: &Path) -> Self {
        let path = dir.join("silent-bus");
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self {
            listener,
            address: format!("unix:path={}", path.display()),
        }
    }

    /// How many connections were made since the last time.
    fn connections(&self) -> usize {
        std::iter::from_fn(|| self.listener.accept().ok()).count()
    }
}

#[test]
fn a_keyring_that_hangs_costs_two_seconds_and_no_login() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    let output = run(
        &env,
        &silent.address,
        &["login", "--token", TOKEN, "--store", "keyring"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        streams(&output).1,
        format!(
            "Error: keep the login: {LATE}\nHint: use --store file to keep it in config.json, mode 0600\n"
        )
    );
    assert!(!env.config_path().exists());

    let stderr = said(&env, &silent.address, &["login", "--token", TOKEN]);
    assert!(
        stderr.starts_with(&format!(
            "The login is in the configuration file, mode 0600: no keyring took it ({LATE})\n"
        )),
        "{stderr}"
    );
    assert_eq!(saved(&env), json!({"access_token": TOKEN}));

    env.config(r#"{"token_store": "keyring"}"#);
    for args in [&["whoami"][..], &["project", "list"]] {
        let output = run(&env, &silent.address, args);
        assert_eq!(output.status.code(), Some(4));
        assert!(
            streams(&output)
                .1
                .starts_with(&format!("Error: read the login: {LATE}\n")),
            "{}",
            streams(&output).1
        );
    }
    // The way out works, and says what is left.
    let stderr = said(
        &env,
        &silent.address,
        &["login", "--token", TOKEN, "--store", "file"],
    );
    assert!(
        stderr.starts_with(&format!(
            "Warning: the login before this one is still in the keyring ({LATE})\n"
        )),
        "{stderr}"
    );
    assert_eq!(saved(&env)["access_token"], TOKEN);
    assert!(silent.connections() > 0);
}

#[test]
fn a_logout_that_can_not_reach_the_keyring_is_an_error_and_can_be_repeated() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    env.config(r#"{"token_store": "keyring", "project": "p1"}"#);
    for _ in 0..2 {
        let output = run(&env, &silent.address, &["logout"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            streams(&output).1.starts_with(&format!(
                "Error: remove the login from the keyring: {LATE}\n"
            )),
            "{}",
            streams(&output).1
        );
        assert_eq!(
            saved(&env),
            json!({"token_store": "keyring", "project": "p1"})
        );
    }
}

#[test]
fn the_keyring_is_left_alone_by_those_who_need_no_token_from_it() {
    let env = TestEnv::new();
    let silent = Silent::new(&env.work());
    let api = Scripted::with(|_| {
        answer(
            200,
            &json!({"kind": "ProjectList", "page": 1, "size": 0, "total": 0, "items": []}),
        )
    });
    env.config(
        &json!({"token_store": "keyring", "api_url": api.url(), "project": "p1"}).to_string(),
    );
    for args in [
        &["--help"][..],
        &["login", "--help"],
        &["version"],
        &["config", "get", "project"],
        &["config", "get", "access_token"],
        &["config", "view", "--origin"],
        &["config", "set", "project", "p1"],
        &["project", "current"],
        &["completion", "bash"],
    ] {
        run(&env, &silent.address, args);
        assert_eq!(silent.connections(), 0, "{args:?}");
    }
    // A token in the environment, or one that somebody wrote into the file.
    let output = env
        .connected(api.url())
        .env("DBUS_SESSION_BUS_ADDRESS", &silent.address)
        .args(["project", "list"])
        .output()
        .unwrap();
    assert!(output.status.success());
    env.config(
        &json!({"token_store": "keyring", "api_url": api.url(), "access_token": TOKEN}).to_string(),
    );
    said(&env, &silent.address, &["project", "list"]);
    said(&env, &silent.address, &["whoami"]);
    assert_eq!(silent.connections(), 0);
}
