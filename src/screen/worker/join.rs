//! What is asked for after a list and added to its rows: numbers and names. What can't be read is unknown, and said.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::lists::{Known, Lacks, all, in_projects, listed};
use super::shared::Shared;
use crate::api::{equals, path};
use crate::resources::{
    AGENT, CREDENTIAL, PROJECT, ROLE, ROLE_BINDING, Record, Resource, SESSION, check_owner,
};
use crate::screen::effect::{Join, List};
use crate::screen::view::UNKNOWN;
use crate::screen::views::phase_in_words;

/// Cells by the row's ID and the field.
type Cells = Vec<(String, &'static str, String)>;

/// What is added to rows.
#[derive(Default)]
pub(super) struct Joined {
    pub cells: Cells,
    /// What the lists lack that the cells are made from.
    pub lacks: Lacks,
}

/// The most projects whose agents are asked for their names.
const PROJECTS: usize = 20;

/// Returns the cells that belong to the rows of a list.
pub(super) async fn cells(shared: &Shared, list: &List, join: Join, rows: &[Record]) -> Joined {
    let mut joined = Joined::default();
    match join {
        Join::None => {}
        Join::Projects => joined.of_projects(shared, rows).await,
        Join::Agents => joined.of_agents(shared, &list.project, rows).await,
        Join::AgentNames => joined.agent_names(shared, rows).await,
        Join::Credentials => joined.of_credentials(shared, rows).await,
        Join::BindingNames => joined.binding_names(shared, rows).await,
    }
    joined
}

/// Returns the cells of rows whose numbers could not be read in time.
pub(super) fn unknown(join: Join, rows: &[Record]) -> Cells {
    let fields: &[&'static str] = match join {
        Join::Projects => &["agents", "sessions", "running"],
        Join::Agents => &["sessions", "phase_of_session"],
        Join::Credentials => &["bindings"],
        Join::None | Join::AgentNames | Join::BindingNames => &[],
    };
    let of_row = |row: &Record| {
        let id = row.id().to_owned();
        let cell = move |field: &&'static str| (id.clone(), *field, UNKNOWN.to_owned());
        fields.iter().map(cell)
    };
    rows.iter().flat_map(of_row).collect()
}

impl Joined {
    fn add(&mut self, row: &str, field: &'static str, text: String) {
        self.cells.push((row.to_owned(), field, text));
    }

    async fn sessions(&mut self, shared: &Shared, project: &str) -> Known {
        let list = List::new(&SESSION, path(&["sessions"])).in_project(project);
        let read = listed(&shared.client, &list).await;
        self.lacks.known("sessions", read)
    }

    async fn of_projects(&mut self, shared: &Shared, rows: &[Record]) {
        let sessions = self.sessions(shared, "").await;
        let own = by_field(&sessions.rows, "project_id");
        for row in rows {
            let own = own.get(row.id()).map_or(&[][..], Vec::as_slice);
            let is_running = |it: &&&Record| it.text("phase") == "Running";
            let running = own.iter().filter(is_running).count();
            self.add(row.id(), "sessions", sessions.number(own.len()));
            self.add(row.id(), "running", sessions.number(running));
        }
        let ids: Vec<String> = rows.iter().map(|row| row.id().to_owned()).collect();
        for (project, read) in in_projects(&shared.client, &AGENT, &ids).await {
            let agents = self.lacks.known(&format!("agents of {project}"), read);
            self.add(&project, "agents", agents.number(agents.rows.len()));
        }
    }

    async fn of_agents(&mut self, shared: &Shared, project: &str, rows: &[Record]) {
        let sessions = self.sessions(shared, project).await;
        let own = by_field(&sessions.rows, "agent_id");
        let by_id = by_id(&sessions.rows);
        for row in rows {
            let count = own.get(row.id()).map_or(0, Vec::len);
            self.add(row.id(), "sessions", sessions.number(count));
            let current = row.text("current_session_id");
            let phase = match by_id.get(current) {
                Some(session) if check_owner(session, project, row.id()).is_err() => UNKNOWN,
                Some(session) => phase_in_words(session.text("phase")),
                None => UNKNOWN,
            };
            self.add(row.id(), "phase_of_session", phase.to_owned());
            self.add(row.id(), "session_of_phase", current.to_owned());
        }
    }

    /// Names the agents of sessions and schedules. Names that are new enough are not asked for again. An agent that is
    /// gone has no name any more.
    async fn agent_names(&mut self, shared: &Shared, rows: &[Record]) {
        let named = rows.iter();
        let named = named.map(|row| (row.text("project_id"), row.text("agent_id")));
        let named = named.filter(|(project, agent)| !project.is_empty() && !agent.is_empty());
        let now = Instant::now();
        let projects = shared.names.borrow().due(named, PROJECTS, now);
        for (project, read) in in_projects(&shared.client, &AGENT, &projects).await {
            let agents = self.lacks.known(&format!("agents of {project}"), read);
            shared
                .names
                .borrow_mut()
                .take(&project, &agents.rows, agents.is_whole(), now);
        }
        let names = shared.names.borrow();
        for row in rows.iter().filter(|row| !row.text("agent_id").is_empty()) {
            if let Some(name) = names.get(row.text("project_id"), row.text("agent_id")) {
                self.add(row.id(), "agent_name", name.to_owned());
            }
        }
    }

    /// Counts the bindings by which sessions may use each credential.
    async fn of_credentials(&mut self, shared: &Shared, rows: &[Record]) {
        let list = List::new(&ROLE_BINDING, path(&["role_bindings"]));
        let list = list.search(equals("scope", "credential"));
        let read = listed(&shared.client, &list).await;
        let bindings = self.lacks.known("bindings", read);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let of_sessions = bindings.rows.iter();
        for binding in of_sessions.filter(|it| it.text("user_id").is_empty()) {
            *counts.entry(binding.text("credential_id")).or_default() += 1;
        }
        for row in rows {
            let count = counts.get(row.id()).copied().unwrap_or_default();
            self.add(row.id(), "bindings", bindings.number(count));
        }
    }

    /// Names the roles of bindings, and the credentials, projects and agents that they are for.
    async fn binding_names(&mut self, shared: &Shared, rows: &[Record]) {
        for (resource, id, name) in [
            (&ROLE, "role_id", "role_name"),
            (&CREDENTIAL, "credential_id", "credential_name"),
            (&PROJECT, "project_id", "project_name"),
        ] {
            self.names(shared, resource, rows, (id, name)).await;
        }
        self.agent_names(shared, rows).await;
    }

    /// Names the objects of a kind whose IDs stand in a field of the rows.
    async fn names(
        &mut self,
        shared: &Shared,
        resource: &'static Resource,
        rows: &[Record],
        (id, name): (&str, &'static str),
    ) {
        if rows.iter().all(|row| row.text(id).is_empty()) {
            return;
        }
        let read = all(&shared.client, resource).await;
        let known = self.lacks.known(resource.collection, read);
        let by_id = by_id(&known.rows);
        for row in rows {
            if let Some(found) = by_id.get(row.text(id)).filter(|it| !it.id().is_empty()) {
                self.add(row.id(), name, found.name_or_id().to_owned());
            }
        }
    }
}

/// Groups objects by a field. The requests of the screen share a thread, so work for each pair of objects would hold
/// them up.
pub(super) fn by_field<'r>(
    records: &'r [Record],
    field: &str,
) -> HashMap<&'r str, Vec<&'r Record>> {
    let mut groups: HashMap<&str, Vec<&Record>> = HashMap::new();
    for record in records {
        groups.entry(record.text(field)).or_default().push(record);
    }
    groups
}

/// Returns objects by their IDs; of several with one ID, the first.
fn by_id(records: &[Record]) -> HashMap<&str, &Record> {
    let pairs = records.iter().rev().map(|record| (record.id(), record));
    pairs.collect()
}
