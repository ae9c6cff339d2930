//! Carves a kubeconfig (docs/interface/kubeconfig.md section 11), like kubectl's `--minify --flatten`: keeps one
//! context, its cluster and user, and inlines every file that they refer to, including token files.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::base64;
use super::cert::{self, CertFault};
use super::choose::Chosen;
use super::emit::Emitter;
use super::encoding::{self, Encoding};
use super::files::{Material, Unread, shown, unreadable};
use super::finding::{Finding, quote};
use super::managed;
use super::model::{Cluster, Config, Context, Exec, Item, User};
use super::pem;
use super::report::{Carved, Inlined, Keep};
use super::source::Open;
use super::value::{Data, Extension};

pub(super) fn carve(
    config: &Config<'_>,
    keep: Keep<'_>,
    open: Open<'_>,
    capacity: usize,
    for_managed: bool,
) -> Result<Carved, Vec<Finding>> {
    let kept = Kept::select(config, keep)?;
    let mut carver = Carver {
        open,
        for_managed,
        inlined: Vec::new(),
        faults: Vec::new(),
        notes: Vec::new(),
    };
    let mut out = Emitter::new(capacity);
    out.text("apiVersion", "v1");
    out.text("kind", "Config");
    out.text("current-context", &kept.current);
    out.list("clusters", &kept.clusters, |out, item| {
        out.text("name", item.name);
        out.map("cluster", |out| carver.cluster(out, *item));
    });
    out.list("contexts", &kept.contexts, |out, item| {
        out.text("name", item.name);
        out.map("context", |out| context(out, &item.decode()));
    });
    out.list("users", &kept.users, |out, item| {
        out.text("name", item.name);
        out.map("user", |out| carver.user(out, *item));
    });
    out.map("preferences", |out| {
        out.true_if("colors", config.preferences.colors);
        extensions(out, &config.preferences.extensions);
    });
    extensions(&mut out, &config.extensions);
    if !carver.faults.is_empty() {
        return Err(carver.faults);
    }
    let text = out.finish().map_err(|_| vec![Finding::new("too-large")])?;
    Ok(Carved {
        // A copy of the exact size: shrinking the buffer itself would leave an unwiped copy behind.
        text: SecretString::from(&*text),
        context: kept.current,
        kept_contexts: kept.contexts.len(),
        total_contexts: config.contexts.len(),
        dropped_contexts: config.contexts.len() - kept.contexts.len(),
        dropped_clusters: config.clusters.len() - kept.clusters.len(),
        dropped_users: config.users.len() - kept.users.len(),
        inlined: carver.inlined,
        findings: carver.notes,
    })
}

/// The entries that are kept, sorted by name.
struct Kept<'t> {
    current: String,
    clusters: Vec<Item<'t>>,
    contexts: Vec<Item<'t>>,
    users: Vec<Item<'t>>,
}

impl<'t> Kept<'t> {
    fn select(config: &Config<'t>, keep: Keep<'_>) -> Result<Self, Vec<Finding>> {
        match keep {
            Keep::All => Ok(Self {
                current: config.current_context.to_owned(),
                clusters: by_name(&config.clusters),
                contexts: by_name(&config.contexts),
                users: by_name(&config.users),
            }),
            Keep::Named(name) => Self::one(config, name),
            Keep::Current if config.current_context.is_empty() => {
                Err(vec![Finding::new("no-current-context")])
            }
            Keep::Current => Self::one(config, config.current_context),
        }
    }

    fn one(config: &Config<'t>, name: &str) -> Result<Self, Vec<Finding>> {
        let chosen = Chosen::find(config, name);
        let Some(context) = chosen.context_item else {
            return Err(vec![chosen.not_found(config)]);
        };
        let mut faults = Vec::new();
        for (found, reference, field, code) in [
            (
                chosen.cluster_item,
                chosen.context.cluster,
                "cluster",
                "cluster-not-found",
            ),
            (
                chosen.user_item,
                chosen.context.user,
                "user",
                "user-not-found",
            ),
        ] {
            if found.is_none() && !reference.is_empty() {
                faults.push(chosen.on_context(code, field).about(&quote(reference)));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            current: name.to_owned(),
            clusters: chosen.cluster_item.into_iter().collect(),
            contexts: vec![context],
            users: chosen.user_item.into_iter().collect(),
        })
    }
}

fn by_name<'t>(items: &[Item<'t>]) -> Vec<Item<'t>> {
    let mut sorted = items.to_vec();
    sorted.sort_by_key(|item| item.name);
    sorted
}

