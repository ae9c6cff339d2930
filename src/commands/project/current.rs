//! `acpctl project current`

use crate::config::settings::Origin;
use crate::ctx::Ctx;

/// Show the current project
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(ctx: &Ctx) -> anyhow::Result<()> {
    let settings = ctx.settings()?;
    match &settings.project {
        Some(project) if settings.project_origin == Origin::Environment => {
            ctx.out.line(&format!("Current project: {project} (from AMBIENT_PROJECT environment variable)"))
        }
        Some(project) => ctx.out.line(&format!("Current project: {project}")),
        None => ctx.out.text("No project context set\nUse 'acpctl project set <project-name>' to set a project context\n"),
    }
}
