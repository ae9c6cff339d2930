//! Lines that are nearly right: the hint leads to the line that is meant, and JSON stays JSON.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::nouns::local;
use crate::support::TestEnv;
use crate::support::oidc::jwt;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error};

/// Returns the hint of a wrong line, without the flag that leads to the embedded API.
fn hint_of(line: &str) -> String {
    let env = TestEnv::new();
    let (code, _, stderr) = env.local().line(line).told();
    assert_eq!(code, Some(2), "{line}: {stderr}");
    let hint = stderr.lines().find_map(|line| line.strip_prefix("Hint: "));
    hint.unwrap_or_default()
        .replace("'acpctl --local ", "'acpctl ")
}

#[test]
fn a_wrong_line_that_asks_for_json_gets_an_object() {
    let env = TestEnv::new();
    for line in [
        "foo -o json",
        "-o json foo",
        "credential lst -o json",
        "credential --output=json lst",
        "project lst -o json",
        "completion bash -ojson",
    ] {
        let (code, stdout, stderr) = env.local().line(line).told();
        assert_eq!(code, Some(2), "{line}: {stderr}");
        let object: Value = serde_json::from_str(&stdout).expect(line);
        assert_eq!(object["error"]["exit_code"], 2, "{line}");
        let reason = object["error"]["reason"].as_str().unwrap();
        assert!(
            stderr.starts_with(&format!("Error: {reason}\n")),
            "{stderr}"
        );
    }
    let line = "local export -o json --nope";
    let (_, stdout, _) = env.local().line(line).told();
    assert_eq!(stdout, "", "there, -o names a file");
}

#[test]
fn a_misspelled_verb_is_found_before_its_flags() {
    for (line, meant) in [
        ("credential lst -o json", "credential list"),
        ("credential crate -f x", "credential create"),
        ("project lst -o json", "project list"),
        ("session lst", "session list"),
    ] {
        let hint = hint_of(line);
        assert_eq!(hint, format!("did you mean 'acpctl {meant}'?"), "{line}");
    }
}

#[test]
fn a_context_beside_the_embedded_api_is_refused() {
    let env = TestEnv::new();
    let line = "--local --context-name prod project list";
    let (code, _, stderr) = env.acpctl().line(line).told();
    let wanted =
        "Error: --local and --context-name name different servers\nHint: leave out one of them\n";
    assert_eq!((code, stderr.as_str()), (Some(2), wanted));
    env.acpctl()
        .line("--local --context-name local project list")
        .assert()
        .success();
}

