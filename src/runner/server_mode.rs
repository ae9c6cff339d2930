//! Finds out how a server runs sessions (docs/interface/runner.md section 12.1). No answer is a guess: if the server
//! does not tell, nothing is claimed.

use std::time::Duration;

use serde_json::Value;

use super::table::Target;
use crate::api::{Client, Request, path};
use crate::config::Cache;

/// The time limit for all requests together.
const LIMIT: Duration = Duration::from_secs(5);
/// The backend of projects whose sessions run behind managed gateways.
const MANAGED_BACKEND: &str = "hypershell";
/// The server allows clients to keep its own answer for 300 s.
const CACHE: Cache = Cache {
    kind: "server-mode",
    fresh: Duration::from_secs(300),
};

/// Asks the server how it runs the sessions of a project, named by its ID; without one, how it runs sessions in
/// general. Returns `None` if the server does not tell.
pub(crate) async fn ask(client: &Client, server: &str, project: Option<&str>) -> Option<Target> {
    let key = [server, project.unwrap_or_default()];
    match cached(&key) {
        Some(known) => Some(known),
        None => ask_again(client, server, project).await,
    }
}

/// Does the same, whatever the server said before.
pub(crate) async fn ask_again(
    client: &Client,
    server: &str,
    project: Option<&str>,
) -> Option<Target> {
    let found = within_limit(client, project).await?;
    CACHE.write(
        &[server, project.unwrap_or_default()],
        found.word().as_bytes(),
    );
    Some(found)
}

/// Does the same as [`ask`] without keeping the answer, for commands that promise to leave nothing on the disk.
pub(crate) async fn ask_and_leave_nothing(
    client: &Client,
    server: &str,
    project: Option<&str>,
) -> Option<Target> {
    match cached(&[server, project.unwrap_or_default()]) {
        Some(known) => Some(known),
        None => within_limit(client, project).await,
    }
}

async fn within_limit(client: &Client, project: Option<&str>) -> Option<Target> {
    let probed = tokio::time::timeout(LIMIT, probe(client, project)).await;
    probed.ok().flatten()
}

fn cached(key: &[&str]) -> Option<Target> {
    let stored = CACHE.read(key)?;
    let targets = [Target::Pod, Target::Sandbox, Target::Managed];
    targets
        .into_iter()
        .find(|target| target.word().as_bytes() == stored.as_slice())
}

/// The answer of the server about a path.
enum Told {
    Object(Value),
    /// The server knows no such path, or no such object.
    Missing,
    /// A refusal, a failure, or something other than JSON.
    Nothing,
}

async fn probe(client: &Client, project: Option<&str>) -> Option<Target> {
    // Only an existing project tells whether the server has routes below projects.
    let project = match project {
        Some("") => return None,
        Some(id) => object(client, &path(&["projects", id])).await?,
        None => first_project(client).await.unwrap_or_default(),
    };
    if project["runtime_backend"] == MANAGED_BACKEND {
        return Some(Target::Managed);
    }
    match get(client, "/platform-info").await {
        Told::Object(info) => match info.get("gateway_mode").and_then(Value::as_bool) {
            Some(true) => return Some(Target::Sandbox),
            Some(false) => return Some(Target::Pod),
            None => {}
        },
        Told::Missing => {}
        Told::Nothing => return None,
    }
    let id = project["id"].as_str().filter(|id| !id.is_empty())?;
    let providers = path(&["projects", id, "providers"]);
    match get(client, &format!("{providers}?page=1&size=1")).await {
        Told::Object(list) => list["items"].is_array().then_some(Target::Sandbox),
        Told::Missing => Some(Target::Pod),
        Told::Nothing => None,
    }
}

async fn object(client: &Client, path: &str) -> Option<Value> {
    match get(client, path).await {
        Told::Object(value) => Some(value),
        Told::Missing | Told::Nothing => None,
    }
}

/// Returns any project that the caller can see, without its backend: that is a matter of each project.
async fn first_project(client: &Client) -> Option<Value> {
    let list = object(client, "/projects?page=1&size=1").await?;
    let id = list["items"].get(0)?["id"].clone();
    Some(serde_json::json!({"id": id}))
}

async fn get(client: &Client, path: &str) -> Told {
    let Ok(answer) = client.send_once(&Request::get(path)).await else {
        return Told::Nothing;
    };
    match (answer.status, answer.json()) {
        (200, Ok(value)) if value.is_object() => Told::Object(value),
        (404, Ok(value)) if value.is_object() => Told::Missing,
        _ => Told::Nothing,
    }
}
