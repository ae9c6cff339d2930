//! `acpctl session mcp-config`

mod edit;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::session::mcp_server;
use crate::compat::io_reason::reason;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::plain_file::{self, Links};
use crate::resources::Candidates;
use crate::runner::table::{MCP_NAME, MCP_SERVER};
use crate::secret_file;
use crate::text::quote;

const EXAMPLES: &str = "\
# An entry that works in every MCP client: it starts the server through 'acpctl session exec'
acpctl session mcp-config --credential prod --read-only
# Merge it into a project's own list, and keep everything else there
acpctl session mcp-config --credential prod --merge .mcp.json
# The server alone, for a client that was itself started with 'acpctl session exec'
acpctl session mcp-config";

const SERVERS: &str = "mcpServers";
/// The size of the largest file that an entry is merged into, in bytes.
const MAX_FILE: usize = 4 << 20;
/// The variables that change which login 'acpctl' finds. MCP clients do not pass them on to their servers.
const LOGIN_VARIABLES: &[env::Var] = &[env::TOKEN, env::CONFIG, env::XDG_CONFIG_HOME];
/// The variables that change which store the embedded API opens. MCP clients do not pass them on either.
const STORE_VARIABLES: &[env::Var] = &[env::XDG_DATA_HOME, env::LOCAL_KEYRING];

/// Print the entry of the Kubernetes MCP server, or merge it into a file
///
/// The version of the server is fixed. With --credential, the entry starts 'acpctl session exec', which passes the
/// kubeconfig to the server and removes it afterwards. Without --credential, the server uses the kubeconfig of the
/// environment that the client was started in, and the client must expand variables.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Use the kubeconfig of this credential, by name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS)]
    credential: Option<String>,
    /// Merge the entry into this JSON file, which is created if it does not exist
    #[arg(long, value_name = "PATH")]
    merge: Option<PathBuf>,
    /// Offer only read-only tools
    #[arg(long)]
    read_only: bool,
    /// Path of the kubeconfig in the entry
    #[arg(
        long,
        value_name = "PATH",
        default_value = "${KUBECONFIG}",
        conflicts_with = "credential"
    )]
    kubeconfig: String,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let entry = entry(ctx, args)?;
    match &args.merge {
        None => ctx.out.json(&json!({SERVERS: {MCP_NAME: entry}}))?,
        Some(path) => merge(ctx, path, &entry)?,
    }
    if args.credential.is_some() {
        warn_of_variables(ctx);
    }
    Ok(())
}

fn entry(ctx: &Ctx, args: &Args) -> Result<Value, Failure> {
    let server = |kubeconfig| -> Vec<String> {
        let mut words = vec!["--yes", MCP_SERVER];
        words.extend(mcp_server::flags(kubeconfig, args.read_only));
        words.into_iter().map(str::to_owned).collect()
    };
    let Some(name) = &args.credential else {
        return Ok(json!({"command": "npx", "args": server(Some(&args.kubeconfig))}));
    };
    Collection::credentials().check(name)?;
    let mut words = global_flags(ctx)?;
    // The server runs on this machine, so it gets the kubeconfig as a pod does, however the platform runs its sessions.
    let exec = [
        "session",
        "exec",
        "--target",
        "pod",
        "--credential",
        name,
        "--",
        "npx",
    ];
    words.extend(exec.map(str::to_owned));
    // The server finds the kubeconfig through a variable that 'exec' sets.
    words.extend(server(None));
    Ok(json!({"command": "acpctl", "args": words}))
}

/// Returns the flags with which another run of acpctl finds the same server and project as this one. The client starts
/// that run in a folder and an environment of its own.
fn global_flags(ctx: &Ctx) -> Result<Vec<String>, Failure> {
    let globals = &ctx.globals;
    let mut words = Vec::new();
    if globals.local {
        words.push("--local".to_owned());
    } else if let Some(url) = globals.api_url.clone().or_else(|| env::API_URL.get()) {
        words.extend(["--api-url".to_owned(), url]);
    }
    if let Some(project) = &globals.project {
        words.extend(["--project".to_owned(), project.clone()]);
    }
    if globals.insecure_skip_tls_verify == Some(true) {
        words.push("--insecure-skip-tls-verify".to_owned());
    }
    if let Some(path) = &globals.ca_file {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let path = path
            .to_str()
            .ok_or_else(|| failure("name", &path, "not UTF-8 text, which JSON requires"))?;
        words.extend(["--ca-file".to_owned(), path.to_owned()]);
    }
    Ok(words)
}

fn warn_of_variables(ctx: &Ctx) {
    let variables = if ctx.globals.local {
        STORE_VARIABLES
    } else {
        LOGIN_VARIABLES
    };
    let set: Vec<&str> = variables
        .iter()
        .filter(|variable| variable.get().is_some())
        .map(|variable| variable.name)
        .collect();
    if !set.is_empty() {
        ctx.out.warn(&format!(
            "{} set in this shell but not in the entry; MCP clients pass few variables on: set them \
             in the client's own settings, or keep the login with 'acpctl login'",
            match set.as_slice() {
                [one] => format!("{one} is"),
                several => format!("{} are", several.join(", ")),
            }
        ));
    }
}

fn merge(ctx: &Ctx, path: &Path, entry: &Value) -> anyhow::Result<()> {
    let before = read(path)?;
    let merged = match &before {
        None => edit::new_document(SERVERS, MCP_NAME, entry),
        Some(text) => edit::merged(text, SERVERS, MCP_NAME, entry)
            .map_err(|error| failure("read", path, &error.to_string()))?,
    };
    if before.as_ref() != Some(&merged) {
        write(path, &merged).map_err(|error| Failure {
            kind: Kind::Other,
            ..failure("write", path, &reason(&error))
        })?;
    }
    ctx.out.aside(&format!(
        "Set {SERVERS}.{MCP_NAME} in {}",
        path.to_string_lossy()
    ));
    Ok(())
}

/// Reads the file; `None` if there is no file.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let mut bytes = match plain_file::read(path, Links::Follow, MAX_FILE) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link(path) => return Ok(None),
        Err(error) => return Err(failure("read", path, &reason(&error))),
    };
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Some)
        .map_err(|_| failure("read", path, "not UTF-8 text"))
}

/// True for a link. A link that leads nowhere is an error: no file is created there.
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// Replaces the file in one step and keeps its mode.
fn write(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: the file that it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&target).ok();
    secret_file::replace(&target, text.as_bytes())?;
    match before {
        Some(before) => fs::set_permissions(&target, before.permissions()),
        None => Ok(()),
    }
}

fn failure(what: &str, path: &Path, why: &str) -> Failure {
    Failure::new(
        Kind::Data,
        format!("{what} {}: {why}", quote(&path.to_string_lossy())),
    )
}
