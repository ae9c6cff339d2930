//! The Go program of `tests/oracle`: built once, asked many times.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::Case;

/// What the oracle says of a case.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Gate that refuses; empty if none does.
    pub stage: String,
    #[serde(default)]
    pub why: String,
    #[serde(default)]
    pub late: bool,
    #[serde(default)]
    pub falls_back: bool,
    #[serde(default)]
    pub cut: String,
}

pub struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Builds the program from what is on this machine, or says what is missing.
    pub fn build() -> Result<PathBuf, &'static str> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
        let go = |arguments: &[&str]| {
            let mut command = Command::new("go");
            command.args(arguments).current_dir(&source);
            command
                .env("GOPROXY", "off")
                .env("GOTOOLCHAIN", "local")
                .env("GOFLAGS", "-mod=readonly -buildvcs=false");
            command.output()
        };
        let Ok(listed) = go(&["list", "-deps", "."]) else {
            return Err("Go is not installed");
        };
        if !listed.status.success() {
            return Err(
                "Go is too old, or its module cache is empty: (cd tests/oracle && go mod download)",
            );
        }
        let built = go(&["build", "-o", program.to_str().unwrap(), "."]).unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        Ok(program)
    }

    pub fn start(program: &Path, folder: &Path) -> Self {
        let mut child = Command::new(program)
            .arg(folder)
            .env_clear()
            .env("HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub fn ask(&mut self, questions: &[Case]) {
        for case in questions {
            let mut line = serde_json::to_vec(&case.question()).unwrap();
            line.push(b'\n');
            self.input.write_all(&line).unwrap();
        }
        self.input.flush().unwrap();
    }

    pub fn answer(&mut self) -> Answer {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
