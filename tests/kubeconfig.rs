//! The kubeconfig rules: a corpus of files with the verdicts of Kubernetes' own client, kubectl
//! itself where it is installed, and properties that hold for any input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use acpctl::kubeconfig::{
    self, Base64, CheckOptions, Finding, Gate, Identity, Keep, Kubeconfig, Report, Rules, Severity,
    Source,
};
use proptest::prelude::*;
use secrecy::ExposeSecret;
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

#[test]
fn verdicts_are_those_of_kubernetes() {
    let mut wrong = String::new();
    for case in CASES.iter() {
        for rules in [Rules::Kubernetes, Rules::All] {
            let report = check(&case.bytes, case.context(), rules);
            let stage = serde_json::to_value(report.stage).unwrap();
            let late = report.findings.iter().any(|f| f.gate == Some(Gate::Late));
            let same = report.accepted == (case.verdict["verdict"] == "accept")
                && stage == case.verdict["stage"]
                && late != case.verdict["late_error"].is_null()
                && report.falls_back_in_cluster == (case.verdict["falls_back_in_cluster"] == true);
            if !same {
                writeln!(
                    wrong,
                    "{} {:?}: {}, found {stage} {:?}",
                    case.file,
                    case.context(),
                    case.verdict["stage"],
                    codes(&report.findings)
                )
                .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Codes that came after the recording.
static LATER: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| BTreeSet::from(["server-impossible", "server-non-ascii"]));

#[test]
fn lint_is_the_recorded_one_and_opens_nothing() {
    let mut wrong = String::new();
    for case in CASES.iter() {
        let report = check(&case.bytes, case.context(), Rules::Runner);
        let is_lint = |f: &&Finding| f.gate.is_none() || f.code == "in-cluster-fallback";
        let found: BTreeSet<_> = report
            .findings
            .iter()
            .filter(is_lint)
            .map(|f| f.code)
            .collect();
        let mut expected = case.texts("warnings");
        // An address that Kubernetes refuses has one finding, which says what is wrong with it.
        if report.findings.iter().any(|f| f.code == "bad-server") {
            expected.remove("server-no-scheme");
            expected.remove("server-private");
        }
        // Younger than the recording.
        expected.extend(found.intersection(&LATER).copied());
        if found != expected {
            let missing: Vec<_> = expected.difference(&found).collect();
            let extra: Vec<_> = found.difference(&expected).collect();
            writeln!(wrong, "{}: missing {missing:?}, extra {extra:?}", case.file).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn contexts_are_listed_where_the_file_can_be_read() {
    for case in CASES.iter() {
        let listed = kubeconfig::contexts(&[source(&case.bytes, &folder())]);
        if case.verdict["stage"] == "load" {
            assert!(listed.is_err(), "{}", case.file);
            continue;
        }
        if case.texts("contexts").contains("...") {
            continue; // recorded in part
        }
        let listed = listed.unwrap();
        let names: BTreeSet<_> = listed.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, case.texts("contexts"), "{}", case.file);
        let current = listed.iter().find(|c| c.current).map(|c| c.name.as_str());
        let recorded = case.verdict["current_context"].as_str();
        assert_eq!(
            current,
            recorded.filter(|name| names.contains(name)),
            "{}",
            case.file
        );
    }
}

#[test]
fn findings_say_where() {
    let text = "clusters:\n- name: c\n  cluster: {server: https://x}\nusers:\n- name: a\n  user: {}\n\
                - name: u\n  user:\n    token: s3cret\n    exec:\n      command: aws\n      \
                apiVersion: client.authentication.k8s.io/v1\ncontexts:\n- name: dev\n  context: \
                {cluster: c, user: u}\ncurrent-context: dev\n";
    let report = check(text.as_bytes(), None, Rules::Kubernetes);
    let finding = &report.findings[0];
    assert_eq!(finding.code, "exec-bad-mode");
    assert_eq!(finding.list, Some("users"));
    assert_eq!(finding.index, Some(1));
    assert_eq!(finding.name.as_deref(), Some("u"));
    assert_eq!(finding.field.as_deref(), Some("user.exec.interactiveMode"));
    assert_eq!(finding.line, Some(10), "the nearest line: that of `exec`");

    let text = "users:\n- name: u\n  user:\n    token: 123\n";
    let finding = &check(text.as_bytes(), None, Rules::Kubernetes).findings[0];
    assert_eq!((finding.code, finding.line), ("wrong-type", Some(4)));
    assert_eq!(finding.field.as_deref(), Some("user.token"));
    assert!(!finding.message.contains("123"));
}

#[test]
fn misspelt_fields_are_named() {
    let text = one_context(
        "Server: https://x, server: https://y.example.com",
        "token-file: x",
    );
    let report = check(text.as_bytes(), None, Rules::Runner);
    let fixes: Vec<_> = report
        .findings
        .iter()
        .filter(|f| f.code == "unknown-field")
        .filter_map(|f| f.fix.as_deref())
        .collect();
    assert_eq!(fixes, ["rename it to `server`", "rename it to `tokenFile`"]);
}

#[test]
fn addresses_are_shown_without_secrets() {
    for (server, shown) in [
        (
            "https://me:pw@api.example.com:6443/k8s?key=pw#pw",
            "https://api.example.com:6443/k8s",
        ),
        ("https://api.example.com/me:pw@x", "https://api.example.com"),
        ("https://me:pwapi.example.com", "(not an address)"),
        ("me:pw@api.example.com", "api.example.com"),
        ("api.example.com:6443", "api.example.com:6443"),
    ] {
        let text = one_context(&format!("server: '{server}'"), "");
        let listed = kubeconfig::contexts(&[source(text.as_bytes(), Path::new(""))]).unwrap();
        assert_eq!(listed[0].server.as_deref(), Some(shown));
        let report = check(text.as_bytes(), None, Rules::Runner);
        assert!(!serde_json::to_string(&report).unwrap().contains("pw"));
    }
}

#[test]
fn expiry_follows_the_clock() {
    // {"exp":1800000000}: 2027-01-15 08:00 UTC
    let text = one_context(
        "server: https://api.example.com",
        "token: e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln",
    );
    for (now, code) in [
        ("2027-01-14T07:00:00Z", None),
        ("2027-01-14T09:00:00Z", Some("token-expires-soon")),
        ("2027-01-15T09:00:00Z", Some("token-expired")),
    ] {
        let report = check_at(now, text.as_bytes(), None, Rules::Runner);
        let found = codes(&report.findings);
        let expiry = found.into_iter().find(|code| code.starts_with("token-exp"));
        assert_eq!(expiry, code, "{now}");
        let summary = report.summary.unwrap();
        assert_eq!(
            summary.context.expires_at.unwrap().to_string(),
            "2027-01-15T08:00:00Z"
        );
    }

    let file = std::fs::read(folder().join("030-cert-data.yaml")).unwrap();
    let end = check(&file, None, Rules::Runner)
        .summary
        .unwrap()
        .context
        .expires_at
        .unwrap();
    for (days, code) in [
        (20, None),
        (10, Some("client-cert-expires-soon")),
        (-1, Some("client-cert-expired")),
    ] {
        let now = end - jiff::SignedDuration::from_hours(24 * days);
        let report = check_at(&now.to_string(), &file, None, Rules::Runner);
        let found = codes(&report.findings);
        let expiry = found
            .into_iter()
            .find(|code| code.starts_with("client-cert-exp"));
        assert_eq!(expiry, code, "{days} days before the end");
    }
}

#[test]
fn a_minimum_life_can_be_asked_for() {
    let text = one_context(
        "server: https://api.example.com",
        "token: e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln",
    );
    for (hours, reported) in [(47, false), (49, true)] {
        let options = CheckOptions {
            context: None,
            rules: Rules::Runner,
            now: "2027-01-13T08:00:00Z".parse().unwrap(),
            min_ttl: Some(jiff::SignedDuration::from_hours(hours)),
            open: &open_nothing,
        };
        let report = kubeconfig::check(&[source(text.as_bytes(), Path::new(""))], &options);
        assert_eq!(
            codes(&report.findings).contains("expires-too-early"),
            reported
        );
    }
}

#[test]
fn hostile_inputs_end_in_a_refusal() {
    let bomb = {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let previous = n - 1;
            let items = vec![format!("*a{previous}"); 10].join(", ");
            writeln!(text, "a{n}: &a{n} [{items}]").unwrap();
        }
        text
    };
    let deep =
        |n: usize, open: &str, close: &str| format!("x: {}{}", open.repeat(n), close.repeat(n));
    let block: String = (0..20_000).fold(String::new(), |text, _| text + "- ") + "x";
    for (what, text, code) in [
        ("alias bomb", bomb, "excessive-aliasing"),
        ("brackets", deep(100_000, "[", "]"), "too-deep"),
        ("braces", deep(100_000, "{a: ", "}"), "too-deep"),
        ("open brackets", "[".repeat(2_000_000), "too-deep"),
        ("lists in lists", block, "too-deep"),
        (
            "too large",
            " ".repeat(kubeconfig::MAX_INPUT + 1),
            "too-large",
        ),
        ("escape at the end", "a: \"\\".to_owned(), "yaml-syntax"),
        ("tag in a list", "[!x y, 1]: 2".to_owned(), "bad-key"),
        (
            "self-containing anchor",
            "a: &a [*a]".to_owned(),
            "bad-alias",
        ),
        ("junk", "\u{1}\u{2}\u{3}".to_owned(), "bad-encoding"),
    ] {
        let report = check(text.as_bytes(), None, Rules::All);
        assert_eq!(report.stage, Some(Gate::Load), "{what}");
        assert!(
            codes(&report.findings).contains(code),
            "{what}: {:?}",
            codes(&report.findings)
        );
    }
}

#[test]
fn aliases_do_not_multiply_memory() {
    let big = "A".repeat(200_000);
    let users: String = (0..900).fold(String::new(), |mut text, n| {
        writeln!(
            text,
            "- {{name: u{n}, user: {{client-key-data: *k, token: *k}}}}"
        )
        .unwrap();
        text
    });
    let text = format!("k: &k {big}\nusers:\n{users}");
    let report = check(text.as_bytes(), None, Rules::All);
    assert_eq!(report.stage, Some(Gate::Rest), "readable, if empty");
    let carved = kubeconfig::carve(&[source(text.as_bytes(), Path::new(""))], Keep::All, &open);
    assert_eq!(codes(&carved.unwrap_err()), BTreeSet::from(["too-large"]));
}

#[test]
fn input_becomes_plain_utf8() {
    let plain = "kind: Config # ä\n";
    let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        [&b"\xEF\xBB\xBF"[..], plain.as_bytes()].concat(),
        [&b"\xFF\xFE"[..], &utf16].concat(),
    ] {
        let decoded = kubeconfig::decode_input(&bytes, Base64::Report).unwrap();
        assert_eq!(*decoded.text, plain);
        assert_eq!(codes(&decoded.findings), BTreeSet::from(["encoding-bom"]));
    }
    for bytes in [&b"\xFF\xFEa"[..], b"\xFF\xFE\x00\xD8", b"a\xFFb"] {
        let refusal = kubeconfig::decode_input(bytes, Base64::Report)
            .err()
            .unwrap();
        assert_eq!(refusal.code, "bad-encoding");
    }
}

#[test]
fn wrapped_kubeconfigs_are_recognised() {
    let wrapped = "YXBpVmVyc2lvbjogdjEKa2luZDog\nQ29uZmlnCg==\n";
    let report = check(wrapped.as_bytes(), None, Rules::Kubernetes);
    assert_eq!(codes(&report.findings), BTreeSet::from(["base64-wrapped"]));
    let left = kubeconfig::decode_input(wrapped.as_bytes(), Base64::Report).unwrap();
    assert_eq!(*left.text, wrapped);
    let decoded = kubeconfig::decode_input(wrapped.as_bytes(), Base64::Decode).unwrap();
    assert_eq!(*decoded.text, "apiVersion: v1\nkind: Config\n");
    assert_eq!(decoded.findings[0].severity, Severity::Info);
    let token = kubeconfig::decode_input(b"c2VjcmV0LXRva2Vu", Base64::Decode).unwrap();
    assert_eq!(
        *token.text, "c2VjcmV0LXRva2Vu",
        "base64 of something else stays"
    );
}

mod carving {
    use super::*;

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
            .map(|inlined| (inlined.place(), inlined.path.as_str()))
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
}

mod merging {
    use super::*;

    fn merged<'a>(texts: &[&'a str]) -> Vec<Source<'a>> {
        let name = |n| ["first", "second"][n];
        texts
            .iter()
            .enumerate()
            .map(|(n, text)| Source {
                name: name(n),
                bytes: text.as_bytes(),
                dir: Path::new(name(n)),
            })
            .collect()
    }

    #[test]
    fn the_first_file_wins_an_entry_whole() {
        let first = "clusters: [{name: c, cluster: {server: 'https://one'}}]\nusers: [{name: u, user: {token: first}}]";
        let second = "clusters: [{name: c, cluster: {server: 'https://two', insecure-skip-tls-verify: true}}]\n\
                      contexts: [{name: dev, context: {cluster: c, user: u}}]\ncurrent-context: dev";
        let carved = kubeconfig::carve(&merged(&[first, second]), Keep::Current, &open).unwrap();
        let text = carved.text.expose_secret();
        assert!(text.contains("https://one") && text.contains("token: first"));
        assert!(!text.contains("insecure"), "fields are not mixed");
    }

    #[test]
    fn paths_start_from_their_own_file() {
        let first = "clusters: [{name: c, cluster: {server: 'https://x', certificate-authority: ca}}]\ncurrent-context: dev";
        let second = "users: [{name: u, user: {tokenFile: ../token}}]\ncontexts: [{name: dev, context: {cluster: c, user: u}}]";
        let opened = std::cell::RefCell::new(Vec::new());
        let open = |path: &Path| {
            opened.borrow_mut().push(path.to_owned());
            Ok(b"content".to_vec())
        };
        kubeconfig::carve(&merged(&[first, second]), Keep::Current, &open).unwrap();
        assert_eq!(
            *opened.borrow(),
            [PathBuf::from("first/ca"), PathBuf::from("token")]
        );
    }

    #[test]
    fn findings_name_their_file() {
        let report = |texts: &[&str]| {
            let options = CheckOptions {
                context: None,
                rules: Rules::All,
                now: "2026-12-01T00:00:00Z".parse().unwrap(),
                min_ttl: None,
                open: &open,
            };
            kubeconfig::check(&merged(texts), &options)
        };
        let one = report(&["users: [{name: u, user: {token: 1}}]"]);
        assert_eq!(one.findings[0].source, None);
        let two = report(&[
            "current-context: dev",
            "users: [{name: u, user: {token: 1}}]",
        ]);
        assert_eq!(two.findings[0].source.as_deref(), Some("second"));
        assert_eq!(two.stage, Some(Gate::Load), "one bad file fails everything");
    }

    #[test]
    fn a_list_is_read_once_without_missing_files() {
        let list = std::env::join_paths(["a", "missing", "a", "b"]).unwrap();
        let opened = std::cell::RefCell::new(Vec::new());
        let open = |path: &Path| {
            opened.borrow_mut().push(path.to_owned());
            match path.to_str() {
                Some("missing") => Err(std::io::ErrorKind::NotFound.into()),
                _ => Ok(Vec::new()),
            }
        };
        let sources = kubeconfig::read_list(&list, &open).unwrap();
        let paths: Vec<_> = sources.iter().map(|s| s.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["a", "b"]);
        assert_eq!(opened.borrow().len(), 3);
        let denied = |_: &Path| Err(std::io::ErrorKind::PermissionDenied.into());
        assert_eq!(
            kubeconfig::read_list(&list, &denied).err().unwrap().0,
            Path::new("a")
        );
    }
}

