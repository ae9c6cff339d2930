//! The login program that a kubeconfig names, run once, as Kubernetes' client runs it (`users[].user.exec`), but
//! with a time limit and without a terminal. What it prints stays in memory.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::fault::{Class, Fault};
use crate::compat::quote::quote;
use crate::kubeconfig::{Access, Plugin};

/// How much of each of its streams is read, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;

/// What it found out about the user.
pub enum Login {
    Token(SecretString),
    /// Certificate and key in one text.
    Certificate(SecretString),
}

/// Runs the program. `prepare` gets the command before it starts: there the caller takes its own secrets out of
/// the environment.
///
/// # Errors
/// A fault of the class login that names the program; with its last line on standard error, which may hold
/// secrets of the kubeconfig.
pub async fn run(
    access: &Access,
    plugin: &Plugin,
    limit: Duration,
    prepare: impl FnOnce(&mut Command),
) -> Result<Login, Fault> {
    let program = &plugin.command;
    let fault = |what: &str| {
        Fault::new(
            Class::Login,
            format!("the login program {} {what}", quote(program)),
            format!("try it by hand: {program}"),
        )
    };
    if plugin.mode == "Always" {
        return Err(fault(
            "wants a terminal (interactiveMode Always), and a session has none",
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
        .stderr(Stdio::piped())
        .process_group(0);
    let child = command.spawn().map_err(|error| {
        let mut fault = fault(&format!(
            "can't be started: {}",
            crate::config::file::reason(&error)
        ));
        fault.hint = match plugin.install_hint.trim() {
            "" => format!("install {program}, or store a kubeconfig with a token instead"),
            hint => hint.to_owned(),
        };
        fault
    })?;
    let mut running = Running::new(child);
    let ended = tokio::time::timeout(limit, running.end()).await;
    let Ok(ended) = ended else {
        return Err(fault(&format!(
            "waits: it did not end within {} s{}",
            limit.as_secs(),
            said(&running.errors)
        )));
    };
    let status = ended.map_err(|error| fault(&crate::config::file::reason(&error)))?;
    if !status.success() {
        let how = match status.code() {
            Some(code) => format!("failed with exit code {code}"),
            None => "was ended by a signal".to_owned(),
        };
        return Err(fault(&format!("{how}{}", said(&running.errors))));
    }
    read(&running.output, &plugin.api_version).map_err(|why| fault(&why))
}

/// The program with all that it starts; dropping it ends them.
struct Running {
    child: Child,
    group: Option<Pid>,
    output: Zeroizing<Vec<u8>>,
    errors: Vec<u8>,
}

impl Running {
    fn new(child: Child) -> Self {
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            child,
            group: group.and_then(Pid::from_raw),
            output: Zeroizing::default(),
            errors: Vec::new(),
        }
    }

    /// Reads both streams and waits. What was read stays here if the time runs out.
    async fn end(&mut self) -> std::io::Result<std::process::ExitStatus> {
        let (output, errors) = (self.child.stdout.take(), self.child.stderr.take());
        let (status, output, errors) = tokio::join!(
            self.child.wait(),
            take(output, &mut self.output),
            take(errors, &mut self.errors)
        );
        output.and(errors)?;
        status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Nobody left is the usual case.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Keeps the beginning, and lets the rest go by so that the program never blocks.
async fn take(stream: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    (&mut stream).take(MAX_OUTPUT).read_to_end(kept).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// The last line of what it said.
fn said(errors: &[u8]) -> String {
    let text = String::from_utf8_lossy(errors);
    let mut lines = text.lines().map(str::trim);
    match lines.rfind(|line| !line.is_empty()) {
        Some(line) => format!(": {line}"),
        None => String::new(),
    }
}

/// What it is told about us and the cluster.
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

/// Reads its answer; the words of a fault never quote it.
fn read(output: &[u8], version: &str) -> Result<Login, String> {
    let other = || "prints something other than one ExecCredential".to_owned();
    let answer = match crate::yaml::documents::<Value>(output).as_deref() {
        Ok([answer]) if answer["kind"] == "ExecCredential" => answer.clone(),
        _ => return Err(other()),
    };
    if answer["apiVersion"] != version {
        return Err(format!(
            "answers in another version than {}",
            quote(version)
        ));
    }
    let field = |name: &str| {
        let text = answer["status"][name].as_str().unwrap_or_default();
        Some(text).filter(|text| !text.is_empty())
    };
    match (
        field("clientCertificateData"),
        field("clientKeyData"),
        field("token"),
    ) {
        (Some(certificate), Some(key), _) => Ok(Login::Certificate(SecretString::from(format!(
            "{certificate}\n{key}"
        )))),
        (None, None, Some(token)) => Ok(Login::Token(SecretString::from(token))),
        (None, None, None) => Err("prints no token and no certificate".to_owned()),
        _ => Err("prints a certificate or its key, but not both".to_owned()),
    }
}
