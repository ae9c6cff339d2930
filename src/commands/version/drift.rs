//! Warns on a terminal if the server is of another release of the platform than the one that this program was written
//! for.

use std::time::Duration;

use serde_json::Value;

use crate::api::Request;
use crate::config::Cache;
use crate::ctx::Ctx;
use crate::env;
use crate::version::{PLATFORM, release};

/// The time limit for the server's answer: the command is done, and the user waits for the prompt.
const LIMIT: Duration = Duration::from_secs(2);
/// Remembers that a server was asked.
const CACHE: Cache = Cache {
    kind: "release",
    fresh: Duration::from_secs(24 * 60 * 60),
};

/// Asks the server that the command talked to for its release, once a day, and warns if it is another one. Sends no
/// request for a pipe, in CI, or if there is no place to remember it.
pub(crate) fn warn_once_a_day(ctx: &Ctx) {
    let (Some(client), Ok(settings)) = (ctx.used_client(), ctx.settings()) else {
        return;
    };
    if settings.is_local() || !is_watched(ctx) {
        return;
    }
    let key = [settings.api_url.value.as_str()];
    if CACHE.read(&key).is_some() {
        return;
    }
    // Remembered first, so that a server that does not answer is not asked again by the next command.
    CACHE.write(&key, b"asked");
    if CACHE.read(&key).is_none() {
        return;
    }
    let request = Request::get("/version");
    let asked = ctx.block_on(async {
        let answer = tokio::time::timeout(LIMIT, client.send_once(&request)).await;
        Ok(answer.ok().and_then(Result::ok))
    });
    if let Ok(Some(answer)) = asked
        && answer.status == 200
        && let Ok(server) = answer.json()
    {
        warn(ctx, &server);
    }
}

/// Warns if this answer of a server names another release.
pub(super) fn warn(ctx: &Ctx, server: &Value) {
    let named = |key: &str| release(server.get(key)?.as_str()?);
    let Some((major, minor)) = named("git_tag").or_else(|| named("version")) else {
        return;
    };
    if (major, minor) != PLATFORM && is_watched(ctx) {
        let (known_major, known_minor) = PLATFORM;
        ctx.out.warn(&format!(
            "the server is release {major}.{minor} of the platform, and this acpctl was written for \
             {known_major}.{known_minor}: some commands may behave differently"
        ));
    }
}

/// True if a person reads both streams.
fn is_watched(ctx: &Ctx) -> bool {
    let is_terminal = ctx.out.is_terminal() && ctx.out.width_of_talk().is_some();
    is_terminal && !ctx.out.is_quiet() && env::CI.get().is_none()
}
