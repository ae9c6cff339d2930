//! The report of a login that has been saved, and the warnings about it.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::args::Mode;
use super::server;
use crate::auth::store::Login;
use crate::auth::{job, token};
use crate::commands::outcome;
use crate::config::Place;
use crate::ctx::Ctx;
use crate::env;
use crate::failure::Failure;
use crate::output::Format;
use crate::text::url_for_people;

/// The report of a login that has been saved. The sentence of the Go tool comes at once; JSON comes last, since it says
/// whether the server accepts the login.
pub(super) struct Report<'f> {
    format: &'f Format,
    path: String,
    result: Value,
}

impl<'f> Report<'f> {
    pub(super) fn new(
        ctx: &Ctx,
        format: &'f Format,
        place: &Place,
        url: Option<&str>,
        login: &Login,
    ) -> Result<Self, Failure> {
        let path = place.path.display().to_string();
        let token = login.access.as_ref();
        let token = token.map(|token| token::read(token.expose_secret()));
        let result = json!({
            "server": url_for_people(url.unwrap_or(&ctx.settings()?.api_url.value)),
            "user": token.as_ref().and_then(|token| token.user()),
            "expires_at": token.as_ref().and_then(token::Token::expires_at).map(|at| at.to_string()),
            "config": path,
        });
        Ok(Self {
            format,
            path,
            result,
        })
    }

    fn is_text(&self) -> bool {
        matches!(self.format, Format::Table | Format::Wide)
    }

    pub(super) fn say(&self, ctx: &Ctx) -> anyhow::Result<()> {
        if !self.is_text() {
            return Ok(());
        }
        let path = &self.path;
        let sentence = if ctx.rehearses() {
            format!("The login would be saved to {path}")
        } else {
            format!("Login successful. Configuration saved to {path}")
        };
        outcome::said(ctx, self.format, &sentence, &self.result)
    }

    pub(super) fn finish(mut self, ctx: &Ctx, is_accepted: bool) -> anyhow::Result<()> {
        if self.is_text() {
            return Ok(());
        }
        self.result["verified"] = is_accepted.into();
        outcome::said(ctx, self.format, "", &self.result)
    }
}

/// Prints the warnings about a login that has been saved. The end of a login that is renewed by itself is not one.
pub(super) fn warn(ctx: &Ctx, login: &Login, mode: Mode, url: Option<&str>) -> Result<(), Failure> {
    if ctx.globals.insecure_skip_tls_verify == Some(true) {
        ctx.out
            .warn("TLS certificate verification is disabled (--insecure-skip-tls-verify)");
    }
    let end = login
        .access
        .as_ref()
        .and_then(|token| token::read(token.expose_secret()).expires_at());
    let is_renewed =
        login.refresh.is_some() || mode == Mode::ClientCredentials && login.client_secret.is_some();
    if let Some(end) = end.filter(|_| !is_renewed) {
        let soon = ctx
            .now()
            .checked_add(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MAX);
        if end < ctx.now() {
            ctx.out.warn(&format!(
                "token is already expired (at {})",
                token::local_time(end)
            ));
        } else if end < soon {
            ctx.out.warn(&format!(
                "token expires soon (at {})",
                token::local_time(end)
            ));
        }
    }
    server::warn_of_replaced(ctx, url)?;
    warn_of_variables(ctx, login, url)
}

/// Names the variables that win over what was saved. Where a flag names the context, only that of the project does.
fn warn_of_variables(ctx: &Ctx, login: &Login, url: Option<&str>) -> Result<(), Failure> {
    let settings = ctx.settings()?;
    let token = login.access.as_ref().map(SecretString::expose_secret);
    let project = ctx.globals.project.as_deref();
    let of_context = [(env::PROJECT, project)];
    let all = [(env::TOKEN, token), (env::API_URL, url), of_context[0]];
    let winning = if settings.is_login_of_context {
        &of_context[..]
    } else {
        &all
    };
    for (variable, saved) in winning {
        // A variable that says the same overrides nothing.
        if variable
            .get()
            .is_some_and(|set| *saved != Some(set.as_str()))
        {
            ctx.out.warn(&format!(
                "{} is set and overrides the saved value",
                variable.name
            ));
        }
    }
    if job::counts(settings) {
        ctx.out.warn(&format!(
            "{} and {} are set with a secret or an ID token, and override the saved login",
            env::ISSUER_URL.name,
            env::CLIENT_ID.name
        ));
    }
    Ok(())
}
