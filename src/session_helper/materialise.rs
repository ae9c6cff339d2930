//! From a plan to files in the private folder and variables of a child.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use tokio::process::Command;

use super::compat_path::{self, Fixed};
use crate::runner::plan::{File, KUBECONFIG, Plan, Setting, Step};
use crate::runner::table;
use crate::secret_file;

/// The variable that tells a command where the private folder is.
pub const FOLDER: &str = "AMBIENT_SESSION_DIR";

/// A plan whose files are written.
pub struct Materialised<'p> {
    plan: &'p Plan,
    dir: PathBuf,
    /// The kubeconfig lies at the platform's fixed path.
    at_compat_path: bool,
    /// That file.
    fixed: Option<Fixed>,
}

impl<'p> Materialised<'p> {
    /// Writes every file of the plan.
    ///
    /// # Errors
    /// The path and what the system says. What was written so far goes with the folder.
    pub fn write(
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
        Ok(this)
    }

    #[must_use]
    pub fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Puts a new secret in the place of a step's file.
    ///
    /// # Errors
    /// What the system says; the old file stays then.
    pub fn replace(&self, step: &Step, content: &str) -> io::Result<()> {
        match &step.file {
            Some(file) => secret_file::replace(&self.path(step, &file.rule), content.as_bytes()),
            None => Ok(()),
        }
    }

    /// Gives a command the plan's variables and takes every other that the runner may set away.
    pub fn apply(&self, command: &mut Command) {
        for name in table::variable_names() {
            command.env_remove(name);
        }
        command.env(FOLDER, &self.dir);
        for step in &self.plan.steps {
            for variable in &step.variables {
                match &variable.setting {
                    Setting::Plain(text) => command.env(variable.name, text),
                    Setting::Secret(secret) => command.env(variable.name, secret.expose_secret()),
                    Setting::Path(rule) => command.env(variable.name, self.path(step, rule)),
                    Setting::Unseen => command,
                };
            }
        }
    }

    fn path(&self, step: &Step, rule: &table::File) -> PathBuf {
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