struct Carver<'a> {
    open: Open<'a>,
    /// Drop what means nothing to a client and keeps a managed session from starting: the slash at the end of the
    /// address, and a login program beside a token, which no client starts.
    for_managed: bool,
    inlined: Vec<Inlined>,
    faults: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Carver<'_> {
    fn cluster(&mut self, out: &mut Emitter, item: Item<'_>) {
        let cluster: Cluster<'_> = item.decode();
        out.text_if("server", self.server(&cluster));
        out.text_if("tls-server-name", cluster.tls_server_name);
        out.true_if("insecure-skip-tls-verify", cluster.insecure);
        let ca = self.data(
            out,
            item,
            "certificate-authority",
            cluster.ca_file,
            cluster.ca_data,
        );
        if let Some(Err(fault)) = ca.map(|bytes| cert::check_ca(&bytes)) {
            self.report_misfit(item, "certificate-authority", &fault);
        }
        out.text_if("proxy-url", cluster.proxy_url);
        out.true_if("disable-compression", cluster.disable_compression);
        extensions(out, &cluster.extensions);
    }

    fn server<'t>(&self, cluster: &Cluster<'t>) -> &'t str {
        if self.for_managed {
            managed::without_slash(cluster.server)
        } else {
            cluster.server
        }
    }

    fn user(&mut self, out: &mut Emitter, item: Item<'_>) {
        let user: User<'_> = item.decode();
        let certificate = self.data(
            out,
            item,
            "client-certificate",
            user.certificate_file,
            user.certificate_data,
        );
        let key = self.data(out, item, "client-key", user.key_file, user.key_data);
        self.check_pair(item, &user, certificate.as_ref(), key.as_ref());
        let token = self.token(item, &user);
        out.text_if("token", &token);
        out.text_if("username", user.username);
        out.text_if("password", user.password.expose());
        out.text_if("as", user.impersonate);
        out.text_if("as-uid", user.impersonate_uid);
        out.texts_if("as-groups", user.impersonate_groups);
        if !user.impersonate_extra.is_empty() {
            out.map("as-user-extra", |out| {
                for (key, values) in user.impersonate_extra {
                    out.list(key, values, Emitter::item);
                }
            });
        }
        if let Some(provider) = user.auth_provider {
            out.map("auth-provider", |out| {
                out.text("name", provider.name);
                if !provider.config.is_empty() {
                    out.map("config", |out| {
                        for (key, value) in provider.config {
                            out.text(key, value.expose());
                        }
                    });
                }
            });
        }
        if let Some(exec) = &user.exec
            && (!self.for_managed || token.is_empty())
        {
            self.exec(out, item, exec);
        }
        extensions(out, &user.extensions);
    }

    /// Writes a `-data` field from the data or from its file. Returns the bytes of the file.
    fn data(
        &mut self,
        out: &mut Emitter,
        item: Item<'_>,
        field: &'static str,
        path: &str,
        data: Data<'_>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = format!("{field}-data");
        if path.is_empty() {
            if !data.is_empty() {
                out.text(&key, &data.base64());
            }
            return None;
        }
        if !data.is_empty() {
            self.faults
                .push(item.on(Finding::new("data-and-file"), field));
            return None;
        }
        let mut bytes = self.inline(item, field, path)?;
        if field == "certificate-authority" {
            bytes = without_keys(bytes);
        }
        out.text_if(&key, &base64::encode(&bytes));
        Some(bytes)
    }

    /// Reports a file whose content does not fit its field. This matters even if no client reads the field: another
    /// file of the user must not be sent instead of a certificate or key.
    fn report_misfit(
        &mut self,
        item: Item<'_>,
        field: &'static str,
        CertFault(code, detail): &CertFault,
    ) {
        let mut finding = item.on(Finding::new(code), field);
        if !detail.is_empty() {
            finding = finding.detail(detail);
        }
        self.notes.push(finding);
    }

    fn check_pair(
        &mut self,
        item: Item<'_>,
        user: &User<'_>,
        certificate: Option<&Zeroizing<Vec<u8>>>,
        key: Option<&Zeroizing<Vec<u8>>>,
    ) {
        if certificate.is_none() && key.is_none() {
            return;
        }
        let of_file = |file: Option<&Zeroizing<Vec<u8>>>, data: Data<'_>| match file {
            Some(bytes) => bytes.clone(),
            None => data.bytes(),
        };
        let (cert_bytes, key_bytes) = (
            of_file(certificate, user.certificate_data),
            of_file(key, user.key_data),
        );
        let has_key_block = pem::blocks(&key_bytes).any(|block| block.is_private_key());
        if !user.has_certificate() {
            if !has_key_block {
                let fault = CertFault("bad-private-key", "it holds no private key block");
                self.report_misfit(item, "client-key", &fault);
            }
        } else if !user.has_key() {
            if cert::client_certificate(&cert_bytes).is_none() {
                let fault = CertFault("bad-certificate", "it holds no usable certificate");
                self.report_misfit(item, "client-certificate", &fault);
            }
        } else if let Err(fault) = cert::check_pair(&cert_bytes, &key_bytes) {
            let field = match fault.0 {
                "bad-certificate" if certificate.is_some() => "client-certificate",
                "bad-certificate" => "client-certificate-data",
                _ if key.is_some() => "client-key",
                _ => "client-key-data",
            };
            self.report_misfit(item, field, &fault);
        }
    }

    /// Returns the token. A token file has precedence, as in every client.
    fn token(&mut self, item: Item<'_>, user: &User<'_>) -> Zeroizing<String> {
        let own = || Zeroizing::new(user.token.expose().to_owned());
        if user.token_file.is_empty() {
            return own();
        }
        let faults = self.faults.len();
        let Some(bytes) = self.inline(item, "tokenFile", user.token_file) else {
            if !user.token.is_empty() {
                // Clients use the kubeconfig's own token then, so this is not a fault.
                self.notes.extend(self.faults.drain(faults..));
            }
            return own();
        };
        match bearer_token(&bytes) {
            Ok(token) => token,
            Err(finding) => {
                let finding = finding.detail(&shown(user.token_file));
                self.faults.push(item.on(finding, "tokenFile"));
                Zeroizing::default()
            }
        }
    }

    fn inline(
        &mut self,
        item: Item<'_>,
        field: &'static str,
        path: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let why = match Material::read(&item.document.resolve(path), Some(self.open)) {
            Material::FileBytes(bytes) => {
                self.inlined.push(Inlined {
                    list: item.position.list,
                    name: item.name.to_owned(),
                    field,
                    path: path.to_owned(),
                });
                return Some(bytes);
            }
            Material::Unreadable(why) => why,
            _ => Unread::folder(),
        };
        let finding = item.on(Finding::new("file-unreadable"), field);
        self.faults.push(unreadable(finding, path, &why));
        None
    }

    fn exec(&mut self, out: &mut Emitter, item: Item<'_>, exec: &Exec<'_>) {
        if exec.command.contains('/') {
            let finding = Finding::new("exec-relative-command").about(&quote(exec.command));
            self.notes.push(item.on(finding, "exec.command"));
        }
        out.map("exec", |out| {
            out.text_if("apiVersion", exec.api_version);
            out.text_if("command", exec.command);
            out.texts_if("args", exec.args.iter().map(|arg| arg.expose()));
            if !exec.env.is_empty() {
                out.list("env", &exec.env, |out, variable| {
                    out.text("name", variable.name);
                    out.text("value", variable.value.expose());
                });
            }
            out.text_if("installHint", exec.install_hint);
            out.text_if("interactiveMode", exec.mode());
            out.true_if("provideClusterInfo", exec.provide_cluster_info);
        });
    }
}

