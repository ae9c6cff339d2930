//! `acpctl policy export`

use serde_json::{Map, Value};

use crate::commands::project_args::ProjectArgs;
use crate::commands::project_object::{self, Target};
use crate::ctx::Ctx;
use crate::output::OutputArgs;
use crate::resources::{Candidates, POLICY};

const EXAMPLES: &str = "acpctl policy export tight > tight.yaml";

/// Print a policy as a Kubernetes `ConfigMap`, for `GitOps`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::POLICIES)]
    policy: String,
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
        resource: &POLICY,
        given: &args.policy,
        project: &args.project,
    };
    let record = target.find(ctx)?;
    let spec: Value = serde_json::from_str(record.text("spec")).unwrap_or_default();
    let mut data = Map::new();
    data.insert("name".to_owned(), record.name().into());
    let sections = spec.as_object().into_iter().flatten();
    // A section called `name` would hide the policy's own.
    for (key, value) in sections.filter(|(key, _)| *key != "name") {
        data.insert(key.clone(), value.clone());
    }
    project_object::export(ctx, &record, args.namespace.as_deref(), data, &format)
}
