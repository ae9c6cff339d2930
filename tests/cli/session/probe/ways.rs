//! Ways to a cluster: addresses, proxies, certificates, silence.

use std::net::TcpListener;

use crate::session::probe::{
    SECRET, kubeconfig, mcp_server, probe, reaching, refused, status, text, token, was_started,
    with_server,
};
use crate::support::cluster::{Asked, Cluster, Rights};
use crate::support::proxy::Proxy;

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

#[test]
fn a_narrow_credential_passes() {
    let forbidden =
        || refused("namespaces is forbidden: User \"ada\" cannot list resource \"namespaces\"");
    let narrow = Cluster::start(SECRET, Rights::Namespace);
    let closed = Cluster::start(SECRET, Rights::None);
    for (name, cluster, pods, code, line) in [
        (
            "pods",
            &narrow,
            text("NAME\nweb\n"),
            0,
            "ok      cluster reached     1 pod in the namespace apps",
        ),
        (
            "other kinds",
            &narrow,
            forbidden(),
            0,
            "ok      cluster reached     pods in the namespace apps",
        ),
        (
            "nothing",
            &closed,
            forbidden(),
            5,
            "FAILED  cluster reached     namespaces is forbidden",
        ),
    ] {
        let env = with_server(&mcp_server(&[
            ("namespaces_list", forbidden()),
            ("pods_list_in_namespace", pods),
        ]));
        let run = probe(&env, &reaching(cluster, &token()), &[]);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(line), "{name}: {}", run.stdout);
        assert!(
            run.stdout
                .contains("ok      cluster answers     Kubernetes v1.34.4 at 127.0.0.1:"),
            "{}",
            run.stdout
        );
        assert!(
            run.stdout.contains("ok      login accepted      ada"),
            "{}",
            run.stdout
        );
        assert!(
            code == 0
                || run
                    .stderr
                    .contains("who may read nothing in the namespace apps"),
            "{}",
            run.stderr
        );
    }
    let posted: Vec<String> = narrow.received.lock().unwrap().clone();
    assert_eq!(
        posted[..3],
        [
            "GET /version".to_owned(),
            format!("POST {WHO}"),
            format!("POST {RULES}")
        ]
    );
}

#[test]
fn the_ways_to_a_cluster_that_kubernetes_clients_know_work_here_too() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let named = Cluster::with_name(
        "kubernetes.example.org",
        SECRET,
        Rights::All,
        Box::new(|_| None),
    );
    let listed = Cluster::self_signed(SECRET);
    let old = Cluster::overridden(SECRET, |asked: &Asked| {
        (asked.path == WHO).then(|| {
            status(
                404,
                "NotFound",
                "the server could not find the requested resource",
            )
        })
    });
    let without_review = Cluster::overridden(SECRET, |asked: &Asked| {
        let message = "selfsubjectreviews.authentication.k8s.io is forbidden: User \"grace\" cannot create resource \"selfsubjectreviews\"";
        (asked.path == WHO).then(|| status(403, "Forbidden", message))
    });
    let certificate = format!(
        "client-certificate-data: {}, client-key-data: {}",
        cluster.client_certificate, cluster.client_key
    );
    for (name, config, login) in [
        ("token", reaching(&cluster, &token()), "ada"),
        ("certificate", reaching(&cluster, &certificate), "ada"),
        (
            "insecure",
            kubeconfig(
                &format!("server: '{}', insecure-skip-tls-verify: true", named.server),
                &token(),
            ),
            "ada",
        ),
        (
            "tls-server-name",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}, tls-server-name: kubernetes.example.org",
                    named.server, named.ca
                ),
                &token(),
            ),
            "ada",
        ),
        (
            "a certificate that is listed itself",
            reaching(&listed, &token()),
            "ada",
        ),
        (
            "before 1.28",
            reaching(&old, &token()),
            "the cluster knows the user",
        ),
        (
            "without the review",
            reaching(&without_review, &token()),
            "grace",
        ),
    ] {
        let env = with_server(&mcp_server(&[("namespaces_list", text("NAME\na\nb\n"))]));
        let run = probe(&env, &config, &[]);
        assert_eq!(run.code, Some(0), "{name}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stdout
                .contains(&format!("ok      login accepted      {login}")),
            "{name}: {}",
            run.stdout
        );
        assert!(
            run.stdout
                .contains("ok      cluster reached     2 namespaces"),
            "{name}: {}",
            run.stdout
        );
    }
}