#[test]
fn a_corrected_line_reaches_the_same_server() {
    let env = TestEnv::new();
    for (line, meant) in [
        ("--local credential lst", "--local credential list"),
        ("--local credental list", "--local credential list"),
        ("--local credental lsit", "--local credential list"),
        ("credental lst -o json --local", "--local credential list"),
        ("credental", "credential"),
        ("credental xyz", "credential"),
        (
            "-U http://127.0.0.1:1 credential lst",
            "--api-url=http://127.0.0.1:1 credential list",
        ),
        (
            "credential lst --context-name prod --project web",
            "--context-name=prod --project=web credential list",
        ),
        ("--local ps", "--local session list"),
        ("--local help credential lst", "help credential list"),
    ] {
        let (code, _, stderr) = env.acpctl().line(line).told();
        assert_eq!(code, Some(2), "{line}: {stderr}");
        let hint = format!("Hint: did you mean 'acpctl {meant}'?\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
}

#[test]
fn a_slip_leads_to_the_line_that_is_meant() {
    let env = TestEnv::new();
    env.file("kc.yaml", crate::support::sample());
    for (line, code, hint) in [
        (
            "credential create -f kc.yml",
            7,
            "did you mean \"kc.yaml\"?",
        ),
        ("credential list -o jsn", 2, "did you mean -o json?"),
        (
            "credential list -o custom-columns",
            2,
            "-o custom-columns=NAME:.name",
        ),
        (
            "credential rename a b",
            2,
            "did you mean 'acpctl --local credential update'?",
        ),
        (
            "credential inspect kc.yaml",
            2,
            "write acpctl --local credential inspect --from-file kc.yaml",
        ),
        (
            "exec c1 --context dev -- true",
            2,
            "a stored credential has one context: leave the flag out",
        ),
    ] {
        let (status, _, stderr) = env.local().line(line).told();
        assert_eq!(status, Some(code), "{line}: {stderr}");
        assert!(stderr.contains(hint), "{line}: {stderr}");
    }
    let mut quoted = env.local();
    quoted.args(["alias", "set", "cl", "--local credential list"]);
    let (_, _, stderr) = quoted.told();
    let hint = "Hint: write acpctl --local alias set cl -- --local credential list\n";
    assert!(stderr.ends_with(hint), "{stderr}");
}

#[test]
fn an_unknown_project_gets_one_command() {
    let env = TestEnv::new();
    env.file("kc.yaml", crate::support::sample());
    env.local()
        .line("credential create -f kc.yaml --name c")
        .stdout();
    let (_, _, stderr) = env
        .local()
        .line("credential bind c --project team-x")
        .told();
    assert!(
        stderr.ends_with("new: acpctl --local create project --name team-x\n"),
        "{stderr}"
    );
}

#[test]
fn habits_of_other_tools_lead_to_the_line_that_is_meant() {
    for (line, meant) in [
        ("ps", "did you mean 'acpctl session list'?"),
        (
            "logs lead",
            "did you mean 'acpctl session messages' or 'acpctl session logs'?",
        ),
        ("auth login", "did you mean 'acpctl login'?"),
        ("rm x", "did you mean 'acpctl delete'?"),
        ("diff -f x.yaml", "did you mean 'acpctl apply --diff'?"),
        (
            "config use two",
            "did you mean 'acpctl config use-context'?",
        ),
        ("config list", "did you mean 'acpctl config view'?"),
        (
            "credential lint x",
            "did you mean 'acpctl credential validate'?",
        ),
        (
            "credential set x",
            "did you mean 'acpctl credential update'?",
        ),
        (
            "agent logs lead",
            "did you mean 'acpctl session messages' or 'acpctl session logs'?",
        ),
        ("credential renove x", "see 'acpctl credential --help'"),
        ("help ps", "did you mean 'acpctl help session list'?"),
        (
            "exec -it prod -- sh",
            "leave it out: the command gets this terminal; usage: acpctl exec <CREDENTIAL> [flags] -- <COMMAND>...",
        ),
        (
            "exec --credential prod -- sh",
            "write it without the flag; usage: acpctl exec <CREDENTIAL> [flags] -- <COMMAND>...",
        ),
        (
            "credential validate -f x.yaml",
            "write it without the flag; usage: acpctl credential validate [FILE]... [flags]",
        ),
        (
            "credential validate --kubeconfig x.yaml",
            "write it without the flag; usage: acpctl credential validate [FILE]... [flags]",
        ),
        (
            "credential create kube/config",
            "write --from-file \"kube/config\"",
        ),
        ("credential create prod", "write --name \"prod\""),
        ("exec prod", "write acpctl --local exec prod -- COMMAND"),
        ("--lcoal credential list", "did you mean --local?"),
        ("edit credentail/prod", "did you mean credential?"),
        (
            "credential bind c --project-id demo",
            "did you mean --project?",
        ),
        ("credential list -n team-a", "did you mean --project?"),
        (
            "credential create --kubeconfig x",
            "did you mean --from-file?",
        ),
        (
            "credential list --context default",
            "to choose the server: --context-name; --context is one of a kubeconfig",
        ),
        (
            "create credential --name x",
            "write acpctl --local credential create --name NAME --from-file PATH",
        ),
        (
            "wait fix --for phase=running",
            "name the phase alone: --for Running",
        ),
        ("create project", "write acpctl --local create project NAME"),
        (
            "credential list -o go-template={{.x}}",
            "use --jq EXPRESSION, or -o jsonpath=TEMPLATE",
        ),
    ] {
        assert_eq!(hint_of(line), meant, "{line}");
    }
}

#[test]
fn a_flag_that_needs_another_one_names_it() {
    for (line, missing) in [
        ("credential renew prod --every 1h", "--watch"),
        ("apply -f x.yaml --exit-code", "--diff"),
    ] {
        let (code, _, stderr) = TestEnv::new().local().line(line).told();
        let first = stderr.lines().next().unwrap_or_default();
        assert_eq!(
            (code, first),
            (Some(2), format!("Error: missing: {missing}").as_str()),
            "{line}"
        );
    }
}

#[test]
fn verbs_of_a_project_are_understood_or_named() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    let run = |line: &str| env.local().line(line).told();
    assert_eq!(
        run("project get demo -o name"),
        (Some(0), "project/demo\n".to_owned(), String::new())
    );
    let (code, stdout, _) = run("project use demo");
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), "Switched to project \"demo\"\n")
    );
    for (line, meant) in [
        ("project get", "list"),
        ("project lst", "list"),
        ("project show", "current"),
    ] {
        let (code, _, stderr) = run(line);
        assert_eq!(code, Some(3), "{stderr}");
        let hint = format!("Hint: did you mean 'acpctl --local project {meant}'?\n");
        assert!(stderr.ends_with(&hint), "{line}: {stderr}");
    }
    let (_, _, stderr) = run("project ghost");
    assert!(
        stderr.ends_with("Hint: those that exist: acpctl --local project list\n"),
        "{stderr}"
    );
}

