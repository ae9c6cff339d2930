//! docs/conventions.md says what is true: each command in it works, and each test that it names exists.

use std::fs;
use std::path::Path;

use crate::support::run::{Run as _, credential_create};
use crate::support::{SAMPLE, TestEnv};

struct Row {
    number: usize,
    met: String,
    evidence: String,
}

/// The rows of the table: number, convention, verdict, evidence.
fn rows() -> Vec<Row> {
    let text =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/conventions.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        Some(Row {
            number: cells.first()?.parse().ok()?,
            met: (*cells.get(2)?).to_owned(),
            evidence: cells
                .get(3)
                .copied()
                .unwrap_or_default()
                .trim_matches('|')
                .trim()
                .to_owned(),
        })
    };
    text.lines().filter_map(row).collect()
}

/// The text of all tests.
fn tests(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn each_convention_is_shown_by_a_command_or_a_test() {
    let env = TestEnv::new();
    env.acpctl()
        .args(["--local", "create", "project", "--name", "team-a"])
        .stdout();
    let store = credential_create("kubeconfig", "demo", &["--from-file", SAMPLE]);
    env.acpctl().arg("--local").args(store).stdout();
    let mut sources = String::new();
    tests(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"),
        &mut sources,
    );
    let rows = rows();
    let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=41).collect::<Vec<_>>());
    for row in rows {
        let at = format!("row {}: {}", row.number, row.evidence);
        let (verdict, reason) = row.met.split_once(": ").unwrap_or((&row.met, ""));
        assert!(
            // What is not met says why.
            match verdict {
                "Y" => reason.is_empty() && !row.evidence.is_empty(),
                "partly" | "N" => !reason.is_empty(),
                _ => false,
            },
            "{at}"
        );
        let evidence = row.evidence.trim_end_matches('`');
        if let Some(name) = evidence.strip_prefix("test `") {
            assert!(sources.contains(&format!("fn {name}()")), "{at}");
        } else if let Some(line) = evidence.strip_prefix("`acpctl ") {
            let words = line
                .split(' ')
                .map(|word| word.trim_matches('\'').replace("SAMPLE", SAMPLE));
            env.acpctl().args(words).stdout();
        } else {
            assert_eq!((verdict, evidence), ("N", ""), "{at}");
        }
    }
}
