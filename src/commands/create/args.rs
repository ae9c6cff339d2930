//! The flags of `create`. One set of flags serves all resources; [`super::kinds`] says which resource uses which.

use serde_json::Value;

use crate::commands::outcome::WriteArgs;
use crate::compat::number;
use crate::ctx::Ctx;
use crate::failure::Failure;
use crate::resources::Candidates;

const EXAMPLES: &str = "acpctl create project demo
acpctl create session --name fix --prompt 'Fix the build' --project-id team-a";

/// Create a resource
///
/// Resources: session, project, agent (project-agent), role, role-binding, application, provider, policy, cluster. The
/// name may follow the resource.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Kind of resource, and the name of the new object; --name does the same as the name
    #[arg(required = true, num_args = 1.., value_name = "RESOURCE")]
    #[arg(add = Candidates::Kinds)]
    pub resource: Vec<String>,
    /// Resource name
    #[arg(long)]
    pub name: Option<String>,
    /// Session/agent prompt
    #[arg(long)]
    pub prompt: Option<String>,
    /// Repository URL
    #[arg(long, value_name = "URL")]
    pub repo_url: Option<String>,
    /// LLM model
    #[arg(long)]
    pub model: Option<String>,
    /// LLM max tokens
    #[arg(long, value_name = "N", value_parser = number::int64)]
    pub max_tokens: Option<i64>,
    /// LLM temperature
    #[arg(long, value_name = "NUMBER", value_parser = number::float)]
    pub temperature: Option<f64>,
    /// Session timeout in seconds
    #[arg(long, value_name = "SECONDS", value_parser = number::int64)]
    pub timeout: Option<i64>,
    /// Display name
    #[arg(long)]
    pub display_name: Option<String>,
    /// Description
    #[arg(long)]
    pub description: Option<String>,
    /// Project ID
    #[arg(long, value_name = "ID")]
    #[arg(add = Candidates::PROJECTS)]
    pub project_id: Option<String>,
    /// Name or ID of the agent (session)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    pub agent_id: Option<String>,
    /// Agent version to pin (project-agent)
    #[arg(long, value_name = "N", value_parser = number::int64)]
    pub agent_version: Option<i64>,
    /// Owner user ID (agent)
    #[arg(long, value_name = "ID")]
    pub owner_user_id: Option<String>,
    /// Role permissions (JSON)
    #[arg(long, value_name = "JSON")]
    pub permissions: Option<String>,
    /// User name or ID (role-binding)
    #[arg(long, value_name = "NAME")]
    pub user_id: Option<String>,
    /// Send --user-id as it is, without looking the user up (role-binding)
    #[arg(long)]
    pub user_id_raw: bool,
    /// Name or ID of the role (role-binding)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::ROLES)]
    pub role_id: Option<String>,
    /// Scope (role-binding): global|project|agent|session|credential
    #[arg(long)]
    pub scope: Option<String>,
    /// Name or ID of the project (role-binding)
    #[arg(long, visible_alias = "project-fk", value_name = "NAME")]
    #[arg(add = Candidates::PROJECTS)]
    pub project_id_fk: Option<String>,
    /// Name or ID of the agent (role-binding)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::AGENTS)]
    pub agent_id_fk: Option<String>,
    /// Name or ID of the session (role-binding)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::SESSIONS)]
    pub session_id_fk: Option<String>,
    /// Name or ID of the credential (role-binding)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS)]
    pub credential_id_fk: Option<String>,
    /// Name or ID of what --scope names (role-binding; shorthand for --{scope}-id-fk)
    #[arg(long, value_name = "NAME")]
    pub scope_id: Option<String>,
    /// Git repository URL (application)
    #[arg(long, value_name = "URL")]
    pub source_repo_url: Option<String>,
    /// Path within the repository (application)
    #[arg(long, value_name = "PATH")]
    pub source_path: Option<String>,
    /// Git branch, tag, or commit (application)
    #[arg(long, value_name = "REVISION")]
    pub source_target_revision: Option<String>,
    /// Target project (application)
    #[arg(long, value_name = "ID")]
    pub destination_project: Option<String>,
    /// Target Ambient instance URL (application)
    #[arg(long, visible_alias = "destination-ambient-url", value_name = "URL")]
    pub destination_url: Option<String>,
    /// Name or ID of the credential for private repos (application)
    #[arg(long, value_name = "NAME")]
    #[arg(add = Candidates::CREDENTIALS)]
    pub credential_id: Option<String>,
    /// Enable automatic sync (application)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub auto_sync: Option<bool>,
    /// Enable automatic pruning (application)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub auto_prune: Option<bool>,
    /// Enable self-healing (application)
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub self_heal: Option<bool>,
    /// Maximum retry attempts (application)
    #[arg(long, value_name = "N", value_parser = number::int32)]
    pub retry_limit: Option<i32>,
    /// Labels JSON string (application)
    #[arg(long, value_name = "JSON")]
    pub labels: Option<String>,
    /// Annotations JSON string (application)
    #[arg(long, value_name = "JSON")]
    pub annotations: Option<String>,
    /// URL of the cluster's API server (cluster)
    #[arg(long, value_name = "URL")]
    pub api_server_url: Option<String>,
    /// Role (cluster): workload|gateway|hybrid
    #[arg(long)]
    pub role: Option<String>,
    /// Kind of credential (provider; default: the name)
    #[arg(long)]
    pub r#type: Option<String>,
    /// Name of the Kubernetes Secret with the credential (provider)
    #[arg(long)]
    pub secret: Option<String>,
    /// Sections of the policy, as a JSON object (policy)
    #[arg(long, value_name = "JSON")]
    pub spec: Option<String>,
    #[command(flatten)]
    pub output: WriteArgs,
}

