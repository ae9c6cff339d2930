//! `acpctl session explain`

use jiff::Timestamp;
use serde_json::json;

use super::selection::{self, InPlace};
use super::view::{View, ViewArgs};
use crate::commands::server_mode::{self, ServerModeArgs};
use crate::config::Settings;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::age::age;
use crate::resources::{Candidates, StoredGrade};
use crate::runner::resolve::{Candidate, OWNER, Tier};
use crate::runner::table::{SANDBOX_NOTHING, SANDBOX_WAYS, Target};
use crate::session_helper::prepare;
use crate::text::{acpctl, quote, visible};

const EXAMPLES: &str = "\
acpctl session explain --project team-a
# Including the bindings that decide nothing
acpctl session explain --project team-a --all";

const TITLES: &[&str] = &["PROVIDER", "CREDENTIAL", "CHOSEN", "TIER", "AGE", "WHY"];
const WIDE_TITLES: &[&str] = &[
    "PROVIDER",
    "CREDENTIAL",
    "CHOSEN",
    "TIER",
    "CREATED",
    "ROLE",
    "BINDING",
    "GRADE",
    "WHY",
];

/// Explain why a session gets a credential, or does not
///
/// Shows the bindings that decide: those of each chosen credential, of its rivals, and of credentials that are bound
/// but not visible to you. -o wide adds the role, date and ID of each; -o json has all bindings. Bindings that you may
/// not see are missing here, but may decide nevertheless.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Session, by name or ID; without one, a new session of the project
    #[arg(add = Candidates::SESSIONS)]
    session: Option<String>,
    /// Agent that the session is for, by name or ID
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    agent: Option<String>,
    /// Also show the bindings that decide nothing: of owners, of other projects, of deleted credentials
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    mode: ServerModeArgs,
    /// Exit with status 8 if a session would get nothing of a kubeconfig
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: ViewArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    let resolved = selection::resolve(
        ctx,
        args.session.as_deref(),
        args.agent.as_deref(),
        InPlace::Nothing,
    )?;
    let target = args.mode.find(ctx, Some(&resolved.project))?;
    let candidates = resolved.candidates;
    let wide = match view {
        View::Table { wide } => wide,
        View::Document(notation) => {
            notation.write(
                ctx,
                &json!({"candidates": candidates, "server_mode": target}),
            )?;
            return refuse_undelivered(&candidates, target, args.strict);
        }
    };
    let (shown, rest): (Vec<&Candidate>, Vec<&Candidate>) = candidates
        .iter()
        .partition(|candidate| args.all || candidate.decides());
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|candidate| row(candidate, ctx.now(), wide))
        .collect();
    let titles = if wide { WIDE_TITLES } else { TITLES };
    ctx.out.fitted(titles, &rows, wide)?;
    // The platform binds each credential to its owner; nobody asked for that.
    let is_own = |it: &&&Candidate| it.role != OWNER;
    match rest.iter().filter(is_own).count() {
        0 => {}
        1 => ctx
            .out
            .aside("1 more binding decides nothing here; --all shows it"),
        count => ctx.out.aside(&format!(
            "{count} more bindings decide nothing here; --all shows them"
        )),
    }
    if !candidates.iter().any(Candidate::decides) {
        let sees_all = ctx.settings().is_ok_and(Settings::is_local);
        ctx.out
            .note(&format!("For a session {}", prepare::none_bound(sees_all)));
        let to_project = ["--project", &resolved.project];
        ctx.out.aside(&format!(
            "To bind one: {}",
            acpctl(&[&["credential", "bind", "CREDENTIAL"][..], &to_project].concat())
        ));
    }
    for candidate in &candidates {
        if let Some(surprise) = candidate.surprise {
            ctx.out.note(&format!(
                "{}: warning: binding {}: {surprise}",
                visible(&candidate.credential),
                candidate.binding_id
            ));
        }
    }
    if target == Some(Target::Sandbox) {
        let names = server_mode::kubeconfigs(&candidates);
        for name in &names {
            ctx.out
                .note(&format!("{}: warning: {SANDBOX_NOTHING}", visible(name)));
        }
        if !names.is_empty() {
            ctx.out.note(SANDBOX_WAYS);
        }
    }
    refuse_undelivered(&candidates, target, args.strict)
}

/// With `--strict`, refuses kubeconfigs of which a session gets nothing.
fn refuse_undelivered(
    candidates: &[Candidate],
    target: Option<Target>,
    is_strict: bool,
) -> anyhow::Result<()> {
    let names = server_mode::kubeconfigs(candidates);
    match names.first() {
        Some(name) if is_strict && target == Some(Target::Sandbox) => Err(Failure::new(
            Kind::Policy,
            format!(
                "a sandbox session gets nothing of {} (--strict)",
                quote(name)
            ),
        )
        .into()),
        _ => Ok(()),
    }
}

fn row(candidate: &Candidate, now: Timestamp, wide: bool) -> Vec<String> {
    let mut row = vec![
        candidate.provider.clone(),
        candidate.credential.clone(),
        match (candidate.chosen, candidate.visible) {
            (true, _) => "yes",
            (false, true) => "no",
            (false, false) => "?",
        }
        .to_owned(),
        candidate.tier.map_or("-", Tier::word).to_owned(),
    ];
    if wide {
        row.extend([
            candidate.created_at.clone(),
            candidate.role.clone(),
            candidate.binding_id.clone(),
            candidate
                .access
                .as_ref()
                .map_or_else(|| "-".to_owned(), StoredGrade::says),
        ]);
    } else {
        row.push(age(&candidate.created_at, now));
    }
    row.push(candidate.reason.clone());
    row
}
