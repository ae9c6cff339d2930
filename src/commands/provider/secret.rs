//! The secret of a provider: the name of a Kubernetes Secret in sandboxes, the ID of a credential behind managed
//! gateways (docs/interface/runner.md sections 12.2 and 12.3).

use crate::api::Client;
use crate::commands::server_mode::ServerModeArgs;
use crate::ctx::Ctx;
use crate::lookup::{self, Collection};
use crate::resources::Record;
use crate::runner::table::Target;
use crate::text::{acpctl_for, quote};

/// Returns the secret to send. Behind managed gateways, a credential may be named; its ID is sent.
///
/// # Errors
/// Behind managed gateways, if there is no such credential.
pub(super) fn resolve(
    ctx: &Ctx,
    mode: &ServerModeArgs,
    project: &str,
    given: Option<&str>,
) -> anyhow::Result<Option<String>> {
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        return Ok(given.map(str::to_owned));
    };
    if !is_managed(ctx, mode, project)? {
        return Ok(Some(given.to_owned()));
    }
    let client = ctx.client()?;
    let credential = ctx.block_on(lookup::credential(client, given))?;
    Ok(Some(credential.id().to_owned()))
}

/// True if the sessions of a project run behind managed gateways. Sends no request if the user says how they run.
fn is_managed(ctx: &Ctx, mode: &ServerModeArgs, project: &str) -> anyhow::Result<bool> {
    if mode.given().is_some() || ctx.settings()?.is_local() {
        return Ok(mode.given() == Some(Target::Managed));
    }
    let client = ctx.client()?;
    let found = ctx.block_on(lookup::project(client, project));
    // The request that follows reports an unknown project.
    let Ok(project) = found else {
        return Ok(false);
    };
    Ok(mode.find(ctx, Some(project.id()))? == Some(Target::Managed))
}

/// Says beside a provider what its secret names.
pub(super) fn say(ctx: &Ctx, mode: &ServerModeArgs, provider: &Record) -> anyhow::Result<()> {
    let (secret, project) = (provider.text("secret"), provider.text("project_id"));
    if secret.is_empty() || (project.is_empty() && mode.given().is_none()) {
        return Ok(());
    }
    match mode.find(ctx, Some(project))? {
        Some(Target::Sandbox) => ctx.out.note(&format!(
            "The secret {} is a Kubernetes Secret in the project's namespace, which administrators make; sessions get \
             nothing of a credential that is stored with acpctl",
            quote(secret)
        )),
        Some(Target::Managed) => {
            let client = ctx.client()?;
            let is_credential = ctx.block_on(async { Ok(names_credential(client, secret).await) })?;
            if is_credential == Some(false) {
                let update = acpctl_for(&["provider", "update"], provider.name(), &["--secret", "CREDENTIAL"]);
                ctx.out.warn(&format!(
                    "the secret {} is not the ID of a credential, so sessions that use this provider do not start; to change it: {update}",
                    quote(secret)
                ));
            }
        }
        Some(Target::Pod) | None => {}
    }
    Ok(())
}

/// Whether a text is the ID of a credential; `None` if the server does not tell.
async fn names_credential(client: &Client, text: &str) -> Option<bool> {
    if !lookup::can_be_id(text) {
        return Some(false);
    }
    let found = lookup::find_if_any(client, &Collection::credentials(), text).await;
    found
        .ok()
        .map(|found| found.is_some_and(|found| found.id() == text))
}
