//! A recorded run, made again: the same words, files and answers, with today's times in them.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::server::{Received, Reply, raw};

pub fn items(case: &Value, key: &str) -> Vec<Value> {
    case[key].as_array().cloned().unwrap_or_default()
}

pub fn run(env: &TestEnv, case: &Value) -> (Option<i32>, String, String, Value) {
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

/// The document that is asked for before a request to an issuer.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The recorded answer to a request: first one with the same query, then one with the same path.
pub fn answer(rows: &mut [Value], received: &Received, names: &[(&str, String)]) -> Option<Reply> {
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
pub fn unrecorded(rows: &[Value], received: &Received, deletes: bool) -> Reply {
    let path = received.target.split('?').next().unwrap_or_default();
    // The Go tool assumes Keycloak's addresses; an issuer without this document is taken for one.
    if path.ends_with(DISCOVERY) {
        return raw(404, "text/plain", "");
    }
    let is_above = |row: &Value| {
        let recorded = row["request"]["path"].as_str().unwrap_or_default();
        recorded.starts_with(&format!("{path}/"))
    };
    let json = |body: Value| raw(200, "application/json", body.to_string());
    let is_made = |row: &Value| {
        let recorded = row["request"]["path"].as_str().unwrap_or_default();
        row["request"]["method"] == "POST" && recorded.ends_with("/agents")
    };
    let makes = !deletes && rows.iter().any(is_made);
    let above = path.rsplit_once('/').map_or("", |(above, _)| above);
    let is_it = |row: &&Value| {
        let (_, id) = path.rsplit_once('/').unwrap_or_default();
        let recorded = row["request"]["path"].as_str().unwrap_or_default();
        let is_beside = recorded.rsplit_once('/').map(|(above, _)| above) == Some(above);
        is_beside && row["response"]["body"]["id"] == id
    };
    match received.method.as_str() {
        // What the server has found by a name is read again by its ID.
        "GET" if rows.iter().any(|row| is_it(&row)) => {
            let row = rows.iter().find(is_it);
            json(row.map_or(Value::Null, |row| row["response"]["body"].clone()))
        }
        // Before an agent is created, its name and its project are looked up.
        "GET" if makes && above.ends_with("/projects") => {
            let id = path.rsplit('/').next().unwrap_or_default();
            json(json!({"id": id, "name": id}))
        }
        "GET" if makes && path.ends_with("/agents") => {
            json(json!({"items": [], "page": 1, "size": 0, "total": 0}))
        }
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

pub fn brief_received(received: &Received) -> Value {
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

pub fn brief_recorded(request: &Value) -> Value {
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

pub fn brief(
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
pub fn fill(value: &Value, names: &[(&str, String)]) -> Value {
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
pub fn ages(text: &str) -> String {
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
