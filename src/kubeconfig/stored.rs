//! The judgment of the text that will be stored: it is cut with its files inlined, and the cut text is judged. Each
//! finding is then moved to its cause in the user's file: a finding about inlined data to the field that holds the
//! path.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::files::shown;
use super::finding::{Finding, add};
use super::model::{Config, Item};
use super::parsed::Kubeconfig;
use super::report::{Carved, CheckOptions, Delivery, Inlined, Keep, Report, Rules};
use super::source::Source;
use super::summary::Summary;
use super::wrapper;

/// Findings about a file that no longer hold for the context that is kept.
const SETTLED: [&str; 5] = [
    "encoding-bom",
    "file-reference",
    "file-too-large",
    "multiple-contexts",
    "unused-entries",
];
/// Findings that are left out beside `not-a-config`, since they have the same cause.
const OF_EMPTY: [&str; 3] = ["in-cluster-fallback", "no-current-context", "unknown-field"];

/// The text that would be stored, and the judgment about it.
pub struct Cut {
    /// `None` if something prevents the cut; the report says what.
    pub carved: Option<Carved>,
    /// The carved text, parsed.
    pub stored: Option<Kubeconfig>,
    pub report: Report,
}

impl Cut {
    fn refused(report: Report) -> Self {
        Self {
            carved: None,
            stored: None,
            report,
        }
    }
}

impl Kubeconfig {
    /// Cuts with all files inlined, and judges the cut text itself. Findings name their location in the user's file.
    #[must_use]
    pub fn cut(&self, keep: Keep<'_>, options: &CheckOptions<'_>) -> Cut {
        let (config, notes) = match self.merged() {
            Ok(merged) => merged,
            Err(faults) => return Cut::refused(Report::of(self.explain_wrapper(faults))),
        };
        if let Some(instead) = self.documents.iter().find_map(wrapper::instead_of_config) {
            let mut report = self.check(options);
            let findings = &mut report.findings;
            findings.retain(|finding| !OF_EMPTY.contains(&finding.code));
            findings.insert(0, instead);
            return Cut::refused(report);
        }
        let for_managed = matches!(options.delivery, Delivery::Managed(_));
        match self.carve_of(&config, keep, options.open, for_managed) {
            Ok(carved) => self.judge_cut(&config, notes, carved, options),
            Err(faults) => Cut::refused(self.judge_uncut(keep, faults, options)),
        }
    }

    /// If the text contains a kubeconfig without being one, says where the kubeconfig is.
    fn explain_wrapper(&self, mut faults: Vec<Finding>) -> Vec<Finding> {
        if let Some(found) = self.documents.iter().find_map(wrapper::holder) {
            for fault in &mut faults {
                if matches!(fault.code, "not-a-config" | "wrong-kind") {
                    *fault = found.explain(fault.clone());
                }
            }
        }
        faults
    }

    fn judge_cut(
        &self,
        config: &Config<'_>,
        notes: Vec<Finding>,
        carved: Carved,
        options: &CheckOptions<'_>,
    ) -> Cut {
        let options = CheckOptions {
            context: None,
            rules: Rules::All,
            ..*options
        };
        let stored = Kubeconfig::read(&[Source {
            name: "",
            bytes: carved.text.expose_secret().as_bytes(),
            dir: Path::new(""),
        }]);
        let (stored, report) = match stored {
            Ok(stored) => {
                let report = stored.check(&options);
                (Some(stored), report)
            }
            Err(faults) => (None, Report::of(faults)),
        };
        let user_file = UserFile {
            config,
            inlined: &carved.inlined,
        };
        let judged = report.findings.into_iter();
        let mut findings: Vec<Finding> = Vec::new();
        add(
            &mut findings,
            judged.map(|finding| user_file.locate(finding)),
        );
        add(&mut findings, carved.findings.iter().cloned());
        let notes = notes
            .into_iter()
            .filter(|note| !SETTLED.contains(&note.code));
        add(&mut findings, notes);
        let summary = report.summary.map(|summary| of_file(summary, config));
        Cut {
            report: Report::new(self.named(findings), summary),
            carved: Some(carved),
            stored,
        }
    }

    /// Judges the file as it is, because `faults` prevent the cut.
    fn judge_uncut(
        &self,
        keep: Keep<'_>,
        faults: Vec<Finding>,
        options: &CheckOptions<'_>,
    ) -> Report {
        let report = self.check(options);
        let named = matches!(keep, Keep::Named(_));
        let mut findings = report.findings;
        findings.retain(|finding| match finding.code {
            "no-current-context" => !named,
            code => !SETTLED.contains(&code),
        });
        add(&mut findings, faults);
        Report::new(findings, report.summary)
    }
}

/// Corrects a summary of the cut text to the entries and the current context of the user's file.
fn of_file(mut summary: Summary, config: &Config<'_>) -> Summary {
    summary.context.current = config.current_context == summary.context.name;
    summary.contexts = config.contexts.len();
    summary.clusters = config.clusters.len();
    summary.users = config.users.len();
    summary
}

/// The user's file, in which findings about the cut text are located.
struct UserFile<'a, 't> {
    config: &'a Config<'t>,
    inlined: &'a [Inlined],
}

impl UserFile<'_, '_> {
    fn locate(&self, mut finding: Finding) -> Finding {
        finding.line = None;
        finding.index = None;
        let Some(item) = self.item(&finding) else {
            return finding;
        };
        let Some(field) = finding.field.clone() else {
            return item.here(finding);
        };
        let field = field.split_once('.').map_or("", |(_, field)| field);
        match self.inlined_file(&finding, field) {
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

    /// Returns the file that a field of the cut text was read from.
    fn inlined_file(&self, finding: &Finding, field: &str) -> Option<&Inlined> {
        let path_field = match field {
            "token" => "tokenFile",
            _ => field.strip_suffix("-data")?,
        };
        self.inlined.iter().find(|inlined| {
            Some(inlined.list) == finding.list
                && Some(inlined.name.as_str()) == finding.name.as_deref()
                && inlined.field == path_field
        })
    }
}
