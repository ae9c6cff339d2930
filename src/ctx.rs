//! The context of a command: the flags for all commands, output, settings, the API client, the runtime.
//!
//! Each part is created when it is first used, so a command pays only for what it needs.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::io::IsTerminal as _;
use std::pin::{Pin, pin};
use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::api::{Client, Renewal};
use crate::auth::job::Job;
use crate::auth::login::Bearer;
use crate::auth::{cleartext, job, login, own_server, refresh, store};
use crate::config::file::{
    ALIASES, CURRENT, Error, INSECURE, KEYRING_ENTRY, LOCAL_PROJECT, PROJECT, WARNED_HTTP,
};
use crate::config::keys::{KEYS, Takes};
use crate::config::settings::{Origin, login_url, unread_variables};
use crate::config::{Config, Place, Settings, contexts, paths};
use crate::digest;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::output::jq::Filter;
use crate::output::{self, Out, progress, prompt, signals};
use crate::resources::check_id;
use crate::text::command::shell_word;
use crate::text::{acpctl, quote, url_for_people};

/// The threads for name servers and for the embedded API, whose store does one thing at a time. There are few, because
/// each thread that has built a long list keeps megabytes.
const BLOCKING_THREADS: usize = 4;

/// The pause between two looks at a renewal that has to be finished.
const TICK: Duration = Duration::from_millis(20);

/// Notes about the connection are printed once, however often the screen connects.
static NOTES: Once = Once::new();

/// So is the warning that nothing names the server.
static DEFAULT_SERVER: Once = Once::new();

pub struct Ctx {
    pub globals: Globals,
    pub out: Out,
    config: OnceCell<Result<Config, Error>>,
    no_config: OnceCell<Config>,
    settings: OnceCell<Settings>,
    client: OnceCell<Client>,
    job_token: OnceCell<SecretString>,
    /// Locked while a request that was refused has the login renewed.
    renewing: Arc<Mutex<()>>,
    runtime: OnceCell<Runtime>,
    rehearses: Cell<bool>,
    may_add_context: Cell<bool>,
    tolerates_values: Cell<bool>,
}

/// Returns the hint for a user who has not chosen a project.
#[must_use]
pub(crate) fn choose_project() -> String {
    let set = acpctl(&["project", "set", "NAME"]);
    let list = acpctl(&["project", "list"]);
    format!("choose one: {set}; those that exist: {list}")
}

impl Ctx {
    #[must_use]
    pub fn new(globals: Globals) -> Self {
        let out = Out::new(globals.color).quiet(globals.quiet);
        prompt::set_colored(out.colored_stderr());
        Self {
            globals,
            out,
            config: OnceCell::new(),
            no_config: OnceCell::new(),
            settings: OnceCell::new(),
            client: OnceCell::new(),
            job_token: OnceCell::new(),
            renewing: Arc::default(),
            runtime: OnceCell::new(),
            rehearses: Cell::new(false),
            may_add_context: Cell::new(false),
            tolerates_values: Cell::new(false),
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
    /// The file can't be read; prefixed `load config: `. Or the context does not exist.
    pub fn config(&self) -> Result<&Config, Failure> {
        let config = self.loaded().map_err(unloaded)?;
        if !self.may_add_context.get() || !config.is_named() {
            check_context(config)?;
        }
        Ok(config)
    }

    /// Returns the configuration file, whether or not the context of this run exists.
    ///
    /// # Errors
    /// As [`Ctx::config`], except for the context.
    pub fn config_of_any_context(&self) -> Result<&Config, Failure> {
        self.loaded().map_err(unloaded)
    }

    /// From now on, the context that the run names need not exist: the command is about to create it.
    pub fn may_add_context(&self) {
        self.may_add_context.set(true);
    }

    /// From now on, the command goes on if the configuration file has a value of a wrong type: it mends or shows the
    /// value.
    pub fn tolerate_values(&self) {
        self.tolerates_values.set(true);
    }

    /// Does the same, and warns of the first such value.
    pub fn tolerate_values_with_a_warning(&self) {
        self.tolerate_values();
        if let Some(Failure { message, hint, .. }) = self.unfit_value() {
            let mend = hint.unwrap_or_default();
            self.out
                .warn(&format!("{message}; the value does not count: {mend}"));
        }
    }

    /// Returns the failure of the first value of a wrong type.
    #[must_use]
    pub fn unfit_value(&self) -> Option<Failure> {
        let checked = self.loaded().ok()?.check_values();
        checked.err().map(|error| unloaded(&error))
    }

    /// Returns the configuration file and the context of this run for a command that changes it. Another run may make
    /// another context the current one in the meantime.
    ///
    /// # Errors
    /// As [`Ctx::config`], or the path of the file is unknown.
    pub fn place_to_change(&self) -> Result<Place, Failure> {
        paths::config_file_to_change()?;
        Ok(self.config()?.place())
    }

    /// Returns what a command in another context works with: its own settings, client, login and certificates. Flags
    /// that describe how the present server is reached stay behind.
    ///
    /// # Errors
    /// There is no such context, or a variable names the project, whichever context is chosen.
    pub fn in_context(&self, name: &str) -> Result<Self, Failure> {
        let globals = Globals {
            context_name: Some(name.to_owned()),
            api_url: None,
            project: None,
            local: false,
            send_login: false,
            insecure_skip_tls_verify: None,
            ..self.globals.clone()
        };
        let other = Self::new(globals);
        let uses_local = other.settings()?.is_local();
        if !uses_local && env::PROJECT.get().is_some() {
            let name = env::PROJECT.name;
            let message = format!("{name} is set and overrides every context");
            return Err(Failure::usage(message).hint(format!("unset {name}")));
        }
        Ok(other)
    }

    /// Returns the configuration file for a command that can do without it: a file that this user can't reach counts as
    /// missing. In a container, `HOME` may belong to another user.
    ///
    /// # Errors
    /// As [`Ctx::config`], if the file can be reached.
    pub fn config_if_any(&self) -> Result<&Config, Failure> {
        match self.loaded() {
            Err(error) if error.is_out_of_reach() => Ok(self.no_config.get_or_init(Config::none)),
            // Only a context that the run itself names must exist.
            Ok(config) if !config.is_named() => Ok(config),
            _ => self.config(),
        }
    }

    fn loaded(&self) -> Result<&Config, &Error> {
        let load = || {
            let config = Config::of_run(&self.globals)?;
            if !self.tolerates_values.get() {
                config.check_values()?;
            }
            Ok(config)
        };
        self.config.get_or_init(load).as_ref()
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
            let mut settings = Settings::new(&self.globals, config);
            own_server::take_the_place_of_localhost(&mut settings);
            Ok(settings)
        })
    }

