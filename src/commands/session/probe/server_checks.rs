//! Starts the MCP server, and asks the cluster through it.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::checklist::{Cause, Checklist, SERVER_STARTED, Trouble};
use super::cluster_checks::{ClusterAnswer, about, namespace};
use super::program::{Program, SettingsStyle};
use crate::cluster::Class;
use crate::cluster::fault::store_new;
use crate::cluster::questions::Readable;
use crate::compat::io_reason::reason;
use crate::kubeconfig::Access;
use crate::output::progress;
use crate::runner::table::MCP_SERVER;
use crate::session_helper::materialize::Materialized;
use crate::session_helper::mcp::{McpFault, McpServer};

/// The time limit for a request after the handshake. The server's own limit is 10 s.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Tools that change nothing.
const NAMESPACES: &str = "namespaces_list";
const PODS: &str = "pods_list_in_namespace";

/// Does the checks up to the first failure. Stops the server in any case.
pub(super) async fn run(
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
    access: &Access,
    answer: &ClusterAnswer,
    list: &mut Checklist<'_>,
) {
    let progress = progress::begin(format!(
        "Starting the MCP server (up to {} s)",
        program.start_limit.as_secs()
    ));
    let mut server = match start(read_only, program, files, folder).await {
        Ok((server, name)) => {
            list.pass(SERVER_STARTED, name);
            server
        }
        Err(trouble) => {
            list.fail(SERVER_STARTED, trouble);
            return;
        }
    };
    progress.say(|| "Listing the MCP server's tools".to_owned());
    match server.tools(CALL_LIMIT).await {
        Ok(tools) => {
            list.pass("tools listed", tools_in_words(&tools));
            progress.say(|| "Asking the cluster through the MCP server".to_owned());
            read(&mut server, &tools, access, answer, list).await;
        }
        Err(fault) => list.fail("tools listed", trouble(&fault, Cause::Server)),
    }
    progress.say(|| "Stopping the MCP server".to_owned());
    server.stop().await;
}

/// Starts the server as the platform does, or with a settings file if it does not know the platform's flags.
async fn start(
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
) -> Result<(McpServer, String), Trouble> {
    let start = async |style| start_with(style, read_only, program, files, folder).await;
    let first = match start(SettingsStyle::Flags).await {
        Err(fault) if is_unknown_flag(&fault) => fault,
        other => return other.map_err(|fault| trouble(&fault, Cause::Server)),
    };
    match start(SettingsStyle::File).await {
        Ok((server, name)) => Ok((
            server,
            format!("{name}; with a settings file: this version lacks the platform's flags"),
        )),
        Err(again) if is_unknown_flag(&again) => Err(unknown_version(&first)),
        Err(again) => Err(trouble(&again, Cause::Server)),
    }
}

/// Starts the server and does the handshake. Returns the server with its name.
async fn start_with(
    style: SettingsStyle,
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
) -> Result<(McpServer, String), McpFault> {
    let start = |error: std::io::Error| McpFault::Refused(reason(&error));
    let command = program
        .command(style, read_only, files, folder)
        .map_err(start)?;
    let mut server = McpServer::start(command).map_err(start)?;
    match server.initialize(program.start_limit).await {
        Ok(name) => Ok((server, name)),
        Err(fault) => {
            server.stop().await;
            Err(fault)
        }
    }
}

/// Reads through the server what the user may read: the namespaces, or else the pods of one namespace.
async fn read(
    server: &mut McpServer,
    tools: &[String],
    access: &Access,
    answer: &ClusterAnswer,
    list: &mut Checklist<'_>,
) {
    const NAME: &str = "cluster reached";
    let offers = |tool: &str| tools.iter().any(|offered| offered == tool);
    let namespace = namespace(access);
    // The cause of a failure that has no reason: if the cluster has answered acpctl, the network is not the cause.
    let otherwise = Cause::Cluster(match answer {
        ClusterAnswer::Known(_) => Class::Cluster,
        ClusterAnswer::Unreached(_) => Class::Network,
    });
    let mut refused: Option<Trouble> = None;
    for (tool, arguments, one, scope) in [
        (NAMESPACES, json!({}), "namespace", String::new()),
        (
            PODS,
            json!({"namespace": namespace}),
            "pod",
            format!(" in the namespace {namespace}"),
        ),
    ] {
        if !offers(tool) {
            continue;
        }
        match server.call(tool, arguments, CALL_LIMIT).await {
            Ok(text) => {
                let rows = rows(&text);
                let s = if rows == 1 { "" } else { "s" };
                return list.pass(NAME, format!("{rows} {one}{s}{scope}"));
            }
            Err(fault) => match (trouble(&fault, otherwise), &refused) {
                (trouble, None) if is_forbidden(&trouble) => refused = Some(trouble),
                (trouble, None) => return list.fail(NAME, trouble),
                // The refusal of the first tool explains more than a failure of the second.
                (_, Some(_)) => {}
            },
        }
    }
    match (refused, answer) {
        (_, ClusterAnswer::Known(readable)) if !readable.kinds.is_empty() => {
            list.pass(NAME, about(readable, namespace));
        }
        (Some(refused), answer) => list.fail(NAME, without_rights(refused, answer, namespace)),
        (None, ClusterAnswer::Known(_)) => {
            list.note(
                NAME,
                "by acpctl itself; the server has no tool that only lists",
            );
        }
        (None, ClusterAnswer::Unreached(trouble)) => list.fail(NAME, trouble.clone()),
    }
}

