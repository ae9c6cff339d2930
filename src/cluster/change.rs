//! Creates and removes single objects in a cluster, and asks for tokens. If an answer is lost, the object is looked up
//! before anything is concluded.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::client::{Client, ClusterAnswer};
use super::fault::{Class, Fault, said};
use super::granted::{Granted, Wanted, contradiction};
use super::objects::{
    Account, CREDENTIAL, ID_LABEL, Kind, MANAGED_BY, Object, PLATFORM, RECORD, is_name,
};
use super::questions::{not_kubernetes, refuse};
use crate::text::secrets;

/// How often the removal of an object is tried, and the wait between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// Creates an object and returns its uid.
///
/// # Errors
/// The cluster refuses, or it is not known whether the object exists.
pub(crate) async fn create(client: &Client, object: &Object) -> Result<String, Fault> {
    let path = object.kind.collection(&object.namespace);
    let fault = match client.post(&path, &object.body).await {
        Ok(answer) if matches!(answer.status, 200 | 201) => match answer.json() {
            Some(stored) if uid(Some(stored)).is_some() => {
                return as_sent(client, stored, object);
            }
            _ => not_kubernetes(client, &answer),
        },
        Ok(answer) => {
            let fault = refusal(client, &answer, &object.says());
            // The server may have created the object before it failed, or a proxy may have repeated the request.
            if answer.status < 500 && answer.status != 409 {
                return Err(fault);
            }
            fault
        }
        Err(fault) => fault,
    };
    match find(client, object).await {
        Ok(Some(found)) if is_ours(&found, object) => as_sent(client, &found, object),
        _ => Err(fault),
    }
}

/// Returns the uid of an object that the cluster has stored as it was sent: a webhook may change objects, and then the
/// account could do something else than was shown.
fn as_sent(client: &Client, stored: &Value, object: &Object) -> Result<String, Fault> {
    let is_same = |key: &str, wanted: &Value| match key {
        "apiVersion" | "kind" => true,
        "metadata" => ["name", "namespace"]
            .iter()
            .all(|key| stored["metadata"][key] == wanted[key]),
        key => without_empty(&stored[key]) == without_empty(wanted),
    };
    let fields = object.body.as_object().into_iter().flatten();
    let changed = fields
        .filter(|(key, wanted)| !is_same(key, wanted))
        .map(|(key, _)| key.as_str())
        .next();
    match (changed, uid(Some(stored))) {
        (None, Some(uid)) => Ok(uid),
        (changed, _) => Err(Fault::new(
            Class::Cluster,
            format!(
                "the cluster has changed {} of the {}",
                changed.unwrap_or("the uid"),
                object.says()
            ),
            format!(
                "ask the cluster's administrator which webhook does that: {}",
                client.kubectl(&["get", "mutatingwebhookconfigurations"])
            ),
        )),
    }
}

/// Returns a value without empty fields, which a server leaves out.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .map(|(key, value)| (key.clone(), without_empty(value)))
                .filter(|(_, value)| !matches!(value, Value::Null) && *value != json!([]));
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.iter().map(without_empty).collect(),
        value => value.clone(),
    }
}

/// Sends an object to be checked only: nothing is stored.
///
/// # Errors
/// The cluster would refuse the object.
pub(crate) async fn try_create(client: &Client, object: &Object) -> Result<(), Fault> {
    let path = object.kind.collection(&object.namespace);
    let answer = client
        .post(&format!("{path}?dryRun=All"), &object.body)
        .await?;
    match answer.status {
        200 | 201 => Ok(()),
        _ => Err(refusal(client, &answer, &object.says())),
    }
}

/// Makes sure that a `ClusterRole` exists. An administrator may bind one that does not, and would get an account
/// without rights.
///
/// # Errors
/// The cluster has no such role.
pub(crate) async fn require_role(client: &Client, name: &str) -> Result<(), Fault> {
    let path = format!("/apis/{}/v1/clusterroles/{name}", super::grade::RBAC);
    let answer = client.get(&path).await?;
    match answer.status {
        200 => Ok(()),
        // A user who may not read roles may still bind one; the cluster then checks that the role exists.
        403 if answer.message().is_some() => Ok(()),
        _ => Err(refusal(client, &answer, &format!("ClusterRole {name}"))),
    }
}

/// Removes an object, if it exists and is ours. Returns false if it is there and is left alone, because nothing tells
/// that it is ours.
///
/// # Errors
/// It is not known to be gone.
pub(crate) async fn remove(client: &Client, object: &Object) -> Result<bool, Fault> {
    let mut last = None;
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(PAUSE * attempt).await;
        }
        match try_remove(client, object).await {
            Ok(is_gone) => return Ok(is_gone),
            Err(fault) if !may_pass(fault.class) => return Err(fault),
            Err(fault) => last = Some(fault),
        }
    }
    Err(last.unwrap_or_else(|| Fault::unreached(client.address())))
}

