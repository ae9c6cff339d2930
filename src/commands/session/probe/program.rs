//! Finds the MCP server's program, and makes the command that starts it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::commands::session::mcp_server;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::resources::KUBECONFIG;
use crate::runner::table::{MCP_SERVER, MCP_SERVER_PYPI};
use crate::secret_file;
use crate::session_helper::materialize::Materialized;
use crate::text::quote;

/// The time limit for the handshake. If the cluster does not answer, the server needs 20 s for it, older versions 40 s.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The time limit if a package may have to be downloaded first.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(240);
const PROGRAM: &str = "kubernetes-mcp-server";

/// The server's program.
pub(super) struct Program {
    path: PathBuf,
    /// The words before the server's own flags.
    words: &'static [&'static str],
    pub start_limit: Duration,
}

/// How a version of the server takes its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsStyle {
    /// With the platform's flags, which versions up to 0.0.67 have.
    Flags,
    /// In a file, and `KUBECONFIG` in the environment, for versions from 0.0.68 on.
    File,
}

impl Program {
    /// Finds the program: the given one, or else an installed one, or else one that downloads it.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, Failure> {
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

    /// Makes the command that starts the server with the kubeconfig in this folder.
    ///
    /// # Errors
    /// If the settings file can't be written.
    pub(super) fn command(
        &self,
        style: SettingsStyle,
        read_only: bool,
        files: &Materialized<'_>,
        folder: &Path,
    ) -> std::io::Result<Command> {
        let mut command = Command::new(&self.path);
        files.apply(&mut command);
        for variable in [env::TOKEN, env::BOT_TOKEN] {
            command.env_remove(variable.name);
        }
        command.args(self.words);
        let kubeconfig = folder.join(KUBECONFIG);
        match style {
            SettingsStyle::Flags => {
                let path = kubeconfig.to_string_lossy();
                command.args(mcp_server::flags(Some(path.as_ref()), read_only));
            }
            SettingsStyle::File => {
                let path = folder.join("mcp-server.toml");
                secret_file::write_new(&path, settings(read_only).as_bytes())?;
                command.arg("--config").arg(path);
                command.env(env::KUBECONFIG.name, kubeconfig);
            }
        }
        Ok(command)
    }
}

/// Returns the text of the settings file: one cluster, and no tools that show the kubeconfig with its token.
fn settings(read_only: bool) -> String {
    format!(
        "cluster_provider_strategy = \"disabled\"\nread_only = {read_only}\ntoolsets = [\"core\"]\n"
    )
}

/// Finds the program that the user names. The path is made absolute, because the server runs in another folder.
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