/// Counts the rows of a table, whose first line names the columns.
fn rows(text: &str) -> usize {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.count().saturating_sub(1)
}

fn is_forbidden(trouble: &Trouble) -> bool {
    trouble.cause == Cause::Cluster(Class::Permission)
}

fn without_rights(refused: Trouble, answer: &ClusterAnswer, namespace: &str) -> Trouble {
    let is_complete = matches!(
        answer,
        ClusterAnswer::Known(Readable { complete: true, .. })
    );
    let what = if is_complete {
        "nothing"
    } else {
        "neither namespaces nor pods"
    };
    Trouble {
        hint: format!(
            "the cluster knows the user, who may read {what} in the namespace {namespace}: \
             ask its administrator for a role such as 'view' there, or set another namespace in the context"
        ),
        ..refused
    }
}

fn tools_in_words(tools: &[String]) -> String {
    let shows = tools.iter().any(|tool| tool == "configuration_view");
    let note = if shows {
        "; configuration_view shows the kubeconfig's token to the agent"
    } else {
        ""
    };
    format!("{}{note}", tools.len())
}

/// True if the server does not know a flag, in the words that command lines of several languages have for it.
fn is_unknown_flag(fault: &McpFault) -> bool {
    const WORDS: &[&str] = &[
        "unknown flag",
        "unknown shorthand flag",
        "unknown option",
        "unknown argument",
        "unexpected argument",
        "unrecognized argument",
        "unrecognized option",
        "flag provided but not defined",
        "no such option",
    ];
    let (McpFault::Failed(text) | McpFault::Ended(text)) = fault else {
        return false;
    };
    let text = text.to_lowercase();
    WORDS.iter().any(|words| text.contains(words))
}

fn unknown_version(fault: &McpFault) -> Trouble {
    let (McpFault::Failed(text) | McpFault::Ended(text)) = fault else {
        return trouble(fault, Cause::Server);
    };
    Trouble {
        cause: Cause::Server,
        text: format!("{text}: the probe can't start this version of the MCP server"),
        hint: format!(
            "use the version with the platform's flags: npm install --global {MCP_SERVER}, or name it with --mcp-command"
        ),
    }
}

/// Describes a fault with its cause. `otherwise` is the cause of a refused call if its text does not tell.
fn trouble(fault: &McpFault, otherwise: Cause) -> Trouble {
    let (text, cause) = match fault {
        McpFault::Failed(text) => (text.clone(), cause(text).unwrap_or(Cause::Server)),
        McpFault::Ended(text) if text.is_empty() => (
            "the server ended without a message".to_owned(),
            Cause::Server,
        ),
        McpFault::Ended(text) => (
            format!("the server ended: {text}"),
            cause(text)
                .filter(|cause| *cause != Cause::Kubeconfig)
                .unwrap_or(Cause::Server),
        ),
        McpFault::Refused(text) => (text.clone(), cause(text).unwrap_or(otherwise)),
        McpFault::Silent(limit) => (
            format!("the MCP server gave no answer within {} s", limit.as_secs()),
            Cause::Server,
        ),
    };
    Trouble {
        hint: hint(cause),
        cause,
        text,
    }
}

