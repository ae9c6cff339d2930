//! What stops an upload: findings, less those that the user accepts knowingly.

use crate::compat::grammar::nearest;
use crate::compat::quote::quote;
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{self as rules, Finding, Severity};

use super::describe::count;

/// The code of the finding that `--min-ttl` asks for.
const MIN_TTL: &str = "expires-too-early";
/// An address that means the machine itself.
const LOOPBACK: &str = "server-loopback";

/// What can be accepted beside the findings about a kubeconfig.
pub const UNKNOWN_PROVIDER: &str = "unknown-provider";
pub const NO_SECRET: &str = "no-secret";
const OTHERS: [&str; 2] = [NO_SECRET, UNKNOWN_PROVIDER];

/// Refuses codes that no finding has: an accepted one that is misspelt would be found out too late.
///
/// # Errors
/// A usage failure with the code that was likely meant.
pub fn check_codes(codes: &[String]) -> Result<(), Failure> {
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

/// Marks what the user accepts. What Kubernetes' own client refuses can't be accepted.
pub fn allow(findings: &mut [Finding], codes: &[String]) {
    for finding in findings {
        finding.allowed = finding.gate.is_none() && codes.iter().any(|code| code == finding.code);
    }
}

/// Where the credential stays on this machine, so does the address that means this machine.
pub fn suit_the_place(ctx: &Ctx, findings: &mut [Finding]) {
    let mut loopback = findings
        .iter_mut()
        .filter(|finding| finding.code == LOOPBACK)
        .peekable();
    if loopback.peek().is_none() || !ctx.settings().is_ok_and(crate::config::Settings::is_local) {
        return;
    }
    for finding in loopback {
        finding.severity = Severity::Warning;
        "the address means this machine; a session elsewhere can't reach it"
            .clone_into(&mut finding.message);
    }
}

/// Why findings stop the work; nothing if they don't.
pub fn refusal(subject: &str, findings: &[Finding], strict: bool) -> Option<Failure> {
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
