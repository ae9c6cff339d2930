//! Replaces names of other objects by their IDs. The server does not check most of these fields.

use anyhow::Context as _;
use serde_json::Value;

use super::args::Args;
use super::kinds::Creation;
use crate::api::Client;
use crate::commands::people::{self, Person};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::lookup;
use crate::resources::{CLUSTER, KUBECONFIG, ROLE_BINDING, Record, SERVER, SESSION, annotation};
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
) -> anyhow::Result<Option<Person>> {
    let mut person = None;
    let is_binding = kind.is(&ROLE_BINDING);
    let scope = args.scope.as_deref().unwrap_or_default();
    for (flag, value) in flags.iter_mut().filter(|(flag, _)| kind.knows(flag)) {
        let Some(given) = value.as_str().filter(|text| !text.is_empty()) else {
            continue;
        };
        if *flag == "user-id" && is_binding && !args.user_id_raw {
            lookup::check("user name or ID", given)?;
            let found = people::find(ctx, client, given).await;
            let found = found.with_context(|| format!("--{flag} {}", quote(given)))?;
            *value = found.id.as_str().into();
            person = Some(found);
            continue;
        }
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
        if noun == "credential" && kind.is(&CLUSTER) {
            check_cluster(args, &found)?;
        }
        *value = found.id().into();
    }
    Ok(person)
}

/// Refuses a credential that can't give access to a new cluster: the platform would only find out when it places a
/// session there.
fn check_cluster(args: &Args, credential: &Record) -> Result<(), Failure> {
    let name = quote(credential.name_or_id());
    if credential.text("provider") != KUBECONFIG {
        return Err(Failure::new(
            Kind::Data,
            format!("credential {name} is not a kubeconfig"),
        ));
    }
    let server = annotation(credential, SERVER);
    let given = args.api_server_url.as_deref().unwrap_or_default();
    if !server.is_empty() && server.trim_end_matches('/') != given.trim_end_matches('/') {
        let message = format!("credential {name} is for {server}, not for {given}");
        return Err(Failure::new(Kind::Data, message)
            .hint("name the server of the kubeconfig with --api-server-url"));
    }
    Ok(())
}

/// Returns the project in which an agent is looked up.
fn project_of_agent(ctx: &Ctx, args: &Args, kind: &Creation) -> Result<String, Failure> {
    if kind.is(&SESSION) {
        return args.session_project(ctx);
    }
    let named = args.project_id_fk.as_deref();
    if let Some(named) = named.filter(|project| !project.is_empty()) {
        lookup::check_id("project name or ID", named)?;
        return Ok(named.to_owned());
    }
    ctx.project(None)
        .map_err(|failure| failure.hint("name the project of the agent with --project-id-fk"))
}
