//! `acpctl credential unbind`

use anyhow::Context as _;

use super::bind::{self, TargetArgs};
use super::check;
use crate::api::{Client, Method};
use crate::commands::outcome;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup::Collection;
use crate::output::OutputArgs;
use crate::resources::{Candidates, ROLE_BINDING, Record};
use crate::text::acpctl;

const EXAMPLES: &str = "\
acpctl credential unbind prod --project team-a
# Only what was bound for one agent
acpctl credential unbind prod --project team-a --agent lead";

/// Take a credential away from the sessions of a project
///
/// The project is named with --project; the configured one does not count. The credential itself stays.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    #[arg(add = Candidates::CREDENTIALS)]
    credential: String,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    check(&args.credential)?;
    let format = args.output.format()?;
    let project = bind::project(ctx)?;
    let client = ctx.client()?;
    let place = args.target.words(&quote(project), quote);
    let named = format!("unbind credential {} from {place}", quote(&args.credential));
    let bindings = ctx.block_on(async {
        let credential = bind::find(client, &args.credential).await?;
        let target = args.target.find(client, project).await?;
        let found = bind::bindings(client, credential.id(), &target).await;
        found.with_context(|| named.clone())
    })?;
    let Some(first) = bindings.first() else {
        let message = format!(
            "credential {} is not bound to {place}",
            quote(&args.credential)
        );
        return Err(Failure::new(Kind::NotFound, message)
            .hint(format!(
                "see what is bound: {}",
                acpctl(&["get", "role-bindings"])
            ))
            .into());
    };
    ctx.block_on(async {
        for binding in &bindings {
            delete(client, binding)
                .await
                .with_context(|| named.clone())?;
        }
        Ok(())
    })?;
    let sentence = format!(
        "credential/{} unbound from {}",
        args.credential,
        args.target.place(project)
    );
    outcome::done(ctx, first, &format, &sentence)
}

async fn delete(client: &Client, binding: &Record) -> anyhow::Result<()> {
    let all = Collection::global(&ROLE_BINDING);
    client
        .send(&all.request(Method::Delete, binding.id()))
        .await?;
    Ok(())
}