impl Args {
    /// Returns the project of a new session.
    ///
    /// # Errors
    /// If neither the flag nor the settings name one.
    pub fn session_project(&self, ctx: &Ctx) -> Result<String, Failure> {
        let project = match self.project_id.clone() {
            Some(project) => Some(project),
            None => ctx.settings()?.project.value.clone(),
        };
        project
            .filter(|project| !project.is_empty())
            .ok_or_else(|| {
                ctx.no_project(
                    "no project set; use --project-id or run 'acpctl project <name>' first",
                )
            })
    }

    /// Returns the flags that were given, in the order of the warnings about unused ones.
    pub fn flags(&self) -> Vec<(&'static str, Value)> {
        let text = |flag, value: &Option<String>| {
            value
                .as_ref()
                .map(|text| (flag, Value::from(text.as_str())))
        };
        let int = |flag, value: Option<i64>| value.map(|number| (flag, Value::from(number)));
        let switch = |flag, on: Option<bool>| on.map(|on| (flag, Value::from(on)));
        [
            text("name", &self.name),
            text("prompt", &self.prompt),
            text("repo-url", &self.repo_url),
            text("model", &self.model),
            int("max-tokens", self.max_tokens),
            self.temperature
                .map(|number| ("temperature", whole_or_float(number))),
            int("timeout", self.timeout),
            text("display-name", &self.display_name),
            text("description", &self.description),
            text("project-id", &self.project_id),
            text("agent-id", &self.agent_id),
            int("agent-version", self.agent_version),
            text("owner-user-id", &self.owner_user_id),
            text("permissions", &self.permissions),
            text("user-id", &self.user_id),
            text("role-id", &self.role_id),
            text("scope", &self.scope),
            text("project-id-fk", &self.project_id_fk),
            text("agent-id-fk", &self.agent_id_fk),
            text("session-id-fk", &self.session_id_fk),
            text("credential-id-fk", &self.credential_id_fk),
            text("scope-id", &self.scope_id),
            text("source-repo-url", &self.source_repo_url),
            text("source-path", &self.source_path),
            text("source-target-revision", &self.source_target_revision),
            text("destination-project", &self.destination_project),
            text("destination-url", &self.destination_url),
            text("credential-id", &self.credential_id),
            switch("auto-sync", self.auto_sync),
            switch("auto-prune", self.auto_prune),
            switch("self-heal", self.self_heal),
            int("retry-limit", self.retry_limit.map(i64::from)),
            text("labels", &self.labels),
            text("annotations", &self.annotations),
            text("api-server-url", &self.api_server_url),
            text("role", &self.role),
            text("type", &self.r#type),
            text("secret", &self.secret),
            text("spec", &self.spec),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Returns a float as Go writes it: `1` for `1.0`.
fn whole_or_float(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked: a whole number below 1e15"
        )]
        return Value::from(number as i64);
    }
    Value::from(number)
}
