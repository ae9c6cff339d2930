//! The types of a kubeconfig's fields (docs/interface/kubeconfig.md sections 2 and 4). Whether the values make sense is
//! checked elsewhere.
//!
//! Bodies are decoded from the tree on demand and borrow its text, so nothing is copied.

use std::collections::HashSet;

use super::decoder::{Decode, Decoder, Position};
use super::document::Document;
use super::finding::{Finding, quote};
use super::kind;
use super::tree::NodeId;
use super::value::{Data, Extension, SecretText};

#[derive(Debug, Default)]
pub(super) struct Cluster<'t> {
    pub(super) server: &'t str,
    pub(super) tls_server_name: &'t str,
    pub(super) insecure: bool,
    pub(super) ca_file: &'t str,
    pub(super) ca_data: Data<'t>,
    pub(super) proxy_url: &'t str,
    pub(super) disable_compression: bool,
    pub(super) extensions: Vec<Extension<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct User<'t> {
    pub(super) certificate_file: &'t str,
    pub(super) certificate_data: Data<'t>,
    pub(super) key_file: &'t str,
    pub(super) key_data: Data<'t>,
    pub(super) token: SecretText<'t>,
    pub(super) token_file: &'t str,
    pub(super) impersonate: &'t str,
    pub(super) impersonate_uid: &'t str,
    pub(super) impersonate_groups: Vec<&'t str>,
    pub(super) impersonate_extra: Vec<(&'t str, Vec<&'t str>)>,
    pub(super) username: &'t str,
    pub(super) password: SecretText<'t>,
    pub(super) auth_provider: Option<AuthProvider<'t>>,
    pub(super) exec: Option<Exec<'t>>,
    pub(super) extensions: Vec<Extension<'t>>,
}

impl User<'_> {
    pub(super) fn has_certificate(&self) -> bool {
        !self.certificate_file.is_empty() || !self.certificate_data.is_empty()
    }

    pub(super) fn has_key(&self) -> bool {
        !self.key_file.is_empty() || !self.key_data.is_empty()
    }

    pub(super) fn has_token(&self) -> bool {
        !self.token.is_empty() || !self.token_file.is_empty()
    }

    pub(super) fn impersonates(&self) -> bool {
        !self.impersonate.is_empty() || self.impersonates_without_user()
    }

    /// Returns true if a field is set that only makes sense together with `as`.
    pub(super) fn impersonates_without_user(&self) -> bool {
        !self.impersonate_uid.is_empty()
            || !self.impersonate_groups.is_empty()
            || !self.impersonate_extra.is_empty()
    }
}

#[derive(Debug, Default)]
pub(super) struct AuthProvider<'t> {
    pub(super) name: &'t str,
    pub(super) config: Vec<(&'t str, SecretText<'t>)>,
}

impl<'t> AuthProvider<'t> {
    pub(super) fn get(&self, key: &str) -> &'t str {
        self.config
            .iter()
            .find(|(name, _)| *name == key)
            .map_or("", |(_, value)| value.expose())
    }
}

#[derive(Debug, Default)]
pub(super) struct Exec<'t> {
    pub(super) command: &'t str,
    pub(super) args: Vec<SecretText<'t>>,
    pub(super) env: Vec<EnvVar<'t>>,
    pub(super) api_version: &'t str,
    pub(super) install_hint: &'t str,
    pub(super) provide_cluster_info: bool,
    mode: &'t str,
}

impl<'t> Exec<'t> {
    /// Returns the mode, or its default, which only the beta and alpha versions have.
    pub(super) fn mode(&self) -> &'t str {
        const DEFAULTED: [&str; 2] = [
            "client.authentication.k8s.io/v1beta1",
            "client.authentication.k8s.io/v1alpha1",
        ];
        if self.mode.is_empty() && DEFAULTED.contains(&self.api_version) {
            return "IfAvailable";
        }
        self.mode
    }
}

#[derive(Debug, Default)]
pub(super) struct EnvVar<'t> {
    pub(super) name: &'t str,
    pub(super) value: SecretText<'t>,
}

#[derive(Debug, Default)]
pub(super) struct Context<'t> {
    pub(super) cluster: &'t str,
    pub(super) user: &'t str,
    pub(super) namespace: &'t str,
    pub(super) extensions: Vec<Extension<'t>>,
}

#[derive(Debug, Default)]
pub(super) struct Preferences<'t> {
    pub(super) colors: bool,
    pub(super) extensions: Vec<Extension<'t>>,
}

