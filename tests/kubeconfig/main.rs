//! The kubeconfig rules: a corpus of files with the verdicts of Kubernetes' own client, kubectl
//! itself where it is installed, and properties that hold for any input.

#![allow(
    unreachable_pub,
    reason = "a test crate has no users; `pub` is for its own modules"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

mod carving;
mod findings;
mod input;
mod merging;
mod properties;
mod verdicts;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use acpctl::kubeconfig::{self, CheckOptions, Delivery, Finding, Report, Rules, Source};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kubeconfigs")
}

fn open(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// For rules that must not open anything.
fn open_nothing(path: &Path) -> std::io::Result<Vec<u8>> {
    panic!("opened {}", path.display());
}

fn source<'a>(bytes: &'a [u8], dir: &'a Path) -> Source<'a> {
    Source {
        name: "kubeconfig",
        bytes,
        dir,
    }
}

fn check_at(now: &str, bytes: &[u8], context: Option<&str>, rules: Rules) -> Report {
    let options = CheckOptions {
        delivery: Delivery::Pod,
        context,
        rules,
        now: now.parse().unwrap(),
        min_ttl: None,
        open: if rules == Rules::Runner {
            &open_nothing
        } else {
            &open
        },
    };
    kubeconfig::check(&[source(bytes, &folder())], &options)
}

/// At the instant for which the corpus records its warnings.
fn check(bytes: &[u8], context: Option<&str>, rules: Rules) -> Report {
    check_at("2026-12-01T00:00:00Z", bytes, context, rules)
}

fn codes(findings: &[Finding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// A kubeconfig with one context; the arguments are flow-style bodies without their braces.
fn one_context(cluster: &str, user: &str) -> String {
    format!(
        "current-context: dev\n\
         contexts: [{{name: dev, context: {{cluster: c, user: u, namespace: ns}}}}]\n\
         clusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]\n"
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

    fn texts(&self, key: &str) -> BTreeSet<&str> {
        let list = self.verdict[key].as_array();
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let lines = std::fs::read_to_string(folder().join("verdicts.jsonl")).unwrap();
    lines.lines().map(case).collect()
});

fn case(line: &str) -> Case {
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
}

/// 1,300 clusters with a CA each: too large to keep in the repository.
fn two_megabytes() -> Vec<u8> {
    let base = std::fs::read_to_string(folder().join("007-serviceaccount-token.yaml")).unwrap();
    let ca = base
        .lines()
        .find_map(|line| line.trim().strip_prefix("certificate-authority-data: "))
        .unwrap();
    let mut text = one_context(
        &format!("server: 'https://api.example.com', certificate-authority-data: {ca}"),
        "token: fake",
    );
    text = text.replace("namespace: ns", "");
    text = text.replace("clusters: [", "clusters: [\n");
    let mut more = String::new();
    for n in 1..1300 {
        writeln!(
            more,
            "{{name: c{n}, cluster: {{server: 'https://c{n}.example.com', certificate-authority-data: {ca}}}}},"
        )
        .unwrap();
    }
    text = text.replace("clusters: [\n", &format!("clusters: [\n{more}"));
    assert!(text.len() > 1 << 20);
    text.into_bytes()
}
