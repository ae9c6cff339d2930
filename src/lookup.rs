//! Finds the object that the user named: by its ID, or else by its exact name.
//!
//! - [`credential`], [`project`], [`role`], [`session`] and [`application`] take a client and the text; [`agent`] and
//!   [`scheduled_session`] take the project, too. They return the object, or an error that says what is missing.
//! - [`find`] does the same in any [`Collection`]. [`find_if_any`] returns `None` if the server says that there is no
//!   such object.
//! - [`act`] acts on an object by its ID without looking it up first. Only if the server does not know the ID, it looks
//!   up the object of that name.
//! - [`id_by_name`] is for a caller that has tried the ID already.
//! - [`settled`] returns all objects of a name, once runs at the same time have settled which of theirs stays.
//! - [`check`] refuses texts that can't name an object, before anything is sent.
//!
//! These rules hold for all of them: A text is an ID if the server knows it as one, whatever it looks like. Several
//! objects of one name are an error that lists them. A failed look-up is a failure: nothing is done with a text that
//! was not found. A text with characters that no ID has never becomes part of a path; it is only searched for as a
//! name.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};

use crate::api::{self, Client, Error, ListOptions, Method, Request, equals, one_of, path};
use crate::compat::near::distance;
use crate::config::Settings;
use crate::config::settings::Origin;
use crate::failure::{Failure, Kind};
use crate::resources::{
    AGENT, APPLICATION, CREDENTIAL, List, POLICY, PROJECT, PROVIDER, ROLE, Record, Resource,
    SCHEDULED_SESSION, SESSION, check_owner, is_usable_id,
};
use crate::text::command::shell_word;
use crate::text::quote;
use crate::text::{acpctl, acpctl_for};

pub(crate) use crate::resources::{can_be_id, check, check_id, has_form_of_id};

/// How many names are compared to find a similar one.
const SIZE: i64 = 100;

/// The pauses between looks at several new credentials of one name, while other runs may delete theirs again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];

/// The age below which a credential may still be deleted again by the run that has created it. The clocks of server
/// and client may differ by as much.
const NEW: SignedDuration = SignedDuration::from_secs(60);

/// The nouns that have a verb `list`.
static WITH_LIST: [&Resource; 7] = [
    &AGENT,
    &APPLICATION,
    &CREDENTIAL,
    &POLICY,
    &PROJECT,
    &PROVIDER,
    &SCHEDULED_SESSION,
];

/// The objects of a kind, all of them or those of one project.
#[derive(Clone)]
pub struct Collection {
    pub resource: &'static Resource,
    pub path: String,
    /// The project of the objects.
    pub project: Option<String>,
}

impl Collection {
    /// Returns the collection of a kind that is not part of a project.
    #[must_use]
    pub fn global(resource: &'static Resource) -> Self {
        Self {
            resource,
            path: path(&[resource.collection]),
            project: None,
        }
    }

    /// Returns the collection of a kind in a project.
    #[must_use]
    pub fn of_project(resource: &'static Resource, project: &str) -> Self {
        Self {
            resource,
            path: path(&["projects", project, resource.collection]),
            project: Some(project.to_owned()),
        }
    }

    /// All credentials.
    #[must_use]
    pub fn credentials() -> Self {
        Self::global(&CREDENTIAL)
    }

    /// All sessions.
    #[must_use]
    pub fn sessions() -> Self {
        Self::global(&SESSION)
    }

    /// All projects.
    #[must_use]
    pub fn projects() -> Self {
        Self::global(&PROJECT)
    }

    /// All applications.
    #[must_use]
    pub fn applications() -> Self {
        Self::global(&APPLICATION)
    }

    /// The agents of a project.
    #[must_use]
    pub fn agents(project: &str) -> Self {
        Self::of_project(&AGENT, project)
    }

    /// The scheduled sessions of a project.
    #[must_use]
    pub fn scheduled_sessions(project: &str) -> Self {
        Self::of_project(&SCHEDULED_SESSION, project)
    }

    /// Refuses a text that can't be the name or the ID of an object in this collection.
    ///
    /// # Errors
    /// A usage failure, in the Go tool's words.
    pub fn check(&self, text: &str) -> Result<(), Failure> {
        check(&format!("{} name or ID", words(self)), text)
    }

