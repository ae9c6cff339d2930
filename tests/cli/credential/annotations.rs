//! `--annotations` and `--labels` beside the annotations that acpctl writes itself.

use serde_json::{Value, json};

use crate::support::TestEnv;
use crate::support::run::{Line as _, Run as _};

const ALLOW: &str = "--allow server-loopback";

/// Two clusters under two contexts; `first` is the current one.
fn kubeconfig() -> String {
    let entry = |name: &str, port: u16| {
        (
            json!({"name": name, "context": {"cluster": name, "user": name}}),
            json!({"name": name, "cluster": {"server": format!("https://127.0.0.1:{port}")}}),
            json!({"name": name, "user": {"token": format!("token-of-{name}-0123456789")}}),
        )
    };
    let (first, second) = (entry("first", 6443), entry("second", 7443));
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "first",
        "contexts": [first.0, second.0], "clusters": [first.1, second.1], "users": [first.2, second.2],
    })
    .to_string()
}

fn annotations(env: &TestEnv) -> Value {
    let line = "credential get c1 -o json";
    let shown: Value = serde_json::from_str(&env.local().line(line).stdout()).unwrap();
    serde_json::from_str(shown["annotations"].as_str().unwrap()).unwrap()
}

#[test]
fn update_replaces_the_annotations_of_the_user_and_keeps_those_of_acpctl() {
    let env = TestEnv::new();
    env.file("kc", kubeconfig());
    env.local()
        .line(&format!(
            "credential create --name c1 -f kc --context second {ALLOW}"
        ))
        .stdout();
    let own = annotations(&env);
    assert_eq!(own["acpctl/context"], "second");
    let update = |given: &str| {
        let line = ["credential", "update", "c1", "--annotations", given];
        let (code, stdout, stderr) = env.local().args(line).told();
        assert_eq!(code, Some(0), "{given}: {stderr}");
        stdout
    };
    let mut with_pair = own.clone();
    with_pair["x"] = json!("y");
    assert_eq!(update(r#"{"x":"y"}"#), "credential/c1 updated\n");
    assert_eq!(annotations(&env), with_pair);
    assert_eq!(update(r#"{"x":"y"}"#), "credential/c1 unchanged\n");
    assert_eq!(
        update(r#"{"x":"y","acpctl/context":"other"}"#),
        "credential/c1 unchanged\n"
    );
    // The guard that reads them works still.
    let renew = format!("credential update c1 -f kc --strict {ALLOW}");
    let (code, _, stderr) = env.local().line(&renew).told();
    assert_eq!(code, Some(6), "{stderr}");
    for empty in ["{}", ""] {
        update(r#"{"x":"y"}"#);
        assert_eq!(update(empty), "credential/c1 updated\n", "{empty}");
        assert_eq!(annotations(&env), own, "{empty}");
        assert_eq!(update(empty), "credential/c1 unchanged\n", "{empty}");
    }
}

#[test]
fn labels_and_annotations_that_are_not_a_json_object_are_refused() {
    let env = TestEnv::new();
    env.local().line("create project demo").stdout();
    env.local()
        .line("credential create --provider github --name c1 --token t")
        .stdout();
    env.local()
        .line("agent create lead --project demo")
        .stdout();
    for line in [
        "credential update c1",
        "credential create --provider github --name c2 --token t",
        "agent create dev --project demo",
        "agent update lead --project demo",
        "policy create open --project demo",
        "provider create gh --project demo",
        "create policy open --project demo",
    ] {
        for flag in ["--labels", "--annotations"] {
            let (code, stdout, stderr) = env.local().line(line).args([flag, "a=b"]).told();
            assert_eq!((code, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
            let says = format!(
                "Error: {flag} \"a=b\" is not a JSON object\nHint: write {flag} '{{\"a\":\"b\"}}'\n"
            );
            assert!(stderr.ends_with(&says), "{line}: {stderr}");
        }
    }
    // The Go tool sends any text here.
    let line = "project update demo --annotations zz";
    let (code, stdout, stderr) = env.local().line(line).told();
    assert_eq!((code, stdout.as_str()), (Some(0), "project/demo updated\n"));
    let warning = "Warning: --annotations \"zz\" is not a JSON object; write --annotations '{\"team\":\"ci\"}'\n";
    assert_eq!(stderr, warning);
}