    /// True if the user has chosen a server: by its address, by a token or by a login.
    #[must_use]
    pub(crate) fn has_server(&self) -> bool {
        let is_chosen = |settings: &Settings| {
            settings.api_url.origin != Origin::Default
                || settings.token.value.is_some()
                || own_server::token_for(&settings.api_url.value).is_some()
        };
        self.settings().is_ok_and(is_chosen)
            || job::is_set()
            || self.config_if_any().is_ok_and(login::is_logged_in)
    }

    /// True if the server is the embedded API of this machine: in this process, or as the user's own `acpctl serve`.
    #[must_use]
    pub(crate) fn is_own_server(&self) -> bool {
        self.settings().is_ok_and(|settings| {
            settings.is_local() || own_server::token_for(&settings.api_url.value).is_some()
        })
    }

    /// Returns the project of a command that needs one: `--project-id`, or else the configured project.
    ///
    /// # Errors
    /// There is none, in the Go tool's words; or its text can't be part of a path.
    pub fn project(&self, flag: Option<&str>) -> Result<String, Failure> {
        let none = || {
            self.no_project(
                "no project set; use --project-id or run 'acpctl config set project <name>'",
            )
        };
        let flag = flag.filter(|project| !project.is_empty());
        if let (Some(own), Some(global)) = (flag, self.globals.project.as_deref())
            && !global.is_empty()
            && own != global
        {
            return Err(Failure::usage(format!(
                "--project-id {own} and --project {global} name different projects"
            )));
        }
        let project = match flag {
            Some(project) => project.to_owned(),
            None => self.settings()?.project.value.clone().ok_or_else(none)?,
        };
        check_id("project name or ID", &project)?;
        Ok(project)
    }

    /// Returns the failure of a command that needs a project, if none is set. Scripts read the Go tool's words, which
    /// name its own flags and the setting of a server. People, and those who work without a server, read ours.
    pub(crate) fn no_project(&self, words: &str) -> Failure {
        let is_ours =
            self.out.width_of_talk().is_some() || self.settings().is_ok_and(Settings::is_local);
        let words = if is_ours {
            "no project set; name one with --project NAME"
        } else {
            words
        };
        Failure::usage(words).hint(self.choose_project())
    }

    /// Returns the hint for a user who has not chosen a project. With the embedded API, the project of the server that
    /// was used before does not count.
    fn choose_project(&self) -> String {
        let is_local = self.settings().is_ok_and(Settings::is_local);
        let config = self.config_if_any().ok().filter(|_| is_local);
        match config.and_then(|config| config.text(PROJECT)) {
            Some(other) => format!(
                "{}; {} is a project of the server",
                choose_project(),
                quote(other)
            ),
            None => choose_project(),
        }
    }