impl<'t> Decode<'t> for Cluster<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        const FIELDS: &[&str] = &[
            "certificate-authority",
            "certificate-authority-data",
            "disable-compression",
            "extensions",
            "insecure-skip-tls-verify",
            "proxy-url",
            "server",
            "tls-server-name",
        ];
        let mut out = Self::default();
        d.map(id, FIELDS, |d, key, value| match key {
            "certificate-authority" => out.ca_file = d.text(value),
            "certificate-authority-data" => out.ca_data = d.data(value),
            "disable-compression" => out.disable_compression = d.bool(value),
            "extensions" => out.extensions = d.extensions(value),
            "insecure-skip-tls-verify" => out.insecure = d.bool(value),
            "proxy-url" => out.proxy_url = d.text(value),
            "server" => out.server = d.text(value),
            _ => out.tls_server_name = d.text(value),
        });
        out
    }
}

impl<'t> Decode<'t> for User<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        const FIELDS: &[&str] = &[
            "as",
            "as-groups",
            "as-uid",
            "as-user-extra",
            "auth-provider",
            "client-certificate",
            "client-certificate-data",
            "client-key",
            "client-key-data",
            "exec",
            "extensions",
            "password",
            "token",
            "tokenFile",
            "username",
        ];
        let mut out = Self::default();
        d.map(id, FIELDS, |d, key, value| match key {
            "as" => out.impersonate = d.text(value),
            "as-groups" => out.impersonate_groups = d.list(value, Decoder::text),
            "as-uid" => out.impersonate_uid = d.text(value),
            "as-user-extra" => {
                out.impersonate_extra = d.dictionary(value, |d, id| d.list(id, Decoder::text));
            }
            "auth-provider" => out.auth_provider = d.optional(value),
            "client-certificate" => out.certificate_file = d.text(value),
            "client-certificate-data" => out.certificate_data = d.data(value),
            "client-key" => out.key_file = d.text(value),
            "client-key-data" => out.key_data = d.data(value),
            "exec" => out.exec = d.optional(value),
            "extensions" => out.extensions = d.extensions(value),
            "password" => out.password = SecretText(d.text(value)),
            "token" => out.token = SecretText(d.text(value)),
            "tokenFile" => out.token_file = d.text(value),
            _ => out.username = d.text(value),
        });
        out
    }
}

impl<'t> Decode<'t> for AuthProvider<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        let mut out = Self::default();
        d.map(id, &["config", "name"], |d, key, value| match key {
            "config" => out.config = d.dictionary(value, |d, id| SecretText(d.text(id))),
            _ => out.name = d.text(value),
        });
        out
    }
}

impl<'t> Decode<'t> for Exec<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        const FIELDS: &[&str] = &[
            "apiVersion",
            "args",
            "command",
            "env",
            "installHint",
            "interactiveMode",
            "provideClusterInfo",
        ];
        let mut out = Self::default();
        d.map(id, FIELDS, |d, key, value| match key {
            "apiVersion" => out.api_version = d.text(value),
            "args" => out.args = d.list(value, |d, id| SecretText(d.text(id))),
            "command" => out.command = d.text(value),
            "env" => out.env = d.list(value, EnvVar::decode),
            "installHint" => out.install_hint = d.text(value),
            "interactiveMode" => out.mode = d.text(value),
            _ => out.provide_cluster_info = d.bool(value),
        });
        out
    }
}

impl<'t> Decode<'t> for EnvVar<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        let mut out = Self::default();
        d.map(id, &["name", "value"], |d, key, value| match key {
            "name" => out.name = d.text(value),
            _ => out.value = SecretText(d.text(value)),
        });
        out
    }
}

impl<'t> Decode<'t> for Context<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        let mut out = Self::default();
        let fields = &["cluster", "extensions", "namespace", "user"];
        d.map(id, fields, |d, key, value| match key {
            "cluster" => out.cluster = d.text(value),
            "extensions" => out.extensions = d.extensions(value),
            "namespace" => out.namespace = d.text(value),
            _ => out.user = d.text(value),
        });
        out
    }
}

impl<'t> Decode<'t> for Preferences<'t> {
    fn decode(d: &mut Decoder<'t>, id: NodeId) -> Self {
        let mut out = Self::default();
        d.map(id, &["colors", "extensions"], |d, key, value| match key {
            "colors" => out.colors = d.bool(value),
            _ => out.extensions = d.extensions(value),
        });
        out
    }
}

