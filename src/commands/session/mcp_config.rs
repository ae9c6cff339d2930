//! `acpctl session mcp-config`

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::compat::{json as go_json, quote::quote};
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::runner::table::{MCP_NAME, MCP_SERVER};
use crate::secret_file;

const EXAMPLES: &str = "\
# The entry, for the kubeconfig of 'acpctl session exec'
acpctl session mcp-config --read-only
# Into a project's own list; other servers stay as they are
acpctl session mcp-config --merge .mcp.json";

const SERVERS: &str = "mcpServers";

/// Print the entry of the Kubernetes MCP server, or merge it into a file
///
/// The server is pinned to a version. Its kubeconfig is that of the command around it: start the MCP client
/// with 'acpctl session exec'.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Put the entry into this JSON file; it is made if it does not exist
    #[arg(long, value_name = "PATH")]
    merge: Option<PathBuf>,
    /// Offer no tool that changes anything
    #[arg(long)]
    read_only: bool,
    /// The kubeconfig's path in the entry
    #[arg(long, value_name = "PATH", default_value = "${KUBECONFIG}")]
    kubeconfig: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let entry = entry(args);
    let Some(path) = &args.merge else {
        return ctx.out.json(&json!({SERVERS: {MCP_NAME: entry}}));
    };
    let text = merged(path, entry)?;
    write(path, &text).map_err(|error| Failure {
        kind: Kind::Other,
        ..failure("write", path, &reason(&error))
    })?;
    ctx.out.note(&format!(
        "Set {SERVERS}.{MCP_NAME} in {}",
        path.to_string_lossy()
    ));
    Ok(())
}

fn entry(args: &Args) -> Value {
    let mut words = vec!["--yes", MCP_SERVER];
    words.extend(server_flags(&args.kubeconfig, args.read_only));
    json!({"command": "npx", "args": words})
}

/// The flags that the platform starts the server with.
pub fn server_flags(kubeconfig: &str, read_only: bool) -> Vec<&str> {
    let mut flags = vec!["--kubeconfig", kubeconfig, "--disable-multi-cluster"];
    if read_only {
        flags.push("--read-only");
    }
    flags
}

/// The file's text with the entry in it; all else stays, in its order.
fn merged(path: &Path, entry: Value) -> Result<String, Failure> {
    let mut document = match fs::read(path) {
        Ok(bytes) => serde_json::from_slice::<Value>(&bytes)
            .map_err(|error| failure("read", path, &format!("not JSON: {error}")))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => json!({}),
        Err(error) => return Err(failure("read", path, &reason(&error))),
    };
    let shape = || failure("read", path, "it holds no object of MCP servers");
    let servers = document
        .as_object_mut()
        .ok_or_else(shape)?
        .entry(SERVERS)
        .or_insert_with(|| Value::Object(Map::new()));
    servers
        .as_object_mut()
        .ok_or_else(shape)?
        .insert(MCP_NAME.to_owned(), entry);
    Ok(format!("{}\n", go_json::pretty(&document)))
}

/// Replaces the file in one step and keeps its mode.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays a link: what it points to is replaced.
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
