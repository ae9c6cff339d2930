//! What is wrong is told, and no other program gets the credentials.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::session::probe::{
    SECRET, kubeconfig, probe, reaching, status, token, was_started, with_server,
};
use crate::session::{certificate_until, jwt};
use crate::support::cluster::{Asked, Cluster, Rights, Told};

/// A server on plain TCP that gives each connection this answer.
fn plain(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            let _ = connection.read(&mut buffer);
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    place
}

#[test]
fn what_is_wrong_is_told_and_no_other_program_gets_the_credentials() {
    let good = Cluster::start(SECRET, Rights::All);
    let html = Cluster::overridden(SECRET, |_| {
        Some(Told::text(200, "text/html", "<html>Log in</html>"))
    });
    let portal = Cluster::overridden(SECRET, |_| {
        Some(Told {
            headers: "Location: https://portal.example.org/login\r\n",
            ..Told::text(302, "text/html", "<html>moved</html>")
        })
    });
    let refusing_html = Cluster::overridden(SECRET, |_| {
        Some(Told::text(401, "text/html", "<html>no</html>"))
    });
    let absent = Cluster::overridden(SECRET, |_| {
        Some(Told::text(
            404,
            "text/plain; charset=utf-8",
            "404 page not found\n",
        ))
    });
    let other_path = Cluster::overridden(SECRET, |asked: &Asked| {
        let verb = asked.method.to_lowercase();
        let message = format!(
            "forbidden: User \"ada\" cannot {verb} path \"{}\"",
            asked.path
        );
        Some(status(403, "Forbidden", &message))
    });
    let busy = Cluster::overridden(SECRET, |_| {
        Some(Told::text(503, "text/html", "<html>503</html>"))
    });
    let anonymous = Cluster::overridden(SECRET, |asked: &Asked| {
        let message = "selfsubjectreviews is forbidden: User \"system:anonymous\" cannot create resource \"selfsubjectreviews\"";
        match asked.path.as_str() {
            "/version" => Some(Told::text(
                200,
                "application/json",
                "{\"gitVersion\": \"v1.34.4\"}",
            )),
            _ => Some(status(403, "Forbidden", message)),
        }
    });
    let closed = Cluster::start(SECRET, Rights::All);
    let impersonating = Cluster::overridden(SECRET, |asked: &Asked| {
        let acts = asked
            .headers
            .iter()
            .any(|(name, value)| name == "impersonate-user" && value == "root");
        let message = "users \"root\" is forbidden: User \"ada\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope";
        acts.then(|| status(403, "Forbidden", message))
    });
    let named = Cluster::with_name("other.example.org", SECRET, Rights::All, Box::new(|_| None));
    let tls_port = plain(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    );
    let no_tls =
        plain("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let ended = jwt(1_700_000_000);
    let foreign = format!(
        "client-certificate-data: {}, client-key-data: {}",
        busy.client_certificate, busy.client_key
    );
    for (name, config, code, error, hint) in [
        (
            "HTML",
            reaching(&html, &token()),
            9,
            "(network): PLACE answers HTML (status 200), not Kubernetes",
            "address",
        ),
        (
            "redirect",
            reaching(&portal, &token()),
            9,
            "(network): PLACE redirects to https://portal.example.org/login",
            "address",
        ),
        (
            "401 with HTML",
            reaching(&refusing_html, &token()),
            4,
            "(login): the cluster refuses the credentials (401",
            "credential update",
        ),
        (
            "other path",
            reaching(&absent, &token()),
            9,
            "(network): no Kubernetes API at this address",
            "address",
        ),
        (
            "other path without rights",
            reaching(&other_path, &token()),
            9,
            "(network): no Kubernetes API at this address",
            "address",
        ),
        (
            "503",
            reaching(&busy, &token()),
            10,
            "(cluster): PLACE is not able to answer now (status 503)",
            "try again",
        ),
        (
            "no credentials",
            reaching(&anonymous, ""),
            4,
            "(login): no credentials: the cluster sees system:anonymous",
            "kubeconfig's user",
        ),
        (
            "no credentials, and nobody is anonymous",
            reaching(&closed, ""),
            4,
            "(login): no credentials are in the kubeconfig",
            "kubeconfig's user",
        ),
        (
            "wrong token",
            reaching(&good, "token: some-other-token-0123456789"),
            4,
            "(login): the cluster refuses",
            "credential update",
        ),
        (
            "ended token",
            reaching(&good, &format!("token: {ended}")),
            4,
            "(login): the token ended on 2023-11-14 22:13 UTC",
            "credential update",
        ),
        (
            "foreign certificate",
            reaching(&good, &foreign),
            4,
            "(login): ",
            "client certificate",
        ),
        (
            "ended certificate",
            reaching(&good, &certificate_until(2020)),
            4,
            "(login): the client certificate ended on 2020-01-01",
            "client certificate",
        ),
        (
            "impersonation",
            reaching(&impersonating, &format!("token: {SECRET}, as: root")),
            5,
            "(permission): users \"root\" is forbidden",
            "impersonate",
        ),
        (
            "foreign authority",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}",
                    good.server, good.foreign_ca
                ),
                &token(),
            ),
            9,
            "(TLS): PLACE: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "certificate-authority-data",
        ),
        (
            "system authorities",
            kubeconfig(&format!("server: '{}'", good.server), &token()),
            9,
            "(TLS): ",
            "certificate-authority-data",
        ),
        (
            "other name",
            reaching(&named, &token()),
            9,
            "(TLS): PLACE: tls: failed to verify certificate: x509: the server's certificate is for",
            "tls-server-name",
        ),
        (
            "http on the TLS port",
            kubeconfig(&format!("server: 'http://{tls_port}'"), &token()),
            9,
            "(TLS): PLACE speaks TLS",
            "https://",
        ),
        (
            "https on another port",
            kubeconfig(
                &format!(
                    "server: 'https://{no_tls}', certificate-authority-data: {}",
                    good.ca
                ),
                &token(),
            ),
            9,
            "(TLS): PLACE does not speak TLS",
            "port",
        ),
        (
            "nobody listens",
            kubeconfig(
                &format!(
                    "server: 'https://127.0.0.1:9', certificate-authority-data: {}",
                    good.ca
                ),
                &token(),
            ),
            9,
            "(network): 127.0.0.1:9: connection refused",
            "reachable",
        ),
        (
            "dead proxy",
            kubeconfig(
                &format!(
                    "server: '{}', certificate-authority-data: {}, proxy-url: 'http://user:{SECRET}@127.0.0.1:9'",
                    good.server, good.ca
                ),
                &token(),
            ),
            9,
            "(network): the proxy 127.0.0.1:9 leads to no connection",
            "proxy-url",
        ),
    ] {
        let env = with_server("exit 0\n");
        let run = probe(&env, &config, &[]);
        let place = config
            .split("://")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        let error = error.replace("PLACE", place);
        assert_eq!(run.code, Some(code), "{name}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains(&format!("Error: probe failed {error}")),
            "{name}: {}",
            run.stderr
        );
        let said = run.stderr.lines().find(|line| line.starts_with("Hint: "));
        assert!(
            said.is_some_and(|said| said.contains(hint)),
            "{name}: {}",
            run.stderr
        );
        assert!(
            run.stdout.contains("FAILED") && run.stdout.contains("ok      cleaned up"),
            "{name}: {}",
            run.stdout
        );
        assert!(!was_started(&env, "kubernetes-mcp-server"), "{name}");

        let json: Value =
            serde_json::from_str(&probe(&env, &config, &["-o", "json"]).stdout).unwrap();
        assert_eq!(json["error"]["exit_code"], code, "{name}");
        let class = error.split(['(', ')']).nth(1).unwrap();
        assert_eq!(json["error"]["class"], class, "{name}");
        assert!(
            json["error"]["hint"].as_str().unwrap().contains(hint),
            "{name}"
        );
    }
}
