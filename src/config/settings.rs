//! The effective settings: a flag wins over the environment, the environment over the file, the file over the default
//! (docs/interface/cli-core.md section 2.5).

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::file::{self, Config};
use super::server_url::{LOCAL, UrlFault, is_local, is_loopback, parse_api_url, same_origin};
use crate::compat::number;
use crate::env::{self, Var};
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::text::quote;
use crate::text::{acpctl, url_for_people};

pub(crate) use super::file::DEFAULT_API_URL;
/// Stands for the address of a login that can't be read. It is the address of no server.
const UNKNOWN_SERVER: &str = "an unknown server";

/// How often a request is retried, unless the user sets another number.
pub(crate) const RETRIES: u32 = 2;
/// The most retries that can be set.
pub(crate) const MAX_RETRIES: u32 = 100;

/// The source of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

/// A setting: its effective value, and where that comes from.
#[derive(Debug, Clone, Copy)]
pub struct Setting<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Setting<Option<T>> {
    /// Takes the first value that is there.
    fn first(flag: Option<T>, environment: Option<T>, file: Option<T>) -> Self {
        let found = [
            (flag, Origin::Flag),
            (environment, Origin::Environment),
            (file, Origin::File),
        ]
        .into_iter()
        .find(|(value, _)| value.is_some());
        let (value, origin) = found.unwrap_or((None, Origin::Default));
        Self { value, origin }
    }

    fn or(self, default: T) -> Setting<T> {
        Setting {
            value: self.value.unwrap_or(default),
            origin: self.origin,
        }
    }
}

/// A variable whose value is not of the kind that it takes, so that it does not count.
pub(crate) struct Unread {
    pub failure: Failure,
    /// True if the Go tool ignores the value silently, so that scripts may run with it.
    pub is_tolerated: bool,
}

/// Returns the variables with numbers whose values can't be read.
pub(crate) fn unread_variables() -> impl Iterator<Item = Unread> {
    let is_time = |variable: Var| time_in(variable).is_some();
    let times = [
        (env::REQUEST_TIMEOUT, true),
        (env::POLLING_INTERVAL, true),
        (env::CONNECT_TIMEOUT, false),
    ];
    let times = times.map(|(variable, is_tolerated)| {
        let wanted = "a time above zero, in seconds or as a duration: 90, 90s".to_owned();
        (variable, is_tolerated, is_time(variable), wanted)
    });
    let has_retries = retries_in(env::RETRIES).is_some();
    let wanted = format!("a number from 0 to {MAX_RETRIES}");
    let retries = (env::RETRIES, false, has_retries, wanted);
    let all = times.into_iter().chain([retries]);
    all.filter_map(|(variable, is_tolerated, is_read, wanted)| {
        let value = variable.get().filter(|_| !is_read)?;
        let message = format!(
            "invalid value {} for {}: it takes {wanted}",
            quote(&value),
            variable.name
        );
        let unset = format!("unset {}", variable.name);
        Some(Unread {
            failure: Failure::usage(message).hint(unset),
            is_tolerated,
        })
    })
}

/// Returns the time in a variable; a value that is none counts as unset.
fn time_in(variable: Var) -> Option<Duration> {
    number::time_limit(&variable.get()?).ok()
}

fn retries_in(variable: Var) -> Option<u32> {
    let count = variable.get()?.parse().ok();
    count.filter(|count| *count <= MAX_RETRIES)
}

/// How much the client reports about its requests on standard error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Verbosity {
    /// One line for each request and answer.
    pub requests: bool,
    /// Headers and bodies too, with secrets masked.
    pub bodies: bool,
    /// Each request as a curl command.
    pub curl: bool,
}

impl From<&Globals> for Verbosity {
    fn from(globals: &Globals) -> Self {
        Self {
            requests: globals.verbose || globals.trace,
            bodies: globals.trace,
            curl: globals.print_curl,
        }
    }
}

