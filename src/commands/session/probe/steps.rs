//! From the start of the MCP server to its last answer.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::asked::{Asked, about, namespace};
use super::checklist::{Cause, Checklist, STARTED, Trouble};
use super::program::{Manner, Program};
use crate::cluster::Class;
use crate::cluster::questions::Readable;
use crate::config::file::reason;
use crate::kubeconfig::Access;
use crate::output::progress;
use crate::runner::table::MCP_SERVER;
use crate::session_helper::materialize::Materialized;
use crate::session_helper::mcp::{McpFault as Fault, McpServer as Server};

/// One request after the handshake; the server's own limit is 10 s.
const CALL_LIMIT: Duration = Duration::from_secs(30);
/// Calls that change nothing.
const NAMESPACES: &str = "namespaces_list";
const PODS: &str = "pods_list_in_namespace";

/// Stops at the first fault. The server is stopped in any case.
pub async fn run(
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
    access: &Access,
    asked: &Asked,
    list: &mut Checklist<'_>,
) {
    let progress = progress::begin(format!(
        "Starting the MCP server (up to {} s)",
        program.start_limit.as_secs()
    ));
    let mut server = match start(read_only, program, files, folder).await {
        Ok((server, name)) => {
            list.pass(STARTED, name);
            server
        }
        Err(trouble) => {
            list.fail(STARTED, trouble);
            return;
        }
    };
    progress.say(|| "Listing the MCP server's tools".to_owned());
    match server.tools(CALL_LIMIT).await {
        Ok(tools) => {
            list.pass("tools listed", tools_in_words(&tools));
            progress.say(|| "Asking the cluster through the MCP server".to_owned());
            read(&mut server, &tools, access, asked, list).await;
        }
        Err(fault) => list.fail("tools listed", told(&fault, Cause::Server)),
    }
    progress.say(|| "Stopping the MCP server".to_owned());
    server.stop().await;
}

/// Starts the server as the platform does, and one that knows no flags with a file.
async fn start(
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
) -> Result<(Server, String), Trouble> {
    let first = match shake(Manner::Flags, read_only, program, files, folder).await {
        Err(fault) if is_unknown_flag(&fault) => fault,
        other => return other.map_err(|fault| told(&fault, Cause::Server)),
    };
    match shake(Manner::File, read_only, program, files, folder).await {
        Ok((server, name)) => Ok((
            server,
            format!("{name}; with a file of settings: this version lacks the platform's flags"),
        )),
        Err(again) if is_unknown_flag(&again) => Err(other_version(&first)),
        Err(again) => Err(told(&again, Cause::Server)),
    }
}

async fn shake(
    manner: Manner,
    read_only: bool,
    program: &Program,
    files: &Materialized<'_>,
    folder: &Path,
) -> Result<(Server, String), Fault> {
    let start = |error: std::io::Error| Fault::Refused(reason(&error));
    let command = program
        .command(manner, read_only, files, folder)
        .map_err(start)?;
    let mut server = Server::start(command).map_err(start)?;
    match server.initialize(program.start_limit).await {
        Ok(name) => Ok((server, name)),
        Err(fault) => {
            server.stop().await;
            Err(fault)
        }
    }
}

