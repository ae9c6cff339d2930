//! The rows of a page.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::join::{self, by_field};
use super::lists::{Lacks, Listed, Rows, all, in_projects, listed};
use super::shared::{Shared, fault_of, limited};
use crate::api::Client;
use crate::globals::Globals;
use crate::holders;
use crate::resources::{
    AGENT, Field, PHASES, PROJECT, Record, Resource, SESSION, Scope, is_usable_id, shown_text,
};
use crate::runner::resolve::RunnerTarget;
use crate::screen::connection;
use crate::screen::effect::{Join, List, Load};
use crate::screen::event::{Answer, Fault};
use crate::screen::naming;
use crate::session_helper::fetch;
use crate::text::url_for_people;

/// Describes rows that the screen makes itself.
const fn made(kind: &'static str, fields: &'static [Field]) -> Resource {
    Resource {
        word: kind,
        aliases: &[],
        kind,
        collection: "",
        scope: Scope::Nested,
        name_field: None,
        fields,
        has_common_fields: false,
        columns: &[],
        wide: &[],
        screen: &[],
        spare: &[],
    }
}

static PULSE: Resource = made("Pulse", &[shown_text("name"), shown_text("sessions")]);
static BRANCH: Resource = made(
    "Branch",
    &[
        shown_text("name"),
        shown_text("type"),
        shown_text("phase"),
        shown_text("project_id"),
        shown_text("object_id"),
    ],
);
static HOLDER: Resource = made(
    "Binding",
    &[
        shown_text("id"),
        shown_text("project"),
        shown_text("type"),
        shown_text("target"),
        shown_text("state"),
        shown_text("created_at"),
    ],
);
static CANDIDATE: Resource = made(
    "Candidate",
    &[
        shown_text("provider"),
        shown_text("credential"),
        shown_text("credential_id"),
        shown_text("chosen"),
        shown_text("reason"),
        shown_text("tier"),
        shown_text("role"),
        shown_text("id"),
        shown_text("created_at"),
    ],
);
static CONTEXT: Resource = made(
    "Context",
    &[
        shown_text("name"),
        shown_text("server"),
        shown_text("project"),
    ],
);

/// Reads the rows of a page and reports them, then what is joined to them.
pub(super) async fn rows(shared: &Shared, globals: &Globals, page: u64, load: Load) {
    let client = &shared.client;
    let (read, joined) = match load {
        Load::List(list, joined) => (limited(listed(client, &list)).await, Some((list, joined))),
        Load::Bindings(credential) => (limited(held(client, &credential)).await, None),
        Load::Preview { project, agent } => {
            (limited(candidates(client, &project, &agent)).await, None)
        }
        Load::Pulses => (limited(pulses(client)).await, None),
        Load::Tree => (limited(tree(client)).await, None),
        Load::EachProject(resource) => {
            let list = List::new(resource, String::new());
            let read = limited(each_project(client, resource)).await;
            (read, Some((list, Join::AgentNames)))
        }
        Load::Contexts(active) => (contexts(globals, &active), None),
    };
    let Listed {
        rows,
        total,
        hidden,
        gap,
    } = match read {
        Ok(read) => read,
        Err(fault) => {
            let _ = shared.tell(Answer::Failed { page, fault });
            return;
        }
    };
    let ids: Vec<Record> = match &joined {
        Some(_) => rows.clone(),
        None => Vec::new(),
    };
    if let Some((list, Join::Agents)) = &joined {
        let is_whole = gap.is_none() && list.search.is_none();
        let mut names = shared.names.borrow_mut();
        names.take(&list.project, &ids, is_whole, Instant::now());
    }
    let answer = Answer::Rows {
        page,
        rows,
        total,
        hidden,
        gap,
    };
    if shared.tell(answer).is_err() {
        return;
    }
    if let Some((list, joined)) = joined {
        let read = limited(async { Ok(join::cells(shared, &list, joined, &ids).await) }).await;
        let (cells, gap) = match read {
            Ok(read) => (read.cells, read.lacks.said()),
            Err(fault) => (join::unknown(joined, &ids), Some(fault.text)),
        };
        let _ = shared.tell(Answer::Joined { page, cells, gap });
    }
}

/// Reads the objects that a form offers: their IDs, and the texts that tell them apart. Also returns why there may be
/// more.
pub(super) async fn offers(
    client: &Client,
    list: &List,
) -> (Result<Vec<(String, String)>, Fault>, Option<String>) {
    let Listed { mut rows, gap, .. } = match limited(listed(client, list)).await {
        Ok(read) => read,
        Err(fault) => return (Err(fault), None),
    };
    let count = rows.len();
    rows.retain(|row| is_usable_id(row.id()));
    let gap = match count - rows.len() {
        0 => gap,
        _ => Some("those without a usable ID are left out".to_owned()),
    };
    (Ok(told_apart(&mut rows)), gap)
}

