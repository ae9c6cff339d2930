//! The behavior of the platform's runner as data (docs/interface/runner.md section 4 to section 9, section 12). A new
//! provider is a new row.

use serde::Serialize;

use crate::text::mask::MASK;

/// How a server runs sessions, as far as their credentials are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// In a pod, with the credentials as files and variables
    Pod,
    /// In a sandbox that never sees the stored credentials
    Sandbox,
    /// In a sandbox behind a managed gateway, with rewritten credentials
    Managed,
}

impl Target {
    /// Returns its name on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Sandbox => "sandbox",
            Self::Managed => "managed",
        }
    }
}

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
    /// The session runs in a sandbox, and nobody reads the stored secret.
    #[value(skip)]
    Sandbox,
    /// The session runs in a sandbox behind a managed gateway, whose proxy holds the secret.
    #[value(skip)]
    Managed,
}

impl Mode {
    /// Returns the mode of a target. A pod has several; `in_pod` is the one to assume.
    #[must_use]
    pub fn of(target: Target, in_pod: Self) -> Self {
        match target {
            Target::Pod => in_pod,
            Target::Sandbox => Self::Sandbox,
            Target::Managed => Self::Managed,
        }
    }

    /// Returns the target that this is a mode of.
    #[must_use]
    pub fn target(self) -> Target {
        match self {
            Self::InProcess | Self::InProcessApril | Self::Sidecar => Target::Pod,
            Self::Sandbox => Target::Sandbox,
            Self::Managed => Target::Managed,
        }
    }

