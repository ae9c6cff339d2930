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