/// Tells the cause by the words of the server and of Kubernetes' own client, since the server passes on text alone. The
/// first words that occur count.
fn cause(text: &str) -> Option<Cause> {
    const NETWORK: Cause = Cause::Cluster(Class::Network);
    const TLS: Cause = Cause::Cluster(Class::Tls);
    const LOGIN: Cause = Cause::Cluster(Class::Login);
    const PERMISSION: Cause = Cause::Cluster(Class::Permission);
    const WORDS: &[(&str, Cause)] = &[
        ("address already in use", Cause::Server),
        ("x509:", TLS),
        ("tls:", TLS),
        ("is forbidden", PERMISSION),
        ("asked for the client to provide credentials", LOGIN),
        ("Unauthorized", LOGIN),
        ("getting credentials", LOGIN),
        ("No valid id-token", LOGIN),
        ("header field value for \"Authorization\"", LOGIN),
        ("dial tcp", NETWORK),
        ("proxyconnect", NETWORK),
        ("no such host", NETWORK),
        ("deadline exceeded", NETWORK),
        ("i/o timeout", NETWORK),
        ("connection refused", NETWORK),
        ("context canceled", Cause::Server),
        // The reasons why this server refuses a kubeconfig.
        ("context", Cause::Kubeconfig),
        ("no configuration has been provided", Cause::Kubeconfig),
        ("no server found for cluster", Cause::Kubeconfig),
        ("certificate-authority", Cause::Kubeconfig),
        ("client-certificate", Cause::Kubeconfig),
        ("client-key", Cause::Kubeconfig),
        ("private key does not match", Cause::Kubeconfig),
        ("parse bytes as PEM", Cause::Kubeconfig),
        ("illegal base64 data", Cause::Kubeconfig),
        ("insecure flag", Cause::Kubeconfig),
        ("interactiveMode", Cause::Kubeconfig),
        ("invalid apiVersion", Cause::Kubeconfig),
        ("Auth Provider found", Cause::Kubeconfig),
        ("is registered for version", Cause::Kubeconfig),
        ("get version/kind", Cause::Kubeconfig),
        ("duplicate name", Cause::Kubeconfig),
        ("yaml:", Cause::Kubeconfig),
    ];
    WORDS
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, cause)| *cause)
}

fn hint(cause: Cause) -> String {
    match cause {
        Cause::Server => "the MCP server is at fault, not the kubeconfig: 'acpctl session probe --help' tells which server is started",
        Cause::Kubeconfig => "'acpctl credential validate FILE' says more about a kubeconfig",
        Cause::Cluster(Class::Network) => "the cluster's address must be reachable from where the MCP server runs",
        Cause::Cluster(Class::Tls) => "check certificate-authority-data and tls-server-name in the kubeconfig",
        Cause::Cluster(Class::Login) => return store_new(),
        Cause::Cluster(Class::Permission) => "ask the cluster's administrator for a role such as 'view' in the context's namespace",
        // The questions of a probe have no such answers.
        Cause::Cluster(Class::NotFound | Class::Conflict | Class::Data | Class::Cluster) => {
            "try again later"
        }
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_by_the_servers_words() {
        for (text, expected) in [
            (
                "tls: failed to verify certificate: x509: unknown authority",
                Some(Cause::Cluster(Class::Tls)),
            ),
            (
                "namespaces is forbidden: User \"u\" cannot list",
                Some(Cause::Cluster(Class::Permission)),
            ),
            (
                "the server has asked for the client to provide credentials",
                Some(Cause::Cluster(Class::Login)),
            ),
            (
                "dial tcp 127.0.0.1:1: connect: connection refused",
                Some(Cause::Cluster(Class::Network)),
            ),
            (
                "getting credentials: exec: executable aws not found",
                Some(Cause::Cluster(Class::Login)),
            ),
            ("context \"x\" does not exist", Some(Cause::Kubeconfig)),
            (
                "context deadline exceeded",
                Some(Cause::Cluster(Class::Network)),
            ),
            (
                "listen tcp :8080: bind: address already in use",
                Some(Cause::Server),
            ),
            ("invalid value \"x\" for toolset", None),
        ] {
            assert_eq!(cause(text), expected, "{text}");
        }
    }

    #[test]
    fn a_flag_that_is_not_known_is_the_servers_version() {
        for text in [
            "unknown flag: --disable-multi-cluster",
            "unknown shorthand flag: 'k' in -k",
            "error: unexpected argument '--kubeconfig' found",
        ] {
            assert!(
                is_unknown_flag(&McpFault::Failed(text.to_owned())),
                "{text}"
            );
        }
        assert!(!is_unknown_flag(&McpFault::Failed(
            "context \"flag\"".to_owned()
        )));
    }
}
