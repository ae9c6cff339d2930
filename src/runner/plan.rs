//! The files to write and the variables to set for given credentials. `preview` shows a [`Plan`] and `exec` performs
//! it, so the two can't differ.

use std::path::Path;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use super::expiry::{Expiry, Period};
use super::table::{self, Content, Mode, Row, Target, ValueSource};
use crate::auth::token;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{
    self, CheckOptions, Delivery, Kubeconfig, Managed, ManagedFile, Rules, Severity, Source,
};
pub(crate) use crate::resources::KUBECONFIG;
use crate::resources::StoredGrade;
pub(crate) use crate::text::mask::MASK;
use crate::text::{quote, visible};

/// Findings about the expiry of a kubeconfig's credentials. They are dropped here, because [`Expiry`] compares the
/// expiry with the end of the session.
const ENDS: [&str; 4] = [
    "token-expired",
    "token-expires-soon",
    "client-cert-expired",
    "client-cert-expires-soon",
];

/// A credential, as far as it could be read.
#[derive(Debug)]
pub(crate) struct Credential {
    /// Empty for a file.
    pub id: String,
    /// False if it is bound but the caller may not see it; the session still gets it.
    pub visible: bool,
    pub name: String,
    pub provider: String,
    pub url: String,
    pub email: String,
    /// The expiry in its metadata (RFC 3339); empty if unknown.
    pub expires_at: String,
    /// How much it can do in its cluster, if that was asked.
    pub grade: Option<StoredGrade>,
    /// Notes about why it was chosen.
    pub notes: Vec<String>,
    /// The secret, or why it could not be read.
    pub token: Result<SecretString, Failure>,
}

/// A file to write.
#[derive(Debug)]
pub(crate) struct File {
    pub rule: table::FileRule,
    /// `None` if it is a secret that could not be read.
    pub content: Option<SecretString>,
}

impl File {
    /// Returns the size in bytes, if the secret could be read.
    #[must_use]
    pub(crate) fn size(&self) -> Option<usize> {
        self.content
            .as_ref()
            .map(|content| content.expose_secret().len())
    }
}

/// The value of a variable.
#[derive(Debug)]
pub(crate) enum VariableValue {
    Plain(String),
    Secret(SecretString),
    /// The path of the file with this name.
    Path(table::FileRule),
    /// A secret that could not be read.
    Unread,
}

/// A variable to set.
#[derive(Debug)]
pub(crate) struct Variable {
    pub name: &'static str,
    pub value: VariableValue,
}

/// The part of a plan for one credential.
#[derive(Debug)]
pub(crate) struct Step {
    pub credential: Credential,
    row: Option<&'static Row>,
    pub file: Option<File>,
    pub variables: Vec<Variable>,
    /// The only address that the session may reach with it, if that is limited.
    pub endpoint: Option<String>,
    /// The reasons why the session must not start.
    pub faults: Vec<String>,
    /// When the credential expires, if that is known.
    pub end: Option<Timestamp>,
    /// The warning that it expires before the session ends.
    pub expiry: Option<String>,
    /// Other warnings.
    warnings: Vec<String>,
}

/// The verdict on a secret.
#[derive(Debug, Default)]
struct Judgement {
    faults: Vec<String>,
    expiry: Option<Expiry>,
    warnings: Vec<String>,
}

/// The session that a plan is for.
#[derive(Debug)]
pub(crate) struct Setting {
    pub mode: Mode,
    pub period: Period,
    /// The certificate authorities that a managed installation trusts, in PEM form, if they are known.
    pub trust_bundle: Option<Vec<u8>>,
}

impl Setting {
    fn delivery(&self) -> Delivery<'_> {
        match self.mode.target() {
            Target::Managed => Delivery::Managed(Managed {
                trust_bundle: self.trust_bundle.as_deref(),
            }),
            Target::Pod | Target::Sandbox => Delivery::Pod,
        }
    }
}

/// The files and variables for all credentials of a session.
#[derive(Debug)]
pub(crate) struct Plan {
    pub setting: Setting,
    pub steps: Vec<Step>,
}

