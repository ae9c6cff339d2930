//! The rules of managed sessions (docs/interface/runner.md section 12): such a session never sees the kubeconfig
//! itself, but a rewritten file whose token is a placeholder, which a proxy replaces on the way to the one allowed
//! address.

use super::choose::Chosen;
use super::emit::Emitter;
use super::finding::Finding;
use super::pem;
use super::url::{Address, Url};

/// The name of the only cluster, user and context of the rewritten file.
const NAME: &str = "ambient";
/// The text that replaces the token.
const TOKEN_PLACEHOLDER: &str = "openshell:resolve:env:KUBERNETES_TOKEN";
/// The port of an `https` address that names none.
const HTTPS_PORT: u16 = 443;

/// The server's words for each rule.
const NO_CONTEXT: &str = "kubeconfig requires a valid current-context";
const INCOMPLETE: &str = "kubeconfig current-context requires a cluster and user";
const TOKEN_ONLY: &str = "managed kubeconfig requires an embedded bearer token; exec, mTLS, file references, basic auth, \
     and impersonation are not supported";
const VERIFIED: &str = "managed kubeconfig requires verified HTTPS without proxy, TLS name override, or CA file references";
const ORIGIN: &str = "kubeconfig server must be an HTTPS origin";
const PORT: &str = "invalid Kubernetes API port";
const TRUST: &str = "kubeconfig CA is not in HYPERSHELL_KUBERNETES_TRUST_BUNDLE; mount the same public CA bundle in the \
     supervisor system trust store";

/// The known facts about the installation that runs managed sessions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Managed<'a> {
    /// The certificate authorities that it trusts for clusters, in PEM form; `None` if they are not known.
    pub trust_bundle: Option<&'a [u8]>,
}

/// The kubeconfig that a managed session gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedFile {
    /// The document, as YAML. It holds no secret.
    pub text: String,
    /// Host and port of the only address that the session may reach with it.
    pub endpoint: String,
}

/// Returns true for the code of a rule of managed sessions.
#[must_use]
pub fn is_of_managed(code: &str) -> bool {
    code.starts_with("managed-")
}

/// Checks the chosen context by the rules of managed sessions.
pub(super) fn check(chosen: &Chosen<'_>, managed: Managed<'_>) -> Vec<Finding> {
    if chosen.context_item.is_none() {
        let finding = Finding::new("managed-context").detail(NO_CONTEXT);
        return vec![finding.field("current-context")];
    }
    let mut findings = Vec::new();
    if chosen.cluster_item.is_none() || chosen.user_item.is_none() {
        let missing = if chosen.cluster_item.is_none() {
            "cluster"
        } else {
            "user"
        };
        let finding = chosen.on_context("managed-context-incomplete", missing);
        findings.push(finding.detail(INCOMPLETE));
    }
    if chosen.user_item.is_some() {
        findings.extend(user(chosen));
    }
    if chosen.cluster_item.is_some() {
        findings.extend(cluster(chosen, managed));
    }
    findings.push(Finding::new("managed-installation"));
    findings
}

/// Reports each way to log in other than an embedded token.
fn user(chosen: &Chosen<'_>) -> Vec<Finding> {
    let user = &chosen.user;
    let mut fields: Vec<&str> = [
        (user.exec.is_some(), "exec"),
        (user.auth_provider.is_some(), "auth-provider"),
        (!user.certificate_file.is_empty(), "client-certificate"),
        (!user.certificate_data.is_empty(), "client-certificate-data"),
        (!user.key_file.is_empty(), "client-key"),
        (!user.key_data.is_empty(), "client-key-data"),
        (!user.token_file.is_empty(), "tokenFile"),
        (!user.username.is_empty(), "username"),
        (!user.password.is_empty(), "password"),
        (user.impersonates(), "as"),
    ]
    .into_iter()
    .filter_map(|(is_set, field)| is_set.then_some(field))
    .collect();
    if fields.is_empty() && user.token.is_empty() {
        fields.push("token");
    }
    let report = |field: &&str| chosen.on_user("managed-token", field).detail(TOKEN_ONLY);
    fields.iter().map(report).collect()
}