    /// Returns the path of one object, or of something below it.
    #[must_use]
    pub fn item(&self, id: &str, below: &[&str]) -> String {
        format!("{}{}{}", self.path, path(&[id]), path(below))
    }

    /// Returns a request for one object.
    #[must_use]
    pub fn request(&self, method: Method, id: &str) -> Request {
        self.request_below(method, id, &[])
    }

    /// Returns a request for something below one object.
    #[must_use]
    pub fn request_below(&self, method: Method, id: &str, below: &[&str]) -> Request {
        let mut request = Request::new(method, self.item(id, below));
        request.project.clone_from(&self.project);
        request
    }
}

/// Finds a credential.
///
/// # Errors
/// As [`find`].
pub(crate) async fn credential(client: &Client, text: &str) -> anyhow::Result<Record> {
    find(client, &Collection::global(&CREDENTIAL), text).await
}

/// Finds a project.
///
/// # Errors
/// As [`find`].
pub(crate) async fn project(client: &Client, text: &str) -> anyhow::Result<Record> {
    find(client, &Collection::global(&PROJECT), text).await
}

/// Finds a role.
///
/// # Errors
/// As [`find`].
pub(crate) async fn role(client: &Client, text: &str) -> anyhow::Result<Record> {
    find(client, &Collection::global(&ROLE), text).await
}

/// Finds an application.
///
/// # Errors
/// As [`find`].
pub(crate) async fn application(client: &Client, text: &str) -> anyhow::Result<Record> {
    find(client, &Collection::global(&APPLICATION), text).await
}

/// Finds a session, also by the name of the agent in the current project that it runs for.
///
/// # Errors
/// As [`find`].
pub(crate) async fn session(client: &Client, text: &str) -> anyhow::Result<Record> {
    find(client, &Collection::global(&SESSION), text).await
}

/// Finds an agent of a project.
///
/// # Errors
/// As [`find`], in the Go tool's words.
pub(crate) async fn agent(client: &Client, project: &str, text: &str) -> anyhow::Result<Record> {
    in_project(client, &Collection::of_project(&AGENT, project), text).await
}

/// Finds a scheduled session of a project.
///
/// # Errors
/// As [`agent`].
pub(crate) async fn scheduled_session(
    client: &Client,
    project: &str,
    text: &str,
) -> anyhow::Result<Record> {
    let collection = Collection::of_project(&SCHEDULED_SESSION, project);
    in_project(client, &collection, text).await
}

async fn in_project(
    client: &Client,
    collection: &Collection,
    text: &str,
) -> anyhow::Result<Record> {
    let found = find_if_any(client, collection, text)
        .await
        .with_context(|| format!("resolve {} {}", words(collection), quote(text)))?;
    match found {
        Some(found) => Ok(found),
        None => Err(not_found(client, collection, text).await.into()),
    }
}

/// Ends the command if a list is empty because the project does not exist: the platform answers such a list with no
/// objects.
///
/// # Errors
/// [`Kind::NotFound`]. Any other failure of the look-up proves nothing about the project, and is ignored.
pub(crate) async fn doubt_empty(
    client: &Client,
    list: &[Record],
    project: &str,
) -> anyhow::Result<()> {
    if !list.is_empty() {
        return Ok(());
    }
    let projects = Collection::global(&PROJECT);
    match find_if_any(client, &projects, project).await {
        Ok(None) => Err(not_found(client, &projects, project).await.into()),
        Ok(Some(found)) => refuse_new_name(&found, project),
        Err(_) => Ok(()),
    }
}

/// Refuses the new name of a project that was renamed: the paths of its objects hold its ID, which is its first name.
fn refuse_new_name(found: &Record, given: &str) -> anyhow::Result<()> {
    let id = found.id();
    if id == given || id.is_empty() {
        return Ok(());
    }
    let message = format!("project {} has the ID {}", quote(given), quote(id));
    let hint = format!("name it by its ID: --project {}", shell_word(id));
    Err(Failure::new(Kind::NotFound, message).hint(hint).into())
}

