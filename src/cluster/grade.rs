//! Grades how much a credential can do in its cluster, from what the cluster answers to reviews.
//!
//! This module is pure: it reads the answers to the questions of [`super::rights`]. An answer is yes, no or unknown; it
//! never concludes "no" from a list that may be incomplete. The grade is the highest level that has a yes; a higher
//! level with an unknown makes it "at least" that grade.

use std::fmt;

use serde_json::Value;

pub(crate) use super::rights::{Level, RBAC, Scope};
use super::rights::{Partner, Question};

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

/// One rule of a rules review: verbs on resources, for all objects or for those with some names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub verbs: Vec<String>,
    pub groups: Vec<String>,
    pub resources: Vec<String>,
    pub names: Vec<String>,
}

/// Verbs on addresses that are not objects, such as `/metrics`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub verbs: Vec<String>,
    pub paths: Vec<String>,
}

/// The rules that a rules review lists for one namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    pub objects: Vec<Rule>,
    pub addresses: Vec<Addresses>,
    /// False if there may be more rights than the list shows.
    pub complete: bool,
}

/// Resources that every logged-in user may create: they answer questions and change nothing.
pub(super) const REVIEWS: [&str; 6] = [
    "selfsubjectreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "localsubjectaccessreviews",
    "subjectaccessreviews",
    "tokenreviews",
];

/// The first words of the addresses that every logged-in user may read: they describe the cluster.
const PUBLIC: [&str; 14] = [
    "",
    ".well-known",
    "api",
    "apis",
    "healthz",
    "livez",
    "oapi",
    "openapi",
    "openid",
    "osapi",
    "readyz",
    "swagger.json",
    "swaggerapi",
    "version",
];

