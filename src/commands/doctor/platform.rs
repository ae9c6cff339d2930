//! Checks the login, the server and the clock.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::check::{Check, fail, ok, warn};
use crate::api::{Answer, Client, Request};
use crate::auth::{cleartext, job, own_server, refresh, token};
use crate::config::Settings;
use crate::config::settings::{DEFAULT_API_URL, Origin};
use crate::ctx::Ctx;
use crate::env;
use crate::lookup;
use crate::output::age::age;
use crate::output::progress;
use crate::output::style::Tone;
use crate::resources::Record;
use crate::runner::server_mode;
use crate::runner::table::{SANDBOX_WAYS, Target};
use crate::text::{acpctl, url_for_people};

/// The time limit for the server, unless the user sets one.
const SERVER_LIMIT: Duration = Duration::from_secs(5);
/// A difference between the clocks that is worth a warning, in seconds.
const SKEW_SHOWN: i64 = 5;
/// A difference between the clocks that breaks logins, in seconds.
const SKEW_FATAL: i64 = 60;
/// A login that expires sooner than this gets a warning, in seconds.
const LOGIN_ENDS_SOON: i64 = 600;

/// Checks the login, the server and the clock. Asks the server how it runs sessions, unless `mode` says it.
pub(super) fn checks(ctx: &Ctx, mode: Option<Target>) -> Vec<Check> {
    let Ok(config) = ctx.config_if_any() else {
        return Vec::new();
    };
    let mut globals = ctx.globals.clone();
    globals.request_timeout = globals.request_timeout.or(Some(SERVER_LIMIT));
    globals.connect_timeout = globals.connect_timeout.or(Some(SERVER_LIMIT));
    let mut settings = Settings::new(&globals, config);
    own_server::take_the_place_of_localhost(&mut settings);
    let token = ctx.stored_token(&settings);
    let is_renewed = refresh::renews_itself(&settings, config);
    let mut found = vec![match &token {
        Ok(token) => login(&settings, token.as_ref(), is_renewed, ctx.now()),
        Err(failure) => fail(
            "login",
            failure.message.clone(),
            failure.hint.clone().unwrap_or_else(|| log_in(&settings)),
        ),
    }];
    found.extend(transport(&settings));
    let token = token.ok().flatten();
    let end = token.as_ref().and_then(expires_at);
    let is_due = is_renewed && end.is_some_and(|end| end <= ctx.now());
    found.extend(server_and_clock(ctx, &settings, token, is_due, mode));
    found
}

/// Warns about connections on which others can read or replace the token.
fn transport(settings: &Settings) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(origin) = cleartext::exposed(&settings.api_url.value) {
        found.push(warn(
            "encryption",
            cleartext::words(&origin),
            "acpctl config set api_url https://...",
        ));
    }
    if settings.insecure.value {
        let fix = match settings.insecure.origin {
            Origin::File => acpctl(&["config", "unset", "insecure_tls_verify"]),
            _ => "leave out --insecure-skip-tls-verify, or trust the authority: --ca-file PATH"
                .to_owned(),
        };
        found.push(warn("tls", "certificates are not checked", fix));
    }
    found
}

/// Sends one request and judges its answer. `is_due` says that the token has expired and that the next command renews
/// it.
fn server_and_clock(
    ctx: &Ctx,
    settings: &Settings,
    token: Option<SecretString>,
    is_due: bool,
    mode: Option<Target>,
) -> Vec<Check> {
    let url = &url_for_people(&settings.api_url.value);
    let mode_token = token.clone();
    let has_token = token.is_some();
    let asked = move || -> anyhow::Result<(Answer, Timestamp)> {
        let _asking = progress::begin(format!("Asking {url}"));
        let client = Client::connect(settings, token)?;
        let answer =
            ctx.block_on(async { Ok(client.send_once(&Request::get("/version")).await?) })?;
        Ok((answer, ctx.now()))
    };
    match asked() {
        Ok((answer, now)) => {
            let server = if is_due && answer.status == 401 {
                ok(
                    "server",
                    format!("{url} answers; the login is renewed by the next command"),
                )
            } else {
                server(settings, &answer, has_token)
            };
            let is_right = server.tone == Tone::Good && (200..300).contains(&answer.status);
            let mut found: Vec<Check> = std::iter::once(server).collect();
            found.extend(clock(&answer, now));
            found.extend(is_right.then(|| match mode {
                Some(mode) => sessions(Some(mode), BY_FLAG),
                None => match how_sessions_run(ctx, settings, mode_token) {
                    Some(Target::Pod)
                        if own_server::token_for(&settings.api_url.value).is_some() =>
                    {
                        ok("sessions", ON_THIS_MACHINE)
                    }
                    found => sessions(found, ""),
                },
            }));
            found
        }
        Err(error) => vec![fail(
            "server",
            format!("{url}: {error:#}"),
            format!(
                "check the address ({}), the network, and proxy variables",
                acpctl(&["config", "get", "api_url"])
            ),
        )],
    }
}

/// Asks how the server runs sessions; `None` if it does not tell.
fn how_sessions_run(ctx: &Ctx, settings: &Settings, token: Option<SecretString>) -> Option<Target> {
    let client = Client::connect(settings, token).ok()?;
    let server = &settings.cache_key();
    let project = settings.project.value.as_deref();
    let asked = ctx.block_on(async {
        let found = match project {
            Some(project) => lookup::project(&client, project).await.ok(),
            None => None,
        };
        let id = found.as_ref().map(Record::id);
        Ok(server_mode::ask_again(&client, server, id).await)
    });
    asked.ok().flatten()
}

/// How the user's own `acpctl serve` runs sessions, unless it behaves like another platform.
const ON_THIS_MACHINE: &str = "run on this machine if acpctl serve has --run-sessions; the command gets each credential as it is";

