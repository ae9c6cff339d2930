//! `credential get`, `list` and their like: names, IDs, long lists.

use serde_json::{Value, json};

use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Scripted, error, json as answer, list, raw};
use crate::support::{ID, SAMPLE, TestEnv, sample, streams};

/// A manifest whose secret is the kubeconfig beside it.
const MANIFEST: &str =
    "kind: Credential\nname: prod\nprovider: kubeconfig\ntokenFrom: {file: k.yaml}\n";

#[test]
fn names_and_ids_find_a_credential() {
    let env = TestEnv::new();
    let record = json!({"id": ID, "name": "mine", "provider": "github"});
    let server = Scripted::with(move |request| {
        let target = request
            .target
            .trim_start_matches("/api/ambient/v1/credentials");
        match (request.method.as_str(), target) {
            ("GET", target) if target.starts_with('?') => list(json!([record])),
            ("DELETE", target) if target == format!("/{ID}") => raw(204, "application/json", ""),
            (_, target) if target == format!("/{ID}/token") => answer(
                200,
                &json!({"credential_id": ID, "provider": "github", "token": "t"}),
            ),
            (_, target) if target == format!("/{ID}") => answer(200, &record),
            _ => error(404, "ambient-api-server-7", "not found"),
        }
    });
    for (args, stdout) in [
        (vec!["get", "mine", "-o", "name"], "credential/mine\n"),
        (vec!["token", "mine"], "t\n"),
        (
            vec!["update", "mine", "--description", "d"],
            "credential/mine updated\n",
        ),
        (vec!["delete", "mine", "--yes"], "credential/mine deleted\n"),
    ] {
        env.connected(server.url())
            .arg("credential")
            .args(&args)
            .assert()
            .success()
            .stdout(stdout);
    }
    let lines = server.lines();
    assert!(
        lines.contains(&format!("PATCH /credentials/{ID}"))
            && lines.contains(&format!("DELETE /credentials/{ID}")),
        "{lines:?}"
    );
    assert!(
        !lines.contains(&"DELETE /credentials/mine".to_owned()),
        "the server would call that a success"
    );
}

#[test]
fn two_of_a_name_are_an_error_that_lists_both() {
    let env = TestEnv::new();
    let items = json!([{"id": "first", "name": "twin"}, {"id": "second", "name": "twin"}]);
    let server = Scripted::with(move |request| {
        if request.target.contains('?') {
            list(items.clone())
        } else {
            error(404, "ambient-api-server-7", "not found")
        }
    });
    for args in [
        vec!["get", "twin"],
        vec!["token", "twin"],
        vec!["update", "twin", "--name", "x"],
        vec!["delete", "twin", "-y"],
        vec!["bind", "twin", "--project", "p"],
    ] {
        let output = env
            .connected(server.url())
            .arg("credential")
            .args(&args)
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(6), "{args:?}: {stderr}");
        assert!(stderr.contains("multiple credentials named \"twin\" found (first, second); use the credential ID instead"), "{stderr}");
    }
    assert!(
        server
            .received()
            .iter()
            .all(|request| request.method == "GET" || request.target.ends_with("/twin")),
        "{:?}",
        server.lines()
    );
}

