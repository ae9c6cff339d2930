//! `acpctl project current`

use serde_json::json;

use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::output::{Format, OutputArgs};

const EXAMPLES: &str = "acpctl project current";

/// Show the current project
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, output: &OutputArgs) -> anyhow::Result<()> {
    let format = output.format()?;
    let settings = ctx.settings()?;
    if !matches!(format, Format::Table | Format::Wide) {
        let project = settings.project.value.as_deref();
        return match (&format, project) {
            (Format::Name, project) => ctx
                .out
                .line(&format!("project/{}", project.unwrap_or_default())),
            (format, project) => ctx.out.value(&json!({"project": project}), format),
        };
    }
    match &settings.project.value {
        Some(project) if ctx.out.is_quiet() => ctx.out.line(project),
        None if ctx.out.is_quiet() => Ok(()),
        Some(project) if settings.project.origin == Origin::Environment => {
            ctx.out.line(&format!("Current project: {project} (from AMBIENT_PROJECT environment variable)"))
        }
        Some(project) => ctx.out.line(&format!("Current project: {project}")),
        None => ctx.out.text("No project context set\nUse 'acpctl project set <project-name>' to set a project context\n"),
    }
}
