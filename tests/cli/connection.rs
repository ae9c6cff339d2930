//! Reaching the server: TLS with a private authority, proxies, time limits.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use serde_json::json;

use crate::support::proxy::Proxy;
use crate::support::run::{Line as _, Run as _};
use crate::support::server::{Reply, Scripted, nothing, raw};
use crate::support::tls::{Authority, Server};
use crate::support::{TOKEN, TestEnv, streams};

const PROXY_PASSWORD: &str = "canary-proxy-password";

fn list(env: &TestEnv, url: &str, more: &[&str]) -> Output {
    env.connected(url)
        .args(["project", "list"])
        .args(more)
        .output()
        .unwrap()
}

/// The error of a request that never got its answer.
fn failure(output: &Output) -> String {
    let (stdout, stderr) = streams(output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(9), ""),
        "{stderr}"
    );
    assert!(!stderr.contains(TOKEN), "{stderr}");
    stderr
}

// TLS

#[test]
fn a_private_authority_is_named_with_ca_file() {
    let (env, authority) = (TestEnv::new(), Authority::new());
    let ca = authority.file(&env.work());
    let ca = ca.to_str().unwrap();
    for server in [
        authority.server(&["localhost"]),
        authority.old_server(&["localhost"]),
    ] {
        let url = format!("https://localhost:{}", server.port());
        let output = list(&env, &url, &["--ca-file", ca]);
        assert!(output.status.success(), "{}", streams(&output).1);
        assert_eq!(streams(&output).0, "No projects found\n");
        assert!(server.requests()[0].contains(TOKEN));
        let output = env
            .acpctl()
            .args(["version", "--api-url", &url, "--ca-file", ca])
            .output()
            .unwrap();
        assert!(
            streams(&output)
                .0
                .contains("\nServer: v9 (tag: , built: )\n")
        );
        assert!(!server.requests()[1].contains("uthorization"));
    }
}

#[test]
fn no_token_goes_to_a_server_that_is_not_who_it_says() {
    let (env, authority) = (TestEnv::new(), Authority::new());
    let ca = authority.file(&env.work());
    let trusting = ["--ca-file", ca.to_str().unwrap()];
    for (server, more, words) in [
        (
            authority.server(&["localhost"]),
            &[][..],
            "x509: certificate signed by unknown authority",
        ),
        (
            authority.expired_server(&["localhost"]),
            &trusting,
            "x509: certificate has expired or is not yet valid",
        ),
        (
            authority.server(&["other.corp.test"]),
            &trusting,
            "x509: certificate is not valid for this host name",
        ),
        (
            Authority::new().server(&["localhost"]),
            &trusting,
            "x509: certificate signed by unknown authority",
        ),
    ] {
        let url = format!("https://localhost:{}", server.port());
        let output = list(&env, &url, more);
        assert_eq!(
            failure(&output),
            format!(
                "Error: list projects: HTTP request failed: Get \"{url}/api/ambient/v1/projects?page=1&size=100\": tls: failed to verify certificate: {words}\nHint: if the server's certificate is from a private authority, name it with --ca-file\n"
            )
        );
        assert!(server.requests().is_empty(), "{words}");
        // Asked for, the checks are skipped, for this run.
        let output = list(&env, &url, &["--insecure-skip-tls-verify"]);
        assert!(output.status.success(), "{}", streams(&output).1);
        let output = env
            .acpctl()
            .args(["version", "--insecure-skip-tls-verify", "--api-url", &url])
            .output()
            .unwrap();
        assert!(streams(&output).0.contains("\nServer: v9 "));
        assert!(!env.config_path().exists());
    }
}

