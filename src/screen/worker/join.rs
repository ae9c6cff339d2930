//! What is asked for after a list and added to its rows: numbers and names. If it can't be read, the cells stay as they
//! were.

use std::collections::{BTreeMap, BTreeSet};

use super::lists::{Listed, in_projects, listed};
use super::shared::Shared;
use crate::api::{equals, path};
use crate::resources::{AGENT, ROLE, ROLE_BINDING, Record, SESSION};
use crate::screen::effect::{Join, List};

type Cells = Vec<(String, &'static str, String)>;

/// The most projects whose agents are asked for their names.
const PROJECTS: usize = 20;

/// Returns the cells that belong to the rows of a list.
pub(super) async fn cells(shared: &Shared, list: &List, join: Join, rows: &[Record]) -> Cells {
    match join {
        Join::None => Vec::new(),
        Join::Projects => of_projects(shared, rows).await,
        Join::Agents => of_agents(shared, &list.project, rows).await,
        Join::AgentNames => agent_names(shared, rows).await,
        Join::Credentials => of_credentials(shared, rows).await,
        Join::RoleNames => role_names(shared, rows).await,
    }
}

async fn sessions(shared: &Shared, project: &str) -> Option<Vec<Record>> {
    let list = List::new(&SESSION, path(&["sessions"])).in_project(project);
    let read = listed(&shared.client, &list).await.ok();
    read.map(|read| read.rows)
}

async fn of_projects(shared: &Shared, rows: &[Record]) -> Cells {
    let mut cells = Cells::new();
    if let Some(sessions) = sessions(shared, "").await {
        for row in rows {
            let own = sessions
                .iter()
                .filter(|it| it.text("project_id") == row.id());
            let (mut all, mut running) = (0_u64, 0_u64);
            for session in own {
                all += 1;
                running += u64::from(session.text("phase") == "Running");
            }
            cells.push((row.id().to_owned(), "sessions", all.to_string()));
            cells.push((row.id().to_owned(), "running", running.to_string()));
        }
    }
    let ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
    for (project, agents) in in_projects(&shared.client, &AGENT, &ids).await {
        cells.push((project, "agents", agents.len().to_string()));
    }
    cells
}

async fn of_agents(shared: &Shared, project: &str, rows: &[Record]) -> Cells {
    let Some(sessions) = sessions(shared, project).await else {
        return Cells::new();
    };
    let mut cells = Cells::new();
    for row in rows {
        let own = sessions.iter().filter(|it| it.text("agent_id") == row.id());
        cells.push((row.id().to_owned(), "sessions", own.count().to_string()));
        let current = row.text("current_session_id");
        let current = sessions
            .iter()
            .find(|it| !current.is_empty() && it.id() == current);
        let phase = current.map_or("", |session| session.text("phase"));
        cells.push((row.id().to_owned(), "phase_of_session", phase.to_owned()));
    }
    cells
}

/// Names the agents of sessions and schedules. Names that are known are not asked for again.
async fn agent_names(shared: &Shared, rows: &[Record]) -> Cells {
    let is_unknown = |row: &&Record| {
        let agent = row.text("agent_id");
        !agent.is_empty() && !shared.names.borrow().contains_key(agent)
    };
    let projects: BTreeSet<String> = rows
        .iter()
        .filter(is_unknown)
        .map(|row| row.text("project_id").to_owned())
        .filter(|project| !project.is_empty())
        .collect();
    let projects: Vec<String> = projects.into_iter().take(PROJECTS).collect();
    for (_, agents) in in_projects(&shared.client, &AGENT, &projects).await {
        let named = agents
            .iter()
            .map(|it| (it.id().to_owned(), it.name_or_id().to_owned()));
        shared.names.borrow_mut().extend(named);
    }
    let names = shared.names.borrow();
    let cell = |row: &Record| {
        let name = names.get(row.text("agent_id"))?;
        Some((row.id().to_owned(), "agent_name", name.clone()))
    };
    rows.iter().filter_map(cell).collect()
}

/// Counts the bindings by which sessions may use each credential.
async fn of_credentials(shared: &Shared, rows: &[Record]) -> Cells {
    let list = List::new(&ROLE_BINDING, path(&["role_bindings"]));
    let list = list.search(equals("scope", "credential"));
    let Ok(Listed { rows: bindings, .. }) = listed(&shared.client, &list).await else {
        return Cells::new();
    };
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for binding in bindings.iter().filter(|it| it.text("user_id").is_empty()) {
        *counts.entry(binding.text("credential_id")).or_default() += 1;
    }
    let count = |row: &Record| {
        let count = counts.get(row.id()).copied().unwrap_or_default();
        (row.id().to_owned(), "bindings", count.to_string())
    };
    rows.iter().map(count).collect()
}

async fn role_names(shared: &Shared, rows: &[Record]) -> Cells {
    let list = List::new(&ROLE, path(&["roles"]));
    let Ok(Listed { rows: roles, .. }) = listed(&shared.client, &list).await else {
        return Cells::new();
    };
    let cell = |row: &Record| {
        let role = roles.iter().find(|it| it.id() == row.text("role_id"))?;
        Some((
            row.id().to_owned(),
            "role_name",
            role.name_or_id().to_owned(),
        ))
    };
    rows.iter().filter_map(cell).collect()
}
