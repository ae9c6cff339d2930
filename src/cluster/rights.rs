//! The rights that make a grade, as a table, and the questions about them.
//!
//! A right is in the table if it lets its user do more than its words say: reads secrets, runs programs, or leads to
//! other rights. What else a rule grants is a read or a change ([`super::grade::Rules::level`]). The sources are
//! Kubernetes' own pages on RBAC ("Privilege escalation prevention and bootstrapping", "Role Based Access Control Good
//! Practices").

use std::fmt;

use serde_json::{Value, json};

/// How much a credential can do, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Only asks about its own rights, as every user may.
    None,
    /// Reads some objects, but no secrets.
    Read,
    /// Reads secrets.
    ReadSecrets,
    /// Changes objects, or runs code in containers.
    Write,
    /// Can acquire rights in the namespace that it was not granted.
    Escalate,
    /// Can get every right in the cluster.
    Admin,
}

impl Level {
    /// All levels, lowest first.
    pub(crate) const ALL: [Self; 6] = [
        Self::None,
        Self::Read,
        Self::ReadSecrets,
        Self::Write,
        Self::Escalate,
        Self::Admin,
    ];

    /// Returns its word for people, flags and JSON.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::ReadSecrets => "read-secrets",
            Self::Write => "write",
            Self::Escalate => "escalate",
            Self::Admin => "admin",
        }
    }

    /// Returns the level of a word.
    #[must_use]
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }

    /// Returns one sentence on what it means to give the credential to an agent.
    #[must_use]
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::None => "A session can do nothing with it in this cluster.",
            Self::Read => {
                "A session can look at objects, but not at secrets, and can change nothing."
            }
            Self::ReadSecrets => {
                "A session can read passwords and keys of other programs, and use them elsewhere."
            }
            Self::Write => {
                "A session can change or delete what runs in the cluster, and run its own programs there."
            }
            Self::Escalate => {
                "A session can act as other accounts of its namespace, with all their rights."
            }
            Self::Admin => "A session can take over the whole cluster.",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The scope of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In the context's namespace.
    Namespace,
    /// In the whole cluster.
    Cluster,
}

/// Verbs on one kind of object: one question for each verb.
struct Right {
    scope: Scope,
    verbs: &'static [&'static str],
    group: &'static str,
    /// The resource, with its part: `pods/exec`.
    resource: &'static str,
    /// The object's name; empty for any object.
    name: &'static str,
    /// The level of a user who has it.
    level: Level,
}

const fn here(
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
    level: Level,
) -> Right {
    let scope = Scope::Namespace;
    Right {
        scope,
        ..everywhere(verbs, group, resource, level)
    }
}

const fn named(
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
    name: &'static str,
    level: Level,
) -> Right {
    Right {
        name,
        ..everywhere(verbs, group, resource, level)
    }
}

const fn everywhere(
    verbs: &'static [&'static str],
    group: &'static str,
    resource: &'static str,
    level: Level,
) -> Right {
    Right {
        scope: Scope::Cluster,
        verbs,
        group,
        resource,
        name: "",
        level,
    }
}

pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const OPENSHIFT: &str = "security.openshift.io";
const OPENSHIFT_APPS: &str = "apps.openshift.io";
/// The signers whose certificates log in: as a user of any name, and as a node.
const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
const NODE_SIGNER: &str = "kubernetes.io/kube-apiserver-client-kubelet";
/// The name that stands for every signer of the domain, these included.
const ALL_SIGNERS: &str = "kubernetes.io/*";
/// The namespace whose accounts run the cluster.
const SYSTEM: &str = "kube-system";

const CHANGE: &[&str] = &["create", "update", "patch"];
const EDIT: &[&str] = &["update", "patch"];
/// The changes to rules of admission that exist: to remove one takes away what it demands.
const WEAKEN: &[&str] = &["update", "patch", "delete", "deletecollection"];
const CHANGE_OR_REMOVE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

