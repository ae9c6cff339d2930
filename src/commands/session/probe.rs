//! `acpctl session probe`

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::mcp_config;
use super::source::SourceArgs;
use super::view::View;
use crate::compat::quote::quote;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::env;
use crate::exit::{Failure, Kind, Status};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArgs, progress};
use crate::runner::plan::{KUBECONFIG, Plan};
use crate::runner::table::{MCP_SERVER, MCP_SERVER_PYPI, Mode};
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir::{self, PrivateDir};
use crate::session_helper::mask::Mask;
use crate::session_helper::materialise::Materialised;
use crate::session_helper::mcp::{Fault, Server};
use crate::session_helper::prepare;
use crate::text::first_line;

const EXAMPLES: &str = "\
acpctl session probe --credential prod
# With a server that is installed already
acpctl session probe --credential prod --mcp-command /opt/kubernetes-mcp-server";

/// The handshake: a silent cluster takes the server 20 s, older ones 40 s (contract runner.md section 9.4).
const START_LIMIT: Duration = Duration::from_secs(60);
/// The same where a package has to be downloaded first.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(240);
/// One request after the handshake; the server's own limit is 10 s.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// A call that changes nothing.
const HARMLESS: &str = "namespaces_list";
const PROGRAM: &str = "kubernetes-mcp-server";

/// Prove that the Kubernetes MCP server works with a kubeconfig
///
/// Writes the kubeconfig into a private folder, starts the server as a session does, lists its tools and
/// the cluster's namespaces, stops it and removes everything. The server is --mcp-command, else
/// kubernetes-mcp-server on PATH, else a pinned version with npx or uvx, which may download it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server's program: a path, or a name on PATH
    #[arg(long, value_name = "PATH")]
    mcp_command: Option<PathBuf>,
    /// Start the server without tools that change anything
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// What was done so far, in words without secrets.
struct Checklist<'a> {
    ctx: &'a Ctx,
    /// Each line is shown at once: a server may take a while.
    live: bool,
    mask: Mask,
    checks: Vec<Check>,
    /// Whether the lines could be shown.
    shown: anyhow::Result<()>,
}

struct Check {
    name: &'static str,
    passed: bool,
    /// What was found, or why it failed.
    detail: String,
}

impl Checklist<'_> {
    fn add(&mut self, name: &'static str, result: Result<String, String>) {
        let passed = result.is_ok();
        let (Ok(text) | Err(text)) = result;
        let check = Check {
            name,
            passed,
            detail: self.mask.apply(&text),
        };
        if self.live && self.shown.is_ok() {
            self.shown = self.show(&check);
        }
        self.checks.push(check);
    }

    fn show(&self, check: &Check) -> anyhow::Result<()> {
        let (word, tone) = if check.passed {
            ("ok    ", Tone::Good)
        } else {
            ("FAILED", Tone::Bad)
        };
        let word = paint(word, tone, self.ctx.out.colored());
        let detail = first_line(&check.detail);
        self.ctx
            .out
            .line(&format!("{word}  {:<18}  {detail}", check.name))
    }

    fn json(&self) -> Value {
        let check = |check: &Check| json!({"check": check.name, "passed": check.passed, "detail": check.detail});
        json!({"checks": self.checks.iter().map(check).collect::<Vec<_>>()})
    }
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Server,
    Kubeconfig,
    Network,
    Tls,
    Login,
    Permission,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    dir::sweep();
    let mut plan = args.source.plan(ctx, Mode::InProcess)?;
    plan.steps
        .retain(|step| step.credential.provider == KUBECONFIG);
    if plan.steps.len() != 1 {
        return Err(
            Failure::new(Kind::NotFound, "there is no kubeconfig to probe")
                .hint("name one with --credential or --from-file")
                .into(),
        );
    }
    prepare::check(&plan)?;
    let program = Program::find(args.mcp_command.as_deref())?;
    let mut list = Checklist {
        ctx,
        live: matches!(view, View::Table { .. }),
        mask: Mask::of_plan(&plan),
        checks: Vec::new(),
        shown: Ok(()),
    };
    let cause = ctx.block_on(probe(args, &plan, &program, &mut list))?;
    if let View::Document(notation) = view {
        notation.write(ctx, &list.json())?;
    }
    let failed = list.checks.iter().find(|check| !check.passed);
    let failed = failed.map(|check| first_line(&check.detail));
    list.shown?;
    match failed {
        None => Ok(()),
        Some(why) => Err(failure(cause.unwrap_or(Cause::Server), &why).into()),
    }
}