/// Long enough to be found, with digits so that it does not look like the name of a field.
const CANARY: &str = "CANARY7f3a9c51";

/// A valid kubeconfig with a canary wherever a secret may stand.
fn full_of_canaries() -> String {
    let text = "\
apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster:
    server: https://api.example.com:6443
    proxy-url: http://user:X2@proxy.example.com
    extensions:
    - {name: e, extension: {note: X3}}
contexts:
- name: dev
  context: {cluster: c, user: u}
users:
- name: u
  user:
    token: X4
    username: me
    password: X5
    client-key-data: WDY=
    as-user-extra: {reason: [X7]}
    auth-provider: {name: oidc, config: {refresh-token: X8, client-secret: X9}}
    exec:
      command: login
      args: [--token, XA]
      env: [{name: TOKEN, value: XB}]
      apiVersion: client.authentication.k8s.io/v1
";
    let mut text = text.to_owned();
    for n in "23456789AB".chars() {
        text = text.replace(&format!("X{n}"), &format!("{CANARY}{n}"));
    }
    text
}

/// One small piece of damage.
#[derive(Clone, Debug)]
enum Damage {
    Insert(prop::sample::Index, &'static str),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    RepeatLine(prop::sample::Index),
    RemoveLine(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let piece = prop::sample::select(vec![
        " ", "\n", "\t", ":", ": ", "-", "- ", "#", "[", "]", "{", "}", ",", "\"", "'", "&a ",
        "*a", "!", "!!int ", "|", ">", "%", "@", "?", "<<: ", "\\", "\u{1}", "\u{85}", "\u{feff}",
        "null", "yes", "1", "---\n", "...\n",
    ]);
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), piece).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        at().prop_map(Damage::Remove),
        at().prop_map(Damage::Cut),
        at().prop_map(Damage::RepeatLine),
        at().prop_map(Damage::RemoveLine),
    ]
}

