//! What is kept of a kubeconfig, and what is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acpctl::kubeconfig::{self, Finding, Identity, Keep, Rules};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::{CASES, Case, check, codes, folder, one_context, open, source};

fn carved(text: &str, keep: Keep<'_>) -> kubeconfig::Carved {
    let folder = folder();
    kubeconfig::carve(&[source(text.as_bytes(), &folder)], keep, &open).unwrap()
}

fn refusal(text: &str, keep: Keep<'_>) -> Vec<Finding> {
    let folder = folder();
    kubeconfig::carve(&[source(text.as_bytes(), &folder)], keep, &open).unwrap_err()
}

#[test]
fn only_the_context_stays() {
    let case = CASES
        .iter()
        .find(|case| case.file.starts_with("050-"))
        .unwrap();
    let text = std::str::from_utf8(&case.bytes).unwrap();
    let carved = carved(text, Keep::Named("two"));
    assert_eq!(carved.context, "two");
    assert_eq!((carved.kept_contexts, carved.total_contexts), (1, 7));
    assert_eq!(
        (
            carved.dropped_contexts,
            carved.dropped_clusters,
            carved.dropped_users
        ),
        (6, 1, 2)
    );
    let text = carved.text.expose_secret();
    assert!(text.contains("fake-b"));
    for dropped in ["fake-a", "fake-c", "a.example.com", "certificate-authority"] {
        assert!(!text.contains(dropped), "{dropped}");
    }
    assert!(
        !format!("{carved:?}").contains("fake-b"),
        "Debug shows no secret"
    );
}

#[test]
fn files_become_data() {
    let text = one_context(
        "server: https://api.example.com, certificate-authority: certs/ca.crt",
        "client-certificate: certs/rsa.crt, client-key: ./certs/../certs/rsa.key, tokenFile: certs/token.txt",
    );
    let carved = carved(&text, Keep::Current);
    let inlined: Vec<_> = carved
        .inlined
        .iter()
        .map(|inlined| (inlined.label(), inlined.path.as_str()))
        .collect();
    let inlined: Vec<_> = inlined
        .iter()
        .map(|(place, path)| (place.as_str(), *path))
        .collect();
    assert_eq!(
        inlined,
        [
            ("clusters[c].certificate-authority", "certs/ca.crt"),
            ("users[u].client-certificate", "certs/rsa.crt"),
            ("users[u].client-key", "./certs/../certs/rsa.key"),
            ("users[u].tokenFile", "certs/token.txt"),
        ]
    );
    let output = carved.text.expose_secret();
    assert!(output.contains("token: file-token-abc\n"), "trimmed");
    assert!(!output.contains("certs/"));
    let report = check(output.as_bytes(), None, Rules::Runner);
    assert!(report.accepted);
    assert!(!codes(&report.findings).contains("file-reference"));
    assert_eq!(
        report.summary.unwrap().context.identity,
        Identity::Certificate
    );
}

#[test]
fn what_cannot_be_cut_is_said() {
    let cluster = "server: https://api.example.com";
    for (text, keep, code) in [
        (
            one_context(cluster, "tokenFile: certs/nope.txt"),
            Keep::Current,
            "file-unreadable",
        ),
        (
            one_context(cluster, "tokenFile: certs"),
            Keep::Current,
            "file-unreadable",
        ),
        (
            one_context(cluster, "tokenFile: certs/blank-token.txt"),
            Keep::Current,
            "token-file-empty",
        ),
        (
            one_context(
                "certificate-authority: a, certificate-authority-data: QQ==",
                "",
            ),
            Keep::Current,
            "data-and-file",
        ),
        (
            one_context(cluster, ""),
            Keep::Named("x"),
            "context-not-found",
        ),
        (
            one_context(cluster, "").replace("cluster: c,", "cluster: d,"),
            Keep::Current,
            "cluster-not-found",
        ),
        (
            one_context(cluster, "").replace("user: u,", "user: v,"),
            Keep::Current,
            "user-not-found",
        ),
        (
            one_context(cluster, "").replace("current-context: dev", ""),
            Keep::Current,
            "no-current-context",
        ),
    ] {
        assert_eq!(
            codes(&refusal(&text, keep)),
            BTreeSet::from([code]),
            "{text}"
        );
    }
}

