//! By id or by name: the same for every noun and verb; what is not there is never reported as done.

mod names;
mod rights;
mod verbs;

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::server::{Received, Reply, Scripted, json as answer, list, raw};
use crate::support::{TestEnv, streams};

/// A platform with role bindings enforced, as an ordinary user sees it: what does not exist is 404 to a read and 403
/// without a code to a change; the deletion of anything else is 204.
#[derive(Default)]
struct Platform {
    objects: Mutex<BTreeMap<String, Value>>,
}

impl Platform {
    fn with(objects: &[(&str, Value)]) -> Self {
        let objects = objects
            .iter()
            .map(|(collection, object)| {
                let id = object["id"].as_str().unwrap();
                (format!("{collection}/{id}"), object.clone())
            })
            .collect();
        Self {
            objects: Mutex::new(objects),
        }
    }

    fn reply(&self, request: &Received) -> Reply {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut objects = self.objects.lock().unwrap();
        if let ("POST", Some(application)) = (request.method.as_str(), path.strip_suffix("/sync"))
            && let Some(object) = objects.get_mut(application)
        {
            object["operation_phase"] = "Running".into();
            return answer(200, object);
        }
        if let Some(object) = objects.get_mut(path) {
            return match request.method.as_str() {
                "GET" => answer(200, object),
                "DELETE" => {
                    objects.remove(path);
                    raw(204, "application/json", "")
                }
                _ => {
                    for (key, value) in request.json().as_object().unwrap() {
                        object[key] = value.clone();
                    }
                    answer(200, object)
                }
            };
        }
        let is_list = path.split('/').count() % 2 == 0;
        match request.method.as_str() {
            "GET" if is_list => {
                let wanted = url::form_urlencoded::parse(query.as_bytes())
                    .find(|(key, _)| key == "search")
                    .map(|(_, search)| {
                        let value = search.split_once(" = '").unwrap().1;
                        value.strip_suffix('\'').unwrap().replace("''", "'")
                    });
                let items: Vec<Value> = objects
                    .iter()
                    .filter(|(place, _)| place.rsplit_once('/').unwrap().0 == path)
                    .map(|(_, object)| object)
                    .filter(|object| {
                        wanted.as_ref().is_none_or(|name| {
                            object["name"] == **name || object["username"] == **name
                        })
                    })
                    .cloned()
                    .collect();
                list(items)
            }
            "GET" => answer(404, &json!({"kind": "Error", "reason": "Not Found"})),
            "DELETE" => raw(204, "application/json", ""),
            _ => answer(403, &json!({"kind": "Error", "reason": "Forbidden"})),
        }
    }

    fn serve(self) -> Scripted {
        Scripted::with(move |request| self.reply(request))
    }
}

/// Runs a line, split at blanks, with the project `demo`; gives status, output and errors.
fn run(env: &TestEnv, server: &Scripted, line: &str) -> (i32, String, String) {
    let output = env
        .connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .args(line.split(' '))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code().unwrap(), stdout, stderr)
}

fn changes(server: &Scripted) -> Vec<String> {
    let lines = server.lines().into_iter();
    lines.filter(|line| !line.starts_with("GET ")).collect()
}

/// One object of every kind, each with this name, and the verbs that take it.
fn everything(name: &str) -> Platform {
    let object = |id: &str| json!({"id": id, "name": name, "project_id": "demo"});
    Platform::with(&[
        ("/credentials", object("c1")),
        ("/projects/demo/agents", object("a1")),
        ("/projects/demo/scheduled-sessions", object("ss1")),
        ("/projects", object("p1")),
        ("/roles", object("r1")),
        ("/applications", object("app1")),
        ("/sessions", object("s1")),
        (
            "/users",
            json!({"id": "u1", "username": name, "name": "A User"}),
        ),
    ])
}