fn cluster(chosen: &Chosen<'_>, managed: Managed<'_>) -> Vec<Finding> {
    let cluster = &chosen.cluster;
    let on = |code, field, words: &str| chosen.on_cluster(code, field).detail(words);
    let mut findings: Vec<Finding> = [
        (cluster.insecure, "insecure-skip-tls-verify"),
        (!cluster.proxy_url.is_empty(), "proxy-url"),
        (!cluster.tls_server_name.is_empty(), "tls-server-name"),
        (!cluster.ca_file.is_empty(), "certificate-authority"),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .map(|(_, field)| on("managed-tls", field, VERIFIED))
    .collect();
    match origin(cluster.server) {
        Ok(_) => {}
        Err(NotAnOrigin::Port) => findings.push(on("managed-port", "server", PORT)),
        Err(NotAnOrigin::Other) => findings.push(on("managed-server", "server", ORIGIN)),
    }
    if !cluster.ca_data.is_empty() {
        let field = "certificate-authority-data";
        match managed.trust_bundle {
            None => findings.push(chosen.on_cluster("managed-ca-unchecked", field)),
            Some(bundle) if !is_trusted(&cluster.ca_data.bytes(), bundle) => {
                findings.push(on("managed-ca", field, TRUST));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Returns true if a text holds a certificate in PEM form.
#[must_use]
pub fn has_certificate(text: &[u8]) -> bool {
    pem::blocks(text).any(|block| block.is_certificate())
}

/// Returns true if every certificate of a text is in the bundle.
fn is_trusted(text: &[u8], bundle: &[u8]) -> bool {
    let certificates = |text| pem::blocks(text).filter(pem::Block::is_certificate);
    let known: Vec<_> = certificates(bundle).map(|block| block.der).collect();
    let mut own = certificates(text).peekable();
    own.peek().is_some() && own.all(|block| known.contains(&block.der))
}

/// Why an address is not an HTTPS origin.
#[derive(Debug, PartialEq, Eq)]
enum NotAnOrigin {
    Port,
    Other,
}

/// Returns host and port of an address that consists of `https://`, a host and maybe a port.
fn origin(server: &str) -> Result<String, NotAnOrigin> {
    let Address::Url(url) = Address::of(server) else {
        return Err(NotAnOrigin::Other);
    };
    let has_more = url.has_userinfo || url.has_query || url.has_fragment || !url.path.is_empty();
    // A mark with nothing behind it is part of the text as well.
    if url.scheme != "https" || has_more || server.contains(['?', '#']) || is_hostless(&url) {
        return Err(NotAnOrigin::Other);
    }
    let port = match port(&url.host) {
        None => HTTPS_PORT,
        Some(text) => match text.parse() {
            Ok(port) if port > 0 => port,
            _ => return Err(NotAnOrigin::Port),
        },
    };
    let hostname = url.hostname();
    Ok(if hostname.contains(':') {
        format!("[{hostname}]:{port}")
    } else {
        format!("{hostname}:{port}")
    })
}

fn is_hostless(url: &Url) -> bool {
    url.hostname().is_empty()
}

/// Returns the text behind the colon of the port.
fn port(host: &str) -> Option<&str> {
    let after_literal = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    after_literal.rsplit_once(':').map(|(_, port)| port)
}

/// Returns an address without the slash at its end, which means the same.
pub(super) fn without_slash(server: &str) -> &str {
    match server.strip_suffix('/') {
        Some(origin) if self::origin(origin).is_ok() => origin,
        _ => server,
    }
}

/// Returns the rewritten file of the chosen context; `None` if the context breaks a rule that the file needs.
pub(super) fn rewrite(chosen: &Chosen<'_>) -> Option<ManagedFile> {
    let endpoint = origin(chosen.cluster.server).ok()?;
    let mut out = Emitter::new(1 << 10);
    out.text("apiVersion", "v1");
    out.text("kind", "Config");
    out.text("current-context", NAME);
    let one = [NAME];
    out.list("clusters", one, |out, name| {
        out.text("name", name);
        out.map("cluster", |out| out.text("server", chosen.cluster.server));
    });
    out.list("contexts", one, |out, name| {
        out.text("name", name);
        out.map("context", |out| {
            out.text("cluster", name);
            out.text("user", name);
            out.text_if("namespace", chosen.context.namespace);
        });
    });
    out.list("users", one, |out, name| {
        out.text("name", name);
        out.map("user", |out| out.text("token", TOKEN_PLACEHOLDER));
    });
    let text = out.finish().ok()?.to_string();
    Some(ManagedFile { text, endpoint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_with_a_host_and_maybe_a_port() {
        for (server, expected) in [
            ("https://a.example.org", Ok("a.example.org:443")),
            ("https://a.example.org:6443", Ok("a.example.org:6443")),
            ("HTTPS://a.example.org", Ok("a.example.org:443")),
            ("https://[2001:db8::1]:6443", Ok("[2001:db8::1]:6443")),
            ("https://[2001:db8::1]", Ok("[2001:db8::1]:443")),
            ("https://a.example.org/", Err(NotAnOrigin::Other)),
            ("https://a.example.org/k8s", Err(NotAnOrigin::Other)),
            ("https://a.example.org?", Err(NotAnOrigin::Other)),
            ("https://a.example.org?x=1", Err(NotAnOrigin::Other)),
            ("https://a.example.org#x", Err(NotAnOrigin::Other)),
            ("https://me@a.example.org", Err(NotAnOrigin::Other)),
            ("http://a.example.org", Err(NotAnOrigin::Other)),
            ("a.example.org:6443", Err(NotAnOrigin::Other)),
            ("", Err(NotAnOrigin::Other)),
            ("https://:6443", Err(NotAnOrigin::Other)),
            ("https://a.example.org:0", Err(NotAnOrigin::Port)),
            ("https://a.example.org:65536", Err(NotAnOrigin::Port)),
            ("https://a.example.org:", Err(NotAnOrigin::Port)),
        ] {
            assert_eq!(origin(server), expected.map(str::to_owned), "{server:?}");
        }
    }

    #[test]
    fn only_a_slash_at_the_end_of_an_origin_is_removed() {
        for (server, expected) in [
            ("https://a.example.org/", "https://a.example.org"),
            ("https://a.example.org:6443/", "https://a.example.org:6443"),
            ("https://a.example.org/k8s/", "https://a.example.org/k8s/"),
            ("https://a.example.org//", "https://a.example.org//"),
            ("http://a.example.org/", "http://a.example.org/"),
        ] {
            assert_eq!(without_slash(server), expected);
        }
    }
}