/// Ends the command if a list of sessions is empty because the project does not exist. Only a project from a flag or a
/// variable is checked: one from the configuration was checked when it was set.
///
/// # Errors
/// As [`doubt_empty`].
pub(crate) async fn doubt_no_sessions(
    client: &Client,
    list: &[Record],
    settings: &Settings,
) -> anyhow::Result<()> {
    match (&settings.project.value, settings.project.origin) {
        (Some(project), Origin::Flag | Origin::Environment) => {
            doubt_empty(client, list, project).await
        }
        _ => Ok(()),
    }
}

/// Ends the command if an object was not found because its project does not exist.
///
/// # Errors
/// As [`doubt_empty`] and [`doubt_no_sessions`].
pub(crate) async fn doubt_absence(
    client: &Client,
    collection: &Collection,
    settings: &Settings,
) -> anyhow::Result<()> {
    match collection.project.as_deref() {
        Some(project) => doubt_empty(client, &[], project).await,
        None if collection.resource.word == SESSION.word => {
            doubt_no_sessions(client, &[], settings).await
        }
        None => Ok(()),
    }
}

/// Returns the failure for an object that [`find_if_any`] did not find, with the most similar name as a hint.
pub(crate) async fn not_found(client: &Client, collection: &Collection, text: &str) -> Failure {
    let scope = match &collection.project {
        Some(project) => format!(" in project {}", quote(project)),
        None => String::new(),
    };
    let message = format!("{} {} not found{scope}", words(collection), quote(text));
    let failure = Failure::new(Kind::NotFound, message);
    suggest(client, collection, text, failure).await
}

/// Returns the word for a kind in a sentence.
fn words(collection: &Collection) -> String {
    collection.resource.word.replace('-', " ")
}

/// Finds one object.
///
/// # Errors
/// [`Kind::NotFound`] if there is no such object, in the server's words if it has any, with the most similar name as a
/// hint; [`Kind::Conflict`] if several objects have the name; and any failure of the look-up.
pub(crate) async fn find(
    client: &Client,
    collection: &Collection,
    text: &str,
) -> anyhow::Result<Record> {
    match look(client, collection, text, Order::of(collection)).await? {
        Found::One(record) => Ok(record),
        Found::None(refusal) => Err(missing(client, collection, text, refusal).await),
    }
}

/// Finds one object as [`find`] does, and requests the ID first for every kind.
///
/// # Errors
/// As [`find`].
pub(crate) async fn find_by_id_first(
    client: &Client,
    collection: &Collection,
    text: &str,
) -> anyhow::Result<Record> {
    match look(client, collection, text, Order::IdFirst).await? {
        Found::One(record) => Ok(record),
        Found::None(refusal) => Err(missing(client, collection, text, refusal).await),
    }
}

/// Finds one object; returns `None` if the server says that there is none.
///
/// # Errors
/// As [`find`].
pub(crate) async fn find_if_any(
    client: &Client,
    collection: &Collection,
    text: &str,
) -> anyhow::Result<Option<Record>> {
    match look(client, collection, text, Order::of(collection)).await? {
        Found::One(record) => Ok(Some(record)),
        Found::None(_) => Ok(None),
    }
}

/// Acts on an object by its ID. If the server does not know the ID, acts on the object that has the text as its name.
///
/// # Errors
/// Those of `action`. If no object has that name, the error is the server's first refusal.
pub(crate) async fn act<T>(
    client: &Client,
    collection: &Collection,
    text: &str,
    action: impl AsyncFn(&str) -> Result<T, Error>,
) -> anyhow::Result<T> {
    act_unless(client, collection, text, |_| Ok(()), action).await
}

/// Does the same, unless the object that was found by its name is one to `refuse`. One that the server knows by the
/// text as its ID is seen by nobody before.
///
/// # Errors
/// As [`act`]; and the refusal.
pub(crate) async fn act_unless<T>(
    client: &Client,
    collection: &Collection,
    text: &str,
    refuse: impl Fn(&Record) -> Result<(), Failure>,
    action: impl AsyncFn(&str) -> Result<T, Error>,
) -> anyhow::Result<T> {
    let refusal = if can_be_id(text) {
        match action(text).await {
            Err(error) if may_be_unknown(&error) => Some(error),
            done => return Ok(done?),
        }
    } else {
        None
    };
    match after(client, collection, text, refusal.as_ref()).await? {
        Some(record) => {
            refuse(&record)?;
            Ok(action(record.id()).await?)
        }
        None => Err(missing(client, collection, text, refusal).await),
    }
}