/// The effective settings of a run.
#[derive(Clone)]
pub struct Settings {
    pub api_url: Setting<String>,
    /// The context that the address comes from; `None` if a flag or a variable names another address, or if the file
    /// holds one server only.
    pub context: Option<String>,
    /// The token for this address as far as it is known without the keyring: that of the variable or the file. Its
    /// origin says where a token is, also if that one is for another address.
    pub token: Setting<Option<SecretString>>,
    /// The address that the stored login is for, if that is not the effective one: no token goes there.
    pub login_elsewhere: Option<String>,
    /// The server that the context of the file is for, if that is not the effective one: the context keeps nothing of
    /// the effective one.
    pub context_elsewhere: Option<String>,
    pub project: Setting<Option<String>>,
    pub request_timeout: Setting<Duration>,
    pub connect_timeout: Setting<Duration>,
    pub polling_interval: Setting<Duration>,
    /// Whether the certificate of the effective server is not checked.
    pub insecure: Setting<bool>,
    /// The addresses that `insecure_tls_verify` of the file is for: the server beside it, and the issuer of its login.
    unverified: Vec<String>,
    /// The server that `insecure_tls_verify` of the file is for, if that is not the effective one.
    pub insecure_elsewhere: Option<String>,
    /// True if a flag names the context, so that the login is that of the context and of no variable.
    pub is_login_of_context: bool,
    /// True if the run itself names its server: the address, or the context that has it, in a flag or a variable.
    pub names_server: bool,
    /// True if `--api-url` is given without a value.
    is_address_empty: bool,
    /// The variables that do not count because a flag names the context.
    pub overruled: Vec<&'static str>,
    /// A file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    pub retries: Setting<u32>,
    pub verbosity: Verbosity,
    /// True if no proxy is used, whatever the environment says.
    pub direct: bool,
}

impl Settings {
    #[must_use]
    pub fn new(globals: &Globals, config: &Config) -> Self {
        let api_url = api_url(globals, config);
        let unverified = unverified(config);
        let server = unverified.first();
        let is_unverified = server.is_some_and(|server| same_origin(server, &api_url.value));
        let is_login_of_context = is_login_of_context(globals, config);
        let login_elsewhere = Some(login_url(config))
            .filter(|url| !globals.send_login && !same_origin(url, &api_url.value))
            .map(str::to_owned);
        let seconds = Duration::from_secs;
        let context = config
            .context()
            .filter(|_| config.has_contexts() && is_of_context(config, &api_url));
        Self {
            context,
            token: token(config, login_elsewhere.is_some(), is_login_of_context),
            overruled: overruled(globals, &api_url, is_login_of_context),
            is_login_of_context,
            names_server: names_server(globals, &api_url),
            is_address_empty: globals.api_url.as_deref() == Some(""),
            login_elsewhere,
            context_elsewhere: context_elsewhere(globals, config, &api_url),
            project: project(globals, config, is_local(&api_url.value)),
            api_url,
            request_timeout: Setting::first(
                globals.request_timeout,
                time_in(env::REQUEST_TIMEOUT),
                config.seconds(file::REQUEST_TIMEOUT).map(seconds),
            )
            .or(seconds(30)),
            connect_timeout: Setting::first(
                globals.connect_timeout,
                time_in(env::CONNECT_TIMEOUT),
                config.seconds(file::CONNECT_TIMEOUT).map(seconds),
            )
            .or(seconds(10)),
            polling_interval: Setting::first(
                None,
                time_in(env::POLLING_INTERVAL),
                config.seconds(file::POLLING_INTERVAL).map(seconds),
            )
            .or(seconds(2)),
            insecure: Setting::first(
                globals.insecure_skip_tls_verify.filter(|on| *on),
                None,
                Some(is_unverified).filter(|on| *on),
            )
            .or(false),
            insecure_elsewhere: unverified.first().filter(|_| !is_unverified).cloned(),
            unverified,
            ca_file: globals.ca_file.clone(),
            retries: Setting::first(
                globals.retries,
                retries_in(env::RETRIES),
                config.count(file::RETRIES),
            )
            .or(RETRIES),
            verbosity: globals.into(),
            direct: false,
        }
    }

    /// True if the certificate of the server at an address is not checked: a flag says so for the whole run, the file
    /// for its own server and the issuer of its login.
    #[must_use]
    pub fn skips_verification(&self, url: &str) -> bool {
        let is_flag = self.insecure.origin == Origin::Flag;
        is_flag && self.insecure.value || is_one_of(&self.unverified, url)
    }

