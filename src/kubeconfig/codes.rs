//! All finding codes in one table, from which the program takes its texts and `docs/lint.md` is generated.

use serde::Serialize;

use Gate::{Load, Rest, Tls};
use Severity::{Error, Info, Warning};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely trouble.
    Warning,
    /// It cannot work, or it is dangerous.
    Error,
}

/// The step at which Kubernetes' client refuses a file (docs/interface/kubeconfig.md section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// Reading: bytes, YAML, types, names.
    Load,
    /// Choosing the context and checking its cluster and user.
    Rest,
    /// Building the transport: address, certificates, plugins.
    Tls,
    /// Noticed only at the TLS handshake; the client is built before that.
    Late,
}

/// What a code means: one row of the table. `{}` in a message stands for a name.
#[derive(Debug)]
pub struct Row {
    /// Stable identifier.
    pub code: &'static str,
    pub severity: Severity,
    /// The gate of Kubernetes' client that refuses; `None` for lint.
    pub gate: Option<Gate>,
    /// When a finding has this code.
    pub when: &'static str,
    pub message: &'static str,
    /// What to do; may be empty.
    pub fix: &'static str,
}

/// Every code, in the order of the gates, then lint.
#[must_use]
pub fn codes() -> &'static [Row] {
    CODES
}

/// A row by its code. A code outside the table would be a mistake in this crate; a test finds it.
pub(super) fn row(code: &str) -> &'static Row {
    CODES
        .iter()
        .find(|row| row.code == code)
        .unwrap_or(&CODES[0])
}

const fn refused(
    gate: Gate,
    code: &'static str,
    when: &'static str,
    message: &'static str,
    fix: &'static str,
) -> Row {
    Row {
        code,
        severity: Error,
        gate: Some(gate),
        when,
        message,
        fix,
    }
}

const fn lint(
    severity: Severity,
    code: &'static str,
    when: &'static str,
    message: &'static str,
    fix: &'static str,
) -> Row {
    Row {
        code,
        severity,
        gate: None,
        when,
        message,
        fix,
    }
}