impl Plan {
    #[must_use]
    pub(crate) fn new(setting: Setting, credentials: Vec<Credential>) -> Self {
        let steps = credentials
            .into_iter()
            .map(|credential| Step::new(&setting, credential))
            .collect();
        Self { setting, steps }
    }

    /// Returns the reasons why a new secret must not replace the first one of a step.
    #[must_use]
    pub(crate) fn faults_of(
        &self,
        step: &Step,
        secret: &SecretString,
        now: Timestamp,
    ) -> Vec<String> {
        judge_secret(&step.credential, secret, now, self.setting.delivery()).faults
    }

    /// Returns the names of the credentials of which nothing reaches the session.
    #[must_use]
    pub(crate) fn undelivered(&self) -> Vec<String> {
        let steps = self.steps.iter().filter(|step| !step.is_delivered());
        steps.map(|step| visible(&step.credential.name)).collect()
    }

    /// Returns the reasons why the session must not start, each with the name of its credential.
    #[must_use]
    pub(crate) fn faults(&self) -> Vec<String> {
        let named = |step: &Step| {
            let name = visible(&step.credential.name);
            step.faults
                .iter()
                .map(move |fault| format!("{name}: {fault}"))
                .collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(named).collect()
    }

    /// Returns the kind of failure that the faults are: the kind for the first secret that could not be read, if there
    /// is one.
    #[must_use]
    pub(crate) fn fault_kind(&self) -> Kind {
        self.steps
            .iter()
            .find_map(|step| step.credential.token.as_ref().err())
            .map_or(Kind::Data, |why| why.kind)
    }

    /// Returns the hint for the first secret that could not be read because the server failed.
    #[must_use]
    pub(crate) fn fault_hint(&self) -> Option<String> {
        let failures = self
            .steps
            .iter()
            .filter_map(|step| step.credential.token.as_ref().err());
        let mut hints = failures
            .filter(|why| why.kind == Kind::Server)
            .filter_map(|why| why.hint.clone());
        hints.next()
    }

    /// Returns the plan as JSON, without its secrets.
    #[must_use]
    pub(crate) fn json(&self) -> Json {
        json!({
            "mode": self.setting.mode,
            "session_time": self.setting.period.session.json(),
            "setup": table::always(self.setting.mode),
            "credentials": self.steps.iter().map(Step::json).collect::<Vec<_>>(),
        })
    }
}

impl Step {
    fn new(setting: &Setting, credential: Credential) -> Self {
        let (mode, period) = (setting.mode, setting.period);
        let row = table::row(&credential.provider, mode);
        let mut warnings: Vec<String> = match row {
            // A provider that the caller may not see is not unknown.
            Some(row) if credential.visible || mode.target() == Target::Sandbox => {
                row.caveats.iter().map(|&it| it.to_owned()).collect()
            }
            _ if !credential.visible => Vec::new(),
            _ => vec![format!(
                "the runner does nothing with the provider {}",
                quote(&credential.provider)
            )],
        };
        // Nobody reads the secret for a sandbox, so it can't keep a session from starting.
        let judged = match mode.target() {
            Target::Sandbox => Judgement::default(),
            Target::Pod | Target::Managed => judge(&credential, period.now, setting.delivery()),
        };
        let expiry = judged.expiry.and_then(|expiry| expiry.warning(period));
        warnings.extend(judged.warnings);
        warnings.extend(mode.caveat().map(str::to_owned));
        warnings.extend(credential.notes.iter().cloned());
        let mut faults = judged.faults;
        faults.extend(row.and_then(|row| refusal(row, &credential)));
        let rewritten = row
            .filter(|row| {
                row.file
                    .is_some_and(|file| file.content == Content::Managed)
            })
            .and_then(|_| rewritten(credential.token.as_ref().ok()?));
        Self {
            file: row.and_then(|row| row.file).map(|rule| File {
                rule,
                content: credential
                    .token
                    .as_ref()
                    .ok()
                    .and_then(|secret| content(rule, secret)),
            }),
            variables: row.map_or_else(Vec::new, |row| variables(row, &credential)),
            endpoint: rewritten.map(|file| file.endpoint),
            row,
            credential,
            faults,
            end: judged.expiry.map(|expiry| expiry.at),
            expiry,
            warnings,
        }
    }

