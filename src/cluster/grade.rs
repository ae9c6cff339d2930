//! Grades how much a credential can do in its cluster, from what the cluster answers to reviews.
//!
//! This module is pure: it holds the questions and reads their answers. An answer is yes, no or unknown; it never
//! concludes "no" from a list that may be incomplete. The grade is the highest level that has a yes; a higher level
//! with an unknown makes it "at least" that grade.

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

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Yes. The text is the cluster's own: it names the binding and the role that grant the right.
    Yes(Option<String>),
    /// Yes, but only for the objects with these names.
    Only(Vec<String>),
    No,
    /// The cluster did not answer, or one of its authorizers failed.
    Unknown,
}

impl Verdict {
    /// Returns true if the right is granted, for all objects or for some.
    #[must_use]
    pub(crate) fn is_yes(&self) -> bool {
        matches!(self, Self::Yes(_) | Self::Only(_))
    }

    /// Returns its word for JSON.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Yes(_) => "yes",
            Self::Only(_) => "some",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the answer to an access review: its status, and its body if that is JSON.
    #[must_use]
    pub(crate) fn of_review(status: u16, body: Option<&Value>) -> Self {
        let review = body
            .filter(|_| matches!(status, 200 | 201))
            .map(|json| &json["status"]);
        let Some(review) = review else {
            return Self::Unknown;
        };
        match (review["allowed"].as_bool(), review.get("evaluationError")) {
            (Some(true), _) => {
                let reason = review["reason"].as_str().filter(|text| !text.is_empty());
                Self::Yes(reason.map(str::to_owned))
            }
            // An explicit denial is final, whatever another authorizer would answer.
            (Some(false), _) if review["denied"] == true => Self::No,
            (Some(false), None) => Self::No,
            _ => Self::Unknown,
        }
    }
}

/// The scope of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In the context's namespace.
    Namespace,
    /// In the whole cluster.
    Cluster,
}

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

const fn in_namespace(
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    level: Level,
) -> Question {
    Question {
        scope: Scope::Namespace,
        verb,
        group,
        resource,
        subresource,
        name: "",
        level,
    }
}

const fn in_cluster(
    verb: &'static str,
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    name: &'static str,
    level: Level,
) -> Question {
    Question {
        scope: Scope::Cluster,
        verb,
        group,
        resource,
        subresource,
        name,
        level,
    }
}

pub(crate) const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// Asks for all rights at once: after a yes no other question is needed.
pub(crate) const EVERYTHING: Question = in_cluster("*", "*", "*", "", "", Level::Admin);

/// The rights that make a grade, in the order in which they are asked about.
///
/// A user who may create pods can run code as any account of the namespace. A user who may approve certificates for the
/// signer of clients can become a user of any name, but needs both rights of the pair (see [`grade`]).
pub(crate) const QUESTIONS: [Question; 32] = [
    in_cluster("impersonate", "", "users", "", "", Level::Admin),
    in_cluster(
        "impersonate",
        "",
        "groups",
        "",
        "system:masters",
        Level::Admin,
    ),
    in_cluster("escalate", RBAC, "clusterroles", "", "", Level::Admin),
    in_cluster("bind", RBAC, "clusterroles", "", "", Level::Admin),
    in_cluster(
        "bind",
        RBAC,
        "clusterroles",
        "",
        "cluster-admin",
        Level::Admin,
    ),
    in_cluster("create", RBAC, "clusterrolebindings", "", "", Level::Write),
    in_cluster("get", "", "nodes", "proxy", "", Level::Admin),
    in_cluster("create", "", "nodes", "proxy", "", Level::Admin),
    in_cluster(
        "update",
        CERTIFICATES,
        "certificatesigningrequests",
        "approval",
        "",
        Level::Admin,
    ),
    in_cluster(
        "approve",
        CERTIFICATES,
        "signers",
        "",
        CLIENT_SIGNER,
        Level::Admin,
    ),
    in_cluster(
        "create",
        ADMISSION,
        "mutatingwebhookconfigurations",
        "",
        "",
        Level::Admin,
    ),
    in_cluster(
        "delete",
        ADMISSION,
        "validatingwebhookconfigurations",
        "",
        "",
        Level::Admin,
    ),
    in_cluster("list", "", "secrets", "", "", Level::ReadSecrets),
    in_cluster("delete", "", "namespaces", "", "", Level::Write),
    in_cluster("create", "", "persistentvolumes", "", "", Level::Write),
    in_cluster("list", "", "namespaces", "", "", Level::Read),
    in_namespace("get", "", "secrets", "", Level::ReadSecrets),
    in_namespace("list", "", "secrets", "", Level::ReadSecrets),
    in_namespace("watch", "", "secrets", "", Level::ReadSecrets),
    in_namespace("create", "", "pods", "", Level::Write),
    in_namespace("create", "apps", "deployments", "", Level::Write),
    in_namespace("create", "", "pods", "exec", Level::Write),
    // Over web sockets a GET runs a command, too.
    in_namespace("get", "", "pods", "exec", Level::Write),
    in_namespace("create", "", "pods", "attach", Level::Write),
    in_namespace("create", "", "pods", "portforward", Level::Write),
    in_namespace("patch", "", "pods", "ephemeralcontainers", Level::Write),
    in_namespace("update", "", "configmaps", "", Level::Write),
    in_namespace("create", "", "serviceaccounts", "token", Level::Escalate),
    in_namespace("impersonate", "", "serviceaccounts", "", Level::Escalate),
    in_namespace("create", RBAC, "rolebindings", "", Level::Write),
    in_namespace("escalate", RBAC, "roles", "", Level::Escalate),
    in_namespace("bind", RBAC, "roles", "", Level::Escalate),
];

