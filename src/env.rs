//! Every environment variable that the program reads, in one list.
//!
//! An empty variable counts as unset (docs/interface/cli-core.md section 2.4). No other code reads the environment;
//! `clippy.toml` forbids it.

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::system::{self, files};

/// A variable: its name, and its effect as the manual page describes it.
#[derive(Debug, Clone, Copy)]
pub struct Var {
    pub name: &'static str,
    pub help: &'static str,
    takes: Takes,
}

/// The kind of a variable's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Text. A value that is not UTF-8 is an error: ignoring it would silently choose another server or login.
    Text,
    /// A path, or a list of paths, in any bytes.
    Path,
    /// Whether the variable is set matters, for some also whether it says no.
    Presence,
}

use Takes::{Path, Presence, Text};

macro_rules! variables {
    ($($id:ident = $name:expr, $takes:ident, $help:literal;)*) => {
        $(pub(crate) const $id: Var = Var { name: $name, help: $help, takes: $takes };)*
        /// All variables, in the order of the manual page.
        pub const ALL: &[Var] = &[$($id),*];
    };
}

variables! {
    CONFIG = "AMBIENT_CONFIG", Path, "Path of the configuration file.";
    CONTEXT = "AMBIENT_CONTEXT", Text, "Context of the configuration file to use, as with `--context-name`.";
    API_URL = "AMBIENT_API_URL", Text, "Base URL of the API server; `local:` is the embedded API.";
    TOKEN = "AMBIENT_TOKEN", Text, "Bearer token; stored logins are not refreshed then. `--context-name` wins over it.";
    ISSUER_URL = "AMBIENT_ISSUER_URL", Text, "Issuer of a job's login without `acpctl login`, and the default of `login --issuer-url`.";
    CLIENT_ID = "AMBIENT_CLIENT_ID", Text, "Client of the same, and the default of `login --client-id`.";
    CLIENT_SECRET = "AMBIENT_CLIENT_SECRET", Text, "Secret of that client; also renews and revokes a stored login that was made with it.";
    CLIENT_SECRET_FILE = "AMBIENT_CLIENT_SECRET_FILE", Path, "File with that secret.";
    ID_TOKEN = "AMBIENT_ID_TOKEN", Text, "ID token of the CI system that takes the place of the client secret.";
    ID_TOKEN_FILE = "AMBIENT_ID_TOKEN_FILE", Path, "File with that ID token.";
    ID_TOKEN_GRANT = "AMBIENT_ID_TOKEN_GRANT", Text, "Use of the ID token: `token-exchange` (default), `jwt-bearer` or `client-assertion`.";
    ID_TOKEN_AUDIENCE = "AMBIENT_ID_TOKEN_AUDIENCE", Text, "Audience of the ID token that GitHub makes (default: the issuer).";
    ACTIONS_ID_TOKEN_REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL", Text, "Set by GitHub in jobs with `id-token: write`: address of ID tokens.";
    ACTIONS_ID_TOKEN_REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN", Text, "Set by GitHub beside it.";
    PROJECT = "AMBIENT_PROJECT", Text, "Project to work in.";
    REQUEST_TIMEOUT = "AMBIENT_REQUEST_TIMEOUT", Text, "Time limit for one request, in seconds or as a duration: `90`, `90s`.";
    CONNECT_TIMEOUT = "AMBIENT_CONNECT_TIMEOUT", Text, "Time limit for connecting to the server, in seconds or as a duration.";
    RETRIES = "AMBIENT_RETRIES", Text, "How often a request that is safe to repeat is retried (0 to 100).";
    POLLING_INTERVAL = "AMBIENT_POLLING_INTERVAL", Text, "Pause between two polls of `get --watch`, in seconds or as a duration.";
    COMPLETION_TIMEOUT = "AMBIENT_COMPLETION_TIMEOUT", Text, "Milliseconds that one completion may take (a positive integer; default 250).";
    GRPC_URL = "AMBIENT_GRPC_URL", Text, "HOST:PORT of the gRPC endpoint: only checked, since `get --watch` polls.";
    OPENSHIFT_PATTERN = "AMBIENT_OPENSHIFT_PATTERN", Text, "Text that marks an OpenShift route, in place of the known ones.";
    LOCAL_KEYRING = "AMBIENT_LOCAL_KEYRING", Text, "`off` keeps the key of the embedded API in a file beside its database.";
    KUBECONFIG = "KUBECONFIG", Path, "Kubeconfig files that `credential create --context NAME` reads if no file is given.";
    DIGEST_KEY = "AMBIENT_DIGEST_KEY", Text, "Secret of 32 characters at least that all jobs share: they then recognize a credential that holds the same, in place of the key in `~/.local/share/ambient`.";
    NO_SECRET_ARGS = "AMBIENT_NO_SECRET_ARGS", Presence, "Set: a secret on the command line is refused instead of warned about.";
    RELEASE_URL = "ACPCTL_RELEASE_URL", Text, "Address that `version --check` asks for the newest release of acpctl.";
    CI = "CI", Presence, "CI systems set it: nothing prompts then. `false`, `0`, `no` and `off` count as unset.";
    ACPCTL_PAGER = "ACPCTL_PAGER", Text, "Program that shows output that is longer than the window of a terminal; `cat` for none. It wins over `config set pager` and `PAGER`.";
    PAGER = "PAGER", Text, "The same, if neither `ACPCTL_PAGER` nor the configuration file names one (default `less -FRX`).";
    NO_COLOR = "NO_COLOR", Presence, "Disables color.";
    CLICOLOR_FORCE = "CLICOLOR_FORCE", Presence, "Enables color even if the output is not a terminal.";
    FORCE_COLOR = "FORCE_COLOR", Presence, "The same; `0` and `false` disable color.";
    TERM = "TERM", Presence, "`dumb` stands for a terminal without color.";
    PATH = "PATH", Path, "Folders in which programs are searched for.";
    HOME = system::HOME, Path, "Home directory.";
    APPDATA = "APPDATA", Path, "On Windows: base of the configuration file's folder.";
    XDG_CONFIG_HOME = "XDG_CONFIG_HOME", Path, "Base of the configuration file's folder.";
    XDG_DATA_HOME = "XDG_DATA_HOME", Path, "Base of the embedded API's folder.";
    XDG_CACHE_HOME = "XDG_CACHE_HOME", Path, "Base of the completion cache.";
    XDG_RUNTIME_DIR = "XDG_RUNTIME_DIR", Path, "Folder in which `session exec` creates its private folder.";
    TMPDIR = "TMPDIR", Path, "The same, if `XDG_RUNTIME_DIR` is not set or others can write there.";
    BACKEND_API_URL = "BACKEND_API_URL", Text, "Base URL of the API for `session exec --from-env`, as the platform sets it in a pod.";
    CREDENTIAL_IDS = "CREDENTIAL_IDS", Text, "JSON object of provider and credential ID for `session exec --from-env`.";
    CREDENTIAL_MCP_URLS = "CREDENTIAL_MCP_URLS", Text, "JSON object whose keys are the providers that `session exec --from-env` leaves to sidecars.";
    PROJECT_NAME = "PROJECT_NAME", Text, "Project for `session exec --from-env`.";
    AGENTIC_SESSION_NAMESPACE = "AGENTIC_SESSION_NAMESPACE", Text, "The same, if `PROJECT_NAME` is not set.";
    SESSION_ID = "SESSION_ID", Text, "Session of `session exec --from-env`: a credential that expires before its timeout gets a warning.";
    BOT_TOKEN = "BOT_TOKEN", Text, "Bearer token for `session exec --from-env`, if the platform mounts none.";
    CP_TOKEN_URL = "AMBIENT_CP_TOKEN_URL", Text, "The platform's token exchange, which `session exec --from-env` does not support: it reports that if no token is available.";
    VISUAL = "VISUAL", Text, "Editor of `edit`.";
    EDITOR = "EDITOR", Text, "The same, if `VISUAL` is not set; without both, `vi` is used on a terminal.";
    DISPLAY = "DISPLAY", Presence, "Set on a graphical desktop: `login` starts the browser.";
    WAYLAND_DISPLAY = "WAYLAND_DISPLAY", Presence, "The same.";
    DBUS_SESSION_BUS_ADDRESS = "DBUS_SESSION_BUS_ADDRESS", Presence, "Address of the bus of the keyring; without it, `login` does not search for a keyring.";
    HTTP_PROXY = "HTTP_PROXY", Text, "Proxy for `http://` servers other than this machine.";
    HTTP_PROXY_LOWER = "http_proxy", Text, "The same.";
    HTTPS_PROXY = "HTTPS_PROXY", Text, "Proxy for `https://` servers other than this machine.";
    HTTPS_PROXY_LOWER = "https_proxy", Text, "The same.";
    NO_PROXY = "NO_PROXY", Text, "Servers that are reached without a proxy: names, addresses, networks, `*` for all.";
    NO_PROXY_LOWER = "no_proxy", Text, "The same.";
    SSL_CERT_FILE = "SSL_CERT_FILE", Path, "Certificate authorities that replace the system's.";
}

