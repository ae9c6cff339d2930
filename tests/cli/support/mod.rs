//! What every test starts from: a cleaned environment and a server that follows a script.

pub mod apiserver;
pub mod browser;
pub mod cluster;
pub mod mounts;
pub mod oidc;
pub mod picture;
pub mod platform;
pub mod process;
pub mod proxy;
pub mod pty;
pub mod run;
pub mod schema;
pub mod serve;
pub mod server;
pub mod signals;
pub mod snapshot;
pub mod states;
pub mod tls;
pub mod webdriver;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A token as long as the client asks for.
pub const TOKEN: &str = "sha256~canary-token-0123456789";

/// An id as the platform makes them.
pub const ID: &str = "3MX85aKNFVYjNaWSBgG3UcSclTU";

/// The kubeconfig of the README: a context that is stored, and another one that stays at home.
pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/kubeconfig.yaml");

/// Its text.
pub fn sample() -> String {
    fs::read_to_string(SAMPLE).unwrap()
}

/// A home directory of its own, and an environment with nothing else in it.
pub struct TestEnv {
    home: TempDir,
}

impl TestEnv {
    pub fn new() -> Self {
        signals::reset();
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join("work")).unwrap();
        Self { home }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The working directory of the commands.
    pub fn work(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// A path in the working directory, with this content.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The configuration file's path.
    pub fn config_path(&self) -> PathBuf {
        self.home.path().join(".config/ambient/config.json")
    }

    /// Writes the configuration file.
    pub fn config(&self, text: &str) {
        fs::create_dir_all(self.config_path().parent().unwrap()).unwrap();
        fs::write(self.config_path(), text).unwrap();
    }

    /// What the configuration file holds.
    pub fn saved(&self) -> Value {
        serde_json::from_slice(&fs::read(self.config_path()).unwrap()).unwrap()
    }

    /// The program, in this environment.
    pub fn acpctl(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
        command.env_clear().current_dir(self.work());
        for (key, value) in self.variables() {
            command.env(key, value);
        }
        command.timeout(std::time::Duration::from_secs(60));
        command
    }

    /// The same with a server and a token.
    pub fn connected(&self, url: &str) -> Command {
        let mut command = self.acpctl();
        command
            .env("AMBIENT_API_URL", url)
            .env("AMBIENT_TOKEN", TOKEN);
        command
    }

    /// The same on the embedded API, its key in a file.
    pub fn local(&self) -> Command {
        let mut command = self.acpctl();
        command.arg("--local");
        command
    }

    /// The variables of the cleaned environment, for children that are started in another way.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        vec![
            ("PATH", path),
            ("HOME", self.home.path().to_string_lossy().into_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("AMBIENT_LOCAL_KEYRING", "off".to_owned()),
        ]
    }
}

/// Both streams of a finished run as text.
pub fn streams(output: &std::process::Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Says, past the capture of the test harness, that a test could not run here.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
