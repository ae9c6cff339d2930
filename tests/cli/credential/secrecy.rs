//! No secret turns up in any output.

use serde_json::json;

use crate::support::run::Line as _;
use crate::support::server::{Received, Scripted, json as answer, list, raw};
use crate::support::{ID, TOKEN, TestEnv, sample, streams};

#[test]
fn no_secret_turns_up_in_any_output() {
    let env = TestEnv::new();
    let canary = "canary-token-9f3b1c";
    let kubeconfig = sample().replacen(
        "token: this-secret-must-not-travel-along",
        &format!("token: {canary}"),
        1,
    );
    let leaky = move |request: &Received| match request.method.as_str() {
        "GET" if request.target.contains('?') => {
            let items =
                json!([{"id": ID, "name": "n", "provider": "github", "token": "canary-answer"}]);
            list(items)
        }
        "DELETE" => raw(204, "application/json", ""),
        _ => answer(
            200,
            &json!({"id": ID, "name": "n", "provider": "kubeconfig", "token": "canary-answer"}),
        ),
    };
    let server = Scripted::with(leaky);
    let verbs = [
        "list",
        &format!("get {ID}"),
        &format!("create --provider github --name n --token {canary}"),
        "create --provider kubeconfig --name n --context other --allow-duplicate --from-file -",
        "create --provider kubeconfig --name n --context other --dry-run --from-file -",
        "create --provider kubeconfig --name n --all-contexts --strict --from-file -",
        "create --provider kubeconfig --name n --context absent --from-file -",
        &format!("update {ID} --token {canary}"),
        &format!("update {ID} --context other --from-file -"),
        &format!("delete {ID} --yes"),
        "validate - --context other",
        "validate - --context absent -o json",
        "validate - -o sarif",
    ];
    for verb in verbs {
        for level in ["", "-v", "--trace", "--print-curl"] {
            let output = env
                .connected(server.url())
                .arg("credential")
                .line(verb)
                .line(level)
                .write_stdin(kubeconfig.clone())
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            for secret in [canary, "canary-answer", TOKEN] {
                assert!(
                    !stdout.contains(secret) && !stderr.contains(secret),
                    "{verb:?} {level:?} shows {secret}:\n{stdout}{stderr}"
                );
            }
        }
    }
}

/// A variable that holds the content of a file stands where its path belongs.
#[test]
fn content_in_place_of_a_path_is_not_repeated() {
    let env = TestEnv::new();
    let github = "ghp_0123456789abcdefghij";
    let hidden = "this-secret-must-not-travel-along";
    let json = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"users\":[{{\"name\":\"u\",\"user\":{{\"token\":\"{hidden}\"}}}}]}}"
    );
    let encoded = "YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmlnCnVzZXJzOgotIG5hbWU6IHUKICB1c2VyOgogICAgdG9rZW46IHRoaXMtc2VjcmV0LW11c3Qtbm90LXRyYXZlbC1hbG9uZwo=";
    for (content, secret) in [
        (sample(), hidden),
        (json, hidden),
        (encoded.to_owned(), "dG9rZW46IHRoaXMtc2VjcmV0"),
        (github.to_owned(), github),
    ] {
        for line in [
            "credential create --provider kubeconfig --name n -f",
            "credential create -o json -f",
            "credential update n -f",
            "credential validate",
            "credential inspect -f",
            "credential scan",
            "session exec -f",
            "session preview -o json -f",
            "session probe -f",
            "apply -f",
            "apply -k",
            "credential get",
            "--ca-file",
        ] {
            let mut command = env.local();
            command.line(line).arg(&content);
            if line.starts_with("session exec") {
                command.args(["--", "true"]);
            }
            if line == "--ca-file" {
                command.line("credential list");
            }
            let (stdout, stderr) = streams(&command.output().unwrap());
            assert!(
                !stdout.contains(secret) && !stderr.contains(secret),
                "{line}:\n{stdout}{stderr}"
            );
        }
        for line in [
            "doctor",
            "credential create --context team-a",
            "credential validate",
        ] {
            let mut command = env.local();
            let output = command.line(line).env("KUBECONFIG", &content).output();
            let (stdout, stderr) = streams(&output.unwrap());
            assert!(
                !stdout.contains(secret) && !stderr.contains(secret),
                "{line}:\n{stdout}{stderr}"
            );
        }
    }
}
