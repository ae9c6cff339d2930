//! What people type out of habit, from kubectl and other programs, and what a newcomer waits for in vain.

use std::fs;

use base64::Engine as _;

use crate::nouns::local;
use crate::support::run::{Line as _, Run as _};
use crate::support::serve::Serve;
use crate::support::{TOKEN, TestEnv};

const RUNNER: &str = "acpctl serve --run-sessions -- COMMAND";

/// An environment with the project `demo` and the agent `lead`.
fn with_agent() -> TestEnv {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    local(&env, &["create", "agent", "lead", "--prompt", "Lead."]);
    env
}

#[test]
fn a_session_that_nobody_runs_says_so() {
    let env = with_agent();
    for line in [
        "--project demo start lead",
        "--project demo agent start lead",
        "--project demo session start lead",
    ] {
        let (code, _, stderr) = env.local().line(line).told();
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains(RUNNER), "{line}: {stderr}");
    }
    let line = "--project demo create session fix --prompt Fix";
    let (_, stdout, stderr) = env.local().line(line).told();
    let id = stdout.trim().trim_start_matches("session/");
    let id = id.split(' ').next().unwrap().to_owned();
    let start = format!(" session start {id}");
    assert!(
        stderr.contains(&start) && stderr.contains(RUNNER),
        "{stderr}"
    );
    let line = "wait fix --timeout 1s";
    let (code, _, stderr) = env.local().line(line).told();
    assert_eq!(code, Some(9));
    assert!(stderr.contains("to end: it has no phase yet"), "{stderr}");
    assert!(
        stderr.contains(&start) && stderr.contains(RUNNER),
        "{stderr}"
    );
    // What the note names starts it.
    let line = format!("session start {id}");
    let (code, stdout, stderr) = env.local().line(&line).told();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, format!("session/{id} started (phase: Pending)\n"));
    let (code, _, stderr) = env.local().line("wait fix --timeout 1s").told();
    assert_eq!(code, Some(9));
    assert!(stderr.contains("Nobody runs the sessions"), "{stderr}");
}

#[test]
fn a_waiting_session_that_nobody_runs_is_stopped_at_once() {
    let env = with_agent();
    local(&env, &["start", "lead"]);
    let stopped = local(&env, &["stop", "lead"]);
    assert!(stopped.ends_with("stopped (phase: Stopped)\n"), "{stopped}");
    let wait = "--project demo wait lead --timeout 1s";
    let waited = env.local().line(wait).told().0;
    assert_eq!(waited, Some(0));
    let said = local(&env, &["session", "messages", "lead"]);
    assert!(said.contains("stopped before it ran"), "{said}");
}

#[test]
fn a_server_tells_its_clients_whether_it_runs_sessions() {
    let env = with_agent();
    for (flags, says) in [
        (&[][..], true),
        (&["--run-sessions", "--allow-empty", "--", "cat"][..], false),
    ] {
        let server = Serve::start(&env, flags);
        let mut start = env.connected(&server.url);
        let (code, _, stderr) = start.line("--project demo start lead").told();
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(stderr.contains(RUNNER), says, "{stderr}");
    }
}

#[test]
fn a_name_may_follow_the_resource() {
    let env = with_agent();
    local(&env, &["create", "role", "viewer2", "--name", "viewer2"]);
    let line = "--project demo create agent a --name b";
    let (code, _, stderr) = env.local().line(line).told();
    assert_eq!(code, Some(2));
    assert!(stderr.contains("two different names are given"), "{stderr}");
    let (code, _, stderr) = env.local().line("create agent a b").told();
    assert_eq!(code, Some(2));
    assert!(stderr.contains("accepts 1 arg(s), received 3"), "{stderr}");
}

#[test]
fn names_that_do_not_exist_are_left_out_on_request() {
    let env = with_agent();
    let get = |line: &str| env.local().line("--project demo get").line(line).told();
    assert_eq!(get("agent none").0, Some(3));
    let none = get("agent none --ignore-not-found");
    assert_eq!(none, (Some(0), String::new(), String::new()));
    let (code, stdout, _) = get("agent none lead --ignore-not-found -o name");
    assert_eq!((code, stdout.lines().count()), (Some(0), 1));
}

