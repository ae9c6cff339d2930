//! What a user chooses for a list: its order, its columns, a filter, names alone.

use crate::output::world;
use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

fn told(line: &[&str]) -> (Option<i32>, String, String) {
    let server = world();
    TestEnv::new()
        .connected(server.url())
        .env("AMBIENT_PROJECT", "demo")
        .args(line)
        .told()
}

fn stdout(line: &[&str]) -> String {
    let (status, stdout, stderr) = told(line);
    assert_eq!(status, Some(0), "{line:?}: {stderr}");
    stdout
}

#[test]
fn a_list_is_sorted_by_a_column_a_field_or_a_path() {
    for (by, names) in [
        ("name", "bot\nprod\n"),
        ("provider", "bot\nprod\n"),
        ("expires", "prod\nbot\n"),
        (".provider", "bot\nprod\n"),
        ("description", "prod\nbot\n"),
    ] {
        assert_eq!(
            stdout(&["credential", "list", "-q", "--sort-by", by]),
            names,
            "{by}"
        );
    }
    let first = [
        "credential",
        "list",
        "-q",
        "--sort-by",
        "name",
        "--limit",
        "1",
    ];
    assert_eq!(stdout(&first), "bot\n");
    let (status, _, stderr) = told(&["credential", "list", "--sort-by", "size"]);
    assert_eq!(status, Some(2));
    assert!(
        stderr.starts_with(
            "Error: --sort-by: credentials have no column or field \"size\"\nHint: one of name, "
        ),
        "{stderr}"
    );
}

#[test]
fn a_table_without_its_header_and_with_columns_of_the_users_choice() {
    let columns = "custom-columns=NAME:.name,BY:.provider,TEXT:.description";
    assert_eq!(
        stdout(&["get", "credentials", "-o", columns]),
        "NAME   BY           TEXT\nprod   kubeconfig   The cluster of team A\nbot    github       <none>\n"
    );
    assert_eq!(
        stdout(&["get", "credential", "bot", "-o", columns, "--no-headers"]),
        "bot    github   <none>\n"
    );
    let table = stdout(&["credential", "list"]);
    let rows = table.split_once('\n').unwrap().1;
    assert_eq!(stdout(&["credential", "list", "--no-headers"]), rows);
    let (status, stdout, stderr) = told(&["get", "credentials", "-o", "custom-columns=NAME"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
}

#[test]
fn jq_filters_every_json_and_implies_it() {
    assert_eq!(
        stdout(&["credential", "list", "--jq", ".items[].name"]),
        "prod\nbot\n"
    );
    assert_eq!(
        stdout(&["--jq", ".name", "credential", "get", "bot", "-o", "json"]),
        "bot\n"
    );
    let annotations = ".items[]|[.name,(.annotations//\"{}\"|fromjson|.\"acpctl/context\")]|@tsv";
    assert_eq!(
        stdout(&["get", "credentials", "--jq", annotations]),
        "prod\tteam-a\nbot\t\n"
    );
    assert_eq!(
        stdout(&["describe", "project", "demo", "--jq", "{name,status}"]),
        "{\"name\":\"demo\",\"status\":\"active\"}\n"
    );
    for (line, message) in [
        (
            &["credential", "list", "--jq", ".items["] as &[&str],
            "Error: --jq: expected ",
        ),
        (
            &["credential", "list", "--jq", ".items|nonsense"],
            "Error: --jq: undefined filter: nonsense",
        ),
        (
            &["credential", "list", "--jq", ".total|keys"],
            "Error: --jq: ",
        ),
        (
            &["credential", "list", "-o", "yaml", "--jq", "."],
            "Error: --jq filters JSON and does not fit -o yaml",
        ),
        (
            &["completion", "bash", "--jq", "."],
            "Error: --jq is for commands that have -o json",
        ),
        (
            &["local", "export", "--jq", "."],
            "Error: --jq is for commands that have -o json",
        ),
    ] {
        let (status, stdout, stderr) = told(line);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{line:?}");
        assert!(stderr.starts_with(message), "{line:?}: {stderr}");
    }
    // A failure is no input for a filter.
    let (status, stdout, _) = told(&["credential", "get", "none", "-o", "json", "--jq", ".name"]);
    assert_eq!((status, stdout.as_str()), (Some(3), ""));
}

#[test]
fn jq_hands_out_a_secret_unchanged() {
    let env = TestEnv::new();
    let secret = "line\u{1b}one\u{200b}\ttwo";
    let file = env.file("secret", secret);
    let store = [
        "--local",
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "odd",
        "-q",
        "--from-file",
    ];
    env.acpctl().args(store).arg(file).stdout();
    let token = env
        .acpctl()
        .line("--local credential token odd --jq .token")
        .stdout();
    assert_eq!(token, format!("{secret}\n"));
}

#[test]
fn control_characters_do_not_reach_the_terminal_through_a_filter() {
    let env = TestEnv::new();
    env.acpctl()
        .line("--local create project --name team-a")
        .stdout();
    let update = [
        "--local",
        "project",
        "update",
        "team-a",
        "--description",
        "a\u{1b}[31mb",
    ];
    env.acpctl().args(update).stdout();
    let lines = [
        "--jq .items[].description",
        "-o custom-columns=D:.description --no-headers",
        "-o jsonpath={.items[0].description}",
    ];
    for line in lines {
        let shown = env
            .acpctl()
            .line("--local get projects")
            .line(line)
            .stdout();
        assert_eq!(shown.trim_end(), "a\\x1b[31mb", "{line}");
    }
}

#[test]
fn quiet_leaves_names_errors_and_warnings() {
    assert_eq!(stdout(&["credential", "list", "-q"]), "prod\nbot\n");
    assert_eq!(
        stdout(&["get", "role-bindings", "--quiet"]),
        "b1\nb0\nb2\nb3\n"
    );
    assert_eq!(
        stdout(&["credential", "list", "-q", "-o", "name"]),
        "credential/prod\ncredential/bot\n"
    );
    let (_, stdout, stderr) = told(&["credential", "list", "-q", "--limit", "1"]);
    assert_eq!((stdout.as_str(), stderr.as_str()), ("prod\n", ""));
    let (status, _, stderr) = told(&["credential", "get", "none", "-q"]);
    assert_eq!(status, Some(3));
    assert!(stderr.starts_with("Error: "), "{stderr}");
}
