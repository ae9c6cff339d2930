//! `acpctl policy create`

use super::fields::Fields;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::POLICY;

const EXAMPLES: &str = "acpctl policy create --name open --from-file policy.yaml";

/// Create a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name (required)
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    output: WriteArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.project.project(ctx)?;
    args.output.format(ctx)?;
    let Some(name) = args.name.as_deref().filter(|name| !name.is_empty()) else {
        return Err(Failure::usage("--name is required").into());
    };
    let mut body = args.fields.body()?;
    body.set("name", name);
    body.set("project_id", project.as_str());
    project_object::create(ctx, &POLICY, &project, name, body, &args.output)
}