/// Finds the object that has the text as its name, after the server refused the text as an ID.
async fn after(
    client: &Client,
    collection: &Collection,
    text: &str,
    refusal: Option<&Error>,
) -> anyhow::Result<Option<Record>> {
    match by_other_name(client, collection, text).await {
        Ok(found) => Ok(found.filter(|record| record.id() != text && can_be_id(record.id()))),
        // If the search is forbidden as well, the refusal is the better error.
        Err(failed) if refusal.is_some() && api::kind_of(&failed) == Kind::Forbidden => Ok(None),
        Err(failed) => Err(failed),
    }
}

/// Returns the ID of the object that has the text as its name, for a caller whose request by ID was refused.
///
/// # Errors
/// [`Kind::Conflict`] if several objects have the name; and any failure of the look-up.
pub(crate) async fn id_by_name(
    client: &Client,
    collection: &Collection,
    text: &str,
    refusal: &Error,
) -> anyhow::Result<Option<String>> {
    let found = after(client, collection, text, Some(refusal)).await?;
    Ok(found.map(|record| record.id().to_owned()))
}

/// Returns all objects of exactly this name that the caller can see.
pub(crate) async fn by_name(
    client: &Client,
    collection: &Collection,
    name: &str,
) -> Result<Vec<Record>, Error> {
    // A kind without names is searched by ID: the platform lists role bindings for callers that may not get a single
    // one.
    let field = collection.resource.name_field.unwrap_or("id");
    let search = equals(field, name);
    let list = match &collection.project {
        Some(project) => {
            client
                .find(collection.resource, &collection.path, &search, project)
                .await
        }
        None => {
            let options = ListOptions {
                search: Some(search),
                ..ListOptions::default()
            };
            let list = client.list(collection.resource, &collection.path, &options);
            list.await
        }
    };
    let mut found = match list {
        // The project of the list does not exist, or is not visible.
        Err(error) if error.is_not_found() => Vec::new(),
        list => list?.items.unwrap_or_default(),
    };
    // A server that does not know the search returns all objects.
    found.retain(|record| record.text(field) == name);
    Ok(found)
}

/// Returns all objects of exactly this name, the oldest first. Of several runs that create a credential of one name at
/// the same time, all but one delete theirs again: if there are several and the youngest is new, looks again for about
/// three seconds.
///
/// # Errors
/// As [`by_name`].
pub(crate) async fn settled(
    client: &Client,
    collection: &Collection,
    name: &str,
) -> Result<Vec<Record>, Error> {
    let mut found = by_name(client, collection, name).await?;
    for pause in PAUSES {
        found.sort_by_key(created_at);
        if !may_settle(collection, &found) {
            break;
        }
        tokio::time::sleep(pause).await;
        found = by_name(client, collection, name).await?;
    }
    found.sort_by_key(created_at);
    Ok(found)
}

/// True if the last one of these objects may be deleted again in a moment.
fn may_settle(collection: &Collection, found: &[Record]) -> bool {
    let is_new = |record: &Record| {
        created_at(record).is_some_and(|at| Timestamp::now().duration_since(at).abs() < NEW)
    };
    let is_twofold = found.len() > 1 && collection.resource.word == CREDENTIAL.word;
    is_twofold && found.last().is_some_and(is_new)
}

/// Returns the time at which the server has created the object, if it says so.
pub(crate) fn created_at(record: &Record) -> Option<Timestamp> {
    record.text("created_at").parse().ok()
}

/// Returns the objects of this name in a project, before another one is created there. A 404 is left to the request
/// that creates it. Objects of another project are not among them, whatever the server lists.
///
/// # Errors
/// As [`doubt_empty`] and [`find`], and any other failure of the list.
pub(crate) async fn before_creation(
    client: &Client,
    collection: &Collection,
    project: &str,
    name: &str,
) -> anyhow::Result<Vec<Record>> {
    let search = equals("name", name);
    let list = client.find(collection.resource, &collection.path, &search, project);
    let mut found = match list.await {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        list => list?.items.unwrap_or_default(),
    };
    found.retain(|record| record.name() == name);
    let is_named = |record: &Record| ["", project].contains(&record.text("project_id"));
    if !found.iter().all(is_named) {
        // The project may have been named by its name, while its objects name its ID.
        let present = self::project(client, project).await?;
        let of_project = |record: &Record| {
            let owner = record.text("project_id");
            is_named(record) || [present.id(), present.name()].contains(&owner)
        };
        found.retain(of_project);
    }
    doubt_empty(client, &found, project).await?;
    Ok(found)
}

