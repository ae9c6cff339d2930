//! Which context counts, and the cluster and user it leads to (contract kubeconfig.md section 5).

use super::finding::{Finding, quote};
use super::model::{Cluster, Config, Context, Item, User};

/// A context with what it refers to. What is absent is empty, as it is for Kubernetes' client.
pub(super) struct Chosen<'t> {
    /// The name looked for: the caller's, or the file's `current-context`; may be empty.
    pub(super) name: String,
    pub(super) context_item: Option<Item<'t>>,
    pub(super) context: Context<'t>,
    pub(super) cluster_item: Option<Item<'t>>,
    pub(super) cluster: Cluster<'t>,
    pub(super) user_item: Option<Item<'t>>,
    pub(super) user: User<'t>,
}

impl<'t> Chosen<'t> {
    /// Follows the references of a context by exact names. An empty reference finds an entry
    /// without name.
    pub(super) fn find(config: &Config<'t>, name: &str) -> Self {
        Self::follow(
            name,
            find(&config.contexts, name),
            |name| find(&config.clusters, name),
            |name| find(&config.users, name),
        )
    }

    /// The same with other ways to look names up.
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

    /// The context asked for by name, or the current one. A name that is empty asks for nothing.
    ///
    /// # Errors
    /// The context asked for is absent. An absent current-context is not an error here: the client
    /// goes on with an empty one.
    pub(super) fn choose(config: &Config<'t>, asked: Option<&str>) -> Result<Self, Finding> {
        let asked = asked.filter(|name| !name.is_empty());
        let chosen = Self::find(config, asked.unwrap_or(config.current_context));
        if asked.is_some() && chosen.context_item.is_none() {
            return Err(chosen.not_found());
        }
        Ok(chosen)
    }

    pub(super) fn not_found(&self) -> Finding {
        let mut finding = Finding::new("context-not-found").about(&quote(&self.name));
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
