//! `acpctl doctor`
//!
//! - `way`: which way of working is meant; `check`: the result of one check; `mend`: `--fix`
//! - `files`, `platform`, `tools`: the checks

mod check;
mod files;
mod mend;
mod platform;
mod tools;
mod way;

use serde_json::json;

use crate::commands::server_mode::ServerModeArgs;
use crate::compat::grammar::IgnoredArgs;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::style::Tone;
use crate::runner::table::Target;

use check::Check;
use way::Way;

const EXAMPLES: &str = "\
acpctl doctor
# Mend what can be mended safely: modes, leftovers of killed runs
acpctl doctor --fix
# For scripts: exit status 1 if something fails
acpctl doctor -o json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Check that acpctl can work here: with the embedded API, with a server, or in a session's pod
///
/// The first line names which of the three you use. Each line starts with ok, warn or fail, and names a fix if there is
/// a problem. Without --fix nothing is changed. No secret is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Repair what can be repaired without losing anything: modes of files and folders, leftovers of killed runs, stale
    /// caches
    #[arg(long)]
    fix: bool,
    /// Output format: text|json
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    output: Form,
    #[command(flatten)]
    mode: ServerModeArgs,
    #[command(flatten)]
    ignored: IgnoredArgs,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    ctx.tolerate_values();
    let way = Way::of(ctx);
    let mode = args.mode.given();
    let mut checks = checks(ctx, way, mode);
    let done = if args.fix {
        mend::all(&checks)
    } else {
        Vec::new()
    };
    if !done.is_empty() {
        checks = self::checks(ctx, way, mode);
    }
    match args.output {
        Form::Json => ctx.out.json(&json!({
            "way": way.word(),
            "done": done,
            "checks": check::as_json(&checks),
        }))?,
        Form::Text => {
            if ctx.out.is_quiet() {
                checks.retain(|check| check.tone == Tone::Bad);
            }
            for sentence in &done {
                ctx.out.line(&format!("done  {sentence}"))?;
            }
            let text = check::as_text(&checks, ctx.out.colored(), ctx.out.width());
            ctx.out.text(&text)?;
        }
    }
    match checks.iter().filter(|c| c.tone == Tone::Bad).count() {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Other, "1 check failed").into()),
        failed => Err(Failure::new(Kind::Other, format!("{failed} checks failed")).into()),
    }
}

/// Runs the checks that matter for a way of working.
fn checks(ctx: &Ctx, way: Way, mode: Option<Target>) -> Vec<Check> {
    let mut found = vec![way.check(ctx), files::config(ctx)];
    found.extend(files::variables());
    if way == Way::Server {
        found.extend(platform::checks(ctx, mode));
    } else if mode.is_some() {
        found.push(platform::sessions(mode, platform::BY_FLAG));
    }
    if way != Way::Pod {
        found.push(tools::keyring(ctx));
    }
    found.extend(tools::programs());
    found.push(files::runtime_dir());
    if way != Way::Pod {
        found.push(files::kubeconfig());
        found.extend(files::store(ctx, way == Way::Local));
    }
    found
}