/// The server's program with the words before its flags.
struct Program {
    path: PathBuf,
    words: &'static [&'static str],
    start_limit: Duration,
}

impl Program {
    fn find(given: Option<&Path>) -> Result<Self, Failure> {
        let installed = match given {
            Some(given) => Some(existing(given)?),
            None => on_path(Path::new(PROGRAM)),
        };
        let installed = installed.map(|path| Self {
            path,
            words: &[],
            start_limit: START_LIMIT,
        });
        let downloaded = |name: &str, words| {
            on_path(Path::new(name)).map(|path| Self {
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
}

/// The program that the user names. The server runs in another folder, so its path must be whole.
fn existing(given: &Path) -> Result<PathBuf, Failure> {
    let is_name = given.components().count() == 1 && !given.to_string_lossy().contains('/');
    let found = if is_name {
        on_path(given)
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

fn on_path(name: &Path) -> Option<PathBuf> {
    std::env::split_paths(&env::PATH.get()?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && path.is_file())
}

async fn probe(
    args: &Args,
    plan: &Plan,
    program: &Program,
    list: &mut Checklist<'_>,
) -> anyhow::Result<Option<Cause>> {
    let mut signals = Signals::listen()?;
    let folder = prepare::private_dir()?;
    let files = prepare::write(plan, &folder, false)?;
    list.add("kubeconfig written", Ok("private, mode 0600".to_owned()));
    let command = command(args, program, &files, folder.path());
    let cause = tokio::select! {
        cause = steps(command, program.start_limit, list) => cause,
        signal = signals.next() => {
            remove(list.ctx, folder);
            return Err(Status(child::status_of_signal(signal)).into());
        }
    };
    let removed = folder.remove();
    list.add(
        "cleaned up",
        removed
            .map(|()| "server ended, then the file removed".to_owned())
            .map_err(|error| reason(&error)),
    );
    Ok(cause)
}

fn remove(ctx: &Ctx, folder: PrivateDir) {
    if let Err(failure) = prepare::remove(folder) {
        ctx.out.warn(&failure.message);
    }
}

fn command(args: &Args, program: &Program, files: &Materialised<'_>, folder: &Path) -> Command {
    let path = folder.join(KUBECONFIG);
    let mut command = Command::new(&program.path);
    files.apply(&mut command);
    command.args(program.words).args(mcp_config::server_flags(
        &path.to_string_lossy(),
        args.read_only,
    ));
    command
}

/// From the start to the last answer; stops at the first fault. The server is stopped in any case.
async fn steps(command: Command, limit: Duration, list: &mut Checklist<'_>) -> Option<Cause> {
    let mut server = match Server::start(command) {
        Ok(server) => server,
        Err(error) => {
            list.add("server started", Err(reason(&error)));
            return Some(Cause::Server);
        }
    };
    let progress = progress::begin(format!(
        "Starting the MCP server (up to {} s)",
        limit.as_secs()
    ));
    let cause = async {
        match server.initialize(limit).await {
            Ok(name) => list.add("server started", Ok(name)),
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Server);
                list.add("server started", Err(text));
                return Some(cause);
            }
        }
        progress.say(|| "Listing the MCP server's tools".to_owned());
        match server.tools(CALL_LIMIT).await {
            Ok(tools) => list.add("tools listed", Ok(about(&tools))),
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Server);
                list.add("tools listed", Err(text));
                return Some(cause);
            }
        }
        progress.say(|| "Asking the cluster for its namespaces".to_owned());
        match server.call(HARMLESS, CALL_LIMIT).await {
            Ok(text) => {
                // The first line names the columns.
                let namespaces = text.lines().count().saturating_sub(1);
                list.add("cluster reached", Ok(format!("{namespaces} namespaces")));
                None
            }
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Network);
                list.add("cluster reached", Err(text));
                Some(cause)
            }
        }
    }
    .await;
    progress.say(|| "Stopping the MCP server".to_owned());
    server.stop().await;
    cause
}

