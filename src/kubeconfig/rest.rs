//! Gate 2: checks the context's cluster and user, and nothing else in the file
//! (docs/interface/kubeconfig.md sections 5 to 7).

use super::choose::Chosen;
use super::files::{Material, Materials, Unread, unreadable};
use super::finding::{Finding, quote};
use super::model::{Config, Exec};
use super::url::{Address, Url};

/// Returns the faults in the client's order. `in-cluster-fallback` is the one fault after which a client inside a pod
/// acts as the pod itself.
pub(super) fn check<'t>(
    config: &Config<'t>,
    chosen: &Chosen<'t>,
    materials: &Materials,
) -> Vec<Finding> {
    // The client also reports the missing cluster of the missing context. It has the same cause, so it is left out.
    if chosen.context_item.is_none() && !chosen.name.is_empty() {
        return vec![chosen.not_found(config)];
    }
    let mut faults = Vec::new();
    check_certificate(chosen, materials, &mut faults);
    if let Some(exec) = &chosen.user.exec {
        check_exec(chosen, exec, &mut faults);
    }
    check_other_identity(chosen, &mut faults);
    if chosen.cluster_item.is_none() {
        faults.push(if faults.is_empty() {
            chosen.on_context("in-cluster-fallback", "cluster")
        } else {
            chosen
                .on_context("cluster-not-found", "cluster")
                .about(&quote(chosen.context.cluster))
        });
        return faults;
    }
    check_cluster(chosen, materials, &mut faults);
    if faults.is_empty() {
        check_token_file(chosen, materials, &mut faults);
    }
    faults
}

fn check_certificate(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    let user = &chosen.user;
    if !user.has_certificate() {
        return; // the client ignores a key without a certificate
    }
    if !user.certificate_file.is_empty() && !user.certificate_data.is_empty() {
        faults.push(chosen.on_user("data-and-file", "client-certificate"));
    }
    if !user.key_file.is_empty() && !user.key_data.is_empty() {
        faults.push(chosen.on_user("data-and-file", "client-key"));
    }
    if !user.has_key() {
        faults.push(chosen.on_user("certificate-without-key", ""));
    }
    for (material, field, path) in [
        (
            &materials.certificate,
            "client-certificate",
            chosen.user.certificate_file,
        ),
        (&materials.key, "client-key", chosen.user.key_file),
    ] {
        if let Material::Unreadable(why) = material {
            let finding = chosen.on_user("file-unreadable", field);
            faults.push(unreadable(finding, path, why));
        }
    }
}

fn check_exec(chosen: &Chosen<'_>, exec: &Exec<'_>, faults: &mut Vec<Finding>) {
    let mut fault = |code, field| faults.push(chosen.on_user(code, field));
    if chosen.user.auth_provider.is_some() {
        fault("exec-and-auth-provider", "auth-provider");
    }
    if exec.command.is_empty() {
        fault("exec-no-command", "exec");
    }
    if exec.api_version.is_empty() {
        fault("exec-no-api-version", "exec");
    }
    if exec.env.iter().any(|variable| variable.name.is_empty()) {
        fault("exec-env-no-name", "exec.env");
    }
    if !matches!(exec.mode(), "Never" | "IfAvailable" | "Always") {
        fault("exec-bad-mode", "exec.interactiveMode");
    }
}

fn check_other_identity(chosen: &Chosen<'_>, faults: &mut Vec<Finding>) {
    let user = &chosen.user;
    let basic = !user.username.is_empty() || !user.password.is_empty();
    if !user.token.is_empty() && basic {
        faults.push(chosen.on_user("token-and-basic", "token"));
    }
    if user.impersonate.is_empty() && user.impersonates_without_user() {
        faults.push(chosen.on_user("impersonation-without-user", ""));
    }
}

fn check_cluster(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    let cluster = &chosen.cluster;
    if cluster.server.is_empty() {
        let name = quote(chosen.context.cluster);
        faults.push(chosen.on_cluster("no-server", "server").about(&name));
    }
    if !cluster.proxy_url.is_empty() {
        let fault = match Url::parse(cluster.proxy_url) {
            Err(_) => Some("it is not a URL"),
            Ok(url) if matches!(url.scheme.as_str(), "http" | "https" | "socks5") => None,
            Ok(_) => Some("its scheme is not http, https or socks5"),
        };
        let at_proxy = |fault| chosen.on_cluster("bad-proxy", "proxy-url").detail(fault);
        faults.extend(fault.map(at_proxy));
    }
    if !cluster.ca_file.is_empty() && !cluster.ca_data.is_empty() {
        faults.push(chosen.on_cluster("data-and-file", "certificate-authority"));
    }
    if let Material::Unreadable(why) = &materials.ca {
        let finding = chosen.on_cluster("file-unreadable", "certificate-authority");
        faults.push(unreadable(finding, cluster.ca_file, why));
    }
}

/// The client reads the token file only over https, and only if the kubeconfig itself holds no token.
fn check_token_file(chosen: &Chosen<'_>, materials: &Materials, faults: &mut Vec<Finding>) {
    if !Address::of(chosen.cluster.server).is_https() || !chosen.user.token.is_empty() {
        return;
    }
    let folder = Unread::folder();
    let why = match &materials.token_file {
        Material::Unreadable(why) => why,
        Material::Folder => &folder,
        _ => return,
    };
    let finding = chosen.on_user("file-unreadable", "tokenFile");
    faults.push(unreadable(finding, chosen.user.token_file, why));
}