/// The source of a mode that the user names.
pub(super) const BY_FLAG: &str = " (--server-mode)";

/// Says how the server runs sessions, and what that means for kubeconfigs. `source` tells who says so.
pub(super) fn sessions(mode: Option<Target>, source: &str) -> Check {
    let name = "sessions";
    match mode {
        Some(Target::Pod) => ok(
            name,
            format!("run in pods, which get each credential as it is{source}"),
        ),
        Some(Target::Sandbox) => warn(
            name,
            format!("run in sandboxes, which get nothing of a kubeconfig credential{source}"),
            SANDBOX_WAYS,
        ),
        Some(Target::Managed) => warn(
            name,
            format!(
                "run behind managed gateways, which rewrite a kubeconfig and refuse many{source}"
            ),
            acpctl(&["credential", "validate", "--target", "managed", "FILE"]),
        ),
        None => ok(name, "the server does not tell how it runs them"),
    }
}

fn login(
    settings: &Settings,
    token: Option<&SecretString>,
    is_renewed: bool,
    now: Timestamp,
) -> Check {
    let name = "login";
    let again = log_in(settings);
    let Some(token) = token else {
        let fix = format!("{again}, or use the embedded API of this machine: --local");
        return fail(name, "not logged in", fix);
    };
    let from = match settings.token.origin {
        Origin::Environment => "token from AMBIENT_TOKEN",
        _ if own_server::is_token_of(&settings.api_url.value, token) => {
            return ok(name, own_server::NEEDS_NO_LOGIN);
        }
        _ if job::counts(settings) => "token from AMBIENT_CLIENT_ID",
        _ => "stored token",
    };
    match expires_at(token) {
        None => ok(name, format!("{from}; expiry unknown")),
        Some(end) if end <= now => {
            let ago = age(&end.to_string(), now);
            let detail = format!("{from}, expired {ago} ago");
            if is_renewed {
                ok(name, format!("{detail}; the next command renews it"))
            } else {
                fail(name, detail, again)
            }
        }
        Some(end) => {
            let left = age(&now.to_string(), end);
            let detail = format!("{from}, expires in {left}");
            if !is_renewed && end.as_second() - now.as_second() < LOGIN_ENDS_SOON {
                warn(name, detail, again)
            } else {
                ok(name, detail)
            }
        }
    }
}

/// Returns the command that logs in at the effective server. A login does not count while the variable has a token.
fn log_in(settings: &Settings) -> String {
    let login = match settings.api_url.value.as_str() {
        DEFAULT_API_URL => acpctl(&["login", "URL"]),
        url => acpctl(&["login", &url_for_people(url)]),
    };
    match settings.token.origin {
        Origin::Environment => {
            let name = env::TOKEN.name;
            format!("put another token into {name}, or log in without it: unset {name} && {login}")
        }
        _ => login,
    }
}

fn expires_at(token: &SecretString) -> Option<Timestamp> {
    token::read(token.expose_secret()).expires_at()
}

fn server(settings: &Settings, answer: &Answer, has_token: bool) -> Check {
    let name = "server";
    let url = url_for_people(&settings.api_url.value);
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match (answer.status, body.get("version").and_then(Value::as_str)) {
        (200..300, Some(version)) => ok(name, format!("{url}, version {version}")),
        // The check of the login says why there is no token.
        (401, _) if !has_token => ok(name, format!("{url} answers, and wants a login")),
        (401, _) => fail(
            name,
            format!("{url} answers, but rejects the token (401)"),
            log_in(settings),
        ),
        (status, _) => warn(
            name,
            format!("{url} answers {status}, but not as the platform does"),
            format!(
                "check the address: {}",
                acpctl(&["config", "get", "api_url"])
            ),
        ),
    }
}

/// Compares the clocks: if they differ, valid tokens are rejected, or expired ones are used.
fn clock(answer: &Answer, now: Timestamp) -> Option<Check> {
    let name = "clock";
    let theirs = rfc2822::DateTimeParser::new()
        .parse_timestamp(answer.date.as_deref()?)
        .ok()?;
    let skew = now.as_second() - theirs.as_second();
    let detail = match skew {
        0 => "same as the server's".to_owned(),
        _ if skew > 0 => format!("{skew} s ahead of the server's"),
        _ => format!("{} s behind the server's", -skew),
    };
    let fix = "timedatectl set-ntp true";
    Some(match skew.abs() {
        0..=SKEW_SHOWN => ok(name, detail),
        ..=SKEW_FATAL => warn(name, detail, fix),
        _ => fail(name, detail, fix),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::style::Tone;

    fn answer(date: &str) -> Answer {
        Answer {
            status: 200,
            content_type: String::new(),
            operation_id: None,
            retry_after: None,
            location: None,
            date: Some(date.to_owned()),
            has_runner: None,
            body: Vec::new(),
        }
    }

    #[test]
    fn clocks_are_compared() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let cases = [
            (
                "Tue, 24 Nov 2026 12:00:00 GMT",
                Tone::Good,
                "same as the server's",
            ),
            (
                "Tue, 24 Nov 2026 11:59:57 GMT",
                Tone::Good,
                "3 s ahead of the server's",
            ),
            (
                "Tue, 24 Nov 2026 12:00:30 GMT",
                Tone::Doubtful,
                "30 s behind the server's",
            ),
            (
                "Tue, 24 Nov 2026 13:00:00 GMT",
                Tone::Bad,
                "3600 s behind the server's",
            ),
        ];
        for (date, tone, detail) in cases {
            let found = clock(&answer(date), now).unwrap();
            assert_eq!((found.tone, found.detail.as_str()), (tone, detail));
        }
        assert!(clock(&answer("yesterday"), now).is_none());
    }
}
