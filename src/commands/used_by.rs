//! The projects whose sessions may use a credential, for tables and for `describe`.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join;

use crate::api::{Client, Error, ListOptions, equals};
use crate::resources::{List, ROLE, ROLE_BINDING, Record, USED_BY};
use crate::runner::resolve::{OWNER, RunnerTarget, Tier, resolve};

/// The word for a binding that names neither a project nor an agent: the platform then grants the use to every session.
const EVERYWHERE: &str = "all projects";
/// Follows the name of a project of which one agent alone may use a credential.
const ONE_AGENT: &str = " (one agent)";
/// The cell of a credential that no session may use.
const NOBODY: &str = "-";

/// The users of each credential, by its ID.
type Users = BTreeMap<String, BTreeSet<String>>;

/// One binding that lets sessions use a credential, or states who owns it.
pub(crate) struct Use {
    /// `team-a`, `team-a (one agent)`, or `all projects`; for an owner the user's ID.
    pub who: String,
    /// The role's name, or its ID if the name is unknown.
    pub role: String,
    pub created_at: String,
}

/// Adds to each credential the projects that use it. If they can't be read, nothing is added, and tables leave the
/// column out.
pub(crate) async fn join(client: &Client, credentials: &mut [Record]) {
    if credentials.is_empty() {
        return;
    }
    let Ok((bindings, roles)) = read(client, equals("scope", "credential")).await else {
        return;
    };
    // Without this role, the bindings that only state who owns a credential cannot be distinguished from the others.
    if !roles.items().iter().any(|role| role.name() == OWNER) {
        return;
    }
    let shadowed = shadowed(bindings.items(), roles.items(), credentials);
    let mut users = Users::new();
    for binding in bindings.items() {
        let found = describe(binding, &roles);
        if binding.text("scope") == "credential" && found.role != OWNER {
            let credential = binding.text("credential_id").to_owned();
            let who = if shadowed.contains(binding.id()) {
                // In front, a narrow column does not cut it off; and it sorts first.
                format!("(shadowed) {}", found.who)
            } else {
                found.who
            };
            users.entry(credential).or_default().insert(who);
        }
    }
    for credential in credentials {
        let projects = users.get(credential.id()).map_or_else(
            || NOBODY.to_owned(),
            |projects| {
                // A binding to the whole project includes each of its agents.
                let is_included = |who: &str| {
                    let project = who.strip_suffix(ONE_AGENT);
                    project.is_some_and(|project| projects.contains(project))
                };
                let names = projects.iter().map(String::as_str);
                let names: Vec<&str> = names.filter(|who| !is_included(who)).collect();
                names.join(", ")
            },
        );
        credential.replace(USED_BY, &projects);
    }
}

/// Returns the IDs of the bindings to projects and agents that have no effect, because sessions there get another one
/// of these credentials.
fn shadowed(bindings: &[Record], roles: &[Record], credentials: &[Record]) -> BTreeSet<String> {
    let mut projects: BTreeMap<&str, Vec<Record>> = BTreeMap::new();
    let bound = bindings
        .iter()
        .filter(|it| it.text("scope") == "credential");
    for binding in bound.filter(|it| !it.text("project_id").is_empty()) {
        let of_project = projects.entry(binding.text("project_id")).or_default();
        of_project.push(binding.clone());
    }
    let mut shadowed = BTreeSet::new();
    for (project, bindings) in projects {
        let is_bound = |credential: &&Record| {
            bindings
                .iter()
                .any(|it| it.text("credential_id") == credential.id())
        };
        let credentials: Vec<Record> = credentials.iter().filter(is_bound).cloned().collect();
        let agents = bindings.iter().map(|binding| binding.text("agent_id"));
        for agent in agents.collect::<BTreeSet<_>>() {
            let tier = if agent.is_empty() {
                Tier::Project
            } else {
                Tier::Agent
            };
            let target = RunnerTarget {
                project: project.to_owned(),
                agent: agent.to_owned(),
            };
            let found = resolve(&target, &bindings, roles, &credentials, &BTreeSet::new());
            let found = found.unwrap_or_default().into_iter();
            let lost = found.filter(|it| it.outdone && it.tier == Some(tier));
            shadowed.extend(lost.map(|it| it.binding_id));
        }
    }
    shadowed
}

/// Returns the bindings of one credential.
///
/// # Errors
/// Those of the requests.
pub(crate) async fn of(client: &Client, credential_id: &str) -> Result<Vec<Use>, Error> {
    let (bindings, roles) = read(client, equals("credential_id", credential_id)).await?;
    let mine = bindings
        .items()
        .iter()
        .filter(|binding| binding.text("scope") == "credential")
        .filter(|binding| binding.text("credential_id") == credential_id);
    Ok(mine.map(|binding| describe(binding, &roles)).collect())
}

/// Reads the bindings that a search finds, and all roles, at the same time.
async fn read(client: &Client, search: String) -> Result<(List, List), Error> {
    let bound = ListOptions {
        search: Some(search),
        ..ListOptions::default()
    };
    let all = ListOptions::default();
    try_join(
        client.list(&ROLE_BINDING, "/role_bindings", &bound),
        client.list(&ROLE, "/roles", &all),
    )
    .await
}

fn describe(binding: &Record, roles: &List) -> Use {
    let id = binding.text("role_id");
    let mut known = roles.items().iter();
    let role = known.find(|role| role.id() == id).map_or(id, Record::name);
    let project = binding.text("project_id");
    let who = match (project.is_empty(), binding.text("agent_id").is_empty()) {
        (true, _) if role == OWNER => binding.text("user_id").to_owned(),
        (true, _) => EVERYWHERE.to_owned(),
        (false, true) => project.to_owned(),
        (false, false) => format!("{project}{ONE_AGENT}"),
    };
    Use {
        who,
        role: role.to_owned(),
        created_at: binding.text("created_at").to_owned(),
    }
}