#[test]
fn long_lists_are_walked_to_the_end() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let query: std::collections::HashMap<_, _> =
            url::form_urlencoded::parse(request.target.split_once('?').unwrap().1.as_bytes())
                .into_owned()
                .collect();
        let number = |key: &str| query[key].parse::<usize>().unwrap();
        let (page, size) = (number("page"), number("size"));
        let items: Vec<Value> = (0..2500)
            .skip((page - 1) * size)
            .take(size)
            .map(|n| json!({"id": format!("{n:05}"), "name": "n", "provider": "p"}))
            .collect();
        answer(
            200,
            &json!({"kind": "CredentialList", "page": page, "size": items.len(), "total": 2500, "items": items}),
        )
    });
    let output = env
        .connected(server.url())
        .args(["credential", "list", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (list["items"].as_array().unwrap().len(), &list["total"]),
        (2500, &json!(2500))
    );
    assert_eq!(
        server.lines()[0],
        "GET /credentials?page=1&size=100",
        "the first request is the Go tool's"
    );
    let output = env
        .connected(server.url())
        .args(["credential", "list", "--limit", "3"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (stdout.lines().count(), stderr.as_str()),
        (
            4,
            "Showing 3 of 2500 credentials; raise or leave out --limit to see more\n"
        )
    );
}

/// The context's name must not take the place of a name that was typed.
#[test]
fn a_typed_name_is_never_lost() {
    let env = TestEnv::new();
    let create = || {
        let mut command = env.local();
        command.args(["credential", "create", "-f", SAMPLE]);
        command
    };
    for words in [&["mine"][..], &["mine", "--if-exists", "update"]] {
        let (status, stdout, stderr) = create().args(words).told();
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("write --name \"mine\""), "{stderr}");
    }
    for empty in [&["--name", ""][..], &["--name", "n", "--provider", ""]] {
        let (status, stdout, stderr) = create().args(empty).told();
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains("its value is empty"), "{stderr}");
    }
    assert_eq!(env.local().line("credential list -o name").stdout(), "");
    // The Go tool ignores a word beside --name, and those of a list.
    let (status, stdout, stderr) = create().args(["extra", "--name", "mine"]).told();
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/mine created\n")
    );
    assert!(stderr.contains("Warning: \"extra\" is ignored"), "{stderr}");
    let (status, stdout, stderr) = env.local().line("credential list other -o name").told();
    assert_eq!((status, stdout.as_str()), (Some(0), "credential/mine\n"));
    assert_eq!(
        stderr,
        "Warning: \"other\" is ignored: this command takes no argument\n"
    );
}

#[test]
fn a_dry_run_foresees_what_is_stored() {
    let env = TestEnv::new();
    let create = |words: &str| {
        let mut command = env.local();
        command.args(["credential", "create", "-f", SAMPLE, "--name", "n"]);
        command.line(words).told()
    };
    assert_eq!(create("--dry-run").1, "credential/n created (dry run)\n");
    assert_eq!(create("").0, Some(0));
    assert_eq!(create("--dry-run").1, "credential/n unchanged (dry run)\n");
    let (status, stdout, stderr) = create("--dry-run --context other");
    assert_eq!((status, stdout.as_str()), (Some(6), ""), "{stderr}");
    assert_eq!(create("--context other").0, Some(6));
    let updated = create("--dry-run --context other --if-exists update");
    assert_eq!(updated.1, "credential/n updated (dry run)\n");
    assert_eq!(create("").1, "credential/n unchanged\n");
    // Without a login there is nobody to ask.
    let mut bare = env.acpctl();
    bare.args(["credential", "create", "-f", SAMPLE, "--dry-run"]);
    assert_eq!(bare.told().0, Some(0));
}

#[test]
fn an_empty_path_is_called_empty() {
    let env = TestEnv::new();
    for (words, error) in [
        (
            ["apply", "-f", ""],
            "invalid argument \"\" for \"-f, --filename\" flag: it is empty",
        ),
        (
            ["credential", "validate", ""],
            "invalid argument \"\" for FILE: it is empty",
        ),
    ] {
        let (status, _, stderr) = env.local().args(words).told();
        assert_eq!(status, Some(2));
        assert_eq!(stderr, format!("Error: {error}\n"));
    }
}

