//! Parses a kubeconfig once, cuts it to what would be stored, and checks that text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::cluster::EXEC_PLUGIN;
use super::decode::whole;
use super::files::Files;
use super::flags::KubeconfigArgs;
use super::gate;
use super::read::views;
use super::trust::trust_bundle;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::input;
use crate::kubeconfig::{
    Carved, CheckOptions, ContextSummary, Cut, Finding, Kubeconfig, OwnedSource, Report,
};
use crate::text::acpctl;

/// The text that would be stored, and the judgment about it.
pub struct Examined {
    /// The text, if it would be stored as it is.
    whole: Option<SecretString>,
    /// The cut text and what the cut kept; `None` if the text is stored as it is, or if something prevents the cut.
    pub carved: Option<Carved>,
    /// The file, parsed; `None` if it can't be read.
    pub file: Option<Kubeconfig>,
    /// The cut text, parsed.
    stored: Option<Kubeconfig>,
    pub report: Report,
    pub(super) elsewhere: Elsewhere,
}

/// The folders, outside the kubeconfig's own, of files that it names.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// The folders of the files that the user let the program read.
    pub agreed: BTreeSet<PathBuf>,
    /// The folders of the files that were not read.
    pub refused: BTreeSet<PathBuf>,
}

impl Examined {
    /// Judges the file as it is, by the rules of `options`. It has no text that would be stored.
    pub fn of_file(sources: &[OwnedSource], options: &CheckOptions<'_>) -> Self {
        match Kubeconfig::read(&views(sources)) {
            Ok(file) => Self {
                report: file.check(options),
                file: Some(file),
                whole: None,
                carved: None,
                stored: None,
                elsewhere: Elsewhere::default(),
            },
            Err(faults) => Self::unread(faults),
        }
    }

    fn unread(faults: Vec<Finding>) -> Self {
        Self {
            whole: None,
            carved: None,
            file: None,
            stored: None,
            report: Report::of(faults),
            elsewhere: Elsewhere::default(),
        }
    }

    /// Returns the text that would be stored; `None` if something prevents it.
    pub(super) fn text(&self) -> Option<&SecretString> {
        self.whole
            .as_ref()
            .or_else(|| self.carved.as_ref().map(|carved| &carved.text))
    }

    /// Returns every secret value in the text that would be stored.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let parsed = self.stored.as_ref().or(self.file.as_ref());
        parsed
            .and_then(|parsed| parsed.secrets().ok())
            .unwrap_or_default()
    }
}

impl KubeconfigArgs {
    /// Returns what would be stored, with every finding about it, marked as the flags say. Prints nothing.
    ///
    /// # Errors
    /// If several files should be stored as they are.
    pub fn examine(&self, ctx: &Ctx, sources: &[OwnedSource]) -> Result<Examined, Failure> {
        let files = Files::of_kubeconfig(sources, &self.allow_file, ctx.may_ask());
        let open = |path: &Path| files.open(path);
        let bundle = trust_bundle(self.trust_bundle.as_deref())?;
        let options = self.options(ctx, &open, bundle.as_deref());
        let mut examined = self.cut(sources, &options)?;
        examined.elsewhere = Elsewhere {
            agreed: files.folders_elsewhere(true),
            refused: files.folders_elsewhere(false),
        };
        let findings = &mut examined.report.findings;
        gate::relax_loopback(ctx, findings);
        gate::allow(findings, &self.gates.allow);
        Ok(examined)
    }

    fn cut(
        &self,
        sources: &[OwnedSource],
        options: &CheckOptions<'_>,
    ) -> Result<Examined, Failure> {
        let file = match Kubeconfig::read(&views(sources)) {
            Ok(file) => file,
            Err(mut faults) => {
                explain_text(sources, &mut faults);
                return Ok(Examined::unread(faults));
            }
        };
        self.check_context(Some(&file))?;
        let mut examined = if self.no_flatten {
            Examined {
                whole: Some(whole(sources)?),
                carved: None,
                stored: None,
                report: file.check(options),
                file: Some(file),
                elsewhere: Elsewhere::default(),
            }
        } else {
            let Cut {
                carved,
                stored,
                report,
            } = file.cut(self.keep(), options);
            Examined {
                whole: None,
                carved,
                stored,
                report,
                file: Some(file),
                elsewhere: Elsewhere::default(),
            }
        };
        explain_text(sources, &mut examined.report.findings);
        self.offer_access(sources, &mut examined.report);
        let oversize = examined.text().and_then(gate::oversize);
        examined.report.add(oversize);
        Ok(examined)
    }
}

