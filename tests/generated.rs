//! What is generated and checked in is current, and is what its readers take.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

#[path = "../examples/generate.rs"]
mod generate;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn stored(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn manual_pages_are_current() {
    let pages: BTreeMap<_, _> = generate::pages().unwrap().into_iter().collect();
    let stored = stored("man");
    let names = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
    let how = "run `cargo run --example generate`";
    assert_eq!(names(&stored), names(&pages), "{how}");
    for (name, text) in &pages {
        assert!(stored[name] == *text, "man/{name} is not current: {how}");
    }
}

/// The manual page has the list from the program; the README repeats it by hand.
#[test]
fn the_readme_has_the_exit_codes_of_the_program() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let readme = readme.replace('`', "");
    for (code, meaning) in acpctl::testing::failure::CODES {
        let row = format!("| {code} | {meaning} |");
        assert!(readme.contains(&row), "README.md lacks {row}");
    }
}

#[test]
fn manual_pages_pass_the_linter() {
    let lint = Command::new("mandoc")
        .args(["-T", "lint", "-W", "warning"])
        .args(stored("man").keys())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("man"))
        .stdin(Stdio::null())
        .output();
    match lint {
        Ok(lint) => assert!(
            lint.status.success(),
            "{}{}",
            String::from_utf8_lossy(&lint.stdout),
            String::from_utf8_lossy(&lint.stderr)
        ),
        Err(_) => {
            // Past the capture of the test harness.
            let _ = writeln!(std::io::stderr(), "SKIPPED: mandoc is not installed");
        }
    }
}

#[test]
fn each_page_has_its_sections() {
    for (name, text) in stored("man") {
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "FILES", "EXIT STATUS"] {
            let heading = format!(".SH {section}\n");
            let quoted = format!(".SH \"{section}\"\n");
            assert!(
                text.contains(&heading) || text.contains(&quoted),
                "man/{name} has no section {section}"
            );
        }
    }
    assert!(stored("man")["acpctl.1"].contains(".SH ENVIRONMENT\n"));
}

#[test]
fn the_command_prints_the_stored_scripts() {
    let stored = stored("completions");
    let shells = acpctl::testing::SHELLS;
    assert_eq!(stored.len(), shells.len());
    for (shell, script) in shells {
        assert!(
            stored.values().any(|text| text == script),
            "completions/ lacks the script for {shell}"
        );
    }
}

/// Promises stand beside the tests that prove them: each name in backquotes behind the name of a test file is a
/// function in one of the files that its row names.
#[test]
fn each_test_that_a_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in ["docs/security.md", "docs/reliability.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let mut count = 0;
        for line in text.lines() {
            let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            let mut sources = String::new();
            for name in &quoted {
                if is_source(name) {
                    let places = [
                        root.join("tests").join(name),
                        root.join("src").join(name),
                        root.join(name),
                    ];
                    let source = places
                        .iter()
                        .find_map(|place| fs::read_to_string(place).ok());
                    sources += &source.unwrap_or_else(|| panic!("{document}: no file {name}"));
                } else if is_test(name) && !sources.is_empty() {
                    let function = format!("fn {name}(");
                    assert!(
                        sources.contains(&function),
                        "{document}: no test {name} in its file"
                    );
                    count += 1;
                } else if is_test(name) {
                    let names = stored_tests(root);
                    assert!(
                        names.contains(&format!("fn {name}(")),
                        "{document}: no test {name}"
                    );
                    count += 1;
                }
            }
        }
        assert!(
            count > 0 || document.ends_with("reliability.md"),
            "{document} names no test"
        );
    }
}

fn is_source(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "rs")
}

/// Tests are named by sentences; nothing else in these documents has so many words.
fn is_test(name: &str) -> bool {
    name.matches('_').count() >= 3
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn stored_tests(root: &Path) -> String {
    ["tests/cli", "tests/server", "tests/kubeconfig"]
        .iter()
        .map(|folder| sources_below(&root.join(folder)))
        .collect()
}

fn sources_below(folder: &Path) -> String {
    fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| {
            if entry.path().is_dir() {
                sources_below(&entry.path())
            } else {
                fs::read_to_string(entry.path()).unwrap_or_default()
            }
        })
        .collect()
}
