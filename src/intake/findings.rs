//! Findings about a kubeconfig as text, JSON and SARIF.

use serde_json::{Value, json};

use crate::kubeconfig::{Finding, Severity};

/// One finding as a line or two: severity, code, place, message, and what to do.
pub fn text(source: &str, finding: &Finding) -> String {
    let severity = if finding.allowed {
        "allowed"
    } else {
        severity(finding.severity)
    };
    let place = place(finding);
    let line = finding
        .line
        .map(|line| format!(":{line}"))
        .unwrap_or_default();
    let source = finding.source.as_deref().unwrap_or(source);
    let mut text = format!(
        "{source}{line}: {severity}[{}]: {}{}",
        finding.code,
        if place.is_empty() {
            String::new()
        } else {
            format!("{place}: ")
        },
        finding.message
    );
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("\n    fix: {fix}"));
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// List, position, name and field: `users[0] "dev" user.token`.
fn place(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(list) = finding.list {
        parts.push(
            finding
                .index
                .map_or(list.to_owned(), |index| format!("{list}[{index}]")),
        );
    }
    if let Some(name) = &finding.name {
        parts.push(crate::compat::quote::quote(name));
    }
    if let Some(field) = &finding.field {
        parts.push(field.clone());
    }
    parts.join(" ")
}

/// The findings as a SARIF 2.1.0 log, for code-scanning services.
pub fn sarif(source: &str, findings: &[Finding]) -> Value {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| json!({"id": code})).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let place = place(finding);
            let text = if place.is_empty() { finding.message.clone() } else { format!("{place}: {}", finding.message) };
            let mut result = json!({
                "ruleId": finding.code,
                "level": match finding.severity { Severity::Error => "error", Severity::Warning => "warning", Severity::Info => "note" },
                "message": {"text": text},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": finding.source.as_deref().unwrap_or(source)},
                    "region": {"startLine": finding.line.unwrap_or(1)},
                }}],
            });
            if finding.allowed {
                result["suppressions"] = json!([{"kind": "external"}]);
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "acpctl", "version": crate::VERSION, "rules": rules}}, "results": results}],
    })
}
