//! The licence gate of deny.toml, without network: every package of the lock file that a Linux
//! build uses has a licence on the list.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test ends by panicking"
)]

use std::process::Command;

use serde_json::Value;

/// Packages that name a licence file instead of an expression, with what the file says.
const CLARIFIED: &[(&str, &str)] = &[("libyaml-safer", "MIT")];

#[test]
fn every_dependency_has_an_allowed_licence() {
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
        let clarified = CLARIFIED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, licence)| *licence);
        let licence = package["license"]
            .as_str()
            .or(clarified)
            .unwrap_or_default();
        assert!(
            is_allowed(licence, &allowed),
            "{name} is licensed as {licence:?}"
        );
    }
}

/// The list in deny.toml.
fn allowed() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap();
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
