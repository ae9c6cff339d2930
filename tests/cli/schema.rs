//! Each command's JSON fits the schema that docs/output.md names for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use acpctl::testing::cli;
use serde_json::{Value, json};

use crate::support::apiserver::{ADMIN, ApiServer};
use crate::support::run::Run as _;
use crate::support::server::{Scripted, json as answer, raw};
use crate::support::{ID, SAMPLE, TestEnv, sample, schema};

/// The rows of the table in docs/output.md: each command with its schema.
fn documented() -> BTreeMap<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/output.md");
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let (command, schema) = line.strip_prefix("| `")?.split_once("` | [")?;
        let (schema, _) = schema.split_once("](schema/")?;
        Some((command.to_owned(), schema.to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// The commands with `-o FORMAT`.
fn commands(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    let is_format = |arg: &clap::Arg| {
        let values = arg.get_value_names().unwrap_or_default();
        arg.get_id() == "output" && values.iter().any(|name| name.as_str() == "FORMAT")
    };
    if command.get_arguments().any(is_format) {
        found.insert(path.trim().to_owned());
    }
    for sub in command.get_subcommands() {
        commands(sub, &format!("{path} {}", sub.get_name()), found);
    }
}

/// Lines of one life on the embedded API, in this order. `%S` stands for the newest session, `%M` for the message.
const LINES: &[&str] = &[
    "version",
    "whoami",
    "doctor",
    "config set project team-a",
    "config get project",
    "config path",
    "config view",
    "config unset project",
    "config set-context staging --server https://staging.example.org",
    "config use-context local",
    "config rename-context staging test",
    "config get-contexts",
    "config delete-context test",
    // What follows `--` is the alias's, so the flag stands before it.
    "alias set creds -o json -- credential list",
    "alias list",
    "alias delete creds",
    "api GET /projects",
    "create project --name team-a",
    "project set team-a",
    "project current",
    "project update team-a --description x",
    "project list",
    "project create --name team-b",
    "api POST /users -f name=alice -f username=alice",
    "project transfer team-b --to alice --yes",
    "project delete --name team-b",
    "project set team-a",
    "edit project team-a",
    "agent create --name lead --prompt hi",
    "agent get lead",
    "agent export lead",
    "agent list",
    "agent update lead --prompt there",
    "agent start-preview lead",
    "agent start lead",
    "agent sessions lead",
    "session send %S hello",
    "session messages %S",
    "session events-history %S",
    "session logs %S",
    "agent stop lead",
    "start lead",
    "stop %S",
    "get sessions",
    "get roles",
    "get users",
    "get role-bindings",
    "get project team-a",
    "describe project team-a",
    "describe session %S",
    "credential validate SAMPLE",
    "credential validate SAMPLE SAMPLE",
    "credential validate broken.yaml",
    "credential explain",
    "credential explain token-expired",
    "credential create --provider kubeconfig --name demo --from-file SAMPLE --dry-run",
    "credential create --provider kubeconfig --name demo --from-file SAMPLE",
    "credential list",
    "credential get demo",
    "credential inspect demo",
    "credential update demo --description prod",
    "credential bind demo --project team-a",
    "credential bindings demo",
    "credential scan team.yaml",
    "credential scan SAMPLE",
    "credential renew --all",
    "session explain --project team-a",
    "session preview --credential demo",
    "credential create --provider kubeconfig --name here --from-file here.yaml --allow server-loopback",
    "session probe --credential here",
    "credential token demo",
    "credential unbind demo --project team-a",
    "credential delete demo --yes",
    "credential get demo",
    "inbox send --pa-id lead --body hello",
    "inbox list --pa-id lead",
    "inbox mark-read --pa-id lead --msg-id %M",
    "inbox delete --pa-id lead --msg-id %M",
    "scheduled-session create --name nightly --agent-id lead --schedule @daily",
    "scheduled-session get nightly",
    "scheduled-session list",
    "scheduled-session update nightly --schedule @weekly",
    "scheduled-session resume nightly",
    "scheduled-session suspend nightly",
    "scheduled-session trigger nightly",
    "scheduled-session runs nightly",
    "scheduled-session delete nightly --yes",
    "application create --name app --source-repo-url https://git.example.com/a.git --source-path d --destination-project team-a",
    "application get app",
    "application list",
    "application update app --auto-sync",
    "application sync app",
    "application refresh app",
    "application delete app --yes",
    "policy create --name open --spec {\"network\":{}}",
    "policy get open",
    "policy export open",
    "policy list",
    "policy update open --labels {\"a\":\"b\"}",
    "policy delete open --yes",
    "provider create --name github --secret token",
    "provider get github",
    "provider export github",
    "provider list",
    "provider update github --type gitlab",
    "provider delete github --yes",
    "get clusters",
    "apply -f team.yaml",
    "local import team.yaml",
    "delete sessions --all --yes",
    "agent delete lead --yes",
    "delete project team-a --yes",
    "local backup store.db",
    "local restore store.db --yes",
    "local rekey --dry-run",
    "local rekey",
    "config unset project",
    // With the embedded API, a logout keeps the login of a server, so it comes first.
    "logout",
    "login http://127.0.0.1:1 --token a-token-of-nobody-0123456789",
];

/// Commands whose success needs more than the embedded API: two have tests of their own below.
const NEED_A_SERVER: &[&str] = &[
    "credential revoke",
    "session interrupt",
    "session policy",
    "wait",
];

#[test]
fn every_command_with_json_has_a_schema() {
    let documented = documented();
    let mut found = BTreeSet::new();
    commands(&cli::tree(), "", &mut found);
    let rows: BTreeSet<String> = documented.keys().cloned().collect();
    assert_eq!(found, rows, "the table in docs/output.md");
    let tried = |command: &String| {
        let is_line = |line: &&str| format!("{line} ").starts_with(&format!("{command} "));
        LINES.iter().any(is_line) || NEED_A_SERVER.contains(&command.as_str())
    };
    let untried: Vec<&String> = rows.iter().filter(|command| !tried(command)).collect();
    assert!(untried.is_empty(), "no line runs {untried:?}");
    for schema in documented.values() {
        schema::read(&format!("{schema}.json"));
    }
}

#[test]
fn what_commands_print_fits_their_schemas() {
    let documented = documented();
    let env = TestEnv::new();
    env.file("broken.yaml", "kind: Config\nclusters: 3\n");
    let address = "https://api.sample-cluster.example.net:6443";
    env.file(
        "here.yaml",
        sample().replace(address, "https://127.0.0.1:1"),
    );
    env.file("team.yaml", "kind: Project\nname: web\n");
    let run = |words: &[&str]| {
        let mut command = env.acpctl();
        // The embedded API has no login that could be removed.
        let is_local = words != ["logout"];
        command
            .args(is_local.then_some("--local"))
            .args(words)
            .args(["-o", "json"])
            .env("EDITOR", "true")
            .told()
    };
    let mut failed = Vec::new();
    let (mut session, mut message) = (String::new(), String::new());
    for line in LINES {
        let line = line
            .replace("%S", &session)
            .replace("%M", &message)
            .replace("SAMPLE", SAMPLE);
        let words: Vec<&str> = line.split(' ').collect();
        let (status, stdout, stderr) = run(&words);
        let value: Value = match serde_json::from_str(&stdout) {
            Ok(value) => value,
            Err(error) => panic!("{line}: {error}: {status:?} {stdout:?} {stderr}"),
        };
        let command = documented
            .iter()
            .filter(|(command, _)| format!("{line} ").starts_with(&format!("{command} ")))
            .max_by_key(|(command, _)| command.len());
        let is_failure = value.get("error").is_some() && value.get("checks").is_none();
        let schema = match command {
            Some((_, schema)) if !is_failure => schema.as_str(),
            _ => "error",
        };
        for fault in schema::faults(schema, &value) {
            failed.push(format!("{line}: {schema}: {fault}"));
        }
        if is_failure && !line.starts_with("credential get demo") {
            failed.push(format!("{line}: {stderr}"));
        }
        match value["kind"].as_str() {
            Some("Session") => session = value["id"].as_str().unwrap().to_owned(),
            Some("InboxMessage") => message = value["id"].as_str().unwrap().to_owned(),
            _ => {}
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_needs_a_cluster_fits_too() {
    let env = TestEnv::new();
    let cluster = ApiServer::start();
    let file = env.file(
        "kubeconfig",
        cluster.kubeconfig_of(&format!("{{token: {ADMIN}}}")),
    );
    for (line, schema) in [
        (
            "credential create --mint view --name prod --context dev --yes",
            "stored-credential",
        ),
        ("credential renew prod", "renewals"),
        ("credential renew --all --expiring-within 1m", "renewals"),
        ("credential revoke prod --dry-run", "revocation"),
        ("credential revoke prod --yes", "credential"),
    ] {
        let mut command = env.local();
        command
            .env("KUBECONFIG", &file)
            .args(line.split(' '))
            .args(["-o", "json"]);
        let (status, stdout, stderr) = command.told();
        let value: Value = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{line}: {error}: {status:?} {stdout:?} {stderr}"));
        assert_eq!(schema::faults(schema, &value), [""; 0], "{line}: {stderr}");
        assert_ne!(value, json!([]), "{line}");
    }
}

#[test]
fn the_policy_of_a_sandbox_fits_too() {
    let env = TestEnv::new();
    let session = json!({"kind": "Session", "id": ID, "name": "fix"});
    let server = Scripted::with(move |asked| {
        if asked.line().ends_with("/policy") {
            raw(200, "text/plain", "network: none\n")
        } else {
            answer(200, &session)
        }
    });
    let mut command = env.connected(server.url());
    command.args(["session", "policy", ID, "-o", "json"]);
    let (_, stdout, stderr) = command.told();
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        schema::faults("sandbox-policy", &value),
        [""; 0],
        "{stderr}"
    );
}

#[test]
fn a_schema_refuses_what_does_not_fit() {
    let good = json!({"key": "project", "value": null});
    assert!(schema::faults("setting", &good).is_empty());
    for bad in [
        json!({"key": "project"}),
        json!({"key": 1, "value": null}),
        json!({"key": "project", "value": null, "more": 1}),
        json!(["project"]),
    ] {
        assert!(!schema::faults("setting", &bad).is_empty(), "{bad}");
    }
    let list =
        json!({"kind": "ProjectList", "page": 1, "size": 1, "total": 1, "items": [{"id": 3}]});
    assert_eq!(schema::faults("project-list", &list).len(), 2);
}
