//! The resources that `create` knows, with the flags that each uses.

use crate::resources::{
    AGENT, APPLICATION, CLUSTER, POLICY, PROJECT, PROVIDER, ROLE, ROLE_BINDING, Resource, SESSION,
    find_or_project_agent,
};

/// The flags of one resource.
pub(super) struct Creation {
    pub resource: &'static Resource,
    /// The required flags, in the order in which they are checked.
    pub required: &'static [&'static str],
    /// The flags that fill a field of the body, with the field.
    pub uses: &'static [(&'static str, &'static str)],
    /// The flags that are used in another way.
    otherwise: &'static [&'static str],
}

const KINDS: &[Creation] = &[
    Creation {
        resource: &SESSION,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("prompt", "prompt"),
            ("repo-url", "repo_url"),
            ("model", "llm_model"),
            ("max-tokens", "llm_max_tokens"),
            ("temperature", "llm_temperature"),
            ("timeout", "timeout"),
            ("agent-id", "agent_id"),
        ],
        otherwise: &["project-id"],
    },
    Creation {
        resource: &PROJECT,
        required: &["name"],
        uses: &[("name", "name"), ("description", "description")],
        otherwise: &[],
    },
    Creation {
        resource: &AGENT,
        required: &["project-id", "name"],
        uses: &[
            ("project-id", "project_id"),
            ("name", "name"),
            ("prompt", "prompt"),
        ],
        otherwise: &[],
    },
    Creation {
        resource: &ROLE,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("display-name", "display_name"),
            ("description", "description"),
            ("permissions", "permissions"),
        ],
        otherwise: &[],
    },
    Creation {
        resource: &ROLE_BINDING,
        required: &["role-id", "scope"],
        uses: &[
            ("role-id", "role_id"),
            ("scope", "scope"),
            ("user-id", "user_id"),
            ("project-id-fk", "project_id"),
            ("agent-id-fk", "agent_id"),
            ("session-id-fk", "session_id"),
            ("credential-id-fk", "credential_id"),
        ],
        otherwise: &["scope-id"],
    },
    Creation {
        resource: &APPLICATION,
        required: &[
            "name",
            "source-repo-url",
            "source-path",
            "destination-project",
        ],
        uses: &[
            ("name", "name"),
            ("source-repo-url", "source_repo_url"),
            ("source-path", "source_path"),
            ("destination-project", "destination_project"),
            ("source-target-revision", "source_target_revision"),
            ("destination-url", "destination_ambient_url"),
            ("credential-id", "credential_id"),
            ("auto-sync", "auto_sync"),
            ("auto-prune", "auto_prune"),
            ("self-heal", "self_heal"),
            ("retry-limit", "retry_limit"),
            ("labels", "labels"),
            ("annotations", "annotations"),
        ],
        otherwise: &[],
    },
    Creation {
        resource: &PROVIDER,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("type", "type"),
            ("secret", "secret"),
            ("labels", "labels"),
            ("annotations", "annotations"),
        ],
        otherwise: &["project-id"],
    },
    Creation {
        resource: &POLICY,
        required: &["name"],
        uses: &[
            ("name", "name"),
            ("spec", "spec"),
            ("labels", "labels"),
            ("annotations", "annotations"),
        ],
        otherwise: &["project-id"],
    },
    Creation {
        resource: &CLUSTER,
        required: &["name", "api-server-url", "role"],
        uses: &[
            ("name", "name"),
            ("api-server-url", "api_server_url"),
            ("role", "role"),
            ("description", "description"),
            ("credential-id", "credential_id"),
            ("labels", "labels"),
            ("annotations", "annotations"),
        ],
        otherwise: &[],
    },
];

impl Creation {
    /// Finds a resource by the word that a user typed, in any case; `None` if `create` does not know it.
    pub(super) fn of(word: &str) -> Option<&'static Self> {
        let resource = find_or_project_agent(word)?;
        KINDS
            .iter()
            .find(|kind| kind.resource.word == resource.word)
    }

    /// True if the resource uses the flag.
    pub(super) fn knows(&self, flag: &str) -> bool {
        self.otherwise.contains(&flag) || self.uses.iter().any(|(used, _)| *used == flag)
    }

    pub(super) fn is(&self, resource: &Resource) -> bool {
        self.resource.word == resource.word
    }
}