    /// Returns true if something of the credential reaches the session.
    #[must_use]
    pub(crate) fn is_delivered(&self) -> bool {
        self.faults.is_empty() && self.row.is_some_and(Row::delivers)
    }

    /// Returns the warnings, the most urgent first.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.expiry.iter().chain(&self.warnings).map(String::as_str)
    }

    fn json(&self) -> Json {
        let file = self.file.as_ref().map(|file| {
            json!({
                "path": file.rule.path,
                "name": file.rule.name,
                "mode": file.rule.mode.map(|mode| format!("{mode:04o}")),
                "size": file.size(),
            })
        });
        let variables: Vec<Json> = self.variables.iter().map(Variable::json).collect();
        let mut json = json!({
            "credential_id": self.credential.id,
            "credential": self.credential.name,
            "visible": self.credential.visible,
            "provider": self.credential.provider,
            "file": file,
            "variables": variables,
            "mcp": self.row.and_then(|row| row.mcp),
            "lifetime": self.row.map(|row| row.lifetime),
            "expires_at": self.end,
            "access": self.credential.grade,
            "errors": self.faults,
            "warnings": self.warnings().collect::<Vec<_>>(),
        });
        if let Some(endpoint) = &self.endpoint {
            json["network"] = json!({
                "endpoint": endpoint,
                "programs": table::MANAGED_PROGRAMS,
            });
        }
        json
    }

    /// Returns the name and the address of this provider's MCP server.
    #[must_use]
    pub(crate) fn mcp(&self) -> Option<(&'static str, String)> {
        Some(match self.row?.mcp? {
            table::Mcp::Stdio {
                name,
                command,
                args,
                ..
            } => (name, format!("{command} {}", args.join(" "))),
            table::Mcp::Sse { name, url } => (name, url.to_owned()),
            table::Mcp::Image { name } => (name, "a program in the session's image".to_owned()),
        })
    }

    /// Returns the variables of that server.
    #[must_use]
    pub(crate) fn mcp_env(&self) -> &'static [(&'static str, table::McpValue)] {
        match self.row.and_then(|row| row.mcp) {
            Some(table::Mcp::Stdio { env, .. }) => env,
            _ => &[],
        }
    }

    /// Returns when the secret is written, refreshed and removed.
    #[must_use]
    pub(crate) fn lifetime(&self) -> Option<table::Lifetime> {
        self.row.map(|row| row.lifetime)
    }
}

impl Variable {
    /// Returns the value as people may see it.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            VariableValue::Plain(text) => text.clone(),
            VariableValue::Secret(_) | VariableValue::Unread => MASK.to_owned(),
            VariableValue::Path(file) => file.path.to_owned(),
        }
    }

    fn json(&self) -> Json {
        let (kind, size) = match &self.value {
            VariableValue::Plain(_) => ("plain", None),
            VariableValue::Secret(secret) => ("secret", Some(secret.expose_secret().len())),
            VariableValue::Path(_) => ("path", None),
            VariableValue::Unread => ("secret", None),
        };
        json!({"name": self.name, "kind": kind, "value": self.shown(), "size": size})
    }
}

/// Returns the variables of a row, without those whose value is missing in the credential's metadata.
fn variables(row: &'static Row, credential: &Credential) -> Vec<Variable> {
    let plain = |text: &str| (!text.is_empty()).then(|| VariableValue::Plain(text.to_owned()));
    row.variables
        .iter()
        .filter_map(|rule| {
            let value = match rule.value {
                ValueSource::Token => Some(match &credential.token {
                    Ok(token) => VariableValue::Secret(token.clone()),
                    Err(_) => VariableValue::Unread,
                }),
                ValueSource::Url => plain(&credential.url),
                ValueSource::Email => plain(&credential.email),
                ValueSource::Path => row.file.map(VariableValue::Path),
                ValueSource::Empty => Some(VariableValue::Plain(String::new())),
            };
            Some(Variable {
                name: rule.name,
                value: value?,
            })
        })
        .collect()
}

/// Returns the content of a file for a secret; `None` if the secret has none.
#[must_use]
pub(crate) fn content(rule: table::FileRule, secret: &SecretString) -> Option<SecretString> {
    match rule.content {
        Content::Token => Some(secret.clone()),
        Content::Text(text) => Some(SecretString::from(text)),
        Content::Managed => rewritten(secret).map(|file| SecretString::from(file.text)),
    }
}