#[test]
fn kinds_with_commands_of_their_own_are_named() {
    let env = TestEnv::new();
    let (code, _, stderr) = env.local().line("get scheduled-sessions").told();
    assert_eq!(code, Some(2));
    assert!(
        stderr.ends_with("Hint: acpctl --local scheduled-session list\n"),
        "{stderr}"
    );
}

#[test]
fn the_words_of_kubectl_wait_too() {
    let env = with_agent();
    let told = env
        .local()
        .line("--project demo wait agent/lead --for create")
        .told();
    assert_eq!(told.0, Some(0), "{}", told.2);
    let told = env
        .local()
        .line("--project demo wait agent/none --for=delete")
        .told();
    assert_eq!((told.0, told.1.as_str()), (Some(0), "agent/none is gone\n"));
}

#[test]
fn a_duration_without_a_unit_names_the_line_to_type() {
    let env = TestEnv::new();
    for (line, flag) in [
        ("wait x --timeout 1", "timeout"),
        ("exec x --refresh 1 -- true", "refresh"),
        ("get sessions -w --watch-timeout 1", "watch-timeout"),
        ("credential list --expiring-within 1", "expiring-within"),
    ] {
        let (code, _, stderr) = env.local().line(line).told();
        assert_eq!(code, Some(2), "{line}");
        let hint = format!("Hint: add a unit: --{flag} 1s, 1m or 1h\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
}

#[test]
fn an_alias_may_be_one_quoted_word_and_a_wrong_entry_is_named() {
    let env = TestEnv::new();
    let mut set = env.local();
    let (code, stdout, stderr) = set.line("alias set k --").arg("credential list").told();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "alias/k set: acpctl credential list\n");
    assert_eq!(env.local().line("k").told().0, Some(0));
    env.config(r#"{"aliases": {"k": "credential list", "empty": []}}"#);
    let (code, _, stderr) = env.local().line("k").told();
    assert_eq!(code, Some(2));
    assert!(
        stderr.starts_with(
            "Warning: the alias \"k\" of the configuration file is not a list of words"
        ),
        "{stderr}"
    );
    let (code, _, stderr) = env.local().line("alias list").told();
    assert_eq!(
        (code, stderr.matches("Warning: ").count()),
        (Some(0), 2),
        "{stderr}"
    );
    assert_eq!(env.local().line("alias delete k empty").told().0, Some(0));
}

#[test]
fn a_negative_time_or_count_in_the_file_is_refused() {
    for key in [
        "retries",
        "connect_timeout",
        "request_timeout",
        "polling_interval",
    ] {
        let env = TestEnv::new();
        env.config(&format!("{{\"{key}\": -1}}"));
        let (code, _, stderr) = env.local().line("credential list").told();
        assert_eq!(code, Some(1), "{key}");
        assert!(stderr.contains("config.json"), "{stderr}");
        assert!(
            stderr.contains(&format!("{key} is -1, and can't be negative\n")),
            "{stderr}"
        );
        assert!(stderr.contains(&format!("config unset {key}")), "{stderr}");
        let unset = env.local().line(&format!("config unset {key}")).told();
        assert_eq!(unset.0, Some(0), "{}", unset.2);
        assert_eq!(env.local().line("credential list").told().0, Some(0));
    }
}

#[test]
fn a_logout_names_the_server_that_it_leaves() {
    let env = TestEnv::new();
    let login = format!("{{\"api_url\": \"https://a.test\", \"access_token\": \"{TOKEN}\"}}");
    env.config(&login);
    let (_, stdout, stderr) = env.acpctl().line("logout").told();
    assert_eq!(stdout, "Logged out successfully.\n");
    assert_eq!(
        stderr,
        "The login at https://a.test is removed from this machine.\n"
    );
    // There is nothing to name the second time.
    assert_eq!(env.acpctl().line("logout").told().2, "");
}

#[test]
fn a_page_shows_the_flag_for_all_commands_that_its_command_needs() {
    let env = TestEnv::new();
    for verb in ["bind", "unbind"] {
        let page = env.acpctl().args(["credential", verb, "--help"]).stdout();
        let usage = format!("acpctl credential {verb} <CREDENTIAL> --project <NAME> [flags]");
        assert!(page.contains(&usage), "{page}");
        assert!(page.contains("      --project <NAME>  "), "{page}");
    }
    for line in ["apply --help", "config set-context --help"] {
        let page = env.acpctl().line(line).stdout();
        assert!(page.contains("      --project <NAME>  "), "{page}");
    }
}

#[test]
fn a_certificate_is_no_secret_of_its_key() {
    let env = TestEnv::new();
    let made = std::process::Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 300".split(' '))
        .args("-subj /CN=jane -keyout key.pem -out cert.pem".split(' '))
        .current_dir(env.work())
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return crate::support::skipped("openssl");
    }
    let read = |name: &str| fs::read(env.work().join(name)).unwrap();
    let in_base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let (cert, key) = (in_base64(&read("cert.pem")), in_base64(&read("key.pem")));
    env.file(
        "k.yaml",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             clusters: [{{name: c, cluster: {{server: 'https://k8s.sample.test:6443'}}}}]\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             users: [{{name: u, user: {{client-certificate-data: {cert}, client-key-data: {key}}}}}]\n"
        ),
    );
    local(
        &env,
        &["credential", "create", "-f", "k.yaml", "--name", "k"],
    );
    let script = "cat $KUBECONFIG; cat cert.pem key.pem";
    let shown = env.local().line("exec k -- sh -c").arg(script).stdout();
    assert!(shown.contains(&cert), "{shown}");
    assert!(
        shown.contains(&String::from_utf8(read("cert.pem")).unwrap()),
        "{shown}"
    );
    assert!(
        !shown.contains(&key) && shown.contains("client-key-data: ********"),
        "{shown}"
    );
    for line in String::from_utf8(read("key.pem")).unwrap().lines() {
        let is_frame = line.starts_with("-----");
        assert!(is_frame || !shown.contains(line), "{shown}");
    }
}

