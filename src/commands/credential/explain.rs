//! `acpctl credential explain`

use serde_json::{Value, json};

use crate::compat::near::nearest;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::kubeconfig::{Gate, Row, Severity, codes};
use crate::output::{Format, OutputArgs};
use crate::text::quote;
use crate::text::wrap;

/// The column at which the list of codes says when they are reported.
const WHEN: usize = 38;

const EXAMPLES: &str = "\
acpctl credential explain token-expired
# All codes
acpctl credential explain";

/// Explain a finding about a kubeconfig
///
/// Shows when the finding is reported, and what to do about it. Without a code, lists all codes. Works offline and
/// without a login.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Code of the finding, as shown in brackets
    code: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let Some(code) = args.code.as_deref() else {
        return all(ctx, &format);
    };
    let row = find(code)?;
    match format {
        Format::Table | Format::Wide => {
            let lines = page(row);
            let indent = |line: &str| line.len() - line.trim_start().len();
            let lines = lines
                .lines()
                .map(|line| broken(line, indent(line), ctx) + "\n");
            ctx.out.text(&lines.collect::<String>())
        }
        Format::Name => ctx.out.line(row.code),
        format => ctx.out.value(&as_json(row), &format),
    }
}

/// Breaks a line that is too long for the terminal; a pipe gets it whole.
fn broken(line: &str, indent: usize, ctx: &Ctx) -> String {
    let width = ctx.out.width();
    width.map_or_else(|| line.to_owned(), |width| wrap::line(line, width, indent))
}

fn all(ctx: &Ctx, format: &Format) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Wide => codes().iter().try_for_each(|row| {
            let severity = severity(row.severity);
            let line = format!("{:<28} {severity:<8} {}", row.code, row.when);
            ctx.out.text(&(broken(&line, WHEN, ctx) + "\n"))
        }),
        Format::Name => codes().iter().try_for_each(|row| ctx.out.line(row.code)),
        format => {
            let rows: Vec<Value> = codes().iter().map(as_json).collect();
            ctx.out.value(&Value::Array(rows), format)
        }
    }
}

fn find(code: &str) -> Result<&'static Row, Failure> {
    if let Some(row) = codes().iter().find(|row| row.code == code) {
        return Ok(row);
    }
    let near = nearest(code, codes().iter().map(|row| row.code), |known| {
        known.len() / 3
    });
    let failure = Failure::usage(format!("no finding has the code {}", quote(code)));
    Err(match near {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("list the codes: acpctl credential explain"),
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// Tells, in a sentence, at which point Kubernetes' own client refuses.
fn refused(gate: Gate) -> &'static str {
    match gate {
        Gate::Load => "Kubernetes' own client refuses the whole file while it reads it.",
        Gate::Rest => "Kubernetes' own client refuses the context when it chooses it.",
        Gate::Tls => "Kubernetes' own client refuses the context before it connects.",
        Gate::Late => "Kubernetes' own client fails when it connects.",
    }
}

fn page(row: &Row) -> String {
    let mut page = format!(
        "{} ({})\n\n  {}\n\nReported if: {}.\n",
        row.code,
        severity(row.severity),
        row.message.replace("{}", "..."),
        row.when
    );
    match row.gate {
        Some(gate) => page.push_str(&format!("\n{}\n", refused(gate))),
        None => page.push_str(&format!(
            "\nKubernetes' own client accepts it. To accept it too: --allow {}\n",
            row.code
        )),
    }
    if !row.fix.is_empty() {
        page.push_str(&format!("\nFix: {}\n", row.fix));
    }
    page
}

fn as_json(row: &Row) -> Value {
    json!({
        "code": row.code,
        "severity": row.severity,
        "gate": row.gate,
        "when": row.when,
        "message": row.message.replace("{}", "..."),
        "fix": row.fix,
    })
}
