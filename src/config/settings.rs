//! The effective settings: flag, then environment, then file, then default
//! (contract cli-core.md section 2.5).

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::file::{self, Config};
use crate::cli::Globals;
use crate::compat::quote::quote;
use crate::env;
use crate::exit::{Failure, Kind};
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
    pub token: Option<SecretString>,
    pub token_origin: Origin,
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
            config.text(file::PROJECT),
        ));
        let (token, token_origin) = split(first(
            None,
            env::TOKEN.get(),
            config.text(file::ACCESS_TOKEN),
        ));
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

    #[must_use]
    pub fn is_local(&self) -> bool {
        self.api_url == LOCAL || self.api_url == "local://"
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
            return Err(not_logged_in());
        };
        let url = parse_api_url(&self.api_url)?;
        if token.expose_secret().len() < 20 {
            return Err(Failure::new(
                Kind::Login,
                "token is too short (minimum 20 characters)",
            ));
        }
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

/// Nobody is logged in: the ways to go on, for people and for jobs.
#[must_use]
pub fn not_logged_in() -> Failure {
    let hint = format!(
        "log in ({}), set AMBIENT_API_URL and AMBIENT_TOKEN, or use the embedded API of this machine: --local",
        acpctl(&["login", "URL"])
    );
    Failure::new(Kind::Login, "not logged in; run 'acpctl login' first").hint(hint)
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