/// Checks that are skipped for one server are not skipped for the next one.
#[test]
fn certificates_go_unchecked_at_one_server_only() {
    let servers = [(); 2].map(|()| Authority::new().server(&["localhost"]));
    let [home, other] = servers
        .each_ref()
        .map(|server| format!("https://localhost:{}", server.port()));
    let run = |env: &TestEnv, words: &[&str], variables: &[(&str, &str)]| {
        let mut command = env.acpctl();
        command.args(words).envs(variables.iter().copied());
        let (status, _, stderr) = command.told();
        (status, stderr)
    };
    let env = TestEnv::new();
    let login = [
        "login",
        &home,
        "--token",
        TOKEN,
        "--insecure-skip-tls-verify",
    ];
    assert_eq!(run(&env, &login, &[]).0, Some(0));
    assert_eq!(env.saved()["insecure_tls_verify"], true);
    let list = ["project", "list"];
    assert_eq!(run(&env, &list, &[]), (Some(0), String::new()));

    // Another address for a run: its certificate is checked, and the token does not leave.
    let token = ("AMBIENT_TOKEN", TOKEN);
    let note = format!("insecure_tls_verify is for {home}: certificates of {other} are checked\n");
    for (words, variables) in [
        (&list[..], &[("AMBIENT_API_URL", other.as_str()), token][..]),
        (&["project", "list", "--api-url", &other], &[token]),
        (
            &["project", "list", "--api-url", &other, "--send-login"],
            &[],
        ),
    ] {
        let (code, stderr) = run(&env, words, variables);
        assert_eq!(code, Some(9), "{stderr}");
        assert!(stderr.starts_with(&note), "{stderr}");
        assert!(
            stderr.contains("tls: failed to verify certificate"),
            "{stderr}"
        );
    }
    let doctor = run(
        &env,
        &["doctor"],
        &[("AMBIENT_API_URL", other.as_str()), token],
    );
    assert_eq!(doctor.0, Some(1));
    assert!(servers[1].requests().is_empty());

    // Another address in the file: the permission ends, and that is said.
    let ended = format!("insecure_tls_verify was for {home} and is off");
    let before = env.saved();
    for words in [
        &["config", "set", "api_url", &other][..],
        &["login", &other, "--token", TOKEN],
        &["config", "set-context", "localhost", "--server", &other],
    ] {
        env.config(&before.to_string());
        let (code, stderr) = run(&env, words, &[]);
        assert_eq!(code, Some(0), "{words:?}: {stderr}");
        assert!(stderr.contains(&ended), "{words:?}: {stderr}");
        assert!(
            env.saved().get("insecure_tls_verify").is_none(),
            "{words:?}"
        );
    }
    assert!(servers[1].requests().is_empty());
    // The same server in other words keeps it, and a flag gives it to the new one.
    env.config(&before.to_string());
    run(
        &env,
        &["config", "set", "api_url", &format!("{home}/")],
        &[],
    );
    assert_eq!(env.saved()["insecure_tls_verify"], true);
    let words = [
        "login",
        &other,
        "--token",
        TOKEN,
        "--insecure-skip-tls-verify",
    ];
    assert!(!run(&env, &words, &[]).1.contains("is off"));
    assert_eq!(env.saved()["insecure_tls_verify"], true);
    // A login at an address that is not saved does not save the permission for the one that is.
    env.config(&json!({"api_url": home}).to_string());
    let words = ["login", "--token", TOKEN, "--insecure-skip-tls-verify"];
    let (_, stderr) = run(&env, &words, &[("AMBIENT_API_URL", other.as_str())]);
    assert!(
        stderr.contains("--insecure-skip-tls-verify is not saved"),
        "{stderr}"
    );
    assert!(env.saved().get("insecure_tls_verify").is_none());
}

#[test]
fn a_server_can_be_pinned_to_one_authority() {
    let (env, authority) = (TestEnv::new(), Authority::new());
    let ca = authority.file(&env.work());
    let list = |server: &Server| {
        let url = format!("https://localhost:{}", server.port());
        env.connected(&url)
            .env("SSL_CERT_FILE", &ca)
            .args(["project", "list"])
            .output()
            .unwrap()
    };
    assert!(list(&authority.server(&["localhost"])).status.success());
    let other = Authority::new().server(&["localhost"]);
    let refused = failure(&list(&other));
    assert!(refused.contains("signed by unknown authority"), "{refused}");
    assert!(other.requests().is_empty());
}

#[test]
fn a_certificate_of_an_authority_is_named_with_the_way_to_another_one() {
    let (env, authority) = (TestEnv::new(), Authority::new());
    let ca = authority.file(&env.work());
    let server = authority.server_as_authority(&["localhost"]);
    let url = format!("https://localhost:{}", server.port());
    let output = list(&env, &url, &["--ca-file", &ca.display().to_string()]);
    let (_, stderr) = streams(&output);
    assert!(
        stderr.contains("is that of an authority (CA:TRUE)"),
        "{stderr}"
    );
    assert!(
        stderr.contains("openssl req -x509 ") && stderr.contains("CA:FALSE"),
        "{stderr}"
    );
}

