//! `acpctl credential bind`

use anyhow::Context as _;

use super::lookup;
use crate::api::{Body, Client, ListOptions, equals};
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::exit::{Failure, Kind};
use crate::resources::{CREDENTIAL, ROLE, ROLE_BINDING, Record};

/// The role that lets a project's sessions use a credential (contract api.md section 8.4).
const VIEWER: &str = "credential:viewer";
/// How many namesakes the Go tool asks for.
const NAMESAKES: i64 = 10;

const EXAMPLES: &str = "\
acpctl credential bind prod --project team-a";

/// Let the sessions of a project use a credential
///
/// The project is named with --project; the configured one does not count.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name or ID
    credential: String,
}

pub fn run(ctx: &Ctx, args: &Args) -> anyhow::Result<()> {
    lookup::check_identifier(&args.credential)?;
    let Some(project) = ctx
        .globals
        .project
        .as_deref()
        .filter(|project| !project.is_empty())
    else {
        return Err(Failure::usage("--project is required").into());
    };
    let client = ctx.client()?;
    ctx.block_on(async {
        let id = find(client, &args.credential).await?;
        let named = || {
            format!(
                "bind credential {} to project {}",
                quote(&args.credential),
                quote(project)
            )
        };
        bind(client, &id, project).await.with_context(named)
    })?;
    ctx.out.line(&format!(
        "credential/{} bound to project/{project}",
        args.credential
    ))
}

/// Binds a credential, by its id, to a project.
pub async fn bind(client: &Client, credential_id: &str, project: &str) -> anyhow::Result<()> {
    let role = role_id(client, VIEWER).await?;
    let mut body = Body::new();
    body.set("credential_id", credential_id);
    body.set("project_id", project);
    body.set("role_id", role);
    body.set("scope", "credential");
    client.create(&ROLE_BINDING, "/role_bindings", body).await?;
    Ok(())
}

/// The id of the one credential of this name; an id is accepted as well.
async fn find(client: &Client, given: &str) -> anyhow::Result<String> {
    let found = lookup::by_name(client, given, NAMESAKES)
        .await
        .with_context(|| format!("look up credential {}", quote(given)))?;
    if let Some(record) = lookup::one(given, &found)? {
        return Ok(record.id().to_owned());
    }
    let not_found = || {
        Failure::new(
            Kind::NotFound,
            format!("credential {} not found", quote(given)),
        )
    };
    if !lookup::looks_like_id(given) {
        return Err(not_found().into());
    }
    match client.get(&CREDENTIAL, &lookup::path_of(given)).await {
        Ok(record) => Ok(record.id().to_owned()),
        Err(error) if error.is_not_found() => Err(not_found().into()),
        Err(error) => {
            Err(anyhow::Error::from(error).context(format!("look up credential {}", quote(given))))
        }
    }
}

/// A role's id. The Go tool sends the name in its place, which the server refuses (contract
/// cli-resources.md section 2.7); where no such role is listed the name is sent all the same.
async fn role_id(client: &Client, name: &str) -> anyhow::Result<String> {
    let options = ListOptions {
        search: Some(equals("name", name)),
        limit: Some(100),
        project: None,
    };
    let roles = client
        .list(&ROLE, "/roles", &options)
        .await
        .with_context(|| format!("look up role {}", quote(name)))?;
    Ok(roles
        .items()
        .iter()
        .find(|role| role.name() == name)
        .map_or(name, Record::id)
        .to_owned())
}
