//! `acpctl agent export`

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::agent_args::AgentArgs;
use crate::commands::project_object;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::OutputArgs;
use crate::text::quote;

/// The fields of the `ConfigMap`, each with the agent's field.
const FIELDS: &[(&str, &str)] = &[
    ("name", "name"),
    ("display_name", "display_name"),
    ("description", "description"),
    ("model", "llm_model"),
    ("entrypoint", "entrypoint"),
    ("repo_url", "repo_url"),
    ("prompt", "prompt"),
    ("providers", "providers"),
    ("payloads", "payloads"),
    ("environment", "environment"),
    ("sandbox_template", "sandbox_template"),
    ("sandbox_policy", "sandbox_policy"),
];

const EXAMPLES: &str = "acpctl agent export lead > lead.yaml";

/// Print an agent as a Kubernetes `ConfigMap`, for `GitOps`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    /// Namespace of the `ConfigMap` (default: none)
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let format = args.output.format()?;
    let project = args.target.project(ctx)?;
    let given = args.target.agent()?;
    let client = ctx.client()?;
    let agent = ctx.block_on(async {
        lookup::find(client, &Collection::agents(&project), given)
            .await
            .with_context(|| format!("get agent {}", quote(given)))
    })?;
    let mut data = Map::new();
    for (key, field) in FIELDS {
        let value = agent.value(field).cloned().unwrap_or_default();
        let is_empty = match &value {
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            other => other.is_null(),
        };
        if !is_empty {
            data.insert((*key).to_owned(), value);
        }
    }
    project_object::export(ctx, &agent, args.namespace.as_deref(), data, &format)
}
