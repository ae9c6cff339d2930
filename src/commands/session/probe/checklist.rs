//! Reports the checks of a probe, line by line and without secrets, and keeps what went wrong.

use serde_json::{Value, json};

use crate::cluster::{Class, Fault};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::style::{Tone, paint};
use crate::session_helper::mask::Mask;
use crate::text::first_line;

/// The name of the check that the MCP server runs.
pub(super) const SERVER_STARTED: &str = "server started";

/// The cause of a failed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The MCP server, or the program that downloads it.
    Server,
    Kubeconfig,
    Cluster(Class),
}

impl Cause {
    fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Kubeconfig => "kubeconfig",
            Self::Cluster(class) => class.word(),
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Server => Kind::Other,
            Self::Kubeconfig => Kind::Data,
            Self::Cluster(class) => class.kind(),
        }
    }
}

/// Why a check failed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub cause: Cause,
    pub text: String,
    pub hint: String,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self {
            cause: Cause::Cluster(fault.class),
            text: fault.text,
            hint: fault.hint,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckResult {
    Passed,
    Failed,
    /// Worth knowing, but it decides nothing.
    Noted,
}

struct Check {
    name: &'static str,
    result: CheckResult,
    /// The result, or the reason why the check failed.
    detail: String,
}

/// The checks so far.
pub(super) struct Checklist<'a> {
    ctx: &'a Ctx,
    /// True if each line is printed at once, because a server may take a while.
    live: bool,
    mask: Mask,
    checks: Vec<Check>,
    trouble: Option<Trouble>,
    /// The first failure to print a line.
    shown: anyhow::Result<()>,
}

impl<'a> Checklist<'a> {
    pub(super) fn new(ctx: &'a Ctx, live: bool, mask: Mask) -> Self {
        Self {
            ctx,
            live,
            mask,
            checks: Vec::new(),
            trouble: None,
            shown: Ok(()),
        }
    }

    pub(super) fn ctx(&self) -> &'a Ctx {
        self.ctx
    }

    /// Says what was cleaned up.
    pub(super) fn cleaned_up(&self) -> &'static str {
        let is_start =
            |check: &Check| check.name == SERVER_STARTED && check.result != CheckResult::Failed;
        if self.checks.iter().any(is_start) {
            "server ended, then the file removed"
        } else {
            "the file is removed"
        }
    }

    pub(super) fn pass(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, CheckResult::Passed, &detail.into());
    }

    pub(super) fn note(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, CheckResult::Noted, &detail.into());
    }

    /// Adds a failed check. The probe ends with the first failure.
    pub(super) fn fail(&mut self, name: &'static str, trouble: Trouble) {
        self.add(name, CheckResult::Failed, &trouble.text);
        self.trouble.get_or_insert(trouble);
    }

    /// Replaces the failure that the probe ends with, because an earlier observation explains it better.
    pub(super) fn blame(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        self.trouble.as_ref().map(|trouble| trouble.cause)
    }

    fn add(&mut self, name: &'static str, result: CheckResult, detail: &str) {
        let check = Check {
            name,
            result,
            detail: self.mask.apply(detail),
        };
        if self.live && self.shown.is_ok() {
            self.shown = self.show(&check);
        }
        self.checks.push(check);
    }

    fn show(&self, check: &Check) -> anyhow::Result<()> {
        let (word, tone) = match check.result {
            CheckResult::Passed => ("ok    ", Tone::Good),
            CheckResult::Failed => ("FAILED", Tone::Bad),
            CheckResult::Noted => ("note  ", Tone::Doubtful),
        };
        let word = paint(word, tone, self.ctx.out.colored());
        let detail = first_line(&check.detail);
        self.ctx
            .out
            .line(&format!("{word}  {:<18}  {detail}", check.name))
    }

    /// Returns the checks and the failure for programs.
    pub(super) fn json(&self) -> Value {
        let passed = |result| match result {
            CheckResult::Passed => Some(true),
            CheckResult::Failed => Some(false),
            CheckResult::Noted => None,
        };
        let check = |check: &Check| json!({"check": check.name, "passed": passed(check.result), "detail": check.detail});
        let mut document = json!({"checks": self.checks.iter().map(check).collect::<Vec<_>>()});
        if let Some(trouble) = &self.trouble {
            let failure = self.failure(trouble);
            document["error"] = json!({
                "exit_code": failure.kind as u8,
                "class": trouble.cause.word(),
                "code": null,
                "reason": failure.message,
                "detail": self.mask.apply(&trouble.text),
                "hint": failure.hint,
                "operation_id": null,
            });
        }
        document
    }

    /// Ends the probe.
    ///
    /// # Errors
    /// If a check failed, or a line could not be printed.
    pub(super) fn end(self) -> anyhow::Result<()> {
        let failure = self.trouble.as_ref().map(|trouble| self.failure(trouble));
        self.shown?;
        match failure {
            None => Ok(()),
            Some(failure) => Err(failure.into()),
        }
    }

    fn failure(&self, trouble: &Trouble) -> Failure {
        let shown = |text: &str| first_line(&self.mask.apply(text));
        let message = format!(
            "probe failed ({}): {}",
            trouble.cause.word(),
            shown(&trouble.text)
        );
        Failure::new(trouble.cause.kind(), message).hint(shown(&trouble.hint))
    }
}