/// A certificate and its key from a file of `logins/`, as a user of a kubeconfig.
fn login(pem: &str) -> String {
    use base64::Engine as _;
    const END: &str = "-----END CERTIFICATE-----\n";
    let end = pem.find(END).unwrap() + END.len();
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let (certificate, key) = pem.split_at(end);
    format!(
        "client-certificate-data: {}, client-key-data: {}",
        base64(certificate),
        base64(key)
    )
}

#[test]
fn each_client_certificate_that_kubernetes_accepts_logs_in_or_has_a_true_reason() {
    const HINT: &str =
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client.key";
    let cluster = Cluster::trusting(SECRET);
    for (name, pem, refusal) in [
        ("version 1", include_str!("logins/version-1.pem"), None),
        ("PKCS#8", include_str!("logins/pkcs8.pem"), None),
        ("SEC 1", include_str!("logins/sec1.pem"), None),
        ("EC PARAMETERS", include_str!("logins/parameters.pem"), None),
        ("PKCS#1", include_str!("logins/pkcs1.pem"), None),
        ("other label", include_str!("logins/other-label.pem"), None),
        ("Ed25519", include_str!("logins/ed25519.pem"), None),
        ("P-521", include_str!("logins/p521.pem"), Some("(P-521)")),
        (
            "RSA 1024",
            include_str!("logins/rsa1024.pem"),
            Some("(RSA with 1024 bits)"),
        ),
        (
            "no public part",
            include_str!("logins/no-public-part.pem"),
            None,
        ),
    ] {
        let env = with_server(&mcp_server(&[("namespaces_list", text("NAME\na\nb\n"))]));
        let run = probe(&env, &reaching(&cluster, &login(pem)), &[]);
        let shown = format!("{name}: {}{}", run.stdout, run.stderr);
        match refusal {
            None => {
                assert_eq!(run.code, Some(0), "{shown}");
                assert!(shown.contains("ok      login accepted      ada"), "{shown}");
            }
            Some(kind) => {
                let why = format!("(invalid): acpctl can't sign with this client key {kind}, only");
                assert_eq!(run.code, Some(7), "{shown}");
                assert!(run.stderr.contains(&why), "{shown}");
                assert!(run.stderr.contains(HINT), "{shown}");
            }
        }
    }
}

#[test]
fn a_proxy_of_the_kubeconfig_is_used_and_its_password_is_not_shown() {
    let cluster = Cluster::start(SECRET, Rights::All);
    let place = cluster.server.trim_start_matches("https://");
    let proxy = Proxy::to(place.parse().unwrap());
    let config = kubeconfig(
        &format!(
            "server: '{}', certificate-authority-data: {}, proxy-url: 'http://user:{SECRET}@{}'",
            cluster.server,
            cluster.ca,
            proxy.address()
        ),
        &token(),
    );
    let env = with_server(&mcp_server(&[("namespaces_list", text("NAME\na\n"))]));
    let run = probe(&env, &config, &[]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(proxy.heads()[0].starts_with(&format!("CONNECT {place} ")));
}

#[test]
fn a_cluster_that_is_silent_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let limits = ["--connect-timeout", "200ms", "--request-timeout", "200ms"];
    for scheme in ["https", "http"] {
        let env = with_server("");
        let config = kubeconfig(&format!("server: '{scheme}://{place}'"), &token());
        let run = probe(&env, &config, &limits);
        assert_eq!(run.code, Some(9), "{}", run.stderr);
        assert!(
            run.stderr
                .contains(&format!("(network): {place}: no answer in time")),
            "{}",
            run.stderr
        );
        assert!(!was_started(&env, "kubernetes-mcp-server"));
    }
}
