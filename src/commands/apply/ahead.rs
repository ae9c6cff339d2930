//! Looks up many objects with a few searches. Without this, a manifest of a hundred credentials takes a hundred
//! look-ups, and two hundred for names that may be IDs.

use std::cell::RefCell;
use std::collections::HashMap;

use tokio::sync::Mutex;

use super::document::Document;
use crate::api::Client;
use crate::lookup::{self, Collection};
use crate::resources::{AGENT, CREDENTIAL, Record};

/// The fewest names of one collection that are searched for together. For fewer, the requests are those of the Go tool.
pub(super) const FEWEST: usize = 4;
/// The most names in one search, and the most bytes of them: they are part of an address.
const MOST: usize = 50;
const MOST_BYTES: usize = 2000;

/// The names that documents give to objects of one kind in one project.
#[derive(Default)]
pub(super) struct Ahead {
    /// The names that were not searched for yet, by kind and project.
    waiting: RefCell<HashMap<Key, Vec<String>>>,
    /// The objects of each name that was searched for.
    found: RefCell<HashMap<(Key, String), Vec<Record>>>,
    /// Documents that are applied at the same time wait for the search that finds all of their objects.
    searching: Mutex<()>,
}

/// The word of a kind, and the project: an empty one for a kind outside projects.
type Key = (&'static str, String);

impl Ahead {
    /// Notes the names in the documents. `project` is that of documents that name none.
    pub(super) fn of(documents: &[Document], project: Option<&str>) -> Self {
        let mut waiting: HashMap<Key, Vec<String>> = HashMap::new();
        for document in documents {
            let (head, key) = match document {
                Document::Credential(credential) => {
                    (&credential.head, (CREDENTIAL.word, String::new()))
                }
                Document::Agent(agent) => {
                    let project = agent.project.as_deref().or(project).unwrap_or_default();
                    (&agent.head, (AGENT.word, project.to_owned()))
                }
                _ => continue,
            };
            // A text of this form is looked up as an ID first.
            let name = head
                .name
                .as_deref()
                .filter(|name| !lookup::has_form_of_id(name));
            let names = waiting.entry(key).or_default();
            if let Some(name) = name
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        waiting.retain(|_, names| names.len() >= FEWEST);
        Self {
            waiting: RefCell::new(waiting),
            found: RefCell::default(),
            searching: Mutex::default(),
        }
    }

    /// Returns the objects of a name, the first time that it is asked for: later documents may have changed them.
    /// Returns `None` for a name that has to be looked up alone.
    pub(super) async fn take(
        &self,
        client: &Client,
        all: &Collection,
        name: &str,
    ) -> Option<Vec<Record>> {
        let project = all.project.clone().unwrap_or_default();
        let key = (all.resource.word, project);
        let _searching = self.searching.lock().await;
        if let Some(batch) = self.next_batch(&key, name) {
            // If the search fails, each look-up reports why.
            let found = lookup::by_names(client, all, &batch).await.ok()?;
            let mut known = self.found.borrow_mut();
            for name in batch {
                known.insert((key.clone(), name), Vec::new());
            }
            for record in found {
                let of_name = known.get_mut(&(key.clone(), record.name().to_owned()));
                if let Some(of_name) = of_name {
                    of_name.push(record);
                }
            }
        }
        self.found.borrow_mut().remove(&(key, name.to_owned()))
    }

    /// Takes a name that waits, and those that follow it.
    fn next_batch(&self, key: &Key, name: &str) -> Option<Vec<String>> {
        let mut waiting = self.waiting.borrow_mut();
        let names = waiting.get_mut(key)?;
        let from = names.iter().position(|waiting| waiting == name)?;
        let mut bytes = 0;
        let fitting = names[from..].iter().take(MOST).take_while(|name| {
            bytes += name.len();
            bytes <= MOST_BYTES.max(name.len())
        });
        let count = fitting.count();
        Some(names.drain(from..from + count).collect())
    }
}