#[test]
fn a_bad_ca_file_is_named() {
    let env = TestEnv::new();
    let junk = env.file("junk.pem", "hello");
    for (path, words) in [
        (junk.to_str().unwrap(), "holds no certificate in PEM form"),
        ("/nowhere.pem", "o such file"),
    ] {
        let output = list(&env, "https://localhost:1", &["--ca-file", path]);
        let stderr = streams(&output).1;
        assert!(!output.status.success());
        assert!(stderr.contains(path) && stderr.contains(words), "{stderr}");
    }
}

/// Takes a connection, reads the client's hello, answers with bytes of its own, and gives what came.
fn tls_peer(reply: &'static [u8]) -> (u16, thread::JoinHandle<(Vec<u8>, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut header = [0; 5];
        stream.read_exact(&mut header).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(reply).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        (hello, rest)
    });
    (port, peer)
}

/// A server hello for TLS 1.1: record and handshake headers, version, random, no session, a cipher of that age.
const OLD_HELLO: &[u8] = &[
    22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0xC0, 0x13, 0,
];

#[test]
fn tls_below_1_2_is_neither_offered_nor_taken() {
    let env = TestEnv::new();
    let (port, peer) = tls_peer(OLD_HELLO);
    let output = list(
        &env,
        &format!("https://localhost:{port}"),
        &["--insecure-skip-tls-verify", "--retries", "0"],
    );
    assert!(
        failure(&output).contains(": tls: "),
        "{}",
        streams(&output).1
    );
    let (hello, rest) = peer.join().unwrap();
    // supported_versions (43) with TLS 1.3 and 1.2, in either order.
    let offers = |versions: [u8; 4]| {
        let mut extension = vec![0, 43, 0, 5, 4];
        extension.extend(versions);
        hello.windows(extension.len()).any(|part| part == extension)
    };
    assert!(offers([3, 4, 3, 3]) || offers([3, 3, 3, 4]));
    // An alert (21) and no application data (23).
    assert_eq!(rest.first(), Some(&21));
    assert!(!rest.contains(&23));
}

#[test]
fn a_server_that_speaks_no_tls_is_told_apart() {
    let env = TestEnv::new();
    let server = nothing();
    let url = server.url().replace("http://", "https://");
    let output = list(&env, &url, &["--retries", "0"]);
    assert!(failure(&output).contains("tls: "), "{}", streams(&output).1);
    assert!(server.received().is_empty());
}

// Proxies

#[test]
fn https_goes_through_the_proxy_in_a_tunnel() {
    let (env, authority) = (TestEnv::new(), Authority::new());
    let ca = authority.file(&env.work());
    let server = authority.server(&["api.corp.test"]);
    let proxy = Proxy::to(server.address());
    for variable in ["HTTPS_PROXY", "https_proxy"] {
        let output = env
            .connected("https://api.corp.test")
            .env(
                variable,
                format!("http://bob:{PROXY_PASSWORD}@{}", proxy.address()),
            )
            .line("project list --trace --ca-file")
            .arg(ca.to_str().unwrap())
            .output()
            .unwrap();
        let (stdout, stderr) = streams(&output);
        assert_eq!(stdout, "No projects found\n", "{stderr}");
        assert!(!stderr.contains(PROXY_PASSWORD));
    }
    for head in proxy.heads() {
        assert!(
            head.starts_with("CONNECT api.corp.test:443 HTTP/1.1\r\n"),
            "{head}"
        );
        // bob:canary-proxy-password
        assert!(
            head.to_lowercase()
                .contains("proxy-authorization: basic ym9iomnhbmfyes1wcm94es1wyxnzd29yza=="),
            "{head}"
        );
        assert!(!head.contains(TOKEN));
    }
    assert!(server.requests()[0].contains(TOKEN));
}

#[test]
fn a_proxy_that_refuses_or_is_gone_is_a_network_failure() {
    let env = TestEnv::new();
    let proxy = Proxy::refusing();
    for (address, words) in [
        (proxy.address().to_string(), "Proxy Authentication Required"),
        (
            "127.0.0.1:1".to_owned(),
            "proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused",
        ),
    ] {
        let output = env
            .connected("https://api.corp.test")
            .env(
                "HTTPS_PROXY",
                format!("http://bob:{PROXY_PASSWORD}@{address}"),
            )
            .args(["project", "list", "--retries", "0"])
            .output()
            .unwrap();
        let stderr = failure(&output);
        assert!(!stderr.contains(PROXY_PASSWORD), "{stderr}");
        assert!(stderr.ends_with(&format!(": {words}\n")), "{stderr}");
    }
}

