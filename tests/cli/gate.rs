//! What others wrote reaches the reader as text and nothing more, and without the secrets of the run; answers have bounds.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::server::{Reply, Scripted, raw};
use crate::support::{TOKEN, TestEnv, streams};

/// Control characters, an escape sequence of 8 bits, and characters that turn the text or are not seen.
const EVIL: &str = "A\u{1b}]0;PWN\u{7}\u{1b}[31m\u{9b}2J\r\u{8}\u{202e}\u{200b}\u{feff}\u{ad}\u{61c}\u{2069}\u{e0041}B";

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: d\n\
    contexts: [{name: d, context: {cluster: c, user: u}}]\n\
    clusters: [{name: c, cluster: {server: 'https://203.0.113.5:6443'}}]\n\
    users: [{name: u, user: {token: canaryOfAKubeconfig12}}]\n";

/// True for text that can do more than be read.
fn is_unsafe(text: &str) -> bool {
    text.chars().any(|c| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c as u32, 0xad | 0x61c | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xe0000..=0xe0fff)
    })
}

/// A server that writes the same everywhere, and fails where it is asked for credentials.
fn evil_server() -> Scripted {
    Scripted::with(|request| {
        if request.method == "GET" && request.target.contains("/credentials") {
            let reason = format!("{EVIL}\nError: forged\nHint: forged");
            let body = json!({"code": EVIL, "reason": reason, "operation_id": EVIL});
            return raw(500, "application/json", body.to_string());
        }
        let fields = [
            "id",
            "name",
            "version",
            "git_tag",
            "build_time",
            "provider",
            "phase",
            "project_id",
            "prompt",
            "description",
            "current_session_id",
            "starting_prompt",
            "schedule",
        ];
        let mut object: serde_json::Map<String, Value> = fields
            .iter()
            .map(|field| ((*field).to_owned(), EVIL.into()))
            .collect();
        object.insert("items".to_owned(), json!([object.clone()]));
        object.insert("total".to_owned(), 1.into());
        object.insert("session".to_owned(), object.clone().into());
        let status = if request.method == "POST" { 201 } else { 200 };
        raw(
            status,
            "application/json",
            Value::Object(object).to_string(),
        )
    })
}

