//! Who one is: login in every way, renewal, logout, whoami, version, config, project.

mod browser;
mod device;
mod discovery;
mod file;
mod job;
mod keycloak;
mod keyring;
mod logout;
mod origin;
mod password;
mod renewal;
mod secrecy;
mod service_account;
mod settings;
mod token;
mod whoami;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use url::Url;

use crate::support::TestEnv;
use crate::support::oidc::{CLIENT, Issuer, Mood, PAST, token_until};
use crate::support::pty::Terminal;

fn mode(env: &TestEnv) -> u32 {
    let file = fs::metadata(env.config_path()).unwrap();
    file.permissions().mode() & 0o777
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
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

/// A run that is interrupted once the issuer has been asked for this.
fn interrupted(env: &TestEnv, words: &[&str], issuer: &Issuer, end: &str) -> Output {
    let before = issuer.received().len();
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_acpctl"))
        .env_clear()
        .envs(env.variables())
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let is_asked = || {
        let received = issuer.received().split_off(before);
        received.iter().any(|asked| asked.target.ends_with(end))
    };
    while !is_asked() {
        thread::sleep(Duration::from_millis(10));
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    child.wait_with_output().unwrap()
}

// Logging in with the browser

/// A login that waits for its browser.
pub struct Waiting {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    pub authorization: Url,
    /// Whether it says that a browser is opened.
    pub is_opened: bool,
}

impl Waiting {
    pub fn start(
        env: &TestEnv,
        issuer: &Issuer,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        Self::start_at("https://api.corp.test", env, issuer, more, variables)
    }

    pub fn start_at(
        server: &str,
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
            .args(["login", server, "--use-auth-code"])
            .args(["--issuer-url", &format!("{}/", issuer.url())])
            .args(["--client-id", CLIENT])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut shown = String::new();
        while !shown.ends_with("\n\n") || shown.lines().count() < 4 {
            assert_ne!(stdout.read_line(&mut shown).unwrap(), 0, "{shown}");
        }
        let lines: Vec<&str> = shown.lines().collect();
        let words = &lines[..lines.len() - 3];
        let is_opened = words[0] == "Opening browser for authentication...";
        let wanted: &[&str] = if is_opened {
            &[
                "Opening browser for authentication...",
                "If the browser does not open, visit:",
            ]
        } else {
            &["To log in, open this address in a browser on this machine:"]
        };
        assert_eq!(words, wanted, "{shown}");
        let address = lines[lines.len() - 2].strip_prefix("  ").unwrap();
        let authorization = Url::parse(address).unwrap();
        Self {
            child,
            stdout,
            authorization,
            is_opened,
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

/// A command with this issuer on a terminal without a display, inside a shell that survives Ctrl-C and tells the
/// status.
fn on_terminal(env: &TestEnv, words: &[&str], issuer: &Issuer, size: (u16, u16)) -> Terminal {
    let command = pty_process::blocking::Command::new("sh")
        .args(["-c", "trap : INT; \"$@\"; echo \"status $?\"; read wait"])
        .args(["sh", env!("CARGO_BIN_EXE_acpctl")])
        .args(words)
        .args(["--issuer-url", &issuer.url(), "--client-id", CLIENT])
        .env_clear()
        .envs(env.variables())
        .env("TERM", "xterm")
        .current_dir(env.work());
    Terminal::start(command, size.0, size.1)
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
        Mood::Bound,
        "the issuer's token is of the type \"DPoP\", and acpctl sends only Bearer tokens",
        10,
    ),
    (
        Mood::Closing,
        "POST to token endpoint: Post \"{}/protocol/openid-connect/token\": EOF",
        9,
    ),
];

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
