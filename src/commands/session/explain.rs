//! `acpctl session explain`

use jiff::Timestamp;
use serde_json::json;

use super::source;
use super::view::View;
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::output::age::age;
use crate::output::table::visible;
use crate::runner::resolve::{Candidate, Tier};

const EXAMPLES: &str = "\
acpctl session explain --project team-a";

const TITLES: &[&str] = &["PROVIDER", "CREDENTIAL", "CHOSEN", "TIER", "AGE", "WHY"];
const WIDE_TITLES: &[&str] = &[
    "PROVIDER",
    "CREDENTIAL",
    "CHOSEN",
    "TIER",
    "CREATED",
    "ROLE",
    "BINDING",
    "WHY",
];

/// Say why a session gets a credential, or why not
///
/// Shows every binding that the platform looks at; -o wide adds role, date and ID of each. Bindings that you
/// may not see are missing here, and may decide all the same.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Session ID; without one, a new session of the project
    session: Option<String>,
    /// Agent ID
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let view = View::of(&args.output)?;
    let resolved = source::resolve(ctx, args.session.as_deref(), args.agent.as_deref())?;
    let candidates = resolved.candidates;
    let wide = match view {
        View::Table { wide } => wide,
        View::Document(notation) => {
            return notation.write(ctx, &json!({"candidates": candidates}));
        }
    };
    let rows: Vec<Vec<String>> = candidates
        .iter()
        .map(|candidate| row(candidate, ctx.now(), wide))
        .collect();
    let titles = if wide { WIDE_TITLES } else { TITLES };
    ctx.out.fitted(titles, &rows, wide)?;
    for candidate in &candidates {
        if let Some(surprise) = candidate.surprise {
            ctx.out.note(&format!(
                "{}: warning: binding {}: {surprise}",
                visible(&candidate.credential),
                candidate.binding_id
            ));
        }
    }
    Ok(())
}

fn row(candidate: &Candidate, now: Timestamp, wide: bool) -> Vec<String> {
    let mut row = vec![
        candidate.provider.clone(),
        candidate.credential.clone(),
        if candidate.chosen { "yes" } else { "no" }.to_owned(),
        candidate.tier.map_or("-", Tier::word).to_owned(),
    ];
    if wide {
        row.extend([
            candidate.created_at.clone(),
            candidate.role.clone(),
            candidate.binding_id.clone(),
        ]);
    } else {
        row.push(age(&candidate.created_at, now));
    }
    row.push(candidate.reason.clone());
    row
}