#[test]
fn what_a_server_writes_is_text_and_nothing_more() {
    let server = evil_server();
    let files = TestEnv::new();
    let secret = files.file("s", "secret-of-some-length");
    let secret = format!("@{}", secret.display());
    for args in [
        &["credential", "list"][..],
        &["credential", "list", "--trace"],
        &["credential", "list", "-o", "json"],
        &["version"],
        &[
            "credential",
            "create",
            "--provider",
            "jira",
            "--name",
            "n",
            "--token",
            &secret,
        ],
        &["create", "project", "--name", "nn"],
        &["create", "project", "--name", "nn", "-o", "json"],
        &["project", "list"],
        &["project", "list", "-o", "name"],
        &["project", "list", "-o", "wide"],
        &["project", "list", "-o", "jsonpath={.items[*].name}"],
        &["get", "projects", "--trace"],
        &["get", "sessions"],
        &["get", "sessions", "--color", "always"],
        &["agent", "stop", "X", "--project-id", "p"],
        &["agent", "start", "X", "--project-id", "p"],
        &["agent", "start-preview", "X", "--project-id", "p"],
        &["session", "messages", "s"],
        &["doctor"],
    ] {
        // A project that was created is the current one of its configuration.
        let env = TestEnv::new();
        let output = env.connected(server.url()).args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(!is_unsafe(&stdout), "{args:?} {stdout:?}");
        assert!(!is_unsafe(&stderr), "{args:?} {stderr:?}");
        let labels = |label: &str| {
            stderr
                .lines()
                .filter(|line| line.starts_with(label))
                .count()
        };
        assert!(
            labels("Error:") <= 1 && labels("Hint:") <= 1,
            "{args:?} {stderr}"
        );
    }
    // The reader sees that there was something.
    let env = TestEnv::new();
    let output = env
        .connected(server.url())
        .args(["project", "list", "-o", "name"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert!(
        stdout.starts_with("project/A\\x1b]0;PWN\\a\\x1b[31m\\u009b2J "),
        "{stdout}{stderr}"
    );
}

#[test]
fn json_stays_json_and_shows_what_is_not_seen_as_escapes() {
    let env = TestEnv::new();
    let output = env
        .connected(evil_server().url())
        .args(["get", "projects", "-o", "json"])
        .output()
        .unwrap();
    let (stdout, _) = streams(&output);
    let value: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(value["items"][0]["name"], EVIL);
    assert!(
        stdout.contains("\\u009b")
            && stdout.contains("\\u202e")
            && stdout.contains("\\udb40\\udc41"),
        "{stdout}"
    );
}

#[test]
fn names_in_files_are_text_and_nothing_more() {
    let env = TestEnv::new();
    let manifest = format!("kind: Project\nname: {}\n", json!(EVIL));
    let path = env.file("m.yaml", manifest);
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: {0}\ncontexts: [{{name: {0}, context: {{cluster: c, user: u}}}}]\n\
         clusters: [{{name: c, cluster: {{server: 'https://203.0.113.5:6443'}}}}]\n\
         users: [{{name: u, user: {{tokenFile: {0}}}}}]\n",
        json!("de\u{202e}mo\u{200b}\u{7}")
    );
    let config = env.file("k.yaml", kubeconfig);
    let file = config.to_str().unwrap();
    for args in [
        &["apply", "-f", path.to_str().unwrap(), "--dry-run"][..],
        &["apply", "-f", path.to_str().unwrap()],
        &["credential", "validate", file],
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--from-file",
            file,
        ],
        &["session", "preview", "--from-file", file],
    ] {
        let output = env.local().args(args).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(
            !is_unsafe(&stdout) && !is_unsafe(&stderr),
            "{args:?} {stdout:?} {stderr:?}"
        );
    }
}

/// Everything that a request holds, in the forms in which servers quote it.
fn quoting(authorization: &str, body: &str) -> String {
    use base64::Engine as _;
    let packed = base64::engine::general_purpose::STANDARD.encode(format!("x{body}"));
    let form: String = url::form_urlencoded::byte_serialize(body.as_bytes()).collect();
    let cut: String = authorization.chars().take(30).collect();
    format!("bad request: {authorization}; {body}; {packed}; {form}; {cut}...")
}

#[test]
fn secrets_that_come_back_are_hidden() {
    let env = TestEnv::new();
    let server = Scripted::with(|request| {
        let authorization = request.header("Authorization").unwrap_or_default();
        let reason = quoting(authorization, &String::from_utf8_lossy(&request.body));
        match request.method.as_str() {
            "GET" if request.target.contains('?') => {
                raw(200, "application/json", "{\"items\":[],\"total\":0}")
            }
            "PATCH" => raw(400, "text/plain", reason),
            _ => {
                let body = json!({"code": "c", "reason": reason, "description": reason});
                raw(400, "application/json", body.to_string())
            }
        }
    });
    let secret = "canary\"secret/value+7f3k";
    let path = env.file("s", secret);
    let token = format!("@{}", path.display());
    let config = env.file("k.yaml", KUBECONFIG);
    let file = config.to_str().unwrap();
    for args in [
        &[
            "credential",
            "create",
            "--provider",
            "jira",
            "--name",
            "n",
            "--token",
            &token,
        ][..],
        &[
            "credential",
            "update",
            "2abCRED0000000000000000001",
            "--token",
            &token,
        ],
        &[
            "credential",
            "create",
            "--provider",
            "kubeconfig",
            "--name",
            "n",
            "--from-file",
            file,
        ],
        &["get", "project", "x"],
        &["delete", "project", "x", "--yes"],
    ] {
        for more in [&[][..], &["--trace"], &["--verbose"], &["--print-curl"]] {
            let mut command = env.connected(server.url());
            let output = command.args(args).args(more).output().unwrap();
            let (stdout, stderr) = streams(&output);
            assert!(!output.status.success(), "{args:?}");
            let shown = format!("{stdout}{stderr}");
            for canary in [TOKEN, &TOKEN[..12], "canary", "7f3k", "a2V5", "Y2FuYXJ5"] {
                assert!(!shown.contains(canary), "{args:?} {canary} {shown}");
            }
            assert!(stderr.contains("bad request: Bearer ****"), "{stderr}");
        }
    }
    let json = ["get", "project", "x", "-o", "json"];
    let output = env.connected(server.url()).args(json).output().unwrap();
    let (stdout, _) = streams(&output);
    assert!(
        !stdout.contains("canary") && stdout.contains("bad request: Bearer ****"),
        "{stdout}"
    );
}