/// Verbs that change nothing.
const READS: [&str; 4] = ["get", "list", "watch", "head"];

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
        let addresses = |rule: &Value| Addresses {
            verbs: texts(rule, "verbs"),
            paths: texts(rule, "nonResourceURLs"),
        };
        let others = review["nonResourceRules"].as_array();
        Self {
            objects: listed.iter().map(rule).collect(),
            addresses: others.into_iter().flatten().map(addresses).collect(),
            complete: review["incomplete"] == false && review.get("evaluationError").is_none(),
        }
    }

    /// Answers a question about the namespace from the list.
    #[must_use]
    pub(crate) fn answer(&self, question: &Question) -> Verdict {
        let mut covering = self.objects.iter().filter(|rule| rule.covers(question));
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
        let covering = self.objects.iter().filter(|rule| rule.covers(question));
        let mut names: Vec<String> = covering.flat_map(|rule| rule.names.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Returns the level of the rights that no question asks about: any read, and any change.
    #[must_use]
    pub(crate) fn level(&self) -> Level {
        let levels = self.objects.iter().map(Rule::level);
        let others = self.addresses.iter().map(Addresses::level);
        levels.chain(others).max().unwrap_or(Level::None)
    }
}

impl Rule {
    /// Returns true if the rule grants the right, apart from names.
    pub(super) fn covers(&self, question: &Question) -> bool {
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
        if self.resources.iter().all(is_noise) {
            return Level::None;
        }
        // What an account can do under another uid, or with other words about itself, other programs decide.
        let of_user = |resource: &String| resource == "uids" || resource.starts_with("userextras");
        let impersonates = self.verbs.iter().any(|verb| verb == "impersonate");
        if impersonates && self.resources.iter().any(of_user) {
            return Level::Escalate;
        }
        level_of(&self.verbs)
    }
}

impl Addresses {
    /// Returns the level of the rule; what every user may read counts for nothing.
    fn level(&self) -> Level {
        let is_public = |path: &String| {
            let first = path.trim_start_matches('/').split('/').next();
            first.is_some_and(|first| PUBLIC.contains(&first))
        };
        match level_of(&self.verbs) {
            Level::Read if self.paths.iter().all(is_public) => Level::None,
            level => level,
        }
    }
}

/// Returns the level of verbs, whatever they are about.
fn level_of(verbs: &[String]) -> Level {
    let is_read = |verb: &String| READS.contains(&verb.as_str());
    match verbs {
        [] => Level::None,
        verbs if verbs.iter().all(is_read) => Level::Read,
        _ => Level::Write,
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
    for finding in findings {
        let Finding { question, verdict } = finding;
        let needed = question
            .partner()
            .map(|it| partner(findings, question.scope, it));
        // A right that needs another one is a change by itself.
        let (least, most) = match needed {
            Some(Verdict::No) => (Level::Write, Level::Write),
            Some(Verdict::Unknown) => (Level::Write, question.level),
            _ => (question.level, question.level),
        };
        let (given, most) = match verdict {
            Verdict::Yes(_) => (least, most),
            Verdict::Only(names) if question.is_useless_for(names) => (Level::Write, Level::Write),
            Verdict::Only(_) => (least.min(question.level_by_name()), most),
            Verdict::Unknown => (Level::None, most),
            Verdict::No => continue,
        };
        level = level.max(given);
        possible = possible.max(most);
    }
    Grade {
        level,
        at_least: possible > level,
    }
}

/// Returns whether the user has any of the rights that another one needs, in this scope.
fn partner(findings: &[Finding], scope: Scope, partner: Partner) -> Verdict {
    let of = |finding: &Finding| match &finding.verdict {
        Verdict::Only(names) if finding.question.is_useless_for(names) => Verdict::No,
        verdict if verdict.is_yes() => Verdict::Yes(None),
        verdict => verdict.clone(),
    };
    let found = findings.iter();
    let found = found.filter(|it| it.question.scope == scope && it.question.is(partner));
    let verdicts: Vec<Verdict> = found.map(of).collect();
    let first = verdicts.iter().find(|it| it.is_yes());
    let unknown = || verdicts.iter().find(|it| **it == Verdict::Unknown);
    first.or_else(unknown).cloned().unwrap_or(Verdict::No)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::rights::questions;
    use proptest::prelude::*;
    use serde_json::json;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Value {
        json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names})
    }

    fn rules(listed: &[Value], incomplete: bool) -> Rules {
        let body = json!({"status": {"resourceRules": listed, "incomplete": incomplete}});
        Rules::of_review(201, Some(&body))
    }

    /// The questions that tests ask.
    fn all() -> Vec<Question> {
        questions("team-a")
    }

    /// A question about the namespace.
    fn about(
        verb: &'static str,
        group: &'static str,
        resource: &'static str,
        subresource: &'static str,
    ) -> Question {
        Question {
            scope: Scope::Namespace,
            verb,
            group,
            resource,
            subresource,
            name: "",
            level: Level::Write,
        }
    }

    fn secrets(verb: &'static str) -> Question {
        about(verb, "", "secrets", "")
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
        let exec = about("create", "", "pods", "exec");
        let pods = about("create", "", "pods", "");
        let deployments = about("create", "apps", "deployments", "");
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

    /// Findings of which these verdicts are not "no".
    fn findings(verdict: impl Fn(&Question) -> Verdict) -> Vec<Finding> {
        let finding = |question: Question| Finding {
            verdict: verdict(&question),
            question,
        };
        all().into_iter().map(finding).collect()
    }

    #[test]
    fn some_rights_need_another_one() {
        use Known::{No, Unknown, Yes};
        let of = |scope, first: (&str, &str, Known), second: (&str, &str, Known)| {
            let found = findings(|question| {
                let is = |it: &(&str, &str, Known)| {
                    (it.0, it.1, scope) == (question.verb, question.resource, question.scope)
                };
                let known = [first, second].into_iter().find(is);
                known.map_or(Verdict::No, |it| it.2.into())
            });
            grade(&found, &rules(&[], false)).to_string()
        };
        let certificates = |update, approve| {
            of(
                Scope::Cluster,
                ("update", "certificatesigningrequests", update),
                ("approve", "signers", approve),
            )
        };
        assert_eq!(certificates(Yes, Yes), "admin");
        assert_eq!(certificates(Yes, No), "write");
        assert_eq!(certificates(No, Unknown), "at least none");
        assert_eq!(certificates(Yes, Unknown), "at least write");
        let secrets_in = |scope, create, watch| {
            let (create, watch) = (("create", "secrets", create), ("watch", "secrets", watch));
            of(scope, create, watch)
        };
        assert_eq!(secrets_in(Scope::Cluster, Yes, Yes), "admin");
        let secrets = |create, watch| secrets_in(Scope::Namespace, create, watch);
        assert_eq!(secrets(Yes, Yes), "escalate");
        assert_eq!(secrets(Yes, No), "write");
        assert_eq!(secrets(No, Yes), "read-secrets");
        assert_eq!(secrets(Yes, Unknown), "at least write");
    }

    #[test]
    fn addresses_of_everybody_count_for_nothing() {
        let of = |verbs: &[&str], paths: &[&str]| {
            let body = json!({"status": {"resourceRules": [], "incomplete": false, "nonResourceRules":
                [{"verbs": verbs, "nonResourceURLs": paths}]}});
            Rules::of_review(201, Some(&body)).level()
        };
        let public = [
            "/api",
            "/api/*",
            "/healthz",
            "/version/",
            "/openid/v1/jwks",
            "/",
        ];
        assert_eq!(of(&["get"], &public), Level::None);
        assert_eq!(of(&["get"], &["/api", "/logs/*"]), Level::Read);
        assert_eq!(of(&["get"], &["/metrics"]), Level::Read);
        assert_eq!(of(&["get"], &["*"]), Level::Read);
        assert_eq!(of(&["post"], &["/healthz"]), Level::Write);
    }

    #[test]
    fn a_right_in_the_namespace_of_the_system_is_one_in_the_whole_cluster() {
        let level = |namespace, of| {
            let all = questions(namespace);
            let mut found = all.iter().filter(|it| {
                let about = (it.verb, it.resource, it.subresource);
                it.scope == Scope::Namespace && about == of
            });
            let level = found.next().map(|it| it.level);
            assert_eq!(found.next(), None, "{of:?} is asked once");
            level
        };
        for (of, elsewhere) in [
            (("create", "pods", "exec"), Some(Level::Write)),
            (("patch", "pods", ""), None),
            (("patch", "deployments", ""), None),
            (("create", "daemonsets", ""), None),
            (("create", "cronjobs", ""), None),
            (("update", "pods", "ephemeralcontainers"), None),
            (("patch", "configmaps", ""), None),
            (("bind", "clusterroles", ""), Some(Level::Escalate)),
        ] {
            assert_eq!(level("team-a", of), elsewhere, "{of:?}");
            assert_eq!(level("kube-system", of), Some(Level::Admin), "{of:?}");
        }
        // A node is in no namespace.
        assert_eq!(level("kube-system", ("get", "nodes", "proxy")), None);
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
    fn a_right_for_one_named_user_or_role_is_at_least_escalate() {
        let of = |names: &[&str]| {
            let found = findings(|question| match (question.verb, question.resource) {
                ("impersonate", "users") if !names.is_empty() => {
                    Verdict::Only(names.iter().map(|&name| name.to_owned()).collect())
                }
                _ => Verdict::No,
            });
            grade(&found, &rules(&[], false)).to_string()
        };
        assert_eq!(of(&["ada"]), "at least escalate");
        assert_eq!(of(&[]), "none");
    }

    /// True if a right among these that counts by itself makes an administrator.
    fn truth_is_admin(truth: &[bool]) -> bool {
        let all = all();
        let yes: Vec<&Question> = all
            .iter()
            .zip(truth)
            .filter(|(_, yes)| **yes)
            .map(|it| it.0)
            .collect();
        yes.iter().any(|question| {
            let has = |partner| {
                yes.iter()
                    .any(|other| other.scope == question.scope && other.is(partner))
            };
            question.level == Level::Admin && question.partner().is_none_or(has)
        })
    }

    proptest! {
        /// The grade of what is known never falls when more becomes known, and is exact when all is known.
        #[test]
        fn what_is_unknown_only_makes_it_at_least(
            truth in prop::collection::vec(any::<bool>(), all().len()),
            known in prop::collection::vec(any::<bool>(), all().len()),
        ) {
            let findings = |is_known: &dyn Fn(usize) -> bool| -> Vec<Finding> {
                let all = all().into_iter().enumerate();
                all.map(|(at, question)| Finding {
                    question,
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
            for question in all().iter().filter(|question| question.scope == Scope::Namespace) {
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
