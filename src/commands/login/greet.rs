//! The request that tells the user whether the server accepts the new login.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::api::{Answer, Client, Request};
use crate::auth::{cleartext, login, own_server, token};
use crate::config::{Config, Settings};
use crate::ctx::Ctx;
use crate::failure::{Failure, Kind};
use crate::output::progress;
use crate::text::{acpctl, brief, url_for_people};

/// The server's time limit, unless the user sets another.
const SERVER_LIMIT: Duration = Duration::from_secs(5);

/// What the server says to a new token.
pub(super) struct Greeting {
    /// The address, as people see it.
    url: String,
    user: Option<String>,
    verdict: Verdict,
    /// True if the server is one of this machine, which needs no login.
    is_own: bool,
}

enum Verdict {
    Accepted,
    /// 401: the server knows no such token.
    Rejected,
    /// Why the token was neither accepted nor rejected.
    Unknown(String),
}

impl Greeting {
    pub(super) fn is_accepted(&self) -> bool {
        matches!(self.verdict, Verdict::Accepted)
    }

    /// Refuses a token that the server rejects, if it would replace a login.
    ///
    /// # Errors
    /// [`Kind::Login`].
    pub(super) fn refuse_loss(&self, config: &Config) -> Result<(), Failure> {
        if !matches!(self.verdict, Verdict::Rejected) || !login::is_logged_in(config) {
            return Ok(());
        }
        let message = format!(
            "{} rejects the token (401); nothing was saved, and the login before it stays",
            self.url
        );
        let hint = if self.is_own {
            own_server::NEEDS_NO_LOGIN.to_owned()
        } else {
            let logout = acpctl(&["logout"]);
            format!("get another token; to save this one nevertheless, log out first: {logout}")
        };
        Err(Failure::new(Kind::Login, message).hint(hint))
    }

    /// Returns what makes a saved login doubtful; `None` if the server accepts it.
    pub(super) fn doubt(&self) -> Option<String> {
        Some(match &self.verdict {
            Verdict::Accepted => return None,
            Verdict::Rejected => format!("{} rejects the token (401)", self.url),
            Verdict::Unknown(why) => why.clone(),
        })
    }

    /// Says on standard error what the server said.
    pub(super) fn say(&self, ctx: &Ctx) {
        let url = &self.url;
        let saved = if ctx.rehearses() { "" } else { "saved, but " };
        if let Some(doubt) = self.doubt() {
            ctx.out.warn(&format!("{saved}{doubt}"));
        }
        match &self.verdict {
            Verdict::Accepted => ctx.out.aside(&match &self.user {
                Some(user) => format!("Logged in to {url} as {user}"),
                None => format!("Logged in to {url}"),
            }),
            Verdict::Rejected if self.is_own => ctx.out.aside(own_server::NEEDS_NO_LOGIN),
            Verdict::Rejected | Verdict::Unknown(_) => {}
        }
    }
}

/// Sends one request to learn whether the server accepts the token. Returns `None` for the embedded API, which is not
/// asked.
///
/// # Errors
/// The configuration can't be read.
pub(super) fn ask(
    ctx: &Ctx,
    url: Option<&str>,
    token: &SecretString,
) -> anyhow::Result<Option<Greeting>> {
    let mut globals = ctx.globals.clone();
    globals.api_url = match url {
        Some(url) => Some(url.to_owned()),
        None => Some(ctx.settings()?.api_url.value.clone()),
    };
    globals.local = false;
    globals.request_timeout = globals.request_timeout.or(Some(SERVER_LIMIT));
    globals.connect_timeout = globals.connect_timeout.or(Some(SERVER_LIMIT));
    let settings = Settings::new(&globals, ctx.config()?);
    if settings.is_local() {
        return Ok(None);
    }
    let url = url_for_people(&settings.api_url.value);
    if let Some(origin) = cleartext::exposed(&url) {
        ctx.out.warn(&cleartext::words(&origin));
    }
    let verdict = match settings.check_connection(Some(token)) {
        Err(failure) => Verdict::Unknown(format!("no command can use it: {failure}")),
        Ok(()) => verdict(ctx, &settings, &url, token),
    };
    Ok(Some(Greeting {
        user: token::read(token.expose_secret()).user().map(brief),
        verdict,
        is_own: own_server::token_for(&settings.api_url.value).is_some(),
        url,
    }))
}

fn verdict(ctx: &Ctx, settings: &Settings, url: &str, token: &SecretString) -> Verdict {
    let answer = || -> anyhow::Result<Answer> {
        let _asking = progress::begin(format!("Asking {url}"));
        let client = Client::without_project(settings, Some(token.clone()))?;
        let request = Request::get("/projects?page=1&size=1");
        ctx.block_on(async { Ok(client.send_once(&request).await?) })
    };
    match answer() {
        Ok(answer) => match (answer.status, is_platform(&answer)) {
            (200 | 403, true) => Verdict::Accepted,
            (401, _) => Verdict::Rejected,
            (status, _) => Verdict::Unknown(format!("{url} answers {status}, unlike the platform")),
        },
        Err(error) => Verdict::Unknown(format!("the server did not answer: {error:#}")),
    }
}

/// True if the answer may be the platform's: a list of projects, or an error in its format. A page for browsers or
/// another API's object says nothing about the token.
fn is_platform(answer: &Answer) -> bool {
    let Ok(said) = answer.json() else {
        return false;
    };
    if answer.status == 200 {
        said.get("items").is_some_and(Value::is_array)
    } else {
        said.get("kind").and_then(Value::as_str) == Some("Error")
    }
}