impl KubeconfigArgs {
    /// Completes the fix of a login program: the line that makes an access with a token in the same cluster.
    fn offer_access(&self, sources: &[OwnedSource], report: &mut Report) {
        let findings = &mut report.findings;
        // acpctl starts no program that needs a terminal.
        let is_interactive = findings.iter().any(|it| it.code == "exec-interactive");
        let plugin = findings.iter_mut().find(|it| it.code == EXEC_PLUGIN);
        let (Some(finding), Some(summary), false) = (plugin, &report.summary, is_interactive)
        else {
            return;
        };
        let mut words = vec!["credential", "create"];
        let path = match sources {
            [source] => source.path.to_str(),
            _ => None,
        };
        match path {
            Some(path) if path == input::Source::Stdin.name() => words.extend(["-f", "FILE"]),
            Some(path) => words.extend(["-f", path]),
            // The files of KUBECONFIG.
            None => {}
        }
        words.extend(["--context", &summary.context.name]);
        words.extend(["--mint", "view-no-secrets", "--allow", EXEC_PLUGIN]);
        words.extend(self.name.iter().flat_map(|name| ["--name", name]));
        finding.fix = Some(format!(
            "make an access with a token in its cluster: `{}`; or set the user's token to that of a service account: \
             `kubectl create token NAME --duration 24h`",
            acpctl(&words)
        ));
    }
}

/// Describes a context with what its files say, as far as they may be read without a question.
pub(crate) fn with_its_files(
    ctx: &Ctx,
    sources: &[OwnedSource],
    name: &str,
) -> Option<ContextSummary> {
    let args = KubeconfigArgs {
        context: Some(name.to_owned()),
        ..KubeconfigArgs::default()
    };
    let files = Files::of_kubeconfig(sources, &[], false);
    let open = |path: &Path| files.open(path);
    let examined = args.cut(sources, &args.options(ctx, &open, None)).ok()?;
    Some(examined.report.summary?.context)
}

/// Returns true for a text that `credential create` and `apply` would store without a change.
pub(crate) fn is_stored_unchanged(ctx: &Ctx, text: &SecretString) -> bool {
    let args = KubeconfigArgs::default();
    let sources = [OwnedSource {
        path: PathBuf::new(),
        bytes: Zeroizing::new(text.expose_secret().as_bytes().to_vec()),
    }];
    let open = |_: &Path| Err(std::io::ErrorKind::NotFound.into());
    let Ok(examined) = args.cut(&sources, &args.options(ctx, &open, None)) else {
        return false;
    };
    gate::refusal("", &examined.report.findings, false).is_none()
        && examined
            .text()
            .is_some_and(|stored| stored.expose_secret() == text.expose_secret())
}

/// Replaces the fix of a text that can't be read, if its first characters show what it is, and of a file that a piped
/// text names.
fn explain_text(sources: &[OwnedSource], findings: &mut [Finding]) {
    let [source] = sources else { return };
    if source.path.as_os_str() == input::Source::Stdin.name() {
        // A pipe has no folder in which its files could lie.
        let unreadable = findings.iter_mut();
        for finding in unreadable.filter(|it| it.code == "file-unreadable") {
            finding.fix = Some(
                "inline the files first: `kubectl config view --raw --flatten | …`".to_owned(),
            );
        }
    }
    let fix = match source.bytes.trim_ascii_start() {
        [b'<', b'<', ..] => "remove the marks around it: `terraform output -raw NAME`",
        [b'<', ..] => {
            "this looks like a web page: check the address and the login that it came from"
        }
        _ => return,
    };
    let unread = ["not-a-config", "yaml-syntax"];
    for finding in findings.iter_mut().filter(|it| unread.contains(&it.code)) {
        finding.fix = Some(fix.to_owned());
    }
}
