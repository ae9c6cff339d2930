//! Verdicts and findings are those that are recorded.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use acpctl::kubeconfig::{self, Finding, Gate, Rules};

use crate::{CASES, check, codes, folder, source};

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
