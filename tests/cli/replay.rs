//! Recorded runs of the Go tool, replayed: exit status, both streams, requests, configuration.
//!
//! Each deliberate difference is a row of docs/compatibility.md. Those that many runs show are rules ([`rules`]). A run
//! that differs beyond the rules and is not listed fails, and so does a listed run that does not differ any more.

mod case;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use self::case::{
    DISCOVERY, ages, answer, brief_received, brief_recorded, fill, items, run, unrecorded,
};
use self::rules::RULES;
use crate::support::TestEnv;
use crate::support::server::Scripted;

/// Runs that need a terminal, TLS, a browser or gRPC: other tests cover what they show.
const SKIPPED: &[&str] = &["tty_columns", "tls", "callback", "grpc"];

#[test]
fn recorded_runs_are_the_same_but_for_the_listed_ones() {
    let cases = Arc::new(Mutex::new(cases()));
    let differing = Arc::new(Mutex::new(BTreeMap::new()));
    let used = Arc::new(Mutex::new(BTreeSet::new()));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (cases, differing) = (Arc::clone(&cases), Arc::clone(&differing));
            let used = Arc::clone(&used);
            std::thread::spawn(move || {
                loop {
                    let Some(case) = cases.lock().unwrap().pop() else {
                        return;
                    };
                    let id = case["id"].as_str().unwrap().to_owned();
                    let (recorded, here) = replay(&case);
                    let differences = beyond_rules(recorded, here, &mut used.lock().unwrap());
                    if !differences.is_empty() {
                        differing.lock().unwrap().insert(id, differences);
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    let (listed, differing) = (listed(), differing.lock().unwrap());
    let mut wrong = String::new();
    for (id, differences) in differing.iter().filter(|(id, _)| !listed.contains(*id)) {
        let _ = writeln!(wrong, "{id} differs and is not listed: {differences}");
    }
    let known: BTreeSet<String> = self::cases()
        .iter()
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect();
    for id in listed.iter().filter(|id| !differing.contains_key(*id)) {
        let why = if known.contains(id) {
            "does not differ, or only as rules allow"
        } else {
            "is no recorded run"
        };
        let _ = writeln!(wrong, "{id} is listed in docs/compatibility.md but {why}");
    }
    let (document, used) = (document(), used.lock().unwrap());
    for rule in RULES {
        if !document.contains(&format!("\n| {} |", rule.row)) {
            let _ = writeln!(wrong, "docs/compatibility.md has no row {}", rule.row);
        }
        if !used.contains(rule.row) {
            let _ = writeln!(wrong, "no run needs the rule {}", rule.row);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What differs beyond the rules, in one line; empty where nothing does. Rules that made a run the same are noted.
fn beyond_rules(mut recorded: Run, mut here: Run, used: &mut BTreeSet<&'static str>) -> String {
    let mut needed = Vec::new();
    for rule in RULES {
        let before = (recorded.clone(), here.clone());
        (rule.even)(&mut recorded, &mut here);
        if before != (recorded.clone(), here.clone()) {
            needed.push(rule.row);
        }
    }
    if recorded == here {
        used.extend(needed);
    }
    differences(&recorded, &here)
}

fn cases() -> Vec<Value> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        cases.extend(
            text.lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()),
        );
    }
    cases.retain(|case| {
        SKIPPED
            .iter()
            .all(|key| case.get(*key).is_none_or(Value::is_null))
    });
    cases.retain(|case| !waits(case) && !is_missing(case));
    cases
}

/// Runs that are about seconds passing: other tests cover time limits, in less time.
fn waits(case: &Value) -> bool {
    let slow = |value: &Value| {
        value.get("delay_s").is_some()
            || value["note"]
                .as_str()
                .is_some_and(|note| note.contains("waits "))
    };
    slow(case) || items(case, "responses").iter().any(slow) || case["id"] == "authcode-timeout"
}

/// Runs of commands that are not part of the program yet.
fn is_missing(case: &Value) -> bool {
    let first = case["args"]
        .as_array()
        .and_then(|args| args.first())
        .and_then(Value::as_str);
    first == Some("ambient")
}

fn document() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    std::fs::read_to_string(path).unwrap()
}

/// The ids in the first column of the tables in docs/compatibility.md.
fn listed() -> BTreeSet<String> {
    let text = document();
    let recorded = text
        .split("## Recorded runs that differ")
        .nth(1)
        .unwrap_or_default();
    let rows = recorded.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| {
        row.split('|')
            .nth(1)
            .unwrap()
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    })
    .collect()
}

/// A run as it was recorded, and as it is here.
fn replay(case: &Value) -> (Run, Run) {
    let env = TestEnv::new();
    let note = case["note"].as_str().unwrap_or_default();
    let refused = note.contains("nothing listens") || note.contains("refused");
    let rows: Vec<Value> = items(case, "requests")
        .into_iter()
        .zip(items(case, "responses"))
        .map(|(request, response)| json!({"request": request, "response": response, "used": false}))
        .collect();
    let rows = Mutex::new(rows);
    let names = Arc::new(Mutex::new(Vec::new()));
    let server = {
        let names = Arc::clone(&names);
        let deletes = items(case, "args").contains(&json!("delete"));
        Scripted::with(move |received| {
            let (mut rows, names) = (rows.lock().unwrap(), names.lock().unwrap());
            answer(&mut rows, received, &names)
                .unwrap_or_else(|| unrecorded(&rows, received, deletes))
        })
    };
    let url = server.url().to_owned();
    let host = url.trim_start_matches("http://").to_owned();
    let home = env.home().to_string_lossy().into_owned();
    *names.lock().unwrap() = vec![
        ("API_URL", url.clone()),
        ("SERVER", url),
        ("API_HOST", host.clone()),
        ("HOSTPORT", host),
        ("HOME", home),
    ];
    let filled = fill(case, &names.lock().unwrap());
    let server = if refused {
        drop(server);
        None
    } else {
        Some(server)
    };
    let (code, stdout, stderr, config) = run(&env, &filled);
    let requests = server
        .iter()
        .flat_map(Scripted::received)
        .filter(|received| !received.target.ends_with(DISCOVERY))
        .map(|received| brief_received(&received))
        .collect();
    let here = Run {
        is_success: code == Some(0),
        stdout: ages(&stdout),
        stderr: ages(&stderr),
        requests,
        config,
    };
    let text = |key: &str, here: &str| filled[key].as_str().map_or_else(|| here.to_owned(), ages);
    let recorded = Run {
        is_success: filled["exit"] == json!(0),
        stdout: text("stdout", &here.stdout),
        stderr: text("stderr", &here.stderr),
        requests: items(&filled, "requests")
            .iter()
            .map(brief_recorded)
            .collect(),
        config: match filled.get("config_after") {
            Some(Value::String(text)) => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
            }
            Some(after) => after.clone(),
            None => here.config.clone(),
        },
    };
    (recorded, here)
}

/// What can be seen of a run.
#[derive(Clone, PartialEq)]
struct Run {
    is_success: bool,
    stdout: String,
    stderr: String,
    requests: Vec<Value>,
    config: Value,
}

/// What differs, in one line; empty where nothing does.
fn differences(recorded: &Run, here: &Run) -> String {
    let mut different = Vec::new();
    if recorded.is_success != here.is_success {
        different.push(format!("success {}", here.is_success));
    }
    for (name, recorded, here) in [
        ("stdout", &recorded.stdout, &here.stdout),
        ("stderr", &recorded.stderr, &here.stderr),
    ] {
        if recorded != here {
            different.push(format!("{name} {here:?}"));
        }
    }
    if recorded.requests != here.requests {
        let brief = |request: &Value| {
            let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("method"), text("path"))
        };
        let requests: Vec<String> = here.requests.iter().map(brief).collect();
        different.push(format!("requests {}", requests.join(", ")));
    }
    if recorded.config != here.config {
        different.push("config".to_owned());
    }
    different.join("; ")
}
