//! The files to write and the variables to set for given credentials. `preview` shows a [`Plan`] and `exec` performs it, so
//! the two can't differ.

use std::path::Path;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use super::expiry::{Expiry, Period};
use super::table::{self, Content, Mode, Row, ValueSource};
use crate::auth::token;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{self, CheckOptions, Rules, Severity, Source};
pub(crate) use crate::resources::KUBECONFIG;
pub(crate) use crate::text::mask::MASK;
use crate::text::{quote, visible};

/// Findings about the expiry of a kubeconfig's credentials. They are dropped here, because [`Expiry`] compares the expiry
/// with the end of the session.
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

/// The files and variables for all credentials of a session.
#[derive(Debug)]
pub(crate) struct Plan {
    pub mode: Mode,
    pub period: Period,
    pub steps: Vec<Step>,
}

impl Plan {
    #[must_use]
    pub(crate) fn new(mode: Mode, credentials: Vec<Credential>, period: Period) -> Self {
        let steps = credentials
            .into_iter()
            .map(|credential| Step::new(mode, credential, period))
            .collect();
        Self {
            mode,
            period,
            steps,
        }
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

    /// Returns the kind of failure that the faults are: the kind for the first secret that could not be read, if there is one.
    #[must_use]
    pub(crate) fn fault_kind(&self) -> Kind {
        self.steps
            .iter()
            .find_map(|step| step.credential.token.as_ref().err())
            .map_or(Kind::Data, |why| why.kind)
    }

    /// Returns the plan as JSON, without its secrets.
    #[must_use]
    pub(crate) fn json(&self) -> Json {
        json!({
            "mode": self.mode,
            "session_time": self.period.session.json(),
            "setup": table::always(self.mode),
            "credentials": self.steps.iter().map(Step::json).collect::<Vec<_>>(),
        })
    }
}

impl Step {
    fn new(mode: Mode, credential: Credential, period: Period) -> Self {
        let row = table::row(&credential.provider, mode);
        let mut warnings: Vec<String> = match row {
            Some(row) => row.caveats.iter().map(|&it| it.to_owned()).collect(),
            None if !credential.visible => Vec::new(),
            None => vec![format!(
                "the runner does nothing with the provider {}",
                quote(&credential.provider)
            )],
        };
        let judged = judge(&credential, period.now);
        let expiry = judged.expiry.and_then(|expiry| expiry.warning(period));
        warnings.extend(judged.warnings);
        warnings.extend(mode.caveat().map(str::to_owned));
        warnings.extend(credential.notes.iter().cloned());
        Self {
            file: row.and_then(|row| row.file).map(|rule| File {
                rule,
                content: match rule.content {
                    Content::Token => credential.token.as_ref().ok().cloned(),
                    Content::Text(text) => Some(SecretString::from(text)),
                },
            }),
            variables: row.map_or_else(Vec::new, |row| variables(row, &credential)),
            row,
            credential,
            faults: judged.faults,
            end: judged.expiry.map(|expiry| expiry.at),
            expiry,
            warnings,
        }
    }

    /// Returns the warnings, the most urgent first.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.expiry.iter().chain(&self.warnings).map(String::as_str)
    }

    /// Returns the reasons why a new secret must not replace the first one.
    #[must_use]
    pub(crate) fn faults_of(&self, secret: &SecretString, now: Timestamp) -> Vec<String> {
        judge_secret(&self.credential, secret, now).faults
    }

    fn json(&self) -> Json {
        let file = self.file.as_ref().map(|file| {
            json!({
                "path": file.rule.path,
                "name": file.rule.name,
                "mode": format!("{:04o}", table::FILE_MODE),
                "size": file.size(),
            })
        });
        let variables: Vec<Json> = self.variables.iter().map(Variable::json).collect();
        json!({
            "credential_id": self.credential.id,
            "credential": self.credential.name,
            "visible": self.credential.visible,
            "provider": self.credential.provider,
            "file": file,
            "variables": variables,
            "mcp": self.row.and_then(|row| row.mcp),
            "lifetime": self.row.map(|row| row.lifetime),
            "expires_at": self.end,
            "errors": self.faults,
            "warnings": self.warnings().collect::<Vec<_>>(),
        })
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

/// Judges a credential. If its secret can't be read, only the expiry in its metadata is known.
fn judge(credential: &Credential, now: Timestamp) -> Judgement {
    match &credential.token {
        Ok(secret) => judge_secret(credential, secret, now),
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

fn judge_secret(credential: &Credential, secret: &SecretString, now: Timestamp) -> Judgement {
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
        judge_kubeconfig(&credential.name, text, now)
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
fn judge_kubeconfig(name: &str, text: &str, now: Timestamp) -> Judgement {
    let absent = |_: &Path| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let source = Source {
        name,
        bytes: text.as_bytes(),
        dir: Path::new(""),
    };
    let report = kubeconfig::check(
        &[source],
        &CheckOptions {
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
            (_, Severity::Info) => {}
            _ if ENDS.contains(&finding.code) => {}
            _ => judged.warnings.push(text),
        }
    }
    judged
}