#[test]
fn a_current_context_that_has_changed_moves_no_credential() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let told = |line: &str| env.local().line(line).told();
    told("credential create -f k.yaml --name prod");
    let moved = sample().replace("current-context: team-a", "current-context: other");
    env.file("k.yaml", &moved);
    env.file("m.yaml", MANIFEST);
    for line in [
        "credential update prod -f k.yaml",
        "credential update prod -f k.yaml --strict",
        "credential update prod -f k.yaml --dry-run",
        "credential update prod -f k.yaml --skip-validation",
        "credential update prod -f k.yaml --no-flatten",
        "credential update prod -f k.yaml --all-contexts --dry-run",
        "credential create -f k.yaml --name prod --if-exists update",
        "credential create -f k.yaml --name prod --if-exists update --dry-run",
        "credential create -f k.yaml --name prod --if-exists update --skip-validation",
        "apply -f m.yaml",
        "apply -f m.yaml --diff",
    ] {
        let (status, stdout, stderr) = told(line);
        assert_eq!((status, stdout.as_str()), (Some(6), ""), "{line}: {stderr}");
        let add = if line.starts_with("apply") {
            [
                "context: \"team-a\" to the document",
                "context: \"other\" to the document",
            ]
        } else {
            ["--context team-a", "--context other"]
        };
        let is_whole = ["--skip", "--no-flatten", "--all"].iter();
        let hint = if is_whole.clone().any(|flag| line.contains(flag)) {
            format!("Hint: to change the cluster, add {}\n", add[1])
        } else {
            format!(
                "to keep the cluster, add {}; to change the cluster, add {}",
                add[0], add[1]
            )
        };
        assert!(stderr.contains(&hint), "{line}: {stderr}");
        let server = told("credential list -o custom-columns=S:.annotations");
        assert!(
            server.1.contains("api.sample-cluster"),
            "{line}: {}",
            server.1
        );
    }
    let (_, stdout, stderr) = told("credential update prod -f k.yaml --context team-a");
    assert_eq!(stdout, "credential/prod unchanged\n", "{stderr}");
    assert!(!stderr.contains("leads to"), "{stderr}");
    let (_, stdout, stderr) = told("credential update prod -f k.yaml --context other");
    assert_eq!(stdout, "credential/prod updated\n", "{stderr}");
    assert!(!stderr.contains("leads to"), "{stderr}");
}

#[test]
fn a_text_that_does_not_say_where_it_leads_is_told_and_keeps_what_is_the_users() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.file("junk", "not a kubeconfig");
    let told = |line: &str| env.local().line(line).told();
    let mine = r#"--labels {"team":"ci"} --annotations {"mine":"1"}"#;
    told(&format!("credential create -f k.yaml --name prod {mine}"));
    let (status, _, stderr) = told("credential update prod -f junk --skip-validation");
    assert_eq!(status, Some(0), "{stderr}");
    let warning = "Warning: credential \"prod\" leads to \"https://api.sample-cluster.example.net:6443\" (context \"team-a\"), and the new text does not say where it leads\n";
    assert!(stderr.contains(warning), "{stderr}");
    let stored = told("credential get prod -o json").1;
    assert!(
        stored.contains("mine") && stored.contains("team"),
        "{stored}"
    );
    assert!(!stored.contains("api.sample-cluster"), "{stored}");
    // A file that was stored unchecked is compared with the next one too.
    told("credential update prod -f k.yaml --skip-validation");
    let moved = sample().replace("current-context: team-a", "current-context: other");
    env.file("k.yaml", moved);
    assert_eq!(told("credential update prod -f k.yaml").0, Some(6));
}

#[test]
fn another_identity_in_the_same_cluster_is_named_too() {
    let env = TestEnv::new();
    let same = sample().replace("cluster: other\n    user", "cluster: sample\n    user");
    env.file("k.yaml", &same);
    let told = |line: &str| env.local().line(line).told();
    told("credential create -f k.yaml --name prod");
    env.file(
        "k.yaml",
        same.replace("current-context: team-a", "current-context: other"),
    );
    let (status, _, stderr) = told("credential update prod -f k.yaml");
    assert_eq!(status, Some(6), "{stderr}");
    assert!(
        stderr.contains("to keep the context, add --context team-a; to change the context, add"),
        "{stderr}"
    );
    let (status, _, stderr) = told("credential update prod -f k.yaml --no-flatten");
    assert_eq!(status, Some(6), "{stderr}");
    // The context was only renamed.
    env.file("k.yaml", same.replace("team-a", "renamed"));
    let (status, stdout, stderr) = told("credential update prod -f k.yaml");
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/prod updated\n")
    );
    assert!(!stderr.contains("changes from"), "{stderr}");
}

