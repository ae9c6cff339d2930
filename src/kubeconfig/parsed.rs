//! A kubeconfig that is parsed once and then answers every question about it.

use secrecy::SecretString;

use super::access::Access;
use super::carve as carver;
use super::choose::Chosen;
use super::document::Document;
use super::files::Materials;
use super::finding::Finding;
use super::lint;
use super::managed::{self, ManagedFile};
use super::merge;
use super::model::Config;
use super::report::{Carved, CheckOptions, Delivery, Keep, Report, Rules};
use super::rest;
use super::secrets as values;
use super::source::{Open, Source};
use super::summary::{self, ContextSummary};
use super::tls;
use super::wrapper;

/// One kubeconfig, or several that are merged by the rules of the `KUBECONFIG` list.
pub struct Kubeconfig {
    pub(super) documents: Vec<Document>,
    /// The size of all sources, in bytes.
    size: usize,
}

impl Kubeconfig {
    /// Reads the texts as YAML. The other methods judge their content.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, Vec<Finding>> {
        let documents =
            merge::read_all(sources).map_err(|faults| name_sources(faults, sources.len() > 1))?;
        Ok(Self {
            documents,
            size: sources.iter().map(|source| source.bytes.len()).sum(),
        })
    }

    /// Judges the context that the options name, or the current one.
    #[must_use]
    pub fn check(&self, options: &CheckOptions<'_>) -> Report {
        let refused = |findings| Report::new(self.named(findings), None);
        let (config, notes) = match self.merged() {
            Ok(merged) => merged,
            Err(faults) => return refused(faults),
        };
        let linted = options.rules != Rules::Kubernetes;
        let chosen = match Chosen::choose(&config, options.context) {
            Ok(chosen) => chosen,
            Err(fault) => {
                let mut findings = vec![fault];
                if linted {
                    findings.extend(notes);
                    findings.extend(lint::file(&config));
                }
                return refused(findings);
            }
        };
        let open = (options.rules != Rules::Runner).then_some(options.open);
        let materials = Materials::load(&chosen, open);
        let mut findings = rest::check(&config, &chosen, &materials);
        if findings.is_empty() {
            findings = tls::check(&chosen, &materials, open);
        }
        if linted {
            findings.extend(notes);
            findings.extend(lint::check(&config, &chosen, options.now, options.min_ttl));
        }
        match options.delivery {
            Delivery::Pod => {}
            Delivery::Sandbox => findings.push(Finding::new("sandbox-not-delivered")),
            Delivery::Managed(managed) => findings.extend(managed::check(&chosen, managed)),
        }
        Report::new(self.named(findings), summary::of_file(&config, &chosen))
    }

    /// Lists the contexts in the order of the file, without checking them.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn contexts(&self) -> Result<Vec<ContextSummary>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(summary::of_contexts(&config))
    }

    /// Cuts out one context (or keeps all) and inlines the files it refers to.
    ///
    /// # Errors
    /// Findings of the load gate, or those that prevent the cut
    /// (`no-current-context`, `context-not-found`, `cluster-not-found`, `user-not-found`,
    /// `data-and-file`, `file-unreadable`, `token-file-empty`, `too-large`).
    pub fn carve(&self, keep: Keep<'_>, open: Open<'_>) -> Result<Carved, Vec<Finding>> {
        let (config, _) = self.merged()?;
        self.carve_of(&config, keep, open, false)
    }

    /// Does the same for a managed session: also drops what means nothing and would keep the session from starting.
    ///
    /// # Errors
    /// As [`Kubeconfig::carve`].
    pub fn carve_for_managed(
        &self,
        keep: Keep<'_>,
        open: Open<'_>,
    ) -> Result<Carved, Vec<Finding>> {
        let (config, _) = self.merged()?;
        self.carve_of(&config, keep, open, true)
    }

    /// Carves the merged configuration of this kubeconfig. With `for_managed`, drops what means nothing and would keep
    /// a managed session from starting.
    pub(super) fn carve_of(
        &self,
        config: &Config<'_>,
        keep: Keep<'_>,
        open: Open<'_>,
        for_managed: bool,
    ) -> Result<Carved, Vec<Finding>> {
        let capacity = match keep {
            Keep::All => self.size + (4 << 10),
            _ => 16 << 10,
        };
        let mut carved = carver::carve(config, keep, open, capacity, for_managed)
            .map_err(|faults| self.named(faults))?;
        carved.findings = self.named(carved.findings);
        Ok(carved)
    }

    /// Returns what a client needs for the current context. Files that the kubeconfig refers to are not opened.
    ///
    /// # Errors
    /// Findings of the load gate, or `context-not-found`.
    pub fn access(&self) -> Result<Access, Vec<Finding>> {
        let (config, _) = self.merged()?;
        let chosen = Chosen::choose(&config, Some(config.current_context))
            .map_err(|fault| self.named(vec![fault]))?;
        Ok(Access::of(&config, &chosen))
    }

    /// Returns the file that a managed session gets instead of this kubeconfig; `None` if the current context has no
    /// address that such a session can use.
    #[must_use]
    pub fn managed_file(&self) -> Option<ManagedFile> {
        let (config, _) = self.merged().ok()?;
        let chosen = Chosen::choose(&config, None).ok()?;
        managed::rewrite(&chosen)
    }

    /// Returns true for a kubeconfig, even a useless one. A text that merely contains a kubeconfig is not one.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.documents.iter().all(wrapper::is_config_like)
    }

    /// Returns the values to hide in a log: see [`values::masks`].
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn masks(&self) -> Result<Vec<SecretString>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(values::masks(&config))
    }

    /// Returns the parts by which the kubeconfig is recognized elsewhere: see [`values::parts`].
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn parts(&self) -> Result<Vec<values::Part>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(values::parts(&config))
    }

    /// Returns every secret value (tokens, passwords, keys, plugin arguments, ...), for masking. Files that the
    /// kubeconfig refers to are not opened.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn secrets(&self) -> Result<Vec<SecretString>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(values::all(&config))
    }

    /// Returns the client certificates, which are public.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, Vec<Finding>> {
        let (config, _) = self.merged()?;
        Ok(values::certificates(&config))
    }

    /// Returns the merged configuration, and the lint findings about the files as such.
    pub(super) fn merged(&self) -> Result<(Config<'_>, Vec<Finding>), Vec<Finding>> {
        merge::merge(&self.documents).map_err(|faults| self.named(faults))
    }

    pub(super) fn named(&self, findings: Vec<Finding>) -> Vec<Finding> {
        name_sources(findings, self.documents.len() > 1)
    }
}

