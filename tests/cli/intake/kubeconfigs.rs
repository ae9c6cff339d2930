//! What is taken for a kubeconfig, and what is said about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::intake::{create, run, validate};
use crate::support::run::{Line as _, told};
use crate::support::{TestEnv, sample};

#[test]
fn validate_says_what_create_would_do() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let (status, stdout, stderr) = validate(&env, "k.yaml", &["--strict"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(
        stdout
            .contains("create would keep 1 of 2 contexts (\"team-a\"), drop 1 user and 1 cluster"),
        "{stdout}"
    );
    let (status, ..) = validate(&env, "k.yaml", &["--min-ttl", "60000d"]);
    assert_eq!(status, Some(8));
    for verb in [
        &["credential", "validate", "k.yaml"][..],
        &["credential", "create", "--from-file", "k.yaml"],
    ] {
        let (status, _, stderr) = run(&env, &[verb, &["--allow", "token-expire"]].concat());
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains("did you mean token-expire"), "{stderr}");
    }
    env.file(
        "l.yaml",
        sample().replace("api.sample-cluster.example.net", "127.0.0.1"),
    );
    let output = env
        .acpctl()
        .line("credential validate l.yaml --allow server-loopback")
        .output()
        .unwrap();
    let (status, stdout, _) = told(&output);
    assert_eq!(status, Some(0), "{stdout}");
    assert!(stdout.contains("allowed[server-loopback]"), "{stdout}");
}

#[test]
fn this_machine_is_a_fine_address_for_what_stays_here() {
    let env = TestEnv::new();
    env.file(
        "k.yaml",
        sample().replace("api.sample-cluster.example.net", "127.0.0.1"),
    );
    let (status, _, stderr) = create(&env, "k.yaml", &[]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stderr.contains("warning[server-loopback]"), "{stderr}");
    let (status, ..) = create(&env, "k.yaml", &["--strict"]);
    assert_eq!(status, Some(8));
}

#[test]
fn a_wrapped_kubeconfig_is_named_with_its_key() {
    let env = TestEnv::new();
    let once = STANDARD.encode(sample());
    let twice = STANDARD.encode(&once);
    for (text, parts) in [
        (once.clone(), vec!["base64-wrapped"]),
        (
            twice.clone(),
            vec!["base64-wrapped", "base64 -d | base64 -d"],
        ),
        (
            json!({"kubeconfig": once}).to_string(),
            vec!["`.kubeconfig`", "base64 -d"],
        ),
        (
            json!({"a": [{"config": sample()}]}).to_string(),
            vec!["`.a[0].config`"],
        ),
        (
            json!({"kubeconfig": twice}).to_string(),
            vec!["in base64 2 times"],
        ),
        (
            format!("kind: Secret\napiVersion: v1\ndata:\n  value: {once}\n"),
            vec!["`.data.value`"],
        ),
        (
            json!({"error": "not logged in"}).to_string(),
            vec!["not-a-config"],
        ),
        ("Error: no such cluster\n".to_owned(), vec!["not-a-config"]),
        (json!(sample()).to_string(), vec!["in quotes"]),
        (
            format!("<<EOT\n{}EOT\n", sample()),
            vec!["terraform output -raw"],
        ),
        ("<html>\n<p>Login: here\n".to_owned(), vec!["web page"]),
    ] {
        env.file("k", &text);
        let (status, stdout, _) = validate(&env, "k", &[]);
        assert_eq!(status, Some(7), "{text:.40}");
        for part in parts {
            assert!(stdout.contains(part), "{part}: {stdout}");
        }
        assert_eq!(
            stdout.matches("error[").count(),
            1,
            "one cause, one error: {stdout}"
        );
    }
}

#[test]
fn a_large_file_can_be_cut() {
    let env = TestEnv::new();
    let filler = "x".repeat(1 << 16);
    let mut text = sample();
    for n in 0..96 {
        text.push_str(&format!("- name: u{n}\n  user: {{token: {filler}}}\n"));
    }
    assert!(text.len() > 5 << 20);
    env.file("k.yaml", &text);
    let (status, _, stderr) = create(&env, "k.yaml", &["--context", "team-a"]);
    assert_eq!(status, Some(0), "{stderr}");
}

#[test]
fn a_kubeconfig_needs_no_provider() {
    let env = TestEnv::new();
    env.file("k.yaml", sample());
    let (status, stdout, stderr) = run(&env, &["credential", "create", "--from-file", "k.yaml"]);
    assert_eq!(
        (status, stdout.as_str()),
        (Some(0), "credential/team-a created\n"),
        "{stderr}"
    );
    assert!(
        stderr.contains("--provider kubeconfig is assumed"),
        "{stderr}"
    );
    env.file("t", "ghp_abc");
    let (status, _, stderr) = run(
        &env,
        &["credential", "create", "--name", "x", "--from-file", "t"],
    );
    assert_eq!(
        (status, stderr.as_str()),
        (
            Some(2),
            "Error: t is not a kubeconfig: --provider is required\nHint: write acpctl --local credential create --provider PROVIDER --from-file t --name x\n"
        )
    );
}