/// Refusals in the order of the gates, then lint in the order of contract kubeconfig.md section 12.
pub(super) const CODES: &[Row] = &[
    // Reading.
    refused(
        Load,
        "too-large",
        "the text is over 32 MiB (our limit; Kubernetes has none)",
        "the text is larger than 32 MiB",
        "cut it first: `kubectl config view --raw --minify --flatten --context NAME`",
    ),
    refused(
        Load,
        "bad-encoding",
        "neither UTF-8 nor UTF-16 with a byte order mark, or control characters",
        "the file is not readable text",
        "save it as UTF-8 without control characters",
    ),
    refused(
        Load,
        "yaml-syntax",
        "the first document is not YAML",
        "the file is not valid YAML",
        "correct the line named",
    ),
    refused(
        Load,
        "yaml-version",
        "a `%YAML` directive other than 1.1",
        "the file declares a YAML version that Kubernetes refuses",
        "remove the `%YAML` line",
    ),
    refused(
        Load,
        "too-deep",
        "nesting above 10,000 levels",
        "the file is nested too deeply",
        "",
    ),
    refused(
        Load,
        "bad-alias",
        "an alias without anchor, or an anchor that contains itself",
        "a YAML alias cannot be resolved",
        "write the value out",
    ),
    refused(
        Load,
        "excessive-aliasing",
        "most of the document comes out of aliases",
        "the file expands to a multiple of its size through YAML aliases",
        "write the values out",
    ),
    refused(
        Load,
        "bad-merge",
        "`<<` with something that is not a map or a list of maps",
        "a merge key (`<<`) does not stand before a map",
        "write the entries out",
    ),
    refused(
        Load,
        "bad-tag",
        "a value that its tag does not fit",
        "a value does not fit its YAML tag",
        "remove the tag",
    ),
    refused(
        Load,
        "bad-key",
        "a key that is null, a list, a map or a huge number",
        "a map key is not text",
        "write the key as text",
    ),
    refused(
        Load,
        "bad-number",
        "infinity or not-a-number anywhere in the document",
        "the file holds an infinite number or one that is no number",
        "write the value in quotes",
    ),
    refused(
        Load,
        "base64-wrapped",
        "the text is base64, and what it wraps looks like a kubeconfig",
        "this is a base64-wrapped kubeconfig",
        "decode it first: `base64 -d FILE`",
    ),
    refused(
        Load,
        "not-a-config",
        "the document is a scalar or a list, or a map without clusters, contexts and users",
        "this is not a kubeconfig",
        "a kubeconfig is a map with clusters, contexts and users",
    ),
    refused(
        Load,
        "wrong-kind",
        "`kind` is not `Config`, or `apiVersion` not `v1` (letter case of the key is ignored)",
        "this is another kind of object",
        "a kubeconfig says `apiVersion: v1` and `kind: Config`",
    ),
    refused(
        Load,
        "wrong-type",
        "a field holds another type than it should; nothing is converted",
        "a field has the wrong type",
        "",
    ),
    refused(
        Load,
        "bad-base64",
        "a `-data` field is not standard base64 with padding",
        "a data field is not valid base64",
        "encode it with `base64 -w0`",
    ),
    refused(
        Load,
        "duplicate-name",
        "two entries of one list have the same name (or both have none)",
        "the name {} is used twice in one list",
        "rename or remove one of them",
    ),
    // Choosing the context, checking its cluster and user.
    refused(
        Rest,
        "context-not-found",
        "the context asked for, or current-context, is not in the file",
        "context {} does not exist",
        "name one of the contexts in the file",
    ),
    refused(
        Rest,
        "in-cluster-fallback",
        "no usable cluster is selected and nothing else is wrong",
        "no usable cluster is selected; tools in a pod would act as the pod itself",
        "set current-context and point it at an existing cluster",
    ),
    refused(
        Rest,
        "cluster-not-found",
        "the context's cluster is absent and there are other faults; or a carve needs it",
        "cluster {} does not exist",
        "point the context at an existing cluster",
    ),
    refused(
        Rest,
        "user-not-found",
        "a carve needs the context's user and it is absent",
        "user {} does not exist",
        "point the context at an existing user",
    ),
    refused(
        Rest,
        "no-server",
        "the cluster has no address",
        "cluster {} has no server",
        "set `server`",
    ),
    refused(
        Rest,
        "data-and-file",
        "a `-data` field and its file field are both set",
        "data and file are both given; Kubernetes refuses that",
        "keep one of the two",
    ),
    refused(
        Rest,
        "certificate-without-key",
        "a client certificate without a key",
        "the client certificate has no key",
        "add the key",
    ),
    refused(
        Rest,
        "file-unreadable",
        "a file that the context needs cannot be read",
        "a file cannot be read",
        "check the path; it starts from the kubeconfig's folder",
    ),
    refused(
        Rest,
        "exec-and-auth-provider",
        "exec and auth-provider in one user",
        "exec and auth-provider exclude each other",
        "keep one of the two",
    ),
    refused(
        Rest,
        "exec-no-command",
        "exec without command",
        "exec has no command",
        "set `command`",
    ),
    refused(
        Rest,
        "exec-no-api-version",
        "exec without apiVersion",
        "exec has no apiVersion",
        "set `apiVersion: client.authentication.k8s.io/v1`",
    ),
    refused(
        Rest,
        "exec-env-no-name",
        "an exec environment entry without name",
        "an environment variable of exec has no name",
        "name it",
    ),
    refused(
        Rest,
        "exec-bad-mode",
        "interactiveMode absent (with apiVersion v1) or none of Never, IfAvailable, Always",
        "interactiveMode is absent or unknown",
        "use Never, IfAvailable or Always",
    ),
    refused(
        Rest,
        "token-and-basic",
        "token together with username or password",
        "token and basic authentication exclude each other",
        "keep the token",
    ),
    refused(
        Rest,
        "impersonation-without-user",
        "`as-uid`, `as-groups` or `as-user-extra` without `as`",
        "impersonation names no user",
        "set `as`",
    ),
    refused(
        Rest,
        "bad-proxy",
        "proxy-url is no URL, or its scheme is not http, https or socks5",
        "proxy-url cannot be used",
        "use http://, https:// or socks5://",
    ),
    // Building the transport.
    refused(
        Tls,
        "bad-server",
        "server is neither a URL nor host:port",
        "server is neither a URL nor host:port",
        "write it as https://HOST:PORT",
    ),
    refused(
        Tls,
        "insecure-with-ca",
        "insecure-skip-tls-verify together with a CA",
        "a CA and insecure-skip-tls-verify exclude each other",
        "keep the CA",
    ),
    refused(
        Tls,
        "bad-ca",
        "no usable certificate in the CA data",
        "the CA cannot be used",
        "export it again: PEM, blocks of type CERTIFICATE",
    ),
    refused(
        Tls,
        "bad-certificate",
        "no usable certificate in the client certificate data",
        "the client certificate cannot be used",
        "export it again: PEM, a block of type CERTIFICATE",
    ),
    refused(
        Tls,
        "bad-private-key",
        "no usable key in the client key data",
        "the client key cannot be used",
        "export it again: PEM, unencrypted, RSA, NIST curve or Ed25519",
    ),
    refused(
        Tls,
        "key-mismatch",
        "certificate and key do not belong together",
        "the client key does not belong to the client certificate",
        "pair them again",
    ),
    refused(
        Tls,
        "exec-api-version",
        "exec apiVersion other than client.authentication.k8s.io/v1 or v1beta1",
        "the exec apiVersion is not supported",
        "use client.authentication.k8s.io/v1",
    ),
    refused(
        Tls,
        "unknown-auth-provider",
        "auth-provider other than oidc",
        "this auth-provider does not exist any more",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    refused(
        Tls,
        "auth-provider-config",
        "oidc auth-provider without idp-issuer-url or client-id, or with a bad CA",
        "the auth-provider's configuration is incomplete",
        "set idp-issuer-url and client-id",
    ),
    refused(
        Tls,
        "token-file-empty",
        "the token file is empty",
        "the token file is empty",
        "write the token into it",
    ),
    refused(
        Tls,
        "token-file-and-basic",
        "tokenFile together with username",
        "tokenFile and basic authentication exclude each other",
        "keep the token",
    ),
    // What stands in the way of a cut; Kubernetes' own client would go on.
    lint(
        Error,
        "file-outside",
        "a file lies outside the kubeconfig's folder, ~/.kube, ~/.minikube and the mounts of service accounts",
        "{} lies outside the kubeconfig's folder; it was not read",
        "if you want to send that file: --allow-file DIR",
    ),
    lint(
        Error,
        "token-file-no-token",
        "a token file holds something else than one bearer token",
        "the token file does not hold one bearer token",
        "write the token alone into it, as UTF-8",
    ),
    // Lint.
    lint(
        Error,
        "no-current-context",
        "current-context absent or empty",
        "no default context; a single context is not picked by itself",
        "`kubectl config use-context NAME`, or name a context and let it be carved",
    ),
    lint(
        Error,
        "exec-plugin",
        "exec is the effective method",
        "needs the program {}, which is absent in the container",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "exec-interactive",
        "exec with mode Always",
        "the plugin wants a terminal",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Info,
        "exec-ignored",
        "exec beside a token, certificate or basic authentication",
        "the plugin is never run",
        "remove it",
    ),
    lint(
        Warning,
        "auth-provider",
        "any auth-provider",
        "its tokens cannot be renewed or saved in the container; gcp and azure no longer exist",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "file-reference",
        "a path field is set",
        "{} points to a file that stays behind",
        "inline it: `kubectl config view --raw --minify --flatten`",
    ),
    lint(
        Error,
        "redacted-value",
        "a secret is `REDACTED`, `DATA+OMITTED` or `<...>`",
        "this is redacted output, not a credential",
        "export it again: `kubectl config view --raw --minify --flatten`",
    ),
    lint(
        Error,
        "placeholder-value",
        "a mask (`***`), a template (`${TOKEN}`, `{{ .Token }}`, `%TOKEN%`), a value encrypted by sops or Ansible, a reference to a secret manager (`op://`, `vault:`), a filler (`CHANGEME`) or the text of an empty variable (`None`, `undefined`) in the place of a secret",
        "this is {}, not a credential",
        "put the secret itself in its place",
    ),
    lint(
        Error,
        "server-no-scheme",
        "server without scheme",
        "read as plain http: credentials are dropped",
        "add `https://`",
    ),
    lint(
        Error,
        "server-plain-http",
        "server with scheme http",
        "credentials are not sent over http",
        "use https",
    ),
    lint(
        Error,
        "server-bad-scheme",
        "server with another scheme",
        "the scheme is not supported",
        "use https",
    ),
    lint(
        Error,
        "server-loopback",
        "server is localhost, 127/8, ::1, 0.0.0.0, an empty host, a name that stands for one of them (`*.crc.testing`, `lvh.me`, `127.0.0.1.nip.io`) or an alias of the host machine",
        "the address means the container itself",
        "use an address that the runner reaches; for kind: `kind get kubeconfig --internal`",
    ),
    lint(
        Warning,
        "server-private",
        "server is a private or link-local address, a single label, .local .lan .home .corp .internal .home.arpa .test, a VPN's name (`*.ts.net`) or a private endpoint of a cloud",
        "may not be reachable from the runner",
        "check that the runner can reach it",
    ),
    lint(
        Warning,
        "server-in-cluster",
        "server is kubernetes.default or *.svc",
        "works only inside that same cluster",
        "use the public API address",
    ),
    lint(
        Error,
        "server-impossible",
        "Kubernetes takes the address, but no client can reach it: a port outside 1 to 65535, an empty or overlong part of the name, an invisible character, two schemes, a template",
        "no client can reach this address: {}",
        "write it as https://HOST:PORT",
    ),
    lint(
        Warning,
        "server-non-ascii",
        "the host's name has characters outside ASCII",
        "not every client translates this host's name",
        "write the name in its ASCII form (xn--...)",
    ),
    lint(
        Warning,
        "server-userinfo",
        "user information in server",
        "a password in the URL is shown by every tool",
        "remove it",
    ),
    lint(
        Info,
        "server-query",
        "query or fragment in server",
        "the part behind the path is ignored",
        "remove it",
    ),
    lint(
        Warning,
        "insecure-tls",
        "insecure-skip-tls-verify",
        "the server's identity is not checked; the token can be stolen",
        "embed the CA",
    ),
    lint(
        Info,
        "system-trust",
        "https without CA",
        "the container's own roots decide whom to trust",
        "embed the CA if it is private",
    ),
    lint(
        Error,
        "ca-expired",
        "no CA certificate is valid now",
        "the handshake will fail: no CA certificate is valid now",
        "get a new CA bundle",
    ),
    lint(
        Info,
        "ca-not-a-ca",
        "no certificate in the CA data is a CA",
        "works only for that exact certificate",
        "use the CA",
    ),
    lint(
        Error,
        "client-cert-expired",
        "the client certificate has expired",
        "the client certificate expired on {}",
        "get a new certificate",
    ),
    lint(
        Error,
        "client-cert-not-yet-valid",
        "the client certificate is not valid yet",
        "the client certificate is not valid before {}",
        "get a new certificate, or check the clock",
    ),
    lint(
        Warning,
        "client-cert-expires-soon",
        "the client certificate expires within 14 days",
        "the client certificate expires on {}",
        "renew it",
    ),
    lint(
        Warning,
        "client-cert-not-for-clients",
        "the certificate's key usage excludes client authentication",
        "the server will likely refuse this certificate",
        "get a certificate for client authentication",
    ),
    lint(
        Warning,
        "key-without-certificate",
        "a client key without certificate",
        "a key alone is ignored",
        "add the certificate",
    ),
    lint(
        Error,
        "token-expired",
        "the token's `exp`, or its date of signing, is too long ago; also the id-token of an oidc provider without refresh-token",
        "the token expired on {}",
        "get a new one: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "token-expires-soon",
        "the token's `exp` is less than 24 hours away",
        "the token expires on {}",
        "get a longer-lived one: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "token-never-expires",
        "a JWT without `exp`",
        "a token without end is hard to revoke",
        "use a bound token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "token-short-lived",
        "an OpenShift login token (`sha256~`), a Google access token (`ya29.`) or a GitLab job token (`glcbt-`)",
        "{}",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "token-bad-character",
        "white space, a control character or non-ASCII in the token",
        "the header will be refused or mangled",
        "paste the token again without line breaks",
    ),
    lint(
        Error,
        "token-bearer-prefix",
        "the token starts with `Bearer `",
        "the word Bearer is sent twice",
        "remove the word",
    ),
    lint(
        Warning,
        "token-too-long",
        "the token is over 16 KiB",
        "over the usual limit of headers",
        "check what was pasted",
    ),
    lint(
        Warning,
        "basic-auth",
        "username or password",
        "basic authentication was removed from Kubernetes 1.19 on",
        "use a token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "password-without-username",
        "a password without username",
        "nothing is sent",
        "use a token",
    ),
    lint(
        Error,
        "no-credentials",
        "nothing usable, or the user does not exist",
        "anonymous; kubectl will ask for a name and give up",
        "add a token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "several-auth-methods",
        "more than one way to authenticate",
        "several ways to authenticate; only some of them count",
        "keep one",
    ),
    lint(
        Info,
        "impersonation",
        "any `as` field",
        "acts as another user; needs the right to",
        "make sure it is meant",
    ),
    lint(
        Warning,
        "admin-identity",
        "an admin-like context or user name, or a certificate of system:masters",
        "full rights in the hands of an agent",
        "use a narrow role",
    ),
    lint(
        Info,
        "no-namespace",
        "no namespace in the context",
        "`default`, or the pod's own in a pod",
        "set it",
    ),
    lint(
        Error,
        "namespace-invalid",
        "the namespace is not a DNS label",
        "every request will be refused",
        "correct it: lower case, digits and `-`, at most 63 characters",
    ),
    lint(
        Warning,
        "multiple-contexts",
        "more than one context",
        "the secrets of other clusters are uploaded too",
        "keep one: `kubectl config view --raw --minify --flatten --context NAME`",
    ),
    lint(
        Warning,
        "unused-entries",
        "more clusters or users than one context needs",
        "entries that the context does not need are uploaded too",
        "drop them: `kubectl config view --raw --minify --flatten`",
    ),
    lint(
        Error,
        "proxy-loopback",
        "the proxy is on loopback",
        "the proxy is not in the container",
        "remove it",
    ),
    lint(
        Info,
        "proxy",
        "a proxy is set",
        "the proxy must be reachable from the runner",
        "check",
    ),
    lint(
        Error,
        "proxy-no-host",
        "proxy-url without host",
        "proxy-url names no host",
        "write it as http://HOST:PORT",
    ),
    lint(
        Warning,
        "proxy-credentials",
        "user information in proxy-url",
        "the password in the URL is shown in clear by `kubectl config view`",
        "remove it",
    ),
    lint(
        Warning,
        "unknown-field",
        "a field that no client knows",
        "every client ignores this field",
        "remove it",
    ),
    lint(
        Warning,
        "duplicate-key",
        "the same key twice in one map, also through a merge key",
        "the last one wins",
        "remove the others",
    ),
    lint(
        Warning,
        "multiple-documents",
        "text after the first document",
        "only the first document is read",
        "split the file",
    ),
    lint(
        Info,
        "encoding-bom",
        "a byte order mark, or UTF-16",
        "other tools may refuse the encoding",
        "save as UTF-8 without a byte order mark",
    ),
    lint(
        Warning,
        "file-too-large",
        "over 1 MiB",
        "other contexts or junk inside",
        "carve out the context",
    ),
    lint(
        Error,
        "expires-too-early",
        "a credential ends sooner than the time asked for",
        "the credential ends {}, sooner than asked for",
        "get a longer-lived one: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "exec-relative-command",
        "a carved exec command with a path",
        "the program {} stays behind",
        "use a service account's token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "oversize",
        "the text to store is over 900 KiB as JSON; over 512 KiB it is a warning",
        "{} bytes as JSON; a session's sidecar reads 1 MiB at most",
        "keep one context: leave out --all-contexts and --no-flatten",
    ),
];

/// Returns true for the code of a finding.
#[must_use]
pub fn is_code(code: &str) -> bool {
    CODES.iter().any(|row| row.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write;
    use std::path::Path;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// `docs/lint.md` as the table wants it.
    fn documentation() -> String {
        let mut out = String::from(
            "# Kubeconfig findings\n\n\
             Written from `src/kubeconfig/codes.rs`; to write it anew: \
             `UPDATE_DOCS=1 cargo test --lib kubeconfig::codes`.\n\n\
             Codes are stable. `error` means that it cannot work or is dangerous, `warning` likely \
             trouble, `info` worth knowing. A finding names the list, the entry, the field and the \
             line, never the value of a secret.\n",
        );
        let section = |out: &mut String, title: &str, text: &str, gate: Option<Gate>| {
            write!(out, "\n## {title}\n\n{text}\n\n").unwrap();
            out.push_str("| code | severity | fires when | message | fix |\n");
            out.push_str("| --- | --- | --- | --- | --- |\n");
            for row in CODES.iter().filter(|row| row.gate == gate) {
                let severity = format!("{:?}", row.severity).to_lowercase();
                let message = row.message.replace("{}", "...");
                let cells = [row.code, &severity, row.when, &message, row.fix]
                    .map(|cell| cell.replace('|', "\\|"));
                writeln!(
                    out,
                    "| `{}` | {} | {} | {} | {} |",
                    cells[0], cells[1], cells[2], cells[3], cells[4]
                )
                .unwrap();
            }
        };
        section(
            &mut out,
            "Refused by Kubernetes while reading",
            "One fault anywhere refuses the whole file, also in a part that nobody uses.",
            Some(Load),
        );
        section(
            &mut out,
            "Refused by Kubernetes while choosing the context",
            "Only the chosen context, its cluster and its user are looked at.",
            Some(Rest),
        );
        section(
            &mut out,
            "Refused by Kubernetes while building the transport",
            "Over anything but https only the address is looked at. `bad-certificate`, \
             `bad-private-key` and `key-mismatch` come with the gate `late` where certificate and \
             key are both files: a client sees that only at the handshake.",
            Some(Tls),
        );
        section(
            &mut out,
            "Lint",
            "Valid, but will not or should not work from a runner's container.",
            None,
        );
        out
    }

    #[test]
    fn docs_lint_md_is_current() {
        let path = root().join("docs/lint.md");
        let wanted = documentation();
        #[expect(
            clippy::disallowed_methods,
            reason = "a test that may write the document anew"
        )]
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "docs/lint.md is not current: run with UPDATE_DOCS=1"
        );
    }

    #[test]
    fn every_code_in_the_source_is_in_the_table_and_the_reverse() {
        let mut sources = String::new();
        let mut folders = vec![root().join("src/kubeconfig")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("codes.rs") {
                    sources += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        let mut used = BTreeSet::new();
        for call in [
            "Finding::new(",
            "on_user(",
            "on_cluster(",
            "on_context(",
            "Fault(",
            ".instead(",
        ] {
            for after in sources.split(call).skip(1) {
                if let Some(text) = after.trim_start().strip_prefix('"') {
                    used.insert(text.split('"').next().unwrap());
                }
            }
        }
        let known: BTreeSet<_> = CODES.iter().map(|row| row.code).collect();
        assert_eq!(known.len(), CODES.len(), "a code is in the table twice");
        let strangers: Vec<_> = used.difference(&known).collect();
        assert!(strangers.is_empty(), "not in the table: {strangers:?}");
        let idle: Vec<_> = known
            .iter()
            .filter(|code| !sources.contains(&format!("\"{code}\"")))
            .collect();
        assert!(idle.is_empty(), "never used: {idle:?}");
    }
}
