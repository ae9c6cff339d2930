//! Kinds of findings that the users' own files have: placeholders, short lives, addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::findings::{GOOD, codes, config, parsed, run, validate};
use crate::support::TestEnv;
use crate::support::oidc::jwt;

#[test]
fn a_placeholder_for_another_provider_is_not_taken_for_a_secret() {
    let env = TestEnv::new();
    for (n, text) in [
        "***",
        "${GITHUB_TOKEN}",
        "op://vault/item/field",
        "<token>",
        "None",
    ]
    .iter()
    .enumerate()
    {
        env.file("secret", format!("{text}\n"));
        let name = format!("n{n}");
        let create = [
            "--local",
            "credential",
            "create",
            "--provider",
            "github",
            "--name",
            &name,
            "-f",
            "secret",
        ];
        let (status, _, stderr) = run(&env, &[&create[..], &["--strict"]].concat());
        assert_eq!(status, Some(8), "{text}: {stderr}");
        assert!(!stderr.contains(text) || *text == "***", "{stderr}");
        let (status, _, stderr) = run(&env, &create);
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(
            stderr.contains("Warning: the secret is ") && stderr.contains("not a credential"),
            "{stderr}"
        );
        let update = [
            "--local",
            "credential",
            "update",
            &name,
            "-f",
            "secret",
            "--url",
            "https://x.example",
        ];
        let (status, _, stderr) = run(&env, &[&update[..], &["--strict"]].concat());
        assert_eq!(status, Some(8), "{text}: {stderr}");
        let (status, _, stderr) = run(&env, &update);
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(stderr.contains("not a credential"), "{stderr}");
        let allowed = [
            "--allow",
            "placeholder-value",
            "--if-exists",
            "update",
            "--strict",
        ];
        let (status, _, stderr) = run(&env, &[&create[..], &allowed].concat());
        assert_eq!(status, Some(0), "{text}: {stderr}");
        assert!(!stderr.contains("not a credential"), "{stderr}");
    }
    env.file("secret", "ghp_0123456789abcdefghij\n");
    let create = [
        "--local",
        "credential",
        "create",
        "--provider",
        "github",
        "--name",
        "good",
        "-f",
        "secret",
    ];
    let (status, _, stderr) = run(&env, &[&create[..], &["--strict"]].concat());
    assert_eq!(status, Some(0), "{stderr}");
}

/// The codes that a kubeconfig must have, beside the exit code.
fn assert_found(env: &TestEnv, text: &str, code: i32, wanted: &[&str]) {
    env.file("k.yaml", text);
    let (status, stdout, _) = validate(env, &["k.yaml", "-o", "json", "--rules", "all"]);
    let value = parsed(&stdout);
    let found: Vec<&str> = codes(&value["report"])
        .into_iter()
        .filter(|code| *code != "system-trust")
        .collect();
    assert_eq!(found, wanted, "{text}");
    assert_eq!(status, Some(code), "{text}");
}

#[test]
fn placeholders_in_kubeconfigs_are_found() {
    let env = TestEnv::new();
    for (user, codes) in [
        ("token: '***'", &["placeholder-value"][..]),
        ("token: '[MASKED]'", &["placeholder-value"]),
        ("token: '${KUBE_TOKEN}'", &["placeholder-value"]),
        ("token: '$KUBE_TOKEN'", &["placeholder-value"]),
        (
            "token: 'ENC[AES256_GCM,data:x,type:str]'",
            &["placeholder-value"],
        ),
        ("token: 'op://vault/item/field'", &["placeholder-value"]),
        ("token: changeme", &["placeholder-value"]),
        ("token: '<token>'", &["redacted-value"]),
        (
            "username: u, password: '****'",
            &["placeholder-value", "basic-auth"],
        ),
    ] {
        assert_found(&env, &config(GOOD, user), 7, codes);
    }
}

