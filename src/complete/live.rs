//! Names from the server: those of credentials, projects, sessions, agents and more.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use clap::{Args as _, FromArgMatches as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::answer::Candidate;
use super::cache;
use super::cursor::Cursor;
use crate::api::{self, Client};
use crate::auth::login;
use crate::config::{Settings, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::globals::Globals;
use crate::resources::{
    AGENT, APPLICATION, CLUSTER, CREDENTIAL, POLICY, PROJECT, PROVIDER, ROLE, Resource,
    SCHEDULED_SESSION, SERVER, SESSION, Scope, is_of_gateways,
};
use crate::text::secrets;
use crate::text::seen::is_unseen;

/// The number of objects that completion requests.
const SIZE: u32 = 500;

/// A kind of object whose names completion offers.
#[derive(Debug)]
struct Live {
    resource: &'static Resource,
    /// True if commands take its ids too.
    has_ids: bool,
    /// The fields that help to tell one object from another.
    details: &'static [&'static str],
}

const LIVE: &[Live] = &[
    Live {
        resource: &CREDENTIAL,
        has_ids: true,
        details: &["provider"],
    },
    Live {
        resource: &PROJECT,
        has_ids: false,
        details: &["description"],
    },
    Live {
        resource: &SESSION,
        has_ids: true,
        details: &["phase"],
    },
    Live {
        resource: &AGENT,
        has_ids: true,
        details: &["display_name", "description"],
    },
    Live {
        resource: &ROLE,
        has_ids: true,
        details: &["description"],
    },
    Live {
        resource: &SCHEDULED_SESSION,
        has_ids: true,
        details: &["schedule"],
    },
    Live {
        resource: &APPLICATION,
        has_ids: true,
        details: &["source_repo_url"],
    },
    Live {
        resource: &PROVIDER,
        has_ids: true,
        details: &["type"],
    },
    Live {
        resource: &POLICY,
        has_ids: true,
        details: &["namespace"],
    },
    Live {
        resource: &CLUSTER,
        has_ids: true,
        details: &["role", "api_server_url"],
    },
];

/// Returns the names of a kind's objects that the user can see; none if that takes too long, fails, or needs a login.
#[must_use]
pub(super) fn names(resource: &Resource, cursor: &Cursor<'_>, deadline: Instant) -> Vec<Candidate> {
    let live = LIVE.iter().find(|live| live.resource.word == resource.word);
    live.and_then(|live| ask(live, cursor, deadline))
        .unwrap_or_default()
}

fn ask(live: &Live, cursor: &Cursor<'_>, deadline: Instant) -> Option<Vec<Candidate>> {
    let ctx = Ctx::new(globals(cursor, deadline)?);
    // `ctx.client()` is not used here, because it may renew a login or open a keyring.
    let settings = ctx.settings().ok()?;
    let token = login::at_hand(settings);
    settings.check_connection(token.as_ref()).ok()?;
    // The other commands refuse to start with such a variable.
    if env::not_text().is_some() {
        return None;
    }
    let path = path(live, cursor, settings)?;
    if settings.is_local() {
        // Pressing Tab must not create a store.
        paths::data_dir().ok().filter(|dir| dir.exists())?;
        return fetch(&ctx, live, &path);
    }
    let project = settings.project.value.as_deref().unwrap_or_default();
    let (server, account) = (settings.cache_key(), account(token.as_ref()));
    let key = [server.as_str(), account.as_str(), project, path.as_str()];
    if let Some(names) = cache::read(&key) {
        return Some(names);
    }
    let names = fetch(&ctx, live, &path)?;
    cache::write(&key, &names);
    Some(names)
}

