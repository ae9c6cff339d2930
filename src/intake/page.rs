//! Shows findings to a person at a terminal: the worst first, each with its line of the file and what to do.

use std::cmp::Reverse;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::findings;
use super::read::source_name;
use crate::kubeconfig::{Base64, Finding, Kubeconfig, OwnedSource, Severity, decode_input};
use crate::text::color::painted;
use crate::text::url::url_for_people;
use crate::text::{acpctl, count, visible, wrap};

/// The most columns that are shown of a line of the file.
const LINE: usize = 100;

/// Fields whose values may be shown. Of other fields only the name is shown, because the value may be a secret.
const OPEN: [&str; 18] = [
    "apiVersion",
    "as",
    "certificate-authority",
    "client-certificate",
    "client-key",
    "cluster",
    "command",
    "current-context",
    "disable-compression",
    "insecure-skip-tls-verify",
    "kind",
    "name",
    "namespace",
    "proxy-url",
    "server",
    "tls-server-name",
    "tokenFile",
    "user",
];

/// Fields of a kubeconfig whose values are never shown.
const CLOSED: [&str; 14] = [
    "args",
    "auth-provider",
    "certificate-authority-data",
    "client-certificate-data",
    "client-key-data",
    "clusters",
    "contexts",
    "context",
    "env",
    "exec",
    "password",
    "token",
    "username",
    "users",
];

/// The longest word of a value that is shown: a longer one may be a secret in the wrong field. A UUID has 36
/// characters.
const LONGEST_WORD: usize = 36;

/// The sources of a page, and how to show it.
pub(crate) struct Page {
    /// The name of the file.
    source: String,
    /// The text of the file; empty if it is not text.
    text: Zeroizing<String>,
    /// The secrets in the text. `None` if the text could not be parsed; then no value is shown.
    secrets: Option<Vec<SecretString>>,
    width: Option<usize>,
    colored: bool,
}

impl Page {
    /// Begins a page about these sources, which were parsed as `file`. Lines are shown if there is one source only.
    pub(crate) fn about(
        sources: &[OwnedSource],
        file: Option<&Kubeconfig>,
        width: Option<usize>,
        colored: bool,
    ) -> Self {
        let text = match sources {
            [source] => decode_input(&source.bytes, Base64::Report)
                .map_or_else(|_| Zeroizing::default(), |decoded| decoded.text),
            _ => Zeroizing::default(),
        };
        Self {
            source: source_name(sources),
            text,
            secrets: file.and_then(|file| file.secrets().ok()),
            width,
            colored,
        }
    }

    /// Writes all findings, separated by blank lines, and the counts.
    pub(crate) fn of(&self, found: &[Finding]) -> String {
        let mut sorted: Vec<&Finding> = found.iter().collect();
        sorted.sort_by_key(|finding| (finding.allowed, Reverse(finding.severity), finding.line));
        let mut page = String::new();
        for finding in &sorted {
            page.push_str(&self.finding(finding));
            page.push('\n');
        }
        if let Some(worst) = sorted.first() {
            page.push_str(&format!(
                "{}\nMore about the first: {}\n",
                counts(found),
                acpctl(&["credential", "explain", worst.code])
            ));
        }
        page
    }

    fn finding(&self, finding: &Finding) -> String {
        let head = format!(
            "{}: {}",
            self.paint(
                severity_color(finding),
                &format!("{}[{}]", findings::severity_of(finding), finding.code)
            ),
            self.paint("1", &visible(&finding.message))
        );
        let mut page = self.wrapped(&head, 2);
        page.push('\n');
        let source = finding.source.as_deref().unwrap_or(&self.source);
        let line = finding
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let location = findings::location(finding);
        let gap = if location.is_empty() { "" } else { "  " };
        let head = format!("  --> {}{line}{gap}{}", visible(source), visible(&location));
        page.push_str(&self.wrapped(&head, 6));
        page.push('\n');
        if let Some(excerpt) = finding.line.and_then(|line| self.excerpt(line, finding)) {
            page.push_str(&excerpt);
        }
        if let Some(fix) = &finding.fix {
            page.push_str(&self.wrapped(&format!("  fix: {}", visible(fix)), 7));
            page.push('\n');
        }
        page
    }