#[test]
fn tokens_with_a_short_life_are_found() {
    let env = TestEnv::new();
    let of_eks = |date: &str| {
        let url =
            format!("https://sts.eu-west-1.amazonaws.com/?X-Amz-Date={date}&X-Amz-Expires=60");
        format!("token: k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
    };
    for (user, status, code) in [
        (of_eks("20240101T000000Z"), 7, "token-expired"),
        (
            "token: ya29.a0AfB_byC0123456789".to_owned(),
            0,
            "token-short-lived",
        ),
        (
            "token: 'ci:12:glcbt-64_abcdefghijkl'".to_owned(),
            0,
            "token-short-lived",
        ),
        (
            "token: 'sha256~abcdefghijklmnopqrst'".to_owned(),
            0,
            "token-short-lived",
        ),
    ] {
        assert_found(&env, &config(GOOD, &user), status, &[code]);
    }
}

#[test]
fn the_end_of_an_oidc_token_is_read() {
    let env = TestEnv::new();
    let user = |end: i64, more: &str| {
        let token = jwt(&json!({"exp": end}));
        format!(
            "auth-provider: {{name: oidc, config: {{idp-issuer-url: 'https://i.example.com', client-id: x, id-token: {token}{more}}}}}"
        )
    };
    let ended = config(GOOD, &user(1_700_000_000, ""));
    assert_found(&env, &ended, 7, &["token-expired", "auth-provider"]);
    let lasting = config(GOOD, &user(4_070_908_800, ""));
    assert_found(&env, &lasting, 0, &["auth-provider"]);
    let (status, ..) = validate(&env, &["k.yaml", "--min-ttl", "60000d"]);
    assert_eq!(status, Some(8), "the end counts for --min-ttl");
    let (status, ..) = validate(
        &env,
        &["k.yaml", "--min-ttl", "60000d", "--rules", "kubernetes"],
    );
    assert_eq!(status, Some(2), "Kubernetes judges no end");
}

#[test]
fn addresses_that_only_work_here_are_found() {
    let env = TestEnv::new();
    for (server, status, code) in [
        ("https://api.crc.testing:6443", 7, "server-loopback"),
        ("https://127.0.0.1.nip.io:6443", 7, "server-loopback"),
        ("https://127-0-0-1.sslip.io", 7, "server-loopback"),
        ("https://lvh.me:6443", 7, "server-loopback"),
        (
            "https://host.rancher-desktop.internal:6443",
            7,
            "server-loopback",
        ),
        ("https://host.orb.internal:6443", 7, "server-loopback"),
        ("https://10-0-0-5.sslip.io", 0, "server-private"),
        ("https://host.tail1234.ts.net", 0, "server-private"),
        (
            "https://x.privatelink.westeurope.azmk8s.io",
            0,
            "server-private",
        ),
    ] {
        assert_found(&env, &config(server, "token: abcdef"), status, &[code]);
    }
}

#[test]
fn addresses_that_can_not_be_are_told_apart() {
    let env = TestEnv::new();
    for (server, code, why) in [
        ("https://bad host:6443", "bad-server", "a blank"),
        ("https:// api.example.com", "bad-server", "a blank"),
        ("https://${HOST}:6443", "bad-server", "a template"),
        (
            "https://https://api.example.com",
            "server-impossible",
            "two schemes",
        ),
        (
            "https://a..example.com",
            "server-impossible",
            "a part of the host's name",
        ),
        (
            "https://api.example.com:70000",
            "server-impossible",
            "the port",
        ),
        (
            "https://\u{202a}api.example.com",
            "server-impossible",
            "an invisible",
        ),
    ] {
        assert_found(&env, &config(server, "token: abcdef"), 7, &[code]);
        let (_, stdout, _) = validate(&env, &["k.yaml"]);
        assert!(stdout.contains(why), "{server}: {stdout}");
        assert!(!stdout.contains("server-no-scheme"), "{stdout}");
    }
}

#[test]
fn an_administrator_is_found_where_the_name_says_it() {
    let env = TestEnv::new();
    for (context, user, path, words) in [
        ("admin@prod", "agent", "contexts[0]", "the context's name"),
        ("prod", "cluster-admin", "users[0]", "the user's name"),
    ] {
        env.file(
            "k.yaml",
            format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: {context}\n\
                 contexts: [{{name: {context}, context: {{cluster: c, user: {user}, namespace: ns}}}}]\n\
                 clusters: [{{name: c, cluster: {{server: 'https://api.example.com:6443'}}}}]\n\
                 users: [{{name: {user}, user: {{token: xC0PfQ2nR8dLw7vTkB5s}}}}]\n"
            ),
        );
        let (_, stdout, _) = validate(&env, &["k.yaml"]);
        let finding = stdout.lines().find(|line| line.contains("admin-identity"));
        let finding = finding.unwrap_or_else(|| panic!("{stdout}"));
        assert!(
            finding.contains(path) && finding.contains(words),
            "{finding}"
        );
    }
}