/// `session start` starts a session by its name too, in a project with agents and without one.
#[test]
fn session_start_takes_sessions_and_agents() {
    let env = with_agent();
    local(
        &env,
        &[
            "create",
            "session",
            "--name",
            "fix",
            "--prompt",
            "Fix",
            "--project-id",
            "demo",
        ],
    );
    let (code, stdout, _) = env
        .local()
        .line("--project demo session start fix lead")
        .told();
    assert_eq!(code, Some(0));
    assert_eq!(stdout.matches(" started").count(), 2, "{stdout}");
    local(&env, &["stop", "fix"]);
    let (code, ..) = env.local().line("session start fix").told();
    assert_eq!(code, Some(0));
    let (code, _, stderr) = env
        .local()
        .line("--project demo session start nobody")
        .told();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("start agent \"nobody\""), "{stderr}");
    let line = "--project demo session start fix --prompt more";
    assert_eq!(env.local().line(line).told().0, Some(2));
    // The older command starts agents alone, as in the Go tool.
    let (code, ..) = env.local().line("--project demo start fix").told();
    assert_eq!(code, Some(3));
}

#[test]
fn what_is_stopped_or_unbound_may_be_so_again() {
    let env = with_agent();
    local(&env, &["start", "lead", "--project-id", "demo"]);
    for end in [" stopped (phase: Stopped)\n", " already Stopped\n"] {
        let (code, stdout, _) = env.local().line("--project demo stop lead").told();
        assert_eq!(code, Some(0));
        assert!(stdout.ends_with(end), "{stdout}");
    }
    let create = "credential create --provider github --name bot --token t --bind demo";
    env.local().line(create).stdout();
    for said in [
        "credential/bot unbound from project/demo\n",
        "credential/bot is not bound to project/demo\n",
    ] {
        let unbind = "credential unbind bot --project demo";
        assert_eq!(env.local().line(unbind).stdout(), said);
    }
    let (code, stdout, _) = env
        .local()
        .line("credential unbind bot --project demo -o json")
        .told();
    let shown: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, shown["name"].as_str()), (Some(0), Some("bot")));
    assert!(shown["token"].is_null());
}