#[test]
fn an_unreadable_token_file_leaves_the_token() {
    let text = one_context(
        "server: https://x",
        "token: inline, tokenFile: certs/nope.txt",
    );
    let carved = carved(&text, Keep::Current);
    assert!(carved.text.expose_secret().contains("token: inline\n"));
    assert_eq!(codes(&carved.findings), BTreeSet::from(["file-unreadable"]));
}

#[test]
fn a_program_with_a_path_is_said() {
    let text = one_context(
        "server: https://x",
        "exec: {command: ./bin/login, apiVersion: client.authentication.k8s.io/v1beta1}",
    );
    let carved = carved(&text, Keep::Current);
    assert_eq!(
        codes(&carved.findings),
        BTreeSet::from(["exec-relative-command"])
    );
    assert!(
        carved
            .text
            .expose_secret()
            .contains("interactiveMode: IfAvailable")
    );
}

#[test]
fn all_contexts_can_stay() {
    let text = "contexts: [{name: b, context: {}}, {name: a, context: {}}]\nusers: [{name: u, user: {tokenFile: certs/token.txt}}]";
    let carved = carved(text, Keep::All);
    assert_eq!((carved.kept_contexts, carved.dropped_users), (2, 0));
    let output = carved.text.expose_secret();
    assert!(output.find("name: a").unwrap() < output.find("name: b").unwrap());
    assert!(output.contains("file-token-abc"));
}

/// `kubectl config view --raw --minify --flatten`, where kubectl is installed.
#[test]
fn agrees_with_kubectl() {
    let view = |path: &Path, args: &[&str]| {
        std::process::Command::new("kubectl")
            .args(["config", "view", "--raw", "-o", "json", "--kubeconfig"])
            .arg(path)
            .args(args)
            .env_remove("KUBECONFIG")
            .output()
    };
    let home = tempfile::tempdir().unwrap();
    let carved_file = home.path().join("carved");
    if view(&carved_file, &[]).is_err() {
        eprintln!("NOT CHECKED: kubectl is not installed");
        return;
    }
    let mut compared = 0;
    let accepted = |case: &&Case| case.verdict["verdict"] == "accept";
    // Two runs of kubectl for each: a third of the files has to do.
    for case in CASES.iter().filter(accepted).step_by(3) {
        // Deliberate: token files are inlined, and an empty reference keeps the unnamed cluster.
        let text = String::from_utf8_lossy(&case.bytes);
        if text.contains("tokenFile")
            || case.file.starts_with("317-")
            || case.file.starts_with("801-")
        {
            continue;
        }
        let mut args = vec!["--minify", "--flatten"];
        args.extend(
            case.context()
                .into_iter()
                .flat_map(|name| ["--context", name]),
        );
        let theirs = view(&folder().join(&case.file), &args).unwrap();
        let keep = case.context().map_or(Keep::Current, Keep::Named);
        let ours = kubeconfig::carve(&[source(&case.bytes, &folder())], keep, &open);
        assert_eq!(theirs.status.success(), ours.is_ok(), "{}", case.file);
        let Ok(ours) = ours else { continue };
        std::fs::write(&carved_file, ours.text.expose_secret()).unwrap();
        let ours = view(&carved_file, &[]).unwrap();
        assert_eq!(
            meaning(&theirs.stdout),
            meaning(&ours.stdout),
            "{}",
            case.file
        );
        compared += 1;
    }
    assert!(compared > 30);
}

/// JSON without what means the same as nothing.
fn meaning(json: &[u8]) -> Value {
    fn reduce(value: &Value) -> Option<Value> {
        let reduced = match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .filter_map(|(key, value)| Some((key.clone(), reduce(value)?)))
                    .collect::<BTreeMap<_, _>>()
                    .into_iter()
                    .collect(),
            ),
            Value::Array(list) => Value::Array(
                list.iter()
                    .map(|item| reduce(item).unwrap_or_default())
                    .collect(),
            ),
            other => other.clone(),
        };
        let empty = match &reduced {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            _ => false,
        };
        (!empty).then_some(reduced)
    }
    reduce(&serde_json::from_slice(json).unwrap()).unwrap_or_default()
}
