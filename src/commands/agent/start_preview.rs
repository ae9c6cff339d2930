//! `acpctl agent start-preview`

use anyhow::Context as _;

use super::lookup;
use crate::api::{Body, Request};
use crate::compat::json;
use crate::compat::quote::quote;
use crate::ctx::Ctx;

/// Show the prompt that an agent would start with
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name or ID
    agent: String,
    /// Project (default: the current project)
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    let project = ctx.project(args.project_id.as_deref())?;
    lookup::check(&args.agent)?;
    let client = ctx.client()?;
    let text = ctx.block_on(async {
        let agent = lookup::resolve(client, &project, &args.agent).await?;
        let request =
            Request::get(lookup::agent(&project, &[agent.id(), "start"])).project(&project);
        // The platform wants a body here too (contract api.md section 9.2), which the Go tool does not send.
        let answer = match client.send(&request).await {
            Err(error) if error.status() == Some(400) => {
                client.send(&request.body(Body::new())).await
            }
            answer => answer,
        };
        let answer = answer
            .with_context(|| format!("get start preview for agent {}", quote(&args.agent)))?;
        // The server answers with the text itself, where the Go tool expects JSON.
        let prompt = json::parse(&answer.body)
            .ok()
            .and_then(|value| value.get("starting_prompt")?.as_str().map(str::to_owned));
        Ok(prompt.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned()))
    })?;
    ctx.out.text(&format!("{text}\n"))
}
