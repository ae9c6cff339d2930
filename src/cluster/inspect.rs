//! Asks a cluster who the user is and what the user may do, by reviews alone: nothing real is read, and nothing is
//! stored.
//!
//! The requests: one for the user, one for everything at once, one for the rules of the namespace, and one for each
//! question that these do not answer, 35 at most.
//!
//! A complete list of rules answers every question about the namespace. It has the rules for the whole cluster too, but
//! does not tell them apart, so what no rule grants needs no request, and what one grants is asked about once more
//! without the namespace. A "no" to that shows that the rule holds in the namespace alone, whatever else it grants.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::client::Client;
use super::fault::{Fault, said};
use super::grade::{Finding, Grade, Level, Rule, Rules, Scope, Verdict};
use super::questions::{self, User};
use super::rights::{self, EVERYTHING, Question};

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// The most reviews of single rights.
const MOST: usize = 32;
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
    let everything = Finding {
        question: EVERYTHING,
        verdict: review(client, &EVERYTHING.review(namespace)).await.verdict,
    };
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
    let questions = rights::questions(namespace);
    let mut findings = if rules.complete {
        by_rules(client, questions, &rules).await
    } else {
        one_by_one(client, questions, namespace, &rules).await
    };
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

/// Answers the questions by a list of rules that may leave out some: only a "yes" is sure, the others are asked about,
/// first those that a rule speaks of. What is not asked about is not known.
async fn one_by_one(
    client: &Client,
    questions: Vec<Question>,
    namespace: &str,
    rules: &Rules,
) -> Vec<Finding> {
    let listed = |question: &Question| match question.scope {
        Scope::Namespace => rules.answer(question),
        Scope::Cluster => Verdict::Unknown,
    };
    let mut findings: Vec<Finding> = questions
        .into_iter()
        .map(|question| Finding {
            question,
            verdict: listed(&question),
        })
        .collect();
    let is_open = |finding: &&mut Finding| finding.verdict == Verdict::Unknown;
    let mut open: Vec<&mut Finding> = findings.iter_mut().filter(is_open).collect();
    open.sort_by_key(|finding| {
        !rules
            .objects
            .iter()
            .any(|rule| rule.covers(&finding.question))
    });
    open.truncate(MOST);
    let asked = open.into_iter().map(async |finding| {
        let body = finding.question.review(namespace);
        finding.verdict = review(client, &body).await.verdict;
    });
    stream::iter(asked).buffered(AT_ONCE).collect::<()>().await;
    findings
}

/// Answers the questions by a complete list of rules.
async fn by_rules(client: &Client, questions: Vec<Question>, rules: &Rules) -> Vec<Finding> {
    let mut everywhere = Everywhere {
        client,
        rules: rules.objects.iter().collect(),
        left: MOST,
    };
    let mut findings = Vec::with_capacity(questions.len());
    for question in questions {
        let verdict = match question.scope {
            Scope::Namespace => rules.answer(&question),
            Scope::Cluster => everywhere.answer(&question).await,
        };
        findings.push(Finding { question, verdict });
    }
    findings
}

/// Finds out which rules of a complete list hold in the whole cluster.
struct Everywhere<'r> {
    client: &'r Client,
    /// The rules that may: not those that are known to hold in the namespace alone.
    rules: Vec<&'r Rule>,
    /// How many reviews may be sent.
    left: usize,
}

impl Everywhere<'_> {
    /// Answers a question about the whole cluster.
    async fn answer(&mut self, question: &Question) -> Verdict {
        let (mut granted, mut is_unknown) = (Vec::new(), false);
        for name in self.names(question) {
            match self.ask(question, &name).await {
                Verdict::Yes(reason) if name == question.name => return Verdict::Yes(reason),
                Verdict::Yes(_) => granted.push(name),
                Verdict::Unknown => is_unknown = true,
                Verdict::No | Verdict::Only(_) => {}
            }
        }
        match (granted.is_empty(), is_unknown) {
            (false, _) => Verdict::Only(granted),
            (true, true) => Verdict::Unknown,
            (true, false) => Verdict::No,
        }
    }

    /// Returns the names to ask about: that of the question first, and those to which the rules limit the right.
    fn names(&self, question: &Question) -> Vec<String> {
        let covering = self.rules.iter().filter(|rule| rule.covers(question));
        let names = covering.flat_map(|rule| match rule.names.as_slice() {
            [] => vec![question.name.to_owned()],
            names => names.to_vec(),
        });
        let mut names: Vec<String> = names.collect();
        names.sort_by(|a, b| (a != question.name, a).cmp(&(b != question.name, b)));
        names.dedup();
        names
    }

    /// Asks about the objects of a name; about all, if it is empty.
    async fn ask(&mut self, question: &Question, name: &str) -> Verdict {
        let grants = |rule: &&Rule| {
            rule.covers(question)
                && (rule.names.is_empty() || rule.names.iter().any(|it| it == name))
        };
        if !self.rules.iter().any(grants) {
            return Verdict::No;
        }
        if self.left == 0 {
            return Verdict::Unknown;
        }
        self.left -= 1;
        let answer = review(self.client, &question.review_of("", name)).await;
        // Who is denied a right by another authorizer may have it by the rule, and others with it.
        if answer.verdict == Verdict::No && !answer.is_denied {
            self.rules.retain(|rule| !grants(rule));
        }
        answer.verdict
    }
}

struct Answer {
    verdict: Verdict,
    /// True if an authorizer denies the right, whatever the rules are.
    is_denied: bool,
}

async fn review(client: &Client, body: &Value) -> Answer {
    match client.post(ACCESS, body).await {
        Ok(answer) => Answer {
            verdict: Verdict::of_review(answer.status, answer.json()),
            is_denied: answer
                .json()
                .is_some_and(|json| json["status"]["denied"] == true),
        },
        Err(_) => Answer {
            verdict: Verdict::Unknown,
            is_denied: false,
        },
    }
}