/// Returns what tells the account from others in a cache: what one may see is not offered to another. It is a digest,
/// so the token itself goes nowhere.
fn account(token: Option<&SecretString>) -> String {
    let token = token.map_or("", |token| token.expose_secret());
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the flags for all commands that are on the line, with time limits and without any report.
fn globals(cursor: &Cursor<'_>, deadline: Instant) -> Option<Globals> {
    let parser = Globals::augment_args(clap::Command::new("acpctl").no_binary_name(true));
    let words: Vec<String> = parser
        .get_arguments()
        .filter_map(|arg| {
            let long = arg.get_long()?;
            let value = cursor.flag(long)?;
            Some(if arg.get_action().takes_values() {
                format!("--{long}={value}")
            } else {
                format!("--{long}")
            })
        })
        .collect();
    let matches = parser.try_get_matches_from(words).ok()?;
    let mut globals = Globals::from_arg_matches(&matches).ok()?;
    let left = deadline
        .saturating_duration_since(Instant::now())
        .max(Duration::from_millis(1));
    globals.connect_timeout = Some(left);
    globals.request_timeout = Some(left);
    globals.retries = Some(0);
    globals.no_input = true;
    (globals.verbose, globals.trace, globals.print_curl) = (false, false, false);
    Some(globals)
}

fn path(live: &Live, cursor: &Cursor<'_>, settings: &Settings) -> Option<String> {
    let list = format!("page=1&size={SIZE}");
    if live.resource.scope != Scope::Project {
        return Some(format!("/{}?{list}", live.resource.collection));
    }
    let project = cursor
        .flag("project-id")
        .or(settings.project.value.as_deref())
        .filter(|project| !matches!(*project, "" | "." | ".."))?;
    let path = api::path(&["projects", project, live.resource.collection]);
    Some(format!("{path}?{list}"))
}

fn fetch(ctx: &Ctx, live: &Live, path: &str) -> Option<Vec<Candidate>> {
    let settings = ctx.settings().ok()?;
    let client = Client::connect(settings, login::at_hand(settings)).ok()?;
    let list = ctx
        .block_on(async { Ok(client.get_json(path).await?) })
        .ok()?;
    let is_hidden = |item: &&Value| {
        let field = |name| text(item, name).unwrap_or_default();
        live.resource.word == CREDENTIAL.word && is_of_gateways(field("provider"), field("name"))
    };
    let mut items: Vec<&Value> = list
        .get("items")?
        .as_array()?
        .iter()
        .filter(|item| !is_hidden(item))
        .collect();
    // A name that several objects have would be refused.
    let mut found: Vec<Candidate> = items
        .iter()
        .filter_map(|item| by_name(live, item))
        .collect();
    let counts = found
        .iter()
        .fold(HashMap::<String, u32>::new(), |mut counts, it| {
            *counts.entry(it.text.clone()).or_insert(0) += 1;
            counts
        });
    found.retain(|it| counts.get(&it.text) == Some(&1));
    // An ID is offered only for what no name stands for.
    if live.has_ids {
        let is_named = |item: &Value| {
            let name = text(item, "name").unwrap_or_default();
            counts.get(name) == Some(&1) && !name.chars().any(is_unseen)
        };
        items.retain(|item| !is_named(item));
        found.extend(items.iter().filter_map(|item| by_id(live, item)));
    }
    // The names are shown and stored in the cache.
    found.retain(|it| {
        [&it.text, &it.help]
            .iter()
            .all(|text| secrets::hide(text) == **text)
    });
    Some(found)
}

fn by_name(live: &Live, item: &Value) -> Option<Candidate> {
    let name = text(item, "name")?;
    Some(Candidate::new(name, details(live, item).join(" ")))
}

fn by_id(live: &Live, item: &Value) -> Option<Candidate> {
    let id = text(item, "id")?;
    let mut help = details(live, item);
    if let Some(name) = text(item, "name") {
        help.insert(0, name.to_owned());
    }
    Some(Candidate::new(id, help.join(" ")))
}

fn details(live: &Live, item: &Value) -> Vec<String> {
    let server = text(item, "annotations")
        .and_then(|annotations| serde_json::from_str::<Value>(annotations).ok())
        .and_then(|map| text(&map, SERVER).map(str::to_owned));
    live.details
        .iter()
        .filter_map(|field| text(item, field))
        .map(str::to_owned)
        .chain(server)
        .collect()
}

fn text<'v>(item: &'v Value, field: &str) -> Option<&'v str> {
    item.get(field)?.as_str().filter(|text| !text.is_empty())
}
