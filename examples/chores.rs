//! Every chore of this project behind one command, `cargo chores NAME` (an alias in .cargo/config.toml).
//!
//! A chore is a list of steps. A step is a line for the shell, which is printed before it runs, so that it can be
//! copied and run alone. The first step that fails ends the chore with its exit status.

#![allow(clippy::print_stderr, reason = "standard output belongs to the steps")]

use std::process::{Command, ExitCode};

struct Chore {
    name: &'static str,
    help: &'static str,
    /// Further words of the command line go to the last one.
    steps: &'static [&'static str],
}

#[rustfmt::skip]
const CHORES: &[Chore] = &[
    Chore {
        name: "check",
        help: "format, lints, imports, links, citations, style, dependencies; no other test",
        steps: &[
            "cargo fmt --check",
            "cargo clippy --locked --all-targets -- -D warnings",
            "cargo metadata --quiet --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null",
            "cargo test --locked --test layers --test links --test citations --test style --test dependencies",
        ],
    },
    Chore {
        name: "quick",
        help: "most tests in less than half the time: without long tables of cases and tests that wait by design",
        steps: &[
            "cargo test --locked --lib --test citations --test dependencies --test generated --test kubeconfig \
             --test layers --test links --test style",
            "cargo test --locked --test cli -- --skip waits:: --skip serve:: --skip examples:: --skip fault --skip replay",
        ],
    },
    Chore {
        name: "test",
        help: "every test; `test TOPIC` runs those whose names contain TOPIC",
        steps: &["cargo test --locked"],
    },
    Chore {
        name: "regen",
        help: "writes what is generated: man/, docs/lint.md, docs/faults.md, openapi/, docs/captures/",
        steps: &[
            "cargo run --locked --example generate",
            "UPDATE_DOCS=1 cargo test --locked --lib kubeconfig::codes",
            "UPDATE_OPENAPI=1 cargo test --locked --lib openapi",
            "UPDATE_FAULTS=1 cargo test --locked --test cli fault_table",
            "cargo build --locked",
            "if command -v tmux >/dev/null; then docs/captures/make; else echo 'SKIPPED: tmux is not installed' >&2; fi",
        ],
    },
    Chore {
        name: "fuzz",
        help: "fuzzes every target; `fuzz SECONDS [TARGET]`; needs cargo-fuzz",
        steps: &["fuzz/run"],
    },
    Chore {
        name: "bench",
        help: "builds for release and prints the table of figures; needs Python 3",
        steps: &["cargo build --locked --release", "benches/run"],
    },
    Chore {
        name: "site",
        help: "builds the documentation site in target/site",
        steps: &[".ci/site"],
    },
    Chore {
        name: "package",
        help: "makes what a release publishes, in target/release-files; `package TARGET...` for other processors",
        steps: &[".ci/release/build"],
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        eprintln!("usage: cargo chores NAME [WORDS]\n");
        for chore in CHORES {
            eprintln!("  {:<8} {}", chore.name, chore.help);
        }
        return ExitCode::from(2);
    };
    let further: Vec<String> = words.collect();
    if matches!(further.first().map(String::as_str), Some("--help" | "-h")) {
        eprintln!("cargo chores {} [WORDS]\n\n  {}\n", chore.name, chore.help);
        for step in chore.steps {
            eprintln!("  $ {step}");
        }
        return ExitCode::SUCCESS;
    }
    let last = chore.steps.len() - 1;
    for (number, step) in chore.steps.iter().enumerate() {
        let words: &[String] = if number == last { &further } else { &[] };
        let code = run(step, words);
        if code != 0 {
            return ExitCode::from(code);
        }
    }
    ExitCode::SUCCESS
}

/// Runs a step from the project's root, and returns its exit status.
fn run(step: &str, words: &[String]) -> u8 {
    eprintln!("+ {step} {}", words.join(" "));
    let line = if words.is_empty() {
        step.to_owned()
    } else {
        format!("{step} \"$@\"")
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", &line, "sh"])
        .args(words)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    // `cargo run` sets these variables. A step that inherits them would run build scripts again.
    let set_by_cargo = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if set_by_cargo.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&*name);
        }
    }
    match command.status() {
        Ok(status) => status
            .code()
            .map_or(1, |code| u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("sh: {error}");
            1
        }
    }
}
