//! `acpctl credential inspect`

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::api::{self, ListOptions};
use crate::cluster::grade::{Finding, Grade, Level, Scope, Verdict};
use crate::cluster::inspect::{Inspection, inspect};
use crate::commands::grading;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::intake::cluster::{self, ClusterArgs, Way};
use crate::output::style::{self, Tone};
use crate::output::{Format, OutputArgs, progress};
use crate::resources::{CREDENTIAL, Candidates, KUBECONFIG};
use crate::text::{acpctl, acpctl_for, quote, secrets};

const EXAMPLES: &str = "\
# Show what a stored credential can do in its cluster
acpctl credential inspect prod --access
# Several, or all, in one table
acpctl credential inspect --all --access
# Before it is stored; a gate for CI
acpctl credential inspect --from-file ~/.kube/config --context dev --access --max-grade write";

/// Show where a kubeconfig leads, and with --access what it can do there
///
/// With --access the cluster is asked who this is and what the user may do, in the context's namespace and in the whole
/// cluster. The answer is a grade: none, read, read-secrets, write, escalate or admin. Nothing in the cluster is read
/// or changed: at most 35 requests, all of them to the three addresses that answer questions about the user itself.
/// What the cluster does not answer is unknown, never no.
///
/// With --all no login program is started without a question about that one: others may have stored it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names or IDs of stored credentials
    #[arg(value_name = "CREDENTIAL")]
    #[arg(add = Candidates::CREDENTIALS)]
    credentials: Vec<String>,
    /// All stored kubeconfigs, in one table
    #[arg(long, conflicts_with = "credentials", requires = "access")]
    all: bool,
    /// Ask the cluster who this is and what the user may do
    #[arg(long)]
    access: bool,
    /// Fail with exit code 8 if the credential can do more: none|read|read-secrets|write|escalate|admin
    #[arg(long, value_name = "GRADE", value_parser = grading::level)]
    max_grade: Option<Level>,
    /// Ask about this namespace (default: the context's, or else default)
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    if args.max_grade.is_some() && !args.access {
        return Err(Failure::usage("--max-grade needs --access, which asks the cluster").into());
    }
    if args.all || args.credentials.len() > 1 {
        return compare(ctx, args, &format);
    }
    let given = args.credentials.first().map(String::as_str);
    given.map_or(Ok(()), refuse_file)?;
    let mut way = args.cluster.way(ctx, given)?;
    let asked = if args.access {
        Some(ask(ctx, args, &mut way, &args.cluster.allow)?)
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
        (Some(asked), Some(limit)) => {
            grading::gate(&way.name, asked.grade, limit).map_err(Into::into)
        }
        _ => Ok(()),
    }
}

/// Refuses the path of a file, which `validate` takes in this place.
fn refuse_file(word: &str) -> Result<(), Failure> {
    let path = Path::new(word);
    let ends = ["conf", "config", "json", "kubeconfig", "yaml", "yml"];
    let end = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if !path.is_file() || !(word.contains('/') || ends.contains(&end)) {
        return Ok(());
    }
    let says = format!(
        "{} is a file, and the argument is the name of a credential",
        quote(word)
    );
    let line = acpctl(&["credential", "inspect", "--from-file", word]);
    Err(Failure::usage(says).hint(format!("write {line}")))
}

fn ask(ctx: &Ctx, args: &Args, way: &mut Way, allowed: &[String]) -> anyhow::Result<Inspection> {
    ctx.block_on(async {
        let client = cluster::connect(ctx, way, allowed).await?;
        let namespace = args.namespace.as_deref().unwrap_or_else(|| way.namespace());
        let _asking = progress::begin(format!("Asking {} what the user may do", client.address()));
        Ok(inspect(&client, namespace)
            .await
            .map_err(cluster::failure)?)
    })
}

/// What is known about one of several credentials.
struct Row {
    name: String,
    seen: anyhow::Result<(Way, Inspection)>,
}

