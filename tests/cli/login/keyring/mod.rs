//! The keyring: one that works, one that is missing, one that is locked, one that never answers.
//!
//! The secret service is gnome-keyring on a session bus of its own, where both are installed.

mod fails;
mod works;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::login::Waiting;
use crate::support::browser::{agree, visit};
use crate::support::oidc::{Issuer, Mood};
use crate::support::run::Line as _;
use crate::support::{TestEnv, skipped, streams};

/// How long a service may take to start. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

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
            .line("--session --print-reply --dest=org.freedesktop.DBus /")
            .line("org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets")
            .output()
            .unwrap();
        streams(&output).0.contains("boolean true")
    }
}

/// Runs a test with a bus of its own, on which a keyring works; not where the programs for that are missing.
fn with_keyring(test: impl FnOnce(&TestEnv, &str)) {
    let env = TestEnv::new();
    let Some(bus) = Bus::start(&env) else {
        return;
    };
    let Some(_keyring) = bus.keyring(&env, Some("password")) else {
        return;
    };
    test(&env, &bus.address);
}

/// Runs a test whose user has logged in with the browser and keeps the login in the keyring.
fn logged_in(mood: Mood, test: impl FnOnce(&TestEnv, &str, &Issuer)) {
    with_keyring(|env, bus| {
        let issuer = Issuer::new(mood);
        let login = Waiting::start(env, &issuer, &[], &[("DBUS_SESSION_BUS_ADDRESS", bus)]);
        visit(&agree(&login.authorization));
        let output = login.end();
        assert!(output.status.success(), "{}", streams(&output).1);
        test(env, bus, &issuer);
    });
}

fn run(env: &TestEnv, bus: &str, args: &[&str]) -> Output {
    env.acpctl()
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .args(args)
        .output()
        .unwrap()
}

/// A run that can't write a byte into a file, as on a full disk.
fn on_full_disk(env: &TestEnv, bus: &str, args: &[&str]) -> Output {
    Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "bash"])
        .arg(env!("CARGO_BIN_EXE_acpctl"))
        .args(args)
        .env_clear()
        .envs(env.variables())
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
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
