//! `acpctl credential validate`

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::{findings, kubeconfig};
use crate::compat::number;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::input::{self, Input};
use crate::kubeconfig::{self as rules, CheckOptions, Report, Rules, Severity};
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
/// Exits 0 if the file is fine, 7 if it has errors, and 8 for warnings with --strict. Works logged
/// out; no connection is opened and no program is started.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// File, or - for stdin (the default where data is piped in)
    file: Option<String>,
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
    /// Report credentials that end sooner than this, e.g. 12h or 7d
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
    let input = read(args)?;
    let name = input.name();
    let source = rules::Source {
        name: &name,
        bytes: &input.bytes,
        dir: input.folder(),
    };
    let mut report = rules::check(&[source], &options(ctx, args));
    report.findings.retain(|finding| {
        finding.gate.is_some() || !args.allow.iter().any(|code| code == finding.code)
    });
    show(ctx, args, &name, &report)?;
    verdict(args, &name, &report).map_err(Into::into)
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

fn options<'a>(ctx: &Ctx, args: &'a Args) -> CheckOptions<'a> {
    CheckOptions {
        context: args.context.as_deref(),
        rules: match args.rules {
            RuleSet::Kubernetes => Rules::Kubernetes,
            RuleSet::Runner => Rules::Runner,
            RuleSet::All => Rules::All,
        },
        now: ctx.now(),
        min_ttl: args
            .min_ttl
            .map(|ttl| SignedDuration::try_from(ttl).unwrap_or(SignedDuration::MAX)),
        open: &kubeconfig::open,
    }
}

fn show(ctx: &Ctx, args: &Args, name: &str, report: &Report) -> anyhow::Result<()> {
    match args.output {
        Form::Text => {
            for finding in &report.findings {
                ctx.out
                    .text(&format!("{}\n", findings::text(name, finding)))?;
            }
            if is_valid(args, report) {
                let context = report
                    .summary
                    .as_ref()
                    .map(|summary| format!(" (context {})", quote(&summary.context.name)))
                    .unwrap_or_default();
                ctx.out.line(&format!("{name}: valid{context}"))?;
            }
            Ok(())
        }
        Form::Json => ctx
            .out
            .json(&json!({"file": name, "valid": is_valid(args, report), "report": report})),
        Form::Sarif => ctx.out.json(&findings::sarif(name, &report.findings)),
    }
}

fn errors(report: &Report) -> usize {
    report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count()
}

/// Kubernetes' rules look at its verdict alone; the others at every finding of severity error.
fn is_valid(args: &Args, report: &Report) -> bool {
    match args.rules {
        RuleSet::Kubernetes => report.accepted,
        RuleSet::Runner | RuleSet::All => report.accepted && errors(report) == 0,
    }
}

fn verdict(args: &Args, name: &str, report: &Report) -> Result<(), Failure> {
    if !is_valid(args, report) {
        let errors = errors(report).max(1);
        let noun = if errors == 1 { "error" } else { "errors" };
        return Err(Failure::new(
            Kind::Data,
            format!("{name} has {errors} {noun}"),
        ));
    }
    let warnings = report
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .count();
    if args.strict && warnings > 0 {
        let noun = if warnings == 1 { "warning" } else { "warnings" };
        return Err(Failure::new(
            Kind::Policy,
            format!("{name} has {warnings} {noun} (--strict)"),
        ));
    }
    Ok(())
}