/// Reads a token file. It may hold one bearer token: a word of visible ASCII, with white space around it. A file with
/// other content (keys, settings, the environment of a process) is refused, so that it is not sent as a token.
fn bearer_token(bytes: &[u8]) -> Result<Zeroizing<String>, Finding> {
    let refused = |why: &str| Finding::new("token-file-no-token").detail(why);
    let (utf8, encoding) = encoding::detect(bytes).map_err(|_| refused("broken UTF-16"))?;
    if encoding == Encoding::Utf16 {
        return Err(refused(
            "it is UTF-16, which clients send without decoding it",
        ));
    }
    let text = std::str::from_utf8(&utf8).map_err(|_| refused("it is not text"))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Finding::new("token-file-empty"));
    }
    let word = text.strip_prefix("Bearer ").unwrap_or(text);
    if word.bytes().any(|b| !b.is_ascii_graphic()) {
        return Err(refused("it holds more than one word of ASCII characters"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Removes private keys from a bundle of certificates: clients ignore them, and nobody else should get them.
fn without_keys(bytes: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    let is_certificate = |block: &pem::Block<'_>| block.is_certificate() && !block.has_headers;
    let has_key = pem::blocks(&bytes).any(|block| block.is_private_key());
    // An empty bundle would mean the system's authorities.
    if !has_key || !pem::blocks(&bytes).any(|block| is_certificate(&block)) {
        return bytes;
    }
    let mut kept = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for block in pem::blocks(&bytes).filter(is_certificate) {
        kept.extend_from_slice(b"-----BEGIN CERTIFICATE-----\n");
        for line in base64::encode(&block.der).as_bytes().chunks(64) {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
        kept.extend_from_slice(b"-----END CERTIFICATE-----\n");
    }
    kept
}

fn context(out: &mut Emitter, context: &Context<'_>) {
    out.text_if("cluster", context.cluster);
    out.text_if("user", context.user);
    out.text_if("namespace", context.namespace);
    extensions(out, &context.extensions);
}

fn extensions(out: &mut Emitter, extensions: &[Extension<'_>]) {
    if extensions.is_empty() {
        return;
    }
    out.list("extensions", extensions, |out, extension| {
        out.text("name", extension.name);
        out.json("extension", extension.body);
    });
}