#[test]
fn an_empty_value_names_its_variable() {
    for line in [
        "login https://acp.example.org --token",
        "create agent --project-id p --name",
    ] {
        let env = TestEnv::new();
        let (code, _, stderr) = env
            .connected("http://127.0.0.1:1")
            .line(line)
            .arg("")
            .told();
        assert_eq!(code, Some(2), "{stderr}");
        assert!(
            stderr.contains("empty: check the variable that it comes from"),
            "{stderr}"
        );
    }
}

#[test]
fn a_refused_edit_keeps_the_text() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    let mut edit = env.local();
    edit.env("EDITOR", "sed -i $abogus:[");
    let (code, _, stderr) = edit.line("edit project demo").told();
    assert_eq!(code, Some(7), "{stderr}");
    let (_, kept) = stderr.split_once("Your text is kept in ").expect(&stderr);
    let (kept, _) = kept.split_once(';').expect(&stderr);
    let text = std::fs::read_to_string(kept).unwrap();
    std::fs::remove_file(kept).unwrap();
    assert!(text.contains("bogus:["), "{text}");
    assert!(text.contains("# description:\n"), "{text}");
}

#[test]
fn a_binding_says_why_the_current_project_is_not_taken() {
    let env = TestEnv::new();
    local(&env, &["create", "project", "demo"]);
    env.local().line("project set demo").assert().success();
    let line = "credential bind prod";
    let (code, _, stderr) = env.local().line(line).told();
    assert_eq!(code, Some(2));
    let hint = "Hint: the current project is not taken unasked; to mean it: acpctl --local credential bind prod --project demo\n";
    assert!(stderr.ends_with(hint), "{stderr}");
}

#[test]
fn a_refused_token_that_has_expired_and_a_server_without_tls_are_named() {
    let server = Scripted::with(|_| error(401, "ambient-api-server-15", "unauthorized"));
    let env = TestEnv::new();
    let token = jwt(&json!({"sub": "ada", "exp": 1_600_000_000}));
    let mut list = env.acpctl();
    list.env("AMBIENT_TOKEN", token)
        .env("AMBIENT_API_URL", server.url());
    let (code, _, stderr) = list.line("credential list").told();
    assert_eq!(code, Some(4), "{stderr}");
    assert!(
        stderr.contains("Hint: the token has expired: set AMBIENT_TOKEN to a new one, or unset it"),
        "{stderr}"
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let _ = connection.read(&mut [0; 1000]);
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let (code, _, stderr) = env.connected(&url).line("credential list").told();
    assert_eq!(code, Some(9), "{stderr}");
    assert!(
        stderr.contains("Hint: what listens there does not speak TLS"),
        "{stderr}"
    );
}

#[test]
fn a_credential_in_place_of_a_session_leads_to_its_flag() {
    let env = TestEnv::new();
    for line in ["session exec prod -- true", "session preview prod"] {
        let (code, _, stderr) = env.local().line(line).told();
        assert_eq!(code, Some(3), "{stderr}");
        assert!(
            stderr.contains("Hint: if \"prod\" is a credential: --credential prod"),
            "{stderr}"
        );
    }
}
