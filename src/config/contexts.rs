//! Lists, creates, changes and removes the contexts of a configuration file. The screen and `acpctl config` use this.

use serde_json::{Map, Value};

pub(crate) use super::context::check_name;
use super::context::{self, CONTEXTS, CURRENT, LOCAL_CONTEXT, Selected, find, fits, put};
use super::file::{
    ACCESS_TOKEN, API_URL, Config, DEFAULT_API_URL, IN_CONTEXT, LOCAL, LOCAL_PROJECT, LOGIN_URL,
    PROJECT, Place, TOKEN_STORE,
};
use super::server_url::{self, same_origin};
use crate::compat::near::nearest;
use crate::failure::{EMPTY_VALUE, Failure, Kind};
use crate::text::quote;

/// A context as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Context {
    pub name: String,
    /// The address as the file has it; `local:` for the embedded API.
    pub server: String,
    pub project: Option<String>,
    /// True for the context that the run uses, unless flags or variables name another server.
    pub is_current: bool,
    /// True if a login for its server is stored.
    pub has_login: bool,
    /// True if a login is stored, and it is for another server, so that no command sends it.
    pub has_login_elsewhere: bool,
}

impl Context {
    /// True for the embedded API of this machine.
    #[must_use]
    pub(crate) fn is_local(&self) -> bool {
        self.server == server_url::LOCAL
    }
}