/// Returns true for a fault that may be gone at the next try.
fn may_pass(class: Class) -> bool {
    matches!(class, Class::Network | Class::Cluster | Class::Conflict)
}

async fn try_remove(client: &Client, object: &Object) -> Result<bool, Fault> {
    let Some(found) = find(client, object).await? else {
        return Ok(true);
    };
    if !is_ours(&found, object) {
        return Ok(false);
    }
    // An object of the same name that somebody made meanwhile stays.
    let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid(Some(&found))}});
    let answer = client.delete(&object.path(), &body).await?;
    match answer.status {
        404 => return Ok(true),
        200 | 202 => {}
        _ => return Err(refusal(client, &answer, &object.says())),
    }
    // A finalizer keeps an object, and a proxy may answer for the cluster.
    match find(client, object).await? {
        Some(left) if uid(Some(&left)) == uid(Some(&found)) => Err(Fault::new(
            Class::Cluster,
            format!(
                "{} is still there, although the cluster says that it is deleted",
                object.says()
            ),
            format!(
                "look for finalizers: {}",
                client.kubectl(&["-n", &object.namespace, "get", &object.word(), "-o", "yaml"])
            ),
        )),
        _ => Ok(true),
    }
}

/// Returns the object as the cluster has it.
///
/// # Errors
/// The cluster does not say whether it exists.
pub(crate) async fn find(client: &Client, object: &Object) -> Result<Option<Value>, Fault> {
    let answer = client.get(&object.path()).await?;
    match (answer.status, answer.json()) {
        (200, Some(found)) if uid(Some(found)).is_some() => Ok(Some(found.clone())),
        (404, Some(_)) if answer.message().is_some() => Ok(None),
        _ => Err(refusal(client, &answer, &object.says())),
    }
}

/// Adds annotations to an object, or replaces them, unless somebody has made the object anew.
///
/// # Errors
/// The cluster refuses, or its answer does not have them.
pub(crate) async fn annotate(
    client: &Client,
    object: &Object,
    uid: &str,
    notes: &[(&str, &str)],
) -> Result<(), Fault> {
    let notes: Value = notes.iter().map(|(key, text)| (*key, *text)).collect();
    let body = json!({"metadata": {"uid": uid, "annotations": notes}});
    let answer = client.patch(&object.path(), &body).await?;
    let stored = answer.json().map(|json| &json["metadata"]["annotations"]);
    let has = |stored: &Value| {
        let mut wanted = notes.as_object().into_iter().flatten();
        wanted.all(|(key, text)| stored[key] == *text)
    };
    match (answer.status, stored) {
        (200, Some(stored)) if has(stored) => Ok(()),
        (200, _) => Err(not_kubernetes(client, &answer)),
        _ => Err(refusal(client, &answer, &object.says())),
    }
}

/// An account that this program has made, with the credential and the platform that it is for.
pub(crate) struct Found {
    pub account: Account,
    pub credential: String,
    pub platform: String,
    /// The ID of the platform's record, if the account names it.
    pub record: Option<String>,
}