use Level::{Admin, Escalate, Read, ReadSecrets, Write};

/// The rights, those first that are asked about if the cluster can't list a user's rights.
///
/// A user who may create pods can run code as any account of the namespace; in the whole cluster, as those of
/// `kube-system`. The same goes for whatever creates pods, or starts programs in them. Over web sockets a GET runs a
/// command in a pod, or forwards a port, too.
const RIGHTS: &[Right] = &[
    everywhere(&["impersonate"], "", "users", Admin),
    named(&["impersonate"], "", "groups", "system:masters", Admin),
    everywhere(&["escalate"], RBAC, "clusterroles", Admin),
    everywhere(&["bind"], RBAC, "clusterroles", Admin),
    named(&["bind"], RBAC, "clusterroles", "cluster-admin", Admin),
    everywhere(&["get", "create"], "", "nodes/proxy", Admin),
    everywhere(
        &["update"],
        CERTIFICATES,
        "certificatesigningrequests/approval",
        Admin,
    ),
    named(&["approve"], CERTIFICATES, "signers", CLIENT_SIGNER, Admin),
    everywhere(
        &["create"],
        ADMISSION,
        "mutatingwebhookconfigurations",
        Admin,
    ),
    everywhere(&["create"], "", "serviceaccounts/token", Admin),
    everywhere(&["impersonate"], "", "serviceaccounts", Admin),
    everywhere(&["create"], "", "pods", Admin),
    everywhere(&["create"], "", "pods/exec", Admin),
    everywhere(&["list"], "", "secrets", ReadSecrets),
    here(&["get", "list", "watch"], "", "secrets", ReadSecrets),
    here(&["create"], "", "pods", Write),
    here(&["create"], "apps", "deployments", Write),
    here(&["create", "get"], "", "pods/exec", Write),
    here(&["create"], "", "pods/attach", Write),
    here(&["create"], "", "pods/portforward", Write),
    here(&["patch"], "", "pods/ephemeralcontainers", Write),
    here(&["update"], "", "configmaps", Write),
    here(&["create"], "", "serviceaccounts/token", Escalate),
    here(&["impersonate"], "", "serviceaccounts", Escalate),
    here(&["create"], RBAC, "rolebindings", Write),
    here(&["escalate"], RBAC, "roles", Escalate),
    here(&["bind"], RBAC, "roles", Escalate),
    // A RoleBinding may refer to a ClusterRole, such as admin.
    here(&["bind"], RBAC, "clusterroles", Escalate),
    here(&["get"], "", "pods/attach", Write),
    here(&["get"], "", "pods/portforward", Write),
    here(&["get"], "", "pods/proxy", Write),
    here(&["get"], "", "services/proxy", Write),
    // A Secret can be made that gets the token of any account: who reads it then has it (see `Question::partner`).
    here(&["create"], "", "secrets", Escalate),
    // The labels of a namespace decide whether its pods may take over their node.
    here(EDIT, "", "namespaces", Escalate),
    here(&["use"], OPENSHIFT, "securitycontextconstraints", Escalate),
    everywhere(EDIT, "", "pods", Admin),
    everywhere(&["get"], "", "pods/exec", Admin),
    everywhere(&["create", "get"], "", "pods/attach", Admin),
    everywhere(EDIT, "", "pods/ephemeralcontainers", Admin),
    everywhere(CHANGE, "apps", "deployments", Admin),
    everywhere(CHANGE, "apps", "daemonsets", Admin),
    everywhere(CHANGE, "apps", "statefulsets", Admin),
    everywhere(CHANGE, "apps", "replicasets", Admin),
    everywhere(CHANGE, "", "replicationcontrollers", Admin),
    everywhere(CHANGE, "batch", "jobs", Admin),
    everywhere(CHANGE, "batch", "cronjobs", Admin),
    everywhere(CHANGE, OPENSHIFT_APPS, "deploymentconfigs", Admin),
    // Some clusters keep their administrators, and all of them their name service, in a ConfigMap of `kube-system`.
    everywhere(CHANGE, "", "configmaps", Admin),
    everywhere(&["create"], "", "secrets", Admin),
    everywhere(&["get", "watch"], "", "secrets", ReadSecrets),
    everywhere(EDIT, "", "namespaces", Admin),
    everywhere(&["escalate"], RBAC, "roles", Admin),
    everywhere(&["bind"], RBAC, "roles", Admin),
    everywhere(
        &["patch"],
        CERTIFICATES,
        "certificatesigningrequests/approval",
        Admin,
    ),
    named(&["approve"], CERTIFICATES, "signers", NODE_SIGNER, Admin),
    everywhere(WEAKEN, ADMISSION, "mutatingwebhookconfigurations", Admin),
    everywhere(
        CHANGE_OR_REMOVE,
        ADMISSION,
        "validatingwebhookconfigurations",
        Admin,
    ),
    everywhere(
        CHANGE_OR_REMOVE,
        ADMISSION,
        "mutatingadmissionpolicies",
        Admin,
    ),
    everywhere(
        CHANGE_OR_REMOVE,
        ADMISSION,
        "mutatingadmissionpolicybindings",
        Admin,
    ),
    // A new one of these only refuses, and sees nothing of what it refuses.
    everywhere(WEAKEN, ADMISSION, "validatingadmissionpolicies", Admin),
    everywhere(
        WEAKEN,
        ADMISSION,
        "validatingadmissionpolicybindings",
        Admin,
    ),
    // Another server converts the objects of a kind, or answers for a whole group.
    everywhere(
        EDIT,
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        Admin,
    ),
    everywhere(CHANGE, "apiregistration.k8s.io", "apiservices", Admin),
    // A volume may be any folder of a node.
    everywhere(&["create"], "", "persistentvolumes", Admin),
    everywhere(CHANGE, OPENSHIFT, "securitycontextconstraints", Admin),
    everywhere(&["use"], OPENSHIFT, "securitycontextconstraints", Admin),
    // The members of a group have the rights that are bound to it.
    everywhere(CHANGE, "user.openshift.io", "groups", Admin),
    everywhere(CHANGE, RBAC, "clusterrolebindings", Write),
    everywhere(&["delete"], "", "namespaces", Write),
    everywhere(&["list"], "", "namespaces", Read),
];

