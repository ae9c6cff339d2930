//! Finds out which way of working the user has chosen: on this machine, with a server, or in a session's pod.

use super::check::{Check, fail, ok, warn};
use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::env;
use crate::resources::CREDENTIAL;
use crate::runner::TOKEN_FILE;
use crate::text::{quote, url_for_people};

/// A way of working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The embedded API of this machine.
    Local,
    /// A server, with a login.
    Server,
    /// The pod of a session, whose variables describe the credentials.
    Pod,
    /// Nothing says yet.
    Open,
}

impl Way {
    /// Finds out the way of this run. A server or the embedded API that the user names wins over the pod's variables.
    pub(super) fn of(ctx: &Ctx) -> Self {
        let Ok(settings) = ctx.settings() else {
            return Self::Open;
        };
        if settings.is_local() {
            Self::Local
        } else if ctx.has_server() {
            Self::Server
        } else if env::BACKEND_API_URL.get().is_some() {
            Self::Pod
        } else {
            Self::Open
        }
    }

    /// Returns the word for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Server => "server",
            Self::Pod => "pod",
            Self::Open => "open",
        }
    }

    /// Tells the user which way it is, and what decided that.
    pub(super) fn check(self, ctx: &Ctx) -> Check {
        let name = "way";
        let settings = ctx.settings();
        let from = match settings.as_ref().map(|settings| settings.api_url.origin) {
            Ok(Origin::Flag) => "a flag says so",
            Ok(Origin::Environment) => "AMBIENT_API_URL says so",
            Ok(Origin::File) => "the configuration file says so",
            _ => "the default address",
        };
        let context = settings.as_ref().ok();
        let context = context.and_then(|settings| settings.context.as_deref());
        let from = match context {
            Some(name) => format!("context {}: {from}", quote(name)),
            None => from.to_owned(),
        };
        if settings.is_err() {
            return warn(
                name,
                "unknown as long as the configuration can't be read",
                "fix the configuration, see below",
            );
        }
        match self {
            Self::Local => ok(
                name,
                format!("on this machine, without login and network ({from})"),
            ),
            Self::Server => {
                let url = settings.map(|settings| url_for_people(&settings.api_url.value));
                ok(
                    name,
                    format!("with the server {} ({from})", url.unwrap_or_default()),
                )
            }
            Self::Pod => pod(name),
            Self::Open => ok(
                name,
                "no server is set up yet: 'acpctl --local COMMAND' needs none, 'acpctl login URL' adds one",
            ),
        }
    }
}

/// Checks the variables of a session's pod, without a request.
fn pod(name: &'static str) -> Check {
    let has_token = env::BOT_TOKEN.get().is_some() || std::path::Path::new(TOKEN_FILE).exists();
    let ids = env::CREDENTIAL_IDS.get().unwrap_or_default();
    let ids = serde_json::from_str::<serde_json::Map<_, _>>(&ids);
    match (ids, has_token) {
        (Err(_), _) => fail(
            name,
            "in a session's pod, but CREDENTIAL_IDS is not a JSON object",
            "start the session again",
        ),
        (Ok(_), false) => fail(
            name,
            format!("in a session's pod, but neither BOT_TOKEN nor {TOKEN_FILE} holds a token"),
            "start the session again",
        ),
        (Ok(ids), true) => ok(
            name,
            format!(
                "in a session's pod, which has {}: acpctl session exec --from-env -- COMMAND",
                CREDENTIAL.counted(ids.len())
            ),
        ),
    }
}
