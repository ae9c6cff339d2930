//! The effective settings: flag, then environment, then file, then default
//! (contract cli-core.md section 2.5).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::file::{self, Config};
use crate::compat::quote::quote;
use crate::env;
use crate::failure::{Failure, Kind};
use crate::globals::Globals;
use crate::text::{acpctl, url_for_people};

/// The base URL that stands for the embedded API.
pub const LOCAL: &str = "local:";
/// The base URL where nothing else is set.
pub const DEFAULT_API_URL: &str = "http://localhost:8000";

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

pub struct Settings {
    pub api_url: String,
    pub api_url_origin: Origin,
    /// The token for this address that needs no look elsewhere: the variable's, or the file's.
    pub token: Option<SecretString>,
    /// Where a token stands, also if it is for another address.
    pub token_origin: Origin,
    /// The address that the stored login is for, where it is not the one in force: nothing goes there.
    pub login_elsewhere: Option<String>,
    pub project: Option<String>,
    pub project_origin: Origin,
    pub request_timeout: Duration,
    pub request_timeout_origin: Origin,
    pub connect_timeout: Duration,
    pub polling_interval: Duration,
    pub polling_interval_origin: Origin,
    pub insecure: bool,
    pub insecure_origin: Origin,
    pub retries: u32,
    /// No proxy, whatever the environment says.
    pub direct: bool,
}

impl Settings {
    #[must_use]
    pub fn new(globals: &Globals, config: &Config) -> Self {
        let (api_url, api_url_origin) = if globals.local {
            (LOCAL.to_owned(), Origin::Flag)
        } else {
            first(
                given(globals.api_url.as_deref()),
                env::API_URL.get(),
                config.text(file::API_URL),
            )
            .unwrap_or((DEFAULT_API_URL.to_owned(), Origin::Default))
        };
        let (project, project_origin) = split(first(
            given(globals.project.as_deref()),
            env::PROJECT.get(),
            config
                .text(file::LOCAL_PROJECT)
                .filter(|_| is_local(&api_url))
                .or(config.text(file::PROJECT)),
        ));
        let (token, token_origin) = split(first(
            None,
            env::TOKEN.get(),
            config.text(file::ACCESS_TOKEN),
        ));
        let login_elsewhere = Some(login_url(config))
            .filter(|url| !globals.send_login && !same_origin(url, &api_url))
            .map(str::to_owned);
        let token =
            token.filter(|_| token_origin == Origin::Environment || login_elsewhere.is_none());
        let (request_timeout, request_timeout_origin) = seconds(
            globals.request_timeout,
            env::REQUEST_TIMEOUT,
            config.seconds(file::REQUEST_TIMEOUT),
            30,
        );
        let (polling_interval, polling_interval_origin) = seconds(
            None,
            env::POLLING_INTERVAL,
            config.seconds(file::POLLING_INTERVAL),
            2,
        );
        Self {
            api_url,
            api_url_origin,
            token: token.map(SecretString::from),
            token_origin,
            login_elsewhere,
            project,
            project_origin,
            request_timeout,
            request_timeout_origin,
            connect_timeout: globals.connect_timeout.unwrap_or(Duration::from_secs(10)),
            polling_interval,
            polling_interval_origin,
            insecure: globals.insecure_skip_tls_verify == Some(true) || config.flag(file::INSECURE),
            insecure_origin: if globals.insecure_skip_tls_verify == Some(true) {
                Origin::Flag
            } else if config.flag(file::INSECURE) {
                Origin::File
            } else {
                Origin::Default
            },
            retries: globals.retries,
            direct: false,
        }
    }

    /// True where address and token are given by flags and variables.
    #[must_use]
    pub fn need_no_file(globals: &Globals) -> bool {
        let url = given(globals.api_url.as_deref())
            .map(str::to_owned)
            .or_else(|| env::API_URL.get());
        globals.local
            || url.as_deref().is_some_and(is_local)
            || url.is_some() && env::TOKEN.get().is_some()
    }