/// Returns all objects that have one of these names and that the caller can see.
pub(crate) async fn by_names(
    client: &Client,
    collection: &Collection,
    names: &[String],
) -> Result<Vec<Record>, Error> {
    let options = ListOptions {
        search: Some(one_of("name", names)),
        limit: None,
        project: collection.project.clone(),
    };
    let list = client.list(collection.resource, &collection.path, &options);
    let mut found = list.await?.items.unwrap_or_default();
    found.retain(|record| names.iter().any(|name| name == record.name()));
    Ok(found)
}

/// Returns the only match. Several are an error that lists them. One whose ID can't be an ID is an error, too: nothing
/// can be done with it.
///
/// # Errors
/// [`Kind::Conflict`] for several, [`Kind::Server`] for one without a usable ID.
pub(crate) fn one(
    resource: &Resource,
    name: &str,
    mut found: Vec<Record>,
) -> Result<Option<Record>, Failure> {
    if found.len() < 2 {
        return match found.pop() {
            Some(record) if !is_usable_id(record.id()) => Err(unusable(resource, name)),
            found => Ok(found),
        };
    }
    let ids: Vec<&str> = found.iter().map(Record::id).collect();
    let message = format!(
        "multiple {} named {} found ({}); use the {} ID instead",
        resource.plural(),
        quote(name),
        ids.join(", "),
        resource.word
    );
    let failure = Failure::new(Kind::Conflict, message);
    Err(match tell_apart(resource, &found) {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

/// Says which of several credentials of a name is the oldest, and how to remove the youngest: a run that was killed
/// leaves a second one.
fn tell_apart(resource: &Resource, found: &[Record]) -> Option<String> {
    let is_known = |record: &Record| is_usable_id(record.id()) && created_at(record).is_some();
    if resource.word != CREDENTIAL.word || !found.iter().all(is_known) {
        return None;
    }
    let oldest = found.iter().min_by_key(|record| created_at(record))?;
    let youngest = found.iter().max_by_key(|record| created_at(record))?;
    Some(format!(
        "the oldest is {} (created {}), the youngest {} (created {}); if a run that was ended has left the youngest, \
         remove it: {}",
        oldest.id(),
        oldest.text("created_at"),
        youngest.id(),
        youngest.text("created_at"),
        acpctl_for(&["credential", "delete"], youngest.id(), &["--yes"])
    ))
}

/// Returns the failure for an object that the server lists without a usable ID.
fn unusable(resource: &Resource, name: &str) -> Failure {
    let word = resource.word.replace('-', " ");
    let message = format!("the server gave {word} {} no usable ID", quote(name));
    let hint = format!(
        "that is not what the ACP API answers: check the URL ({}), and proxies on the way",
        acpctl(&["config", "get", "api_url"])
    );
    Failure::new(Kind::Server, message).hint(hint)
}

/// The request that is sent first. If it finds nothing, the other one follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    IdFirst,
    /// As the Go tool looks up agents and roles: usually one request. A text that looks like an ID of the platform is
    /// still requested as an ID first, so that nobody can give an agent another one's ID as its name.
    NameFirst,
}

impl Order {
    fn of(collection: &Collection) -> Self {
        if [AGENT.word, ROLE.word].contains(&collection.resource.word) {
            Self::NameFirst
        } else {
            Self::IdFirst
        }
    }
}

enum Found {
    One(Record),
    /// With the server's refusal of the text as an ID, if it was requested.
    None(Option<Error>),
}

async fn look(
    client: &Client,
    collection: &Collection,
    text: &str,
    order: Order,
) -> anyhow::Result<Found> {
    let name_first = order == Order::NameFirst && !has_form_of_id(text);
    if (name_first || !can_be_id(text))
        && let Some(record) = by_other_name(client, collection, text).await?
    {
        return Ok(Found::One(record));
    }
    if !can_be_id(text) {
        return Ok(Found::None(None));
    }
    let request = collection.request(Method::Get, text);
    let refusal = match client.fetch(collection.resource, &request).await {
        Err(error) if error.is_not_found() => error,
        found => return Ok(Found::One(found?)),
    };
    if !name_first && let Some(record) = by_other_name(client, collection, text).await? {
        return Ok(Found::One(record));
    }
    Ok(Found::None(Some(refusal)))
}

/// True if the object may not exist: for 404, and for the 403 that most callers get from the platform's authorization
/// if they try to change an object that does not exist. The 403 for an existing object has a code.
#[must_use]
pub(crate) fn may_be_unknown(error: &Error) -> bool {
    match error.status() {
        Some(404) => error.is_not_found(),
        Some(403) => error.code().is_none(),
        _ => false,
    }
}

/// Finds the object of this name. A session is also found by the name of its agent.
async fn by_other_name(
    client: &Client,
    collection: &Collection,
    text: &str,
) -> anyhow::Result<Option<Record>> {
    let resource = collection.resource;
    let found = settled(client, collection, text)
        .await
        .with_context(|| format!("look up {} {}", resource.word, quote(text)))?;
    let found = one(resource, text, found)?;
    // So much hangs on a project that an answer with the ID of another one must not pass.
    let is_doubtful = |it: &&Record| resource.word == PROJECT.word && it.id() != text;
    if let Some(project) = found.as_ref().filter(is_doubtful) {
        let read = collection.request(Method::Get, project.id());
        client.see_same(project, &read).await?;
    }
    match client.project() {
        Some(project) if found.is_none() && resource.word == SESSION.word => {
            session_of_agent(client, project, text).await
        }
        _ => Ok(found),
    }
}

async fn session_of_agent(
    client: &Client,
    project: &str,
    name: &str,
) -> anyhow::Result<Option<Record>> {
    let agents = Collection::of_project(&AGENT, project);
    let found = match by_name(client, &agents, name).await {
        Err(error) if may_be_unknown(&error) => return Ok(None),
        found => found.with_context(|| format!("look up agent {}", quote(name)))?,
    };
    let Some(agent) = one(&AGENT, name, found)? else {
        return Ok(None);
    };
    let id = agent.text("current_session_id");
    if !can_be_id(id) {
        let message = format!("agent {} has no active session", quote(name));
        return Err(Failure::new(Kind::NotFound, message)
            .hint(format!(
                "start one: {}",
                acpctl_for(&["agent", "start"], name, &["--project", project])
            ))
            .into());
    }
    let sessions = Collection::global(&SESSION);
    let session = client
        .fetch(&SESSION, &sessions.request(Method::Get, id))
        .await
        .with_context(|| format!("get session {} of agent {}", quote(id), quote(name)))?;
    check_session_of(project, &agent, &session)?;
    Ok(Some(session))
}

/// Refuses a session that an agent names as its own and that names another agent, or another project.
///
/// # Errors
/// [`Error::Unrelated`].
pub(crate) fn check_session_of(
    project: &str,
    agent: &Record,
    session: &Record,
) -> Result<(), Error> {
    let project = match agent.text("project_id") {
        "" => project,
        own => own,
    };
    let checked = check_owner(session, project, agent.id());
    checked.map_err(|why| {
        let name = quote(agent.name_or_id());
        Error::Unrelated(format!("the session of agent {name}: {why}"))
    })
}

/// Returns the error for an object that does not exist.
async fn missing(
    client: &Client,
    collection: &Collection,
    text: &str,
    refusal: Option<Error>,
) -> anyhow::Error {
    let Some(refusal) = refusal else {
        return not_found(client, collection, text).await.into();
    };
    let failure = Failure::from(&refusal);
    suggest(client, collection, text, failure).await.into()
}

/// Adds the name that was most likely meant as a hint. There is no hint if the list is not available, or if the object
/// is in the list and only its change was refused.
async fn suggest(
    client: &Client,
    collection: &Collection,
    text: &str,
    failure: Failure,
) -> Failure {
    let Some(field) = collection.resource.name_field else {
        return match failure.hint {
            None => failure.hint(nobody(client, collection)),
            Some(_) => failure,
        };
    };
    let list = some(client, collection).await;
    if let Some(project) = &collection.project
        && let Ok(list) = &list
        && let Err(doubt) = Box::pin(doubt_empty(client, list.items(), project)).await
        && let Ok(no_project) = doubt.downcast()
    {
        return no_project;
    }
    let Ok(list) = list else {
        return failure;
    };
    let items = list.items();
    let is_forbidden = failure.kind == Kind::Forbidden;
    let is_it = |record: &Record| record.id() == text || record.text(field) == text;
    if is_forbidden && items.iter().any(is_it) {
        return failure;
    }
    let is_whole = i64::try_from(items.len()).is_ok_and(|seen| seen >= list.total);
    match nearest(text, items.iter().map(|record| record.text(field))) {
        Some(name) => failure.hint(format!("did you mean {}?", quote(name))),
        None if is_forbidden && !is_whole => failure,
        // The platform speaks of an ID, whichever the user has given; and that the server has sent the list shows that
        // its URL is right.
        None => failure.hint(nobody(client, collection)),
    }
}

/// Gives the failure of a caller that has looked up a session itself the same hint.
pub(crate) async fn suggest_session(client: &Client, text: &str, failure: Failure) -> Failure {
    suggest(client, &Collection::sessions(), text, failure).await
}

/// Says that neither an ID nor a name led to an object, where it was looked for, and how to see those that exist.
fn nobody(client: &Client, collection: &Collection) -> String {
    let word = words(collection);
    let list = list_command(collection);
    let project = match &collection.project {
        None if collection.resource.word == SESSION.word => client.project(),
        None => {
            return format!(
                "no {word} that you may see has this ID or name; those that exist: {list}"
            );
        }
        project => project.as_deref(),
    };
    let projects = acpctl(&["project", "list"]);
    match (project, collection.project.is_some()) {
        (Some(project), true) => format!(
            "project {} has no {word} of this ID or name; those that exist: {list}; the other projects: {projects}",
            quote(project)
        ),
        (Some(project), false) => format!(
            "no {word} has this ID or name, and no agent of project {} has this name; those that exist: {list}; the \
             other projects: {projects}",
            quote(project)
        ),
        (None, _) => format!(
            "no {word} that you may see has this ID or name; those that exist: {list}; to name a {word} by \
             its agent, add --project NAME"
        ),
    }
}

/// Returns the command that lists a collection.
fn list_command(collection: &Collection) -> String {
    let word = collection.resource.word;
    let verb: &[&str] = if WITH_LIST.iter().any(|noun| noun.word == word) {
        &[word, "list"]
    } else {
        &["get", collection.resource.plural()]
    };
    match collection.project.as_deref() {
        Some(project) => acpctl(&[verb, &["--project", project]].concat()),
        None => acpctl(verb),
    }
}

fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let text = text.to_lowercase();
    let limit = (text.chars().count() / 2).min(2);
    names
        .filter(|name| !name.is_empty())
        .map(|name| (distance(&text, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Lists the first objects of a collection.
async fn some(client: &Client, collection: &Collection) -> Result<List, Error> {
    let options = ListOptions {
        search: None,
        limit: Some(SIZE),
        project: collection.project.clone(),
    };
    client
        .list(collection.resource, &collection.path, &options)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leads_to_another_path() {
        for text in [
            "a/b", "a%2Fb", "a\\b", "a?b", "a#b", "a b", "..", ".", "", "é", "a\nb",
        ] {
            assert!(!can_be_id(text), "{text:?}");
        }
        for text in ["2abCRED0000000000000000001", "team-a", "a_b.c", "user@host"] {
            assert!(can_be_id(text), "{text:?}");
        }
    }

    #[test]
    fn a_near_name_is_suggested_and_no_other() {
        let names = ["team-a", "production", "x"];
        for (text, wanted) in [
            ("tema-a", Some("team-a")),
            ("Production", Some("production")),
            ("prodction", Some("production")),
            ("X", Some("x")),
            ("y", None),
            ("demo", None),
        ] {
            assert_eq!(nearest(text, names.into_iter()), wanted, "{text}");
        }
    }
}
