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
