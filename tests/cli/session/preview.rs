//! `session preview` and `explain`: what the platform's runner really does, and nothing is claimed that can't be seen.

use serde_json::{Value, json};

use crate::session::{bound, platform, route, session};
use crate::support::server::{Reply, Scripted, error, json as answer, list};
use crate::support::{TestEnv, streams};

/// A platform that hides the credentials with these ids, as one with role bindings does: lists leave them out, and
/// a request for one is answered as for something that does not exist.
fn hiding(hidden: &'static [&'static str], deleted: &'static str, bindings: Value) -> Scripted {
    Scripted::with(move |request| {
        let target = request.target.trim_start_matches("/api/ambient/v1");
        let id = target.split('/').nth(2).unwrap_or_default();
        if target.starts_with("/credentials/") && hidden.contains(&id) {
            return short(404, "Not Found");
        }
        if target.starts_with("/credentials/") && id == deleted {
            return error(
                404,
                "ambient-api-server-7",
                "Credential with id='gone' not found",
            );
        }
        if target.starts_with("/credentials?") || target == "/credentials" {
            let items: Vec<Value> = ["github", "kubeconfig", "jira"]
                .into_iter()
                .filter(|id| !hidden.contains(id))
                .map(|id| json!({"id": id, "name": id, "provider": id}))
                .collect();
            return list(items);
        }
        route(request, &bindings)
    })
}

/// An answer of the step that checks rights: it has no code.
fn short(status: u16, reason: &str) -> Reply {
    answer(status, &json!({"kind": "Error", "reason": reason}))
}

