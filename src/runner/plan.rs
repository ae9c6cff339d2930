//! What will be written and set for given credentials. Preview shows it, exec performs it: they
//! can't differ, as both are made from one [`Plan`].

use std::path::Path;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use super::expiry::{Expiry, Period};
use super::table::{self, Content, Mode, Row, Value};
use crate::auth::token;
use crate::failure::{Failure, Kind};
use crate::kubeconfig::{self, CheckOptions, Rules, Severity, Source};
use crate::output::table::visible;
pub use crate::resources::KUBECONFIG;
pub use crate::text::mask::MASK;

/// Findings about the end of a kubeconfig's credentials; [`Expiry`] measures it by the session instead.
const ENDS: [&str; 4] = [
    "token-expired",
    "token-expires-soon",
    "client-cert-expired",
    "client-cert-expires-soon",
];

/// A credential as far as it could be read.
#[derive(Debug)]
pub struct Credential {
    /// Empty for a file.
    pub id: String,
    /// False for one that is bound, but that the caller may not see: the session gets it all the same.
    pub visible: bool,
    pub name: String,
    pub provider: String,
    pub url: String,
    pub email: String,
    /// When it ends, from its metadata (RFC 3339); empty if unknown.
    pub expires_at: String,
    /// What the way in which it was chosen gives to think about.
    pub notes: Vec<String>,
    /// The secret, or why it could not be seen.
    pub token: Result<SecretString, Failure>,
}

/// A file to write.
#[derive(Debug)]
pub struct File {
    pub rule: table::File,
    /// `None` where it is a secret that could not be seen.
    pub content: Option<SecretString>,
}

impl File {
    /// In bytes, if the secret could be seen.
    #[must_use]
    pub fn size(&self) -> Option<usize> {
        self.content
            .as_ref()
            .map(|content| content.expose_secret().len())
    }
}

/// What a variable is set to.
#[derive(Debug)]
pub enum Setting {
    Plain(String),
    Secret(SecretString),
    /// The path of the file with this name.
    Path(table::File),
    /// A secret that could not be seen.
    Unseen,
}

#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub setting: Setting,
}

/// What becomes of one credential.
#[derive(Debug)]
pub struct Step {
    pub credential: Credential,
    row: Option<&'static Row>,
    pub file: Option<File>,
    pub variables: Vec<Variable>,
    /// What stands in the way of a start.
    pub faults: Vec<String>,
    /// When the credential ends, as far as that can be told.
    pub end: Option<Timestamp>,
    /// That it ends before the session does.
    pub expiry: Option<String>,
    /// What else to watch out for.
    warnings: Vec<String>,
}

/// What a look at a secret tells.
#[derive(Debug, Default)]
struct Judgement {
    faults: Vec<String>,
    expiry: Option<Expiry>,
    warnings: Vec<String>,
}

#[derive(Debug)]
pub struct Plan {
    pub mode: Mode,
    pub period: Period,
    pub steps: Vec<Step>,
}

impl Plan {
    #[must_use]
    pub fn new(mode: Mode, credentials: Vec<Credential>, period: Period) -> Self {
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

    /// What stands in the way of a start, with the name of the credential.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let named = |step: &Step| {
            let name = visible(&step.credential.name);
            step.faults
                .iter()
                .map(move |fault| format!("{name}: {fault}"))
                .collect::<Vec<_>>()
        };
        self.steps.iter().flat_map(named).collect()
    }

    /// What kind of failure the faults are: that of the first secret that could not be read.
    #[must_use]
    pub fn fault_kind(&self) -> Kind {
        self.steps
            .iter()
            .find_map(|step| step.credential.token.as_ref().err())
            .map_or(Kind::Data, |why| why.kind)
    }

    /// The plan without its secrets.
    #[must_use]
    pub fn json(&self) -> Json {
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
                crate::compat::quote::quote(&credential.provider)
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

    /// What to watch out for, the most urgent first.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.expiry.iter().chain(&self.warnings).map(String::as_str)
    }

    /// What speaks against a new secret in the place of the first one.
    #[must_use]
    pub fn faults_of(&self, secret: &SecretString, now: Timestamp) -> Vec<String> {
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

    /// Name and address of this provider's MCP server.
    #[must_use]
    pub fn mcp(&self) -> Option<(&'static str, String)> {
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

    /// The variables of that server.
    #[must_use]
    pub fn mcp_env(&self) -> &'static [(&'static str, table::McpValue)] {
        match self.row.and_then(|row| row.mcp) {
            Some(table::Mcp::Stdio { env, .. }) => env,
            _ => &[],
        }
    }

    /// When the secret appears and goes, in a few words.
    #[must_use]
    pub fn lifetime(&self) -> Option<table::Lifetime> {
        self.row.map(|row| row.lifetime)
    }
}

impl Variable {
    /// The value for human eyes.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.setting {
            Setting::Plain(text) => text.clone(),
            Setting::Secret(_) | Setting::Unseen => MASK.to_owned(),
            Setting::Path(file) => file.path.to_owned(),
        }
    }

    fn json(&self) -> Json {
        let (kind, size) = match &self.setting {
            Setting::Plain(_) => ("plain", None),
            Setting::Secret(secret) => ("secret", Some(secret.expose_secret().len())),
            Setting::Path(_) => ("path", None),
            Setting::Unseen => ("secret", None),
        };
        json!({"name": self.name, "kind": kind, "value": self.shown(), "size": size})
    }
}

/// The variables of a row. One whose value should come from the credential's metadata, and is not there, is left
/// out.
fn variables(row: &'static Row, credential: &Credential) -> Vec<Variable> {
    let plain = |text: &str| (!text.is_empty()).then(|| Setting::Plain(text.to_owned()));
    row.variables
        .iter()
        .filter_map(|rule| {
            let setting = match rule.value {
                Value::Token => Some(match &credential.token {
                    Ok(token) => Setting::Secret(token.clone()),
                    Err(_) => Setting::Unseen,
                }),
                Value::Url => plain(&credential.url),
                Value::Email => plain(&credential.email),
                Value::Path => row.file.map(Setting::Path),
                Value::Empty => Some(Setting::Plain(String::new())),
            };
            Some(Variable {
                name: rule.name,
                setting: setting?,
            })
        })
        .collect()
}

/// Where the secret can't be seen, only its noted end tells something.
fn judge(credential: &Credential, now: Timestamp) -> Judgement {
    match &credential.token {
        Ok(secret) => judge_secret(credential, secret, now),
        Err(why) => Judgement {
            faults: vec![if credential.visible {
                format!("its secret can't be read: {why}")
            } else {
                why.to_string()
            }],
            expiry: noted_end(credential),
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
        fault("its secret holds a NUL byte, which no variable can carry".to_owned())
    } else {
        let end = token::read(text).expires_at();
        let own = end.map(|at| Expiry { what: "token", at });
        Judgement {
            expiry: own.or_else(|| noted_end(credential)),
            ..Judgement::default()
        }
    }
}

fn noted_end(credential: &Credential) -> Option<Expiry> {
    let at = credential.expires_at.parse().ok()?;
    Some(Expiry {
        what: "credential",
        at,
    })
}

/// A kubeconfig is judged as a runner finds it: the files that it names are elsewhere.
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
