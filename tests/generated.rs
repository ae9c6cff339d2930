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
        Err(_) => eprintln!("SKIPPED: mandoc is not installed"),
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
    let shells = acpctl::commands::completion::SHELLS;
    assert_eq!(stored.len(), shells.len());
    for (shell, script) in shells {
        assert!(
            stored.values().any(|text| text == script),
            "completions/ lacks the script for {shell}"
        );
    }
}