/// Returns what a managed session gets instead of a kubeconfig.
fn rewritten(secret: &SecretString) -> Option<ManagedFile> {
    let source = Source {
        name: "",
        bytes: secret.expose_secret().as_bytes(),
        dir: Path::new(""),
    };
    Kubeconfig::read(&[source]).ok()?.managed_file()
}

/// Returns the server's words if a session with this credential does not start.
fn refusal(row: &Row, credential: &Credential) -> Option<String> {
    let refusal = row.refusal.filter(|_| credential.visible)?;
    let has = |value: &ValueSource| match value {
        ValueSource::Url => !credential.url.is_empty(),
        ValueSource::Email => !credential.email.is_empty(),
        ValueSource::Token | ValueSource::Path | ValueSource::Empty => true,
    };
    let starts = !refusal.unless.is_empty() && refusal.unless.iter().all(has);
    (!starts).then(|| refusal.words.replace("{}", &quote(&credential.provider)))
}

/// Judges a credential. If its secret can't be read, only the expiry in its metadata is known.
fn judge(credential: &Credential, now: Timestamp, delivery: Delivery<'_>) -> Judgement {
    match &credential.token {
        Ok(secret) => judge_secret(credential, secret, now, delivery),
        Err(why) => Judgement {
            faults: vec![if credential.visible {
                format!("its secret can't be read: {why}")
            } else {
                why.to_string()
            }],
            expiry: expiry_in_metadata(credential),
            ..Judgement::default()
        },
    }
}

fn judge_secret(
    credential: &Credential,
    secret: &SecretString,
    now: Timestamp,
    delivery: Delivery<'_>,
) -> Judgement {
    let text = secret.expose_secret();
    let fault = |words: String| Judgement {
        faults: vec![words],
        ..Judgement::default()
    };
    if text.is_empty() {
        fault("it has no secret".to_owned())
    } else if text.len() > table::MAX_TOKEN {
        fault(format!("{} bytes, and 1 MiB is the limit", text.len()))
    } else if credential.provider == KUBECONFIG {
        judge_kubeconfig(&credential.name, text, now, delivery)
    } else if text.contains('\0') {
        fault("its secret contains a NUL byte, which a variable can't hold".to_owned())
    } else {
        let end = token::read(text).expires_at();
        let own = end.map(|at| Expiry { what: "token", at });
        Judgement {
            expiry: own.or_else(|| expiry_in_metadata(credential)),
            ..Judgement::default()
        }
    }
}

fn expiry_in_metadata(credential: &Credential) -> Option<Expiry> {
    let at = credential.expires_at.parse().ok()?;
    Some(Expiry {
        what: "credential",
        at,
    })
}

/// Judges a kubeconfig as a runner finds it: without the files that it names.
fn judge_kubeconfig(name: &str, text: &str, now: Timestamp, delivery: Delivery<'_>) -> Judgement {
    let absent = |_: &Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let source = Source {
        name,
        bytes: text.as_bytes(),
        dir: Path::new(""),
    };
    let report = kubeconfig::check(
        &[source],
        &CheckOptions {
            delivery,
            context: None,
            rules: Rules::All,
            now,
            min_ttl: None,
            open: &absent,
        },
    );
    let context = report.summary.map(|summary| summary.context);
    let mut judged = Judgement {
        expiry: context.and_then(|context| {
            let (at, what) = (context.expires_at?, context.ends_first?);
            Some(Expiry { what, at })
        }),
        ..Judgement::default()
    };
    for finding in report.findings {
        let text = format!("{} [{}]", finding.message, finding.code);
        match (finding.gate, finding.severity) {
            (Some(kubeconfig::Gate::Load | kubeconfig::Gate::Rest | kubeconfig::Gate::Tls), _) => {
                judged.faults.push(text);
            }
            (_, Severity::Error) if kubeconfig::is_of_managed(finding.code) => {
                judged.faults.push(text);
            }
            (_, Severity::Info) => {}
            _ if ENDS.contains(&finding.code) => {}
            _ => judged.warnings.push(text),
        }
    }
    judged
}