    /// Returns these settings with all certificates checked.
    #[must_use]
    pub fn verified(mut self) -> Self {
        self.insecure.value = false;
        self.unverified = Vec::new();
        self
    }

    /// True if flags and variables name the address and the token, so that the run needs no configuration file.
    #[must_use]
    pub fn need_no_file(globals: &Globals) -> bool {
        let url = filled(globals.api_url.as_deref()).or_else(|| env::API_URL.get());
        let is_named = filled(globals.context_name.as_deref()).or_else(|| env::CONTEXT.get());
        if globals.local || is_named.is_some() {
            return globals.local;
        }
        url.as_deref().is_some_and(is_local)
            || url.is_some() && (env::TOKEN.get().is_some() || has_job())
    }

    /// Returns the text that tells the answers of this server and context from others, for caches. What depends on the
    /// account needs more: a variable may hold another token.
    #[must_use]
    pub fn cache_key(&self) -> String {
        let context = self.context.as_deref().unwrap_or_default();
        format!("{}\n{context}", self.api_url.value)
    }

    /// Returns the key of the file that holds the current project. The embedded API has a key of its own.
    #[must_use]
    pub fn project_key(&self) -> &'static str {
        project_key(self.is_local())
    }

    /// True if nothing names the server.
    fn is_default_server(&self) -> bool {
        self.api_url.origin == Origin::Default
    }

    /// Says which server is asked, if nothing names it and nobody watches, or the token is not of a stored login.
    #[must_use]
    pub fn doubt_default_server(&self) -> Option<String> {
        let is_doubtful = env::CI.is_on() || self.token.origin == Origin::Environment;
        (self.is_default_server() && is_doubtful).then(|| {
            format!(
                "nothing names the server, so it is {DEFAULT_API_URL}, the default; name it: set {} or add --api-url URL",
                env::API_URL.name
            )
        })
    }

    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.api_url.value)
    }

    /// Checks what every command of the API needs, in the order of docs/interface/cli-core.md section 3.3. A project is
    /// not part of it: commands that need one read [`Settings::project`].
    ///
    /// # Errors
    /// The first setting that is missing or wrong.
    pub fn check_connection(&self, token: Option<&SecretString>) -> Result<(), Failure> {
        // Another server would take the place of the one that is meant.
        if self.is_address_empty {
            return Err(Failure::empty("api-url"));
        }
        if self.is_local() {
            return self.check_project_length();
        }
        if let Some(fault) = UrlFault::of(&self.api_url.value) {
            let url = &fault.corrected;
            let write = match self.api_url.origin {
                Origin::Flag => format!("--api-url {url}"),
                Origin::Environment => format!("export {}={url}", env::API_URL.name),
                _ => acpctl(&["config", "set", "api_url", url]),
            };
            return Err(fault.failure(&self.api_url.value, &write));
        }
        let Some(token) = token else {
            return Err(not_logged_in_at(&self.api_url.value));
        };
        // A job whose variable is not defined would send its token to whoever listens on this machine.
        if self.is_default_server() && env::API_URL.is_blank() {
            let name = env::API_URL.name;
            let message = format!("{name} is set, but its value is empty");
            return Err(Failure::usage(message).hint(format!(
                "check the variable that it comes from, or use {DEFAULT_API_URL}, the default: unset {name}"
            )));
        }
        let url = parse_api_url(&self.api_url.value)?;
        let whence = match self.token.origin {
            Origin::Environment => env::TOKEN.name,
            _ => "the stored token",
        };
        check_token(token, whence)?;
        self.check_project_length()?;
        let host = url.host_str().unwrap_or_default();
        // A reserved name can't be a platform (RFC 2606); a name that only contains one can.
        if host == "example.com" || host.ends_with(".example.com") || host == "placeholder" {
            return Err(Failure::usage(
                "invalid base URL: placeholder URLs are not allowed",
            ));
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Failure::usage(
                "invalid base URL: only HTTP and HTTPS schemes are supported",
            ));
        }
        Ok(())
    }

    fn check_project_length(&self) -> Result<(), Failure> {
        match &self.project.value {
            Some(project) if project.len() > 63 => {
                Err(Failure::usage("project name cannot exceed 63 characters"))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the failure of a user who is not logged in at a server, with the ways to go on for people and for jobs.
#[must_use]
pub(crate) fn not_logged_in_at(api_url: &str) -> Failure {
    let failure = Failure::new(Kind::Login, "not logged in; run 'acpctl login' first");
    // A job that lacks its proof: in a GitHub job, most often the permission.
    if names_job() {
        return failure.hint(format!(
            "a job needs {} or {} beside {}, or on GitHub 'permissions: {{id-token: write}}'",
            env::CLIENT_SECRET_FILE.name,
            env::ID_TOKEN.name,
            env::CLIENT_ID.name
        ));
    }
    if let Err(invalid) = parse_api_url(api_url) {
        return failure.hint(invalid.message);
    }
    let empty = if env::TOKEN.is_blank() {
        let name = env::TOKEN.name;
        format!("{name} is set and empty: check where its value comes from; or ")
    } else {
        String::new()
    };
    // The token of one's own server goes with it.
    let own = if api_url != DEFAULT_API_URL && is_loopback(api_url) {
        "if this is your own server, it has ended: acpctl serve; or "
    } else {
        ""
    };
    let url = if api_url == DEFAULT_API_URL {
        "URL".to_owned()
    } else {
        url_for_people(api_url)
    };
    let hint = format!(
        "{empty}{own}log in ({}), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local",
        acpctl(&["login", &url])
    );
    failure.hint(hint)
}

/// Refuses a token that no server accepts: one with characters that no header can carry, or a short one.
///
/// # Errors
/// [`Kind::Login`], in words that name the token's origin and show nothing of the token.
pub(crate) fn check_token(token: &SecretString, whence: &str) -> Result<(), Failure> {
    check_characters(token, whence)?;
    if token.expose_secret().len() < 20 {
        let failure = Failure::new(Kind::Login, "token is too short (minimum 20 characters)");
        return Err(failure.hint(format!("check {whence}: a part of it may be missing")));
    }
    Ok(())
}

/// Refuses characters that no token has.
///
/// # Errors
/// As [`check_token`].
pub(crate) fn check_characters(token: &SecretString, whence: &str) -> Result<(), Failure> {
    let token = token.expose_secret();
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Failure::new(
            Kind::Login,
            format!("{whence} holds a blank, a line end or another character that no token has"),
        )
        .hint("give the token alone, on one line"));
    }
    Ok(())
}

/// True if variables name the issuer and the client of a job, whose token comes from there.
fn names_job() -> bool {
    env::ISSUER_URL.get().is_some() && env::CLIENT_ID.get().is_some()
}

/// True if the token of a run comes from variables of a job, unless a flag names a context.
#[must_use]
pub(crate) fn has_job() -> bool {
    let has_proof = env::JOB_SECRETS.iter().any(|var| var.os().is_some());
    names_job() && has_proof && env::TOKEN.get().is_none()
}

/// Returns the address that the stored login is for. If the file does not tell it, that is [`UNKNOWN_SERVER`]: no other
/// address may take its place, because the login would be sent there.
#[must_use]
pub(crate) fn login_url(config: &Config) -> &str {
    for key in [file::LOGIN_URL, file::API_URL] {
        if config.is_unfit_text(key) {
            return UNKNOWN_SERVER;
        }
        if let Some(url) = config.text(key) {
            return url;
        }
    }
    DEFAULT_API_URL
}

/// Returns the server of the context if a flag or a variable names another one. A file without a server is for the one
/// that the run names, and the embedded API has keys of its own. `--send-login` says that both are one platform.
fn context_elsewhere(
    globals: &Globals,
    config: &Config,
    api_url: &Setting<String>,
) -> Option<String> {
    let is_named = matches!(api_url.origin, Origin::Flag | Origin::Environment);
    if !is_named || globals.send_login || is_local(&api_url.value) {
        return None;
    }
    let keys = [file::API_URL, file::LOGIN_URL];
    let server = keys.iter().find_map(|key| config.text(key))?;
    (!same_origin(server, &api_url.value)).then(|| server.to_owned())
}

/// True if a context decides the address, or names the same one.
fn is_of_context(config: &Config, api_url: &Setting<String>) -> bool {
    match api_url.origin {
        Origin::File | Origin::Default => true,
        Origin::Flag | Origin::Environment => {
            config.flag(file::LOCAL) && is_local(&api_url.value)
                || config.text(file::API_URL) == Some(&api_url.value)
        }
    }
}

fn api_url(globals: &Globals, config: &Config) -> Setting<String> {
    // A flag that names the context of the embedded API is as good as `--local`.
    let names_local = filled(globals.context_name.as_deref()).is_some()
        && config.flag(file::LOCAL)
        && filled(globals.api_url.as_deref()).is_none();
    if globals.local || names_local {
        return Setting {
            value: LOCAL.to_owned(),
            origin: Origin::Flag,
        };
    }
    let saved = if config.flag(file::LOCAL) {
        Some(LOCAL)
    } else {
        config.text(file::API_URL)
    };
    let is_named = is_context_named(globals) && saved.is_some();
    Setting::first(
        filled(globals.api_url.as_deref()),
        env::API_URL.get().filter(|_| !is_named),
        saved.map(str::to_owned),
    )
    .or(DEFAULT_API_URL.to_owned())
}

/// True if a flag names the context.
fn is_context_named(globals: &Globals) -> bool {
    filled(globals.context_name.as_deref()).is_some()
}

/// True if a flag names a context that may have, or get, a login of its own. A variable does not count for it, because
/// its token could be another server's. With `--store none`, the variable is the login.
fn is_login_of_context(globals: &Globals, config: &Config) -> bool {
    is_context_named(globals) && config.text(file::TOKEN_STORE) != Some("none")
}

fn names_server(globals: &Globals, api_url: &Setting<String>) -> bool {
    match api_url.origin {
        Origin::Flag | Origin::Environment => true,
        Origin::File => is_context_named(globals) || env::CONTEXT.get().is_some(),
        Origin::Default => false,
    }
}

fn overruled(
    globals: &Globals,
    api_url: &Setting<String>,
    is_login_of_context: bool,
) -> Vec<&'static str> {
    if is_local(&api_url.value) || !is_context_named(globals) {
        return Vec::new();
    }
    let address = env::API_URL
        .get()
        .filter(|_| api_url.origin == Origin::File)
        .filter(|url| !same_origin(url, &api_url.value))
        .map(|_| env::API_URL.name);
    let token = env::TOKEN
        .get()
        .filter(|_| is_login_of_context)
        .map(|_| env::TOKEN.name);
    address.into_iter().chain(token).collect()
}

