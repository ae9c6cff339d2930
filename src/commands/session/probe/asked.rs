//! What acpctl asks the cluster itself, before any other program gets the credentials.

use std::time::Duration;

use jiff::Timestamp;

use super::checklist::{Cause, Checklist, Trouble};
use crate::cluster::plugin::{self, Login};
use crate::cluster::questions::{self, Readable};
use crate::cluster::{Class, Client, Fault, Limits};
use crate::compat::quote::quote;
use crate::env;
use crate::kubeconfig::{Access, Plugin};
use crate::output::progress;
use crate::runner::expiry::date;
use crate::runner::table;

/// The finding that `--allow` has to name before a login program is started, as `credential create` calls it.
pub const EXEC_PLUGIN: &str = "exec-plugin";
/// How long a connection may take, and one answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// How long a login program may take: it may ask a server of its own.
const LOGIN_LIMIT: Duration = Duration::from_secs(60);
/// How many kinds are named.
const NAMED: usize = 4;

/// What is known afterwards.
pub enum Asked {
    /// The cluster knows the user, who may read this in the context's namespace.
    Known(Readable),
    /// No connection came about from here.
    Unreached(Trouble),
}

/// The namespace of the context, as Kubernetes' client takes it.
pub fn namespace(access: &Access) -> &str {
    access.context.namespace.as_deref().unwrap_or("default")
}

/// Goes through the questions; `None` where one failed for good.
pub async fn ask(
    access: &mut Access,
    may_run_plugin: bool,
    list: &mut Checklist<'_>,
) -> Option<Asked> {
    let progress = progress::begin("Asking the cluster".to_owned());
    if let Some(plugin) = access.needed_plugin() {
        if !may_run_plugin {
            list.fail("login program", not_allowed(access, plugin));
            return None;
        }
        let limit = list.ctx().globals.request_timeout.unwrap_or(LOGIN_LIMIT);
        progress.say(|| format!("Running the login program (up to {} s)", limit.as_secs()));
        match plugin::run(access, plugin, limit, without_our_secrets).await {
            Ok(login) => {
                list.pass("login program", plugin.command.clone());
                match login {
                    Login::Token(token) => access.token = Some(token),
                    Login::Certificate(pair) => access.certificate = Some(pair),
                }
            }
            Err(fault) => {
                list.fail("login program", fault.into());
                return None;
            }
        }
        progress.say(|| "Asking the cluster".to_owned());
    }
    match questions(access, list).await {
        Ok(readable) => Some(Asked::Known(readable)),
        Err((_, fault)) if !fault.connected => Some(Asked::Unreached(told(fault, access, list))),
        Err((name, fault)) => {
            let trouble = told(fault, access, list);
            list.fail(name, trouble);
            None
        }
    }
}

/// The name of the first question.
pub const ANSWERS: &str = "cluster answers";

async fn questions(
    access: &Access,
    list: &mut Checklist<'_>,
) -> Result<Readable, (&'static str, Fault)> {
    let globals = &list.ctx().globals;
    let limits = Limits {
        connect: globals.connect_timeout.unwrap_or(CONNECT_LIMIT),
        request: globals.request_timeout.unwrap_or(ANSWER_LIMIT),
    };
    let client = Client::new(access, limits)
        .await
        .map_err(|fault| (ANSWERS, fault))?;
    let version = questions::version(&client)
        .await
        // A refused login is a matter of the next line, where the server has answered.
        .map_err(|fault| match fault.class {
            Class::Login => ("login accepted", fault),
            _ => (ANSWERS, fault),
        })?;
    let version = version.map_or(String::new(), |version| format!("Kubernetes {version} "));
    list.pass(ANSWERS, format!("{version}at {}", client.address()));
    let user = questions::who(&client)
        .await
        .map_err(|fault| ("login accepted", fault))?;
    let user = user.unwrap_or_else(|| "the cluster knows the user, and says no name".to_owned());
    list.pass("login accepted", user);
    let namespace = namespace(access);
    let readable = questions::readable(&client, namespace).await;
    list.note("may read", about(&readable, namespace));
    Ok(readable)
}