    /// The key of the file that holds the current project. The embedded API has one of its own.
    #[must_use]
    pub fn project_key(&self) -> &'static str {
        if self.is_local() {
            file::LOCAL_PROJECT
        } else {
            file::PROJECT
        }
    }

    #[must_use]
    pub fn is_local(&self) -> bool {
        is_local(&self.api_url)
    }

    /// What every command of the API needs, in the order of contract cli-core.md section 3.3. A project
    /// is not among it: commands that need one ask [`Settings::project`].
    ///
    /// # Errors
    /// The first thing that is missing or wrong.
    pub fn check_connection(&self, token: Option<&SecretString>) -> Result<(), Failure> {
        if self.is_local() {
            return self.check_project_length();
        }
        let Some(token) = token else {
            return Err(not_logged_in_at(&self.api_url));
        };
        let url = parse_api_url(&self.api_url)?;
        let whence = match self.token_origin {
            Origin::Environment => env::TOKEN.name,
            _ => "the stored token",
        };
        check_token(token, whence)?;
        self.check_project_length()?;
        let host = url.host_str().unwrap_or_default();
        // Reserved names can't be a platform (RFC 2606); a name that only contains one can.
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
        match &self.project {
            Some(project) if project.len() > 63 => {
                Err(Failure::usage("project name cannot exceed 63 characters"))
            }
            _ => Ok(()),
        }
    }
}

/// Nobody is logged in at this server: the ways to go on, for people and for jobs.
#[must_use]
pub fn not_logged_in_at(api_url: &str) -> Failure {
    let url = if api_url == DEFAULT_API_URL {
        "URL".to_owned()
    } else {
        url_for_people(api_url)
    };
    let hint = format!(
        "log in ({}), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local",
        acpctl(&["login", &url])
    );
    Failure::new(Kind::Login, "not logged in; run 'acpctl login' first").hint(hint)
}

/// Refuses a token that no server takes: characters that no header can carry, or too few of them.
///
/// # Errors
/// In words that name where it comes from, and show nothing of it.
pub fn check_token(token: &SecretString, whence: &str) -> Result<(), Failure> {
    check_characters(token, whence)?;
    if token.expose_secret().len() < 20 {
        return Err(Failure::new(
            Kind::Login,
            "token is too short (minimum 20 characters)",
        ));
    }
    Ok(())
}

/// Refuses characters that no token has.
///
/// # Errors
/// As [`check_token`].
pub fn check_characters(token: &SecretString, whence: &str) -> Result<(), Failure> {
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

/// True for the words that stand for the embedded API.
#[must_use]
pub fn is_local(url: &str) -> bool {
    matches!(url, LOCAL | "local://" | "local")
}

/// The address that the stored login is for.
#[must_use]
pub fn login_url(config: &Config) -> &str {
    config
        .text(file::LOGIN_URL)
        .or(config.text(file::API_URL))
        .unwrap_or(DEFAULT_API_URL)
}

/// True where two addresses are of one server: scheme, host and port.
#[must_use]
pub fn same_origin(a: &str, b: &str) -> bool {
    let origin = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
    a == b || matches!((origin(a), origin(b)), (Some(a), Some(b)) if a == b)
}

/// Reads an API URL: scheme and host are needed.
///
/// # Errors
/// In the Go tool's words.
pub fn parse_api_url(text: &str) -> Result<url::Url, Failure> {
    let invalid = || {
        Failure::usage(format!(
            "invalid API URL {}: must include scheme and host (e.g. https://api.example.com)",
            quote(&url_for_people(text))
        ))
    };
    let url = url::Url::parse(text).map_err(|_| invalid())?;
    if url.host_str().unwrap_or_default().is_empty() {
        return Err(invalid());
    }
    Ok(url)
}

fn given(flag: Option<&str>) -> Option<&str> {
    flag.filter(|text| !text.is_empty())
}

fn first(
    flag: Option<&str>,
    environment: Option<String>,
    file: Option<&str>,
) -> Option<(String, Origin)> {
    flag.map(|text| (text.to_owned(), Origin::Flag))
        .or_else(|| environment.map(|text| (text, Origin::Environment)))
        .or_else(|| file.map(|text| (text.to_owned(), Origin::File)))
}

fn split(found: Option<(String, Origin)>) -> (Option<String>, Origin) {
    found.map_or((None, Origin::Default), |(text, origin)| {
        (Some(text), origin)
    })
}

/// A number of seconds: flag, environment, file, default.
fn seconds(
    flag: Option<Duration>,
    variable: env::Var,
    file: Option<u64>,
    default: u64,
) -> (Duration, Origin) {
    if let Some(given) = flag {
        return (given, Origin::Flag);
    }
    let environment = variable
        .seconds()
        .map(|seconds| (seconds, Origin::Environment));
    let file = file.map(|seconds| (seconds, Origin::File));
    let (seconds, origin) = environment.or(file).unwrap_or((default, Origin::Default));
    (Duration::from_secs(seconds), origin)
}