/// One right to ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    pub scope: Scope,
    pub verb: &'static str,
    pub group: &'static str,
    pub resource: &'static str,
    pub subresource: &'static str,
    /// The object's name; empty for any object.
    pub name: &'static str,
    /// The level of a user who has the right.
    pub level: Level,
}

/// Asks for all rights at once: after a yes no other question is needed.
pub(crate) const EVERYTHING: Question = Question {
    scope: Scope::Cluster,
    verb: "*",
    group: "*",
    resource: "*",
    subresource: "",
    name: "",
    level: Admin,
};

/// Returns the questions about a namespace and the whole cluster. A right in the namespace whose accounts run the
/// cluster is as good as one in the whole cluster, so there each of those is asked for the namespace too.
#[must_use]
pub(crate) fn questions(namespace: &str) -> Vec<Question> {
    let each = |right: &'static Right| right.verbs.iter().map(|verb| right.question(verb));
    let mut all: Vec<Question> = RIGHTS.iter().flat_map(each).collect();
    if namespace == SYSTEM {
        let everywhere = all.iter().filter(|it| it.scope == Scope::Cluster);
        for other in everywhere.copied().collect::<Vec<_>>() {
            let is_twin = |it: &&mut Question| it.scope == Scope::Namespace && it.is_about(&other);
            if let Some(twin) = all.iter_mut().find(is_twin) {
                twin.level = twin.level.max(other.level);
            } else if other.is_namespaced() {
                let scope = Scope::Namespace;
                all.push(Question { scope, ..other });
            }
        }
    }
    all
}