#[test]
fn plain_http_goes_through_the_proxy_except_where_no_proxy_says_so() {
    let env = TestEnv::new();
    let server = nothing();
    let proxy = Proxy::refusing();
    // Not a loopback address by its looks, yet it leads there.
    let url = server.url().replace("127.0.0.1", "0.0.0.0");
    let run = |no_proxy: &str| {
        let output = env
            .connected(&url)
            .env("HTTP_PROXY", format!("http://{}", proxy.address()))
            .env("NO_PROXY", no_proxy)
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_eq!(streams(&output).0, "No projects found\n");
    };
    run("corp.test");
    assert_eq!((proxy.heads().len(), server.received().len()), (1, 0));
    assert!(proxy.heads()[0].starts_with(&format!("GET {url}/api/ambient/v1/projects?")));
    run("corp.test,0.0.0.0");
    run("*");
    assert_eq!((proxy.heads().len(), server.received().len()), (1, 2));
}

#[test]
fn the_trace_names_the_proxy_without_its_login() {
    let env = TestEnv::new();
    let server = nothing();
    let proxy = Proxy::refusing();
    let address = proxy.address();
    let trace = |url: &str| {
        let output = env
            .connected(url)
            .env(
                "HTTP_PROXY",
                format!("http://user:{PROXY_PASSWORD}@{address}"),
            )
            .line("--trace project list")
            .output()
            .unwrap();
        assert!(output.status.success());
        streams(&output).1
    };
    let through = trace(&server.url().replace("127.0.0.1", "0.0.0.0"));
    assert!(
        through.contains(&format!("\n* through the proxy {address}\n")),
        "{through}"
    );
    assert!(!through.contains(PROXY_PASSWORD), "{through}");
    assert!(!trace(server.url()).contains("proxy"));
}

#[test]
fn loopback_is_never_proxied() {
    let env = TestEnv::new();
    let server = nothing();
    let proxy = Proxy::refusing();
    for url in [
        server.url().to_owned(),
        server.url().replace("127.0.0.1", "localhost"),
    ] {
        let output = env
            .connected(&url)
            .env("HTTP_PROXY", format!("http://{}", proxy.address()))
            .args(["project", "list"])
            .output()
            .unwrap();
        assert_eq!(streams(&output).0, "No projects found\n");
    }
    assert!(proxy.heads().is_empty());
}

// Time limits and addresses

#[test]
fn a_silent_server_costs_the_request_limit_at_most() {
    let env = TestEnv::new();
    for reply in [
        Reply::Hang,
        Reply::Stream {
            content_type: "application/json".to_owned(),
            body: b"{".to_vec(),
            held: true,
        },
    ] {
        let server = Scripted::with(move |_| reply.clone());
        let output = list(
            &env,
            server.url(),
            &["--request-timeout", "200ms", "--retries", "0"],
        );
        assert!(
            failure(&output).contains("context deadline exceeded\n"),
            "{}",
            streams(&output).1
        );
        let output = env
            .connected(server.url())
            .env("AMBIENT_REQUEST_TIMEOUT", "1")
            .args(["project", "list", "--retries", "0"])
            .output()
            .unwrap();
        failure(&output);
    }
}

#[test]
fn address_and_token_from_the_environment_suffice() {
    let env = TestEnv::new();
    let server = nothing();
    list(&env, server.url(), &[]);
    assert_eq!(server.received().len(), 1);
    assert!(!env.config_path().exists(), "nothing is written");
    let output = env
        .acpctl()
        .env("AMBIENT_TOKEN", TOKEN)
        .env("AMBIENT_API_URL", "http://127.0.0.1:1")
        .args(["project", "list", "--api-url", server.url()])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(server.received()[1].header("X-Ambient-Project"), None);
}