#[test]
fn a_client_secret_that_the_issuer_quotes_is_hidden() {
    let env = TestEnv::new();
    let issuer = Scripted::with(|request| {
        let form = String::from_utf8_lossy(&request.body).into_owned();
        let body = json!({"error": "invalid_client", "error_description": format!("not known:\nError: {form}")});
        raw(401, "application/json", body.to_string())
    });
    let output = env
        .acpctl()
        .args([
            "login",
            "--client-credentials",
            "--client-id",
            "me",
            "--client-secret",
            "canary secret/of+length",
        ])
        .args(["--issuer-url", issuer.url(), "--verbose"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(!format!("{stdout}{stderr}").contains("canary"), "{stderr}");
    assert!(stderr.contains("not known: Error: "), "{stderr}");
}

#[test]
fn a_password_in_an_issuers_address_is_hidden_as_it_is_sent() {
    use base64::Engine as _;
    let env = TestEnv::new();
    let issuer = Scripted::with(|request| {
        let basic = request
            .header("Authorization")
            .unwrap_or_default()
            .to_owned();
        let sent = base64::engine::general_purpose::STANDARD
            .decode(basic.trim_start_matches("Basic "))
            .unwrap_or_default();
        let sent = String::from_utf8_lossy(&sent).into_owned();
        let body =
            json!({"error": "refused", "error_description": format!("not {basic}, not {sent}")});
        raw(401, "application/json", body.to_string())
    });
    let address = issuer
        .url()
        .replace("http://", "http://user:canary%40slash%2Fword@");
    let output = env
        .acpctl()
        .args(["login", "--client-credentials", "--client-id", "me"])
        .args([
            "--client-secret",
            "another-secret",
            "--issuer-url",
            &address,
            "--verbose",
        ])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    let shown = format!("{stdout}{stderr}");
    assert!(stderr.contains("not Basic ****"), "{stderr}");
    for part in ["canary", "slash", "Y2FuYXJ5"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[test]
fn a_password_in_an_address_is_never_shown() {
    let env = TestEnv::new();
    let server =
        Scripted::with(|_| raw(200, "application/json", "{\"items\":[],\"version\":\"1\"}"));
    let url = server.url().replace("http://", "http://user:URLcanary@");
    for line in [
        "credential list --verbose",
        "credential list --print-curl",
        "credential list --trace",
        "config view",
        "config view -o json",
        "config get api_url",
        "whoami",
        "whoami -o json",
        "doctor",
        "doctor -o json",
        "login http://a:URLcanary@h:x --token abcdefghijklmnopqrstuvw",
        "config set api_url http://a:URLcanary@h.test/x?y",
        "config set api_url http://a:URLcanary@h.test/x",
    ] {
        let output = env.connected(&url).args(line.split(' ')).output().unwrap();
        let (stdout, stderr) = streams(&output);
        assert!(
            !format!("{stdout}{stderr}").contains("URLcanary"),
            "{line}: {stdout}{stderr}"
        );
    }
    let mut command = env.connected("http://127.0.0.1:9");
    command.env_remove("AMBIENT_API_URL");
    let output = command
        .args([
            "--api-url",
            "http://u:URLcanary@127.0.0.1:1",
            "project",
            "list",
        ])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    assert!(
        stderr.contains("http://***@127.0.0.1:1") && !stderr.contains("URLcanary"),
        "{stderr}"
    );
}

#[test]
fn a_suggested_command_does_the_same_as_this_run() {
    let env = TestEnv::new();
    let config = env.file("k.yaml", KUBECONFIG);
    let file = config.to_str().unwrap();
    let create = [
        "credential",
        "create",
        "--provider",
        "kubeconfig",
        "--name",
        "it's",
        "--from-file",
        file,
    ];
    env.local().args(create).assert().success();
    env.file("k.yaml", KUBECONFIG.replace("token: ", "token: other-"));
    let output = env.local().args(create).output().unwrap();
    let (_, stderr) = streams(&output);
    assert!(
        stderr.contains("acpctl --local credential update 'it'\\''s' "),
        "{stderr}"
    );
    let server = Scripted::with(|_| raw(401, "application/json", "{}"));
    let mut command = env.connected("http://127.0.0.1:9");
    command.env_remove("AMBIENT_API_URL");
    let output = command
        .args([
            "--api-url",
            server.url(),
            "--insecure-skip-tls-verify",
            "project",
            "list",
        ])
        .output()
        .unwrap();
    let (_, stderr) = streams(&output);
    let flags = format!(
        "acpctl --api-url={} --insecure-skip-tls-verify login URL",
        server.url()
    );
    assert!(stderr.contains(&flags), "{stderr}");
    for args in [&["credential", "list"][..], &["whoami"]] {
        let output = env.acpctl().args(args).output().unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(4));
        let mut lines = stderr.lines();
        assert_eq!(
            lines.next(),
            Some("Error: not logged in; run 'acpctl login' first")
        );
        let hint = lines.next().unwrap();
        for way in [
            "acpctl login URL",
            "AMBIENT_API_URL",
            "AMBIENT_TOKEN",
            "--local",
        ] {
            assert!(hint.contains(way), "{hint}");
        }
    }
}

#[test]
fn a_refusal_says_what_is_missing() {
    let env = TestEnv::new();
    for (line, first, hint) in [
        (
            "credential get",
            "Error: accepts 1 arg(s), received 0",
            "Hint: CREDENTIAL is missing; usage: acpctl credential get <CREDENTIAL> [flags]",
        ),
        (
            "credential get a b",
            "Error: accepts 1 arg(s), received 2",
            "Hint: \"b\" is one too many; usage: acpctl credential get <CREDENTIAL> [flags]",
        ),
        (
            "config set project",
            "Error: accepts 2 arg(s), received 1",
            "Hint: VALUE is missing; usage: acpctl config set <KEY> <VALUE> [flags]",
        ),
        (
            "credential list --provider",
            "Error: flag needs an argument: --provider",
            "Hint: write --provider PROVIDER",
        ),
    ] {
        let output = env.acpctl().args(line.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        let (_, stderr) = streams(&output);
        assert_eq!(stderr, format!("{first}\n{hint}\n"), "{line}");
    }
}

#[test]
fn a_page_for_browsers_and_an_empty_answer_are_named() {
    let env = TestEnv::new();
    for (reply, says) in [
        (
            raw(200, "text/html", "<!doctype html><p>Log in"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(200, "application/json", "\n<html>"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(503, "text/html", "<html>busy"),
            "the answer is HTML, not the ACP API",
        ),
        (
            raw(200, "application/json", ""),
            "unexpected end of JSON input",
        ),
        (
            raw(201, "application/json", ""),
            "unexpected end of JSON input",
        ),
    ] {
        let server = Scripted::with(move |_| reply.clone());
        for args in [
            &["project", "list"][..],
            &["get", "project", "x"],
            &["create", "project", "--name", "x"],
            &["create", "session", "--name", "x", "--project-id", "p"],
            &["session", "messages", "s"],
            &["stop", "s"],
        ] {
            let mut command = env.connected(server.url());
            let output = command
                .args(args)
                .args(["--retries", "0"])
                .output()
                .unwrap();
            let (stdout, stderr) = streams(&output);
            assert_eq!(output.status.code(), Some(10), "{args:?} {stdout}{stderr}");
            assert!(stderr.contains(says), "{args:?} {stderr}");
        }
    }
}

fn gzip(pieces: impl Iterator<Item = Vec<u8>>) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    pieces.for_each(|piece| encoder.write_all(&piece).unwrap());
    Reply::Answer {
        status: 200,
        headers: vec![
            ("Content-Type", "application/json".to_owned()),
            ("Content-Encoding", "gzip".to_owned()),
        ],
        body: encoder.finish().unwrap(),
    }
}

#[test]
fn a_small_answer_does_not_become_a_large_one() {
    let env = TestEnv::new();
    let head = b"{\"total\":1,\"items\":[".to_vec();
    let packed =
        gzip(std::iter::once(head.clone()).chain((0..2200).map(|_| b"{},".repeat(10_000))));
    let plain = [head, b"{},".repeat(3_000_000), b"{}]}".to_vec()].concat();
    for (reply, says, code) in [
        (packed, "grows more than 100-fold by unpacking", 9),
        (
            raw(200, "application/json", plain),
            "holds too many values",
            9,
        ),
    ] {
        let server = Scripted::with(move |_| reply.clone());
        let output = env
            .connected(server.url())
            .args(["project", "list"])
            .output()
            .unwrap();
        let (_, stderr) = streams(&output);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(says), "{stderr}");
    }
    // What is packed as usual is read.
    let items =
        (0..900).map(|n| format!("{{\"id\":\"p{n}\",\"name\":\"project-{n}\"}},").into_bytes());
    let whole = std::iter::once(b"{\"total\":901,\"items\":[".to_vec())
        .chain(items)
        .chain(std::iter::once(b"{\"id\":\"last\"}]}".to_vec()));
    let reply = gzip(whole);
    let server = Scripted::with(move |_| reply.clone());
    let output = env
        .connected(server.url())
        .args(["project", "list", "-o", "name"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(stdout.lines().count(), 901, "{stderr}");
    assert_eq!(server.received()[0].header("Accept-Encoding"), Some("gzip"));
}

#[test]
fn a_list_without_end_is_an_error() {
    let env = TestEnv::new();
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::with(move |_| {
        let n = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = format!("{{\"total\":1000000000,\"items\":[{{\"id\":\"p{n}\"}}]}}");
        raw(200, "application/json", body)
    });
    let output = env
        .connected(server.url())
        .args(["project", "list"])
        .output()
        .unwrap();
    let (stdout, stderr) = streams(&output);
    assert_eq!(
        (output.status.code(), stdout.as_str()),
        (Some(10), ""),
        "{stderr}"
    );
    assert!(
        stderr.starts_with("Error: list projects: the list does not end: "),
        "{stderr}"
    );
}

#[test]
fn a_token_with_a_line_end_is_taken_and_one_that_can_not_be_sent_is_named() {
    let env = TestEnv::new();
    let server = Scripted::with(|_| raw(200, "application/json", "{\"items\":[]}"));
    for end in ["\n", "\r\n", "\r"] {
        let mut command = env.connected(server.url());
        command.env("AMBIENT_TOKEN", format!("{TOKEN}{end}"));
        command.args(["project", "list"]).assert().success();
    }
    let sent = server.received();
    let bearer = format!("Bearer {TOKEN}");
    assert!(
        sent.iter()
            .all(|request| request.header("Authorization") == Some(&bearer))
    );
    let mut command = env.connected(server.url());
    command.env("AMBIENT_TOKEN", format!("{TOKEN}\nx"));
    let output = command.args(["project", "list"]).output().unwrap();
    let (_, stderr) = streams(&output);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("AMBIENT_TOKEN") && !stderr.contains("canary"),
        "{stderr}"
    );
}
