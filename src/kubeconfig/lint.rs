//! Lint: reports what is valid, but will not work or should not be used from a runner's container
//! (docs/interface/kubeconfig.md section 12). Opens no file.

use jiff::{SignedDuration, Timestamp};

use super::cert;
use super::choose::Chosen;
use super::finding::{Finding, quote};
use super::model::{Config, Exec, User};
use super::placeholder::{is_redacted, placeholder};
use super::token::{self, End};
use super::url::{Address, Host, Reach, Url, reach};
use crate::text::count;

/// Checks the chosen context and the file around it.
pub(super) fn check(
    config: &Config<'_>,
    chosen: &Chosen<'_>,
    now: Timestamp,
    min_ttl: Option<SignedDuration>,
) -> Vec<Finding> {
    let mut lint = Lint {
        chosen,
        now,
        min_ttl,
        findings: file(config),
    };
    if chosen.context_item.is_some() {
        lint.context();
        lint.cluster();
        lint.user();
    }
    lint.findings
}

/// Checks the file as a whole.
pub(super) fn file(config: &Config<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.current_context.is_empty() {
        findings.push(Finding::new("no-current-context"));
    }
    let (contexts, clusters, users) = (
        config.contexts.len(),
        config.clusters.len(),
        config.users.len(),
    );
    if contexts > 1 {
        let detail = format!("{}, {}", count(contexts, "context"), count(users, "user"));
        findings.push(Finding::new("multiple-contexts").detail(&detail));
    } else if clusters > 1 || users > 1 {
        let detail = format!("{}, {}", count(clusters, "cluster"), count(users, "user"));
        findings.push(Finding::new("unused-entries").detail(&detail));
    }
    findings
}

struct Lint<'a, 't> {
    chosen: &'a Chosen<'t>,
    now: Timestamp,
    min_ttl: Option<SignedDuration>,
    findings: Vec<Finding>,
}

