//! A binding that lets the sessions of a project, or of one agent, use a credential.

use crate::api::{Body, Client, Error, ListOptions, equals};
use crate::holders::VIEWER;
use crate::lookup;
use crate::resources::{ROLE_BINDING, Record};

/// The sessions that may use a credential, by IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grantee {
    pub project: String,
    /// One agent of the project, or `None` for the whole project.
    pub agent: Option<String>,
}

impl Grantee {
    /// True if the binding lets exactly these sessions use the credential.
    pub(super) fn is_of(&self, binding: &Record, credential_id: &str) -> bool {
        is_use(binding, credential_id)
            && binding.text("project_id") == self.project
            && binding.text("agent_id") == self.agent.as_deref().unwrap_or_default()
    }
}

/// Binds a credential, by its ID. Returns the binding, and whether it is new.
///
/// # Errors
/// If the server refuses.
pub(crate) async fn bind(
    client: &Client,
    credential_id: &str,
    grantee: &Grantee,
) -> anyhow::Result<(Record, bool)> {
    let role = lookup::role(client, VIEWER).await?;
    let mut body = Body::new();
    body.set("credential_id", credential_id);
    body.set("project_id", grantee.project.as_str());
    body.set_filled("agent_id", grantee.agent.as_deref());
    body.set("role_id", role.id());
    body.set("scope", "credential");
    match client.create(&ROLE_BINDING, "/role_bindings", body).await {
        Ok(binding) => Ok((binding, true)),
        // The server says that the binding exists. That is success once the binding was seen.
        Err(refusal) if refusal.status() == Some(409) => {
            let existing = bindings(client, credential_id, grantee).await;
            let mut existing = existing.unwrap_or_default().into_iter();
            match existing.find(|binding| binding.text("role_id") == role.id()) {
                Some(binding) => Ok((binding, false)),
                None => Err(refusal.into()),
            }
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Lists the bindings that let the grantee's sessions use a credential.
///
/// # Errors
/// Those of the request.
pub(crate) async fn bindings(
    client: &Client,
    credential_id: &str,
    grantee: &Grantee,
) -> Result<Vec<Record>, Error> {
    let mut found = all(client, credential_id).await?;
    found.retain(|binding| grantee.is_of(binding, credential_id));
    Ok(found)
}

/// Lists the bindings that let sessions use a credential.
///
/// # Errors
/// Those of the request.
pub(crate) async fn all(client: &Client, credential_id: &str) -> Result<Vec<Record>, Error> {
    let options = ListOptions {
        search: Some(equals("credential_id", credential_id)),
        ..ListOptions::default()
    };
    let list = client
        .list(&ROLE_BINDING, "/role_bindings", &options)
        .await?;
    let mut found = list.items.unwrap_or_default();
    found.retain(|binding| is_use(binding, credential_id));
    Ok(found)
}

/// True for a binding that lets sessions use a credential.
fn is_use(binding: &Record, credential_id: &str) -> bool {
    binding.text("scope") == "credential"
        && binding.text("credential_id") == credential_id
        && binding.text("user_id").is_empty()
        && binding.text("session_id").is_empty()
}
