//! The flags for the fields that `create` and `update` set.

use super::secret;
use crate::api::Body;
use crate::commands::pairs;
use crate::commands::server_mode::ServerModeArgs;
use crate::ctx::Ctx;
use crate::resources::Candidates;

/// The flags for the fields of a provider.
#[derive(Debug, clap::Args)]
pub(super) struct Fields {
    /// Kind of credential, e.g. github (default: the name)
    #[arg(long, value_name = "TYPE")]
    #[arg(add = Candidates::PROVIDERS)]
    r#type: Option<String>,
    /// Name of the Kubernetes Secret that holds the credential or, on a platform with managed gateways, name or ID of
    /// the credential
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Labels, as a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
    /// Annotations, as a JSON object
    #[arg(long, value_name = "JSON")]
    annotations: Option<String>,
    #[command(flatten)]
    mode: ServerModeArgs,
}

impl Fields {
    /// Returns a body with a field for each flag that is given, whatever its value.
    ///
    /// # Errors
    /// If the secret must name a credential, and there is none of this name.
    pub(super) fn body(&self, ctx: &Ctx, project: &str) -> anyhow::Result<Body> {
        pairs::refuse_other(self.labels.as_deref(), self.annotations.as_deref())?;
        let secret = secret::resolve(ctx, &self.mode, project, self.secret.as_deref())?;
        let mut body = Body::new();
        body.set_given("type", self.r#type.as_deref());
        body.set_given("secret", secret.as_deref());
        body.set_given("labels", self.labels.as_deref());
        body.set_given("annotations", self.annotations.as_deref());
        Ok(body)
    }
}