    /// Shows the line with a mark below its field. Returns `None` for a line without a known field.
    fn excerpt(&self, number: u32, finding: &Finding) -> Option<String> {
        if finding
            .source
            .as_ref()
            .is_some_and(|source| *source != self.source)
        {
            return None;
        }
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let wanted = finding
            .field
            .as_deref()
            .and_then(|field| field.rsplit('.').next());
        let line = FieldLine::read(self.text.lines().nth(index)?, wanted)?;
        let value = match line.value {
            "" => String::new(),
            value if self.may_show(line.key, value) => format!(" {}", visible(&for_people(value))),
            _ => " …".to_owned(),
        };
        let room = self
            .width
            .map_or(LINE, |width| width.saturating_sub(12).clamp(20, LINE));
        let shown = format!("{}{}:{value}", line.before, line.key);
        let shown = dialoguer::console::truncate_str(&shown, room, "…");
        let gutter = number.to_string();
        let blank = " ".repeat(gutter.len());
        let before = " ".repeat(line.before.len());
        let mark = self.paint(severity_color(finding), &"^".repeat(line.key.len()));
        Some(format!(
            "  {gutter} | {shown}\n  {blank} | {before}{mark}\n"
        ))
    }

    /// Returns true for the value of an open field, unless it looks like a secret in the wrong field.
    fn may_show(&self, key: &str, value: &str) -> bool {
        let Some(secrets) = &self.secrets else {
            return false;
        };
        let longest = value
            .split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')))
            .map(str::len)
            .max();
        let holds = |secret: &SecretString| {
            let secret = secret.expose_secret().trim();
            !secret.is_empty() && value.contains(secret)
        };
        OPEN.contains(&key)
            && !value.starts_with(['{', '[', '&', '*', '!', '|', '>'])
            && longest.unwrap_or_default() <= LONGEST_WORD
            && !secrets.iter().any(holds)
    }

    fn paint(&self, parameters: &str, text: &str) -> String {
        if self.colored {
            painted(parameters, text)
        } else {
            text.to_owned()
        }
    }

    fn wrapped(&self, text: &str, indent: usize) -> String {
        self.width
            .map_or_else(|| text.to_owned(), |width| wrap::line(text, width, indent))
    }
}

/// A line of the file that has the form `key: value`.
struct FieldLine<'t> {
    /// Spaces, and the dash of a list item.
    before: String,
    key: &'t str,
    /// The value without the comment after it.
    value: &'t str,
}

impl<'t> FieldLine<'t> {
    /// Reads a line. Returns `None` unless it starts with a known field or with the wanted one.
    fn read(line: &'t str, wanted: Option<&str>) -> Option<Self> {
        let rest = line.trim_start_matches([' ', '-', '\t']);
        let before = line[..line.len() - rest.len()].replace('\t', "    ");
        let (key, value) = rest.split_once(':')?;
        let key = key.trim().trim_matches(['"', '\'']);
        let value = value.split(" #").next().unwrap_or_default().trim();
        let is_known = OPEN.contains(&key) || CLOSED.contains(&key);
        // In a text that could not be parsed, the name of an unknown field may be a secret too.
        let is_name = || key.len() <= LONGEST_WORD && key.bytes().all(is_of_name);
        (is_known || wanted == Some(key) && is_name()).then_some(Self { before, key, value })
    }
}

/// Removes from an address the parts that may be secret: the text before its `@`, and its query.
fn for_people(value: &str) -> String {
    let shown = url_for_people(value);
    match shown.split_once(['?', '#']) {
        Some((address, _)) => format!("{address}…"),
        None => shown,
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Returns a color that is readable on dark and on light backgrounds: red, magenta or cyan.
fn severity_color(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.allowed => "2",
        Severity::Error => "1;31",
        Severity::Warning => "1;35",
        Severity::Info => "36",
    }
}

/// Counts the findings: `2 errors, 1 warning`.
fn counts(found: &[Finding]) -> String {
    let noun = |finding: &Finding| match finding.severity {
        _ if finding.allowed => "allowed finding",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let parts: Vec<String> = ["error", "warning", "note", "allowed finding"]
        .into_iter()
        .map(|wanted| {
            let n = found.iter().filter(|it| noun(it) == wanted).count();
            (n, wanted)
        })
        .filter(|(n, _)| *n > 0)
        .map(|(n, wanted)| count(n, wanted))
        .collect();
    parts.join(", ")
}
