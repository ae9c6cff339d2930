//! Findings for a person at a terminal: the worst first, each with the line it is about and what to do.

use std::cmp::Reverse;

use super::findings;
use crate::kubeconfig::{Finding, Severity};
use crate::text::color::painted;
use crate::text::mask::Mask;
use crate::text::{visible, wrap};

/// The most columns of a line of the file.
const LINE: usize = 100;

/// What a page is made of.
pub struct Page<'a> {
    /// The file's name.
    pub source: &'a str,
    /// Its text; empty if it could not be read as text.
    pub text: &'a str,
    /// The secrets in the text. `None` if they are not known, since the text could not be read: then no value is shown.
    pub secrets: Option<&'a Mask>,
    pub width: Option<usize>,
    pub colored: bool,
}

impl Page<'_> {
    /// All findings, a blank line between two, and the counts.
    pub fn of(&self, found: &[Finding]) -> String {
        let mut sorted: Vec<&Finding> = found.iter().collect();
        sorted.sort_by_key(|finding| (finding.allowed, Reverse(finding.severity), finding.line));
        let mut page = String::new();
        for finding in &sorted {
            page.push_str(&self.finding(finding));
            page.push('\n');
        }
        if let Some(worst) = sorted.first() {
            page.push_str(&format!(
                "{}. More about one: {}\n",
                counts(found),
                crate::text::acpctl(&["credential", "explain", worst.code])
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
        let source = finding.source.as_deref().unwrap_or(self.source);
        let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
        let place = findings::place(finding);
        let gap = if place.is_empty() { "" } else { "  " };
        page.push_str(&format!("  --> {}{line}{gap}{}\n", visible(source), visible(&place)));
        if let Some(excerpt) = finding.line.and_then(|line| self.excerpt(line, finding)) {
            page.push_str(&excerpt);
        }
        if let Some(fix) = &finding.fix {
            page.push_str(&self.wrapped(&format!("  fix: {}", visible(fix)), 7));
            page.push('\n');
        }
        page
    }

    /// The line with a mark below its field.
    fn excerpt(&self, number: u32, finding: &Finding) -> Option<String> {
        if finding.source.as_deref().is_some_and(|source| source != self.source) {
            return None;
        }
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let line = self.text.lines().nth(index)?;
        let shown = self.shown(line);
        let key = finding.field.as_deref().and_then(|field| field.rsplit('.').next());
        let (start, length) = key
            .and_then(|key| Some((shown.find(key)?, key.len())))
            .unwrap_or_else(|| {
                let start = shown.len() - shown.trim_start().len();
                (start, shown.trim().chars().count().max(1))
            });
        let column = shown[..start].chars().count();
        let gutter = number.to_string();
        let blank = " ".repeat(gutter.len());
        Some(format!(
            "  {gutter} | {shown}\n  {blank} | {}{}\n",
            " ".repeat(column),
            self.paint(severity_color(finding), &"^".repeat(length))
        ))
    }

    /// A line of the file without its secrets, and not longer than a reader wants.
    fn shown(&self, line: &str) -> String {
        let line = line.replace('\t', "    ");
        let clean = match self.secrets {
            Some(mask) => visible(&mask.apply(&line)),
            None => match line.split_once(':') {
                Some((key, value)) if !value.trim().is_empty() => format!("{}: …", visible(key)),
                Some((key, _)) => format!("{}:", visible(key)),
                None => "…".to_owned(),
            },
        };
        let room = self.width.map_or(LINE, |width| width.saturating_sub(12).clamp(20, LINE));
        if clean.chars().count() <= room {
            return clean;
        }
        clean.chars().take(room - 1).chain(['…']).collect()
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

/// Red, magenta, cyan: readable on dark and on light.
fn severity_color(finding: &Finding) -> &'static str {
    match finding.severity {
        _ if finding.allowed => "2",
        Severity::Error => "1;31",
        Severity::Warning => "1;35",
        Severity::Info => "36",
    }
}

/// `2 errors, 1 warning`.
fn counts(found: &[Finding]) -> String {
    let groups: [(&str, &dyn Fn(&Finding) -> bool); 4] = [
        ("error", &|f| !f.allowed && f.severity == Severity::Error),
        ("warning", &|f| !f.allowed && f.severity == Severity::Warning),
        ("note", &|f| !f.allowed && f.severity == Severity::Info),
        ("allowed finding", &|f| f.allowed),
    ];
    let parts: Vec<String> = groups
        .iter()
        .filter_map(|(noun, fits)| match found.iter().filter(|f| fits(f)).count() {
            0 => None,
            1 => Some(format!("1 {noun}")),
            count => Some(format!("{count} {noun}s")),
        })
        .collect();
    parts.join(", ")
}
