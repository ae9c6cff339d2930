//! Writes the files of a plan to the private folder, and sets its variables for a child.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use tokio::process::Command;

use super::compat_path::{self, Fixed};
use crate::env;
use crate::runner::plan::{File, KUBECONFIG, Plan, Step, VariableValue};
use crate::runner::table;
use crate::secret_file;

/// The variable that names the private folder for the command.
pub(crate) const FOLDER: &str = "AMBIENT_SESSION_DIR";

/// The variables with the user's own logins: those to the platform, which would give the command every credential, and
/// those that programs prefer to the credentials of a session.
const LOGINS: &[&str] = &[
    "AMBIENT_TOKEN",
    "BOT_TOKEN",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_PAT",
    "GITLAB_ACCESS_TOKEN",
    "GITLAB_PRIVATE_TOKEN",
    "GITLAB_PERSONAL_ACCESS_TOKEN",
    "OAUTH_TOKEN",
    "CI_JOB_TOKEN",
    "JIRA_PERSONAL_TOKEN",
    "JIRA_TOKEN",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_CLOUD_KEYFILE_JSON",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "KUBERNETES_MASTER",
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBETOKEN",
    "KUBE_CONFIG_PATH",
    "KUBE_CONFIG_PATHS",
    "KUBE_CTX",
    "KUBE_HOST",
    "KUBE_TOKEN",
    "K8S_AUTH_API_KEY",
    "K8S_AUTH_CONTEXT",
    "K8S_AUTH_HOST",
    "K8S_AUTH_KUBECONFIG",
];

/// The kubeconfig of a plan without one: a client that finds none would use the user's own.
const NO_KUBECONFIG: &str = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n";

/// A plan whose files are written.
pub(crate) struct Materialized<'p> {
    plan: &'p Plan,
    dir: PathBuf,
    /// True if the kubeconfig is written to the platform's fixed path.
    at_compat_path: bool,
    /// The file at the fixed path.
    fixed: Option<Fixed>,
}

impl<'p> Materialized<'p> {
    /// Writes every file of the plan.
    ///
    /// # Errors
    /// The path and the system's error. The files written so far are removed with the folder.
    pub(crate) fn write(
        plan: &'p Plan,
        dir: &Path,
        at_compat_path: bool,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut this = Self {
            plan,
            dir: dir.to_owned(),
            at_compat_path,
            fixed: None,
        };
        for step in &plan.steps {
            let Some(File {
                rule,
                content: Some(content),
            }) = &step.file
            else {
                continue;
            };
            let path = this.path(step, rule);
            let content = content.expose_secret().as_bytes();
            let written = if this.is_fixed(step) {
                compat_path::write(dir, content).map(|fixed| this.fixed = Some(fixed))
            } else {
                secret_file::write_new(&path, content)
            };
            written.map_err(|error| (path, error))?;
        }
        if !this.has_kubeconfig() {
            let path = dir.join(KUBECONFIG);
            secret_file::write_new(&path, NO_KUBECONFIG.as_bytes())
                .map_err(|error| (path, error))?;
        }
        Ok(this)
    }

    #[must_use]
    pub(crate) fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Replaces the secret in a step's file.
    ///
    /// # Errors
    /// The system's error; the old file stays then.
    pub(crate) fn replace(&self, step: &Step, content: &str) -> io::Result<()> {
        match &step.file {
            Some(file) => secret_file::replace(&self.path(step, &file.rule), content.as_bytes()),
            None => Ok(()),
        }
    }

    /// Sets the plan's variables for a command, and removes every other variable that the runner may set and the user's
    /// logins.
    pub(crate) fn apply(&self, command: &mut Command) {
        for name in LOGINS {
            command.env_remove(name);
        }
        for variable in env::JOB_SECRETS {
            command.env_remove(variable.name);
        }
        self.apply_and_keep_logins(command);
    }

    /// Like [`Self::apply`], but keeps the user's logins.
    pub(crate) fn apply_and_keep_logins(&self, command: &mut Command) {
        for name in table::variable_names() {
            command.env_remove(name);
        }
        command.env(FOLDER, &self.dir);
        if !self.has_kubeconfig() {
            command.env("KUBECONFIG", self.dir.join(KUBECONFIG));
        }
        for step in &self.plan.steps {
            for variable in &step.variables {
                match &variable.value {
                    VariableValue::Plain(text) => command.env(variable.name, text),
                    VariableValue::Secret(secret) => {
                        command.env(variable.name, secret.expose_secret())
                    }
                    VariableValue::Path(rule) => command.env(variable.name, self.path(step, rule)),
                    VariableValue::Unread => command,
                };
            }
        }
    }

    fn has_kubeconfig(&self) -> bool {
        self.plan.steps.iter().any(|step| {
            step.credential.provider == KUBECONFIG
                && step
                    .file
                    .as_ref()
                    .is_some_and(|file| file.content.is_some())
        })
    }

    fn path(&self, step: &Step, rule: &table::FileRule) -> PathBuf {
        if self.is_fixed(step) {
            PathBuf::from(rule.path)
        } else {
            self.dir.join(rule.name)
        }
    }

    fn is_fixed(&self, step: &Step) -> bool {
        self.at_compat_path && step.credential.provider == KUBECONFIG
    }
}
