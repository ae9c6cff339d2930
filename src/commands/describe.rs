//! `acpctl describe` (docs/interface/cli-core.md section 7.12).

use anyhow::Context as _;

use super::named;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::output::Format;
use crate::resources::{CREDENTIAL, Candidates, find};
use crate::text::quote;

const EXAMPLES: &str = "acpctl describe project team-a";

/// Show detailed information about a resource
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource
    #[arg(add = Candidates::Kinds)]
    resource: String,
    /// ID or name
    #[arg(add = Candidates::NamesOfKind)]
    name: String,
}

pub(crate) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let client = ctx.client()?;
    let resource = find(&args.resource).ok_or_else(|| {
        Failure::usage(format!(
            "unknown resource type: {}\nValid types: session, project, project-settings, user, agent, role, role-binding, credential, application, provider, policy, cluster",
            args.resource
        ))
    })?;
    lookup::check("name", &args.name)?;
    let collection = named::collection(ctx, resource, None)?;
    let mut record = ctx.block_on(async {
        lookup::find_by_id_first(client, &collection, &args.name)
            .await
            .with_context(|| format!("describe {} {}", resource.word, quote(&args.name)))
    })?;
    if resource.word == CREDENTIAL.word {
        record.remove("token");
    }
    ctx.out.record(&record, &Format::Json, ctx.now())
}
