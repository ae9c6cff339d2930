//! `acpctl serve` as a child, on the store of an environment.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::TestEnv;

/// How long anything here may take.
pub const LIMIT: Duration = Duration::from_secs(60);

pub struct Serve {
    child: Child,
    pub url: String,
    /// What it writes to standard error.
    pub log: PathBuf,
}

impl Serve {
    /// Starts it on a free port, open to everybody unless a token is named, and waits until it listens. Its runtime
    /// folder is `run` in the home.
    pub fn start(env: &TestEnv, args: &[&str]) -> Self {
        let open: &[&str] = if args.contains(&"--token-file") {
            &[]
        } else {
            &["--no-token"]
        };
        Self::closed(env, &[open, args].concat())
    }

    /// The same with a token that it makes, unless the flags say otherwise.
    pub fn closed(env: &TestEnv, args: &[&str]) -> Self {
        Self::spawn(env, Command::new(env!("CARGO_BIN_EXE_acpctl")), args)
    }

    /// Open to everybody, with so many file descriptors.
    pub fn with_descriptors(env: &TestEnv, count: usize) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {count}; exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_acpctl"));
        Self::spawn(env, command, &["--no-token"])
    }

    fn spawn(env: &TestEnv, mut command: Command, args: &[&str]) -> Self {
        let run = env.home().join("run");
        std::fs::create_dir_all(&run).unwrap();
        let log = env.home().join("serve.log");
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .env_clear()
            .envs(env.variables())
            .env("XDG_RUNTIME_DIR", run)
            .current_dir(env.work())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said = || std::fs::read_to_string(&log).unwrap();
        let url = line
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("{}", said()));
        Self {
            url: url.to_owned(),
            child,
            log,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to end, and gives its status and what it wrote to standard error.
    pub fn stop(mut self) -> (ExitStatus, String) {
        self.signal(Signal::TERM);
        let status = self.wait();
        (status, std::fs::read_to_string(&self.log).unwrap())
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        wait_for("the server's end", || self.child.try_wait().unwrap())
    }

    /// Sends a request below the API's base and gives status and body.
    pub fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let head = format!(
            "{method} /api/ambient/v1{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let is_chunked = head.contains("transfer-encoding: chunked");
        (
            status,
            if is_chunked {
                joined(body)
            } else {
                body.to_owned()
            },
        )
    }

    /// The same for JSON.
    pub fn json(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, body) = self.request(method, path, body);
        assert!((200..300).contains(&status), "{status} {body}");
        serde_json::from_str(&body).unwrap()
    }
}

/// The chunks of a body as one.
fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until there is something, for as long as a test may wait.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
