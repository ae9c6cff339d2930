//! The kubeconfig rules against a corpus of files with the verdicts of Kubernetes' own client.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use acpctl::kubeconfig::{self, CheckOptions, Report, Rules, Source};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubeconfigs")
}

fn open(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

fn check(bytes: &[u8], context: Option<&str>, rules: Rules) -> Report {
    let source = Source {
        name: "kubeconfig",
        bytes,
        dir: &folder(),
    };
    kubeconfig::check(
        &[source],
        &CheckOptions {
            context,
            rules,
            now: "2026-12-01T00:00:00Z".parse().unwrap(),
            min_ttl: None,
            open: &open,
        },
    )
}

/// A line of `verdicts.jsonl` with the file it speaks of.
struct Case {
    file: String,
    bytes: Vec<u8>,
    verdict: Value,
}

impl Case {
    fn context(&self) -> Option<&str> {
        self.verdict["context"].as_str()
    }

    fn texts(&self, key: &str) -> BTreeSet<String> {
        let list = self.verdict[key].as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }
}

fn cases() -> Vec<Case> {
    let lines = std::fs::read_to_string(folder().join("verdicts.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| {
            let verdict: Value = serde_json::from_str(line).unwrap();
            let file = verdict["file"].as_str().unwrap().to_owned();
            let bytes = if file.starts_with("801-") {
                two_megabytes()
            } else {
                std::fs::read(folder().join(&file)).unwrap()
            };
            Case {
                file,
                bytes,
                verdict,
            }
        })
        .collect()
}

/// 1,300 clusters with a CA each: too large to keep in the repository.
fn two_megabytes() -> Vec<u8> {
    let base = std::fs::read_to_string(folder().join("007-serviceaccount-token.yaml")).unwrap();
    let ca = base
        .lines()
        .find_map(|line| line.trim().strip_prefix("certificate-authority-data: "))
        .unwrap();
    let mut text = String::from(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {cluster: c0, user: u}\nusers:\n- name: u\n  user: {token: fake}\nclusters:\n",
    );
    for n in 0..1300 {
        text += &format!(
            "- name: c{n}\n  cluster: {{server: 'https://c{n}.example.com', certificate-authority-data: {ca}}}\n"
        );
    }
    assert!(text.len() > 1 << 20);
    text.into_bytes()
}

fn codes(report: &Report, refusals: bool) -> BTreeSet<String> {
    report
        .findings
        .iter()
        .filter(|f| refusals == f.gate.is_some() || f.code == "in-cluster-fallback")
        .map(|f| f.code.to_owned())
        .collect()
}

#[test]
fn verdicts_are_those_of_kubernetes() {
    let mut wrong = Vec::new();
    for case in cases() {
        for rules in [Rules::Kubernetes, Rules::All] {
            let report = check(&case.bytes, case.context(), rules);
            let stage = serde_json::to_value(report.stage).unwrap();
            let late = report
                .findings
                .iter()
                .any(|f| f.gate == Some(kubeconfig::Gate::Late));
            let same = report.accepted == (case.verdict["verdict"] == "accept")
                && stage == case.verdict["stage"]
                && late != case.verdict["late_error"].is_null()
                && report.falls_back_in_cluster == (case.verdict["falls_back_in_cluster"] == true);
            if !same {
                wrong.push(format!(
                    "{} {:?}: {} {}, found {stage} {:?}",
                    case.file,
                    case.context(),
                    case.verdict["verdict"],
                    case.verdict["stage"],
                    codes(&report, true)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn lint_is_the_recorded_one() {
    let mut wrong = Vec::new();
    for case in cases() {
        let report = check(&case.bytes, case.context(), Rules::Runner);
        let (found, expected) = (codes(&report, false), case.texts("warnings"));
        if found != expected {
            let missing: Vec<_> = expected.difference(&found).collect();
            let extra: Vec<_> = found.difference(&expected).collect();
            wrong.push(format!(
                "{} {:?}: missing {missing:?}, extra {extra:?}",
                case.file,
                case.context()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
