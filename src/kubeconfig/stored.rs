//! One judgement of what will be stored: the text is cut with its files inlined, and the cut text is judged. Each finding
//! is put back to where its cause stands in the user's file: an inlined value to the field with the path.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::files::shown;
use super::finding::{Finding, add};
use super::model::{Config, Item};
use super::wrapper;
use super::{CheckOptions, Cut, Inlined, Keep, Kubeconfig, Report, Rules, Source, Summary, check};

/// Findings about a text that do not hold for what is cut out of it.
const SETTLED: [&str; 5] = [
    "encoding-bom",
    "file-reference",
    "file-too-large",
    "multiple-contexts",
    "unused-entries",
];
/// What a text that is no kubeconfig at all is called beside `not-a-config`: one cause, one finding.
const OF_EMPTY: [&str; 3] = ["in-cluster-fallback", "no-current-context", "unknown-field"];

pub(super) fn cut(kubeconfig: &Kubeconfig, keep: Keep<'_>, options: &CheckOptions<'_>) -> Cut {
    let refused = |report| Cut {
        carved: None,
        report,
    };
    let documents = || kubeconfig.documents.iter();
    let (config, notes) = match kubeconfig.merged() {
        Ok(merged) => merged,
        Err(mut faults) => {
            if let Some(found) = documents().find_map(wrapper::holder) {
                for fault in &mut faults {
                    if matches!(fault.code, "not-a-config" | "wrong-kind") {
                        *fault = found.told(fault.clone());
                    }
                }
            }
            return refused(Report::new(faults, None));
        }
    };
    if let Some(instead) = documents().find_map(wrapper::instead_of_config) {
        let mut report = kubeconfig.check(options);
        let findings = &mut report.findings;
        findings.retain(|finding| !OF_EMPTY.contains(&finding.code));
        findings.insert(0, instead);
        return refused(report);
    }
    match kubeconfig.carve(keep, options.open) {
        Ok(carved) => {
            let text = carved.text.expose_secret();
            let source = Source {
                name: "",
                bytes: text.as_bytes(),
                dir: Path::new(""),
            };
            let options = CheckOptions {
                context: None,
                rules: Rules::All,
                ..*options
            };
            let mut report = check(&[source], &options);
            let places = Places {
                config: &config,
                inlined: &carved.inlined,
            };
            let judged = std::mem::take(&mut report.findings);
            let mut findings: Vec<Finding> = Vec::new();
            add(
                &mut findings,
                judged.into_iter().map(|finding| places.find(finding)),
            );
            add(&mut findings, carved.findings.iter().cloned());
            let notes = notes
                .into_iter()
                .filter(|note| !SETTLED.contains(&note.code));
            add(&mut findings, notes);
            let summary = report.summary.map(|summary| of_file(summary, &config));
            let report = Report::new(kubeconfig.named(findings), summary);
            Cut {
                report,
                carved: Some(carved),
            }
        }
        Err(faults) => {
            let report = kubeconfig.check(options);
            let named = matches!(keep, Keep::Named(_));
            let mut findings = report.findings;
            findings.retain(|finding| match finding.code {
                "no-current-context" => !named,
                code => !SETTLED.contains(&code),
            });
            add(&mut findings, faults);
            refused(Report::new(findings, report.summary))
        }
    }
}

/// How much there is in the user's file, and whether it names this context as the current one.
fn of_file(mut summary: Summary, config: &Config<'_>) -> Summary {
    summary.context.current = config.current_context == summary.context.name;
    summary.contexts = config.contexts.len();
    summary.clusters = config.clusters.len();
    summary.users = config.users.len();
    summary
}

/// Where things stand in the user's file.
struct Places<'a, 't> {
    config: &'a Config<'t>,
    inlined: &'a [Inlined],
}

impl Places<'_, '_> {
    fn find(&self, mut finding: Finding) -> Finding {
        finding.line = None;
        finding.index = None;
        let Some(item) = self.item(&finding) else {
            return finding;
        };
        let Some(field) = finding.field.clone() else {
            return item.here(finding);
        };
        let field = field.split_once('.').map_or("", |(_, field)| field);
        match self.path_field(&finding, field) {
            Some(inlined) => {
                let finding = finding.in_file(&shown(&inlined.path));
                item.on(finding, inlined.field)
            }
            None => item.on(finding, field),
        }
    }

    fn item(&self, finding: &Finding) -> Option<&Item<'_>> {
        let items = match finding.list? {
            "clusters" => &self.config.clusters,
            "contexts" => &self.config.contexts,
            _ => &self.config.users,
        };
        let name = finding.name.as_deref()?;
        items.iter().find(|item| item.name == name)
    }

    /// The path field that a field of the cut text comes from.
    fn path_field(&self, finding: &Finding, field: &str) -> Option<&Inlined> {
        let of_path = match field {
            "token" => "tokenFile",
            _ => field.strip_suffix("-data")?,
        };
        self.inlined.iter().find(|inlined| {
            Some(inlined.list) == finding.list
                && Some(inlined.name.as_str()) == finding.name.as_deref()
                && inlined.field == of_path
        })
    }
}
