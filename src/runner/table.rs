//! The behavior of the platform's runner as data (docs/interface/runner.md section 4 to section 9). A new provider is a new row.

use serde::Serialize;

use crate::text::mask::MASK;

/// How the platform hands a session its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The runner fetches the secrets and writes the files, as it does today.
    #[default]
    InProcess,
    /// The first version with kubeconfigs, of April 2026.
    InProcessApril,
    /// A container beside the runner holds the secret; the runner gets an address only.
    Sidecar,
}

impl Mode {
    /// Returns a warning about this mode that applies to every provider.
    #[must_use]
    pub fn caveat(self) -> Option<&'static str> {
        match self {
            Self::InProcessApril => Some(
                "this version took the first credential of each provider in the whole list, bound or not",
            ),
            Self::InProcess | Self::Sidecar => None,
        }
    }
}

/// The source of a variable's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueSource {
    /// The secret as stored.
    Token,
    /// The address in the credential's metadata.
    Url,
    /// The e-mail address in the credential's metadata.
    Email,
    /// The path of this provider's file.
    Path,
    /// Always empty: the runner takes the value from a field that the token route never sends.
    Empty,
}

/// A variable that the runner sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct VariableRule {
    pub name: &'static str,
    pub value: ValueSource,
}

/// The one file of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRule {
    /// Its path on the platform.
    pub path: &'static str,
    /// Its name in the private folder of `session exec`.
    pub name: &'static str,
    pub content: Content,
}

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The secret, byte for byte.
    Token,
    /// This text, whatever the secret is.
    Text(&'static str),
}

/// The MCP server that an agent gets for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Mcp {
    Stdio {
        name: &'static str,
        command: &'static str,
        args: &'static [&'static str],
        #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "shown")]
        env: &'static [(&'static str, McpValue)],
    },
    Sse {
        name: &'static str,
        url: &'static str,
    },
    /// A program in the session's image.
    Image { name: &'static str },
}

/// The value of a variable of an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McpValue {
    Text(&'static str),
    /// The secret.
    Token,
}

impl McpValue {
    /// Returns the value as people may see it.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Text(text) => text,
            Self::Token => MASK,
        }
    }
}

fn shown<S: serde::Serializer>(
    env: &&'static [(&'static str, McpValue)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(env.iter().map(|(name, value)| (name, value.shown())))
}

/// A setting that every session gets, whatever credentials are bound to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Setup {
    /// `variable`, `file`, or `git` for a global setting of Git.
    pub kind: &'static str,
    pub name: &'static str,
    pub value: &'static str,
}

/// When the secret is written to a session, refreshed and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lifetime {
    pub appears: &'static str,
    pub refreshed: &'static str,
    pub goes: &'static str,
}

/// What one mode does with the credential of one provider.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub provider: &'static str,
    pub modes: &'static [Mode],
    pub file: Option<FileRule>,
    pub variables: &'static [VariableRule],
    pub mcp: Option<Mcp>,
    pub lifetime: Lifetime,
    /// Unexpected behavior, shown as warnings.
    pub caveats: &'static [&'static str],
}

/// The mode of every file with a secret.
pub const FILE_MODE: u32 = 0o600;
/// The longest secret that every mode accepts, in bytes (docs/interface/runner.md section 3.3).
pub const MAX_TOKEN: usize = 1 << 20;
/// The fixed path of the platform's kubeconfig.
pub const KUBECONFIG_PATH: &str = "/tmp/.ambient_kubeconfig";
/// The version of the MCP server whose npm package contains its executable (docs/interface/runner.md section 9.1).
pub const MCP_SERVER: &str = "kubernetes-mcp-server@0.0.67";
/// The same version for uvx, which downloads the executable at first start without checking a sum. Later versions lack the
/// flags that the platform uses.
pub const MCP_SERVER_PYPI: &str = "kubernetes-mcp-server==0.0.67";
/// The name that the platform gives this server.
pub const MCP_NAME: &str = "openshift";