const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// The name that stands for every signer of the domain, [`CLIENT_SIGNER`] included.
const ALL_SIGNERS: &str = "kubernetes.io/*";
/// The most requests that an inspection sends: for the user, for everything at once, for the rules, and for each
/// question.
pub(crate) const MOST_REQUESTS: usize = 3 + QUESTIONS.len();

impl Question {
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

/// One rule of a rules review: verbs on resources, for all objects or for those with some names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub verbs: Vec<String>,
    pub groups: Vec<String>,
    pub resources: Vec<String>,
    pub names: Vec<String>,
}

/// The rules that a rules review lists for one namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub rules: Vec<Rule>,
    /// False if there may be more rights than the list shows.
    pub complete: bool,
}

/// Resources that every logged-in user may create: they answer questions and change nothing.
pub(super) const REVIEWS: [&str; 4] = [
    "selfsubjectreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "localsubjectaccessreviews",
];

/// Verbs that change nothing.
const READS: [&str; 3] = ["get", "list", "watch"];

impl Rules {
    /// Reads the answer to a rules review. Any answer that is not complete counts as an empty, incomplete list.
    #[must_use]
    pub(crate) fn of_review(status: u16, body: Option<&Value>) -> Self {
        let review = body
            .filter(|_| matches!(status, 200 | 201))
            .map(|json| &json["status"]);
        let Some(listed) = review.and_then(|review| review["resourceRules"].as_array()) else {
            return Self::default();
        };
        let texts = |rule: &Value, key: &str| -> Vec<String> {
            let texts = rule[key].as_array().map_or(&[][..], Vec::as_slice);
            texts
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let rule = |rule: &Value| Rule {
            verbs: texts(rule, "verbs"),
            groups: texts(rule, "apiGroups"),
            resources: texts(rule, "resources"),
            names: texts(rule, "resourceNames"),
        };
        let review = review.unwrap_or(&Value::Null);
        Self {
            rules: listed.iter().map(rule).collect(),
            complete: review["incomplete"] == false && review.get("evaluationError").is_none(),
        }
    }

    /// Answers a question about the namespace from the list.
    #[must_use]
    pub(crate) fn answer(&self, question: &Question) -> Verdict {
        let mut covering = self.rules.iter().filter(|rule| rule.covers(question));
        if covering.any(|rule| rule.names.is_empty()) {
            return Verdict::Yes(None);
        }
        match (self.names(question), self.complete) {
            (names, _) if !names.is_empty() => Verdict::Only(names),
            (_, true) => Verdict::No,
            (_, false) => Verdict::Unknown,
        }
    }

    /// Returns the names of the objects to which the rules limit a right. The right may be one of the namespace or of
    /// the whole cluster: the list does not tell these apart.
    #[must_use]
    pub(crate) fn names(&self, question: &Question) -> Vec<String> {
        let covering = self.rules.iter().filter(|rule| rule.covers(question));
        let mut names: Vec<String> = covering.flat_map(|rule| rule.names.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Returns the level of the rights that no question asks about: any read, and any change.
    #[must_use]
    pub(crate) fn level(&self) -> Level {
        let levels = self.rules.iter().map(Rule::level);
        levels.max().unwrap_or(Level::None)
    }
}

impl Rule {
    /// Returns true if the rule grants the right, apart from names.
    fn covers(&self, question: &Question) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|item| item == "*" || item == word);
        let resource = |item: &String| match item.split_once('/') {
            None => item == "*" || (question.subresource.is_empty() && item == question.resource),
            Some((kind, sub)) => {
                sub == question.subresource && (kind == "*" || kind == question.resource)
            }
        };
        has(&self.verbs, question.verb)
            && has(&self.groups, question.group)
            && self.resources.iter().any(resource)
    }

    /// Returns the level of the rule, whatever its resources.
    fn level(&self) -> Level {
        let is_noise = |resource: &String| REVIEWS.contains(&resource.as_str());
        if self.verbs.is_empty() || self.resources.is_empty() || self.resources.iter().all(is_noise)
        {
            return Level::None;
        }
        let only_reads = self.verbs.iter().all(|verb| READS.contains(&verb.as_str()));
        if only_reads {
            Level::Read
        } else {
            Level::Write
        }
    }
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub question: Question,
    pub verdict: Verdict,
}

/// A grade, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grade {
    pub level: Level,
    /// True if a higher level could not be ruled out: the grade is "at least" this.
    pub at_least: bool,
}