    /// Returns a warning about this mode that applies to every provider.
    #[must_use]
    pub fn caveat(self) -> Option<&'static str> {
        match self {
            Self::InProcessApril => Some(
                "this version took the first credential of each provider in the whole list, bound or not",
            ),
            Self::InProcess | Self::Sidecar | Self::Sandbox | Self::Managed => None,
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
    /// Its mode on the platform; `None` if that is not known. On this machine it is always [`FILE_MODE`].
    pub mode: Option<u32>,
}

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The secret, byte for byte.
    Token,
    /// This text, whatever the secret is.
    Text(&'static str),
    /// The kubeconfig that a managed session gets: one context, and a placeholder for the token.
    Managed,
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

/// The reason why a session with a credential does not start.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// It starts nevertheless if the credential has all of these; if there are none, it never does.
    pub unless: &'static [ValueSource],
    /// The server's words; `{}` stands for the provider.
    pub words: &'static str,
}

/// The work of one mode with the credential of one provider.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub provider: &'static str,
    pub modes: &'static [Mode],
    pub file: Option<FileRule>,
    pub variables: &'static [VariableRule],
    pub mcp: Option<Mcp>,
    pub lifetime: Lifetime,
    pub refusal: Option<Refusal>,
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
/// The same version for uvx, which downloads the executable at first start without checking a sum. Later versions lack
/// the flags that the platform uses.
pub const MCP_SERVER_PYPI: &str = "kubernetes-mcp-server==0.0.67";
/// The name that the platform gives this server.
pub const MCP_NAME: &str = "openshift";

/// Variables that a cluster sets in its pods: a client without a kubeconfig would use the pod's own rights.
pub const CLUSTER_VARIABLES: &[&str] = &["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

const IN_PROCESS: &[Mode] = &[Mode::InProcess, Mode::InProcessApril];
const POD: &[Mode] = &[Mode::InProcess, Mode::InProcessApril, Mode::Sidecar];
const SANDBOX: &[Mode] = &[Mode::Sandbox];
const MANAGED: &[Mode] = &[Mode::Managed];

/// Stands for every provider without a row of its own in a mode.
pub const ANY: &str = "*";

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

/// The gateway's proxy holds the secret for as long as the session lives.
const AT_THE_PROXY: Lifetime = Lifetime {
    appears: "before the session's program starts",
    refreshed: "by the proxy, within minutes; the file stays the same",
    goes: "with the sandbox; without the binding, the session loses it or stops",
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
        mode: Some(FILE_MODE),
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

/// The model's address, the proxy that everything passes, and the authority that it shows.
const IN_SANDBOX: &[Setup] = &[
    setup("variable", "ANTHROPIC_BASE_URL", "https://inference.local"),
    setup("variable", "ANTHROPIC_API_KEY", "notused"),
    setup("variable", "HTTPS_PROXY", "http://10.200.0.1:3128"),
    setup("variable", "NO_PROXY", "127.0.0.1,localhost"),
    setup("variable", "SSL_CERT_FILE", SANDBOX_CA),
    setup("variable", "REQUESTS_CA_BUNDLE", SANDBOX_CA),
    setup("variable", "NODE_EXTRA_CA_CERTS", SANDBOX_CA),
    setup("file", "/tmp/initial_prompt.txt", "the first prompt"),
];
const SANDBOX_CA: &str = "/etc/openshell-tls/openshell-ca.pem";

/// Returns the settings that every session gets in a mode.
#[must_use]
pub fn always(mode: Mode) -> &'static [Setup] {
    match mode {
        Mode::InProcess | Mode::InProcessApril => GIT,
        Mode::Sidecar => GIT.split_at(GIT_IDENTITY).0,
        Mode::Sandbox => IN_SANDBOX,
        Mode::Managed => &[],
    }
}

/// Returns the row of a provider of which a session gets nothing, with the reasons.
const fn nothing(provider: &'static str, caveats: &'static [&'static str]) -> Row {
    Row {
        provider,
        modes: POD,
        file: None,
        variables: &[],
        mcp: None,
        lifetime: NEVER,
        refusal: None,
        caveats,
    }
}

/// Returns the row of a provider whose secret the proxy of a managed session sends for it.
const fn at_the_proxy(provider: &'static str, caveats: &'static [&'static str]) -> Row {
    Row {
        modes: MANAGED,
        lifetime: AT_THE_PROXY,
        ..nothing(provider, caveats)
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
    refusal: None,
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
    refusal: None,
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
        refusal: None,
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
        refusal: None,
        caveats: &[],
    },
    Row {
        provider: "gitlab",
        modes: IN_PROCESS,
        file: Some(file("/tmp/.ambient_gitlab_token", "gitlab_token")),
        variables: &[secret("GITLAB_TOKEN")],
        mcp: None,
        lifetime: EACH_TURN,
        refusal: None,
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
        refusal: None,
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
        refusal: None,
        caveats: &[],
    },
    GOOGLE,
    Row {
        modes: &[Mode::InProcessApril],
        lifetime: EACH_TURN,
        refusal: None,
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
            mode: Some(FILE_MODE),
        }),
        variables: &[path("GERRIT_CONFIG_PATH")],
        mcp: Some(Mcp::Image { name: "gerrit" }),
        lifetime: STAYS,
        refusal: None,
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
        refusal: None,
        caveats: &["the agent can read the file's token with the tool configuration_view"],
    },
    Row {
        modes: SANDBOX,
        ..nothing("kubeconfig", &[SANDBOX_NOTHING, SANDBOX_WAYS])
    },
    Row {
        modes: SANDBOX,
        ..nothing(ANY, &[SANDBOX_SECRET])
    },
    Row {
        provider: "kubeconfig",
        modes: MANAGED,
        file: Some(FileRule {
            path: MANAGED_KUBECONFIG_PATH,
            name: "kubeconfig",
            content: Content::Managed,
            mode: None,
        }),
        variables: &[path("KUBECONFIG")],
        mcp: None,
        lifetime: AT_THE_PROXY,
        refusal: None,
        caveats: &[
            "the token in the file is a placeholder, which only the platform's proxy replaces: anywhere else, the cluster \
             refuses it",
            "no Kubernetes MCP server is started, and none may use the cluster's address",
        ],
    },
    Row {
        refusal: Some(Refusal {
            unless: &[ValueSource::Url, ValueSource::Email],
            words: "invalid configuration: Jira credential requires URL and email",
        }),
        ..at_the_proxy("jira", &[UNSEEN_VARIABLES])
    },
    at_the_proxy(
        "vertex",
        &[
            UNSEEN_VARIABLES,
            "the credential needs the annotations vertex_project_id and vertex_region",
        ],
    ),
    at_the_proxy("google", &[UNSEEN_VARIABLES]),
    at_the_proxy("github", &[UNSEEN_VARIABLES]),
    at_the_proxy("codex", &[UNSEEN_VARIABLES]),
    at_the_proxy("anthropic", &[UNSEEN_VARIABLES]),
    at_the_proxy("copilot", &[UNSEEN_VARIABLES]),
    at_the_proxy("deepinfra", &[UNSEEN_VARIABLES]),
    at_the_proxy("nvidia", &[UNSEEN_VARIABLES]),
    Row {
        modes: MANAGED,
        refusal: Some(Refusal {
            unless: &[],
            words: "credential provider {} has no managed gateway profile",
        }),
        ..nothing(ANY, &[])
    },
];

/// The fixed path of a managed session's kubeconfig.
pub const MANAGED_KUBECONFIG_PATH: &str = "/sandbox/.config/acp/kubeconfig";
/// The programs that may use a managed session's kubeconfig.
pub const MANAGED_PROGRAMS: &[&str] = &["kubectl", "oc", "python3"];

/// Says that a sandbox session gets nothing of a kubeconfig.
pub const SANDBOX_NOTHING: &str =
    "a sandbox session gets nothing of it: no file, no KUBECONFIG, no MCP server";
/// How a cluster can be reached from a sandbox nevertheless.
pub const SANDBOX_WAYS: &str = "ways to a cluster from a sandbox: an image of your own or a Kubernetes Secret with the login, \
     which an administrator provides; a payload of the agent carries files without secrets, because everyone who may \
     read the agent can read them; the sandbox policy must allow the cluster's address";
const SANDBOX_SECRET: &str = "the stored secret is never read: a sandbox session takes the data of this provider from a \
     Kubernetes Secret, which an administrator provides";
const UNSEEN_VARIABLES: &str = "the gateway's proxy sends the secret for the session; which files and variables the session \
     sees is not known here";

/// Returns the row of a provider in a mode.
#[must_use]
pub fn row(provider: &str, mode: Mode) -> Option<&'static Row> {
    let of = |provider: &str| {
        let mut rows = ROWS.iter();
        rows.find(|row| row.provider == provider && row.modes.contains(&mode))
    };
    of(provider).or_else(|| of(ANY))
}

impl Row {
    /// Returns true if something of the credential reaches the session.
    #[must_use]
    pub fn delivers(&self) -> bool {
        self.lifetime != NEVER
    }
}

/// Variables that the programs of a session read, and that the runner does not set in some modes.
const ALSO_CLEARED: &[&str] = &[
    "GOOGLE_APPLICATION_CREDENTIALS",
    "USER_GOOGLE_EMAIL",
    "CODERABBIT_API_KEY",
];

/// Returns every variable that the runner may set. They are removed first, so that no value from the user's shell
/// remains.
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
        for row in ROWS
            .iter()
            .filter(|row| row.modes.iter().any(|mode| POD.contains(mode)))
        {
            for mode in POD {
                let rows = ROWS
                    .iter()
                    .filter(|other| other.provider == row.provider && other.modes.contains(mode))
                    .count();
                assert_eq!(rows, 1, "{} {mode:?}", row.provider);
            }
        }
    }

    #[test]
    fn outside_of_pods_every_provider_has_a_row() {
        for provider in ["kubeconfig", "github", "other"] {
            for mode in [Mode::Sandbox, Mode::Managed] {
                assert!(row(provider, mode).is_some(), "{provider} {mode:?}");
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
