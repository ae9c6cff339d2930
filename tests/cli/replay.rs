//! Recorded runs of the Go tool, replayed: exit status, both streams, requests, configuration.
//!
//! Each deliberate difference is a row of docs/compatibility.md. Those that many runs show are rules ([`rules`]). A run
//! that differs beyond the rules and is not listed fails, and so does a listed run that does not differ any more.

mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use self::rules::RULES;
use crate::support::TestEnv;
use crate::support::server::{Received, Reply, Scripted, raw};

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

fn items(case: &Value, key: &str) -> Vec<Value> {
    case[key].as_array().cloned().unwrap_or_default()
}

fn run(env: &TestEnv, case: &Value) -> (Option<i32>, String, String, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acpctl"));
    command
        .env_clear()
        .current_dir(env.work())
        .envs(env.variables());
    for (key, value) in case["env"].as_object().into_iter().flatten() {
        command.env(
            key,
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        );
    }
    let named = case["env"]["AMBIENT_CONFIG"]
        .as_str()
        .map(|path| env.work().join(path));
    let config_path = named.clone().unwrap_or_else(|| env.config_path());
    if let Some(config) = case.get("config").filter(|config| !config.is_null()) {
        std::fs::create_dir_all(config_path.parent().unwrap()).unwrap();
        std::fs::write(
            &config_path,
            config
                .as_str()
                .map_or_else(|| config.to_string(), str::to_owned),
        )
        .unwrap();
    }
    for (name, text) in case["files"].as_object().into_iter().flatten() {
        env.file(
            name,
            text.as_str()
                .map_or_else(|| text.to_string(), str::to_owned),
        );
    }
    command.args(
        items(case, "args")
            .iter()
            .map(|arg| arg.as_str().unwrap().to_owned()),
    );
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let stdin = case["stdin"].as_str();
    command.stdin(if stdin.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    let mut child = command.spawn().unwrap();
    if let (Some(text), Some(mut pipe)) = (stdin, child.stdin.take()) {
        // A program that does not read its input may end before it is written.
        let _ = pipe.write_all(text.as_bytes());
    }
    let interrupt = case["sigint_after_s"].as_f64();
    let pid = rustix::process::Pid::from_child(&child);
    let (done, waiting) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        // Woken by the end of the run; the limits only matter for runs that do not end by themselves.
        let first = Duration::from_secs_f64(interrupt.unwrap_or(20.0));
        let signal = if interrupt.is_some() {
            rustix::process::Signal::INT
        } else {
            rustix::process::Signal::KILL
        };
        for (limit, signal) in [
            (first, signal),
            (Duration::from_secs(20), rustix::process::Signal::KILL),
        ] {
            if waiting.recv_timeout(limit) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                return;
            }
            let _ = rustix::process::kill_process(pid, signal);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watchdog.join().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let config = [named, Some(env.config_path())]
        .into_iter()
        .flatten()
        .find_map(|path| std::fs::read_to_string(path).ok());
    let config = config.map_or(Value::Null, |text| {
        serde_json::from_str(&text).unwrap_or(Value::from(text))
    });
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
        config,
    )
}