/// Removes the name of the source from the findings unless there are several sources: a single name would be noise.
fn name_sources(mut findings: Vec<Finding>, several: bool) -> Vec<Finding> {
    if !several {
        for finding in &mut findings {
            finding.source = None;
        }
    }
    findings
}

/// Calls [`Kubeconfig::read`] and [`Kubeconfig::check`]; faults of reading become a report too.
#[must_use]
pub fn check(sources: &[Source<'_>], options: &CheckOptions<'_>) -> Report {
    match Kubeconfig::read(sources) {
        Ok(kubeconfig) => kubeconfig.check(options),
        Err(faults) => Report::new(faults, None),
    }
}

/// Calls [`Kubeconfig::read`] and [`Kubeconfig::contexts`].
///
/// # Errors
/// Findings of the load gate.
pub fn contexts(sources: &[Source<'_>]) -> Result<Vec<ContextSummary>, Vec<Finding>> {
    Kubeconfig::read(sources)?.contexts()
}

/// Calls [`Kubeconfig::read`] and [`Kubeconfig::carve`].
///
/// # Errors
/// As [`Kubeconfig::carve`].
pub fn carve(
    sources: &[Source<'_>],
    keep: Keep<'_>,
    open: Open<'_>,
) -> Result<Carved, Vec<Finding>> {
    Kubeconfig::read(sources)?.carve(keep, open)
}

/// Calls [`Kubeconfig::read`] and [`Kubeconfig::secrets`].
///
/// # Errors
/// Findings of the load gate.
pub fn secrets(sources: &[Source<'_>]) -> Result<Vec<SecretString>, Vec<Finding>> {
    Kubeconfig::read(sources)?.secrets()
}

/// Calls [`Kubeconfig::read`] and [`Kubeconfig::certificates`].
///
/// # Errors
/// Findings of the load gate.
pub fn certificates(sources: &[Source<'_>]) -> Result<Vec<Vec<u8>>, Vec<Finding>> {
    Kubeconfig::read(sources)?.certificates()
}
