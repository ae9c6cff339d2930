//! Every environment variable that the program reads, in one list.
//!
//! An empty variable counts as unset (contract cli-core.md section 2.4). Nothing else in
//! the crate reads the environment; `clippy.toml` forbids it.

/// One variable: its name and what it does, as the manual page shows it.
#[derive(Debug, Clone, Copy)]
pub struct Var {
    pub name: &'static str,
    pub help: &'static str,
}

macro_rules! variables {
    ($($id:ident = $name:literal, $help:literal;)*) => {
        $(pub const $id: Var = Var { name: $name, help: $help };)*
        /// All of them, in the order of the manual page.
        pub const ALL: &[Var] = &[$($id),*];
    };
}

variables! {
    CONFIG = "AMBIENT_CONFIG", "Path of the configuration file.";
    API_URL = "AMBIENT_API_URL", "Base URL of the API server; `local:` is the embedded API.";
    TOKEN = "AMBIENT_TOKEN", "Bearer token; switches the refresh of a stored login off.";
    PROJECT = "AMBIENT_PROJECT", "Project to work in.";
    REQUEST_TIMEOUT = "AMBIENT_REQUEST_TIMEOUT", "Seconds that one request may take (a positive integer).";
    POLLING_INTERVAL = "AMBIENT_POLLING_INTERVAL", "Seconds between two polls of `get --watch` (a positive integer).";
    COMPLETION_TIMEOUT = "AMBIENT_COMPLETION_TIMEOUT", "Milliseconds that completion may take in all (a positive integer; default 250).";
    GRPC_URL = "AMBIENT_GRPC_URL", "HOST:PORT of the gRPC endpoint for `get --watch`.";
    OPENSHIFT_PATTERN = "AMBIENT_OPENSHIFT_PATTERN", "Text that marks an OpenShift route, in place of the known ones.";
    LOCAL_KEYRING = "AMBIENT_LOCAL_KEYRING", "`off` keeps the key of the embedded API in a file beside its database.";
    KUBECONFIG = "KUBECONFIG", "Kubeconfig files that `credential create` reads when `--context` names no file.";
    CI = "CI", "Set by CI systems: nothing is asked.";
    NO_COLOR = "NO_COLOR", "No colour.";
    CLICOLOR_FORCE = "CLICOLOR_FORCE", "Colour also where the output is not a terminal.";
    TERM = "TERM", "`dumb` means a terminal without colour.";
    PATH = "PATH", "Where `doctor` looks for programs.";
    HOME = "HOME", "Home directory.";
    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", "Base of the configuration file's folder.";
    XDG_DATA_HOME = "XDG_DATA_HOME", "Base of the embedded API's folder.";
    XDG_CACHE_HOME = "XDG_CACHE_HOME", "Base of the completion cache.";
    XDG_RUNTIME_DIR = "XDG_RUNTIME_DIR", "Where `session exec` keeps its private folder.";
    TMPDIR = "TMPDIR", "The same, where `XDG_RUNTIME_DIR` is not set or others can write there.";
    BACKEND_API_URL = "BACKEND_API_URL", "Base URL of the API for `session exec --from-env`, as the platform sets it in a pod.";
    CREDENTIAL_IDS = "CREDENTIAL_IDS", "JSON object of provider and credential ID for `session exec --from-env`.";
    CREDENTIAL_MCP_URLS = "CREDENTIAL_MCP_URLS", "JSON object whose keys are the providers that `session exec --from-env` leaves to sidecars.";
    PROJECT_NAME = "PROJECT_NAME", "Project for `session exec --from-env`.";
    AGENTIC_SESSION_NAMESPACE = "AGENTIC_SESSION_NAMESPACE", "The same, where `PROJECT_NAME` is not set.";
    SESSION_ID = "SESSION_ID", "Session whose timeout `session exec --from-env` measures the credentials' ends by.";
    BOT_TOKEN = "BOT_TOKEN", "Bearer token for `session exec --from-env` where the platform mounts none.";
    CP_TOKEN_URL = "AMBIENT_CP_TOKEN_URL", "The platform's token exchange, which `session exec --from-env` does not speak: it says so where no token is at hand.";
    DISPLAY = "DISPLAY", "Set where windows can be shown: `login --use-auth-code` starts the browser.";
    WAYLAND_DISPLAY = "WAYLAND_DISPLAY", "The same.";
    DBUS_SESSION_BUS_ADDRESS = "DBUS_SESSION_BUS_ADDRESS", "Where the keyring is asked for; without it, `login` looks for none.";
    HTTP_PROXY = "HTTP_PROXY", "Proxy for `http://` servers other than this machine.";
    HTTP_PROXY_LOWER = "http_proxy", "The same.";
    HTTPS_PROXY = "HTTPS_PROXY", "Proxy for `https://` servers other than this machine.";
    HTTPS_PROXY_LOWER = "https_proxy", "The same.";
    NO_PROXY = "NO_PROXY", "Servers that no proxy is used for: names, addresses, networks, `*` for all.";
    NO_PROXY_LOWER = "no_proxy", "The same.";
    SSL_CERT_FILE = "SSL_CERT_FILE", "Certificate authorities in place of the system's.";
}

/// A variable that the user names, in a manifest.
#[must_use]
pub fn named(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    std::env::var(name).ok()
}

impl Var {
    /// The value, if the variable is set, not empty and Unicode.
    #[must_use]
    pub fn get(self) -> Option<String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        std::env::var(self.name)
            .ok()
            .filter(|value| !value.is_empty())
    }

    /// The value as a positive number of seconds; anything else counts as unset.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        self.get()?.parse().ok().filter(|seconds| *seconds > 0)
    }
}
