//! What a command works with: flags for all commands, output, settings, the API client, the runtime.
//!
//! Everything is made on first use, so a command pays only for what it needs.

use std::cell::OnceCell;
use std::future::Future;
use std::io::IsTerminal as _;

use jiff::Timestamp;

use crate::api::Client;
use crate::cli::Globals;
use crate::config::{Config, Settings, paths};
use crate::env;
use crate::exit::{Failure, Kind};
use crate::output::Out;

pub struct Ctx {
    pub globals: Globals,
    pub out: Out,
    config: OnceCell<Config>,
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
            settings: OnceCell::new(),
            client: OnceCell::new(),
            runtime: OnceCell::new(),
        }
    }

    /// The configuration file.
    ///
    /// # Errors
    /// Why it can't be read, prefixed `load config: `.
    pub fn config(&self) -> Result<&Config, Failure> {
        get_or_try(&self.config, || {
            let load = |error: String| Failure::new(Kind::Other, format!("load config: {error}"));
            Config::load(&paths::config_file().map_err(load)?).map_err(load)
        })
    }

    /// The effective settings. With `--local` the configuration file is not needed and not read.
    ///
    /// # Errors
    /// As [`Ctx::config`].
    pub fn settings(&self) -> Result<&Settings, Failure> {
        get_or_try(&self.settings, || {
            Ok(Settings::new(&self.globals, self.config()?))
        })
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
        settings.check_connection()?;
        let client = Client::connect(settings, &self.globals)?;
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
