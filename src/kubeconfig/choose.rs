//! Chooses the context, and finds its cluster and user (docs/interface/kubeconfig.md section 5).

use super::finding::{Finding, quote};
use super::model::{Cluster, Config, Context, Item, User};
use crate::compat::near::distance;

/// A context with its cluster and user. Missing entries are empty ones, as for Kubernetes' client.
pub(super) struct Chosen<'t> {
    /// The requested name: the caller's, or the file's `current-context`; may be empty.
    pub(super) name: String,
    pub(super) context_item: Option<Item<'t>>,
    pub(super) context: Context<'t>,
    pub(super) cluster_item: Option<Item<'t>>,
    pub(super) cluster: Cluster<'t>,
    pub(super) user_item: Option<Item<'t>>,
    pub(super) user: User<'t>,
}

impl<'t> Chosen<'t> {
    /// Follows the references of a context by exact names. An empty reference finds an entry without a name.
    pub(super) fn find(config: &Config<'t>, name: &str) -> Self {
        Self::follow(
            name,
            find(&config.contexts, name),
            |name| find(&config.clusters, name),
            |name| find(&config.users, name),
        )
    }

    /// Does the same with other functions that find a name.
    pub(super) fn follow(
        name: &str,
        context_item: Option<Item<'t>>,
        cluster: impl FnOnce(&str) -> Option<Item<'t>>,
        user: impl FnOnce(&str) -> Option<Item<'t>>,
    ) -> Self {
        let context: Context<'t> = context_item.map(|item| item.decode()).unwrap_or_default();
        let cluster_item = cluster(context.cluster);
        let user_item = user(context.user);
        Self {
            name: name.to_owned(),
            context_item,
            cluster_item,
            cluster: cluster_item.map(|item| item.decode()).unwrap_or_default(),
            user_item,
            user: user_item.map(|item| item.decode()).unwrap_or_default(),
            context,
        }
    }

    /// Chooses the requested context, or the current one if the name is absent or empty.
    ///
    /// # Errors
    /// If the requested context does not exist. A missing current-context is not an error here: the client continues
    /// with an empty one.
    pub(super) fn choose(config: &Config<'t>, requested: Option<&str>) -> Result<Self, Finding> {
        let requested = requested.filter(|name| !name.is_empty());
        let chosen = Self::find(config, requested.unwrap_or(config.current_context));
        if requested.is_some() && chosen.context_item.is_none() {
            return Err(chosen.not_found(config));
        }
        Ok(chosen)
    }

    /// Reports that the context does not exist. The fix names the existing ones, the most similar first.
    pub(super) fn not_found(&self, config: &Config<'t>) -> Finding {
        let mut finding = Finding::new("context-not-found").about(&quote(&self.name));
        finding.fix = Some(suggestion(config, &self.name));
        finding.list = Some("contexts");
        finding.name = Some(self.name.clone());
        finding
    }

    /// Puts a finding on a field of the cluster.
    pub(super) fn on_cluster(&self, code: &'static str, field: &str) -> Finding {
        on(self.cluster_item, code, field)
    }

    /// Puts a finding on a field of the user.
    pub(super) fn on_user(&self, code: &'static str, field: &str) -> Finding {
        on(self.user_item, code, field)
    }

    /// Puts a finding on a field of the context.
    pub(super) fn on_context(&self, code: &'static str, field: &str) -> Finding {
        on(self.context_item, code, field)
    }
}

/// Names the existing contexts for a fix, those most similar to `name` first.
fn suggestion(config: &Config<'_>, name: &str) -> String {
    /// The most names that are shown.
    const SHOWN: usize = 10;
    /// The most names that are sorted by their similarity.
    const COMPARED: usize = 5000;
    let mut names: Vec<&str> = config.contexts.iter().map(|item| item.name).collect();
    if names.is_empty() {
        return "use another file: this one has no context".to_owned();
    }
    if names.len() <= COMPARED {
        let wanted = start(name);
        names.sort_by_cached_key(|name| distance(&wanted, &start(name)));
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quote(name)).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("choose one of its contexts: {}{more}", shown.join(", "))
}

/// Returns the part of a name that is compared.
fn start(name: &str) -> String {
    name.chars().take(80).collect::<String>().to_lowercase()
}

fn on(item: Option<Item<'_>>, code: &'static str, field: &str) -> Finding {
    let finding = Finding::new(code);
    match item {
        Some(item) if field.is_empty() => item.here(finding),
        Some(item) => item.on(finding, field),
        None => finding,
    }
}

fn find<'t>(items: &[Item<'t>], name: &str) -> Option<Item<'t>> {
    items.iter().find(|item| item.name == name).copied()
}
