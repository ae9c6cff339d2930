//! `acpctl session probe`

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tokio::process::Command;

use super::mcp_config;
use super::source::SourceArgs;
use crate::config::file::reason;
use crate::ctx::Ctx;
use crate::env;
use crate::exit::{Failure, Kind, Status};
use crate::output::{Format, OutputArgs};
use crate::runner::plan::{KUBECONFIG, Plan};
use crate::runner::table::{MCP_SERVER, MCP_SERVER_PYPI, Mode};
use crate::session_helper::child::{self, Signals};
use crate::session_helper::dir::{self, PrivateDir};
use crate::session_helper::mask::Mask;
use crate::session_helper::materialise::Materialised;
use crate::session_helper::mcp::{Fault, Server};
use crate::session_helper::prepare;

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
    #[command(flatten)]
    source: SourceArgs,
    /// Use what this session gets
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// The server's program
    #[arg(long, value_name = "PATH")]
    mcp_command: Option<PathBuf>,
    /// Start the server without tools that change anything
    #[arg(long)]
    read_only: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// One line of the checklist.
struct Check {
    name: &'static str,
    /// What was found, or why it failed.
    result: Result<String, String>,
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Kubeconfig,
    Network,
    Tls,
    Login,
    Permission,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    dir::sweep();
    let credentials = args.source.read(ctx, args.session.as_deref())?;
    let credentials = credentials
        .into_iter()
        .filter(|credential| credential.provider == KUBECONFIG)
        .collect();
    let plan = Plan::new(Mode::InProcess, credentials, ctx.now());
    if plan.steps.len() != 1 {
        return Err(
            Failure::new(Kind::NotFound, "there is no kubeconfig to probe")
                .hint("name one with --credential or --from-file")
                .into(),
        );
    }
    prepare::check(&plan)?;
    let program = Program::find(args.mcp_command.as_deref())?;
    let (checks, cause) = ctx.block_on(probe(ctx, args, &plan, &program))?;
    let masks = Mask::of_plan(&plan);
    let mask = |text: &str| masks.apply(text);
    show(ctx, &format, &checks, &mask)?;
    match checks.iter().find_map(|check| check.result.as_ref().err()) {
        None => Ok(()),
        Some(why) => Err(failure(cause.unwrap_or(Cause::Kubeconfig), &mask(why)).into()),
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
        let installed = given
            .map(Path::to_owned)
            .or_else(|| on_path(PROGRAM))
            .map(|path| Self {
                path,
                words: &[],
                start_limit: START_LIMIT,
            });
        let downloaded = |name, words| {
            on_path(name).map(|path| Self {
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

fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&env::PATH.get()?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && path.is_file())
}

async fn probe(
    ctx: &Ctx,
    args: &Args,
    plan: &Plan,
    program: &Program,
) -> anyhow::Result<(Vec<Check>, Option<Cause>)> {
    let mut signals = Signals::listen()?;
    let folder = prepare::private_dir()?;
    let files = prepare::write(plan, &folder, false)?;
    let mut checks = vec![Check {
        name: "kubeconfig written",
        result: Ok("private, mode 0600".to_owned()),
    }];
    let command = command(args, program, &files, folder.path());
    let cause = tokio::select! {
        cause = steps(command, program.start_limit, &mut checks) => cause,
        signal = signals.next() => {
            remove(ctx, folder);
            return Err(Status(child::status_of_signal(signal)).into());
        }
    };
    let removed = folder.remove();
    checks.push(Check {
        name: "cleaned up",
        result: removed
            .map(|()| "server stopped, then the file removed".to_owned())
            .map_err(|error| reason(&error)),
    });
    Ok((checks, cause))
}

fn remove(ctx: &Ctx, folder: PrivateDir) {
    if let Err(error) = folder.remove() {
        ctx.out.warn(&format!(
            "the private folder could not be removed: {}",
            reason(&error)
        ));
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
async fn steps(command: Command, limit: Duration, checks: &mut Vec<Check>) -> Option<Cause> {
    let mut check = |name, result: Result<String, String>| checks.push(Check { name, result });
    let mut server = match Server::start(command) {
        Ok(server) => server,
        Err(error) => {
            check("server started", Err(reason(&error)));
            return Some(Cause::Kubeconfig);
        }
    };
    let cause = async {
        match server.initialize(limit).await {
            Ok(name) => check("server started", Ok(name)),
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Kubeconfig);
                check("server started", Err(text));
                return Some(cause);
            }
        }
        match server.tools(CALL_LIMIT).await {
            Ok(tools) => check("tools listed", Ok(about(&tools))),
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Kubeconfig);
                check("tools listed", Err(text));
                return Some(cause);
            }
        }
        match server.call(HARMLESS, CALL_LIMIT).await {
            Ok(text) => {
                // The first line names the columns.
                let namespaces = text.lines().count().saturating_sub(1);
                check("cluster reached", Ok(format!("{namespaces} namespaces")));
                None
            }
            Err(fault) => {
                let (text, cause) = told(&fault, Cause::Network);
                check("cluster reached", Err(text));
                Some(cause)
            }
        }
    }
    .await;
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
        Fault::Ended(text) if text.is_empty() => ("the server ended".to_owned(), otherwise),
        Fault::Ended(text) | Fault::Refused(text) => {
            (text.clone(), cause(text).unwrap_or(otherwise))
        }
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
        Cause::Kubeconfig => (
            Kind::Data,
            "kubeconfig",
            "'acpctl credential validate' says more about a kubeconfig",
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
            "the token or certificate is wrong or expired; store a new one with 'acpctl credential update'",
        ),
        Cause::Permission => (
            Kind::Forbidden,
            "permission",
            "the cluster knows the user, who may not list namespaces",
        ),
    };
    Failure::new(kind, format!("probe failed ({word}): {why}")).hint(hint)
}

fn show(
    ctx: &Ctx,
    format: &Format,
    checks: &[Check],
    mask: &dyn Fn(&str) -> String,
) -> anyhow::Result<()> {
    let value = || {
        let checks: Vec<_> = checks
            .iter()
            .map(|check| {
                let (Ok(text) | Err(text)) = &check.result;
                json!({"check": check.name, "passed": check.result.is_ok(), "detail": mask(text)})
            })
            .collect();
        json!({"checks": checks})
    };
    match format {
        Format::Json => ctx.out.json(&value()),
        Format::Yaml => ctx.out.data(crate::yaml::to_string(&value())?.as_bytes()),
        Format::Table | Format::Wide => checks.iter().try_for_each(|check| {
            let (word, text) = match &check.result {
                Ok(text) => ("ok", text),
                Err(text) => ("FAILED", text),
            };
            ctx.out
                .line(&format!("{word:<6}  {:<18}  {}", check.name, mask(text)))
        }),
        Format::Name | Format::JsonPath(_) => {
            Err(Failure::usage("valid formats are table, wide, json, yaml").into())
        }
    }
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
