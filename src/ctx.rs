//! What a command works with: flags for all commands, output, settings, the API client, the runtime.
//!
//! Everything is made on first use, so a command pays only for what it needs.

use std::cell::OnceCell;
use std::future::Future;
use std::io::IsTerminal as _;

use crate::api::Client;
use crate::auth::{access, cleartext};
use crate::config::paths::Unknown;
use crate::config::{Config, Settings, paths};
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::lookup;
use crate::output::Out;
use crate::text::command::shell_word;
use jiff::Timestamp;

/// For name servers and for the embedded API, whose store does one thing at a time. Each thread that has built a
/// long list keeps megabytes, so there are few.
const BLOCKING_THREADS: usize = 4;

pub struct Ctx {
    pub globals: Globals,
    pub out: Out,
    config: OnceCell<Config>,
    no_config: OnceCell<Config>,
    settings: OnceCell<Settings>,
    client: OnceCell<Client>,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Ctx {
    #[must_use]
    pub fn new(globals: Globals) -> Self {
        let out = Out::new(globals.color);
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

    /// The configuration file; an empty one where no place for it is known.
    ///
    /// # Errors
    /// Why it can't be read, prefixed `load config: `.
    pub fn config(&self) -> Result<&Config, Failure> {
        get_or_try(&self.config, || {
            let load = |error: String| Failure::new(Kind::Other, format!("load config: {error}"));
            let path = match paths::config_file() {
                Ok(path) => path,
                Err(Unknown::Unset(_)) => return Ok(Config::none()),
                Err(why) => return Err(load(why.to_string())),
            };
            Config::load(&path).map_err(|error| match Config::fault_position(&path) {
                Some((line, column)) => load(error).hint(format!(
                    "line {line}, column {column}; the file is left as it is"
                )),
                None if Config::is_out_of_reach(&path) => load(error).hint(format!(
                    "name a file of your own in AMBIENT_CONFIG, or make this one yours: sudo chown -R \"$(id -u)\" {}",
                    shell_word(&path.parent().unwrap_or(&path).to_string_lossy())
                )),
                None => load(error),
            })
        })
    }

    /// The configuration file, for those who can do without it: one that this user can't get at counts as
    /// missing. In a container `HOME` may well be somebody else's.
    ///
    /// # Errors
    /// As [`Ctx::config`], for a file that can be got at and is damaged.
    pub fn config_if_any(&self) -> Result<&Config, Failure> {
        self.config().or_else(|error| match paths::config_file() {
            Ok(path) if Config::is_out_of_reach(&path) => {
                Ok(self.no_config.get_or_init(Config::none))
            }
            _ => Err(error),
        })
    }

    /// The effective settings.
    ///
    /// # Errors
    /// As [`Ctx::config`], or [`Ctx::config_if_any`] where address and token stand elsewhere.
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

    /// The project of a command that can't do without: `--project-id`, else the configured one.
    ///
    /// # Errors
    /// In the Go tool's words, when there is none; and for a text that can't be part of a path.
    pub fn project(&self, flag: Option<&str>) -> Result<String, Failure> {
        let words = "no project set; use --project-id or run 'acpctl config set project <name>'";
        let project = match flag.filter(|project| !project.is_empty()) {
            Some(project) => project.to_owned(),
            None => self
                .settings()?
                .project
                .clone()
                .ok_or_else(|| Failure::usage(words))?,
        };
        lookup::check_id("project name or ID", &project)?;
        Ok(project)
    }

    /// The API client, once the connection settings have passed.
    ///
    /// # Errors
    /// What is missing: login, a proper URL; or why the client can't be made.
    pub fn client(&self) -> anyhow::Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let settings = self.settings()?;
        let token = access::renewed(self, settings)?;
        settings.check_connection(token.as_ref())?;
        cleartext::warn_once(self, settings);
        let client = Client::connect(settings, token, &self.globals)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Makes this the client of the run, if none was made before.
    pub fn use_client(&self, client: Client) {
        let _ = self.client.set(client);
    }

    /// Runs a future on the runtime, which is started here at the latest.
    ///
    /// # Errors
    /// When the runtime can't be started.
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

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// True where the user may be asked: on a terminal, and neither `--no-input` nor `CI` forbids it
    /// (contract field.md row 46).
    #[must_use]
    pub fn may_ask(&self) -> bool {
        !self.globals.no_input
            && env::CI.get().is_none()
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal()
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
    /// Leaves without waiting for stray work.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
