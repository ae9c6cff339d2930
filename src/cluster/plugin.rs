//! Runs the login program that a kubeconfig names (`users[].user.exec`) once, as Kubernetes' client does, but with a
//! time limit and without a terminal. Its output stays in memory.

use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::fault::{Class, Fault};
use super::tls;
use crate::compat::io_reason::reason;
use crate::kubeconfig::{Access, ClientPair, Plugin};
use crate::system::process::Group;
use crate::text::command::shell_word;
use crate::text::{quote, tokens};
use crate::yaml;

/// The most that is kept of its output, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;
/// The most that is shown of one of its lines on standard error, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// The credentials that the program returns: at least one of the two.
pub(crate) struct Login {
    pub token: Option<SecretString>,
    pub certificate: Option<ClientPair>,
}

/// Runs the program. The caller's `prepare` gets the command before it starts, to remove its own secrets from the
/// environment.
///
/// `heard` gets each line that the program writes to standard error, at once: it may be a request to the user, such as
/// an address to open. The lines may hold secrets of the kubeconfig.
///
/// # Errors
/// A fault of the class login that names the program and quotes its last line on standard error.
pub(crate) async fn run(
    access: &Access,
    plugin: &Plugin,
    limit: Duration,
    prepare: impl FnOnce(&mut Command),
    heard: impl FnMut(&str),
) -> Result<Login, Fault> {
    let program = &plugin.command;
    let fault = |what: &str| {
        Fault::new(
            Class::Login,
            format!("the login program {} {what}", quote(program)),
            by_hand(plugin),
        )
    };
    if plugin.mode == "Always" {
        return Err(fault(
            "requires a terminal (interactiveMode Always), which a session does not have",
        ));
    }
    let mut command = Command::new(program);
    command.args(plugin.args.iter().map(ExposeSecret::expose_secret));
    prepare(&mut command);
    for (name, value) in &plugin.env {
        command.env(name, value.expose_secret());
    }
    command
        .env("KUBERNETES_EXEC_INFO", info(access, plugin).to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Group::prepare(&mut command);
    let child = command.spawn().map_err(|error| {
        let mut fault = fault(&format!("can't be started: {}", reason(&error)));
        fault.hint = match plugin.install_hint.trim() {
            "" => format!("install {program}, or store a kubeconfig with a token instead"),
            hint => hint.to_owned(),
        };
        fault
    })?;
    let mut running = Running::new(child);
    let ended = tokio::time::timeout(limit, running.end(heard)).await;
    let Ok(ended) = ended else {
        return Err(fault(&format!(
            "did not end within {} s{}",
            limit.as_secs(),
            running.heard.says()
        )));
    };
    let status = ended.map_err(|error| fault(&reason(&error)))?;
    if !status.success() {
        let how = match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        return Err(fault(&format!("{how}{}", running.heard.says())));
    }
    read(&running.output, &plugin.api_version).map_err(|why| fault(&why.to_string()))
}

/// Says how to try the program. Its arguments may hold secrets, so they are not repeated.
fn by_hand(plugin: &Plugin) -> String {
    let program = shell_word(&plugin.command);
    if plugin.args.is_empty() {
        return format!("try it by hand: {program}");
    }
    format!(
        "try it by hand: {program}, with the arguments in the kubeconfig (users[].user.exec.args)"
    )
}

/// The running program. Dropping it ends the program and everything that it started.
struct Running {
    // The first field is dropped first.
    _group: Group,
    child: Child,
    output: Zeroizing<Vec<u8>>,
    heard: Heard,
}

/// What the program has written to standard error: the line that it is writing, and the last one that is not empty.
#[derive(Default)]
struct Heard {
    line: Vec<u8>,
    last: String,
}

impl Heard {
    /// Ends the line.
    fn end_line(&mut self) -> &str {
        let line = String::from_utf8_lossy(&self.line).trim().to_owned();
        self.line.clear();
        if !line.is_empty() {
            self.last = line;
            return &self.last;
        }
        ""
    }

    /// Returns the last line behind a colon, without what reads like a token.
    fn says(&mut self) -> String {
        self.end_line();
        match self.last.as_str() {
            "" => String::new(),
            last => format!(": {}", tokens::hide(last)),
        }
    }
}

impl Running {
    fn new(child: Child) -> Self {
        Self {
            _group: Group::of(&child),
            child,
            output: Zeroizing::default(),
            heard: Heard::default(),
        }
    }

    /// Reads both streams and waits for the end. If the time runs out, the output so far stays in `self`.
    async fn end(&mut self, heard: impl FnMut(&str)) -> std::io::Result<std::process::ExitStatus> {
        let (output, errors) = (self.child.stdout.take(), self.child.stderr.take());
        let (status, output, errors) = tokio::join!(
            self.child.wait(),
            take(output, &mut self.output),
            listen(errors, &mut self.heard, heard)
        );
        output.and(errors)?;
        status
    }
}

/// Keeps the beginning of a stream and discards the rest, so that the program never blocks.
async fn take(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    (&mut stream).take(MAX_OUTPUT).read_to_end(kept).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Reports the lines of standard error one by one, each as far as it is shown.
async fn listen(
    stream: Option<impl AsyncRead + Unpin>,
    kept: &mut Heard,
    mut heard: impl FnMut(&str),
) -> std::io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        for byte in &buffer[..read] {
            if *byte == b'\n' {
                heard(kept.end_line());
            } else if kept.line.len() < LONGEST_LINE {
                kept.line.push(*byte);
            }
        }
        if read == 0 {
            if !kept.line.is_empty() {
                heard(kept.end_line());
            }
            return Ok(());
        }
    }
}

