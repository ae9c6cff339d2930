//! Describes a context briefly. Opens no file and judges nothing.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::cert;
use super::choose::Chosen;
use super::model::{Config, Item, User};
use super::token::{self, End};
use super::url::Address;

/// The method by which a user authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    Certificate,
    Token,
    TokenFile,
    Basic,
    Exec,
    AuthProvider,
    None,
}

/// One context of a kubeconfig, for lists and completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContextSummary {
    pub name: String,
    /// True if `current-context` names it.
    pub current: bool,
    /// The name of its cluster; may be empty, or name a missing entry.
    pub cluster: String,
    /// The address without user information; `None` if the cluster does not exist.
    pub server: Option<String>,
    /// The name of its user; may be empty, or name a missing entry.
    pub user: String,
    pub identity: Identity,
    pub namespace: Option<String>,
    /// When the client certificate or the token expires, whichever is first, as far as inline data shows it.
    pub expires_at: Option<Timestamp>,
    /// The one that expires first: "client certificate" or "token".
    #[serde(skip)]
    pub ends_first: Option<&'static str>,
    /// What is known of its life if no time is.
    #[serde(skip)]
    pub life: Life,
}

/// What is known of the life of a credential that names no time of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Unknown,
    /// It never ends.
    Never,
    /// It ends after this time at most: "a day".
    AtMost(&'static str),
}

/// The chosen context, and the number of entries in the file around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub context: ContextSummary,
    pub contexts: usize,
    pub clusters: usize,
    pub users: usize,
}

/// Describes every context, in the order of the file.
pub(super) fn of_contexts(config: &Config<'_>) -> Vec<ContextSummary> {
    let clusters = by_name(&config.clusters);
    let users = by_name(&config.users);
    let summary = |item: &Item<'_>| {
        let chosen = Chosen::follow(
            item.name,
            Some(*item),
            |name| clusters.get(name).copied(),
            |name| users.get(name).copied(),
        );
        of_context(config, &chosen)
    };
    config.contexts.iter().map(summary).collect()
}

fn by_name<'t>(items: &[Item<'t>]) -> HashMap<&'t str, Item<'t>> {
    items.iter().map(|item| (item.name, *item)).collect()
}

pub(super) fn of_context(config: &Config<'_>, chosen: &Chosen<'_>) -> ContextSummary {
    let end = first_end(&chosen.user);
    ContextSummary {
        name: chosen.name.clone(),
        current: config.current_context == chosen.name,
        cluster: chosen.context.cluster.to_owned(),
        server: chosen
            .cluster_item
            .map(|_| public_part(chosen.cluster.server)),
        user: chosen.context.user.to_owned(),
        identity: identity(&chosen.user),
        namespace: Some(chosen.context.namespace)
            .filter(|namespace| !namespace.is_empty())
            .map(str::to_owned),
        expires_at: end.map(|(at, _)| at),
        ends_first: end.map(|(_, what)| what),
        life: life(&chosen.user),
    }
}

pub(super) fn of_file(config: &Config<'_>, chosen: &Chosen<'_>) -> Option<Summary> {
    chosen.context_item?;
    Some(Summary {
        context: of_context(config, chosen),
        contexts: config.contexts.len(),
        clusters: config.clusters.len(),
        users: config.users.len(),
    })
}

/// Returns the method that an API server checks first.
fn identity(user: &User<'_>) -> Identity {
    if user.has_certificate() {
        Identity::Certificate
    } else if !user.token_file.is_empty() {
        Identity::TokenFile
    } else if !user.token.is_empty() {
        Identity::Token
    } else if !user.username.is_empty() {
        Identity::Basic
    } else if user.exec.is_some() {
        Identity::Exec
    } else if user.auth_provider.is_some() {
        Identity::AuthProvider
    } else {
        Identity::None
    }
}

fn first_end(user: &User<'_>) -> Option<(Timestamp, &'static str)> {
    let certificate =
        cert::client_certificate(&user.certificate_data.bytes()).map(|found| found.not_after);
    let token = match token::end(token::bare(user.token)) {
        End::At(end) => Some(end),
        End::Never | End::Within(_) | End::Unknown => token::oidc_end(user),
    };
    let ends = [(certificate, "client certificate"), (token, "token")];
    ends.into_iter()
        .filter_map(|(end, what)| Some((end?, what)))
        .min()
}

fn life(user: &User<'_>) -> Life {
    match token::end(token::bare(user.token)) {
        End::Never => Life::Never,
        End::Within(kind) => Life::AtMost(kind.life),
        End::At(_) | End::Unknown => Life::Unknown,
    }
}

/// Returns the address without user information and query, which may hold secrets.
fn public_part(server: &str) -> String {
    match Address::of(server) {
        Address::Url(url) if url.path.contains('@') => format!("{}://{}", url.scheme, url.host),
        Address::Url(url) => format!("{}://{}{}", url.scheme, url.host, url.path),
        Address::Bare(url) => url.host,
        Address::Invalid(_) => "(not an address)".to_owned(),
    }
}
