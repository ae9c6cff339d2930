//! Every command that asks the server, but those whose faults are elsewhere ([`ELSEWHERE`]), against each fault of
//! the table in `faults.rs`: exit code, message, nothing on standard output, one request.

use std::sync::Mutex;

use acpctl::testing::cli;

use crate::faults::{FAULTS, Fault};
use crate::support::server::Scripted;
use crate::support::{TOKEN, TestEnv, streams};

/// The command line, split at blanks, and what its errors begin with.
const COMMANDS: &[(&str, &str)] = &[
    ("get sessions", "list sessions: "),
    ("get session x", "get session \"x\": "),
    ("get projects", "list projects: "),
    ("get project x", "get project \"x\": "),
    ("get agents", "list agents: "),
    ("get pa x --project-id p", "get agent \"x\": "),
    (
        "get sessions --project-agent a --project-id p",
        "list sessions for agent \"a\": ",
    ),
    ("get ps", "list project-settings: "),
    ("get user x", "get user \"x\": "),
    ("get roles", "list roles: "),
    ("get rb", "list role-bindings: "),
    ("get creds", "list credentials: "),
    ("get app x", "get application \"x\": "),
    ("create project --name n", "create project: "),
    ("create agent --name n --project-id p", "create agent: "),
    ("create role --name n", "create role: "),
    (
        "create rb --role-id r --scope global",
        "create role-binding: --role-id \"r\": ",
    ),
    (
        "create app --name n --source-repo-url u --source-path p --destination-project d",
        "create application: ",
    ),
    ("delete session x -y", "delete session \"x\": "),
    ("delete agent x -y", "delete agent \"x\": "),
    ("delete sessions --all -y", "list sessions: "),
    ("describe role x", "describe role \"x\": "),
    ("describe agent x", "describe agent \"x\": "),
    ("edit app x", "edit application \"x\": "),
    ("api GET /projects", "GET /projects: "),
    ("start x --project-id p", "start agent \"x\": "),
    ("stop x", "stop session \"x\": "),
    ("agent list", "list agents: "),
    ("agent create --name n", "create agent: "),
    ("agent start --all", "list agents: "),
    ("agent stop --all", "list agents: "),
    (
        "inbox list --project-id p --pa-id a",
        "list inbox messages: ",
    ),
    (
        "inbox send --project-id p --pa-id a --body b",
        "send inbox message: ",
    ),
    (
        "inbox mark-read --project-id p --pa-id a --msg-id m",
        "mark-read inbox message: ",
    ),
    (
        "inbox delete --project-id p --pa-id a --msg-id m",
        "delete inbox message: ",
    ),
    ("project list", "list projects: "),
    ("project create --name n", "create project: "),
    ("project update x --name n", "update project: "),
    ("session messages x", "list messages: "),
    ("session send x hi", "send message: "),
    ("session interrupt x", "interrupt session \"x\": "),
    ("wait x", "get session \"x\": "),
    ("application list", "list applications: "),
    ("application get x", "get application \"x\": "),
    (
        "application create --name n --source-repo-url u --source-path p --destination-project d",
        "create application: ",
    ),
    (
        "application update x --source-path s",
        "update application: ",
    ),
    ("application delete x --yes", "delete application: "),
    ("application sync x", "sync application: "),
    ("application refresh x", "refresh application: "),
    ("scheduled-session list", "list scheduled sessions: "),
    (
        "scheduled-session create --name n --schedule @daily",
        "create scheduled session: ",
    ),
    ("get providers", "list providers: "),
    ("get policy x", "get policy \"x\": "),
    ("get clusters", "list clusters: "),
    ("get sessions --count", "count sessions: "),
    ("create provider --name n", "create provider: "),
    (
        "create cluster --name n --api-server-url u --role workload",
        "create cluster: ",
    ),
    ("provider list", "list providers: "),
    ("provider update x --type t", "update provider: "),
    ("policy list", "list policies: "),
    ("policy update x --spec {}", "update policy: "),
    ("project transfer x --to u -y", "transfer project: "),
    ("session events-history x", "list events: "),
    ("session logs x", "get sandbox logs: "),
    ("session policy x", "get sandbox policy: "),
];

