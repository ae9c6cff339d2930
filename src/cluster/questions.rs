//! Asks a cluster about the user before any other program gets the credentials. Every logged-in user may ask this, and
//! the cluster stores nothing: it answers a review and forgets it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Client, ClusterAnswer};
use super::fault::{Class, Fault, NOT_KUBERNETES, said, store_new};
use super::grade::REVIEWS;

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const ANONYMOUS: &str = "system:anonymous";

/// Returns the server's version, if the server tells it.
///
/// # Errors
/// The answer does not come from Kubernetes, or the login is refused at once.
pub(crate) async fn version(client: &Client) -> Result<Option<String>, Fault> {
    let answer = client.get("/version").await?;
    refuse(client, &answer)?;
    let version = |json: &Value| json["gitVersion"].as_str().map(said);
    match (answer.status, answer.json()) {
        (200, Some(json)) if json.get("gitVersion").is_some() || json.get("major").is_some() => {
            Ok(version(json))
        }
        // This user may not see the version, or the path is wrong: the next question finds out.
        (403 | 404, Some(_)) => Ok(None),
        _ => Err(not_kubernetes(client, &answer)),
    }
}

/// Returns the name by which the cluster knows the user; `None` if it knows the user but does not tell the name.
///
/// # Errors
/// The cluster knows no user with these credentials.
pub(crate) async fn who(client: &Client) -> Result<Option<String>, Fault> {
    let user = identity(client).await?;
    Ok(user.map(|user| user.name))
}

/// Returns true if the cluster refuses the credentials, in Kubernetes' own words: a portal refuses everybody.
///
/// # Errors
/// The answer tells neither.
pub(crate) async fn is_refused(client: &Client) -> Result<bool, Fault> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = client.post(WHO, &body).await?;
    match answer.status {
        401 if answer.message().is_none() => Err(not_kubernetes(client, &answer)),
        401 => Ok(true),
        _ => match judged(client, answer).await {
            Err(fault) if fault.class == Class::Login => Ok(true),
            judged => judged.map(|_| false),
        },
    }
}

/// A user, as the cluster sees it, in words that pass through `said`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub name: String,
    pub groups: Vec<String>,
    /// The cluster's name for the credential, such as `JTI=…`, as its audit log has it.
    pub credential: Option<String>,
}

impl User {
    /// Returns true if this is the user's name.
    #[must_use]
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == said(name)
    }
}

/// The user with its groups; `None` if the cluster knows the user but does not say the name.
///
/// # Errors
/// A fault if the cluster does not know these credentials.
pub(crate) async fn identity(client: &Client) -> Result<Option<User>, Fault> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = client.post(WHO, &body).await?;
    judged(client, answer).await
}

async fn judged(client: &Client, answer: ClusterAnswer) -> Result<Option<User>, Fault> {
    refuse(client, &answer)?;
    match answer.status {
        200 | 201 => {
            let json = answer
                .json()
                .filter(|json| json["kind"] == "SelfSubjectReview");
            let info = json.map(|json| &json["status"]["userInfo"]);
            let name = info.and_then(|info| info["username"].as_str());
            match (name, info) {
                (Some(ANONYMOUS), _) => Err(anonymous()),
                (Some(name), Some(info)) => Ok(Some(user_of(name, info))),
                _ => Err(not_kubernetes(client, &answer)),
            }
        }
        403 => known_by_refusal(client, &answer),
        // A server before 1.28 does not have this review: ask for the user's rights instead.
        404 if answer.message().is_some() => {
            let rules = post_rules(client, "default").await?;
            match rules.status {
                200 | 201 => Ok(None),
                403 => known_by_refusal(client, &rules),
                _ => Err(not_kubernetes(client, &rules)),
            }
        }
        _ => Err(not_kubernetes(client, &answer)),
    }
}

fn user_of(name: &str, info: &Value) -> User {
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).map(said).collect()
    };
    let ids = texts(&info["extra"]["authentication.kubernetes.io/credential-id"]);
    User {
        name: said(name),
        groups: texts(&info["groups"]),
        credential: ids.into_iter().next(),
    }
}

/// A refusal names whom it refuses.
fn known_by_refusal(client: &Client, answer: &ClusterAnswer) -> Result<Option<User>, Fault> {
    let Some(message) = answer.message() else {
        return Err(not_kubernetes(client, answer));
    };
    if message.contains("cannot impersonate") {
        return Err(Fault::new(
            Class::Permission,
            message,
            "take 'as' out of the kubeconfig, or ask the cluster's administrator for the right to impersonate",
        ));
    }
    let user = quoted_after(message, "User ");
    if user == Some(ANONYMOUS) {
        return Err(anonymous());
    }
    // Every Kubernetes knows the path of a review. This server treats it as an unknown path.
    if message.contains("cannot post path") {
        return Err(not_kubernetes(client, answer));
    }
    Ok(user.map(|name| User {
        name: said(name),
        ..User::default()
    }))
}

/// Returns the text in quotation marks after some words.
fn quoted_after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let rest = text.split_once(words)?.1.strip_prefix('"')?;
    rest.split_once('"').map(|(quoted, _)| quoted)
}

