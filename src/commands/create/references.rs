//! Replaces names of other objects by their IDs. The server does not check most of these fields.

use anyhow::Context as _;
use serde_json::Value;

use super::args::Args;
use super::kinds::Creation;
use crate::api::Client;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::lookup;
use crate::resources::{ROLE_BINDING, SESSION};
use crate::text::quote;

/// Replaces names by IDs in the flags that name other objects.
///
/// # Errors
/// If an object does not exist, if several have the name, or if the look-up fails.
pub(super) async fn resolve(
    ctx: &Ctx,
    client: &Client,
    args: &Args,
    kind: &Creation,
    flags: &mut [(&'static str, Value)],
) -> anyhow::Result<()> {
    let is_binding = kind.is(&ROLE_BINDING);
    let scope = args.scope.as_deref().unwrap_or_default();
    for (flag, value) in flags.iter_mut().filter(|(flag, _)| kind.knows(flag)) {
        let Some(given) = value.as_str().filter(|text| !text.is_empty()) else {
            continue;
        };
        let noun = match *flag {
            "scope-id" => scope,
            "agent-id" | "role-id" | "credential-id" => flag.trim_end_matches("-id"),
            flag if is_binding => flag.strip_suffix("-id-fk").unwrap_or_default(),
            _ => continue,
        };
        lookup::check(&format!("{noun} name or ID"), given)?;
        let found = match noun {
            "agent" => {
                let project = project_of_agent(ctx, args, kind)?;
                lookup::agent(client, &project, given).await
            }
            "role" => lookup::role(client, given).await,
            "project" => lookup::project(client, given).await,
            "session" => lookup::session(client, given).await,
            "credential" => lookup::credential(client, given).await,
            _ => continue,
        };
        let found = found.with_context(|| format!("--{flag} {}", quote(given)))?;
        *value = found.id().into();
    }
    Ok(())
}

/// Returns the project in which an agent is looked up.
fn project_of_agent(ctx: &Ctx, args: &Args, kind: &Creation) -> Result<String, Failure> {
    if kind.is(&SESSION) {
        return args.session_project(ctx);
    }
    let named = args.project_id_fk.as_deref();
    ctx.project(named)
        .map_err(|failure| failure.hint("name the project of the agent with --project-id-fk"))
}