#[test]
fn a_token_goes_to_no_other_host() {
    let other = nothing();
    let place = format!("{}/api/ambient/v1/projects", other.url());
    let server = Scripted::with(move |_| Reply::Answer {
        status: 302,
        headers: vec![("Location", place.clone())],
        body: Vec::new(),
    });
    let output = list(&TestEnv::new(), server.url(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(other.received().is_empty());
}

/// A limit that is misread and ignored would wait longer, and try more often, than the user wants.
#[test]
fn numbers_in_variables_count_or_are_named() {
    let env = TestEnv::new();
    let server = nothing();
    let run = |name: &str, value: &str| {
        let mut command = env.connected(server.url());
        let output = command.env(name, value).line("project list").output();
        let output = output.unwrap();
        (output.status.code(), streams(&output).1)
    };
    for (name, value) in [
        ("AMBIENT_RETRIES", "abc"),
        ("AMBIENT_RETRIES", "-1"),
        ("AMBIENT_RETRIES", "101"),
        ("AMBIENT_CONNECT_TIMEOUT", "0"),
        ("AMBIENT_CONNECT_TIMEOUT", "soon"),
    ] {
        let (code, stderr) = run(name, value);
        assert_eq!(code, Some(2), "{name}={value}: {stderr}");
        let words = format!("Error: invalid value \"{value}\" for {name}: it takes ");
        assert!(stderr.starts_with(&words), "{stderr}");
        assert!(stderr.contains(&format!("Hint: unset {name}")), "{stderr}");
    }
    assert!(server.received().is_empty());
    // Scripts of the Go tool run with these.
    for (name, value) in [
        ("AMBIENT_REQUEST_TIMEOUT", "soon"),
        ("AMBIENT_POLLING_INTERVAL", "0"),
    ] {
        let (code, stderr) = run(name, value);
        assert_eq!(code, Some(0), "{name}={value}: {stderr}");
        let words = format!("Warning: invalid value \"{value}\" for {name}: ");
        assert!(stderr.starts_with(&words), "{stderr}");
    }
    // Seconds and durations are the same in variables, flags and the file.
    let silent = Scripted::with(|_| Reply::Hang);
    let waits = |mut command: assert_cmd::Command| {
        let output = command.line("project list --retries 0").output().unwrap();
        assert!(failure(&output).contains("context deadline exceeded\n"));
    };
    let mut command = env.connected(silent.url());
    command.env("AMBIENT_REQUEST_TIMEOUT", "200ms");
    waits(command);
    let mut command = env.connected(silent.url());
    command.line("--request-timeout 1");
    waits(command);
    let mut command = env.acpctl();
    command.env("AMBIENT_REQUEST_TIMEOUT", "200ms");
    let view = command.line("config view --origin").output().unwrap();
    let view = streams(&view).0;
    let row = view
        .lines()
        .find(|line| line.starts_with("request_timeout"));
    let row = row.unwrap();
    assert!(
        row.contains("200ms") && row.contains("environment"),
        "{row}"
    );
}

#[test]
fn a_server_that_knows_nothing_may_be_another_one() {
    let env = TestEnv::new();
    let other = Scripted::with(|_| raw(404, "text/plain", "404 page not found"));
    let stderr = streams(&list(&env, other.url(), &[])).1;
    assert!(
        stderr.contains("check the URL: acpctl config get api_url"),
        "{stderr}"
    );
}

/// A job that forgets the address does not send its token to whoever listens on this machine without a word.
#[test]
fn the_default_server_is_named_and_an_empty_address_refused() {
    let env = TestEnv::new();
    let run = |variables: &[(&str, &str)]| {
        let mut command = env.acpctl();
        command
            .envs(variables.iter().copied())
            .line("project list --retries 0");
        command.told()
    };
    let token = ("AMBIENT_TOKEN", TOKEN);
    for empty in ["", "\n"] {
        let (code, stdout, stderr) = run(&[token, ("AMBIENT_API_URL", empty)]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""));
        assert_eq!(
            stderr,
            "Error: AMBIENT_API_URL is set, but its value is empty\nHint: check the variable that it comes from, or \
             use http://localhost:8000, the default: unset AMBIENT_API_URL\n"
        );
    }
    let warning = "Warning: nothing names the server, so it is http://localhost:8000, the default; name it: set \
                   AMBIENT_API_URL or add --api-url URL\n";
    let (_, _, stderr) = run(&[token]);
    assert_eq!(stderr.matches(warning).count(), 1, "{stderr}");
    env.config(&format!("{{\"access_token\": \"{TOKEN}\"}}"));
    let (_, _, stderr) = run(&[("CI", "true")]);
    assert_eq!(stderr.matches(warning).count(), 1, "{stderr}");
    // A person with a stored login knows the server.
    let (_, _, stderr) = run(&[]);
    assert!(!stderr.contains("nothing names"), "{stderr}");
    // The file names the server: an empty variable counts as unset, as in the Go tool.
    let server = Scripted::with(|_| crate::support::server::list(json!([])));
    env.config(&format!(
        "{{\"api_url\": \"{}\", \"access_token\": \"{TOKEN}\"}}",
        server.url()
    ));
    let (code, _, stderr) = run(&[token, ("AMBIENT_API_URL", "")]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}
