//! `acpctl credential inspect`

use serde_json::{Value, json};

use crate::cluster::grade::{Finding, Grade, Level, Scope, Verdict};
use crate::cluster::inspect::{Inspection, inspect};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, ClusterArgs, Way};
use crate::output::style::{self, Tone};
use crate::output::{Format, OutputArgs, progress};
use crate::resources::Candidates;

const EXAMPLES: &str = "\
# What a stored credential can do in its cluster
acpctl credential inspect prod --access
# Before it is stored; a gate for CI
acpctl credential inspect --from-file ~/.kube/config --context dev --access --max-grade write";

/// Show where a kubeconfig leads, and with --access what it can do there
///
/// With --access the cluster is asked who this is and what the user may do, in the context's namespace and in the whole cluster.
/// The answer is a grade: none, read, read-secrets, write, escalate or admin. Nothing in the cluster is read or changed: at most
/// 35 requests, all of them to the three addresses that answer questions about the user itself. What the cluster does not answer is
/// unknown, never no.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID of a stored credential
    #[arg(add = Candidates::CREDENTIALS)]
    credential: Option<String>,
    /// Ask the cluster who this is and what the user may do
    #[arg(long)]
    access: bool,
    /// Fail with exit code 8 if the credential can do more: none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = level, requires = "access")]
    max_grade: Option<Level>,
    /// Ask about this namespace instead of the context's
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn level(word: &str) -> Result<Level, String> {
    Level::from_word(word).ok_or_else(|| {
        let words = Level::ALL.map(Level::word).join(", ");
        format!("the grades are {words}")
    })
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let mut way = args.cluster.way(ctx, args.credential.as_deref())?;
    let asked = if args.access {
        Some(ask(ctx, args, &mut way)?)
    } else {
        None
    };
    match format {
        Format::Table | Format::Wide => {
            ctx.out.text(&page(
                &way,
                asked.as_ref(),
                format == Format::Wide,
                ctx.out.colored(),
            ))?;
        }
        Format::Name => ctx.out.line(&way.name)?,
        format => ctx.out.value(&as_json(&way, asked.as_ref()), &format)?,
    }
    match (asked, args.max_grade) {
        (Some(asked), Some(limit)) => gate(&way.name, asked.grade, limit).map_err(Into::into),
        _ => Ok(()),
    }
}

fn ask(ctx: &Ctx, args: &Args, way: &mut Way) -> anyhow::Result<Inspection> {
    ctx.block_on(async {
        let client = cluster::connect(ctx, way, &args.cluster.allow).await?;
        let namespace = args.namespace.as_deref().unwrap_or_else(|| way.namespace());
        let _asking = progress::begin(format!("Asking {} what the user may do", client.address()));
        Ok(inspect(&client, namespace)
            .await
            .map_err(cluster::failure)?)
    })
}

/// Refuses a credential that can do more than it should, or that may.
fn gate(name: &str, grade: Grade, limit: Level) -> Result<(), Failure> {
    if grade.is_within(limit) {
        return Ok(());
    }
    let text = format!("{name} has the grade {grade}, and --max-grade allows {limit}");
    Err(Failure::new(Kind::Policy, text).hint("store a credential that can do less"))
}

fn page(way: &Way, asked: Option<&Inspection>, is_wide: bool, color: bool) -> String {
    let context = &way.access.context;
    let mut rows = vec![
        ("Kubeconfig", way.name.clone()),
        ("Context", context.name.clone()),
        ("Server", crate::text::url_for_people(&way.access.server)),
        ("Namespace", way.namespace().to_owned()),
    ];
    if let Some(end) = context.expires_at {
        rows.push(("Expires", end.to_string()));
    }
    if let Some(asked) = asked {
        let user = asked
            .user
            .as_ref()
            .map_or("known, without a name", |user| &user.name);
        rows.push(("User", user.to_owned()));
        if let Some(user) = asked
            .user
            .as_ref()
            .filter(|user| is_wide && !user.groups.is_empty())
        {
            rows.push(("Groups", user.groups.join(", ")));
        }
        let grade = style::paint(&asked.grade.to_string(), tone(asked.grade), color);
        rows.push(("Grade", grade));
    }
    let mut page = String::new();
    for (label, value) in rows {
        page.push_str(&format!("{label:<11} {value}\n"));
    }
    if let Some(asked) = asked {
        page.push_str(&format!("\n{}\n", asked.grade.level.meaning()));
        page.push_str(&rights(asked, is_wide));
    }
    page
}

/// The rights that make the grade; with `-o wide` every question.
fn rights(asked: &Inspection, is_wide: bool) -> String {
    let mut text = String::new();
    for (scope, title) in [
        (
            Scope::Namespace,
            format!("In the namespace {}", asked.namespace),
        ),
        (Scope::Cluster, "In the whole cluster".to_owned()),
    ] {
        let shown = asked.findings.iter().filter(|finding| {
            finding.question.scope == scope && (is_wide || finding.verdict != Verdict::No)
        });
        let lines: Vec<String> = shown.map(line).collect();
        if !lines.is_empty() {
            text.push_str(&format!("\n{title}:\n{}\n", lines.join("\n")));
        }
    }
    text
}

fn line(finding: &Finding) -> String {
    let verdict = match &finding.verdict {
        Verdict::Only(names) => format!("only {}", names.join(", ")),
        verdict => verdict.word().to_owned(),
    };
    format!(
        "  {verdict:<8} {:<13} {}",
        finding.question.level.word(),
        finding.question.says()
    )
}

fn tone(grade: Grade) -> Tone {
    match grade.level {
        Level::None | Level::Read if !grade.at_least => Tone::Good,
        Level::Escalate | Level::Admin => Tone::Bad,
        _ => Tone::Doubtful,
    }
}

fn as_json(way: &Way, asked: Option<&Inspection>) -> Value {
    let context = &way.access.context;
    let mut shown = json!({
        "name": way.name,
        "context": context.name,
        "server": crate::text::url_for_people(&way.access.server),
        "namespace": way.namespace(),
        "expires_at": context.expires_at.map(|end| end.to_string()),
    });
    if let Some(asked) = asked {
        let user = asked.user.as_ref();
        shown["access"] = json!({
            "user": user.map(|user| &user.name),
            "groups": user.map(|user| &user.groups),
            "credential_id": user.and_then(|user| user.credential.as_ref()),
            "namespace": asked.namespace,
            "grade": asked.grade.level.word(),
            "at_least": asked.grade.at_least,
            "meaning": asked.grade.level.meaning(),
            "rules_complete": asked.rules.complete,
            "findings": asked.findings.iter().map(finding_as_json).collect::<Vec<_>>(),
        });
    }
    shown
}

fn finding_as_json(finding: &Finding) -> Value {
    let question = &finding.question;
    let (reason, names) = match &finding.verdict {
        Verdict::Yes(reason) => (reason.clone(), None),
        Verdict::Only(names) => (None, Some(names)),
        Verdict::No | Verdict::Unknown => (None, None),
    };
    json!({
        "scope": if question.scope == Scope::Namespace { "namespace" } else { "cluster" },
        "verb": question.verb,
        "group": question.group,
        "resource": question.resource,
        "subresource": question.subresource,
        "name": question.name,
        "grade": question.level.word(),
        "verdict": finding.verdict.word(),
        "names": names,
        "reason": reason,
    })
}
