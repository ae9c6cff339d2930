//! Checks what the program is built from: licenses, the number of packages, and the compiler that is declared.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The most packages in Cargo.lock, our own included. The number may only fall; a new crate pays for itself by making
/// others superfluous, or by a reason in the commit that raises this.
const MOST_PACKAGES: usize = 425;

/// The gate of deny.toml, without network: every package that a build for Linux uses has a license on the list.
#[test]
fn every_dependency_has_an_allowed_license() {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--filter-platform=x86_64-unknown-linux-gnu",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed = allowed();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "the whole tree is read");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let license = package["license"].as_str().unwrap_or_default();
        assert!(
            is_allowed(license, &allowed),
            "{name} is licensed as {license:?}"
        );
    }
}

#[test]
fn the_tree_of_packages_does_not_grow() {
    let count = file("Cargo.lock").matches("[[package]]").count();
    assert!(count > 100, "the lock file is read");
    assert!(
        count <= MOST_PACKAGES,
        "Cargo.lock has {count} packages, {MOST_PACKAGES} are allowed"
    );
}

/// The declared compiler is the one that everything is built with, so the declaration is true.
#[test]
fn the_declared_compiler_is_the_pinned_one() {
    let declared = quoted(&file("Cargo.toml"), "rust-version = ");
    let pinned = quoted(&file("rust-toolchain.toml"), "channel = ");
    assert!(
        pinned == declared || pinned.starts_with(&format!("{declared}.")),
        "Cargo.toml declares {declared}, rust-toolchain.toml pins {pinned}"
    );
}

/// The text between the quotes behind a key.
fn quoted(text: &str, key: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(key)).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

/// The list in deny.toml.
fn allowed() -> Vec<String> {
    let text = file("deny.toml");
    let list = text
        .split("allow = [")
        .nth(1)
        .unwrap()
        .split(']')
        .next()
        .unwrap();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// One alternative must be allowed, with all its parts. `/` is an old way to write `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let plain = expression.replace(['(', ')'], "").replace('/', " OR ");
    plain.split(" OR ").any(|alternative| {
        alternative
            .split(" AND ")
            .all(|part| allowed.iter().any(|known| known == part.trim()))
    })
}

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}
