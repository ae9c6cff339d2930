//! Minify and flatten in one step (contract kubeconfig.md section 11): one context, its cluster and
//! user, and every file it refers to written into the document, token files included.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::base64;
use super::choose::Chosen;
use super::emit::Emitter;
use super::files::{Material, unreadable};
use super::finding::{Finding, quote};
use super::model::{Cluster, Config, Context, Data, Exec, Extension, Item, User};
use super::{Carved, Keep, Open};

pub(super) fn carve(
    config: &Config<'_>,
    keep: Keep<'_>,
    open: Open<'_>,
    capacity: usize,
) -> Result<Carved, Vec<Finding>> {
    let kept = Kept::select(config, keep)?;
    let mut carver = Carver {
        open,
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
        // An exact copy: turning the buffer itself into a secret would leave its slack behind.
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

/// The entries that stay, sorted by name.
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
            return Err(vec![chosen.not_found()]);
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
    inlined: Vec<(String, String)>,
    faults: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Carver<'_> {
    fn cluster(&mut self, out: &mut Emitter, item: Item<'_>) {
        let cluster: Cluster<'_> = item.decode();
        out.text_if("server", cluster.server);
        out.text_if("tls-server-name", cluster.tls_server_name);
        out.true_if("insecure-skip-tls-verify", cluster.insecure);
        self.data(
            out,
            item,
            "certificate-authority",
            cluster.ca_file,
            cluster.ca_data,
        );
        out.text_if("proxy-url", cluster.proxy_url);
        out.true_if("disable-compression", cluster.disable_compression);
        extensions(out, &cluster.extensions);
    }

    fn user(&mut self, out: &mut Emitter, item: Item<'_>) {
        let user: User<'_> = item.decode();
        self.data(
            out,
            item,
            "client-certificate",
            user.certificate_file,
            user.certificate_data,
        );
        self.data(out, item, "client-key", user.key_file, user.key_data);
        out.text_if("token", &self.token(item, &user));
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
        if let Some(exec) = &user.exec {
            self.exec(out, item, exec);
        }
        extensions(out, &user.extensions);
    }

    /// A `-data` field, out of itself or out of its file.
    fn data(&mut self, out: &mut Emitter, item: Item<'_>, field: &str, path: &str, data: Data<'_>) {
        let key = format!("{field}-data");
        if path.is_empty() {
            if !data.is_empty() {
                out.text(&key, &data.base64());
            }
            return;
        }
        if !data.is_empty() {
            self.faults
                .push(item.on(Finding::new("data-and-file"), field));
            return;
        }
        if let Some(bytes) = self.inline(item, field, path) {
            out.text_if(&key, &base64::encode(&bytes));
        }
    }

    /// The token; a token file wins over it, as it does for every client.
    fn token(&mut self, item: Item<'_>, user: &User<'_>) -> Zeroizing<String> {
        let own = || Zeroizing::new(user.token.expose().to_owned());
        if user.token_file.is_empty() {
            return own();
        }
        let faults = self.faults.len();
        let Some(bytes) = self.inline(item, "tokenFile", user.token_file) else {
            if !user.token.is_empty() {
                // Clients fall back to the token in the file itself.
                self.notes.extend(self.faults.drain(faults..));
            }
            return own();
        };
        let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        if text.is_empty() {
            self.faults
                .push(item.on(Finding::new("token-file-empty"), "tokenFile"));
        }
        Zeroizing::new(text.to_owned())
    }

    fn inline(&mut self, item: Item<'_>, field: &str, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        let kind = match Material::read(&item.document.resolve(path), Some(self.open)) {
            Material::FileBytes(bytes) => {
                let entry = format!("{}[{}].{field}", item.place.list, item.name);
                self.inlined.push((entry, path.to_owned()));
                return Some(bytes);
            }
            Material::Unreadable(kind) => kind,
            _ => std::io::ErrorKind::IsADirectory,
        };
        let finding = item.on(Finding::new("file-unreadable"), field);
        self.faults.push(unreadable(finding, kind));
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
