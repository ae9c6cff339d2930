//! Runs an MCP server as a child, and talks to it over its standard streams: one JSON-RPC message per line.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::system::process::Group;
use crate::version::VERSION;

/// The longest message that is read, in bytes.
const MAX_LINE: u64 = 16 << 20;
/// The most that is kept of the server's standard error, in bytes.
const MAX_STDERR: usize = 64 << 10;
/// The most pages of tools that are read.
const MAX_PAGES: usize = 100;
/// The time that a server gets to end.
const END_LIMIT: Duration = Duration::from_secs(5);
/// A version of the protocol that every known version of the server supports (docs/interface/runner.md section 9.3).
const PROTOCOL: &str = "2025-06-18";

/// The reason why a request has no result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum McpFault {
    /// The server ended with this error message.
    Failed(String),
    /// The server ended. The text is a line of its standard error, or empty.
    Ended(String),
    /// No answer in time.
    Silent(Duration),
    /// The server answered with an error.
    Refused(String),
}

/// A running server. Dropping it kills the server and all processes that it started.
pub(crate) struct McpServer {
    // The first field is dropped first.
    group: Group,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    listening: tokio::task::JoinHandle<()>,
    last_id: u32,
}

impl McpServer {
    /// Starts the command in its own process group, with `/` as its working folder, so that a relative path which works
    /// only by chance fails.
    ///
    /// # Errors
    /// The command can't be started.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        Group::prepare(&mut command);
        let mut child = command
            .current_dir(Path::new("/"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let group = Group::of(&child);
        let (Some(stdin), Some(stdout), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("the server has no streams"));
        };
        let stderr = Arc::default();
        let listening = tokio::spawn(listen(errors, Arc::clone(&stderr)));
        Ok(Self {
            group,
            child,
            stdin: Some(stdin),
            stdout: BufReader::new(stdout),
            stderr,
            listening,
            last_id: 0,
        })
    }

    /// Performs the handshake, and returns the server's name and version.
    ///
    /// # Errors
    /// The handshake failed.
    pub(crate) async fn initialize(&mut self, limit: Duration) -> Result<String, McpFault> {
        let client = json!({"name": "acpctl", "version": VERSION});
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

    /// Returns the names of the tools, from all pages of the list.
    ///
    /// # Errors
    /// The request failed, or the list has too many pages.
    pub(crate) async fn tools(&mut self, limit: Duration) -> Result<Vec<String>, McpFault> {
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
        Err(McpFault::Refused(format!(
            "the list of tools does not end: {MAX_PAGES} pages were read"
        )))
    }

    /// Calls a tool and returns its text.
    ///
    /// # Errors
    /// [`McpFault::Refused`] with the text, if the result is marked as an error.
    pub(crate) async fn call(
        &mut self,
        tool: &str,
        arguments: Value,
        limit: Duration,
    ) -> Result<String, McpFault> {
        let params = json!({"name": tool, "arguments": arguments});
        let result = self.request("tools/call", params, limit).await?;
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        if result["isError"] == true {
            return Err(McpFault::Refused(text.to_owned()));
        }
        Ok(text.to_owned())
    }

    async fn request(
        &mut self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, McpFault> {
        self.last_id += 1;
        let id = self.last_id;
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let exchange = async {
            self.send(&message).await?;
            self.answer(id).await
        };
        match timeout(limit, exchange).await {
            Err(_) => Err(McpFault::Silent(limit)),
            Ok(Err(_)) => Err(self.ended_for_good().await),
            Ok(Ok(answer)) => match answer.get("error") {
                Some(error) => Err(McpFault::Refused(
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

    /// Reads up to the answer with this id. Lines that are not messages are skipped: some versions of the server report
    /// downloads there.
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

    /// Returns the fault of a server that closed its output. The rest of its standard error comes soon, so this waits
    /// for it.
    async fn ended_for_good(&mut self) -> McpFault {
        let _ = timeout(END_LIMIT, &mut self.listening).await;
        self.ended()
    }

    fn ended(&self) -> McpFault {
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&stderr);
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        if let Some(error) = lines().find_map(|line| line.strip_prefix("Error:")) {
            return McpFault::Failed(error.trim().to_owned());
        }
        // Package runners print the error first, and the path of their log last.
        let line = lines()
            .find(|line| line.to_lowercase().contains("error"))
            .or_else(|| lines().next_back());
        McpFault::Ended(line.unwrap_or_default().to_owned())
    }

    /// Ends the server: closes its input, waits, and kills the rest of its process group.
    pub(crate) async fn stop(mut self) {
        drop(self.stdin.take());
        let _ = timeout(END_LIMIT, self.child.wait()).await;
        self.group.kill();
        let _ = timeout(END_LIMIT, self.child.wait()).await;
    }
}

impl Drop for McpServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Keeps the beginning of standard error and discards the rest, so that the server never blocks.
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
