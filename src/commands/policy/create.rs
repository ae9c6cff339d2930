//! `acpctl policy create`

use super::fields::Fields;
use crate::commands::name_word::NameWord;
use crate::commands::outcome::WriteArgs;
use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object;
use crate::ctx::Ctx;
use crate::resources::POLICY;

const EXAMPLES: &str = "acpctl policy create open --from-file policy.yaml";

/// Create a policy
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    word: NameWord,
    /// Name (required, here or as the argument)
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
    let name = args.word.or(args.name.as_deref())?;
    let body = || Ok(args.fields.body()?);
    project_object::create(ctx, &POLICY, &args.project, name, body, &args.output)
}
