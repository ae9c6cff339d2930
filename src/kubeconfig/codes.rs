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

/// The meaning of a code: one row of the table. `{}` in a message stands for a name.
#[derive(Debug)]
pub struct Row {
    /// The stable identifier.
    pub code: &'static str,
    pub severity: Severity,
    /// The gate of Kubernetes' client that refuses; `None` for lint.
    pub gate: Option<Gate>,
    /// When a finding has this code.
    pub when: &'static str,
    pub message: &'static str,
    /// The advice to the user.
    pub fix: &'static str,
}

/// Returns every code in the order of the gates, then those of lint.
#[must_use]
pub fn codes() -> &'static [Row] {
    CODES
}

/// Returns the row of a code. A test checks that every code in use has a row.
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

/// Refusals in the order of the gates, then lint in the order of docs/interface/kubeconfig.md section 12.
pub(super) const CODES: &[Row] = &[
    // Reading.
    refused(
        Load,
        "too-large",
        "the text is over 32 MiB (the limit is ours; Kubernetes has none)",
        "the text is larger than 32 MiB",
        "keep one context first: `kubectl config view --raw --minify --flatten --context NAME`",
    ),
    refused(
        Load,
        "bad-encoding",
        "the text is neither UTF-8 nor UTF-16 with a byte order mark, or holds control characters",
        "the file is not readable text",
        "save it as UTF-8 without control characters",
    ),
    refused(
        Load,
        "yaml-syntax",
        "the first document is not YAML",
        "the file is not valid YAML",
        "correct the named line",
    ),
    refused(
        Load,
        "yaml-version",
        "a `%YAML` directive names another version than 1.1",
        "the file declares a YAML version that Kubernetes refuses",
        "remove the `%YAML` line",
    ),
    refused(
        Load,
        "too-deep",
        "values are nested more than 10,000 levels deep",
        "the file is nested too deeply",
        "remove the nesting",
    ),
    refused(
        Load,
        "bad-alias",
        "an alias has no anchor, or an anchor contains itself",
        "a YAML alias cannot be resolved",
        "replace the alias with the value",
    ),
    refused(
        Load,
        "excessive-aliasing",
        "most of the document comes from aliases",
        "YAML aliases expand the file to a multiple of its size",
        "replace the aliases with the values",
    ),
    refused(
        Load,
        "bad-merge",
        "`<<` has a value other than a map or a list of maps",
        "the value of a merge key (`<<`) is not a map",
        "replace the merge key with the entries",
    ),
    refused(
        Load,
        "bad-tag",
        "a value does not fit its tag",
        "a value does not fit its YAML tag",
        "remove the tag",
    ),
    refused(
        Load,
        "bad-key",
        "a key is null, a list, a map or a huge number",
        "a map key is not text",
        "write the key as text",
    ),
    refused(
        Load,
        "bad-number",
        "a number anywhere in the document is infinite or not a number",
        "the file holds a number that is infinite or not a number",
        "write the value in quotes",
    ),
    refused(
        Load,
        "base64-wrapped",
        "the text is base64 and decodes to what looks like a kubeconfig",
        "this is a kubeconfig in base64",
        "decode it first: `base64 -d FILE`",
    ),
    refused(
        Load,
        "not-a-config",
        "the document is a scalar or a list, or a map without clusters, contexts and users",
        "this is not a kubeconfig",
        "export a kubeconfig: `kubectl config view --raw --minify --flatten`",
    ),
    refused(
        Load,
        "wrong-kind",
        "`kind` is not `Config`, or `apiVersion` is not `v1` (upper and lower case count as the same in these keys)",
        "this is another kind of object",
        "a kubeconfig has `apiVersion: v1` and `kind: Config`",
    ),
    refused(
        Load,
        "wrong-type",
        "the value of a field has the wrong type; nothing is converted",
        "a field has the wrong type",
        "write a value of the expected type",
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
        "the file does not have the requested context, or the one that current-context names",
        "context {} does not exist",
        "choose one of the contexts in the file",
    ),
    refused(
        Rest,
        "in-cluster-fallback",
        "no usable cluster is selected, and nothing else is wrong",
        "no usable cluster is selected: inside a pod, tools would act as the pod itself",
        "set current-context to a context whose cluster exists",
    ),
    refused(
        Rest,
        "cluster-not-found",
        "the context's cluster does not exist, and there are other faults or only this context is kept",
        "cluster {} does not exist",
        "point the context at an existing cluster",
    ),
    refused(
        Rest,
        "user-not-found",
        "the context's user does not exist, and only this context is kept",
        "user {} does not exist",
        "point the context at an existing user",
    ),
    refused(
        Rest,
        "no-server",
        "the cluster has no address",
        "cluster {} has no server",
        "set `server` to the cluster's address, for example https://HOST:6443",
    ),
    refused(
        Rest,
        "data-and-file",
        "a `-data` field and its file field are both set",
        "both data and a file are given; Kubernetes refuses that",
        "keep one of them",
    ),
    refused(
        Rest,
        "certificate-without-key",
        "the user has a client certificate but no key",
        "the client certificate has no key",
        "add the key, or export the file again: `kubectl config view --raw --minify --flatten`",
    ),
    refused(
        Rest,
        "file-unreadable",
        "a file that the context needs cannot be read",
        "a file cannot be read",
        "check the path; it is relative to the kubeconfig's folder",
    ),
    refused(
        Rest,
        "exec-and-auth-provider",
        "a user has both exec and auth-provider",
        "exec and auth-provider can't be used together",
        "keep one of them",
    ),
    refused(
        Rest,
        "exec-no-command",
        "exec has no command",
        "exec has no command",
        "set `command` to the login program",
    ),
    refused(
        Rest,
        "exec-no-api-version",
        "exec has no apiVersion",
        "exec has no apiVersion",
        "set `apiVersion: client.authentication.k8s.io/v1`",
    ),
    refused(
        Rest,
        "exec-env-no-name",
        "an environment variable of exec has no name",
        "an environment variable of exec has no name",
        "set its `name`",
    ),
    refused(
        Rest,
        "exec-bad-mode",
        "interactiveMode is not Never, IfAvailable or Always, or is missing (with apiVersion v1)",
        "interactiveMode is missing or unknown",
        "set interactiveMode to Never, IfAvailable or Always",
    ),
    refused(
        Rest,
        "token-and-basic",
        "a user has a token and also a username or password",
        "a token can't be used together with a username and password",
        "keep the token",
    ),
    refused(
        Rest,
        "impersonation-without-user",
        "a user has `as-uid`, `as-groups` or `as-user-extra`, but not `as`",
        "impersonation does not name a user",
        "set `as` to the user",
    ),
    refused(
        Rest,
        "bad-proxy",
        "proxy-url is not a URL, or its scheme is not http, https or socks5",
        "proxy-url cannot be used",
        "write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT",
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
        "a cluster has both insecure-skip-tls-verify and a CA",
        "a CA and insecure-skip-tls-verify can't be used together",
        "keep the CA and remove insecure-skip-tls-verify",
    ),
    refused(
        Tls,
        "bad-ca",
        "the CA data holds no usable certificate",
        "the CA cannot be used",
        "export it again as PEM, in blocks of type CERTIFICATE",
    ),
    refused(
        Tls,
        "bad-certificate",
        "the client certificate data holds no usable certificate",
        "the client certificate cannot be used",
        "export it again as PEM, in a block of type CERTIFICATE",
    ),
    refused(
        Tls,
        "bad-private-key",
        "the client key data holds no usable key",
        "the client key cannot be used",
        "export it again as unencrypted PEM: RSA, a NIST curve or Ed25519",
    ),
    refused(
        Tls,
        "key-mismatch",
        "the client certificate and the key do not belong together",
        "the client key does not belong to the client certificate",
        "export both again: `kubectl config view --raw --minify --flatten`",
    ),
    refused(
        Tls,
        "exec-api-version",
        "the apiVersion of exec is neither client.authentication.k8s.io/v1 nor v1beta1",
        "the exec apiVersion is not supported",
        "set it to client.authentication.k8s.io/v1, if the program supports that",
    ),
    refused(
        Tls,
        "unknown-auth-provider",
        "the auth-provider is not oidc",
        "Kubernetes no longer has this auth-provider",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    refused(
        Tls,
        "auth-provider-config",
        "an oidc auth-provider has no idp-issuer-url or no client-id, or a bad CA",
        "the auth-provider's configuration can't be used",
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
        "a user has both tokenFile and username",
        "tokenFile can't be used together with a username",
        "keep the token file",
    ),
    // Findings that prevent a cut, although Kubernetes' own client would continue.
    lint(
        Error,
        "file-outside",
        "a file is outside the kubeconfig's folder, ~/.kube, ~/.minikube and the mounts of service accounts",
        "{} is outside the kubeconfig's folder and was not read",
        "to send that file, add --allow-file DIR",
    ),
    lint(
        Error,
        "token-file-no-token",
        "a token file holds something other than one bearer token",
        "the token file does not hold one bearer token",
        "write only the token into it, as UTF-8",
    ),
    // Lint.
    lint(
        Error,
        "no-current-context",
        "current-context is missing or empty",
        "no default context: tools do not choose a context by themselves, even if there is only one",
        "`kubectl config use-context NAME`, or choose a context with --context NAME",
    ),
    lint(
        Error,
        "exec-plugin",
        "the client would log in with exec",
        "needs the program {}, which the container does not have",
        "make an access with a token in its cluster: `acpctl credential create -f FILE --context NAME --mint view-no-secrets --allow exec-plugin`; or set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "exec-interactive",
        "the mode of exec is Always",
        "the plugin needs a terminal",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Info,
        "exec-ignored",
        "a user has exec beside a token, certificate or password",
        "the plugin is never run",
        "remove exec",
    ),
    lint(
        Warning,
        "auth-provider",
        "a user has an auth-provider",
        "the container can neither renew its tokens nor save them; gcp and azure no longer exist",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "file-reference",
        "a field holds a path",
        "{} names a file that is not part of the kubeconfig",
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
        "instead of a secret there is a mask (`***`), a template (`${TOKEN}`, `{{ .Token }}`, `%TOKEN%`), a value encrypted by sops or Ansible, a reference to a secret manager (`op://`, `vault:`), a filler (`CHANGEME`) or the text of an empty variable (`None`, `undefined`)",
        "this is {}, not a credential",
        "replace it with the secret itself",
    ),
    lint(
        Error,
        "server-no-scheme",
        "server has no scheme",
        "read as plain http, over which credentials are not sent",
        "add `https://`",
    ),
    lint(
        Error,
        "server-plain-http",
        "the scheme of server is http",
        "credentials are not sent over http",
        "use https",
    ),
    lint(
        Error,
        "server-bad-scheme",
        "the scheme of server is neither http nor https",
        "the scheme is not supported",
        "use https",
    ),
    lint(
        Error,
        "server-loopback",
        "server is localhost, 127/8, ::1, 0.0.0.0, an empty host, a name that stands for one of them (`*.crc.testing`, `lvh.me`, `127.0.0.1.nip.io`) or an alias of the host machine; only a warning with --local and with your own `acpctl serve`, whose sessions run on this machine",
        "in a container this address means the container itself",
        "use an address that the runner can reach; for kind: `kind get kubeconfig --internal`",
    ),
    lint(
        Warning,
        "server-private",
        "server is a private or link-local address, a single label, .local .lan .home .corp .internal .home.arpa .test, a VPN's name (`*.ts.net`) or a private endpoint of a cloud",
        "{} is private: sessions reach it only from the same network",
        "check that the runner can reach it",
    ),
    lint(
        Warning,
        "server-in-cluster",
        "server is kubernetes.default or *.svc",
        "only pods of that cluster can reach this address",
        "use the cluster's public address",
    ),
    lint(
        Error,
        "server-impossible",
        "Kubernetes accepts the address, but no client can reach it: a port outside 1 to 65535, an empty or overlong part of the name, an invisible character, two schemes, a template",
        "no client can reach this address: {}",
        "write it as https://HOST:PORT",
    ),
    lint(
        Warning,
        "server-non-ascii",
        "the host name has characters outside ASCII",
        "not every client can translate this host name",
        "write the name in its ASCII form (xn--...)",
    ),
    lint(
        Warning,
        "server-userinfo",
        "server holds user information",
        "every tool shows a password in the URL",
        "remove the user information",
    ),
    lint(
        Info,
        "server-query",
        "server has a query or a fragment",
        "the part after the path is ignored",
        "remove it",
    ),
    lint(
        Warning,
        "insecure-tls",
        "insecure-skip-tls-verify is set",
        "the server's identity is not checked, so others can steal the token",
        "embed the CA and remove insecure-skip-tls-verify",
    ),
    lint(
        Info,
        "system-trust",
        "server is https without a CA",
        "no CA given: the container's system CAs decide which servers are trusted",
        "embed the CA if it is private",
    ),
    lint(
        Error,
        "ca-expired",
        "no CA certificate is valid now",
        "the handshake will fail: no CA certificate is valid now",
        "get the cluster's current CA",
    ),
    lint(
        Info,
        "ca-not-a-ca",
        "no certificate in the CA data is a CA",
        "works only as long as the server has exactly this certificate",
        "use the CA that signed it",
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
        "the client certificate becomes valid on {}",
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
        "a user has a client key but no certificate",
        "a key without a certificate is ignored",
        "add the certificate",
    ),
    lint(
        Error,
        "token-expired",
        "the token's `exp` or the time of its signing is too long ago; also for the id-token of an oidc provider without refresh-token",
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
        "a JWT has no `exp`",
        "a token that never expires is hard to revoke",
        "use a token that expires: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "token-short-lived",
        "the token is an OpenShift login token (`sha256~`), a Google access token (`ya29.`) or a GitLab job token (`glcbt-`)",
        "{}",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "token-bad-character",
        "the token holds white space, a control character or a character outside ASCII",
        "servers will reject the header with this token",
        "paste the token again without line breaks",
    ),
    lint(
        Error,
        "token-bearer-prefix",
        "the token starts with `Bearer `",
        "clients will send the word Bearer twice",
        "remove the word from the token",
    ),
    lint(
        Warning,
        "token-too-long",
        "the token is over 16 KiB",
        "longer than most servers allow for a header",
        "check whether only the token was pasted",
    ),
    lint(
        Warning,
        "basic-auth",
        "a user has a username or password",
        "Kubernetes 1.19 and later do not support basic authentication",
        "use a token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "password-without-username",
        "a user has a password but no username",
        "a password without a username is not sent",
        "use a token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "no-credentials",
        "the user has nothing usable, or does not exist",
        "requests are anonymous; kubectl will ask for a name and give up",
        "add a token: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Warning,
        "several-auth-methods",
        "a user has more than one way to authenticate",
        "several ways to authenticate, of which only some are used",
        "keep one",
    ),
    lint(
        Info,
        "impersonation",
        "any `as` field is set",
        "acts as another user, which needs the right to impersonate",
        "check that this is intended",
    ),
    lint(
        Warning,
        "admin-identity",
        "the name of the context or user suggests an administrator, or the certificate is of the group system:masters",
        "an agent would have full rights",
        "use a user with few rights",
    ),
    lint(
        Info,
        "no-namespace",
        "the context has no namespace",
        "no namespace set: `default` is used (inside a pod: the pod's own)",
        "add `namespace: NAME` to the context",
    ),
    lint(
        Error,
        "namespace-invalid",
        "the namespace is not a DNS label",
        "every request will be refused",
        "use lower-case letters, digits and `-`, at most 63 characters",
    ),
    lint(
        Warning,
        "multiple-contexts",
        "the file has more than one context",
        "stored as it is, the file includes the secrets of other contexts",
        "keep one: `kubectl config view --raw --minify --flatten --context NAME`",
    ),
    lint(
        Warning,
        "unused-entries",
        "the file has more clusters or users than one context needs",
        "stored as it is, the file includes entries that the context does not need",
        "drop them: `kubectl config view --raw --minify --flatten`",
    ),
    lint(
        Error,
        "proxy-loopback",
        "the proxy has a loopback address",
        "the container does not have this proxy",
        "remove it",
    ),
    lint(
        Info,
        "proxy",
        "a proxy is set",
        "the proxy must be reachable from the runner",
        "check that the runner can reach it",
    ),
    lint(
        Error,
        "proxy-no-host",
        "proxy-url has no host",
        "proxy-url names no host",
        "write it as http://HOST:PORT",
    ),
    lint(
        Warning,
        "proxy-credentials",
        "proxy-url holds user information",
        "`kubectl config view` shows the password in the URL",
        "remove it",
    ),
    lint(
        Warning,
        "unknown-field",
        "no client knows the field",
        "every client ignores this field",
        "remove it",
    ),
    lint(
        Warning,
        "duplicate-key",
        "a map has the same key twice, possibly through a merge key",
        "this key occurs more than once; the last value is used",
        "remove the other values",
    ),
    lint(
        Warning,
        "multiple-documents",
        "there is text after the first document",
        "only the first document is read",
        "split the file",
    ),
    lint(
        Info,
        "encoding-bom",
        "the text starts with a byte order mark, or is UTF-16",
        "other tools may refuse this encoding",
        "save it as UTF-8 without a byte order mark",
    ),
    lint(
        Warning,
        "file-too-large",
        "the file is over 1 MiB",
        "the file is large: it may hold other contexts or unrelated text",
        "keep one context only: `kubectl config view --raw --minify --flatten`",
    ),
    lint(
        Error,
        "expires-too-early",
        "a credential expires sooner than --min-ttl allows",
        "the credential expires {}, sooner than --min-ttl allows",
        "get one that lives longer than --min-ttl: `kubectl create token NAME --duration DURATION`",
    ),
    lint(
        Warning,
        "expiry-unknown",
        "`--min-ttl` is given, and nobody can read when the token or password ends",
        "nobody can read when the {} ends, so --min-ttl does not judge it",
        "use a token that says its end: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "exec-relative-command",
        "the exec command of the one context that is kept holds a path",
        "the program {} is not part of the kubeconfig",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "oversize",
        "the text to store is over 900 KiB as JSON; over 512 KiB this is a warning",
        "the text has {} bytes as JSON; a session can read 1 MiB at most",
        "keep one context: leave out --all-contexts and --no-flatten",
    ),
    // Reported only for `--target sandbox`.
    lint(
        Warning,
        "sandbox-not-delivered",
        "always",
        "a sandbox session gets nothing of a stored kubeconfig: no file, no KUBECONFIG, no MCP server",
        "see `acpctl session preview --target sandbox` for the ways that there are",
    ),
    // Managed sessions: reported only for `--target managed`. The server's words follow the message.
    lint(
        Error,
        "managed-context",
        "`current-context` is missing, or names no context of the file",
        "a managed session needs a current context",
        "choose one: `--context NAME`",
    ),
    lint(
        Error,
        "managed-context-incomplete",
        "the context names no cluster or user, or one that does not exist",
        "a managed session needs a context with a cluster and a user",
        "add the missing entry to the kubeconfig",
    ),
    lint(
        Error,
        "managed-token",
        "the user logs in with something other than an embedded token, or acts as another user",
        "a managed session takes an embedded token only",
        "set the user's token to that of a service account: `kubectl create token NAME --duration 24h`",
    ),
    lint(
        Error,
        "managed-tls",
        "the cluster has `insecure-skip-tls-verify`, `proxy-url`, `tls-server-name` or a `certificate-authority` file",
        "a managed session connects with verified TLS and without this field",
        "remove the field, and use an address that works without it",
    ),
    lint(
        Error,
        "managed-server",
        "the address is more or less than `https://HOST` or `https://HOST:PORT`",
        "a managed session takes https with host and port only",
        "use the API server's own address",
    ),
    lint(
        Error,
        "managed-port",
        "the port of the address is empty, zero or above 65535",
        "the port of the address can't be used",
        "correct the port",
    ),
    lint(
        Error,
        "managed-ca",
        "the cluster's certificate authority is not in the file of `--trust-bundle`",
        "the installation does not trust this certificate authority",
        "ask the administrators to add it to the installation's bundle",
    ),
    lint(
        Warning,
        "managed-ca-unchecked",
        "the cluster has a certificate authority, and `--trust-bundle` is not given",
        "it cannot be checked here whether the installation trusts this certificate authority; if it does not, the \
         session does not start",
        "name the installation's bundle with `--trust-bundle FILE`",
    ),
    lint(
        Info,
        "managed-installation",
        "always",
        "two rules of the installation cannot be checked here: the address must be in its network ranges (`invalid \
         HYPERSHELL_KUBERNETES_ALLOWED_CIDRS`), and the session needs a workspace of its gateway (`invalid \
         configuration: Kubernetes provider requires a session gateway workspace`)",
        "",
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

    fn is_of_target(row: &Row) -> bool {
        row.code.starts_with("managed-") || row.code.starts_with("sandbox-")
    }

    /// Writes `docs/lint.md` from the table.
    fn documentation() -> String {
        let mut out = String::from(
            "# Kubeconfig findings\n\n\
             Generated from `src/kubeconfig/codes.rs`; to regenerate: \
             `UPDATE_DOCS=1 cargo test --lib kubeconfig::codes`.\n\n\
             Codes are stable. `error` means that the file cannot work or is dangerous, `warning` that \
             trouble is likely, `info` that it is worth knowing. A finding names the list, the entry, \
             the field and the line, never the value of a secret.\n",
        );
        let section = |out: &mut String, title: &str, text: &str, is_in: &dyn Fn(&Row) -> bool| {
            write!(out, "\n## {title}\n\n{text}\n\n").unwrap();
            out.push_str("| code | severity | fires when | message | fix |\n");
            out.push_str("| --- | --- | --- | --- | --- |\n");
            for row in CODES.iter().filter(|row| is_in(row)) {
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
            "A single fault refuses the whole file, even in a part that is not used.",
            &|row: &Row| row.gate == Some(Load),
        );
        section(
            &mut out,
            "Refused by Kubernetes while choosing the context",
            "Only the chosen context, its cluster and its user are checked.",
            &|row: &Row| row.gate == Some(Rest),
        );
        section(
            &mut out,
            "Refused by Kubernetes while building the transport",
            "Unless the address is https, only the address is checked. `bad-certificate`, \
             `bad-private-key` and `key-mismatch` have the gate `late` if certificate and key are \
             both files: a client reads these only at the handshake.",
            &|row: &Row| row.gate == Some(Tls),
        );
        section(
            &mut out,
            "Lint",
            "Findings about kubeconfigs that are valid, but will not work or should not be used from a runner's container.",
            &|row: &Row| row.gate.is_none() && !is_of_target(row),
        );
        section(
            &mut out,
            "Sandbox and managed sessions",
            "Reported for `--target sandbox` and `--target managed` only: what sessions in a sandbox and those behind a \
             managed gateway do with a kubeconfig. A text that cannot be read is refused by \
             managed sessions too (`kubeconfig credential is not valid YAML or JSON`). The server's own \
             words follow the message.",
            &is_of_target,
        );
        out
    }

    #[test]
    fn docs_lint_md_is_current() {
        let path = root().join("docs/lint.md");
        let wanted = documentation();
        #[expect(
            clippy::disallowed_methods,
            reason = "a test that may regenerate the document"
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
        let unlisted: Vec<_> = used.difference(&known).collect();
        assert!(unlisted.is_empty(), "not in the table: {unlisted:?}");
        let unused: Vec<_> = known
            .iter()
            .filter(|code| !sources.contains(&format!("\"{code}\"")))
            .collect();
        assert!(unused.is_empty(), "never used: {unused:?}");
    }
}