impl Grade {
    /// Returns one sentence on what it means to give the credential to an agent. What is not known is not ruled out.
    #[must_use]
    pub(crate) fn meaning(self) -> &'static str {
        match self.level {
            Level::None if self.at_least => {
                "It is not known what a session can do with it: the cluster does not say."
            }
            Level::Read if self.at_least => {
                "A session can look at objects; it is not known whether it can do more."
            }
            level => level.meaning(),
        }
    }

    /// Returns true if the credential is known to be within a limit.
    #[must_use]
    pub(crate) fn is_within(self, limit: Level) -> bool {
        self.level <= limit && (!self.at_least || limit == Level::Admin)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.at_least { "at least " } else { "" };
        write!(f, "{prefix}{}", self.level)
    }
}

/// Grades a credential by the answers to all questions and the rules of its namespace.
///
/// A list of rules that may be incomplete can hide a right of any level: a right to act as one named user, for example,
/// which no question finds without the name.
#[must_use]
pub(crate) fn grade(findings: &[Finding], rules: &Rules) -> Grade {
    let mut level = rules.level();
    let mut possible = if rules.complete {
        Level::None
    } else {
        Level::Admin
    };
    let pair = pair(findings);
    for Finding { question, verdict } in findings {
        let verdict = if is_of_pair(question) { &pair } else { verdict };
        match verdict {
            Verdict::Yes(_) => level = level.max(question.level),
            // How much one named user or role can do is not known.
            Verdict::Only(_) => {
                level = level.max(question.level.min(Level::Escalate));
                possible = possible.max(question.level);
            }
            Verdict::Unknown => possible = possible.max(question.level),
            Verdict::No => {}
        }
    }
    Grade {
        level,
        at_least: possible > level,
    }
}

fn is_of_pair(question: &Question) -> bool {
    question.group == CERTIFICATES
}

