//! `acpctl agent start-preview`

use anyhow::Context as _;

use super::agent_args::AgentArgs;
use crate::api::{Body, Method};
use crate::compat::json;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::output::{Format, OutputArgs};
use crate::text::quote;

const EXAMPLES: &str = "acpctl agent start-preview lead";

/// Show the prompt that an agent would start with
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    target: AgentArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = args.target.project(ctx)?;
    let given = args.target.agent()?;
    let format = args.output.format()?;
    let client = ctx.client()?;
    let text = ctx.block_on(async {
        let agent = lookup::agent(client, &project, given).await?;
        let agents = Collection::agents(&project);
        let request = agents.request_below(Method::Get, agent.id(), &["start"]);
        // The platform wants a body here too (docs/interface/api.md section 9.2), which the Go tool does not send.
        let answer = match client.send(&request).await {
            Err(error) if error.status() == Some(400) => {
                client.send(&request.body(Body::new())).await
            }
            answer => answer,
        };
        let answer =
            answer.with_context(|| format!("get start preview for agent {}", quote(given)))?;
        // The server answers with the text itself, although the Go tool expects JSON.
        let prompt = json::parse(&answer.body)
            .ok()
            .and_then(|value| value.get("starting_prompt")?.as_str().map(str::to_owned));
        Ok(prompt.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned()))
    })?;
    match format {
        Format::Table | Format::Wide | Format::Name => ctx.out.text(&format!("{text}\n")),
        format => ctx
            .out
            .value(&serde_json::json!({"starting_prompt": text}), &format),
    }
}
