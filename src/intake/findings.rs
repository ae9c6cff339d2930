//! Writes findings about a kubeconfig as text and as SARIF.

use std::path::{Component, Path, PathBuf, is_separator};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kubeconfig::{Finding, Row, Severity, codes};
use crate::text::quote;
use crate::version::VERSION;

/// Writes a finding in one or two lines: severity, code, location, message, and what to do.
pub(crate) fn text(source: &str, finding: &Finding) -> String {
    let severity = severity_of(finding);
    let location = location(finding);
    let line = finding
        .line
        .map(|line| format!(":{line}"))
        .unwrap_or_default();
    let source = finding.source.as_deref().unwrap_or(source);
    let mut text = format!(
        "{source}{line}: {severity}[{}]: {}{}",
        finding.code,
        if location.is_empty() {
            String::new()
        } else {
            format!("{location}: ")
        },
        finding.message
    );
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("\n    fix: {fix}"));
    }
    text
}

/// Returns the word for the severity; for an accepted finding it is `allowed`.
pub(crate) fn severity_of(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.allowed => "allowed",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// Returns list, position, name and field: `users[0] "dev" user.token`.
pub(crate) fn location(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some(list) = finding.list {
        parts.push(
            finding
                .index
                .map_or(list.to_owned(), |index| format!("{list}[{index}]")),
        );
    }
    if let Some(name) = &finding.name {
        parts.push(quote(name));
    }
    if let Some(field) = &finding.field {
        parts.push(field.clone());
    }
    parts.join(" ")
}

/// A web page about kubeconfigs, for readers of a SARIF report. The texts of the rules explain the findings themselves.
const ABOUT: &str =
    "https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/";

/// The outcome for one file: its findings, or the failure to read it.
pub(crate) struct Outcome {
    pub file: String,
    pub findings: Vec<Finding>,
    pub failure: Option<String>,
}

/// Writes the findings as one run of a SARIF 2.1.0 log, for code-scanning services. Each rule has its texts; each
/// result has its fix, and a fingerprint that stays the same if lines move. Files that could not be read become
/// notifications of the run.
pub(crate) fn sarif(outcomes: &[Outcome]) -> Value {
    let all = || outcomes.iter().flat_map(|outcome| &outcome.findings);
    let rules: Vec<&Row> = codes()
        .iter()
        .filter(|row| all().any(|finding| finding.code == row.code))
        .collect();
    let results: Vec<Value> = outcomes
        .iter()
        .flat_map(|outcome| {
            let rules = &rules;
            let findings = outcome.findings.iter();
            findings.map(move |finding| result(&outcome.file, finding, rules))
        })
        .collect();
    let failures: Vec<Value> = outcomes
        .iter()
        .filter_map(|outcome| outcome.failure.as_deref())
        .map(|failure| json!({"level": "error", "message": {"text": sentence(failure)}}))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "acpctl",
                "version": VERSION,
                "informationUri": ABOUT,
                "rules": rules.iter().map(|row| rule(row)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "acpctl/credential-validate/"},
            "invocations": [{
                "executionSuccessful": failures.is_empty(),
                "toolExecutionNotifications": failures,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(row: &Row) -> Value {
    let message = sentence(&row.message.replace("{}", "..."));
    let fix = if row.fix.is_empty() {
        message.clone()
    } else {
        sentence(row.fix)
    };
    json!({
        "id": row.code,
        "name": pascal(row.code),
        "shortDescription": {"text": message},
        "fullDescription": {"text": sentence(row.when)},
        "help": {"text": fix},
        "helpUri": ABOUT,
        "defaultConfiguration": {"level": level(row.severity)},
    })
}

fn result(source: &str, finding: &Finding, rules: &[&Row]) -> Value {
    let location = location(finding);
    let mut text = match location.as_str() {
        "" => finding.message.clone(),
        location => format!("{location}: {}", finding.message),
    };
    if let Some(fix) = &finding.fix {
        text = format!("{} Fix: {fix}", sentence(&text));
    }
    let file = finding.source.as_deref().unwrap_or(source);
    let uri = uri(file);
    let key = format!("{uri}\n{}\n{location}", finding.code);
    let mut result = json!({
        "ruleId": finding.code,
        "ruleIndex": rules.iter().position(|row| row.code == finding.code),
        "level": level(finding.severity),
        "message": {"text": sentence(&text)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": finding.line.unwrap_or(1)},
        }}],
        "partialFingerprints": {"acpctl/v1": fingerprint(&key)},
    });
    if finding.allowed {
        result["suppressions"] = json!([{"kind": "external"}]);
    }
    result
}

/// Returns the text with a capital letter and a period, as readers of reports expect. The path of a field stays as
/// it is.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let first = text.split(' ').next().unwrap_or_default();
    if first.contains(['[', '.', ':']) {
        return ended(text.to_owned());
    }
    let mut chars = text.chars();
    let mut sentence: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    sentence.extend(chars);
    ended(sentence)
}

fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Turns `token-expired` into `TokenExpired`.
fn pascal(code: &str) -> String {
    code.split('-')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(chars)
        })
        .collect()
}

/// Returns a path as a URI. Below the working directory it is relative, because code-scanning services expect that;
/// elsewhere it is a `file:` URI.
fn uri(path: &str) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let whole = clean(&folder.join(path));
    let (start, shown) = match whole.strip_prefix(&folder) {
        Ok(below) => ("", below),
        Err(_) => ("file://", whole.as_path()),
    };
    let mut uri = start.to_owned();
    for byte in shown.as_os_str().as_encoded_bytes() {
        let byte = if is_separator(char::from(*byte)) {
            b'/'
        } else {
            *byte
        };
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Removes `.` and `..` from a path, since a URI can't have them.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Identifies a finding regardless of its line. The key holds names only, which are not secret.
fn fingerprint(key: &str) -> String {
    Sha256::digest(key.as_bytes())
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_leaves_the_path_of_a_field_as_it_is() {
        for (text, wanted) in [
            ("the token has expired", "The token has expired."),
            ("clusters[0] \"a\": no CA", "clusters[0] \"a\": no CA."),
            ("kind: another kind.", "kind: another kind."),
        ] {
            assert_eq!(sentence(text), wanted);
        }
    }
}