fn run(server: &Scripted, words: &[&str]) -> (Option<i32>, String, String) {
    let env = TestEnv::new();
    let output = session(&env, server, words).output().unwrap();
    let (stdout, stderr) = streams(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn what_is_bound_and_hidden_is_said_and_nothing_starts() {
    let server = hiding(
        &["kubeconfig"],
        "gone",
        json!([
            bound("kubeconfig", "team-a", "r-viewer"),
            bound("github", "", "r-viewer"),
            bound("gone", "team-a", "r-viewer"),
            bound("jira", "", "r-owner"),
        ]),
    );
    let project = ["--project", "team-a"];
    let (code, stdout, stderr) = run(&server, &[&["preview"], &project[..]].concat());
    assert_eq!(code, Some(0));
    assert!(stdout.contains("bound, not visible to you"), "{stdout}");
    assert!(!stderr.contains("no credential is bound"), "{stderr}");

    let (_, stdout, _) = run(
        &server,
        &[&["preview", "-o", "json"], &project[..]].concat(),
    );
    let preview: Value = serde_json::from_str(&stdout).unwrap();
    let shown = preview["credentials"].as_array().unwrap();
    assert_eq!(shown.len(), 2, "{stdout}");
    assert_eq!(shown[0]["credential"], "github");
    let doubt = shown[0]["warnings"].to_string();
    assert!(doubt.contains("may come first"), "{doubt}");
    assert_eq!(shown[1]["credential_id"], "kubeconfig");
    assert_eq!(shown[1]["visible"], false);
    assert!(
        shown[1]["errors"][0]
            .as_str()
            .unwrap()
            .contains("bound, not visible to you")
    );

    let (_, stdout, stderr) = run(&server, &[&["explain"], &project[..]].concat());
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{stdout}");
    assert!(
        lines[2].contains("?        project") && lines[2].contains("not visible to you"),
        "{stdout}"
    );
    assert_eq!(
        stderr,
        "1 more binding decides nothing here; --all shows it\n"
    );
    let (_, stdout, _) = run(&server, &[&["explain", "--all"], &project[..]].concat());
    assert!(
        stdout.contains("the credential was deleted")
            && stdout.contains("states the owner, grants no use"),
        "{stdout}"
    );

    for verb in [&["exec"][..], &["probe"]] {
        let command: &[&str] = if verb == ["exec"] {
            &["--", "touch", "started"]
        } else {
            &[]
        };
        let (code, _, stderr) = run(&server, &[verb, &project[..], command].concat());
        assert_eq!(code, Some(5), "{verb:?}: {stderr}");
        assert!(
            stderr.contains("nothing was started: kubeconfig: bound, not visible to you"),
            "{stderr}"
        );
    }
}

#[test]
fn what_does_not_exist_is_an_error_and_names_work_as_ids_do() {
    let mut of_agent = bound("kubeconfig", "team-a", "r-viewer");
    of_agent["agent_id"] = "ada".into();
    let server = platform(json!([of_agent, bound("github", "", "r-viewer")]));
    for (words, missing) in [
        (&["--project", "team-z"][..], "\"team-z\""),
        (
            &["--project", "team-a", "--agent", "nobody"],
            "agent \"nobody\" not found",
        ),
        (&["s1", "--agent", "nobody"], "agent \"nobody\" not found"),
    ] {
        for verb in ["preview", "explain", "probe", "exec"] {
            let command: &[&str] = if verb == "exec" { &["--", "true"] } else { &[] };
            let (code, stdout, stderr) = run(&server, &[&[verb], words, command].concat());
            assert_eq!(code, Some(3), "{verb} {words:?}: {stdout}{stderr}");
            assert!(stderr.contains(missing), "{stderr}");
            assert_eq!(stdout, "");
        }
    }
    for (agent, expected) in [(Some("lead"), 2), (Some("ada"), 2), (None, 1)] {
        let mut words = vec!["preview", "--project", "team-a", "-o", "json"];
        if let Some(agent) = agent {
            words.extend(["--agent", agent]);
        }
        let (_, stdout, stderr) = run(&server, &words);
        let preview: Value = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"));
        assert_eq!(
            preview["credentials"].as_array().unwrap().len(),
            expected,
            "{agent:?}"
        );
    }
}

#[test]
fn a_failed_look_is_a_failure() {
    let server = Scripted::with(|request| {
        if request.target.contains("/credentials/hidden") {
            return error(500, "ambient-api-server-9", "Unspecified error");
        }
        route(request, &json!([bound("hidden", "team-a", "r-viewer")]))
    });
    let (code, _, stderr) = run(&server, &["preview", "--project", "team-a"]);
    assert_eq!(code, Some(10), "{stderr}");
}

/// As the platform's runner was seen to do it.
#[test]
fn each_provider_is_shown_as_the_runner_does_it() {
    let server = platform(json!([]));
    let preview = |provider: &str| -> Value {
        let (_, stdout, stderr) = run(
            &server,
            &["preview", "--credential", provider, "-o", "json"],
        );
        serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}"))
    };
    let jira = &preview("jira")["credentials"][0];
    let variables: Vec<(&str, &str)> = jira["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), it["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        variables,
        [
            ("JIRA_URL", ""),
            ("JIRA_EMAIL", ""),
            ("JIRA_API_TOKEN", "********")
        ]
    );
    assert_eq!(
        jira["mcp"]["env"],
        json!({"JIRA_URL": "", "JIRA_USERNAME": "", "JIRA_API_TOKEN": "********",
               "JIRA_SSL_VERIFY": "true", "READ_ONLY_MODE": "true"})
    );
    let google = &preview("google")["credentials"][0];
    assert_eq!(google["variables"], json!([]));
    assert_eq!(google["mcp"]["env"].as_object().unwrap().len(), 6);
    let gerrit = &preview("gerrit")["credentials"][0];
    assert_eq!(gerrit["file"]["path"], "/tmp/gerrit-mcp/gerrit_config.json");
    assert_eq!(gerrit["file"]["size"], 115);
    assert_eq!(gerrit["variables"][0]["name"], "GERRIT_CONFIG_PATH");
    assert_eq!(gerrit["mcp"]["name"], "gerrit");

    let kubeconfig = preview("kubeconfig");
    let warnings = kubeconfig["credentials"][0]["warnings"].to_string();
    assert!(
        warnings.contains("fails in every new session now"),
        "{warnings}"
    );
    let setup: Vec<&str> = kubeconfig["setup"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(setup[..2], ["GIT_USER_NAME", "GIT_USER_EMAIL"]);
    assert!(setup.contains(&"credential.helper") && setup.contains(&"/tmp/git-credential-ambient"));

    let (_, stdout, _) = run(&server, &["preview", "--credential", "jira"]);
    for line in [
        "jira       jira              mcp env    JIRA_SSL_VERIFY               true",
        "jira       jira              time       set                           when a turn of the session starts",
        "-          (every session)   variable   GIT_USER_NAME                 Ambient Code Bot",
    ] {
        assert!(stdout.contains(line), "{stdout}");
    }
}

#[test]
fn help_offers_the_formats_that_the_parser_takes() {
    let env = TestEnv::new();
    for verb in ["preview", "explain", "probe"] {
        let output = env
            .acpctl()
            .args(["session", verb, "--help"])
            .output()
            .unwrap();
        let (stdout, _) = streams(&output);
        assert!(
            stdout.contains("Output format: table|wide|json|yaml\n"),
            "{stdout}"
        );
    }
}

/// A pod whose token the platform does not know gets nothing, and nobody may take that for "nothing is bound".
#[test]
fn a_rejected_token_of_a_pod_fails() {
    let server = Scripted::with(|_| error(401, "UNAUTHORIZED", "no"));
    let env = TestEnv::new();
    for verb in [&["preview"][..], &["preview", "-o", "json"]] {
        let output = env
            .acpctl()
            .env("BACKEND_API_URL", server.url())
            .env("BOT_TOKEN", "canary-bot-token-0123456789")
            .env("PROJECT_NAME", "team-a")
            .env("CREDENTIAL_IDS", "{\"github\": \"github\"}")
            .arg("session")
            .args(verb)
            .arg("--from-env")
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(4), "{stderr}");
        assert!(
            stderr.starts_with("Error: the service's token was rejected"),
            "{stderr}"
        );
        assert!(!stderr.contains("canary"), "{stderr}");
    }
}

#[test]
fn where_no_binding_is_seen_nothing_is_claimed_about_those_of_others() {
    let server = hiding(&[], "none", json!([]));
    for words in [
        &["preview", "--project", "team-a"][..],
        &["explain", "--project", "team-a"],
    ] {
        let (code, _, stderr) = run(&server, words);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            stderr.contains("no credential is bound, as far as you can see"),
            "{stderr}"
        );
    }
}
