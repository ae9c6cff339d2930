//! Decides which findings stop an upload: all but those that the user accepts.

use secrecy::{ExposeSecret as _, SecretString};

use crate::compat::grammar::nearest;
use crate::compat::json;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{self as rules, Finding, Severity};
use crate::text::{count, quote};

/// The code of the findings of `--min-ttl`.
const MIN_TTL: &str = "expires-too-early";
/// The code for an address that means the machine itself.
const LOOPBACK: &str = "server-loopback";

/// Texts above this size are refused. The sidecar reads 1 MiB of an answer at most, so the stored text must stay below
/// that with the JSON around it. Counted in bytes after JSON escaping.
const REFUSE_ABOVE: usize = 900 << 10;
/// Texts above this size cause a warning.
const WARN_ABOVE: usize = 512 << 10;

/// Codes that can be accepted beside those of findings about a kubeconfig.
pub(crate) const UNKNOWN_PROVIDER: &str = "unknown-provider";
pub(crate) const NO_SECRET: &str = "no-secret";
pub(crate) const UNCUT_KUBECONFIG: &str = "uncut-kubeconfig";
pub(crate) const ODD_SECRET: &str = "odd-secret";
const OTHERS: [&str; 4] = [NO_SECRET, ODD_SECRET, UNCUT_KUBECONFIG, UNKNOWN_PROVIDER];

/// Refuses codes that no finding has: otherwise a misspelled `--allow` would be noticed too late.
///
/// # Errors
/// A usage failure with the code that was likely meant.
pub(crate) fn check_codes(codes: &[String]) -> Result<(), Failure> {
    let unknown = |code: &&String| !rules::is_code(code) && !OTHERS.contains(&code.as_str());
    let Some(code) = codes.iter().find(unknown) else {
        return Ok(());
    };
    let failure = Failure::usage(format!("--allow: no finding has the code {}", quote(code)));
    let known = rules::codes().iter().map(|row| row.code).chain(OTHERS);
    Err(match nearest(code, known) {
        Some(meant) => failure.hint(format!("did you mean {meant}?")),
        None => failure.hint("list the codes: acpctl credential explain"),
    })
}

/// Marks the findings that the user accepts. Those of Kubernetes' own client can't be accepted.
pub(crate) fn allow(findings: &mut [Finding], codes: &[String]) {
    for finding in findings {
        finding.allowed = finding.gate.is_none() && codes.iter().any(|code| code == finding.code);
    }
}

/// Turns the error about a loopback address into a warning if the credential is stored on this machine, where the
/// address is right.
pub(super) fn relax_loopback(ctx: &Ctx, findings: &mut [Finding]) {
    let mut loopback = findings
        .iter_mut()
        .filter(|finding| finding.code == LOOPBACK)
        .peekable();
    if loopback.peek().is_none() || !ctx.is_own_server() {
        return;
    }
    for finding in loopback {
        finding.severity = Severity::Warning;
        "the address means this machine; sessions on other machines can't reach it"
            .clone_into(&mut finding.message);
    }
}

/// Returns a failure if findings stop the work.
pub(crate) fn refusal(subject: &str, findings: &[Finding], strict: bool) -> Option<Failure> {
    let counting = || findings.iter().filter(|finding| !finding.allowed);
    let errors = counting()
        .filter(|finding| finding.severity == Severity::Error && finding.code != MIN_TTL)
        .count();
    if errors > 0 {
        let text = format!("{subject} has {}", count(errors, "error"));
        return Some(Failure::new(Kind::Data, text));
    }
    if counting().any(|finding| finding.code == MIN_TTL) {
        let text = format!("{subject} expires sooner than --min-ttl allows");
        return Some(Failure::new(Kind::Policy, text));
    }
    let warnings = counting()
        .filter(|finding| finding.severity == Severity::Warning)
        .count();
    (strict && warnings > 0).then(|| {
        let text = format!("{subject} has {} (--strict)", count(warnings, "warning"));
        Failure::new(Kind::Policy, text)
    })
}

/// Reports a text that one of the runner's modes can't read, or can hardly read, because of its size
/// (docs/interface/field.md row 20).
pub(super) fn oversize(text: &SecretString) -> Option<Finding> {
    let size = json::compact_len(text.expose_secret());
    match size {
        size if size > REFUSE_ABOVE => Some(Finding::oversize(size, Severity::Error)),
        size if size > WARN_ABOVE => Some(Finding::oversize(size, Severity::Warning)),
        _ => None,
    }
}