/// Variables that a cluster sets in its pods: a client without a kubeconfig would use the pod's own rights.
pub const CLUSTER_VARIABLES: &[&str] = &["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

const IN_PROCESS: &[Mode] = &[Mode::InProcess, Mode::InProcessApril];
const ALL: &[Mode] = &[Mode::InProcess, Mode::InProcessApril, Mode::Sidecar];

const EACH_TURN: Lifetime = Lifetime {
    appears: "when a turn of the session starts",
    refreshed: "when the next turn starts",
    goes: "when the turn ends",
};
/// The clean-up at the end of a turn leaves the file.
const STAYS: Lifetime = Lifetime {
    goes: "when the session's pod ends; the end of a turn leaves the file",
    ..EACH_TURN
};
const IN_SIDECAR: Lifetime = Lifetime {
    appears: "when the session's pod starts",
    refreshed: "never: the running server keeps the first value",
    goes: "when the session's pod ends",
};
const NEVER: Lifetime = Lifetime {
    appears: "never",
    refreshed: "never",
    goes: "never",
};

const fn secret(name: &'static str) -> VariableRule {
    VariableRule {
        name,
        value: ValueSource::Token,
    }
}

const fn path(name: &'static str) -> VariableRule {
    VariableRule {
        name,
        value: ValueSource::Path,
    }
}

const fn url(name: &'static str) -> VariableRule {
    VariableRule {
        name,
        value: ValueSource::Url,
    }
}

const fn email(name: &'static str) -> VariableRule {
    VariableRule {
        name,
        value: ValueSource::Email,
    }
}

const fn empty(name: &'static str) -> VariableRule {
    VariableRule {
        name,
        value: ValueSource::Empty,
    }
}

const fn file(path: &'static str, name: &'static str) -> FileRule {
    FileRule {
        path,
        name,
        content: Content::Token,
    }
}

const KUBECONFIG_FILE: FileRule = file(KUBECONFIG_PATH, "kubeconfig");

const fn setup(kind: &'static str, name: &'static str, value: &'static str) -> Setup {
    Setup { kind, name, value }
}

/// The author of commits, and the helpers that give a login to Git and `gh`.
const GIT: &[Setup] = &[
    setup("variable", "GIT_USER_NAME", "Ambient Code Bot"),
    setup("variable", "GIT_USER_EMAIL", "bot@ambient-code.local"),
    setup("git", "user.name", "Ambient Code Bot"),
    setup("git", "user.email", "bot@ambient-code.local"),
    setup("git", "credential.helper", "/tmp/git-credential-ambient"),
    setup("file", "/tmp/git-credential-ambient", "mode 0755"),
    setup(
        "file",
        "/tmp/ambient-gh-*/gh",
        "mode 0700, its folder first in PATH",
    ),
];
/// The number of settings that a sidecar leaves.
const GIT_IDENTITY: usize = 4;

/// Returns the settings that every session gets in a mode.
#[must_use]
pub fn always(mode: Mode) -> &'static [Setup] {
    match mode {
        Mode::InProcess | Mode::InProcessApril => GIT,
        Mode::Sidecar => GIT.split_at(GIT_IDENTITY).0,
    }
}

