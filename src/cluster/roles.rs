//! The rights that a minted account gets: a role that the cluster has, a preset of ours, or rules that the user writes.

use serde_json::{Value, json};

use crate::compat::grammar::nearest;

use super::grade::RBAC;

/// The role of a minted account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// A `ClusterRole` that exists, bound in one namespace.
    Cluster(String),
    /// A role of its own, with these rules.
    Own { word: String, rules: Vec<Value> },
}

/// A role that this program knows: its word, its purpose, and its rules.
struct Preset {
    word: &'static str,
    meaning: &'static str,
    rules: &'static [&'static str],
}

/// Kinds without secrets that hold no password either.
const LOOK: &[&str] = &[
    "get,list,watch pods,pods/log,pods/status,services,endpoints,events,configmaps,persistentvolumeclaims,replicationcontrollers,resourcequotas,limitranges,serviceaccounts",
    "get,list,watch deployments.apps,replicasets.apps,statefulsets.apps,daemonsets.apps",
    "get,list,watch jobs.batch,cronjobs.batch",
    "get,list,watch ingresses.networking.k8s.io,networkpolicies.networking.k8s.io",
    "get,list,watch horizontalpodautoscalers.autoscaling",
];
/// Changes that can't make a container with another image, command or mounted secret.
const CHANGE: &[&str] = &[
    "create,update,patch,delete configmaps,services",
    "create,update,patch,delete ingresses.networking.k8s.io",
    "update,patch deployments.apps/scale,statefulsets.apps/scale",
    "delete pods",
];
const RUN: &[&str] = &["get,create pods/exec,pods/attach,pods/portforward"];

/// The presets. `view` is the cluster's own role of that name.
const PRESETS: [Preset; 3] = [
    Preset {
        word: "view-no-secrets",
        meaning: "looks at pods, logs, workloads and settings, but not at secrets; changes nothing",
        rules: &[],
    },
    Preset {
        word: "edit-no-secrets",
        meaning: "also changes settings, services and ingresses, scales, and restarts pods; can't start pods of its own, because a pod can read every secret of its namespace",
        rules: CHANGE,
    },
    Preset {
        word: "debug",
        meaning: "looks as view-no-secrets does, and runs commands in pods, which can read the secrets that these pods have",
        rules: RUN,
    },
];

impl Role {
    /// Returns the role of a word: a preset, or else a `ClusterRole` of this name.
    #[must_use]
    pub(crate) fn named(word: &str) -> Self {
        match PRESETS.iter().find(|preset| preset.word == word) {
            Some(preset) => Self::Own {
                word: word.to_owned(),
                rules: LOOK
                    .iter()
                    .chain(preset.rules)
                    .filter_map(|text| rules(text).ok())
                    .flatten()
                    .collect(),
            },
            None => Self::Cluster(word.to_owned()),
        }
    }

    /// Returns a sentence about a preset.
    #[must_use]
    pub(crate) fn meaning(&self) -> Option<&'static str> {
        let preset = PRESETS.iter().find(|preset| preset.word == self.word());
        preset.map(|preset| preset.meaning)
    }

    /// Returns its word: that of the preset, or the name of the `ClusterRole`.
    #[must_use]
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Cluster(name) => name,
            Self::Own { word, .. } => word,
        }
    }
}

/// The reason why rules can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RulesFault {
    #[error(
        "rules are verbs and resources, separated by one blank: 'get,list pods,deployments.apps'"
    )]
    Form,
    #[error("{0:?} is not a verb of Kubernetes: did you mean {1}?")]
    Verb(String, &'static str),
    #[error("a rule needs 'verbs' and 'resources', as lists of words")]
    Fields,
    #[error("a Role can't have 'nonResourceURLs'")]
    Address,
}

/// Reads rules as a line: `get,list pods,pods/log,deployments.apps,deployments.apps/scale`. Each API group becomes a
/// rule.
///
/// # Errors
/// The text has another form.
pub(crate) fn rules(text: &str) -> Result<Vec<Value>, RulesFault> {
    let mut words = text.split_whitespace();
    let (Some(verbs), Some(resources), None) = (words.next(), words.next(), words.next()) else {
        return Err(RulesFault::Form);
    };
    let list = |words: &str| -> Vec<String> { words.split(',').map(str::to_owned).collect() };
    let verbs = list(verbs);
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for resource in list(resources) {
        let (group, resource) = split(&resource);
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, resources)) => resources.push(resource),
            None => groups.push((group, vec![resource])),
        }
    }
    let is_word = |word: &String| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*' | '/'))
    };
    let all = groups.iter().flat_map(|(_, resources)| resources);
    if !all.chain(&verbs).all(is_word) {
        return Err(RulesFault::Form);
    }
    for verb in &verbs {
        if let Some(near) = misspelled(verb) {
            return Err(RulesFault::Verb(verb.clone(), near));
        }
    }
    let rule = |(group, resources): (String, Vec<String>)| json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
    Ok(groups.into_iter().map(rule).collect())
}

/// The verbs of requests for objects. Others exist, for kinds of their own.
const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// Returns the verb that is meant by a word that is not one, but is much like it: an account would get no right by it.
fn misspelled(word: &str) -> Option<&'static str> {
    if VERBS.contains(&word) {
        return None;
    }
    nearest(word, VERBS.into_iter())
}