/// Returns IDs and names, sorted. An ID is added to a name that several have, and to that of a project that has
/// another ID: the ID is what is sent.
fn told_apart(rows: &mut [Record]) -> Vec<(String, String)> {
    rows.sort_by(|a, b| (a.name_or_id(), a.id()).cmp(&(b.name_or_id(), b.id())));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows.iter() {
        *counts.entry(row.name_or_id()).or_default() += 1;
    }
    let offer = |row: &Record| {
        let name = row.name_or_id();
        let is_odd = row.resource.word == PROJECT.word || counts.get(name) > Some(&1);
        let text = if is_odd {
            naming::named(row)
        } else {
            naming::brief(name)
        };
        (row.id().to_owned(), text)
    };
    rows.iter().map(offer).collect()
}

fn ids(records: &[Record]) -> Vec<String> {
    records
        .iter()
        .map(|record| record.id().to_owned())
        .collect()
}

/// Lists a kind in each project. Projects that can't be read are said to be lacking, unless none can be read.
async fn each_project(client: &Client, resource: &'static Resource) -> Rows {
    let mut lacks = Lacks::default();
    let projects = lacks.known(PROJECT.collection, Ok(all(client, &PROJECT).await?));
    let mut found = in_projects(client, resource, &ids(&projects.rows)).await;
    if found.iter().all(|(_, read)| read.is_err())
        && let Some((_, Err(fault))) = found.pop()
    {
        return Err(fault);
    }
    let mut rows = Vec::new();
    for (project, read) in found {
        let what = format!("{} of {project}", resource.collection);
        rows.extend(lacks.known(&what, read).rows);
    }
    Ok(Listed::made(rows, lacks.said()))
}

/// Counts the sessions of each project by phase.
async fn pulses(client: &Client) -> Rows {
    let mut lacks = Lacks::default();
    let projects = lacks.known(PROJECT.collection, Ok(all(client, &PROJECT).await?));
    let sessions = lacks.known(SESSION.collection, Ok(all(client, &SESSION).await?));
    let unlisted = unlisted(&projects.rows, &sessions.rows);
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for session in &sessions.rows {
        let of_project = counts.entry(session.text("project_id")).or_default();
        *of_project.entry(session.text("phase")).or_default() += 1;
    }
    let row = |project: &Record| {
        let mut row = Record::empty(&PULSE);
        row.replace("id", project.id());
        row.replace("project_id", project.id());
        row.replace("project_name", project.name_or_id());
        row.replace("name", project.name_or_id());
        let counts = counts.get(project.id());
        let all: usize = counts.into_iter().flat_map(BTreeMap::values).sum();
        row.replace("sessions", &sessions.number(all));
        let mut others = all;
        for phase in PHASES {
            let count = counts.and_then(|counts| counts.get(phase)).copied();
            others -= count.unwrap_or_default();
            row.replace(phase, &sessions.number(count.unwrap_or_default()));
        }
        row.replace("other", &sessions.number(others));
        row
    };
    let rows = projects.rows.iter().chain(&unlisted).map(row).collect();
    Ok(Listed::made(rows, lacks.said()))
}

/// Returns a project for each one that sessions name and the list lacks: it was deleted, or this user may not see it.
fn unlisted(projects: &[Record], sessions: &[Record]) -> Vec<Record> {
    let listed: BTreeSet<&str> = projects.iter().map(Record::id).collect();
    let named: BTreeSet<&str> = sessions.iter().map(|it| it.text("project_id")).collect();
    let project = |id: &&str| {
        let mut project = Record::empty(&PROJECT);
        project.replace("id", id);
        project.replace("name", if id.is_empty() { "(none)" } else { id });
        project
    };
    named.difference(&listed).map(project).collect()
}

/// Reads projects, their agents, and the sessions of these, in the order of a tree.
async fn tree(client: &Client) -> Rows {
    let mut lacks = Lacks::default();
    let mut projects = lacks.known(PROJECT.collection, Ok(all(client, &PROJECT).await?));
    projects
        .rows
        .sort_by(|a, b| a.name_or_id().cmp(b.name_or_id()));
    let sessions = lacks.known(SESSION.collection, Ok(all(client, &SESSION).await?));
    let mut agents = in_projects(client, &AGENT, &ids(&projects.rows)).await;
    let unlisted = unlisted(&projects.rows, &sessions.rows);
    agents.extend(unlisted.iter().map(|project| {
        let none = Listed::made(Vec::new(), None);
        (project.id().to_owned(), Ok(none))
    }));
    projects.rows.extend(unlisted);
    let of_agents = by_field(&sessions.rows, "agent_id");
    let of_projects = by_field(&sessions.rows, "project_id");
    let mut rows = Vec::new();
    for (project, (id, read)) in projects.rows.iter().zip(agents) {
        let agents = lacks.known(&format!("agents of {id}"), read);
        let mut root = branch(project, project, "project", 0);
        if !agents.is_whole() {
            let count = agents.number(agents.rows.len());
            let shown = format!("{} (agents: {count})", project.name_or_id());
            root.replace("shown", &shown);
        }
        rows.push(root);
        // An agent without an ID has no sessions.
        let ids: BTreeSet<&str> = agents.rows.iter().map(Record::id).collect();
        for agent in &agents.rows {
            rows.push(branch(project, agent, "agent", 1));
            let own = of_agents.get(agent.id()).filter(|_| !agent.id().is_empty());
            let own = own.into_iter().flatten();
            rows.extend(own.map(|session| branch(project, session, "session", 2)));
        }
        let is_alone = |session: &&&Record| {
            let agent = session.text("agent_id");
            agent.is_empty() || !ids.contains(agent)
        };
        let alone = of_projects.get(project.id()).into_iter().flatten();
        let alone = alone.filter(is_alone);
        rows.extend(alone.map(|session| branch(project, session, "session", 1)));
    }
    Ok(Listed::made(rows, lacks.said()))
}