#[test]
fn remove_deletes() {
    let env = with_agent();
    let create = "credential create --provider github --name bot --token t";
    env.local().line(create).stdout();
    let (code, stdout, stderr) = env.local().line("credential remove bot --yes").told();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "credential/bot deleted\n");
}

#[test]
fn a_trigger_that_starts_nothing_says_so() {
    let env = with_agent();
    let agent = local(
        &env,
        &["get", "agents", "--project-id", "demo", "-o", "json"],
    );
    let agent: serde_json::Value = serde_json::from_str(&agent).unwrap();
    let agent = agent["items"][0]["id"].as_str().unwrap().to_owned();
    let create = [
        "scheduled-session",
        "create",
        "--project-id",
        "demo",
        "--name",
        "nightly",
        "--schedule",
        "0 2 * * *",
        "--agent-id",
        &agent,
    ];
    local(&env, &create);
    let trigger = "--project demo scheduled-session trigger nightly";
    let (code, stdout, stderr) = env.local().line(trigger).told();
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "scheduled-session/nightly triggered\n")
    );
    assert!(stderr.contains("Warning: nothing starts: "), "{stderr}");
    let (_, start) = stderr
        .trim_end()
        .split_once("to start the agent: acpctl ")
        .unwrap();
    let mut words = env.acpctl();
    assert_eq!(words.line(start).told().0, Some(0), "{start}");
}

/// What could not be asked is no fact about the object.
#[test]
fn a_wait_for_an_object_names_the_network_failure() {
    let env = TestEnv::new();
    for (goal, fact) in [("deleted", "still exists"), ("exists", "does not exist")] {
        let line = format!("wait credential/x --for {goal} --timeout 1s --retries 0");
        let (code, _, stderr) = env.connected("http://127.0.0.1:1").line(&line).told();
        assert_eq!(code, Some(9));
        assert!(
            stderr.contains("timed out waiting for credential/x: "),
            "{stderr}"
        );
        assert!(stderr.contains("connection refused"), "{stderr}");
        assert!(!stderr.contains(fact), "{stderr}");
    }
    let (_, _, stderr) = env
        .local()
        .line("wait credential/x --for exists --timeout 1s")
        .told();
    assert!(stderr.contains(": it does not exist\n"), "{stderr}");
}

#[test]
fn an_export_into_a_missing_folder_names_it() {
    let env = TestEnv::new();
    for more in ["", " --secrets secrets"] {
        let (code, _, stderr) = env
            .local()
            .line(&format!("local export -o missing/store.yaml{more}"))
            .told();
        assert_eq!(code, Some(1));
        assert_eq!(
            stderr,
            "Error: write \"missing/store.yaml\": no such file or directory\nHint: make its folder first: mkdir -p missing\n"
        );
        assert!(!env.work().join("secrets").exists());
    }
}

/// A program learns from one run what is wrong with a kubeconfig.
#[test]
fn a_refused_kubeconfig_has_its_findings_in_the_error_object() {
    let env = TestEnv::new();
    env.file("bad", "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: x, user: y}}]\n");
    let (code, stdout, _) = env
        .local()
        .line("credential create --provider kubeconfig -f bad -o json")
        .told();
    assert_eq!(code, Some(7));
    let shown: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let findings = shown["error"]["findings"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .all(|it| it["code"].is_string() && it["message"].is_string()),
        "{shown}"
    );
    assert!(!findings.is_empty());
}

