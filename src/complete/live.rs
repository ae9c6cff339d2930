//! Names from the server: of credentials, projects, sessions, agents and more.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use clap::{Args as _, FromArgMatches as _};
use secrecy::SecretString;
use serde_json::Value;

use super::Candidate;
use super::cache;
use super::place::Place;
use crate::api::{self, Client};
use crate::auth::own_server;
use crate::config::settings::Origin;
use crate::config::{Settings, paths};
use crate::ctx::Ctx;
use crate::env;
use crate::globals::Globals;
use crate::resources::SERVER;
use crate::text::secrets;

/// How many objects are asked for.
const SIZE: u32 = 500;

/// A kind of object whose names can be asked for.
#[derive(Debug)]
pub struct Live {
    /// The words that users have for it.
    nouns: &'static [&'static str],
    collection: &'static str,
    /// Its list is part of a project.
    in_project: bool,
    named_by: Names,
    /// Fields that tell one from another.
    details: &'static [&'static str],
}

/// What commands take to name such an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Name,
    Both,
}

const LIVE: &[Live] = &[
    Live {
        nouns: &["credential", "credentials", "cred", "creds"],
        collection: "credentials",
        in_project: false,
        named_by: Names::Both,
        details: &["provider"],
    },
    Live {
        nouns: &["project", "projects", "proj"],
        collection: "projects",
        in_project: false,
        named_by: Names::Name,
        details: &["description"],
    },
    Live {
        nouns: &["session", "sessions", "sess"],
        collection: "sessions",
        in_project: false,
        named_by: Names::Both,
        details: &["phase"],
    },
    Live {
        nouns: &["agent", "agents", "project-agent", "project-agents", "pa"],
        collection: "agents",
        in_project: true,
        named_by: Names::Both,
        details: &["display_name", "description"],
    },
    Live {
        nouns: &["role", "roles"],
        collection: "roles",
        in_project: false,
        named_by: Names::Both,
        details: &["description"],
    },
    Live {
        nouns: &["scheduled-session"],
        collection: "scheduled-sessions",
        in_project: true,
        named_by: Names::Both,
        details: &["schedule"],
    },
    Live {
        nouns: &["application", "applications", "app", "apps"],
        collection: "applications",
        in_project: false,
        named_by: Names::Both,
        details: &["source_repo_url"],
    },
];

impl Live {
    /// The kind that a word names.
    #[must_use]
    pub fn named(noun: &str) -> Option<&'static Self> {
        LIVE.iter().find(|live| live.nouns.contains(&noun))
    }
}

/// The names that the user can see; none where that takes too long, fails, or needs a login.
#[must_use]
pub fn names(live: &Live, place: &Place<'_>, deadline: Instant) -> Vec<Candidate> {
    ask(live, place, deadline).unwrap_or_default()
}

fn ask(live: &Live, place: &Place<'_>, deadline: Instant) -> Option<Vec<Candidate>> {
    let ctx = Ctx::new(globals(place, deadline)?);
    // Not through `ctx.client()`: that may refresh a login.
    let settings = ctx.settings().ok()?;
    let token = token(settings);
    settings.check_connection(token.as_ref()).ok()?;
    // What the other commands refuse to start with.
    if env::not_text().is_some() {
        return None;
    }
    let path = path(live, place, settings)?;
    if settings.is_local() {
        // A store that is not there yet is not made by a press of Tab.
        paths::data_dir().ok().filter(|dir| dir.exists())?;
        return fetch(&ctx, live, &path);
    }
    let project = settings.project.as_deref().unwrap_or_default();
    let key = [settings.api_url.as_str(), project, path.as_str()];
    if let Some(names) = cache::read(&key) {
        return Some(names);
    }
    let names = fetch(&ctx, live, &path)?;
    cache::write(&key, &names);
    Some(names)
}

/// The flags for all commands that stand on the line, with limits and silence of our own.
fn globals(place: &Place<'_>, deadline: Instant) -> Option<Globals> {
    let parser = Globals::augment_args(clap::Command::new("acpctl").no_binary_name(true));
    let words: Vec<String> = parser
        .get_arguments()
        .filter_map(|arg| {
            let long = arg.get_long()?;
            let value = place.flag(long)?;
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
    globals.retries = 0;
    globals.no_input = true;
    (globals.verbose, globals.trace, globals.print_curl) = (false, false, false);
    Some(globals)
}

fn path(live: &Live, place: &Place<'_>, settings: &Settings) -> Option<String> {
    let list = format!("page=1&size={SIZE}");
    if !live.in_project {
        return Some(format!("/{}?{list}", live.collection));
    }
    let project = place
        .flag("project-id")
        .or(settings.project.as_deref())
        .filter(|project| !matches!(*project, "" | "." | ".."))?;
    let path = api::path(&["projects", project, live.collection]);
    Some(format!("{path}?{list}"))
}

/// As other commands have it, but that no login is renewed and no keyring asked.
fn token(settings: &Settings) -> Option<SecretString> {
    if settings.token_origin == Origin::Environment {
        return settings.token.clone();
    }
    own_server::token_for(&settings.api_url).or_else(|| settings.token.clone())
}

fn fetch(ctx: &Ctx, live: &Live, path: &str) -> Option<Vec<Candidate>> {
    let settings = ctx.settings().ok()?;
    let client = Client::connect(settings, token(settings), &ctx.globals).ok()?;
    let list = ctx
        .block_on(async { Ok(client.get_json(path).await?) })
        .ok()?;
    let items = list.get("items")?.as_array()?;
    let of = |names: fn(&Live, &Value) -> Option<Candidate>| {
        items
            .iter()
            .filter_map(|item| names(live, item))
            .collect::<Vec<_>>()
    };
    // A name that several have would be refused.
    let mut found = of(by_name);
    let counts = found.iter().fold(HashMap::new(), |mut counts, it| {
        *counts.entry(it.text.clone()).or_insert(0) += 1;
        counts
    });
    found.retain(|it| counts.get(&it.text) == Some(&1));
    if live.named_by != Names::Name {
        found.extend(of(by_id));
    }
    // They are shown, and kept on disk.
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
    if live.named_by == Names::Both
        && let Some(name) = text(item, "name")
    {
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