#[test]
fn a_file_that_only_has_another_cluster_changes_it_if_its_context_is_named() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let told = |line: &str| env.local().line(line).told();
    told("credential create -f k.yaml --name prod");
    env.file(
        "k.yaml",
        sample().replace("api.sample-cluster", "api.new-cluster"),
    );
    env.file("m.yaml", MANIFEST);
    for line in [
        "credential update prod -f k.yaml",
        "credential update prod -f k.yaml --strict",
        "credential update prod -f k.yaml --dry-run",
        "credential create -f k.yaml --name prod --if-exists update",
        "apply -f m.yaml",
    ] {
        let (status, stdout, stderr) = told(line);
        assert_eq!((status, stdout.as_str()), (Some(6), ""), "{line}: {stderr}");
        let add = if line.starts_with("apply") {
            "context: \"team-a\" to the document"
        } else {
            "--context team-a"
        };
        let hint = format!("Hint: to change the cluster, add {add}\n");
        assert!(stderr.contains(&hint), "{line}: {stderr}");
    }
    // Another spelling of the same address is no other cluster.
    let spelled = sample().replace(
        "https://api.sample-cluster.example.net:6443",
        "https://API.sample-cluster.example.net:6443/",
    );
    env.file("spelled.yaml", spelled);
    let (status, _, stderr) = told("credential update prod -f spelled.yaml --dry-run");
    assert_eq!(status, Some(0), "{stderr}");
    // A whole file is stored if its own current context is named, and no other one.
    for whole in ["--skip-validation", "--no-flatten", "--all-contexts"] {
        let line = format!("credential update prod -f k.yaml --dry-run {whole}");
        assert_eq!(told(&line).0, Some(6), "{line}");
        let (status, _, stderr) = told(&format!("{line} --context team-a"));
        assert_eq!(status, Some(0), "{line}: {stderr}");
        let (status, _, stderr) = told(&format!("{line} --context other"));
        assert_eq!(status, Some(2), "{line}: {stderr}");
        let hint = "whose current context is \"team-a\": leave out one of the two";
        assert!(stderr.contains(hint), "{line}: {stderr}");
    }
    let (status, stdout, stderr) = told("credential update prod -f k.yaml --context team-a");
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/prod updated\n"),
        "{stderr}"
    );
}

#[test]
fn a_secret_that_is_removed_is_told() {
    let env = TestEnv::new();
    env.file("t", "ghp_0123456789abcdef");
    let told = |line: &str| env.local().line(line).told();
    told("credential create --provider github --name gh -f t");
    let (status, stdout, stderr) = told("credential update gh --token=");
    assert_eq!((status, stdout.as_str()), (Some(7), ""));
    assert!(stderr.contains("add --allow no-secret"), "{stderr}");
    let (status, stdout, stderr) = told("credential update gh --token= --allow no-secret");
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/gh updated\n")
    );
    assert!(stderr.contains("the secret is removed"), "{stderr}");
}

#[test]
fn what_another_provider_has_stored_is_not_skipped() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    env.file("t", "ghp_0123456789abcdef");
    let told = |line: &str| env.local().line(line).told();
    told("credential create -f k.yaml --name prod");
    told("project create team-a");
    let line =
        "credential create --provider github --name prod -f t --if-exists skip --bind team-a";
    let (status, stdout, stderr) = told(line);
    assert_eq!((status, stdout.as_str()), (Some(6), ""), "{stderr}");
    let (_, bindings, _) = told("credential bindings prod -o json");
    assert!(!bindings.contains("team-a"), "{bindings}");
}
