//! `credential renew --renewer`: the objects of an account that may renew certain credentials, and do nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::grade::RBAC;
use crate::cluster::objects::MANAGED_BY;
use crate::commands::credential::minted::Minted;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::Format;
use crate::text::acpctl;
use crate::yaml;

/// The name of all objects of the account.
pub(super) const NAME: &str = "acpctl-renewer";
/// The folder in which a pod finds the login of its account.
const LOGIN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Prints the objects, as YAML for `kubectl apply`. Nothing is created.
///
/// # Errors
/// The credentials lead to several clusters, or to none.
pub(super) fn show(
    ctx: &Ctx,
    namespace: &str,
    minted: &[Minted],
    format: &Format,
) -> anyhow::Result<()> {
    let Some(first) = minted.first() else {
        return Err(Failure::new(Kind::NotFound, "no credential is minted")
            .hint("mint one: acpctl credential create --mint ROLE")
            .into());
    };
    if let Some(other) = minted.iter().find(|other| other.server != first.server) {
        let text = format!(
            "the credentials lead to several clusters: {} and {}",
            first.server, other.server
        );
        return Err(Failure::usage(text)
            .hint(format!(
                "name one credential instead of --all: {}",
                acpctl(&["credential", "renew", "NAME", "--renewer", namespace])
            ))
            .into());
    }
    let objects = objects(namespace, &first.server, minted);
    match format {
        Format::Table | Format::Wide | Format::Name => {
            let texts: Result<Vec<String>, _> = objects.iter().map(yaml::to_string).collect();
            ctx.out.data(texts?.join("---\n").as_bytes())
        }
        format => ctx.out.value(
            &json!({"apiVersion": "v1", "kind": "List", "items": objects}),
            format,
        ),
    }
}

fn objects(namespace: &str, server: &str, minted: &[Minted]) -> Vec<Value> {
    let mut by_namespace: BTreeMap<&str, Vec<&Minted>> = BTreeMap::new();
    for one in minted {
        let own = by_namespace.entry(&one.account.namespace).or_default();
        own.push(one);
    }
    let mut objects = vec![object("v1", "ServiceAccount", namespace, json!({}))];
    for (target, minted) in by_namespace {
        let rbac = format!("{RBAC}/v1");
        objects.push(object(
            &rbac,
            "Role",
            target,
            json!({"rules": rules(&minted)}),
        ));
        let binding = json!({
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
        });
        objects.push(object(&rbac, "RoleBinding", target, binding));
    }
    let data = json!({"data": {"kubeconfig": kubeconfig(server).to_string()}});
    objects.push(object("v1", "ConfigMap", namespace, data));
    objects
}

/// The rights of a renewal. Only "create secrets" can't be limited to names; it reads nothing.
fn rules(minted: &[&Minted]) -> Value {
    let accounts: Vec<String> = minted.iter().map(|one| one.account.name()).collect();
    let mut anchors = Vec::new();
    for one in minted {
        anchors.extend(one.account.anchors());
        if !anchors.contains(&one.anchor) {
            anchors.push(one.anchor.clone());
        }
    }
    json!([
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"], "resourceNames": accounts},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"], "resourceNames": accounts},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "delete"], "resourceNames": anchors},
    ])
}

/// The kubeconfig of a pod with this account. It holds no secret: the token is read from the pod's file.
fn kubeconfig(server: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "renewer",
        "clusters": [{"name": "cluster", "cluster": {
            "server": server, "certificate-authority": format!("{LOGIN}/ca.crt"),
        }}],
        "contexts": [{"name": "renewer", "context": {"cluster": "cluster", "user": "renewer"}}],
        "users": [{"name": "renewer", "user": {"tokenFile": format!("{LOGIN}/token")}}],
    })
}

fn object(version: &str, kind: &str, namespace: &str, content: Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": NAME, "namespace": namespace, "labels": {MANAGED_BY.0: MANAGED_BY.1}},
    });
    if let (Some(object), Value::Object(content)) = (object.as_object_mut(), content) {
        object.extend(content);
    }
    object
}