/// What may be read, in a few words.
pub fn about(readable: &Readable, namespace: &str) -> String {
    let kinds: Vec<&str> = readable.kinds.iter().map(String::as_str).collect();
    let what = match kinds.as_slice() {
        [] if readable.complete => "nothing".to_owned(),
        [] => return format!("the cluster does not say what in the namespace {namespace}"),
        kinds if kinds.contains(&"*") => "everything".to_owned(),
        kinds if kinds.len() <= NAMED + 1 => kinds.join(", "),
        kinds => {
            // Pods and secrets matter most, whatever the alphabet says.
            let first = ["pods", "secrets"];
            let rest = kinds.iter().filter(|kind| !first.contains(kind));
            let named: Vec<&str> = first
                .iter()
                .filter(|kind| kinds.contains(kind))
                .chain(rest)
                .take(NAMED)
                .copied()
                .collect();
            format!(
                "{} and {} more kinds",
                named.join(", "),
                kinds.len() - named.len()
            )
        }
    };
    format!("{what} in the namespace {namespace}")
}

fn not_allowed(access: &Access, plugin: &Plugin) -> Trouble {
    Trouble {
        cause: Cause::Kubeconfig,
        text: format!(
            "the user {} logs in with the program {}, which the probe starts only with --allow {EXEC_PLUGIN}",
            quote(&access.context.user),
            quote(&plugin.command)
        ),
        hint: format!(
            "add --allow {EXEC_PLUGIN} if you trust this kubeconfig; a session's container has no such program"
        ),
    }
}

/// The user's own login, and what the runner may set, is not for a program that a kubeconfig names.
fn without_our_secrets(command: &mut tokio::process::Command) {
    for name in table::variable_names() {
        command.env_remove(name);
    }
    for variable in [env::TOKEN, env::BOT_TOKEN] {
        command.env_remove(variable.name);
    }
}

/// Adds what the kubeconfig itself tells about the reason.
fn told(mut fault: Fault, access: &Access, list: &Checklist<'_>) -> Trouble {
    if fault.class == Class::Login {
        if let Some(ended) = ended(access, list.ctx().now()) {
            fault.text = format!("{ended}: {}", fault.text);
        } else if access.server.starts_with("http://") && access.has_credentials() {
            fault.text = format!("no token is sent to an http:// address: {}", fault.text);
            "set the cluster's 'server' to an https:// address".clone_into(&mut fault.hint);
        } else if !access.has_credentials() && !fault.text.starts_with("no credentials") {
            fault.text = format!("no credentials are in the kubeconfig: {}", fault.text);
            questions::NO_CREDENTIALS.clone_into(&mut fault.hint);
        } else if access.has_credentials() {
            fault.text = fault.text.replacen(
                "no credentials: the cluster sees",
                "the cluster passes over the credentials and sees",
                1,
            );
        }
    }
    fault.into()
}

fn ended(access: &Access, now: Timestamp) -> Option<String> {
    let (at, what) = (access.context.expires_at?, access.context.ends_first?);
    (at <= now).then(|| format!("the {what} ended on {}", date(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_read_is_told_in_a_line() {
        let readable = |kinds: &[&str], complete| Readable {
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            complete,
        };
        for (kinds, complete, expected) in [
            (&[][..], true, "nothing in the namespace n"),
            (
                &[],
                false,
                "the cluster does not say what in the namespace n",
            ),
            (&["*", "pods"], true, "everything in the namespace n"),
            (&["pods"], true, "pods in the namespace n"),
            (
                &["a", "b", "c", "d", "pods", "secrets"],
                true,
                "pods, secrets, a, b and 2 more kinds in the namespace n",
            ),
        ] {
            assert_eq!(about(&readable(kinds, complete), "n"), expected);
        }
    }
}
