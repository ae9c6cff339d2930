//! The names of agents, by project. They are kept for a while: rows that are read every few seconds name the same
//! agents again and again.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::resources::Record;

/// The time after which names are read again.
const FRESH: Duration = Duration::from_secs(30);
/// The most characters of a name that are kept.
const LONGEST: usize = 200;
/// The most bytes that are kept, and those that a name or a project takes beside its text.
const ROOM: usize = 8 << 20;
const EACH: usize = 100;

/// The names that are known, by project.
#[derive(Default)]
pub(super) struct AgentNames(BTreeMap<String, OfProject>);

struct OfProject {
    /// The time of the last attempt to read them.
    read: Instant,
    /// The names by the IDs of the agents.
    names: HashMap<String, String>,
    /// True if the last list had all agents.
    is_whole: bool,
}

impl AgentNames {
    /// Returns the name of an agent: an empty one if the project has no such agent, `None` if it is not known.
    #[must_use]
    pub(super) fn get(&self, project: &str, agent: &str) -> Option<&str> {
        let known = self.0.get(project)?;
        let name = known.names.get(agent).map(String::as_str);
        name.or(known.is_whole.then_some(""))
    }

    /// Returns the projects whose agents are to be read, for rows that name a project and an agent. The projects that
    /// were read longest ago come first, so that each has its turn.
    #[must_use]
    pub(super) fn due<'r>(
        &self,
        rows: impl Iterator<Item = (&'r str, &'r str)>,
        most: usize,
        now: Instant,
    ) -> Vec<String> {
        let mut due: BTreeMap<&str, Option<Instant>> = BTreeMap::new();
        for (project, agent) in rows {
            let known = self.0.get(project);
            let is_fresh = |it: &&OfProject| now.duration_since(it.read) < FRESH;
            let fresh = known.filter(is_fresh);
            if !fresh.is_some_and(|it| it.names.contains_key(agent)) {
                due.insert(project, known.map(|it| it.read));
            }
        }
        let mut due: Vec<(&str, Option<Instant>)> = due.into_iter().collect();
        due.sort_by_key(|(_, read)| *read);
        due.truncate(most);
        due.into_iter().map(|(it, _)| it.to_owned()).collect()
    }

    /// Takes the agents of a project as far as they could be read. A whole list replaces the names before, another one
    /// adds to them. Without room for all, the projects that were read longest ago are forgotten.
    pub(super) fn take(&mut self, project: &str, agents: &[Record], is_whole: bool, now: Instant) {
        let before = self.0.remove(project).filter(|_| !is_whole);
        let mut names: HashMap<String, String> = before.map(|it| it.names).unwrap_or_default();
        // A session of no agent has no agent's name.
        for agent in agents.iter().filter(|it| !it.id().is_empty()) {
            let name = agent.name_or_id().chars().take(LONGEST).collect();
            names.insert(agent.id().to_owned(), name);
        }
        let of_project = OfProject {
            read: now,
            names,
            is_whole,
        };
        if of_project.bytes() > ROOM {
            return;
        }
        self.0.insert(project.to_owned(), of_project);
        let mut bytes = self.bytes();
        while bytes > ROOM {
            let oldest = self.0.iter().min_by_key(|(_, it)| it.read);
            let Some(oldest) = oldest.map(|(project, _)| project.clone()) else {
                return;
            };
            let gone = self.0.remove(&oldest);
            bytes -= EACH + oldest.len() + gone.map_or(0, |it| it.bytes());
        }
    }

    fn bytes(&self) -> usize {
        let each = self.0.iter();
        each.map(|(project, it)| EACH + project.len() + it.bytes())
            .sum()
    }
}

impl OfProject {
    fn bytes(&self) -> usize {
        let each = self.names.iter();
        each.map(|(id, name)| EACH + id.len() + name.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::AGENT;

    fn agents(agents: &[(&str, &str)]) -> Vec<Record> {
        let agent = |(id, name): &(&str, &str)| {
            Record::decode(&AGENT, json!({"id": id, "name": name})).unwrap()
        };
        agents.iter().map(agent).collect()
    }

    #[test]
    fn a_whole_list_replaces_names_and_another_one_adds_to_them() {
        let now = Instant::now();
        let mut names = AgentNames::default();
        names.take("p", &agents(&[("a", "one"), ("b", "two")]), true, now);
        assert_eq!(names.get("p", "a"), Some("one"));
        names.take("p", &agents(&[("a", "new")]), false, now);
        assert_eq!(names.get("p", "a"), Some("new"));
        assert_eq!(names.get("p", "b"), Some("two"));
        assert_eq!((names.get("p", "c"), names.get("q", "a")), (None, None));
        names.take("p", &agents(&[("a", "new")]), true, now);
        assert_eq!(names.get("p", "b"), Some(""));
    }

    #[test]
    fn names_are_read_again_after_a_while_the_oldest_first() {
        let now = Instant::now();
        let later = now + FRESH;
        let mut names = AgentNames::default();
        names.take("q", &agents(&[("b", "two")]), true, now);
        let middle = now + FRESH / 2;
        names.take("p", &agents(&[("a", "one")]), true, middle);
        let due = |rows: &[(&'static str, &'static str)], most, now| {
            names.due(rows.iter().copied(), most, now)
        };
        let known = [("p", "a"), ("q", "b")];
        assert!(due(&known, 9, middle).is_empty());
        assert_eq!(due(&known, 9, later), ["q"]);
        assert_eq!(due(&[("p", "new"), ("q", "b")], 9, later), ["q", "p"]);
        let all = [("p", "a"), ("q", "b"), ("r", "c")];
        assert_eq!(due(&all, 2, later + FRESH), ["r", "q"]);
    }

    #[test]
    fn names_of_any_number_and_length_have_a_limit() {
        let now = Instant::now();
        let mut names = AgentNames::default();
        let long = "n".repeat(1 << 20);
        for n in 0_u32..100 {
            let ids: Vec<String> = (0..1000).map(|at| format!("{n}-{at}")).collect();
            let each: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "name")).collect();
            let list = agents(&[&each[..], &[("long", &long)]].concat());
            names.take(
                &n.to_string(),
                &list,
                true,
                now + Duration::from_secs(n.into()),
            );
            assert!(names.bytes() <= ROOM);
        }
        assert_eq!(names.get("99", "99-1"), Some("name"));
        assert_eq!(names.get("99", "long").map(str::len), Some(LONGEST));
        assert_eq!(names.get("0", "0-1"), None);
        names.take("huge", &agents(&[(&"i".repeat(ROOM), "name")]), true, now);
        assert!(names.bytes() <= ROOM && names.get("huge", "i").is_none());
    }
}
