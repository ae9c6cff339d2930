//! An MCP server as a child, spoken to over its standard streams: one JSON-RPC message a line.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// The longest message that is read, in bytes.
const MAX_LINE: u64 = 16 << 20;
/// How much of what the server says on standard error is kept, in bytes.
const MAX_STDERR: usize = 64 << 10;
/// How many pages of tools are read.
const MAX_PAGES: usize = 100;
/// How long a server may take to end by itself.
const END_LIMIT: Duration = Duration::from_secs(5);
/// A version of the protocol that every known version of the server echoes (contract runner.md section 9.3).
const PROTOCOL: &str = "2025-06-18";

/// Why a request has no result.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server ended with an error in its own words.
    Failed(String),
    /// The server ended; with a line of what it said on standard error, or nothing.
    Ended(String),
    /// No answer in time.
    Silent(Duration),
    /// An answer that says no.
    Refused(String),
}

/// A running server; dropping it kills it and all that it started.
pub struct Server {
    child: Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    listening: tokio::task::JoinHandle<()>,
    last_id: u32,
}

impl Server {
    /// Starts the command in a process group of its own, with `/` as its folder: a relative path
    /// that only works by luck then fails.
    ///
    /// # Errors
    /// Why it can't be started.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command
            .current_dir(Path::new("/"))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        let (Some(stdin), Some(stdout), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the server has no streams"));
        };
        let stderr = Arc::default();
        let listening = tokio::spawn(listen(errors, Arc::clone(&stderr)));
        Ok(Self {
            child,
            group,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            stderr,
            listening,
            last_id: 0,
        })
    }

    /// The handshake; gives the server's name and version.
    ///
    /// # Errors
    /// Why there was none.
    pub async fn initialize(&mut self, limit: Duration) -> Result<String, Fault> {
        let client = json!({"name": "acpctl", "version": env!("CARGO_PKG_VERSION")});
        let params = json!({"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": client});
        let result = self.request("initialize", params, limit).await?;
        let message = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        self.send(&message).await.map_err(|_| self.ended())?;
        let text = |name: &str| {
            result["serverInfo"][name]
                .as_str()
                .unwrap_or("?")
                .to_owned()
        };
        Ok(format!("{} {}", text("name"), text("version")))
    }

    /// The names of the tools, from all pages of the list.
    ///
    /// # Errors
    /// Why there is no list, or that it never ends.
    pub async fn tools(&mut self, limit: Duration) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        let mut params = json!({});
        for _ in 0..MAX_PAGES {
            let result = self.request("tools/list", params, limit).await?;
            let tools = result["tools"].as_array().map_or(&[][..], Vec::as_slice);
            let named = tools.iter().filter_map(|tool| tool["name"].as_str());
            names.extend(named.map(str::to_owned));
            match result["nextCursor"].as_str() {
                Some(cursor) if !cursor.is_empty() => params = json!({"cursor": cursor}),
                _ => return Ok(names),
            }
        }
        Err(Fault::Refused(format!(
            "the list of tools has no end: {MAX_PAGES} pages were read"
        )))
    }

    /// Calls a tool and gives its text.
    ///
    /// # Errors
    /// [`Fault::Refused`] with the text of a result that says it is an error.
    pub async fn call(
        &mut self,
        tool: &str,
        arguments: Value,
        limit: Duration,
    ) -> Result<String, Fault> {
        let params = json!({"name": tool, "arguments": arguments});
        let result = self.request("tools/call", params, limit).await?;
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        if result["isError"] == true {
            return Err(Fault::Refused(text.to_owned()));
        }
        Ok(text.to_owned())
    }

    async fn request(
        &mut self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, Fault> {
        self.last_id += 1;
        let id = self.last_id;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let exchange = async {
            self.send(&message).await?;
            self.answer(id).await
        };
        match timeout(limit, exchange).await {
            Err(_) => Err(Fault::Silent(limit)),
            Ok(Err(_)) => Err(self.ended_for_good().await),
            Ok(Ok(answer)) => match answer.get("error") {
                Some(error) => Err(Fault::Refused(
                    error["message"].as_str().unwrap_or("an error").to_owned(),
                )),
                None => Ok(answer["result"].clone()),
            },
        }
    }

    async fn send(&mut self, message: &Value) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        stdin.write_all(format!("{message}\n").as_bytes()).await?;
        stdin.flush().await
    }

    /// Reads up to the answer with this id. What is no message is passed over: some versions say there
    /// that they download something.
    async fn answer(&mut self, id: u32) -> io::Result<Value> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.stdout)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Ok(message) = serde_json::from_slice::<Value>(&line)
                && message["id"] == id
                && message.get("method").is_none()
            {
                return Ok(message);
            }
        }
    }

    /// The stream is closed, so that the rest of standard error is about to come.
    async fn ended_for_good(&mut self) -> Fault {
        let _ = timeout(END_LIMIT, &mut self.listening).await;
        self.ended()
    }

    fn ended(&self) -> Fault {
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&stderr);
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        if let Some(error) = lines().find_map(|line| line.strip_prefix("Error:")) {
            return Fault::Failed(error.trim().to_owned());
        }
        // Package runners say first what is wrong, and last where their log is.
        let line = lines()
            .find(|line| line.to_lowercase().contains("error"))
            .or_else(|| lines().next_back());
        Fault::Ended(line.unwrap_or_default().to_owned())
    }

    /// Ends the server: closes its input, waits, and kills what is left of its group.
    pub async fn stop(mut self) {
        drop(self.stdin.take());
        let _ = timeout(END_LIMIT, self.child.wait()).await;
        self.kill_group();
        let _ = timeout(END_LIMIT, self.child.wait()).await;
    }

    fn kill_group(&self) {
        if let Some(group) = self.group {
            // Nobody left is the usual case.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_group();
        self.listening.abort();
    }
}

/// Keeps the beginning of what is said, and lets the rest go by so that the server never blocks.
async fn listen(mut errors: ChildStderr, kept: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok(read) = errors.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MAX_STDERR.saturating_sub(kept.len()).min(read);
        kept.extend(buffer.iter().take(room));
    }
}
