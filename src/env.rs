//! Every environment variable that the program reads, in one list.
//!
//! An empty variable counts as unset (contract cli-core.md section 2.4). Nothing else in
//! the crate reads the environment; `clippy.toml` forbids it.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// One variable: its name and what it does, as the manual page shows it.
#[derive(Debug, Clone, Copy)]
pub struct Var {
    pub name: &'static str,
    pub help: &'static str,
    takes: Takes,
}

/// What a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Text. One that is not UTF-8 is an error: passed over, it would mean another server or login in silence.
    Text,
    /// A path, or a list of paths, in any bytes.
    Path,
    /// Whether it is set is what counts.
    Presence,
}

use Takes::{Path, Presence, Text};

macro_rules! variables {
    ($($id:ident = $name:literal, $takes:ident, $help:literal;)*) => {
        $(pub const $id: Var = Var { name: $name, help: $help, takes: $takes };)*
        /// All of them, in the order of the manual page.
        pub const ALL: &[Var] = &[$($id),*];
    };
}

variables! {
    CONFIG = "AMBIENT_CONFIG", Path, "Path of the configuration file.";
    API_URL = "AMBIENT_API_URL", Text, "Base URL of the API server; `local:` is the embedded API.";
    TOKEN = "AMBIENT_TOKEN", Text, "Bearer token; switches the refresh of a stored login off.";
    PROJECT = "AMBIENT_PROJECT", Text, "Project to work in.";
    REQUEST_TIMEOUT = "AMBIENT_REQUEST_TIMEOUT", Text, "Seconds that one request may take (a positive integer).";
    POLLING_INTERVAL = "AMBIENT_POLLING_INTERVAL", Text, "Seconds between two polls of `get --watch` (a positive integer).";
    COMPLETION_TIMEOUT = "AMBIENT_COMPLETION_TIMEOUT", Text, "Milliseconds that completion may take in all (a positive integer; default 250).";
    GRPC_URL = "AMBIENT_GRPC_URL", Text, "HOST:PORT of the gRPC endpoint for `get --watch`.";
    OPENSHIFT_PATTERN = "AMBIENT_OPENSHIFT_PATTERN", Text, "Text that marks an OpenShift route, in place of the known ones.";
    LOCAL_KEYRING = "AMBIENT_LOCAL_KEYRING", Text, "`off` keeps the key of the embedded API in a file beside its database.";
    KUBECONFIG = "KUBECONFIG", Path, "Kubeconfig files that `credential create` reads when `--context` names no file.";
    CI = "CI", Presence, "Set by CI systems: nothing is asked.";
    NO_COLOR = "NO_COLOR", Presence, "No colour.";
    CLICOLOR_FORCE = "CLICOLOR_FORCE", Presence, "Colour also where the output is not a terminal.";
    TERM = "TERM", Presence, "`dumb` means a terminal without colour.";
    PATH = "PATH", Path, "Where `doctor` looks for programs.";
    HOME = "HOME", Path, "Home directory.";
    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", Path, "Base of the configuration file's folder.";
    XDG_DATA_HOME = "XDG_DATA_HOME", Path, "Base of the embedded API's folder.";
    XDG_CACHE_HOME = "XDG_CACHE_HOME", Path, "Base of the completion cache.";
    XDG_RUNTIME_DIR = "XDG_RUNTIME_DIR", Path, "Where `session exec` keeps its private folder.";
    TMPDIR = "TMPDIR", Path, "The same, where `XDG_RUNTIME_DIR` is not set or others can write there.";
    BACKEND_API_URL = "BACKEND_API_URL", Text, "Base URL of the API for `session exec --from-env`, as the platform sets it in a pod.";
    CREDENTIAL_IDS = "CREDENTIAL_IDS", Text, "JSON object of provider and credential ID for `session exec --from-env`.";
    CREDENTIAL_MCP_URLS = "CREDENTIAL_MCP_URLS", Text, "JSON object whose keys are the providers that `session exec --from-env` leaves to sidecars.";
    PROJECT_NAME = "PROJECT_NAME", Text, "Project for `session exec --from-env`.";
    AGENTIC_SESSION_NAMESPACE = "AGENTIC_SESSION_NAMESPACE", Text, "The same, where `PROJECT_NAME` is not set.";
    SESSION_ID = "SESSION_ID", Text, "Session whose timeout `session exec --from-env` measures the credentials' ends by.";
    BOT_TOKEN = "BOT_TOKEN", Text, "Bearer token for `session exec --from-env` where the platform mounts none.";
    CP_TOKEN_URL = "AMBIENT_CP_TOKEN_URL", Text, "The platform's token exchange, which `session exec --from-env` does not speak: it says so where no token is at hand.";
    DISPLAY = "DISPLAY", Presence, "Set where windows can be shown: `login --use-auth-code` starts the browser.";
    WAYLAND_DISPLAY = "WAYLAND_DISPLAY", Presence, "The same.";
    DBUS_SESSION_BUS_ADDRESS = "DBUS_SESSION_BUS_ADDRESS", Presence, "Where the keyring is asked for; without it, `login` looks for none.";
    HTTP_PROXY = "HTTP_PROXY", Text, "Proxy for `http://` servers other than this machine.";
    HTTP_PROXY_LOWER = "http_proxy", Text, "The same.";
    HTTPS_PROXY = "HTTPS_PROXY", Text, "Proxy for `https://` servers other than this machine.";
    HTTPS_PROXY_LOWER = "https_proxy", Text, "The same.";
    NO_PROXY = "NO_PROXY", Text, "Servers that no proxy is used for: names, addresses, networks, `*` for all.";
    NO_PROXY_LOWER = "no_proxy", Text, "The same.";
    SSL_CERT_FILE = "SSL_CERT_FILE", Path, "Certificate authorities in place of the system's.";
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

/// Finds a program in the folders of `PATH`: the first file of this name that can be executed. Relative folders are
/// skipped, since the program may be started in another folder.
#[must_use]
pub fn program(name: impl AsRef<std::path::Path>) -> Option<PathBuf> {
    std::env::split_paths(&PATH.os()?)
        .map(|folder| folder.join(name.as_ref()))
        .find(|path| path.is_absolute() && is_executable(path))
}

fn is_executable(path: &std::path::Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// Replaces a leading `~/` by the home directory, for texts that no shell has expanded.
#[must_use]
pub fn in_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), HOME.path()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The first variable that is read as text and is not: no part of it is of use.
#[must_use]
pub fn not_text() -> Option<Var> {
    let is_damaged =
        |var: &&Var| var.takes == Text && var.os().is_some_and(|value| value.to_str().is_none());
    ALL.iter().find(is_damaged).copied()
}

impl Var {
    /// The value, if the variable is set and not empty. One line end is dropped: it comes with values from
    /// files, of Windows above all.
    #[must_use]
    pub fn get(self) -> Option<String> {
        let value = self.os()?.to_string_lossy().into_owned();
        let end = value.strip_suffix('\n').unwrap_or(&value);
        let end = end.strip_suffix('\r').unwrap_or(end);
        (!end.is_empty()).then(|| end.to_owned())
    }

    /// The value as a path, byte for byte.
    #[must_use]
    pub fn path(self) -> Option<PathBuf> {
        self.os().map(PathBuf::from)
    }

    /// The value in the system's form, if the variable is set and not empty.
    #[must_use]
    pub fn os(self) -> Option<OsString> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        std::env::var_os(self.name).filter(|value| !value.is_empty())
    }

    /// The value as a positive number of seconds; anything else counts as unset.
    #[must_use]
    pub fn seconds(self) -> Option<u64> {
        self.get()?.parse().ok().filter(|seconds| *seconds > 0)
    }
}