#[test]
fn a_role_binding_names_its_object_by_scope() {
    let env = with_agent();
    for (key, word) in [
        ("credential: bot", "unknown key \"credential\""),
        ("credential_id: bot", "scope is required"),
    ] {
        env.file(
            "rb.yaml",
            format!("kind: RoleBinding\nrole: credential:viewer\nproject: demo\n{key}\n"),
        );
        let (code, _, stderr) = env.local().line("apply -f rb.yaml").told();
        assert_eq!(code, Some(7), "{stderr}");
        assert!(
            stderr.contains(word) && stderr.contains("scope: credential and scope_id: NAME"),
            "{stderr}"
        );
        assert!(!stderr.contains('→'), "{stderr}");
    }
}

#[test]
fn bindings_are_a_list_and_labels_filter() {
    let env = with_agent();
    env.local()
        .line("credential create --provider github --name bot --token t --bind demo")
        .stdout();
    let shown = env.local().line("credential bindings bot -o json").stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["items"][0]["target"], "demo");
    for flag in ["--label", "--labels", "--selector"] {
        let list = env
            .local()
            .line(&format!("credential list {flag} a=b -o name"))
            .stdout();
        assert_eq!(list, "");
    }
}

#[test]
fn a_flag_that_narrows_no_list_is_not_silent() {
    let env = with_agent();
    local(
        &env,
        &[
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            "c",
            "--token",
            "t",
        ],
    );
    for (line, what) in [
        ("credential list", "credentials"),
        ("get credentials", "credentials"),
        ("get role-bindings", "role bindings"),
        ("application list", "applications"),
        ("credential bindings c", "role bindings"),
    ] {
        let plain = env.local().line(line).told();
        let (code, stdout, stderr) = env.local().line("--project demo").line(line).told();
        assert_eq!((code, &stdout), (Some(0), &plain.1), "{line}");
        let warning = format!("Warning: --project does not narrow this list: it has all {what}\n");
        assert!(stderr.contains(&warning), "{line}: {stderr}");
        assert!(!plain.2.contains("Warning"), "{line}: {}", plain.2);
    }
    let used = env.local().line("--project demo get agents").told();
    assert_eq!(used.2, "");
}

#[test]
fn a_misspelled_provider_filters_nothing() {
    let env = with_agent();
    let line = "credential list --expiring-within 14d --provider";
    let (code, stdout, stderr) = env.local().line(line).arg("kubeconfg").told();
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_eq!(
        stderr,
        "Error: no credential is of the provider \"kubeconfg\"\nHint: did you mean kubeconfig?\n"
    );
    // Other providers may exist.
    for provider in ["kubeconfig", "internal"] {
        let (code, _, stderr) = env.local().line(line).arg(provider).told();
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{provider}");
    }
    let create = "credential create --name c --token t --allow unknown-provider --provider";
    env.local().line(create).arg("kubeconfg").stdout();
    let list = "credential list -o name --provider kubeconfg";
    assert_eq!(env.local().line(list).stdout(), "credential/c\n");
}

#[test]
fn a_slip_gets_the_line_that_works() {
    let env = TestEnv::new();
    for (line, hint) in [
        ("local credential list", "acpctl --local credential list"),
        ("serve --port 8001", "--listen"),
        (
            "agent start lead Fix the build",
            "acpctl agent start lead --prompt 'Fix the build'",
        ),
        (
            "credential create --bind a,b --token @t --provider github --name c",
            "--bind a --bind b",
        ),
        ("apply team.yaml", "acpctl apply -f"),
    ] {
        let (code, _, stderr) = env.acpctl().line(line).told();
        assert!(code != Some(0) && stderr.contains(hint), "{line}: {stderr}");
    }
    let mut command = env.acpctl();
    command.env("AMBIENT_API_URL", "127.0.0.1:8765");
    let (code, _, stderr) = command.line("project list").told();
    assert_eq!(code, Some(4));
    assert!(stderr.contains("must include scheme"), "{stderr}");
    let env = with_agent();
    let line = "agent show lead --project demo -o name";
    let (code, stdout, stderr) = env.local().line(line).told();
    assert!(code == Some(0) && stdout.contains("agent/"), "{stderr}");
}