    /// Returns the API client, after the connection settings have been checked.
    ///
    /// # Errors
    /// The login or a valid URL is missing, or the client can't be created.
    pub fn client(&self) -> anyhow::Result<&Client> {
        match self.client.get() {
            Some(client) => Ok(client),
            None => {
                let client = self.connect()?;
                Ok(self.client.get_or_init(|| client))
            }
        }
    }

    /// Creates an API client that is not the one of the run.
    ///
    /// # Errors
    /// As [`Ctx::client`].
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        let settings = self.settings()?;
        check_variables()?;
        NOTES.call_once(|| self.note_what_does_not_count(settings));
        let (token, renewal) = self.token(settings)?;
        settings.check_connection(token.as_ref())?;
        DEFAULT_SERVER.call_once(|| {
            if let Some(doubt) = settings.doubt_default_server() {
                self.out.warn(&doubt);
            }
        });
        cleartext::warn_once(&self.out, self.config_if_any().ok(), settings);
        let mut client = Client::connect(settings, token)?;
        if let Some(renewal) = renewal {
            client = client.renew_with(renewal);
        }
        if self.rehearses() {
            client.rehearse();
        }
        Ok(client)
    }

    /// Warns of variables with numbers whose values can't be read.
    pub(crate) fn warn_of_variables(&self) {
        for unread in unread_variables() {
            let Failure { message, hint, .. } = unread.failure;
            let unset = hint.unwrap_or_default();
            self.out
                .warn(&format!("{message}; the variable does not count: {unset}"));
        }
    }

    /// Names what does not count: values that can't be read, and what the user has set for another server.
    fn note_what_does_not_count(&self, settings: &Settings) {
        self.warn_of_variables();
        let is_job_overruled =
            settings.is_login_of_context && !settings.is_local() && job::is_set();
        self.note_overruled(settings, is_job_overruled.then_some(env::CLIENT_ID.name));
        if let Some(other) = &settings.insecure_elsewhere
            && settings.api_url.value.starts_with("https:")
        {
            self.out.note(&format!(
                "{INSECURE} is for {}: certificates of {} are checked",
                url_for_people(other),
                url_for_people(&settings.api_url.value)
            ));
        }
    }

    /// Names the variables that do not count because a flag names the context: those of the settings, and `more`.
    pub(crate) fn note_overruled(
        &self,
        settings: &Settings,
        more: impl IntoIterator<Item = &'static str>,
    ) {
        let mut variables = settings.overruled.clone();
        variables.extend(more);
        if !variables.is_empty() {
            self.out.note(&format!(
                "not used, because --context-name names server and login: {} (they win over a context that {} names)",
                variables.join(", "),
                env::CONTEXT.name
            ));
        }
    }

    /// Returns the API client if the command has used one.
    #[must_use]
    pub(crate) fn used_client(&self) -> Option<&Client> {
        self.client.get()
    }

    /// Returns the token for the effective server, renewed if it ends soon and can be renewed, and the way to a new
    /// one; no token if nobody is logged in.
    fn token(
        &self,
        settings: &Settings,
    ) -> Result<(Option<SecretString>, Option<Renewal>), Failure> {
        let renewal = Cell::new(None);
        let renew = |config: &Config, login: &store::Login| {
            self.block_on(refresh::renew(settings, config, login))
        };
        let read = |config: &Config| {
            login::warn_if_readable(&self.out, config);
            let fresh = refresh::fresh(config, self.now(), renew)?;
            if fresh.may_renew {
                renewal.set(Some(stored_renewal(settings, config, &self.renewing)));
            }
            Ok(fresh.token)
        };
        let job = |job: &Job| {
            renewal.set(Some(job_renewal(settings)));
            self.job_token(settings, job)
        };
        let bearer = login::effective(settings, || self.config(), read, job)?;
        let token = bearer.for_server(&settings.api_url.value)?;
        Ok((token, renewal.take()))
    }

    /// Returns the token for these settings as it is stored: no issuer is asked to renew it. A job has none stored, so
    /// its issuer is asked for one.
    ///
    /// # Errors
    /// The stored login is for another server, or can't be read.
    pub fn stored_token(&self, settings: &Settings) -> Result<Option<SecretString>, Failure> {
        self.bearer(settings)?.for_server(&settings.api_url.value)
    }

    /// Returns the effective login as it is stored, whichever server it is for.
    ///
    /// # Errors
    /// The stored login can't be read, or a job gets no token.
    pub(crate) fn bearer(&self, settings: &Settings) -> Result<Bearer, Failure> {
        let job = |job: &Job| self.job_token(settings, job);
        login::effective(settings, || self.config(), store::access, job)
    }

    /// Returns the token of a job, which is requested once in a run and kept in memory.
    fn job_token(&self, settings: &Settings, job: &Job) -> Result<SecretString, Failure> {
        let token = get_or_try(&self.job_token, || {
            let _asking = progress::begin("Asking the issuer for a token");
            let asked = self.block_on(async { Ok(job.token(settings).await) });
            asked.map_err(|why| Failure::new(Kind::Other, why.to_string()))?
        })?;
        Ok(token.clone())
    }

    /// Changes nothing from now on, for `--dry-run`: the client answers writes itself. A verb that changes something on
    /// this machine asks [`Ctx::rehearses`].
    pub fn rehearse(&self) {
        self.rehearses.set(true);
        if let Some(client) = self.client.get() {
            client.rehearse();
        }
    }

    /// True for a dry run.
    #[must_use]
    pub fn rehearses(&self) -> bool {
        self.rehearses.get()
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
        let mut result = None;
        {
            let noting = pin!(async { result = Some(future.await) });
            drive(runtime, noting);
        }
        result.context("the work ended without a result")?
    }

    /// Waits until the renewed login is saved, once its refresh token has been sent. A run that Ctrl-C ends in its own
    /// way, such as a watch, comes here in the middle of that.
    fn finish_renewal(&self, runtime: &Runtime) {
        let is_sent = || self.renewing.try_lock().is_err() && signals::is_unfinished();
        if !is_sent() || Handle::try_current().is_ok() {
            return;
        }
        runtime.block_on(async {
            while is_sent() {
                sleep(TICK).await;
            }
        });
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
            && !env::CI.is_on()
            && std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal()
    }
}