/// Commands that look a name up first, or read a 404 in a way of their own: their errors begin so, and
/// this is the whole message of a 404.
const LOOKUPS: &[(&str, &str, &str)] = &[
    (
        "create session --name n",
        "create session: ",
        "project \"p\" does not exist; run 'acpctl project <name>' to switch projects",
    ),
    ("project set x", PROJECT, NO_PROJECT),
    ("project x", PROJECT, NO_PROJECT),
    (
        "agent get x",
        "get agent \"x\": ",
        "get agent \"x\": ambient API error 404: ambient-api-server-7 — Credential with id='x' not found",
    ),
    (
        "agent export x",
        "get agent \"x\": ",
        "get agent \"x\": ambient API error 404: ambient-api-server-7 — Credential with id='x' not found",
    ),
    (
        "provider create --name n",
        "create provider: ",
        "create provider: ambient API error 404: ambient-api-server-7 — Credential with id='x' not found",
    ),
    (
        "policy create --name n",
        "create policy: ",
        "create policy: ambient API error 404: ambient-api-server-7 — Credential with id='x' not found",
    ),
    (
        "provider get x",
        "get provider \"x\": ",
        "get provider \"x\": provider \"x\" not found in project \"p\"",
    ),
    (
        "provider export x",
        "get provider \"x\": ",
        "get provider \"x\": provider \"x\" not found in project \"p\"",
    ),
    (
        "provider delete x --yes",
        "delete provider: ",
        "delete provider: provider \"x\" not found in project \"p\"",
    ),
    (
        "policy get x",
        "get policy \"x\": ",
        "get policy \"x\": policy \"x\" not found in project \"p\"",
    ),
    (
        "policy export x",
        "get policy \"x\": ",
        "get policy \"x\": policy \"x\" not found in project \"p\"",
    ),
    (
        "policy delete x --yes",
        "delete policy: ",
        "delete policy: policy \"x\" not found in project \"p\"",
    ),
    (
        "project delete --name x",
        "delete project: ",
        "project \"x\" not found",
    ),
    ("agent update x --name n", AGENT, NO_AGENT),
    ("agent delete x --yes", AGENT, NO_AGENT),
    ("agent start x", AGENT, NO_AGENT),
    ("agent stop x", AGENT, NO_AGENT),
    ("agent start-preview x", AGENT, NO_AGENT),
    ("agent sessions x", AGENT, NO_AGENT),
    (
        "scheduled-session get x",
        "get scheduled session \"x\": ",
        "get scheduled session \"x\": scheduled session \"x\" not found in project \"p\"",
    ),
    ("scheduled-session update x --name n", SCHEDULE, NO_SCHEDULE),
    ("scheduled-session delete x --yes", SCHEDULE, NO_SCHEDULE),
    ("scheduled-session suspend x", SCHEDULE, NO_SCHEDULE),
    ("scheduled-session resume x", SCHEDULE, NO_SCHEDULE),
    ("scheduled-session trigger x", SCHEDULE, NO_SCHEDULE),
    ("scheduled-session runs x", SCHEDULE, NO_SCHEDULE),
    ("session explain", SESSION_PROJECT, NO_SESSION_PROJECT),
    ("session preview", SESSION_PROJECT, NO_SESSION_PROJECT),
    ("session exec -- true", SESSION_PROJECT, NO_SESSION_PROJECT),
    ("session probe", SESSION_PROJECT, NO_SESSION_PROJECT),
];

/// Commands that say one fault in words of their own: the whole message.
const OWN_WORDS: &[(&str, &str, &str)] = &[(
    "project create --name n",
    "409",
    "project \"n\" already exists",
)];

const AGENT_FIRST: [&str; 2] = [
    "GET /projects/p/agents?search=name+%3D+%27n%27",
    "POST /projects/p/agents",
];

/// Commands that look for their name, so that it is not taken twice, and create it where a 404 says that it is free:
/// all requests after a 404.
const SEARCH_FIRST: &[(&str, [&str; 2])] = &[
    ("create agent --name n --project-id p", AGENT_FIRST),
    ("agent create --name n", AGENT_FIRST),
    (
        "provider create --name n",
        [
            "GET /projects/p/providers?search=name+%3D+%27n%27",
            "POST /projects/p/providers",
        ],
    ),
    (
        "policy create --name n",
        [
            "GET /projects/p/policies?search=name+%3D+%27n%27",
            "POST /projects/p/policies",
        ],
    ),
];

/// The commands, or the nouns, that need no row here, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("alias", "asks nobody"),
    ("ambient", "screen: its last line tells what is wrong"),
    ("apply", "apply.rs: killed and failing at each request"),
    ("completion", "asks nobody"),
    ("config", "asks nobody"),
    ("credential", "faults.rs and docs/faults.md"),
    ("exec", "session.rs: the same as session exec"),
    ("doctor", "terminal.rs: its answer is what is wrong"),
    ("help", "asks nobody"),
    ("local", "local.rs: the store alone"),
    ("login", "account.rs: issuers, not the platform"),
    ("logout", "asks nobody"),
    ("options", "asks nobody"),
    ("project current", "asks nobody"),
    ("serve", "tests/server: it is the server"),
    ("session events", "stream.rs: streams that break"),
    ("session mcp-config", "asks nobody"),
    ("version", "account.rs: a server that fails is no failure"),
    ("whoami", "asks nobody"),
];