/// The variables with which a job proves to an issuer who it is, or recognizes secrets. They are not meant for programs
/// that acpctl starts.
pub(crate) const JOB_SECRETS: &[Var] = &[
    DIGEST_KEY,
    CLIENT_SECRET,
    CLIENT_SECRET_FILE,
    ID_TOKEN,
    ID_TOKEN_FILE,
    ACTIONS_ID_TOKEN_REQUEST_URL,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN,
];

/// Returns the value of a variable that the user names in a manifest.
#[must_use]
pub(crate) fn named(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    std::env::var(name).ok()
}

/// Returns the path of a program in each folder of `PATH`, in their order. The caller checks which of them exist.
pub(crate) fn on_path(program: &OsStr) -> impl Iterator<Item = PathBuf> {
    let folders: Vec<PathBuf> = PATH
        .os()
        .map(|list| std::env::split_paths(&list).collect())
        .unwrap_or_default();
    let program = program.to_owned();
    folders.into_iter().map(move |folder| folder.join(&program))
}

/// Finds a program in the folders of `PATH`: the first file of this name that can be executed. Relative folders are
/// skipped, since the program may be started in another folder.
#[must_use]
pub(crate) fn program(name: impl AsRef<std::path::Path>) -> Option<PathBuf> {
    let name = name.as_ref().as_os_str();
    let mut with_suffix = name.to_owned();
    with_suffix.push(EXE_SUFFIX);
    on_path(&with_suffix)
        .chain(on_path(name))
        .find(|path| path.is_absolute() && is_executable(path))
}

