//! `acpctl provider export`

use serde_json::Map;

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::{self, Target};
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, PROVIDER};

const EXAMPLES: &str = "acpctl provider export github > github.yaml";

/// Print a provider as a Kubernetes `ConfigMap`, for `GitOps`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::PROVIDER_RECORDS)]
    provider: String,
    #[command(flatten)]
    project: ProjectArgs,
    /// Namespace of the `ConfigMap` (default: none)
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let target = Target {
        resource: &PROVIDER,
        given: &args.provider,
        project: &args.project,
    };
    let record = target.find(ctx)?;
    let mut data = Map::new();
    for key in ["name", "type", "secret"] {
        let text = record.text(key);
        if !text.is_empty() {
            data.insert(key.to_owned(), text.into());
        }
    }
    project_object::export(ctx, &record, args.namespace.as_deref(), data, &format)
}
