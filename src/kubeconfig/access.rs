//! The values that a client needs to reach the cluster of one context and to log in there.
//!
//! Files are not opened: a document that was cut to one context holds everything.

use secrecy::{ExposeSecret as _, SecretString};

use super::cert::ClientPair;
use super::choose::Chosen;
use super::files::{Material, Materials};
use super::model::{AuthProvider, Config, Exec, User};
use super::secrets;
use super::summary::{self, ContextSummary};
use super::token;

/// The address of one cluster, and the credentials to use there. No `Debug`: it holds secrets.
pub struct Access {
    /// A summary of the context without secrets.
    pub context: ContextSummary,
    /// The file that holds the context, for commands to copy; `None` if `KUBECONFIG` leads to it.
    pub file: Option<String>,
    /// The address as written.
    pub server: String,
    pub tls_server_name: Option<String>,
    pub insecure: bool,
    /// The address of the proxy as written; it may hold a password.
    pub proxy_url: Option<SecretString>,
    /// Certificates in PEM form; `None` means the system's authorities.
    pub ca: Option<Vec<u8>>,
    pub certificate: Option<ClientPair>,
    /// The bearer token, which an oidc provider may have stored.
    pub token: Option<SecretString>,
    pub basic: Option<(String, SecretString)>,
    pub impersonation: Option<Impersonation>,
    /// The login program; it matters only if there is no token.
    pub plugin: Option<Plugin>,
}

/// The user to act as.
pub struct Impersonation {
    pub user: String,
    pub uid: String,
    pub groups: Vec<String>,
    pub extra: Vec<(String, Vec<String>)>,
}

/// A program that prints credentials.
pub struct Plugin {
    pub command: String,
    pub args: Vec<SecretString>,
    pub env: Vec<(String, SecretString)>,
    pub api_version: String,
    /// `Never`, `IfAvailable` or `Always`.
    pub mode: String,
    pub install_hint: String,
    pub provide_cluster_info: bool,
}

impl Access {
    pub(super) fn of(config: &Config<'_>, chosen: &Chosen<'_>) -> Self {
        let materials = Materials::load(chosen, None);
        let (cluster, user) = (&chosen.cluster, &chosen.user);
        Self {
            context: summary::of_context(config, chosen),
            file: None,
            server: cluster.server.to_owned(),
            tls_server_name: some(cluster.tls_server_name),
            insecure: cluster.insecure,
            proxy_url: some(cluster.proxy_url).map(SecretString::from),
            ca: materials.ca.bytes().map(<[u8]>::to_vec),
            certificate: pair(&materials.certificate, &materials.key),
            token: token(user),
            basic: some(user.username)
                .map(|name| (name, SecretString::from(user.password.expose()))),
            impersonation: user.impersonates().then(|| impersonation(user)),
            plugin: user.exec.as_ref().map(plugin),
        }
    }

    /// Returns the login program, if it has to run before a client can log in.
    #[must_use]
    pub fn needed_plugin(&self) -> Option<&Plugin> {
        self.plugin.as_ref().filter(|_| self.token.is_none())
    }

    /// Returns what a client shows to the cluster and nobody else may see: the token, the password, alone and in the
    /// text that is sent, and the key line by line. The settings of a login program are not sent to the cluster.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let mut found: Vec<SecretString> = self.token.iter().cloned().collect();
        if let Some((name, password)) = &self.basic {
            found.push(password.clone());
            found.push(SecretString::from(format!(
                "{name}:{}",
                password.expose_secret()
            )));
        }
        let key = self.certificate.as_ref().map(ClientPair::key);
        let lines = key.into_iter().flat_map(secrets::private_lines);
        found.extend(lines.map(SecretString::from));
        found
    }

    /// Returns true if there is any credential.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.certificate.is_some()
            || self.token.is_some()
            || self.basic.is_some()
            || self.plugin.is_some()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn pair(certificate: &Material, key: &Material) -> Option<ClientPair> {
    // The text around the blocks may be in another encoding; nothing reads it.
    let certificate = String::from_utf8_lossy(certificate.bytes()?);
    let key = String::from_utf8_lossy(key.bytes()?);
    Some(ClientPair::new(certificate.into_owned(), &key))
}

fn token(user: &User<'_>) -> Option<SecretString> {
    let stored = user
        .auth_provider
        .as_ref()
        .map(id_token)
        .unwrap_or_default();
    let text = if user.token.is_empty() {
        stored
    } else {
        token::bare(user.token)
    };
    (!text.is_empty()).then(|| SecretString::from(text))
}

fn id_token<'t>(provider: &AuthProvider<'t>) -> &'t str {
    match provider.name {
        "oidc" => provider.get("id-token"),
        _ => "",
    }
}

fn impersonation(user: &User<'_>) -> Impersonation {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Impersonation {
        user: user.impersonate.to_owned(),
        uid: user.impersonate_uid.to_owned(),
        groups: owned(&user.impersonate_groups),
        extra: user
            .impersonate_extra
            .iter()
            .map(|(key, values)| ((*key).to_owned(), owned(values)))
            .collect(),
    }
}

fn plugin(exec: &Exec<'_>) -> Plugin {
    let secret = |text: &str| SecretString::from(text);
    Plugin {
        command: exec.command.to_owned(),
        args: exec.args.iter().map(|arg| secret(arg.expose())).collect(),
        env: exec
            .env
            .iter()
            .map(|variable| (variable.name.to_owned(), secret(variable.value.expose())))
            .collect(),
        api_version: exec.api_version.to_owned(),
        mode: exec.mode().to_owned(),
        install_hint: exec.install_hint.to_owned(),
        provide_cluster_info: exec.provide_cluster_info,
    }
}
