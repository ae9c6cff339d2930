//! Which MCP server is started, and how it takes its settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::commands::session::mcp_config;
use crate::compat::quote::quote;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::runner::plan::KUBECONFIG;
use crate::runner::table::{MCP_SERVER, MCP_SERVER_PYPI};
use crate::secret_file;
use crate::session_helper::materialise::Materialised;

/// The handshake: a silent cluster takes the server 20 s, older ones 40 s.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The same where a package has to be downloaded first.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(240);
const PROGRAM: &str = "kubernetes-mcp-server";

/// The server's program with the words before its flags.
pub struct Program {
    path: PathBuf,
    words: &'static [&'static str],
    pub start_limit: Duration,
}

/// How a version of the server takes its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As the platform starts it: up to 0.0.67.
    Flags,
    /// A file, and `KUBECONFIG` in the environment: 0.0.68 and later have no flags for it any more.
    File,
}

impl Program {
    pub fn find(given: Option<&Path>) -> Result<Self, Failure> {
        let installed = match given {
            Some(given) => Some(existing(given)?),
            None => env::program(PROGRAM),
        };
        let installed = installed.map(|path| Self {
            path,
            words: &[],
            start_limit: START_LIMIT,
        });
        let downloaded = |name: &str, words| {
            env::program(name).map(|path| Self {
                path,
                words,
                start_limit: DOWNLOAD_LIMIT,
            })
        };
        installed
            .or_else(|| downloaded("npx", &["--yes", MCP_SERVER]))
            .or_else(|| downloaded("uvx", &[MCP_SERVER_PYPI]))
            .ok_or_else(|| {
                Failure::new(Kind::NotFound, "no Kubernetes MCP server was found").hint(format!(
                    "npm install --global {MCP_SERVER}, or name one with --mcp-command"
                ))
            })
    }

    /// The command that starts it with the kubeconfig in this folder.
    ///
    /// # Errors
    /// Why its file of settings can't be written.
    pub fn command(
        &self,
        manner: Manner,
        read_only: bool,
        files: &Materialised<'_>,
        folder: &Path,
    ) -> std::io::Result<Command> {
        let mut command = Command::new(&self.path);
        files.apply(&mut command);
        for variable in [env::TOKEN, env::BOT_TOKEN] {
            command.env_remove(variable.name);
        }
        command.args(self.words);
        let kubeconfig = folder.join(KUBECONFIG);
        match manner {
            Manner::Flags => {
                let path = kubeconfig.to_string_lossy();
                command.args(mcp_config::server_flags(Some(path.as_ref()), read_only));
            }
            Manner::File => {
                let path = folder.join("mcp-server.toml");
                secret_file::write_new(&path, settings(read_only).as_bytes())?;
                command.arg("--config").arg(path);
                command.env(env::KUBECONFIG.name, kubeconfig);
            }
        }
        Ok(command)
    }
}

/// One cluster, and not the tools that show the kubeconfig with its token.
fn settings(read_only: bool) -> String {
    format!(
        "cluster_provider_strategy = \"disabled\"\nread_only = {read_only}\ntoolsets = [\"core\"]\n"
    )
}

/// The program that the user names. The server runs in another folder, so its path must be whole.
fn existing(given: &Path) -> Result<PathBuf, Failure> {
    let is_name = given.components().count() == 1 && !given.to_string_lossy().contains('/');
    let found = if is_name {
        env::program(given)
    } else {
        std::path::absolute(given)
            .ok()
            .filter(|path| path.is_file())
    };
    found.ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!(
                "the MCP server {} was not found",
                quote(&given.to_string_lossy())
            ),
        )
        .hint("--mcp-command takes a path, or a name on PATH")
    })
}