/// Combines the two rights about certificates: one is useless without the other.
fn pair(findings: &[Finding]) -> Verdict {
    let of = |finding: &Finding| match &finding.verdict {
        // A right for other signers does not lead to a client certificate; one for all signers of the domain does.
        Verdict::Only(names) if finding.question.name == CLIENT_SIGNER => {
            if names.iter().any(|name| name == ALL_SIGNERS) {
                Verdict::Yes(None)
            } else {
                Verdict::No
            }
        }
        verdict if verdict.is_yes() => Verdict::Yes(None),
        verdict => verdict.clone(),
    };
    let both = findings
        .iter()
        .filter(|finding| is_of_pair(&finding.question));
    let verdicts: Vec<Verdict> = both.map(of).collect();
    if verdicts.is_empty() || verdicts.contains(&Verdict::No) {
        return Verdict::No;
    }
    if verdicts.iter().all(Verdict::is_yes) {
        return Verdict::Yes(None);
    }
    Verdict::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Value {
        json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
    }

    fn rules(listed: &[Value], incomplete: bool) -> Rules {
        let body = json!({"status": {"resourceRules": listed, "incomplete": incomplete}});
        Rules::of_review(201, Some(&body))
    }

    fn secrets(verb: &'static str) -> Question {
        in_namespace(verb, "", "secrets", "", Level::ReadSecrets)
    }

    #[test]
    fn an_access_review_is_yes_no_or_unknown() {
        let of = |status| Verdict::of_review(201, Some(&json!({"status": status})));
        assert_eq!(
            of(json!({"allowed": true, "reason": "why"})),
            Verdict::Yes(Some("why".to_owned()))
        );
        assert_eq!(
            of(json!({"allowed": true, "reason": ""})),
            Verdict::Yes(None)
        );
        assert_eq!(of(json!({"allowed": false})), Verdict::No);
        assert_eq!(
            of(json!({"allowed": false, "denied": true, "evaluationError": "x"})),
            Verdict::No
        );
        assert_eq!(
            of(json!({"allowed": false, "evaluationError": "x"})),
            Verdict::Unknown
        );
        assert_eq!(of(json!({})), Verdict::Unknown);
        for status in [401, 403, 404, 429, 500] {
            let body = json!({"status": {"allowed": false}});
            assert_eq!(Verdict::of_review(status, Some(&body)), Verdict::Unknown);
        }
        assert_eq!(Verdict::of_review(201, None), Verdict::Unknown);
    }

    #[test]
    fn names_limit_a_rule_to_some_objects() {
        let list = rules(
            &[rule(&["get"], &[""], &["secrets"], &["two", "one"])],
            false,
        );
        let both = vec!["one".to_owned(), "two".to_owned()];
        assert_eq!(list.answer(&secrets("get")), Verdict::Only(both));
        assert_eq!(list.answer(&secrets("list")), Verdict::No);
    }

    #[test]
    fn parts_of_resources_and_wildcards_are_told_apart() {
        let exec = in_namespace("create", "", "pods", "exec", Level::Write);
        let pods = in_namespace("create", "", "pods", "", Level::Write);
        let deployments = in_namespace("create", "apps", "deployments", "", Level::Write);
        let only_exec = rules(&[rule(&["create"], &[""], &["pods/exec"], &[])], false);
        assert!(only_exec.answer(&exec).is_yes());
        assert_eq!(only_exec.answer(&pods), Verdict::No);
        let any_exec = rules(&[rule(&["*"], &["*"], &["*/exec"], &[])], false);
        assert!(any_exec.answer(&exec).is_yes());
        assert_eq!(any_exec.answer(&pods), Verdict::No);
        let whole_pods = rules(&[rule(&["*"], &[""], &["pods"], &[])], false);
        assert_eq!(whole_pods.answer(&exec), Verdict::No);
        assert!(whole_pods.answer(&pods).is_yes());
        let core = rules(&[rule(&["create"], &[""], &["*"], &[])], false);
        assert!(core.answer(&exec).is_yes());
        assert_eq!(core.answer(&deployments), Verdict::No);
    }

    #[test]
    fn an_incomplete_list_says_no_to_nothing() {
        let list = rules(&[], true);
        assert_eq!(list.answer(&secrets("get")), Verdict::Unknown);
        assert_eq!(
            Rules::of_review(403, None).answer(&secrets("get")),
            Verdict::Unknown
        );
        // A server that does not say that its list is complete is not trusted to have a complete one.
        let body = json!({"status": {"resourceRules": []}});
        assert!(!Rules::of_review(201, Some(&body)).complete);
    }

    #[test]
    fn rights_of_everybody_count_for_nothing() {
        let list = rules(
            &[rule(
                &["create"],
                &["authorization.k8s.io"],
                &["selfsubjectaccessreviews"],
                &[],
            )],
            false,
        );
        assert_eq!(list.level(), Level::None);
        let list = rules(
            &[rule(
                &["create"],
                &[""],
                &["selfsubjectreviews", "pods"],
                &[],
            )],
            false,
        );
        assert_eq!(list.level(), Level::Write);
    }

    #[test]
    fn approving_certificates_needs_both_rights() {
        use Known::{No, Unknown, Yes};
        let of = |update, approve| {
            let findings = QUESTIONS.map(|question| Finding {
                question,
                verdict: match (question.resource, question.verb) {
                    ("certificatesigningrequests", _) => update,
                    ("signers", _) => approve,
                    _ => No,
                }
                .into(),
            });
            grade(&findings, &rules(&[], false)).to_string()
        };
        assert_eq!(of(Yes, Yes), "admin");
        assert_eq!(of(Yes, No), "none");
        assert_eq!(of(No, Unknown), "none");
        assert_eq!(of(Yes, Unknown), "at least none");
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Known {
        Yes,
        No,
        Unknown,
    }

    impl From<Known> for Verdict {
        fn from(known: Known) -> Self {
            match known {
                Known::Yes => Self::Yes(None),
                Known::No => Self::No,
                Known::Unknown => Self::Unknown,
            }
        }
    }

    #[test]
    fn there_are_at_most_thirty_five_requests() {
        assert_eq!(MOST_REQUESTS, 35);
    }

    #[test]
    fn a_right_for_one_named_user_or_role_is_at_least_escalate() {
        let findings = |names: &[&str]| {
            QUESTIONS.map(|question| Finding {
                question,
                verdict: match (question.verb, question.resource) {
                    ("impersonate", "users") if !names.is_empty() => {
                        Verdict::Only(names.iter().map(|&name| name.to_owned()).collect())
                    }
                    _ => Verdict::No,
                },
            })
        };
        let of = |names| grade(&findings(names), &rules(&[], false)).to_string();
        assert_eq!(of(&["ada"]), "at least escalate");
        assert_eq!(of(&[]), "none");
    }

    /// True if a right among these that counts by itself makes an administrator.
    fn truth_is_admin(truth: &[bool]) -> bool {
        let yes = QUESTIONS.iter().zip(truth).filter(|(_, yes)| **yes);
        let (pair, others): (Vec<_>, Vec<_>) = yes.partition(|(question, _)| is_of_pair(question));
        pair.len() == 2
            || others
                .iter()
                .any(|(question, _)| question.level == Level::Admin)
    }

    proptest! {
        /// The grade of what is known never falls when more becomes known, and is exact when all is known.
        #[test]
        fn what_is_unknown_only_makes_it_at_least(
            truth in prop::collection::vec(any::<bool>(), QUESTIONS.len()),
            known in prop::collection::vec(any::<bool>(), QUESTIONS.len()),
        ) {
            let findings = |is_known: &dyn Fn(usize) -> bool| -> Vec<Finding> {
                let all = QUESTIONS.iter().enumerate();
                all.map(|(at, question)| Finding {
                    question: *question,
                    verdict: match (is_known(at), truth[at]) {
                        (false, _) => Verdict::Unknown,
                        (true, true) => Verdict::Yes(None),
                        (true, false) => Verdict::No,
                    },
                })
                .collect()
            };
            let list = rules(&[], false);
            prop_assert!(grade(&findings(&|_| true), &rules(&[], true)).at_least || truth_is_admin(&truth));
            let exact = grade(&findings(&|_| true), &list);
            let partial = grade(&findings(&|at| known[at]), &list);
            prop_assert!(!exact.at_least);
            prop_assert!(partial.level <= exact.level);
            prop_assert!(partial.at_least || partial.level == exact.level);
            for limit in Level::ALL {
                // A gate that lets a credential through is never mistaken.
                prop_assert!(!partial.is_within(limit) || exact.level <= limit);
            }
        }

        /// The rules of a namespace answer as Kubernetes' own matching does.
        #[test]
        fn rules_answer_as_they_are_written(
            verb in prop::sample::select(vec!["get", "create", "*"]),
            group in prop::sample::select(vec!["", "apps", "*"]),
            resource in prop::sample::select(vec!["secrets", "pods", "pods/exec", "*", "*/exec", "deployments"]),
        ) {
            let list = rules(&[rule(&[verb], &[group], &[resource], &[])], false);
            for question in QUESTIONS.iter().filter(|question| question.scope == Scope::Namespace) {
                let whole = match question.subresource {
                    "" => question.resource.to_owned(),
                    sub => format!("{}/{sub}", question.resource),
                };
                let any_of_part = format!("*/{}", question.subresource);
                let is_granted = (verb == "*" || verb == question.verb)
                    && (group == "*" || group == question.group)
                    && (resource == "*" || resource == whole || resource == any_of_part);
                prop_assert_eq!(list.answer(question).is_yes(), is_granted, "{:?}", question);
            }
        }
    }
}
