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

/// The bindings of each credential, by its ID.
type Users<'b> = BTreeMap<&'b str, BTreeSet<User<'b>>>;

/// The part of a binding that the column of a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct User<'b> {
    /// The project's ID; empty for every project.
    project: &'b str,
    is_one_agent: bool,
    /// True if sessions there get another credential.
    is_shadowed: bool,
}

impl<'b> User<'b> {
    fn of(binding: &'b Record) -> Self {
        let project = binding.text("project_id");
        Self {
            project,
            is_one_agent: !project.is_empty() && !binding.text("agent_id").is_empty(),
            is_shadowed: false,
        }
    }

    /// Returns the binding to the whole project, which includes each of its agents.
    fn of_whole_project(self) -> Self {
        Self {
            is_one_agent: false,
            ..self
        }
    }

    /// Returns `team-a`, `team-a (one agent)` or `all projects`; of a shadowed binding with a mark.
    fn text(self) -> String {
        let project = self.project;
        let text = match (project, self.is_one_agent) {
            ("", _) => EVERYWHERE.to_owned(),
            (_, true) => format!("{project}{ONE_AGENT}"),
            (_, false) => project.to_owned(),
        };
        if self.is_shadowed {
            // In front, a narrow column does not cut it off; and it sorts first.
            return format!("(shadowed) {text}");
        }
        text
    }
}

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
        if binding.text("scope") == "credential" && role_of(binding, &roles) != OWNER {
            let user = User {
                is_shadowed: shadowed.contains(binding.id()),
                ..User::of(binding)
            };
            let credential = binding.text("credential_id");
            users.entry(credential).or_default().insert(user);
        }
    }
    for credential in credentials {
        let names = users.get(credential.id()).map_or_else(
            || NOBODY.to_owned(),
            |users| shown(users).into_iter().collect::<Vec<_>>().join(", "),
        );
        credential.replace(USED_BY, &names);
    }
}

/// Returns the texts of the users of one credential, in order. An agent is left out if its whole project is there.
fn shown(users: &BTreeSet<User<'_>>) -> BTreeSet<String> {
    let is_included =
        |user: &User<'_>| user.is_one_agent && users.contains(&user.of_whole_project());
    let shown = users.iter().filter(|user| !is_included(user));
    shown.map(|user| user.text()).collect()
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
    let role = role_of(binding, roles);
    let user = User::of(binding);
    let who = if user.project.is_empty() && role == OWNER {
        binding.text("user_id").to_owned()
    } else {
        user.text()
    };
    Use {
        who,
        role: role.to_owned(),
        created_at: binding.text("created_at").to_owned(),
    }
}

/// Returns the name of a binding's role, or the role's ID if the name is unknown.
fn role_of<'r>(binding: &'r Record, roles: &'r List) -> &'r str {
    let id = binding.text("role_id");
    let mut known = roles.items().iter();
    known.find(|role| role.id() == id).map_or(id, Record::name)
}