/// Asks about each credential in turn. One that can't be asked about has a row, too.
///
/// # Errors
/// One could not be asked about, or can do more than `--max-grade` allows.
fn compare(ctx: &Ctx, args: &Args, format: &Format) -> anyhow::Result<()> {
    if !args.access {
        return Err(
            Failure::usage("several credentials are compared by their access")
                .hint("add --access")
                .into(),
        );
    }
    let names = if args.all {
        kubeconfigs(ctx)?
    } else {
        args.credentials.clone()
    };
    let see = |name: String| {
        let seen = args.cluster.way(ctx, Some(&name)).and_then(|mut way| {
            // Others may have stored it: nobody agrees to all of their programs at once.
            let allowed: &[String] = if args.all { &[] } else { &args.cluster.allow };
            if args.all && way.access.needed_plugin().is_some() && !ctx.may_ask() {
                return Err(not_started(&name).into());
            }
            let asked = ask(ctx, args, &mut way, allowed)?;
            Ok((way, asked))
        });
        Row { name, seen }
    };
    let rows: Vec<Row> = names.into_iter().map(see).collect();
    match format {
        Format::Table | Format::Wide => {
            let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
            let is_wide = *format == Format::Wide;
            ctx.out
                .fitted(&["NAME", "GRADE", "SCOPE", "REASON"], &cells, is_wide)?;
        }
        Format::Name => rows.iter().try_for_each(|row| ctx.out.line(&row.name))?,
        format => {
            let rows: Vec<Value> = rows.iter().map(Row::json).collect();
            ctx.out.value(&Value::Array(rows), format)?;
        }
    }
    if let Some(limit) = args.max_grade {
        for row in &rows {
            if let Ok((_, asked)) = &row.seen {
                grading::gate(&row.name, asked.grade, limit)?;
            }
        }
    }
    let count = rows.len();
    let failed: Vec<anyhow::Error> = rows.into_iter().filter_map(|row| row.seen.err()).collect();
    let unknown = failed.len();
    match failed.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(first.context(format!(
            "the access of {unknown} of {} is not known",
            CREDENTIAL.counted(count)
        ))),
    }
}

fn not_started(name: &str) -> Failure {
    let inspect = acpctl_for(
        &["credential", "inspect"],
        name,
        &["--access", "--allow", "exec-plugin"],
    );
    let text = format!("--all starts no login program, and credential/{name} needs one");
    Failure::new(Kind::Input, text).hint(format!("look at it alone: {inspect}"))
}

/// Returns the names of all stored kubeconfigs. One whose name another credential has is named by its ID.
fn kubeconfigs(ctx: &Ctx) -> anyhow::Result<Vec<String>> {
    let client = ctx.client()?;
    let options = ListOptions {
        search: Some(api::equals("provider", KUBECONFIG)),
        ..ListOptions::default()
    };
    let list = ctx.block_on(async {
        let list = client.list(&CREDENTIAL, "/credentials", &options).await;
        list.context("list credentials")
    })?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|record| record.text("provider") == KUBECONFIG);
    if found.is_empty() {
        return Err(Failure::new(Kind::NotFound, "no kubeconfig is stored")
            .hint("store one: acpctl credential create --from-file PATH")
            .into());
    }
    let is_shared = |name: &str| found.iter().filter(|other| other.name() == name).count() > 1;
    let names = found.iter().map(|record| match record.name() {
        name if name.is_empty() || is_shared(name) => record.id().to_owned(),
        name => name.to_owned(),
    });
    Ok(names.collect())
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let (grade, scope, reason) = match &self.seen {
            Ok((_, asked)) => {
                let (scope, reason) = cause(asked);
                (asked.grade.to_string(), scope, reason)
            }
            Err(error) => {
                let why = format!("{error:#}");
                let why = why.lines().next().unwrap_or_default();
                (
                    "unknown".to_owned(),
                    "-".to_owned(),
                    secrets::hide(why).into_owned(),
                )
            }
        };
        vec![self.name.clone(), grade, scope, reason]
    }

    fn json(&self) -> Value {
        match &self.seen {
            Ok((way, asked)) => as_json(way, Some(asked)),
            Err(error) => {
                let why = format!("{error:#}");
                json!({"name": self.name, "error": secrets::hide(&why)})
            }
        }
    }
}

/// Returns where the grade applies, and the first right that makes it. A right in the whole cluster comes before one in
/// the namespace.
fn cause(asked: &Inspection) -> (String, String) {
    let makes = |finding: &&Finding| {
        let is_given = matches!(finding.verdict, Verdict::Yes(_) | Verdict::Only(_));
        is_given && finding.question.level == asked.grade.level
    };
    let found = asked.findings.iter().filter(makes);
    let found = found.min_by_key(|finding| finding.question.scope != Scope::Cluster);
    let namespace = || format!("namespace {}", asked.namespace);
    match found {
        Some(finding) => {
            let scope = match finding.question.scope {
                Scope::Cluster => "cluster".to_owned(),
                Scope::Namespace => namespace(),
            };
            let reason = match finding.question.resource {
                "*" => "everything".to_owned(),
                _ => finding.question.says(),
            };
            (scope, reason)
        }
        None if asked.grade.level == Level::Read => (namespace(), "reads objects".to_owned()),
        None => (namespace(), "-".to_owned()),
    }
}

fn page(way: &Way, asked: Option<&Inspection>, is_wide: bool, color: bool) -> String {
    let context = &way.access.context;
    let namespace = asked.map_or_else(|| way.namespace(), |asked| &asked.namespace);
    let mut rows = vec![
        ("Kubeconfig", way.name.clone()),
        ("Context", context.name.clone()),
        ("Server", crate::text::url_for_people(&way.access.server)),
        ("Namespace", namespace.to_owned()),
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
        page.push_str(&format!("\n{}\n", asked.grade.meaning()));
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
            "meaning": asked.grade.meaning(),
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