/// Returns the addresses that `insecure_tls_verify` of the file is for, the server first; none if it is not set.
fn unverified(config: &Config) -> Vec<String> {
    if !config.flag(file::INSECURE) {
        return Vec::new();
    }
    let server = config.text(file::API_URL).unwrap_or(DEFAULT_API_URL);
    let issuer = config.text(file::ISSUER_URL);
    std::iter::once(server)
        .chain(issuer)
        .map(str::to_owned)
        .collect()
}

fn is_one_of(servers: &[String], url: &str) -> bool {
    servers.iter().any(|server| same_origin(server, url))
}

fn project_key(is_local: bool) -> &'static str {
    if is_local {
        file::LOCAL_PROJECT
    } else {
        file::PROJECT
    }
}

fn project(globals: &Globals, config: &Config, is_local: bool) -> Setting<Option<String>> {
    let saved = config.text(project_key(is_local));
    Setting::first(
        filled(globals.project.as_deref()),
        env::PROJECT.get(),
        saved.map(str::to_owned),
    )
}

/// A token of the file is withheld if the login is for another address, and that of the variable if the login is that
/// of a named context.
fn token(
    config: &Config,
    is_elsewhere: bool,
    is_login_of_context: bool,
) -> Setting<Option<SecretString>> {
    let variable = env::TOKEN.get().filter(|_| !is_login_of_context);
    let mut token = Setting::first(
        None,
        variable.map(SecretString::from),
        config.secret(file::ACCESS_TOKEN),
    );
    if token.origin == Origin::File && is_elsewhere {
        token.value = None;
    }
    token
}

fn filled(flag: Option<&str>) -> Option<String> {
    flag.filter(|text| !text.is_empty()).map(str::to_owned)
}