fn apply(damages: &[Damage], mut bytes: Vec<u8>) -> Vec<u8> {
    for damage in damages {
        if bytes.is_empty() {
            return bytes;
        }
        let line_at = |bytes: &[u8], at: &prop::sample::Index| {
            let lines: Vec<_> = bytes
                .split_inclusive(|b| *b == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            (at.index(lines.len()), lines)
        };
        match damage {
            Damage::Insert(at, piece) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, piece.bytes());
            }
            Damage::Remove(at) => drop(bytes.remove(at.index(bytes.len()))),
            Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Damage::RepeatLine(at) => {
                let (at, mut lines) = line_at(&bytes, at);
                lines.insert(at, lines[at].clone());
                bytes = lines.concat();
            }
            Damage::RemoveLine(at) => {
                let (at, mut lines) = line_at(&bytes, at);
                lines.remove(at);
                bytes = lines.concat();
            }
        }
    }
    bytes
}

/// Everything that the library offers, on one text.
fn exercise(bytes: &[u8]) -> Report {
    let folder = folder();
    let sources = [source(bytes, &folder)];
    let report = check(bytes, None, Rules::All);
    let _ = kubeconfig::contexts(&sources);
    let _ = kubeconfig::secrets(&sources);
    let _ = kubeconfig::carve(&sources, Keep::All, &open);
    let _ = kubeconfig::decode_input(bytes, Base64::Decode);
    report
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_a_report(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        exercise(&bytes);
    }

    #[test]
    fn any_yaml_like_text_ends_in_a_report(text in r#"([-?:,\[\]{}#&*!|>'"%@` \n\t\\a0é]|\r\n|: |- |---|<<|!!int |&a |\*a){0,60}"#) {
        exercise(text.as_bytes());
    }

    #[test]
    fn damaged_files_end_in_a_report(
        case in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let small: Vec<_> = CASES.iter().filter(|case| case.bytes.len() < 20_000).collect();
        exercise(&apply(&damages, small[case.index(small.len())].bytes.clone()));
    }

    #[test]
    fn findings_hold_no_secret(damages in prop::collection::vec(damage(), 0..4)) {
        let report = exercise(&apply(&damages, full_of_canaries().into_bytes()));
        let text = serde_json::to_string(&report).unwrap() + &format!("{report:?}");
        prop_assert!(!text.contains("CANARY"), "{text}");
    }

    #[test]
    fn a_carved_context_is_the_same_context(
        case in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 0..3),
    ) {
        let folder = folder();
        let accepted: Vec<_> = CASES
            .iter()
            .filter(|case| case.verdict["stage"] != "load" && case.bytes.len() < 20_000)
            .collect();
        let case = accepted[case.index(accepted.len())];
        let bytes = apply(&damages, case.bytes.clone());
        let keep = case.context().map_or(Keep::Current, Keep::Named);
        let Ok(carved) = kubeconfig::carve(&[source(&bytes, &folder)], keep, &open) else {
            return Ok(());
        };
        let text = carved.text.expose_secret();
        let again = kubeconfig::carve(&[source(text.as_bytes(), &folder)], Keep::Current, &open).unwrap();
        prop_assert_eq!(text, again.text.expose_secret(), "carving twice changes nothing");
        prop_assert_eq!((again.total_contexts, again.dropped_users), (1, 0));
        let read = Kubeconfig::read(&[source(text.as_bytes(), &folder)]).unwrap();
        prop_assert_eq!(&read.contexts().unwrap()[0].name, &carved.context);
        let before = check(&bytes, case.context(), Rules::Runner);
        let after = check(text.as_bytes(), None, Rules::Runner);
        let (before, after) = (before.summary.unwrap().context, after.summary.unwrap().context);
        prop_assert_eq!(before.server, after.server);
        prop_assert_eq!(before.namespace, after.namespace);
    }
}

#[test]
fn the_canaries_are_where_secrets_are() {
    let text = full_of_canaries();
    let secrets = kubeconfig::secrets(&[source(text.as_bytes(), Path::new(""))]).unwrap();
    let found = secrets
        .iter()
        .filter(|s| s.expose_secret().contains(CANARY))
        .count();
    assert_eq!(
        found, 6,
        "token, password, two of the provider, argument, variable"
    );
}
