//! The result of one check.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::output::style::{Tone, paint};
use crate::output::{table, wrap};

/// The result of one check.
pub(super) struct Check {
    pub name: &'static str,
    pub tone: Tone,
    /// The finding.
    pub detail: String,
    /// The fix, a command if possible; empty if there is no problem.
    pub fix: String,
    /// A file or folder of this user with the mode that it should have.
    pub mode: Option<(PathBuf, u32)>,
}

impl Check {
    fn new(
        name: &'static str,
        tone: Tone,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            name,
            tone,
            detail: detail.into(),
            fix: fix.into(),
            mode: None,
        }
    }

    /// Notes that another mode mends it.
    pub(super) fn mended_by_mode(mut self, path: &Path, mode: u32) -> Self {
        self.mode = Some((path.to_owned(), mode));
        self
    }
}

pub(super) fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    Check::new(name, Tone::Good, detail, "")
}

pub(super) fn warn(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    Check::new(name, Tone::Doubtful, detail, fix)
}

pub(super) fn fail(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
    Check::new(name, Tone::Bad, detail, fix)
}

fn status(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "ok",
        Tone::Doubtful => "warn",
        Tone::Bad => "fail",
    }
}

pub(super) fn as_json(checks: &[Check]) -> Vec<Value> {
    let status = |check: &Check| status(check.tone);
    checks
        .iter()
        .map(|check| {
            json!({
                "name": check.name,
                "status": status(check),
                "detail": check.detail,
                "fix": (!check.fix.is_empty()).then_some(&check.fix),
            })
        })
        .collect()
}

pub(super) fn as_text(checks: &[Check], colored: bool, columns: Option<usize>) -> String {
    let width = checks.iter().map(|check| check.name.len()).max();
    let width = width.unwrap_or_default();
    // Behind the status and the name, each with two spaces.
    let indent = 8 + width;
    let wrapped = |line: &str, indent| match columns {
        Some(columns) => wrap::line(line, columns, indent),
        None => line.to_owned(),
    };
    let mut text = String::new();
    for check in checks {
        let word = format!("{:<4}", status(check.tone));
        let line = format!(
            "{}  {:<width$}  {}",
            paint(&word, check.tone, colored),
            check.name,
            table::visible(&check.detail)
        );
        text.push_str(&wrapped(&line, indent));
        text.push('\n');
        if !check.fix.is_empty() {
            let fix = format!("{:indent$}fix: {}", "", check.fix);
            text.push_str(&wrapped(&fix, indent + 5));
            text.push('\n');
        }
    }
    text
}