/// One item of `clusters`, `contexts` or `users`. Its body is decoded on demand.
#[derive(Clone, Copy)]
pub(super) struct Item<'t> {
    pub(super) name: &'t str,
    pub(super) position: Position,
    pub(super) document: &'t Document,
    body: Option<NodeId>,
}

impl<'t> Item<'t> {
    pub(super) fn decode<T: Decode<'t>>(&self) -> T {
        self.body
            .map(|id| T::decode(&mut Decoder::again(&self.document.tree), id))
            .unwrap_or_default()
    }

    /// Locates a finding at a field of the body, such as `exec.command`.
    pub(super) fn on(&self, finding: Finding, field: &str) -> Finding {
        let body = self.position.list.trim_end_matches('s');
        let finding = finding
            .field(format!("{body}.{field}"))
            .line(self.line_of(field));
        self.here(finding)
    }

    /// Locates a finding at the item as a whole.
    pub(super) fn here(&self, mut finding: Finding) -> Finding {
        finding.source = Some(self.document.name.clone());
        self.position.on(finding, self.name)
    }

    /// Returns the line of a field, or of the closest entry that contains it.
    fn line_of(&self, field: &str) -> u32 {
        let tree = &self.document.tree;
        let mut line = self.position.line;
        let Some(mut node) = self.body else {
            return line;
        };
        for key in field.split('.') {
            let Some(entry) = tree.get(node, key) else {
                break;
            };
            line = entry.line;
            node = entry.value;
        }
        line
    }
}

/// A file whose types have been checked, with the names and positions of its entries.
#[derive(Default)]
pub(super) struct Config<'t> {
    pub(super) clusters: Vec<Item<'t>>,
    pub(super) contexts: Vec<Item<'t>>,
    pub(super) users: Vec<Item<'t>>,
    pub(super) current_context: &'t str,
    pub(super) preferences: Preferences<'t>,
    pub(super) extensions: Vec<Extension<'t>>,
}

impl<'t> Config<'t> {
    /// Reads a tree as a kubeconfig. Also returns lint findings: the fields that no client knows.
    ///
    /// # Errors
    /// Findings of the load gate.
    pub(super) fn decode(document: &'t Document) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        const FIELDS: &[&str] = &[
            "apiVersion",
            "clusters",
            "contexts",
            "current-context",
            "extensions",
            "kind",
            "preferences",
            "users",
        ];
        let tree = &document.tree;
        kind::check(tree).map_err(|finding| vec![finding])?;
        let mut out = Self::default();
        let mut decoder = Decoder::new(tree);
        decoder.map(tree.root(), FIELDS, |d, key, value| match key {
            "clusters" => out.clusters = items::<Cluster<'_>>(d, value, document, "clusters"),
            "contexts" => out.contexts = items::<Context<'_>>(d, value, document, "contexts"),
            "users" => out.users = items::<User<'_>>(d, value, document, "users"),
            "current-context" => out.current_context = d.text(value),
            "extensions" => out.extensions = d.extensions(value),
            "preferences" => out.preferences = Preferences::decode(d, value),
            _ => drop(d.text(value)),
        });
        let (mut faults, unknown) = decoder.finish();
        if faults.is_empty() {
            faults.extend(out.duplicate_names());
        }
        if faults.is_empty() {
            Ok((out, unknown))
        } else {
            Err(faults)
        }
    }

    fn duplicate_names(&self) -> Vec<Finding> {
        [&self.clusters, &self.contexts, &self.users]
            .into_iter()
            .filter_map(|items| {
                let mut names = HashSet::with_capacity(items.len());
                let again = items.iter().find(|item| !names.insert(item.name))?;
                let finding = Finding::new("duplicate-name").about(&quote(again.name));
                Some(again.here(finding))
            })
            .collect()
    }
}

fn items<'t, T: Decode<'t>>(
    d: &mut Decoder<'t>,
    list: NodeId,
    document: &'t Document,
    list_name: &'static str,
) -> Vec<Item<'t>> {
    let mut index = 0;
    d.list(list, |d, id| {
        let position = Position {
            list: list_name,
            index,
            line: d.tree().line(id),
        };
        index += 1;
        d.enter_item(position);
        let mut item = Item {
            name: "",
            position,
            document,
            body: None,
        };
        let fields: &'static [&'static str] = match list_name {
            "clusters" => &["cluster", "name"],
            "contexts" => &["context", "name"],
            _ => &["name", "user"],
        };
        d.map(id, fields, |d, key, value| {
            if key == "name" {
                item.name = d.text(value);
            } else {
                item.body = Some(value);
                T::decode(d, value);
            }
        });
        d.leave_item();
        item
    })
}