/// Returns the description of the caller and the cluster for the program.
fn info(access: &Access, plugin: &Plugin) -> Value {
    let mut spec = json!({"interactive": false});
    if plugin.provide_cluster_info {
        let mut cluster = Map::new();
        cluster.insert("server".to_owned(), access.server.clone().into());
        if let Some(name) = &access.tls_server_name {
            cluster.insert("tls-server-name".to_owned(), name.clone().into());
        }
        if access.insecure {
            cluster.insert("insecure-skip-tls-verify".to_owned(), true.into());
        }
        if let Some(ca) = &access.ca {
            use base64::Engine as _;
            let ca = base64::engine::general_purpose::STANDARD.encode(ca);
            cluster.insert("certificate-authority-data".to_owned(), ca.into());
        }
        cluster.insert("config".to_owned(), Value::Null);
        spec["cluster"] = Value::Object(cluster);
    }
    json!({"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec})
}

/// The reason why the output of the program is not a login. It never quotes the output.
#[derive(Debug, thiserror::Error)]
enum OutputFault {
    #[error("prints something other than one ExecCredential")]
    NotCredential,
    #[error("answers in another version than {}", quote(.0))]
    Version(String),
    #[error("prints a login that has ended already ({0})")]
    Ended(Timestamp),
    #[error("prints no token and no certificate")]
    Empty,
    #[error("prints a certificate or its key, but not both")]
    HalfAPair,
    #[error("prints a login that can't be used: {0}")]
    Pair(#[from] tls::PairFault),
}

/// Reads the program's output.
fn read(output: &[u8], version: &str) -> Result<Login, OutputFault> {
    let answer = match yaml::documents::<Value>(output).as_deref() {
        Ok([answer]) if answer["kind"] == "ExecCredential" => answer.clone(),
        _ => return Err(OutputFault::NotCredential),
    };
    if answer["apiVersion"] != version {
        return Err(OutputFault::Version(version.to_owned()));
    }
    let field = |name: &str| {
        let text = answer["status"][name].as_str().unwrap_or_default();
        Some(text).filter(|text| !text.is_empty())
    };
    let end = field("expirationTimestamp").and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(end) = end.filter(|end| *end <= Timestamp::now()) {
        return Err(OutputFault::Ended(end));
    }
    let token = field("token").map(SecretString::from);
    let certificate = match (field("clientCertificateData"), field("clientKeyData")) {
        (Some(certificate), Some(key)) => Some(ClientPair::new(certificate.to_owned(), key)),
        (None, None) if token.is_none() => return Err(OutputFault::Empty),
        (None, None) => None,
        _ => return Err(OutputFault::HalfAPair),
    };
    if let Some(pair) = &certificate {
        tls::read(pair)?;
    }
    Ok(Login { token, certificate })
}