impl<'t> Lint<'_, 't> {
    fn cluster_note(&mut self, code: &'static str, field: &str) {
        self.findings.push(self.chosen.on_cluster(code, field));
    }

    fn user_note(&mut self, code: &'static str, field: &str) {
        self.findings.push(self.chosen.on_user(code, field));
    }

    fn context(&mut self) {
        let namespace = self.chosen.context.namespace;
        let code = if namespace.is_empty() {
            "no-namespace"
        } else if is_dns_label(namespace) {
            return;
        } else {
            "namespace-invalid"
        };
        self.findings
            .push(self.chosen.on_context(code, "namespace"));
    }

    fn cluster(&mut self) {
        let cluster = &self.chosen.cluster;
        let address = Address::of(cluster.server);
        if !cluster.server.is_empty() {
            self.server(&address);
        }
        self.proxy();
        if !cluster.ca_file.is_empty() {
            self.file_reference("certificate-authority", true);
        }
        if let Some(finding) = placeholder_finding(cluster.ca_data.as_written(), |code| {
            self.chosen.on_cluster(code, "certificate-authority-data")
        }) {
            self.findings.push(finding);
        }
        if cluster.insecure {
            self.cluster_note("insecure-tls", "insecure-skip-tls-verify");
        } else if address.is_https() {
            self.ca();
        }
    }

    fn server(&mut self, address: &Address) {
        let url = match address {
            Address::Url(url) => {
                match url.scheme.as_str() {
                    "https" => {}
                    "http" => self.cluster_note("server-plain-http", "server"),
                    _ => self.cluster_note("server-bad-scheme", "server"),
                }
                if url.has_userinfo {
                    self.cluster_note("server-userinfo", "server");
                }
                if url.has_query || url.has_fragment {
                    self.cluster_note("server-query", "server");
                }
                url
            }
            Address::Bare(url) => {
                self.cluster_note("server-no-scheme", "server");
                if url.host.is_empty() {
                    return;
                }
                url
            }
            // `bad-server` says what is wrong. More findings would be about an address that the user did not write.
            Address::Invalid(_) => return,
        };
        match Host::of(url, self.chosen.cluster.server) {
            Host::Impossible(why) => {
                let finding = self.chosen.on_cluster("server-impossible", "server");
                return self.findings.push(finding.about(why));
            }
            Host::International => self.cluster_note("server-non-ascii", "server"),
            Host::Plain => {}
        }
        match reach(url.hostname()) {
            Reach::Loopback => self.cluster_note("server-loopback", "server"),
            Reach::InCluster => self.cluster_note("server-in-cluster", "server"),
            Reach::Private => {
                let finding = self.chosen.on_cluster("server-private", "server");
                self.findings.push(finding.about(&quote(url.hostname())));
            }
            Reach::Public => {}
        }
    }

    fn proxy(&mut self) {
        let text = self.chosen.cluster.proxy_url;
        let Ok(url) = Url::parse(text) else { return };
        if text.is_empty() {
            return;
        }
        if url.hostname().is_empty() {
            return self.cluster_note("proxy-no-host", "proxy-url");
        }
        if url.has_userinfo {
            self.cluster_note("proxy-credentials", "proxy-url");
        }
        match reach(url.hostname()) {
            Reach::Loopback => self.cluster_note("proxy-loopback", "proxy-url"),
            _ => self.cluster_note("proxy", "proxy-url"),
        }
    }

    fn ca(&mut self) {
        let cluster = &self.chosen.cluster;
        if cluster.ca_data.is_empty() {
            if cluster.ca_file.is_empty() {
                self.cluster_note("system-trust", "certificate-authority-data");
            }
            return;
        }
        let certificates = cert::ca_certificates(&cluster.ca_data.bytes());
        if certificates.is_empty() {
            return;
        }
        if !certificates.iter().any(|ca| ca.is_valid_at(self.now)) {
            self.cluster_note("ca-expired", "certificate-authority-data");
        }
        if !certificates.iter().any(|ca| ca.is_ca) {
            self.cluster_note("ca-not-a-ca", "certificate-authority-data");
        }
    }

    fn user(&mut self) {
        let user = &self.chosen.user;
        for (path, field) in [
            (user.certificate_file, "client-certificate"),
            (user.key_file, "client-key"),
            (user.token_file, "tokenFile"),
        ] {
            if !path.is_empty() {
                self.file_reference(field, false);
            }
        }
        for (text, field) in [
            (user.token.expose(), "token"),
            (user.password.expose(), "password"),
            (
                user.certificate_data.as_written(),
                "client-certificate-data",
            ),
            (user.key_data.as_written(), "client-key-data"),
        ] {
            self.findings.extend(placeholder_finding(text, |code| {
                self.chosen.on_user(code, field)
            }));
        }
        self.certificate();
        self.token();
        self.id_token();
        self.methods();
        if user.impersonates() {
            self.user_note("impersonation", "as");
        }
        self.admin();
    }

    fn file_reference(&mut self, field: &str, of_cluster: bool) {
        let finding = if of_cluster {
            self.chosen.on_cluster("file-reference", field)
        } else {
            self.chosen.on_user("file-reference", field)
        };
        self.findings.push(finding.about(field));
    }

    fn certificate(&mut self) {
        let user = &self.chosen.user;
        if !user.has_certificate() {
            if user.has_key() {
                self.user_note("key-without-certificate", "");
            }
            return;
        }
        let Some(certificate) = cert::client_certificate(&user.certificate_data.bytes()) else {
            return;
        };
        let field = "client-certificate-data";
        if !certificate.for_clients {
            self.user_note("client-cert-not-for-clients", field);
        }
        if self.now < certificate.not_before {
            let finding = self.chosen.on_user("client-cert-not-yet-valid", field);
            self.findings
                .push(finding.about(&date(certificate.not_before)));
        }
        let soon = SignedDuration::from_hours(14 * 24);
        self.expiry(
            certificate.not_after,
            soon,
            ["client-cert-expired", "client-cert-expires-soon"],
            field,
        );
    }

    fn token(&mut self) {
        let token = self.chosen.user.token;
        if token.is_empty() {
            return;
        }
        let text = token.expose();
        if text.starts_with("Bearer ") {
            self.user_note("token-bearer-prefix", "token");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            self.user_note("token-bad-character", "token");
        }
        if text.len() > 16 << 10 {
            self.user_note("token-too-long", "token");
        }
        match token::end(token::bare(token)) {
            End::Unknown => self.unknown_end("token"),
            End::Never => self.user_note("token-never-expires", "token"),
            End::At(end) => self.token_end(end, "token"),
            End::Within(kind) => {
                let finding = self.chosen.on_user("token-short-lived", "token");
                let words = format!("{} lives for {} at most", kind.name, kind.life);
                self.findings.push(finding.about(&words));
                if self.min_ttl.is_some_and(|wanted| kind.longest < wanted) {
                    let finding = self.chosen.on_user("expires-too-early", "token");
                    self.findings
                        .push(finding.about(&format!("after {} at most", kind.life)));
                }
            }
        }
    }

    /// `--min-ttl` can't judge a credential whose end nobody can read.
    fn unknown_end(&mut self, field: &str) {
        if self.min_ttl.is_some() {
            let finding = self.chosen.on_user("expiry-unknown", field);
            self.findings.push(finding.about(field));
        }
    }

    /// Checks the id-token of an oidc provider that can't renew it.
    fn id_token(&mut self) {
        if let Some(end) = token::oidc_end(&self.chosen.user) {
            self.token_end(end, "auth-provider.config.id-token");
        }
    }

    fn token_end(&mut self, end: Timestamp, field: &str) {
        let soon = SignedDuration::from_hours(24);
        self.expiry(end, soon, ["token-expired", "token-expires-soon"], field);
    }

    fn expiry(
        &mut self,
        end: Timestamp,
        soon: SignedDuration,
        codes: [&'static str; 2],
        field: &str,
    ) {
        let left = end.duration_since(self.now);
        let mut note = |code, when: &str| {
            let finding = self.chosen.on_user(code, field);
            self.findings.push(finding.about(when));
        };
        if left <= SignedDuration::ZERO {
            note(codes[0], &date(end));
        } else if left < soon {
            note(codes[1], &date(end));
        }
        if self.min_ttl.is_some_and(|wanted| left < wanted) {
            note("expires-too-early", &format!("on {}", date(end)));
        }
    }

    fn methods(&mut self) {
        let user = &self.chosen.user;
        let basic = !user.username.is_empty() || !user.password.is_empty();
        let stronger = user.has_certificate() || user.has_token() || !user.username.is_empty();
        if let Some(exec) = &user.exec {
            if stronger {
                self.user_note("exec-ignored", "exec");
            } else {
                self.exec(exec);
            }
        }
        if user.auth_provider.is_some() {
            self.user_note("auth-provider", "auth-provider");
        }
        if basic {
            self.unknown_end("password");
            self.user_note(
                "basic-auth",
                if user.username.is_empty() {
                    "password"
                } else {
                    "username"
                },
            );
            if user.username.is_empty() {
                self.user_note("password-without-username", "password");
            }
        }
        // Without a cluster no request is sent; then `in-cluster-fallback` is the finding that matters.
        let sends = self.chosen.cluster_item.is_some();
        if sends && !stronger && user.exec.is_none() && user.auth_provider.is_none() {
            self.no_credentials();
        }
        if methods(user) > 1 {
            self.user_note("several-auth-methods", "");
        }
    }

    fn exec(&mut self, exec: &Exec<'t>) {
        let program = if exec.command.is_empty() {
            "(none)".to_owned()
        } else {
            quote(exec.command)
        };
        let finding = self.chosen.on_user("exec-plugin", "exec.command");
        self.findings.push(finding.about(&program));
        if exec.mode() == "Always" {
            self.user_note("exec-interactive", "exec.interactiveMode");
        }
    }

    fn no_credentials(&mut self) {
        let name = self.chosen.context.user;
        let finding = if self.chosen.user_item.is_some() {
            self.chosen.on_user("no-credentials", "")
        } else if name.is_empty() {
            self.chosen
                .on_context("no-credentials", "user")
                .detail("the context names no user")
        } else {
            self.chosen
                .on_context("no-credentials", "user")
                .detail(&format!("user {} does not exist", quote(name)))
        };
        self.findings.push(finding);
    }

    fn admin(&mut self) {
        let user = &self.chosen.user;
        let admin_like = |name: &str| name.to_ascii_lowercase().contains("admin") || name == "root";
        let is_master = || {
            cert::client_certificate(&user.certificate_data.bytes())
                .is_some_and(|certificate| certificate.system_masters)
        };
        let code = "admin-identity";
        let finding = if admin_like(self.chosen.context.user) {
            let finding = self.chosen.on_user(code, "");
            finding.detail("the user's name suggests an administrator")
        } else if is_master() {
            let finding = self.chosen.on_user(code, "");
            finding.detail("its certificate is of the group system:masters")
        } else if admin_like(&self.chosen.name) {
            let finding = self.chosen.on_context(code, "");
            finding.detail("the context's name suggests an administrator")
        } else {
            return;
        };
        self.findings.push(finding);
    }
}

/// Counts the ways to authenticate that a user has.
fn methods(user: &User<'_>) -> usize {
    [
        user.has_certificate(),
        !user.token.is_empty(),
        !user.token_file.is_empty(),
        !user.username.is_empty() || !user.password.is_empty(),
        user.exec.is_some(),
        user.auth_provider.is_some(),
    ]
    .into_iter()
    .filter(|used| *used)
    .count()
}

/// Reports a text that replaces a secret, such as a mask.
fn placeholder_finding(text: &str, on: impl Fn(&'static str) -> Finding) -> Option<Finding> {
    if is_redacted(text) {
        return Some(on("redacted-value"));
    }
    placeholder(text).map(|what| on("placeholder-value").about(what))
}

fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// Formats a time in UTC, to the minute.
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