/// Returns the row of a provider of which a session gets nothing, with the reasons.
const fn nothing(provider: &'static str, caveats: &'static [&'static str]) -> Row {
    Row {
        provider,
        modes: ALL,
        file: None,
        variables: &[],
        mcp: None,
        lifetime: NEVER,
        caveats,
    }
}

const GOOGLE: Row = Row {
    provider: "google",
    modes: &[Mode::InProcess],
    file: Some(file(
        "/workspace/.google_workspace_mcp/credentials/credentials.json",
        "google_credentials.json",
    )),
    variables: &[],
    mcp: Some(Mcp::Stdio {
        name: "google-workspace",
        command: "uvx",
        args: &[
            "workspace-mcp@1.17.1",
            "--permissions",
            "gmail:send",
            "drive:full",
        ],
        env: &[
            (
                "GOOGLE_MCP_CREDENTIALS_DIR",
                McpValue::Text("${GOOGLE_MCP_CREDENTIALS_DIR}"),
            ),
            ("MCP_SINGLE_USER_MODE", McpValue::Text("1")),
            (
                "GOOGLE_OAUTH_CLIENT_ID",
                McpValue::Text("${GOOGLE_OAUTH_CLIENT_ID}"),
            ),
            (
                "GOOGLE_OAUTH_CLIENT_SECRET",
                McpValue::Text("${GOOGLE_OAUTH_CLIENT_SECRET}"),
            ),
            (
                "GOOGLE_OAUTH_REDIRECT_URI",
                McpValue::Text("${GOOGLE_OAUTH_REDIRECT_URI}"),
            ),
            ("USER_GOOGLE_EMAIL", McpValue::Text("user@example.com")),
        ],
    }),
    lifetime: STAYS,
    caveats: &[
        UNNAMED_FILE,
        "if the platform uses Vertex, GOOGLE_APPLICATION_CREDENTIALS is set and the Vertex key in that file is overwritten instead",
    ],
};
const UNNAMED_FILE: &str = "no variable names the file: GOOGLE_APPLICATION_CREDENTIALS is not set";

/// One host without a name: the runner gets no more from the answer of the token route.
const GERRIT_CONFIG: &str = "{\n  \"gerrit_hosts\": [\n    {\n      \"name\": \"\",\n      \"external_url\": \"\"\n    }\n  ],\n  \"default_gerrit_base_url\": \"\"\n}";

const IN_PROCESS_KUBECONFIG: Row = Row {
    provider: "kubeconfig",
    modes: &[Mode::InProcess],
    file: Some(KUBECONFIG_FILE),
    variables: &[path("KUBECONFIG")],
    mcp: Some(Mcp::Stdio {
        name: MCP_NAME,
        command: "uvx",
        args: &[
            "kubernetes-mcp-server@latest",
            "--kubeconfig",
            KUBECONFIG_PATH,
            "--disable-multi-cluster",
        ],
        env: &[],
    }),
    lifetime: EACH_TURN,
    caveats: &[READABLE, UNPINNED, CRASHES],
};

const READABLE: &str =
    "the session can read the file, and its token with the tool configuration_view";
const UNPINNED: &str = "the platform's MCP server is not pinned to a version, and fails in every new session now: \
     version 0.0.68 and later end with 'unknown flag' at the platform's flags";
const CRASHES: &str = "an older MCP server that is still installed crashes on its first call after the file was \
     removed at the end of a turn";

/// All providers in all modes. A provider without a row here gives a session nothing.
pub const ROWS: &[Row] = &[
    Row {
        provider: "github",
        modes: IN_PROCESS,
        file: Some(file("/tmp/.ambient_github_token", "github_token")),
        variables: &[secret("GITHUB_TOKEN")],
        mcp: None,
        lifetime: EACH_TURN,
        caveats: &[
            "the platform's git helper gives this token to every host with github in its name",
        ],
    },
    Row {
        provider: "github",
        modes: &[Mode::Sidecar],
        file: None,
        variables: &[secret("GITHUB_PERSONAL_ACCESS_TOKEN")],
        mcp: Some(Mcp::Sse {
            name: "github",
            url: "http://localhost:8091/sse",
        }),
        lifetime: IN_SIDECAR,
        caveats: &[],
    },
    Row {
        provider: "gitlab",
        modes: IN_PROCESS,
        file: Some(file("/tmp/.ambient_gitlab_token", "gitlab_token")),
        variables: &[secret("GITLAB_TOKEN")],
        mcp: None,
        lifetime: EACH_TURN,
        caveats: &[
            "the platform's git helper gives this token to every host with gitlab in its name",
        ],
    },
    Row {
        modes: &[Mode::Sidecar],
        ..nothing(
            "gitlab",
            &["there is no sidecar for gitlab: a session with any sidecar gets none of it"],
        )
    },
    Row {
        provider: "jira",
        modes: IN_PROCESS,
        file: None,
        variables: &[
            empty("JIRA_URL"),
            empty("JIRA_EMAIL"),
            secret("JIRA_API_TOKEN"),
        ],
        mcp: Some(Mcp::Stdio {
            name: "mcp-atlassian",
            command: "uvx",
            args: &["mcp-atlassian"],
            env: &[
                ("JIRA_URL", McpValue::Text("")),
                ("JIRA_USERNAME", McpValue::Text("")),
                ("JIRA_API_TOKEN", McpValue::Token),
                ("JIRA_SSL_VERIFY", McpValue::Text("true")),
                ("READ_ONLY_MODE", McpValue::Text("true")),
            ],
        }),
        lifetime: EACH_TURN,
        caveats: &[
            "the platform's token route sends neither address nor e-mail: JIRA_URL and JIRA_EMAIL are set and empty",
            "the MCP server's version is not pinned",
        ],
    },
    Row {
        provider: "jira",
        modes: &[Mode::Sidecar],
        file: None,
        variables: &[
            url("JIRA_URL"),
            email("JIRA_USERNAME"),
            secret("JIRA_API_TOKEN"),
        ],
        mcp: Some(Mcp::Sse {
            name: "mcp-atlassian",
            url: "http://localhost:8092/sse",
        }),
        lifetime: IN_SIDECAR,
        caveats: &[],
    },
    GOOGLE,
    Row {
        modes: &[Mode::InProcessApril],
        lifetime: EACH_TURN,
        caveats: &[
            UNNAMED_FILE,
            "the end of a turn also removes the file that GOOGLE_APPLICATION_CREDENTIALS names, whoever wrote it",
        ],
        ..GOOGLE
    },
    Row {
        modes: &[Mode::Sidecar],
        ..nothing(
            "google",
            &[
                "the sidecar takes an OAuth access token only; a stored service account sets nothing",
            ],
        )
    },
    nothing(
        "vertex",
        &["the runner never fetches it: the key comes from a cluster secret"],
    ),
    nothing(
        "coderabbit",
        &["the token route never sends the field that the runner reads"],
    ),
    Row {
        provider: "gerrit",
        modes: &[Mode::InProcess],
        file: Some(FileRule {
            path: "/tmp/gerrit-mcp/gerrit_config.json",
            name: "gerrit_config.json",
            content: Content::Text(GERRIT_CONFIG),
        }),
        variables: &[path("GERRIT_CONFIG_PATH")],
        mcp: Some(Mcp::Image { name: "gerrit" }),
        lifetime: STAYS,
        caveats: &[
            "the runner wants a list of instances, and the token route sends an object: the file names one host \
             without name and address, and no login",
        ],
    },
    Row {
        modes: &[Mode::InProcessApril, Mode::Sidecar],
        ..nothing(
            "gerrit",
            &["the runner wants a list of instances, and the token route sends an object"],
        )
    },
    IN_PROCESS_KUBECONFIG,
    Row {
        modes: &[Mode::InProcessApril],
        caveats: &[
            READABLE,
            UNPINNED,
            CRASHES,
            "the MCP server was in every session, and failed to start in those without a kubeconfig",
        ],
        ..IN_PROCESS_KUBECONFIG
    },
    Row {
        provider: "kubeconfig",
        modes: &[Mode::Sidecar],
        file: Some(KUBECONFIG_FILE),
        variables: &[path("KUBECONFIG")],
        mcp: Some(Mcp::Sse {
            name: MCP_NAME,
            url: "http://localhost:8093/sse",
        }),
        lifetime: Lifetime {
            refreshed: "every 5 minutes",
            ..IN_SIDECAR
        },
        caveats: &["the agent can read the file's token with the tool configuration_view"],
    },
];

/// Returns the row of a provider in a mode.
#[must_use]
pub fn row(provider: &str, mode: Mode) -> Option<&'static Row> {
    ROWS.iter()
        .find(|row| row.provider == provider && row.modes.contains(&mode))
}

/// Variables that the programs of a session read, and that the runner does not set in some modes.
const ALSO_CLEARED: &[&str] = &[
    "GOOGLE_APPLICATION_CREDENTIALS",
    "USER_GOOGLE_EMAIL",
    "CODERABBIT_API_KEY",
];

/// Returns every variable that the runner may set. They are removed first, so that no value from the user's shell remains.
pub fn variable_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter()
        .flat_map(|row| row.variables)
        .map(|variable| variable.name)
        .chain(CLUSTER_VARIABLES.iter().copied())
        .chain(ALSO_CLEARED.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_one_row_in_each_mode() {
        for row in ROWS {
            for mode in ALL {
                let rows = ROWS
                    .iter()
                    .filter(|other| other.provider == row.provider && other.modes.contains(mode))
                    .count();
                assert_eq!(rows, 1, "{} {mode:?}", row.provider);
            }
        }
    }

    #[test]
    fn a_path_needs_a_file() {
        for row in ROWS {
            let names_a_path = row
                .variables
                .iter()
                .any(|variable| variable.value == ValueSource::Path);
            assert!(!names_a_path || row.file.is_some(), "{}", row.provider);
        }
    }
}