/// Returns all contexts, sorted by their names. `local` is always there.
#[must_use]
pub(crate) fn list(config: &Config) -> Vec<Context> {
    let entries = config.entries().into_iter().flat_map(Map::keys);
    let mut all: Vec<(String, Selected)> = entries
        .map(|name| (name.clone(), Selected::Entry(name.clone())))
        .collect();
    all.extend(config.flat_name().map(|name| (name, Selected::Flat)));
    if !all.iter().any(|(name, _)| name == LOCAL_CONTEXT) {
        all.push((LOCAL_CONTEXT.to_owned(), Selected::Local));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let current = current(config);
    all.into_iter()
        .map(|(name, which)| {
            let is_current = current.as_deref() == Some(&name);
            describe(config, name, &which, is_current)
        })
        .collect()
}

/// Returns the file as each of the other contexts shows it, with the names of those.
#[must_use]
pub(crate) fn others(config: &Config) -> Vec<(String, Config)> {
    let entries = config.entries().into_iter().flat_map(Map::keys);
    let entries = entries.map(|name| (name.clone(), Selected::Entry(name.clone())));
    let flat = config.flat_name().map(|name| (name, Selected::Flat));
    entries
        .chain(flat)
        .filter(|(_, which)| *which != config.selected)
        .map(|(name, which)| (name, config.seen_from(which)))
        .collect()
}

/// Returns the name of the context that the run uses.
#[must_use]
pub(crate) fn current(config: &Config) -> Option<String> {
    config.check_context().ok()?;
    config.context()
}

fn describe(config: &Config, name: String, which: &Selected, is_current: bool) -> Context {
    let text = |key: &str| {
        let value = config.value_of(which, key).and_then(Value::as_str);
        value.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let is_local = *which == Selected::Local;
    let server = match text(API_URL) {
        _ if is_local => server_url::LOCAL.to_owned(),
        Some(server) => server,
        None => DEFAULT_API_URL.to_owned(),
    };
    let has_login = text(ACCESS_TOKEN).is_some() || text(TOKEN_STORE).as_deref() == Some("keyring");
    let is_here = text(LOGIN_URL).is_none_or(|url| same_origin(&url, &server));
    Context {
        name,
        project: text(if is_local { LOCAL_PROJECT } else { PROJECT }),
        is_current,
        has_login: has_login && is_here,
        has_login_elsewhere: has_login && !is_here,
        server,
    }
}

/// Returns the failure for a context that does not exist, with the most similar name as a hint.
#[must_use]
pub(crate) fn not_found(config: &Config, name: &str) -> Failure {
    if name.is_empty() {
        return Failure::new(Kind::NotFound, "no context is the current one")
            .hint("choose one: acpctl config use-context NAME");
    }
    let failure = Failure::new(Kind::NotFound, format!("context {} not found", quote(name)));
    let known = list(config);
    let names = known.iter().map(|context| context.name.as_str());
    let limit = (name.chars().count() / 2).min(2);
    match nearest(name, names, |_| limit) {
        Some(near) => failure.hint(format!("did you mean {}?", quote(near))),
        None => failure.hint("acpctl config get-contexts"),
    }
}

/// True if there is a context of this name.
#[must_use]
pub(crate) fn exists(config: &Config, name: &str) -> bool {
    list(config).iter().any(|context| context.name == name)
}

/// Makes a context the current one.
///
/// # Errors
/// There is no such context.
pub(crate) fn choose(config: &mut Config, name: &str) -> Result<(), Failure> {
    match which(config, name)? {
        // The server that was used before stays in the file: the flag says that the embedded API is used instead of it.
        Selected::Local => put(&mut config.values, LOCAL, Some(true.into())),
        found => {
            put(&mut config.values, LOCAL, None);
            let current = (found != Selected::Flat).then(|| name.into());
            put(&mut config.values, CURRENT, current);
        }
    }
    Ok(())
}

/// Creates an empty context and selects it. The server of a flat file becomes a context too. Returns true if the new
/// one is the current one from now on, which only the first one is.
///
/// # Errors
/// The name is not valid.
pub(crate) fn create(config: &mut Config, name: &str) -> Result<bool, Failure> {
    check_name(name)?;
    if let Some(flat) = config.flat_name() {
        lift(config, &flat)?;
    }
    if config.entry_to_change(name).is_none() {
        return Err(Failure::new(Kind::Other, "the contexts can't be changed"));
    }
    if config.text(CURRENT).is_none() {
        put(&mut config.values, CURRENT, Some(name.into()));
    }
    config.selected = Selected::Entry(name.to_owned());
    config.is_named = true;
    let uses_local = find(&config.values, LOCAL) == Some(&Value::Bool(true));
    Ok(!uses_local && config.text(CURRENT) == Some(name))
}

/// Moves the server of a flat file into an entry of `contexts`.
///
/// # Errors
/// One of its values has a wrong type: with it in an entry, the file could no longer be read.
fn lift(config: &mut Config, name: &str) -> Result<(), Failure> {
    let is_unfit =
        |key: &str, kind: &str| find(&config.values, key).is_some_and(|value| !fits(kind, value));
    if let Some((key, ..)) = IN_CONTEXT.iter().find(|(key, _, kind)| is_unfit(key, kind)) {
        let message = format!("{key} has a value of a wrong type, which can't move to a context");
        return Err(Failure::new(Kind::Other, message).hint("acpctl doctor"));
    }
    let taken: Vec<(&str, Value)> = IN_CONTEXT
        .iter()
        .filter_map(|(key, field, _)| {
            let value = find(&config.values, key)?.clone();
            put(&mut config.values, key, None);
            Some((*field, value))
        })
        .collect();
    if let Some(entry) = config.entry_to_change(name) {
        for (field, value) in taken {
            put(entry, field, Some(value));
        }
    }
    if config.text(CURRENT).is_none() {
        put(&mut config.values, CURRENT, Some(name.into()));
    }
    if config.selected == Selected::Flat {
        config.selected = Selected::Entry(name.to_owned());
    }
    Ok(())
}

/// Gives a context another name. If it is the current one, it stays that.
///
/// # Errors
/// There is no such context, it is the embedded API, or the new name is taken or not valid.
pub(crate) fn rename(config: &mut Config, old: &str, new: &str) -> Result<(), Failure> {
    refuse_local(config, old, "renamed")?;
    let found = which(config, old)?;
    check_name(new)?;
    if exists(config, new) {
        let message = format!("context {} exists already", quote(new));
        return Err(Failure::new(Kind::Conflict, message).hint("acpctl config get-contexts"));
    }
    if found == Selected::Flat {
        lift(config, new)?;
    } else {
        let entries = config.entries().cloned().unwrap_or_default();
        let renamed: Map<String, Value> = entries
            .into_iter()
            .map(|(name, entry)| (if name == old { new.to_owned() } else { name }, entry))
            .collect();
        put(&mut config.values, CONTEXTS, Some(renamed.into()));
    }
    if config.text(CURRENT) == Some(old) {
        put(&mut config.values, CURRENT, Some(new.into()));
    }
    Ok(())
}

/// Removes a context with its login in the file. If it was the current one, none is afterwards.
///
/// # Errors
/// There is no such context, or it is the embedded API.
pub(crate) fn delete(config: &mut Config, name: &str) -> Result<(), Failure> {
    refuse_local(config, name, "deleted")?;
    let found = which(config, name)?;
    if found == Selected::Flat {
        for (key, ..) in IN_CONTEXT {
            put(&mut config.values, key, None);
        }
        return Ok(());
    }
    let mut entries = config.entries().cloned().unwrap_or_default();
    entries.shift_remove(name);
    let is_last = entries.is_empty();
    let entries = (!is_last).then(|| entries.into());
    put(&mut config.values, CONTEXTS, entries);
    if is_last || config.text(CURRENT) == Some(name) {
        put(&mut config.values, CURRENT, None);
    }
    Ok(())
}

fn which(config: &Config, name: &str) -> Result<Selected, Failure> {
    if name.is_empty() {
        return Err(Failure::usage("the name of a context is required").hint(EMPTY_VALUE));
    }
    let flat = config.flat_name();
    match context::select(config.entries(), None, flat.as_deref(), Some(name)) {
        Selected::Missing(_) | Selected::Open => Err(not_found(config, name)),
        found => Ok(found),
    }
}

/// Selects a context, which [`Config::set`] changes from then on.
///
/// # Errors
/// There is no such context.
pub(crate) fn select(config: &mut Config, name: &str) -> Result<(), Failure> {
    config.selected = which(config, name)?;
    config.is_named = true;
    Ok(())
}

/// Selects the file's current context again.
pub(crate) fn select_current(config: &mut Config) {
    config.select(&Place::current(config.path()));
}

/// Refuses to change the embedded API's context.
///
/// # Errors
/// It is that one, or there is no such context.
pub(crate) fn refuse_local(config: &Config, name: &str, change: &str) -> Result<(), Failure> {
    if which(config, name)? == Selected::Local {
        return Err(Failure::usage(format!(
            "the context \"local\" is the embedded API of this machine and can't be {change}"
        )));
    }
    Ok(())
}