/// Returns the names of the programs in the folders of `PATH` that begin with a text, sorted.
#[must_use]
pub(crate) fn programs(start: &str) -> BTreeSet<String> {
    let folders = PATH.os().unwrap_or_default();
    let folders = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    let entries = folders.filter_map(|folder| std::fs::read_dir(folder).ok());
    let entries = entries.flatten().flatten();
    let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().ok();
    entries
        .filter_map(|entry| Some((name(&entry)?, entry.path())))
        .filter(|(name, path)| name.starts_with(start) && is_executable(path))
        .map(|(name, _)| name)
        .collect()
}

fn is_executable(path: &std::path::Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| files::is_executable(&about))
}

/// Replaces a leading `~/` by the home directory, for texts that no shell has expanded.
#[must_use]
pub(crate) fn in_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), HOME.path()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Returns the first variable that must be text and is not UTF-8.
#[must_use]
pub(crate) fn not_text() -> Option<Var> {
    let is_damaged =
        |var: &&Var| var.takes == Text && var.os().is_some_and(|value| value.to_str().is_none());
    ALL.iter().find(is_damaged).copied()
}

impl Var {
    /// Returns the value, if the variable is set and not empty. One line end is dropped: values that come from files
    /// end in one, in a Windows file in two characters.
    #[must_use]
    pub fn get(self) -> Option<String> {
        let value = self.os()?.to_string_lossy().into_owned();
        let end = value.strip_suffix('\n').unwrap_or(&value);
        let end = end.strip_suffix('\r').unwrap_or(end);
        (!end.is_empty()).then(|| end.to_owned())
    }

    /// True if the variable is set to nothing. It counts as unset; the answer serves to say so where that is a danger.
    #[must_use]
    pub fn is_blank(self) -> bool {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        let is_set = std::env::var_os(self.name).is_some();
        is_set && self.get().is_none()
    }

    /// Returns the value as a path, byte for byte.
    #[must_use]
    pub fn path(self) -> Option<PathBuf> {
        self.os().map(PathBuf::from)
    }

    /// Returns the value in the system's form, if the variable is set and not empty.
    #[must_use]
    pub fn os(self) -> Option<OsString> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the environment"
        )]
        std::env::var_os(self.name).filter(|value| !value.is_empty())
    }

    /// True if the variable is set, and not to a word that means no: CI systems and shells set `CI=false` to switch it
    /// off.
    #[must_use]
    pub fn is_on(self) -> bool {
        let is_no = |value: &str| matches!(value, "0" | "false" | "no" | "off");
        self.get()
            .is_some_and(|value| !is_no(&value.to_ascii_lowercase()))
    }

    /// True if the variable is set to a word that means no.
    #[must_use]
    pub fn is_off(self) -> bool {
        self.get().is_some() && !self.is_on()
    }
}