const PROJECT: &str = "failed to get project \"x\": ";
const NO_PROJECT: &str = "project \"x\" does not exist";
const SESSION_PROJECT: &str = "get project \"p\": ";
const NO_SESSION_PROJECT: &str = "get project \"p\": ambient API error 404: \
     ambient-api-server-7 — Credential with id='x' not found";
const AGENT: &str = "resolve agent \"x\": ";
const NO_AGENT: &str = "agent \"x\" not found in project \"p\"";
const SCHEDULE: &str = "resolve scheduled session \"x\": ";
const NO_SCHEDULE: &str = "scheduled session \"x\" not found in project \"p\"";

#[test]
fn every_command_survives_every_fault() {
    let cases: Vec<_> = FAULTS
        .iter()
        .flat_map(|fault| {
            let plain = COMMANDS.iter().map(|(line, prefix)| (*line, *prefix, None));
            let lookups = LOOKUPS
                .iter()
                .map(|(line, prefix, missing)| (*line, *prefix, Some(*missing)));
            plain.chain(lookups).map(move |case| (fault, case))
        })
        .collect();
    let wrong = &Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for chunk in cases.chunks(cases.len().div_ceil(4)) {
            scope.spawn(move || {
                let env = TestEnv::new();
                for (fault, (line, prefix, missing)) in chunk {
                    if let Err(why) = check(&env, fault, line, prefix, *missing) {
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{line} on {}: {why}", fault.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(
    env: &TestEnv,
    fault: &'static Fault,
    line: &str,
    prefix: &str,
    missing: Option<&str>,
) -> Result<(), String> {
    let server = Scripted::with(|_| (fault.reply)());
    let limit = if fault.name == "hang" { "300ms" } else { "30s" };
    let output = env
        .connected(server.url())
        .env("AMBIENT_PROJECT", "p")
        .args(["--retries", "0", "--request-timeout", limit, "--trace"])
        .args(line.split(' '))
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let error = stderr
        .lines()
        .find_map(|line| line.strip_prefix("Error: "))
        .unwrap_or_default();
    let own_words = OWN_WORDS
        .iter()
        .find(|(of, on, _)| *of == line && *on == fault.name)
        .map(|(_, _, message)| *message);
    let looked_up = missing.filter(|_| fault.name == "404");
    let as_expected = match looked_up.or(own_words) {
        Some(message) => error == message,
        None => error.starts_with(prefix) && error.ends_with(fault.message),
    };
    if output.status.code() != Some(fault.code) {
        return Err(format!("exit {:?}: {stderr}", output.status.code()));
    }
    if !as_expected {
        return Err(error.to_owned());
    }
    if !stdout.is_empty() {
        return Err(format!("on standard output: {stdout}"));
    }
    // What is not known as an id may be a name: after such a refusal there are look-ups, and nothing else.
    let may_be_a_name = matches!(fault.name, "403" | "404");
    let lines = server.lines();
    let only_reads = lines.iter().skip(1).all(|line| line.starts_with("GET /"));
    let search_first = SEARCH_FIRST.iter().find(|(of, _)| *of == line);
    let requests_fit = match search_first {
        Some((_, requests)) if fault.name == "404" => lines == requests,
        _ => lines.len() == 1 || lines.len() > 1 && may_be_a_name && only_reads,
    };
    if !requests_fit {
        return Err(format!("requests: {lines:?}"));
    }
    if stderr.contains(TOKEN) {
        return Err("shows the token".to_owned());
    }
    Ok(())
}

/// The words that lead to each command that runs.
pub fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let path = format!("{path} {}", sub.get_name());
        if sub.has_subcommands() {
            leaves(sub, &path, found);
        } else {
            found.push(path.trim().to_owned());
        }
    }
}

#[test]
fn every_command_has_a_row_or_a_reason() {
    let mut commands = Vec::new();
    leaves(&cli::tree(), "", &mut commands);
    assert!(commands.len() > 60, "{commands:?}");
    let begins = |line: &str, words: &str| line == words || line.starts_with(&format!("{words} "));
    let lines: Vec<&str> = COMMANDS
        .iter()
        .map(|(line, _)| *line)
        .chain(LOOKUPS.iter().map(|(line, _, _)| *line))
        .collect();
    for command in &commands {
        let has_row = lines.iter().any(|line| begins(line, command));
        let has_reason = ELSEWHERE.iter().any(|(words, _)| begins(command, words));
        assert!(
            has_row != has_reason,
            "{command}: a row {has_row}, a reason {has_reason}"
        );
    }
    for (words, reason) in ELSEWHERE {
        assert!(
            commands.iter().any(|command| begins(command, words)),
            "{words} ({reason})"
        );
    }
}