/// The recorded answer to a request: first one with the same query, then one with the same path.
fn answer(rows: &mut [Value], received: &Received, names: &[(&str, String)]) -> Option<Reply> {
    let seen = brief_received(received);
    let fits = |row: &Value, exact: bool| {
        let want = brief_recorded(&fill(&row["request"], names));
        want["method"] == seen["method"]
            && want["path"] == seen["path"]
            && (!exact || want["query"] == seen["query"])
    };
    let fresh = [true, false].into_iter().find_map(|exact| {
        rows.iter()
            .position(|row| row["used"] == json!(false) && fits(row, exact))
    });
    let found = fresh.or_else(|| rows.iter().position(|row| fits(row, false)));
    let at = found?;
    rows[at]["used"] = json!(true);
    let response = fill(&rows[at]["response"], names);
    let body = match &response["body"] {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    };
    let note = response["note"].as_str().unwrap_or_default();
    let status = u16::try_from(response["status"].as_u64().unwrap_or(0)).unwrap();
    if status == 0 || response["drop_connection"] == json!(true) {
        return Some(Reply::Close);
    }
    let mut headers: Vec<(&'static str, String)> = Vec::new();
    let recorded = |name: &str| {
        response["headers"]
            .as_object()
            .and_then(|all| all.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned)
    };
    for name in ["Location", "Retry-After"] {
        if let Some(value) = recorded(name) {
            headers.push((name, value));
        }
    }
    let content_type = recorded("Content-Type").unwrap_or_else(|| "application/json".to_owned());
    if note.contains("held open") || note.contains("dropped") {
        return Some(Reply::Stream {
            content_type,
            body,
            held: note.contains("held open"),
        });
    }
    headers.push(("Content-Type", content_type));
    Some(Reply::Answer {
        status,
        headers,
        body,
    })
}

/// The answer to a request that the Go tool did not make: what is to be deleted is there, and a search finds nothing.
fn unrecorded(rows: &[Value], received: &Received, deletes: bool) -> Reply {
    let path = received.target.split('?').next().unwrap_or_default();
    let is_above = |row: &Value| {
        let recorded = row["request"]["path"].as_str().unwrap_or_default();
        recorded.starts_with(&format!("{path}/"))
    };
    let json = |body: Value| raw(200, "application/json", body.to_string());
    match received.method.as_str() {
        "GET" if rows.iter().any(is_above) => {
            json(json!({"items": [], "page": 1, "size": 0, "total": 0}))
        }
        "GET" if deletes => {
            let id = path.rsplit('/').next().unwrap_or_default();
            json(json!({"id": id, "name": id}))
        }
        _ => raw(599, "text/plain", "no recorded response for this request"),
    }
}

fn brief_received(received: &Received) -> Value {
    let (path, query) = received
        .target
        .split_once('?')
        .unwrap_or((&received.target, ""));
    brief(
        &received.method,
        path,
        query,
        &String::from_utf8_lossy(&received.body),
        |name| received.header(name).map(str::to_owned),
    )
}

fn brief_recorded(request: &Value) -> Value {
    let target = request["path"].as_str().unwrap();
    let (path, in_path) = target.split_once('?').unwrap_or((target, ""));
    let query = match &request["query"] {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                format!(
                    "{key}={}",
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect::<Vec<_>>()
            .join("&"),
        Value::String(text) if !text.is_empty() => text.clone(),
        _ => in_path.to_owned(),
    };
    let body = match &request["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let header = |name: &str| {
        request["headers"]
            .as_object()
            .and_then(|all| all.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned)
    };
    brief(
        request["method"].as_str().unwrap(),
        path,
        &query,
        &body,
        header,
    )
}

fn brief(
    method: &str,
    path: &str,
    query: &str,
    body: &str,
    header: impl Fn(&str) -> Option<String>,
) -> Value {
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    pairs.sort();
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(body).unwrap_or(Value::from(body))
    };
    json!({"method": method, "path": path, "query": pairs, "body": body, "authorization": header("Authorization"), "project": header("X-Ambient-Project")})
}

/// Replaces placeholders in texts and keys: `{{HOME}}`, `{{ago:30}}`, `{{NOW-5m}}`.
fn fill(value: &Value, names: &[(&str, String)]) -> Value {
    match value {
        Value::String(text) => Value::from(fill_text(text, names)),
        Value::Array(items) => items.iter().map(|item| fill(item, names)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (fill_text(key, names), fill(value, names)))
            .collect(),
        other => other.clone(),
    }
}

fn fill_text(text: &str, names: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else {
            break;
        };
        filled.push_str(before);
        match names.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => match moment(name) {
                Some(time) => filled.push_str(&time),
                None => filled.push_str(&format!("{{{{{name}}}}}")),
            },
        }
        rest = behind;
    }
    filled + rest
}

/// `ago:30` and `NOW-5m` as RFC 3339.
fn moment(name: &str) -> Option<String> {
    let seconds = if let Some(ago) = name.strip_prefix("ago:") {
        -ago.parse::<i64>().ok()?
    } else {
        let offset = name.strip_prefix("NOW")?;
        let (number, unit) = offset.split_at(offset.len().checked_sub(1)?);
        number.parse::<i64>().ok()?
            * match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => return None,
            }
    };
    let time = Timestamp::now().checked_add(seconds.seconds()).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Ages may move by one unit between the recording and now.
fn ages(text: &str) -> String {
    let mut plain = String::new();
    let mut digits = String::new();
    let mut word_before = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() && (!word_before || !digits.is_empty()) {
            digits.push(c);
            continue;
        }
        let ends = chars
            .peek()
            .is_none_or(|next| !next.is_alphanumeric() && *next != '_');
        if !digits.is_empty() {
            if matches!(c, 's' | 'm' | 'h' | 'd') && ends {
                plain.push('N');
            } else {
                plain.push_str(&digits);
            }
            digits.clear();
        }
        plain.push(c);
        word_before = c.is_alphanumeric() || c == '_';
    }
    plain + &digits
}
