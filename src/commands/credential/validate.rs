//! `acpctl credential validate`

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::compat::number;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::input::{self, Input};
use crate::intake::{self, Examined, KubeconfigArgs, findings, judge};
use crate::kubeconfig::{self as rules, Carved, CheckOptions, Report, Rules};
use crate::text::acpctl;

/// Which rules to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RuleSet {
    /// What Kubernetes' own client accepts
    Kubernetes,
    /// What works from a session's container
    Runner,
    /// Both
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
    Sarif,
}

const EXAMPLES: &str = "\
acpctl credential validate ~/.kube/config
# In a pipeline: warnings fail too, and a report for code scanning
acpctl credential validate ~/.kube/config --strict --min-ttl 12h -o sarif";

/// Check a kubeconfig, offline
///
/// Judges what 'credential create' would store, and says what it would keep and drop. Exits 0 if that is fine, 7 if it has
/// errors, and 8 for warnings with --strict and for an early end with --min-ttl. Works logged out; no connection is
/// opened and no program is started.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, or - for stdin (the default where data is piped in)
    file: Option<PathBuf>,
    /// Judge this context (default: the file's current-context)
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Rules to apply: kubernetes|runner|all
    #[arg(
        long,
        value_name = "RULES",
        default_value = "all",
        hide_possible_values = true
    )]
    rules: RuleSet,
    /// Read files that the kubeconfig names from this folder too (repeatable)
    #[arg(long, value_name = "DIR")]
    allow_file: Vec<PathBuf>,
    /// Refuse credentials that end sooner than this, e.g. 12h or 7d
    #[arg(long, value_name = "DURATION", value_parser = number::duration_with_days)]
    min_ttl: Option<Duration>,
    /// Exit 8 where there are warnings
    #[arg(long)]
    strict: bool,
    /// Accept findings of this code (repeatable)
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,
    /// Output format: text|json|sarif
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    output: Form,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    judge::check_codes(&args.allow)?;
    let input = read(args)?;
    let name = input.name();
    let examined = examine(ctx, args, input)?;
    let refusal = refusal(args, &name, &examined.report);
    show(ctx, args, &name, &examined, refusal.as_ref())?;
    match refusal {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

fn read(args: &Args) -> Result<Input, Failure> {
    match args.file.as_deref() {
        Some(path) => input::from_path(path),
        None if input::stdin_is_piped() => input::from_stdin(),
        None => Err(
            Failure::new(Kind::Input, "no kubeconfig given").hint(format!(
                "name a file:  {}\n      or pipe one:  kubectl config view --raw | {}",
                acpctl(&["credential", "validate", "~/.kube/config"]),
                acpctl(&["credential", "validate"])
            )),
        ),
    }
}

/// With all rules, what would be stored is judged; the others judge the file as it is.
fn examine(ctx: &Ctx, args: &Args, input: Input) -> Result<Examined, Failure> {
    let rules = match args.rules {
        RuleSet::All => return as_created(ctx, args, input),
        RuleSet::Kubernetes => Rules::Kubernetes,
        RuleSet::Runner => Rules::Runner,
    };
    let options = CheckOptions {
        context: args.context.as_deref(),
        rules,
        now: ctx.now(),
        min_ttl: args
            .min_ttl
            .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
        open: &intake::open,
    };
    let name = input.name();
    let source = rules::Source {
        name: &name,
        bytes: &input.bytes,
        dir: input.folder(),
    };
    let mut report = rules::check(&[source], &options);
    judge::allow(&mut report.findings, &args.allow);
    Ok(Examined {
        text: None,
        carved: None,
        report,
    })
}

fn as_created(ctx: &Ctx, args: &Args, input: Input) -> Result<Examined, Failure> {
    let mut flags = KubeconfigArgs::keeping(args.context.clone());
    flags.allow_file.clone_from(&args.allow_file);
    flags.min_ttl = args.min_ttl;
    flags.gates.allow.clone_from(&args.allow);
    flags.examine(ctx, &[intake::source_of(input)])
}

fn show(
    ctx: &Ctx,
    args: &Args,
    name: &str,
    examined: &Examined,
    refusal: Option<&Failure>,
) -> anyhow::Result<()> {
    let report = &examined.report;
    let is_valid = refusal.is_none_or(|refusal| refusal.kind == Kind::Policy);
    match args.output {
        Form::Text => {
            for finding in &report.findings {
                ctx.out
                    .text(&format!("{}\n", findings::text(name, finding)))?;
            }
            if let Some(carved) = &examined.carved {
                for line in
                    intake::told(carved, ["create would keep", "drop", "create would inline"])
                {
                    ctx.out.line(&format!("{name}: {line}"))?;
                }
            }
            if is_valid {
                let context = report
                    .summary
                    .as_ref()
                    .map(|summary| format!(" (context {})", quote(&summary.context.name)))
                    .unwrap_or_default();
                ctx.out.line(&format!("{name}: valid{context}"))?;
            }
            Ok(())
        }
        Form::Json => {
            let mut shown = json!({"file": name, "valid": is_valid, "report": report});
            if let Some(carved) = &examined.carved {
                shown["create"] = cut(carved);
            }
            ctx.out.json(&shown)
        }
        Form::Sarif => ctx.out.json(&findings::sarif(name, &report.findings)),
    }
}

/// What `credential create` would make of the file.
fn cut(carved: &Carved) -> Value {
    let inlined = carved
        .inlined
        .iter()
        .map(|inlined| json!({"field": inlined.place(), "path": inlined.path}));
    json!({
        "context": carved.context,
        "kept_contexts": carved.kept_contexts,
        "dropped_contexts": carved.dropped_contexts,
        "dropped_clusters": carved.dropped_clusters,
        "dropped_users": carved.dropped_users,
        "inlined": inlined.collect::<Vec<_>>(),
    })
}

/// Kubernetes' rules look at its verdict alone; the others at every finding, with the exit codes of `create`.
fn refusal(args: &Args, name: &str, report: &Report) -> Option<Failure> {
    if args.rules == RuleSet::Kubernetes && report.accepted {
        return None;
    }
    let refusal = judge::refusal(name, &report.findings, args.strict);
    let unnamed = || Failure::new(Kind::Data, format!("{name} has 1 error"));
    match refusal {
        None if !report.accepted => Some(unnamed()),
        other => other,
    }
}