/// Refuses variables with numbers whose values can't be read: to ignore them would wait longer, or try more often, than
/// the user wants. The Go tool ignores some of them silently; those only cause a warning. A shared key of digests that
/// could be guessed is refused too.
fn check_variables() -> Result<(), Failure> {
    digest::check_shared_key()?;
    let refused = unread_variables().find(|unread| !unread.is_tolerated);
    refused.map_or(Ok(()), |unread| Err(unread.failure))
}

/// Refuses a context that does not exist.
fn check_context(config: &Config) -> Result<(), Failure> {
    match config.check_context() {
        Err(Error::NoContext { name }) => Err(contexts::not_found(config, &name)),
        checked => checked.map_err(Failure::from),
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
        Error::Unfit { key, .. } => failure.hint(mend(key)),
        Error::Read { path, .. } if error.is_out_of_reach() => failure.hint(format!(
            "name a file of your own in AMBIENT_CONFIG, or make this one yours: sudo chown -R \"$(id -u)\" {}",
            shell_word(&path.parent().unwrap_or(path).to_string_lossy())
        )),
        _ => failure,
    }
}

/// Returns how to remove a value: a command for a setting and for what belongs to a login, or else a sentence.
fn mend(key: &str) -> String {
    if [ALIASES, CURRENT, KEYRING_ENTRY, LOCAL_PROJECT, WARNED_HTTP].contains(&key) {
        return format!("remove {} from the file with an editor", quote(key));
    }
    let is_setting = KEYS
        .iter()
        .any(|it| it.name == key && it.takes != Takes::Token);
    if is_setting {
        acpctl(&["config", "unset", key])
    } else {
        acpctl(&["logout"])
    }
}

/// Returns the way to a new token of the stored login. `renewing` is locked meanwhile.
fn stored_renewal(settings: &Settings, config: &Config, renewing: &Arc<Mutex<()>>) -> Renewal {
    let renewing = Arc::clone(renewing);
    let settings = settings.clone();
    let place = config.place();
    let made_for = login_url(config).to_owned();
    Box::new(move |token| {
        let renewal = refresh::after_refusal(refresh::Refused {
            settings: settings.clone(),
            place: place.clone(),
            made_for: made_for.clone(),
            token,
        });
        let renewing = Arc::clone(&renewing);
        // A task of its own: the request may be given up, and the refresh token is spent then.
        let task = async move {
            let _renewing = renewing.lock().await;
            renewal.await
        };
        Box::pin(async { tokio::spawn(task).await.ok().flatten() })
    })
}

/// Returns the way to a new token of a job, whose variables are read again: its ID token may be a new one.
fn job_renewal(settings: &Settings) -> Renewal {
    let settings = settings.clone();
    Box::new(move |_| {
        let settings = settings.clone();
        Box::pin(async move {
            let job = Job::of_environment().ok()??;
            match job.token(&settings).await {
                Ok(token) => Some(token),
                Err(why) => {
                    output::note(&format!(
                        "Warning: the server refuses the job's token, and the issuer gives no other one ({why})"
                    ));
                    None
                }
            }
        })
    })
}

/// Runs a future to its end. One function for all of them: the program would hold the runtime's loop once for each.
#[inline(never)]
fn drive(runtime: &Runtime, future: Pin<&mut dyn Future<Output = ()>>) {
    runtime.block_on(future);
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
    /// Stops the runtime without waiting for work that is still running, but for a login that is being renewed.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            self.finish_renewal(&runtime);
            runtime.shutdown_background();
        }
    }
}
