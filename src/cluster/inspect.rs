//! Asks a cluster who the user is and what the user may do, by reviews alone: nothing real is read, and nothing is
//! stored.
//!
//! The requests: one for the user, one for everything at once, one for the rules of the namespace, and one for each
//! question that these do not answer. That is 19 for an account of one namespace. Rules for single objects may need
//! more, but there are never more than 35.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::client::Client;
use super::fault::{Fault, said};
use super::grade::{
    EVERYTHING, Finding, Grade, Level, MOST_REQUESTS, QUESTIONS, Question, Rules, Scope, Verdict,
};
use super::questions::{self, User};

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// How many questions are asked at once.
const AT_ONCE: usize = 8;

/// The answers of a cluster about a user.
#[derive(Debug, Clone)]
pub(crate) struct Inspection {
    /// `None` if the cluster does not say the name.
    pub user: Option<User>,
    pub namespace: String,
    pub grade: Grade,
    /// Every question that was answered, or could not be.
    pub findings: Vec<Finding>,
    /// The rules that the cluster lists for the namespace.
    pub rules: Rules,
}

/// Asks who the user is and grades what the user may do, in this namespace and in the whole cluster.
///
/// # Errors
/// A fault if there is no Kubernetes, or if it does not accept the login. A question that the cluster does not answer
/// is not a fault: its answer is unknown.
pub(crate) async fn inspect(client: &Client, namespace: &str) -> Result<Inspection, Fault> {
    let user = questions::identity(client).await?;
    let everything = ask(client, EVERYTHING, namespace).await;
    if everything.verdict.is_yes() {
        return Ok(Inspection {
            user,
            namespace: namespace.to_owned(),
            grade: Grade {
                level: Level::Admin,
                at_least: false,
            },
            findings: vec![everything.for_people()],
            rules: Rules::default(),
        });
    }
    let rules = match questions::post_rules(client, namespace).await {
        Ok(answer) => Rules::of_review(answer.status, answer.json()),
        Err(_) => Rules::default(),
    };
    let mut findings: Vec<Finding> = stream::iter(QUESTIONS)
        .map(|question| answer(client, question, namespace, &rules))
        .buffered(AT_ONCE)
        .collect()
        .await;
    ask_by_name(client, &mut findings, &rules).await;
    if everything.verdict == Verdict::Unknown {
        findings.insert(0, everything);
    }
    Ok(Inspection {
        user,
        namespace: namespace.to_owned(),
        grade: super::grade::grade(&findings, &rules),
        findings: findings.into_iter().map(Finding::for_people).collect(),
        rules,
    })
}

impl Finding {
    /// Returns it without the secrets of this run: its names and its reason are the cluster's words.
    fn for_people(self) -> Self {
        let verdict = match self.verdict {
            Verdict::Yes(reason) => Verdict::Yes(reason.map(|reason| said(&reason))),
            Verdict::Only(names) => Verdict::Only(names.iter().map(|name| said(name)).collect()),
            other => other,
        };
        Self { verdict, ..self }
    }
}

/// Answers a question about the namespace by its rules, if they can.
async fn answer(client: &Client, question: Question, namespace: &str, rules: &Rules) -> Finding {
    if question.scope == Scope::Namespace {
        let verdict = rules.answer(&question);
        if verdict != Verdict::Unknown {
            return Finding { question, verdict };
        }
    }
    ask(client, question, namespace).await
}

async fn ask(client: &Client, question: Question, namespace: &str) -> Finding {
    let verdict = review(client, &question.review(namespace)).await;
    Finding { question, verdict }
}

async fn review(client: &Client, body: &Value) -> Verdict {
    match client.post(ACCESS, body).await {
        Ok(answer) => Verdict::of_review(answer.status, answer.json()),
        Err(_) => Verdict::Unknown,
    }
}

/// A "no" for the whole cluster leaves out rights for single objects. The rules may name such objects, but do not tell
/// whether the right is one of the namespace only: this asks by name, as far as the number of requests allows.
async fn ask_by_name(client: &Client, findings: &mut [Finding], rules: &Rules) {
    let was_asked = |finding: &&Finding| {
        finding.question.scope == Scope::Cluster
            || rules.answer(&finding.question) == Verdict::Unknown
    };
    let mut left = MOST_REQUESTS - 3 - findings.iter().filter(was_asked).count();
    for finding in findings {
        let question = finding.question;
        if question.scope == Scope::Namespace || finding.verdict != Verdict::No {
            continue;
        }
        let mut names = rules.names(&question);
        names.retain(|name| name != question.name);
        if names.len() > left {
            finding.verdict = Verdict::Unknown;
            continue;
        }
        left -= names.len();
        let mut granted = Vec::new();
        for name in names {
            match review(client, &question.review_of("", &name)).await {
                Verdict::Yes(_) => granted.push(name),
                Verdict::Unknown => finding.verdict = Verdict::Unknown,
                Verdict::No | Verdict::Only(_) => {}
            }
        }
        if !granted.is_empty() {
            finding.verdict = Verdict::Only(granted);
        }
    }
}