impl Right {
    fn question(&'static self, verb: &'static str) -> Question {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        Question {
            scope: self.scope,
            verb,
            group: self.group,
            resource,
            subresource,
            name: self.name,
            level: self.level,
        }
    }
}

/// A right that is needed beside another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partner {
    /// To approve certificates for a signer whose certificates log in.
    Signer,
    /// To approve requests for certificates.
    Approval,
    /// To read a Secret.
    ReadSecret,
}

impl Question {
    /// Returns the right without which this one leads no further than to a change.
    #[must_use]
    pub(crate) fn partner(&self) -> Option<Partner> {
        match (self.verb, self.resource) {
            (_, "certificatesigningrequests") => Some(Partner::Signer),
            (_, "signers") => Some(Partner::Approval),
            ("create", "secrets") => Some(Partner::ReadSecret),
            _ => None,
        }
    }

    /// Returns true if the right is one of these partners.
    #[must_use]
    pub(crate) fn is(&self, partner: Partner) -> bool {
        match partner {
            Partner::Signer => self.resource == "signers",
            Partner::Approval => self.resource == "certificatesigningrequests",
            Partner::ReadSecret => self.resource == "secrets" && self.verb != "create",
        }
    }

    /// Returns true if a right for some objects alone is worth nothing: that to approve for other signers.
    #[must_use]
    pub(crate) fn is_useless_for(&self, names: &[String]) -> bool {
        let logs_in =
            |name: &String| [CLIENT_SIGNER, NODE_SIGNER, ALL_SIGNERS].contains(&name.as_str());
        self.resource == "signers" && !names.iter().any(logs_in)
    }

    /// Returns the level that a user has at least who has the right for some objects alone. How much one named user or
    /// role can do is not known, but it is another one's right.
    #[must_use]
    pub(crate) fn level_by_name(&self) -> Level {
        let is_another = matches!(
            self.verb,
            "impersonate" | "bind" | "escalate" | "approve" | "use"
        ) || matches!(self.subresource, "token" | "proxy" | "approval");
        self.level.min(if is_another { Escalate } else { Write })
    }

    /// Returns true if the objects are in namespaces.
    fn is_namespaced(&self) -> bool {
        match self.group {
            "apps" | "batch" | OPENSHIFT_APPS => true,
            "" => !matches!(
                self.resource,
                "users" | "groups" | "nodes" | "namespaces" | "persistentvolumes"
            ),
            RBAC => matches!(self.resource, "roles" | "rolebindings"),
            _ => false,
        }
    }

    /// Returns true if both are about the same objects, apart from the scope.
    fn is_about(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.verb, it.group, it.resource, it.subresource, it.name);
        of(self) == of(other)
    }

    /// Returns the body of the access review for this question. A question about the cluster has no namespace.
    #[must_use]
    pub(crate) fn review(&self, namespace: &str) -> Value {
        self.review_of(namespace, self.name)
    }

    /// Returns the body of the access review for the object of this name.
    #[must_use]
    pub(crate) fn review_of(&self, namespace: &str, name: &str) -> Value {
        let mut asked = json!({"verb": self.verb, "resource": self.resource});
        let namespace = if self.scope == Scope::Namespace {
            namespace
        } else {
            ""
        };
        for (key, value) in [
            ("namespace", namespace),
            ("group", self.group),
            ("subresource", self.subresource),
            ("name", name),
        ] {
            if !value.is_empty() {
                asked[key] = Value::from(value);
            }
        }
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        })
    }

    /// Returns the question as people read it: `create pods/exec`, `bind clusterroles "cluster-admin"`.
    #[must_use]
    pub(crate) fn says(&self) -> String {
        let mut text = format!("{} {}", self.verb, self.resource);
        if !self.subresource.is_empty() {
            text.push('/');
            text.push_str(self.subresource);
        }
        if !self.name.is_empty() {
            text.push_str(&format!(" \"{}\"", self.name));
        }
        text
    }
}