fn about(tools: &[String]) -> String {
    let shows = tools.iter().any(|tool| tool == "configuration_view");
    let note = if shows {
        "; configuration_view shows the kubeconfig's token to the agent"
    } else {
        ""
    };
    format!("{}{note}", tools.len())
}

/// A fault in words, and its cause.
fn told(fault: &Fault, otherwise: Cause) -> (String, Cause) {
    match fault {
        // A server of this kind refuses to start for the kubeconfig's sake.
        Fault::Failed(text) => (text.clone(), cause(text).unwrap_or(Cause::Kubeconfig)),
        Fault::Ended(text) if text.is_empty() => {
            ("the server ended without a word".to_owned(), Cause::Server)
        }
        Fault::Ended(text) => (
            format!("the server ended: {text}"),
            cause(text).unwrap_or(Cause::Server),
        ),
        Fault::Refused(text) => (text.clone(), cause(text).unwrap_or(otherwise)),
        Fault::Silent(limit) => (
            format!(
                "no answer within {} s: a silent cluster, or a login program that waits",
                limit.as_secs()
            ),
            Cause::Network,
        ),
    }
}

/// The cause, by the words of the server and of Kubernetes' client (contract runner.md section 9.4).
fn cause(text: &str) -> Option<Cause> {
    const WORDS: &[(&str, Cause)] = &[
        ("x509:", Cause::Tls),
        ("tls:", Cause::Tls),
        ("is forbidden", Cause::Permission),
        ("asked for the client to provide credentials", Cause::Login),
        ("Unauthorized", Cause::Login),
        ("getting credentials", Cause::Login),
        ("No valid id-token", Cause::Login),
        ("header field value for \"Authorization\"", Cause::Login),
        ("dial tcp", Cause::Network),
        ("proxyconnect", Cause::Network),
        ("no such host", Cause::Network),
        ("deadline exceeded", Cause::Network),
        ("i/o timeout", Cause::Network),
        ("connection refused", Cause::Network),
    ];
    WORDS
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, cause)| *cause)
}

fn failure(cause: Cause, why: &str) -> Failure {
    let (kind, word, hint) = match cause {
        Cause::Server => (
            Kind::Other,
            "server",
            "the program is no Kubernetes MCP server, is broken, or could not be downloaded; \
             'acpctl session probe --help' says which is started",
        ),
        Cause::Kubeconfig => (
            Kind::Data,
            "kubeconfig",
            "more about a kubeconfig: acpctl credential validate FILE",
        ),
        Cause::Network => (
            Kind::Network,
            "network",
            "the address must be reachable from where the session runs",
        ),
        Cause::Tls => (
            Kind::Network,
            "TLS",
            "check certificate-authority-data and the certificates' ends",
        ),
        Cause::Login => (
            Kind::Login,
            "login",
            "the token or certificate is wrong or expired, or a login program is missing; \
             store a new one with acpctl credential update NAME --from-file PATH",
        ),
        Cause::Permission => (
            Kind::Forbidden,
            "permission",
            "the cluster knows the user, who may not list namespaces",
        ),
    };
    Failure::new(kind, format!("probe failed ({word}): {why}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_by_the_servers_words() {
        for (text, expected) in [
            (
                "tls: failed to verify certificate: x509: unknown authority",
                Some(Cause::Tls),
            ),
            (
                "namespaces is forbidden: User \"u\" cannot list",
                Some(Cause::Permission),
            ),
            (
                "the server has asked for the client to provide credentials",
                Some(Cause::Login),
            ),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                Some(Cause::Network),
            ),
            (
                "getting credentials: exec: executable aws not found",
                Some(Cause::Login),
            ),
            ("context \"x\" does not exist", None),
        ] {
            assert_eq!(cause(text), expected, "{text}");
        }
    }
}
