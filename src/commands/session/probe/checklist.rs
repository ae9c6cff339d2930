//! What was done so far, line by line, in words without secrets; and what went wrong.

use serde_json::{Value, json};

use crate::cluster::{Class, Fault};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::style::{Tone, paint};
use crate::output::table::visible;
use crate::session_helper::mask::Mask;

/// The check that the MCP server runs.
pub const STARTED: &str = "server started";

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The MCP server, or what downloads it.
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

/// Why the probe failed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
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
enum Outcome {
    Passed,
    Failed,
    /// Worth knowing, and it decides nothing.
    Noted,
}

struct Check {
    name: &'static str,
    outcome: Outcome,
    /// What was found, or why it failed.
    detail: String,
}

pub struct Checklist<'a> {
    ctx: &'a Ctx,
    /// Each line is shown at once: a server may take a while.
    live: bool,
    mask: Mask,
    checks: Vec<Check>,
    trouble: Option<Trouble>,
    /// Whether the lines could be shown.
    shown: anyhow::Result<()>,
}

impl<'a> Checklist<'a> {
    pub fn new(ctx: &'a Ctx, live: bool, mask: Mask) -> Self {
        Self {
            ctx,
            live,
            mask,
            checks: Vec::new(),
            trouble: None,
            shown: Ok(()),
        }
    }

    pub fn ctx(&self) -> &'a Ctx {
        self.ctx
    }

    /// What there was to clean up.
    pub fn cleaned_up(&self) -> &'static str {
        let is_start = |check: &Check| check.name == STARTED && check.outcome != Outcome::Failed;
        if self.checks.iter().any(is_start) {
            "server ended, then the file removed"
        } else {
            "the file is removed"
        }
    }

    pub fn pass(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, Outcome::Passed, &detail.into());
    }

    pub fn note(&mut self, name: &'static str, detail: impl Into<String>) {
        self.add(name, Outcome::Noted, &detail.into());
    }

    /// The first failure is the one that counts.
    pub fn fail(&mut self, name: &'static str, trouble: Trouble) {
        self.add(name, Outcome::Failed, &trouble.text);
        self.trouble.get_or_insert(trouble);
    }

    /// Gives the failure other words: what was seen before says more.
    pub fn blame(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
    }

    pub fn cause(&self) -> Option<Cause> {
        self.trouble.as_ref().map(|trouble| trouble.cause)
    }

    fn add(&mut self, name: &'static str, outcome: Outcome, detail: &str) {
        let check = Check {
            name,
            outcome,
            detail: self.mask.apply(detail),
        };
        if self.live && self.shown.is_ok() {
            self.shown = self.show(&check);
        }
        self.checks.push(check);
    }

    fn show(&self, check: &Check) -> anyhow::Result<()> {
        let (word, tone) = match check.outcome {
            Outcome::Passed => ("ok    ", Tone::Good),
            Outcome::Failed => ("FAILED", Tone::Bad),
            Outcome::Noted => ("note  ", Tone::Doubtful),
        };
        let word = paint(word, tone, self.ctx.out.colored());
        let detail = first_line(&check.detail);
        self.ctx
            .out
            .line(&format!("{word}  {:<18}  {detail}", check.name))
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let passed = |outcome| match outcome {
            Outcome::Passed => Some(true),
            Outcome::Failed => Some(false),
            Outcome::Noted => None,
        };
        let check = |check: &Check| json!({"check": check.name, "passed": passed(check.outcome), "detail": check.detail});
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

    /// What the probe ends with.
    ///
    /// # Errors
    /// The failure, or that a line could not be shown.
    pub fn end(self) -> anyhow::Result<()> {
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

/// What others say may have lines that explain more, and may try to talk to the terminal.
pub fn first_line(text: &str) -> String {
    visible(text.trim().lines().next().unwrap_or_default())
}