/// Lists the accounts that this program has made, in a namespace or in all of them.
///
/// # Errors
/// The cluster refuses.
pub(crate) async fn accounts(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Vec<Found>, Fault> {
    let items = made(client, Kind::Account, namespace).await?;
    let found = |(account, item): (Account, Value)| {
        let noted = |key: &str| Some(item["metadata"]["annotations"][key].as_str()?.to_owned());
        Found {
            account,
            credential: said(&noted(CREDENTIAL).unwrap_or_default()),
            platform: noted(PLATFORM).unwrap_or_default(),
            record: noted(RECORD),
        }
    };
    Ok(items.into_iter().map(found).collect())
}

/// Lists the anchors that this program has made, with their accounts, in a namespace or in all of them.
///
/// # Errors
/// The cluster refuses.
pub(crate) async fn anchors(
    client: &Client,
    namespace: Option<&str>,
) -> Result<Vec<(Account, String)>, Fault> {
    let items = made(client, Kind::Anchor, namespace).await?;
    let named = |(account, item): (Account, Value)| {
        let name = item["metadata"]["name"].as_str()?;
        let is_anchor = account.anchors().iter().any(|anchor| anchor == name);
        is_anchor.then(|| (account, name.to_owned()))
    };
    Ok(items.into_iter().filter_map(named).collect())
}

/// Lists the objects of a kind that have our label, each with the account that its labels name.
async fn made(
    client: &Client,
    kind: Kind,
    namespace: Option<&str>,
) -> Result<Vec<(Account, Value)>, Fault> {
    let path = match namespace {
        Some(namespace) => kind.collection(namespace),
        None => kind.everywhere(),
    };
    let (label, value) = MANAGED_BY;
    let selector = format!("{}%3D{value}", label.replace('/', "%2F"));
    let answer = client
        .get(&format!("{path}?labelSelector={selector}"))
        .await?;
    let items = answer.json().and_then(|json| json["items"].as_array());
    let Some(items) = items.filter(|_| answer.status == 200) else {
        return Err(refusal(client, &answer, &format!("{}s", kind.word())));
    };
    let with_account = |item: &Value| {
        let id = item["metadata"]["labels"][ID_LABEL].as_str()?;
        let own = item["metadata"]["namespace"].as_str();
        let namespace = namespace.or(own)?;
        let account = Account {
            id: id.to_owned(),
            namespace: namespace.to_owned(),
        };
        (is_name(id) && is_name(namespace)).then(|| (account, item.clone()))
    };
    Ok(items.iter().filter_map(with_account).collect())
}

/// Returns true if the object has the label of its account, or the uid that the stored token names.
#[must_use]
pub(crate) fn is_ours(found: &Value, object: &Object) -> bool {
    let has_uid = object.uid.is_some() && object.uid == uid(Some(found));
    has_uid || found["metadata"]["labels"][ID_LABEL] == object.id.as_str()
}

/// Returns the uid of an object.
pub(crate) fn uid(found: Option<&Value>) -> Option<String> {
    let uid = found?["metadata"]["uid"].as_str()?;
    (!uid.is_empty()).then(|| uid.to_owned())
}

/// Asks for a token that is bound to an anchor. It is never sent as a dry run: the cluster would give a token that
/// works.
///
/// # Errors
/// There is no answer with such a token. The cluster may have made one; it ends with its anchor.
pub(crate) async fn token(client: &Client, wanted: &Wanted<'_>) -> Result<Granted, Fault> {
    let account = wanted.account;
    let path = format!(
        "{}/{}/token",
        Kind::Account.collection(&account.namespace),
        account.name()
    );
    let bound = json!({
        "kind": "Secret", "apiVersion": "v1",
        "name": wanted.anchor.name, "uid": wanted.anchor_uid,
    });
    let body = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": wanted.ttl.as_secs(), "boundObjectRef": bound},
    });
    let answer = client.post(&path, &body).await?;
    if !matches!(answer.status, 200 | 201) {
        return Err(refusal(client, &answer, "TokenRequest"));
    }
    let status = answer.json().map_or(&Value::Null, |json| &json["status"]);
    let token = status["token"].as_str().filter(|token| !token.is_empty());
    let token = token.map(SecretString::from);
    token.iter().for_each(secrets::know);
    let end = status["expirationTimestamp"].as_str();
    match (token, end.and_then(|end| end.parse().ok())) {
        (Some(token), _) if client.logs_in_with(&token) => {
            Err(contradiction("back the token that you log in with"))
        }
        (Some(token), _) if !is_bearer(token.expose_secret()) => Err(contradiction(
            "a token with characters that no token consists of",
        )),
        (Some(token), Some(end)) => Granted::of(token, end, wanted),
        (token, _)
            if answer
                .json()
                .is_some_and(|json| json["kind"] == "TokenRequest") =>
        {
            Err(contradiction(match token {
                None => "a TokenRequest without a token",
                Some(_) => "a TokenRequest without an end that can be read (expirationTimestamp)",
            }))
        }
        _ => Err(not_kubernetes(client, &answer)),
    }
}

/// Returns true for a text that a request can carry as a bearer token (RFC 6750): a server may read another one in two
/// ways.
fn is_bearer(token: &str) -> bool {
    let letters = token.trim_end_matches('=');
    !letters.is_empty()
        && letters
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// A refusal as a fault; `what` names the object.
fn refusal(client: &Client, answer: &ClusterAnswer, what: &str) -> Fault {
    if let Err(fault) = refuse(client, answer) {
        return fault;
    }
    let Some(message) = answer.message() else {
        return not_kubernetes(client, answer);
    };
    let (class, hint) = match answer.status {
        403 if message.contains("not currently held") => (
            Class::Permission,
            "choose a role with rights that you have yourself, or ask the cluster's administrator to mint",
        ),
        403 if message.contains("being terminated") => {
            (Class::Conflict, "choose another --namespace")
        }
        403 => (
            Class::Permission,
            "ask the cluster's administrator for the right, or log in as another user with --context",
        ),
        404 => (
            Class::NotFound,
            "check the names of the role and the namespace, and the address of the cluster",
        ),
        409 => (Class::Conflict, "try again"),
        _ => (Class::Data, "change what the message names"),
    };
    Fault::new(class, format!("{what}: {message}"), hint)
}