/// Reads through the server what the user may read: namespaces, else the pods of one.
async fn read(
    server: &mut Server,
    tools: &[String],
    access: &Access,
    asked: &Asked,
    list: &mut Checklist<'_>,
) {
    const NAME: &str = "cluster reached";
    let offers = |tool: &str| tools.iter().any(|offered| offered == tool);
    let namespace = namespace(access);
    // Without a word about the reason: where the cluster has answered us, it is not the way there.
    let otherwise = Cause::Cluster(match asked {
        Asked::Known(_) => Class::Cluster,
        Asked::Unreached(_) => Class::Network,
    });
    let mut refused: Option<Trouble> = None;
    for (tool, arguments, one, place) in [
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
                return list.pass(NAME, format!("{rows} {one}{s}{place}"));
            }
            Err(fault) => match (told(&fault, otherwise), &refused) {
                (trouble, None) if is_forbidden(&trouble) => refused = Some(trouble),
                (trouble, None) => return list.fail(NAME, trouble),
                // That something is forbidden says more than what came after it.
                (_, Some(_)) => {}
            },
        }
    }
    match (refused, asked) {
        (_, Asked::Known(readable)) if !readable.kinds.is_empty() => {
            list.pass(NAME, about(readable, namespace));
        }
        (Some(refused), asked) => list.fail(NAME, without_rights(refused, asked, namespace)),
        (None, Asked::Known(_)) => {
            list.note(
                NAME,
                "by acpctl itself; the server offers no tool that only lists",
            );
        }
        (None, Asked::Unreached(trouble)) => list.fail(NAME, trouble.clone()),
    }
}

/// The first line names the columns.
fn rows(text: &str) -> usize {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.count().saturating_sub(1)
}

fn is_forbidden(trouble: &Trouble) -> bool {
    trouble.cause == Cause::Cluster(Class::Permission)
}

fn without_rights(refused: Trouble, asked: &Asked, namespace: &str) -> Trouble {
    let known = matches!(asked, Asked::Known(Readable { complete: true, .. }));
    let what = if known {
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

/// What command lines of several languages say about a flag that they do not know.
fn is_unknown_flag(fault: &Fault) -> bool {
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
    let (Fault::Failed(text) | Fault::Ended(text)) = fault else {
        return false;
    };
    let text = text.to_lowercase();
    WORDS.iter().any(|words| text.contains(words))
}

fn other_version(fault: &Fault) -> Trouble {
    let (Fault::Failed(text) | Fault::Ended(text)) = fault else {
        return told(fault, Cause::Server);
    };
    Trouble {
        cause: Cause::Server,
        text: format!("{text}: this version of the MCP server is not one that the probe can start"),
        hint: format!(
            "use the version with the platform's flags: npm install --global {MCP_SERVER}, or name it with --mcp-command"
        ),
    }
}

/// A fault in words, with its cause.
fn told(fault: &Fault, otherwise: Cause) -> Trouble {
    let (text, cause) = match fault {
        Fault::Failed(text) => (text.clone(), cause(text).unwrap_or(Cause::Server)),
        Fault::Ended(text) if text.is_empty() => {
            ("the server ended without a word".to_owned(), Cause::Server)
        }
        Fault::Ended(text) => (
            format!("the server ended: {text}"),
            cause(text)
                .filter(|cause| *cause != Cause::Kubeconfig)
                .unwrap_or(Cause::Server),
        ),
        Fault::Refused(text) => (text.clone(), cause(text).unwrap_or(otherwise)),
        Fault::Silent(limit) => (
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

/// The cause, by the words of the server and of Kubernetes' client. The first that fits counts.
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
        // The reasons for which this server takes no kubeconfig.
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
        Cause::Server => "the MCP server is at fault, not the kubeconfig: 'acpctl session probe --help' says which one is started",
        Cause::Kubeconfig => "'acpctl credential validate FILE' says more about a kubeconfig",
        Cause::Cluster(Class::Network) => "the cluster's address must be reachable from where the MCP server runs",
        Cause::Cluster(Class::Tls) => "check certificate-authority-data and tls-server-name in the kubeconfig",
        Cause::Cluster(Class::Login) => "store new credentials: 'acpctl credential update NAME --from-file PATH'",
        Cause::Cluster(Class::Permission) => "ask the cluster's administrator for a role such as 'view' in the context's namespace",
        Cause::Cluster(Class::Cluster) => "try again later",
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
            assert!(is_unknown_flag(&Fault::Failed(text.to_owned())), "{text}");
        }
        assert!(!is_unknown_flag(&Fault::Failed(
            "context \"flag\"".to_owned()
        )));
    }
}