fn branch(project: &Record, object: &Record, kind: &str, depth: usize) -> Record {
    let mut row = Record::empty(&BRANCH);
    let mark = if depth == 0 { "" } else { "└ " };
    let shown = format!("{}{mark}{}", "  ".repeat(depth), object.name_or_id());
    row.replace("id", &format!("{kind}/{}", object.id()));
    row.replace("object_id", object.id());
    row.replace("name", object.name_or_id());
    row.replace("shown", &shown);
    row.replace("type", kind);
    row.replace("phase", object.text("phase"));
    row.replace("created_at", object.text("created_at"));
    row.replace("project_id", project.id());
    row.replace("project_name", project.name_or_id());
    row
}

/// Reads who may use a credential, as `credential bindings` does.
async fn held(client: &Client, credential: &str) -> Rows {
    let found = holders::of(client, credential).await;
    let found = found.map_err(|error| fault_of(&error))?;
    Ok(Listed::made(found.iter().map(holder).collect(), None))
}

fn holder(of: &holders::Holder) -> Record {
    let mut row = Record::empty(&HOLDER);
    match &of.binding {
        Some(binding) => {
            row.replace("id", binding.id());
            row.replace("created_at", binding.text("created_at"));
        }
        // An inherited access has no binding of its own, and a row needs a name.
        None => row.replace("id", &format!("inherited/{}/{}", of.project, of.target)),
    }
    row.replace("project", &of.project);
    row.replace("type", of.kind);
    row.replace("target", &of.target);
    row.replace("state", of.state());
    row
}

/// Reads which credentials a session would get, and why, as `session preview` does.
async fn candidates(client: &Client, project: &str, agent: &str) -> Rows {
    let target = RunnerTarget {
        project: project.to_owned(),
        agent: agent.to_owned(),
    };
    let found = fetch::candidates(client, &target).await;
    let found = found.map_err(|error| fault_of(&error))?;
    let row = |it: &crate::runner::resolve::Candidate| {
        let mut row = Record::empty(&CANDIDATE);
        row.replace("id", &it.binding_id);
        row.replace("provider", &it.provider);
        row.replace("credential", &it.credential);
        row.replace("credential_id", &it.credential_id);
        row.replace("chosen", if it.chosen { "yes" } else { "no" });
        row.replace("reason", &it.reason);
        row.replace(
            "tier",
            it.tier.map_or("", crate::runner::resolve::Tier::word),
        );
        row.replace("role", &it.role);
        row.replace("created_at", &it.created_at);
        row
    };
    let decisive = found.iter().filter(|it| it.decides());
    Ok(Listed::made(decisive.map(row).collect(), None))
}

fn contexts(globals: &Globals, active: &str) -> Rows {
    let all = connection::all(globals).map_err(|error| fault_of(&error))?;
    let row = |context: &crate::config::contexts::Context| {
        let mut row = Record::empty(&CONTEXT);
        let is_active = context.name == active;
        row.replace("id", &context.name);
        row.replace("name", &context.name);
        row.replace("server", &url_for_people(&context.server));
        row.replace("project", context.project.as_deref().unwrap_or_default());
        row.replace("active", if is_active { "(*)" } else { "" });
        row
    };
    Ok(Listed::made(all.iter().map(row).collect(), None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn offers(resource: &'static Resource, rows: serde_json::Value) -> Vec<String> {
        let serde_json::Value::Array(rows) = rows else {
            panic!("rows are a list")
        };
        let rows = rows.into_iter();
        let mut rows: Vec<Record> = rows
            .map(|row| Record::decode(resource, row).unwrap())
            .collect();
        let offers = told_apart(&mut rows).into_iter();
        offers.map(|(_, text)| text).collect()
    }

    #[test]
    fn offers_of_one_name_are_told_apart_by_their_ids() {
        let rows = json!([
            {"id": "prod", "name": "prod"}, {"id": "evil", "name": "prod"}, {"id": "web", "name": "web"},
        ]);
        assert_eq!(offers(&PROJECT, rows), ["prod (evil)", "prod", "web"]);
        let rows = json!([
            {"id": "a2", "name": "lead"}, {"id": "a1", "name": "lead"}, {"id": "a3", "name": "fe"},
        ]);
        assert_eq!(offers(&AGENT, rows), ["fe", "lead (a1)", "lead (a2)"]);
    }
}
