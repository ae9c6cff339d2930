//! `get`: names in lists, labels, all projects.

use serde_json::json;

use crate::support::server::{Received, Scripted, error, json as answer, list};
use crate::support::{TestEnv, streams};

#[test]
fn role_bindings_show_names() {
    let env = TestEnv::new();
    let server = Scripted::with(|request: &Received| {
        let items = match request.target.trim_start_matches("/api/ambient/v1") {
            path if path.starts_with("/role_bindings") => json!([
                {"id": "b1", "role_id": "r1", "scope": "credential", "credential_id": "c1", "project_id": "p1"},
            ]),
            path if path.starts_with("/roles") => {
                json!([{"id": "r1", "name": "credential:reader"}])
            }
            _ => return error(403, "no", "no"),
        };
        answer(
            200,
            &json!({"kind": "L", "page": 1, "size": 1, "total": 1, "items": items}),
        )
    });
    let output = env
        .connected(server.url())
        .args(["get", "rb"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(output.status.success(), "{stderr}");
    // The credentials may not be listed: the id is shown, and that is no failure.
    let row: Vec<&str> = stdout.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["b1", "credential:reader", "credential", "c1"]);
    env.connected(server.url())
        .args(["get", "rb", "-o", "json"])
        .assert()
        .success();
    assert_eq!(
        server.lines().len(),
        4,
        "no look-ups for JSON: {:?}",
        server.lines()
    );
}

#[test]
fn lists_and_apply_read_labels_alike() {
    let env = TestEnv::new();
    let list = |arguments: &[&str]| {
        let server = Scripted::with(|_| {
            let item = |id: &str, labels: &str| json!({"id": id, "name": id, "labels": labels});
            let items = json!([
                item("both", "{\"a\":\"1\",\"b\":\"2\"}"),
                item("one", "{\"a\":\"1\"}"),
                item("none", "")
            ]);
            list(items)
        });
        let words = ["get", "credentials", "-o", "name"];
        let output = env
            .connected(server.url())
            .args(words)
            .args(arguments)
            .output()
            .unwrap();
        streams(&output)
            .0
            .replace("credential/", "")
            .replace('\n', " ")
    };
    for both in [
        &["-l", "a=1,b=2"][..],
        &["-l", "a=1", "--label", "b=2"],
        &["--selector=a==1, b=2"],
    ] {
        assert_eq!(list(both), "both ", "{both:?}");
    }
    assert_eq!(list(&["-l", "a=1", "-l", ""]), "both one ");
    assert_eq!(list(&["-l", ""]), "both one none ");
}

#[test]
fn sessions_of_all_projects_are_asked_for_without_one() {
    let env = TestEnv::new();
    for (flags, project) in [
        (&[][..], Some("demo")),
        (&["-A"], None),
        (&["--all-projects"], None),
    ] {
        let server = Scripted::with(|_| {
            answer(
                200,
                &json!({"kind": "List", "page": 1, "size": 1, "total": 1, "items": [{"id": "s1", "name": "n"}]}),
            )
        });
        env.connected(server.url())
            .env("AMBIENT_PROJECT", "demo")
            .args(["get", "sessions"])
            .args(flags)
            .assert()
            .success();
        let received = server.received();
        assert_eq!(
            received[0].header("x-ambient-project"),
            project,
            "{flags:?}"
        );
    }
    env.local()
        .args(["get", "credentials", "-A"])
        .assert()
        .code(2);
}

#[test]
fn a_misspelt_project_is_an_error_and_a_renamed_one_is_found() {
    let env = TestEnv::new();
    let run = |line: &str| {
        let output = env.local().args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        (output.status.code().unwrap(), stdout, stderr)
    };
    assert_eq!(run("create project --name demo").0, 0);
    for line in [
        "agent list --project-id",
        "agent start --all --project-id",
        "agent stop --all --project-id",
        "get agents --project-id",
        "scheduled-session list --project-id",
    ] {
        let (code, stdout, stderr) = run(&format!("{line} dmeo"));
        assert_eq!((code, stdout.as_str()), (3, ""), "{line}: {stderr}");
        assert!(
            stderr.contains("project \"dmeo\" not found")
                && stderr.contains("did you mean \"demo\"?"),
            "{line}: {stderr}"
        );
        assert_eq!(run(&format!("{line} demo")).0, 0, "{line}");
    }
    // A project keeps its id, which is what requests name it with.
    assert_eq!(run("project update demo --name web").0, 0);
    assert_eq!(run("project set web").1, "Switched to project \"web\"\n");
    assert_eq!(run("project current").1, "Current project: demo\n");
    let (code, _, stderr) = run("delete project web --yes");
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("\"demo\" was the current project; none is the current one now"),
        "{stderr}"
    );
    assert_eq!(
        run("project current -o json").1,
        "{\n  \"project\": null\n}\n"
    );
}
