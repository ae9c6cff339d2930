//! The context of a command: the flags for all commands, output, settings, the API client, the runtime.
//!
//! Each part is created when it is first used, so a command pays only for what it needs.

use std::cell::OnceCell;
use std::future::Future;
use std::io::IsTerminal as _;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::api::Client;
use crate::auth::{cleartext, login, refresh, store};
use crate::config::file::Error;
use crate::config::{Config, Settings};
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::output::Out;
use crate::output::jq::Filter;
use crate::resources::check_id;
use crate::text::command::shell_word;

/// The threads for name servers and for the embedded API, whose store does one thing at a time. There are few, because each
/// thread that has built a long list keeps megabytes.
const BLOCKING_THREADS: usize = 4;

pub struct Ctx {
    pub globals: Globals,
    pub out: Out,
    config: OnceCell<Result<Config, Error>>,
    no_config: OnceCell<Config>,
    settings: OnceCell<Settings>,
    client: OnceCell<Client>,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Ctx {
    #[must_use]
    pub fn new(globals: Globals) -> Self {
        let out = Out::new(globals.color).quiet(globals.quiet);
        Self {
            globals,
            out,
            config: OnceCell::new(),
            no_config: OnceCell::new(),
            settings: OnceCell::new(),
            client: OnceCell::new(),
            runtime: OnceCell::new(),
        }
    }

    /// Passes all JSON of the run through the filter of `--jq`.
    ///
    /// # Errors
    /// The filter is wrong; nothing has been done yet.
    pub fn with_filter(mut self) -> Result<Self, Failure> {
        let filter = self
            .globals
            .jq
            .as_deref()
            .map(Filter::compile)
            .transpose()?;
        self.out.filter_with(filter);
        Ok(self)
    }

    /// Returns the configuration file; an empty one if its path is unknown.
    ///
    /// # Errors
    /// The file can't be read; prefixed `load config: `.
    pub fn config(&self) -> Result<&Config, Failure> {
        self.loaded().map_err(unloaded)
    }

    /// Returns the configuration file for a command that can do without it: a file that this user can't reach counts as
    /// missing. In a container, `HOME` may belong to another user.
    ///
    /// # Errors
    /// As [`Ctx::config`], if the file can be reached.
    pub fn config_if_any(&self) -> Result<&Config, Failure> {
        match self.loaded() {
            Err(error) if error.is_out_of_reach() => Ok(self.no_config.get_or_init(Config::none)),
            loaded => loaded.map_err(unloaded),
        }
    }

    fn loaded(&self) -> Result<&Config, &Error> {
        self.config.get_or_init(Config::of_user).as_ref()
    }

    /// Returns the effective settings.
    ///
    /// # Errors
    /// As [`Ctx::config`], or as [`Ctx::config_if_any`] if flags and variables name address and token.
    pub fn settings(&self) -> Result<&Settings, Failure> {
        get_or_try(&self.settings, || {
            let config = if Settings::need_no_file(&self.globals) {
                self.config_if_any()?
            } else {
                self.config()?
            };
            Ok(Settings::new(&self.globals, config))
        })
    }

    /// Returns the project of a command that needs one: `--project-id`, or else the configured project.
    ///
    /// # Errors
    /// There is none, in the Go tool's words; or its text can't be part of a path.
    pub fn project(&self, flag: Option<&str>) -> Result<String, Failure> {
        let words = "no project set; use --project-id or run 'acpctl config set project <name>'";
        let project = match flag.filter(|project| !project.is_empty()) {
            Some(project) => project.to_owned(),
            None => self
                .settings()?
                .project
                .value
                .clone()
                .ok_or_else(|| Failure::usage(words))?,
        };
        check_id("project name or ID", &project)?;
        Ok(project)
    }

    /// Returns the API client, after the connection settings have been checked.
    ///
    /// # Errors
    /// The login or a valid URL is missing, or the client can't be created.
    pub fn client(&self) -> anyhow::Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let settings = self.settings()?;
        let token = self.token(settings)?;
        settings.check_connection(token.as_ref())?;
        cleartext::warn_once(&self.out, self.config_if_any().ok(), settings);
        let client = Client::connect(settings, token)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Returns the token for the effective server, renewed if it has expired and can be renewed; `None` if nobody is logged
    /// in.
    fn token(&self, settings: &Settings) -> Result<Option<SecretString>, Failure> {
        let renew = |config: &Config, login: &store::Login| {
            self.block_on(refresh::renew(settings, config, login))
        };
        let read = |config: &Config| {
            login::warn_if_readable(&self.out, config);
            refresh::fresh(config, self.now(), &self.out, renew)
        };
        let bearer = login::effective(settings, || self.config(), read)?;
        bearer.for_server(&settings.api_url.value)
    }

    /// Returns the token for these settings as it is stored: no issuer is asked to renew it.
    ///
    /// # Errors
    /// The stored login is for another server, or can't be read.
    pub fn stored_token(&self, settings: &Settings) -> Result<Option<SecretString>, Failure> {
        let bearer = login::effective(settings, || self.config(), store::access)?;
        bearer.for_server(&settings.api_url.value)
    }

    /// Makes this the client of the run, unless the run has one already.
    pub fn use_client(&self, client: Client) {
        let _ = self.client.set(client);
    }

    /// Runs a future on the runtime, which starts now if it has not started yet.
    ///
    /// # Errors
    /// The future's error, or the runtime can't be started.
    pub fn block_on<T>(
        &self,
        future: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let runtime = match self.runtime.get() {
            Some(runtime) => runtime,
            None => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .max_blocking_threads(BLOCKING_THREADS)
                    .build()?;
                self.runtime.get_or_init(|| runtime)
            }
        };
        runtime.block_on(future)
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// True if the program may prompt the user: on a terminal, unless `--no-input` or `CI` forbids it
    /// (docs/interface/field.md row 46).
    #[must_use]
    pub fn may_ask(&self) -> bool {
        !self.globals.no_input
            && env::CI.get().is_none()
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal()
    }
}

/// A configuration that can't be read, with what to do about it.
fn unloaded(error: &Error) -> Failure {
    let failure = Failure::new(Kind::Other, format!("load config: {error}"));
    match error {
        Error::Parse {
            position: Some((line, column)),
            ..
        } => failure.hint(format!(
            "line {line}, column {column}; the file is left as it is"
        )),
        Error::Read { path, .. } if error.is_out_of_reach() => failure.hint(format!(
            "name a file of your own in AMBIENT_CONFIG, or make this one yours: sudo chown -R \"$(id -u)\" {}",
            shell_word(&path.parent().unwrap_or(path).to_string_lossy())
        )),
        _ => failure,
    }
}

fn get_or_try<T, E>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let value = make()?;
            Ok(cell.get_or_init(|| value))
        }
    }
}

impl Drop for Ctx {
    /// Stops the runtime without waiting for work that is still running.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
