//! A platform in memory, as far as `apply` uses it: collections of objects, with search by name.
//! Ids follow from names, so that two runs that do the same leave the same.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Mutex;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::server::{self, Received, Reply};

/// The objects of each collection, by its path.
pub type State = BTreeMap<String, Vec<Value>>;

#[derive(Default)]
pub struct Platform {
    state: Mutex<State>,
}

impl Platform {
    /// One that has these objects in a collection.
    pub fn with(collection: &str, objects: &[Value]) -> Self {
        let platform = Self::default();
        let mut state = platform.state.lock().unwrap();
        state.insert(collection.to_owned(), objects.to_vec());
        drop(state);
        platform
    }

    /// A server that has the objects of several collections.
    pub fn serve(state: State) -> server::Scripted {
        let platform = Self {
            state: Mutex::new(state),
        };
        server::Scripted::with(move |request| platform.reply(request))
    }

    pub fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }

    pub fn reply(&self, request: &Received) -> Reply {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_object = path.matches('/').count() % 2 == 0;
        match request.method.as_str() {
            "GET" if path == "/roles" => server::list([
                json!({"id": "R1", "name": "credential:viewer"}),
                json!({"id": "R0", "name": "credential:owner"}),
            ]),
            "GET" if is_object => self.get(path),
            "GET" => self.search(path, query),
            "POST" => self.create(path, request.json()),
            "PATCH" => self.change(path, &request.json()),
            "DELETE" => self.delete(path),
            _ => missing(),
        }
    }

    fn get(&self, path: &str) -> Reply {
        let (collection, id) = path.rsplit_once('/').unwrap();
        let state = self.state.lock().unwrap();
        let found = state
            .get(collection)
            .and_then(|objects| objects.iter().find(|object| object["id"] == id));
        found.map_or_else(missing, |object| server::json(200, &without_token(object)))
    }

    fn search(&self, collection: &str, query: &str) -> Reply {
        let wanted = form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == "search")
            .map(|(_, search)| {
                let (field, values) = search
                    .split_once(" = ")
                    .or_else(|| search.split_once(" in "))
                    .unwrap_or(("name", &search));
                let values = values.trim_matches(['(', ')']).split(',');
                let values = values.map(|value| value.trim_matches('\'').to_owned());
                (field.to_owned(), values.collect::<Vec<_>>())
            });
        let state = self.state.lock().unwrap();
        let objects = state.get(collection).cloned().unwrap_or_default();
        let found = objects.iter().filter(|object| {
            let fits = |(field, values): &(String, Vec<String>)| {
                values.iter().any(|value| object[field] == **value)
            };
            wanted.as_ref().is_none_or(fits)
        });
        server::list(found.map(without_token).collect::<Vec<_>>())
    }

    fn create(&self, collection: &str, mut object: Value) -> Reply {
        let id = match (collection, object["name"].as_str()) {
            ("/projects", Some(name)) => name.to_owned(),
            (_, Some(name)) => format!("id-of-{name}"),
            _ => format!("id-{:x}", hash(&object)),
        };
        object["id"] = id.into();
        let mut state = self.state.lock().unwrap();
        let objects = state.entry(collection.to_owned()).or_default();
        objects.push(object.clone());
        server::json(201, &without_token(&object))
    }

    fn change(&self, path: &str, changes: &Value) -> Reply {
        let (collection, id) = path.rsplit_once('/').unwrap();
        let mut state = self.state.lock().unwrap();
        let objects = state.get_mut(collection).into_iter().flatten();
        let Some(object) = objects.into_iter().find(|object| object["id"] == id) else {
            return missing();
        };
        for (key, value) in changes.as_object().unwrap() {
            object[key] = value.clone();
        }
        server::json(200, &without_token(object))
    }

    fn delete(&self, path: &str) -> Reply {
        let (collection, id) = path.rsplit_once('/').unwrap();
        let mut state = self.state.lock().unwrap();
        if let Some(objects) = state.get_mut(collection) {
            objects.retain(|object| object["id"] != id);
        }
        server::raw(204, "application/json", "")
    }
}

/// The same number for the same object in every run.
fn hash(object: &Value) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    object.to_string().hash(&mut hasher);
    hasher.finish()
}

fn missing() -> Reply {
    server::error(404, "ambient-api-server-7", "not found")
}

fn without_token(object: &Value) -> Value {
    let mut shown = object.clone();
    shown.as_object_mut().unwrap().remove("token");
    shown
}
