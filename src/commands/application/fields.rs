//! The flags for the fields that `create` and `update` set.

use anyhow::Context as _;

use crate::api::{Body, Client};
use crate::commands::pairs;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::lookup;
use crate::resources::Candidates;
use crate::text::quote;

/// The flags for the fields of an application. Switches are optional, so that `--auto-sync=false` differs from no flag:
/// an update sends the one and leaves the other alone.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Fields {
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Git repository
    #[arg(long, value_name = "URL")]
    pub source_repo_url: Option<String>,
    /// Path within the repository
    #[arg(long, value_name = "PATH")]
    pub source_path: Option<String>,
    /// Git branch, tag, or commit
    #[arg(long, value_name = "REVISION")]
    source_target_revision: Option<String>,
    /// Target project
    #[arg(long, value_name = "ID")]
    pub destination_project: Option<String>,
    /// Target Ambient instance
    #[arg(long, visible_alias = "destination-ambient-url", value_name = "URL")]
    destination_url: Option<String>,
    /// Name or ID of the credential for private repositories
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS)]
    credential_id: Option<String>,
    /// Enable automatic sync
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    auto_sync: Option<bool>,
    /// Enable automatic pruning
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    auto_prune: Option<bool>,
    /// Enable self-healing
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    self_heal: Option<bool>,
    /// Maximum retry attempts
    #[arg(long, value_name = "N", value_parser = number::int32, allow_negative_numbers = true)]
    retry_limit: Option<i32>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
}

impl Fields {
    /// Warns of labels and annotations that are not a JSON object.
    pub(super) fn doubt(&self, ctx: &Ctx) {
        pairs::doubt_other(ctx, self.labels.as_deref(), self.annotations.as_deref());
    }

    /// Returns the ID of the credential that is named. An empty text stays empty; an update clears the field with it.
    ///
    /// # Errors
    /// If there is no such credential.
    pub(super) async fn credential(&self, client: &Client) -> anyhow::Result<Option<String>> {
        match self.credential_id.as_deref() {
            Some("") | None => Ok(self.credential_id.clone()),
            Some(text) => {
                let found = lookup::credential(client, text).await;
                let found = found.with_context(|| format!("get credential {}", quote(text)))?;
                Ok(Some(found.id().to_owned()))
            }
        }
    }

    fn texts<'a>(&'a self, credential: Option<&'a str>) -> [(&'static str, Option<&'a str>); 9] {
        [
            ("name", self.name.as_deref()),
            ("source_repo_url", self.source_repo_url.as_deref()),
            ("source_path", self.source_path.as_deref()),
            (
                "source_target_revision",
                self.source_target_revision.as_deref(),
            ),
            ("destination_project", self.destination_project.as_deref()),
            ("destination_ambient_url", self.destination_url.as_deref()),
            ("credential_id", credential),
            ("labels", self.labels.as_deref()),
            ("annotations", self.annotations.as_deref()),
        ]
    }

    fn switches(&self) -> [(&'static str, Option<bool>); 3] {
        [
            ("auto_sync", self.auto_sync),
            ("auto_prune", self.auto_prune),
            ("self_heal", self.self_heal),
        ]
    }

    /// Returns the body of a create. Empty texts are left out; a number and a switch are sent if they are given, even 0
    /// and false.
    pub(super) fn for_create(&self, credential: Option<&str>) -> Body {
        let mut body = Body::new();
        for (key, text) in self.texts(credential) {
            body.set_filled(key, text);
        }
        self.set_others(&mut body);
        body
    }

    /// Returns the body of an update: a field for each flag that is given, whatever its value.
    pub(super) fn for_update(&self, credential: Option<&str>) -> Body {
        let mut body = Body::new();
        for (key, text) in self.texts(credential) {
            body.set_given(key, text);
        }
        self.set_others(&mut body);
        body
    }

    /// Sets the switches and the number that are given.
    fn set_others(&self, body: &mut Body) {
        for (key, on) in self.switches() {
            if let Some(on) = on {
                body.set(key, on);
            }
        }
        if let Some(limit) = self.retry_limit {
            body.set("retry_limit", limit);
        }
    }
}