/// Splits `deployments.apps/scale` into the group and the resource with its part.
fn split(text: &str) -> (String, String) {
    let (resource, part) = text
        .split_once('/')
        .map_or((text, None), |(resource, part)| (resource, Some(part)));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let resource = part.map_or_else(|| resource.to_owned(), |part| format!("{resource}/{part}"));
    (group.to_owned(), resource)
}

/// Checks rules from a file: a list of rules, or a Role with its `rules`.
///
/// # Errors
/// They are not rules of a Role.
pub(crate) fn checked(document: &Value) -> Result<Vec<Value>, RulesFault> {
    let listed = document.get("rules").unwrap_or(document);
    let listed = listed.as_array().filter(|list| !list.is_empty());
    let listed = listed.ok_or(RulesFault::Fields)?;
    let texts = |value: &Value| {
        let list = value.as_array()?;
        (!list.is_empty() && list.iter().all(Value::is_string)).then(|| value.clone())
    };
    let rule = |rule: &Value| {
        if rule.get("nonResourceURLs").is_some() {
            return Err(RulesFault::Address);
        }
        let (Some(verbs), Some(resources)) = (texts(&rule["verbs"]), texts(&rule["resources"]))
        else {
            return Err(RulesFault::Fields);
        };
        let groups = texts(&rule["apiGroups"]).unwrap_or_else(|| json!([""]));
        let mut checked = json!({"apiGroups": groups, "resources": resources, "verbs": verbs});
        if let Some(names) = rule.get("resourceNames") {
            checked["resourceNames"] = texts(names).ok_or(RulesFault::Fields)?;
        }
        Ok(checked)
    };
    listed.iter().map(rule).collect()
}

/// Returns a rule as people read it: `get,list pods,pods/log`.
#[must_use]
pub(crate) fn says(rule: &Value) -> String {
    let list = |key: &str| {
        let words = rule[key].as_array().map_or(&[][..], Vec::as_slice);
        words.iter().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let groups = list("apiGroups").join(",");
    let group = if groups.is_empty() {
        String::new()
    } else {
        format!(" ({groups})")
    };
    let mut text = format!(
        "{} {}{group}",
        list("verbs").join(","),
        list("resources").join(",")
    );
    if !list("resourceNames").is_empty() {
        text.push_str(&format!(", only {}", list("resourceNames").join(",")));
    }
    text
}

/// Returns the group of roles and their bindings.
#[must_use]
pub(super) fn role_reference(role: &Role, own: &str) -> Value {
    let (kind, name) = match role {
        Role::Cluster(name) => ("ClusterRole", name.as_str()),
        Role::Own { .. } => ("Role", own),
    };
    json!({"apiGroup": RBAC, "kind": kind, "name": name})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_rules_is_grouped_by_api_group() {
        let read = rules("get,list pods,pods/log,deployments.apps,deployments.apps/scale").unwrap();
        assert_eq!(
            read,
            [
                json!({"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}),
                json!({"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": ["get", "list"]}),
            ]
        );
        for wrong in [
            "",
            "get",
            "get pods now",
            "get, pods",
            "g\u{7}et pods",
            "get p;q",
        ] {
            assert!(rules(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn rules_of_a_file_are_checked() {
        let rule = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["a"], "other": 1});
        let read = checked(&json!({"kind": "Role", "rules": [rule]})).unwrap();
        assert_eq!(says(&read[0]), "get pods, only a");
        assert!(read[0].get("other").is_none());
        for wrong in [
            json!([]),
            json!([{"verbs": ["get"]}]),
            json!([{"verbs": ["get"], "nonResourceURLs": ["/x"]}]),
            json!([{"verbs": ["get"], "resources": [1]}]),
            json!("text"),
        ] {
            assert!(checked(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_misspelled_verb_is_refused() {
        let refused = rules("get,lst pods").unwrap_err().to_string();
        assert_eq!(
            refused,
            "\"lst\" is not a verb of Kubernetes: did you mean list?"
        );
        assert!(rules("get,approve certificatesigningrequests").is_ok());
    }

    #[test]
    fn no_preset_gives_secrets_or_new_containers() {
        for preset in PRESETS {
            let Role::Own { rules, .. } = Role::named(preset.word) else {
                panic!("{} is a preset", preset.word);
            };
            let all = json!(rules).to_string();
            assert!(!all.contains("secrets") && !all.contains('*'), "{all}");
            for rule in &rules {
                let starts = rule["verbs"].to_string().contains("create")
                    || rule["verbs"].to_string().contains("update");
                let resources = rule["resources"].to_string();
                let runs = [
                    "\"pods\"",
                    "\"deployments\"",
                    "\"jobs\"",
                    "\"statefulsets\"",
                ];
                assert!(
                    !starts || !runs.iter().any(|kind| resources.contains(kind)),
                    "{rule}"
                );
            }
            assert!(rules.len() >= LOOK.len());
        }
        assert_eq!(Role::named("view"), Role::Cluster("view".to_owned()));
    }
}
