//! Checks the cluster and the login directly, before any other program gets the credentials.

use jiff::Timestamp;

use super::checklist::{Cause, Checklist, Trouble};
use crate::cluster::questions::{self, Readable};
use crate::cluster::{Class, Fault};
use crate::intake::cluster::{self, EXEC_PLUGIN};
use crate::kubeconfig::{Access, Plugin};
use crate::output::progress;
use crate::runner::expiry::date;
use crate::text::quote;

/// How many of the readable kinds are named.
const MAX_NAMED: usize = 4;

/// The result of the checks of a cluster.
pub(super) enum ClusterAnswer {
    /// The cluster knows the user, who may read these kinds in the context's namespace.
    Known(Readable),
    /// The cluster can't be reached from here.
    Unreached(Trouble),
}

/// Returns the namespace of the context, with the default of Kubernetes' own client.
pub(super) fn namespace(access: &Access) -> &str {
    access.context.namespace.as_deref().unwrap_or("default")
}

/// Does the checks. Returns `None` if one failed and no other may follow.
pub(super) async fn run(
    access: &mut Access,
    may_run_plugin: bool,
    list: &mut Checklist<'_>,
) -> Option<ClusterAnswer> {
    let progress = progress::begin("Asking the cluster".to_owned());
    if let Some(plugin) = access.needed_plugin() {
        if !may_run_plugin {
            list.fail("login program", not_allowed(access, plugin));
            return None;
        }
        let ctx = list.ctx();
        let program = plugin.command.clone();
        progress.say(|| cluster::running(cluster::login_limit(ctx)));
        match cluster::log_in(ctx, access).await {
            Ok(()) => list.pass("login program", program),
            Err(fault) => {
                list.fail("login program", fault.into());
                return None;
            }
        }
        progress.say(|| "Asking the cluster".to_owned());
    }
    match questions(access, list).await {
        Ok(readable) => Some(ClusterAnswer::Known(readable)),
        Err((_, fault)) if !fault.connected => {
            Some(ClusterAnswer::Unreached(explained(fault, access, list)))
        }
        Err((name, fault)) => {
            let trouble = explained(fault, access, list);
            list.fail(name, trouble);
            None
        }
    }
}

/// The name of the first check.
pub(super) const ANSWERS: &str = "cluster answers";

/// Asks the cluster for its version, the user's name, and what the user may read. A failure comes with the name of its
/// check.
async fn questions(
    access: &Access,
    list: &mut Checklist<'_>,
) -> Result<Readable, (&'static str, Fault)> {
    let client = cluster::client(list.ctx(), access)
        .await
        .map_err(|fault| (ANSWERS, fault))?;
    let version = questions::version(&client)
        .await
        // If the server refuses the login, it has answered: the next check reports that.
        .map_err(|fault| match fault.class {
            Class::Login => ("login accepted", fault),
            _ => (ANSWERS, fault),
        })?;
    let version = version.map_or(String::new(), |version| format!("Kubernetes {version} "));
    list.pass(ANSWERS, format!("{version}at {}", client.address()));
    let user = questions::who(&client)
        .await
        .map_err(|fault| ("login accepted", fault))?;
    let user =
        user.unwrap_or_else(|| "the cluster knows the user, but does not return a name".to_owned());
    list.pass("login accepted", user);
    let namespace = namespace(access);
    let readable = questions::readable(&client, namespace).await;
    list.note("may read", about(&readable, namespace));
    Ok(readable)
}

/// Describes in a few words what may be read.
pub(super) fn about(readable: &Readable, namespace: &str) -> String {
    let kinds: Vec<&str> = readable.kinds.iter().map(String::as_str).collect();
    let what = match kinds.as_slice() {
        [] if readable.complete => "nothing".to_owned(),
        [] => return format!("the cluster does not say what in the namespace {namespace}"),
        kinds if kinds.contains(&"*") => "everything".to_owned(),
        kinds if kinds.len() <= MAX_NAMED + 1 => kinds.join(", "),
        kinds => {
            // Pods and secrets matter most, so they come first.
            let first = ["pods", "secrets"];
            let rest = kinds.iter().filter(|kind| !first.contains(kind));
            let named: Vec<&str> = first
                .iter()
                .filter(|kind| kinds.contains(kind))
                .chain(rest)
                .take(MAX_NAMED)
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

/// Adds what the kubeconfig reveals about the reason of a fault.
fn explained(mut fault: Fault, access: &Access, list: &Checklist<'_>) -> Trouble {
    if fault.class == Class::Login {
        if let Some(expired) = expired(access, list.ctx().now()) {
            fault.text = format!("{expired}: {}", fault.text);
        } else if access.server.starts_with("http://") && access.has_credentials() {
            fault.text = format!("no token is sent to an http:// address: {}", fault.text);
            "set the cluster's 'server' to an https:// address".clone_into(&mut fault.hint);
        } else if !access.has_credentials() && !fault.text.starts_with("no credentials") {
            fault.text = format!("no credentials are in the kubeconfig: {}", fault.text);
            questions::NO_CREDENTIALS.clone_into(&mut fault.hint);
        } else if access.has_credentials() {
            fault.text = fault.text.replacen(
                "no credentials: the cluster sees",
                "the cluster ignores the credentials and sees",
                1,
            );
        }
    }
    fault.into()
}

/// Says that the kubeconfig's credentials have expired, if they have.
fn expired(access: &Access, now: Timestamp) -> Option<String> {
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
