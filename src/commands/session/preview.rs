//! `acpctl session preview`

use super::selection::SelectionArgs;
use super::target::TargetArgs;
use super::view::{View, ViewArgs};
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::style::{Tone, paint};
use crate::output::table;
use crate::runner::expiry::date;
use crate::runner::plan::{Plan, Step};
use crate::runner::resolve::UNSEEN;
use crate::runner::table::{MANAGED_PROGRAMS, Mode, Setup, always};
use crate::session_helper::prepare;
use crate::text::{acpctl, visible, wrap};

const EXAMPLES: &str = "\
# Show what the sessions of a project get
acpctl session preview --project team-a
# Show what a session would get from one credential
acpctl session preview --credential prod -o json
# Show what a managed session would get instead of a file
acpctl session preview --from-file ~/.kube/config --target managed";

const TITLES: &[&str] = &["PROVIDER", "CREDENTIAL", "WHAT", "NAME", "VALUE"];

/// Show what a session gets: files, variables, MCP servers
///
/// Writes nothing and shows no secret. Without --credential and --from-file, the credentials are resolved through the
/// role bindings, as the platform does. Warnings go to stderr.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How pods get the credentials, depending on the platform's setup: in-process, in-process-april or sidecar
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "MODE",
        hide_possible_values = true
    )]
    mode: Mode,
    /// Exit with status 8 if a session would get nothing of a credential, or would not start with it
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: ViewArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    let plan = args.selection.plan(ctx, &args.target, args.mode)?;
    match view {
        View::Table { wide } => {
            let mut rows: Vec<Vec<String>> = plan.steps.iter().flat_map(rows).collect();
            rows.extend(setup(plan.setting.mode));
            match ctx.out.width() {
                Some(width) if !wide && !table::fits(TITLES, &rows, width) => {
                    ctx.out.text(&narrow(&plan, width))?;
                }
                _ => ctx.out.fitted(TITLES, &rows, wide)?,
            }
            say_warnings(ctx, &plan);
        }
        View::Document(notation) => notation.write(ctx, &plan.json())?,
    }
    let missing = plan.undelivered();
    if args.strict && !missing.is_empty() {
        return Err(Failure::new(
            Kind::Policy,
            format!(
                "a session gets nothing of {} (--strict)",
                missing.join(", ")
            ),
        )
        .into());
    }
    Ok(())
}

/// Returns the rows for what every session gets.
fn setup(mode: Mode) -> Vec<Vec<String>> {
    let row = |it: &Setup| ["-", "(every session)", it.kind, it.name, it.value].map(str::to_owned);
    always(mode).iter().map(|it| row(it).to_vec()).collect()
}

/// Returns a row for each thing that a session gets from a credential.
fn rows(step: &Step) -> Vec<Vec<String>> {
    let row = |what: &str, name: &str, value: String| {
        vec![
            step.credential.provider.clone(),
            step.credential.name.clone(),
            what.to_owned(),
            name.to_owned(),
            value,
        ]
    };
    let mut rows = Vec::new();
    if let Some(file) = &step.file {
        let size = file
            .size()
            .map_or("size unknown".to_owned(), |size| format!("{size} bytes"));
        rows.push(row(
            "file",
            file.rule.path,
            match file.rule.mode {
                Some(mode) => format!("mode {mode:04o}, {size}"),
                None => format!("mode unknown, {size}"),
            },
        ));
    }
    for variable in &step.variables {
        rows.push(row("variable", variable.name, variable.shown()));
    }
    if let Some(endpoint) = &step.endpoint {
        let programs = format!("for {} only; no other address", MANAGED_PROGRAMS.join(", "));
        rows.push(row("network", endpoint, programs));
    }
    if let Some((name, entry)) = step.mcp() {
        rows.push(row("mcp", name, entry));
    }
    for (name, value) in step.mcp_env() {
        rows.push(row("mcp env", name, value.shown().to_owned()));
    }
    if let Some(lifetime) = step.lifetime() {
        rows.push(row("time", "set", lifetime.appears.to_owned()));
        rows.push(row("time", "renewed", lifetime.refreshed.to_owned()));
        rows.push(row("time", "removed", lifetime.goes.to_owned()));
    }
    if let Some(grade) = &step.credential.grade {
        rows.push(row("access", "grade", grade.says()));
    }
    if let Some(end) = step.end {
        rows.push(row("time", "expires", date(end)));
    }
    if !step.credential.visible {
        rows.push(row("?", "", UNSEEN.to_owned()));
    }
    rows
}

/// Lays the rows out for a window that is too narrow for the table: under a heading for each credential, with nothing
/// cut off.
fn narrow(plan: &Plan, width: usize) -> String {
    let of_credentials = plan.steps.iter().map(rows);
    let all = of_credentials.chain([setup(plan.setting.mode)]);
    all.map(|rows| block(&rows, width)).collect()
}

fn block(rows: &[Vec<String>], width: usize) -> String {
    let Some(name) = rows.first().map(|row| format!("{}: {}", row[0], row[1])) else {
        return String::new();
    };
    let mut text = format!("{}\n", visible(name.trim_start_matches("-: ")));
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| [2, 3, 4].map(|column| visible(&row[column])))
        .collect();
    let value = 6 + [0, 1]
        .map(|column| widest(&cells, column))
        .iter()
        .sum::<usize>();
    for line in table::aligned(&cells) {
        text.push_str(&wrap::line(&format!("  {line}"), width, value));
        text.push('\n');
    }
    text
}

fn widest(cells: &[[String; 3]], column: usize) -> usize {
    let widths = cells.iter().map(|row| row[column].chars().count());
    widths.max().unwrap_or_default()
}

fn say_warnings(ctx: &Ctx, plan: &Plan) {
    if plan.steps.is_empty() {
        let sees_all = ctx.settings().is_ok_and(Settings::is_local);
        let none = prepare::none_bound(sees_all);
        ctx.out.note(&format!(
            "For a session {none}. Each binding: {}",
            acpctl(&["session", "explain"])
        ));
    }
    let colored = ctx.out.colored_stderr();
    let error = paint("error", Tone::Bad, colored);
    let warning = paint("warning", Tone::Doubtful, colored);
    for step in &plan.steps {
        let name = visible(&step.credential.name);
        for fault in &step.faults {
            ctx.out.note(&format!("{name}: {error}: {fault}"));
        }
        for text in step.warnings() {
            ctx.out.note(&format!("{name}: {warning}: {text}"));
        }
    }
}