/// The kinds that the user may read in one namespace, as far as the cluster can tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Readable {
    /// The kinds that the user may list.
    pub kinds: BTreeSet<String>,
    /// False if there may be more, or if there was no answer.
    pub complete: bool,
}

/// Asks what the user may read in a namespace. A missing answer is not a fault: then nothing is known.
pub(crate) async fn readable(client: &Client, namespace: &str) -> Readable {
    match post_rules(client, namespace).await {
        Ok(answer) => answer.json().map(rules).unwrap_or_default(),
        Err(_) => Readable::default(),
    }
}

pub(super) async fn post_rules(client: &Client, namespace: &str) -> Result<ClusterAnswer, Fault> {
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    client.post(RULES, &body).await
}

fn rules(review: &Value) -> Readable {
    let status = &review["status"];
    let Some(rules) = status["resourceRules"].as_array() else {
        return Readable::default();
    };
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        let values = rule[key].as_array().map_or(&[][..], Vec::as_slice);
        let texts = values.iter().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let kinds = rules
        .iter()
        .filter(|rule| {
            texts(rule, "verbs")
                .iter()
                .any(|verb| matches!(verb.as_str(), "list" | "get" | "*"))
        })
        .flat_map(|rule| texts(rule, "resources"))
        // A part of a kind, such as the status of a pod, can't be listed.
        .filter(|kind| !kind.contains('/') && !REVIEWS.contains(&kind.as_str()))
        .map(|kind| said(&kind))
        .collect();
    Readable {
        kinds,
        complete: status["incomplete"] != true,
    }
}

/// Fails for an answer that means the same to every question.
pub(super) fn refuse(client: &Client, answer: &ClusterAnswer) -> Result<(), Fault> {
    let address = client.address();
    match answer.status {
        300..=399 => {
            let target = answer.location.as_deref().unwrap_or("another address");
            Err(Fault::new(
                Class::Network,
                format!(
                    "{address} redirects to {target}, which Kubernetes does not: a portal or a proxy answers there"
                ),
                NOT_KUBERNETES,
            ))
        }
        400 if answer.text().contains("HTTP request to an HTTPS server") => Err(Fault::new(
            Class::Tls,
            format!("{address} speaks TLS, and the kubeconfig's address does not say https"),
            format!("set the cluster's 'server' to https://{address}"),
        )),
        401 => Err(Fault::new(
            Class::Login,
            "the cluster refuses the credentials (401 Unauthorized)",
            store_new(),
        )),
        407 => Err(Fault::new(
            Class::Network,
            "the proxy requires a login (407)",
            "add the proxy's user name and password to proxy-url",
        )),
        429 | 500..=599 => {
            let said = answer
                .message()
                .map_or(String::new(), |text| format!(": {text}"));
            Err(Fault::new(
                Class::Cluster,
                format!(
                    "{address} can't answer now (status {}){said}",
                    answer.status
                ),
                "try again later; if it keeps failing, tell the cluster's administrator",
            ))
        }
        _ => Ok(()),
    }
}

/// The hint if the kubeconfig has no credentials.
pub(crate) const NO_CREDENTIALS: &str =
    "put a token, a client certificate or a login program into the kubeconfig's user";

fn anonymous() -> Fault {
    Fault::new(
        Class::Login,
        format!("no credentials: the cluster sees {ANONYMOUS}"),
        NO_CREDENTIALS,
    )
}

pub(super) fn not_kubernetes(client: &Client, answer: &ClusterAnswer) -> Fault {
    let address = client.address();
    let is_markup =
        answer.content_type.starts_with("text/html") || answer.text().trim_start().starts_with('<');
    if is_markup {
        return Fault::new(
            Class::Network,
            format!(
                "{address} answers HTML (status {}), not Kubernetes: a portal or a proxy is there",
                answer.status
            ),
            NOT_KUBERNETES,
        );
    }
    let what = match answer.content_type.split(';').next().unwrap_or_default() {
        "" => "an answer without a type".to_owned(),
        "application/json" if answer.json().is_none() => {
            "application/json that is not one object".to_owned()
        }
        kind => kind.to_owned(),
    };
    Fault::new(
        Class::Network,
        format!(
            "no Kubernetes API at this address: {address} answers {what} with status {}",
            answer.status
        ),
        NOT_KUBERNETES,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_listed_is_read_from_the_rules() {
        let review = json!({"status": {"incomplete": true, "resourceRules": [
            {"verbs": ["create"], "resources": ["selfsubjectreviews"]},
            {"verbs": ["get", "list"], "resources": ["pods", "pods/status"]},
            {"verbs": ["*"], "resources": ["secrets"]},
            {"verbs": ["delete"], "resources": ["jobs"]},
        ]}});
        let read = rules(&review);
        let kinds: Vec<&str> = read.kinds.iter().map(String::as_str).collect();
        assert_eq!(kinds, ["pods", "secrets"]);
        assert!(!read.complete);
        assert_eq!(rules(&json!({"kind": "Status"})), Readable::default());
    }

    #[test]
    fn a_refusal_says_who_was_refused() {
        let text = "x is forbidden: User \"ada\" cannot create resource \"y\"";
        assert_eq!(quoted_after(text, "User "), Some("ada"));
        assert_eq!(quoted_after("nobody", "User "), None);
    }
}
