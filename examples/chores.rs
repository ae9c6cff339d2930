//! Every chore of this project behind one command, `cargo chores NAME` (an alias in .cargo/config.toml).
//!
//! A chore is a list of steps, and a step is a command that also works alone: it is printed before it runs. The first
//! step that fails ends the chore with its exit status.

#![allow(
    clippy::print_stderr,
    reason = "what it does next is said on standard error"
)]

use std::path::Path;
use std::process::{Command, ExitCode};

/// A command with its words, its variables, and what it needs.
struct Step {
    variables: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
    /// A program without which the step is left out, with a notice.
    needs: Option<&'static str>,
}

/// A list of steps with a name.
struct Chore {
    name: &'static str,
    help: &'static str,
    steps: &'static [Step],
}

const fn step(words: &'static [&'static str]) -> Step {
    Step {
        variables: &[],
        words,
        needs: None,
    }
}

const fn with(
    variable: &'static [(&'static str, &'static str)],
    words: &'static [&'static str],
) -> Step {
    Step {
        variables: variable,
        words,
        needs: None,
    }
}

const fn needing(program: &'static str, words: &'static [&'static str]) -> Step {
    Step {
        variables: &[],
        words,
        needs: Some(program),
    }
}

/// Further words of the command line go to the last step.
const CHORES: &[Chore] = &[
    Chore {
        name: "check",
        help: "format, lints, imports, citations, style, licenses; runs no other test",
        steps: &[
            step(&["cargo", "fmt", "--check"]),
            step(&[
                "cargo",
                "clippy",
                "--locked",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
            step(&[
                "cargo",
                "metadata",
                "--quiet",
                "--locked",
                "--format-version",
                "1",
                "--no-deps",
                "--manifest-path",
                "fuzz/Cargo.toml",
            ]),
            step(&[
                "cargo",
                "test",
                "--locked",
                "--test",
                "layers",
                "--test",
                "citations",
                "--test",
                "style",
                "--test",
                "dependencies",
            ]),
        ],
    },
    Chore {
        name: "quick",
        help: "every test but those that wait by design or compare with Kubernetes' client",
        steps: &[step(&[
            "cargo",
            "test",
            "--locked",
            "--",
            "--skip",
            "waits::",
            "--skip",
            "fault",
            "--skip",
            "replay",
            "--skip",
            "client_go",
        ])],
    },
    Chore {
        name: "test",
        help: "every test; `test TOPIC` runs the tests of the program that have TOPIC in their names",
        steps: &[step(&["cargo", "test", "--locked"])],
    },
    Chore {
        name: "regen",
        help: "writes what is generated: man/, docs/lint.md, docs/faults.md, openapi/, docs/captures/",
        steps: &[
            step(&["cargo", "run", "--locked", "--example", "generate"]),
            with(
                &[("UPDATE_DOCS", "1")],
                &["cargo", "test", "--locked", "--lib", "kubeconfig::codes"],
            ),
            with(
                &[("UPDATE_OPENAPI", "1")],
                &["cargo", "test", "--locked", "--lib", "openapi"],
            ),
            with(
                &[("UPDATE_FAULTS", "1")],
                &["cargo", "test", "--locked", "--test", "cli", "fault_table"],
            ),
            step(&["cargo", "build", "--locked"]),
            needing("tmux", &["docs/captures/make"]),
        ],
    },
    Chore {
        name: "fuzz",
        help: "fuzzes every target; `fuzz SECONDS [TARGET]`; needs cargo-fuzz",
        steps: &[step(&["fuzz/run"])],
    },
    Chore {
        name: "bench",
        help: "builds for release and prints the table of figures; needs Python 3",
        steps: &[
            step(&["cargo", "build", "--locked", "--release"]),
            step(&["benches/run"]),
        ],
    },
    Chore {
        name: "package",
        help: "builds for release and makes target/acpctl_VERSION_ARCH.deb",
        steps: &[step(&[".ci/package"])],
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        usage();
        return ExitCode::from(2);
    };
    run(chore, words.collect())
}

fn usage() {
    eprintln!("usage: cargo chores NAME [WORDS]\n");
    for chore in CHORES {
        eprintln!("  {:<8} {}", chore.name, chore.help);
    }
}

fn run(chore: &Chore, further: Vec<String>) -> ExitCode {
    let Some((last, first)) = chore.steps.split_last() else {
        return ExitCode::SUCCESS;
    };
    for step in first {
        if let Err(status) = execute(step, &[]) {
            return status;
        }
    }
    // A topic of the tests is a part of a name in tests/cli/.
    let further = match (chore.name, further.as_slice()) {
        ("test", [topic]) => vec!["--test".to_owned(), "cli".to_owned(), topic.clone()],
        _ => further,
    };
    execute(last, &further).err().unwrap_or(ExitCode::SUCCESS)
}

/// Runs a step from the project's root.
///
/// # Errors
///
/// The exit status with which this program should end.
fn execute(step: &Step, further: &[String]) -> Result<(), ExitCode> {
    let shown = shown(step, further);
    if let Some(program) = step.needs
        && !is_installed(program)
    {
        eprintln!("SKIPPED: {shown}: {program} is not installed");
        return Ok(());
    }
    eprintln!("+ {shown}");
    let Some((program, words)) = step.words.split_first() else {
        return Ok(());
    };
    let mut command = Command::new(program);
    command
        .args(words)
        .args(further)
        .envs(step.variables.iter().copied())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    // `cargo run` sets these for us; left in, they would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let is_ours = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_CRATE_",
            "CARGO_BIN_",
        ];
        if is_ours.iter().any(|beginning| name.starts_with(beginning)) {
            command.env_remove(&*name);
        }
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Err(ExitCode::from(code.unwrap_or(1)))
        }
        Err(error) => {
            eprintln!("{program}: {error}");
            Err(ExitCode::FAILURE)
        }
    }
}

fn shown(step: &Step, further: &[String]) -> String {
    let variables = step
        .variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let words = step.words.iter().map(ToString::to_string);
    let words: Vec<_> = variables
        .chain(words)
        .chain(further.iter().cloned())
        .collect();
    words.join(" ")
}

fn is_installed(program: &str) -> bool {
    let probe = Command::new("sh")
        .args(["-c", "command -v \"$0\" >/dev/null", program])
        .status();
    probe.is_ok_and(|status| status.success())
}
